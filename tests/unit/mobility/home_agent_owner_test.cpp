// SPDX-License-Identifier: GPL-2.0-or-later
// Whose bindings are these?  De-registrations from elsewhere, and two nodes with one home address.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

constexpr seconds none{0};

const OwnerChange* owner_change(const Explanation& explanation) {
    const auto& change = explanation.history.owner_change;
    return change ? &*change : nullptr;
}

HomeAgentConfig refusing() {
    auto config = default_config();
    config.policy.refuse_foreign_deregistration = true;
    return config;
}

} // namespace

TEST_CASE("a de-registration from where the node is not registered") {
    const bool refused = GENERATE(false, true);
    Scene scene(refused ? refusing() : default_config());
    const bool identified = GENERATE(false, true);
    auto arrive = Update(1);
    auto leave = Update(2, none);
    scene.native(identified ? arrive.bid(1, visited) : arrive, visited);
    (void)scene.answer();
    scene.native(identified ? leave.bid(1) : leave, visited2);
    const auto answer = scene.answer();
    const auto explanation = scene.agent.explain(scene.now, node);
    if (refused) {
        CHECK(answer.status() == BindingStatus::AdministrativelyProhibited);
        CHECK(scene.registered(node));
        CHECK(scene.counter("refused_from_elsewhere") == 1);
        CHECK(scene.counter("deregistrations_from_elsewhere") == 0);
        CHECK(explanation.history.last->rule->name == "refused_from_elsewhere");
        // Where it is registered it can leave.
        auto own = Update(3, none);
        scene.native(identified ? own.bid(1) : own, visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(owner_change(scene.agent.explain(scene.now, node)) == nullptr);
        return;
    }
    CHECK(answer.status() == BindingStatus::Accepted);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.counter("deregistrations_from_elsewhere") == 1);
    CHECK(scene.reported("deregistered-from-elsewhere"));
    const auto* change = owner_change(explanation);
    REQUIRE(change != nullptr);
    CHECK(change->by == OwnerChange::By::deregistration);
    CHECK(change->to == wire::Endpoint{visited2, 0});
    CHECK(change->before == wire::Endpoint{visited, 0});
    CHECK(change->before_until == scene.now + minutes(10));
    CHECK(change->count == 1);
    CHECK_THAT(std::string(explanation.history.ended->reason), Catch::Contains("not registered"));
}

TEST_CASE("ways by which a node itself leaves are no elsewhere") {
    SECTION("from its care-of address") {
        Scene scene(refusing());
        scene.native(Update(1), visited);
        (void)scene.answer();
        scene.native(Update(2, none), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.counter("deregistrations_from_elsewhere") == 0);
    }
    SECTION("behind a NAT that has given it another port, or has another address") {
        Scene scene(refusing());
        scene.udp(Update(1).care_of4(private4), outside);
        (void)scene.answer();
        const auto from = GENERATE(wire::Endpoint{outside.address, 40999},
                                   wire::Endpoint{v4("203.0.113.77"), 40001});
        scene.udp(Update(2, none).care_of4(private4), from);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.counter("deregistrations_from_elsewhere") == 0);
    }
    SECTION("behind a NAT that was not there before") {
        Scene scene(refusing());
        scene.udp(Update(1).care_of4(visited4), {visited4, 5000});
        (void)scene.answer();
        scene.udp(Update(2, none).care_of4(visited4), outside);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    SECTION("at home") {
        Scene scene(refusing());
        scene.native(Update(1), visited);
        (void)scene.answer();
        scene.home_link(Update(2, none));
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.counter("deregistrations_from_elsewhere") == 0);
    }
    SECTION("through another access, one binding or all of them") {
        Scene scene(refusing());
        scene.native(Update(1).bid(1, visited), visited);
        (void)scene.answer();
        scene.udp(Update(2).bid(2, private4), outside);
        (void)scene.answer();
        const bool all = GENERATE(false, true);
        auto leave = Update(3, none);
        scene.native(all ? leave : leave.bid(2), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.counter("deregistrations_from_elsewhere") == 0);
    }
    SECTION("from another address of its own, naming the registered one") {
        Scene scene(refusing());
        scene.native(Update(1), visited);
        (void)scene.answer();
        scene.native(Update(2, none).alternate(visited), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("two nodes with one home address: the second one comes and goes") {
    Scene scene;
    scene.native(Update(1), visited);
    (void)scene.answer();
    CHECK(owner_change(scene.agent.explain(scene.now, node)) == nullptr);
    scene.advance(seconds(60));
    scene.native(Update(7), visited2);
    (void)scene.answer();
    const auto moved = scene.agent.explain(scene.now, node);
    REQUIRE(owner_change(moved) != nullptr);
    CHECK(owner_change(moved)->by == OwnerChange::By::registration);
    CHECK(owner_change(moved)->before == wire::Endpoint{visited, 0});
    CHECK(owner_change(moved)->to == wire::Endpoint{visited2, 0});

    SECTION("it leaves while the first one still counts on its binding") {
        scene.advance(seconds(60));
        scene.native(Update(8, none), visited2);
        (void)scene.answer();
        CHECK(scene.counter("deregistrations_after_move") == 1);
        CHECK(scene.counter("deregistrations_from_elsewhere") == 0);
        CHECK(scene.reported("deregistered-after-move"));
        CHECK(owner_change(scene.agent.explain(scene.now, node))->before_until ==
              scene.now + seconds(480));
    }
    SECTION("a refresh is no change, and after its time the first place says nothing") {
        scene.advance(minutes(8));
        scene.native(Update(8), visited2);
        (void)scene.answer();
        CHECK(owner_change(scene.agent.explain(scene.now, node))->count == 1);
        scene.advance(minutes(2));
        scene.native(Update(9, none), visited2);
        (void)scene.answer();
        CHECK(scene.counter("deregistrations_after_move") == 0);
    }
    SECTION("to and fro is counted") {
        scene.native(Update(8), visited);
        (void)scene.answer();
        scene.native(Update(9), visited2);
        (void)scene.answer();
        CHECK(owner_change(scene.agent.explain(scene.now, node))->count == 3);
    }
    SECTION("a further care-of address is no change") {
        scene.native(Update(8).bid(1, visited2).overwrite(), visited2);
        (void)scene.answer();
        scene.native(Update(9).bid(2, visited), visited);
        (void)scene.answer();
        CHECK(owner_change(scene.agent.explain(scene.now, node))->count == 1);
    }
}
