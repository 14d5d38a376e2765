// SPDX-License-Identifier: GPL-2.0-or-later
// Plain registration: sequence numbers, lifetimes, moves, de-registration.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"
#include "mobility/binding_cache.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

TEST_CASE("sequence numbers are compared modulo 2**16 with a window of 32767") {
    CHECK(sequence_in_window(0, 1));
    CHECK(sequence_in_window(0, 32767));
    CHECK_FALSE(sequence_in_window(0, 32768));
    CHECK_FALSE(sequence_in_window(0, 0));
    CHECK_FALSE(sequence_in_window(1, 0));
    CHECK(sequence_in_window(65535, 0));
    CHECK(sequence_in_window(65535, 32766));
    CHECK_FALSE(sequence_in_window(65535, 32767));
    CHECK(sequence_in_window(40000, 1000));
}

TEST_CASE("one Binding Update over IPv6 makes the binding for both home addresses",
          "[D-2.3-01][D-2.3.1-03][D-2.3.1-05][D-2.3.1-06]") {
    Scene scene;
    scene.native(Update(7).home4("192.0.2.10").alternate(visited), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    CHECK(answer.message.sequence == 7);
    CHECK(answer.message.lifetime.duration() == seconds(600));
    REQUIRE(answer.home4().size() == 1);
    CHECK(answer.home4().front().status == wire::Ipv4AddressStatus::Success);
    CHECK(answer.home4().front().address == v4("192.0.2.10"));
    CHECK_FALSE(answer.nat());

    const auto entry = scene.registered(node);
    REQUIRE(entry);
    CHECK(entry->home_addresses4 == std::vector{v4("192.0.2.10")});
    REQUIRE(entry->bindings.size() == 1);
    const auto& binding = entry->bindings.front();
    CHECK(binding.bid == 0);
    CHECK(binding.care_of == wire::IpAddress(visited));
    CHECK(binding.encapsulation == Encapsulation::direct);
    CHECK(binding.port == 0);
    CHECK(binding.lifetime == seconds(600));
    CHECK(binding.sequence == 7);
    CHECK_FALSE(binding.mcoa);
    CHECK_FALSE(binding.nat);
    CHECK(scene.agent.node_count() == 1);
    CHECK(scene.agent.binding_count() == 1);
    CHECK(scene.counter("registrations_accepted") == 1);
    CHECK(scene.reported("binding-accepted"));
}

TEST_CASE("135 carries the last accepted number and leaves the entry alone") {
    Scene scene;
    scene.native(Update(100), visited);
    (void)scene.answer();
    for (const std::uint16_t late : {100, 99, 0, 32868}) {
        scene.native(Update(late), visited2);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
        CHECK(answer.message.sequence == 100);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited));
    }
    scene.native(Update(32867), visited2);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
}

TEST_CASE("a refused Binding Update does not move the sequence number") {
    Scene scene;
    scene.native(Update(100), visited);
    (void)scene.answer();
    Update router(200);
    router.message.flags.mobile_router = true;
    scene.native(router, visited);
    CHECK(scene.answer().status() == BindingStatus::RegistrationTypeChangeDisallowed);
    scene.native(Update(101), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("granted is what was asked for, up to the configured maximum") {
    auto config = default_config();
    config.max_lifetime = minutes(5);
    Scene scene(config);
    scene.native(Update(1, seconds(40)), visited);
    CHECK(scene.answer().message.lifetime.duration() == seconds(40));
    CHECK(scene.binding(node)->lifetime == seconds(40));
    scene.native(Update(2, seconds(262140)), visited);
    CHECK(scene.answer().message.lifetime.duration() == minutes(5));
    CHECK(scene.binding(node)->lifetime == minutes(5));

    SECTION("and a tiny maximum does not turn it into a de-registration") {
        config.max_lifetime = milliseconds(1);
        Scene strict(config);
        strict.native(Update(1), visited);
        const auto answer = strict.answer();
        CHECK(answer.status() == BindingStatus::Accepted);
        CHECK(answer.message.lifetime.duration() == seconds(4));
    }
}

TEST_CASE("a binding ends with its lifetime and not later") {
    Scene scene;
    scene.kernel_tells_expiry = GENERATE(true, false);
    scene.native(Update(1, seconds(40)), visited);
    (void)scene.answer();
    scene.advance(seconds(40) - milliseconds(1));
    CHECK(scene.binding(node));
    scene.advance(milliseconds(1));
    CHECK_FALSE(scene.binding(node));
    scene.advance(seconds(1)); // where the kernel's word got lost
    CHECK(scene.agent.node_count() == 0);
    CHECK(scene.agent.binding_count() == 0);
    CHECK(scene.counter("bindings_expired") == 1);
    CHECK(scene.reported("binding-expired"));
    CHECK_FALSE(scene.agent.next_deadline());
    // Nothing is left of the sequence number either.
    scene.native(Update(1), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("an expired binding that nobody has cleared away yet counts for nothing") {
    Scene scene;
    scene.kernel_tells_expiry = false;
    scene.native(Update(9, seconds(40)), visited);
    (void)scene.answer();
    scene.advance(seconds(40));
    scene.native(Update(10, seconds(0)), visited);
    CHECK(scene.answer().status() == BindingStatus::NotHomeAgentForThisMobileNode);
    scene.native(Update(3), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.binding(node));
}

TEST_CASE("a refresh renews, a move changes the end point") {
    Scene scene;
    scene.native(Update(1), visited);
    (void)scene.answer();
    scene.advance(minutes(8));
    scene.native(Update(2), visited);
    (void)scene.answer();
    CHECK(scene.binding(node)->lifetime == minutes(10));
    scene.native(Update(3), visited2);
    (void)scene.answer();
    CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
    scene.udp(Update(4).care_of4(visited4), {visited4, 5000});
    (void)scene.answer();
    CHECK(scene.binding(node)->care_of == wire::IpAddress(visited4));
    CHECK(scene.agent.binding_count() == 1);
}

TEST_CASE("de-registration deletes everything and is remembered for ten seconds") {
    Scene scene;
    scene.native(Update(10).home4("192.0.2.10"), visited);
    (void)scene.answer();
    enum class Way { home_link, visited_network, udp, care_of_home_address, mobile_router };
    const auto way = GENERATE(Way::home_link, Way::visited_network, Way::udp,
                              Way::care_of_home_address, Way::mobile_router);
    CAPTURE(static_cast<int>(way));
    Update leave(11, seconds(0));
    switch (way) {
    case Way::home_link:
        scene.home_link(leave);
        break;
    case Way::visited_network:
        scene.native(leave, visited);
        break;
    case Way::udp:
        scene.udp(leave.care_of4(visited4), {visited4, 5000});
        break;
    case Way::care_of_home_address:
        scene.native(Update(11).alternate(node), visited);
        break;
    case Way::mobile_router:
        leave.message.flags.mobile_router = true;
        scene.native(leave, visited);
        break;
    }
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    CHECK(answer.message.lifetime.is_zero());
    CHECK(answer.home4().empty());
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.counter("deregistrations") == 1);
    CHECK(scene.reported("binding-removed"));

    scene.native(Update(10), visited); // late
    const auto late = scene.answer();
    CHECK(late.status() == BindingStatus::SequenceNumberOutOfWindow);
    CHECK(late.message.sequence == 11);
    scene.native(Update(12, seconds(0)), visited);
    CHECK(scene.answer().status() == BindingStatus::NotHomeAgentForThisMobileNode);
    SECTION("a newer one registers") {
        scene.native(Update(13), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.registered(node));
    }
    SECTION("afterwards any number will do") {
        scene.advance(seconds(10));
        CHECK_FALSE(scene.agent.next_deadline());
        scene.native(Update(10), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("nodes do not affect each other") {
    Scene scene;
    scene.native(Update(1), visited);
    (void)scene.answer();
    scene.native(Update(500).of(other), visited);
    (void)scene.answer();
    CHECK(scene.agent.node_count() == 2);
    scene.native(Update(2, seconds(0)), visited);
    (void)scene.answer();
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.registered(other));
}

TEST_CASE("a binding does not outlive its home prefix, and a deprecated one is told") {
    struct Row {
        seconds valid;
        seconds preferred;
        BindingStatus status;
        seconds granted;
    };
    const auto row = GENERATE(
        Row{seconds(10000), seconds(600), BindingStatus::Accepted, seconds(600)},
        Row{seconds(10000), seconds(599), BindingStatus::AcceptedPrefixDiscoveryNecessary,
            seconds(600)},
        Row{seconds(10000), seconds(0), BindingStatus::AcceptedPrefixDiscoveryNecessary,
            seconds(600)},
        // In units of four seconds, rounded down.
        Row{seconds(103), seconds(103), BindingStatus::Accepted, seconds(100)},
        Row{seconds(100), seconds(100), BindingStatus::AcceptedPrefixDiscoveryNecessary,
            seconds(100)},
        Row{seconds(0), seconds(0), BindingStatus::AcceptedPrefixDiscoveryNecessary, seconds(4)});
    CAPTURE(row.valid.count(), row.preferred.count());
    auto config = default_config();
    AdvertisedPrefix prefix;
    prefix.prefix = {v6("2001:db8:1::"), 64};
    prefix.valid_lifetime = row.valid;
    prefix.preferred_lifetime = row.preferred;
    config.prefix_discovery.prefixes = {prefix};
    Scene scene(config);
    scene.native(Update(1), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == row.status);
    CHECK(answer.message.lifetime.duration() == row.granted);
    CHECK(scene.binding(node)->lifetime == row.granted);
    // The end of a registration has nothing to do with it.
    scene.native(Update(2, seconds(0)), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}
