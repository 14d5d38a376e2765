// SPDX-License-Identifier: GPL-2.0-or-later
// What is wanted on the host and not there.
#include <catch2/catch.hpp>

#include "../addresses.hpp"
#include "daemon/host_wishes.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using test::ip;

namespace {

constexpr auto daemon_keeps = HostWishes::Keeper::daemon;
constexpr auto device_keeps = HostWishes::Keeper::device;

netlink::RouteSpec route_to(const char* address, std::uint8_t length, std::uint32_t metric = 0) {
    netlink::RouteSpec route;
    route.destination = {ip(address), length};
    route.oif = 7;
    route.table = 4191;
    route.metric = metric;
    route.protocol = 191;
    return route;
}

netlink::RouteSpec nowhere(const char* address, std::uint32_t metric) {
    auto route = route_to(address, 0, metric);
    route.oif = 0;
    route.unreachable = true;
    return route;
}

/// As the kernel tells of it.
netlink::RouteSpec present(netlink::RouteSpec route) {
    if (route.metric == 0 && !route.destination.address.is_ipv4()) {
        route.metric = 1024;
    }
    if (route.unreachable && !route.destination.address.is_ipv4()) {
        route.oif = 1;
    }
    return route;
}

netlink::RuleSpec rule(std::uint32_t priority) {
    netlink::RuleSpec result;
    result.priority = priority;
    result.table = 4191;
    result.protocol = 191;
    return result;
}

netlink::AddressSpec home_address() {
    netlink::AddressSpec address;
    address.ifindex = 7;
    address.address = ip("2001:db8:1::100");
    address.home = true;
    address.nodad = true;
    return address;
}

using Routes = std::vector<netlink::RouteSpec>;
using Rules = std::vector<netlink::RuleSpec>;
using Addresses = std::vector<netlink::AddressSpec>;

} // namespace

TEST_CASE("routes that the kernel has with its defaults are not missing") {
    HostWishes wishes;
    const Routes wanted{route_to("::", 0), nowhere("::", 4294967295U), route_to("0.0.0.0", 0),
                        nowhere("0.0.0.0", 4294967295U), route_to("192.0.2.128", 25)};
    Routes there;
    for (const auto& route : wanted) {
        wishes.add(route, daemon_keeps);
        there.push_back(present(route));
    }
    CHECK(wishes.missing(there).empty());
    CHECK(wishes.missing(Routes{}).size() == wanted.size());
}

TEST_CASE("default routes of one table are told apart by their metrics") {
    HostWishes wishes;
    wishes.add(route_to("0.0.0.0", 0), daemon_keeps);
    wishes.add(route_to("0.0.0.0", 0, 1), daemon_keeps);
    CHECK(wishes.missing(Routes{route_to("0.0.0.0", 0, 1)}) == Routes{route_to("0.0.0.0", 0)});
}

TEST_CASE("a route of another in the place of a wanted one") {
    HostWishes wishes;
    wishes.add(route_to("192.0.2.128", 25), daemon_keeps);
    auto other = route_to("192.0.2.128", 25);
    other.oif = 9;
    CHECK(wishes.missing(Routes{other}).size() == 1);
    REQUIRE(wishes.find(other) != nullptr);
    CHECK(wishes.find(other)->oif == 7);
    CHECK(wishes.find(route_to("192.0.2.128", 26)) == nullptr);
}

TEST_CASE("a route that has lost its preferred source is missing") {
    HostWishes wishes;
    auto wanted = route_to("::", 0);
    wanted.preferred_source = ip("2001:db8:1::100");
    wishes.add(wanted, daemon_keeps);
    CHECK(wishes.missing(Routes{present(wanted)}).empty());
    CHECK(wishes.missing(Routes{present(route_to("::", 0))}) == Routes{wanted});
}

TEST_CASE("bits behind the prefix do not count") {
    HostWishes wishes;
    wishes.add(route_to("192.0.2.200", 25), daemon_keeps);
    CHECK(wishes.missing(Routes{route_to("192.0.2.128", 25)}).empty());
    auto from = rule(4192);
    from.from = netlink::PrefixSpec{ip("2001:db8:1::100"), 64};
    wishes.add(from);
    from.from = netlink::PrefixSpec{ip("2001:db8:1::"), 64};
    CHECK(wishes.missing(Rules{from}).empty());
    auto everything = rule(4195);
    everything.from = netlink::PrefixSpec{ip("::"), 0};
    wishes.add(everything);
    CHECK(wishes.missing(Rules{from, rule(4195)}).empty());
}

TEST_CASE("who takes a route away at the end") {
    HostWishes wishes;
    wishes.add(route_to("192.0.2.128", 25), daemon_keeps);
    wishes.add(route_to("10.1.0.0", 24), device_keeps);
    CHECK(wishes.routes(daemon_keeps) == Routes{route_to("192.0.2.128", 25)});
    CHECK(wishes.routes(device_keeps) == Routes{route_to("10.1.0.0", 24)});
    CHECK(wishes.missing(Routes{}).size() == 2);
    wishes.remove(route_to("10.1.0.0", 24));
    CHECK(wishes.missing(Routes{}).size() == 1);
}

TEST_CASE("rules are told apart by all that selects and by what they do") {
    HostWishes wishes;
    wishes.add(rule(4192));
    wishes.add(rule(4192));
    CHECK(wishes.missing(Rules{rule(4191)}) == Rules{rule(4192)});
    CHECK(wishes.missing(Rules{rule(4192)}).empty());
    auto guard = rule(4192);
    guard.action = netlink::RuleAction::unreachable;
    CHECK_FALSE(wishes.has(guard));
    CHECK(wishes.missing(Rules{guard}).size() == 1);
    auto jump = rule(4192);
    jump.action = netlink::RuleAction::go_to;
    jump.target = 4200;
    auto elsewhere = jump;
    elsewhere.target = 4201;
    wishes.add(jump);
    CHECK(wishes.missing(Rules{rule(4192), elsewhere}) == Rules{jump});
    wishes.remove(jump);
    auto attached = rule(4192);
    attached.suppress_prefix_length = 0;
    CHECK(wishes.missing(Rules{attached}).size() == 1);
    wishes.remove(rule(4192));
    CHECK(wishes.missing(Rules{}).empty());
}

TEST_CASE("an address with other flags is altered, not missing") {
    HostWishes wishes;
    wishes.add(home_address());
    CHECK(wishes.missing(Addresses{home_address()}).empty());
    auto plain = home_address();
    plain.home = false;
    auto missing = wishes.missing(Addresses{plain});
    REQUIRE(missing.size() == 1);
    CHECK(missing.front().altered);
    auto longer = home_address();
    longer.prefix_length = 64;
    missing = wishes.missing(Addresses{longer});
    REQUIRE(missing.size() == 1);
    CHECK_FALSE(missing.front().altered);
}
