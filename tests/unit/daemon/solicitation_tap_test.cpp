// SPDX-License-Identifier: GPL-2.0-or-later
// Packets with a Mobile Prefix Solicitation behind a Home Address option.
#include <catch2/catch.hpp>

#include "daemon/solicitation_tap.hpp"
#include "wire/extension_header.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

const auto home_agent = wire::Ipv6Address::parse("2001:db8:1::1").value();
const auto home = wire::Ipv6Address::parse("2001:db8:1::100").value();
const auto care_of = wire::Ipv6Address::parse("2001:db8:6::10").value();

std::vector<std::uint8_t> packet() {
    const auto options = wire::build_home_address_header(wire::icmpv6_protocol, home);
    const auto message = wire::encode(wire::MobilePrefixSolicitation{7}, home, home_agent);
    std::vector<std::uint8_t> octets{0x60, 0, 0, 0, 0, 32, wire::destination_options_protocol, 61};
    octets.insert(octets.end(), care_of.bytes.begin(), care_of.bytes.end());
    octets.insert(octets.end(), home_agent.bytes.begin(), home_agent.bytes.end());
    octets.insert(octets.end(), options.begin(), options.end());
    octets.insert(octets.end(), message.begin(), message.end());
    return octets;
}

} // namespace

TEST_CASE("a solicitation behind a Home Address option") {
    auto octets = packet();
    octets.resize(octets.size() + 5); // as Ethernet pads
    const auto message = SolicitationTap::parse(octets);
    REQUIRE(message);
    CHECK(message->source == home);
    CHECK(message->wire_source == care_of);
    CHECK(message->destination == home_agent);
    CHECK(message->hop_limit == 61);
    const auto decoded =
        wire::decode_discovery(message->octets, message->source, message->destination);
    REQUIRE(decoded);
    CHECK(*decoded == wire::DiscoveryMessage(wire::MobilePrefixSolicitation{7}));
}

TEST_CASE("packets that are cut off, or no solicitation behind that option") {
    for (std::size_t length = 0; length < packet().size(); ++length) {
        auto octets = packet();
        octets.resize(length);
        const auto message = SolicitationTap::parse(octets);
        REQUIRE_FALSE(message);
        CHECK(message.error() == "icmp_truncated");
    }
    auto octets = packet();
    SECTION("another protocol") {
        octets[40] = 17;
        CHECK(SolicitationTap::parse(octets).error() == "solicitation_no_home_address");
    }
    SECTION("an option of wrong length") {
        for (std::size_t at = 42; at < 64; ++at) {
            if (octets[at] == wire::home_address_option_type) {
                octets[at + 1] = 15;
                break;
            }
        }
        CHECK(SolicitationTap::parse(octets).error() == "hao_length");
    }
    SECTION("a header longer than the packet") {
        octets[41] = 200;
        CHECK(SolicitationTap::parse(octets).error() == "exthdr_truncated");
    }
}
