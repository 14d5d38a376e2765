// SPDX-License-Identifier: GPL-2.0-or-later
// Sending all nodes of a home agent to others, one after the other (Home Agent Switch: RFC
// 5142, 5).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mobility/home_agent_policy.hpp"
#include "mobility/types.hpp"
#include "wire/address.hpp"

namespace dsmip::mobility {

struct DrainRequest {
    // Where the nodes are to go, in order of preference; none = they are to find out themselves.
    std::vector<wire::Ipv6Address> home_agents;
    unsigned nodes_per_second = 10; // that are asked for the first time
    // How long a node may still renew its binding once it was asked (Binding Refresh Advice).
    Duration grace{0};
};

// Of a message that fits 1280 octets with whatever tunnel is around it.
inline constexpr std::size_t drain_targets_max = 64;

struct DrainStatus {
    DrainRequest request;
    std::size_t waiting = 0;    // nodes that are registered and were not asked yet
    std::size_t asked = 0;      // nodes that were asked and are still registered
    std::uint64_t gone = 0;     // nodes that left since it began
    std::uint64_t messages = 0; // sent, repetitions included
};

// Which node is asked when.
class DrainSchedule {
public:
    static constexpr Duration initial_timeout = std::chrono::seconds(5);  // RFC 5142, 8
    static constexpr Duration maximum_timeout = std::chrono::seconds(20); // goes on at that pace

    void start(DrainRequest request);
    void stop();
    [[nodiscard]] bool active() const { return active_; }
    // To be told of every node at the start, and after every change of a node.
    void note(const wire::Ipv6Address& home_address, bool registered);
    // A node that is due; asking it is taken for granted.
    [[nodiscard]] std::optional<wire::Ipv6Address> take(TimePoint now);
    // It was asked, and its time is up.
    [[nodiscard]] bool has_to_go(TimePoint now, const wire::Ipv6Address& home_address) const;
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;
    [[nodiscard]] DrainStatus status() const;

private:
    struct Item {
        std::optional<TimePoint> asked_at; // first
        TimePoint again_at;
        Duration timeout{0};
    };

    bool active_ = false;
    DrainRequest request_;
    std::unordered_map<wire::Ipv6Address, Item> items_; // of registered nodes
    std::deque<wire::Ipv6Address> waiting_;             // some may have gone
    std::set<std::pair<TimePoint, wire::Ipv6Address>> repetitions_;
    RateState rate_;
    std::size_t asked_ = 0;
    std::uint64_t gone_ = 0;
    std::uint64_t messages_ = 0;
};

} // namespace dsmip::mobility
