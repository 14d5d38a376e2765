// SPDX-License-Identifier: GPL-2.0-or-later
// Start-up with a kernel and a store that agree, differ, or have lost everything.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

using Bids = std::vector<std::uint16_t>;

HomeAgentConfig with_store() {
    auto config = default_config();
    config.has_store = true;
    return config;
}

// Two nodes, three bindings, a fixed and a leased IPv4 home address; 100 s ago.
struct Registered : Scene {
    wire::Ipv4Address lease;
    std::vector<KernelNode> before;

    Registered()
        : Scene(with_store()) {
        native(Update(10).home4("192.0.2.10").bid(1, visited), visited);
        (void)answer();
        udp(Update(11).home4("192.0.2.10").bid(2, private4, 7), outside);
        (void)answer();
        native(Update(70).of(other).home4("0.0.0.0"), visited);
        lease = answer().home4().front().address;
        advance(seconds(100));
        before = agent.binding_cache(now);
    }
    [[nodiscard]] const Reconciliation& found() const { return agent.reconciliation(); }
    [[nodiscard]] bool all_as_before() const {
        return agent.binding_cache(now) == before && in_step() && store_in_step();
    }
};

} // namespace

TEST_CASE("kernel and store agree: nobody is asked for anything") {
    Registered scene;
    const auto requests = scene.requests;
    scene.restart(with_store());
    CHECK(scene.all_as_before());
    CHECK(scene.requests == requests);
    CHECK(scene.found().alike == 2);
    CHECK(scene.found().leases == 1);
    CHECK(scene.counter("store_repairs") == 0);
}

TEST_CASE("the kernel has lost everything: bindings come back with what is left of them") {
    Registered scene;
    scene.lose_kernel();
    scene.restart(with_store());
    CHECK(scene.all_as_before());
    CHECK(scene.found().only_in_store == 2);
    CHECK(scene.binding(node, 1)->lifetime == seconds(500));
    CHECK(scene.binding(node, 2)->nat);
    // The numbers are known: an old Binding Update is one.
    scene.native(Update(70).of(other), visited);
    CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    scene.native(Update(71).of(other).home4("0.0.0.0"), visited);
    CHECK(scene.answer().home4().front().address == scene.lease);
}

TEST_CASE("the store has lost everything: it is written anew from the kernel") {
    Registered scene;
    scene.lose_store();
    scene.restart(with_store());
    CHECK(scene.all_as_before());
    CHECK(scene.found().only_in_kernel == 2);
    CHECK(scene.counter("store_repairs") == 2);
    CHECK(scene.counter("kernel_repairs") == 0);
}

TEST_CASE("what ended while nobody was there does not come back") {
    Registered scene;
    scene.lose_kernel();
    scene.now += seconds(600);
    scene.restart(with_store());
    CHECK(scene.agent.node_count() == 0);
    CHECK(scene.in_step());
    const auto stored = scene.stored();
    REQUIRE(stored.size() == 1); // the lease stays the node's own
    CHECK(stored.front().node.home_address == other);
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    CHECK(scene.answer().home4().front().address == scene.lease);
}

TEST_CASE("a lease of a node that is away is not given to others after a restart") {
    auto config = with_store();
    config.accept_unlisted_nodes = true;
    Scene scene(config);
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    const auto lease = scene.answer().home4().front().address;
    scene.native(Update(2, seconds(40)).of(other).home4("0.0.0.0"), visited);
    (void)scene.answer();
    scene.advance(seconds(60)); // not renewed, so not given back
    CHECK(scene.agent.node_count() == 0);
    scene.lose_kernel();
    scene.restart(config);
    CHECK(scene.agent.reconciliation().leases == 1);
    for (std::uint16_t i = 0; i < 5; ++i) {
        auto address = unlisted;
        address.bytes[15] = static_cast<std::uint8_t>(i);
        scene.native(Update(1).of(address).home4("0.0.0.0"), visited);
        CHECK(scene.answer().home4().front().address != lease);
    }
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    CHECK(scene.answer().home4().front().address == lease);
}

TEST_CASE("kernel and store differ: the newest sequence number wins, the other one is told") {
    Scene scene(with_store());
    scene.native(Update(65534), visited);
    (void)scene.answer();
    SECTION("the store was asked, the kernel not any more") {
        scene.kernel = Kernel::loses_request;
        scene.native(Update(3), visited2); // a newer one: numbers go round
        scene.kernel = Kernel::works;
        scene.restart(with_store());
        CHECK(scene.agent.reconciliation().newer_in_store == 1);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
        CHECK(scene.binding(node)->sequence == 3);
        CHECK(scene.counter("kernel_repairs") == 1);
        CHECK(scene.counter("store_repairs") == 0);
    }
    SECTION("the store is older: another disk, or a copy") {
        const auto old = scene.snapshot_store();
        scene.native(Update(65535), visited2);
        (void)scene.answer();
        scene.restore_store(old);
        scene.restart(with_store());
        CHECK(scene.agent.reconciliation().newer_in_kernel == 1);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
        CHECK(scene.counter("kernel_repairs") == 0);
        CHECK(scene.counter("store_repairs") == 1);
    }
    CHECK(scene.store_in_step());
    CHECK(std::any_of(scene.reports.begin(), scene.reports.end(), [](const Report& report) {
        return report.name == "binding-restored" && report.level == Report::Level::debug;
    }));
}

TEST_CASE("a node that is no longer in the configuration is removed everywhere") {
    Registered scene;
    const bool kernel_too = GENERATE(true, false);
    if (!kernel_too) {
        scene.lose_kernel();
    }
    auto config = with_store();
    config.nodes.erase(config.nodes.begin()); // `node`
    scene.restart(config);
    CHECK(scene.agent.reconciliation().removed == 1);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.registered(other));
    CHECK(scene.store_in_step());
    CHECK(scene.stored().size() == 1);
    CHECK(scene.reported("binding-removed"));
}

TEST_CASE("a wall clock that was set back makes no lifetime longer than any") {
    auto config = with_store();
    Scene scene(config);
    StoredRegistration stored;
    stored.node.home_address = node;
    stored.node.bindings.emplace_back().care_of = visited;
    stored.node.bindings.front().lifetime = std::chrono::hours(100);
    scene.run(scene.agent.restore(scene.now, nullptr, &stored));
    CHECK(scene.binding(node)->lifetime == config.max_lifetime);
}

TEST_CASE("a crash after a de-registration: a late Binding Update is still known as one") {
    Scene scene(with_store());
    scene.native(Update(10).home4("192.0.2.10"), visited);
    (void)scene.answer();
    const bool kernel_knows = GENERATE(true, false);
    scene.kernel = kernel_knows ? Kernel::works : Kernel::loses_request;
    scene.native(Update(11, seconds(0)), visited);
    scene.sent.clear();
    scene.kernel = Kernel::works;
    scene.now += seconds(4);
    scene.restart(with_store());
    // Newer in the store than in the kernel, which is told.
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.in_step());
    CHECK(scene.counter("kernel_repairs") == (kernel_knows ? 0 : 1));
    SECTION("for as long as without the crash") {
        scene.native(Update(10), visited);
        CHECK(scene.answer().message.sequence == 11);
        CHECK_FALSE(scene.registered(node));
        scene.advance(seconds(6));
        CHECK(scene.stored().empty());
        scene.native(Update(10), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    SECTION("while a new one is taken") {
        scene.native(Update(12), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.store_in_step());
    }
    SECTION("and after a second crash") {
        scene.now += seconds(3);
        scene.restart(with_store());
        scene.native(Update(11), visited);
        CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
        scene.now += seconds(3);
        scene.restart(with_store());
        CHECK(scene.stored().empty());
    }
}

TEST_CASE("a wall clock that was set back makes a de-registered node no longer known than any") {
    Scene scene(with_store());
    StoredRegistration stored;
    stored.node.home_address = node;
    stored.sequence = 11;
    stored.remembered = std::chrono::hours(100);
    scene.run(scene.agent.restore(scene.now, nullptr, &stored));
    scene.native(Update(11), visited);
    CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    scene.advance(seconds(10));
    scene.native(Update(11), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("what could not be told at start-up is told later") {
    Registered scene;
    scene.lose_kernel();
    scene.kernel = Kernel::refuses;
    scene.restart(with_store());
    CHECK_FALSE(scene.in_step());
    scene.kernel = Kernel::works;
    scene.advance(seconds(3));
    CHECK(scene.in_step());
    CHECK(scene.bids(node) == Bids{1, 2});
}

// Nobody waits for the store when something ends by itself: it may be told too late, or never.
TEST_CASE("a crash before the store has heard of an end") {
    auto config = with_store();
    config.nodes = {{node, {}}, {other, {}}};
    config.address_pool = wire::Prefix4{v4("192.0.2.160"), 32}; // one address
    config.lease_time = seconds(120);
    Scene scene(config);
    scene.native(Update(1).home4("0.0.0.0"), visited);
    const auto lease = scene.answer().home4().front().address;
    scene.store = GENERATE(Kernel::loses_request, Kernel::refuses);
    scene.kernel_tells_expiry = GENERATE(false, true);
    REQUIRE(scene.registered(node));

    SECTION("no dead binding comes back, and the record goes") {
        scene.advance(seconds(130));
        CHECK(scene.stored().size() == 1); // as it was
        scene.lose_kernel();
        scene.store = Kernel::works;
        scene.restart(config);
        CHECK_FALSE(scene.registered(node));
        CHECK(scene.agent.node_count() == 0);
        CHECK(scene.in_step());
        CHECK(scene.stored().empty());
    }
    SECTION("one of two care-of addresses") {
        scene.store = Kernel::works;
        scene.native(Update(2, seconds(40)).home4("0.0.0.0").bid(1, visited).overwrite(), visited);
        (void)scene.answer();
        scene.native(Update(3).home4("0.0.0.0").bid(2, visited2), visited2);
        (void)scene.answer();
        scene.store = Kernel::loses_request;
        scene.advance(seconds(42));
        CHECK(scene.bids(node) == std::vector<std::uint16_t>{2});
        scene.lose_kernel();
        scene.store = Kernel::works;
        scene.restart(config);
        CHECK(scene.bids(node) == std::vector<std::uint16_t>{2});
        CHECK(scene.registered(node)->home_addresses4.front() == lease);
    }
    SECTION("a lease that has not ended stays reserved") {
        scene.store = Kernel::works;
        scene.native(Update(2, seconds(40)).home4("0.0.0.0"), visited);
        (void)scene.answer();
        scene.store = Kernel::loses_request;
        scene.advance(seconds(42));
        scene.store = Kernel::works;
        scene.restart(config);
        CHECK(scene.agent.reconciliation().leases == 1);
        scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
        CHECK(scene.answer().home4().front().status ==
              wire::Ipv4AddressStatus::DynamicAssignmentNotAvailable);
        scene.native(Update(3).home4("0.0.0.0"), visited);
        CHECK(scene.answer().home4().front().address == lease);
    }
    SECTION("a lease that has ended does not come back to take one that another node has since") {
        scene.advance(seconds(130));
        scene.store = Kernel::works;
        scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
        REQUIRE(scene.answer().home4().front().address == lease);
        scene.native(Update(2, seconds(8)).of(other).home4("0.0.0.0"), visited);
        (void)scene.answer();
        scene.advance(seconds(10)); // `other` is away; its lease is a promise
        CHECK(scene.stored().size() == 2);
        scene.restart(config);
        CHECK(scene.agent.reconciliation().leases == 1);
        scene.native(Update(2).home4("0.0.0.0"), visited);
        CHECK(scene.answer().home4().front().status ==
              wire::Ipv4AddressStatus::DynamicAssignmentNotAvailable);
        scene.native(Update(3).of(other).home4("0.0.0.0"), visited);
        CHECK(scene.answer().home4().front().address == lease);
    }
}
