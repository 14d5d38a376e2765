// SPDX-License-Identifier: GPL-2.0-or-later
// Flag bits of Binding Update and Binding Acknowledgement in each dialect.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

const MobilityOption bid_option = BindingIdentifier{1, BindingStatus::Accepted, 0, {}, {}};

unsigned update_bits(const BindingUpdateFlags& flags, Dialect dialect) {
    const auto octets = encode_home(BindingUpdate{1, flags, {1}, {bid_option}}, dialect);
    return octets[8] * 256U + octets[9];
}

BindingUpdateFlags update_flags(unsigned bits, Dialect dialect, MobilityOptions options = {}) {
    auto octets = encode_home(BindingUpdate{1, {}, {1}, std::move(options)});
    octets[8] = static_cast<std::uint8_t>(bits / 256);
    octets[9] = static_cast<std::uint8_t>(bits % 256);
    fix_checksum(octets, home_address, home_agent);
    const auto message = decode_home(octets, dialect);
    REQUIRE(message.has_value());
    return std::get<BindingUpdate>(*message).flags;
}

unsigned acknowledgement_bits(const BindingAcknowledgementFlags& flags, Dialect dialect) {
    BindingAcknowledgement acknowledgement;
    acknowledgement.flags = flags;
    return encode_home(acknowledgement, dialect)[7];
}

BindingAcknowledgementFlags acknowledgement_flags(unsigned bits, Dialect dialect) {
    auto octets = encode_home(BindingAcknowledgement{});
    octets[7] = static_cast<std::uint8_t>(bits);
    fix_checksum(octets, home_address, home_agent);
    const auto message = decode_home(octets, dialect);
    REQUIRE(message.has_value());
    return std::get<BindingAcknowledgement>(*message).flags;
}

constexpr std::array all_dialects{Dialect::Rfc, Dialect::Draft, Dialect::Auto};

} // namespace

TEST_CASE("flags that never moved") {
    struct Row {
        bool BindingUpdateFlags::*flag;
        unsigned bit;
    };
    const std::vector<Row> rows{
        {&BindingUpdateFlags::acknowledge, 0x8000},
        {&BindingUpdateFlags::home_registration, 0x4000},
        {&BindingUpdateFlags::link_local, 0x2000},
        {&BindingUpdateFlags::key_management, 0x1000},
        {&BindingUpdateFlags::map_registration, 0x0800},
        {&BindingUpdateFlags::mobile_router, 0x0400},
    };
    for (const auto dialect : all_dialects) {
        for (const auto& row : rows) {
            CAPTURE(static_cast<int>(dialect), row.bit);
            BindingUpdateFlags flags;
            flags.*row.flag = true;
            CHECK(update_bits(flags, dialect) == row.bit);
            CHECK(update_flags(row.bit, dialect) == flags);
        }
    }
}

TEST_CASE("F and T are written by dialect", "[D-3.1.3-01][D-3.1.3-02]") {
    CHECK(update_bits({.force_udp = true}, Dialect::Rfc) == 0x0100);
    CHECK(update_bits({.force_udp = true}, Dialect::Auto) == 0x0100);
    CHECK(update_bits({.force_udp = true}, Dialect::Draft) == 0x0200);
    CHECK(update_bits({.tlv = true}, Dialect::Rfc) == 0x0080);
    CHECK(update_bits({.tlv = true}, Dialect::Auto) == 0x0080);
    CHECK(update_bits({.tlv = true}, Dialect::Draft) == 0x0100);
}

TEST_CASE("F and T are read by dialect", "[D-3.1.3-01][D-3.1.3-02]") {
    CHECK(update_flags(0x0100, Dialect::Rfc) == BindingUpdateFlags{.force_udp = true});
    CHECK(update_flags(0x0100, Dialect::Auto) == BindingUpdateFlags{.force_udp = true});
    CHECK(update_flags(0x0100, Dialect::Draft) == BindingUpdateFlags{.tlv = true});
    CHECK(update_flags(0x0080, Dialect::Rfc) == BindingUpdateFlags{.tlv = true});
    CHECK(update_flags(0x0080, Dialect::Auto) == BindingUpdateFlags{.tlv = true});
    CHECK(update_flags(0x0080, Dialect::Draft) == BindingUpdateFlags{});
    CHECK(update_flags(0x0200, Dialect::Rfc) == BindingUpdateFlags{.proxy = true});
    CHECK(update_flags(0x0200, Dialect::Draft) == BindingUpdateFlags{.force_udp = true});
}

TEST_CASE("auto reads 0x0200 as the draft's F only in a home registration that is no proxy's") {
    const BindingUpdateFlags draft_force{.home_registration = true, .force_udp = true};
    const BindingUpdateFlags proxy_home{.home_registration = true, .proxy = true};
    CHECK(update_flags(0x4200, Dialect::Auto) == draft_force);
    CHECK(update_flags(0x0200, Dialect::Auto) == BindingUpdateFlags{.proxy = true});
    for (const std::uint8_t type : {22, 23, 24}) {
        CAPTURE(type);
        CHECK(update_flags(0x4200, Dialect::Auto, {UnknownOption{type, {0, 0}}}) == proxy_home);
    }
    for (const std::uint8_t type : {21, 25}) {
        CAPTURE(type);
        CHECK(update_flags(0x4200, Dialect::Auto, {UnknownOption{type, {0, 0}}}) == draft_force);
    }
    CHECK(update_flags(0x4200, Dialect::Rfc) == proxy_home);
    // T of the draft is not guessed: 0x0100 stays F.
    CHECK(update_flags(0x4300, Dialect::Auto) == draft_force);
}

TEST_CASE("0x0040 is O only beside a Binding Identifier option and without P", "[M-4.2.1-11]") {
    const BindingUpdateFlags overwrite{.overwrite = true};
    CHECK(update_bits(overwrite, Dialect::Rfc) == 0x0040);
    CHECK(update_bits(overwrite, Dialect::Auto) == 0x0040);
    CHECK(update_bits(overwrite, Dialect::Draft) == 0); // the draft has it in the option
    CHECK(update_flags(0x0040, Dialect::Rfc, {bid_option}) == overwrite);
    CHECK(update_flags(0x0040, Dialect::Auto, {bid_option}) == overwrite);
    CHECK(update_flags(0x0040, Dialect::Draft, {bid_option}) == BindingUpdateFlags{});
    CHECK(update_flags(0x0040, Dialect::Rfc) == BindingUpdateFlags{});
    CHECK(update_flags(0x0240, Dialect::Rfc, {bid_option}) == BindingUpdateFlags{.proxy = true});
    CHECK(update_flags(0x4240, Dialect::Auto, {bid_option}) ==
          BindingUpdateFlags{.home_registration = true, .force_udp = true, .overwrite = true});
}

TEST_CASE("P is refused where it means something else") {
    const auto error_of = [](const BindingUpdateFlags& flags, Dialect dialect) {
        return encode(BindingUpdate{1, flags, {1}, {}}, dialect, home_address, home_agent);
    };
    CHECK(update_bits({.proxy = true}, Dialect::Rfc) == 0x0200);
    CHECK(error_of({.proxy = true}, Dialect::Draft).error() == EncodeError::FlagNotInDialect);
    CHECK(error_of({.proxy = true, .overwrite = true}, Dialect::Rfc).error() ==
          EncodeError::FlagNotInDialect);
}

TEST_CASE("reserved bits of a Binding Update are disregarded") {
    CHECK(update_flags(0x003F, Dialect::Rfc) == BindingUpdateFlags{});
    CHECK(update_flags(0x003F, Dialect::Auto) == BindingUpdateFlags{});
    CHECK(update_flags(0x00FF, Dialect::Draft) == BindingUpdateFlags{});
}

TEST_CASE("flags of a Binding Acknowledgement", "[D-3.2.3-01]") {
    for (const auto dialect : all_dialects) {
        CHECK(acknowledgement_bits({.key_management = true}, dialect) == 0x80);
        CHECK(acknowledgement_bits({.mobile_router = true}, dialect) == 0x40);
        CHECK(acknowledgement_flags(0x80, dialect) ==
              BindingAcknowledgementFlags{.key_management = true});
        CHECK(acknowledgement_flags(0x40, dialect) ==
              BindingAcknowledgementFlags{.mobile_router = true});
        CHECK(acknowledgement_flags(0x0F, dialect) == BindingAcknowledgementFlags{});
    }
    CHECK(acknowledgement_bits({.tlv = true}, Dialect::Rfc) == 0x10);
    CHECK(acknowledgement_bits({.tlv = true}, Dialect::Auto) == 0x10);
    CHECK(acknowledgement_bits({.tlv = true}, Dialect::Draft) == 0x20);
    CHECK(acknowledgement_flags(0x10, Dialect::Rfc).tlv);
    CHECK(acknowledgement_flags(0x10, Dialect::Auto).tlv);
    CHECK_FALSE(acknowledgement_flags(0x10, Dialect::Draft).tlv);
    CHECK_FALSE(acknowledgement_flags(0x20, Dialect::Rfc).tlv);
    CHECK_FALSE(acknowledgement_flags(0x20, Dialect::Auto).tlv); // P of RFC 5213
    CHECK(acknowledgement_flags(0x20, Dialect::Draft).tlv);
}
