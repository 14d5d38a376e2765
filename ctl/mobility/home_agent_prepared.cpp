// SPDX-License-Identifier: GPL-2.0-or-later
// A configuration before it is taken over.
#include "mobility/home_agent_prepared.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace dsmip::mobility {
namespace {

void reserve(const HomeAgentConfig& config, AddressPool& pool, PrefixTable& prefixes) {
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

} // namespace

Claims::Claims(const HomeAgentConfig& config) {
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

const wire::Ipv6Address* Claims::claimant(const wire::Prefix4& lease,
                                          const wire::Ipv6Address& holder) const {
    const auto wanted = range(lease, holder);
    const auto behind =
        std::upper_bound(all_.begin(), all_.end(), wanted.last,
                         [](std::uint32_t last, const Claim& claim) { return last < claim.first; });
    if (behind == all_.begin()) {
        return nullptr;
    }
    const auto& nearest = *std::prev(behind);
    return nearest.last >= wanted.first && nearest.node != holder ? &nearest.node : nullptr;
}

Claims::Claim Claims::range(const wire::Prefix4& prefix, const wire::Ipv6Address& node) {
    const auto first = to_number(prefix.network().address);
    const auto size = std::uint64_t{1} << (wire::Ipv4Address::bit_length - prefix.length);
    return {first, static_cast<std::uint32_t>(first + size - 1), node};
}

void Claims::add(const wire::Prefix4& prefix, const wire::Ipv6Address& node) {
    all_.push_back(range(prefix, node));
}

PreparedConfiguration::Parts::Parts(HomeAgentConfig from)
    : config(std::move(from))
    , listed_nodes(listed_nodes_of(config))
    , claims(config)
    , pool(config.address_pool, config.pool_leases_max)
    , prefixes(config.prefixes) {
    reserve(config, pool, prefixes);
}

PreparedConfiguration::PreparedConfiguration(HomeAgentConfig config)
    : parts_(std::make_unique<Parts>(std::move(config))) {}
PreparedConfiguration::PreparedConfiguration(PreparedConfiguration&&) noexcept = default;
PreparedConfiguration& PreparedConfiguration::operator=(PreparedConfiguration&&) noexcept = default;
PreparedConfiguration::~PreparedConfiguration() = default;

void PreparedConfiguration::set_home_link(unsigned link) {
    parts_->config.home_link.link = link;
}

} // namespace dsmip::mobility
