// SPDX-License-Identifier: GPL-2.0-or-later
// Neighbor Discovery and ARP messages: octets, and what a receiver has to discard.
#include <catch2/catch.hpp>

#include "wire/checksum.hpp"
#include "wire/neighbor_discovery.hpp"

using namespace dsmip::wire;

namespace {

const auto source = Ipv6Address::parse("fe80::1").value();
const auto target = Ipv6Address::parse("2001:db8::1234:5678").value();
constexpr EthernetAddress mac{2, 0, 0, 0, 0, 9};

// After octets were changed on purpose.
void correct_checksum(std::vector<std::uint8_t>& packet) {
    packet.at(42) = packet.at(43) = 0;
    Ipv6Address from;
    Ipv6Address to;
    std::copy_n(packet.begin() + 8, 16, from.bytes.begin());
    std::copy_n(packet.begin() + 24, 16, to.bytes.begin());
    const auto sum = upper_layer_checksum(std::span(packet).subspan(40), from, to, 58);
    packet.at(42) = static_cast<std::uint8_t>(sum >> 8U);
    packet.at(43) = static_cast<std::uint8_t>(sum & 0xFFU);
}

NeighborSolicitation solicitation() {
    return {source, solicited_node(target), target, mac, std::nullopt};
}

} // namespace

TEST_CASE("addresses that go with an address") {
    CHECK(to_string(all_nodes) == "ff02::1");
    CHECK(to_string(solicited_node(target)) == "ff02::1:ff34:5678");
    CHECK(to_string(link_local_of(target)) == "fe80::1234:5678");
    CHECK(ethernet_multicast(solicited_node(target)) ==
          EthernetAddress{0x33, 0x33, 0xFF, 0x34, 0x56, 0x78});
}

TEST_CASE("octets of a solicitation") {
    const auto octets = encode(solicitation());
    REQUIRE(octets.size() == 40 + 24 + 8);
    CHECK(octets[5] == 32);  // payload length
    CHECK(octets[6] == 58);  // ICMPv6
    CHECK(octets[7] == 255); // hop limit
    CHECK(octets[40] == 135);
    CHECK(octets[64] == 1); // source link-layer address
    CHECK(octets[65] == 1);
    CHECK(octets[71] == 9);
    CHECK(upper_layer_checksum(std::span(octets).subspan(40), source, solicited_node(target), 58) ==
          0);
}

TEST_CASE("what is written is read") {
    auto question = solicitation();
    const bool free = GENERATE(true, false);
    if (free) {
        question.source = {};
        question.source_link_address.reset();
        question.nonce = Nonce{1, 2, 3, 4, 5, 6};
    }
    CHECK(decode_neighbor_message(ethertype_ipv6, encode(question)) == NeighborMessage(question));
    const bool flag = GENERATE(true, false);
    NeighborAdvertisement answer{source, all_nodes, target, flag, false, !flag, std::nullopt};
    if (flag) {
        answer.target_link_address = mac;
    }
    CHECK(decode_neighbor_message(ethertype_ipv6, encode(answer)) == NeighborMessage(answer));
    const ArpPacket arp{ArpPacket::Operation::reply, mac, Ipv4Address{{192, 0, 2, 1}}, mac,
                        Ipv4Address{{192, 0, 2, 2}}};
    CHECK(encode(arp).size() == 28);
    CHECK(decode_neighbor_message(ethertype_arp, encode(arp)) == NeighborMessage(arp));
}

TEST_CASE("padding of the link behind the packet is none of its business") {
    auto octets = encode(solicitation());
    octets.insert(octets.end(), 20, 0xAA);
    CHECK(decode_neighbor_message(ethertype_ipv6, octets));
}

TEST_CASE("what has to be discarded") {
    auto octets = encode(solicitation());
    const auto discarded = [&] { return !decode_neighbor_message(ethertype_ipv6, octets); };
    SECTION("came from another link") {
        octets[7] = 254;
        CHECK(discarded());
    }
    SECTION("checksum") {
        octets[42] ^= 1U;
        CHECK(discarded());
    }
    SECTION("code") {
        octets[41] = 1;
        correct_checksum(octets);
        CHECK(discarded());
    }
    SECTION("target is a group") {
        octets[48] = 0xFF;
        correct_checksum(octets);
        CHECK(discarded());
    }
    SECTION("option without length") {
        octets[65] = 0;
        correct_checksum(octets);
        CHECK(discarded());
    }
    SECTION("option cut off") {
        octets[65] = 2;
        correct_checksum(octets);
        CHECK(discarded());
    }
    SECTION("no source, but a link-layer address of it") {
        std::fill_n(octets.begin() + 8, 16, std::uint8_t{0});
        correct_checksum(octets);
        CHECK(discarded());
    }
    SECTION("no source, and not to the group of the target") {
        auto question = solicitation();
        question.source = {};
        question.source_link_address.reset();
        question.destination = all_nodes;
        octets = encode(question);
        CHECK(discarded());
    }
    SECTION("solicited answer to a group") {
        octets = encode(NeighborAdvertisement{source, all_nodes, target, false, true, false, mac});
        CHECK(discarded());
    }
    SECTION("another message") {
        octets[40] = 134;
        correct_checksum(octets);
        CHECK(discarded());
    }
    SECTION("another protocol") {
        octets[6] = 17;
        CHECK(discarded());
    }
    SECTION("longer than it is") {
        octets[5] = 40;
        CHECK(discarded());
    }
    SECTION("shorter than the shortest") {
        octets.resize(40 + 23);
        CHECK(discarded());
    }
}

TEST_CASE("any prefix of a message is no message, and read without going beyond its end") {
    const auto octets = encode(solicitation());
    for (std::size_t length = 0; length < octets.size(); ++length) {
        const std::vector<std::uint8_t> cut(octets.begin(),
                                            octets.begin() + static_cast<std::ptrdiff_t>(length));
        CHECK_FALSE(decode_neighbor_message(ethertype_ipv6, cut));
        CHECK_FALSE(decode_neighbor_message(ethertype_arp, cut));
    }
    CHECK_FALSE(decode_neighbor_message(0x0800, octets));
}
