// SPDX-License-Identifier: GPL-2.0-or-later
// A change has several participants: each is asked when the one before it has confirmed, the
// answer waits for all, and what one has done is taken back when another one fails.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"
#include "mobility/binding_cache.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

HomeAgentConfig with_store() {
    auto config = default_config();
    config.has_store = true;
    return config;
}

} // namespace

TEST_CASE("the answer waits for store and kernel") {
    Scene scene(with_store());
    scene.store = Kernel::waits;
    scene.kernel = Kernel::waits;
    scene.native(Update(1), visited);
    CHECK(scene.held_by_store.size() == 1);
    CHECK(scene.held.empty()); // not asked before the store has confirmed
    scene.answer_store();
    CHECK(scene.silent());
    REQUIRE(scene.held.size() == 1);
    scene.answer_kernel();
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.registered(node));
    CHECK(scene.store_in_step());
}

TEST_CASE("what the store cannot keep is refused, and what was registered stays") {
    Scene scene(with_store());
    scene.native(Update(1), visited);
    (void)scene.answer();
    const auto requests = scene.requests;
    scene.store = Kernel::refuses;
    const auto leaving = GENERATE(false, true);
    scene.native(leaving ? Update(2, seconds(0)) : Update(2), visited2);
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    CHECK(scene.requests == requests); // the kernel has never heard of it
    CHECK(scene.counter("store_failures") == 1);
    CHECK(scene.counter("kernel_failures") == 0);
    CHECK(scene.reported("store-request-failed"));
    CHECK(scene.binding(node)->care_of == wire::IpAddress(visited));
    CHECK(scene.store_in_step());
    scene.store = Kernel::works;
    scene.native(Update(2), visited2);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("what the store has kept is taken back when the kernel refuses") {
    Scene scene(with_store());
    const bool first = GENERATE(false, true);
    if (!first) {
        scene.native(Update(1), visited);
        (void)scene.answer();
    }
    scene.kernel = Kernel::refuses;
    scene.native(Update(2), visited2);
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    CHECK(scene.counter("kernel_failures") == 1);
    CHECK(scene.counter("store_repairs") == 1);
    CHECK(scene.counter("kernel_repairs") == 0); // it has changed nothing
    CHECK(scene.store_in_step());
    CHECK(scene.registered(node).has_value() == !first);
    CHECK(scene.stored().empty() == first);
}

TEST_CASE("a store that says nothing") {
    Scene scene(with_store());
    scene.native(Update(1), visited);
    (void)scene.answer();
    scene.store = GENERATE(Kernel::loses_request, Kernel::loses_answer);
    scene.native(Update(2), visited2);
    scene.advance(seconds(10) - milliseconds(1));
    CHECK(scene.silent());
    SECTION("is told what is true") {
        scene.store = Kernel::works;
        scene.advance(milliseconds(1));
        CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
        CHECK(scene.counter("store_timeouts") == 1);
        CHECK(scene.counter("store_repairs") == 1);
        CHECK(scene.counter("kernel_repairs") == 0);
        CHECK(scene.store_in_step());
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited));
    }
    SECTION("is told again and again") {
        scene.advance(seconds(60));
        CHECK(scene.counter("store_repairs") > 2);
        CHECK(scene.counter("store_repairs") < 10);
        scene.store = Kernel::works;
        scene.advance(seconds(60));
        CHECK(scene.store_in_step());
    }
}

TEST_CASE("a kernel and a store that both need repair do not wait for each other") {
    Scene scene(with_store());
    scene.native(Update(1), visited);
    (void)scene.answer();
    scene.kernel = Kernel::loses_answer;
    scene.native(Update(2), visited2); // kept by the store, done by the kernel
    scene.store = Kernel::refuses;
    scene.kernel = Kernel::works;
    scene.advance(seconds(3));
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    CHECK(scene.binding(node)->care_of == wire::IpAddress(visited)); // in step with the kernel
    CHECK_FALSE(scene.store_in_step());
    scene.store = Kernel::works;
    scene.advance(seconds(40));
    CHECK(scene.store_in_step());
}

TEST_CASE("the store forgets what has ended, but for a lease") {
    Scene scene(with_store());
    scene.native(Update(1, seconds(40)), visited);
    (void)scene.answer();
    scene.native(Update(1, seconds(40)).of(other).home4("0.0.0.0"), visited);
    const auto lease = scene.answer().home4().front().address;
    CHECK(scene.stored().size() == 2);
    SECTION("by its lifetime") {
        scene.kernel_tells_expiry = GENERATE(false, true);
        scene.advance(seconds(42));
        CHECK(scene.agent.binding_count() == 0);
    }
    SECTION("by de-registration") {
        scene.native(Update(2, seconds(0)), visited);
        (void)scene.answer();
        scene.native(Update(2, seconds(0)).of(other), visited);
        (void)scene.answer();
        CHECK(scene.stored().size() == 2); // its number counts for another while
        scene.advance(MAX_DELETE_BCE_TIMEOUT);
    }
    SECTION("by the operator") {
        CHECK(scene.remove(node));
        CHECK(scene.remove(other));
        scene.advance(MAX_DELETE_BCE_TIMEOUT);
    }
    const auto stored = scene.stored();
    REQUIRE(stored.size() == 1);
    CHECK(stored.front().node.home_address == other);
    CHECK(stored.front().node.bindings.empty());
    REQUIRE(stored.front().leases.size() == 1);
    CHECK(stored.front().leases.front().prefix == wire::Prefix4{lease, 32});
    CHECK(stored.front().leases.front().remaining > Duration(0));
}

TEST_CASE("a binding that ended while the store was slow") {
    Scene scene(with_store());
    scene.store = Kernel::waits;
    scene.native(Update(1, seconds(4)), visited);
    scene.advance(seconds(5));
    scene.answer_store();
    scene.sent.clear();
    scene.advance(seconds(2));
    CHECK(scene.agent.node_count() == 0);
    CHECK(scene.in_step());
}
