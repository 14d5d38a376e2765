// SPDX-License-Identifier: GPL-2.0-or-later
// The links, addresses and default routes of a network namespace, built from rtnetlink messages.
// Pure: messages in, state out.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "netlink/error.hpp"
#include "wire/address.hpp"

namespace dsmip::netlink {

/// An address of a link.
struct LinkAddress {
    wire::IpAddress address;
    std::uint8_t prefix_length = 0;
    /// RT_SCOPE_*: 0 universe, 200 site, 253 link, 254 host.
    std::uint8_t scope = 0;
    bool tentative = false;  ///< duplicate address detection still runs
    bool optimistic = false; ///< tentative, yet usable (RFC 4429)
    bool deprecated = false; ///< not for new communication (RFC 4862, 5.5.4)
    bool dad_failed = false; ///< a duplicate: unusable
    bool temporary = false;  ///< of the privacy extensions (RFC 8981)
    bool home = false;       ///< IFA_F_HOMEADDRESS
    bool permanent = false;  ///< set by hand, not by autoconfiguration or DHCP
    /// Seconds left when the kernel told; absent = for ever.
    std::optional<std::chrono::seconds> preferred;
    std::optional<std::chrono::seconds> valid;
    /// When the lifetimes were set last, by a router advertisement or DHCP: the kernel's clock in
    /// 1/100 s. Only good for seeing that it was done again.
    std::uint32_t updated = 0;

    /// Global scope and past duplicate address detection; deprecated ones still count.
    [[nodiscard]] bool is_usable() const;

    friend bool operator==(const LinkAddress&, const LinkAddress&) = default;
};

/// A default route of the main table through one link.
struct DefaultRoute {
    wire::AddressFamily family = wire::AddressFamily::Ipv6;
    /// Absent on links that need none.
    std::optional<wire::IpAddress> gateway;
    std::uint32_t metric = 0;
    /// RTPROT_*.
    std::uint8_t protocol = 0;

    friend bool operator==(const DefaultRoute&, const DefaultRoute&) = default;
};

struct Link {
    std::uint32_t ifindex = 0;
    std::string name;
    /// Kind of a virtual link, e.g. "dsmip", "veth"; empty for hardware.
    std::string kind;
    bool up = false;      ///< administratively (IFF_UP)
    bool running = false; ///< has carrier (IFF_RUNNING)
    bool loopback = false;
    std::uint32_t master = 0; ///< bridge, bond or VRF that it belongs to; 0 = none
    std::uint32_t mtu = 0;
    /// Times that the carrier went or came; tells of a loss that was over before anybody looked.
    std::uint32_t carrier_changes = 0;
    std::vector<LinkAddress> addresses;
    std::vector<DefaultRoute> default_routes;
    /// Gateways of default routes that did not answer neighbour discovery or ARP (NUD_FAILED) and
    /// were not heard since. Forgotten when the carrier goes.
    std::set<wire::IpAddress> silent_gateways;
    /// Link-layer addresses of gateways of default routes, as they were heard last. Forgotten when
    /// the carrier goes.
    std::map<wire::IpAddress, std::vector<std::uint8_t>> gateway_link_addresses;

    [[nodiscard]] bool has_default_route(wire::AddressFamily family) const;
    /// There are gateways for that family, and all of them are silent.
    [[nodiscard]] bool gateways_silent(wire::AddressFamily family) const;

    friend bool operator==(const Link&, const Link&) = default;
};

/// A next hop object (`ip nexthop`): one way out, or a group of others.
struct NextHop {
    std::uint32_t ifindex = 0; ///< 0 = none: a group or a black hole
    std::optional<wire::IpAddress> gateway;
    std::vector<std::uint32_t> members; ///< ids, of a group

    friend bool operator==(const NextHop&, const NextHop&) = default;
};

/// What a message changed.
struct StateChange {
    bool changed = false;
    /// The kernel may have taken routes away, brought them back or moved them to another link,
    /// without a message about each: everything has to be dumped again. So it is when a link goes
    /// down, loses its carrier, gets it back, goes to another master or is deleted, when an address
    /// goes, with each change of a next hop object, and when a default route is replaced.
    bool routes_stale = false;
};

class NetworkState {
public:
    /// Take over one message: RTM_NEWLINK, DELLINK, NEWADDR, DELADDR, NEWNEXTHOP, DELNEXTHOP,
    /// NEWROUTE, DELROUTE, NEWNEIGH; others are of no interest. A route that names a next hop
    /// object is understood if the object was told of before. A malformed message is an error and
    /// changes nothing.
    tl::expected<StateChange, DecodeError> apply(std::span<const std::byte> message);

    /// What a dump does not tell: which gateways are silent, and the link-layer addresses of the
    /// others, of links whose carrier has not changed since.
    void keep_gateways(const NetworkState& earlier);

    [[nodiscard]] const std::map<std::uint32_t, Link>& links() const { return links_; }
    [[nodiscard]] const Link* find(std::uint32_t ifindex) const;
    [[nodiscard]] const Link* find(const std::string& name) const;

    friend bool operator==(const NetworkState&, const NetworkState&) = default;

private:
    tl::expected<StateChange, DecodeError> apply_link(std::span<const std::byte> message);
    tl::expected<StateChange, DecodeError> apply_address(std::span<const std::byte> message);
    tl::expected<StateChange, DecodeError> apply_route(std::span<const std::byte> message);
    tl::expected<StateChange, DecodeError> apply_next_hop(std::span<const std::byte> message);
    tl::expected<StateChange, DecodeError> apply_neighbour(std::span<const std::byte> message);

    std::map<std::uint32_t, Link> links_;
    std::map<std::uint32_t, NextHop> next_hops_; // objects, by id
};

} // namespace dsmip::netlink
