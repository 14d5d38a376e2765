// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to wire: the Internet checksum of a Mobility Header (RFC 6275, 6.1.1).
#pragma once

#include <cstdint>
#include <span>

#include "wire/address.hpp"

namespace dsmip::wire {

/// Offset of the Checksum field.
inline constexpr unsigned checksum_offset = 4;

/// One's complement of the one's complement sum over pseudo-header and `octets` as they stand: the
/// value for the Checksum field if that is zero in `octets`, and 0 if the field holds the right
/// value.
std::uint16_t mobility_header_checksum(std::span<const std::uint8_t> octets,
                                       const Ipv6Address& source, const Ipv6Address& destination);

/// The same for any upper-layer protocol over IPv6 (RFC 8200, 8.1).
std::uint16_t upper_layer_checksum(std::span<const std::uint8_t> octets, const Ipv6Address& source,
                                   const Ipv6Address& destination, std::uint8_t next_header);

} // namespace dsmip::wire
