// SPDX-License-Identifier: GPL-2.0-or-later
// Octets to messages (RFC 6275, 6.1 and 9.2).
#include <algorithm>
#include <optional>

#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/flag_bits.hpp"
#include "wire/octets.hpp"
#include "wire/options_codec.hpp"

namespace dsmip::wire {

namespace {

constexpr std::uint8_t payload_proto_none = 59;
constexpr std::size_t payload_proto_offset = 0;
constexpr std::size_t header_length_offset = 1;
constexpr std::size_t type_offset = 2;
constexpr std::size_t body_offset = 6;
constexpr std::size_t address_count_offset = 6;
constexpr std::size_t minimum_length = 8;

/// Where the options of a type start; the Home Agent Switch has its addresses before that.
std::optional<std::size_t> options_offset(MhType type) {
    switch (type) {
    case MhType::BindingRefreshRequest:
        return 8;
    case MhType::HomeTestInit:
        return 16;
    case MhType::CareOfTestInit:
        return 16;
    case MhType::HomeTest:
        return 24;
    case MhType::CareOfTest:
        return 24;
    case MhType::BindingUpdate:
        return 12;
    case MhType::BindingAcknowledgement:
        return 12;
    case MhType::BindingError:
        return 24;
    case MhType::HomeAgentSwitch:
        return 8;
    }
    return std::nullopt;
}

/// Options that only a proxy registration has (RFC 5213, 8).
bool has_proxy_option(const MobilityOptions& options) {
    return std::any_of(options.begin(), options.end(), [](const MobilityOption& option) {
        const auto* unknown = std::get_if<UnknownOption>(&option);
        if (unknown == nullptr) {
            return false;
        }
        const auto type = static_cast<OptionType>(unknown->type);
        return type == OptionType::HomeNetworkPrefix || type == OptionType::HandoffIndicator ||
               type == OptionType::AccessTechnologyType;
    });
}

BindingUpdateFlags read_update_flags(unsigned bits, const MobilityOptions& options,
                                     Dialect dialect) {
    const auto set = [bits](unsigned mask) { return (bits & mask) != 0; };
    BindingUpdateFlags flags;
    flags.acknowledge = set(update_bit::acknowledge);
    flags.home_registration = set(update_bit::home_registration);
    flags.link_local = set(update_bit::link_local);
    flags.key_management = set(update_bit::key_management);
    flags.map_registration = set(update_bit::map_registration);
    flags.mobile_router = set(update_bit::mobile_router);
    if (dialect == Dialect::Draft) {
        flags.force_udp = set(update_bit::draft::force_udp);
        flags.tlv = set(update_bit::draft::tlv);
        return flags;
    }
    // One bit, two meanings: a home registration without any option of a proxy means the draft's F.
    const bool draft_force_udp = dialect == Dialect::Auto && set(update_bit::draft::force_udp) &&
                                 flags.home_registration && !has_proxy_option(options);
    flags.proxy = set(update_bit::rfc::proxy) && !draft_force_udp;
    flags.force_udp = set(update_bit::rfc::force_udp) || draft_force_udp;
    flags.tlv = set(update_bit::rfc::tlv);
    flags.overwrite = set(update_bit::rfc::overwrite) && !flags.proxy &&
                      find_option<BindingIdentifier>(options) != nullptr;
    return flags;
}

BindingAcknowledgementFlags read_acknowledgement_flags(unsigned bits, Dialect dialect) {
    const unsigned tlv =
        dialect == Dialect::Draft ? acknowledgement_bit::tlv_draft : acknowledgement_bit::tlv_rfc;
    return {.key_management = (bits & acknowledgement_bit::key_management) != 0,
            .mobile_router = (bits & acknowledgement_bit::mobile_router) != 0,
            .tlv = (bits & tlv) != 0};
}

BindingUpdate read_binding_update(OctetReader body, MobilityOptions options, Dialect dialect) {
    BindingUpdate update;
    update.sequence = body.u16();
    update.flags = read_update_flags(body.u16(), options, dialect);
    update.lifetime.units = body.u16();
    update.options = std::move(options);
    return update;
}

BindingAcknowledgement read_binding_acknowledgement(OctetReader body, MobilityOptions options,
                                                    Dialect dialect) {
    BindingAcknowledgement acknowledgement;
    acknowledgement.status = static_cast<BindingStatus>(body.u8());
    acknowledgement.flags = read_acknowledgement_flags(body.u8(), dialect);
    acknowledgement.sequence = body.u16();
    acknowledgement.lifetime.units = body.u16();
    acknowledgement.options = std::move(options);
    return acknowledgement;
}

/// HomeTest and CareOfTest differ in names only.
template<class Test>
Test read_test(OctetReader body, MobilityOptions options) {
    const auto nonce_index = body.u16();
    const auto cookie = body.array<8>();
    const auto token = body.array<8>();
    return {nonce_index, cookie, token, std::move(options)};
}

template<class TestInit>
TestInit read_test_init(OctetReader body, MobilityOptions options) {
    body.u16(); // Reserved
    const auto cookie = body.array<8>();
    return {cookie, std::move(options)};
}

BindingError read_binding_error(OctetReader body, MobilityOptions options) {
    const auto status = static_cast<BindingErrorStatus>(body.u8());
    body.u8(); // Reserved
    return {status, body.ipv6(), std::move(options)};
}

HomeAgentSwitch read_home_agent_switch(OctetReader body, MobilityOptions options) {
    HomeAgentSwitch message;
    const auto count = body.u8();
    body.u8(); // Reserved
    for (unsigned i = 0; i < count; ++i) {
        message.home_agents.push_back(body.ipv6());
    }
    message.options = std::move(options);
    return message;
}

MobilityMessage read_message(MhType type, OctetReader body, MobilityOptions options,
                             Dialect dialect) {
    switch (type) {
    case MhType::HomeTestInit:
        return read_test_init<HomeTestInit>(body, std::move(options));
    case MhType::CareOfTestInit:
        return read_test_init<CareOfTestInit>(body, std::move(options));
    case MhType::HomeTest:
        return read_test<HomeTest>(body, std::move(options));
    case MhType::CareOfTest:
        return read_test<CareOfTest>(body, std::move(options));
    case MhType::BindingUpdate:
        return read_binding_update(body, std::move(options), dialect);
    case MhType::BindingAcknowledgement:
        return read_binding_acknowledgement(body, std::move(options), dialect);
    case MhType::BindingError:
        return read_binding_error(body, std::move(options));
    case MhType::HomeAgentSwitch:
        return read_home_agent_switch(body, std::move(options));
    case MhType::BindingRefreshRequest:
        break;
    }
    return BindingRefreshRequest{std::move(options)};
}

} // namespace

tl::expected<MobilityMessage, DecodeError> decode(Octets octets, const Ipv6Address& source,
                                                  const Ipv6Address& destination, Dialect dialect) {
    const auto fail = [](DecodeCause cause, std::size_t at) {
        return tl::make_unexpected(DecodeError{cause, at});
    };
    if (octets.size() < minimum_length) {
        return fail(DecodeCause::MhTruncated, octets.size());
    }
    const std::size_t length = (std::size_t{octets[header_length_offset]} + 1) * 8;
    if (octets.size() < length) {
        return fail(DecodeCause::MhTruncated, octets.size());
    }
    if (octets.size() > length) {
        return fail(DecodeCause::MhOverlong, length);
    }
    if (mobility_header_checksum(octets, source, destination) != 0) {
        return fail(DecodeCause::MhChecksum, checksum_offset);
    }
    const auto type = static_cast<MhType>(octets[type_offset]);
    auto options_at = options_offset(type);
    if (!options_at) {
        return fail(DecodeCause::MhTypeUnknown, type_offset);
    }
    if (octets[payload_proto_offset] != payload_proto_none) {
        return fail(DecodeCause::MhPayloadProto, payload_proto_offset);
    }
    if (length < *options_at) {
        return fail(DecodeCause::MhHeaderLength, header_length_offset);
    }
    if (type == MhType::HomeAgentSwitch) {
        *options_at += std::size_t{octets[address_count_offset]} * sizeof(Ipv6Address::bytes);
        if (length < *options_at) {
            return fail(DecodeCause::MhAddressCount, address_count_offset);
        }
    }
    auto options = parse_options(octets, *options_at);
    if (!options) {
        return tl::make_unexpected(options.error());
    }
    return read_message(type, OctetReader(octets.subspan(body_offset)), *std::move(options),
                        dialect);
}

bool is_known(MhType type) {
    return options_offset(type).has_value();
}

} // namespace dsmip::wire
