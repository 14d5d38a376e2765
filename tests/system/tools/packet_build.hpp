// SPDX-License-Identifier: GPL-2.0-or-later
// IP packets octet by octet: valid ones of every format of the module, and how to spoil them. The
// address plan is that of packet_fuzz.sh.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "random.hpp"

namespace dsmip::tools {

using Packet = std::vector<std::uint8_t>;

/// An address as it stands in a header: 4 or 16 octets.
using Octets = std::vector<std::uint8_t>;
Octets octets(const std::string& text);

inline constexpr std::uint16_t home_agent_port = 4191;
inline constexpr std::uint16_t mobile_node_port = 4192;

/// One format in one role: which device, which outer header, what between, which inner version.
struct Format {
    bool home_agent = true;
    int outer = 4;
    int encap = 0; ///< enum dsmip_encap
    int inner = 4;
    int node = 1; ///< number of the node whose binding has this format

    std::string name() const;
    Octets home() const;          ///< home address of the node
    Octets correspondent() const; ///< the other end of inner packets
    Octets local() const;         ///< outer address of this host
    Octets remote() const;        ///< outer address of the other end
    std::uint16_t local_port() const;
    std::uint16_t remote_port() const;
};
/// All 32.
std::vector<Format> all_formats();

Packet ip_packet(const Octets& from, const Octets& to, std::uint8_t protocol,
                 std::span<const std::uint8_t> payload);
Packet udp_packet(const Octets& from, const Octets& to, std::uint16_t from_port,
                  std::uint16_t to_port, std::span<const std::uint8_t> payload);
/// A valid inner packet of the format; `inward`: as it arrives from the tunnel.
Packet inner_packet(const Format& format, bool inward, Random& random);
/// An ordinary datagram, for seeing that traffic flows.
Packet plain_datagram(const Format& format, bool inward);
/// What stands behind the outer UDP header, or `inner` itself for direct packets.
Packet between(const Format& format, const Packet& inner);
/// `payload` in the outer headers of the format, as it arrives here.
Packet outer_packet(const Format& format, std::span<const std::uint8_t> payload,
                    std::uint8_t direct_protocol);
/// An ICMP error about a packet that this host may have sent in the format.
Packet error_about(const Format& format, const Packet& inner, Random& random);
/// An ICMP error to the sender of `sent`, which is quoted, mostly in part; at least its IP header
/// has to be there.
Packet error_quoting(Packet sent, Random& random);
/// In two or more pieces, in any order, with duplicates, overlaps and gaps if `spoil`.
std::vector<Packet> fragments(const Packet& packet, bool spoil, Random& random);

/// Changes octets and length, mostly near the beginning.
void spoil(Packet& packet, Random& random);
/// Length and checksum fields of the headers at the beginning as they should be.
void repair(Packet& packet);

std::uint16_t checksum(std::span<const std::uint8_t> data, std::uint32_t sum = 0);

} // namespace dsmip::tools
