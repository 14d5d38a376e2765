// SPDX-License-Identifier: GPL-2.0-or-later
// What rtnetlink and XFRM tell about removals.
#include "netlink/host_news.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "netlink/attributes.hpp"
#include "netlink/rtnl_messages.hpp"

namespace dsmip::netlink {

namespace {

constexpr std::array route_groups{RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                  RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_RULE,
                                  RTNLGRP_IPV6_RULE};
constexpr std::array xfrm_groups{XFRMNLGRP_SA, XFRMNLGRP_POLICY};

/// On a router others add and remove routes all the time: the kernel keeps those for itself.
Result<void> hear_of_own_routes(Socket& socket, std::uint8_t protocol) {
    constexpr std::uint32_t type = offsetof(nlmsghdr, nlmsg_type);
    constexpr std::uint32_t flags = offsetof(nlmsghdr, nlmsg_flags);
    constexpr std::uint32_t route_protocol = sizeof(nlmsghdr) + offsetof(rtmsg, rtm_protocol);
    constexpr std::uint32_t whole_message = 0xffffffffU;
    const auto load = [](std::uint16_t size, std::uint32_t offset) {
        return sock_filter{static_cast<std::uint16_t>(BPF_LD | BPF_ABS | size), 0, 0, offset};
    };
    // `yes` and `no` tell how many instructions are left out.
    const auto jump = [](std::uint16_t test, std::uint32_t value, std::uint8_t yes,
                         std::uint8_t no) {
        return sock_filter{static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), yes, no, value};
    };
    // The filter reads as network byte order what is in that of the host.
    std::array program{
        load(BPF_H, type),
        jump(BPF_JEQ, htons(RTM_NEWROUTE), 0, 2),
        load(BPF_H, flags),
        jump(BPF_JSET, htons(NLM_F_REPLACE), 3, 4), // accept or drop
        jump(BPF_JEQ, htons(RTM_DELROUTE), 0, 2),   // go on or accept
        load(BPF_B, route_protocol),
        jump(BPF_JEQ, protocol, 0, 1), // accept or drop
        sock_filter{BPF_RET | BPF_K, 0, 0, whole_message},
        sock_filter{BPF_RET | BPF_K, 0, 0, 0},
    };
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::setsockopt(socket.fd(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
        return tl::unexpected(
            NetlinkError{.code = errno, .text = {}, .request = "filter news of routes"});
    }
    return {};
}

template<class Groups>
Result<void> join_all(Socket& socket, const Groups& groups) {
    for (const auto group : groups) {
        if (auto joined = socket.join(group); !joined) {
            return joined;
        }
    }
    return {};
}

std::uint16_t type_of(Octets message) {
    nlmsghdr header{};
    if (message.size() >= sizeof header) {
        std::memcpy(&header, message.data(), sizeof header);
    }
    return header.nlmsg_type;
}

/// The header of a family, all zero when the message is too short for it.
template<class Header>
Header header_of(Octets message) {
    Header header{};
    constexpr std::size_t offset = MNL_ALIGN(sizeof(nlmsghdr));
    if (message.size() >= offset + sizeof header) {
        std::memcpy(&header, message.data() + offset, sizeof header);
    }
    return header;
}

bool is_mobility_header(std::uint8_t protocol) {
    return protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_ROUTING;
}

/// Who removes a policy by its index does not tell its selector.
bool may_be_ours(const xfrm_userpolicy_id& policy) {
    return policy.index != 0 || policy.sel.proto == IPPROTO_MH ||
           policy.sel.proto == IPPROTO_ICMPV6;
}

/// Reads all that waits. True: some were lost.
template<class Note>
Result<bool> read_all(Socket& socket, const Note& note) {
    bool lost = false;
    for (;;) {
        const auto more = socket.receive(note);
        if (!more && more.error().code != ENOBUFS) {
            return tl::unexpected(more.error());
        }
        if (!more) {
            lost = true;
        } else if (!*more) {
            return lost;
        }
    }
}

} // namespace

void HostNews::merge(HostNews&& other) {
    everything = everything || other.everything;
    rules = rules || other.rules;
    xfrm = xfrm || other.xfrm;
    std::move(other.routes.begin(), other.routes.end(), std::back_inserter(routes));
}

void note_route_news(HostNews& news, const HostOwner& owner, std::span<const std::byte> message) {
    switch (type_of(message)) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
        news.everything = news.everything || header_of<ifinfomsg>(message).ifi_index ==
                                                 static_cast<int>(owner.ifindex);
        break;
    case RTM_NEWADDR: // it may have other flags now
    case RTM_DELADDR:
        news.everything =
            news.everything || header_of<ifaddrmsg>(message).ifa_index == owner.ifindex;
        break;
    case RTM_DELRULE:
        news.rules = true;
        break;
    case RTM_DELROUTE:
    case RTM_NEWROUTE: {
        const auto route = read_route_spec(message);
        if (!route) {
            news.everything = true;
        } else if (type_of(message) == RTM_NEWROUTE || route->protocol == owner.protocol) {
            news.routes.push_back(*route);
        }
        break;
    }
    default:
        break;
    }
}

void note_xfrm_news(HostNews& news, std::span<const std::byte> message) {
    switch (type_of(message)) {
    case XFRM_MSG_FLUSHSA:
    case XFRM_MSG_FLUSHPOLICY:
        news.xfrm = true;
        break;
    case XFRM_MSG_DELSA:
        news.xfrm = news.xfrm || is_mobility_header(header_of<xfrm_usersa_id>(message).proto);
        break;
    case XFRM_MSG_DELPOLICY:
        news.xfrm = news.xfrm || may_be_ours(header_of<xfrm_userpolicy_id>(message));
        break;
    default:
        break;
    }
}

HostNewsSocket::HostNewsSocket(Socket route, Socket xfrm, const HostOwner& owner)
    : route_(std::move(route))
    , xfrm_(std::move(xfrm))
    , owner_(owner) {}

Result<HostNewsSocket> HostNewsSocket::open(const HostOwner& owner) {
    auto route = Socket::open(NETLINK_ROUTE, Socket::Mode::non_blocking);
    if (!route) {
        return tl::unexpected(route.error());
    }
    auto xfrm = Socket::open(NETLINK_XFRM, Socket::Mode::non_blocking);
    if (!xfrm) {
        return tl::unexpected(xfrm.error());
    }
    // The filter before there is anything to hear.
    auto ready = hear_of_own_routes(*route, owner.protocol);
    if (ready) {
        ready = join_all(*route, route_groups);
    }
    if (ready) {
        ready = join_all(*xfrm, xfrm_groups);
    }
    if (!ready) {
        return tl::unexpected(ready.error());
    }
    return HostNewsSocket(std::move(*route), std::move(*xfrm), owner);
}

Result<HostNews> HostNewsSocket::read() {
    HostNews news;
    auto lost = read_all(route_, [&](Octets message) { note_route_news(news, owner_, message); });
    if (!lost) {
        return tl::unexpected(lost.error());
    }
    news.everything = news.everything || *lost;
    lost_ += *lost ? 1 : 0;
    lost = read_all(xfrm_, [&](Octets message) { note_xfrm_news(news, message); });
    if (!lost) {
        return tl::unexpected(lost.error());
    }
    news.xfrm = news.xfrm || *lost;
    lost_ += *lost ? 1 : 0;
    return news;
}

} // namespace dsmip::netlink
