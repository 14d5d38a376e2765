// SPDX-License-Identifier: GPL-2.0-or-later
// The way to home addresses, and how it changes: new routes before old ones go, all or nothing.
#include <catch2/catch.hpp>

#include <algorithm>

#include <fmt/format.h>

#include "daemon/home_routes.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

wire::Ipv4Address v4(const char* text) {
    return wire::Ipv4Address::parse(text).value();
}

wire::Ipv6Address v6(const char* text) {
    return wire::Ipv6Address::parse(text).value();
}

HomeAgentConfiguration configuration() {
    HomeAgentConfiguration result;
    result.engine.home_prefixes = {{v6("2001:db8:1::"), 64}};
    result.engine.address_pool = wire::Prefix4{v4("192.0.2.128"), 25};
    result.engine.nodes = {{v6("2001:db8:1::100"), {v4("192.0.2.10")}}};
    return result;
}

constexpr TunnelDevice device{7, 4191};
using Lines = std::vector<std::string>;

std::string text(const netlink::RouteSpec& route) {
    return fmt::format("route {}/{} table {}", to_string(route.destination.address),
                       route.destination.length, route.table);
}

std::string text(const netlink::RuleSpec& rule) {
    return rule.to ? fmt::format("rule to {}/{} table {}", to_string(rule.to->address),
                                 rule.to->length, rule.table)
                   : fmt::format("rule oif {} table {}", rule.oif_name, rule.table);
}

Lines lines(const HomeRoutes& routes) {
    Lines result;
    for (const auto& [key, route] : routes.routes) {
        CHECK(route.oif == device.ifindex);
        result.push_back(text(route));
    }
    for (const auto& rule : routes.rules) {
        result.push_back(text(rule));
    }
    std::sort(result.begin(), result.end());
    return result;
}

// A host that notes what is done, and refuses one thing.
struct FakeHost {
    Lines log;
    Lines present;
    std::string refused;

    HomeRouting routing{HomeRouting::Host{
        .add_route = [this](const auto& route) { return change(text(route), true); },
        .remove_route = [this](const auto& route) { return change(text(route), false); },
        .add_rule = [this](const auto& rule) { return change(text(rule), true); },
        .remove_rule = [this](const auto& rule) { return change(text(rule), false); },
        .set_home_link = [this](std::uint32_t ifindex) { return set_home_link(ifindex); }}};

    std::uint32_t home_link = 0;
    HomeRouting::Outcome set_home_link(std::uint32_t ifindex) {
        const auto what = fmt::format("home link {}", ifindex);
        if (what != refused || !refuses_before) {
            home_link = ifindex;
        }
        if (what == refused) {
            return tl::make_unexpected("no " + what);
        }
        return {};
    }
    bool refuses_before = true; // or after it has been done

    HomeRouting::Outcome change(const std::string& what, bool add) {
        if (what == refused) {
            return tl::make_unexpected("no " + what);
        }
        log.push_back((add ? "+ " : "- ") + what);
        if (add) {
            present.push_back(what);
        } else {
            std::erase(present, what);
        }
        std::sort(present.begin(), present.end());
        return {};
    }

    void begin(const HomeAgentConfiguration& with) {
        REQUIRE(routing.stage(home_routes(with, device, {})));
        CHECK(routing.commit().empty());
        log.clear();
    }
};

} // namespace

TEST_CASE("a virtual home link: routes in the main table") {
    CHECK(lines(home_routes(configuration(), device, {})) ==
          Lines{"route 192.0.2.10/32 table 254", "route 192.0.2.128/25 table 254",
                "route 2001:db8:1::/64 table 254"});
}

TEST_CASE("a real home link: rules go before the routes of the kernel") {
    auto real = configuration();
    real.home_link = "eth1";
    CHECK(lines(home_routes(real, device, {})) ==
          Lines{"route 192.0.2.10/32 table 254", "route 192.0.2.128/25 table 4191",
                "rule oif eth1 table 254", "rule to 192.0.2.128/25 table 4191",
                "rule to 2001:db8:1::/64 table 4191"});
}

TEST_CASE("an address that is in no pool any more has a route of its own") {
    const std::vector lent{v4("198.51.100.3")};
    const auto all = lines(home_routes(configuration(), device, lent));
    CHECK(std::count(all.begin(), all.end(), "route 198.51.100.3/32 table 254") == 1);
}

TEST_CASE("a change makes what is new before it removes what is old, and touches nothing else") {
    FakeHost host;
    auto real = configuration();
    real.home_link = "eth1";
    host.begin(real);
    const auto before = host.present;
    auto next = real;
    next.engine.address_pool = wire::Prefix4{v4("192.0.2.128"), 26};
    next.engine.home_prefixes.push_back({v6("2001:db8:2::"), 64});
    REQUIRE(host.routing.stage(home_routes(next, device, {})));
    CHECK(host.log == Lines{"+ route 192.0.2.128/26 table 4191",
                            "+ rule to 2001:db8:2::/64 table 4191",
                            "+ rule to 192.0.2.128/26 table 4191"});
    host.log.clear();
    SECTION("committed") {
        CHECK(host.routing.commit().empty());
        CHECK(host.log ==
              Lines{"- rule to 192.0.2.128/25 table 4191", "- route 192.0.2.128/25 table 4191"});
        CHECK(host.present == lines(home_routes(next, device, {})));
    }
    SECTION("cancelled") {
        CHECK(host.routing.cancel().empty());
        CHECK(host.present == before);
    }
}

TEST_CASE("a change that is refused half-way leaves the old state") {
    FakeHost host;
    host.begin(configuration());
    const auto before = host.present;
    auto next = configuration();
    next.engine.address_pool = wire::Prefix4{v4("10.0.0.0"), 24};
    next.engine.home_prefixes = {{v6("2001:db8:2::"), 64}};
    host.refused = "route 2001:db8:2::/64 table 254";
    const auto staged = host.routing.stage(home_routes(next, device, {}));
    REQUIRE_FALSE(staged);
    CHECK(staged.error() == "no " + host.refused);
    CHECK(host.routing.cancel().empty());
    CHECK(host.present == before);
    // And can be done later.
    host.refused.clear();
    REQUIRE(host.routing.stage(home_routes(next, device, {})));
    CHECK(host.routing.commit().empty());
    CHECK(host.present == lines(home_routes(next, device, {})));
}

TEST_CASE("the device is told of another home link last, and gets the old one back") {
    FakeHost host;
    auto real = configuration();
    real.home_link = "eth1";
    real.engine.home_link.link = 3;
    host.begin(real);
    CHECK(host.home_link == 3);
    const auto before = host.present;
    auto next = real;
    next.home_link = "eth2";
    next.engine.home_link.link = 4;
    SECTION("committed") {
        REQUIRE(host.routing.stage(home_routes(next, device, {})));
        CHECK(host.routing.commit().empty());
        CHECK(host.home_link == 4);
        CHECK(host.present == lines(home_routes(next, device, {})));
    }
    SECTION("cancelled") {
        REQUIRE(host.routing.stage(home_routes(next, device, {})));
        CHECK(host.routing.cancel().empty());
        CHECK(host.home_link == 3);
        CHECK(host.present == before);
    }
    SECTION("refused, done or not") {
        host.refuses_before = GENERATE(true, false);
        host.refused = "home link 4";
        CHECK_FALSE(host.routing.stage(home_routes(next, device, {})));
        CHECK(host.routing.cancel().empty());
        CHECK(host.home_link == 3);
        CHECK(host.present == before);
    }
    SECTION("none any more") {
        REQUIRE(host.routing.stage(home_routes(configuration(), device, {})));
        CHECK(host.routing.commit().empty());
        CHECK(host.home_link == 0);
    }
}

TEST_CASE("what cannot be taken back is told, and goes with the next change") {
    FakeHost host;
    host.begin(configuration());
    const auto before = host.present;
    auto next = configuration();
    next.engine.home_prefixes.push_back({v6("2001:db8:2::"), 64});
    REQUIRE(host.routing.stage(home_routes(next, device, {})));
    host.refused = "route 2001:db8:2::/64 table 254";
    const auto failures = host.routing.cancel();
    CHECK(failures == Lines{"no " + host.refused});
    CHECK(host.present != before);
    host.refused.clear();
    REQUIRE(host.routing.stage(home_routes(configuration(), device, {})));
    CHECK(host.routing.commit().empty());
    CHECK(host.present == before);
}

TEST_CASE("what cannot be removed is told, and goes with the next change") {
    FakeHost host;
    auto real = configuration();
    real.home_link = "eth1";
    real.engine.home_prefixes.push_back({v6("2001:db8:2::"), 64});
    host.begin(real);
    auto next = real;
    next.engine.home_prefixes.pop_back();
    host.refused = "rule to 2001:db8:2::/64 table 4191";
    REQUIRE(host.routing.stage(home_routes(next, device, {})));
    CHECK(host.routing.commit() == Lines{"no " + host.refused});
    host.refused.clear();
    REQUIRE(host.routing.stage(home_routes(next, device, {})));
    CHECK(host.routing.commit().empty());
    CHECK(host.present == lines(home_routes(next, device, {})));
}

// ---------------------------------------------------------------- in parts

namespace {

constexpr unsigned many = 5000;
// Requests that one part makes at most.
constexpr std::size_t part_max = 64;

HomeAgentConfiguration with_nodes(unsigned first, unsigned end) {
    auto result = configuration();
    result.engine.nodes.clear();
    for (auto number = first; number < end; ++number) {
        const auto high = static_cast<std::uint8_t>(number >> 8U);
        const auto low = static_cast<std::uint8_t>(number);
        auto address6 = v6("2001:db8:1::");
        address6.bytes[14] = high;
        address6.bytes[15] = low;
        result.engine.nodes.push_back({address6, {wire::Ipv4Address{{10, 0, high, low}}}});
    }
    return result;
}

/// Calls `part` until it is true; counts what was asked of the host.
struct Parts {
    FakeHost& host;
    unsigned count = 0;
    std::size_t requests = 0;

    template<class Part>
    void all(Part part) {
        for (bool done = false; !done; ++count) {
            host.log.clear();
            done = part();
            CHECK(host.log.size() <= part_max);
            requests += host.log.size();
        }
    }
};

struct QuickHost : FakeHost {
    // A sorted vector of thousands takes too long.
    QuickHost() {
        const auto note = [this](const auto& what) {
            log.push_back(text(what));
            return HomeRouting::Outcome{};
        };
        routing = HomeRouting{HomeRouting::Host{
            .add_route = note,
            .remove_route = note,
            .add_rule = note,
            .remove_rule = note,
            .set_home_link = [](std::uint32_t) { return HomeRouting::Outcome{}; }}};
    }
};

} // namespace

TEST_CASE("many routes change in parts, none of which asks much of the host") {
    QuickHost host;
    host.begin(with_nodes(0, many));
    auto& routing = host.routing;
    Parts parts{host};
    routing.begin(home_routes(with_nodes(many / 2, many + many / 2), device, {}));
    parts.all([&] { return routing.stage_some().value(); });
    CHECK(parts.requests == many / 2);
    CHECK(parts.count > many / 2 / part_max);
    if (GENERATE(true, false)) {
        routing.begin_commit();
    } else {
        routing.begin_cancel();
    }
    HomeRouting::Failures failures;
    parts.all([&] { return routing.finish_some(failures); });
    CHECK(failures.empty());
    CHECK(parts.requests == 2 * (many / 2));
    CHECK_FALSE(routing.take_discarded().routes.empty());
}

TEST_CASE("routes that stay are looked at in parts, too") {
    QuickHost host;
    host.begin(with_nodes(0, 4 * many));
    Parts parts{host};
    host.routing.begin(home_routes(with_nodes(0, 4 * many), device, {}));
    parts.all([&] { return host.routing.stage_some().value(); });
    CHECK(parts.count > 3);
    CHECK(parts.requests == 0);
}

TEST_CASE("a lease that ends while routes are staged, and is given to a node for good") {
    FakeHost host;
    const std::vector lent{v4("198.51.100.3")};
    REQUIRE(host.routing.stage(home_routes(configuration(), device, lent)));
    CHECK(host.routing.commit().empty());
    const auto before = lines(home_routes(configuration(), device, {}));
    auto next = configuration();
    next.engine.nodes.push_back({v6("2001:db8:1::101"), lent});
    host.routing.begin(home_routes(next, device, {}));
    REQUIRE(host.routing.stage_some() == true);
    netlink::RouteSpec route;
    route.destination = {lent[0], wire::Ipv4Address::bit_length};
    route.oif = device.ifindex;
    CHECK(host.routing.remove(route).empty());
    SECTION("it leads there without a pause") {
        CHECK(host.routing.commit().empty());
        CHECK(host.present == lines(home_routes(next, device, {})));
    }
    SECTION("and not if the change is taken back") {
        CHECK(host.routing.cancel().empty());
        CHECK(host.present == before);
    }
}

TEST_CASE("the route of a lease goes once, and is not missed") {
    FakeHost host;
    const std::vector lent{v4("198.51.100.3")};
    const auto with_lease = home_routes(configuration(), device, lent);
    REQUIRE(host.routing.stage(with_lease));
    CHECK(host.routing.commit().empty());
    netlink::RouteSpec route;
    route.destination = {lent[0], wire::Ipv4Address::bit_length};
    CHECK(host.routing.remove(route).empty());
    CHECK(host.present == lines(home_routes(configuration(), device, {})));
    host.log.clear();
    CHECK(host.routing.remove(route).empty());
    CHECK(host.log.empty());
}
