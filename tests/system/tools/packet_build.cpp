// SPDX-License-Identifier: GPL-2.0-or-later
#include "packet_build.hpp"

#include <algorithm>
#include <cstdlib>

#include <arpa/inet.h>
#include <linux/dsmip.h>
#include <netinet/in.h>

namespace dsmip::tools {

namespace {

void put16(Packet& packet, std::size_t at, std::size_t value) {
    packet[at] = static_cast<std::uint8_t>(value >> 8);
    packet[at + 1] = static_cast<std::uint8_t>(value);
}
std::size_t get16(const Packet& packet, std::size_t at) {
    return static_cast<std::size_t>(packet[at] << 8 | packet[at + 1]);
}

std::uint32_t partial_sum(std::span<const std::uint8_t> data) {
    std::uint32_t sum = 0;
    for (std::size_t at = 0; at < data.size(); ++at) {
        sum += at % 2 == 0 ? std::uint32_t{data[at]} << 8 : data[at];
    }
    return sum;
}

std::uint32_t pseudo_sum(const Octets& from, const Octets& to, std::uint8_t protocol,
                         std::size_t size) {
    return partial_sum(from) + partial_sum(to) + protocol + static_cast<std::uint32_t>(size);
}

void append(Packet& packet, std::span<const std::uint8_t> more) {
    packet.insert(packet.end(), more.begin(), more.end());
}

Packet random_payload(Random& random, std::size_t size) {
    Packet payload(size);
    for (auto& octet : payload) {
        octet = static_cast<std::uint8_t>(random.next());
    }
    return payload;
}

/// A header and payload with the checksum over both and the pseudo header at `at`.
Packet with_checksum(const Octets& from, const Octets& to, std::uint8_t protocol, Packet data,
                     std::size_t at) {
    std::uint16_t value = checksum(data, pseudo_sum(from, to, protocol, data.size()));
    if (protocol == IPPROTO_UDP && value == 0) {
        value = 0xffff;
    }
    put16(data, at, value);
    return data;
}

Packet udp_part(const Octets& from, const Octets& to, std::uint16_t from_port,
                std::uint16_t to_port, std::span<const std::uint8_t> payload) {
    Packet data(8);
    put16(data, 0, from_port);
    put16(data, 2, to_port);
    put16(data, 4, payload.size() + 8);
    append(data, payload);
    return with_checksum(from, to, IPPROTO_UDP, std::move(data), 6);
}

Packet tcp_part(const Octets& from, const Octets& to, Random& random) {
    Packet data(20);
    put16(data, 0, 1000 + random.below(4));
    put16(data, 2, 80);
    data[12] = 5 << 4;
    data[13] = random.chance(80) ? 0x10 : static_cast<std::uint8_t>(random.next());
    append(data, random_payload(random, random.below(1200)));
    return with_checksum(from, to, IPPROTO_TCP, std::move(data), 16);
}

Packet echo_part(const Octets& from, const Octets& to, Random& random) {
    const bool v6 = from.size() == 16;
    Packet data(8);
    data[0] = v6 ? 128 : 8;
    append(data, random_payload(random, random.below(100)));
    if (v6) {
        return with_checksum(from, to, IPPROTO_ICMPV6, std::move(data), 2);
    }
    put16(data, 2, checksum(data));
    return data;
}

/// Extension headers before a datagram.
Packet with_extensions(const Octets& from, const Octets& to, Random& random) {
    constexpr std::uint8_t kinds[] = {0, IPPROTO_ROUTING, IPPROTO_DSTOPTS, IPPROTO_FRAGMENT};
    const std::uint8_t kind = random.pick(kinds);
    Packet data(8);
    data[0] = IPPROTO_UDP;
    if (kind == IPPROTO_FRAGMENT) {
        data[3] = random.chance(50);
    } else {
        data[2] = 1; // PadN
        data[3] = 4;
    }
    append(data, udp_part(from, to, 1000, 2000, random_payload(random, random.below(64))));
    return ip_packet(from, to, kind, data);
}

/// A Mobility Header between the node and its home agent.
Packet signalling(const Format& format, bool inward, Random& random) {
    const Octets agent = octets(format.home_agent ? "2001:db8:1::1" : "2001:db8:1::254");
    const bool to_agent = format.home_agent == inward;
    const Octets& from = to_agent ? format.home() : agent;
    const Octets& to = to_agent ? agent : format.home();
    Packet data(16);
    data[0] = 59;
    data[1] = 1;
    data[2] = static_cast<std::uint8_t>(random.below(12));
    return ip_packet(from, to, IPPROTO_MH, with_checksum(from, to, IPPROTO_MH, std::move(data), 4));
}

Packet with_options(Packet packet) {
    // Three no-operations and an end.
    constexpr std::uint8_t options[] = {1, 1, 1, 0};
    packet.insert(packet.begin() + 20, options, options + 4);
    packet[0] = 0x46;
    repair(packet);
    return packet;
}

} // namespace

Octets octets(const std::string& text) {
    Octets result(16);
    if (inet_pton(AF_INET6, text.c_str(), result.data()) == 1) {
        return result;
    }
    result.resize(4);
    if (inet_pton(AF_INET, text.c_str(), result.data()) != 1) {
        std::abort();
    }
    return result;
}

std::string Format::name() const {
    constexpr const char* encaps[] = {"direct", "udp", "udp-tlv", "udp-tlv-draft"};
    return std::string(home_agent ? "home agent" : "mobile node") + ", " + std::to_string(inner) +
           " in " + std::to_string(outer) + " " + encaps[encap];
}
Octets Format::home() const {
    if (inner == 6) {
        return octets(std::string(home_agent ? "2001:db8:a::" : "2001:db8:b::") +
                      std::to_string(node));
    }
    return octets("203.0.113." + std::to_string(node + (home_agent ? 0 : 100)));
}
Octets Format::correspondent() const {
    return octets(inner == 6 ? "2001:db8:c::1" : "198.51.100.1");
}
Octets Format::local() const {
    return octets(outer == 6 ? "2001:db8:1::1" : "192.0.2.1");
}
Octets Format::remote() const {
    if (!home_agent) {
        return octets(outer == 6 ? "2001:db8:1::254" : "192.0.2.254");
    }
    return octets((outer == 6 ? "2001:db8:1::10" : "192.0.2.10") + std::to_string(node));
}
std::uint16_t Format::local_port() const {
    return home_agent ? home_agent_port : mobile_node_port;
}
std::uint16_t Format::remote_port() const {
    return home_agent ? static_cast<std::uint16_t>(5000 + node) : home_agent_port;
}

std::vector<Format> all_formats() {
    std::vector<Format> formats;
    for (const bool home_agent : {true, false}) {
        int node = 0;
        for (const int outer : {4, 6}) {
            for (int encap = DSMIP_ENCAP_DIRECT; encap <= DSMIP_ENCAP_UDP_TLV_DRAFT; ++encap) {
                ++node;
                formats.push_back({home_agent, outer, encap, 4, node});
                formats.push_back({home_agent, outer, encap, 6, node});
            }
        }
    }
    return formats;
}

std::uint16_t checksum(std::span<const std::uint8_t> data, std::uint32_t sum) {
    sum += partial_sum(data);
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

Packet ip_packet(const Octets& from, const Octets& to, std::uint8_t protocol,
                 std::span<const std::uint8_t> payload) {
    Packet packet;
    packet.reserve(payload.size() + 128);
    if (from.size() == 4) {
        packet = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0};
    } else {
        packet = {0x60, 0, 0, 0, 0, 0, protocol, 64};
    }
    append(packet, from);
    append(packet, to);
    append(packet, payload);
    if (from.size() == 4) {
        put16(packet, 2, packet.size());
        put16(packet, 10, checksum(std::span(packet).first(20)));
    } else {
        put16(packet, 4, payload.size());
    }
    return packet;
}

Packet udp_packet(const Octets& from, const Octets& to, std::uint16_t from_port,
                  std::uint16_t to_port, std::span<const std::uint8_t> payload) {
    return ip_packet(from, to, IPPROTO_UDP, udp_part(from, to, from_port, to_port, payload));
}

Packet plain_datagram(const Format& format, bool inward) {
    const Octets near = format.home();
    const Octets far = format.correspondent();
    // A home agent hears its nodes through the tunnel, a mobile node its correspondents.
    const bool from_home = format.home_agent == inward;
    constexpr std::uint8_t data[] = {'d', 'a', 't', 'a'};
    return udp_packet(from_home ? near : far, from_home ? far : near, 1000, 2000, data);
}

Packet inner_packet(const Format& format, bool inward, Random& random) {
    const bool from_home = format.home_agent == inward;
    const Octets from = from_home ? format.home() : format.correspondent();
    const Octets to = from_home ? format.correspondent() : format.home();
    const bool v6 = format.inner == 6;
    Packet packet;
    switch (random.below(8)) {
    case 0:
    case 1:
        packet = udp_packet(from, to, static_cast<std::uint16_t>(1000 + random.below(8)), 2000,
                            random_payload(random, random.below(1200)));
        break;
    case 2:
    case 3:
        packet = ip_packet(from, to, IPPROTO_TCP, tcp_part(from, to, random));
        break;
    case 4:
        packet = ip_packet(from, to, v6 ? std::uint8_t{IPPROTO_ICMPV6} : std::uint8_t{IPPROTO_ICMP},
                           echo_part(from, to, random));
        break;
    case 5:
        packet = v6 ? with_extensions(from, to, random)
                    : with_options(ip_packet(from, to, IPPROTO_TCP, tcp_part(from, to, random)));
        break;
    case 6:
        packet = v6 ? signalling(format, inward, random)
                    : ip_packet(from, to, static_cast<std::uint8_t>(random.next()),
                                random_payload(random, 40));
        break;
    default:
        packet = plain_datagram(format, inward);
        break;
    }
    if (!v6 && random.chance(30)) {
        packet[6] = static_cast<std::uint8_t>(random.chance(70) ? 0x40 : random.next() & 0x7f);
        repair(packet);
    }
    return packet;
}

Packet between(const Format& format, const Packet& inner) {
    if (format.encap < DSMIP_ENCAP_UDP_TLV) {
        return inner;
    }
    Packet packet(4);
    const bool v4 = inner.empty() || inner[0] >> 4 == 4;
    if (format.encap == DSMIP_ENCAP_UDP_TLV) {
        packet[1] = v4 ? IPPROTO_IPIP : IPPROTO_IPV6;
        put16(packet, 2, inner.size());
    } else {
        packet[0] = v4 ? 1 : 2;
        packet[1] = inner.size() < 256 ? static_cast<std::uint8_t>(inner.size()) : 0;
    }
    append(packet, inner);
    return packet;
}

Packet outer_packet(const Format& format, std::span<const std::uint8_t> payload,
                    std::uint8_t direct_protocol) {
    if (format.encap == DSMIP_ENCAP_DIRECT) {
        return ip_packet(format.remote(), format.local(), direct_protocol, payload);
    }
    return udp_packet(format.remote(), format.local(), format.remote_port(), format.local_port(),
                      payload);
}

Packet error_about(const Format& format, const Packet& inner, Random& random) {
    const Packet payload = between(format, inner);
    if (format.encap == DSMIP_ENCAP_DIRECT) {
        return error_quoting(
            ip_packet(format.local(), format.remote(),
                      format.inner == 4 ? std::uint8_t{IPPROTO_IPIP} : std::uint8_t{IPPROTO_IPV6},
                      payload),
            random);
    }
    return error_quoting(udp_packet(format.local(), format.remote(), format.local_port(),
                                    format.remote_port(), payload),
                         random);
}

Packet error_quoting(Packet sent, Random& random) {
    const bool v4 = sent[0] >> 4 == 4;
    const std::size_t source = v4 ? 12 : 8;
    const Octets sender(sent.begin() + static_cast<std::ptrdiff_t>(source),
                        sent.begin() + static_cast<std::ptrdiff_t>(source + (v4 ? 4 : 16)));
    sent.resize(std::min<std::size_t>(sent.size(), random.between(20, 1200)));
    Packet error(8);
    constexpr std::uint8_t types4[] = {3, 3, 3, 4, 11, 12, 5};
    constexpr std::uint8_t types6[] = {1, 2, 2, 3, 4};
    error[0] = v4 ? random.pick(types4) : random.pick(types6);
    error[1] =
        static_cast<std::uint8_t>(v4 && error[0] == 3 && random.chance(50) ? 4 : random.below(16));
    const std::uint64_t mtu = random.chance(60) ? random.between(1280, 1500) : random.below(70000);
    put16(error, 4, mtu >> 16);
    put16(error, 6, mtu & 0xffff);
    append(error, sent);
    const Octets from = octets(v4 ? "192.0.2.200" : "2001:db8:1::200");
    if (v4) {
        put16(error, 2, checksum(error));
        return ip_packet(from, sender, IPPROTO_ICMP, error);
    }
    return ip_packet(from, sender, IPPROTO_ICMPV6,
                     with_checksum(from, sender, IPPROTO_ICMPV6, std::move(error), 2));
}

std::vector<Packet> fragments(const Packet& packet, bool spoil_them, Random& random) {
    const bool v4 = packet[0] >> 4 == 4;
    const std::size_t head = v4 ? 20 : 40;
    const std::size_t step = random.between(1, 40) * 8;
    const auto identification = random.next();
    std::vector<Packet> parts;
    for (std::size_t at = 0; at < packet.size() - head; at += step) {
        std::size_t begin = at;
        std::size_t end = std::min(packet.size(), head + at + step);
        const bool more = end < packet.size();
        if (spoil_them && random.chance(5)) {
            begin += random.chance(50) ? 8 : static_cast<std::size_t>(-8); // a gap or an overlap
            begin = begin > 65528 ? 0 : begin;
        }
        Packet part(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(head));
        if (v4) {
            put16(part, 4, identification & 0xffff);
            put16(part, 6, (more ? 0x2000 : 0) | begin / 8);
        } else {
            part[6] = IPPROTO_FRAGMENT;
            Packet extension(8);
            extension[0] = packet[6];
            put16(extension, 2, begin | (more ? 1 : 0));
            put16(extension, 6, identification & 0xffff);
            append(part, extension);
        }
        part.insert(part.end(), packet.begin() + static_cast<std::ptrdiff_t>(head + at),
                    packet.begin() + static_cast<std::ptrdiff_t>(end));
        if (v4) {
            put16(part, 2, part.size());
            put16(part, 10, 0);
            put16(part, 10, checksum(std::span(part).first(20)));
        } else {
            put16(part, 4, part.size() - 40);
        }
        parts.push_back(std::move(part));
    }
    if (parts.empty()) {
        return {packet};
    }
    if (random.chance(30)) {
        std::reverse(parts.begin(), parts.end());
    }
    if (spoil_them && random.chance(40)) {
        parts.push_back(random.pick(parts));
    }
    if (spoil_them && random.chance(20)) {
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(random.below(parts.size())));
    }
    if (spoil_them && !parts.empty() && random.chance(20)) {
        spoil(random.pick(parts), random);
    }
    return parts;
}

void spoil(Packet& packet, Random& random) {
    for (std::uint64_t times = random.between(1, 5); times != 0; --times) {
        const std::size_t size = packet.size();
        // Headers are at the beginning.
        const std::size_t at =
            random.below(random.chance(80) ? std::min<std::size_t>(size, 64) : size);
        switch (random.below(8)) {
        case 0:
            packet.resize(random.below(size + 1));
            break;
        case 1:
            append(packet, random_payload(random, random.below(64)));
            break;
        case 2:
            if (size != 0) {
                packet[at] ^= static_cast<std::uint8_t>(1U << random.below(8));
            }
            break;
        case 3:
            if (size != 0) {
                packet[at] = random.chance(50) ? 0 : 0xff;
            }
            break;
        case 4:
            if (at + 2 <= size) {
                put16(packet, at,
                      random.chance(50) ? get16(packet, at) + random.between(0, 2) - 1
                                        : random.next());
            }
            break;
        case 5:
            // Cut out or double a piece: everything behind stands somewhere else.
            if (at + 8 <= size) {
                const auto from = packet.begin() + static_cast<std::ptrdiff_t>(at);
                if (random.chance(50)) {
                    packet.erase(from, from + static_cast<std::ptrdiff_t>(random.between(1, 8)));
                } else {
                    const Packet piece(from, from + 8);
                    packet.insert(from, piece.begin(), piece.end());
                }
            }
            break;
        case 6:
            if (size != 0) {
                packet[random.below(std::min<std::size_t>(size, 8))] =
                    static_cast<std::uint8_t>(random.next());
            }
            break;
        default:
            if (size != 0) {
                packet[at] = static_cast<std::uint8_t>(random.next());
            }
            break;
        }
    }
}

void repair(Packet& packet) {
    if (packet.size() >= 20 && packet[0] >> 4 == 4) {
        const std::size_t head = std::min<std::size_t>((packet[0] & 15) * 4, packet.size());
        put16(packet, 2, packet.size());
        put16(packet, 10, 0);
        put16(packet, 10, checksum(std::span(packet).first(head)));
    } else if (packet.size() >= 40 && packet[0] >> 4 == 6) {
        put16(packet, 4, packet.size() - 40);
    }
}

} // namespace dsmip::tools
