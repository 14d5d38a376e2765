// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel's table for tests.
#include "kernel_table.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

namespace dsmip::mobility::test {

bool KernelTable::install(TimePoint now, const InstallBindings& request) {
    const auto& wanted = request.node.home_addresses4;
    for (const auto& [home_address, node] : nodes_) {
        for (const auto& address : node.home_addresses4) {
            if (home_address != request.node.home_address &&
                std::find(wanted.begin(), wanted.end(), address) != wanted.end()) {
                return false;
            }
        }
    }
    REQUIRE_FALSE(request.node.bindings.empty());
    auto& node = nodes_[request.node.home_address];
    node.home_addresses4 = wanted;
    if (request.replace) {
        node.bindings.clear();
    }
    for (const auto& binding : request.node.bindings) {
        REQUIRE(binding.lifetime > Duration{0});
        REQUIRE(binding.lifetime <= std::chrono::seconds(262140));
        node.bindings[binding.bid] = {binding, now + binding.lifetime};
    }
    return true;
}

void KernelTable::remove(const RemoveBindings& request) {
    const auto found = nodes_.find(request.home_address);
    if (found == nodes_.end()) {
        return;
    }
    auto& bindings = found->second.bindings;
    for (const auto bid : request.bids) {
        bindings.erase(bid);
    }
    if (request.bids.empty() || bindings.empty()) {
        nodes_.erase(found);
    }
}

std::vector<std::pair<wire::Ipv6Address, std::uint16_t>> KernelTable::expire(TimePoint now) {
    std::vector<std::pair<wire::Ipv6Address, std::uint16_t>> ended;
    for (const auto& [home_address, node] : nodes_) {
        for (const auto& [bid, held] : node.bindings) {
            if (held.expiry <= now) {
                ended.emplace_back(home_address, bid);
            }
        }
    }
    for (const auto& [home_address, bid] : ended) {
        remove({0, home_address, {bid}});
    }
    return ended;
}

std::optional<TimePoint> KernelTable::next_expiry() const {
    std::optional<TimePoint> next;
    for (const auto& [home_address, node] : nodes_) {
        for (const auto& [bid, held] : node.bindings) {
            next = next ? std::min(*next, held.expiry) : held.expiry;
        }
    }
    return next;
}

std::vector<KernelNode> KernelTable::dump(TimePoint now) const {
    std::vector<KernelNode> nodes;
    for (const auto& [home_address, node] : nodes_) {
        auto& copy = nodes.emplace_back();
        copy.home_address = home_address;
        copy.home_addresses4 = node.home_addresses4;
        for (const auto& [bid, held] : node.bindings) {
            copy.bindings.push_back(held.binding);
            copy.bindings.back().lifetime = held.expiry - now;
        }
    }
    return nodes;
}

const KernelTable::Node* KernelTable::find(const wire::Ipv6Address& home_address) const {
    const auto found = nodes_.find(home_address);
    return found == nodes_.end() ? nullptr : &found->second;
}

} // namespace dsmip::mobility::test
