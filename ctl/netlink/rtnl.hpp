// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent and a mobile node change by rtnetlink: links, addresses, routes, policy rules.
// Synchronous; see link_monitor.hpp for watching.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/error.hpp"
#include "netlink/socket.hpp"
#include "wire/address.hpp"

namespace dsmip::netlink {

/// What to do when the thing to add is there already (EEXIST).
enum class IfExists : std::uint8_t { fail, accept, replace };
/// What to do when the thing to remove is not there (ENOENT, ESRCH, EADDRNOTAVAIL, ENODEV).
enum class IfMissing : std::uint8_t { fail, accept };

struct AddressSpec {
    std::uint32_t ifindex = 0;
    wire::IpAddress address;
    /// 32 or 128 for a home address.
    std::uint8_t prefix_length = 128;
    /// IFA_F_HOMEADDRESS: an IPv6 home address; the kernel needs it to accept type 2 routing
    /// headers.
    bool home = false;
    /// IFA_F_NODAD: usable at once, without duplicate address detection.
    bool nodad = false;
    /// IFA_F_NOPREFIXROUTE: the kernel adds no route to the prefix.
    bool no_prefix_route = false;
    /// IPv6: preferred lifetime 0. The address serves who asks for it, but the kernel does not
    /// choose it as a source by itself (RFC 4862, 5.5.4; it otherwise prefers home addresses, RFC
    /// 6724, 5).
    bool deprecated = false;

    friend bool operator==(const AddressSpec&, const AddressSpec&) = default;
};

/// An IPv4 or IPv6 prefix; bits behind the length are ignored.
struct PrefixSpec {
    wire::IpAddress address;
    std::uint8_t length = 0;

    friend bool operator==(const PrefixSpec&, const PrefixSpec&) = default;
};

struct RouteSpec {
    /// Its family is that of the route; length 0 = default route.
    PrefixSpec destination;
    /// 0 = none, only for the type unreachable.
    std::uint32_t oif = 0;
    std::optional<wire::IpAddress> gateway{};
    std::optional<wire::IpAddress> preferred_source{};
    /// RT_TABLE_MAIN is 254.
    std::uint32_t table = 254;
    /// 0 = the kernel's default (IPv6: 1024).
    std::uint32_t metric = 0;
    /// Who made it (RTPROT_*); lets an owner find its routes again.
    std::uint8_t protocol = 4;
    /// RTN_UNREACHABLE instead of RTN_UNICAST.
    bool unreachable = false;

    friend bool operator==(const RouteSpec&, const RouteSpec&) = default;
};

/// What becomes of what a rule selects; the values of FR_ACT_*.
enum class RuleAction : std::uint8_t {
    look_up = 1,
    go_to = 2,
    nothing = 3, ///< the rule is there to be gone to
    unreachable = 7,
};

struct RuleSpec {
    wire::AddressFamily family = wire::AddressFamily::Ipv6;
    std::uint32_t priority = 0;
    std::uint32_t table = 254;
    std::optional<PrefixSpec> from{};
    std::optional<PrefixSpec> to{};
    struct Mark {
        std::uint32_t value = 0;
        std::uint32_t mask = 0xffffffffU;
        friend bool operator==(const Mark&, const Mark&) = default;
    };
    std::optional<Mark> fwmark{};
    /// Outgoing interface of sockets bound to a device; empty = any.
    std::string oif_name{};
    /// IPPROTO_* of the packet, 0 = any.
    std::uint8_t ip_protocol = 0;
    /// Match what the selectors do not ("not").
    bool invert = false;
    /// Ignore routes of the table whose prefix is this short or shorter.
    std::optional<std::uint32_t> suppress_prefix_length{};
    /// If it is another than a look-up, the table only tells whose rule it is.
    RuleAction action = RuleAction::look_up;
    /// With RuleAction::go_to: a higher priority, of the rule to go on with.
    std::uint32_t target = 0;
    std::uint8_t protocol = 4;

    friend bool operator==(const RuleSpec&, const RuleSpec&) = default;
};

struct LinkStatus {
    std::string name;
    bool up = false; ///< administratively (IFF_UP)
};

/// Requests to rtnetlink. Each call is one message and one acknowledgement.
class Rtnl {
public:
    static Result<Rtnl> open();

    /// ENODEV: no such interface.
    Result<std::uint32_t> ifindex(std::string_view name);

    /// Make a device of `kind` (e.g. "dsmip") and return its index. EOPNOTSUPP: no module for that
    /// kind. With IfExists::accept an existing link of the same kind is taken as it is, one of
    /// another kind is EEXIST. IfExists::replace is not possible (EINVAL).
    Result<std::uint32_t> link_add(std::string_view name, std::string_view kind,
                                   IfExists if_exists = IfExists::fail);
    Result<void> link_delete(std::uint32_t ifindex, IfMissing if_missing = IfMissing::fail);
    Result<void> link_set_up(std::uint32_t ifindex, bool up);
    /// EBUSY before Linux 6.2: it is up.
    Result<void> link_rename(std::uint32_t ifindex, std::string_view name);
    /// ENODEV: it is not, or not any more, in this network namespace.
    Result<LinkStatus> link_status(std::uint32_t ifindex);

    Result<void> address_add(const AddressSpec& address, IfExists if_exists = IfExists::fail);
    Result<void> address_delete(const AddressSpec& address, IfMissing if_missing = IfMissing::fail);

    /// Of one interface, both families.
    Result<std::vector<AddressSpec>> addresses(std::uint32_t ifindex);

    /// Frames for an on-link IPv6 address go to `link_address` until the kernel doubts it; replaces
    /// what it knew.
    Result<void> neighbour_set(std::uint32_t ifindex, const wire::Ipv6Address& address,
                               std::span<const std::uint8_t> link_address);

    /// Have the kernel ask at once whether the neighbour is there: by unicast where it knows a
    /// link-layer address, else by broadcast or multicast. One that was set by hand is not asked.
    Result<void> neighbour_probe(std::uint32_t ifindex, const wire::IpAddress& address);

    Result<void> route_add(const RouteSpec& route, IfExists if_exists = IfExists::fail);
    Result<void> route_delete(const RouteSpec& route, IfMissing if_missing = IfMissing::fail);
    /// Routes of `table`, or of all tables if 0, with this protocol number; both families.
    Result<std::vector<RouteSpec>> routes(std::uint32_t table, std::uint8_t protocol);

    /// IPv6 anycast addresses for which packets are taken on an interface. A membership of a socket
    /// (IPV6_JOIN_ANYCAST) has lost its address here when the interface was down in between.
    Result<std::vector<wire::Ipv6Address>> anycast_addresses(std::uint32_t ifindex);

    /// The kernel keeps equal rules apart only by their selectors; IfExists::replace is not
    /// possible (EINVAL).
    Result<void> rule_add(const RuleSpec& rule, IfExists if_exists = IfExists::fail);
    Result<void> rule_delete(const RuleSpec& rule, IfMissing if_missing = IfMissing::fail);
    /// Rules with this protocol number; both families.
    Result<std::vector<RuleSpec>> rules(std::uint8_t protocol);

private:
    explicit Rtnl(Socket socket);

    Socket socket_;
};

} // namespace dsmip::netlink
