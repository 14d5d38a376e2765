// SPDX-License-Identifier: GPL-2.0-or-later
// Rules and routes of a mobile router.
#include "daemon/mobile_network.hpp"

#include <vector>

namespace dsmip::daemon {

namespace {

constexpr std::uint32_t main_table = 254;

/// In the order in which they are asked.
std::vector<netlink::RuleSpec> rules_for(const HostNetwork& host, const netlink::Prefix& prefix) {
    const netlink::PrefixSpec network{prefix.address, prefix.length};
    netlink::RuleSpec rule;
    rule.family = prefix.address.family();
    // To its subnets as the host routes; never by a default route out again.
    auto inward = rule;
    inward.priority = rule_priority::mobile_network;
    inward.table = main_table;
    inward.to = network;
    inward.suppress_prefix_length = 0;
    auto rest = rule;
    rest.priority = rule_priority::mobile_network_rest;
    rest.table = host.configuration().table;
    rest.to = network;
    auto outward = rule;
    outward.priority = rule_priority::home_address;
    outward.table = host.configuration().table;
    outward.from = network;
    // Never out without a tunnel when the table is empty.
    auto guard = outward;
    guard.priority = rule_priority::guard;
    guard.action = netlink::RuleAction::unreachable;
    return {inward, rest, guard, outward};
}

netlink::RouteSpec nowhere(const HostNetwork& host, const netlink::Prefix& prefix) {
    netlink::RouteSpec route;
    route.destination = {prefix.address, prefix.length};
    route.table = host.configuration().table;
    route.unreachable = true;
    return route;
}

/// IPv6 always has one, for the home address; that for the IPv4 home address, which comes and goes,
/// has a better metric than this.
netlink::RouteSpec outward4(const HostNetwork& host) {
    netlink::RouteSpec route;
    route.destination = {wire::Ipv4Address{}, 0};
    route.oif = host.ifindex();
    route.table = host.configuration().table;
    route.metric = 1;
    return route;
}

} // namespace

HostNetwork::Outcome route_mobile_network(HostNetwork& host, const netlink::Prefix& prefix) {
    auto result = host.add_route(nowhere(host, prefix));
    if (result && prefix.address.is_ipv4()) {
        result = host.add_route(outward4(host));
    }
    for (const auto& rule : rules_for(host, prefix)) {
        if (result) {
            result = host.add_rule(rule);
        }
    }
    return result;
}

HostNetwork::Outcome unroute_mobile_network(HostNetwork& host, const netlink::Prefix& prefix) {
    for (const auto& rule : rules_for(host, prefix)) {
        if (auto removed = host.remove_rule(rule); !removed) {
            return removed;
        }
    }
    // The default route may serve other prefixes, and harms nobody without a rule.
    return host.remove_route(nowhere(host, prefix));
}

} // namespace dsmip::daemon
