// SPDX-License-Identifier: GPL-2.0-or-later
// Binding Refresh Requests of a home agent: who is asked, when, how often, and with which options.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

HomeAgentConfig asking(Duration before = seconds(30)) {
    auto config = default_config();
    config.refresh.request_before = before;
    return config;
}

wire::BindingRefreshRequest request_of(const SendMessage& message) {
    const auto decoded =
        wire::decode(message.octets, message.source, message.destination, Dialect::Rfc);
    REQUIRE(decoded);
    return std::get<wire::BindingRefreshRequest>(*decoded);
}

void accept(Scene& scene, const Update& update, const wire::Ipv6Address& care_of = visited) {
    scene.native(update, care_of);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

} // namespace

TEST_CASE("a node whose binding is about to end is asked for a Binding Update", "[BRR-1]") {
    Scene scene(asking());
    accept(scene, Update(1, seconds(600)));
    scene.advance(seconds(569));
    CHECK(scene.silent());

    scene.advance(seconds(1));
    REQUIRE(scene.sent.size() == 1);
    // To the home address through the tunnel: RFC 6275, 6.4 allows the type 2 routing header to
    // Binding Acknowledgements only.
    CHECK(scene.sent.front().source == agent6);
    CHECK(scene.sent.front().destination == node);
    const auto& route = std::get<NativeIpv6>(scene.sent.front().route);
    CHECK(route.wire_source == agent6);
    CHECK(route.wire_destination == node);
    CHECK_FALSE(route.routing_header);
    CHECK(request_of(scene.sent.front()).options.empty());
    CHECK(scene.counter("refresh_requests_sent") == 1);
    CHECK(scene.reported("refresh-requested"));

    SECTION("twice more, each at half of what is left, then it ends") {
        scene.advance(seconds(14));
        CHECK(scene.sent.size() == 1);
        scene.advance(seconds(1));
        CHECK(scene.sent.size() == 2);
        scene.advance(milliseconds(7500));
        CHECK(scene.sent.size() == 3);
        scene.advance(seconds(60));
        CHECK(scene.sent.size() == 3);
        CHECK_FALSE(scene.registered(node));
        CHECK_FALSE(scene.agent.next_deadline());
    }
    SECTION("no more once it has answered") {
        scene.sent.clear();
        accept(scene, Update(2, seconds(600)));
        scene.advance(seconds(500));
        CHECK(scene.silent());
        scene.advance(seconds(70));
        CHECK(scene.sent.size() == 1);
    }
    SECTION("no more once it has gone") {
        scene.sent.clear();
        accept(scene, Update(2, seconds(0)));
        scene.advance(minutes(20));
        CHECK(scene.silent());
    }
}

TEST_CASE("a short binding is not asked about before three quarters of it have passed") {
    Scene scene(asking(minutes(10)));
    accept(scene, Update(1, seconds(40)));
    scene.advance(seconds(29));
    CHECK(scene.silent());
    scene.advance(seconds(1));
    CHECK(scene.sent.size() == 1);
}

TEST_CASE("nobody is asked unless the configuration says so") {
    Scene scene;
    accept(scene, Update(1, seconds(600)));
    scene.advance(minutes(20));
    CHECK(scene.silent());
    CHECK(scene.counter("refresh_requests_sent") == 0);
}

TEST_CASE("a request about Binding Identifiers names those that end", "[M-6.4-01]") {
    Scene scene(asking());
    scene.native(Update(1, seconds(600)).bid(1, visited).bid(2, visited2), visited);
    (void)scene.answer();
    scene.advance(seconds(300));
    scene.native(Update(2, seconds(600)).bid(3, v6("2001:db8:5::1")), visited);
    (void)scene.answer();
    scene.advance(seconds(270));
    REQUIRE(scene.sent.size() == 1);
    const auto options =
        wire::find_options<wire::BindingIdentifier>(request_of(scene.sent.front()).options);
    REQUIRE(options.size() == 2);
    CHECK(options.at(0).bid == 1);
    CHECK(options.at(1).bid == 2);
    // Without an address: refresh of a known BID.
    CHECK(std::holds_alternative<std::monostate>(options.at(0).care_of_address));

    // Those two end; the third is asked about in its own time.
    scene.advance(seconds(31));
    scene.sent.clear();
    CHECK(scene.bids(node) == std::vector<std::uint16_t>{3});
    scene.advance(seconds(300));
    REQUIRE_FALSE(scene.silent());
    const auto later =
        wire::find_options<wire::BindingIdentifier>(request_of(scene.sent.front()).options);
    REQUIRE(later.size() == 1);
    CHECK(later.front().bid == 3);
}

TEST_CASE("requests do not exceed their rate, and none is forgotten") {
    auto config = asking();
    config.accept_unlisted_nodes = true;
    config.refresh.requests_per_second = 2;
    Scene scene(config);
    for (unsigned i = 0; i < 12; ++i) {
        const auto address = v6(("2001:db8:1::5" + std::to_string(10 + i)).c_str());
        accept(scene, Update(1, seconds(600)).of(address));
    }
    scene.advance(seconds(570));
    CHECK(scene.sent.size() == 6); // three seconds' worth at once
    scene.advance(seconds(1));
    CHECK(scene.sent.size() == 8);
    scene.advance(seconds(2));
    CHECK(scene.sent.size() == 12);
}

TEST_CASE("what a restart finds is asked about, and a reload changes when") {
    Scene scene(asking());
    accept(scene, Update(1, seconds(600)));
    scene.restart(asking());
    SECTION("restart") {
        scene.advance(seconds(570));
        CHECK(scene.sent.size() == 1);
    }
    SECTION("reload: earlier") {
        auto actions = scene.reconfigure(asking(seconds(100)));
        REQUIRE(actions);
        scene.run(*actions);
        scene.advance(seconds(500));
        CHECK(scene.sent.size() == 1);
    }
    SECTION("reload: never") {
        auto actions = scene.reconfigure(default_config());
        REQUIRE(actions);
        scene.run(*actions);
        scene.advance(minutes(20));
        CHECK(scene.silent());
    }
}
