// SPDX-License-Identifier: GPL-2.0-or-later
// A mobile node goes to another home agent: sent away, refused, or left without an answer.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {

namespace {

const auto second6 = v6("2001:db8:1::2"); // on the prefix of the home address
const auto second4 = v4("192.0.2.2");
const auto third6 = v6("2001:db8:9::3");
const auto unknown6 = v6("2001:db8:1::77");
const auto here = "2001:db8:2::200";

MobileNodeConfig config() {
    auto result = plain_config();
    result.other_home_agents = {{third6, std::nullopt}, {second6, second4}};
    return result;
}

void send_away(Scene& scene, std::vector<wire::Ipv6Address> to) {
    wire::HomeAgentSwitch message;
    message.home_agents = std::move(to);
    scene.from_home_agent(message);
}

// The home agent that was asked answers; Scene::answer() knows one only.
void accept_from(Scene& scene, const Sent& sent, const Answer& answer = {}) {
    auto arrival = scene.answer_to(sent, answer);
    const auto decoded = wire::decode(arrival.octets, arrival.message.source,
                                      arrival.message.destination, wire::Dialect::Rfc);
    REQUIRE(decoded);
    const auto asked = sent.message.destination;
    arrival.octets = wire::encode(*decoded, wire::Dialect::Rfc, asked, home_address).value();
    arrival.message.source = asked;
    if (arrival.message.wire_source) {
        arrival.message.wire_source = asked;
    }
    scene.deliver(arrival);
}

} // namespace

TEST_CASE("told to switch: de-registers, then registers with the first of the list") {
    Scene scene(config());
    registered(scene, wlan(here));
    send_away(scene, {second6, third6});
    CHECK(scene.count("switch_requests") == 1);

    const auto leaving = scene.take();
    CHECK(leaving.update.lifetime.is_zero());
    CHECK(leaving.message.destination == home_agent6);
    CHECK(scene.pending() == 0);
    CHECK(scene.row().state == RegistrationState::deregistering);
    CHECK(scene.node.home_agent().address6 == home_agent6);

    scene.accept(leaving);
    CHECK(scene.node.home_agent() == HomeAgentAddresses{second6, second4});
    REQUIRE(scene.used.size() == 1);
    CHECK(scene.used.front().address6 == second6);
    CHECK(scene.used.front().address4 == second4);
    scene.advance(Duration(0));
    const auto arriving = scene.take();
    CHECK(arriving.message.destination == second6);
    CHECK_FALSE(arriving.update.lifetime.is_zero());
    // Binding, addresses and routes stay where they are meanwhile.
    CHECK(scene.kernel() != nullptr);
    CHECK(scene.withdrawn.empty());
    accept_from(scene, arriving);
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK(scene.count("home_agent_changes") == 1);

    SECTION("the old one has nothing to say any more") {
        send_away(scene, {third6});
        CHECK(scene.count("drop_not_from_home_agent") == 1);
        CHECK(scene.pending() == 0);
    }
}

TEST_CASE("the home agent that is left refuses to let go") {
    Scene scene(config());
    registered(scene, wlan(here));
    send_away(scene, {second6});
    const auto leaving = scene.take();
    Answer refusal;
    SECTION("for now: asked again, so that two home agents do not answer for one address") {
        refusal.status = wire::BindingStatus::InsufficientResources;
        scene.answer(leaving, refusal);
        CHECK(scene.node.home_agent().address6 == home_agent6);
        scene.advance(seconds(1));
        const auto again = scene.take();
        CHECK(again.update.lifetime.is_zero());
        SECTION("done then") {
            scene.accept(again);
        }
        SECTION("or given up") {
            scene.answer(again, refusal);
            scene.advance(seconds(5));
            CHECK(scene.node.home_agent().address6 == home_agent6);
            scene.advance(seconds(1));
        }
    }
    SECTION("because it does not serve this node: no use to ask again") {
        refusal.status = wire::BindingStatus::AdministrativelyProhibited;
        scene.answer(leaving, refusal);
    }
    CHECK(scene.node.home_agent().address6 == second6);
}

TEST_CASE("the list counts: own prefix first, unknown addresses too, configured ones behind") {
    Scene scene(config());
    registered(scene, wlan(here));
    send_away(scene, {third6, unknown6, home_agent6, v6("ff02::1")});
    scene.accept(scene.take());
    CHECK(scene.node.home_agent() == HomeAgentAddresses{unknown6, std::nullopt});
    // Nobody answers there, nor at the next one: on to the third, known from the configuration.
    scene.advance(seconds(11));
    CHECK(scene.node.home_agent().address6 == third6);
    scene.advance(seconds(11));
    CHECK(scene.node.home_agent().address6 == second6);
    scene.advance(seconds(11));
    CHECK(scene.node.home_agent().address6 == home_agent6); // the last resort
}

TEST_CASE("zero addresses: the configured ones") {
    Scene scene(config());
    registered(scene, wlan(here));
    send_away(scene, {});
    scene.accept(scene.take());
    CHECK(scene.node.home_agent().address6 == third6);
}

TEST_CASE("sent away without knowing anybody else: it stays") {
    Scene scene;
    registered(scene, wlan(here));
    send_away(scene, {});
    send_away(scene, {home_agent6});
    CHECK(scene.count("drop_no_other_home_agent") == 2);
    CHECK(scene.pending() == 0);
    CHECK(scene.row().state == RegistrationState::registered);
}

TEST_CASE("a home agent that does not acknowledge de-registration is left all the same") {
    Scene scene(config());
    registered(scene, wlan(here));
    send_away(scene, {second6});
    send_away(scene, {second6}); // again, before it has heard of it
    scene.advance(seconds(7));
    CHECK(scene.node.home_agent().address6 == second6);
    unsigned leaving = 0;
    while (scene.pending() > 0) {
        const auto sent = scene.take();
        leaving += sent.message.destination == home_agent6 ? 1 : 0;
    }
    CHECK(leaving == 3);
}

TEST_CASE("ignored: from others, to other addresses, while de-registering for good") {
    Scene scene(config());
    registered(scene, wlan(here));
    SECTION("another source") {
        wire::HomeAgentSwitch message;
        message.home_agents = {second6};
        Arrival arrival;
        arrival.octets = wire::encode(message, wire::Dialect::Rfc, third6, home_address).value();
        arrival.message.source = third6;
        arrival.message.destination = home_address;
        scene.deliver(arrival);
        CHECK(scene.count("drop_not_from_home_agent") == 1);
        CHECK(scene.pending() == 0);
    }
    SECTION("to the care-of address") {
        wire::HomeAgentSwitch message;
        message.home_agents = {second6};
        scene.from_home_agent(message, v6(here));
        CHECK(scene.count("drop_not_for_home_address") == 1);
        CHECK(scene.pending() == 0);
    }
    SECTION("stopping") {
        scene.stop();
        const auto last = scene.take();
        send_away(scene, {second6});
        CHECK(scene.pending() == 0);
        scene.accept(last);
        CHECK(scene.node.finished());
    }
}

TEST_CASE("over IPv4 it goes on with the IPv4 address that the configuration has") {
    Scene scene(config());
    registered(scene, lte("198.51.100.7"));
    send_away(scene, {third6, second6});
    scene.accept(scene.take());
    // The one on the home prefix comes first, and it has an IPv4 address.
    scene.advance(Duration(0));
    const auto arriving = scene.take();
    REQUIRE(arriving.udp() != nullptr);
    CHECK(arriving.udp()->remote.address == wire::IpAddress(second4));
    accept_from(scene, arriving);
    CHECK(scene.row().state == RegistrationState::registered);
}

TEST_CASE("refused with 129 or 130: the next one; when all refuse, not again before the back-off") {
    const auto status = GENERATE(wire::BindingStatus::AdministrativelyProhibited,
                                 wire::BindingStatus::InsufficientResources);
    Scene scene(config());
    scene.network({wlan(here)});
    Answer refusal;
    refusal.status = status;
    std::vector<wire::Ipv6Address> asked;
    for (int i = 0; i < 3; ++i) {
        scene.advance(seconds(1));
        const auto sent = scene.take();
        CHECK_FALSE(sent.update.lifetime.is_zero()); // nothing to de-register there
        asked.push_back(sent.message.destination);
        accept_from(scene, sent, refusal);
    }
    CHECK(asked == std::vector{home_agent6, third6, second6});
    scene.advance(seconds(31));
    CHECK(scene.pending() == 0);
    scene.advance(seconds(2));
    const auto again = scene.take();
    CHECK(again.message.destination == second6);
    accept_from(scene, again);
    CHECK(scene.row().state == RegistrationState::registered);
}

TEST_CASE("a refresh that is refused with 129: leaves properly") {
    Scene scene(config());
    registered(scene, wlan(here));
    scene.from_home_agent(wire::BindingRefreshRequest{});
    Answer refusal;
    refusal.status = wire::BindingStatus::AdministrativelyProhibited;
    scene.answer(scene.take(), refusal);
    const auto leaving = scene.take();
    CHECK(leaving.update.lifetime.is_zero());
    CHECK(leaving.message.destination == home_agent6);
    scene.accept(leaving);
    CHECK(scene.node.home_agent().address6 == third6);
}

TEST_CASE("with several care-of addresses all of them move") {
    auto both = mcoa_config();
    both.other_home_agents = {{second6, second4}};
    Scene scene(both);
    scene.network({wlan(here), lte("2001:db8:3::300")});
    while (scene.pending() > 0) {
        scene.accept(scene.take());
        scene.advance(Duration(0));
    }
    REQUIRE(scene.row(1).state == RegistrationState::registered);
    REQUIRE(scene.row(2).state == RegistrationState::registered);
    send_away(scene, {second6});
    const auto leaving = scene.take();
    CHECK(leaving.update.lifetime.is_zero());
    CHECK(leaving.bids().empty());
    scene.accept(leaving);
    for (int i = 0; i < 4; ++i) {
        scene.advance(seconds(1));
        while (scene.pending() > 0) {
            const auto sent = scene.take();
            CHECK(sent.message.destination == second6);
            accept_from(scene, sent);
        }
    }
    CHECK(scene.row(1).state == RegistrationState::registered);
    CHECK(scene.row(2).state == RegistrationState::registered);
}

TEST_CASE("a successor goes on with the home agent of its predecessor, if it knows it") {
    Scene scene(config());
    scene.node.start_with(second6);
    CHECK(scene.node.home_agent() == HomeAgentAddresses{second6, second4});
    scene.node.start_with(unknown6);
    CHECK(scene.node.home_agent().address6 == second6);
    scene.network({wlan(here)});
    CHECK(scene.take().message.destination == second6);
}

} // namespace dsmip::mobility::test
