// SPDX-License-Identifier: GPL-2.0-or-later
// Layout of each message, limits of its fields.
#include <catch2/catch.hpp>

#include "support.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

/// The message without its checksum.
std::string layout(const MobilityMessage& message) {
    auto octets = encode_home(message);
    octets[4] = 0;
    octets[5] = 0;
    return to_hex(octets);
}

const Cookie cookie{1, 2, 3, 4, 5, 6, 7, 8};
const KeygenToken token{0xA0, 0xE8, 0x49, 0x8E, 0x96, 0x42, 0x63, 0xCB};

} // namespace

TEST_CASE("every message has its fields where the RFC puts them") {
    CHECK(layout(BindingRefreshRequest{}) == "3b00000000000000");
    CHECK(layout(HomeTestInit{cookie, {}}) == "3b010100000000000102030405060708");
    CHECK(layout(CareOfTestInit{cookie, {}}) == "3b010200000000000102030405060708");
    CHECK(layout(HomeTest{0x0102, cookie, token, {}}) ==
          "3b020300000001020102030405060708a0e8498e964263cb");
    CHECK(layout(CareOfTest{0xFFFF, cookie, token, {}}) ==
          "3b0204000000ffff0102030405060708a0e8498e964263cb");
    CHECK(layout(BindingUpdate{0xFFFF, {}, {0xFFFF}, {}}) == "3b0105000000ffff0000ffff01020000");
    CHECK(layout(BindingAcknowledgement{
              BindingStatus::SequenceNumberOutOfWindow, {}, 0xFFFF, {0}, {}}) ==
          "3b01060000008700ffff000001020000");
    CHECK(layout(BindingError{BindingErrorStatus::UnrecognizedMhType, {}, {}}) ==
          "3b0207000000020000000000000000000000000000000000");
    CHECK(layout(HomeAgentSwitch{{}, {}}) == "3b000c0000000000");
    CHECK(
        layout(HomeAgentSwitch{{home_agent, correspondent}, {BindingRefreshAdvice{{5}}}}) ==
        "3b050c000000020020010db800010000000000000000000120010db80003000000000000000003000202000501"
        "020000");
}

TEST_CASE("every message comes back as it was") {
    const std::vector<MobilityMessage> messages{
        BindingRefreshRequest{{BindingIdentifier{7, BindingStatus::Accepted, 0, {}, {}}}},
        HomeTestInit{cookie, {}},
        CareOfTestInit{cookie, {BindingIdentifier{7, BindingStatus::Accepted, 0, {}, {}}}},
        HomeTest{1, cookie, token, {}},
        CareOfTest{
            2, cookie, token, {BindingIdentifier{7, BindingStatus::McoaMalformed, 0, {}, {}}}},
        BindingUpdate{},
        BindingAcknowledgement{},
        BindingError{BindingErrorStatus::UnrecognizedMhType, home_address, {}},
        HomeAgentSwitch{{home_agent, correspondent}, {BindingRefreshAdvice{{5}}}},
    };
    for (const auto& message : messages) {
        CAPTURE(to_string(mh_type(message)));
        const auto decoded = decode_home(encode_home(message));
        REQUIRE(decoded.has_value());
        CHECK(*decoded == message);
        CHECK(mh_type(*decoded) == mh_type(message));
        CHECK(options_of(*decoded) == options_of(message));
    }
}

TEST_CASE("codes without a name are kept as they are") {
    const BindingAcknowledgement acknowledgement{static_cast<BindingStatus>(250), {}, 1, {0}, {}};
    const auto decoded = decode_home(encode_home(acknowledgement));
    REQUIRE(decoded.has_value());
    CHECK(std::get<BindingAcknowledgement>(*decoded).status == static_cast<BindingStatus>(250));
}

TEST_CASE("lifetimes are units of four seconds, rounded down and clamped") {
    using std::chrono::seconds;
    CHECK(Lifetime::from(seconds(600)) == Lifetime{150});
    CHECK(Lifetime::from(seconds(603)) == Lifetime{150});
    CHECK(Lifetime::from(seconds(3)).is_zero());
    CHECK(Lifetime::from(seconds(-5)).is_zero());
    CHECK(Lifetime::from(seconds(262140)) == Lifetime{65535});
    CHECK(Lifetime::from(seconds(262144)) == Lifetime{65535});
    CHECK(Lifetime::from(std::chrono::hours(24 * 365)) == Lifetime{65535});
    CHECK(Lifetime{65535}.duration() == seconds(262140));
    CHECK(Lifetime{1}.duration() == seconds(4));
}

TEST_CASE("the longest message is 2048 octets") {
    // 12 octets before the options, 6 for each BID without an address.
    const auto update_of = [](std::size_t count) {
        return update_with(
            MobilityOptions(count, BindingIdentifier{1, BindingStatus::Accepted, 0, {}, {}}));
    };
    const auto octets = encode_home(update_of(339));
    CHECK(octets.size() == 2048);
    CHECK(octets[1] == 255);
    const auto decoded = decode_home(octets);
    REQUIRE(decoded.has_value());
    CHECK(options_of(*decoded).size() == 339);

    CHECK(encode(update_of(340), Dialect::Rfc, home_address, home_agent).error() ==
          EncodeError::MessageTooLong);
    CHECK(encode(update_of(65535), Dialect::Rfc, home_address, home_agent).error() ==
          EncodeError::MessageTooLong);
}

TEST_CASE("a Home Agent Switch has room for 127 addresses") {
    CHECK(encode_home(HomeAgentSwitch{std::vector<Ipv6Address>(127, home_agent), {}}).size() ==
          2040);
    for (const std::size_t count : {128U, 255U, 256U, 384U}) {
        CAPTURE(count);
        const HomeAgentSwitch message{std::vector<Ipv6Address>(count, home_agent), {}};
        CHECK(encode(message, Dialect::Rfc, home_address, home_agent).error() ==
              EncodeError::MessageTooLong);
    }
}
