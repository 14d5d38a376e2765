// SPDX-License-Identifier: GPL-2.0-or-later
// A home agent that is being drained: who is asked to leave, when, how often, who is refused, and
// what it says of its progress.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

const auto next6 = v6("2001:db8:1::2");
const auto third6 = v6("2001:db8:9::3");

wire::HomeAgentSwitch switch_of(const SendMessage& message) {
    const auto decoded =
        wire::decode(message.octets, message.source, message.destination, Dialect::Rfc);
    REQUIRE(decoded);
    return std::get<wire::HomeAgentSwitch>(*decoded);
}

void accept(Scene& scene, const Update& update) {
    scene.native(update, visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

void drain(Scene& scene, unsigned rate = 10, seconds grace = seconds(0)) {
    auto actions = scene.agent.drain({{next6, third6}, rate, grace});
    REQUIRE(actions);
    scene.run(*actions);
    scene.advance(Duration(0));
}

DrainStatus status(const Scene& scene) {
    REQUIRE(scene.agent.drain_status());
    return *scene.agent.drain_status();
}

} // namespace

TEST_CASE("a node is asked to leave, to its home address, with the list in order") {
    Scene scene;
    accept(scene, Update(1));
    drain(scene);
    REQUIRE(scene.sent.size() == 1);
    CHECK(scene.sent.front().source == agent6);
    CHECK(scene.sent.front().destination == node);
    const auto& route = std::get<NativeIpv6>(scene.sent.front().route);
    CHECK(route.wire_destination == node);
    CHECK_FALSE(route.routing_header);
    const auto message = switch_of(scene.sent.front());
    CHECK(message.home_agents == std::vector{next6, third6});
    CHECK(message.options.empty());
    CHECK(scene.counter("switch_requests_sent") == 1);
    CHECK(status(scene).asked == 1);
    CHECK(status(scene).waiting == 0);

    SECTION("again after 5 s, then 10 s, then every 20 s") {
        scene.advance(milliseconds(4999));
        CHECK(scene.sent.size() == 1);
        scene.advance(milliseconds(1));
        CHECK(scene.sent.size() == 2);
        scene.advance(seconds(10));
        CHECK(scene.sent.size() == 3);
        scene.advance(seconds(20));
        CHECK(scene.sent.size() == 4);
        scene.advance(seconds(60));
        CHECK(scene.sent.size() == 7);
        CHECK(status(scene).messages == 7);
    }
    SECTION("de-registration is the answer") {
        scene.sent.clear();
        accept(scene, Update(2, seconds(0)));
        CHECK(status(scene).asked == 0);
        CHECK(status(scene).gone == 1);
        CHECK(scene.reported("drain-complete"));
        scene.advance(minutes(2));
        CHECK(scene.silent());
    }
    SECTION("one that does not understand stays until its lifetime ends") {
        scene.advance(seconds(601));
        CHECK(status(scene).asked == 0);
        CHECK(status(scene).gone == 1);
        const auto messages = scene.sent.size();
        scene.advance(minutes(2));
        CHECK(scene.sent.size() == messages);
    }
    SECTION("its refresh is refused") {
        scene.sent.clear();
        scene.native(Update(2), visited);
        CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
        CHECK(scene.counter("refused_by_drain") == 1);
        CHECK(scene.registered(node)); // until the end of its lifetime
    }
    SECTION("stopped: nobody is asked, nobody refused") {
        scene.run(scene.agent.stop_drain());
        CHECK_FALSE(scene.agent.drain_status());
        CHECK(scene.reported("drain-stopped"));
        scene.sent.clear();
        scene.advance(minutes(2));
        CHECK(scene.silent());
        accept(scene, Update(2));
        accept(scene, Update(1).of(other));
    }
    SECTION("a restart ends it") {
        scene.restart(default_config());
        scene.sent.clear();
        CHECK_FALSE(scene.agent.drain_status());
        accept(scene, Update(2));
        scene.advance(minutes(2));
        CHECK(scene.silent());
    }
}

TEST_CASE("new nodes are refused with 129 while a home agent is drained, old ones until asked") {
    auto config = default_config();
    config.accept_unlisted_nodes = true;
    Scene scene(config);
    accept(scene, Update(1));
    for (unsigned i = 0; i < 8; ++i) {
        accept(scene, Update(1).of(v6(("2001:db8:1::70" + std::to_string(i)).c_str())));
    }
    drain(scene, 1); // three at once, then one per second
    CHECK(scene.sent.size() == 3);
    CHECK(status(scene).waiting == 6);
    scene.sent.clear();

    scene.native(Update(1).of(other), visited);
    CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
    CHECK(scene.counter("refused_by_drain") == 1);
    const auto explanation = scene.agent.explain(scene.now, other);
    REQUIRE(explanation.history.last);
    CHECK(explanation.history.last->rule->name == "refused_by_drain");

    // Of nine nodes six were not asked: their refreshes are accepted.
    unsigned accepted = 0;
    for (unsigned i = 0; i < 8; ++i) {
        scene.native(Update(2).of(v6(("2001:db8:1::70" + std::to_string(i)).c_str())), visited);
        accepted += scene.answer().status() == BindingStatus::Accepted ? 1 : 0;
    }
    CHECK(accepted >= 5);
    CHECK(accepted <= 6);
    scene.advance(seconds(4));
    CHECK(scene.sent.size() == 4);
    scene.advance(seconds(2));
    CHECK(status(scene).waiting == 0);
    CHECK(status(scene).asked == 9);
}

TEST_CASE("with time to leave: advice in the message, refreshes until it is over") {
    Scene scene;
    accept(scene, Update(1));
    drain(scene, 10, seconds(40));
    REQUIRE(scene.sent.size() == 1);
    const auto message = switch_of(scene.sent.front());
    const auto* advice = wire::find_option<wire::BindingRefreshAdvice>(message.options);
    REQUIRE(advice != nullptr);
    CHECK(advice->refresh_interval.duration() == seconds(40));
    scene.sent.clear();
    scene.advance(seconds(4));
    accept(scene, Update(2));
    scene.advance(seconds(36));
    scene.sent.clear();
    scene.native(Update(3), visited);
    CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
}

TEST_CASE("a short time to leave: asked again at half of it") {
    Scene scene;
    accept(scene, Update(1));
    drain(scene, 10, seconds(8));
    CHECK(scene.sent.size() == 1);
    scene.advance(seconds(4));
    CHECK(scene.sent.size() == 2);
}

TEST_CASE("zero addresses: the node is to discover one") {
    Scene scene;
    accept(scene, Update(1));
    auto actions = scene.agent.drain({});
    REQUIRE(actions);
    scene.run(*actions);
    scene.advance(Duration(0));
    REQUIRE(scene.sent.size() == 1);
    CHECK(switch_of(scene.sent.front()).home_agents.empty());
}

TEST_CASE("a request that cannot be is refused and changes nothing") {
    Scene scene;
    accept(scene, Update(1));
    const auto refused = scene.agent.drain({{next6, agent6}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().find("this home agent") != std::string::npos);
    CHECK_FALSE(scene.agent.drain({{v6("ff02::1")}}));
    CHECK_FALSE(scene.agent.drain({std::vector(drain_targets_max + 1, next6)}));
    CHECK_FALSE(scene.agent.drain_status());
}

TEST_CASE("draining an empty home agent is done at once") {
    Scene scene;
    drain(scene);
    CHECK(scene.reported("drain-complete"));
    CHECK(scene.silent());
    CHECK_FALSE(scene.agent.next_deadline());
}
