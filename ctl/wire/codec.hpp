// SPDX-License-Identifier: GPL-2.0-or-later
// Mobility Header messages to octets and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "wire/address.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::wire {

/// Longest Mobility Header that the 8-bit Header Len can express, in octets.
inline constexpr std::size_t max_mobility_header_length = 2048;

/// Why a message cannot be put on the wire. These are mistakes of the caller, not of a peer.
enum class EncodeError : std::uint8_t {
    MessageTooLong,   ///< longer than max_mobility_header_length
    OptionTooLong,    ///< option data does not fit the 8-bit length
    ValueOutOfRange,  ///< IPv4 prefix length above 63
    FlagNotInDialect, ///< P in the draft or together with O
    MalformedOption,  ///< a BindingIdentifier with malformed_length, an UnknownOption of a padding
                      ///< type
    DuplicateAuthorizationData, ///< more than one Binding Authorization Data option
};

/// Words for people, e.g. "option data does not fit the 8-bit length".
std::string_view to_string(EncodeError error);

/// Writes a complete Mobility Header: options padded to their alignment (RFC 6275, 6.2.1), the
/// Binding Authorization Data option moved to the end, length, checksum.
/// @param source, destination  addresses of the pseudo-header, that is, after processing of the
/// Home Address
///        option (source = home address) and of the type 2 routing header (destination = home
///        address)
tl::expected<std::vector<std::uint8_t>, EncodeError> encode(const MobilityMessage& message,
                                                            Dialect dialect,
                                                            const Ipv6Address& source,
                                                            const Ipv6Address& destination);

/// Why a received message is dropped. Each cause is a drop counter; drop_name gives its name.
enum class DecodeCause : std::uint8_t {
    MhTruncated,     ///< mh_truncated: shorter than 8 octets or than its Header Len says
    MhOverlong,      ///< mh_overlong: octets behind the end that Header Len gives
    MhChecksum,      ///< mh_checksum
    MhTypeUnknown,   ///< mh_type_unknown: to be answered with Binding Error 2
    MhPayloadProto,  ///< mh_payload_proto: not 59; to be answered with Parameter Problem 0
    MhHeaderLength,  ///< mh_header_length: below the minimum of the type; Parameter Problem 0
    MhAddressCount,  ///< mh_address_count: Home Agent Switch claims more addresses than there is
                     ///< room for
    OptionTruncated, ///< option_truncated: an option reaches over the end of the message
    OptionLength,    ///< option_length: not a length this option can have
    OptionNotLast,   ///< option_not_last: something follows the Binding Authorization Data option
};

/// The name of the drop counter, e.g. "mh_checksum".
std::string_view drop_name(DecodeCause cause);

struct DecodeError {
    DecodeCause cause = DecodeCause::MhTruncated;
    /// Octet at fault, counted from the start of the Mobility Header (for the pointer of an ICMPv6
    /// Parameter Problem).
    std::size_t offset = 0;
    bool operator==(const DecodeError&) const = default;
};

/// Reads one Mobility Header that fills `octets` exactly, in the order of RFC 6275, 9.2:
/// completeness, checksum, type, Payload Proto, Header Len, then contents. Unknown options are kept
/// as UnknownOption; a Binding Identifier option of wrong length is kept and marked, because it has
/// to be answered (RFC 5648, 6.2).
/// @param source, destination  as for encode
tl::expected<MobilityMessage, DecodeError> decode(std::span<const std::uint8_t> octets,
                                                  const Ipv6Address& source,
                                                  const Ipv6Address& destination, Dialect dialect);

} // namespace dsmip::wire
