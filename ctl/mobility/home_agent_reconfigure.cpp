// SPDX-License-Identifier: GPL-2.0-or-later
// Another configuration for a home agent that is running.
#include "mobility/home_agent_engine.hpp"

#include <algorithm>
#include <iterator>

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

void hand_over(const LeasePool4& from, LeasePool4& to) {
    from.for_each([&](const wire::Ipv6Address& home_address, const wire::Prefix4& lease) {
        if (to.adopt(home_address, lease)) {
            to.renew(lease, from.until(lease).value_or(TimePoint::min()));
            to.set_in_use(lease, from.is_in_use(lease));
        }
    });
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

tl::expected<Actions, std::string> HomeAgent::Impl::reconfigure(TimePoint now,
                                                                HomeAgentConfig config) {
    std::string taken;
    const Claims claims(config);
    for (const auto* leases : {&pool_.leases(), &prefixes_.leases()}) {
        leases->for_each([&](const wire::Ipv6Address& holder, const wire::Prefix4& lease) {
            const auto* node = leases->is_in_use(lease) ? claims.claimant(lease, holder) : nullptr;
            if (node != nullptr && taken.empty()) {
                taken = wire::to_string(lease) + " of node " + wire::to_string(*node) +
                        " is lent to " + wire::to_string(holder) +
                        ", which uses it; delete its binding first";
            }
        });
    }
    if (!taken.empty()) {
        return tl::make_unexpected(std::move(taken));
    }
    // Not of the file.
    config.has_store = config_.has_store;
    config.home_link.link = config_.home_link.link;
    config.policy.secret = config_.policy.secret;
    AddressPool pool(config.address_pool, config.pool_leases_max);
    PrefixTable prefixes(config.prefixes);
    reserve(config, pool, prefixes);
    hand_over(pool_.leases(), pool.leases());
    hand_over(prefixes_.leases(), prefixes.leases());
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
        if (auto& entry = cache_.at(home_address); entry.pending) {
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
    if (transaction.desired.home_addresses4 != current.home_addresses4 ||
        transaction.desired.prefixes6 != current.prefixes6 ||
        transaction.desired.prefixes4 != current.prefixes4) {
        begin(now, home_address, std::move(transaction));
    }
}

} // namespace dsmip::mobility
