// SPDX-License-Identifier: GPL-2.0-or-later
// The Internet checksum of a Mobility Header.
#include "wire/checksum.hpp"

#include "wire/mobility_header.hpp"

namespace dsmip::wire {

namespace {

/// 64 bits hold the sum of any message that fits in memory without an intermediate fold.
/// Two 16-bit words at a time come to the same after folding (RFC 1071, 2).
std::uint64_t sum_of(std::span<const std::uint8_t> octets) {
    std::uint64_t sum = 0;
    for (; octets.size() >= 4; octets = octets.subspan(4)) {
        sum += std::uint32_t{octets[0]} << 24U | std::uint32_t{octets[1]} << 16U |
               std::uint32_t{octets[2]} << 8U | octets[3];
    }
    for (std::size_t i = 0; i < octets.size(); ++i) {
        sum += i % 2 == 0 ? std::uint64_t{octets[i]} << 8U : std::uint64_t{octets[i]};
    }
    return sum;
}

} // namespace

std::uint16_t upper_layer_checksum(std::span<const std::uint8_t> octets, const Ipv6Address& source,
                                   const Ipv6Address& destination, std::uint8_t next_header) {
    const std::uint64_t length = octets.size();
    std::uint64_t sum = sum_of(source.bytes) + sum_of(destination.bytes) + (length >> 16U) +
                        (length & 0xFFFFU) + next_header + sum_of(octets);
    while (sum > 0xFFFFU) {
        sum = (sum & 0xFFFFU) + (sum >> 16U);
    }
    return static_cast<std::uint16_t>(~sum & 0xFFFFU);
}

std::uint16_t mobility_header_checksum(std::span<const std::uint8_t> octets,
                                       const Ipv6Address& source, const Ipv6Address& destination) {
    return upper_layer_checksum(octets, source, destination, mobility_header_protocol);
}

} // namespace dsmip::wire
