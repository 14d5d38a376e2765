// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4 home addresses: static, dynamic, refused; who owns which.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"
#include "mobility/address_pool.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
using dsmip::wire::Ipv4AddressStatus;
namespace wire = dsmip::wire;

namespace {

// The only option 30 of the answer; the Binding Update itself is accepted.
wire::Ipv4AddressAcknowledgement acknowledged(Scene& scene) {
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    REQUIRE(answer.home4().size() == 1);
    return answer.home4().front();
}

std::vector<wire::Ipv4Address> held_by(Scene& scene, const wire::Ipv6Address& home_address) {
    const auto entry = scene.registered(home_address);
    return entry ? entry->home_addresses4 : std::vector<wire::Ipv4Address>{};
}

} // namespace

TEST_CASE("a node gets the static address it asks for, if it is its own",
          "[D-2.3.1-06][D-2.3.2.1-05][D-2.3.2.1-09][D-2.3.2.2-04][D-2.3.2.2-09][D-3.2.1-01]"
          "[D-3.2.1-06][D-3.2.1-07][D-4.2-13][D-4.5-01][D-4.5-05][D-4.5-06][D-4.5-14][D-4.5-20]"
          "[D-4.5-21][D-4.5-22][D-5-01]") {
    Scene scene;
    const auto over_udp = GENERATE(false, true);
    const auto send = [&](const Update& update) {
        over_udp ? scene.udp(update, outside) : scene.native(update, visited);
    };
    SECTION("granted") {
        send(Update(1).home4("192.0.2.11"));
        const auto option = acknowledged(scene);
        CHECK(option.status == Ipv4AddressStatus::Success);
        CHECK(option.address == v4("192.0.2.11"));
        CHECK(option.prefix_length == 32);
        CHECK(held_by(scene, node) == std::vector{v4("192.0.2.11")});
    }
    SECTION("130 for that of another node") {
        send(Update(1).of(other).home4("192.0.2.10"));
        const auto option = acknowledged(scene);
        CHECK(option.status == Ipv4AddressStatus::IncorrectIpv4HomeAddress);
        CHECK(option.prefix_length == 0);
        CHECK(held_by(scene, other).empty());
        CHECK(scene.registered(other));
    }
    SECTION("130 for one of the pool that nobody has leased") {
        send(Update(1).of(other).home4("192.0.2.161"));
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::IncorrectIpv4HomeAddress);
    }
    SECTION("130 for the home agent's own") {
        send(Update(1).home4("192.0.2.1"));
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::IncorrectIpv4HomeAddress);
    }
    SECTION("no option, no answer, no entry") {
        send(Update(1));
        CHECK(scene.answer().home4().empty());
        CHECK(held_by(scene, node).empty());
    }
    SECTION("two at once") {
        send(Update(1).home4("192.0.2.11").home4("192.0.2.10"));
        const auto answer = scene.answer();
        REQUIRE(answer.home4().size() == 2);
        CHECK(answer.home4().front().address == v4("192.0.2.11"));
        CHECK(answer.home4().back().address == v4("192.0.2.10"));
        CHECK(held_by(scene, node).size() == 2);
    }
}

TEST_CASE("a length that does not fit an address is overridden by the answer",
          "[D-3.2.1-04][D-4.5-14]") {
    Scene scene;
    const bool prefix_flag = GENERATE(false, true);
    SECTION("its own, by name: P says nothing there") {
        scene.native(Update(1).home4("192.0.2.10", 24, prefix_flag), visited);
        const auto option = acknowledged(scene);
        CHECK(option.status == Ipv4AddressStatus::Success);
        CHECK(option.address == v4("192.0.2.10"));
        CHECK(option.prefix_length == 32);
        CHECK(held_by(scene, node) == std::vector{v4("192.0.2.10")});
        CHECK(scene.registered(node)->prefixes4.empty());
    }
    SECTION("a leased one, by name") {
        scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
        const auto lease = acknowledged(scene).address;
        scene.native(Update(2).of(other).home4(to_string(lease).c_str(), 29, prefix_flag), visited);
        const auto option = acknowledged(scene);
        CHECK(option.status == Ipv4AddressStatus::Success);
        CHECK(option.prefix_length == 32);
        CHECK(held_by(scene, other) == std::vector{lease});
    }
    SECTION("that of another: neither its address nor a prefix of it") {
        scene.native(Update(1).of(other).home4("192.0.2.10", 24, prefix_flag), visited);
        const auto option = acknowledged(scene);
        CHECK(option.status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
        CHECK(option.prefix_length == 0);
        CHECK(held_by(scene, other).empty());
    }
    SECTION("any, without P") {
        scene.native(Update(1).of(other).home4("0.0.0.0", 24), visited);
        const auto option = acknowledged(scene);
        CHECK(option.status == Ipv4AddressStatus::Success);
        CHECK(option.prefix_length == 32);
        CHECK(held_by(scene, other) == std::vector{option.address});
    }
}

TEST_CASE("a de-registration is answered about IPv4, too", "[D-2.3.1-06]") {
    Scene scene;
    const bool identified = GENERATE(false, true);
    const auto leave = [&](Update update) {
        scene.native(identified ? update.bid(1) : update, visited);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::Accepted);
        CHECK_FALSE(scene.registered(update.home_address));
        return answer.home4();
    };
    const auto arrive = [&](Update update) {
        scene.native(identified ? update.bid(1, visited) : update, visited);
        return acknowledged(scene).address;
    };
    SECTION("a fixed address, with any length") {
        (void)arrive(Update(1).home4("192.0.2.10"));
        const std::uint8_t length = GENERATE(32, 24);
        const auto options = leave(Update(2, seconds(0)).home4("192.0.2.10", length));
        REQUIRE(options.size() == 1);
        CHECK(options.front().status == Ipv4AddressStatus::Success);
        CHECK(options.front().prefix_length == 32);
        CHECK(options.front().address == v4("192.0.2.10"));
    }
    SECTION("a lease, by name or not") {
        const auto lease = arrive(Update(1).of(other).home4("0.0.0.0"));
        const bool named = GENERATE(false, true);
        const auto text = named ? to_string(lease) : std::string("0.0.0.0");
        const auto options = leave(Update(2, seconds(0)).of(other).home4(text.c_str()));
        REQUIRE(options.size() == 1);
        CHECK(options.front().status == Ipv4AddressStatus::Success);
        CHECK(options.front().address == lease);
    }
    SECTION("what it never had") {
        (void)arrive(Update(1).of(other).home4("192.0.2.10"));
        const auto options = leave(Update(2, seconds(0))
                                       .of(other)
                                       .home4("192.0.2.10")
                                       .home4("0.0.0.0")
                                       .home4("10.0.0.0", 8, true)
                                       .home4("192.0.2.11", 0));
        REQUIRE(options.size() == 4);
        CHECK(options[0].status == Ipv4AddressStatus::IncorrectIpv4HomeAddress);
        CHECK(options[1].status == Ipv4AddressStatus::DynamicAssignmentNotAvailable);
        CHECK(options[2].status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
        CHECK(options[3].status == Ipv4AddressStatus::InvalidIpv4Address);
        // Nothing was lent on the way.
        scene.native(Update(3).of(other).home4("0.0.0.0"), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::Success);
    }
}

TEST_CASE("a refusal is answered about IPv4, too", "[D-2.3.1-06]") {
    Scene scene;
    const auto check = [&](BindingStatus status) {
        const auto answer = scene.answer();
        CHECK(answer.status() == status);
        REQUIRE(answer.home4().size() == 2);
        CHECK(answer.home4()[0].status == Ipv4AddressStatus::FailureReasonUnspecified);
        CHECK(answer.home4()[0].address == v4("192.0.2.10"));
        CHECK(answer.home4()[0].prefix_length == 0);
        CHECK(answer.home4()[1].status == Ipv4AddressStatus::InvalidIpv4Address);
    };
    const auto update = [](std::uint16_t sequence, seconds lifetime = seconds(600)) {
        return Update(sequence, lifetime).home4("192.0.2.10").home4("224.0.0.1");
    };
    SECTION("by a rule") {
        scene.native(update(1).of(unlisted), visited);
        check(BindingStatus::AdministrativelyProhibited);
    }
    SECTION("a de-registration of nothing") {
        scene.native(update(1, seconds(0)), visited);
        check(BindingStatus::NotHomeAgentForThisMobileNode);
    }
    SECTION("by its sequence number") {
        scene.native(Update(7), visited);
        (void)scene.answer();
        scene.native(update(7), visited);
        check(BindingStatus::SequenceNumberOutOfWindow);
    }
    SECTION("option by option") {
        scene.native(update(1).bid(1, v6("2001:db8:1::999")), visited);
        check(BindingStatus::InvalidCareOfAddress);
    }
    SECTION("by the kernel") {
        scene.kernel = Kernel::refuses;
        scene.native(update(1), visited);
        check(BindingStatus::ReasonUnspecified);
    }
}

TEST_CASE("131 for what is no IPv4 home address", "[D-3.1.1-04][D-3.2.1-02][D-3.2.1-03]") {
    Scene scene;
    SECTION("prefix length 0") {
        scene.native(Update(1).home4("192.0.2.10", 0), visited);
    }
    SECTION("prefix length 33") {
        scene.native(Update(1).home4("192.0.2.10", 33), visited);
    }
    SECTION("multicast") {
        scene.native(Update(1).home4("224.0.0.1"), visited);
    }
    SECTION("broadcast") {
        scene.native(Update(1).home4("255.255.255.255"), visited);
    }
    CHECK(acknowledged(scene).status == Ipv4AddressStatus::InvalidIpv4Address);
    CHECK(held_by(scene, node).empty());
}

TEST_CASE("133 for prefixes, which are not given out",
          "[D-3.1.1-05][D-3.1.1-09][D-4.5-15][D-4.5-19]") {
    Scene scene;
    SECTION("any prefix") {
        scene.native(Update(1).home4("0.0.0.0", 24, true), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
    }
    SECTION("a certain one") {
        scene.native(Update(1).home4("192.0.2.0", 24), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
    }
    SECTION("beside an address, which is granted") {
        scene.native(Update(1).home4("192.0.2.10").home4("0.0.0.0", 28, true), visited);
        const auto answer = scene.answer();
        REQUIRE(answer.home4().size() == 2);
        CHECK(answer.home4().front().status == Ipv4AddressStatus::Success);
        CHECK(answer.home4().back().status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
        CHECK(held_by(scene, node) == std::vector{v4("192.0.2.10")});
    }
    SECTION("P on a refresh means nothing") {
        scene.native(Update(1).home4("192.0.2.10", 32, true), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::Success);
    }
}

TEST_CASE("a dynamic address is the node's own from then on",
          "[D-2.5-02][D-3.2.1-01][D-3.2.1-06][D-3.2.1-07][D-4.5-07][D-4.5-14][D-4.5-16]") {
    Scene scene;
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    const auto lease = acknowledged(scene).address;
    CHECK(default_config().address_pool->contains(lease));
    CHECK(held_by(scene, other) == std::vector{lease});
    const auto text = to_string(lease);

    SECTION("by its name") {
        scene.native(Update(2).of(other).home4(text.c_str()), visited);
        CHECK(acknowledged(scene).address == lease);
    }
    SECTION("not another's") {
        scene.native(Update(1).home4(text.c_str()), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::IncorrectIpv4HomeAddress);
    }
    SECTION("after de-registration") {
        scene.native(Update(2, seconds(0)).of(other), visited);
        (void)scene.answer();
        scene.advance(minutes(60));
        scene.native(Update(3).of(other).home4("0.0.0.0"), visited);
        CHECK(acknowledged(scene).address == lease);
    }
    SECTION("after a restart of the daemon") {
        scene.restart(default_config());
        scene.native(Update(2).of(other).home4(text.c_str()), visited);
        CHECK(acknowledged(scene).address == lease);
    }
    SECTION("and mostly even where all memory is lost") {
        Scene fresh;
        fresh.native(Update(1).of(other).home4("0.0.0.0"), visited);
        CHECK(acknowledged(fresh).address == lease);
    }
}

TEST_CASE("a node with a static address gets that when it asks for any", "[D-4.5-16]") {
    Scene scene;
    scene.native(Update(1).home4("0.0.0.0"), visited);
    CHECK(acknowledged(scene).address == v4("192.0.2.10"));
}

TEST_CASE("132 when there is none left, 129 where none is given at all", "[D-4.5-17]") {
    auto config = default_config();
    SECTION("exhausted") {
        config.accept_unlisted_nodes = true;
        config.address_pool = wire::Prefix4{v4("192.0.2.160"), 30}; // two addresses
        Scene scene(config);
        for (const auto* text : {"2001:db8:1::a", "2001:db8:1::b"}) {
            scene.native(Update(1).of(v6(text)).home4("0.0.0.0"), visited);
            CHECK(acknowledged(scene).status == Ipv4AddressStatus::Success);
        }
        scene.native(Update(1).of(v6("2001:db8:1::c")).home4("0.0.0.0"), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::DynamicAssignmentNotAvailable);
        // One that is given back serves the next.
        scene.native(Update(2, seconds(0)).of(v6("2001:db8:1::a")), visited);
        (void)scene.answer();
        scene.native(Update(2).of(v6("2001:db8:1::c")).home4("0.0.0.0"), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::Success);
    }
    SECTION("no pool") {
        config.address_pool.reset();
        Scene scene(config);
        scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::DynamicAssignmentNotAvailable);
    }
    SECTION("neither pool nor static addresses") {
        config.address_pool.reset();
        config.nodes = {{node, {}}};
        Scene scene(config);
        scene.native(Update(1).home4("192.0.2.10"), visited);
        CHECK(acknowledged(scene).status == Ipv4AddressStatus::AdministrativelyProhibited);
    }
}

TEST_CASE("128 for more addresses than one node can have") {
    auto config = default_config();
    config.nodes.front().home_addresses4.clear();
    Update update(1);
    for (unsigned i = 0; i < 17; ++i) {
        const auto text = "192.0.2." + std::to_string(20 + i);
        config.nodes.front().home_addresses4.push_back(v4(text.c_str()));
        update.home4(text.c_str());
    }
    Scene scene(config);
    scene.native(update, visited);
    const auto answer = scene.answer();
    REQUIRE(answer.home4().size() == 17);
    CHECK(answer.home4().at(15).status == Ipv4AddressStatus::Success);
    CHECK(answer.home4().at(16).status == Ipv4AddressStatus::FailureReasonUnspecified);
    CHECK(held_by(scene, node).size() == 16);
}

TEST_CASE("a Binding Update without the option gives the IPv4 home address up") {
    Scene scene;
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    const auto lease = acknowledged(scene).address;
    scene.native(Update(2).of(other), visited);
    CHECK(scene.answer().home4().empty());
    CHECK(held_by(scene, other).empty());
    CHECK(scene.registered(other));
    scene.native(Update(3).of(other).home4("0.0.0.0"), visited);
    CHECK(acknowledged(scene).address == lease);
}

TEST_CASE("a refused Binding Update leases nothing and gives nothing up") {
    auto config = default_config();
    config.address_pool = wire::Prefix4{v4("192.0.2.160"), 32}; // one address
    config.accept_unlisted_nodes = true;
    Scene scene(config);
    scene.kernel = Kernel::refuses;
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    const auto refused = scene.answer().home4();
    REQUIRE(refused.size() == 1);
    CHECK(refused.front().status == Ipv4AddressStatus::FailureReasonUnspecified);
    CHECK(refused.front().address.is_unspecified());
    scene.kernel = Kernel::works;
    scene.native(Update(1).of(unlisted).home4("0.0.0.0"), visited);
    CHECK(acknowledged(scene).address == v4("192.0.2.160"));
    scene.native(Update(1).of(other).home4("0.0.0.0"), visited);
    CHECK(acknowledged(scene).status == Ipv4AddressStatus::DynamicAssignmentNotAvailable);
    scene.kernel = Kernel::refuses;
    scene.native(Update(2, seconds(0)).of(unlisted), visited);
    CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
    CHECK(held_by(scene, unlisted).size() == 1);
    scene.kernel = Kernel::works;
    scene.native(Update(2).of(other).home4("0.0.0.0"), visited);
    CHECK(acknowledged(scene).status == Ipv4AddressStatus::DynamicAssignmentNotAvailable);
}

TEST_CASE("address pool: owners are unique, addresses come back") {
    constexpr TimePoint now{seconds(1000)};
    AddressPool pool(wire::Prefix4{v4("10.1.2.0"), 29}); // .1 to .6
    CHECK(pool.reserve(v4("10.1.2.1"), node));
    CHECK(pool.reserve(v4("10.1.2.2"), std::nullopt));
    CHECK_FALSE(pool.reserve(v4("10.1.2.1"), other));
    CHECK(pool.allocate(node, now) == v4("10.1.2.1"));
    std::vector<wire::Ipv4Address> given;
    for (unsigned i = 0; i < 4; ++i) {
        auto home_address = other;
        home_address.bytes.at(15) = static_cast<std::uint8_t>(i);
        const auto address = pool.allocate(home_address, now);
        REQUIRE(address);
        CHECK(std::find(given.begin(), given.end(), *address) == given.end());
        CHECK(*address >= v4("10.1.2.3"));
        CHECK(*address <= v4("10.1.2.6"));
        CHECK(pool.allocate(home_address, now) == address);
        given.push_back(*address);
    }
    CHECK_FALSE(pool.allocate(unlisted, now));
    // Oldest unused first.
    auto second = other;
    second.bytes.at(15) = 2;
    auto first = other;
    first.bytes.at(15) = 1;
    pool.leases().set_in_use(host_prefix(given.at(2)), false);
    pool.leases().set_in_use(host_prefix(given.at(1)), false);
    CHECK(pool.owns(second, given.at(2)));
    CHECK(pool.allocate(unlisted, now) == given.at(2));
    CHECK_FALSE(pool.owns(second, given.at(2)));
    CHECK_FALSE(pool.adopt(second, given.at(2)));
    CHECK(pool.adopt(first, given.at(1)));
    CHECK_FALSE(pool.allocate(second, now));
    CHECK(pool.is_home_address(v4("10.1.2.7")));
    CHECK_FALSE(pool.is_home_address(v4("10.1.2.8")));
}

TEST_CASE("address pool: one address, and the whole of a short prefix") {
    AddressPool one(wire::Prefix4{v4("10.1.2.3"), 32});
    CHECK(one.allocate(node, TimePoint{}) == v4("10.1.2.3"));
    CHECK_FALSE(one.allocate(other, TimePoint{}));
    AddressPool all(wire::Prefix4{v4("0.0.0.0"), 0});
    CHECK(all.allocate(node, TimePoint{}));
    AddressPool none;
    CHECK_FALSE(none.allocate(node, TimePoint{}));
    CHECK_FALSE(none.in_service());
}
