// SPDX-License-Identifier: GPL-2.0-or-later
// Neighbor Solicitation, Neighbor Advertisement (RFC 4861, 4.3 and 4.4) and ARP for IPv4 over
// Ethernet (RFC 826), as a node that answers for others needs them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "wire/address.hpp"

namespace dsmip::wire {

using EthernetAddress = std::array<std::uint8_t, 6>;

inline constexpr std::uint16_t ethertype_arp = 0x0806;
inline constexpr std::uint16_t ethertype_ipv6 = 0x86DD;
inline constexpr EthernetAddress ethernet_broadcast{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};

/// ff02::1.
extern const Ipv6Address all_nodes;
/// ff02::1:ffXX:XXXX of an address (RFC 4291, 2.7.1).
Ipv6Address solicited_node(const Ipv6Address& address);
/// Where frames to an IPv6 multicast group go (RFC 2464, 7).
EthernetAddress ethernet_multicast(const Ipv6Address& group);
/// fe80::/64 with the interface identifier of an address.
Ipv6Address link_local_of(const Ipv6Address& address);

/// Tells a solicitation of one's own that the link returns from that of another node (RFC 7527).
using Nonce = std::array<std::uint8_t, 6>;

struct NeighborSolicitation {
    Ipv6Address source; ///< "::" = the sender asks whether the address is free
    Ipv6Address destination;
    Ipv6Address target;
    std::optional<EthernetAddress> source_link_address;
    std::optional<Nonce> nonce;
    bool operator==(const NeighborSolicitation&) const = default;
};

struct NeighborAdvertisement {
    Ipv6Address source;
    Ipv6Address destination;
    Ipv6Address target;
    bool router = false;
    bool solicited = false;
    bool overrides = false; ///< O flag: in the place of what the receiver knows
    std::optional<EthernetAddress> target_link_address;
    bool operator==(const NeighborAdvertisement&) const = default;
};

struct ArpPacket {
    enum class Operation : std::uint16_t { request = 1, reply = 2 };
    Operation operation = Operation::request;
    EthernetAddress sender_link_address{};
    Ipv4Address sender; ///< 0.0.0.0 = the sender asks whether the address is free (RFC 5227)
    EthernetAddress target_link_address{};
    Ipv4Address target;
    bool operator==(const ArpPacket&) const = default;
};

using NeighborMessage = std::variant<NeighborSolicitation, NeighborAdvertisement, ArpPacket>;

/// What follows the Ethernet header.
std::vector<std::uint8_t> encode(const NeighborSolicitation& message);
std::vector<std::uint8_t> encode(const NeighborAdvertisement& message);
std::vector<std::uint8_t> encode(const ArpPacket& packet);

/// Reads what follows an Ethernet header with that type. Nothing if it is none of these messages,
/// or one that a receiver has to discard (RFC 4861, 7.1.1 and 7.1.2).
std::optional<NeighborMessage> decode_neighbor_message(std::uint16_t ethertype,
                                                       std::span<const std::uint8_t> octets);

} // namespace dsmip::wire
