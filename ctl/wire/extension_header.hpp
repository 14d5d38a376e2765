// SPDX-License-Identifier: GPL-2.0-or-later
// The two IPv6 extension headers of Mobile IPv6: destination options with a Home Address option
// (RFC 6275, 6.3) and the type 2 routing header (RFC 6275, 6.4).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <tl/expected.hpp>

#include "wire/address.hpp"

namespace dsmip::wire {

inline constexpr std::uint8_t destination_options_protocol = 60;
inline constexpr std::uint8_t routing_header_protocol = 43;
inline constexpr std::uint8_t home_address_option_type = 0xC9;

/// Why an extension header is dropped. Each cause is a drop counter; drop_name gives its name.
enum class ExtensionHeaderCause : std::uint8_t {
    HeaderTruncated,      ///< exthdr_truncated: shorter than its length octet says
    OptionTruncated,      ///< exthdr_option_truncated: an option reaches over the end of the header
    HomeAddressLength,    ///< hao_length: not 16
    HomeAddressDuplicate, ///< hao_duplicate: more than one in the header
    HomeAddressNotUnicast, ///< hao_not_unicast: not global or unique local unicast
    OptionUnknown,   ///< exthdr_option_unknown: not known and not to be skipped by its two top bits
    RoutingType,     ///< rh_type: not 2
    RoutingLength,   ///< rh2_length: Hdr Ext Len is not 2
    RoutingSegments, ///< rh2_segments: Segments Left is not 1
};

/// The name of the drop counter, e.g. "hao_length".
std::string_view drop_name(ExtensionHeaderCause cause);

struct ExtensionHeaderError {
    ExtensionHeaderCause cause = ExtensionHeaderCause::HeaderTruncated;
    std::size_t offset = 0; ///< octet at fault, counted from the start of the header
    bool operator==(const ExtensionHeaderError&) const = default;
};

struct DestinationOptions {
    std::uint8_t next_header = 0;
    std::size_t length = 0; ///< octets of the header; what follows starts there
    std::optional<Ipv6Address> home_address{};
    bool operator==(const DestinationOptions&) const = default;
};

struct Type2RoutingHeader {
    std::uint8_t next_header = 0;
    Ipv6Address home_address{};
    bool operator==(const Type2RoutingHeader&) const = default;
};

using ExtensionHeader24 = std::array<std::uint8_t, 24>;

/// A destination options header that holds nothing but a Home Address option.
ExtensionHeader24 build_home_address_header(std::uint8_t next_header,
                                            const Ipv6Address& home_address);

/// Reads a destination options header at the start of `octets`; more may follow it.
tl::expected<DestinationOptions, ExtensionHeaderError>
parse_destination_options(std::span<const std::uint8_t> octets);

/// A type 2 routing header with Segments Left 1.
ExtensionHeader24 build_type2_routing_header(std::uint8_t next_header,
                                             const Ipv6Address& home_address);

/// Reads a type 2 routing header at the start of `octets`; more may follow it. Whether the address
/// is one of the receiver's home addresses is for the caller to check.
tl::expected<Type2RoutingHeader, ExtensionHeaderError>
parse_type2_routing_header(std::span<const std::uint8_t> octets);

} // namespace dsmip::wire
