// SPDX-License-Identifier: GPL-2.0-or-later
// NetworkState from messages as the kernel sends them.
#include <catch2/catch.hpp>

#include <array>
#include <cstring>
#include <random>
#include <vector>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "../addresses.hpp"
#include "netlink/message_builder.hpp"
#include "netlink/network_state.hpp"

namespace dsmip::netlink {

namespace {

using Octets = std::vector<std::byte>;

using test::ip;

template<class Fill>
Octets build(std::uint16_t type, std::uint16_t flags, Fill&& fill) {
    alignas(nlmsghdr) std::array<std::byte, 1024> buffer{};
    MessageBuilder builder(buffer, type, flags);
    fill(builder);
    REQUIRE_FALSE(builder.overflow());
    return {buffer.data(), buffer.data() + builder.length()};
}

Octets link(int ifindex, const char* name, unsigned flags, std::uint16_t type = RTM_NEWLINK,
            std::uint8_t family = AF_UNSPEC) {
    return build(type, 0, [&](MessageBuilder& builder) {
        ifinfomsg header{};
        header.ifi_family = family;
        header.ifi_index = ifindex;
        header.ifi_flags = flags;
        builder.header(header);
        builder.put_text(IFLA_IFNAME, name);
        builder.put(IFLA_MTU, std::uint32_t{1500});
        builder.nest(IFLA_LINKINFO, [&] { builder.put_text(IFLA_INFO_KIND, "veth"); });
    });
}

Octets address(std::uint32_t ifindex, const char* text, std::uint8_t length, std::uint32_t flags,
               std::uint16_t type = RTM_NEWADDR, std::uint32_t preferred = 0xffffffff) {
    return build(type, 0, [&](MessageBuilder& builder) {
        const auto value = ip(text);
        ifaddrmsg header{};
        header.ifa_family = value.is_ipv4() ? AF_INET : AF_INET6;
        header.ifa_prefixlen = length;
        header.ifa_index = ifindex;
        header.ifa_flags = static_cast<std::uint8_t>(flags);
        header.ifa_scope =
            value.is_ipv6() && value.ipv6()->is_link_local() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
        builder.header(header);
        builder.put(IFA_ADDRESS, value);
        if (value.is_ipv4()) {
            builder.put(IFA_LOCAL, value);
        }
        builder.put(IFA_FLAGS, flags);
        builder.put(IFA_CACHEINFO, ifa_cacheinfo{preferred, 0xffffffff, 1, 2});
    });
}

struct RouteText {
    std::uint8_t family = AF_INET;
    int oif = 0;
    const char* gateway = nullptr;
    std::uint32_t metric = 0;
    std::uint16_t type = RTM_NEWROUTE;
    std::uint16_t flags = 0;
    std::uint32_t table = RT_TABLE_MAIN;
    std::uint8_t length = 0;
    std::uint8_t route_type = RTN_UNICAST;
    std::uint32_t next_hop = 0; // id of an object
    unsigned hop_flags = 0;
};

Octets route(const RouteText& text) {
    return build(text.type, text.flags, [&](MessageBuilder& builder) {
        rtmsg header{};
        header.rtm_family = text.family;
        header.rtm_dst_len = text.length;
        header.rtm_table = RT_TABLE_UNSPEC;
        header.rtm_protocol = RTPROT_RA;
        header.rtm_type = text.route_type;
        header.rtm_flags = text.hop_flags;
        builder.header(header);
        builder.put(RTA_TABLE, text.table);
        if (text.next_hop != 0) {
            builder.put(RTA_NH_ID, text.next_hop);
        } else {
            builder.put(RTA_OIF, text.oif);
        }
        if (text.gateway != nullptr) {
            builder.put(RTA_GATEWAY, ip(text.gateway));
        }
        if (text.metric != 0) {
            builder.put(RTA_PRIORITY, text.metric);
        }
    });
}

Octets next_hop(std::uint32_t id, std::uint32_t oif, const char* gateway,
                std::uint16_t type = RTM_NEWNEXTHOP,
                const std::vector<std::uint32_t>& members = {}) {
    return build(type, 0, [&](MessageBuilder& builder) {
        nhmsg header{};
        header.nh_family = AF_INET;
        builder.header(header);
        builder.put(NHA_ID, id);
        if (oif != 0) {
            builder.put(NHA_OIF, oif);
        }
        if (gateway != nullptr) {
            builder.put(NHA_GATEWAY, ip(gateway));
        }
        std::vector<nexthop_grp> group;
        for (const auto member : members) {
            group.emplace_back().id = member;
        }
        if (!group.empty()) {
            builder.put_octets(NHA_GROUP, std::as_bytes(std::span(group)));
        }
    });
}

bool changes(NetworkState& state, const Octets& message) {
    auto change = state.apply(message);
    REQUIRE(change);
    return change->changed;
}

constexpr unsigned working = IFF_UP | IFF_RUNNING;

NetworkState with_links() {
    NetworkState state;
    REQUIRE(changes(state, link(1, "lo", working | IFF_LOOPBACK)));
    REQUIRE(changes(state, link(2, "eth0", working)));
    REQUIRE(changes(state, link(3, "wlan0", IFF_UP)));
    return state;
}

} // namespace

TEST_CASE("links appear, change and vanish", "[state]") {
    NetworkState state = with_links();
    REQUIRE(state.links().size() == 3);
    CHECK(state.find(1)->loopback);
    CHECK(state.find(2)->up);
    CHECK(state.find(2)->running);
    CHECK(state.find(2)->mtu == 1500);
    CHECK(state.find(2)->kind == "veth");
    CHECK(state.find(3)->up);
    CHECK_FALSE(state.find(3)->running);

    CHECK_FALSE(changes(state, link(2, "eth0", working)));
    CHECK(changes(state, link(2, "wan", working)));
    CHECK(state.find(std::string("wan"))->ifindex == 2);
    CHECK(changes(state, link(3, "wlan0", working)));
    CHECK(changes(state, link(3, "wlan0", working, RTM_DELLINK)));
    CHECK(state.find(3) == nullptr);
    CHECK(state.find(std::string("wlan0")) == nullptr);
    CHECK_FALSE(changes(state, link(3, "wlan0", working, RTM_DELLINK)));
}

TEST_CASE("a bridge port that leaves its bridge is not gone", "[state]") {
    NetworkState state = with_links();
    CHECK_FALSE(changes(state, link(2, "eth0", working, RTM_DELLINK, AF_BRIDGE)));
    CHECK(state.find(2) != nullptr);
}

TEST_CASE("a link keeps addresses and routes through a change of flags", "[state]") {
    NetworkState state = with_links();
    changes(state, address(2, "2001:db8:6::2", 64, 0));
    changes(state, route({.family = AF_INET6, .oif = 2, .gateway = "fe80::1"}));
    CHECK(changes(state, link(2, "eth0", IFF_UP)));
    CHECK(state.find(2)->addresses.size() == 1);
    CHECK(state.find(2)->has_default_route(wire::AddressFamily::Ipv6));
}

TEST_CASE("flags and lifetimes of an address", "[state]") {
    NetworkState state = with_links();
    CHECK(changes(state, address(2, "2001:db8:6::2", 64, IFA_F_TENTATIVE)));
    const auto only = [&]() -> const LinkAddress& { return state.find(2)->addresses.at(0); };
    CHECK(only().tentative);
    CHECK_FALSE(only().is_usable());
    CHECK(changes(state, address(2, "2001:db8:6::2", 64, IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)));
    CHECK(only().is_usable());
    CHECK(changes(state, address(2, "2001:db8:6::2", 64, IFA_F_DADFAILED)));
    CHECK_FALSE(only().is_usable());
    CHECK(changes(state, address(2, "2001:db8:6::2", 64, 0, RTM_NEWADDR, 600)));
    CHECK(only().is_usable());
    CHECK(only().preferred == std::chrono::seconds(600));
    CHECK_FALSE(only().valid);
    CHECK_FALSE(only().permanent);
    CHECK(changes(state, address(2, "2001:db8:6::2", 64, IFA_F_DEPRECATED)));
    CHECK(only().deprecated);
    CHECK(only().is_usable());
    CHECK(changes(state, address(2, "2001:db8:6::2", 64, IFA_F_HOMEADDRESS | IFA_F_PERMANENT)));
    CHECK(only().home);
    CHECK(only().permanent);
    CHECK(changes(state, address(2, "2001:db8:6::2", 64, IFA_F_TEMPORARY)));
    CHECK(only().temporary);
    CHECK(state.find(2)->addresses.size() == 1);
}

TEST_CASE("a secondary IPv4 address is not a temporary one", "[state]") {
    NetworkState state = with_links();
    changes(state, address(2, "192.0.2.9", 24, IFA_F_SECONDARY));
    CHECK_FALSE(state.find(2)->addresses.at(0).temporary);
    CHECK(state.find(2)->addresses.at(0).is_usable());
}

TEST_CASE("a link-local address is not usable", "[state]") {
    NetworkState state = with_links();
    changes(state, address(2, "fe80::2", 64, 0));
    CHECK_FALSE(state.find(2)->addresses.at(0).is_usable());
}

TEST_CASE("what may take routes away or bring them without a message asks for a new dump",
          "[state]") {
    NetworkState state = with_links();
    changes(state, address(2, "192.0.2.9", 24, 0));
    changes(state, address(2, "2001:db8:6::2", 64, 0));
    const auto stale = [&](const Octets& message) {
        const auto change = state.apply(message);
        REQUIRE(change);
        return change->routes_stale;
    };
    SECTION("an address that goes") {
        CHECK_FALSE(stale(address(2, "192.0.2.10", 24, 0)));
        CHECK(stale(address(2, "192.0.2.9", 24, 0, RTM_DELADDR)));
        CHECK(stale(address(2, "2001:db8:6::2", 64, 0, RTM_DELADDR)));
        CHECK(state.find(2)->addresses.size() == 1);
    }
    SECTION("a link that is down, has no carrier or is deleted") {
        CHECK_FALSE(stale(link(2, "eth0", working)));
        CHECK(stale(link(2, "eth0", IFF_UP)));
        CHECK(stale(link(2, "eth0", 0)));
        // Again: the first message may be older than what is known from a dump.
        CHECK(stale(link(2, "eth0", 0)));
        // Routes that the kernel kept serve again, and nothing tells of them.
        CHECK(stale(link(2, "eth0", working)));
        CHECK_FALSE(stale(link(2, "eth0", working)));
        CHECK(stale(link(2, "eth0", working, RTM_DELLINK)));
    }
    SECTION("a link that goes into a VRF and out again") {
        const auto in_vrf = [](std::uint32_t master) {
            return build(RTM_NEWLINK, 0, [&](MessageBuilder& builder) {
                ifinfomsg header{};
                header.ifi_index = 2;
                header.ifi_flags = working;
                builder.header(header);
                builder.put_text(IFLA_IFNAME, "eth0");
                builder.put(IFLA_MASTER, master);
            });
        };
        CHECK(stale(in_vrf(7)));
        CHECK(state.find(2)->master == 7);
        CHECK_FALSE(stale(in_vrf(7)));
        CHECK(stale(link(2, "eth0", working)));
    }
    SECTION("a next hop object that is made, replaced or deleted") {
        CHECK(stale(next_hop(7, 2, "192.0.2.1")));
        CHECK(stale(next_hop(7, 0, nullptr, RTM_DELNEXTHOP)));
    }
    SECTION("a default route that replaces another") {
        CHECK_FALSE(stale(route({.oif = 2, .gateway = "192.0.2.1"})));
        CHECK(stale(route({.oif = 3, .gateway = "198.51.100.1", .flags = NLM_F_REPLACE})));
    }
}

TEST_CASE("a route that only names a next hop object leads where the object does", "[state]") {
    NetworkState state = with_links();
    changes(state, next_hop(7, 2, "192.0.2.1"));
    changes(state, next_hop(8, 3, "198.51.100.1"));
    changes(state, next_hop(9, 0, nullptr, RTM_NEWNEXTHOP, {7, 8}));
    SECTION("one") {
        CHECK(changes(state, route({.next_hop = 8})));
        CHECK_FALSE(state.find(2)->has_default_route(wire::AddressFamily::Ipv4));
        REQUIRE(state.find(3)->default_routes.size() == 1);
        CHECK(state.find(3)->default_routes[0].gateway == ip("198.51.100.1"));
        CHECK(changes(state, route({.type = RTM_DELROUTE, .next_hop = 8})));
    }
    SECTION("a group") {
        CHECK(changes(state, route({.next_hop = 9})));
        CHECK(state.find(2)->has_default_route(wire::AddressFamily::Ipv4));
        CHECK(state.find(3)->has_default_route(wire::AddressFamily::Ipv4));
        CHECK(changes(state, route({.type = RTM_DELROUTE, .next_hop = 9})));
    }
    SECTION("an unknown one") {
        CHECK_FALSE(changes(state, route({.next_hop = 10})));
        CHECK_FALSE(changes(state, route({.type = RTM_DELROUTE, .next_hop = 10})));
    }
    CHECK_FALSE(state.find(2)->has_default_route(wire::AddressFamily::Ipv4));
    CHECK_FALSE(state.find(3)->has_default_route(wire::AddressFamily::Ipv4));
}

TEST_CASE("a hop that the kernel calls dead is no route", "[state]") {
    NetworkState state = with_links();
    for (const unsigned flag : {RTNH_F_DEAD, RTNH_F_LINKDOWN}) {
        CHECK_FALSE(changes(state, route({.oif = 2, .gateway = "192.0.2.1", .hop_flags = flag})));
    }
}

TEST_CASE("an address on an unknown link is left alone", "[state]") {
    NetworkState state = with_links();
    CHECK_FALSE(changes(state, address(9, "192.0.2.9", 24, 0)));
    CHECK(state == with_links());
}

TEST_CASE("default routes of the main table, per link and family", "[state]") {
    NetworkState state = with_links();
    CHECK(changes(state, route({.oif = 2, .gateway = "192.0.2.1"})));
    CHECK(changes(state,
                  route({.family = AF_INET6, .oif = 2, .gateway = "fe80::1", .metric = 1024})));
    const Link& eth0 = *state.find(2);
    REQUIRE(eth0.default_routes.size() == 2);
    CHECK(eth0.default_routes[0].gateway == ip("192.0.2.1"));
    CHECK(eth0.default_routes[1].metric == 1024);
    CHECK(eth0.default_routes[1].protocol == RTPROT_RA);
    CHECK(eth0.has_default_route(wire::AddressFamily::Ipv4));
    CHECK_FALSE(state.find(3)->has_default_route(wire::AddressFamily::Ipv4));

    // The same again, other tables, other prefixes, unreachable and unknown links.
    CHECK_FALSE(changes(state, route({.oif = 2, .gateway = "192.0.2.1"})));
    CHECK_FALSE(changes(state, route({.oif = 3, .table = 100})));
    CHECK_FALSE(changes(state, route({.oif = 3, .length = 8})));
    CHECK_FALSE(changes(state, route({.oif = 3, .route_type = RTN_UNREACHABLE})));
    CHECK_FALSE(changes(state, route({.oif = 9})));

    CHECK(changes(state, route({.oif = 2, .gateway = "192.0.2.1", .type = RTM_DELROUTE})));
    CHECK_FALSE(state.find(2)->has_default_route(wire::AddressFamily::Ipv4));
    CHECK(state.find(2)->has_default_route(wire::AddressFamily::Ipv6));
}

TEST_CASE("a default route over several links counts for each", "[state]") {
    NetworkState state = with_links();
    const auto message = build(RTM_NEWROUTE, 0, [](MessageBuilder& builder) {
        rtmsg header{};
        header.rtm_family = AF_INET;
        header.rtm_table = RT_TABLE_MAIN;
        header.rtm_type = RTN_UNICAST;
        builder.header(header);
        builder.nest(RTA_MULTIPATH, [&] {
            struct {
                rtnexthop hop;
                nlattr attribute;
                std::array<std::uint8_t, 4> gateway;
            } hops[2] = {{{16, 0, 0, 2}, {8, RTA_GATEWAY}, {192, 0, 2, 1}},
                         {{16, 0, 0, 3}, {8, RTA_GATEWAY}, {198, 51, 100, 1}}};
            // A nest has no fixed part: what follows is put as raw octets.
            std::array<std::uint8_t, sizeof(hops)> raw{};
            std::memcpy(raw.data(), hops, sizeof(hops));
            builder.header(raw);
        });
    });
    CHECK(changes(state, message));
    REQUIRE(state.find(2)->default_routes.size() == 1);
    CHECK(state.find(2)->default_routes[0].gateway == ip("192.0.2.1"));
    REQUIRE(state.find(3)->default_routes.size() == 1);
    CHECK(state.find(3)->default_routes[0].gateway == ip("198.51.100.1"));
}

TEST_CASE("messages of no interest change nothing", "[state]") {
    NetworkState state = with_links();
    CHECK_FALSE(changes(state, link(5, "eth5", working, RTM_NEWNEIGH)));
    CHECK(state == with_links());
}

TEST_CASE("cut and garbled messages are errors or changes, never a crash", "[state][malformed]") {
    std::mt19937 random(4191); // always the same sequence
    const std::vector<Octets> samples{link(2, "eth0", working),
                                      address(2, "192.0.2.9", 24, 0),
                                      address(2, "2001:db8:6::2", 64, 0),
                                      route({.oif = 2, .gateway = "192.0.2.1"}),
                                      route({.family = AF_INET6, .oif = 2, .gateway = "fe80::1"}),
                                      next_hop(7, 2, "192.0.2.1")};
    const NetworkState before = with_links();
    for (const Octets& whole : samples) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            NetworkState state = before;
            CHECK_FALSE(state.apply(Octets(whole.begin(), whole.begin() + size)));
            CHECK(state == before);
        }
        for (int round = 0; round < 5000; ++round) {
            NetworkState state = before;
            Octets bad = whole;
            for (unsigned change = random() % 6 + 1; change > 0; --change) {
                // Types stay, so that the reader of that type is reached.
                bad[16 + random() % (bad.size() - 16)] = static_cast<std::byte>(random());
            }
            (void)state.apply(bad);
        }
    }
}

TEST_CASE("a refused message leaves the state alone", "[state]") {
    NetworkState state = with_links();
    Octets bad = address(2, "192.0.2.9", 24, 0);
    bad[24] = std::byte{7}; // IFA_ADDRESS with 3 octets
    CHECK_FALSE(state.apply(bad));
    CHECK(state == with_links());
}

} // namespace dsmip::netlink
