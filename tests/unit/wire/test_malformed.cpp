// SPDX-License-Identifier: GPL-2.0-or-later
// Messages that lie about themselves: each is dropped under its cause, none is accepted or read
// beyond its end.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

/// A frame of `length` octets of that type, zeros but for a consistent header.
Bytes frame(std::uint8_t type, std::size_t length) {
    Bytes octets(length, 0);
    octets[0] = 59;
    octets[1] = static_cast<std::uint8_t>(length / 8 - 1);
    octets[2] = type;
    fix_checksum(octets, home_address, home_agent);
    return octets;
}

void check_dropped(const Bytes& octets, DecodeCause cause, std::size_t offset) {
    for (const auto dialect : {Dialect::Rfc, Dialect::Draft, Dialect::Auto}) {
        const auto message = decode_home(octets, dialect);
        CAPTURE(to_hex(octets), drop_name(cause));
        REQUIRE_FALSE(message.has_value());
        CHECK(drop_name(message.error().cause) == drop_name(cause));
        CHECK(message.error().offset == offset);
    }
}

/// A Binding Update whose option area holds the octets as they are.
Bytes update_with_area(const Bytes& area) {
    auto octets = from_hex("3b00050000000001c0000096");
    octets.insert(octets.end(), area.begin(), area.end());
    REQUIRE(octets.size() % 8 == 0);
    octets[1] = static_cast<std::uint8_t>(octets.size() / 8 - 1);
    fix_checksum(octets, home_address, home_agent);
    return octets;
}

/// An option with `length` octets of data that are really there.
Bytes update_with_option(std::uint8_t type, std::size_t length) {
    return encode_home(update_with({UnknownOption{type, Bytes(length, 1)}}));
}

} // namespace

TEST_CASE("a vector cut at any octet is dropped") {
    for (const auto& vector : vectors()) {
        const auto whole = from_hex(vector.hex);
        for (std::size_t length = 0; length < whole.size(); ++length) {
            CAPTURE(vector.name, length);
            // A copy of exactly that size, so that a sanitizer sees the first octet too far.
            const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
            const auto message = decode(cut, vector.source, vector.destination, vector.dialect);
            REQUIRE_FALSE(message.has_value());
            CHECK(message.error() == DecodeError{DecodeCause::MhTruncated, length});
        }
    }
}

TEST_CASE("a vector cut with a Header Len and checksum to match yields at most its first options") {
    for (const auto& vector : vectors()) {
        const auto whole = from_hex(vector.hex);
        const auto& all = options_of(vector.message);
        for (std::size_t length = 8; length < whole.size(); length += 8) {
            CAPTURE(vector.name, length);
            Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
            cut[1] = static_cast<std::uint8_t>(length / 8 - 1);
            fix_checksum(cut, vector.source, vector.destination);
            const auto message = decode(cut, vector.source, vector.destination, vector.dialect);
            if (message) {
                const auto& some = options_of(*message);
                REQUIRE(some.size() < all.size());
                CHECK(std::equal(some.begin(), some.end(), all.begin()));
            } else {
                const auto cause = message.error().cause;
                CHECK((cause == DecodeCause::MhHeaderLength ||
                       cause == DecodeCause::OptionTruncated));
            }
        }
    }
}

TEST_CASE("octets behind the end are dropped") {
    for (const auto& vector : vectors()) {
        for (const std::size_t extra : {1U, 7U, 8U, 65535U}) {
            CAPTURE(vector.name, extra);
            auto octets = from_hex(vector.hex);
            const auto length = octets.size();
            octets.resize(length + extra);
            fix_checksum(octets, vector.source, vector.destination);
            const auto message = decode(octets, vector.source, vector.destination, vector.dialect);
            REQUIRE_FALSE(message.has_value());
            CHECK(message.error() == DecodeError{DecodeCause::MhOverlong, length});
        }
    }
}

TEST_CASE("any single wrong octet is noticed") {
    for (const auto& vector : vectors()) {
        CAPTURE(vector.name);
        auto octets = from_hex(vector.hex);
        std::size_t accepted = 0;
        for (auto& octet : octets) {
            const auto right = octet;
            for (unsigned change = 1; change < 256; ++change) {
                octet = static_cast<std::uint8_t>(right ^ change);
                accepted +=
                    decode(octets, vector.source, vector.destination, vector.dialect) ? 1U : 0U;
            }
            octet = right;
        }
        CHECK(accepted == 0);
    }
}

TEST_CASE("any octet may hold anything under a right checksum") {
    std::size_t accepted = 0;
    for (const auto& vector : vectors()) {
        CAPTURE(vector.name);
        const auto original = from_hex(vector.hex);
        for (std::size_t i = 0; i < original.size(); ++i) {
            for (unsigned value = 0; value < 256; ++value) {
                auto octets = original;
                octets[i] = static_cast<std::uint8_t>(value);
                fix_checksum(octets, vector.source, vector.destination);
                const auto once = decode(octets, vector.source, vector.destination, vector.dialect);
                if (!once) {
                    continue;
                }
                ++accepted;
                const auto again = encode(*once, vector.dialect, vector.source, vector.destination);
                if (!again) { // a BID option of wrong length, which only a receiver can have
                    REQUIRE(again.error() == EncodeError::MalformedOption);
                    continue;
                }
                const auto twice =
                    decode(*again, vector.source, vector.destination, vector.dialect);
                REQUIRE(twice.has_value());
                REQUIRE(*twice == *once);
            }
        }
    }
    CHECK(accepted > 10000);
}

TEST_CASE("wrong checksum") {
    auto octets = encode_home(update_with({}));
    octets[4] ^= 0x01U;
    check_dropped(octets, DecodeCause::MhChecksum, 4);
}

TEST_CASE("a checksum is looked at before anything a peer could be blamed for") {
    auto octets = frame(99, 16);
    octets[0] = 58;
    check_dropped(octets, DecodeCause::MhChecksum, 4);
}

TEST_CASE("unknown message types") {
    for (unsigned type = 0; type < 256; ++type) {
        if (type <= 7 || type == 12) {
            continue;
        }
        CAPTURE(type);
        check_dropped(frame(static_cast<std::uint8_t>(type), 24), DecodeCause::MhTypeUnknown, 2);
    }
}

TEST_CASE("Payload Proto other than 59") {
    for (const unsigned proto : {0U, 6U, 58U, 60U, 255U}) {
        auto octets = encode_home(update_with({}));
        octets[0] = static_cast<std::uint8_t>(proto);
        fix_checksum(octets, home_address, home_agent);
        check_dropped(octets, DecodeCause::MhPayloadProto, 0);
    }
}

TEST_CASE("Header Len one below and at the minimum of each type") {
    struct Row {
        std::uint8_t type;
        std::size_t minimum; // octets
    };
    const std::vector<Row> rows{{0, 8},  {1, 16}, {2, 16}, {3, 24}, {4, 24},
                                {5, 16}, {6, 16}, {7, 24}, {12, 8}};
    for (const auto& row : rows) {
        CAPTURE(int(row.type));
        CHECK(decode_home(frame(row.type, row.minimum)).has_value());
        for (std::size_t length = 8; length < row.minimum; length += 8) {
            check_dropped(frame(row.type, length), DecodeCause::MhHeaderLength, 1);
        }
    }
}

TEST_CASE("Home Agent Switch with more addresses than octets") {
    const std::vector<Ipv6Address> three(3, home_agent);
    for (const unsigned count : {4U, 128U, 255U}) {
        auto octets = encode_home(HomeAgentSwitch{three, {}});
        octets[6] = static_cast<std::uint8_t>(count);
        fix_checksum(octets, home_address, home_agent);
        check_dropped(octets, DecodeCause::MhAddressCount, 6);
    }
    // With fewer, an address is read as options: 0x20 announces 1 octet of the wrong length.
    auto octets = encode_home(HomeAgentSwitch{three, {}});
    octets[6] = 2;
    fix_checksum(octets, home_address, home_agent);
    check_dropped(octets, DecodeCause::OptionLength, 8 + 2 * 16 + 1);
}

TEST_CASE("options of fixed length: off by one, none, and 255") {
    struct Row {
        OptionType type;
        std::size_t length;
    };
    const std::vector<Row> rows{
        {OptionType::BindingRefreshAdvice, 2}, {OptionType::AlternateCareOfAddress, 16},
        {OptionType::NonceIndices, 4},         {OptionType::BindingAuthorizationData, 12},
        {OptionType::MobileNetworkPrefix, 18}, {OptionType::ReplayProtection, 8},
        {OptionType::Ipv4HomeAddress, 6},      {OptionType::Ipv4AddressAcknowledgement, 6},
        {OptionType::NatDetection, 6},         {OptionType::Ipv4CareOfAddress, 6},
    };
    for (const auto& row : rows) {
        const auto type = static_cast<std::uint8_t>(row.type);
        CAPTURE(int(type));
        for (std::size_t length = 0; length < 256; ++length) {
            if (length != row.length) {
                check_dropped(update_with_option(type, length), DecodeCause::OptionLength, 13);
            }
        }
    }
}

TEST_CASE("options of variable length: one below the least, the least, 255") {
    struct Row {
        OptionType type;
        std::size_t least;
    };
    const std::vector<Row> rows{{OptionType::MobilityHeaderLinkLayerAddress, 1},
                                {OptionType::MobileNodeIdentifier, 1},
                                {OptionType::Authentication, 5}};
    for (const auto& row : rows) {
        const auto type = static_cast<std::uint8_t>(row.type);
        CAPTURE(int(type));
        for (std::size_t length = 0; length < row.least; ++length) {
            check_dropped(update_with_option(type, length), DecodeCause::OptionLength, 13);
        }
        CHECK(decode_home(update_with_option(type, row.least)).has_value());
        CHECK(decode_home(update_with_option(type, 255)).has_value());
    }
}

TEST_CASE("a Binding Identifier of any wrong length is kept and marked, for it has to be answered",
          "[M-4.2.1-02][M-4.2.1-03]") {
    constexpr std::uint8_t type = 35;
    for (std::size_t length = 0; length < 256; ++length) {
        CAPTURE(length);
        const auto message = decode_home(update_with_option(type, length));
        REQUIRE(message.has_value());
        const auto* option = find_option<BindingIdentifier>(options_of(*message));
        REQUIRE(option != nullptr);
        if (length == 4 || length == 8 || length == 20) {
            CHECK_FALSE(option->malformed_length.has_value());
        } else {
            CHECK(option->malformed_length == length);
            CHECK(std::holds_alternative<std::monostate>(option->care_of_address));
        }
        CHECK(option->bid == (length < 2 ? 0 : 0x0101));
    }
}

TEST_CASE("every option type whose length reaches over the end of the message") {
    for (unsigned type = 1; type < 256; ++type) {
        CAPTURE(type);
        const auto octet = static_cast<std::uint8_t>(type);
        check_dropped(update_with_area({octet, 255, 0, 0}), DecodeCause::OptionTruncated, 13);
        check_dropped(update_with_area({octet, 3, 0, 0}), DecodeCause::OptionTruncated, 13);
        check_dropped(update_with_area({0, 0, 0, octet}), DecodeCause::OptionTruncated, 15);
        check_dropped(update_with_area({0, 0, octet, 1}), DecodeCause::OptionTruncated, 15);
    }
}

TEST_CASE("nothing may follow Binding Authorization Data") {
    const auto authorization = from_hex("050c0102030405060708090a0b0c");
    const auto area = [&](std::string_view before, std::string_view after) {
        auto octets = from_hex(before);
        octets.insert(octets.end(), authorization.begin(), authorization.end());
        const auto tail = from_hex(after);
        octets.insert(octets.end(), tail.begin(), tail.end());
        return octets;
    };
    CHECK(decode_home(update_with_area(area("010400000000", ""))).has_value());
    check_dropped(update_with_area(area("", "010400000000")), DecodeCause::OptionNotLast, 26);
    check_dropped(update_with_area(area("", "000000000000")), DecodeCause::OptionNotLast, 26);
    check_dropped(update_with_area(area("", "040400010002")), DecodeCause::OptionNotLast, 26);
    check_dropped(update_with_area(area("00000000", "0000")), DecodeCause::OptionNotLast, 30);
}

TEST_CASE("no octets at all") {
    check_dropped({}, DecodeCause::MhTruncated, 0);
}
