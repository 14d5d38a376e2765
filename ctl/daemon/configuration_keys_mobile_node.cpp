// SPDX-License-Identifier: GPL-2.0-or-later
// The keys of a mobile node.
#include "daemon/configuration_rows.hpp"

namespace dsmip::daemon {

namespace {

using namespace keys;

constexpr std::array route_choices{"home"sv, "all"sv};
constexpr std::array home_address4_choices{"dynamic"sv};

constexpr auto rows =
    std::to_array<ConfigurationKey>({
        {"mobile-node",
         "home-address",
         K::home_address6,
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
        {"mobile-node", "home-address4", K::address4_or_choice, "", false, 0, 0,
         home_address4_choices,
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
         [](C& c, const V& v) {
             c.mobile_node.engine.prefixes6 = as<std::vector<wire::Prefix6>>(v);
         }},
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
         [](C& c, const V& v) {
             c.mobile_node.engine.prefixes4 = as<std::vector<wire::Prefix4>>(v);
         }},
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
         K::interface,
         "",
         true,
         1,
         interface_name_maximum,
         {},
         [](C& c, const V& v) {
             c.mobile_node.engine.accesses.back().link_name = as<std::string>(v);
         }},
        {"mobile-node.access",
         "care-of-prefixes6",
         K::any_prefixes6,
         "",
         false,
         0,
         0,
         {},
         [](C& c, const V& v) {
             c.mobile_node.engine.accesses.back().prefixes6 = as<std::vector<wire::Prefix6>>(v);
         }},
        {"mobile-node.access",
         "care-of-prefixes4",
         K::any_prefixes4,
         "",
         false,
         0,
         0,
         {},
         [](C& c, const V& v) {
             c.mobile_node.engine.accesses.back().prefixes4 = as<std::vector<wire::Prefix4>>(v);
         }},
        {"mobile-node.access",
         "bid",
         K::integer,
         "",
         false,
         1,
         port_maximum,
         {},
         [](C& c, const V& v) {
             c.mobile_node.engine.accesses.back().bid = number<std::uint16_t>(v);
         }},
        {"mobile-node.access",
         "priority",
         K::integer,
         "0",
         false,
         0,
         127,
         {},
         [](C& c, const V& v) {
             c.mobile_node.engine.accesses.back().priority = number<std::uint8_t>(v);
         }},
    });

} // namespace

std::span<const ConfigurationKey> mobile_node_keys() {
    return rows;
}

} // namespace dsmip::daemon
