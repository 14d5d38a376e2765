// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to rtnetlink about routes and policy rules.
#include <algorithm>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "netlink/attributes.hpp"
#include "netlink/message_builder.hpp"
#include "netlink/rtnl.hpp"
#include "netlink/rtnl_messages.hpp"

namespace dsmip::netlink {

namespace {

constexpr std::array<std::uint8_t, 2> families{AF_INET6, AF_INET};
constexpr int dump_attempts = 5;

wire::IpAddress any_address(std::uint8_t family) {
    if (family == AF_INET) {
        return wire::Ipv4Address{};
    }
    return wire::Ipv6Address{};
}

/// The address with its host bits cleared: the kernel refuses prefixes that have some.
wire::IpAddress network_of(const PrefixSpec& prefix) {
    if (const auto* v4 = prefix.address.ipv4()) {
        return wire::Prefix4{*v4, prefix.length}.network().address;
    }
    return wire::Prefix6{*prefix.address.ipv6(), prefix.length}.network().address;
}

std::string to_text(const PrefixSpec& prefix) {
    return wire::to_string(prefix.address) + "/" + std::to_string(prefix.length);
}

std::string describe(std::string_view what, const RouteSpec& route) {
    std::string text = std::string(what) + " route " + to_text(route.destination);
    if (route.gateway) {
        text += " via " + wire::to_string(*route.gateway);
    }
    if (route.oif != 0) {
        text += " on interface " + std::to_string(route.oif);
    }
    return text + " in table " + std::to_string(route.table);
}

void put_route(MessageBuilder& builder, const RouteSpec& route) {
    const bool reaches_directly = !route.gateway && !route.unreachable;
    builder.header(rtmsg{
        .rtm_family = address_family(route.destination.address),
        .rtm_dst_len = route.destination.length,
        .rtm_src_len = 0,
        .rtm_tos = 0,
        .rtm_table = RT_TABLE_UNSPEC, // RTA_TABLE has room for all 32 bits
        .rtm_protocol = route.protocol,
        .rtm_scope =
            static_cast<unsigned char>(reaches_directly ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE),
        .rtm_type = static_cast<unsigned char>(route.unreachable ? RTN_UNREACHABLE : RTN_UNICAST),
        .rtm_flags = 0});
    builder.put(RTA_DST, network_of(route.destination));
    builder.put(RTA_TABLE, route.table);
    if (route.gateway) {
        builder.put(RTA_GATEWAY, *route.gateway);
    }
    if (route.preferred_source) {
        builder.put(RTA_PREFSRC, *route.preferred_source);
    }
    if (route.oif != 0) {
        builder.put(RTA_OIF, route.oif);
    }
    if (route.metric != 0) {
        builder.put(RTA_PRIORITY, route.metric);
    }
}

} // namespace

Decoded<RouteSpec> read_route_spec(Octets octets) {
    constexpr std::string_view where = "route";
    auto raw = read_family_message<rtmsg>(octets, where);
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    RouteSpec route;
    route.destination = {any_address(raw->header.rtm_family), raw->header.rtm_dst_len};
    route.table = raw->header.rtm_table;
    route.protocol = raw->header.rtm_protocol;
    route.unreachable = raw->header.rtm_type == RTN_UNREACHABLE;
    const auto store_address = [&](const Attribute& a, auto&& field) -> Decoded<void> {
        return read_address(a, where).map([&](const wire::IpAddress& address) { field = address; });
    };
    auto done = for_each_attribute(raw->attributes, where, [&](const Attribute& a) {
        switch (a.type) {
        case RTA_DST:
            return store_address(a, route.destination.address);
        case RTA_GATEWAY:
            return store_address(a, route.gateway);
        case RTA_PREFSRC:
            return store_address(a, route.preferred_source);
        case RTA_OIF:
            return read_raw(a, where, route.oif);
        case RTA_PRIORITY:
            return read_raw(a, where, route.metric);
        case RTA_TABLE:
            return read_raw(a, where, route.table);
        default:
            return Decoded<void>{};
        }
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    return route;
}

namespace {

std::string describe(std::string_view what, const RuleSpec& rule) {
    std::string text = std::string(what) +
                       (rule.family == wire::AddressFamily::Ipv4 ? " IPv4" : " IPv6") +
                       " rule of priority " + std::to_string(rule.priority);
    if (rule.from) {
        text += " from " + to_text(*rule.from);
    }
    if (rule.to) {
        text += " to " + to_text(*rule.to);
    }
    if (rule.ip_protocol != 0) {
        text += " protocol " + std::to_string(rule.ip_protocol);
    }
    switch (rule.action) {
    case RuleAction::look_up:
        break;
    case RuleAction::go_to:
        return text + " to rule " + std::to_string(rule.target);
    case RuleAction::nothing:
        return text + " that does nothing";
    case RuleAction::unreachable:
        return text + ", unreachable";
    }
    return text + " to table " + std::to_string(rule.table);
}

static_assert(static_cast<int>(RuleAction::look_up) == FR_ACT_TO_TBL);
static_assert(static_cast<int>(RuleAction::go_to) == FR_ACT_GOTO);
static_assert(static_cast<int>(RuleAction::nothing) == FR_ACT_NOP);
static_assert(static_cast<int>(RuleAction::unreachable) == FR_ACT_UNREACHABLE);

void put_rule(MessageBuilder& builder, const RuleSpec& rule) {
    fib_rule_hdr header{};
    header.family = rule.family == wire::AddressFamily::Ipv4 ? AF_INET : AF_INET6;
    header.action = static_cast<std::uint8_t>(rule.action);
    header.flags = rule.invert ? FIB_RULE_INVERT : 0U;
    header.src_len = rule.from ? rule.from->length : 0;
    header.dst_len = rule.to ? rule.to->length : 0;
    builder.header(header);
    builder.put(FRA_PRIORITY, rule.priority);
    builder.put(FRA_TABLE, rule.table);
    builder.put(FRA_PROTOCOL, rule.protocol);
    if (rule.action == RuleAction::go_to) {
        builder.put(FRA_GOTO, rule.target);
    }
    if (rule.from && rule.from->length != 0) {
        builder.put(FRA_SRC, network_of(*rule.from));
    }
    if (rule.to && rule.to->length != 0) {
        builder.put(FRA_DST, network_of(*rule.to));
    }
    if (rule.fwmark) {
        builder.put(FRA_FWMARK, rule.fwmark->value);
        builder.put(FRA_FWMASK, rule.fwmark->mask);
    }
    if (!rule.oif_name.empty()) {
        builder.put_text(FRA_OIFNAME, rule.oif_name);
    }
    if (rule.ip_protocol != 0) {
        builder.put(FRA_IP_PROTO, rule.ip_protocol);
    }
    if (rule.suppress_prefix_length) {
        builder.put(FRA_SUPPRESS_PREFIXLEN, *rule.suppress_prefix_length);
    }
}

Decoded<RuleSpec> read_rule(Octets octets) {
    constexpr std::string_view where = "rule";
    auto raw = read_family_message<fib_rule_hdr>(octets, where);
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    RuleSpec rule;
    rule.family =
        raw->header.family == AF_INET ? wire::AddressFamily::Ipv4 : wire::AddressFamily::Ipv6;
    rule.table = raw->header.table;
    rule.invert = (raw->header.flags & FIB_RULE_INVERT) != 0;
    rule.action = static_cast<RuleAction>(raw->header.action); // of others anything
    rule.protocol = 0;
    std::optional<std::uint32_t> mark;
    std::optional<std::uint32_t> mask;
    const auto store_prefix = [&](const Attribute& a, std::uint8_t length,
                                  std::optional<PrefixSpec>& field) -> Decoded<void> {
        return read_address(a, where).map([&](const wire::IpAddress& address) {
            field = PrefixSpec{address, length};
        });
    };
    auto done = for_each_attribute(raw->attributes, where, [&](const Attribute& a) {
        switch (a.type) {
        case FRA_PRIORITY:
            return read_raw(a, where, rule.priority);
        case FRA_TABLE:
            return read_raw(a, where, rule.table);
        case FRA_PROTOCOL:
            return read_raw(a, where, rule.protocol);
        case FRA_SRC:
            return store_prefix(a, raw->header.src_len, rule.from);
        case FRA_DST:
            return store_prefix(a, raw->header.dst_len, rule.to);
        case FRA_FWMARK:
            return read_as<std::uint32_t>(a, where, [&](std::uint32_t v) { mark = v; });
        case FRA_FWMASK:
            return read_as<std::uint32_t>(a, where, [&](std::uint32_t v) { mask = v; });
        case FRA_OIFNAME:
            rule.oif_name = read_text(a);
            return Decoded<void>{};
        case FRA_IP_PROTO:
            return read_raw(a, where, rule.ip_protocol);
        case FRA_GOTO:
            return read_raw(a, where, rule.target);
        case FRA_SUPPRESS_PREFIXLEN:
            return read_as<std::uint32_t>(a, where, [&](std::uint32_t v) {
                if (v != UINT32_MAX) { // the kernel's "not set"
                    rule.suppress_prefix_length = v;
                }
            });
        default:
            return Decoded<void>{};
        }
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    if (mark || mask) {
        rule.fwmark = RuleSpec::Mark{mark.value_or(0), mask.value_or(UINT32_MAX)};
    }
    return rule;
}

/// Dump both families with the `Header` that `set_family` fills in, and keep what `read` and
/// `wanted` accept.
template<class Spec, class Header, class SetFamily, class Read, class Wanted>
Result<std::vector<Spec>> dump_both(Socket& socket, std::uint16_t type, std::string_view request,
                                    SetFamily&& set_family, Read&& read, Wanted&& wanted) {
    std::vector<Spec> all;
    for (const std::uint8_t family : families) {
        std::vector<Spec> found;
        for (int attempt = 0; attempt < dump_attempts; ++attempt) {
            found.clear();
            RequestBuffer buffer;
            MessageBuilder builder(buffer.octets, type, NLM_F_DUMP);
            Header header{};
            set_family(header, family);
            builder.header(header);
            std::optional<DecodeError> bad;
            auto state = socket.transact(buffer.octets, request, [&](Octets octets) {
                auto spec = read(octets);
                if (!spec) {
                    bad = spec.error();
                } else if (wanted(*spec)) {
                    found.push_back(std::move(*spec));
                }
            });
            if (!state) {
                return tl::unexpected(state.error());
            }
            if (bad) {
                return tl::unexpected(NetlinkError{
                    .code = EPROTO, .text = bad->message, .request = std::string(request)});
            }
            if (*state == DumpState::complete) {
                break;
            }
        }
        std::move(found.begin(), found.end(), std::back_inserter(all));
    }
    return all;
}

} // namespace

Result<void> Rtnl::route_add(const RouteSpec& route, IfExists if_exists) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWROUTE, add_flags(if_exists));
    put_route(builder, route);
    return tolerate_existing(socket_.transact(buffer.octets, describe("add", route)), if_exists);
}

Result<void> Rtnl::route_delete(const RouteSpec& route, IfMissing if_missing) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_DELROUTE, 0);
    put_route(builder, route);
    return tolerate_missing(socket_.transact(buffer.octets, describe("delete", route)), if_missing);
}

Result<std::vector<RouteSpec>> Rtnl::routes(std::uint32_t table, std::uint8_t protocol) {
    return dump_both<RouteSpec, rtmsg>(
        socket_, RTM_GETROUTE, "list routes",
        [&](rtmsg& header, std::uint8_t family) {
            header.rtm_family = family;
            header.rtm_protocol = protocol; // which a strict kernel looks for by itself
        },
        read_route_spec,
        [&](const RouteSpec& route) {
            return route.protocol == protocol && (table == 0 || route.table == table);
        });
}

Result<std::vector<wire::Ipv6Address>> Rtnl::anycast_addresses(std::uint32_t ifindex) {
    const std::string request = "list anycast addresses";
    std::vector<wire::Ipv6Address> found;
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        found.clear();
        RequestBuffer buffer;
        MessageBuilder builder(buffer.octets, RTM_GETROUTE, NLM_F_DUMP);
        rtmsg header{};
        header.rtm_family = AF_INET6;
        header.rtm_type = RTN_ANYCAST;
        builder.header(header);
        builder.put(RTA_TABLE, std::uint32_t{RT_TABLE_LOCAL});
        builder.put(RTA_OIF, ifindex);
        std::optional<DecodeError> bad;
        auto state = socket_.transact(buffer.octets, request, [&](Octets octets) {
            const auto raw = read_family_message<rtmsg>(octets, "route");
            const auto route = read_route_spec(octets);
            if (!raw || !route) {
                bad = !raw ? raw.error() : route.error();
            } else if (raw->header.rtm_type == RTN_ANYCAST && route->oif == ifindex &&
                       route->destination.address.ipv6() != nullptr) {
                found.push_back(*route->destination.address.ipv6());
            }
        });
        if (!state && state.error().code != ENOENT) { // no such table yet
            return tl::unexpected(state.error());
        }
        if (bad) {
            return tl::unexpected(
                NetlinkError{.code = EPROTO, .text = bad->message, .request = request});
        }
        if (!state || *state == DumpState::complete) {
            break;
        }
    }
    return found;
}

Result<void> Rtnl::rule_add(const RuleSpec& rule, IfExists if_exists) {
    const std::string request = describe("add", rule);
    if (if_exists == IfExists::replace) {
        return tl::unexpected(
            NetlinkError{.code = EINVAL, .text = "a rule cannot be replaced", .request = request});
    }
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWRULE, add_flags(if_exists));
    put_rule(builder, rule);
    return tolerate_existing(socket_.transact(buffer.octets, request), if_exists);
}

Result<void> Rtnl::rule_delete(const RuleSpec& rule, IfMissing if_missing) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_DELRULE, 0);
    put_rule(builder, rule);
    return tolerate_missing(socket_.transact(buffer.octets, describe("delete", rule)), if_missing);
}

Result<std::vector<RuleSpec>> Rtnl::rules(std::uint8_t protocol) {
    return dump_both<RuleSpec, fib_rule_hdr>(
        socket_, RTM_GETRULE, "list rules",
        [](fib_rule_hdr& header, std::uint8_t family) { header.family = family; }, read_rule,
        [&](const RuleSpec& rule) { return rule.protocol == protocol; });
}

} // namespace dsmip::netlink
