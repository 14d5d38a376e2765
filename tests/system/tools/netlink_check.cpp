// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to a real kernel that need privileges: links, addresses, routes, rules, XFRM states, and
// what the link monitor makes of them. Changes the network namespace it runs in: for a guest only.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>

#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>

#include "netlink/link_monitor.hpp"
#include "netlink/message_builder.hpp"
#include "netlink/rtnl.hpp"
#include "netlink/rtnl_messages.hpp"
#include "netlink/socket.hpp"
#include "netlink/xfrm.hpp"

namespace dsmip::netlink {

namespace {

constexpr std::uint8_t our_protocol = 199;
constexpr std::uint32_t our_table = 4191;

wire::IpAddress ip(const char* text) {
    return wire::IpAddress::parse(text).value();
}

/// A dummy link, up, that goes with the test case.
class DummyLink {
public:
    explicit DummyLink(const char* name)
        : ifindex_(rtnl.link_add(name, "dummy").value()) {
        REQUIRE(rtnl.link_set_up(ifindex_, true));
    }
    ~DummyLink() { (void)rtnl.link_delete(ifindex_, IfMissing::accept); }
    DummyLink(const DummyLink&) = delete;
    DummyLink& operator=(const DummyLink&) = delete;
    operator std::uint32_t() const { return ifindex_; }

    Rtnl rtnl = Rtnl::open().value();

private:
    std::uint32_t ifindex_;
};

/// True as soon as the monitor's state is as wanted; the kernel tells of everything on its own.
bool arrives(LinkMonitor& monitor, const std::function<bool(const NetworkState&)>& wanted) {
    constexpr int patience_ms = 20000;
    for (;;) {
        REQUIRE(monitor.process());
        if (wanted(monitor.state())) {
            return true;
        }
        pollfd waiting{.fd = monitor.fd(), .events = POLLIN, .revents = 0};
        if (poll(&waiting, 1, patience_ms) <= 0) {
            return false;
        }
    }
}

/// A change to a link that the daemon has no use for.
bool set_mtu(std::uint32_t ifindex, std::uint32_t mtu) {
    static auto socket = Socket::open(NETLINK_ROUTE).value();
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWLINK, 0);
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(ifindex);
    builder.header(header);
    builder.put(IFLA_MTU, mtu);
    return socket.transact(buffer.octets, "set MTU").has_value();
}

int code_of(const Result<void>& result) {
    return result ? 0 : result.error().code;
}

} // namespace

TEST_CASE("links are made once, found, changed and deleted") {
    auto rtnl = Rtnl::open().value();
    const auto made = rtnl.link_add("check0", "dummy");
    REQUIRE(made);
    CHECK(rtnl.ifindex("check0") == *made);
    CHECK(rtnl.link_add("check0", "dummy").error().code == EEXIST);
    CHECK(rtnl.link_add("check0", "dummy", IfExists::accept) == *made);
    const auto other_kind = rtnl.link_add("check0", "ifb", IfExists::accept);
    REQUIRE_FALSE(other_kind);
    CHECK(other_kind.error().code == EEXIST);
    CHECK(rtnl.link_add("check1", "no-such-kind").error().code == EOPNOTSUPP);
    CHECK(set_mtu(*made, 1400));
    CHECK(rtnl.link_set_up(*made, true));
    auto monitor = LinkMonitor::open().value();
    CHECK(monitor.state().find(*made)->mtu == 1400);
    CHECK(monitor.state().find(*made)->up);
    CHECK(monitor.state().find(*made)->kind == "dummy");
    CHECK(rtnl.link_delete(*made));
    CHECK(code_of(rtnl.link_delete(*made)) == ENODEV);
    CHECK(rtnl.link_delete(*made, IfMissing::accept));
}

TEST_CASE("addresses, with the flags a home address needs") {
    DummyLink link("check0");
    const AddressSpec home{.ifindex = link,
                           .address = ip("2001:db8:1::100"),
                           .prefix_length = 128,
                           .home = true,
                           .nodad = true};
    const AddressSpec home4{.ifindex = link, .address = ip("192.0.2.10"), .prefix_length = 32};
    for (const AddressSpec& spec : {home, home4}) {
        CHECK(link.rtnl.address_add(spec));
        CHECK(code_of(link.rtnl.address_add(spec)) == EEXIST);
        CHECK(link.rtnl.address_add(spec, IfExists::accept));
        CHECK(link.rtnl.address_add(spec, IfExists::replace));
    }
    auto monitor = LinkMonitor::open().value();
    const auto& addresses = monitor.state().find(link)->addresses;
    const auto found = std::find_if(addresses.begin(), addresses.end(), [&](const auto& address) {
        return address.address == home.address;
    });
    REQUIRE(found != addresses.end());
    CHECK(found->home);
    CHECK(found->is_usable());
    CHECK(found->permanent);
    for (const AddressSpec& spec : {home, home4}) {
        CHECK(link.rtnl.address_delete(spec));
        CHECK(code_of(link.rtnl.address_delete(spec)) == EADDRNOTAVAIL);
        CHECK(link.rtnl.address_delete(spec, IfMissing::accept));
    }
}

TEST_CASE("routes of both families, found again by their protocol") {
    DummyLink link("check0");
    REQUIRE(
        link.rtnl.address_add({.ifindex = link, .address = ip("192.0.2.9"), .prefix_length = 24}));
    const RouteSpec default6{.destination = {ip("::"), 0},
                             .oif = link,
                             .table = our_table,
                             .metric = 10,
                             .protocol = our_protocol};
    const RouteSpec default4{.destination = {ip("0.0.0.0"), 0},
                             .oif = link,
                             .gateway = ip("192.0.2.1"),
                             .preferred_source = ip("192.0.2.9"),
                             .table = our_table,
                             .metric = 10,
                             .protocol = our_protocol};
    const RouteSpec host6{.destination = {ip("2001:db8:1::100"), 128},
                          .oif = link,
                          .metric = 5,
                          .protocol = our_protocol};
    const RouteSpec prefix4{
        .destination = {ip("198.51.100.0"), 24}, .oif = link, .protocol = our_protocol};
    const RouteSpec unreachable4{.destination = {ip("0.0.0.0"), 0},
                                 .table = our_table,
                                 .metric = 99,
                                 .protocol = our_protocol,
                                 .unreachable = true};
    const std::vector<RouteSpec> all{default6, default4, host6, prefix4, unreachable4};
    for (const RouteSpec& route : all) {
        INFO(wire::to_string(route.destination.address));
        CHECK(code_of(link.rtnl.route_add(route)) == 0);
        CHECK(code_of(link.rtnl.route_add(route)) == EEXIST);
        CHECK(link.rtnl.route_add(route, IfExists::accept));
        CHECK(link.rtnl.route_add(route, IfExists::replace));
    }
    auto found = link.rtnl.routes(0, our_protocol).value();
    CHECK(found.size() == all.size());
    for (const RouteSpec& route : all) {
        CHECK(std::find(found.begin(), found.end(), route) != found.end());
    }
    CHECK(link.rtnl.routes(our_table, our_protocol).value().size() == 3);
    CHECK(link.rtnl.routes(0, our_protocol + 1).value().empty());
    for (const RouteSpec& route : all) {
        CHECK(link.rtnl.route_delete(route));
        CHECK(code_of(link.rtnl.route_delete(route)) == ESRCH);
        CHECK(link.rtnl.route_delete(route, IfMissing::accept));
    }
}

TEST_CASE("host bits of a prefix are ignored") {
    DummyLink link("check0");
    const RouteSpec route{
        .destination = {ip("198.51.100.77"), 24}, .oif = link, .protocol = our_protocol};
    REQUIRE(link.rtnl.route_add(route));
    CHECK(link.rtnl.routes(0, our_protocol).value().at(0).destination.address ==
          ip("198.51.100.0"));
    CHECK(link.rtnl.route_delete(route));
}

TEST_CASE("rules of both families, found again by their protocol") {
    auto rtnl = Rtnl::open().value();
    const RuleSpec by_mark{.family = wire::AddressFamily::Ipv4,
                           .priority = 1000,
                           .table = our_table,
                           .fwmark = RuleSpec::Mark{.value = 0x80000000U, .mask = 0x80000000U},
                           .protocol = our_protocol};
    RuleSpec by_mark6 = by_mark;
    by_mark6.family = wire::AddressFamily::Ipv6;
    const RuleSpec from_home{.priority = 1001,
                             .table = our_table,
                             .from = PrefixSpec{ip("2001:db8:1::100"), 128},
                             .protocol = our_protocol};
    const RuleSpec from_home4{.family = wire::AddressFamily::Ipv4,
                              .priority = 1001,
                              .table = our_table,
                              .from = PrefixSpec{ip("192.0.2.10"), 32},
                              .protocol = our_protocol};
    const RuleSpec not_short{.priority = 900,
                             .to = PrefixSpec{ip("2001:db8::"), 32},
                             .invert = true,
                             .suppress_prefix_length = 0,
                             .protocol = our_protocol};
    // With a priority of its own: to delete a rule without a protocol is to delete one with any.
    RuleSpec udp = from_home4;
    udp.priority = 1003;
    udp.ip_protocol = IPPROTO_UDP;
    RuleSpec nowhere = from_home;
    nowhere.action = RuleAction::unreachable;
    RuleSpec end = from_home;
    end.priority = 1002;
    end.action = RuleAction::nothing;
    RuleSpec past = from_home;
    past.action = RuleAction::go_to;
    past.target = end.priority;
    const std::vector<RuleSpec> all{by_mark, by_mark6, from_home, from_home4, not_short,
                                    udp,     nowhere,  end,       past};
    for (const RuleSpec& rule : all) {
        CHECK(code_of(rtnl.rule_add(rule)) == 0);
        CHECK(code_of(rtnl.rule_add(rule)) == EEXIST);
        CHECK(rtnl.rule_add(rule, IfExists::accept));
    }
    const auto found = rtnl.rules(our_protocol).value();
    CHECK(found.size() == all.size());
    for (const RuleSpec& rule : all) {
        CHECK(std::find(found.begin(), found.end(), rule) != found.end());
    }
    for (const RuleSpec& rule : all) {
        CHECK(rtnl.rule_delete(rule));
        CHECK(code_of(rtnl.rule_delete(rule)) == ENOENT);
        CHECK(rtnl.rule_delete(rule, IfMissing::accept));
    }
    CHECK(rtnl.rules(our_protocol).value().empty());
}

TEST_CASE("the monitor hears of links, addresses and default routes") {
    auto monitor = LinkMonitor::open().value();
    auto rtnl = Rtnl::open().value();
    std::uint32_t ifindex = 0;
    {
        DummyLink link("check0");
        ifindex = link;
        CHECK(arrives(monitor, [&](const NetworkState& state) {
            return state.find(ifindex) != nullptr && state.find(ifindex)->up;
        }));
        REQUIRE(rtnl.address_add(
            {.ifindex = ifindex, .address = ip("2001:db8:6::2"), .prefix_length = 64}));
        // Duplicate address detection ends by itself; the monitor tells when.
        CHECK(arrives(monitor, [&](const NetworkState& state) {
            const auto& addresses = state.find(ifindex)->addresses;
            return std::any_of(addresses.begin(), addresses.end(), [](const auto& address) {
                return address.address == ip("2001:db8:6::2") && address.is_usable();
            });
        }));
        REQUIRE(rtnl.route_add({.destination = {ip("::"), 0}, .oif = ifindex, .metric = 7}));
        CHECK(arrives(monitor, [&](const NetworkState& state) {
            return state.find(ifindex)->has_default_route(wire::AddressFamily::Ipv6);
        }));
        REQUIRE(rtnl.route_delete({.destination = {ip("::"), 0}, .oif = ifindex, .metric = 7}));
        CHECK(arrives(monitor, [&](const NetworkState& state) {
            return !state.find(ifindex)->has_default_route(wire::AddressFamily::Ipv6);
        }));
    }
    CHECK(arrives(monitor,
                  [&](const NetworkState& state) { return state.find(ifindex) == nullptr; }));
}

TEST_CASE("the monitor learns of IPv4 routes that the kernel drops silently") {
    auto monitor = LinkMonitor::open().value();
    DummyLink link("check0");
    DummyLink other("check1");
    const auto has_route = [&](const NetworkState& state) {
        return state.find(link) != nullptr &&
               state.find(link)->has_default_route(wire::AddressFamily::Ipv4);
    };
    const auto has_no_route = [&](const NetworkState& state) { return !has_route(state); };
    const auto ip_tool = [](const std::string& arguments) {
        return std::system(("ip " + arguments).c_str()) == 0;
    };
    const AddressSpec address{.ifindex = link, .address = ip("192.0.2.9"), .prefix_length = 24};
    const AddressSpec second{.ifindex = link, .address = ip("192.0.2.10"), .prefix_length = 24};
    REQUIRE(link.rtnl.address_add(address));
    REQUIRE(link.rtnl.address_add(second));
    REQUIRE(link.rtnl.address_add(
        {.ifindex = other, .address = ip("198.51.100.9"), .prefix_length = 24}));
    const bool compatible = GENERATE(true, false);
    CAPTURE(compatible);
    std::ofstream("/proc/sys/net/ipv4/nexthop_compat_mode") << compatible;

    SECTION("the link goes down") {
        REQUIRE(ip_tool("route add default via 192.0.2.1"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(link.rtnl.link_set_up(link, false));
        CHECK(arrives(monitor, has_no_route));
    }
    SECTION("it goes down and up again before anybody looks") {
        REQUIRE(ip_tool("route add default via 192.0.2.1"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(link.rtnl.link_set_up(link, false));
        REQUIRE(link.rtnl.link_set_up(link, true));
        CHECK(arrives(monitor, has_no_route));
    }
    SECTION("its addresses go") {
        REQUIRE(ip_tool("route add default via 192.0.2.1"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(link.rtnl.address_delete(address));
        REQUIRE(link.rtnl.address_delete(second, IfMissing::accept));
        CHECK(arrives(monitor, has_no_route));
    }
    SECTION("its preferred source goes") {
        REQUIRE(ip_tool("route add default via 192.0.2.1 src 192.0.2.10"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(link.rtnl.address_delete(second));
        CHECK(arrives(monitor, has_no_route));
    }
    SECTION("its next hop object is deleted") {
        REQUIRE(ip_tool("nexthop add id 7 via 192.0.2.1 dev check0"));
        REQUIRE(ip_tool("route add default nhid 7"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(ip_tool("nexthop del id 7"));
        CHECK(arrives(monitor, has_no_route));
    }
    SECTION("its next hop object is replaced by one on another link, and back") {
        REQUIRE(ip_tool("nexthop add id 7 via 192.0.2.1 dev check0"));
        REQUIRE(ip_tool("route add default nhid 7"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(ip_tool("nexthop replace id 7 via 198.51.100.1 dev check1"));
        CHECK(arrives(monitor, has_no_route));
        CHECK(monitor.state().find(other)->has_default_route(wire::AddressFamily::Ipv4));
        REQUIRE(ip_tool("nexthop replace id 7 via 192.0.2.1 dev check0"));
        CHECK(arrives(monitor, has_route));
    }
    SECTION("a member of a group of next hops is deleted, then replaced") {
        REQUIRE(ip_tool("nexthop add id 7 via 192.0.2.1 dev check0"));
        REQUIRE(ip_tool("nexthop add id 8 via 198.51.100.1 dev check1"));
        REQUIRE(ip_tool("nexthop add id 9 group 7/8"));
        REQUIRE(ip_tool("route add default nhid 9"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(ip_tool("nexthop del id 7"));
        CHECK(arrives(monitor, has_no_route));
        REQUIRE(ip_tool("nexthop replace id 8 via 192.0.2.1 dev check0"));
        CHECK(arrives(monitor, has_route));
    }
    SECTION("all next hop objects are flushed") {
        REQUIRE(ip_tool("nexthop add id 7 via 192.0.2.1 dev check0"));
        REQUIRE(ip_tool("route add default nhid 7"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(ip_tool("nexthop flush"));
        CHECK(arrives(monitor, has_no_route));
    }
    SECTION("it is replaced by one through another link") {
        REQUIRE(ip_tool("route add default via 192.0.2.1 metric 5"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(ip_tool("route replace default via 198.51.100.1 metric 5"));
        CHECK(arrives(monitor, has_no_route));
    }
    SECTION("the link goes into a VRF") {
        REQUIRE(ip_tool("route add default via 192.0.2.1"));
        CHECK(arrives(monitor, has_route));
        REQUIRE(ip_tool("link add check-vrf type vrf table 77"));
        REQUIRE(ip_tool("link set check0 master check-vrf"));
        CHECK(arrives(monitor, has_no_route));
        REQUIRE(ip_tool("link del check-vrf"));
    }
    ip_tool("nexthop flush");
}

TEST_CASE("a monitor that missed notifications reads the state anew") {
    auto monitor = LinkMonitor::open().value();
    DummyLink link("check0");
    // More than the buffer of the socket holds, unread.
    for (int round = 0; round < 20000; ++round) {
        REQUIRE(set_mtu(link, 1400 + round % 2));
    }
    REQUIRE(set_mtu(link, 1399));
    CHECK(arrives(monitor, [&](const NetworkState& state) {
        return state.find(link) != nullptr && state.find(link)->mtu == 1399;
    }));
}

TEST_CASE("XFRM states for Mobile IPv6 headers come and go") {
    auto xfrm = Xfrm::open().value();
    const wire::Ipv6Address any;
    const auto home_agent = wire::Ipv6Address::parse("2001:db8::1").value();
    for (const auto extension : {MobilityHeaderExtension::home_address_option,
                                 MobilityHeaderExtension::type2_routing_header}) {
        for (const auto& destination : {any, home_agent}) {
            CHECK(code_of(xfrm.accept(extension, destination)) == 0);
            CHECK(code_of(xfrm.accept(extension, destination)) == EEXIST);
            CHECK(xfrm.accept(extension, destination, IfExists::accept));
        }
        for (const auto& destination : {any, home_agent}) {
            CHECK(xfrm.stop_accepting(extension, destination));
            CHECK(code_of(xfrm.stop_accepting(extension, destination)) == ENOENT);
            CHECK(xfrm.stop_accepting(extension, destination, IfMissing::accept));
        }
    }
}

} // namespace dsmip::netlink
