// SPDX-License-Identifier: GPL-2.0-or-later
// The table of the module as a model: nodes with bindings that end at their lifetime, each IPv4
// home address with one node.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "mobility/types.hpp"

namespace dsmip::mobility::test {

class KernelTable {
public:
    struct Held {
        KernelBinding binding;
        TimePoint expiry;
    };
    struct Node {
        std::vector<wire::Ipv4Address> home_addresses4;
        std::map<std::uint16_t, Held> bindings; // never empty
    };

    // False if another node has one of the IPv4 home addresses; then nothing changes.
    bool install(TimePoint now, const InstallBindings& request);
    // What does not exist is removed, too: that is how the daemon asks.
    void remove(const RemoveBindings& request);
    // Deletes what has ended.
    std::vector<std::pair<wire::Ipv6Address, std::uint16_t>> expire(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_expiry() const;
    // As at a start of the daemon, in order of home addresses.
    [[nodiscard]] std::vector<KernelNode> dump(TimePoint now) const;
    [[nodiscard]] const std::map<wire::Ipv6Address, Node>& nodes() const { return nodes_; }
    [[nodiscard]] const Node* find(const wire::Ipv6Address& home_address) const;

private:
    std::map<wire::Ipv6Address, Node> nodes_;
};

} // namespace dsmip::mobility::test
