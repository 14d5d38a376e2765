// SPDX-License-Identifier: GPL-2.0-or-later
// Peers that speak the drafts, told apart from those that speak the RFCs.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

using Bids = std::vector<std::uint16_t>;
const wire::Endpoint direct{visited4, 5000};

// A Binding Update of a node that speaks the draft about several care-of addresses.
Update draft_bid(std::uint16_t sequence, std::uint16_t bid,
                 std::variant<std::monostate, wire::Ipv4Address, wire::Ipv6Address> care_of,
                 bool overwrite = false) {
    Update update(sequence);
    wire::BindingIdentifierRequest request;
    request.bid = bid;
    request.care_of_address = care_of;
    request.overwrite = overwrite;
    update.message.options.emplace_back(wire::make_binding_identifier(request, Dialect::Draft));
    return update;
}

} // namespace

TEST_CASE("F of the draft is understood, proves the draft and is remembered",
          "[D-3.1.3-01][D-3.1.3-02][D-3.2.3-01]") {
    Scene scene;
    scene.udp(Update(1).care_of4(visited4).force_udp(), direct, Dialect::Draft);
    CHECK(scene.answer().nat()->force_udp);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::udp);
    CHECK(scene.binding(node)->draft);

    // Bit 0x0100 alone is F of the RFC; of this peer it is T.
    const auto restarted = GENERATE(false, true);
    if (restarted) {
        scene.restart(default_config());
    }
    scene.udp(Update(2).care_of4(private4).tlv(), outside, Dialect::Draft);
    scene.answers_in = Dialect::Draft;
    CHECK(scene.answer().message.flags.tlv);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::udp_tlv_draft);
    CHECK_FALSE(scene.binding(node)->forced_udp);
}

TEST_CASE("F and T of the draft in one message") {
    Scene scene;
    scene.answers_in = Dialect::Draft;
    scene.udp(Update(1).care_of4(visited4).force_udp().tlv(), direct, Dialect::Draft);
    CHECK(scene.answer().message.flags.tlv);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::udp_tlv_draft);
    CHECK(scene.binding(node)->forced_udp);
}

TEST_CASE("T of the draft alone is never guessed") {
    Scene scene;
    scene.udp(Update(1).care_of4(visited4).tlv(), direct, Dialect::Draft);
    const auto answer = scene.answer();
    CHECK_FALSE(answer.message.flags.tlv);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::udp); // taken for F
    CHECK_FALSE(scene.binding(node)->draft);
}

TEST_CASE("a peer that turns out to speak the RFC is no longer taken for one of the draft") {
    Scene scene;
    scene.udp(Update(1).care_of4(visited4).force_udp(), direct, Dialect::Draft);
    (void)scene.answer();
    CHECK(scene.binding(node)->draft);
    SECTION("by the T flag") {
        scene.udp(Update(2).care_of4(private4).tlv(), outside);
        CHECK(scene.answer().message.flags.tlv);
        CHECK(scene.binding(node)->encapsulation == Encapsulation::udp_tlv);
    }
    SECTION("by an address without C") {
        scene.native(Update(2).overwrite().bid(1, visited), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.bids(node) == Bids{1});
    }
    CHECK_FALSE(scene.registered(node)->bindings.front().draft);
}

TEST_CASE("Binding Identifier options of the draft: C, D, O in octet 5",
          "[M-4.2.1-05][M-4.2.1-16][M-6.3-13][M-6.3-15][M-6.3-26][M-6.3-29][M-6.3-34]") {
    Scene scene;
    scene.native(draft_bid(1, 1, visited), visited, Dialect::Draft);
    auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    REQUIRE(answer.bids().size() == 1);
    CHECK(answer.bids().front().flags == wire::bid_draft::care_of_address);
    CHECK(scene.binding(node, 1)->draft);
    CHECK(scene.binding(node, 1)->priority == 0); // those bits mean something else
    scene.udp(draft_bid(2, 2, visited4), direct, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.bids(node) == Bids{1, 2});
    scene.native(draft_bid(3, 3, visited2, true), visited2, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.bids(node) == Bids{3});
}

TEST_CASE("C without a care-of address: that option is malformed", "[M-6.3-16]") {
    Scene scene;
    auto update = draft_bid(1, 1, visited);
    auto without = draft_bid(1, 2, std::monostate{}).message.options.back();
    std::get<wire::BindingIdentifier>(without).flags = wire::bid_draft::care_of_address;
    SECTION("alone") {
        update.message.options = {without};
        auto config = default_config();
        config.dialect = Dialect::Draft;
        Scene draft(config);
        draft.native(update, visited, Dialect::Draft);
        const auto answer = draft.answer();
        CHECK(answer.status() == BindingStatus::McoaMalformed);
        CHECK(answer.bid_status() == std::vector{BindingStatus::McoaMalformed});
        CHECK_FALSE(draft.registered(node));
    }
    SECTION("beside one that has it: C is in all or none, and so is the address") {
        update.message.options.push_back(without);
        scene.native(update, visited, Dialect::Draft);
        CHECK(scene.answer().status() == BindingStatus::McoaMalformed);
        CHECK_FALSE(scene.registered(node));
    }
}

TEST_CASE("the draft leaves the address out where the packet has it", "[M-6.3-27][M-6.3-28]") {
    auto config = default_config();
    config.dialect = Dialect::Draft;
    Scene scene(config);
    SECTION("source") {
        scene.native(draft_bid(1, 1, std::monostate()), visited, Dialect::Draft);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited));
    }
    SECTION("alternate care-of address option") {
        scene.native(draft_bid(1, 1, std::monostate()).alternate(visited2), visited,
                     Dialect::Draft);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited2));
    }
    SECTION("outer source") {
        scene.udp(draft_bid(1, 1, std::monostate()).care_of4(private4), outside, Dialect::Draft);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK(scene.binding(node, 1)->care_of == outside.address);
        CHECK(scene.binding(node, 1)->claimed_care_of == private4);
    }
}

TEST_CASE("in the draft each BID has its own sequence number") {
    auto config = default_config();
    config.dialect = Dialect::Draft;
    Scene scene(config);
    scene.native(draft_bid(100, 1, visited), visited, Dialect::Draft);
    (void)scene.answer();
    scene.native(draft_bid(50, 2, visited2), visited2, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.binding(node, 1)->sequence == 100);
    CHECK(scene.binding(node, 2)->sequence == 50);
    scene.native(draft_bid(60, 1, visited), visited, Dialect::Draft);
    auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
    CHECK(answer.message.sequence == 100);
    // A plain Binding Update has to follow the latest of all.
    scene.native(Update(60), visited, Dialect::Draft);
    answer = scene.answer();
    CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
    CHECK(answer.message.sequence == 100);
    scene.native(draft_bid(51, 2, visited2), visited2, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("a plain binding in the way: the draft replaces it and calls it a conflict",
          "[M-4.3-04][M-6.3-30]") {
    auto config = default_config();
    config.dialect = Dialect::Draft;
    Scene scene(config);
    scene.native(Update(1), visited, Dialect::Draft);
    (void)scene.answer();
    scene.native(draft_bid(2, 1, visited), visited, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::McoaNonMcoaBindingExists);
    CHECK(scene.bids(node) == Bids{1});
    scene.native(draft_bid(3, 1, visited, true), visited, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.bids(node) == Bids{1});
}

TEST_CASE("H of the draft in a de-registration is refused like that of the RFC") {
    Scene scene;
    scene.native(draft_bid(1, 1, visited), visited, Dialect::Draft);
    (void)scene.answer();
    Update update(2, seconds(0));
    wire::BindingIdentifierRequest request;
    request.bid = 1;
    request.home = true;
    update.message.options.emplace_back(wire::make_binding_identifier(request, Dialect::Draft));
    scene.home_link(update, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::McoaSimultaneousHomeAndForeignProhibited);
    CHECK(scene.bids(node) == Bids{1});
}

TEST_CASE("both generations in one message are malformed") {
    Scene scene;
    auto update = draft_bid(1, 1, visited);
    update.bid(2, visited2); // without C
    scene.native(update, visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaMalformed);
    CHECK(answer.bids().size() == 2);
    CHECK_FALSE(scene.registered(node));
}

TEST_CASE("a fixed dialect does not guess") {
    auto config = default_config();
    config.dialect = Dialect::Rfc;
    Scene scene(config);
    // 0x0200 is P there, which changes nothing about a home registration.
    scene.udp(Update(1).care_of4(visited4).force_udp(), direct, Dialect::Draft);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
    // C is H there.
    scene.native(draft_bid(2, 1, visited, true), visited, Dialect::Draft);
    CHECK(scene.answer().status() != BindingStatus::Accepted);
}
