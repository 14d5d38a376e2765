// SPDX-License-Identifier: GPL-2.0-or-later
// Policy rules for an address that is on the tunnel device and on an access.
#include "daemon/shared_address.hpp"

#include <algorithm>

#include <netinet/in.h>

#include "daemon/host_network.hpp"

namespace dsmip::daemon {

namespace {

netlink::RuleSpec rule_to(const wire::Ipv4Address& from, const wire::IpAddress& to) {
    constexpr std::uint8_t length = wire::Ipv4Address::bit_length;
    netlink::RuleSpec rule;
    rule.family = wire::AddressFamily::Ipv4;
    rule.priority = rule_priority::shared_address;
    rule.from = netlink::PrefixSpec{from, length};
    rule.to = netlink::PrefixSpec{to, length};
    return rule; // to the main table
}

} // namespace

std::vector<netlink::RuleSpec> shared_address_rules(
    const netlink::NetworkState& state, const std::vector<mobility::CareOfCandidate>& candidates,
    const wire::Ipv4Address& home_address4, const std::vector<wire::Ipv4Address>& home_agents4) {
    std::vector<netlink::RuleSpec> rules;
    const auto add = [&](const netlink::RuleSpec& rule) {
        if (std::find(rules.begin(), rules.end(), rule) == rules.end()) {
            rules.push_back(rule);
        }
    };
    for (const auto& candidate : candidates) {
        const auto* link = state.find(candidate.link);
        if (candidate.address != wire::IpAddress(home_address4) || link == nullptr) {
            continue;
        }
        for (const auto& home_agent : home_agents4) {
            auto rule = rule_to(home_address4, home_agent);
            rule.ip_protocol = IPPROTO_UDP;
            add(rule);
        }
        for (const auto& route : link->default_routes) {
            if (route.gateway && route.gateway->is_ipv4()) {
                add(rule_to(home_address4, *route.gateway));
            }
        }
    }
    return rules;
}

} // namespace dsmip::daemon
