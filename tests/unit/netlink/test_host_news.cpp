// SPDX-License-Identifier: GPL-2.0-or-later
// Which messages of the kernel tell that something of a program may be gone.
#include <catch2/catch.hpp>

#include <array>
#include <vector>

#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include "../addresses.hpp"
#include "netlink/host_news.hpp"
#include "netlink/message_builder.hpp"

namespace dsmip::netlink {

namespace {

using test::ip;
using Message = std::vector<std::byte>;

constexpr HostOwner owner{.ifindex = 7, .protocol = 191};

template<class Fill>
Message build(std::uint16_t type, std::uint16_t flags, Fill&& fill) {
    alignas(nlmsghdr) std::array<std::byte, 1024> buffer{};
    MessageBuilder builder(buffer, type, flags);
    fill(builder);
    REQUIRE_FALSE(builder.overflow());
    return {buffer.data(), buffer.data() + builder.length()};
}

Message link(std::uint16_t type, int ifindex) {
    return build(type, 0, [&](auto& builder) {
        ifinfomsg header{};
        header.ifi_index = ifindex;
        builder.header(header);
    });
}

Message address(std::uint16_t type, std::uint32_t ifindex) {
    return build(type, 0, [&](auto& builder) {
        ifaddrmsg header{};
        header.ifa_family = AF_INET6;
        header.ifa_index = ifindex;
        builder.header(header);
    });
}

Message route(std::uint16_t type, std::uint8_t protocol, std::uint16_t flags = 0) {
    return build(type, flags, [&](auto& builder) {
        rtmsg header{};
        header.rtm_family = AF_INET;
        header.rtm_dst_len = 24;
        header.rtm_protocol = protocol;
        header.rtm_type = RTN_UNICAST;
        builder.header(header);
        builder.put(RTA_DST, ip("192.0.2.0"));
        builder.put(RTA_TABLE, std::uint32_t{4191});
        builder.put(RTA_PRIORITY, std::uint32_t{5});
    });
}

HostNews heard(const Message& message) {
    HostNews news;
    note_route_news(news, owner, message);
    return news;
}

bool xfrm_heard(const Message& message) {
    HostNews news;
    note_xfrm_news(news, message);
    CHECK_FALSE(news.everything);
    return news.xfrm;
}

Message removed_state(std::uint8_t protocol) {
    return build(XFRM_MSG_DELSA, 0, [&](auto& builder) {
        xfrm_usersa_id id{};
        id.proto = protocol;
        builder.header(id);
    });
}

Message removed_policy(std::uint8_t protocol, std::uint32_t index) {
    return build(XFRM_MSG_DELPOLICY, 0, [&](auto& builder) {
        xfrm_userpolicy_id id{};
        id.sel.proto = protocol;
        id.index = index;
        builder.header(id);
    });
}

} // namespace

TEST_CASE("a change of the device or its addresses is news of everything") {
    for (const auto type : {RTM_NEWLINK, RTM_DELLINK}) {
        CHECK(heard(link(type, 7)).everything);
        CHECK_FALSE(heard(link(type, 8)).any());
    }
    for (const auto type : {RTM_NEWADDR, RTM_DELADDR}) {
        CHECK(heard(address(type, 7)).everything);
        CHECK_FALSE(heard(address(type, 8)).any());
    }
}

TEST_CASE("a removed rule is news of rules, a new one is not") {
    const auto rule = [](std::uint16_t type) {
        return build(type, 0, [](auto& builder) { builder.header(fib_rule_hdr{}); });
    };
    CHECK(heard(rule(RTM_DELRULE)).rules);
    CHECK_FALSE(heard(rule(RTM_NEWRULE)).any());
}

TEST_CASE("removed routes of the owner are named") {
    const auto news = heard(route(RTM_DELROUTE, 191));
    CHECK_FALSE(news.everything);
    REQUIRE(news.routes.size() == 1);
    const auto& gone = news.routes.front();
    CHECK(gone.destination == PrefixSpec{ip("192.0.2.0"), 24});
    CHECK(gone.table == 4191);
    CHECK(gone.metric == 5);
    CHECK_FALSE(heard(route(RTM_DELROUTE, 3)).any());
}

TEST_CASE("a route of anybody may have replaced one of the owner") {
    CHECK(heard(route(RTM_NEWROUTE, 3, NLM_F_REPLACE)).routes.size() == 1);
}

TEST_CASE("a route that cannot be read is news of everything") {
    auto message = route(RTM_DELROUTE, 191);
    message.resize(message.size() - 1);
    CHECK(heard(message).everything);
    CHECK_FALSE(heard({}).any());
}

TEST_CASE("XFRM: what is for Mobile IPv6, and what removes all") {
    CHECK(xfrm_heard(removed_state(IPPROTO_DSTOPTS)));
    CHECK(xfrm_heard(removed_state(IPPROTO_ROUTING)));
    CHECK_FALSE(xfrm_heard(removed_state(IPPROTO_ESP)));
    CHECK(xfrm_heard(removed_policy(IPPROTO_MH, 0)));
    CHECK(xfrm_heard(removed_policy(IPPROTO_ICMPV6, 0)));
    CHECK(xfrm_heard(removed_policy(0, 9))); // by its index, without its selector
    CHECK_FALSE(xfrm_heard(removed_policy(IPPROTO_TCP, 0)));
    for (const auto type : {XFRM_MSG_FLUSHSA, XFRM_MSG_FLUSHPOLICY}) {
        CHECK(xfrm_heard(build(type, 0, [](auto&) {})));
    }
    CHECK_FALSE(xfrm_heard(build(XFRM_MSG_NEWSA, 0, [](auto&) {})));
    CHECK_FALSE(xfrm_heard({}));
}

TEST_CASE("news add up") {
    auto sum = heard(route(RTM_DELROUTE, 191));
    sum.merge(heard(route(RTM_DELROUTE, 191)));
    CHECK(sum.routes.size() == 2);
    CHECK_FALSE(sum.everything);
    sum.merge(heard(link(RTM_NEWLINK, 7)));
    CHECK(sum.everything);
    CHECK_FALSE(sum.rules);
    CHECK_FALSE(HostNews{}.any());
}

} // namespace dsmip::netlink
