// SPDX-License-Identifier: GPL-2.0-or-later
// Messages to octets (RFC 6275, 6.1).
#include "wire/checksum.hpp"
#include "wire/codec.hpp"
#include "wire/flag_bits.hpp"
#include "wire/octets.hpp"
#include "wire/options_codec.hpp"

namespace dsmip::wire {

namespace {

constexpr unsigned payload_proto_none = 59;
constexpr std::size_t header_length_offset = 1;
constexpr std::size_t usual_length = 64; // most are shorter

unsigned update_flag_bits(const BindingUpdateFlags& flags, Dialect dialect) {
    const unsigned common = bit_if(flags.acknowledge, update_bit::acknowledge) |
                            bit_if(flags.home_registration, update_bit::home_registration) |
                            bit_if(flags.link_local, update_bit::link_local) |
                            bit_if(flags.key_management, update_bit::key_management) |
                            bit_if(flags.map_registration, update_bit::map_registration) |
                            bit_if(flags.mobile_router, update_bit::mobile_router);
    if (dialect == Dialect::Draft) {
        return common | bit_if(flags.force_udp, update_bit::draft::force_udp) |
               bit_if(flags.tlv, update_bit::draft::tlv);
    }
    return common | bit_if(flags.proxy, update_bit::rfc::proxy) |
           bit_if(flags.force_udp, update_bit::rfc::force_udp) |
           bit_if(flags.tlv, update_bit::rfc::tlv) |
           bit_if(flags.overwrite, update_bit::rfc::overwrite);
}

unsigned acknowledgement_flag_bits(const BindingAcknowledgementFlags& flags, Dialect dialect) {
    const unsigned tlv =
        dialect == Dialect::Draft ? acknowledgement_bit::tlv_draft : acknowledgement_bit::tlv_rfc;
    return bit_if(flags.key_management, acknowledgement_bit::key_management) |
           bit_if(flags.mobile_router, acknowledgement_bit::mobile_router) | bit_if(flags.tlv, tlv);
}

/// Writes what stands between checksum and options.
class BodyWriter {
public:
    BodyWriter(std::vector<std::uint8_t>& octets, Dialect dialect)
        : writer_(octets)
        , dialect_(dialect) {}

    void operator()(const BindingRefreshRequest& /*message*/) { writer_.u16(0); }
    void operator()(const HomeTestInit& message) {
        writer_.u16(0).append(message.home_init_cookie);
    }
    void operator()(const CareOfTestInit& message) {
        writer_.u16(0).append(message.care_of_init_cookie);
    }
    void operator()(const HomeTest& message) {
        writer_.u16(message.home_nonce_index)
            .append(message.home_init_cookie)
            .append(message.home_keygen_token);
    }
    void operator()(const CareOfTest& message) {
        writer_.u16(message.care_of_nonce_index)
            .append(message.care_of_init_cookie)
            .append(message.care_of_keygen_token);
    }
    void operator()(const BindingUpdate& message) {
        writer_.u16(message.sequence)
            .u16(update_flag_bits(message.flags, dialect_))
            .u16(message.lifetime.units);
    }
    void operator()(const BindingAcknowledgement& message) {
        writer_.u8(static_cast<unsigned>(message.status))
            .u8(acknowledgement_flag_bits(message.flags, dialect_))
            .u16(message.sequence)
            .u16(message.lifetime.units);
    }
    void operator()(const BindingError& message) {
        writer_.u8(static_cast<unsigned>(message.status)).u8(0).append(message.home_address.bytes);
    }
    void operator()(const HomeAgentSwitch& message) {
        // A count that does not fit its octet does not fit the message either.
        writer_.u8(static_cast<unsigned>(message.home_agents.size() & 0xFFU)).u8(0);
        for (const auto& address : message.home_agents) {
            writer_.append(address.bytes);
        }
    }

private:
    OctetWriter writer_;
    Dialect dialect_;
};

/// With P set the RFC's O bit is another flag, the "bulk" of RFC 6602; the draft has no P.
bool flags_expressible(const MobilityMessage& message, Dialect dialect) {
    const auto* update = std::get_if<BindingUpdate>(&message);
    return update == nullptr || !update->flags.proxy ||
           (dialect != Dialect::Draft && !update->flags.overwrite);
}

} // namespace

tl::expected<std::vector<std::uint8_t>, EncodeError> encode(const MobilityMessage& message,
                                                            Dialect dialect,
                                                            const Ipv6Address& source,
                                                            const Ipv6Address& destination) {
    if (!flags_expressible(message, dialect)) {
        return tl::make_unexpected(EncodeError::FlagNotInDialect);
    }
    std::vector<std::uint8_t> octets;
    octets.reserve(usual_length);
    OctetWriter(octets)
        .u8(payload_proto_none)
        .u8(0) // Header Len, known at the end
        .u8(static_cast<unsigned>(mh_type(message)))
        .u8(0)
        .u16(0); // Checksum, known at the end
    std::visit(BodyWriter(octets, dialect), message);
    if (const auto appended = append_options(octets, options_of(message)); !appended) {
        return tl::make_unexpected(appended.error());
    }
    if (octets.size() > max_mobility_header_length) {
        return tl::make_unexpected(EncodeError::MessageTooLong);
    }
    octets[header_length_offset] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
    const auto checksum = mobility_header_checksum(octets, source, destination);
    octets[checksum_offset] = static_cast<std::uint8_t>(checksum >> 8U);
    octets[checksum_offset + 1] = static_cast<std::uint8_t>(checksum & 0xFFU);
    return octets;
}

} // namespace dsmip::wire
