// SPDX-License-Identifier: GPL-2.0-or-later
// Another configuration at run time: nodes that are no longer in it lose their bindings, others
// lose nothing; what cannot be is refused as a whole.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

HomeAgentConfig with_store() {
    auto config = default_config();
    config.has_store = true;
    return config;
}

void reconfigure(Scene& scene, const HomeAgentConfig& config) {
    auto actions = scene.reconfigure(config);
    REQUIRE(actions);
    scene.run(std::move(*actions));
}

wire::Prefix4 p4(const char* address, std::uint8_t length) {
    return {v4(address), length};
}

wire::Prefix6 p6(const char* address) {
    return {v6(address), 64};
}

ReconfigurationOutlook foreseen(const Scene& scene, const HomeAgentConfig& config) {
    const auto outlook = scene.agent.foresee(PreparedConfiguration(config));
    REQUIRE(outlook);
    return *outlook;
}

using Addresses4 = std::vector<wire::Ipv4Address>;

// `node` with a fixed, `other` with a leased IPv4 home address.
struct Registered : Scene {
    wire::Ipv4Address lease;

    Registered()
        : Scene(with_store()) {
        native(Update(10).home4("192.0.2.10").bid(1, visited), visited);
        (void)answer();
        native(Update(70).of(other).home4("0.0.0.0"), visited);
        lease = answer().home4().front().address;
    }
};

} // namespace

TEST_CASE("the same configuration again changes nothing") {
    Registered scene;
    const auto before = scene.agent.binding_cache(scene.now);
    const auto requests = scene.requests;
    reconfigure(scene, with_store());
    CHECK(scene.agent.binding_cache(scene.now) == before);
    CHECK(scene.requests == requests);
}

TEST_CASE("a node that is removed loses its bindings, others lose nothing") {
    Registered scene;
    const auto before = scene.registered(other);
    auto config = with_store();
    config.nodes.erase(config.nodes.begin());
    reconfigure(scene, config);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.registered(other) == before);
    CHECK(scene.store_in_step());
    CHECK(scene.reported("binding-removed"));
    CHECK(scene.counter("bindings_removed") == 1);
    scene.native(Update(11), visited);
    CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
    SECTION("and comes back when it is listed again") {
        reconfigure(scene, with_store());
        scene.native(Update(12).home4("192.0.2.10"), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("a node that is new may register, an address that is new may be used") {
    Registered scene;
    auto config = with_store();
    config.nodes.push_back({unlisted, {v4("192.0.2.20")}});
    scene.native(Update(1).of(unlisted), visited);
    CHECK(scene.answer().status() == BindingStatus::AdministrativelyProhibited);
    reconfigure(scene, config);
    scene.native(Update(1).of(unlisted).home4("192.0.2.20"), visited);
    CHECK(scene.answer().home4().front().status == wire::Ipv4AddressStatus::Success);
}

TEST_CASE("unlisted nodes go when they are no longer accepted") {
    auto config = with_store();
    config.accept_unlisted_nodes = true;
    Scene scene(config);
    scene.native(Update(1).of(unlisted), visited);
    (void)scene.answer();
    reconfigure(scene, with_store());
    CHECK_FALSE(scene.registered(unlisted));
}

TEST_CASE("a fixed IPv4 home address is taken away, the binding stays") {
    Registered scene;
    auto config = with_store();
    config.nodes.front().home_addresses4 = {v4("192.0.2.11")};
    reconfigure(scene, config);
    REQUIRE(scene.registered(node));
    CHECK(scene.registered(node)->home_addresses4.empty());
    CHECK(scene.bids(node) == std::vector<std::uint16_t>{1});
    CHECK(scene.reported("home-address4-lost"));
    CHECK(scene.store_in_step());
}

TEST_CASE("leases survive, and one in use is not given to another node") {
    Registered scene;
    auto config = with_store();
    config.nodes.front().home_addresses4.push_back(scene.lease);
    const auto before = scene.agent.binding_cache(scene.now);
    const auto refused = scene.reconfigure(config);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().find(wire::to_string(scene.lease)) != std::string::npos);
    CHECK(refused.error().find(wire::to_string(other)) != std::string::npos);
    CHECK(scene.agent.binding_cache(scene.now) == before);
    // Not in force, not even in part.
    scene.native(Update(11).home4(wire::to_string(scene.lease).c_str()).bid(1, visited), visited);
    CHECK(scene.answer().home4().front().status ==
          wire::Ipv4AddressStatus::IncorrectIpv4HomeAddress);
    reconfigure(scene, with_store());
    scene.native(Update(71).of(other).home4("0.0.0.0"), visited);
    CHECK(scene.answer().home4().front().address == scene.lease);
}

TEST_CASE("policies change for what comes, not for what is") {
    Registered scene;
    auto config = with_store();
    config.accept_mcoa = false;
    config.max_lifetime = seconds(40);
    reconfigure(scene, config);
    CHECK(scene.binding(node, 1)->lifetime == seconds(600));
    scene.native(Update(11).bid(1, visited), visited);
    CHECK(scene.answer().status() == BindingStatus::McoaProhibited);
    scene.native(Update(71).of(other), visited);
    CHECK(scene.answer().message.lifetime.duration() == seconds(40));
}

TEST_CASE("a change that is under way is judged when it is done") {
    Registered scene;
    scene.kernel = Kernel::waits;
    scene.native(Update(11).bid(1, visited2), visited2);
    auto config = with_store();
    config.nodes.erase(config.nodes.begin());
    reconfigure(scene, config);
    CHECK(scene.silent());
    scene.kernel = Kernel::works;
    scene.answer_kernel();
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK_FALSE(scene.registered(node));
    CHECK(scene.store_in_step());
}

// ---------------------------------------------------------------- pools

TEST_CASE("a pool that grows has room for more, leases stay") {
    auto small = with_store();
    small.address_pool = p4("192.0.2.164", 30); // two addresses
    Scene scene(small);
    scene.native(Update(70).of(other).home4("0.0.0.0").home4("0.0.0.0").home4("0.0.0.0"), visited);
    auto granted = scene.answer().home4();
    REQUIRE(granted.size() == 3);
    CHECK(granted[2].status == wire::Ipv4AddressStatus::DynamicAssignmentNotAvailable);
    const auto before = scene.registered(other);
    CHECK(foreseen(scene, with_store()).addresses_outside.empty());
    reconfigure(scene, with_store());
    CHECK(scene.registered(other) == before);
    scene.native(Update(71).of(other).home4("0.0.0.0").home4("0.0.0.0").home4("0.0.0.0"), visited);
    granted = scene.answer().home4();
    CHECK(granted[2].status == wire::Ipv4AddressStatus::Success);
    CHECK(scene.registered(other)->home_addresses4.size() == 3);
    CHECK(scene.registered(other)->home_addresses4[0] == before->home_addresses4[0]);
}

TEST_CASE("a lease outside the pool stays as long as its registration") {
    Registered scene;
    auto config = with_store();
    auto elsewhere = wire::Ipv4AddressStatus::Success;
    if (GENERATE(true, false)) {
        config.address_pool = p4("192.0.2.192", 26);
    } else {
        config.address_pool.reset();
        elsewhere = wire::Ipv4AddressStatus::DynamicAssignmentNotAvailable;
    }
    CHECK(foreseen(scene, config).addresses_outside == Addresses4{scene.lease});
    CHECK(scene.agent.leases_outside().empty()); // foreseeing does nothing
    const auto before = scene.registered(other);
    const auto requests = scene.requests;
    reconfigure(scene, config);
    CHECK(scene.registered(other) == before);
    CHECK(scene.requests == requests);
    CHECK(scene.agent.leases_outside() == Addresses4{scene.lease});
    CHECK(scene.forgotten.empty());

    // Refreshed, by name, and moved: still there.
    const auto own = wire::to_string(scene.lease);
    scene.native(Update(71).of(other).home4(own.c_str()), visited2);
    CHECK(scene.answer().home4().front().status == wire::Ipv4AddressStatus::Success);
    // No other node gets it.
    scene.native(Update(11).home4(own.c_str()).bid(1, visited), visited);
    CHECK(scene.answer().home4().front().status != wire::Ipv4AddressStatus::Success);
    CHECK(scene.registered(other)->home_addresses4 == Addresses4{scene.lease});
    // Nor is it a place where somebody could be away.
    scene.udp(Update(12).care_of4(scene.lease), {scene.lease, 4191});
    CHECK(scene.answer().status() != BindingStatus::Accepted);

    SECTION("de-registered") {
        scene.native(Update(72, seconds(0)).of(other), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    SECTION("expired") {
        scene.advance(seconds(700));
        CHECK_FALSE(scene.registered(other));
    }
    SECTION("removed by the operator") {
        REQUIRE(scene.remove(other));
    }
    SECTION("given up by a registration without it") {
        scene.native(Update(72).of(other), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    CHECK(scene.agent.leases_outside().empty());
    CHECK(scene.forgotten == Addresses4{scene.lease});
    CHECK(scene.store_in_step());
    scene.native(Update(80).of(other).home4("0.0.0.0"), visited);
    const auto next = scene.answer().home4().front();
    CHECK(next.status == elsewhere);
    CHECK(next.address != scene.lease);
}

TEST_CASE("a lease that nobody uses goes with its pool, and is told") {
    Registered scene;
    scene.native(Update(71, seconds(0)).of(other), visited);
    (void)scene.answer();
    auto config = with_store();
    config.address_pool = p4("192.0.2.192", 26);
    const auto outlook = foreseen(scene, config);
    CHECK(outlook.addresses_outside.empty());
    CHECK(outlook.reservations_lost == 1);
    reconfigure(scene, config);
    CHECK(scene.forgotten.empty()); // no route led there alone
    scene.native(Update(72).of(other).home4("0.0.0.0"), visited);
    CHECK(config.address_pool->contains(scene.answer().home4().front().address));
}

TEST_CASE("a pool that comes back takes its leases back") {
    Registered scene;
    auto config = with_store();
    config.address_pool.reset();
    reconfigure(scene, config);
    reconfigure(scene, with_store());
    CHECK(scene.agent.leases_outside().empty());
    scene.native(Update(71, seconds(0)).of(other), visited);
    (void)scene.answer();
    CHECK(scene.forgotten.empty());
    scene.native(Update(72).of(other).home4("0.0.0.0"), visited);
    CHECK(scene.answer().home4().front().address == scene.lease);
}

TEST_CASE("a lease outside the pool survives a restart, too") {
    Registered scene;
    auto config = with_store();
    config.address_pool = p4("192.0.2.192", 26);
    const auto before = scene.registered(other);
    if (GENERATE(true, false)) { // else in the place of a reload
        reconfigure(scene, config);
    }
    scene.restart(config);
    CHECK(scene.registered(other) == before);
    CHECK(scene.agent.leases_outside() == Addresses4{scene.lease});
    CHECK_FALSE(scene.reported("home-address4-lost"));
    REQUIRE(scene.remove(other));
    CHECK(scene.forgotten == Addresses4{scene.lease});
}

TEST_CASE("a pool of prefixes shrinks: prefixes in use stay, others are lent from what is left") {
    auto config = with_store();
    config.prefixes.pool4 = p4("10.64.0.0", 16);
    Scene scene(config);
    scene.native(Update(1).of(other).home4("0.0.0.0", 24, true), visited);
    const auto lent = scene.registered(other)->prefixes4;
    REQUIRE(lent.size() == 1);
    (void)scene.answer();
    config.prefixes.pool4 = p4("10.65.0.0", 16);
    CHECK(foreseen(scene, config).prefixes_outside == 1);
    reconfigure(scene, config);
    CHECK(scene.registered(other)->prefixes4 == lent);
    scene.native(Update(2).of(other).home4(wire::to_string(lent[0].address).c_str(), 24), visited);
    CHECK(scene.answer().home4().front().status == wire::Ipv4AddressStatus::Success);
    scene.native(Update(3, seconds(0)).of(other), visited);
    (void)scene.answer();
    scene.native(Update(4).of(other).home4("0.0.0.0", 24, true), visited);
    CHECK(config.prefixes.pool4->contains(scene.answer().home4().front().address));
    CHECK(scene.forgotten.empty()); // routes of prefixes are those of their node
}

TEST_CASE("what is lent from one pool cannot become a part of the other") {
    auto config = with_store();
    config.prefixes.pool4 = p4("10.64.0.0", 16);
    Scene scene(config);
    scene.native(Update(1).of(other).home4("0.0.0.0", 24, true), visited);
    (void)scene.answer();
    config.prefixes.pool4.reset();
    config.address_pool = p4("10.64.0.0", 16);
    for (const bool foreseen_only : {true, false}) {
        std::string error;
        if (foreseen_only) {
            error = scene.agent.foresee(PreparedConfiguration(config)).error();
        } else {
            error = scene.reconfigure(config).error();
        }
        CHECK(error.find(wire::to_string(other) + ", which uses it") != std::string::npos);
        CHECK(error.find("pool of addresses 10.64.0.0/16") != std::string::npos);
    }
    REQUIRE(scene.remove(other));
    reconfigure(scene, config);
}

// ---------------------------------------------------------------- home prefixes

TEST_CASE("a home prefix that is added: its nodes may register at once") {
    Registered scene;
    const auto before = scene.agent.binding_cache(scene.now);
    const auto newcomer = v6("2001:db8:3::1");
    scene.native(Update(1).of(newcomer), visited);
    CHECK(scene.answer().status() == BindingStatus::NotHomeSubnet);
    auto config = with_store();
    config.home_prefixes.push_back(p6("2001:db8:3::"));
    config.nodes.push_back({newcomer, {}});
    reconfigure(scene, config);
    CHECK(scene.agent.binding_cache(scene.now) == before);
    scene.native(Update(1).of(newcomer), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("a home prefix that is taken away takes the bindings of its nodes with it") {
    const auto second = v6("2001:db8:3::1");
    auto both = with_store();
    both.home_prefixes.push_back(p6("2001:db8:3::"));
    both.accept_unlisted_nodes = true;
    Scene scene(both);
    scene.native(Update(1), visited);
    scene.native(Update(1).of(second), visited);
    scene.sent.clear();
    auto config = with_store();
    config.accept_unlisted_nodes = true;
    const auto before = scene.registered(node);
    reconfigure(scene, config);
    CHECK(scene.agent.revision().nodes_lost == 1);
    CHECK_FALSE(scene.registered(second));
    CHECK(scene.registered(node) == before);
    CHECK(scene.store_in_step());
    CHECK(scene.reported("binding-removed"));
    scene.native(Update(2).of(second), visited);
    CHECK(scene.answer().status() == BindingStatus::NotHomeSubnet);
}

TEST_CASE("a binding whose care-of address becomes a home address would lead back here") {
    Registered scene;
    scene.native(Update(11).home4("192.0.2.10").bid(2, visited2), visited2);
    (void)scene.answer();
    auto config = with_store();
    SECTION("of IPv6") {
        config.home_prefixes.push_back(p6("2001:db8:2::")); // that of `visited`
        reconfigure(scene, config);
        CHECK(scene.agent.revision().bindings_lost == 2);
        CHECK(scene.bids(node) == std::vector<std::uint16_t>{2});
        CHECK_FALSE(scene.registered(other));
        CHECK(scene.counter("bindings_removed") == 2);
        const auto why = scene.agent.explain(scene.now, other);
        CHECK(why.history.ended->reason == "its care-of address is a home address now");
    }
    SECTION("of IPv4") {
        scene.udp(Update(71).of(other).care_of4(private4), outside);
        (void)scene.answer();
        config.address_pool = p4("203.0.113.0", 24);
        reconfigure(scene, config);
        CHECK(scene.agent.revision().bindings_lost == 1);
        CHECK_FALSE(scene.registered(other));
        CHECK(scene.bids(node).size() == 2);
    }
    CHECK(scene.store_in_step());
    SECTION("a restart does the same") {
        config.home_prefixes.push_back(p6("2001:db8:2::"));
        scene.restart(config);
        CHECK(scene.bids(node) == std::vector<std::uint16_t>{2});
        CHECK_FALSE(scene.registered(other));
    }
}
