// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4 care-of addresses: NAT detection, UDP, forced UDP, TLV header.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

const wire::Endpoint direct{visited4, 5000};
constexpr auto no_keepalive = wire::NatDetection::no_keepalive_needed;

} // namespace

TEST_CASE("without a NAT the tunnel is IP in IPv4",
          "[D-2.3.2.1-04][D-2.3.2.1-06][D-2.3.2.1-08][D-4.2-02][D-4.2-08][D-4.2-12]"
          "[D-4.5-23]") {
    Scene scene;
    scene.udp(Update(1).care_of4(visited4), direct);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    REQUIRE(answer.nat());
    CHECK_FALSE(answer.nat()->force_udp);
    CHECK(answer.nat()->refresh_time == no_keepalive);
    CHECK(answer.home4().empty());
    const auto binding = scene.binding(node);
    REQUIRE(binding);
    CHECK(binding->care_of == wire::IpAddress(visited4));
    CHECK(binding->encapsulation == Encapsulation::direct);
    CHECK(binding->port == 5000); // a peer that uses UDP all the same is understood
    CHECK_FALSE(binding->nat);
    CHECK_FALSE(binding->claimed_care_of);
}

TEST_CASE("behind a NAT traffic goes in UDP to the outer source",
          "[D-2.3.2.2-03][D-2.3.2.2-06][D-2.3.2.2-08][D-2.3.2.2-10][D-3.2.2-02]"
          "[D-3.2.2-03][D-4.2-02][D-4.2-03][D-4.2-04][D-4.2-05][D-4.2-10][D-4.5-02][D-4.5-09]"
          "[D-4.5.1-07]") {
    auto config = default_config();
    config.nat_refresh_time = seconds(75);
    Scene scene(config);
    scene.udp(Update(1).care_of4(private4), outside);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    REQUIRE(answer.nat());
    CHECK_FALSE(answer.nat()->force_udp);
    CHECK(answer.nat()->refresh_time == 75);
    const auto binding = scene.binding(node);
    REQUIRE(binding);
    CHECK(binding->care_of == outside.address);
    CHECK(binding->port == outside.port);
    CHECK(binding->claimed_care_of == private4);
    CHECK(binding->encapsulation == Encapsulation::udp);
    CHECK(binding->nat);

    SECTION("a NAT that changes its mind is followed") {
        const wire::Endpoint rebound{v4("203.0.113.10"), 40999};
        scene.udp(Update(2).care_of4(private4), rebound);
        (void)scene.answer();
        CHECK(scene.binding(node)->care_of == rebound.address);
        CHECK(scene.binding(node)->port == rebound.port);
    }
    SECTION("a private address may look like one of the pool: only the end point counts") {
        scene.udp(Update(2).care_of4(v4("192.0.2.161")), outside);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("without a care-of address to compare a NAT is assumed") {
    Scene scene;
    scene.udp(Update(1), direct);
    CHECK(scene.answer().nat()->refresh_time == 110);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::udp);
    CHECK(scene.binding(node)->nat);
}

TEST_CASE("refusals over UDP say what was seen of the NAT, too", "[D-4.2-12]") {
    Scene scene;
    scene.udp(Update(1).of(unlisted).care_of4(private4), outside);
    auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::AdministrativelyProhibited);
    REQUIRE(answer.nat());
    CHECK(answer.nat()->refresh_time == 110);
    scene.udp(Update(1).of(unlisted).care_of4(visited4), direct);
    answer = scene.answer();
    REQUIRE(answer.nat());
    CHECK(answer.nat()->refresh_time == no_keepalive);
    CHECK_FALSE(answer.nat()->force_udp);
}

TEST_CASE("no NAT Detection option over IPv6", "[D-4.5-11]") {
    Scene scene;
    scene.native(Update(1).force_udp().tlv(), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    CHECK_FALSE(answer.nat());
    CHECK_FALSE(answer.message.flags.tlv);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
}

TEST_CASE("F of the Binding Update asks for UDP without a NAT",
          "[D-3.1.3-01][D-4.1-15][D-4.1-16][D-4.5-10]") {
    auto config = default_config();
    SECTION("granted") {
        Scene scene(config);
        scene.udp(Update(1).care_of4(visited4).force_udp(), direct);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::Accepted);
        CHECK(answer.nat()->force_udp); // all ones alone would mean no UDP
        CHECK(answer.nat()->refresh_time == no_keepalive);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::udp);
        CHECK(scene.binding(node)->forced_udp);
        CHECK_FALSE(scene.binding(node)->nat);
    }
    config.accept_forced_udp = false;
    SECTION("refused with 144") {
        Scene scene(config);
        scene.udp(Update(1).care_of4(visited4).force_udp(), direct);
        CHECK(scene.answer().status() == BindingStatus::CannotForceUdpEncapsulation);
        CHECK_FALSE(scene.registered(node));
        scene.udp(Update(2).care_of4(visited4), direct);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        // Not when leaving, and not where it is about nothing.
        scene.native(Update(3).force_udp(), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        scene.udp(Update(4, seconds(0)).force_udp(), direct);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    SECTION("but not with 144 where that means something else") {
        Scene scene(config);
        scene.udp(Update(1).care_of4(visited4).force_udp().add(wire::ReplayProtection{5}), direct);
        CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
    }
}

TEST_CASE("the home agent imposes UDP by F of the NAT Detection option", "[D-4.1-17][D-4.2-08]") {
    auto config = default_config();
    config.impose_udp = true;
    Scene scene(config);
    scene.udp(Update(1).care_of4(visited4), direct);
    auto answer = scene.answer();
    CHECK(answer.nat()->force_udp);
    CHECK(answer.nat()->refresh_time == no_keepalive);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::udp);
    CHECK(scene.binding(node)->forced_udp);
    scene.udp(Update(1).care_of4(visited4), direct);
    answer = scene.answer();
    CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
    CHECK(answer.nat()->force_udp);
}

TEST_CASE("TLV header: only if asked for, permitted, and where UDP can be used",
          "[D-3.2.3-01][D-4.1-06][D-4.1-07][D-4.1-09][D-4.1-10][D-4.5-12][D-4.5-13]") {
    auto config = default_config();
    SECTION("agreed, and renegotiated by each Binding Update") {
        Scene scene(config);
        scene.udp(Update(1).care_of4(private4).tlv(), outside);
        CHECK(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::udp_tlv);
        scene.udp(Update(2).care_of4(private4), outside);
        CHECK_FALSE(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::udp);
        scene.udp(Update(3).care_of4(visited4).tlv().force_udp(), direct);
        CHECK(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::udp_tlv);
    }
    SECTION("without a NAT, too: it means UDP by itself") {
        Scene scene(config);
        scene.udp(Update(1).care_of4(visited4).tlv(), direct);
        const auto answer = scene.answer();
        CHECK(answer.message.flags.tlv);
        CHECK(answer.nat()->refresh_time == no_keepalive);
        CHECK_FALSE(answer.nat()->force_udp);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::udp_tlv);
        CHECK_FALSE(scene.binding(node)->nat);
        CHECK_FALSE(scene.binding(node)->forced_udp);
        scene.udp(Update(2).care_of4(visited4), direct);
        CHECK_FALSE(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
    }
    SECTION("not over IPv6, where no UDP is used") {
        Scene scene(config);
        scene.native(Update(1).tlv(), visited);
        CHECK_FALSE(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
    }
    SECTION("not without a UDP port of the node") {
        Scene scene(config);
        auto message = scene.udp_frame(node, {visited4, 0});
        message.path->encapsulation = Encapsulation::direct;
        scene.deliver(Scene::octets(Update(1).care_of4(visited4).tlv()), message);
        CHECK_FALSE(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
    }
    SECTION("not if barred, without a NAT") {
        config.accept_tlv = false;
        Scene scene(config);
        scene.udp(Update(1).care_of4(visited4).tlv(), direct);
        CHECK_FALSE(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
    }
    SECTION("not if barred") {
        config.accept_tlv = false;
        Scene scene(config);
        scene.udp(Update(1).care_of4(private4).tlv(), outside);
        CHECK_FALSE(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::udp);
    }
    SECTION("not in a refusal") {
        Scene scene(config);
        scene.udp(Update(1).of(unlisted).care_of4(private4).tlv(), outside);
        CHECK_FALSE(scene.answer().message.flags.tlv);
    }
}

TEST_CASE("a Binding Update in IPv6 directly in IPv4 is answered in kind") {
    Scene scene;
    auto message = scene.udp_frame(node, {visited4, 0});
    message.path->encapsulation = Encapsulation::direct;
    scene.deliver(Scene::octets(Update(1).care_of4(visited4)), message);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    CHECK_FALSE(answer.nat());
    CHECK(std::get<AnswerPath>(answer.sent.route).cookie == message.path->cookie);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
    CHECK(scene.binding(node)->port == 0);
    // There is no port that UDP could be sent to.
    scene.deliver(Scene::octets(Update(2).care_of4(visited4).force_udp()), message);
    CHECK(scene.answer().status() == BindingStatus::CannotForceUdpEncapsulation);
}

TEST_CASE("the answer to the DSMIPv6 example is byte for byte that of the test vector") {
    // Same contents as the vector of the answer "status 0, options 30 and 31 (110 s)".
    Scene scene;
    scene.udp(Update(2).home4("192.0.2.10").care_of4(visited4), outside);
    scene.sent.clear();
    scene.udp(Update(2), outside); // 135 first, to see that the number is taken from the entry
    CHECK(scene.answer().message.sequence == 2);
    Scene fresh;
    fresh.udp(Update(2).home4("192.0.2.10").care_of4(visited4), outside);
    REQUIRE(fresh.sent.size() == 1);
    CHECK(fresh.sent.front().octets ==
          std::vector<std::uint8_t>{0x3b, 0x03, 0x06, 0x00, 0x60, 0x41, 0x00, 0x00,
                                    0x00, 0x02, 0x00, 0x96, 0x1e, 0x06, 0x00, 0x80,
                                    0xc0, 0x00, 0x02, 0x0a, 0x1f, 0x06, 0x00, 0x00,
                                    0x00, 0x00, 0x00, 0x6e, 0x01, 0x02, 0x00, 0x00});
}
