// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps and notifications of links, addresses and default routes.
#include "netlink/link_monitor.hpp"

#include <array>
#include <span>
#include <utility>

#include <linux/if_addr.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "netlink/attributes.hpp"
#include "netlink/message_builder.hpp"
#include "netlink/rtnl_messages.hpp"

namespace dsmip::netlink {

namespace {

constexpr int dump_attempts = 10;

// Links come first in both.
constexpr std::array groups{RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                            RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_NEXTHOP,
                            RTNLGRP_NEIGH};

struct Dump {
    std::uint16_t type;
    std::uint8_t family;
};

// Links first: that dump waits for the kernel's RTNL lock, so whatever the change under way does to
// routes is done when they are read. Objects before the routes that name them.
constexpr std::array dumps{Dump{RTM_GETLINK, AF_UNSPEC}, Dump{RTM_GETADDR, AF_UNSPEC},
                           Dump{RTM_GETNEXTHOP, AF_UNSPEC}, Dump{RTM_GETROUTE, AF_INET},
                           Dump{RTM_GETROUTE, AF_INET6}};

template<class Table>
auto in_scope(const Table& table, LinkMonitor::Scope scope) {
    return std::span(table).first(scope == LinkMonitor::Scope::links ? 1 : table.size());
}

Result<void> join_all(Socket& socket, LinkMonitor::Scope scope) {
    for (const auto group : in_scope(groups, scope)) {
        if (auto done = socket.join(group); !done) {
            return done;
        }
    }
    return {};
}

} // namespace

LinkMonitor::LinkMonitor(Socket notifications, Socket requests, Scope scope)
    : notifications_(std::move(notifications))
    , requests_(std::move(requests))
    , scope_(scope) {}

Result<LinkMonitor> LinkMonitor::open(Scope scope) {
    auto notifications = Socket::open(NETLINK_ROUTE, Socket::Mode::non_blocking);
    if (!notifications) {
        return tl::unexpected(notifications.error());
    }
    auto requests = Socket::open(NETLINK_ROUTE);
    if (!requests) {
        return tl::unexpected(requests.error());
    }
    // First listen, then look: what changes in between is heard, and told twice does no harm.
    if (auto joined = join_all(*notifications, scope); !joined) {
        return tl::unexpected(joined.error());
    }
    LinkMonitor monitor(std::move(*notifications), std::move(*requests), scope);
    if (auto dumped = monitor.dump_all(); !dumped) {
        return tl::unexpected(dumped.error());
    }
    return monitor;
}

Result<DumpState> LinkMonitor::dump(std::uint16_t type, std::uint8_t family, NetworkState& state) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, type, NLM_F_DUMP);
    switch (type) {
    case RTM_GETLINK:
        builder.header(ifinfomsg{});
        break;
    case RTM_GETADDR: {
        ifaddrmsg header{};
        header.ifa_family = family;
        builder.header(header);
        break;
    }
    case RTM_GETNEXTHOP:
        builder.header(nhmsg{});
        break;
    default: {
        rtmsg header{};
        header.rtm_family = family;
        builder.header(header);
        builder.put(RTA_TABLE, std::uint32_t{RT_TABLE_MAIN});
    }
    }
    std::optional<DecodeError> bad;
    auto result =
        requests_.transact(buffer.octets, "list links, addresses and routes", [&](Octets octets) {
            if (auto change = state.apply(octets); !change) {
                bad = change.error();
            }
        });
    if (result && bad) {
        return tl::unexpected(NetlinkError{
            .code = EPROTO, .text = bad->message, .request = "list links, addresses and routes"});
    }
    // A strict kernel answers ENOENT for a table that has no routes yet.
    if (!result && type == RTM_GETROUTE && result.error().code == ENOENT) {
        return DumpState::complete;
    }
    return result;
}

Result<void> LinkMonitor::dump_all() {
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        NetworkState fresh;
        bool interrupted = false;
        for (const auto& [type, family] : in_scope(dumps, scope_)) {
            auto result = dump(type, family, fresh);
            if (!result) {
                return tl::unexpected(result.error());
            }
            interrupted = interrupted || *result == DumpState::interrupted;
        }
        fresh.keep_gateways(state_);
        state_ = std::move(fresh);
        if (!interrupted) {
            break;
        }
    }
    return {};
}

Result<bool> LinkMonitor::process() {
    const NetworkState before = state_;
    bool dump_needed = false;
    for (;;) {
        auto more = notifications_.receive([&](Octets octets) {
            auto change = state_.apply(octets);
            // What cannot be understood is asked for anew instead.
            dump_needed = dump_needed || !change || change->routes_stale;
        });
        if (!more) {
            if (more.error().code != ENOBUFS) {
                return tl::unexpected(more.error());
            }
            dump_needed = true;
        } else if (!*more) {
            break;
        }
    }
    if (dump_needed) {
        if (auto done = dump_all(); !done) {
            return tl::unexpected(done.error());
        }
    }
    return state_ != before;
}

} // namespace dsmip::netlink
