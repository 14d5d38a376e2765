// SPDX-License-Identifier: GPL-2.0-or-later
// The key table, and what its kinds want.
#include "daemon/configuration_keys.hpp"

#include <vector>

#include <fmt/format.h>
#include <linux/dsmip.h>

#include "daemon/configuration_rows.hpp"

namespace dsmip::daemon {

namespace {

using namespace keys;

constexpr std::array role_choices{"home-agent"sv, "mobile-node"sv};
constexpr std::array security_choices{"none"sv};
constexpr std::int64_t path_minimum = 2; // a slash and a name
// A path with its final zero fits sockaddr_un.
constexpr std::int64_t socket_path_maximum = 107;
constexpr std::int64_t file_path_maximum = 4000; // PATH_MAX with room for "-wal"

constexpr auto common_keys = std::to_array<ConfigurationKey>({
    // top level
    {"", "role", K::choice, "", true, 0, 0, role_choices,
     [](C& c, const V& v) {
         c.role = as<std::string>(v) == "home-agent" ? RoleName::home_agent : RoleName::mobile_node;
     }},
    {"", "security", K::choice, "", true, 0, 0, security_choices, [](C&, const V&) {}},

    {"device",
     "name",
     K::interface,
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
     "underlay",
     K::interface,
     "",
     false,
     1,
     interface_name_maximum,
     {},
     [](C& c, const V& v) { c.device.underlay = as<std::string>(v); }},
    {"device",
     "mtu",
     K::integer,
     "",
     false,
     DSMIP_TUNNEL_MTU_MIN,
     DSMIP_TUNNEL_MTU_MAX,
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
     K::path,
     "\"/run/dsmip/dsmipd.sock\"",
     false,
     path_minimum,
     socket_path_maximum,
     {},
     [](C& c, const V& v) { c.control_socket = as<std::string>(v); }},

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
     K::path,
     "\"/var/lib/dsmip/home-agent.db\"",
     false,
     path_minimum,
     file_path_maximum,
     {},
     [](C& c, const V& v) { c.store.path = as<std::string>(v); }},
});

constexpr auto sections = std::to_array<ConfigurationSection>({
    {"", false, nullptr},
    {"device", false, nullptr},
    {"control", false, nullptr},
    {"store", false, nullptr},
    {"home-agent", false, nullptr},
    {"home-agent.advertised-prefix", true,
     [](C& c) { c.home_agent.engine.prefix_discovery.prefixes.emplace_back(); }},
    {"home-agent.discovery", false, nullptr},
    {"home-agent.prefix-discovery", false, nullptr},
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
    static const auto all = [] {
        std::vector<ConfigurationKey> rows(common_keys.begin(), common_keys.end());
        for (const auto part : {home_agent_keys(), mobile_node_keys()}) {
            rows.insert(rows.end(), part.begin(), part.end());
        }
        return rows;
    }();
    return all;
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
    case KeyKind::interface:
        return fmt::format("the name of an interface, {} to {} octets without '/', ':', '%' and "
                           "white space",
                           key.minimum, key.maximum);
    case KeyKind::path:
        return fmt::format("the absolute path of a file, {} to {} octets", key.minimum,
                           key.maximum);
    case KeyKind::choice:
        return quoted_choices(key.choices);
    case KeyKind::address6:
        return "a global or unique local IPv6 unicast address such as \"2001:db8::1\"";
    case KeyKind::home_address6:
        return "a global or unique local IPv6 unicast address of a host such as "
               "\"2001:db8::100\"";
    case KeyKind::address4:
        return "an IPv4 unicast address such as \"192.0.2.1\"";
    case KeyKind::address4_or_choice:
        return fmt::format("an IPv4 unicast address such as \"192.0.2.1\", or {}",
                           quoted_choices(key.choices));
    case KeyKind::prefix4:
        return "an IPv4 prefix such as \"192.0.2.0/24\"";
    case KeyKind::prefix6:
        return "an IPv6 prefix such as \"2001:db8:1::/64\"";
    case KeyKind::prefixes6:
    case KeyKind::any_prefixes6:
        return "a list of IPv6 prefixes such as [\"2001:db8:1::/64\"]";
    case KeyKind::prefixes4:
    case KeyKind::any_prefixes4:
        return "a list of IPv4 prefixes such as [\"10.1.0.0/16\"]";
    case KeyKind::addresses4:
        return "a list of at most 16 IPv4 unicast addresses such as [\"192.0.2.10\"]";
    }
    return {};
}

} // namespace dsmip::daemon
