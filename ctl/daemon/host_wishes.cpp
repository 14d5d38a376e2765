// SPDX-License-Identifier: GPL-2.0-or-later
// Wishes compared with what is there.
#include "daemon/host_wishes.hpp"

#include <algorithm>
#include <set>

namespace dsmip::daemon {

namespace {

/// IPv6 has this one where none is given.
constexpr std::uint32_t ipv6_default_metric = 1024;

std::uint32_t kernel_metric(const netlink::RouteSpec& route) {
    const bool filled_in = route.metric == 0 && !route.destination.address.is_ipv4();
    return filled_in ? ipv6_default_metric : route.metric;
}

/// As the kernel has it: without host bits.
netlink::PrefixSpec network_of(const netlink::PrefixSpec& prefix) {
    if (const auto* v4 = prefix.address.ipv4()) {
        return {wire::Prefix4{*v4, prefix.length}.network().address, prefix.length};
    }
    return {wire::Prefix6{*prefix.address.ipv6(), prefix.length}.network().address, prefix.length};
}

/// A selector that everything matches is none.
std::optional<netlink::PrefixSpec> selector(const std::optional<netlink::PrefixSpec>& prefix) {
    return prefix && prefix->length != 0 ? std::optional(network_of(*prefix)) : std::nullopt;
}

template<class Value>
void add_once(std::vector<Value>& values, const Value& value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) {
        values.push_back(value);
    }
}

} // namespace

bool same_route(const netlink::RouteSpec& a, const netlink::RouteSpec& b) {
    return network_of(a.destination) == network_of(b.destination) && a.table == b.table &&
           a.unreachable == b.unreachable && kernel_metric(a) == kernel_metric(b) &&
           (a.unreachable || a.oif == b.oif);
}

bool same_rule(const netlink::RuleSpec& a, const netlink::RuleSpec& b) {
    return a.family == b.family && a.priority == b.priority && a.table == b.table &&
           selector(a.from) == selector(b.from) && selector(a.to) == selector(b.to) &&
           a.fwmark == b.fwmark && a.oif_name == b.oif_name && a.ip_protocol == b.ip_protocol &&
           a.action == b.action && a.target == b.target &&
           a.suppress_prefix_length == b.suppress_prefix_length;
}

HostWishes::RouteKey HostWishes::key(const netlink::RouteSpec& route) {
    const auto destination = network_of(route.destination);
    return {route.table, destination.address, destination.length, kernel_metric(route)};
}

void HostWishes::add(const netlink::AddressSpec& address) {
    add_once(addresses_, address);
}

void HostWishes::add(const netlink::RouteSpec& route, Keeper keeper) {
    routes_.insert_or_assign(key(route), Route{route, keeper});
}

void HostWishes::add(const netlink::RuleSpec& rule) {
    add_once(rules_, rule);
}

void HostWishes::add(const Acceptance& acceptance) {
    add_once(acceptances_, acceptance);
}

void HostWishes::remove(const netlink::AddressSpec& address) {
    std::erase(addresses_, address);
}

void HostWishes::remove(const netlink::RouteSpec& route) {
    routes_.erase(key(route));
}

void HostWishes::remove(const netlink::RuleSpec& rule) {
    std::erase(rules_, rule);
}

void HostWishes::clear() {
    *this = {};
}

std::vector<netlink::RouteSpec> HostWishes::routes(Keeper keeper) const {
    std::vector<netlink::RouteSpec> result;
    for (const auto& [where, route] : routes_) {
        if (route.keeper == keeper) {
            result.push_back(route.spec);
        }
    }
    return result;
}

const netlink::RouteSpec* HostWishes::find(const netlink::RouteSpec& route) const {
    const auto found = routes_.find(key(route));
    return found == routes_.end() ? nullptr : &found->second.spec;
}

bool HostWishes::has(const netlink::RuleSpec& rule) const {
    return std::any_of(rules_.begin(), rules_.end(),
                       [&](const auto& wanted) { return same_rule(wanted, rule); });
}

std::vector<HostWishes::MissingAddress>
HostWishes::missing(std::span<const netlink::AddressSpec> present) const {
    std::vector<MissingAddress> result;
    for (const auto& wanted : addresses_) {
        const auto found =
            std::find_if(present.begin(), present.end(), [&](const netlink::AddressSpec& address) {
                return address.ifindex == wanted.ifindex && address.address == wanted.address &&
                       address.prefix_length == wanted.prefix_length;
            });
        if (found == present.end()) {
            result.push_back({wanted, false});
        } else if (found->home != wanted.home || found->deprecated != wanted.deprecated) {
            result.push_back({wanted, true});
        }
    }
    return result;
}

std::vector<netlink::RouteSpec>
HostWishes::missing(std::span<const netlink::RouteSpec> present) const {
    std::set<RouteKey> there;
    for (const auto& route : present) {
        const auto* wanted = find(route);
        // IPv6 routes lose their source when its address goes.
        if (wanted != nullptr && same_route(*wanted, route) &&
            wanted->preferred_source == route.preferred_source) {
            there.insert(key(route));
        }
    }
    std::vector<netlink::RouteSpec> result;
    for (const auto& [where, route] : routes_) {
        if (!there.contains(where)) {
            result.push_back(route.spec);
        }
    }
    return result;
}

std::vector<netlink::RuleSpec>
HostWishes::missing(std::span<const netlink::RuleSpec> present) const {
    std::vector<netlink::RuleSpec> result;
    for (const auto& wanted : rules_) {
        if (std::none_of(present.begin(), present.end(),
                         [&](const auto& rule) { return same_rule(wanted, rule); })) {
            result.push_back(wanted);
        }
    }
    return result;
}

} // namespace dsmip::daemon
