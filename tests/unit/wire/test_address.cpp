// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses: text, classes, prefixes, hashing.
#include <catch2/catch.hpp>

#include <unordered_set>

#include "wire/address.hpp"

using namespace dsmip::wire;

namespace {

Ipv4Address v4(std::string_view text) {
    return Ipv4Address::parse(text).value();
}

Ipv6Address v6(std::string_view text) {
    return Ipv6Address::parse(text).value();
}

} // namespace

TEST_CASE("addresses to text and back") {
    CHECK(to_string(v4("192.0.2.10")) == "192.0.2.10");
    CHECK(v4("192.0.2.10").bytes == std::array<std::uint8_t, 4>{192, 0, 2, 10});
    CHECK(to_string(v6("2001:0DB8:0:0::0001")) == "2001:db8::1");
    CHECK(to_string(Ipv4Address{}) == "0.0.0.0");
    CHECK(to_string(Ipv6Address{}) == "::");
    CHECK(to_string(IpAddress{}) == "::");
    CHECK(to_string(IpAddress::parse("192.0.2.10").value()) == "192.0.2.10");
    CHECK(IpAddress::parse("192.0.2.10")->family() == AddressFamily::Ipv4);
    CHECK(IpAddress::parse("::1")->family() == AddressFamily::Ipv6);
}

TEST_CASE("texts that are no address, with a message that names them") {
    using namespace std::string_view_literals;
    for (const auto text : {""sv, "1.2.3"sv, "1.2.3.256"sv, "1.2.3.4 "sv, "1.2.3.4\0x"sv,
                            "1.2.3.4/8"sv, "::1"sv, "host"sv}) {
        CAPTURE(text);
        REQUIRE_FALSE(Ipv4Address::parse(text).has_value());
        CHECK(Ipv4Address::parse(text).error().message.find(text) != std::string::npos);
    }
    for (const auto text : {""sv, ":"sv, "2001:db8"sv, "::1%eth0"sv, "1::2::3"sv, "::1\0"sv,
                            "192.0.2.1"sv, "12345::"sv}) {
        CAPTURE(text);
        REQUIRE_FALSE(Ipv6Address::parse(text).has_value());
    }
    CHECK_FALSE(IpAddress::parse("home").has_value());
}

TEST_CASE("classes of IPv4 addresses", "[D-3.1.1-07]") {
    for (const auto* text : {"192.0.2.1", "10.0.0.1", "192.168.1.1", "100.64.0.1", "1.0.0.1",
                             "223.255.255.254", "169.254.1.1"}) {
        CAPTURE(text);
        CHECK(v4(text).is_unicast());
        CHECK(IpAddress(v4(text)).is_unicast_routable());
    }
    for (const auto* text : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "239.1.1.1",
                             "240.0.0.1", "255.255.255.255"}) {
        CAPTURE(text);
        CHECK_FALSE(v4(text).is_unicast());
    }
    CHECK(v4("0.0.0.0").is_unspecified());
    CHECK_FALSE(v4("0.0.0.1").is_unspecified());
    CHECK(v4("224.0.0.1").is_multicast());
    CHECK(v4("239.255.255.255").is_multicast());
    CHECK_FALSE(v4("240.0.0.0").is_multicast());
    CHECK_FALSE(v4("223.0.0.0").is_multicast());
    CHECK(v4("127.1.2.3").is_loopback());
    CHECK(v4("169.254.0.1").is_link_local());
    CHECK_FALSE(v4("169.253.0.1").is_link_local());
}

TEST_CASE("classes of IPv6 addresses") {
    for (const auto* text : {"2001:db8::1", "fd00::1", "fc00::1", "fec0::1", "::2"}) {
        CAPTURE(text);
        CHECK(v6(text).is_unicast_routable());
    }
    for (const auto* text :
         {"::", "::1", "fe80::1", "febf::1", "ff02::1", "ff0e::1", "::ffff:192.0.2.1"}) {
        CAPTURE(text);
        CHECK_FALSE(v6(text).is_unicast_routable());
        CHECK_FALSE(IpAddress(v6(text)).is_unicast_routable());
    }
    CHECK(v6("::").is_unspecified());
    CHECK(v6("::1").is_loopback());
    CHECK_FALSE(v6("::2").is_loopback());
    CHECK(v6("fe80::1").is_link_local());
    CHECK(v6("febf::1").is_link_local());
    CHECK_FALSE(v6("fec0::1").is_link_local());
    CHECK(v6("ff02::1").is_multicast());
}

TEST_CASE("prefixes") {
    const auto prefix = Prefix6::parse("2001:db8:1::/48").value();
    CHECK(prefix.contains(v6("2001:db8:1::100")));
    CHECK(prefix.contains(v6("2001:db8:1:ffff::")));
    CHECK_FALSE(prefix.contains(v6("2001:db8:2::100")));
    CHECK(to_string(prefix) == "2001:db8:1::/48");

    const auto odd = Prefix4::parse("10.0.0.128/25").value();
    CHECK(odd.contains(v4("10.0.0.129")));
    CHECK(odd.contains(v4("10.0.0.255")));
    CHECK_FALSE(odd.contains(v4("10.0.0.127")));
    CHECK(Prefix4{v4("10.0.0.255"), 25}.network() == odd);

    CHECK(Prefix4::parse("0.0.0.0/0")->contains(v4("255.255.255.255")));
    CHECK(Prefix6::parse("::1/128")->contains(v6("::1")));
    CHECK_FALSE(Prefix6::parse("::1/128")->contains(v6("::")));
    // Every length cuts exactly where it says.
    for (unsigned length = 1; length <= 128; ++length) {
        Ipv6Address other;
        other.bytes[(length - 1) / 8] = static_cast<std::uint8_t>(0x80U >> ((length - 1) % 8));
        CAPTURE(length);
        CHECK_FALSE(Prefix6{{}, static_cast<std::uint8_t>(length)}.contains(other));
        CHECK(Prefix6{{}, static_cast<std::uint8_t>(length - 1)}.contains(other));
    }
    // A length from the wire can be anything.
    CHECK_FALSE(Prefix6{v6("::1"), 129}.contains(v6("::1")));
    CHECK_FALSE(Prefix4{v4("1.1.1.1"), 255}.contains(v4("1.1.1.1")));
    CHECK(Prefix4{v4("1.1.1.1"), 255}.network().address == v4("1.1.1.1"));
}

TEST_CASE("prefixes in prefixes") {
    const auto outer = Prefix6::parse("2001:db8::/32").value();
    CHECK(outer.contains(Prefix6::parse("2001:db8:1::/48").value()));
    CHECK(outer.contains(outer));
    CHECK_FALSE(outer.contains(Prefix6::parse("2001::/16").value()));
    CHECK_FALSE(outer.contains(Prefix6{v6("2001:db8::"), 129}));
}

TEST_CASE("texts that are no prefix") {
    for (const auto* text : {"", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
                             "10.0.0.0/+8", "10.0.0.0/8x", "/8", "x/8", "10.0.0.0/4294967304"}) {
        CAPTURE(text);
        CHECK_FALSE(Prefix4::parse(text).has_value());
    }
    CHECK(Prefix4::parse("10.0.0.1/8").error().message.find("10.0.0.0/8") != std::string::npos);
    CHECK_FALSE(Prefix6::parse("2001:db8::/129").has_value());
    CHECK_FALSE(Prefix6::parse("2001:db8::1/64").has_value());
}

TEST_CASE("end points") {
    CHECK(to_string(Endpoint{v4("192.0.2.1"), 4191}) == "192.0.2.1:4191");
    CHECK(to_string(Endpoint{v6("2001:db8::1"), 4191}) == "[2001:db8::1]:4191");
    CHECK(to_string(Endpoint{v6("2001:db8::1"), 0}) == "2001:db8::1");
    CHECK(Endpoint{v4("192.0.2.1"), 1} != Endpoint{v4("192.0.2.1"), 2});
    CHECK(Endpoint{v4("192.0.2.1"), 1} < Endpoint{v4("192.0.2.1"), 2});
}

TEST_CASE("hashes tell neighbours apart") {
    std::unordered_set<IpAddress> addresses;
    std::unordered_set<std::size_t> hashes;
    for (unsigned i = 0; i < 65536; ++i) {
        auto address = v6("2001:db8::");
        address.bytes[14] = static_cast<std::uint8_t>(i / 256);
        address.bytes[15] = static_cast<std::uint8_t>(i % 256);
        addresses.insert(address);
        hashes.insert(std::hash<Ipv6Address>{}(address));
    }
    CHECK(addresses.size() == 65536);
    CHECK(hashes.size() == 65536);
    CHECK(std::hash<Ipv4Address>{}(Ipv4Address{}) != std::hash<Ipv6Address>{}(Ipv6Address{}));
    CHECK(std::hash<Endpoint>{}({v4("192.0.2.1"), 1}) !=
          std::hash<Endpoint>{}({v4("192.0.2.1"), 2}));
    CHECK(std::hash<IpAddress>{}(v4("192.0.2.1")) == std::hash<Ipv4Address>{}(v4("192.0.2.1")));
}
