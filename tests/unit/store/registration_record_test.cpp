// SPDX-License-Identifier: GPL-2.0-or-later
// Registrations survive as octets: everything but what has ended; garbage does not hurt.
#include <random>

#include <catch2/catch.hpp>

#include "../addresses.hpp"
#include "store/registration_record.hpp"

using namespace dsmip;
using namespace dsmip::test;
using namespace std::chrono_literals;
using mobility::Duration;
using mobility::KernelBinding;
using mobility::StoredRegistration;
using store::WallTime;

namespace {

const WallTime noon{Duration(1'800'000'000'000)};

// Every field has a value that differs from its default.
StoredRegistration full() {
    StoredRegistration registration;
    registration.node.home_address = v6("2001:db8:1::100");
    registration.node.home_addresses4 = {v4("192.0.2.10"), v4("192.0.2.161")};
    registration.node.prefixes6 = {{v6("2001:db8:77::"), 48}};
    registration.node.prefixes4 = {{v4("198.51.100.0"), 28}};
    registration.sequence = 65000;
    registration.dialect = wire::Dialect::Draft;
    registration.mobile_router = true;
    registration.leases = {{{v4("192.0.2.161"), 32}, 700s}, {{v4("198.51.100.0"), 28}, 800s}};
    KernelBinding one;
    one.bid = 1;
    one.care_of = v6("2001:db8:2::200");
    one.lifetime = 600s;
    one.mcoa = true;
    one.sequence = 65000;
    one.link = 7;
    KernelBinding two;
    two.bid = 2;
    two.care_of = v4("203.0.113.9");
    two.port = 40001;
    two.claimed_care_of = v4("10.0.0.10");
    two.encapsulation = mobility::Encapsulation::udp_tlv_draft;
    two.priority = 100;
    two.lifetime = 420s;
    two.sequence = 64000;
    two.nat = two.forced_udp = two.draft = two.mcoa = true;
    KernelBinding home;
    home.bid = 3;
    home.care_of = registration.node.home_address;
    home.lifetime = 420s;
    home.link = 3;
    home.home_link = home.link_local = home.mcoa = true;
    home.link_address = {2, 0, 0, 0, 0, 7};
    registration.node.bindings = {one, two, home};
    registration.remembered = 9s;
    return registration;
}

StoredRegistration after(const StoredRegistration& registration, Duration pause) {
    const auto octets = store::encode(registration, noon);
    const auto read = store::decode(registration.node.home_address, octets, noon + pause);
    REQUIRE(read);
    return *read;
}

} // namespace

TEST_CASE("a record holds all of a registration") {
    CHECK(after(full(), 0s) == full());
    StoredRegistration plain;
    plain.node.home_address = v6("2001:db8:1::100");
    plain.mobile_router.reset();
    plain.node.bindings.emplace_back().care_of = v6("2001:db8:2::200");
    plain.node.bindings.front().lifetime = 4s;
    CHECK(after(plain, 0s) == plain);
}

TEST_CASE("times are absolute") {
    auto wanted = full();
    wanted.node.bindings[0].lifetime = 500s;
    wanted.node.bindings[1].lifetime = wanted.node.bindings[2].lifetime = 320s;
    wanted.leases[0].remaining = 600s;
    wanted.leases[1].remaining = 700s;
    wanted.remembered = 0s;
    CHECK(after(full(), 100s) == wanted);
    const auto later = after(full(), 450s);
    REQUIRE(later.node.bindings.size() == 1);
    CHECK(later.node.bindings[0].bid == 1);
    CHECK(after(full(), 24h).node.bindings.empty());
    CHECK(after(full(), 24h).leases[0].remaining == 0s); // still the node's own
}

TEST_CASE("nothing makes no record") {
    StoredRegistration nothing;
    nothing.sequence = 17;
    CHECK(store::encode(nothing, noon).empty());
    nothing.leases = {{{v4("192.0.2.161"), 32}, 1s}};
    CHECK_FALSE(store::encode(nothing, noon).empty());
    nothing.leases.clear();
    nothing.remembered = 1ms;
    CHECK_FALSE(store::encode(nothing, noon).empty());
}

TEST_CASE("fields of a newer daemon are skipped, other versions refused") {
    auto octets = store::encode(full(), noon);
    const std::vector<std::uint8_t> unknown{200, 0, 3, 1, 2, 3};
    octets.insert(octets.begin() + 1, unknown.begin(), unknown.end());
    CHECK(store::decode(full().node.home_address, octets, noon) == full());
    octets.front() = 2;
    CHECK(store::decode(full().node.home_address, octets, noon).error() ==
          "the record has version 2, this daemon knows 1");
}

TEST_CASE("damaged records are refused, or read as something that is well formed") {
    const auto good = store::encode(full(), noon);
    for (std::size_t length = 0; length < good.size(); ++length) {
        const auto read = store::decode({}, std::span(good).first(length), noon);
        CHECK((read ? length > 0 : !read.error().empty()));
    }
    std::mt19937 random(11);
    for (unsigned i = 0; i < 20000; ++i) {
        auto octets = good;
        for (unsigned change = 0; change <= random() % 3; ++change) {
            octets.at(random() % octets.size()) = static_cast<std::uint8_t>(random());
        }
        const auto read = store::decode({}, octets, noon);
        if (!read) {
            CHECK_FALSE(read.error().empty());
            continue;
        }
        for (const auto& binding : read->node.bindings) {
            REQUIRE(binding.lifetime > 0s);
            REQUIRE_FALSE(binding.care_of.is_unspecified());
        }
        // What was read can be written, and read again.
        if (!read->is_nothing()) {
            REQUIRE(store::decode({}, store::encode(*read, noon), noon) == *read);
        }
    }
}
