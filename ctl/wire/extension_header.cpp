// SPDX-License-Identifier: GPL-2.0-or-later
// Destination options with a Home Address option, type 2 routing header (RFC 6275, 6.3 and 6.4).
#include "wire/extension_header.hpp"

#include <algorithm>

#include "wire/octets.hpp"

namespace dsmip::wire {

namespace {

constexpr std::uint8_t pad1 = 0;
constexpr std::uint8_t padn = 1;
constexpr std::size_t home_address_length = 16;
constexpr std::size_t options_offset = 2;
constexpr std::uint8_t header_length_24 = 2; // Hdr Ext Len of a header of 24 octets
constexpr std::uint8_t routing_type_2 = 2;
constexpr std::size_t address_offset = 8; // of the address, in both headers of 24 octets
/// RFC 8200, 4.2: with these bits clear, a node that does not know the option skips it.
constexpr std::uint8_t action_mask = 0xC0;

tl::unexpected<ExtensionHeaderError> fail(ExtensionHeaderCause cause, std::size_t at) {
    return tl::make_unexpected(ExtensionHeaderError{cause, at});
}

ExtensionHeader24 header_with(std::array<std::uint8_t, address_offset> start,
                              const Ipv6Address& home_address) {
    ExtensionHeader24 header{};
    std::copy(start.begin(), start.end(), header.begin());
    std::copy(home_address.bytes.begin(), home_address.bytes.end(),
              header.begin() + address_offset);
    return header;
}

/// The whole header, if all of it is there.
tl::expected<Octets, ExtensionHeaderError> header_of(Octets octets) {
    if (octets.size() < 2) {
        return fail(ExtensionHeaderCause::HeaderTruncated, octets.size());
    }
    const std::size_t length = (std::size_t{octets[1]} + 1) * 8;
    if (octets.size() < length) {
        return fail(ExtensionHeaderCause::HeaderTruncated, octets.size());
    }
    return octets.first(length);
}

} // namespace

ExtensionHeader24 build_home_address_header(std::uint8_t next_header,
                                            const Ipv6Address& home_address) {
    // The option is at 8n+6, hence four octets of padding before it.
    return header_with({next_header, header_length_24, padn, 2, 0, 0, home_address_option_type,
                        home_address_length},
                       home_address);
}

tl::expected<DestinationOptions, ExtensionHeaderError> parse_destination_options(Octets octets) {
    const auto header = header_of(octets);
    if (!header) {
        return tl::make_unexpected(header.error());
    }
    DestinationOptions result{(*header)[0], header->size(), std::nullopt};
    std::size_t offset = options_offset;
    while (offset < header->size()) {
        const auto type = (*header)[offset];
        if (type == pad1) {
            ++offset;
            continue;
        }
        if (header->size() - offset < 2) {
            return fail(ExtensionHeaderCause::OptionTruncated, offset);
        }
        const std::size_t length = (*header)[offset + 1];
        if (header->size() - offset - 2 < length) {
            return fail(ExtensionHeaderCause::OptionTruncated, offset + 1);
        }
        if (type == home_address_option_type) {
            if (length != home_address_length) {
                return fail(ExtensionHeaderCause::HomeAddressLength, offset + 1);
            }
            if (result.home_address) {
                return fail(ExtensionHeaderCause::HomeAddressDuplicate, offset);
            }
            result.home_address = OctetReader(header->subspan(offset + 2)).ipv6();
            if (!result.home_address->is_unicast_routable()) {
                return fail(ExtensionHeaderCause::HomeAddressNotUnicast, offset + 2);
            }
        } else if ((type & action_mask) != 0) {
            return fail(ExtensionHeaderCause::OptionUnknown, offset);
        }
        offset += 2 + length;
    }
    return result;
}

ExtensionHeader24 build_type2_routing_header(std::uint8_t next_header,
                                             const Ipv6Address& home_address) {
    constexpr std::uint8_t segments_left = 1;
    return header_with({next_header, header_length_24, routing_type_2, segments_left, 0, 0, 0, 0},
                       home_address);
}

tl::expected<Type2RoutingHeader, ExtensionHeaderError> parse_type2_routing_header(Octets octets) {
    constexpr std::size_t type_offset = 2;
    constexpr std::size_t segments_offset = 3;
    const auto header = header_of(octets);
    if (!header) {
        return tl::make_unexpected(header.error());
    }
    if ((*header)[type_offset] != routing_type_2) {
        return fail(ExtensionHeaderCause::RoutingType, type_offset);
    }
    if ((*header)[1] != header_length_24) {
        return fail(ExtensionHeaderCause::RoutingLength, 1);
    }
    if ((*header)[segments_offset] != 1) {
        return fail(ExtensionHeaderCause::RoutingSegments, segments_offset);
    }
    return Type2RoutingHeader{(*header)[0], OctetReader(header->subspan(address_offset)).ipv6()};
}

} // namespace dsmip::wire
