// SPDX-License-Identifier: GPL-2.0-or-later
// Neighbor Discovery and ARP messages in octets.
#include "wire/neighbor_discovery.hpp"

#include <algorithm>

#include "wire/checksum.hpp"
#include "wire/octets.hpp"

namespace dsmip::wire {

const Ipv6Address all_nodes{{0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};

namespace {

constexpr std::uint8_t icmpv6 = 58;
constexpr std::uint8_t hop_limit = 255; // or it came from another link
constexpr std::size_t ipv6_header_length = 40;
constexpr std::size_t fixed_length = 24; // of either message, before its options
constexpr std::uint8_t type_solicitation = 135;
constexpr std::uint8_t type_advertisement = 136;
constexpr std::uint8_t option_source_link_address = 1;
constexpr std::uint8_t option_target_link_address = 2;
constexpr std::uint8_t option_nonce = 14;
constexpr std::uint32_t flag_router = 0x80000000U;
constexpr std::uint32_t flag_solicited = 0x40000000U;
constexpr std::uint32_t flag_override = 0x20000000U;

constexpr std::uint16_t arp_hardware_ethernet = 1;
constexpr std::uint16_t arp_protocol_ipv4 = 0x0800;
constexpr std::size_t arp_length = 28;

// An option of one unit: all that is needed here.
void put_option(OctetWriter& out, std::uint8_t type, const std::array<std::uint8_t, 6>& value) {
    out.u8(type).u8(1).append(value);
}

std::vector<std::uint8_t> packet(const Ipv6Address& source, const Ipv6Address& destination,
                                 std::vector<std::uint8_t> message) {
    const auto checksum = upper_layer_checksum(message, source, destination, icmpv6);
    message.at(2) = static_cast<std::uint8_t>(checksum >> 8U);
    message.at(3) = static_cast<std::uint8_t>(checksum & 0xFFU);
    std::vector<std::uint8_t> octets;
    OctetWriter out(octets);
    out.u32(0x60000000U).u16(static_cast<unsigned>(message.size())).u8(icmpv6).u8(hop_limit);
    out.append(source.bytes).append(destination.bytes).append(message);
    return octets;
}

struct Options {
    std::optional<EthernetAddress> source_link_address;
    std::optional<EthernetAddress> target_link_address;
    std::optional<Nonce> nonce;
};

// Nothing if an option has no length or is cut off.
std::optional<Options> read_options(OctetReader in) {
    Options options;
    while (in.remaining() != 0) {
        const auto type = in.u8();
        const std::size_t length = std::size_t{in.u8()} * 8;
        if (length == 0 || length - 2 > in.remaining()) {
            return std::nullopt;
        }
        const auto value = in.array<6>();
        for (std::size_t i = 8; i < length; ++i) {
            in.u8();
        }
        if (length == 8 && type == option_source_link_address) {
            options.source_link_address = value;
        } else if (length == 8 && type == option_target_link_address) {
            options.target_link_address = value;
        } else if (length == 8 && type == option_nonce) {
            options.nonce = value;
        }
    }
    return options;
}

std::optional<NeighborMessage> decode_ipv6(Octets octets) {
    OctetReader header(octets);
    if (octets.size() < ipv6_header_length + fixed_length || (header.u32() >> 28U) != 6) {
        return std::nullopt;
    }
    const std::size_t length = header.u16();
    const auto next_header = header.u8();
    const auto hops = header.u8();
    const auto source = header.ipv6();
    const auto destination = header.ipv6();
    if (next_header != icmpv6 || hops != hop_limit || length < fixed_length ||
        length > octets.size() - ipv6_header_length) {
        return std::nullopt;
    }
    const auto message = octets.subspan(ipv6_header_length, length); // Ethernet pads behind it
    OctetReader in(message);
    const auto type = in.u8();
    const auto code = in.u8();
    in.u16();
    const auto flags = in.u32();
    const auto target = in.ipv6();
    if (code != 0 || target.is_multicast() || source.is_multicast() ||
        upper_layer_checksum(message, source, destination, icmpv6) != 0) {
        return std::nullopt;
    }
    const auto options = read_options(in);
    if (!options) {
        return std::nullopt;
    }
    if (type == type_solicitation) {
        if (source.is_unspecified() &&
            (destination != solicited_node(target) || options->source_link_address)) {
            return std::nullopt;
        }
        return NeighborSolicitation{source, destination, target, options->source_link_address,
                                    options->nonce};
    }
    const bool solicited = (flags & flag_solicited) != 0;
    if (type != type_advertisement || (solicited && destination.is_multicast())) {
        return std::nullopt;
    }
    return NeighborAdvertisement{source,
                                 destination,
                                 target,
                                 (flags & flag_router) != 0,
                                 solicited,
                                 (flags & flag_override) != 0,
                                 options->target_link_address};
}

std::optional<NeighborMessage> decode_arp(Octets octets) {
    OctetReader in(octets);
    if (octets.size() < arp_length || in.u16() != arp_hardware_ethernet ||
        in.u16() != arp_protocol_ipv4 || in.u8() != 6 || in.u8() != 4) {
        return std::nullopt;
    }
    const auto operation = in.u16();
    if (operation != 1 && operation != 2) {
        return std::nullopt;
    }
    ArpPacket packet;
    packet.operation = static_cast<ArpPacket::Operation>(operation);
    packet.sender_link_address = in.array<6>();
    packet.sender = in.ipv4();
    packet.target_link_address = in.array<6>();
    packet.target = in.ipv4();
    return packet;
}

} // namespace

Ipv6Address solicited_node(const Ipv6Address& address) {
    Ipv6Address group{{0xFF, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xFF, 0, 0, 0}};
    std::copy_n(address.bytes.begin() + 13, 3, group.bytes.begin() + 13);
    return group;
}

EthernetAddress ethernet_multicast(const Ipv6Address& group) {
    EthernetAddress address{0x33, 0x33};
    std::copy_n(group.bytes.begin() + 12, 4, address.begin() + 2);
    return address;
}

Ipv6Address link_local_of(const Ipv6Address& address) {
    Ipv6Address result{{0xFE, 0x80}};
    std::copy_n(address.bytes.begin() + 8, 8, result.bytes.begin() + 8);
    return result;
}

std::vector<std::uint8_t> encode(const NeighborSolicitation& message) {
    std::vector<std::uint8_t> octets;
    OctetWriter out(octets);
    out.u8(type_solicitation).u8(0).u16(0).u32(0).append(message.target.bytes);
    if (message.source_link_address) {
        put_option(out, option_source_link_address, *message.source_link_address);
    }
    if (message.nonce) {
        put_option(out, option_nonce, *message.nonce);
    }
    return packet(message.source, message.destination, std::move(octets));
}

std::vector<std::uint8_t> encode(const NeighborAdvertisement& message) {
    std::vector<std::uint8_t> octets;
    OctetWriter out(octets);
    out.u8(type_advertisement).u8(0).u16(0);
    out.u32((message.router ? flag_router : 0U) | (message.solicited ? flag_solicited : 0U) |
            (message.overrides ? flag_override : 0U));
    out.append(message.target.bytes);
    if (message.target_link_address) {
        put_option(out, option_target_link_address, *message.target_link_address);
    }
    return packet(message.source, message.destination, std::move(octets));
}

std::vector<std::uint8_t> encode(const ArpPacket& packet) {
    std::vector<std::uint8_t> octets;
    OctetWriter out(octets);
    out.u16(arp_hardware_ethernet).u16(arp_protocol_ipv4).u8(6).u8(4);
    out.u16(static_cast<unsigned>(packet.operation));
    out.append(packet.sender_link_address).append(packet.sender.bytes);
    out.append(packet.target_link_address).append(packet.target.bytes);
    return octets;
}

std::optional<NeighborMessage> decode_neighbor_message(std::uint16_t ethertype, Octets octets) {
    switch (ethertype) {
    case ethertype_arp:
        return decode_arp(octets);
    case ethertype_ipv6:
        return decode_ipv6(octets);
    default:
        return std::nullopt;
    }
}

} // namespace dsmip::wire
