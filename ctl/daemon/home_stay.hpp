// SPDX-License-Identifier: GPL-2.0-or-later
// A mobile node at home uses its home addresses on the home link, without a tunnel (RFC 6275,
// 11.5.5). Pure.
#pragma once

#include <optional>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "netlink/network_state.hpp"
#include "netlink/rtnl.hpp"

namespace dsmip::daemon {

/// What is wanted on the host for that, per home address.
struct HomeStay {
    /// On the interface at the home link. Neighbour discovery answers for an address only there.
    netlink::AddressSpec address;
    /// To the hosts of the home link and to its router, in the table that the home address has:
    /// they go before the route into the tunnel, and what is behind that stays as it is. So traffic
    /// of the home address leaves by the home link or not at all, whatever other accesses there
    /// are.
    std::vector<netlink::RouteSpec> routes;

    friend bool operator==(const HomeStay&, const HomeStay&) = default;
};

/// A metric that goes before any of the kernel's or the daemon's own.
inline constexpr std::uint32_t home_stay_metric = 1;

/// IPv6: the prefix is that of the home address, and the router one of the link's default routers
/// that is not silent, the latest first. Without one there is no default route. Nothing if the link
/// is not there.
std::optional<HomeStay> home_stay6(const netlink::NetworkState& state,
                                   const mobility::HomeLink& home,
                                   const wire::Ipv6Address& home_address, std::uint32_t table);

/// IPv4: only if the link has an address in the network of the home address, which tells the length
/// of the prefix, and a default router in it. Else IPv4 is not used at home.
std::optional<HomeStay> home_stay4(const netlink::NetworkState& state,
                                   const mobility::HomeLink& home,
                                   const wire::Ipv4Address& home_address, std::uint32_t table);

} // namespace dsmip::daemon
