// SPDX-License-Identifier: GPL-2.0-or-later
// rtnetlink messages into the state of links.
#include "netlink/network_state.hpp"

#include <algorithm>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "netlink/attributes.hpp"

namespace dsmip::netlink {

namespace {

constexpr std::uint32_t infinity = 0xffffffffU; // of ifa_cacheinfo

std::optional<std::chrono::seconds> lifetime(std::uint32_t seconds) {
    if (seconds == infinity) {
        return {};
    }
    return std::chrono::seconds(seconds);
}

Decoded<Link> read_link(const FamilyMessage<ifinfomsg>& raw) {
    constexpr std::string_view where = "link";
    Link link;
    link.ifindex = static_cast<std::uint32_t>(raw.header.ifi_index);
    link.up = (raw.header.ifi_flags & IFF_UP) != 0;
    link.running = (raw.header.ifi_flags & IFF_RUNNING) != 0;
    link.loopback = (raw.header.ifi_flags & IFF_LOOPBACK) != 0;
    auto done = for_each_attribute(raw.attributes, where, [&](const Attribute& a) {
        switch (a.type) {
        case IFLA_IFNAME:
            link.name = read_text(a);
            return Decoded<void>{};
        case IFLA_MTU:
            return read_raw(a, where, link.mtu);
        case IFLA_CARRIER_CHANGES:
            return read_raw(a, where, link.carrier_changes);
        case IFLA_MASTER:
            return read_raw(a, where, link.master);
        case IFLA_LINKINFO:
            return for_each_attribute(a.payload, "link info", [&](const Attribute& info) {
                if (info.type == IFLA_INFO_KIND) {
                    link.kind = read_text(info);
                }
                return Decoded<void>{};
            });
        default:
            return Decoded<void>{};
        }
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    return link;
}

Decoded<LinkAddress> read_link_address(const FamilyMessage<ifaddrmsg>& raw) {
    constexpr std::string_view where = "address";
    LinkAddress result;
    result.prefix_length = raw.header.ifa_prefixlen;
    result.scope = raw.header.ifa_scope;
    std::uint32_t flags = raw.header.ifa_flags;
    std::optional<wire::IpAddress> local;
    std::optional<wire::IpAddress> address;
    ifa_cacheinfo times{infinity, infinity, 0, 0};
    auto done = for_each_attribute(raw.attributes, where, [&](const Attribute& a) -> Decoded<void> {
        switch (a.type) {
        case IFA_LOCAL:
            return read_address(a, where).map([&](const auto& value) { local = value; });
        case IFA_ADDRESS:
            return read_address(a, where).map([&](const auto& value) { address = value; });
        case IFA_FLAGS:
            return read_raw(a, where, flags);
        case IFA_CACHEINFO:
            return read_raw(a, where, times);
        default:
            return {};
        }
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    // On point-to-point links IFA_ADDRESS is the far end.
    if (!local && !address) {
        return tl::unexpected(DecodeError{"address: neither IFA_LOCAL nor IFA_ADDRESS"});
    }
    result.address = local ? *local : *address;
    result.tentative = (flags & IFA_F_TENTATIVE) != 0;
    result.optimistic = (flags & IFA_F_OPTIMISTIC) != 0;
    result.deprecated = (flags & IFA_F_DEPRECATED) != 0;
    result.dad_failed = (flags & IFA_F_DADFAILED) != 0;
    // The same bit means "secondary" for IPv4.
    result.temporary = result.address.is_ipv6() && (flags & IFA_F_TEMPORARY) != 0;
    result.home = (flags & IFA_F_HOMEADDRESS) != 0;
    result.permanent = (flags & IFA_F_PERMANENT) != 0;
    result.preferred = lifetime(times.ifa_prefered);
    result.valid = lifetime(times.ifa_valid);
    result.updated = times.tstamp;
    return result;
}

struct Hop {
    std::uint32_t oif = 0;
    std::optional<wire::IpAddress> gateway;
};

/// RTA_VIA: a gateway of another family than the route.
Decoded<wire::IpAddress> read_via(const Attribute& attribute) {
    constexpr std::string_view where = "gateway";
    if (attribute.payload.size() < sizeof(std::uint16_t)) {
        return tl::unexpected(wrong_length(where, attribute, sizeof(std::uint16_t)));
    }
    return read_address(
        {.type = attribute.type, .payload = attribute.payload.subspan(sizeof(std::uint16_t))},
        where);
}

Decoded<void> read_hop_attribute(const Attribute& a, Hop& hop) {
    switch (a.type) {
    case RTA_OIF:
        return read_raw(a, "route", hop.oif);
    case RTA_GATEWAY:
        return read_address(a, "route").map([&](const auto& value) { hop.gateway = value; });
    case RTA_VIA:
        return read_via(a).map([&](const auto& value) { hop.gateway = value; });
    default:
        return {};
    }
}

/// The kernel keeps hops that cannot be used, for the time when their link is back.
bool is_dead(unsigned flags) {
    return (flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) != 0;
}

Decoded<void> read_multipath(Octets octets, std::vector<Hop>& hops) {
    while (!octets.empty()) {
        rtnexthop next{};
        if (octets.size() >= sizeof(next)) {
            std::memcpy(&next, octets.data(), sizeof(next));
        }
        if (next.rtnh_len < sizeof(next) || next.rtnh_len > octets.size()) {
            return tl::unexpected(DecodeError{"route: a next hop lies about its length"});
        }
        Hop hop;
        hop.oif = static_cast<std::uint32_t>(next.rtnh_ifindex);
        auto done = for_each_attribute(
            octets.subspan(sizeof(next), next.rtnh_len - sizeof(next)), "next hop",
            [&](const Attribute& a) { return read_hop_attribute(a, hop); });
        if (!done) {
            return done;
        }
        if (!is_dead(next.rtnh_flags)) {
            hops.push_back(hop);
        }
        octets = octets.subspan(std::min<std::size_t>(RTNH_ALIGN(next.rtnh_len), octets.size()));
    }
    return {};
}

struct RouteMessage {
    std::uint32_t table = 0;
    DefaultRoute route;
    std::vector<Hop> hops;
    std::uint32_t next_hop = 0; // id of an object, 0 = none
};

Decoded<RouteMessage> read_route(const FamilyMessage<rtmsg>& raw) {
    RouteMessage message;
    message.table = raw.header.rtm_table;
    message.route.family =
        raw.header.rtm_family == AF_INET ? wire::AddressFamily::Ipv4 : wire::AddressFamily::Ipv6;
    message.route.protocol = raw.header.rtm_protocol;
    Hop only;
    auto done =
        for_each_attribute(raw.attributes, "route", [&](const Attribute& a) -> Decoded<void> {
            switch (a.type) {
            case RTA_TABLE:
                return read_raw(a, "route", message.table);
            case RTA_PRIORITY:
                return read_raw(a, "route", message.route.metric);
            case RTA_MULTIPATH:
                return read_multipath(a.payload, message.hops);
            case RTA_NH_ID:
                return read_raw(a, "route", message.next_hop);
            default:
                return read_hop_attribute(a, only);
            }
        });
    if (!done) {
        return tl::unexpected(done.error());
    }
    if (only.oif != 0 && !is_dead(raw.header.rtm_flags)) {
        message.hops.push_back(only);
    }
    return message;
}

struct NextHopMessage {
    std::uint32_t id = 0;
    NextHop next_hop;
};

Decoded<NextHopMessage> read_next_hop(const FamilyMessage<nhmsg>& raw) {
    constexpr std::string_view where = "next hop object";
    NextHopMessage message;
    auto done = for_each_attribute(raw.attributes, where, [&](const Attribute& a) -> Decoded<void> {
        switch (a.type) {
        case NHA_ID:
            return read_raw(a, where, message.id);
        case NHA_OIF:
            return read_raw(a, where, message.next_hop.ifindex);
        case NHA_GATEWAY:
            return read_address(a, where).map(
                [&](const auto& value) { message.next_hop.gateway = value; });
        case NHA_GROUP: {
            nexthop_grp member{};
            for (auto rest = a.payload; rest.size() >= sizeof(member);
                 rest = rest.subspan(sizeof(member))) {
                std::memcpy(&member, rest.data(), sizeof(member));
                message.next_hop.members.push_back(member.id);
            }
            return {};
        }
        default:
            return {};
        }
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    if (message.id == 0) {
        return tl::unexpected(DecodeError{"next hop object: no NHA_ID"});
    }
    return message;
}

struct NeighbourMessage {
    std::optional<wire::IpAddress> address;
    std::vector<std::uint8_t> link_address; // empty = not known
};

Decoded<NeighbourMessage> read_neighbour(const FamilyMessage<ndmsg>& raw) {
    constexpr std::string_view where = "neighbour";
    NeighbourMessage message;
    auto done = for_each_attribute(raw.attributes, where, [&](const Attribute& a) -> Decoded<void> {
        if (a.type == NDA_DST) {
            return read_address(a, where).map([&](const auto& value) { message.address = value; });
        }
        if (a.type == NDA_LLADDR) {
            message.link_address.resize(a.payload.size());
            std::memcpy(message.link_address.data(), a.payload.data(), a.payload.size());
        }
        return {};
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    return message;
}

/// Where a route leads that only names an object, as the kernel tells when the sysctl
/// nexthop_compat_mode is off. A group has no groups as members.
std::vector<Hop> hops_of(const std::map<std::uint32_t, NextHop>& objects, std::uint32_t id) {
    std::vector<Hop> hops;
    const auto add = [&](std::uint32_t one) {
        const auto found = objects.find(one);
        if (found != objects.end() && found->second.ifindex != 0) {
            hops.push_back({found->second.ifindex, found->second.gateway});
        }
    };
    add(id);
    if (const auto group = objects.find(id); group != objects.end()) {
        for (const auto member : group->second.members) {
            add(member);
        }
    }
    return hops;
}

} // namespace

bool LinkAddress::is_usable() const {
    return scope == RT_SCOPE_UNIVERSE && !dad_failed && (!tentative || optimistic);
}

bool Link::has_default_route(wire::AddressFamily family) const {
    return std::any_of(default_routes.begin(), default_routes.end(),
                       [&](const DefaultRoute& route) { return route.family == family; });
}

bool Link::gateways_silent(wire::AddressFamily family) const {
    bool any = false;
    for (const auto& route : default_routes) {
        if (route.family != family) {
            continue;
        }
        if (!route.gateway || !silent_gateways.contains(*route.gateway)) {
            return false;
        }
        any = true;
    }
    return any;
}

const Link* NetworkState::find(std::uint32_t ifindex) const {
    const auto found = links_.find(ifindex);
    return found == links_.end() ? nullptr : &found->second;
}

const Link* NetworkState::find(const std::string& name) const {
    const auto found = std::find_if(links_.begin(), links_.end(),
                                    [&](const auto& entry) { return entry.second.name == name; });
    return found == links_.end() ? nullptr : &found->second;
}

Decoded<StateChange> NetworkState::apply(Octets message) {
    nlmsghdr header{};
    if (message.size() < sizeof(header)) {
        return tl::unexpected(DecodeError{"message shorter than its header"});
    }
    std::memcpy(&header, message.data(), sizeof(header));
    switch (header.nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        return apply_link(message);
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return apply_address(message);
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
        return apply_route(message);
    case RTM_NEWNEXTHOP:
    case RTM_DELNEXTHOP:
        return apply_next_hop(message);
    case RTM_NEWNEIGH:
        return apply_neighbour(message);
    default:
        return StateChange{};
    }
}

Decoded<StateChange> NetworkState::apply_link(Octets message) {
    auto raw = read_family_message<ifinfomsg>(message, "link");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    // Bridges and others tell of their ports under families of their own.
    if (raw->header.ifi_family != AF_UNSPEC) {
        return StateChange{};
    }
    auto link = read_link(*raw);
    if (!link) {
        return tl::unexpected(link.error());
    }
    if (raw->netlink.nlmsg_type == RTM_DELLINK) {
        return StateChange{.changed = links_.erase(link->ifindex) != 0, .routes_stale = true};
    }
    const auto [found, is_new] = links_.try_emplace(link->ifindex);
    Link& known = found->second;
    // Not "went down": a dump may have told of that before this message came. And when it is back,
    // routes serve again that the kernel has kept.
    const bool came_back = !is_new && !(known.up && known.running);
    const bool stale =
        !link->up || !link->running || came_back || (!is_new && known.master != link->master);
    link->addresses = known.addresses;
    link->default_routes = known.default_routes;
    if (link->running && link->carrier_changes == known.carrier_changes) {
        link->silent_gateways = known.silent_gateways;
        link->gateway_link_addresses = known.gateway_link_addresses;
    }
    const bool changed = known != *link;
    known = std::move(*link);
    return StateChange{.changed = changed, .routes_stale = stale};
}

Decoded<StateChange> NetworkState::apply_address(Octets message) {
    auto raw = read_family_message<ifaddrmsg>(message, "address");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    if (raw->header.ifa_family != AF_INET && raw->header.ifa_family != AF_INET6) {
        return StateChange{};
    }
    auto address = read_link_address(*raw);
    if (!address) {
        return tl::unexpected(address.error());
    }
    const auto link = links_.find(raw->header.ifa_index);
    if (link == links_.end()) {
        return StateChange{};
    }
    auto& addresses = link->second.addresses;
    const auto known = std::find_if(addresses.begin(), addresses.end(), [&](const auto& other) {
        return other.address == address->address && other.prefix_length == address->prefix_length;
    });
    StateChange change;
    if (raw->netlink.nlmsg_type == RTM_DELADDR) {
        change.changed = known != addresses.end();
        change.routes_stale = true;
        if (change.changed) {
            addresses.erase(known);
        }
    } else if (known == addresses.end()) {
        change.changed = true;
        addresses.push_back(*address);
    } else {
        change.changed = *known != *address;
        *known = *address;
    }
    return change;
}

Decoded<StateChange> NetworkState::apply_route(Octets message) {
    auto raw = read_family_message<rtmsg>(message, "route");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    if (raw->header.rtm_dst_len != 0 || raw->header.rtm_src_len != 0 ||
        raw->header.rtm_type != RTN_UNICAST || (raw->header.rtm_flags & RTM_F_CLONED) != 0) {
        return StateChange{};
    }
    auto read = read_route(*raw);
    if (!read) {
        return tl::unexpected(read.error());
    }
    if (read->table != RT_TABLE_MAIN) {
        return StateChange{};
    }
    const bool is_new = raw->netlink.nlmsg_type == RTM_NEWROUTE;
    const auto before = links_;
    if (read->hops.empty() && read->next_hop != 0) {
        read->hops = hops_of(next_hops_, read->next_hop);
    }
    for (const Hop& hop : read->hops) {
        const auto link = links_.find(hop.oif);
        if (link == links_.end()) {
            continue;
        }
        DefaultRoute route = read->route;
        route.gateway = hop.gateway;
        auto& routes = link->second.default_routes;
        if (!is_new) {
            std::erase(routes, route);
        } else if (std::find(routes.begin(), routes.end(), route) == routes.end()) {
            routes.push_back(route);
        }
    }
    // The kernel does not tell separately of the route that was replaced.
    const bool replaces = is_new && (raw->netlink.nlmsg_flags & NLM_F_REPLACE) != 0;
    return StateChange{.changed = links_ != before, .routes_stale = replaces};
}

Decoded<StateChange> NetworkState::apply_next_hop(Octets message) {
    auto raw = read_family_message<nhmsg>(message, "next hop object");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    auto read = read_next_hop(*raw);
    if (!read) {
        return tl::unexpected(read.error());
    }
    if (raw->netlink.nlmsg_type == RTM_DELNEXTHOP) {
        next_hops_.erase(read->id);
    } else {
        next_hops_[read->id] = std::move(read->next_hop);
    }
    // A new object has no routes yet, but the message of a replaced one looks the same.
    return StateChange{.changed = false, .routes_stale = true};
}

Decoded<StateChange> NetworkState::apply_neighbour(Octets message) {
    auto raw = read_family_message<ndmsg>(message, "neighbour");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    const auto found = links_.find(static_cast<std::uint32_t>(raw->header.ndm_ifindex));
    if (found == links_.end() ||
        (raw->header.ndm_family != AF_INET && raw->header.ndm_family != AF_INET6)) {
        return StateChange{};
    }
    auto read = read_neighbour(*raw);
    if (!read) {
        return tl::unexpected(read.error());
    }
    Link& link = found->second;
    const bool is_gateway =
        read->address &&
        std::any_of(link.default_routes.begin(), link.default_routes.end(),
                    [&](const auto& route) { return route.gateway == read->address; });
    if (!is_gateway) {
        return StateChange{};
    }
    constexpr unsigned heard = NUD_REACHABLE | NUD_STALE | NUD_PERMANENT | NUD_NOARP;
    if ((raw->header.ndm_state & NUD_FAILED) != 0) {
        return StateChange{.changed = link.silent_gateways.insert(*read->address).second};
    }
    if ((raw->header.ndm_state & heard) == 0) {
        return StateChange{}; // being asked: nothing is known yet
    }
    bool changed = link.silent_gateways.erase(*read->address) != 0;
    if (!read->link_address.empty()) {
        auto& known = link.gateway_link_addresses[*read->address];
        changed = changed || known != read->link_address;
        known = std::move(read->link_address);
    }
    return StateChange{.changed = changed};
}

void NetworkState::keep_gateways(const NetworkState& earlier) {
    for (auto& [ifindex, link] : links_) {
        const auto* known = earlier.find(ifindex);
        if (known == nullptr || !link.running || known->carrier_changes != link.carrier_changes) {
            continue;
        }
        for (const auto& route : link.default_routes) {
            if (!route.gateway) {
                continue;
            }
            if (known->silent_gateways.contains(*route.gateway)) {
                link.silent_gateways.insert(*route.gateway);
            }
            const auto heard = known->gateway_link_addresses.find(*route.gateway);
            if (heard != known->gateway_link_addresses.end()) {
                link.gateway_link_addresses.insert(*heard);
            }
        }
    }
}

} // namespace dsmip::netlink
