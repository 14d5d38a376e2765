// SPDX-License-Identifier: GPL-2.0-or-later
// Discovery messages: octets written by hand, what a receiver has to discard, random octets.
#include <catch2/catch.hpp>

#include <random>

#include "support.hpp"
#include "wire/checksum.hpp"
#include "wire/discovery.hpp"

using namespace dsmip::wire;
using namespace dsmip::wire::test;

namespace {

// The checksum is not in the text: it is zero there and filled in here.
Bytes message(std::string_view hex) {
    auto octets = from_hex(hex);
    if (octets.size() >= 4) {
        const auto sum = upper_layer_checksum(octets, care_of_address, home_agent, 58);
        octets[2] = static_cast<std::uint8_t>(sum >> 8U);
        octets[3] = static_cast<std::uint8_t>(sum & 0xFFU);
    }
    return octets;
}

auto read(std::string_view hex) {
    return decode_discovery(message(hex), care_of_address, home_agent);
}

struct Example {
    std::string name;
    DiscoveryMessage message;
    std::string hex;
};

const std::string prefix_hex = "0304"
                               "40"       // /64
                               "e0"       // L, A, R
                               "00015180" // a day
                               "00000e10" // an hour
                               "00000000"
                               "20010db8000100000000000000000001";
const PrefixInformation prefix{{v6("2001:db8:1::1"), 64}, true, true, true, 86400, 3600};

const std::vector<Example> examples{
    {"request", HomeAgentDiscoveryRequest{0x1234, false}, "9000000012340000"},
    {"request of a mobile router", HomeAgentDiscoveryRequest{0x1234, true}, "9000000012348000"},
    {"reply without addresses", HomeAgentDiscoveryReply{7, false, {}}, "9100000000070000"},
    {"reply", HomeAgentDiscoveryReply{0xFFFF, true, {home_agent, v6("2001:db8:1::2")}},
     "91000000ffff8000"
     "20010db8000100000000000000000001"
     "20010db8000100000000000000000002"},
    {"prefix solicitation", MobilePrefixSolicitation{0xABCD}, "92000000abcd0000"},
    {"prefix advertisement", MobilePrefixAdvertisement{0xABCD, true, false, {prefix}},
     "93000000abcd8000" + prefix_hex},
    {"prefix advertisement, other configuration",
     MobilePrefixAdvertisement{1, false, true, {prefix, {{v6("2001:db8:2::"), 48}}}},
     "9300000000014000" + prefix_hex +
         "0304300000000000000000000000000020010db8000200000000000000000000"},
    {"router advertisement",
     RouterAdvertisement{
         false, false, true, 1800, {prefix}, 30000, HomeAgentInformation{true, 0x0102, 0x0304}},
     "860000000020070800000000"
     "00000000" +
         prefix_hex +
         "0701000000007530"
         "0801800001020304"},
    {"router advertisement of a plain router",
     RouterAdvertisement{true, true, false, 0, {}, std::nullopt, std::nullopt},
     "8600000000c000000000000000000000"},
};

} // namespace

TEST_CASE("discovery messages in octets") {
    for (const auto& example : examples) {
        INFO(example.name);
        CHECK(to_hex(encode(example.message, care_of_address, home_agent)) ==
              to_hex(message(example.hex)));
        const auto back = read(example.hex);
        REQUIRE(back);
        CHECK(*back == example.message);
    }
}

TEST_CASE("no discovery message is read when an octet changed") {
    for (const auto& example : examples) {
        auto octets = message(example.hex);
        for (std::size_t i = 0; i < octets.size(); ++i) {
            octets[i] ^= 0x10U;
            const auto result = decode_discovery(octets, care_of_address, home_agent);
            REQUIRE(!result);
            CHECK(result.error() == DiscoveryCause::Checksum);
            octets[i] ^= 0x10U;
        }
        // The addresses are part of it.
        CHECK(decode_discovery(octets, home_address, home_agent).error() ==
              DiscoveryCause::Checksum);
    }
}

TEST_CASE("malformed discovery messages") {
    struct Case {
        std::string name;
        std::string hex;
        DiscoveryCause cause;
    };
    const std::string interface_address = "20010db8000100000000000000000001";
    const auto [name, hex, cause] = GENERATE_COPY(values<Case>({
        {"nothing", "", DiscoveryCause::Truncated},
        {"seven octets", "90000000123400", DiscoveryCause::Truncated},
        {"half of a router advertisement", "8600000000200708", DiscoveryCause::Truncated},
        {"another type", "8f00000012340000", DiscoveryCause::Type},
        {"the type behind the last", "9400000012340000", DiscoveryCause::Type},
        {"a code", "9001000012340000", DiscoveryCause::Code},
        {"a part of an address", "9100000012340000" + interface_address.substr(2),
         DiscoveryCause::AddressLength},
        {"one octet of an option", "930000000001000003", DiscoveryCause::OptionTruncated},
        {"an option cut off", "93000000000100000304", DiscoveryCause::OptionTruncated},
        {"an option of length 0", "93000000000100000300", DiscoveryCause::OptionLength},
        {"a short prefix option", "93000000000100000301000000000000", DiscoveryCause::OptionLength},
        {"a long home agent option",
         "86000000002007080000000000000000"
         "0802000000000000"
         "0000000000000000",
         DiscoveryCause::OptionLength},
        {"a long interval option",
         "86000000002007080000000000000000"
         "0702000000000000"
         "0000000000000000",
         DiscoveryCause::OptionLength},
        {"an option of length 0 in a solicitation", "92000000000100000100",
         DiscoveryCause::OptionLength},
    }));
    INFO(name);
    const auto result = read(hex);
    REQUIRE(!result);
    CHECK(drop_name(result.error()) == drop_name(cause));
}

TEST_CASE("what is skipped in discovery messages") {
    SECTION("options nobody knows") {
        const auto result = read("92000000000100000101000102030405");
        REQUIRE(result);
        CHECK(*result == DiscoveryMessage(MobilePrefixSolicitation{1}));
    }
    SECTION("octets behind a request") {
        const auto result = read("900000001234000000");
        REQUIRE(result);
        CHECK(*result == DiscoveryMessage(HomeAgentDiscoveryRequest{0x1234, false}));
    }
    SECTION("addresses that are none of a home agent") {
        const auto result = read("9100000012340000"
                                 "fe800000000000000000000000000001"
                                 "20010db8000100000000000000000001"
                                 "ff020000000000000000000000000001"
                                 "00000000000000000000000000000000");
        REQUIRE(result);
        CHECK(std::get<HomeAgentDiscoveryReply>(*result).home_agents == std::vector{home_agent});
    }
    SECTION("prefixes that are none") {
        const std::string link_local =
            "030440c0000000010000000000000000fe800000000000000000000000000000";
        const std::string too_long =
            "030481c000000001000000000000000020010db8000100000000000000000000";
        const std::string preferred_longer =
            "030440c000000001000000020000000020010db8000100000000000000000000";
        const auto result = read("9300000000010000" + link_local + too_long + preferred_longer);
        REQUIRE(result);
        CHECK(std::get<MobilePrefixAdvertisement>(*result).prefixes.empty());
    }
    SECTION("bits behind a prefix") {
        const auto result =
            read("9300000000010000"
                 "030440c000000001000000000000000020010db80001000000000000000000ff");
        REQUIRE(result);
        CHECK(std::get<MobilePrefixAdvertisement>(*result).prefixes.at(0).prefix ==
              Prefix6::parse("2001:db8:1::/64").value());
    }
}

TEST_CASE("a reply fits 1280 octets") {
    HomeAgentDiscoveryReply reply{1, false, std::vector(100, home_agent)};
    const auto octets = encode(reply, home_agent, care_of_address);
    CHECK(octets.size() + 40 <= 1280);
    CHECK(octets.size() + 40 + 16 > 1280);
    const auto back = decode_discovery(octets, home_agent, care_of_address);
    REQUIRE(back);
    CHECK(std::get<HomeAgentDiscoveryReply>(*back).home_agents.size() == 77);
}

TEST_CASE("anycast address of home agents") {
    const auto anycast = [](std::string_view prefix) {
        return to_string(home_agents_anycast(Prefix6::parse(prefix).value()));
    };
    CHECK(anycast("2001:db8:1::/64") == "2001:db8:1:0:fdff:ffff:ffff:fffe");
    CHECK(anycast("2001:db8:1::/48") == "2001:db8:1:ffff:ffff:ffff:ffff:fffe");
    CHECK(anycast("2001:db8:1::/120") == "2001:db8:1::fe");
    CHECK(anycast("2001:db8:1::/112") == "2001:db8:1::fffe");
}

TEST_CASE("random octets are no discovery message, or one that can be written again") {
    std::mt19937 engine(20260101);
    std::uniform_int_distribution<unsigned> octet(0, 255);
    std::uniform_int_distribution<unsigned> length(0, 120);
    std::uniform_int_distribution<unsigned> percent(0, 99);
    constexpr std::array<std::uint8_t, 5> types{134, 144, 145, 146, 147};
    unsigned good = 0;
    for (int round = 0; round < 50000; ++round) {
        Bytes octets(length(engine));
        for (auto& one : octets) {
            // Small numbers look like options more often.
            one =
                static_cast<std::uint8_t>(percent(engine) < 50 ? octet(engine) % 9 : octet(engine));
        }
        if (octets.size() >= 4 && percent(engine) < 95) {
            octets[0] = types.at(octet(engine) % types.size());
            octets[1] = octets[2] = octets[3] = 0;
            const auto sum = upper_layer_checksum(octets, care_of_address, home_agent, 58);
            octets[2] = static_cast<std::uint8_t>(sum >> 8U);
            octets[3] = static_cast<std::uint8_t>(sum & 0xFFU);
        }
        const auto once = decode_discovery(octets, care_of_address, home_agent);
        if (!once) {
            REQUIRE_FALSE(drop_name(once.error()).empty());
            continue;
        }
        ++good;
        const auto twice =
            decode_discovery(encode(*once, home_agent, home_address), home_agent, home_address);
        REQUIRE(twice);
        REQUIRE(*twice == *once);
    }
    CHECK(good > 1000);
}
