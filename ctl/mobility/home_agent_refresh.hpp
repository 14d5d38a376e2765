// SPDX-License-Identifier: GPL-2.0-or-later
// When a home agent asks a node to renew a binding that is about to end (Binding Refresh
// Request: RFC 6275, 6.1.2 and 9.5.5; RFC 5648, 6.4).
#pragma once

#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "mobility/home_agent_policy.hpp"
#include "mobility/types.hpp"
#include "wire/address.hpp"

namespace dsmip::mobility {

struct HomeAgentRefresh {
    // So long before the first binding of a node ends, but never more than a quarter of what it
    // has left when it is made; 0 = nobody is asked.
    Duration request_before{0};
    unsigned requests_per_second = 100; // to all nodes together
};

// Which node is to be asked when: up to three times for one end of lifetime, each time at half
// of what is left.  A Binding Update that moves the end starts anew.
class RefreshSchedule {
public:
    static constexpr unsigned requests_max = 3;
    static constexpr Duration shortest_pause = std::chrono::seconds(1);

    // To be told after every change of a node: when the first of its bindings ends, if any.
    void note(TimePoint now, const HomeAgentRefresh& policy, const wire::Ipv6Address& home_address,
              std::optional<TimePoint> first_end);
    // A node that is due; asking it is taken for granted.
    [[nodiscard]] std::optional<wire::Ipv6Address> take(TimePoint now,
                                                        const HomeAgentRefresh& policy);
    [[nodiscard]] std::optional<TimePoint> next_deadline(const HomeAgentRefresh& policy) const;
    void clear();

private:
    struct Item {
        TimePoint end;
        std::optional<TimePoint> ask_at; // none = often enough
        unsigned asked = 0;
    };
    void schedule(const wire::Ipv6Address& home_address, Item& item,
                  std::optional<TimePoint> ask_at);

    std::unordered_map<wire::Ipv6Address, Item> items_;
    std::set<std::pair<TimePoint, wire::Ipv6Address>> order_;
    RateState rate_;
};

} // namespace dsmip::mobility
