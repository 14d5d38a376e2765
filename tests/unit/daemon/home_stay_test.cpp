// SPDX-License-Identifier: GPL-2.0-or-later
// What a node at home has on its host.
#include <catch2/catch.hpp>

#include "daemon/home_stay.hpp"
#include "host_messages.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

constexpr std::uint32_t table = 191;
const auto home6 = wire::Ipv6Address::parse("2001:db8:1::100").value();
const auto home4 = wire::Ipv4Address::parse("192.0.2.130").value();
const mobility::HomeLink at_home{"wan0", 2, true};

std::string text(const netlink::RouteSpec& route) {
    CHECK(route.oif == 2);
    CHECK(route.table == table);
    CHECK(route.metric == home_stay_metric);
    return to_string(route.destination.address) + "/" + std::to_string(route.destination.length) +
           (route.gateway ? " via " + to_string(*route.gateway) : "") + " src " +
           to_string(*route.preferred_source);
}

std::vector<std::string> routes(const std::optional<HomeStay>& stay) {
    std::vector<std::string> texts;
    for (const auto& route : stay.value().routes) {
        texts.push_back(text(route));
    }
    return texts;
}

} // namespace

TEST_CASE("IPv6 at home: the address on the link, its hosts and its router") {
    test::Host host;
    CHECK_FALSE(home_stay6(host.state(), at_home, home6, table)); // the interface is gone
    host.link(2, "wan0");
    auto stay = home_stay6(host.state(), at_home, home6, table);
    CHECK(routes(stay) == std::vector<std::string>{"2001:db8:1::/64 src 2001:db8:1::100"});
    CHECK(stay->address.ifindex == 2);
    CHECK(stay->address.address == wire::IpAddress(home6));
    CHECK(stay->address.prefix_length == 128);
    CHECK(stay->address.nodad);
    SECTION("nobody has said that the address is free") {
        auto link = at_home;
        link.deregistered = false;
        CHECK_FALSE(home_stay6(host.state(), link, home6, table)->address.nodad);
    }
    SECTION("the router that came last, if it is there; not one that was left behind") {
        host.default_route_by(2, "fe80::a");
        host.default_route_by(2, "fe80::1");
        host.default_route_by(3, "fe80::3"); // another access
        CHECK(routes(home_stay6(host.state(), at_home, home6, table)) ==
              std::vector<std::string>{"2001:db8:1::/64 src 2001:db8:1::100",
                                       "::/0 via fe80::1 src 2001:db8:1::100"});
        host.neighbour(2, "fe80::1", NUD_FAILED);
        CHECK(routes(home_stay6(host.state(), at_home, home6, table)).back() ==
              "::/0 via fe80::a src 2001:db8:1::100");
        host.neighbour(2, "fe80::a", NUD_FAILED);
        CHECK(routes(home_stay6(host.state(), at_home, home6, table)).size() == 1);
    }
}

TEST_CASE(
    "IPv4 at home: only where the link has the network of the home address and a router in it") {
    test::Host host;
    host.link(2, "wan0");
    host.default_route_by(2, "192.0.2.1");
    CHECK_FALSE(home_stay4(host.state(), at_home, home4, table));
    host.address(2, "10.0.0.10");
    host.link(3, "wan1");
    host.address(3, "192.0.2.140");
    CHECK_FALSE(home_stay4(host.state(), at_home, home4, table));
    host.address(2, "192.0.2.140");
    const auto stay = home_stay4(host.state(), at_home, home4, table);
    CHECK(routes(stay) == std::vector<std::string>{"192.0.2.0/24 src 192.0.2.130",
                                                   "0.0.0.0/0 via 192.0.2.1 src 192.0.2.130"});
    CHECK(stay->address.address == wire::IpAddress(home4));
    CHECK(stay->address.prefix_length == 32);
    host.neighbour(2, "192.0.2.1", NUD_FAILED);
    CHECK_FALSE(home_stay4(host.state(), at_home, home4, table));
}
