// SPDX-License-Identifier: GPL-2.0-or-later
// The order of home agents.
#include "mobility/mobile_node_home_agents.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

// The node does not know the length of its home prefix; subnets have this one.
constexpr std::uint8_t home_prefix_length = 64;

auto find(const std::vector<HomeAgentAddresses>& list, const wire::Ipv6Address& address6) {
    return std::find_if(list.begin(), list.end(), [&](const HomeAgentAddresses& known) {
        return known.address6 == address6;
    });
}

} // namespace

HomeAgentList::HomeAgentList(const MobileNodeConfig& config)
    : home_address_(config.home_address)
    , configured_{{config.home_agent6, config.home_agent4}} {
    for (const auto& other : config.other_home_agents) {
        if (find(configured_, other.address6) == configured_.end()) {
            configured_.push_back(other);
        }
    }
    order_ = configured_;
    rest();
}

void HomeAgentList::start_with(const wire::Ipv6Address& address6) {
    if (const auto found = find(order_, address6); found != order_.end()) {
        position_ = static_cast<std::size_t>(found - order_.begin());
    }
}

HomeAgentAddresses HomeAgentList::with_ipv4(const wire::Ipv6Address& address6) const {
    const auto known = find(configured_, address6);
    return known == configured_.end() ? HomeAgentAddresses{address6, std::nullopt} : *known;
}

bool HomeAgentList::offered(const std::vector<wire::Ipv6Address>& home_agents) {
    const auto leaving = current();
    std::vector<HomeAgentAddresses> order;
    const auto add = [&](const HomeAgentAddresses& home_agent) {
        if (home_agent.address6 != leaving.address6 && home_agent.address6 != home_address_ &&
            home_agent.address6.is_unicast_routable() &&
            find(order, home_agent.address6) == order.end()) {
            order.push_back(home_agent);
        }
    };
    for (const auto& address6 : home_agents) {
        add(with_ipv4(address6));
    }
    const wire::Prefix6 home{home_address_, home_prefix_length};
    std::stable_partition(order.begin(), order.end(), [&](const HomeAgentAddresses& home_agent) {
        return home.contains(home_agent.address6);
    });
    for (const auto& home_agent : configured_) {
        add(home_agent);
    }
    if (order.empty()) {
        return false;
    }
    order.push_back(leaving);
    order_ = std::move(order);
    position_ = order_.size() - 1;
    untried_ = order_.size(); // the one that is left, too, as the last resort
    return true;
}

const HomeAgentAddresses& HomeAgentList::next() {
    position_ = (position_ + 1) % order_.size();
    untried_ -= untried_ > 0 ? 1 : 0;
    return current();
}

} // namespace dsmip::mobility
