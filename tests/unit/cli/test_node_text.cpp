// SPDX-License-Identifier: GPL-2.0-or-later
// The grammar of dsmip-nl.
#include <catch2/catch.hpp>

#include "node_text.hpp"

namespace dsmip::tools {

using namespace netlink;

namespace {

wire::Ipv4Address ipv4(const char* text) {
    return wire::Ipv4Address::parse(text).value();
}
wire::Ipv6Address ipv6(const char* text) {
    return wire::Ipv6Address::parse(text).value();
}

} // namespace

TEST_CASE("a node with everything", "[node_text]") {
    const auto node =
        parse_node("2001:db8:1::100 home4 192.0.2.10,192.0.2.11 / bid 1 via 198.51.100.7:40000 "
                   "udp-tlv claimed 10.0.0.2 prio 5 lifetime 60s link lo seq 9 flags nat,mcoa / "
                   "via 2001:db8:6::2 lifetime 1500");
    REQUIRE(node);
    CHECK(node->home_address == ipv6("2001:db8:1::100"));
    CHECK(node->home_addresses4 == std::vector{ipv4("192.0.2.10"), ipv4("192.0.2.11")});
    REQUIRE(node->bindings.size() == 2);
    const Binding& first = node->bindings[0];
    CHECK(first.bid == 1);
    CHECK(first.care_of == wire::IpAddress(ipv4("198.51.100.7")));
    CHECK(first.port == 40000);
    CHECK(first.encapsulation == Encapsulation::udp_tlv);
    CHECK(first.claimed4 == ipv4("10.0.0.2"));
    CHECK(first.priority == 5);
    CHECK(first.lifetime == Milliseconds(60000));
    CHECK(first.link == 1U);
    CHECK(first.sequence == 9);
    CHECK(first.flags == BindingFlags{.nat = true, .mcoa = true});
    CHECK(node->bindings[1].bid == 0);
    CHECK(node->bindings[1].lifetime == Milliseconds(1500));
    CHECK_FALSE(node->bindings[1].port);
}

TEST_CASE("a node may leave things alone or clear them", "[node_text]") {
    CHECK_FALSE(parse_node("2001:db8::1")->home_addresses4);
    CHECK(parse_node("2001:db8::1 home4 none")->home_addresses4 ==
          std::vector<wire::Ipv4Address>{});
    CHECK(parse_node("2001:db8::1")->bindings.empty());
    CHECK(parse_node("2001:db8::1 / flags none")->bindings.at(0).flags == BindingFlags{});
}

TEST_CASE("mistakes are named", "[node_text]") {
    for (const char* text :
         {"", "/", "192.0.2.1", "2001:db8::1 via", "2001:db8::1 home4", "2001:db8::1 home4 x",
          "2001:db8::1 / bid", "2001:db8::1 / bid 65536", "2001:db8::1 / via 1.2.3",
          "2001:db8::1 / frob 1", "2001:db8::1 / flags frob", "2001:db8::1 / lifetime 1m",
          "2001:db8::1 / link no-such-link", "2001:db8::1 / prio 256",
          "2001:db8::1 / via [2001:db8::2]x", "2001:db8::1 / via 192.0.2.1:99999"}) {
        const auto node = parse_node(text);
        INFO(text);
        REQUIRE_FALSE(node);
        CHECK_FALSE(node.error().empty());
    }
}

TEST_CASE("end points of both families", "[node_text]") {
    CHECK(parse_endpoint("192.0.2.1") == wire::Endpoint{ipv4("192.0.2.1"), 0});
    CHECK(parse_endpoint("192.0.2.1:4191") == wire::Endpoint{ipv4("192.0.2.1"), 4191});
    CHECK(parse_endpoint("2001:db8::1") == wire::Endpoint{ipv6("2001:db8::1"), 0});
    CHECK(parse_endpoint("[2001:db8::1]:4191") == wire::Endpoint{ipv6("2001:db8::1"), 4191});
    CHECK(parse_endpoint("[2001:db8::1]") == wire::Endpoint{ipv6("2001:db8::1"), 0});
    CHECK_FALSE(parse_endpoint("[2001:db8::1"));
}

TEST_CASE("numbers", "[node_text]") {
    CHECK(parse_number("0x80001234", UINT32_MAX) == 0x80001234U);
    CHECK(parse_number("17", 17) == 17U);
    CHECK_FALSE(parse_number("18", 17));
    CHECK_FALSE(parse_number("", 17));
    CHECK_FALSE(parse_number("1x", 17));
    CHECK_FALSE(parse_number("0x", 17));
    CHECK_FALSE(parse_number("-1", 17));
}

TEST_CASE("weights and home links", "[node_text]") {
    const auto node = parse_node(
        "2001:db8:1::100 / bid 1 via 192.0.2.1 weight 9 / at-home link lo lladdr 2:0:0:0:0:ff");
    REQUIRE(node);
    CHECK(node->bindings[0].weight == 9);
    CHECK_FALSE(node->bindings[0].home_link);
    CHECK(node->bindings[1].home_link);
    CHECK(node->bindings[1].link_address == std::vector<std::uint8_t>{2, 0, 0, 0, 0, 255});
}

TEST_CASE("flow rules as text", "[node_text]") {
    const auto node = parse_node_flows("2001:db8:1::100 / fid 1 prio 2 bids 3,4 ipv6 src "
                                       "2001:db8::1-2001:db8::2 dport 80 proto 6-17 / fid 9");
    REQUIRE(node);
    REQUIRE(node->flows.size() == 2);
    const Flow& flow = node->flows[0];
    CHECK(flow.fid == 1);
    CHECK(flow.priority == 2);
    CHECK(flow.bids == std::vector<std::uint16_t>{3, 4});
    CHECK(flow.family == wire::AddressFamily::Ipv6);
    CHECK(flow.source == Range<wire::IpAddress>{ipv6("2001:db8::1"), ipv6("2001:db8::2")});
    CHECK(flow.destination_port == Range<std::uint16_t>{80, 80});
    CHECK(flow.protocol == Range<std::uint8_t>{6, 17});
    CHECK(node->flows[1].fid == 9);
    CHECK_FALSE(parse_node_flows("2001:db8:1::100 / fid 65536"));
    CHECK_FALSE(parse_node_flows("2001:db8:1::100 / fid 1 dport 70000"));
    CHECK_FALSE(parse_node_flows("2001:db8:1::100 / frob 1"));
}

} // namespace dsmip::tools
