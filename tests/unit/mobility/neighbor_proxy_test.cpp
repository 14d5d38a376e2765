// SPDX-License-Identifier: GPL-2.0-or-later
// What the home agent says on the home link.
#include <catch2/catch.hpp>

#include "../addresses.hpp"
#include "mobility/neighbor_proxy.hpp"

using namespace dsmip::mobility;
using namespace dsmip::test;
using namespace std::chrono_literals;
namespace wire = dsmip::wire;

namespace {

const auto agent = v6("2001:db8:1::1");
const auto node = v6("2001:db8:1::100");
const auto node_link_local = v6("fe80::100");
const auto host = v6("2001:db8:1::77");
const auto node4 = v4("192.0.2.10");
const auto host4 = v4("192.0.2.77");
constexpr wire::EthernetAddress agent_mac{2, 0, 0, 0, 0, 1};
constexpr wire::EthernetAddress host_mac{2, 0, 0, 0, 0, 0x77};
constexpr wire::Nonce nonce{1, 2, 3, 4, 5, 6};
constexpr wire::EthernetAddress all_nodes_mac{0x33, 0x33, 0, 0, 0, 1};

struct Link {
    Link() { proxy.set_link_address(agent_mac); }
    template<class Message>
    EthernetFrames hears(const Message& message) {
        constexpr bool arp = std::is_same_v<Message, wire::ArpPacket>;
        return proxy.receive(arp ? wire::ethertype_arp : wire::ethertype_ipv6, host_mac,
                             wire::encode(message));
    }
    TimePoint now{100s};
    NeighborProxy proxy{{agent, nonce}};
};

template<class Message>
Message read(const EthernetFrame& frame) {
    const auto message = wire::decode_neighbor_message(frame.ethertype, frame.payload);
    REQUIRE(message);
    REQUIRE(std::holds_alternative<Message>(*message));
    return std::get<Message>(*message);
}

ClaimHomeAddress claim(bool announce = true) {
    ClaimHomeAddress claim;
    claim.home_address = node;
    claim.home_addresses4 = {node4};
    claim.announce = announce;
    return claim;
}

wire::NeighborSolicitation solicitation(const wire::Ipv6Address& source,
                                        const wire::Ipv6Address& target) {
    return {source, wire::solicited_node(target), target, std::nullopt, std::nullopt};
}

} // namespace

TEST_CASE("a claim is announced to all nodes, three times") {
    Link link;
    auto wanted = claim();
    wanted.link_local = GENERATE(false, true);
    wanted.router = GENERATE(false, true);
    const auto frames = link.proxy.claim(link.now, wanted);
    REQUIRE(frames.size() == (wanted.link_local ? 3 : 2));
    CHECK(frames.front().destination == all_nodes_mac);
    const auto advertisement = read<wire::NeighborAdvertisement>(frames.front());
    CHECK(advertisement == wire::NeighborAdvertisement{agent, wire::all_nodes, node, wanted.router,
                                                       false, true, agent_mac});
    if (wanted.link_local) {
        CHECK(read<wire::NeighborAdvertisement>(frames.at(1)).target == node_link_local);
    }
    CHECK(frames.back().destination == wire::ethernet_broadcast);
    const auto arp = read<wire::ArpPacket>(frames.back());
    CHECK(arp.sender == node4);
    CHECK(arp.target == node4);
    CHECK(arp.sender_link_address == agent_mac);
    // Nothing new, nothing to say.
    CHECK(link.proxy.claim(link.now, wanted).empty());
    for (int repetition = 0; repetition < 2; ++repetition) {
        REQUIRE(link.proxy.next_deadline() == link.now + 1s);
        CHECK(link.proxy.tick(link.now + 999ms).empty());
        link.now += 1s;
        CHECK(link.proxy.tick(link.now).size() == frames.size());
    }
    CHECK_FALSE(link.proxy.next_deadline());
}

TEST_CASE("after a restart nothing is announced, but answered") {
    Link link;
    CHECK(link.proxy.claim(link.now, claim(false)).empty());
    CHECK_FALSE(link.proxy.next_deadline());
    CHECK(link.hears(solicitation(host, node)).size() == 1);
}

TEST_CASE("solicitations for claimed addresses are answered, others not") {
    Link link;
    auto wanted = claim();
    wanted.link_local = true;
    wanted.router = true;
    (void)link.proxy.claim(link.now, wanted);
    const auto target = GENERATE(node, node_link_local);
    auto question = solicitation(host, target);
    const bool named = GENERATE(true, false);
    const wire::EthernetAddress other_mac{2, 0, 0, 0, 0, 0x78};
    if (named) {
        question.source_link_address = other_mac;
    }
    const auto frames = link.hears(question);
    REQUIRE(frames.size() == 1);
    CHECK(frames.front().destination == (named ? other_mac : host_mac));
    CHECK(read<wire::NeighborAdvertisement>(frames.front()) ==
          wire::NeighborAdvertisement{agent, host, target, true, true, false, agent_mac});
    CHECK(link.hears(solicitation(host, v6("2001:db8:1::101"))).empty());
    CHECK(link.proxy.counters().solicitations_answered == 1);
    link.proxy.release(node);
    CHECK(link.hears(question).empty());
    CHECK_FALSE(link.proxy.claims(target));
    CHECK(link.proxy.tick(link.now + 5s).empty()); // nor is anything announced any more
}

TEST_CASE("who asks whether a claimed address is free hears from all nodes' group that it is not") {
    Link link;
    (void)link.proxy.claim(link.now, claim());
    const auto frames = link.hears(solicitation({}, node));
    REQUIRE(frames.size() == 1);
    CHECK(frames.front().destination == all_nodes_mac);
    CHECK(read<wire::NeighborAdvertisement>(frames.front()) ==
          wire::NeighborAdvertisement{agent, wire::all_nodes, node, false, false, true, agent_mac});
}

TEST_CASE("ARP for claimed IPv4 home addresses", "[D-4.5-03]") {
    Link link;
    (void)link.proxy.claim(link.now, claim());
    using Operation = wire::ArpPacket::Operation;
    const auto frames = link.hears(wire::ArpPacket{Operation::request, host_mac, host4, {}, node4});
    REQUIRE(frames.size() == 1);
    CHECK(frames.front().destination == host_mac);
    CHECK(read<wire::ArpPacket>(frames.front()) ==
          wire::ArpPacket{Operation::reply, agent_mac, node4, host_mac, host4});
    // RFC 5227: a probe.
    CHECK(link.hears(wire::ArpPacket{Operation::request, host_mac, {}, {}, node4}).size() == 1);
    CHECK(link.hears(wire::ArpPacket{Operation::request, host_mac, host4, {}, host4}).empty());
    CHECK(link.hears(wire::ArpPacket{Operation::reply, host_mac, host4, agent_mac, node4}).empty());
    CHECK(link.proxy.counters().arp_requests_answered == 2);
    link.proxy.release(node);
    CHECK(link.hears(wire::ArpPacket{Operation::request, host_mac, host4, {}, node4}).empty());
}

TEST_CASE("no fight with a node that says the address is its own") {
    Link link;
    (void)link.proxy.claim(link.now, claim());
    const wire::NeighborAdvertisement mine{node, wire::all_nodes, node, false, false,
                                           true, host_mac};
    CHECK(link.hears(mine).empty());
    CHECK(
        link.hears(wire::ArpPacket{wire::ArpPacket::Operation::request, host_mac, node4, {}, node4})
            .empty());
    CHECK(link.proxy.counters().conflicts == 2);
}

TEST_CASE("detection: a question to the group of the address, and a second of silence") {
    Link link;
    const bool link_local = GENERATE(false, true);
    const auto frames = link.proxy.start_dad(link.now, {7, node, link_local});
    REQUIRE(frames.size() == (link_local ? 2 : 1));
    CHECK(frames.front().destination == wire::EthernetAddress{0x33, 0x33, 0xFF, 0x00, 0x01, 0x00});
    const auto question = read<wire::NeighborSolicitation>(frames.front());
    CHECK(question.source.is_unspecified());
    CHECK(question.target == node);
    CHECK(question.nonce == nonce);
    // Its own question comes back from the link (RFC 7527), and other traffic.
    CHECK(link.hears(question).empty());
    CHECK(link.hears(solicitation(host, node)).empty());
    CHECK(link.hears(solicitation({}, host)).empty());
    REQUIRE(link.proxy.next_deadline() == link.now + 1s);
    CHECK(link.proxy.take_outcomes().empty());
    (void)link.proxy.tick(link.now + 1s);
    CHECK(link.proxy.take_outcomes() == std::vector{std::pair{RequestId{7}, DadOutcome::unique}});
    CHECK_FALSE(link.proxy.next_deadline());
}

TEST_CASE("detection: another node has the address, or asks for it at the same time") {
    Link link;
    const bool link_local = GENERATE(false, true);
    (void)link.proxy.start_dad(link.now, {7, node, link_local});
    (void)link.proxy.start_dad(link.now + 100ms, {8, host, false});
    const auto target = link_local ? node_link_local : node;
    const bool asks = GENERATE(false, true);
    if (asks) {
        (void)link.hears(solicitation({}, target));
    } else {
        (void)link.hears(
            wire::NeighborAdvertisement{target, wire::all_nodes, target, false, false, true, {}});
    }
    CHECK(link.proxy.next_deadline() <= link.now); // at once
    CHECK(link.proxy.take_outcomes() ==
          std::vector{std::pair{RequestId{7}, DadOutcome::duplicate}});
    (void)link.proxy.tick(link.now + 1100ms);
    CHECK(link.proxy.take_outcomes() == std::vector{std::pair{RequestId{8}, DadOutcome::unique}});
    CHECK(link.proxy.counters().dad_duplicates == 1);
}

TEST_CASE("detection: a question that could not be sent proves nothing") {
    Link link;
    (void)link.proxy.start_dad(link.now, {7, node, false});
    link.proxy.abandon_dad(7);
    (void)link.proxy.tick(link.now + 1s);
    CHECK(link.proxy.take_outcomes() == std::vector{std::pair{RequestId{7}, DadOutcome::unknown}});
}

TEST_CASE("detection: the link goes, and all of them end without an outcome") {
    Link link;
    (void)link.proxy.start_dad(link.now, {7, node, false});
    (void)link.proxy.start_dad(link.now, {8, node, true});
    link.proxy.abandon_detections();
    CHECK(link.proxy.take_outcomes() == std::vector{std::pair{RequestId{7}, DadOutcome::unknown},
                                                    std::pair{RequestId{8}, DadOutcome::unknown}});
    CHECK(link.proxy.tick(link.now + 1s).empty());
    CHECK(link.proxy.take_outcomes().empty());
}

TEST_CASE("two home addresses with one interface identifier") {
    Link link;
    auto first = claim();
    first.link_local = true;
    auto second = first;
    second.home_address = v6("2001:db8:2::100");
    second.home_addresses4 = {};
    (void)link.proxy.claim(link.now, first);
    (void)link.proxy.claim(link.now, second);
    link.proxy.release(node);
    CHECK(link.proxy.claims(node_link_local));
    CHECK_FALSE(link.proxy.claims(node));
    CHECK(link.proxy.size() == 1);
}

TEST_CASE("100,000 nodes on one link") {
    Link link;
    auto address = node;
    for (unsigned i = 0; i < 100'000; ++i) {
        address.bytes[13] = static_cast<std::uint8_t>(i >> 16U);
        address.bytes[14] = static_cast<std::uint8_t>((i >> 8U) & 0xFFU);
        address.bytes[15] = static_cast<std::uint8_t>(i & 0xFFU);
        ClaimHomeAddress one;
        one.home_address = address;
        one.announce = false;
        (void)link.proxy.claim(link.now, one);
    }
    CHECK(link.proxy.size() == 100'000);
    CHECK(link.hears(solicitation(host, address)).size() == 1);
}
