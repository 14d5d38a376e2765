// SPDX-License-Identifier: GPL-2.0-or-later
// Mobility options to octets, each at its alignment (RFC 6275, 6.2).
#include <optional>

#include "wire/octets.hpp"
#include "wire/options_codec.hpp"

namespace dsmip::wire {

namespace {

constexpr std::size_t max_option_data = 255;
constexpr unsigned max_prefix_length_field = 63; // 6 bits

/// The type octet stands at multiple * n + remainder from the start of the message.
struct Alignment {
    std::size_t multiple = 1;
    std::size_t remainder = 0;
};

Alignment alignment_of(const BindingRefreshAdvice& /*option*/) {
    return {2, 0};
}
Alignment alignment_of(const AlternateCareOfAddress& /*option*/) {
    return {8, 6};
}
Alignment alignment_of(const NonceIndices& /*option*/) {
    return {2, 0};
}
// No formal requirement, but being last without padding behind it comes to this (RFC 6275, 6.2.7).
Alignment alignment_of(const BindingAuthorizationData& /*option*/) {
    return {8, 2};
}
Alignment alignment_of(const MobileNetworkPrefix& /*option*/) {
    return {8, 4};
}
Alignment alignment_of(const MobilityHeaderLinkLayerAddress& /*option*/) {
    return {};
}
Alignment alignment_of(const MobileNodeIdentifier& /*option*/) {
    return {};
}
Alignment alignment_of(const Authentication& /*option*/) {
    return {4, 1};
}
Alignment alignment_of(const ReplayProtection& /*option*/) {
    return {8, 2};
}
Alignment alignment_of(const Ipv4HomeAddress& /*option*/) {
    return {4, 0};
}
Alignment alignment_of(const Ipv4AddressAcknowledgement& /*option*/) {
    return {4, 0};
}
Alignment alignment_of(const NatDetection& /*option*/) {
    return {4, 0};
}
Alignment alignment_of(const Ipv4CareOfAddress& /*option*/) {
    return {4, 0};
}
Alignment alignment_of(const BindingIdentifier& option) {
    return std::holds_alternative<std::monostate>(option.care_of_address) ? Alignment{2, 0}
                                                                          : Alignment{8, 2};
}
Alignment alignment_of(const UnknownOption& /*option*/) {
    return {};
}

OptionType type_of(const BindingRefreshAdvice& /*option*/) {
    return OptionType::BindingRefreshAdvice;
}
OptionType type_of(const AlternateCareOfAddress& /*option*/) {
    return OptionType::AlternateCareOfAddress;
}
OptionType type_of(const NonceIndices& /*option*/) {
    return OptionType::NonceIndices;
}
OptionType type_of(const BindingAuthorizationData& /*option*/) {
    return OptionType::BindingAuthorizationData;
}
OptionType type_of(const MobileNetworkPrefix& /*option*/) {
    return OptionType::MobileNetworkPrefix;
}
OptionType type_of(const MobilityHeaderLinkLayerAddress& /*option*/) {
    return OptionType::MobilityHeaderLinkLayerAddress;
}
OptionType type_of(const MobileNodeIdentifier& /*option*/) {
    return OptionType::MobileNodeIdentifier;
}
OptionType type_of(const Authentication& /*option*/) {
    return OptionType::Authentication;
}
OptionType type_of(const ReplayProtection& /*option*/) {
    return OptionType::ReplayProtection;
}
OptionType type_of(const Ipv4HomeAddress& /*option*/) {
    return OptionType::Ipv4HomeAddress;
}
OptionType type_of(const Ipv4AddressAcknowledgement& /*option*/) {
    return OptionType::Ipv4AddressAcknowledgement;
}
OptionType type_of(const NatDetection& /*option*/) {
    return OptionType::NatDetection;
}
OptionType type_of(const Ipv4CareOfAddress& /*option*/) {
    return OptionType::Ipv4CareOfAddress;
}
OptionType type_of(const BindingIdentifier& /*option*/) {
    return OptionType::BindingIdentifier;
}
OptionType type_of(const UnknownOption& option) {
    return static_cast<OptionType>(option.type);
}

void write(OctetWriter& out, const BindingRefreshAdvice& option) {
    out.u16(option.refresh_interval.units);
}

void write(OctetWriter& out, const AlternateCareOfAddress& option) {
    out.append(option.address.bytes);
}

void write(OctetWriter& out, const NonceIndices& option) {
    out.u16(option.home_nonce_index).u16(option.care_of_nonce_index);
}

void write(OctetWriter& out, const BindingAuthorizationData& option) {
    out.append(option.authenticator);
}

void write(OctetWriter& out, const MobileNetworkPrefix& option) {
    out.u8(0).u8(option.prefix.length).append(option.prefix.address.bytes);
}

void write(OctetWriter& out, const MobilityHeaderLinkLayerAddress& option) {
    out.u8(option.option_code).append(option.link_layer_address);
}

void write(OctetWriter& out, const MobileNodeIdentifier& option) {
    out.u8(option.subtype).append(option.identifier);
}

void write(OctetWriter& out, const Authentication& option) {
    out.u8(option.subtype).u32(option.spi).append(option.data);
}

void write(OctetWriter& out, const ReplayProtection& option) {
    out.u64(option.timestamp);
}

void write(OctetWriter& out, const Ipv4HomeAddress& option) {
    constexpr unsigned prefix_requested = 0x0200;
    out.u16(static_cast<unsigned>(option.prefix_length) << 10U |
            bit_if(option.prefix_requested, prefix_requested))
        .append(option.address.bytes);
}

void write(OctetWriter& out, const Ipv4AddressAcknowledgement& option) {
    // RFC 5555, 3.2.1: the prefix length is zero unless the status says success.
    const unsigned prefix_length = is_success(option.status) ? option.prefix_length : 0U;
    out.u8(static_cast<unsigned>(option.status))
        .u8(prefix_length << 2U)
        .append(option.address.bytes);
}

void write(OctetWriter& out, const NatDetection& option) {
    constexpr unsigned force_udp = 0x8000;
    out.u16(bit_if(option.force_udp, force_udp)).u32(option.refresh_time);
}

void write(OctetWriter& out, const Ipv4CareOfAddress& option) {
    out.u16(0).append(option.address.bytes);
}

void write(OctetWriter& out, const BindingIdentifier& option) {
    out.u16(option.bid).u8(static_cast<unsigned>(option.status)).u8(option.flags);
    if (const auto* ipv4 = std::get_if<Ipv4Address>(&option.care_of_address)) {
        out.append(ipv4->bytes);
    } else if (const auto* ipv6 = std::get_if<Ipv6Address>(&option.care_of_address)) {
        out.append(ipv6->bytes);
    }
}

void write(OctetWriter& out, const UnknownOption& option) {
    out.append(option.data);
}

template<class Option>
std::optional<EncodeError> fault_of(const Option& /*option*/) {
    return std::nullopt;
}

std::optional<EncodeError> fault_of(const Ipv4HomeAddress& option) {
    return option.prefix_length > max_prefix_length_field
               ? std::optional(EncodeError::ValueOutOfRange)
               : std::nullopt;
}

std::optional<EncodeError> fault_of(const Ipv4AddressAcknowledgement& option) {
    return is_success(option.status) && option.prefix_length > max_prefix_length_field
               ? std::optional(EncodeError::ValueOutOfRange)
               : std::nullopt;
}

std::optional<EncodeError> fault_of(const BindingIdentifier& option) {
    return option.malformed_length ? std::optional(EncodeError::MalformedOption) : std::nullopt;
}

std::optional<EncodeError> fault_of(const UnknownOption& option) {
    const auto type = static_cast<OptionType>(option.type);
    return type == OptionType::Pad1 || type == OptionType::PadN
               ? std::optional(EncodeError::MalformedOption)
               : std::nullopt;
}

void pad_to(std::vector<std::uint8_t>& message, Alignment alignment) {
    const auto count =
        (alignment.multiple + alignment.remainder - message.size() % alignment.multiple) %
        alignment.multiple;
    OctetWriter out(message);
    if (count == 1) {
        out.u8(static_cast<unsigned>(OptionType::Pad1));
    } else if (count > 1) {
        out.u8(static_cast<unsigned>(OptionType::PadN)).u8(static_cast<unsigned>(count - 2));
        message.insert(message.end(), count - 2, 0);
    }
}

template<class Option>
tl::expected<void, EncodeError> append(std::vector<std::uint8_t>& message, const Option& option) {
    if (const auto fault = fault_of(option)) {
        return tl::make_unexpected(*fault);
    }
    pad_to(message, alignment_of(option));
    OctetWriter out(message);
    out.u8(static_cast<unsigned>(type_of(option)));
    const auto length_at = out.size();
    out.u8(0);
    write(out, option);
    const auto length = out.size() - length_at - 1;
    if (length > max_option_data) {
        return tl::make_unexpected(EncodeError::OptionTooLong);
    }
    message[length_at] = static_cast<std::uint8_t>(length);
    return {};
}

} // namespace

tl::expected<void, EncodeError> append_options(std::vector<std::uint8_t>& message,
                                               const MobilityOptions& options) {
    const BindingAuthorizationData* last = nullptr;
    for (const auto& option : options) {
        if (const auto* authorization = std::get_if<BindingAuthorizationData>(&option)) {
            if (last != nullptr) {
                return tl::make_unexpected(EncodeError::DuplicateAuthorizationData);
            }
            last = authorization;
            continue;
        }
        const auto appended =
            std::visit([&](const auto& any) { return append(message, any); }, option);
        if (!appended) {
            return appended;
        }
        if (message.size() > max_mobility_header_length) {
            return tl::make_unexpected(EncodeError::MessageTooLong);
        }
    }
    if (last != nullptr) {
        return append(message, *last);
    }
    pad_to(message, {8, 0});
    return {};
}

} // namespace dsmip::wire
