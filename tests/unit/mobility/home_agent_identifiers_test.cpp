// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent keeps of each BID, and what it does not look at (RFC 5648, 4.1, 5.6, 6.3).
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

using Bids = std::vector<std::uint16_t>;
using Statuses = std::vector<BindingStatus>;
constexpr auto accepted = BindingStatus::Accepted;

} // namespace

TEST_CASE("an entry for each BID of a home address, found by both", "[M-3-03][M-3-04][M-3-12]") {
    Scene scene;
    scene.native(Update(1).bid(7, visited), visited);
    CHECK(scene.answer().status() == accepted);
    scene.native(Update(2).bid(65535, visited2), visited);
    CHECK(scene.answer().status() == accepted);
    // The same BIDs of another node are others.
    scene.native(Update(1).of(other).bid(7, visited2), visited2);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{7, 65535});
    CHECK(scene.bids(other) == Bids{7});
    CHECK(scene.binding(node, 7)->care_of == wire::IpAddress(visited));
    CHECK(scene.binding(other, 7)->care_of == wire::IpAddress(visited2));
    scene.native(Update(3, seconds(0)).bid(7), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{65535});
    CHECK(scene.bids(other) == Bids{7});
}

TEST_CASE("a Binding Update without the option wipes all BIDs and leaves one plain binding",
          "[M-3-10][M-6.3-03]") {
    Scene scene;
    scene.native(Update(1).bid(1, visited).bid(2, visited2), visited);
    CHECK(scene.answer().status() == accepted);
    scene.native(Update(2), visited2);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{0});
    CHECK_FALSE(scene.binding(node)->mcoa);
}

TEST_CASE("options are processed in their order: the first of two with one BID counts",
          "[M-6.3-08][M-6.3-10]") {
    Scene scene;
    scene.native(Update(1).bid(3, visited2).bid(3, visited).bid(1, visited), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaNotComplete);
    CHECK(answer.bid_status() == Statuses{accepted, BindingStatus::McoaMalformed, accepted});
    CHECK(answer.bids().front().bid == 3);
    CHECK(answer.bids().back().bid == 1);
    CHECK(scene.binding(node, 3)->care_of == wire::IpAddress(visited2));
}

TEST_CASE("the status of the message is that of its only option", "[M-6.3-10]") {
    Scene scene;
    scene.native(Update(1).bid(0, visited), visited);
    auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::McoaMalformed);
    CHECK(answer.bid_status() == Statuses{BindingStatus::McoaMalformed});
    scene.native(Update(1).bid(1, visited), visited);
    answer = scene.answer();
    CHECK(answer.status() == accepted);
    CHECK(answer.bid_status() == Statuses{accepted});
}

TEST_CASE("a home agent accepts bulk registration", "[M-6.3-18]") {
    Scene scene;
    Update update(1);
    Bids all;
    for (std::uint16_t bid = 1; bid <= 8; ++bid) {
        auto care_of = visited;
        care_of.bytes.at(15) = static_cast<std::uint8_t>(bid);
        update.bid(bid, care_of);
        all.push_back(bid);
    }
    scene.native(update, visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == all);
}

TEST_CASE("an alternate care-of address beside a BID with an address means nothing") {
    Scene scene;
    scene.native(Update(1).alternate(v6("ff02::1")).bid(1, visited), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited));
}

TEST_CASE("O means nothing without a Binding Identifier option or in a de-registration") {
    Scene scene;
    scene.native(Update(1).bid(1, visited).bid(2, visited2), visited);
    CHECK(scene.answer().status() == accepted);
    scene.native(Update(2, seconds(0)).overwrite().bid(1), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{2});
    scene.native(Update(3).overwrite(), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{0});
}

TEST_CASE("IPv4 and IPv6 care-of addresses side by side, each replaced on its own") {
    Scene scene;
    scene.udp(Update(1).bid(1, visited4), {visited4, 40000});
    CHECK(scene.answer().status() == accepted);
    scene.native(Update(2).bid(2, visited).bid(3, visited2), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.bids(node) == Bids{1, 2, 3});
    scene.udp(Update(3).bid(1, private4), outside); // now behind a NAT
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.binding(node, 1)->nat);
    CHECK(scene.binding(node, 1)->port == outside.port);
    CHECK(scene.binding(node, 2)->care_of == wire::IpAddress(visited));
    // A BID may change its family.
    scene.native(Update(4).bid(1, visited), visited);
    CHECK(scene.answer().status() == accepted);
    CHECK(scene.binding(node, 1)->care_of == wire::IpAddress(visited));
    CHECK_FALSE(scene.binding(node, 1)->nat);
}
