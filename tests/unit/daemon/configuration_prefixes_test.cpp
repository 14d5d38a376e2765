// SPDX-License-Identifier: GPL-2.0-or-later
// Configuration of mobile routers, their prefixes and of leases.
#include <catch2/catch.hpp>

#include "daemon/configuration.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using namespace std::chrono_literals;

namespace {

const std::string home_agent = R"(role = "home-agent"
security = "none"
[home-agent]
address6 = "2001:db8:1::1"
address4 = "192.0.2.1"
home-prefixes = ["2001:db8:1::/64"]
)";

const std::string mobile_node = R"(role = "mobile-node"
security = "none"
[[mobile-node.access]]
interface = "wan0"
[mobile-node]
home-address = "2001:db8:1::100"
home-agent6 = "2001:db8:1::1"
)";

std::string node(const std::string& address, const std::string& lines) {
    return "[[home-agent.node]]\nhome-address = \"2001:db8:1::" + address + "\"\n" + lines + "\n";
}

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

} // namespace

TEST_CASE("prefixes and leases of a home agent") {
    const auto small = read_configuration(home_agent + node("100", ""));
    REQUIRE(small);
    CHECK(small->home_agent.engine.prefixes.accept_mobile_routers);
    CHECK_FALSE(small->home_agent.engine.prefixes.pool4);
    CHECK(small->home_agent.engine.prefixes.shortest4 == 24);
    CHECK(small->home_agent.engine.prefixes.leases_max == 4);
    CHECK(small->home_agent.engine.prefixes.max_per_node == 64);
    CHECK(small->home_agent.engine.lease_time == 1h);
    CHECK(small->home_agent.engine.pool_leases_max == 4);

    const auto read = read_configuration(
        home_agent +
        "lease-time = \"2h\"\npool-leases-max = 2\n[home-agent.prefixes]\n"
        "accept-mobile-routers = false\npool4 = \"10.64.0.0/12\"\nshortest4 = 20\n"
        "leases-max = 3\nmax-per-node = 5\n" +
        node("100", "prefixes6 = [\"2001:db8:a::/48\", \"2001:db8:a:1::/64\"]\n"
                    "prefixes4 = [\"10.1.0.0/16\"]"));
    REQUIRE(read);
    const auto& engine = read->home_agent.engine;
    CHECK_FALSE(engine.prefixes.accept_mobile_routers);
    CHECK(to_string(engine.prefixes.pool4.value()) == "10.64.0.0/12");
    CHECK(engine.prefixes.shortest4 == 20);
    CHECK(engine.prefixes.leases_max == 3);
    CHECK(engine.prefixes.max_per_node == 5);
    CHECK(engine.lease_time == 2h);
    CHECK(engine.pool_leases_max == 2);
    REQUIRE(engine.nodes.size() == 1);
    CHECK(engine.nodes[0].prefixes6.size() == 2);
    CHECK(to_string(engine.nodes[0].prefixes4.at(0)) == "10.1.0.0/16");
}

TEST_CASE("prefixes that lead to two nodes or to the home agent") {
    CHECK(mistakes_of(home_agent + node("100", "prefixes6 = [\"2001:db8:a:1::/64\"]") +
                      node("200", "prefixes6 = [\"2001:db8:a::/48\"]")) ==
          "f:9: home-agent.node.prefixes6: 2001:db8:a:1::/64 overlaps with 2001:db8:a::/48 of "
          "another node in line 12; wanted prefixes that lead to one node\n");
    CHECK(mistakes_of(home_agent + node("100", "prefixes4 = [\"10.1.0.0/16\"]") +
                      node("200", "prefixes4 = [\"10.1.7.0/24\", \"10.2.0.0/16\"]")) ==
          "f:12: home-agent.node.prefixes4: 10.1.7.0/24 overlaps with 10.1.0.0/16 of another node "
          "in line 9; wanted prefixes that lead to one node\n");
    CHECK(mistakes_of(home_agent + node("100", "prefixes4 = [\"192.0.2.0/24\"]")) ==
          "f:9: home-agent.node.prefixes4: 192.0.2.0/24 holds the home agent's own address "
          "192.0.2.1; wanted a prefix of the network behind the node\n");
    CHECK(mistakes_of(home_agent + "address-pool = \"10.0.0.0/24\"\n" + node("100", "") +
                      "[home-agent.prefixes]\npool4 = \"10.0.0.0/16\"\n") ==
          "f:12: home-agent.prefixes.pool4: 10.0.0.0/16 overlaps with the address-pool "
          "10.0.0.0/24; wanted addresses of its own\n");
    CHECK(mistakes_of(home_agent + "address-pool = \"10.0.0.0/16\"\n" +
                      node("100", "prefixes4 = [\"10.1.0.0/24\", \"10.0.7.0/24\"]")) ==
          "f:10: home-agent.node.prefixes4: 10.0.7.0/24 overlaps with the address-pool "
          "10.0.0.0/16; wanted addresses of its own\n");
}

TEST_CASE("a mobile router") {
    const auto host = read_configuration(mobile_node);
    REQUIRE(host);
    CHECK_FALSE(host->mobile_node.engine.mobile_router);
    CHECK_FALSE(host->mobile_node.engine.explicit_prefixes);
    CHECK(host->mobile_node.engine.prefix4_length == 0);

    const auto read =
        read_configuration(mobile_node + "mobile-router = true\nprefixes6 = [\"2001:db8:a::/64\"]\n"
                                         "explicit-prefixes = true\nprefixes4 = [\"10.1.0.0/16\"]\n"
                                         "prefix4-length = 26\n");
    REQUIRE(read);
    const auto& engine = read->mobile_node.engine;
    CHECK(engine.mobile_router);
    CHECK(engine.explicit_prefixes);
    CHECK(to_string(engine.prefixes6.at(0)) == "2001:db8:a::/64");
    CHECK(to_string(engine.prefixes4.at(0)) == "10.1.0.0/16");
    CHECK(engine.prefix4_length == 26);

    CHECK(mistakes_of(mobile_node + "prefix4-length = 26\n") ==
          "f:8: mobile-node.prefix4-length: is for mobile routers; set mobile-router = true or "
          "leave it out\n");
    CHECK(mistakes_of(mobile_node + "mobile-router = true\n") ==
          "f:8: mobile-node.mobile-router: needs to know the network behind it; add prefixes6, "
          "prefixes4 or prefix4-length\n");
    CHECK(mistakes_of(mobile_node + "mobile-router = true\nprefixes6 = [\"2001:db8::/32\"]\n") ==
          "f:9: mobile-node.prefixes6: 2001:db8::/32 holds the address of the home agent\n");
}

TEST_CASE("what discovery tells") {
    const auto usual = read_configuration(home_agent + node("100", ""));
    REQUIRE(usual);
    CHECK(usual->home_agent.engine.discovery.enabled);
    CHECK(usual->home_agent.engine.prefix_discovery.prefixes.empty());

    const auto read = read_configuration(
        home_agent + node("100", "") +
        "[home-agent.discovery]\nenabled = false\npreference = 65535\n"
        "[home-agent.prefix-discovery]\nenabled = false\nunsolicited = false\n"
        "min-interval = \"1m\"\nmax-interval = \"1h\"\nmanaged = true\nother = true\n"
        "[[home-agent.advertised-prefix]]\nprefix = \"2001:db8:1::/64\"\n"
        "valid-lifetime = \"2h\"\npreferred-lifetime = 0\non-link = false\nautonomous = false\n"
        "[[home-agent.advertised-prefix]]\nprefix = \"2001:db8:1::/80\"\n");
    REQUIRE(read);
    const auto& engine = read->home_agent.engine;
    CHECK_FALSE(engine.discovery.enabled);
    CHECK(engine.discovery.preference == 65535);
    const auto& discovery = engine.prefix_discovery;
    CHECK_FALSE(discovery.enabled);
    CHECK_FALSE(discovery.unsolicited);
    CHECK(discovery.min_interval == 60s);
    CHECK(discovery.max_interval == 1h);
    CHECK(discovery.managed);
    CHECK(discovery.other);
    REQUIRE(discovery.prefixes.size() == 2);
    CHECK(to_string(discovery.prefixes[0].prefix) == "2001:db8:1::/64");
    CHECK(discovery.prefixes[0].valid_lifetime == 2h);
    CHECK(discovery.prefixes[0].preferred_lifetime == 0s);
    CHECK_FALSE(discovery.prefixes[0].on_link);
    CHECK_FALSE(discovery.prefixes[0].autonomous);
    CHECK(discovery.prefixes[1].valid_lifetime == 720h);
    CHECK(discovery.prefixes[1].on_link);
}

TEST_CASE("prefixes and times of discovery that cannot be meant") {
    const auto lines = home_agent + node("100", "");
    const auto advertised = [](const std::string& rest) {
        return "[[home-agent.advertised-prefix]]\nprefix = " + rest + "\n";
    };
    CHECK_THAT(mistakes_of(lines + advertised("\"2001:db8:99::/64\"")),
               Catch::Contains("home-agent.advertised-prefix.prefix: 2001:db8:99::/64 is in none "
                               "of the home-prefixes"));
    CHECK_THAT(
        mistakes_of(lines + advertised("\"2001:db8:1::/64\"") + advertised("\"2001:db8:1::/64\"")),
        Catch::Contains("2001:db8:1::/64 is in line"));
    CHECK_THAT(mistakes_of(lines + advertised("\"2001:db8:1::/64\"\nvalid-lifetime = 5")),
               Catch::Contains("preferred-lifetime: is longer than valid-lifetime"));
    CHECK_THAT(mistakes_of(lines + advertised("7")), Catch::Contains("wanted an IPv6 prefix"));
    CHECK_THAT(mistakes_of(lines + advertised("\"2001:db8:1::1/64\"")),
               Catch::Contains("home-agent.advertised-prefix.prefix"));
    CHECK_THAT(mistakes_of(lines + "[home-agent.prefix-discovery]\nmax-interval = 5\n"),
               Catch::Contains("min-interval: is longer than max-interval"));
    CHECK_THAT(mistakes_of(lines + "[home-agent.discovery]\npreference = 65536\n"),
               Catch::Contains("integer from 0 to 65535"));
}
