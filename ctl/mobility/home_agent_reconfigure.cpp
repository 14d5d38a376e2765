// SPDX-License-Identifier: GPL-2.0-or-later
// Another configuration for a home agent that is running.
#include "mobility/home_agent_engine.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace dsmip::mobility {
namespace {

// Nodes that one turn looks at; messages are not to wait for all of them.
constexpr std::size_t turn_max = 256;

// What is lent stays lent: in the pool as long as it lasts, elsewhere as long as it is in use.
template<class Pool, class Keep>
void hand_over(const LeasePool4& from, Pool& to, Keep keep) {
    from.for_each([&](const wire::Ipv6Address& home_address, const wire::Prefix4& lease) {
        const bool in_use = from.is_in_use(lease);
        if (in_use ? keep(home_address, lease) : to.leases().adopt(home_address, lease)) {
            to.leases().renew(lease, from.until(lease).value_or(TimePoint::min()));
            to.leases().set_in_use(lease, in_use);
        }
    });
}

std::string lent_to(const wire::Prefix4& lease, const wire::Ipv6Address& holder) {
    return wire::to_string(lease) + " is lent to " + wire::to_string(holder) + ", which uses it";
}

// Is a care-of address of it a home address by now?
bool leads_home(const Binding& binding, const HomeAgentConfig& config, const AddressPool& pool) {
    return !binding.end_point.home_link &&
           is_of_home_network(binding.end_point.care_of, config, pool);
}

} // namespace

// Nobody else may have what is lent and in use: no node for good, and not the other pool.
std::optional<std::string>
HomeAgent::Impl::takes_lease_in_use(const PreparedConfiguration::Parts& next) const {
    std::optional<std::string> taken;
    const auto check = [&](const LeasePool4& leases, const std::optional<wire::Prefix4>& other_pool,
                           const char* name_of_other) {
        leases.for_each([&](const wire::Ipv6Address& holder, const wire::Prefix4& lease) {
            if (taken || !leases.is_in_use(lease)) {
                return;
            }
            if (const auto* node = next.claims.claimant(lease, holder)) {
                taken = wire::to_string(lease) + " of node " + wire::to_string(*node) +
                        " is lent to " + wire::to_string(holder) +
                        ", which uses it; delete its binding first";
            } else if (other_pool && (other_pool->contains(lease) || lease.contains(*other_pool))) {
                taken = lent_to(lease, holder) + ", and would be in the " + name_of_other + " " +
                        wire::to_string(*other_pool) + "; delete its binding first";
            }
        });
    };
    check(pool_.leases(), next.config.prefixes.pool4, "pool of prefixes");
    check(prefixes_.leases(), next.config.address_pool, "pool of addresses");
    return taken;
}

tl::expected<ReconfigurationOutlook, std::string>
HomeAgent::Impl::foresee(const PreparedConfiguration::Parts& next) const {
    if (auto taken = takes_lease_in_use(next)) {
        return tl::make_unexpected(std::move(*taken));
    }
    ReconfigurationOutlook outlook;
    pool_.leases().for_each([&](const wire::Ipv6Address& holder, const wire::Prefix4& lease) {
        if (next.pool.leases().contains(lease) || next.pool.owns(holder, lease.address)) {
            return;
        }
        if (pool_.leases().is_in_use(lease)) {
            outlook.addresses_outside.push_back(lease.address);
        } else {
            ++outlook.reservations_lost;
        }
    });
    prefixes_.leases().for_each([&](const wire::Ipv6Address& holder, const wire::Prefix4& lease) {
        if (!next.prefixes.leases().contains(lease) && !next.prefixes.owns(holder, lease)) {
            ++(prefixes_.leases().is_in_use(lease) ? outlook.prefixes_outside
                                                   : outlook.reservations_lost);
        }
    });
    return outlook;
}

std::vector<wire::Ipv4Address> HomeAgent::Impl::leases_outside() const {
    std::vector<wire::Ipv4Address> outside;
    if (pool_.leases().outside() != 0) {
        pool_.leases().for_each([&](const wire::Ipv6Address&, const wire::Prefix4& lease) {
            if (!pool_.leases().contains(lease)) {
                outside.push_back(lease.address);
            }
        });
    }
    return outside;
}

void HomeAgent::Impl::hand_over_leases(PreparedConfiguration::Parts& next) {
    hand_over(pool_.leases(), next.pool, [&](const auto& home_address, const auto& lease) {
        return next.pool.keep(home_address, lease.address);
    });
    hand_over(prefixes_.leases(), next.prefixes, [&](const auto& home_address, const auto& lease) {
        return next.prefixes.keep(home_address, lease);
    });
}

tl::expected<Actions, std::string>
HomeAgent::Impl::reconfigure(TimePoint now, PreparedConfiguration::Parts& next) {
    if (auto taken = takes_lease_in_use(next)) {
        return tl::make_unexpected(std::move(*taken));
    }
    // Not of the file.
    next.config.has_store = config_.has_store;
    next.config.policy.secret = config_.policy.secret;
    // A revision that is still under way goes on as a part of this one.
    revises_claims_ = next.config.home_link.link != config_.home_link.link ||
                      (revision_.under_way && revises_claims_);
    hand_over_leases(next);
    std::swap(pool_, next.pool);
    std::swap(prefixes_, next.prefixes);
    std::swap(config_, next.config);
    std::swap(listed_nodes_, next.listed_nodes);
    std::swap(refreshes_, next.refreshes);
    revision_ = {.under_way = true};
    revision_walk_ = cache_.begin_walk();
    continue_revision(now);
    return take();
}

// A node that registers before its turn comes does so by the new configuration already.
void HomeAgent::Impl::continue_revision(TimePoint now) {
    if (!revision_.under_way) {
        return;
    }
    for (const auto& home_address : cache_.walk(revision_walk_, turn_max)) {
        revise_in_turn(now, home_address);
    }
    revision_.under_way = !revision_walk_.done;
}

void HomeAgent::Impl::revise_in_turn(TimePoint now, const wire::Ipv6Address& home_address) {
    auto& entry = cache_.at(home_address);
    const auto& bindings = entry.current.bindings;
    if (!entry.current.empty() && !serves(home_address)) {
        ++revision_.nodes_lost;
    } else {
        revision_.bindings_lost += static_cast<std::size_t>(
            std::count_if(bindings.begin(), bindings.end(), [&](const Binding& binding) {
                return leads_home(binding, config_, pool_);
            }));
    }
    if (revises_claims_) {
        entry.claimed.reset(); // who answered there does not any more
    }
    if (entry.pending) {
        entry.waiting.emplace_front(ConfigurationChange{});
    } else {
        revise(now, home_address);
    }
    note_refresh(now, home_address);
    settle(home_address);
}

void HomeAgent::Impl::revise(TimePoint now, const wire::Ipv6Address& home_address) {
    const auto& current = cache_.at(home_address).current;
    if (current.empty()) {
        return;
    }
    Transaction transaction;
    transaction.desired = current;
    if (!serves(home_address)) {
        for (const auto& binding : current.bindings) {
            transaction.reports.push_back(
                removal_report(home_address, binding, "no longer served"));
        }
        transaction.count = {HomeAgentCount::bindings_removed, transaction.reports.size()};
        transaction.end_reason = "it is no longer served by the configuration";
        transaction.desired.bindings.clear();
        transaction.desired.clear_if_empty();
        begin(now, home_address, std::move(transaction));
        return;
    }
    keep_own(home_address, transaction.desired);
    leave_home_network(home_address, transaction);
    const auto same_end_point = [](const Binding& a, const Binding& b) {
        return a.end_point == b.end_point;
    };
    if (!std::equal(transaction.desired.bindings.begin(), transaction.desired.bindings.end(),
                    current.bindings.begin(), current.bindings.end(), same_end_point) ||
        transaction.desired.home_addresses4 != current.home_addresses4 ||
        transaction.desired.prefixes6 != current.prefixes6 ||
        transaction.desired.prefixes4 != current.prefixes4) {
        begin(now, home_address, std::move(transaction));
    }
}

void HomeAgent::Impl::leave_home_network(const wire::Ipv6Address& home_address,
                                         Transaction& transaction) const {
    auto& desired = transaction.desired;
    std::erase_if(desired.bindings, [&](Binding& binding) {
        const char* reason = nullptr;
        bool moved = false; // to the home link that there is now
        if (leads_home(binding, config_, pool_)) {
            reason = "its care-of address is a home address now";
        } else if (!still_at_home(binding.end_point, moved)) {
            reason = "there is no home link any more";
        }
        if (reason != nullptr) {
            transaction.reports.push_back(removal_report(home_address, binding, reason));
            transaction.end_reason = reason;
        }
        return reason != nullptr;
    });
    if (!transaction.reports.empty()) {
        transaction.count = {HomeAgentCount::bindings_removed, transaction.reports.size()};
        desired.clear_if_empty();
    }
}

} // namespace dsmip::mobility
