// SPDX-License-Identifier: GPL-2.0-or-later
// Mobile node and home agent talking to each other through good and bad networks.
#include <algorithm>
#include <catch2/catch.hpp>

#include "../addresses.hpp"
#include "exchange_world.hpp"

namespace dsmip::mobility::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using namespace dsmip::test;
using Mode = MobileNodeConfig::HomeAddress4;

CareOfCandidate wlan(const char* address) {
    return {"wlan0", 3, ip(address), true};
}
CareOfCandidate lte(const char* address) {
    return {"lte0", 4, ip(address), true};
}

HomeAgentConfig home_agent() {
    HomeAgentConfig config;
    config.address6 = v6("2001:db8:1::1");
    config.address4 = v4("192.0.2.1");
    config.home_prefixes = {prefix6("2001:db8:1::/64")};
    config.nodes = {{v6("2001:db8:1::100"), {v4("192.0.2.10")}}};
    config.address_pool = wire::Prefix4::parse("192.0.2.64/28").value();
    return config;
}

MobileNodeConfig mobile_node(Mode mode = Mode::fixed) {
    MobileNodeConfig config;
    config.home_address = v6("2001:db8:1::100");
    config.home_agent6 = v6("2001:db8:1::1");
    config.home_agent4 = v4("192.0.2.1");
    config.home_address4_mode = mode;
    if (mode == Mode::fixed) {
        config.home_address4 = v4("192.0.2.10");
    }
    config.accesses = {{"wlan0", 1, 1}, {"lte0", 2, 2}};
    config.lifetime = minutes(10);
    return config;
}

// The networks that an access may find itself in; none = cut off.
std::vector<CareOfCandidate> some_network(std::mt19937& random, bool second) {
    const auto at = second ? lte : wlan;
    switch (random() % 6) {
    case 0:
        return {at(second ? "2001:db8:14::2" : "2001:db8:4::2")};
    case 1:
        return {at(second ? "2001:db8:15::2" : "2001:db8:5::2")};
    case 2:
        return {at(second ? "198.51.100.129" : "198.51.100.7")};
    case 3:
        return {at(second ? "10.1.0.7" : "10.0.0.7")};
    case 4:
        return {at(second ? "2001:db8:16::2" : "2001:db8:6::2"),
                at(second ? "198.51.100.130" : "198.51.100.8")};
    default:
        return {};
    }
}

std::vector<CareOfCandidate> somewhere(std::mt19937& random) {
    auto candidates = some_network(random, false);
    for (const auto& candidate : some_network(random, true)) {
        candidates.push_back(candidate);
    }
    return candidates;
}

// Calm long enough for any back-off and any refusal to be over.
void expect_agreement(World& world) {
    world.weather = {};
    world.attach({wlan("2001:db8:4::2")});
    world.run(minutes(20));
    CHECK(world.disagreement() == "");
}

// Moves in bad weather; of `choices` events one is the death of each daemon.
void roam_and_die(World& world, unsigned choices) {
    world.weather = {0.2, 0.1, milliseconds(1), milliseconds(1000)};
    for (int round = 0; round < 60; ++round) {
        switch (world.random() % choices) {
        case 0:
            world.restart_mobile_node();
            break;
        case 1:
            world.restart_home_agent();
            break;
        default:
            world.attach(somewhere(world.random));
            break;
        }
        world.run(milliseconds(world.random() % 60000));
    }
}

} // namespace

TEST_CASE("one round trip in a network that works",
          "[D-2.3-01][D-4.2-05][D-4.2-08][D-4.5-22][D-4.5.1-01][D-4.5.1-02][D-4.5.1-03]"
          "[D-4.5.1-05]") {
    const char* address = GENERATE("2001:db8:4::2", "198.51.100.7", "10.0.0.7");
    const auto mode = GENERATE(Mode::none, Mode::fixed, Mode::dynamic);
    World world(home_agent(), mobile_node(mode), 1);
    world.attach({wlan(address)});
    world.run(milliseconds(20));
    CHECK(world.disagreement() == "");
    CHECK(world.updates == 1);
    CHECK(world.mobile_node_kernel.home_addresses4().size() == (mode == Mode::none ? 0 : 1));
    CHECK(world.device_addresses4 == world.mobile_node_kernel.home_addresses4());
    const auto& binding = world.home_agent_kernel.bindings().at(0).binding;
    CHECK(binding.nat == (std::string(address) == "10.0.0.7"));
    CHECK((binding.encapsulation == Encapsulation::udp) == binding.nat);
}

TEST_CASE("flags F and T end in the same format on both sides",
          "[D-4.1-08][D-4.1-15][D-4.4-17][D-4.4-25]") {
    auto ha = home_agent();
    auto mn = mobile_node();
    ha.accept_forced_udp = GENERATE(true, false);
    ha.accept_tlv = GENERATE(true, false);
    ha.impose_udp = GENERATE(true, false);
    mn.force_udp = GENERATE(true, false);
    mn.prefer_tlv = GENERATE(true, false);
    mn.dialect = GENERATE(wire::Dialect::Auto, wire::Dialect::Draft);
    ha.dialect = mn.dialect;
    const char* address = GENERATE("2001:db8:4::2", "198.51.100.7", "10.0.0.7");
    CAPTURE(ha.accept_forced_udp, ha.accept_tlv, ha.impose_udp, mn.force_udp, mn.prefer_tlv,
            address);
    World world(ha, mn, 1);
    world.attach({wlan(address)});
    world.run(seconds(5));
    CHECK(world.disagreement() == "");
}

TEST_CASE("a month behind a NAT: never a moment without a binding",
          "[D-2.3.2.2-11][D-4.3-01][D-4.3-02][MN-4]") {
    World world(home_agent(), mobile_node(), 2);
    world.attach({wlan("10.0.0.7")});
    world.run(seconds(1));
    for (int day = 0; day < 30; ++day) {
        world.run(hours(24));
        REQUIRE(world.disagreement() == "");
    }
    CHECK(world.mobile_node->binding_update_list(world.now).front().last_error.empty());
    // One message every 110 s, no more.
    CHECK(world.updates < 30 * 24 * 3600 / 110 + 10);
    CHECK(world.updates > 30 * 24 * 3600 / 110 - 10);
}

TEST_CASE("the NAT forgets everything: the next keepalive repairs it", "[D-4.3-01]") {
    World world(home_agent(), mobile_node(), 3);
    world.attach({wlan("10.0.0.7")});
    world.run(seconds(10));
    world.nat.reboot();
    CHECK(world.disagreement() != "");
    world.run(seconds(115));
    CHECK(world.disagreement() == "");
}

TEST_CASE("roaming through all kinds of networks, each good", "[D-2-03][D-2.3-02][D-2.3.1-11]") {
    World world(home_agent(), mobile_node(Mode::dynamic), GENERATE(range(1U, 6U)));
    for (int move = 0; move < 50; ++move) {
        world.attach(some_network(world.random, false));
        world.run(seconds(5));
        CAPTURE(move);
        if (!world.mobile_node->binding_update_list(world.now).front().link_name.empty() &&
            world.mobile_node->binding_update_list(world.now).front().state !=
                RegistrationState::idle) {
            REQUIRE(world.disagreement() == "");
        }
    }
    expect_agreement(world);
}

TEST_CASE("bad networks: loss, repetition, delay, reordering; calm at last", "[MN-2][MN-3]") {
    const auto seed = GENERATE(range(1U, 41U));
    CAPTURE(seed);
    World world(home_agent(), mobile_node(seed % 2 == 0 ? Mode::fixed : Mode::dynamic), seed);
    world.weather = {0.3, 0.2, milliseconds(1), milliseconds(3000)};
    for (int move = 0; move < 60; ++move) {
        world.attach(somewhere(world.random));
        world.run(milliseconds(world.random() % 60000));
    }
    expect_agreement(world);
}

TEST_CASE("bad networks and several care-of addresses", "[M-5.4-07][M-5.5-03][M-5.10-01]") {
    const auto seed = GENERATE(range(1U, 41U));
    CAPTURE(seed);
    auto mn = mobile_node();
    mn.mcoa = true;
    mn.bulk = seed % 3 != 0;
    World world(home_agent(), mn, seed);
    world.weather = {0.3, 0.2, milliseconds(1), milliseconds(3000)};
    for (int move = 0; move < 60; ++move) {
        world.attach(somewhere(world.random));
        world.run(milliseconds(world.random() % 60000));
    }
    world.weather = {};
    world.attach({wlan("2001:db8:4::2"), lte("10.1.0.7")});
    world.run(minutes(20));
    CHECK(world.disagreement() == "");
}

TEST_CASE("both daemons die now and then", "[restart]") {
    const auto seed = GENERATE(range(1U, 21U));
    CAPTURE(seed);
    auto mn = mobile_node();
    mn.mcoa = seed % 2 == 0;
    World world(home_agent(), mn, seed);
    roam_and_die(world, 3);
    expect_agreement(world);
}

TEST_CASE("a mobile router through bad networks and restarts keeps its prefixes") {
    const auto seed = GENERATE(range(1U, 31U));
    CAPTURE(seed);
    auto ha = home_agent();
    ha.nodes.front().prefixes6 = {{v6("2001:db8:aaaa::"), 48}};
    ha.prefixes.pool4 = wire::Prefix4{v4("10.64.0.0"), 16};
    ha.lease_time = seed % 3 == 0 ? minutes(2) : minutes(60);
    auto mn = mobile_node(seed % 2 == 0 ? Mode::fixed : Mode::dynamic);
    mn.mcoa = seed % 4 == 0;
    mn.mobile_router = true;
    mn.prefixes6 = {{v6("2001:db8:aaaa::"), 48}};
    mn.explicit_prefixes = seed % 5 == 0;
    mn.prefix4_length = 26;
    World world(ha, mn, seed);
    roam_and_die(world, 6);
    expect_agreement(world);
    CHECK(world.mobile_node_kernel.prefixes6() == mn.prefixes6);
    REQUIRE(world.mobile_node_kernel.prefixes4().size() == 1);
    CHECK(world.mobile_node_kernel.prefixes4().front().length == 26);
    world.stop_mobile_node();
    world.run(seconds(10));
    CHECK(world.home_agent_kernel.prefixes6().empty());
    CHECK(world.home_agent_kernel.prefixes4().empty());
}

TEST_CASE("a restart in a good network interrupts nothing", "[restart]") {
    const char* address = GENERATE("2001:db8:4::2", "198.51.100.7", "10.0.0.7");
    World world(home_agent(), mobile_node(Mode::dynamic), 5);
    world.attach({wlan(address)});
    world.run(seconds(30));
    for (int round = 0; round < 10; ++round) {
        if (round % 2 == 0) {
            world.restart_mobile_node();
        } else {
            world.restart_home_agent();
        }
        // In force at once and all the time, on both sides.
        for (int moment = 0; moment < 100; ++moment) {
            world.run(milliseconds(5));
            REQUIRE(world.mobile_node_kernel.bindings().size() == 1);
            REQUIRE(world.home_agent_kernel.bindings().size() == 1);
        }
        REQUIRE(world.disagreement() == "");
        REQUIRE(world.device_addresses4.size() == 1);
    }
}

TEST_CASE("a network without answers: the binding ends on both sides", "[MN-4]") {
    World world(home_agent(), mobile_node(), 6);
    world.attach({wlan("2001:db8:4::2")});
    world.run(seconds(1));
    CHECK(world.disagreement() == "");
    world.weather.loss = 1;
    world.run(minutes(11));
    CHECK(world.mobile_node_kernel.bindings().empty());
    CHECK(world.home_agent_kernel.bindings().empty());
    expect_agreement(world);
}

TEST_CASE("a home agent without MCoA, and one without bulk", "[M-5.7-06][M-5.7-07][M-5.7-08]") {
    auto ha = home_agent();
    auto mn = mobile_node();
    mn.mcoa = true;
    SECTION("prohibited: plain Mobile IPv6") {
        ha.accept_mcoa = false;
        World world(ha, mn, 7);
        world.attach({wlan("2001:db8:4::2"), lte("2001:db8:14::2")});
        world.run(seconds(5));
        CHECK(world.home_agent_kernel.bindings().count(0) == 1);
        CHECK(world.mobile_node_kernel.bindings().count(0) == 1);
    }
    SECTION("no bulk: one by one") {
        ha.accept_bulk = false;
        World world(ha, mn, 8);
        world.attach({wlan("2001:db8:4::2"), lte("2001:db8:14::2")});
        world.run(seconds(5));
        CHECK(world.disagreement() == "");
    }
}

TEST_CASE("stopping leaves nothing behind", "[M-5.5-01]") {
    const bool mcoa = GENERATE(false, true);
    auto mn = mobile_node();
    mn.mcoa = mcoa;
    World world(home_agent(), mn, 9);
    world.attach({wlan("10.0.0.7"), lte("2001:db8:14::2")});
    world.run(seconds(5));
    CHECK(world.home_agent_kernel.bindings().size() == (mcoa ? 2 : 1));
    world.stop_mobile_node();
    world.run(seconds(1));
    CHECK(world.mobile_node->finished());
    CHECK(world.mobile_node_kernel.bindings().empty());
    CHECK(world.home_agent_kernel.bindings().empty());
    CHECK(world.device_addresses4.empty());
}

TEST_CASE("never more than three Binding Updates in a second", "[MN-2]") {
    World world(home_agent(), mobile_node(), 10);
    world.weather = {0.5, 0.3, milliseconds(1), milliseconds(500)};
    for (int move = 0; move < 500; ++move) {
        world.attach(somewhere(world.random));
        world.run(milliseconds(world.random() % 300));
    }
    const auto& times = world.update_times;
    for (std::size_t index = 3; index < times.size(); ++index) {
        REQUIRE(times.at(index) - times.at(index - 3) >= seconds(1));
    }
}

} // namespace dsmip::mobility::test
