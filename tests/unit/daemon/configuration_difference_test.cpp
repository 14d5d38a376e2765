// SPDX-License-Identifier: GPL-2.0-or-later
// What a reload changes, in words, and what it refuses, by name and line.
#include <catch2/catch.hpp>

#include <algorithm>

#include "daemon/configuration_difference.hpp"

using namespace dsmip::daemon;

namespace {

const std::string base = "role = \"home-agent\"\n"
                         "security = \"none\"\n"
                         "[home-agent]\n"
                         "address6 = \"2001:db8:1::1\"\n"
                         "address4 = \"192.0.2.1\"\n"
                         "home-prefixes = [\"2001:db8:1::/64\"]\n";
const std::string nodes = "[[home-agent.node]]\n"
                          "home-address = \"2001:db8:1::100\"\n"
                          "[[home-agent.node]]\n"
                          "home-address = \"2001:db8:1::200\"\n"
                          "home-addresses4 = [\"192.0.2.10\"]\n";

Configuration read(const std::string& text) {
    auto configuration = read_configuration(text);
    INFO(text);
    REQUIRE(configuration);
    return *configuration;
}

ConfigurationDifference compare(const std::string& before, const std::string& after) {
    return difference(read(before), read(after));
}

using Texts = std::vector<std::string>;

} // namespace

TEST_CASE("another spelling is no change") {
    const auto same =
        compare(base + "max-lifetime = \"30m\"\n" + nodes, base +
                                                               "# a comment\nmax-lifetime = 1800\n"
                                                               "accept-mcoa = true\n" +
                                                               nodes);
    CHECK(same.changes.empty());
    CHECK(same.refused.empty());
}

TEST_CASE("keys that change, appear and go") {
    const auto changed = compare(base + "max-lifetime = \"30m\"\naccept-mcoa = false\n" + nodes,
                                 base + "max-lifetime = \"10m\"\nimpose-udp = true\n" + nodes);
    CHECK(changed.refused.empty());
    CHECK(changed.changes == Texts{"home-agent.accept-mcoa: false -> true",
                                   "home-agent.impose-udp: false -> true",
                                   "home-agent.max-lifetime: 30m -> 10m"});
}

TEST_CASE("how many bindings a node may have is changed by a reload") {
    const auto changed = compare(base + nodes, base + nodes + "max-bindings = 3\n");
    CHECK(changed.refused.empty());
    CHECK(changed.changes == Texts{"home-agent.node 2001:db8:1::200.max-bindings: not set -> 3"});
}

TEST_CASE("nodes are told apart by their home address, in whatever order they stand") {
    const auto changed = compare(base + nodes, base + "[[home-agent.node]]\n"
                                                      "home-address = \"2001:db8:1::300\"\n"
                                                      "[[home-agent.node]]\n"
                                                      "home-addresses4 = [\"192.0.2.11\"]\n"
                                                      "home-address = \"2001:db8:1:0::200\"\n");
    CHECK(changed.refused.empty());
    CHECK(changed.changes ==
          Texts{"home-agent.node 2001:db8:1::100: removed",
                "home-agent.node 2001:db8:1::200.home-addresses4: [192.0.2.10] -> [192.0.2.11]",
                "home-agent.node 2001:db8:1::300: added"});
}

TEST_CASE("what needs a restart is refused by name, with its line") {
    auto text = base;
    text.replace(text.find("192.0.2.1\""), 10, "192.0.2.9\"");
    const auto changed = compare(base + nodes, text + nodes + "[device]\nname = \"dsmip7\"\n");
    REQUIRE(changed.refused.size() == 2);
    CHECK(changed.refused[0].key == "home-agent.address4");
    CHECK(changed.refused[0].line == 5);
    CHECK(changed.refused[1].key == "device.name");
    CHECK(changed.refused[1].line == 13);
    CHECK(changed.refused[0].text ==
          "cannot change while the daemon runs (home-agent.address4: 192.0.2.1 -> 192.0.2.9); "
          "restart it");
    // Taken out: no line is left.
    const auto gone = compare(base + nodes + "[store]\nenabled = false\n", base + nodes);
    REQUIRE(gone.refused.size() == 1);
    CHECK(gone.refused[0].key == "store.enabled");
    CHECK(gone.refused[0].line == 0);
    CHECK(gone.changes == Texts{"store.enabled: false -> true"});
}

TEST_CASE("what discovery tells can change") {
    const auto changed =
        compare(base + nodes + "[[home-agent.advertised-prefix]]\nprefix = \"2001:db8:1::/64\"\n",
                base + nodes +
                    "[[home-agent.advertised-prefix]]\nprefix = \"2001:db8:1::/64\"\n"
                    "preferred-lifetime = 0\n"
                    "[[home-agent.advertised-prefix]]\nprefix = \"2001:db8:1::/80\"\n"
                    "[home-agent.discovery]\npreference = 7\n"
                    "[home-agent.prefix-discovery]\nother = true\n");
    CHECK(changed.refused.empty());
    CHECK(changed.changes ==
          Texts{"home-agent.advertised-prefix 2001:db8:1::/64.preferred-lifetime: 168h -> 0s",
                "home-agent.advertised-prefix 2001:db8:1::/80: added",
                "home-agent.discovery.preference: 0 -> 7",
                "home-agent.prefix-discovery.other: false -> true"});
}

TEST_CASE("pools, home prefixes and how the home link is used can change") {
    const auto changed =
        compare(base +
                    "address-pool = \"192.0.2.128/25\"\n[home-agent.home-link]\n"
                    "interface = \"eth1\"\n" +
                    nodes,
                base +
                    "[home-agent.home-link]\ninterface = \"eth1\"\nsole-router = true\n"
                    "accept-simultaneous = false\n[home-agent.prefixes]\n"
                    "pool4 = \"10.0.0.0/8\"\nshortest4 = 20\n" +
                    nodes);
    CHECK(changed.refused.empty());
    CHECK(changed.changes == Texts{"home-agent.address-pool: 192.0.2.128/25 -> not set",
                                   "home-agent.home-link.accept-simultaneous: true -> false",
                                   "home-agent.home-link.sole-router: false -> true",
                                   "home-agent.prefixes.pool4: not set -> 10.0.0.0/8",
                                   "home-agent.prefixes.shortest4: 24 -> 20"});
    auto more = base;
    more.replace(more.find("[\"2001:db8:1::/64\"]"), 19,
                 "[\"2001:db8:1::/64\", \"2001:db8:2::/64\"]");
    CHECK(compare(base + nodes, more + nodes).changes ==
          Texts{"home-agent.home-prefixes: [2001:db8:1::/64] -> [2001:db8:1::/64, "
                "2001:db8:2::/64]"});
    CHECK(compare(base + nodes, more + nodes).refused.empty());
}

TEST_CASE("a virtual home link becomes a real one") {
    const auto changed = compare(base + nodes, base + nodes +
                                                   "[home-agent.home-link]\n"
                                                   "interface = \"eth1\"\n");
    CHECK(changed.refused.empty());
    CHECK(changed.changes == Texts{"home-agent.home-link.interface: not set -> \"eth1\""});
}
