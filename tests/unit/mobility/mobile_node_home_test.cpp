// SPDX-License-Identifier: GPL-2.0-or-later
// An address of the home prefix on an access: the node takes its bindings back and does not use it
// as a care-of address, but uses the home address there.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {
namespace {

const auto visited = wlan("2001:db8:2::200");
const auto at_home = wlan("2001:db8:1::abcd"); // home address 2001:db8:1::100

} // namespace

TEST_CASE("coming home: de-registered from the home link, and nothing is registered there") {
    Scene scene;
    registered(scene, visited);
    scene.advance(seconds(10));
    scene.network({at_home});
    const auto leave = scene.take();
    CHECK(leave.at == scene.now);
    CHECK(leave.update.lifetime.is_zero());
    CHECK(leave.native()->wire_source == v6("2001:db8:1::abcd"));
    CHECK(scene.kernel() != nullptr);
    CHECK_FALSE(scene.node.home_link()); // the home agent still answers for the home address
    scene.accept(leave);
    CHECK(scene.node.home_link() == HomeLink{at_home.link_name, at_home.link, true});
    CHECK(scene.kernel() == nullptr);
    CHECK(scene.row().state == RegistrationState::idle);
    CHECK(scene.row().remaining == seconds(0));
    CHECK(scene.reported("at-home"));
    CHECK(scene.count("returns_home") == 1);
    scene.advance(minutes(30));
    CHECK(scene.pending() == 0);

    SECTION("leaving again: registered at once") {
        scene.network({visited});
        CHECK_FALSE(scene.node.home_link());
        const auto update = scene.take();
        CHECK_FALSE(update.update.lifetime.is_zero());
        scene.accept(update);
        CHECK(scene.kernel()->care_of == v6("2001:db8:2::200"));
        CHECK(scene.reported("left-home"));
    }
    SECTION("the address goes and nothing else is there: silence") {
        scene.network({});
        CHECK_FALSE(scene.node.home_link());
        scene.advance(minutes(30));
        CHECK(scene.pending() == 0);
    }
}

TEST_CASE("coming home while another access is up: told by that one") {
    Scene scene;
    registered(scene, visited);
    const auto lte6 = lte("2001:db8:4::400");
    scene.network({at_home, lte6});
    const auto leave = scene.take();
    CHECK(leave.update.lifetime.is_zero());
    CHECK(leave.native()->wire_source == v6("2001:db8:4::400"));
    scene.accept(leave);
    scene.advance(minutes(30));
    CHECK(scene.pending() == 0);
    scene.network({lte6});
    CHECK_FALSE(scene.take().update.lifetime.is_zero());
}

TEST_CASE("coming home on the same interface: told by the address there, not by one left over") {
    Scene scene;
    registered(scene, visited);
    auto left_over = visited;
    using Presence = CareOfCandidate::Presence;
    left_over.presence = GENERATE(Presence::here, Presence::unconfirmed, Presence::gone);
    scene.network({left_over, at_home});
    const auto leave = scene.take();
    CHECK(leave.update.lifetime.is_zero());
    CHECK(leave.native()->wire_source == v6("2001:db8:1::abcd"));
    scene.accept(leave);
    CHECK(scene.kernel() == nullptr);
}

TEST_CASE("starting at home: nothing is sent") {
    Scene scene;
    scene.network({at_home});
    scene.advance(minutes(10));
    CHECK(scene.sent.empty());
    CHECK_FALSE(scene.reported("no-care-of-address"));
    CHECK(scene.node.home_link() == HomeLink{at_home.link_name, at_home.link, false});
    scene.network({visited});
    CHECK_FALSE(scene.node.home_link());
    CHECK(scene.pending() == 1);
}

TEST_CASE("no answer at home: the bindings are given up") {
    Scene scene;
    registered(scene, visited);
    scene.network({at_home});
    scene.advance(seconds(31));
    CHECK(scene.kernel() == nullptr);
    CHECK(scene.sent.size() == 6);
    // Whether somebody else has the address now is not known.
    CHECK(scene.node.home_link() == HomeLink{at_home.link_name, at_home.link, false});
    scene.advance(minutes(30));
    CHECK(scene.sent.size() == 6);
}

TEST_CASE("away again before the answer: registered, and the late answer changes nothing") {
    Scene scene;
    registered(scene, visited);
    scene.network({at_home});
    const auto leave = scene.take();
    scene.network({visited});
    const auto update = scene.take();
    CHECK_FALSE(update.update.lifetime.is_zero());
    scene.accept(leave);
    scene.accept(update);
    CHECK_FALSE(scene.node.home_link());
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK(scene.kernel() != nullptr);
}

TEST_CASE("what may be left over of a visit at home is not a sign of being there") {
    Scene scene;
    registered(scene, visited);
    auto left_over = at_home;
    using Presence = CareOfCandidate::Presence;
    left_over.presence = GENERATE(Presence::gone, Presence::unconfirmed);
    scene.network({left_over, visited});
    CHECK(scene.pending() == 0);
    CHECK_FALSE(scene.reported("at-home"));
    left_over.presence = Presence::here;
    scene.network({left_over, visited});
    CHECK(scene.reported("at-home"));
}

TEST_CASE("coming home with several care-of addresses and an IPv4 home address") {
    auto config = mcoa_config();
    config.home_address4_mode = MobileNodeConfig::HomeAddress4::fixed;
    config.home_address4 = v4("192.0.2.10");
    Scene scene(config);
    const auto lte6 = lte("2001:db8:4::400");
    scene.network({visited, lte6});
    Answer answer;
    answer.options.emplace_back(
        wire::Ipv4AddressAcknowledgement{wire::Ipv4AddressStatus::Success, 32, v4("192.0.2.10")});
    scene.answer(scene.take(), answer);
    REQUIRE(scene.kernel_node.bindings.size() == 2);
    scene.network({at_home, lte6});
    while (scene.pending() > 0) {
        const auto sent = scene.take();
        CHECK(sent.update.lifetime.is_zero());
        scene.accept(sent);
    }
    CHECK(scene.kernel_node.bindings.empty());
    CHECK(scene.withdrawn == std::vector{v4("192.0.2.10")});
    scene.advance(minutes(30));
    CHECK(scene.pending() == 0);
    // Away again: both, alone among themselves.
    scene.network({visited, lte6});
    CHECK(scene.take().update.flags.overwrite);
}

} // namespace dsmip::mobility::test
