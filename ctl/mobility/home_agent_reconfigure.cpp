// SPDX-License-Identifier: GPL-2.0-or-later
// Another configuration for a home agent that is running.
#include "mobility/home_agent_engine.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>

namespace dsmip::mobility {
namespace {

// IPv4 addresses that are given for good, by node.
class Claims {
public:
    explicit Claims(const HomeAgentConfig& config) {
        for (const auto& node : config.nodes) {
            for (const auto& address : node.home_addresses4) {
                add(host_prefix(address), node.home_address);
            }
            for (const auto& prefix : node.prefixes4) {
                add(prefix, node.home_address);
            }
        }
        // A wider one before those in it, which then add nothing.
        std::sort(all_.begin(), all_.end(), [](const Claim& a, const Claim& b) {
            return a.first != b.first ? a.first < b.first : a.last > b.last;
        });
        std::uint64_t end = 0;
        std::erase_if(all_, [&](const Claim& claim) {
            const bool covered = claim.last < end;
            end = std::max(end, std::uint64_t{claim.last} + 1);
            return covered;
        });
    }

    // The node that a part of it belongs to, if that is not `holder`.
    [[nodiscard]] const wire::Ipv6Address* claimant(const wire::Prefix4& lease,
                                                    const wire::Ipv6Address& holder) const {
        const auto wanted = range(lease, holder);
        const auto behind = std::upper_bound(
            all_.begin(), all_.end(), wanted.last,
            [](std::uint32_t last, const Claim& claim) { return last < claim.first; });
        if (behind == all_.begin()) {
            return nullptr;
        }
        const auto& nearest = *std::prev(behind);
        return nearest.last >= wanted.first && nearest.node != holder ? &nearest.node : nullptr;
    }

private:
    struct Claim {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        wire::Ipv6Address node;
    };
    static Claim range(const wire::Prefix4& prefix, const wire::Ipv6Address& node) {
        const auto first = to_number(prefix.network().address);
        const auto size = std::uint64_t{1} << (wire::Ipv4Address::bit_length - prefix.length);
        return {first, static_cast<std::uint32_t>(first + size - 1), node};
    }
    void add(const wire::Prefix4& prefix, const wire::Ipv6Address& node) {
        all_.push_back(range(prefix, node));
    }

    std::vector<Claim> all_;
};

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

void HomeAgent::Impl::reserve(const HomeAgentConfig& config, AddressPool& pool,
                              PrefixTable& prefixes) {
    if (config.address4) {
        pool.reserve(*config.address4, std::nullopt);
    }
    for (const auto& node : config.nodes) {
        for (const auto& address : node.home_addresses4) {
            pool.reserve(address, node.home_address);
        }
        for (const auto& prefix : node.prefixes6) {
            prefixes.reserve(node.home_address, prefix);
        }
        for (const auto& prefix : node.prefixes4) {
            prefixes.reserve(node.home_address, prefix);
        }
    }
}

// Nobody else may have what is lent and in use: no node for good, and not the other pool.
std::optional<std::string>
HomeAgent::Impl::takes_lease_in_use(const HomeAgentConfig& config) const {
    std::optional<std::string> taken;
    const Claims claims(config);
    const auto check = [&](const LeasePool4& leases, const std::optional<wire::Prefix4>& other_pool,
                           const char* name_of_other) {
        leases.for_each([&](const wire::Ipv6Address& holder, const wire::Prefix4& lease) {
            if (taken || !leases.is_in_use(lease)) {
                return;
            }
            if (const auto* node = claims.claimant(lease, holder)) {
                taken = wire::to_string(lease) + " of node " + wire::to_string(*node) +
                        " is lent to " + wire::to_string(holder) +
                        ", which uses it; delete its binding first";
            } else if (other_pool && (other_pool->contains(lease) || lease.contains(*other_pool))) {
                taken = lent_to(lease, holder) + ", and would be in the " + name_of_other + " " +
                        wire::to_string(*other_pool) + "; delete its binding first";
            }
        });
    };
    check(pool_.leases(), config.prefixes.pool4, "pool of prefixes");
    check(prefixes_.leases(), config.address_pool, "pool of addresses");
    return taken;
}

tl::expected<ReconfigurationOutlook, std::string>
HomeAgent::Impl::foresee(const HomeAgentConfig& config) const {
    if (auto taken = takes_lease_in_use(config)) {
        return tl::make_unexpected(std::move(*taken));
    }
    AddressPool pool(config.address_pool, config.pool_leases_max);
    PrefixTable prefixes(config.prefixes);
    reserve(config, pool, prefixes);
    ReconfigurationOutlook outlook;
    pool_.leases().for_each([&](const wire::Ipv6Address& holder, const wire::Prefix4& lease) {
        if (pool.leases().contains(lease) || pool.owns(holder, lease.address)) {
            return;
        }
        if (pool_.leases().is_in_use(lease)) {
            outlook.addresses_outside.push_back(lease.address);
        } else {
            ++outlook.reservations_lost;
        }
    });
    prefixes_.leases().for_each([&](const wire::Ipv6Address& holder, const wire::Prefix4& lease) {
        if (!prefixes.leases().contains(lease) && !prefixes.owns(holder, lease)) {
            ++(prefixes_.leases().is_in_use(lease) ? outlook.prefixes_outside
                                                   : outlook.reservations_lost);
        }
    });
    const auto listed = listed_nodes_of(config);
    for (const auto& [home_address, entry] : cache_.entries()) {
        const auto& bindings = entry.current.bindings;
        if (!entry.current.empty() && !is_served(home_address, config, listed)) {
            ++outlook.nodes_lost;
        } else {
            outlook.bindings_lost += static_cast<std::size_t>(
                std::count_if(bindings.begin(), bindings.end(), [&](const Binding& binding) {
                    return leads_home(binding, config, pool);
                }));
        }
    }
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

tl::expected<Actions, std::string> HomeAgent::Impl::reconfigure(TimePoint now,
                                                                HomeAgentConfig config) {
    if (auto taken = takes_lease_in_use(config)) {
        return tl::make_unexpected(std::move(*taken));
    }
    // Not of the file.
    config.has_store = config_.has_store;
    config.policy.secret = config_.policy.secret;
    const bool other_link = config.home_link.link != config_.home_link.link;
    AddressPool pool(config.address_pool, config.pool_leases_max);
    PrefixTable prefixes(config.prefixes);
    reserve(config, pool, prefixes);
    hand_over(pool_.leases(), pool, [&](const auto& home_address, const auto& lease) {
        return pool.keep(home_address, lease.address);
    });
    hand_over(prefixes_.leases(), prefixes, [&](const auto& home_address, const auto& lease) {
        return prefixes.keep(home_address, lease);
    });
    pool_ = std::move(pool);
    prefixes_ = std::move(prefixes);
    config_ = std::move(config);
    listed_nodes_ = listed_nodes_of(config_);
    refreshes_.clear();
    std::vector<wire::Ipv6Address> known;
    known.reserve(cache_.entries().size());
    for (const auto& [home_address, entry] : cache_.entries()) {
        known.push_back(home_address);
    }
    for (const auto& home_address : known) {
        auto& entry = cache_.at(home_address);
        if (other_link) {
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
    return take();
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
