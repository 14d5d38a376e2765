// SPDX-License-Identifier: GPL-2.0-or-later
// The format of the tunnel and the keepalive, as the NAT Detection option and the flags decide.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {
namespace {

constexpr auto no_keepalive = wire::NatDetection::no_keepalive_needed;

struct Case {
    const char* what;
    bool asked_force = false;
    bool asked_tlv = false;
    bool granted_tlv = false;
    wire::NatDetection option;
    Encapsulation encapsulation = Encapsulation::direct;
    bool nat = false;
    bool forced = false;
    seconds keepalive{0};
};

} // namespace

TEST_CASE("format and keepalive by flag F, refresh time and T",
          "[D-2.3.2-01][D-3.2.2-04][D-3.2.2-06][D-3.2.2-07][D-4.1-08][D-4.1-14]"
          "[D-4.2-06][D-4.2-08][D-4.3-02][D-4.3-03][D-4.3-04][D-4.3-05][D-4.4-19][D-4.4-20]"
          "[D-4.4-25][D-4.4.1-02][D-4.4.1-03][D-4.4.1-04][D-6-01]") {
    const auto test = GENERATE(Case{"no NAT",
                                    false,
                                    false,
                                    false,
                                    {false, no_keepalive},
                                    Encapsulation::direct,
                                    false,
                                    false,
                                    seconds(0)},
                               Case{"no NAT, UDP imposed",
                                    false,
                                    false,
                                    false,
                                    {true, no_keepalive},
                                    Encapsulation::udp,
                                    false,
                                    true,
                                    seconds(0)},
                               Case{"NAT, interval of the home agent",
                                    false,
                                    false,
                                    false,
                                    {false, 40},
                                    Encapsulation::udp,
                                    true,
                                    false,
                                    seconds(40)},
                               Case{"NAT, no information",
                                    false,
                                    false,
                                    false,
                                    {false, 0},
                                    Encapsulation::udp,
                                    true,
                                    false,
                                    seconds(110)},
                               Case{"NAT and UDP imposed",
                                    false,
                                    false,
                                    false,
                                    {true, 20},
                                    Encapsulation::udp,
                                    true,
                                    true,
                                    seconds(20)},
                               Case{"F asked and accepted",
                                    true,
                                    false,
                                    false,
                                    {false, no_keepalive},
                                    Encapsulation::udp,
                                    false,
                                    true,
                                    seconds(0)},
                               Case{"T agreed, NAT",
                                    false,
                                    true,
                                    true,
                                    {false, 30},
                                    Encapsulation::udp_tlv,
                                    true,
                                    false,
                                    seconds(30)},
                               Case{"T agreed, no NAT",
                                    false,
                                    true,
                                    true,
                                    {false, no_keepalive},
                                    Encapsulation::udp_tlv,
                                    false,
                                    false,
                                    seconds(0)},
                               Case{"T asked, not granted",
                                    false,
                                    true,
                                    false,
                                    {false, 30},
                                    Encapsulation::udp,
                                    true,
                                    false,
                                    seconds(30)},
                               Case{"T granted, not asked",
                                    false,
                                    false,
                                    true,
                                    {false, 30},
                                    Encapsulation::udp,
                                    true,
                                    false,
                                    seconds(30)},
                               Case{"T and F",
                                    true,
                                    true,
                                    true,
                                    {true, no_keepalive},
                                    Encapsulation::udp_tlv,
                                    false,
                                    true,
                                    seconds(0)});
    INFO(test.what);
    auto config = plain_config();
    config.force_udp = test.asked_force;
    config.prefer_tlv = test.asked_tlv;
    Scene scene(config);
    Answer answer;
    answer.tlv = test.granted_tlv;
    answer.nat = test.option;
    registered(scene, wlan("10.0.0.7"), answer);

    REQUIRE(scene.kernel() != nullptr);
    CHECK(scene.kernel()->encapsulation == test.encapsulation);
    CHECK(scene.kernel()->nat == test.nat);
    CHECK(scene.kernel()->forced_udp == test.forced);
    CHECK(scene.kernel()->port == 0);
    CHECK(scene.row().encapsulation == test.encapsulation);
    CHECK(scene.row().nat == test.nat);
    CHECK(scene.row().keepalive == test.keepalive);

    const auto wait = test.keepalive == seconds(0) ? seconds(450) : test.keepalive;
    scene.advance(wait - seconds(1));
    CHECK(scene.pending() == 0);
    scene.advance(seconds(1));
    CHECK(scene.pending() == 1);
}

TEST_CASE("the draft dialect has the TLV header of the draft", "[D-4.1-12]") {
    auto config = plain_config();
    config.prefer_tlv = true;
    config.dialect = wire::Dialect::Draft;
    Scene scene(config);
    scene.network({wlan("10.0.0.7")});
    const auto update = scene.take();
    Answer answer;
    answer.tlv = true;
    answer.nat = wire::NatDetection{false, 30};
    auto arrival = scene.answer_to(update, answer);
    wire::BindingAcknowledgement acknowledgement;
    acknowledgement.flags.tlv = true;
    acknowledgement.sequence = update.update.sequence;
    acknowledgement.lifetime = lifetime(seconds(600));
    acknowledgement.options.emplace_back(wire::NatDetection{false, 30});
    arrival.octets =
        wire::encode(acknowledgement, wire::Dialect::Draft, home_agent6, home_address).value();
    scene.deliver(arrival);
    CHECK(scene.kernel()->encapsulation == Encapsulation::udp_tlv_draft);
    CHECK(scene.kernel()->draft);
}

TEST_CASE("no NAT Detection option: nothing asks for UDP", "[D-4.2-08]") {
    Scene scene;
    Answer answer;
    answer.without_nat_option = true;
    registered(scene, wlan("198.51.100.7"), answer);
    CHECK(scene.kernel()->encapsulation == Encapsulation::direct);
    CHECK(scene.row().keepalive == seconds(0));
}

TEST_CASE("over IPv6 there is no UDP whatever the option says", "[D-4.4.1-01][D-4.5-11]") {
    auto config = plain_config();
    config.force_udp = true;
    config.prefer_tlv = true;
    Scene scene(config);
    Answer answer;
    answer.nat = wire::NatDetection{true, 10};
    answer.tlv = true;
    registered(scene, wlan("2001:db8:2::200"), answer);
    CHECK(scene.kernel()->encapsulation == Encapsulation::direct);
    scene.advance(seconds(60));
    CHECK(scene.pending() == 0);
}

TEST_CASE("keepalives are Binding Updates at intervals, each of which may change the format",
          "[D-2.3.2.2-11][D-4.1-09][D-4.3-01]") {
    Scene scene;
    Answer answer;
    answer.nat = wire::NatDetection{false, 110};
    registered(scene, wlan("10.0.0.7"), answer);
    for (int round = 0; round < 5; ++round) {
        scene.advance(seconds(110));
        const auto keepalive = scene.take();
        REQUIRE(keepalive.udp() != nullptr);
        CHECK(keepalive.at == scene.now);
        CHECK(scene.row().state == RegistrationState::registered);
        scene.answer(keepalive, answer);
    }
    CHECK(scene.pending() == 0);
    CHECK(scene.row().remaining == seconds(600));

    // The NAT is gone.
    scene.advance(seconds(110));
    scene.accept(scene.take());
    CHECK(scene.kernel()->encapsulation == Encapsulation::direct);
    CHECK_FALSE(scene.kernel()->nat);
    CHECK(scene.row().keepalive == seconds(0));
}

TEST_CASE("the keepalive interval can be configured", "[D-4.3-02]") {
    auto config = plain_config();
    config.keepalive = seconds(15);
    Scene scene(config);
    Answer answer;
    answer.nat = wire::NatDetection{false, wire::NatDetection::no_information};
    registered(scene, wlan("10.0.0.7"), answer);
    CHECK(scene.row().keepalive == seconds(15));
}

} // namespace dsmip::mobility::test
