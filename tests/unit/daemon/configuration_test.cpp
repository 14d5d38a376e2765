// SPDX-License-Identifier: GPL-2.0-or-later
// Configuration files: what is read, and the message of every mistake.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "daemon/configuration.hpp"
#include "daemon/configuration_values.hpp"
#include "daemon/text_distance.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using namespace std::chrono_literals;

namespace {

const std::string home_agent = R"(role = "home-agent"
security = "none"
[home-agent]
address6 = "2001:db8:1::1"
home-prefixes = ["2001:db8:1::/64"]
[[home-agent.node]]
home-address = "2001:db8:1::100"
)";

const std::string mobile_node = R"(role = "mobile-node"
security = "none"
[mobile-node]
home-address = "2001:db8:1::100"
home-agent6 = "2001:db8:1::1"
[[mobile-node.access]]
interface = "wan0"
)";

/// `text` with the first `what` replaced.
std::string with(std::string text, std::string_view what, std::string_view by) {
    const auto at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

/// `text` with a line behind the line that holds `anchor`.
std::string after(const std::string& text, std::string_view anchor, std::string_view line) {
    const auto at = text.find(anchor);
    REQUIRE(at != std::string::npos);
    const auto end = text.find('\n', at);
    return text.substr(0, end + 1) + std::string(line) + "\n" + text.substr(end + 1);
}

/// All mistakes as the operator sees them.
std::string mistakes_of(const std::string& text) {
    const auto read = read_configuration(text);
    if (read) {
        return "none";
    }
    std::string all;
    for (const auto& mistake : read.error()) {
        all += to_string(mistake, "f") + "\n";
    }
    return all;
}

constexpr auto lifetime_wanted = "wanted a duration from 4s to 72h49m: seconds as an integer, or a "
                                 "text such as \"90s\", \"10m\" or \"1h30m\"";

} // namespace

TEST_CASE("the smallest home agent configuration has the documented defaults") {
    const auto read = read_configuration(home_agent);
    REQUIRE(read);
    CHECK(read->role == RoleName::home_agent);
    CHECK(read->device.name == "dsmip0");
    CHECK(read->device.create);
    CHECK(read->device.table == 4191);
    CHECK(read->control_socket == "/run/dsmip/dsmipd.sock");
    const auto& engine = read->home_agent.engine;
    CHECK(to_string(engine.address6) == "2001:db8:1::1");
    CHECK_FALSE(engine.address4);
    REQUIRE(engine.home_prefixes.size() == 1);
    CHECK(to_string(engine.home_prefixes[0]) == "2001:db8:1::/64");
    REQUIRE(engine.nodes.size() == 1);
    CHECK(to_string(engine.nodes[0].home_address) == "2001:db8:1::100");
    CHECK(engine.max_lifetime == 1h);
    CHECK(engine.nat_refresh_time == 110s);
    CHECK(engine.accept_forced_udp);
    CHECK_FALSE(engine.impose_udp);
    CHECK(engine.accept_tlv);
    CHECK(engine.accept_mcoa);
    CHECK(engine.accept_bulk);
    CHECK_FALSE(engine.accept_unlisted_nodes);
    CHECK_FALSE(engine.address_pool);
    CHECK(engine.dialect == wire::Dialect::Auto);
    CHECK(read->home_agent.udp_port == 4191);
    CHECK(read->home_agent.on_stop == OnStop::keep);
}

TEST_CASE("every key of a home agent is read") {
    const auto read = read_configuration(R"(
role = "home-agent"
security = "none"
[device]
name = "ha0"
create = false
underlay = "vrf-blue"
mtu = 1400
table = 1000
[control]
socket = "/tmp/ha.sock"
[home-agent]
address6 = "2001:db8:1::1"
address4 = "192.0.2.1"
home-prefixes = ["2001:db8:1::/64", "2001:db8:2::/48"]
max-lifetime = "1h30m"
nat-refresh-time = 30
accept-forced-udp = false
impose-udp = true
accept-tlv = false
accept-mcoa = false
accept-bulk = false
accept-unlisted-nodes = true
address-pool = "192.0.2.128/25"
dialect = "draft"
udp-port = 4192
on-stop = "remove"
[home-agent.home-link]
interface = "eth1"
sole-router = true
accept-simultaneous = false
[[home-agent.node]]
home-address = "2001:db8:1::100"
home-addresses4 = ["192.0.2.10", "192.0.2.11"]
[[home-agent.node]]
home-address = "2001:db8:2::100"
)");
    REQUIRE(read);
    CHECK(read->device.name == "ha0");
    CHECK_FALSE(read->device.create);
    CHECK(read->device.underlay == "vrf-blue");
    CHECK(read->device.mtu == 1400U);
    CHECK(read->device.table == 1000);
    CHECK(read->control_socket == "/tmp/ha.sock");
    const auto& engine = read->home_agent.engine;
    REQUIRE(engine.address4);
    CHECK(to_string(*engine.address4) == "192.0.2.1");
    CHECK(engine.home_prefixes.size() == 2);
    CHECK(engine.max_lifetime == 90min);
    CHECK(engine.nat_refresh_time == 30s);
    CHECK_FALSE(engine.accept_forced_udp);
    CHECK(engine.impose_udp);
    CHECK_FALSE(engine.accept_tlv);
    CHECK_FALSE(engine.accept_mcoa);
    CHECK_FALSE(engine.accept_bulk);
    CHECK(engine.accept_unlisted_nodes);
    REQUIRE(engine.address_pool);
    CHECK(to_string(*engine.address_pool) == "192.0.2.128/25");
    CHECK(engine.dialect == wire::Dialect::Draft);
    REQUIRE(engine.nodes.size() == 2);
    REQUIRE(engine.nodes[0].home_addresses4.size() == 2);
    CHECK(to_string(engine.nodes[0].home_addresses4[1]) == "192.0.2.11");
    CHECK(engine.nodes[1].home_addresses4.empty());
    CHECK(read->home_agent.udp_port == 4192);
    CHECK(read->home_agent.on_stop == OnStop::remove);
    CHECK(read->home_agent.home_link == "eth1");
    CHECK(engine.home_link.sole_router);
    CHECK_FALSE(engine.home_link.accept_simultaneous);
}

TEST_CASE("the smallest mobile node configuration has the documented defaults") {
    const auto read = read_configuration(mobile_node);
    REQUIRE(read);
    CHECK(read->role == RoleName::mobile_node);
    const auto& engine = read->mobile_node.engine;
    CHECK(to_string(engine.home_address) == "2001:db8:1::100");
    CHECK(to_string(engine.home_agent6) == "2001:db8:1::1");
    CHECK_FALSE(engine.home_agent4);
    CHECK(engine.home_agent_port == 4191);
    CHECK(engine.home_address4_mode == mobility::MobileNodeConfig::HomeAddress4::none);
    REQUIRE(engine.accesses.size() == 1);
    CHECK(engine.accesses[0].link_name == "wan0");
    CHECK(engine.accesses[0].bid == 0);
    CHECK(engine.accesses[0].priority == 0);
    CHECK_FALSE(engine.mcoa);
    CHECK(engine.bulk);
    CHECK(engine.lifetime == 10min);
    CHECK_FALSE(engine.force_udp);
    CHECK_FALSE(engine.prefer_tlv);
    CHECK(engine.keepalive == 110s);
    CHECK(engine.dialect == wire::Dialect::Auto);
    CHECK(read->mobile_node.udp_port == 0);
    CHECK(read->mobile_node.route == RoutedTraffic::home);
}

TEST_CASE("every key of a mobile node is read") {
    const auto read = read_configuration(R"(
role = "mobile-node"
security = "none"
[mobile-node]
home-address = "2001:db8:1::100"
home-agent6 = "2001:db8:1::1"
home-agent4 = "192.0.2.1"
home-agent-port = 4192
home-address4 = "192.0.2.130"
mcoa = true
bulk = false
lifetime = "40s"
force-udp = true
prefer-tlv = true
keepalive = "20s"
dialect = "rfc"
udp-port = 5000
route = "all"
[[mobile-node.access]]
interface = "wan0"
bid = 1
priority = 10
[[mobile-node.access]]
interface = "wan1"
bid = 65535
priority = 127
[[mobile-node.access]]
interface = "wan1"
bid = 7
care-of-prefixes6 = ["2001:db8:a::/48", "2000::/3"]
care-of-prefixes4 = ["10.0.0.0/8"]
)");
    REQUIRE(read);
    const auto& engine = read->mobile_node.engine;
    CHECK(engine.home_agent_port == 4192);
    CHECK(engine.home_address4_mode == mobility::MobileNodeConfig::HomeAddress4::fixed);
    CHECK(to_string(engine.home_address4) == "192.0.2.130");
    CHECK(engine.mcoa);
    CHECK_FALSE(engine.bulk);
    CHECK(engine.lifetime == 40s);
    CHECK(engine.force_udp);
    CHECK(engine.prefer_tlv);
    CHECK(engine.keepalive == 20s);
    CHECK(engine.dialect == wire::Dialect::Rfc);
    REQUIRE(engine.accesses.size() == 3);
    CHECK(engine.accesses[2].link_name == "wan1"); // again
    REQUIRE(engine.accesses[2].prefixes6.size() == 2);
    CHECK(to_string(engine.accesses[2].prefixes6[0]) == "2001:db8:a::/48");
    CHECK(engine.accesses[2].prefixes6[1].length == 3);
    REQUIRE(engine.accesses[2].prefixes4.size() == 1);
    CHECK(to_string(engine.accesses[2].prefixes4[0]) == "10.0.0.0/8");
    CHECK(engine.accesses[1].prefixes6.empty());
    CHECK(engine.accesses[1].link_name == "wan1");
    CHECK(engine.accesses[1].bid == 65535);
    CHECK(engine.accesses[1].priority == 127);
    CHECK(read->mobile_node.udp_port == 5000);
    CHECK(read->mobile_node.route == RoutedTraffic::all);

    const auto dynamic =
        read_configuration(after(mobile_node, "home-agent6", "home-address4 = \"dynamic\""));
    REQUIRE(dynamic);
    CHECK(dynamic->mobile_node.engine.home_address4_mode ==
          mobility::MobileNodeConfig::HomeAddress4::dynamic);
}

TEST_CASE("it refuses to run unprotected unless that is written out") {
    constexpr auto why =
        "Protection of the signalling by IPsec is not configurable in this version; \"none\" means "
        "that whoever can send packets to the home agent can redirect the traffic of any mobile "
        "node, and has to be written out\n";
    CHECK(mistakes_of(with(home_agent, "security = \"none\"\n", "")) ==
          std::string("f:1: security: is missing; wanted \"none\". ") + why);
    CHECK(mistakes_of(with(home_agent, "\"none\"", "\"ipsec\"")) ==
          std::string("f:2: security: \"ipsec\" is not known here; wanted \"none\". ") + why);
    CHECK(mistakes_of(with(home_agent, "\"none\"", "false")) ==
          std::string("f:2: security: is a boolean; wanted \"none\". ") + why);
}

TEST_CASE("every mistake has its message") {
    struct Row {
        const char* what;
        std::string text;
        std::string mistakes;
    };
    const auto ha_line = [](std::string_view line) { return after(home_agent, "address6", line); };
    const auto node_line = [](std::string_view line) {
        return after(home_agent, "home-address =", line);
    };
    const auto mn_line = [](std::string_view line) {
        return after(mobile_node, "home-agent6", line);
    };
    const auto access_line = [](std::string_view line) {
        return after(mobile_node, "interface", line);
    };
    const std::vector<Row> rows = {
        {"syntax", "role = \n", ""},
        {"role missing", with(home_agent, "role = \"home-agent\"\n", ""),
         "f:1: role: is missing; wanted \"home-agent\" or \"mobile-node\"\n"},
        {"role unknown", with(home_agent, "\"home-agent\"", "\"router\""),
         "f:1: role: \"router\" is not known here; wanted \"home-agent\" or \"mobile-node\"\n"},
        {"unknown key, near", ha_line("max_lifetme = 60"),
         "f:5: home-agent.max_lifetme: is not known here; did you mean \"max-lifetime\"?\n"},
        {"unknown key of another section", after(home_agent, "security", "mcoa = true"),
         "f:3: mcoa: is not known here; it belongs into [mobile-node]\n"},
        {"top level key in a section", node_line("role = \"home-agent\""),
         "f:8: home-agent.node.role: is not known here; it belongs before the first section\n"},
        {"unknown key, far", access_line("colour = 1"),
         "f:8: mobile-node.access.colour: is not known here; known are interface, "
         "care-of-prefixes6, care-of-prefixes4, bid, priority\n"},
        {"unknown section", home_agent + "[devise]\nname = \"x\"\n",
         "f:8: devise: is not known here; did you mean \"device\"?\n"},
        {"section that is a value", after(home_agent, "security", "device = 1"),
         "f:3: device: is an integer; wanted a section [device]\n"},
        {"array section that is a table",
         with(home_agent, "[[home-agent.node]]", "[home-agent.node]"),
         "f:6: home-agent.node: is a table; wanted sections [[home-agent.node]]\n"},
        {"boolean", ha_line("impose-udp = 1"),
         "f:5: home-agent.impose-udp: is an integer; wanted true or false\n"},
        {"integer", mn_line("udp-port = \"5000\""),
         "f:6: mobile-node.udp-port: is a text; wanted an integer from 0 to 65535\n"},
        {"integer with a fraction", mn_line("udp-port = 1.5"),
         "f:6: mobile-node.udp-port: is a number with a fraction; wanted an integer from 0 to "
         "65535\n"},
        {"integer too large", mn_line("udp-port = 65536"),
         "f:6: mobile-node.udp-port: 65536 is out of range; wanted an integer from 0 to 65535\n"},
        {"integer too small", access_line("bid = 0"),
         "f:8: mobile-node.access.bid: 0 is out of range; wanted an integer from 1 to 65535\n"},
        {"priority", access_line("priority = 128"),
         "f:8: mobile-node.access.priority: 128 is out of range; wanted an integer from 0 to "
         "127\n"},
        {"table", home_agent + "[device]\ntable = 254\n",
         "f:9: device.table: 254 is out of range; wanted an integer from 256 to 4294967295\n"},
        {"mtu", home_agent + "[device]\nmtu = 1279\n",
         "f:9: device.mtu: 1279 is out of range; wanted an integer from 1280 to 65483\n"},
        {"duration of another type", ha_line("max-lifetime = true"),
         fmt::format("f:5: home-agent.max-lifetime: is a boolean; {}\n", lifetime_wanted)},
        {"duration too short", ha_line("max-lifetime = 3"),
         fmt::format("f:5: home-agent.max-lifetime: 3 is out of range; {}\n", lifetime_wanted)},
        {"duration too long", ha_line("max-lifetime = \"73h\""),
         fmt::format("f:5: home-agent.max-lifetime: \"73h\" is out of range; {}\n",
                     lifetime_wanted)},
        {"no duration", ha_line("max-lifetime = \"ten minutes\""),
         fmt::format("f:5: home-agent.max-lifetime: \"ten minutes\" is no duration; {}\n",
                     lifetime_wanted)},
        {"underlay is the device", home_agent + "[device]\nname = \"d0\"\nunderlay = \"d0\"\n",
         "f:10: device.underlay: d0 is the tunnel device; wanted the interface or VRF that its "
         "outer packets belong to\n"},
        {"text too long", home_agent + "[device]\nname = \"abcdefghijklmnop\"\n",
         "f:9: device.name: has 16 octets; wanted the name of an interface, 1 to 15 octets without "
         "'/', ':', '%' and white space\n"},
        {"text of another type", home_agent + "[device]\nname = 0\n",
         "f:9: device.name: is an integer; wanted the name of an interface, 1 to 15 octets without "
         "'/', ':', '%' and white space\n"},
        {"choice", ha_line("on-stop = \"delete\""),
         "f:5: home-agent.on-stop: \"delete\" is not known here; wanted \"keep\" or \"remove\"\n"},
        {"IPv6 address", with(home_agent, "\"2001:db8:1::1\"", "\"192.0.2.1\""),
         "f:4: home-agent.address6: \"192.0.2.1\" is no address; wanted a global or unique local "
         "IPv6 unicast address such as \"2001:db8::1\"\n"},
        {"IPv6 link-local address", with(home_agent, "\"2001:db8:1::1\"", "\"fe80::1\""),
         "f:4: home-agent.address6: fe80::1 is link-local; wanted a global or "
         "unique local IPv6 unicast address such as \"2001:db8::1\"\n"},
        {"IPv4 address", ha_line("address4 = \"192.0.2.256\""),
         "f:5: home-agent.address4: \"192.0.2.256\" is no address; wanted an IPv4 unicast address "
         "such as \"192.0.2.1\"\n"},
        {"IPv4 multicast address", ha_line("address4 = \"224.0.0.1\""),
         "f:5: home-agent.address4: 224.0.0.1 is multicast; wanted an IPv4 "
         "unicast address such as \"192.0.2.1\"\n"},
        {"address or word", mn_line("home-address4 = \"static\""),
         "f:6: mobile-node.home-address4: \"static\" is no address; wanted an IPv4 unicast address "
         "such as \"192.0.2.1\", or \"dynamic\"\n"},
        {"prefix type", ha_line("address-pool = 24"),
         "f:5: home-agent.address-pool: is an integer; wanted an IPv4 prefix such as "
         "\"192.0.2.0/24\"\n"},
        {"whole address space", with(home_agent, "\"2001:db8:1::/64\"", "\"::/0\""),
         "f:5: home-agent.home-prefixes: \"::/0\" covers every address; wanted a list of IPv6 "
         "prefixes such as [\"2001:db8:1::/64\"]\n"},
        {"prefixes no list", with(home_agent, "[\"2001:db8:1::/64\"]", "\"2001:db8:1::/64\""),
         "f:5: home-agent.home-prefixes: is a text; wanted a list of IPv6 prefixes such as "
         "[\"2001:db8:1::/64\"]\n"},
        {"prefix of another type in the list",
         with(home_agent, "\"2001:db8:1::/64\"", "\"2001:db8:1::/64\", 7"),
         "f:5: home-agent.home-prefixes: element 2 is an integer; wanted a list of IPv6 prefixes "
         "such as [\"2001:db8:1::/64\"]\n"},
        {"prefix twice",
         with(home_agent, "\"2001:db8:1::/64\"", "\"2001:db8:1::/64\", \"2001:db8:1::/64\""),
         "f:5: home-agent.home-prefixes: \"2001:db8:1::/64\" is listed twice; wanted a list of "
         "IPv6 prefixes such as [\"2001:db8:1::/64\"]\n"},
        {"no prefix at all", with(home_agent, "\"2001:db8:1::/64\"", ""),
         "f:5: home-agent.home-prefixes: is empty; wanted at least one prefix of home addresses\n"},
        {"address of another type in the list", node_line("home-addresses4 = [1]"),
         "f:8: home-agent.node.home-addresses4: element 1 is an integer; wanted a list of at most "
         "16 IPv4 unicast addresses such as [\"192.0.2.10\"]\n"},
        {"required key of a section", with(home_agent, "address6 = \"2001:db8:1::1\"\n", ""),
         "f:3: home-agent.address6: is missing; wanted a global or unique local IPv6 unicast "
         "address such as \"2001:db8::1\"\n"},
        {"required key of an array section", home_agent + "[[home-agent.node]]\n",
         "f:8: home-agent.node.home-address: is missing; wanted a global or unique local IPv6 "
         "unicast address of a host such as \"2001:db8::100\"\n"},
        {"section of the role", "role = \"mobile-node\"\nsecurity = \"none\"\n",
         "f:1: mobile-node: section is missing; role \"mobile-node\" needs a section "
         "[mobile-node]\n"},
        {"section of the other role",
         home_agent + "[mobile-node]\nhome-address = \"2001:db8:1::100\"\n"
                      "home-agent6 = \"2001:db8:1::1\"\n",
         "f:8: mobile-node: section of the other role; role = \"home-agent\" wants [home-agent] "
         "only, and one process has one role\n"},
        {"pool without IPv4 address", ha_line("address-pool = \"192.0.2.128/25\""),
         "f:5: home-agent.address-pool: hands out IPv4 home addresses, but the home agent has no "
         "IPv4 address; add address4 or leave the pool out\n"},
        {"imposed UDP without IPv4 address", ha_line("impose-udp = true"),
         "f:5: home-agent.impose-udp: wants UDP, but the home agent has no IPv4 address; add "
         "address4 or set it to false\n"},
        {"imposed UDP without UDP",
         ha_line("impose-udp = true\naddress4 = \"192.0.2.1\"\nudp-port = 0"),
         "f:5: home-agent.impose-udp: contradicts udp-port = 0 (no UDP); set one of them "
         "otherwise\n"},
        {"nobody may register",
         with(home_agent, "[[home-agent.node]]\nhome-address = \"2001:db8:1::100\"\n", ""),
         "f:3: home-agent.node: no mobile node could register; list them in sections "
         "[[home-agent.node]] or set accept-unlisted-nodes = true\n"},
        {"home address elsewhere", with(home_agent, "2001:db8:1::100", "2001:db8:9::100"),
         "f:7: home-agent.node.home-address: 2001:db8:9::100 is in none of the home-prefixes; "
         "wanted an address in one of them\n"},
        {"home address twice",
         home_agent + "[[home-agent.node]]\nhome-address = \"2001:db8:1::100\"\n",
         "f:9: home-agent.node.home-address: 2001:db8:1::100 is in line 7, too; it may be used "
         "once\n"},
        {"home address of the home agent", with(home_agent, "2001:db8:1::100", "2001:db8:1::1"),
         "f:7: home-agent.node.home-address: 2001:db8:1::1 is in line 4, too; it may be used "
         "once\n"},
        {"IPv4 home address twice",
         node_line("home-addresses4 = [\"192.0.2.10\"]") +
             "[[home-agent.node]]\nhome-address = \"2001:db8:1::101\"\n"
             "home-addresses4 = [\"192.0.2.10\"]\n",
         "f:11: home-agent.node.home-addresses4: 192.0.2.10 is in line 8, too; it may be used "
         "once\n"},
        {"home address is the home agent's",
         with(mobile_node, "\"2001:db8:1::100\"", "\"2001:db8:1::1\""),
         "f:4: mobile-node.home-address: is the address of the home agent; wanted the one of this "
         "node\n"},
        {"IPv4 home address is the home agent's",
         mn_line("home-agent4 = \"192.0.2.1\"\nhome-address4 = \"192.0.2.1\""),
         "f:7: mobile-node.home-address4: is the address of the home agent; wanted the one of this "
         "node\n"},
        {"forced UDP without IPv4 address", mn_line("force-udp = true"),
         "f:6: mobile-node.force-udp: wants UDP over IPv4, but the IPv4 address of the home agent "
         "is not given; add home-agent4 or set it to false\n"},
        {"no access", with(mobile_node, "[[mobile-node.access]]\ninterface = \"wan0\"\n", ""),
         "f:3: mobile-node.access: no access network could be used; wanted a section "
         "[[mobile-node.access]] for each interface\n"},
        {"access twice", mobile_node + "[[mobile-node.access]]\ninterface = \"wan0\"\n",
         "f:9: mobile-node.access.interface: wan0 is in line 7, too; it may be used once, or "
         "several times with mcoa = true and a bid for each\n"},
        {"access through the tunnel", with(mobile_node, "wan0", "dsmip0"),
         "f:7: mobile-node.access.interface: dsmip0 is the tunnel device; wanted an interface to "
         "an access network\n"},
        {"bid twice",
         access_line("bid = 1") + "[[mobile-node.access]]\ninterface = \"wan1\"\nbid = 1\n",
         "f:11: mobile-node.access.bid: 1 is in line 8, too; it may be used once\n"},
        {"bid missing", mn_line("mcoa = true"),
         "f:8: mobile-node.access.bid: is missing for wan0; with mcoa = true every access needs "
         "its own, an integer from 1 to 65535\n"},
    };
    for (const auto& row : rows) {
        INFO(row.what << "\n" << row.text);
        const auto found = mistakes_of(row.text);
        if (row.mistakes.empty()) {
            CHECK_THAT(found, Catch::StartsWith("f:1: no valid TOML: "));
        } else {
            CHECK(found == row.mistakes);
        }
    }
}

TEST_CASE("an IPv4 home address list has its limit") {
    std::string list;
    for (int i = 1; i <= 17; ++i) {
        list += fmt::format("\"192.0.2.{}\",", i);
    }
    const auto text = home_agent + "home-addresses4 = [" + list + "]\n";
    CHECK(
        mistakes_of(text) ==
        "f:8: home-agent.node.home-addresses4: has too many elements; wanted a list of at most 16 "
        "IPv4 unicast addresses such as [\"192.0.2.10\"]\n");
}

TEST_CASE("all mistakes are told in one go, in the order of the file") {
    CHECK(mistakes_of("role = \"home-agent\"\n"
                      "security = \"none\"\n"
                      "[home-agent]\n"
                      "address6 = 1\n"
                      "address-pool = \"192.0.2.128/25\"\n"
                      "adress4 = \"192.0.2.1\"\n") ==
          "f:3: home-agent.home-prefixes: is missing; wanted a list of IPv6 prefixes such as "
          "[\"2001:db8:1::/64\"]\n"
          "f:3: home-agent.node: no mobile node could register; list them in sections "
          "[[home-agent.node]] or set accept-unlisted-nodes = true\n"
          "f:4: home-agent.address6: is an integer; wanted a global or unique local IPv6 unicast "
          "address such as \"2001:db8::1\"\n"
          "f:5: home-agent.address-pool: hands out IPv4 home addresses, but the home agent has no "
          "IPv4 address; add address4 or leave the pool out\n"
          "f:6: home-agent.adress4: is not known here; did you mean \"address4\"?\n");
}

TEST_CASE("durations") {
    CHECK(parse_duration("0") == 0s);
    CHECK(parse_duration("36") == 36s);
    CHECK(parse_duration("90s") == 90s);
    CHECK(parse_duration("10m") == 600s);
    CHECK(parse_duration("1h") == 3600s);
    CHECK(parse_duration("1h30m5s") == 5405s);
    for (const auto* text : {"", "s", "-1", "1d", "1.5h", "1m1h", "1m1m", "1h30", " 1s", "1 s",
                             "99999999999", "2147483647h", "1sx"}) {
        INFO(text);
        CHECK_FALSE(parse_duration(text));
    }
    CHECK(duration_text(0s) == "0s");
    CHECK(duration_text(262140s) == "72h49m");
    CHECK(duration_text(5405s) == "1h30m5s");
}

TEST_CASE("did you mean") {
    CHECK(text_distance("", "") == 0);
    CHECK(text_distance("abc", "") == 3);
    CHECK(text_distance("bid", "bdi") == 1);
    CHECK(text_distance("kitten", "sitting") == 3);
    constexpr std::string_view known[] = {"address4", "address6", "mcoa"};
    CHECK(nearest_name("adress6", known) == "address6");
    CHECK(nearest_name("mcao", known) == "mcoa");
    CHECK_FALSE(nearest_name("colour", known));
}

TEST_CASE("policy of a home agent: limits and refused care-of addresses") {
    const auto read = read_configuration(home_agent + R"([home-agent.policy]
max-nodes = 1000
max-bindings-per-node = 4
updates-per-node = 5
updates-per-source = 6
updates-per-network = 0
updates-of-strangers = 7
deregistration-from-elsewhere = "refuse"
refused-care-of6 = ["2001:db8:bad::/48"]
refused-care-of4 = ["10.0.0.0/8", "192.0.2.0/24"]
)");
    REQUIRE(read);
    const auto& engine = read->home_agent.engine;
    CHECK(engine.policy.max_nodes == 1000);
    CHECK(engine.max_bindings_per_node == 4);
    CHECK(engine.policy.updates_per_node == 5);
    CHECK(engine.policy.updates_per_source == 6);
    CHECK(engine.policy.updates_per_network == 0);
    CHECK(engine.policy.updates_of_strangers == 7);
    CHECK(engine.policy.refuse_foreign_deregistration);
    CHECK_FALSE(
        read_configuration(home_agent)->home_agent.engine.policy.refuse_foreign_deregistration);
    CHECK(engine.policy.refused_care_of6.size() == 1);
    CHECK(engine.policy.refused_care_of4.size() == 2);

    CHECK(mistakes_of(home_agent + "[home-agent.policy]\nmax-nodes = 0\n") ==
          "f:9: home-agent.policy.max-nodes: 0 is out of range; wanted an integer from 1 to "
          "100000000\n");
    CHECK(mistakes_of(home_agent + "[home-agent.policy]\nrefused-care-of4 = [\"10.0.0.0\"]\n")
              .find("wanted a list of IPv4 prefixes") != std::string::npos);
}

TEST_CASE("renewal on request and anchor point of a home agent") {
    const auto defaults = read_configuration(home_agent);
    REQUIRE(defaults);
    CHECK(defaults->home_agent.engine.refresh.request_before.count() == 0);
    CHECK_FALSE(defaults->home_agent.engine.map.enabled);
    const auto read = read_configuration(home_agent + R"([home-agent.refresh]
request-before = "30s"
requests-per-second = 5
[home-agent.map]
enabled = true
care-of6 = ["2001:db8:2::/64"]
)");
    REQUIRE(read);
    const auto& engine = read->home_agent.engine;
    CHECK(engine.refresh.request_before == std::chrono::seconds(30));
    CHECK(engine.refresh.requests_per_second == 5);
    CHECK(engine.map.enabled);
    CHECK(engine.map.care_of6.size() == 1);
}

TEST_CASE("other home agents of a mobile node") {
    const std::string other = "[[mobile-node.home-agent]]\n";
    const auto read =
        read_configuration(mobile_node + other + "address6 = \"2001:db8:1::2\"\n" + other +
                           "address6 = \"2001:db8:9::3\"\naddress4 = \"192.0.2.3\"\n");
    REQUIRE(read);
    const auto& others = read->mobile_node.engine.other_home_agents;
    REQUIRE(others.size() == 2);
    CHECK(to_string(others[0].address6) == "2001:db8:1::2");
    CHECK_FALSE(others[0].address4);
    CHECK(to_string(others[1].address4.value()) == "192.0.2.3");

    CHECK(mistakes_of(mobile_node + other + "address4 = \"192.0.2.3\"\n").find("address6") !=
          std::string::npos);
    CHECK(mistakes_of(mobile_node + other + "address6 = \"2001:db8:1::2\"\n" + other +
                      "address6 = \"2001:db8:1::2\"\n")
              .find("used once") != std::string::npos);
}
