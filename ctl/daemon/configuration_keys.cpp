// SPDX-License-Identifier: GPL-2.0-or-later
// The rows of the key table.
#include "daemon/configuration_keys.hpp"

#include <array>
#include <limits>

#include <fmt/format.h>

#include <linux/dsmip.h>

namespace dsmip::daemon {

namespace {

using namespace std::string_view_literals;

constexpr std::array role_choices{"home-agent"sv, "mobile-node"sv};
constexpr std::array security_choices{"none"sv};
constexpr std::array on_stop_choices{"keep"sv, "remove"sv};
constexpr std::array route_choices{"home"sv, "all"sv};
constexpr std::array dialect_choices{"auto"sv, "rfc"sv, "draft"sv};
constexpr std::array home_address4_choices{"dynamic"sv};

constexpr std::int64_t lifetime_minimum = 4; // one unit (RFC 6275, 6.1.7)
constexpr std::int64_t lifetime_maximum = std::int64_t{65535} * 4;
constexpr std::int64_t lease_maximum = std::int64_t{365} * 24 * 3600;
constexpr std::int64_t refresh_minimum = 1;
constexpr std::int64_t refresh_maximum = std::int64_t{24} * 3600;
constexpr std::int64_t nodes_maximum = 100'000'000;
constexpr std::int64_t rate_maximum = 1'000'000;
constexpr std::int64_t port_maximum = std::numeric_limits<std::uint16_t>::max();
// The name of an interface with its final zero fits 16 octets (IFNAMSIZ).
constexpr std::int64_t interface_name_maximum = 15;
// A path with its final zero fits sockaddr_un.
constexpr std::int64_t socket_path_maximum = 107;
constexpr std::int64_t file_path_maximum = 4000; // PATH_MAX with room for "-wal"

template<class Value>
const Value& as(const KeyValue& value) {
    return std::get<Value>(value);
}

template<class Integer>
Integer number(const KeyValue& value) {
    return static_cast<Integer>(std::get<std::int64_t>(value));
}

wire::Dialect dialect(const KeyValue& value) {
    const auto& text = as<std::string>(value);
    if (text == "rfc") {
        return wire::Dialect::Rfc;
    }
    return text == "draft" ? wire::Dialect::Draft : wire::Dialect::Auto;
}

using C = Configuration;
using V = KeyValue;
using K = KeyKind;

constexpr auto keys = std::to_array<ConfigurationKey>({
    // top level
    {"", "role", K::choice, "", true, 0, 0, role_choices,
     [](C& c, const V& v) {
         c.role = as<std::string>(v) == "home-agent" ? RoleName::home_agent : RoleName::mobile_node;
     }},
    {"", "security", K::choice, "", true, 0, 0, security_choices, [](C&, const V&) {}},

    {"device",
     "name",
     K::text,
     "\"dsmip0\"",
     false,
     1,
     interface_name_maximum,
     {},
     [](C& c, const V& v) { c.device.name = as<std::string>(v); }},
    {"device",
     "create",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.device.create = as<bool>(v); }},
    {"device",
     "mtu",
     K::integer,
     "",
     false,
     1280,
     65535,
     {},
     [](C& c, const V& v) { c.device.mtu = number<std::uint32_t>(v); }},
    // 253 to 255 are the kernel's own tables.
    {"device",
     "table",
     K::integer,
     "4191",
     false,
     256,
     std::numeric_limits<std::uint32_t>::max(),
     {},
     [](C& c, const V& v) { c.device.table = number<std::uint32_t>(v); }},

    {"control",
     "socket",
     K::text,
     "\"/run/dsmip/dsmipd.sock\"",
     false,
     1,
     socket_path_maximum,
     {},
     [](C& c, const V& v) { c.control_socket = as<std::string>(v); }},

    {"home-agent.policy",
     "max-nodes",
     K::integer,
     "1000000",
     false,
     1,
     nodes_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.policy.max_nodes = number<std::uint32_t>(v); }},
    {"home-agent.policy",
     "max-bindings-per-node",
     K::integer,
     "32",
     false,
     1,
     32,
     {},
     [](C& c, const V& v) { c.home_agent.engine.max_bindings_per_node = number<unsigned>(v); }},
    {"home-agent.policy",
     "updates-per-node",
     K::integer,
     "20",
     false,
     0,
     rate_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.policy.updates_per_node = number<unsigned>(v); }},
    {"home-agent.policy",
     "updates-per-source",
     K::integer,
     "100",
     false,
     0,
     rate_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.policy.updates_per_source = number<unsigned>(v); }},
    {"home-agent.policy",
     "updates-per-network",
     K::integer,
     "1000",
     false,
     0,
     rate_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.policy.updates_per_network = number<unsigned>(v); }},
    {"home-agent.policy",
     "updates-of-strangers",
     K::integer,
     "10000",
     false,
     0,
     rate_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.policy.updates_of_strangers = number<unsigned>(v); }},
    {"home-agent.policy",
     "refused-care-of6",
     K::prefixes6,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) {
         c.home_agent.engine.policy.refused_care_of6 = as<std::vector<wire::Prefix6>>(v);
     }},
    {"home-agent.policy",
     "refused-care-of4",
     K::prefixes4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) {
         c.home_agent.engine.policy.refused_care_of4 = as<std::vector<wire::Prefix4>>(v);
     }},
    {"home-agent.refresh",
     "request-before",
     K::duration,
     "0s",
     false,
     0,
     lifetime_maximum,
     {},
     [](C& c, const V& v) {
         c.home_agent.engine.refresh.request_before = as<std::chrono::seconds>(v);
     }},
    {"home-agent.refresh",
     "requests-per-second",
     K::integer,
     "100",
     false,
     1,
     rate_maximum,
     {},
     [](C& c, const V& v) {
         c.home_agent.engine.refresh.requests_per_second = number<unsigned>(v);
     }},
    {"home-agent.map",
     "enabled",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.map.enabled = as<bool>(v); }},
    {"home-agent.map",
     "care-of6",
     K::prefixes6,
     "",
     false,
     0,
     0,
     {},
     [](C& c,
        const V& v) { c.home_agent.engine.map.care_of6 = as<std::vector<wire::Prefix6>>(v); }},
    {"store",
     "enabled",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.store.enabled = as<bool>(v); }},
    {"store",
     "path",
     K::text,
     "\"/var/lib/dsmip/home-agent.db\"",
     false,
     1,
     file_path_maximum,
     {},
     [](C& c, const V& v) { c.store.path = as<std::string>(v); }},

    {"home-agent",
     "address6",
     K::address6,
     "",
     true,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.address6 = as<wire::Ipv6Address>(v); }},
    {"home-agent",
     "address4",
     K::address4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.address4 = as<wire::Ipv4Address>(v); }},
    {"home-agent",
     "home-prefixes",
     K::prefixes6,
     "",
     true,
     0,
     0,
     {},
     [](C& c,
        const V& v) { c.home_agent.engine.home_prefixes = as<std::vector<wire::Prefix6>>(v); }},
    {"home-agent",
     "max-lifetime",
     K::duration,
     "1h",
     false,
     lifetime_minimum,
     lifetime_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.max_lifetime = as<std::chrono::seconds>(v); }},
    {"home-agent",
     "nat-refresh-time",
     K::duration,
     "110s",
     false,
     refresh_minimum,
     refresh_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.nat_refresh_time = as<std::chrono::seconds>(v); }},
    {"home-agent",
     "accept-forced-udp",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.accept_forced_udp = as<bool>(v); }},
    {"home-agent",
     "impose-udp",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.impose_udp = as<bool>(v); }},
    {"home-agent",
     "accept-tlv",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.accept_tlv = as<bool>(v); }},
    {"home-agent",
     "accept-mcoa",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.accept_mcoa = as<bool>(v); }},
    {"home-agent",
     "accept-bulk",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.accept_bulk = as<bool>(v); }},
    {"home-agent",
     "accept-unlisted-nodes",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.accept_unlisted_nodes = as<bool>(v); }},
    {"home-agent",
     "address-pool",
     K::prefix4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.address_pool = as<wire::Prefix4>(v); }},
    {"home-agent",
     "pool-leases-max",
     K::integer,
     "4",
     false,
     1,
     DSMIP_HOME_ADDRESSES4_MAX,
     {},
     [](C& c, const V& v) { c.home_agent.engine.pool_leases_max = number<unsigned>(v); }},
    {"home-agent",
     "lease-time",
     K::duration,
     "1h",
     false,
     lifetime_minimum,
     lease_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.engine.lease_time = as<std::chrono::seconds>(v); }},
    {"home-agent", "dialect", K::choice, "\"auto\"", false, 0, 0, dialect_choices,
     [](C& c, const V& v) { c.home_agent.engine.dialect = dialect(v); }},
    {"home-agent",
     "udp-port",
     K::integer,
     "4191",
     false,
     0,
     port_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.udp_port = number<std::uint16_t>(v); }},
    {"home-agent", "on-stop", K::choice, "\"keep\"", false, 0, 0, on_stop_choices,
     [](C& c, const V& v) {
         c.home_agent.on_stop = as<std::string>(v) == "keep" ? OnStop::keep : OnStop::remove;
     }},

    {"home-agent.home-link",
     "interface",
     K::text,
     "",
     true,
     1,
     interface_name_maximum,
     {},
     [](C& c, const V& v) { c.home_agent.home_link = as<std::string>(v); }},
    {"home-agent.home-link",
     "sole-router",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.home_link.sole_router = as<bool>(v); }},
    {"home-agent.home-link",
     "accept-simultaneous",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.home_link.accept_simultaneous = as<bool>(v); }},

    {"home-agent.node",
     "home-address",
     K::address6,
     "",
     true,
     0,
     0,
     {},
     [](C& c,
        const V& v) { c.home_agent.engine.nodes.back().home_address = as<wire::Ipv6Address>(v); }},
    {"home-agent.node",
     "home-addresses4",
     K::addresses4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) {
         c.home_agent.engine.nodes.back().home_addresses4 = as<std::vector<wire::Ipv4Address>>(v);
     }},
    {"home-agent.node",
     "prefixes6",
     K::prefixes6,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) {
         c.home_agent.engine.nodes.back().prefixes6 = as<std::vector<wire::Prefix6>>(v);
     }},
    {"home-agent.node",
     "prefixes4",
     K::prefixes4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) {
         c.home_agent.engine.nodes.back().prefixes4 = as<std::vector<wire::Prefix4>>(v);
     }},
    {"home-agent.node",
     "max-bindings",
     K::integer,
     "",
     false,
     1,
     32,
     {},
     [](C& c, const V& v) { c.home_agent.engine.nodes.back().max_bindings = number<unsigned>(v); }},

    {"home-agent.prefixes",
     "accept-mobile-routers",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.prefixes.accept_mobile_routers = as<bool>(v); }},
    {"home-agent.prefixes",
     "pool4",
     K::prefix4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.home_agent.engine.prefixes.pool4 = as<wire::Prefix4>(v); }},
    {"home-agent.prefixes",
     "shortest4",
     K::integer,
     "24",
     false,
     8,
     30,
     {},
     [](C& c, const V& v) { c.home_agent.engine.prefixes.shortest4 = number<std::uint8_t>(v); }},
    {"home-agent.prefixes",
     "leases-max",
     K::integer,
     "4",
     false,
     1,
     64,
     {},
     [](C& c, const V& v) { c.home_agent.engine.prefixes.leases_max = number<unsigned>(v); }},
    {"home-agent.prefixes",
     "max-per-node",
     K::integer,
     "64",
     false,
     1,
     1000,
     {},
     [](C& c, const V& v) { c.home_agent.engine.prefixes.max_per_node = number<unsigned>(v); }},

    {"mobile-node",
     "home-address",
     K::address6,
     "",
     true,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.home_address = as<wire::Ipv6Address>(v); }},
    {"mobile-node",
     "home-agent6",
     K::address6,
     "",
     true,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.home_agent6 = as<wire::Ipv6Address>(v); }},
    {"mobile-node",
     "home-agent4",
     K::address4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.home_agent4 = as<wire::Ipv4Address>(v); }},
    {"mobile-node",
     "home-agent-port",
     K::integer,
     "4191",
     false,
     1,
     port_maximum,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.home_agent_port = number<std::uint16_t>(v); }},
    {"mobile-node", "home-address4", K::address4_or_choice, "", false, 0, 0, home_address4_choices,
     [](C& c, const V& v) {
         using Mode = mobility::MobileNodeConfig::HomeAddress4;
         auto& engine = c.mobile_node.engine;
         const auto* address = std::get_if<wire::Ipv4Address>(&v);
         engine.home_address4_mode = address != nullptr ? Mode::fixed : Mode::dynamic;
         engine.home_address4 = address != nullptr ? *address : wire::Ipv4Address{};
     }},
    {"mobile-node",
     "mobile-router",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.mobile_router = as<bool>(v); }},
    {"mobile-node",
     "prefixes6",
     K::prefixes6,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.prefixes6 = as<std::vector<wire::Prefix6>>(v); }},
    {"mobile-node",
     "explicit-prefixes",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.explicit_prefixes = as<bool>(v); }},
    {"mobile-node",
     "prefixes4",
     K::prefixes4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.prefixes4 = as<std::vector<wire::Prefix4>>(v); }},
    {"mobile-node",
     "prefix4-length",
     K::integer,
     "",
     false,
     8,
     30,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.prefix4_length = number<std::uint8_t>(v); }},
    {"mobile-node",
     "mcoa",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.mcoa = as<bool>(v); }},
    {"mobile-node",
     "bulk",
     K::boolean,
     "true",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.bulk = as<bool>(v); }},
    {"mobile-node",
     "lifetime",
     K::duration,
     "10m",
     false,
     lifetime_minimum,
     lifetime_maximum,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.lifetime = as<std::chrono::seconds>(v); }},
    {"mobile-node",
     "force-udp",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.force_udp = as<bool>(v); }},
    {"mobile-node",
     "prefer-tlv",
     K::boolean,
     "false",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.prefer_tlv = as<bool>(v); }},
    {"mobile-node",
     "keepalive",
     K::duration,
     "110s",
     false,
     refresh_minimum,
     refresh_maximum,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.keepalive = as<std::chrono::seconds>(v); }},
    {"mobile-node", "dialect", K::choice, "\"auto\"", false, 0, 0, dialect_choices,
     [](C& c, const V& v) { c.mobile_node.engine.dialect = dialect(v); }},
    {"mobile-node",
     "udp-port",
     K::integer,
     "0",
     false,
     0,
     port_maximum,
     {},
     [](C& c, const V& v) { c.mobile_node.udp_port = number<std::uint16_t>(v); }},
    {"mobile-node", "route", K::choice, "\"home\"", false, 0, 0, route_choices,
     [](C& c, const V& v) {
         c.mobile_node.route =
             as<std::string>(v) == "all" ? RoutedTraffic::all : RoutedTraffic::home;
     }},

    {"mobile-node.home-agent",
     "address6",
     K::address6,
     "",
     true,
     0,
     0,
     {},
     [](C& c, const V& v) {
         c.mobile_node.engine.other_home_agents.back().address6 = as<wire::Ipv6Address>(v);
     }},
    {"mobile-node.home-agent",
     "address4",
     K::address4,
     "",
     false,
     0,
     0,
     {},
     [](C& c, const V& v) {
         c.mobile_node.engine.other_home_agents.back().address4 = as<wire::Ipv4Address>(v);
     }},

    {"mobile-node.access",
     "interface",
     K::text,
     "",
     true,
     1,
     interface_name_maximum,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.accesses.back().link_name = as<std::string>(v); }},
    {"mobile-node.access",
     "bid",
     K::integer,
     "",
     false,
     1,
     port_maximum,
     {},
     [](C& c, const V& v) { c.mobile_node.engine.accesses.back().bid = number<std::uint16_t>(v); }},
    {"mobile-node.access",
     "priority",
     K::integer,
     "0",
     false,
     0,
     127,
     {},
     [](C& c,
        const V& v) { c.mobile_node.engine.accesses.back().priority = number<std::uint8_t>(v); }},
});

constexpr auto sections = std::to_array<ConfigurationSection>({
    {"", false, nullptr},
    {"device", false, nullptr},
    {"control", false, nullptr},
    {"store", false, nullptr},
    {"home-agent", false, nullptr},
    {"home-agent.prefixes", false, nullptr},
    {"home-agent.home-link", false, nullptr},
    {"home-agent.policy", false, nullptr},
    {"home-agent.refresh", false, nullptr},
    {"home-agent.map", false, nullptr},
    {"home-agent.node", true, [](C& c) { c.home_agent.engine.nodes.emplace_back(); }},
    {"mobile-node", false, nullptr},
    {"mobile-node.home-agent", true,
     [](C& c) { c.mobile_node.engine.other_home_agents.emplace_back(); }},
    {"mobile-node.access", true, [](C& c) { c.mobile_node.engine.accesses.emplace_back(); }},
});

std::string quoted_choices(std::span<const std::string_view> choices) {
    std::string text;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i != 0) {
            text += i + 1 == choices.size() ? " or " : ", ";
        }
        text += fmt::format("\"{}\"", choices[i]);
    }
    return text;
}

} // namespace

std::span<const ConfigurationKey> configuration_keys() {
    return keys;
}

std::span<const ConfigurationSection> configuration_sections() {
    return sections;
}

std::string duration_text(std::chrono::seconds duration) {
    using namespace std::chrono;
    std::string text;
    const auto whole_hours = duration_cast<hours>(duration);
    const auto whole_minutes = duration_cast<minutes>(duration - whole_hours);
    const auto rest = duration - whole_hours - whole_minutes;
    if (whole_hours.count() != 0) {
        text += fmt::format("{}h", whole_hours.count());
    }
    if (whole_minutes.count() != 0) {
        text += fmt::format("{}m", whole_minutes.count());
    }
    if (rest.count() != 0 || text.empty()) {
        text += fmt::format("{}s", rest.count());
    }
    return text;
}

std::string wanted(const ConfigurationKey& key) {
    switch (key.kind) {
    case KeyKind::boolean:
        return "true or false";
    case KeyKind::integer:
        return fmt::format("an integer from {} to {}", key.minimum, key.maximum);
    case KeyKind::duration:
        return fmt::format("a duration from {} to {}: seconds as an integer, or a text such as "
                           "\"90s\", \"10m\" or \"1h30m\"",
                           duration_text(std::chrono::seconds(key.minimum)),
                           duration_text(std::chrono::seconds(key.maximum)));
    case KeyKind::text:
        return fmt::format("a text of {} to {} characters", key.minimum, key.maximum);
    case KeyKind::choice:
        return quoted_choices(key.choices);
    case KeyKind::address6:
        return "a global or unique local IPv6 unicast address such as \"2001:db8::1\"";
    case KeyKind::address4:
        return "an IPv4 unicast address such as \"192.0.2.1\"";
    case KeyKind::address4_or_choice:
        return fmt::format("an IPv4 unicast address such as \"192.0.2.1\", or {}",
                           quoted_choices(key.choices));
    case KeyKind::prefix4:
        return "an IPv4 prefix such as \"192.0.2.0/24\"";
    case KeyKind::prefixes6:
        return "a list of IPv6 prefixes such as [\"2001:db8:1::/64\"]";
    case KeyKind::prefixes4:
        return "a list of IPv4 prefixes such as [\"10.1.0.0/16\"]";
    case KeyKind::addresses4:
        return "a list of at most 16 IPv4 unicast addresses such as [\"192.0.2.10\"]";
    }
    return {};
}

} // namespace dsmip::daemon
