// SPDX-License-Identifier: GPL-2.0-or-later
// Leases of dynamic IPv4 home addresses and prefixes: how long, whose, and after that
// (RFC 5555, 2.5 and 4.5).
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"
#include "mobility/address_pool.hpp"
#include "mobility/prefix_table.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
using dsmip::wire::Ipv4AddressStatus;
namespace wire = dsmip::wire;

namespace {

constexpr TimePoint start{seconds(1000)};

wire::Prefix4 p4(const char* address, std::uint8_t length) {
    return {v4(address), length};
}

wire::Ipv6Address number(unsigned value) {
    auto address = v6("2001:db8:1::");
    address.bytes.at(14) = static_cast<std::uint8_t>(value >> 8U);
    address.bytes.at(15) = static_cast<std::uint8_t>(value);
    return address;
}

} // namespace

TEST_CASE("no binding lives longer than the lease it uses", "[D-2.5-03]") {
    auto config = default_config();
    config.lease_time = seconds(120);
    config.prefixes.pool4 = p4("10.64.0.0", 16);
    Scene scene(config);
    SECTION("dynamic address") {
        scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
        CHECK(scene.answer().message.lifetime.duration() == seconds(120));
        CHECK(scene.binding(other)->lifetime == seconds(120));
    }
    SECTION("dynamic prefix, several care-of addresses") {
        scene.native(Update(1).of(other).home4("0.0.0.0", 24, true).bid(1, visited), visited);
        CHECK(scene.answer().message.lifetime.duration() == seconds(120));
        CHECK(scene.binding(other, 1)->lifetime == seconds(120));
    }
    SECTION("a static one has none") {
        scene.native(Update(1).home4("192.0.2.10"), visited);
        CHECK(scene.answer().message.lifetime.duration() == seconds(600));
    }
    SECTION("and a refused one neither") {
        scene.native(Update(1).of(other).home4("192.0.2.10"), visited);
        CHECK(scene.answer().message.lifetime.duration() == seconds(600));
    }
    SECTION("shorter bindings are as long as they are") {
        scene.native(Update(1, seconds(60)).of(other).home4("0.0.0.0"), visited);
        CHECK(scene.answer().message.lifetime.duration() == seconds(60));
    }
}

TEST_CASE("a lease keeps its address for a node that vanished, until it ends", "[D-4.5-17]") {
    auto config = default_config();
    config.accept_unlisted_nodes = true;
    config.address_pool = p4("192.0.2.160", 32); // one address
    config.lease_time = minutes(30);
    Scene scene(config);
    const auto status = [&](const Update& update) {
        scene.native(update, visited);
        return scene.answer().home4().at(0).status;
    };
    CHECK(status(Update(1, seconds(60)).of(other).home4("0.0.0.0")) == Ipv4AddressStatus::Success);
    scene.advance(minutes(10)); // its binding is gone
    CHECK_FALSE(scene.registered(other));
    CHECK(status(Update(1).of(unlisted).home4("0.0.0.0")) ==
          Ipv4AddressStatus::DynamicAssignmentNotAvailable);
    SECTION("which it gets when it returns") {
        CHECK(status(Update(2).of(other).home4("0.0.0.0")) == Ipv4AddressStatus::Success);
    }
    SECTION("afterwards it serves another") {
        scene.advance(minutes(21));
        CHECK(status(Update(2).of(unlisted).home4("0.0.0.0")) == Ipv4AddressStatus::Success);
        CHECK(status(Update(2).of(other).home4("0.0.0.0")) ==
              Ipv4AddressStatus::DynamicAssignmentNotAvailable);
    }
    SECTION("at once if the node gives it back") {
        CHECK(status(Update(2).of(other).home4("0.0.0.0")) == Ipv4AddressStatus::Success);
        scene.native(Update(3).of(other), visited); // only the IPv4 home address
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.registered(other));
        CHECK(status(Update(2).of(unlisted).home4("0.0.0.0")) == Ipv4AddressStatus::Success);
    }
}

TEST_CASE("several dynamic addresses of one node, as many as configured") {
    auto config = default_config();
    config.pool_leases_max = 2;
    Scene scene(config);
    scene.native(Update(1).of(other).home4("0.0.0.0").home4("0.0.0.0").home4("0.0.0.0"), visited);
    const auto answer = scene.answer();
    REQUIRE(answer.home4().size() == 3);
    CHECK(answer.home4().at(0).address != answer.home4().at(1).address);
    CHECK(answer.home4().at(2).status == Ipv4AddressStatus::DynamicAssignmentNotAvailable);
    CHECK(scene.registered(other)->home_addresses4.size() == 2);
    const auto second = to_string(answer.home4().at(1).address);
    scene.native(Update(2).of(other).home4(second.c_str()), visited); // drops the first
    (void)scene.answer();
    CHECK(scene.registered(other)->home_addresses4 == std::vector{v4(second.c_str())});
}

TEST_CASE("lease pool: blocks of all lengths, never two of one address") {
    LeasePool4 pool(p4("10.0.0.0", 20), LeasePool4::Use::prefixes);
    CHECK(pool.exclude(p4("10.0.3.0", 26)));
    CHECK(pool.exclude(p4("192.0.2.0", 24))); // elsewhere
    std::vector<wire::Prefix4> given{p4("10.0.3.0", 26)};
    for (unsigned i = 0; i < 300; ++i) {
        const auto length = static_cast<std::uint8_t>(24 + i % 9);
        const auto lease = pool.take(number(i), length, start);
        if (!lease) {
            continue;
        }
        CHECK(lease->length == length);
        CHECK(lease->network() == *lease);
        CHECK(pool.contains(*lease));
        CHECK(pool.owns(number(i), *lease));
        for (const auto& earlier : given) {
            CHECK_FALSE((earlier.contains(*lease) || lease->contains(earlier)));
        }
        given.push_back(*lease);
    }
    CHECK(given.size() > 60);
    CHECK_FALSE(pool.take(node, 19, start)); // larger than all
    CHECK_FALSE(pool.exclude(given.back()));
}

TEST_CASE("lease pool: what has ended makes room for larger ones") {
    LeasePool4 pool(p4("10.0.0.0", 24), LeasePool4::Use::prefixes);
    std::vector<wire::Prefix4> leases;
    for (unsigned i = 0; i < 4; ++i) {
        leases.push_back(pool.take(number(i), 26, start).value());
        pool.renew(leases.back(), start + minutes(1 + i));
    }
    CHECK_FALSE(pool.take(node, 26, start + minutes(10))); // all in use
    for (const auto& lease : leases) {
        pool.set_in_use(lease, false);
    }
    CHECK_FALSE(pool.take(node, 26, start));                        // none has ended
    CHECK(pool.take(node, 26, start + minutes(2)) == leases.at(0)); // ended longest ago
    CHECK_FALSE(pool.owns(number(0), leases.at(0)));
    pool.give_back(leases.at(3), start);
    CHECK(pool.take(other, 26, start + minutes(1)) == leases.at(3));
    CHECK(pool.leases_of(number(3)).empty());
    // A whole half, when both of its quarters have ended.
    pool.set_in_use(leases.at(0), false);
    pool.set_in_use(leases.at(3), false);
    CHECK(pool.take(unlisted, 25, start + minutes(60)));
}

TEST_CASE("lease pool: leases found in use") {
    LeasePool4 pool(p4("10.0.0.0", 24), LeasePool4::Use::hosts);
    CHECK(pool.adopt(node, p4("10.0.0.7", 32)));
    CHECK(pool.adopt(node, p4("10.0.0.7", 32)));
    CHECK_FALSE(pool.adopt(other, p4("10.0.0.7", 32)));
    CHECK_FALSE(pool.adopt(other, p4("10.0.0.0", 32)));   // network
    CHECK_FALSE(pool.adopt(other, p4("10.0.0.255", 32))); // broadcast
    CHECK_FALSE(pool.adopt(other, p4("10.0.1.1", 32)));
    pool.renew(p4("10.0.0.7", 32), start);
    CHECK(pool.until(p4("10.0.0.7", 32)) == start);
    CHECK_FALSE(pool.until(p4("10.0.0.8", 32)));
}

TEST_CASE("prefix table: an address is in the prefixes of one node") {
    PrefixTable table;
    CHECK(table.reserve(node, wire::Prefix6{v6("2001:db8:a::"), 48}));
    CHECK(table.reserve(node, wire::Prefix6{v6("2001:db8:a:1::"), 64})); // in it
    CHECK(table.reserve(node, wire::Prefix6{v6("2001:db8:a::"), 47}));   // around it
    CHECK(table.reserve(other, wire::Prefix6{v6("2001:db8:c::"), 48}));  // beside it
    for (const auto* text : {"2001:db8:a::", "2001:db8:b::", "2001:db8:a:1::"}) {
        CHECK_FALSE(table.reserve(other, wire::Prefix6{v6(text), 64}));
    }
    CHECK_FALSE(table.reserve(other, wire::Prefix6{v6("2001:db8:8::"), 45})); // around all
    CHECK(table.reserve(other, wire::Prefix6{v6("2001:db8:e::"), 48}));
    CHECK_FALSE(table.reserve(node, wire::Prefix6{v6("2001:db8:e::"), 64}));
    CHECK(table.prefixes6_of(node).size() == 3);
    CHECK(table.prefixes6_of(unlisted).empty());
    CHECK(table.owns(node, wire::Prefix6{v6("2001:db8:b:7::"), 64}));
    CHECK_FALSE(table.owns(other, wire::Prefix6{v6("2001:db8:b:7::"), 64}));
    CHECK(table.reaches(node, v6("2001:db8:a::1")));
    CHECK_FALSE(table.reaches(node, v6("2001:db8:c::1")));
    CHECK(table.reserve(node, wire::Prefix4{v4("10.1.0.0"), 16}));
    CHECK(table.reaches(node, v4("10.1.2.3")));
    CHECK_FALSE(table.reaches(node, v4("10.2.2.3")));
}

TEST_CASE("no address is lent that the node has as care-of address") {
    auto config = default_config();
    config.address_pool = p4("10.0.0.4", 31); // two addresses
    config.accept_unlisted_nodes = true;
    Scene scene(config);
    // What the node gets where nothing speaks against it.
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    const auto usual = scene.answer().home4().at(0).address;
    const auto text = to_string(usual);
    const auto spare = usual == v4("10.0.0.4") ? v4("10.0.0.5") : v4("10.0.0.4");
    const bool forgotten = GENERATE(false, true); // or its lease is there still
    if (forgotten) {
        scene.native(Update(2, seconds(0)).of(other), visited);
        (void)scene.answer();
        scene.advance(minutes(6000));
    }
    const auto lent = [&] { return scene.answer().home4().at(0); };
    SECTION("named in option 32") {
        scene.udp(Update(3).of(other).home4("0.0.0.0").care_of4(usual), outside);
        CHECK(lent().address == spare);
        // The other one is free for others.
        scene.native(Update(1).of(unlisted).home4("0.0.0.0"), visited);
        CHECK(lent().address == usual);
    }
    SECTION("named in a Binding Identifier option") {
        scene.udp(Update(3).of(other).home4("0.0.0.0").bid(1, usual).overwrite(), outside);
        CHECK(lent().address == spare);
        SECTION("of a binding that it has beside") {
            scene.native(Update(4).of(other).home4("0.0.0.0").bid(2, visited), visited);
            CHECK(lent().address == spare);
        }
    }
    SECTION("and named by the node itself it stays the node's own") {
        if (forgotten) {
            SUCCEED("there is none of its own any more");
            return;
        }
        scene.udp(Update(3).of(other).home4(text.c_str()).care_of4(usual), outside);
        CHECK(lent().address == usual);
    }
}

TEST_CASE("address pool: care-of addresses are passed over, fixed ones at last") {
    AddressPool pool(p4("10.0.0.8", 30)); // .9 and .10
    CHECK(pool.reserve(v4("192.0.2.7"), node));
    CHECK(pool.reserve(v4("192.0.2.8"), node));
    CHECK(pool.allocate(node, start, {}, {v4("192.0.2.7")}) == v4("192.0.2.8"));
    CHECK(pool.allocate(node, start, {v4("192.0.2.8")}, {v4("192.0.2.7")}) == v4("192.0.2.7"));

    const auto first = pool.allocate(other, start).value();
    const auto second = pool.allocate(other, start, {}, {first}).value();
    CHECK(second != first);
    CHECK(pool.allocate(other, start, {}, {first}) == second);
    CHECK_FALSE(pool.allocate(other, start, {}, {first, second}));
    CHECK_FALSE(pool.allocate(unlisted, start));
    pool.leases().set_in_use(host_prefix(first), false);
    CHECK_FALSE(pool.allocate(unlisted, start, {}, {first})); // what has ended, too
    CHECK(pool.allocate(unlisted, start, {}, {second}) == first);
}

TEST_CASE("lease pool: prefixes without an address") {
    LeasePool4 pool(p4("10.0.0.0", 24), LeasePool4::Use::prefixes);
    const auto first = pool.take(node, 26, start).value();
    pool.set_in_use(first, false);
    const std::vector without{first.address};
    for (unsigned i = 0; i < 3; ++i) {
        const auto lease = pool.take(number(i), 26, start, without);
        REQUIRE(lease);
        CHECK_FALSE(lease->contains(first.address));
    }
    CHECK_FALSE(pool.take(number(4), 26, start, without));
    CHECK(pool.take(number(4), 26, start) == first);
}
