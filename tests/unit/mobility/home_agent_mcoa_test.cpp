// SPDX-License-Identifier: GPL-2.0-or-later
// Several care-of addresses: single and bulk, overwrite, de-registration by BID, each status.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

using Statuses = std::vector<BindingStatus>;
using Bids = std::vector<std::uint16_t>;
constexpr auto accepted = BindingStatus::Accepted;
const wire::Endpoint direct{visited4, 5000};

// Lifts the BID option H of RFC 5648.
Update& home_flag(Update& update) {
    std::get<wire::BindingIdentifier>(update.message.options.back()).flags |= wire::bid_rfc::home;
    return update;
}

} // namespace

TEST_CASE("a BID makes a binding of its own",
          "[M-4.1-01][M-4.2.1-16][M-5.7-02][M-6.3-05][M-6.3-25][M-6.3-26][M-6.3-32][M-6.3-33]"
          "[M-6.3-34][M-6.3-35][M-4.2.1-17]") {
    Scene scene;
    scene.native(Update(1).bid(5, visited, 20), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == accepted);
    REQUIRE(answer.bids().size() == 1);
    CHECK(answer.bids().front().bid == 5);
    CHECK(answer.bids().front().status == accepted);
    CHECK(std::holds_alternative<std::monostate>(answer.bids().front().care_of_address));
    const auto binding = scene.binding(node, 5);
    REQUIRE(binding);
    CHECK(binding->care_of == wire::IpAddress(visited));
    CHECK(binding->priority == 20);
    CHECK(binding->mcoa);
    CHECK_FALSE(binding->draft);
}

TEST_CASE("bindings of several BIDs live side by side, each with its lifetime",
          "[M-6.3-31][M-6.3-32]") {
    Scene scene;
    scene.native(Update(1, seconds(40)).bid(1, visited), visited);
    (void)scene.answer();
    scene.native(Update(2).bid(2, visited2), visited2);
    (void)scene.answer();
    CHECK(scene.bids(node) == Bids{1, 2});
    scene.advance(seconds(20));
    scene.native(Update(3, seconds(40)).bid(1, visited2), visited2); // moved
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited2));
    CHECK(scene.binding(node, 2)->lifetime == seconds(580));
    CHECK(scene.agent.binding_count() == 2);
    scene.advance(seconds(40));
    CHECK(scene.bids(node) == Bids{2});
}

TEST_CASE("bulk: several in one Binding Update", "[M-6.3-17][M-6.3-34]") {
    Scene scene;
    scene.native(Update(1).overwrite().bid(1, visited).bid(2, visited2), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == accepted);
    CHECK(answer.bid_status() == Statuses{accepted, accepted});
    CHECK(scene.bids(node) == Bids{1, 2});
}

TEST_CASE("bulk with faults: what can be done is done, each option says what came of it",
          "[M-4.2.1-05][M-4.3-01][M-6.3-11][M-6.3-12]") {
    Scene scene;
    scene.native(Update(1)
                     .bid(1, visited)
                     .bid(0, visited2)             // reserved
                     .bid(3, v6("ff02::1"))        // no unicast address
                     .bid(4, v6("2001:db8:1::77")) // in the home network
                     .bid(5)                       // unknown, no address
                     .bid(1, visited2)             // twice
                     .bid(7, visited4),            // IPv4 for the first time
                 visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaNotComplete);
    CHECK(answer.message.lifetime.duration() == seconds(600));
    CHECK(answer.bid_status() ==
          Statuses{accepted, BindingStatus::McoaMalformed, BindingStatus::McoaMalformed,
                   BindingStatus::InvalidCareOfAddress, BindingStatus::McoaUnknownCareOfAddress,
                   BindingStatus::McoaMalformed, BindingStatus::AdministrativelyProhibited});
    CHECK(scene.bids(node) == Bids{1});
    CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited));
}

TEST_CASE("nothing but faults: refused, nothing changes") {
    Scene scene;
    scene.native(Update(1).bid(1, visited), visited);
    (void)scene.answer();
    scene.native(Update(2).overwrite().bid(0, visited2).bid(9), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaMalformed);
    CHECK(answer.bid_status() ==
          Statuses{BindingStatus::McoaMalformed, BindingStatus::McoaUnknownCareOfAddress});
    CHECK(scene.bids(node) == Bids{1});
    CHECK(scene.binding(node, 1)->sequence == 1);
    scene.native(Update(2).bid(1), visited);
    CHECK(scene.answer().status() == accepted);
}

TEST_CASE("164 for an option of wrong length rejects the Binding Update",
          "[M-4.3-03][M-6.3-13][M-6.3-14]") {
    Scene scene;
    auto octets = Scene::octets(Update(1).bid(1));
    const auto length = GENERATE(5, 6, 7);
    // Option 35 at octet 12 becomes shorter; a Pad1 run fills the rest.
    REQUIRE(octets.at(12) == 35);
    octets.at(13) = static_cast<std::uint8_t>(length);
    for (std::size_t at = 14 + static_cast<std::size_t>(length); at < octets.size(); ++at) {
        octets.at(at) = 0;
    }
    Scene::correct_checksum(octets);
    scene.deliver(octets, scene.udp_frame(node, direct));
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaMalformed);
    CHECK(answer.bids().size() == 1);
    CHECK_FALSE(scene.registered(node));
}

TEST_CASE("barred by configuration", "[M-4.3-05][M-4.3-06][M-6.3-19]") {
    auto config = default_config();
    SECTION("166 several care-of addresses") {
        config.accept_mcoa = false;
        Scene scene(config);
        scene.native(Update(1).bid(1, visited), visited);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::McoaProhibited);
        CHECK(answer.bids().size() == 1);
        CHECK_FALSE(scene.registered(node));
        scene.native(Update(1), visited);
        CHECK(scene.answer().status() == accepted);
    }
    SECTION("168 bulk") {
        config.accept_bulk = false;
        Scene scene(config);
        scene.native(Update(1).bid(1, visited).bid(2, visited2), visited);
        CHECK(scene.answer().status() == BindingStatus::McoaBulkRegistrationProhibited);
        CHECK_FALSE(scene.registered(node));
        scene.native(Update(2).bid(1, visited), visited);
        CHECK(scene.answer().status() == accepted);
    }
    SECTION("130 too many") {
        config.max_bindings_per_node = 2;
        Scene scene(config);
        scene.native(Update(1).bid(1, visited).bid(2, visited).bid(3, visited), visited);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::McoaNotComplete);
        CHECK(answer.bid_status() ==
              Statuses{accepted, accepted, BindingStatus::InsufficientResources});
        scene.native(Update(2).bid(4, visited), visited);
        CHECK(scene.answer().status() == BindingStatus::InsufficientResources);
        scene.native(Update(3).bid(2, visited2), visited2); // not one more
        CHECK(scene.answer().status() == accepted);
    }
    SECTION("130 too many for this node") {
        config.max_bindings_per_node = 2;
        config.nodes.front().max_bindings = 3;
        Scene scene(config);
        scene.native(Update(1).bid(1, visited).bid(2, visited).bid(3, visited).bid(4, visited),
                     visited);
        CHECK(scene.answer().bid_status() ==
              Statuses{accepted, accepted, accepted, BindingStatus::InsufficientResources});
        // Another one has what is for all.
        scene.native(Update(1).of(other).bid(1, visited).bid(2, visited).bid(3, visited), visited);
        CHECK(scene.answer().bid_status() ==
              Statuses{accepted, accepted, BindingStatus::InsufficientResources});
        config.nodes.front().max_bindings = 1;
        REQUIRE(scene.reconfigure(config));
        scene.native(Update(2).bid(4, visited), visited);
        CHECK(scene.answer().status() == BindingStatus::InsufficientResources);
    }
}

TEST_CASE("169 home and foreign at once") {
    Scene scene;
    Update update(1);
    update.bid(1, node);
    home_flag(update);
    const bool at_home = GENERATE(true, false);
    at_home ? scene.home_link(update) : scene.native(update, visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaSimultaneousHomeAndForeignProhibited);
    CHECK(answer.bid_status() == Statuses{BindingStatus::McoaSimultaneousHomeAndForeignProhibited});
    CHECK_FALSE(scene.registered(node));
}

TEST_CASE("165 while a plain binding exists, unless O replaces it", "[M-4.3-04][M-6.3-29]") {
    Scene scene;
    scene.native(Update(1), visited);
    (void)scene.answer();
    scene.native(Update(2).bid(1, visited2), visited2);
    CHECK(scene.answer().status() == BindingStatus::McoaNonMcoaBindingExists);
    CHECK(scene.bids(node) == Bids{0});
    scene.native(Update(2).overwrite().bid(1, visited2), visited2);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{1});
}

TEST_CASE("O removes all other bindings", "[M-6.3-29]") {
    Scene scene;
    scene.native(Update(1).bid(1, visited).bid(2, visited2), visited);
    (void)scene.answer();
    scene.native(Update(2).overwrite().bid(3, visited), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{3});
}

TEST_CASE("a plain Binding Update replaces or deletes all", "[M-6.3-01][M-6.3-02][M-6.3-03]"
                                                            "[M-6.3-04]") {
    Scene scene;
    scene.native(Update(1).bid(1, visited).bid(2, visited2), visited);
    (void)scene.answer();
    SECTION("replaces") {
        scene.native(Update(2), visited2);
        (void)scene.answer();
        CHECK(scene.bids(node) == Bids{0});
        CHECK_FALSE(scene.binding(node)->mcoa);
    }
    SECTION("deletes") {
        scene.native(Update(2, seconds(0)), visited2);
        CHECK(scene.answer().status() == accepted);
        CHECK_FALSE(scene.registered(node));
    }
}

TEST_CASE("de-registration by BID deletes those and no others",
          "[M-5.5-04][M-6.3-20][M-6.3-21][M-6.3-22][M-6.3-23]") {
    Scene scene;
    scene.native(Update(1).home4("192.0.2.10").bid(1, visited).bid(2, visited2).bid(3, visited),
                 visited);
    (void)scene.answer();
    SECTION("one") {
        scene.native(Update(2, seconds(0)).overwrite().bid(2), visited);
        const auto answer = scene.answer();
        CHECK(answer.status() == accepted);
        CHECK(answer.message.lifetime.is_zero());
        CHECK(answer.bid_status() == Statuses{accepted});
        CHECK(scene.bids(node) == Bids{1, 3});
        CHECK(scene.registered(node)->home_addresses4.size() == 1);
        // What the kernel keeps tells the number to a successor of the daemon.
        CHECK(scene.binding(node, 1)->sequence == 2);
    }
    SECTION("with the address, as they were registered") {
        scene.native(Update(2, seconds(0)).bid(2, visited2).bid(3, visited), visited);
        CHECK(scene.answer().status() == accepted);
        CHECK(scene.bids(node) == Bids{1});
    }
    SECTION("133 for an unknown one among others") {
        scene.native(Update(2, seconds(0)).bid(2).bid(9), visited);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::McoaNotComplete);
        CHECK(answer.bid_status() ==
              Statuses{accepted, BindingStatus::NotHomeAgentForThisMobileNode});
        CHECK(scene.bids(node) == Bids{1, 3});
    }
    SECTION("133 for nothing but unknown ones") {
        scene.native(Update(2, seconds(0)).bid(9), visited);
        CHECK(scene.answer().status() == BindingStatus::NotHomeAgentForThisMobileNode);
        CHECK(scene.bids(node) == Bids{1, 2, 3});
    }
    SECTION("all") {
        scene.native(Update(2, seconds(0)).bid(1).bid(2).bid(3), visited);
        CHECK(scene.answer().status() == accepted);
        CHECK_FALSE(scene.registered(node));
        scene.native(Update(2).bid(1, visited), visited);
        CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    }
}

TEST_CASE("length 4 renews what is known", "[M-6.3-31]") {
    Scene scene;
    scene.native(Update(1).bid(1, visited, 9), visited);
    (void)scene.answer();
    scene.advance(seconds(100));
    scene.native(Update(2).bid(1), visited2);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited));
    CHECK(scene.binding(node, 1)->lifetime == seconds(600));
    CHECK(scene.binding(node, 1)->priority == 9);
    scene.native(Update(3).bid(2), visited2);
    CHECK(scene.answer().status() == BindingStatus::McoaUnknownCareOfAddress);
}

TEST_CASE("an IPv4 care-of address in a Binding Identifier option",
          "[M-8.1-04][M-8.1-05][M-8.1-08][M-8.1-10][M-8.1-12][M-8.1-13][M-8.1-14][M-8.1-15]"
          "[M-8.1-16][M-8.2-07][M-4.2.1-16]") {
    Scene scene;
    SECTION("is what the outer source is compared with") {
        scene.udp(Update(1).bid(2, visited4), direct);
        auto answer = scene.answer();
        CHECK(answer.status() == accepted);
        CHECK(answer.nat()->refresh_time == wire::NatDetection::no_keepalive_needed);
        CHECK(scene.binding(node, 2)->encapsulation == Encapsulation::direct);
        scene.udp(Update(2).bid(2, private4), outside);
        answer = scene.answer();
        CHECK(answer.nat()->refresh_time == 110);
        CHECK(scene.binding(node, 2)->care_of == outside.address);
        CHECK(scene.binding(node, 2)->port == outside.port);
        CHECK(scene.binding(node, 2)->claimed_care_of == private4);
        CHECK(scene.binding(node, 2)->encapsulation == Encapsulation::udp);
    }
    SECTION("stands above option 32") {
        scene.udp(Update(1).care_of4(private4).bid(2, visited4), direct);
        CHECK(scene.answer().nat()->refresh_time == wire::NatDetection::no_keepalive_needed);
    }
    SECTION("is refused over IPv6 and in a first bulk, in the option") {
        scene.native(Update(1).bid(2, visited4), visited);
        auto answer = scene.answer();
        CHECK(answer.bid_status() == Statuses{BindingStatus::AdministrativelyProhibited});
        CHECK(answer.home4().empty());
        scene.udp(Update(1).home4("192.0.2.10").bid(1, visited).bid(2, visited4), direct);
        answer = scene.answer();
        CHECK(answer.status() == BindingStatus::McoaNotComplete);
        CHECK(answer.bid_status() == Statuses{accepted, BindingStatus::AdministrativelyProhibited});
        CHECK(answer.home4().size() == 1); // about the IPv4 home address alone
    }
    SECTION("is refused where its packets would come back, in the option") {
        const wire::Endpoint leased{v4("192.0.2.161"), 5000}; // of the pool
        scene.udp(Update(1).bid(2, v4("192.0.2.161")), leased);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::InvalidCareOfAddress);
        CHECK(answer.bid_status() == Statuses{BindingStatus::InvalidCareOfAddress});
        CHECK(answer.home4().empty());
        CHECK_FALSE(scene.registered(node));
    }
    SECTION("is renewed in bulk where there was no NAT") {
        scene.udp(Update(1).bid(2, visited4), direct);
        (void)scene.answer();
        scene.native(Update(2).bid(1, visited).bid(2, visited4), visited);
        CHECK(scene.answer().status() == accepted);
        CHECK(scene.bids(node) == Bids{1, 2});
        CHECK(scene.binding(node, 2)->port == 5000);
        scene.udp(Update(3).bid(1, visited).bid(2, visited4), {visited4, 5001});
        CHECK(scene.answer().status() == accepted);
        CHECK(scene.binding(node, 2)->port == 5001);
        scene.native(Update(4).bid(1).bid(2), visited);
        CHECK(scene.answer().status() == accepted);
    }
    SECTION("is not where there was one") {
        scene.udp(Update(1).bid(2, private4), outside);
        (void)scene.answer();
        scene.udp(Update(2).bid(1, visited).bid(2, private4), outside);
        CHECK(scene.answer().bid_status() ==
              Statuses{accepted, BindingStatus::AdministrativelyProhibited});
        CHECK(scene.bids(node) == Bids{1, 2});
    }
    SECTION("renewed without address is still compared") {
        scene.udp(Update(1).bid(2, private4), outside);
        (void)scene.answer();
        const wire::Endpoint rebound{v4("203.0.113.9"), 41000};
        scene.udp(Update(2).bid(2), rebound);
        CHECK(scene.answer().nat()->refresh_time == 110);
        CHECK(scene.binding(node, 2)->port == 41000);
        CHECK(scene.binding(node, 2)->claimed_care_of == private4);
    }
    SECTION("de-registered by BID alone, the answer still knows the NAT") {
        scene.udp(Update(1).bid(2, visited4), direct);
        (void)scene.answer();
        scene.udp(Update(2, seconds(0)).bid(2), direct);
        CHECK(scene.answer().nat()->refresh_time == wire::NatDetection::no_keepalive_needed);
    }
    SECTION("with F and T") {
        scene.udp(Update(1).force_udp().tlv().bid(2, visited4), direct);
        CHECK(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node, 2)->encapsulation == Encapsulation::udp_tlv);
    }
    SECTION("beside IPv6 ones, both for both home addresses") {
        scene.native(Update(1).home4("192.0.2.10").bid(1, visited), visited);
        (void)scene.answer();
        scene.udp(Update(2).home4("192.0.2.10").bid(2, private4), outside);
        (void)scene.answer();
        CHECK(scene.bids(node) == Bids{1, 2});
        CHECK(scene.registered(node)->home_addresses4 == std::vector{v4("192.0.2.10")});
    }
}

TEST_CASE("an IPv6 care-of address may be registered from an IPv4 network", "[M-8.1-08]") {
    Scene scene;
    scene.udp(Update(1).bid(1, visited), direct);
    const auto answer = scene.answer();
    CHECK(answer.status() == accepted);
    CHECK(answer.nat());
    CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited));
    CHECK(scene.binding(node, 1)->port == 0);
}

TEST_CASE("option 30 comes before the Binding Identifier options",
          "[M-8.2-02][M-8.2-03][M-8.2-04][M-8.2-05][M-8.2-06]") {
    Scene scene;
    scene.native(Update(1).bid(1, visited).bid(2, visited2).home4("192.0.2.99"), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == accepted);
    REQUIRE(answer.message.options.size() == 3);
    const auto* option =
        std::get_if<wire::Ipv4AddressAcknowledgement>(&answer.message.options.front());
    REQUIRE(option != nullptr);
    CHECK(option->status == wire::Ipv4AddressStatus::IncorrectIpv4HomeAddress);
    CHECK(answer.bid_status() == Statuses{accepted, accepted});
}

TEST_CASE("the answer to the bulk example is byte for byte that of the test vector") {
    auto config = default_config();
    config.max_bindings_per_node = 1; // the second is refused with 130
    Scene scene(config);
    scene.native(Update(3).overwrite().bid(1, visited).bid(2, visited2), visited);
    REQUIRE(scene.sent.size() == 1);
    CHECK(scene.sent.front().octets ==
          std::vector<std::uint8_t>{0x3b, 0x02, 0x06, 0x00, 0x95, 0x44, 0x04, 0x00,
                                    0x00, 0x03, 0x00, 0x96, 0x23, 0x04, 0x00, 0x01,
                                    0x00, 0x00, 0x23, 0x04, 0x00, 0x02, 0x82, 0x00});
}
