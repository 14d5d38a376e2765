// SPDX-License-Identifier: GPL-2.0-or-later
// The registered nodes of a home agent, for engines that only ask who they are.
#pragma once

#include <map>

#include "mobility/mobile_prefix_advertiser.hpp"

namespace dsmip::mobility::test {

struct NodeTable {
    std::map<wire::Ipv6Address, KernelNode> nodes;

    // Valid as long as the table.
    RegisteredNodes view() {
        return {[this](TimePoint, const wire::Ipv6Address& address) {
                    const auto found = nodes.find(address);
                    return found == nodes.end() ? std::nullopt : std::optional(found->second);
                },
                [this] {
                    std::vector<wire::Ipv6Address> all;
                    for (const auto& [address, node] : nodes) {
                        all.push_back(address);
                    }
                    return all;
                }};
    }
};

} // namespace dsmip::mobility::test
