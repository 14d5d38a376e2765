// SPDX-License-Identifier: GPL-2.0-or-later
// Another configuration under many nodes: they are looked at in turns, between which messages are
// answered, and each node once.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

constexpr unsigned crowd = 1000;
// Changes that one turn makes at most.
constexpr std::size_t turn_max = 300;

wire::Ipv6Address member(unsigned number) {
    auto address = v6("2001:db8:1::1:0:0");
    address.bytes[14] = static_cast<std::uint8_t>(number >> 8U);
    address.bytes[15] = static_cast<std::uint8_t>(number);
    return address;
}

HomeAgentConfig serving_unlisted(bool serving) {
    auto config = default_config();
    config.accept_unlisted_nodes = serving;
    config.policy.updates_per_source = 1'000'000; // all of them come from one place
    config.policy.updates_per_network = 1'000'000;
    config.policy.updates_of_strangers = 1'000'000;
    return config;
}

struct Crowd : Scene {
    Crowd()
        : Scene(serving_unlisted(true)) {
        join(0, crowd);
    }
    void join(unsigned first, unsigned end) {
        for (auto number = first; number < end; ++number) {
            native(Update(1).of(member(number)), visited);
        }
        sent.clear();
    }
};

} // namespace

TEST_CASE("another configuration takes many nodes away in turns") {
    Crowd scene;
    REQUIRE(scene.agent.node_count() == crowd);
    auto actions = scene.reconfigure(serving_unlisted(false));
    REQUIRE(actions);
    scene.run(std::move(*actions));
    auto left = scene.agent.node_count();
    CHECK(left + turn_max >= crowd);
    CHECK(left < crowd);
    unsigned turns = 1;
    while (scene.agent.revision().under_way) {
        REQUIRE(scene.agent.next_deadline());
        REQUIRE(*scene.agent.next_deadline() <= scene.now);
        scene.run(scene.agent.tick(scene.now));
        CHECK(scene.agent.node_count() + turn_max >= left);
        left = scene.agent.node_count();
        // Meanwhile the new configuration is in force for all.
        scene.native(Update(2).of(member(turns % crowd)), visited);
        CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
        REQUIRE(++turns < crowd);
    }
    CHECK(turns > crowd / turn_max);
    CHECK(left == 0);
    CHECK(scene.agent.revision().nodes_lost == crowd);
    CHECK(scene.counter("bindings_removed") == crowd);
}

TEST_CASE("nodes that come while the others are looked at: each of those once") {
    Crowd scene;
    auto config = serving_unlisted(true);
    config.home_prefixes.push_back({v6("2001:db8:2::"), 64}); // that of `visited`
    auto actions = scene.reconfigure(config);
    REQUIRE(actions);
    scene.run(std::move(*actions));
    // The table grows, and every entry changes its place.
    for (unsigned number = crowd; number < 5 * crowd; ++number) {
        scene.udp(Update(1).of(member(number)).care_of4(private4), outside);
    }
    while (scene.agent.revision().under_way) {
        scene.run(scene.agent.tick(scene.now));
    }
    CHECK(scene.agent.revision().bindings_lost == crowd);
    CHECK(scene.agent.node_count() == 4 * crowd);
}

TEST_CASE("a configuration that comes while another is being taken over is the one that counts") {
    Crowd scene;
    for (const bool serving : {false, true}) {
        auto actions = scene.reconfigure(serving_unlisted(serving));
        REQUIRE(actions);
        scene.run(std::move(*actions));
    }
    const auto left = scene.agent.node_count();
    while (scene.agent.revision().under_way) {
        scene.run(scene.agent.tick(scene.now));
    }
    CHECK(scene.agent.node_count() == left);
    CHECK(left + turn_max >= crowd);
}
