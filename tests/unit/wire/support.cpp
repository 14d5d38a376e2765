// SPDX-License-Identifier: GPL-2.0-or-later
#include "support.hpp"

#include <catch2/catch.hpp>

namespace dsmip::wire::test {

Bytes from_hex(std::string_view hex) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(
            static_cast<std::uint8_t>(std::stoul(std::string(hex.substr(i, 2)), nullptr, 16)));
    }
    return bytes;
}

std::string to_hex(const Bytes& bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    for (const auto byte : bytes) {
        hex += digits[byte >> 4U];
        hex += digits[byte & 0xFU];
    }
    return hex;
}

Ipv4Address v4(std::string_view text) {
    return Ipv4Address::parse(text).value();
}

Ipv6Address v6(std::string_view text) {
    return Ipv6Address::parse(text).value();
}

namespace {

std::array<std::uint8_t, 12> authenticator(std::string_view hex) {
    std::array<std::uint8_t, 12> result{};
    const auto bytes = from_hex(hex);
    std::copy(bytes.begin(), bytes.end(), result.begin());
    return result;
}

std::vector<Vector> make_vectors() {
    const BindingUpdateFlags home_flags{.acknowledge = true, .home_registration = true};
    auto force_udp_flags = home_flags;
    force_udp_flags.force_udp = true;
    auto overwrite_flags = home_flags;
    overwrite_flags.overwrite = true;
    auto router_flags = home_flags;
    router_flags.mobile_router = true;

    return {
        {"BU to a correspondent", Dialect::Rfc, home_address, correspondent,
         BindingUpdate{0x1234,
                       {.acknowledge = true},
                       {105},
                       {NonceIndices{1, 2},
                        BindingAuthorizationData{authenticator("776888f2a3a603820594a331")}}},
         "3b03050073e5123480000069040400010002050c776888f2a3a603820594a331"},
        {"BA from a correspondent", Dialect::Rfc, correspondent, home_address,
         BindingAcknowledgement{
             BindingStatus::Accepted,
             {},
             0x1234,
             {105},
             {BindingAuthorizationData{authenticator("89bf0ce84c8cda7aaea95f19")}}},
         "3b0306007ac0000012340069010400000000050c89bf0ce84c8cda7aaea95f19"},
        {"home BU with alternate care-of address", Dialect::Rfc, home_address, home_agent,
         BindingUpdate{1, home_flags, {150}, {AlternateCareOfAddress{care_of_address}}},
         "3b0305006e7d0001c00000960100031020010db8000200000000000000000200"},
        {"DSMIPv6 BU", Dialect::Rfc, home_address, home_agent,
         BindingUpdate{2,
                       force_udp_flags,
                       {150},
                       {Ipv4HomeAddress{32, false, ipv4_home_address},
                        Ipv4CareOfAddress{ipv4_care_of_address}}},
         "3b030500f6f20002c10000961d068000c000020a20060000c633640701020000"},
        {"DSMIPv6 BA", Dialect::Rfc, home_agent, home_address,
         BindingAcknowledgement{
             BindingStatus::Accepted,
             {},
             2,
             {150},
             {Ipv4AddressAcknowledgement{Ipv4AddressStatus::Success, 32, ipv4_home_address},
              NatDetection{false, 110}}},
         "3b03060060410000000200961e060080c000020a1f0600000000006e01020000"},
        {"bulk BU", Dialect::Rfc, home_address, home_agent,
         BindingUpdate{
             3,
             overwrite_flags,
             {150},
             {make_binding_identifier({.bid = 1, .care_of_address = care_of_address}, Dialect::Rfc),
              make_binding_identifier({.bid = 2, .care_of_address = second_care_of_address},
                                      Dialect::Rfc)}},
         "3b070500f83a0003c040009601040000000023140001000020010db800020000000000000000020001002314"
         "0002000020010db8000400000000000000000400"},
        {"bulk BU of the draft", Dialect::Draft, home_address, home_agent,
         BindingUpdate{
             3,
             home_flags,
             {150},
             {make_binding_identifier(
                  {.bid = 1, .care_of_address = care_of_address, .overwrite = true},
                  Dialect::Draft),
              make_binding_identifier(
                  {.bid = 2, .care_of_address = second_care_of_address, .overwrite = true},
                  Dialect::Draft)}},
         "3b070500f6fa0003c000009601040000000023140001"
         "00c020010db800020000000000000000020001002314000200c020010db8000400000000000000000400"},
        {"BU with an IPv4 care-of address in the BID", Dialect::Rfc, home_address, home_agent,
         BindingUpdate{4,
                       home_flags,
                       {150},
                       {make_binding_identifier({.bid = 3, .care_of_address = ipv4_care_of_address},
                                                Dialect::Rfc)}},
         "3b03050052f90004c0000096010400000000230800030000c633640701020000"},
        {"BU with an IPv4 care-of address in the BID of the draft", Dialect::Draft, home_address,
         home_agent,
         BindingUpdate{4,
                       home_flags,
                       {150},
                       {make_binding_identifier({.bid = 3, .care_of_address = ipv4_care_of_address},
                                                Dialect::Draft)}},
         "3b03050052690004c0000096010400000000230800030090c633640701020000"},
        {"BA not complete", Dialect::Rfc, home_agent, home_address,
         BindingAcknowledgement{
             BindingStatus::McoaNotComplete,
             {},
             3,
             {150},
             {BindingIdentifier{1, BindingStatus::Accepted, 0, {}, {}},
              BindingIdentifier{2, BindingStatus::InsufficientResources, 0, {}, {}}}},
         "3b0206009544040000030096230400010000230400028200"},
        {"NEMO BU", Dialect::Rfc, home_address, home_agent,
         BindingUpdate{5,
                       router_flags,
                       {150},
                       {MobileNetworkPrefix{{v6("2001:db8:aaaa::"), 64}},
                        AlternateCareOfAddress{care_of_address}}},
         "3b0605008ba40005c40000960612004020010db8aaaa000000000000000000000104000000000310"
         "20010db8000200000000000000000200"},
        {"BE", Dialect::Rfc, correspondent, care_of_address,
         BindingError{BindingErrorStatus::UnknownBindingForHomeAddressOption, home_address, {}},
         "3b0207002d2d010020010db8000100000000000000000100"},
        {"BRR", Dialect::Rfc, correspondent, home_address, BindingRefreshRequest{},
         "3b00000064fa0000"},
    };
}

} // namespace

const std::vector<Vector>& vectors() {
    static const auto all = make_vectors();
    return all;
}

void fix_checksum(Bytes& octets, const Ipv6Address& source, const Ipv6Address& destination) {
    if (octets.size() < 6) {
        return;
    }
    octets[4] = 0;
    octets[5] = 0;
    Bytes all(source.bytes.begin(), source.bytes.end());
    all.insert(all.end(), destination.bytes.begin(), destination.bytes.end());
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        all.push_back(static_cast<std::uint8_t>(octets.size() >> shift));
    }
    all.insert(all.end(), {0, 0, 0, 135});
    all.insert(all.end(), octets.begin(), octets.end());
    if (all.size() % 2 != 0) {
        all.push_back(0);
    }
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < all.size(); i += 2) {
        sum += static_cast<std::uint32_t>(all[i] * 256 + all[i + 1]);
        if (sum > 0xFFFF) {
            sum -= 0xFFFF; // end-around carry
        }
    }
    const auto checksum = 0xFFFFU - sum;
    octets[4] = static_cast<std::uint8_t>(checksum / 256);
    octets[5] = static_cast<std::uint8_t>(checksum % 256);
}

Bytes encode_home(const MobilityMessage& message, Dialect dialect) {
    const auto octets = encode(message, dialect, home_address, home_agent);
    REQUIRE(octets.has_value());
    return *octets;
}

tl::expected<MobilityMessage, DecodeError> decode_home(const Bytes& octets, Dialect dialect) {
    return decode(octets, home_address, home_agent, dialect);
}

BindingUpdate update_with(MobilityOptions options) {
    return {1, {.acknowledge = true, .home_registration = true}, {150}, std::move(options)};
}

std::string option_area(const Bytes& octets) {
    return to_hex({octets.begin() + 12, octets.end()});
}

} // namespace dsmip::wire::test
