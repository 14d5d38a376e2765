// SPDX-License-Identifier: GPL-2.0-or-later
// Octets to mobility options (RFC 6275, 6.2). Every length is checked before it is used.
#include <algorithm>

#include "wire/octets.hpp"
#include "wire/options_codec.hpp"

namespace dsmip::wire {

namespace {

/// Lengths an option may have: octets behind the length octet.
struct LengthRange {
    std::size_t least = 0;
    std::size_t most = 255;
};

constexpr LengthRange exactly(std::size_t length) {
    return {length, length};
}

LengthRange lengths_of(OptionType type) {
    switch (type) {
    case OptionType::BindingRefreshAdvice:
        return exactly(2);
    case OptionType::AlternateCareOfAddress:
        return exactly(16);
    case OptionType::NonceIndices:
        return exactly(4);
    case OptionType::BindingAuthorizationData:
        return exactly(12);
    case OptionType::MobileNetworkPrefix:
        return exactly(18);
    case OptionType::MobilityHeaderLinkLayerAddress:
        return {.least = 1};
    case OptionType::MobileNodeIdentifier:
        return {.least = 1};
    case OptionType::Authentication:
        return {.least = 5};
    case OptionType::ReplayProtection:
        return exactly(8);
    case OptionType::Ipv4HomeAddress:
        return exactly(6);
    case OptionType::Ipv4AddressAcknowledgement:
        return exactly(6);
    case OptionType::NatDetection:
        return exactly(6);
    case OptionType::Ipv4CareOfAddress:
        return exactly(6);
    default:
        return {}; // BindingIdentifier marks its own fault
    }
}

Ipv4HomeAddress read_ipv4_home_address(OctetReader in) {
    const unsigned word = in.u16();
    return {.prefix_length = static_cast<std::uint8_t>(word >> 10U),
            .prefix_requested = (word & 0x0200U) != 0,
            .address = in.ipv4()};
}

Ipv4AddressAcknowledgement read_ipv4_address_acknowledgement(OctetReader in) {
    Ipv4AddressAcknowledgement option;
    option.status = static_cast<Ipv4AddressStatus>(in.u8());
    const unsigned octet = in.u8();
    // RFC 5555, 3.2.1: disregarded unless the status says success.
    option.prefix_length =
        is_success(option.status) ? static_cast<std::uint8_t>(octet >> 2U) : std::uint8_t{0};
    option.address = in.ipv4();
    return option;
}

NatDetection read_nat_detection(OctetReader in) {
    const bool force_udp = (in.u16() & 0x8000U) != 0;
    return {.force_udp = force_udp, .refresh_time = in.u32()};
}

BindingIdentifier read_binding_identifier(Octets data) {
    constexpr std::size_t plain = 4;
    constexpr std::size_t with_ipv4 = 8;
    constexpr std::size_t with_ipv6 = 20;
    BindingIdentifier option;
    OctetReader in(data);
    if (data.size() >= sizeof(option.bid)) {
        option.bid = in.u16();
    }
    option.status = static_cast<BindingStatus>(in.u8());
    option.flags = in.u8();
    if (data.size() == with_ipv4) {
        option.care_of_address = in.ipv4();
    } else if (data.size() == with_ipv6) {
        option.care_of_address = in.ipv6();
    } else if (data.size() != plain) {
        option.malformed_length = static_cast<std::uint8_t>(data.size());
    }
    return option;
}

/// The octets have a length that the type allows.
MobilityOption read_option(OptionType type, Octets data) {
    OctetReader in(data);
    switch (type) {
    case OptionType::BindingRefreshAdvice:
        return BindingRefreshAdvice{{in.u16()}};
    case OptionType::AlternateCareOfAddress:
        return AlternateCareOfAddress{in.ipv6()};
    case OptionType::NonceIndices: {
        const auto home = in.u16();
        return NonceIndices{home, in.u16()};
    }
    case OptionType::BindingAuthorizationData:
        return BindingAuthorizationData{in.array<12>()};
    case OptionType::MobileNetworkPrefix: {
        in.u8(); // Reserved
        const auto length = in.u8();
        return MobileNetworkPrefix{{in.ipv6(), length}};
    }
    case OptionType::MobilityHeaderLinkLayerAddress: {
        const auto code = in.u8();
        return MobilityHeaderLinkLayerAddress{code, in.rest()};
    }
    case OptionType::MobileNodeIdentifier: {
        const auto subtype = in.u8();
        return MobileNodeIdentifier{subtype, in.rest()};
    }
    case OptionType::Authentication: {
        const auto subtype = in.u8();
        const auto spi = in.u32();
        return Authentication{subtype, spi, in.rest()};
    }
    case OptionType::ReplayProtection:
        return ReplayProtection{in.u64()};
    case OptionType::Ipv4HomeAddress:
        return read_ipv4_home_address(in);
    case OptionType::Ipv4AddressAcknowledgement:
        return read_ipv4_address_acknowledgement(in);
    case OptionType::NatDetection:
        return read_nat_detection(in);
    case OptionType::Ipv4CareOfAddress:
        in.u16(); // Reserved
        return Ipv4CareOfAddress{in.ipv4()};
    case OptionType::BindingIdentifier:
        return read_binding_identifier(data);
    default:
        return UnknownOption{static_cast<std::uint8_t>(type), in.rest()};
    }
}

} // namespace

tl::expected<MobilityOptions, DecodeError> parse_options(Octets message, std::size_t offset) {
    const auto fail = [](DecodeCause cause, std::size_t at) {
        return tl::make_unexpected(DecodeError{cause, at});
    };
    constexpr std::size_t usual_count = 4; // most messages have fewer
    MobilityOptions options;
    options.reserve(usual_count);
    while (offset < message.size()) {
        const auto type = static_cast<OptionType>(message[offset]);
        if (type == OptionType::Pad1) {
            ++offset;
            continue;
        }
        if (message.size() - offset < 2) {
            return fail(DecodeCause::OptionTruncated, offset);
        }
        const std::size_t length = message[offset + 1];
        if (message.size() - offset - 2 < length) {
            return fail(DecodeCause::OptionTruncated, offset + 1);
        }
        const auto [least, most] = lengths_of(type);
        if (length < least || length > most) {
            return fail(DecodeCause::OptionLength, offset + 1);
        }
        const auto data = message.subspan(offset + 2, length);
        offset += 2 + length;
        if (type == OptionType::PadN) {
            continue;
        }
        options.push_back(read_option(type, data));
        if (type == OptionType::BindingAuthorizationData && offset < message.size()) {
            return fail(DecodeCause::OptionNotLast, offset);
        }
    }
    return options;
}

} // namespace dsmip::wire
