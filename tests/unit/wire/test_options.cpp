// SPDX-License-Identifier: GPL-2.0-or-later
// Layout, reserved bits and alignment of each mobility option.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

std::string area_of(MobilityOptions options) {
    return option_area(encode_home(update_with(std::move(options))));
}

/// Decodes a Binding Update with this option area.
MobilityOptions options_from(std::string_view area) {
    auto octets = from_hex("3b00050000000001c0000096" + std::string(area));
    REQUIRE(octets.size() % 8 == 0);
    octets[1] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
    fix_checksum(octets, home_address, home_agent);
    const auto message = decode_home(octets);
    REQUIRE(message.has_value());
    return options_of(*message);
}

template<class Option>
Option only_option(std::string_view area) {
    const auto options = options_from(area);
    REQUIRE(options.size() == 1);
    REQUIRE(std::holds_alternative<Option>(options.front()));
    return std::get<Option>(options.front());
}

} // namespace

TEST_CASE("numbers of RFC 5555", "[D-8-01]") {
    const auto number = [](auto value) { return static_cast<unsigned>(value); };
    CHECK(number(OptionType::Ipv4HomeAddress) == 29);
    CHECK(number(OptionType::Ipv4AddressAcknowledgement) == 30);
    CHECK(number(OptionType::NatDetection) == 31);
    CHECK(number(OptionType::Ipv4CareOfAddress) == 32);
}

TEST_CASE("options start at their alignment, the gap filled with zeros") {
    // The option area starts at octet 12.
    CHECK(area_of({BindingRefreshAdvice{{0x0102}}}) == "02020102");
    CHECK(area_of({AlternateCareOfAddress{care_of_address}}) ==
          "0100031020010db8000200000000000000000200");
    CHECK(area_of({NonceIndices{0x0102, 0x0304}}) == "040401020304010400000000");
    CHECK(area_of({MobilityHeaderLinkLayerAddress{2, {1, 2, 3, 4, 5, 6}}}) ==
          "070702010203040506010100");
    CHECK(area_of({MobileNodeIdentifier{1, {'a', '@', 'b'}}}) == "080401614062010400000000");
    CHECK(area_of({Authentication{1, 0x11223344, {0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}}}) ==
          "00090b0111223344aabbccddeeff010400000000");
    CHECK(area_of({ReplayProtection{0x0102030405060708}}) ==
          "0104000000000a08010203040506070801020000");
}

TEST_CASE("one octet of padding is Pad1, more are PadN") {
    const auto options = [](std::size_t size) {
        return MobilityOptions{UnknownOption{200, Bytes(size, 0xAA)}};
    };
    CHECK(area_of(options(2)) == "c802aaaa");
    CHECK(area_of(options(1)) == "c801aa00");
    CHECK(area_of(options(0)) == "c8000100");
    CHECK(area_of(options(9)) == "c809aaaaaaaaaaaaaaaaaa00");
    CHECK(area_of(options(7)) == "c807aaaaaaaaaaaaaa010100");
    CHECK(area_of(options(3)) == "c803aaaaaa01050000000000");
}

TEST_CASE("alignment of the Binding Identifier option follows from its address",
          "[M-4.2.1-02][M-4.2.1-03]") {
    const auto option = [](auto address) {
        return BindingIdentifier{0x0102, BindingStatus::Accepted, 0, address, {}};
    };
    CHECK(area_of({option(std::monostate{})}) == "230401020000010400000000");
    CHECK(area_of({option(ipv4_care_of_address)}) == "010400000000230801020000c633640701020000");
    CHECK(area_of({option(care_of_address)}) ==
          "01040000000023140102000020010db8000200000000000000000200");
}

TEST_CASE("Binding Authorization Data is put last and ends the message") {
    const BindingAuthorizationData data{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}};
    CHECK(area_of({data, NonceIndices{1, 2}}) == "040400010002050c0102030405060708090a0b0c");
    CHECK(encode(update_with({data, data}), Dialect::Rfc, home_address, home_agent).error() ==
          EncodeError::DuplicateAuthorizationData);
}

TEST_CASE("IPv4 Home Address option", "[D-3.1.1-01][D-3.1.1-06]") {
    CHECK(area_of({Ipv4HomeAddress{32, false, ipv4_home_address}}) == "1d068000c000020a01020000");
    CHECK(area_of({Ipv4HomeAddress{24, true, {}}}) == "1d0662000000000001020000");
    CHECK(only_option<Ipv4HomeAddress>("1d0662000000000001020000") ==
          Ipv4HomeAddress{24, true, {}});
    // Reserved bits are disregarded.
    CHECK(only_option<Ipv4HomeAddress>("1d0681ffc000020a01020000") ==
          Ipv4HomeAddress{32, false, ipv4_home_address});
    // Length 0 is for the home agent to refuse, with a status (D-3.1.1-04).
    CHECK(only_option<Ipv4HomeAddress>("1d060000c000020a01020000").prefix_length == 0);
}

TEST_CASE("two IPv4 Home Address options are both kept", "[D-3.1.1-09]") {
    const MobilityOptions options{Ipv4HomeAddress{32, false, ipv4_home_address},
                                  Ipv4HomeAddress{28, true, {}}};
    const auto message = decode_home(encode_home(update_with(options)));
    REQUIRE(message.has_value());
    CHECK(options_of(*message) == options);
}

TEST_CASE("IPv4 Care-of Address option", "[D-3.1.2-01][D-3.1.2-02]") {
    CHECK(area_of({Ipv4CareOfAddress{ipv4_care_of_address}}) == "20060000c633640701020000");
    CHECK(only_option<Ipv4CareOfAddress>("2006ffffc633640701020000") ==
          Ipv4CareOfAddress{ipv4_care_of_address});
}

TEST_CASE("IPv4 Address Acknowledgement option",
          "[D-3.2.1-01][D-3.2.1-02][D-3.2.1-03][D-3.2.1-05]") {
    CHECK(area_of({Ipv4AddressAcknowledgement{Ipv4AddressStatus::Success, 28,
                                              ipv4_home_address}}) == "1e060070c000020a01020000");
    CHECK(only_option<Ipv4AddressAcknowledgement>("1e060073c000020a01020000") ==
          Ipv4AddressAcknowledgement{Ipv4AddressStatus::Success, 28, ipv4_home_address});
    // The prefix length is zero on failure and is disregarded there.
    CHECK(area_of({Ipv4AddressAcknowledgement{
              Ipv4AddressStatus::DynamicAssignmentNotAvailable, 28, {}}}) ==
          "1e0684000000000001020000");
    CHECK(only_option<Ipv4AddressAcknowledgement>("1e0684700000000001020000") ==
          Ipv4AddressAcknowledgement{Ipv4AddressStatus::DynamicAssignmentNotAvailable, 0, {}});
    CHECK(is_success(static_cast<Ipv4AddressStatus>(127)));
    CHECK_FALSE(is_success(static_cast<Ipv4AddressStatus>(128)));
}

TEST_CASE("NAT Detection option", "[D-3.2.2-01][D-3.2.2-02][D-3.2.2-05]") {
    CHECK(area_of({NatDetection{true, NatDetection::no_keepalive_needed}}) ==
          "1f068000ffffffff01020000");
    CHECK(only_option<NatDetection>("1f0680000000006e01020000") == NatDetection{true, 110});
    CHECK(only_option<NatDetection>("1f067fff0000000001020000") ==
          NatDetection{false, NatDetection::no_information});
}

TEST_CASE("Mobile Network Prefix option is kept raw") {
    CHECK(area_of({MobileNetworkPrefix{{v6("2001:db8:aaaa::"), 48}}}) ==
          "0612003020010db8aaaa00000000000000000000");
    const auto option =
        only_option<MobileNetworkPrefix>("0612ffff20010db8aaaa00000000000000000001");
    CHECK(option.prefix.length == 255);
    CHECK(option.prefix.address == v6("2001:db8:aaaa::1"));
    CHECK_FALSE(option.prefix.contains(v6("2001:db8:aaaa::1")));
}

TEST_CASE("unknown options are skipped and kept") {
    const auto options = options_from("c803aabbcc"
                                      "00"
                                      "02020005"
                                      "ff00");
    REQUIRE(options.size() == 3);
    CHECK(options[0] == MobilityOption{UnknownOption{0xC8, {0xAA, 0xBB, 0xCC}}});
    CHECK(options[1] == MobilityOption{BindingRefreshAdvice{{5}}});
    CHECK(options[2] == MobilityOption{UnknownOption{0xFF, {}}});
}

TEST_CASE("padding of any length and content is skipped") {
    CHECK(options_from("00000000").empty());
    CHECK(options_from("01000100").empty());
    CHECK(options_from("0102ffff").empty());
    CHECK(options_from("0100"
                       "02020005"
                       "000000000000")
              .size() == 1);
}

TEST_CASE("find_option and find_options") {
    const MobilityOptions options{NonceIndices{1, 2}, Ipv4HomeAddress{32, false, v4("192.0.2.1")},
                                  Ipv4HomeAddress{24, true, {}}};
    REQUIRE(find_option<Ipv4HomeAddress>(options) != nullptr);
    CHECK(find_option<Ipv4HomeAddress>(options)->address == v4("192.0.2.1"));
    CHECK(find_option<NatDetection>(options) == nullptr);
    CHECK(find_options<Ipv4HomeAddress>(options).size() == 2);
    CHECK(find_options<NatDetection>(options).empty());
}

TEST_CASE("what an option cannot hold is refused by the encoder") {
    const auto error_of = [](MobilityOption option) {
        return encode(update_with({std::move(option)}), Dialect::Rfc, home_address, home_agent)
            .error();
    };
    CHECK(error_of(Ipv4HomeAddress{64, false, {}}) == EncodeError::ValueOutOfRange);
    CHECK(error_of(Ipv4AddressAcknowledgement{Ipv4AddressStatus::Success, 64, {}}) ==
          EncodeError::ValueOutOfRange);
    CHECK(error_of(MobileNodeIdentifier{1, Bytes(255)}) == EncodeError::OptionTooLong);
    CHECK(error_of(MobilityHeaderLinkLayerAddress{2, Bytes(255)}) == EncodeError::OptionTooLong);
    CHECK(error_of(Authentication{1, 0, Bytes(251)}) == EncodeError::OptionTooLong);
    CHECK(error_of(UnknownOption{200, Bytes(256)}) == EncodeError::OptionTooLong);
    CHECK(error_of(UnknownOption{0, {}}) == EncodeError::MalformedOption);
    CHECK(error_of(UnknownOption{1, {}}) == EncodeError::MalformedOption);
    CHECK(error_of(BindingIdentifier{1, BindingStatus::Accepted, 0, {}, 5}) ==
          EncodeError::MalformedOption);
    // The longest ones that fit.
    CHECK(encode_home(update_with({MobileNodeIdentifier{1, Bytes(254)}})).size() == 272);
    CHECK(encode_home(update_with({UnknownOption{200, Bytes(255)}})).size() == 272);
}
