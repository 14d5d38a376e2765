// SPDX-License-Identifier: GPL-2.0-or-later
// What the Binding Updates of a mobile node say, over IPv6 and over IPv4, and when a
// registration is refreshed.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {

TEST_CASE("over IPv6 a Binding Update is that of plain Mobile IPv6",
          "[D-2.3.1-01][D-2.3.1-09][D-4.4-12][D-2.3-02][M-5.1-07][M-5.3-02][MN-1]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();

    CHECK(update.update.flags.acknowledge);
    CHECK(update.update.flags.home_registration);
    CHECK_FALSE(update.update.flags.force_udp);
    CHECK_FALSE(update.update.flags.tlv);
    CHECK_FALSE(update.update.flags.overwrite);
    CHECK(update.update.lifetime == lifetime(seconds(600)));
    REQUIRE(update.option<wire::AlternateCareOfAddress>() != nullptr);
    CHECK(update.option<wire::AlternateCareOfAddress>()->address == v6("2001:db8:2::200"));
    CHECK(update.option<wire::BindingIdentifier>() == nullptr);
    CHECK(update.option<wire::Ipv4CareOfAddress>() == nullptr);
    CHECK(update.option<wire::Ipv4HomeAddress>() == nullptr);

    REQUIRE(update.native() != nullptr);
    CHECK(update.native()->wire_source == v6("2001:db8:2::200"));
    CHECK(update.native()->wire_destination == home_agent6);
    CHECK(update.native()->home_address_option);
    CHECK_FALSE(update.native()->routing_header);
    CHECK(update.native()->link == 3);
    CHECK(update.message.source == home_address);
    CHECK(update.message.destination == home_agent6);
}

TEST_CASE("the first Binding Update is, octet for octet, the one of the test vector",
          "[D-2.3.1-01]") {
    Scene scene(plain_config(), 0); // so that the first number is 1
    scene.network({wlan("2001:db8:2::200")});
    const std::vector<std::uint8_t> vector{0x3b, 0x03, 0x05, 0x00, 0x6e, 0x7d, 0x00, 0x01,
                                           0xc0, 0x00, 0x00, 0x96, 0x01, 0x00, 0x03, 0x10,
                                           0x20, 0x01, 0x0d, 0xb8, 0x00, 0x02, 0x00, 0x00,
                                           0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00};
    CHECK(scene.take().message.octets == vector);
}

TEST_CASE("from an IPv4 network every Binding Update goes in UDP to the home agent's IPv4 address",
          "[D-2.3.2.1-01][D-2.3.2.1-02][D-2.3.2.2-01][D-2.3.2.2-02][D-3.1.2-01][D-4.1-03]"
          "[D-4.2-01][D-4.2-09][D-4.4-02][D-4.4-03][D-4.4-04][D-4.4-05]") {
    Scene scene;
    scene.network({wlan("198.51.100.7")});
    const auto update = scene.take();

    REQUIRE(update.udp() != nullptr);
    CHECK(update.udp()->remote == wire::Endpoint{home_agent4, 4191});
    CHECK(update.udp()->local == v4("198.51.100.7"));
    CHECK(update.udp()->link == 3);
    CHECK(update.message.source == home_address);
    CHECK(update.message.destination == home_agent6);
    REQUIRE(update.option<wire::Ipv4CareOfAddress>() != nullptr);
    CHECK(update.option<wire::Ipv4CareOfAddress>()->address == v4("198.51.100.7"));
    CHECK(update.option<wire::AlternateCareOfAddress>() == nullptr);

    SECTION("refreshes without a NAT included, so that detection never stops") {
        scene.accept(update);
        CHECK(scene.row().encapsulation == Encapsulation::direct);
        scene.advance(seconds(600));
        CHECK(scene.take().udp() != nullptr);
    }
}

TEST_CASE("an access with IPv4 only is of no use without an IPv4 address of the home agent",
          "[D-2-02]") {
    auto config = plain_config();
    config.home_agent4.reset();
    Scene scene(config);
    scene.network({wlan("198.51.100.7")});
    CHECK(scene.pending() == 0);
    CHECK(scene.reported("no-care-of-address"));
    CHECK(scene.row().state == RegistrationState::idle);
}

TEST_CASE("F and T are set on request, and only over IPv4",
          "[D-3.1.3-01][D-3.1.3-02][D-4.1-05][D-4.1-15][D-4.4-09][D-4.4-10][D-4.5-11][D-5-04]") {
    auto config = plain_config();
    config.force_udp = true;
    config.prefer_tlv = true;
    Scene scene(config);
    scene.network({wlan("198.51.100.7")});
    const auto over4 = scene.take();
    CHECK(over4.update.flags.force_udp);
    CHECK(over4.update.flags.tlv);
    scene.network({wlan("2001:db8:2::200")});
    const auto over6 = scene.take();
    CHECK_FALSE(over6.update.flags.force_udp);
    CHECK_FALSE(over6.update.flags.tlv);
}

TEST_CASE("the draft dialect has F and T where the draft had them", "[D-3.1.3-01][D-3.1.3-02]") {
    auto config = plain_config();
    config.force_udp = true;
    config.prefer_tlv = true;
    config.dialect = wire::Dialect::Draft;
    Scene scene(config);
    scene.network({wlan("198.51.100.7")});
    const auto octets = scene.take().message.octets;
    CHECK((octets.at(8) & 0x0f) == 0x03); // bits 6 and 7
    CHECK((octets.at(9) & 0xc0) == 0x00);
}

TEST_CASE("an accepted registration is in the kernel with what was granted", "[D-4.4-16]") {
    Scene scene;
    Answer answer;
    answer.lifetime = lifetime(seconds(400));
    const auto update = registered(scene, wlan("2001:db8:2::200"), answer);

    REQUIRE(scene.kernel() != nullptr);
    KernelBinding expected;
    expected.care_of = v6("2001:db8:2::200");
    expected.priority = 1;
    expected.link = 3;
    expected.lifetime = seconds(400);
    expected.sequence = update.update.sequence;
    CHECK(*scene.kernel() == expected);
    CHECK(scene.kernel_node.home_addresses4.empty());
    CHECK(scene.row().remaining == seconds(400));
    CHECK(scene.row().attempts == 0);
    CHECK(scene.reported("registration-accepted"));
}

TEST_CASE("the time an answer takes counts against the lifetime", "[MN-3]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    scene.advance(milliseconds(900));
    scene.accept(update);
    CHECK(scene.row().remaining == seconds(600) - milliseconds(900));
    CHECK(scene.kernel()->lifetime == seconds(600) - milliseconds(900));
}

TEST_CASE("more time than was asked for is not believed", "[MN-3]") {
    Scene scene;
    Answer answer;
    answer.lifetime = lifetime(seconds(4000));
    registered(scene, wlan("2001:db8:2::200"), answer);
    CHECK(scene.row().remaining == seconds(600));
}

TEST_CASE("acceptance without any lifetime is no registration", "[MN-3]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    Answer answer;
    answer.lifetime = lifetime(seconds(0));
    scene.answer(scene.take(), answer);
    CHECK(scene.row().state == RegistrationState::failed);
    CHECK(scene.installs.empty());
}

TEST_CASE("a binding is refreshed well before it ends", "[MN-4]") {
    Scene scene;
    const auto first = registered(scene, wlan("2001:db8:2::200"));
    scene.advance(seconds(449));
    CHECK(scene.pending() == 0);
    scene.advance(milliseconds(1500));
    const auto refresh = scene.take();
    CHECK(refresh.update.sequence == first.update.sequence + 1);
    CHECK(scene.row().state == RegistrationState::registered);
    scene.accept(refresh);
    CHECK(scene.row().remaining > seconds(590));
    CHECK(scene.count("updates_refreshing") == 1);

    SECTION("a short one too") {
        scene.advance(seconds(450));
        Answer answer;
        answer.lifetime = lifetime(seconds(8));
        scene.answer(scene.take(), answer);
        scene.advance(seconds(3));
        CHECK(scene.pending() == 0);
        scene.advance(milliseconds(1500));
        CHECK(scene.pending() == 1);
    }
}

TEST_CASE("the refresh advice of the home agent is followed", "[MN-4]") {
    Scene scene;
    Answer answer;
    answer.options.emplace_back(wire::BindingRefreshAdvice{lifetime(seconds(100))});
    registered(scene, wlan("2001:db8:2::200"), answer);
    scene.advance(seconds(99));
    CHECK(scene.pending() == 0);
    scene.advance(seconds(1));
    CHECK(scene.pending() == 1);
}

TEST_CASE("no binding outlives its lifetime", "[MN-4]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    scene.advance(seconds(599));
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK(scene.row().remaining == seconds(1));
    scene.advance(seconds(1));
    CHECK(scene.row().state == RegistrationState::registering);
    CHECK(scene.row().remaining == seconds(0));
    CHECK(scene.reported("registration-lost"));
    CHECK(scene.count("registrations_lost") == 1);

    // The node goes on asking, and comes back.
    scene.advance(seconds(40));
    scene.accept(scene.sent.back());
    CHECK(scene.row().state == RegistrationState::registered);
}

TEST_CASE("a lifetime too long or too short for the message is cut to what fits", "[MN-1]") {
    auto config = plain_config();
    config.lifetime = std::chrono::hours(24 * 365);
    Scene longest(config);
    longest.network({wlan("2001:db8:2::200")});
    CHECK(longest.take().update.lifetime.units == 65535);
    config.lifetime = seconds(1);
    Scene shortest(config);
    shortest.network({wlan("2001:db8:2::200")});
    CHECK(shortest.take().update.lifetime.units == 1);
}

TEST_CASE("a refresh request of the home agent is obeyed", "[M-5.8-01][M-5.8-04][BRR-1]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    scene.from_home_agent(wire::BindingRefreshRequest{});
    CHECK(scene.pending() == 1);
    CHECK(scene.count("refresh_requests") == 1);
}

TEST_CASE("a Binding Error of the home agent leads to a new registration", "[BE-1]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    wire::BindingError error;
    error.home_address = home_address;

    SECTION("unknown binding: sent to the care-of address") {
        scene.from_home_agent(error, v6("2001:db8:2::200"));
        CHECK(scene.pending() == 1);
        CHECK(scene.count("binding_errors") == 1);
    }
    SECTION("unrecognised type, and nothing is waited for: ignored") {
        error.status = wire::BindingErrorStatus::UnrecognizedMhType;
        scene.from_home_agent(error, v6("2001:db8:2::200"));
        CHECK(scene.pending() == 0);
        CHECK(scene.count("drop_error_not_awaited") == 1);
        CHECK_FALSE(scene.reported("binding-error"));
    }
    SECTION("unrecognised type while an answer is waited for: told, and asked on") {
        error.status = wire::BindingErrorStatus::UnrecognizedMhType;
        scene.from_home_agent(wire::BindingRefreshRequest{});
        (void)scene.take();
        scene.from_home_agent(error, v6("2001:db8:2::200"));
        CHECK(scene.reported("binding-error"));
        CHECK(scene.count("binding_errors") == 1);
        CHECK_FALSE(scene.row().last_error.empty());
        scene.advance(seconds(2));
        CHECK(scene.pending() == 1);
    }
    SECTION("a status that nobody knows: ignored") {
        error.status = static_cast<wire::BindingErrorStatus>(9);
        scene.from_home_agent(error, v6("2001:db8:2::200"));
        CHECK(scene.pending() == 0);
        CHECK(scene.count("drop_error_unknown") == 1);
    }
    SECTION("of somebody else: dropped") {
        Arrival arrival;
        const auto stranger = v6("2001:db8:9::1");
        const auto care_of = v6("2001:db8:2::200");
        arrival.octets = wire::encode(error, wire::Dialect::Rfc, stranger, care_of).value();
        arrival.message.source = stranger;
        arrival.message.destination = care_of;
        scene.deliver(arrival);
        CHECK(scene.pending() == 0);
        CHECK(scene.count("drop_not_from_home_agent") == 1);
    }
    SECTION("about someone else: dropped") {
        error.home_address = v6("2001:db8:1::666");
        scene.from_home_agent(error, v6("2001:db8:2::200"));
        CHECK(scene.pending() == 0);
        CHECK(scene.count("drop_foreign_home_address") == 1);
    }
}

} // namespace dsmip::mobility::test
