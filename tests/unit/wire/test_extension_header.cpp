// SPDX-License-Identifier: GPL-2.0-or-later
// Home Address option and type 2 routing header: layout and refusal of what is wrong.
#include <catch2/catch.hpp>

#include "support.hpp"
#include "wire/extension_header.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

const std::string home_address_header = "870201020000c91020010db8000100000000000000000100";
const std::string routing_header = "870202010000000020010db8000100000000000000000100";

Bytes bytes_of(const ExtensionHeader24& header) {
    return {header.begin(), header.end()};
}

void check_options_dropped(const Bytes& octets, ExtensionHeaderCause cause, std::size_t offset) {
    CAPTURE(to_hex(octets));
    const auto result = parse_destination_options(octets);
    REQUIRE_FALSE(result.has_value());
    CHECK(drop_name(result.error().cause) == drop_name(cause));
    CHECK(result.error().offset == offset);
}

void check_routing_dropped(const Bytes& octets, ExtensionHeaderCause cause, std::size_t offset) {
    CAPTURE(to_hex(octets));
    const auto result = parse_type2_routing_header(octets);
    REQUIRE_FALSE(result.has_value());
    CHECK(drop_name(result.error().cause) == drop_name(cause));
    CHECK(result.error().offset == offset);
}

} // namespace

TEST_CASE("Home Address option header, byte for byte") {
    CHECK(to_hex(bytes_of(build_home_address_header(135, home_address))) == home_address_header);
    const auto parsed = parse_destination_options(from_hex(home_address_header));
    REQUIRE(parsed.has_value());
    CHECK(*parsed == DestinationOptions{135, 24, home_address});
}

TEST_CASE("type 2 routing header, byte for byte") {
    CHECK(to_hex(bytes_of(build_type2_routing_header(135, home_address))) == routing_header);
    const auto parsed = parse_type2_routing_header(from_hex(routing_header));
    REQUIRE(parsed.has_value());
    CHECK(*parsed == Type2RoutingHeader{135, home_address});
}

TEST_CASE("what follows the header is left alone") {
    CHECK(parse_destination_options(from_hex(home_address_header + "ffff"))->length == 24);
    CHECK(parse_type2_routing_header(from_hex(routing_header + "ffff"))->next_header == 135);
}

TEST_CASE("headers cut at any octet are dropped") {
    const auto options = from_hex(home_address_header);
    const auto routing = from_hex(routing_header);
    for (std::size_t length = 0; length < 24; ++length) {
        const auto end = static_cast<std::ptrdiff_t>(length);
        check_options_dropped({options.begin(), options.begin() + end},
                              ExtensionHeaderCause::HeaderTruncated, length);
        check_routing_dropped({routing.begin(), routing.begin() + end},
                              ExtensionHeaderCause::HeaderTruncated, length);
    }
}

TEST_CASE("destination options without a Home Address option") {
    const auto parsed = parse_destination_options(from_hex("3b00010400000000"));
    REQUIRE(parsed.has_value());
    CHECK(*parsed == DestinationOptions{59, 8, std::nullopt});
    CHECK(parse_destination_options(from_hex("3b00000000000000")).has_value());
    // Top bits 00: to be skipped by who does not know it.
    CHECK(parse_destination_options(from_hex("3b003f0400000000")).has_value());
}

TEST_CASE("destination options that are wrong") {
    using Cause = ExtensionHeaderCause;
    for (const std::uint8_t type : {0x40, 0x80, 0xC0, 0xC8, 0xFF}) {
        check_options_dropped({59, 0, type, 4, 0, 0, 0, 0}, Cause::OptionUnknown, 2);
    }
    check_options_dropped(from_hex("3b00010500000000"), Cause::OptionTruncated, 3);
    check_options_dropped(from_hex("3b0001ff00000000"), Cause::OptionTruncated, 3);
    check_options_dropped(from_hex("3b00010300000001"), Cause::OptionTruncated, 7);
    check_options_dropped(from_hex("3b00c90400000000"), Cause::HomeAddressLength, 3);
    check_options_dropped(from_hex("3b00c90000000000"), Cause::HomeAddressLength, 3);
    for (const std::uint8_t length : {0, 15}) {
        auto octets = from_hex(home_address_header);
        octets[7] = length;
        check_options_dropped(octets, Cause::HomeAddressLength, 7);
    }
    for (const std::uint8_t length : {17, 255}) {
        auto octets = from_hex(home_address_header);
        octets[7] = length;
        check_options_dropped(octets, Cause::OptionTruncated, 7);
    }
}

TEST_CASE("two Home Address options in one header") {
    auto octets = from_hex(home_address_header);
    const auto second = from_hex("01020000"
                                 "0000c91020010db8000100000000000000000100");
    octets.insert(octets.end(), second.begin(), second.end());
    octets[1] = 5;
    check_options_dropped(octets, ExtensionHeaderCause::HomeAddressDuplicate, 30);
}

TEST_CASE("home addresses that are not unicast routable") {
    for (const auto* text : {"::", "::1", "ff02::1", "fe80::1", "::ffff:192.0.2.1"}) {
        check_options_dropped(bytes_of(build_home_address_header(135, v6(text))),
                              ExtensionHeaderCause::HomeAddressNotUnicast, 8);
    }
    CHECK(parse_destination_options(bytes_of(build_home_address_header(135, v6("fd00::1"))))
              .has_value());
}

TEST_CASE("routing headers that are wrong") {
    const auto changed = [](std::size_t at, std::uint8_t value) {
        auto octets = from_hex(routing_header);
        octets[at] = value;
        return octets;
    };
    for (const std::uint8_t type : {0, 1, 3, 4, 255}) {
        check_routing_dropped(changed(2, type), ExtensionHeaderCause::RoutingType, 2);
    }
    for (const std::uint8_t segments : {0, 2, 255}) {
        check_routing_dropped(changed(3, segments), ExtensionHeaderCause::RoutingSegments, 3);
    }
    check_routing_dropped(changed(1, 1), ExtensionHeaderCause::RoutingLength, 1);
    check_routing_dropped(changed(1, 0), ExtensionHeaderCause::RoutingLength, 1);
    check_routing_dropped(changed(1, 3), ExtensionHeaderCause::HeaderTruncated, 24);
    auto longer = changed(1, 3);
    longer.resize(32);
    check_routing_dropped(longer, ExtensionHeaderCause::RoutingLength, 1);
}

TEST_CASE("every cause has its own name") {
    std::vector<std::string_view> names;
    for (int cause = 0; cause <= static_cast<int>(ExtensionHeaderCause::RoutingSegments); ++cause) {
        names.push_back(drop_name(static_cast<ExtensionHeaderCause>(cause)));
    }
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
    CHECK(std::find(names.begin(), names.end(), "exthdr_unknown") == names.end());
}
