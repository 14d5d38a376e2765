// SPDX-License-Identifier: GPL-2.0-or-later
// A home agent that serves as mobility anchor point takes local Binding Updates for regional
// care-of addresses like home registrations (RFC 5380, 4.2 and 6).
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

HomeAgentConfig map_config() {
    auto config = default_config();
    config.accept_unlisted_nodes = true;
    config.map.enabled = true;
    return config;
}

const auto regional = v6("2001:db8:1::5:1"); // on the prefix of the anchor point
const auto on_link = v6("2001:db8:2::200");

Update local(std::uint16_t sequence, seconds lifetime = seconds(600)) {
    Update update(sequence, lifetime);
    update.of(regional);
    update.message.flags.home_registration = false;
    update.message.flags.map_registration = true;
    return update;
}

} // namespace

TEST_CASE("a local Binding Update is answered with a type 2 routing header", "[D-1-01]") {
    Scene scene(map_config());
    scene.native(local(1), on_link);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    const auto& route = std::get<NativeIpv6>(answer.sent.route);
    CHECK(answer.sent.destination == regional);
    CHECK(route.wire_destination == on_link);
    CHECK(route.routing_header);
    REQUIRE(scene.binding(regional));
    CHECK(scene.binding(regional)->care_of == wire::IpAddress(on_link));

    SECTION("a move, as at a home agent") {
        scene.native(local(2), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.binding(regional)->care_of == wire::IpAddress(visited2));
    }
    SECTION("an old sequence number: 135") {
        scene.native(local(1), on_link);
        CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    }
    SECTION("de-registration") {
        scene.native(local(2, seconds(0)), on_link);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK_FALSE(scene.registered(regional));
    }
    SECTION("several care-of addresses") {
        scene.native(local(2).bid(1, on_link).overwrite(), on_link);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.bids(regional) == std::vector<std::uint16_t>{1});
    }
}

TEST_CASE("dual stack at an anchor point: an IPv4 care-of address and an IPv4 address",
          "[D-1-01]") {
    Scene scene(map_config());
    scene.udp(local(1).care_of4(private4).home4("0.0.0.0"), outside);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    REQUIRE(answer.home4().size() == 1);
    CHECK(answer.home4().front().status == wire::Ipv4AddressStatus::Success);
    REQUIRE(scene.binding(regional));
    CHECK(scene.binding(regional)->nat);
}

TEST_CASE("what an anchor point refuses", "[D-1-01]") {
    auto config = map_config();
    SECTION("an address elsewhere: 132") {
        Scene scene(config);
        scene.native(local(1).of(v6("2001:db8:9::1")), on_link);
        CHECK(scene.answer().status() == BindingStatus::NotHomeSubnet);
    }
    SECTION("an on-link care-of address outside its domain: 129") {
        config.map.care_of6 = {wire::Prefix6::parse("2001:db8:2::/64").value()};
        Scene scene(config);
        scene.native(local(1), on_link);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        scene.native(local(2), visited2);
        CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
        // Home registrations are none of its domain's business.
        scene.native(Update(1), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    SECTION("M without A is no local Binding Update: not authenticated, no answer") {
        Scene scene(config);
        auto update = local(1);
        update.message.flags.acknowledge = false;
        scene.native(update, on_link);
        CHECK(scene.silent());
        CHECK(scene.counter("drop_correspondent_registration") == 1);
    }
}

TEST_CASE("to a home agent that is no anchor point M means nothing", "[D-1-01]") {
    auto config = map_config();
    config.map.enabled = false;
    Scene scene(config);
    scene.native(local(1), on_link);
    CHECK(scene.silent());
    CHECK(scene.counter("drop_correspondent_registration") == 1);
    Update both(1);
    both.message.flags.map_registration = true;
    scene.native(both, on_link);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}
