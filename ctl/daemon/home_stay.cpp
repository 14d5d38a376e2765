// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses and routes of a node at home.
#include "daemon/home_stay.hpp"

#include <algorithm>

namespace dsmip::daemon {

namespace {

// The node does not know the length of its home prefix (RFC 4291, 2.5.1).
constexpr std::uint8_t prefix_length6 = 64;

wire::IpAddress any_address(const wire::IpAddress& like) {
    return like.is_ipv4() ? wire::IpAddress(wire::Ipv4Address{})
                          : wire::IpAddress(wire::Ipv6Address{});
}

netlink::RouteSpec route_to(const netlink::PrefixSpec& destination,
                            const netlink::AddressSpec& home, std::uint32_t table) {
    netlink::RouteSpec route;
    route.destination = destination;
    route.oif = home.ifindex;
    route.table = table;
    route.metric = home_stay_metric;
    route.preferred_source = home.address;
    return route;
}

/// The latest router of the family that answers and is in the prefix, where that matters.
template<class Fits>
std::optional<wire::IpAddress> router_of(const netlink::Link& link, const Fits& fits) {
    const auto& routes = link.default_routes;
    const auto found = std::find_if(routes.rbegin(), routes.rend(), [&](const auto& route) {
        return route.gateway && fits(*route.gateway) &&
               !link.silent_gateways.contains(*route.gateway);
    });
    return found == routes.rend() ? std::nullopt : found->gateway;
}

} // namespace

std::optional<HomeStay> home_stay6(const netlink::NetworkState& state,
                                   const mobility::HomeLink& home,
                                   const wire::Ipv6Address& home_address, std::uint32_t table) {
    const auto* link = state.find(home.link);
    if (link == nullptr) {
        return {};
    }
    HomeStay stay;
    stay.address.ifindex = home.link;
    stay.address.address = home_address;
    stay.address.prefix_length = wire::Ipv6Address::bit_length;
    stay.address.home = true;
    stay.address.no_prefix_route = true;
    stay.address.nodad = home.deregistered;
    const auto prefix = wire::Prefix6{home_address, prefix_length6}.network();
    stay.routes.push_back(route_to({prefix.address, prefix.length}, stay.address, table));
    const auto router =
        router_of(*link, [](const wire::IpAddress& gateway) { return gateway.is_ipv6(); });
    if (router) {
        stay.routes.push_back(route_to({any_address(home_address), 0}, stay.address, table));
        stay.routes.back().gateway = router;
    }
    return stay;
}

std::optional<HomeStay> home_stay4(const netlink::NetworkState& state,
                                   const mobility::HomeLink& home,
                                   const wire::Ipv4Address& home_address, std::uint32_t table) {
    const auto* link = state.find(home.link);
    if (link == nullptr) {
        return {};
    }
    const auto prefix_of = [](const netlink::LinkAddress& own) {
        return wire::Prefix4{*own.address.ipv4(), own.prefix_length}.network();
    };
    const auto own = std::find_if(
        link->addresses.begin(), link->addresses.end(), [&](const netlink::LinkAddress& address) {
            return address.address.is_ipv4() &&
                   address.prefix_length < wire::Ipv4Address::bit_length &&
                   prefix_of(address).contains(home_address);
        });
    if (own == link->addresses.end()) {
        return {};
    }
    const auto prefix = prefix_of(*own);
    const auto router = router_of(*link, [&](const wire::IpAddress& gateway) {
        return gateway.is_ipv4() && prefix.contains(*gateway.ipv4());
    });
    if (!router) {
        return {};
    }
    HomeStay stay;
    stay.address.ifindex = home.link;
    stay.address.address = home_address;
    stay.address.prefix_length = wire::Ipv4Address::bit_length;
    stay.routes.push_back(route_to({prefix.address, prefix.length}, stay.address, table));
    stay.routes.push_back(route_to({any_address(home_address), 0}, stay.address, table));
    stay.routes.back().gateway = router;
    return stay;
}

} // namespace dsmip::daemon
