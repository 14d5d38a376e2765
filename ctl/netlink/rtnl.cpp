// SPDX-License-Identifier: GPL-2.0-or-later
// Requests to rtnetlink about links and addresses. Routes and rules are in rtnl_rules.cpp.
#include "netlink/rtnl.hpp"

#include <utility>

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "netlink/attributes.hpp"
#include "netlink/message_builder.hpp"
#include "netlink/rtnl_messages.hpp"

namespace dsmip::netlink {

namespace {

constexpr int dump_attempts = 5;

struct LinkIdentity {
    std::uint32_t ifindex = 0;
    std::string name;
    std::string kind;
    bool up = false;
};

Decoded<LinkIdentity> read_link(Octets octets) {
    auto raw = read_family_message<ifinfomsg>(octets, "link");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    LinkIdentity link{.ifindex = static_cast<std::uint32_t>(raw->header.ifi_index),
                      .name = {},
                      .kind = {},
                      .up = (raw->header.ifi_flags & unsigned{IFF_UP}) != 0};
    auto done = for_each_attribute(raw->attributes, "link", [&](const Attribute& a) {
        if (a.type == IFLA_IFNAME) {
            link.name = read_text(a);
        }
        if (a.type != IFLA_LINKINFO) {
            return Decoded<void>{};
        }
        return for_each_attribute(a.payload, "link info", [&](const Attribute& info) {
            if (info.type == IFLA_INFO_KIND) {
                link.kind = read_text(info);
            }
            return Decoded<void>{};
        });
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    return link;
}

Result<void> check_name(std::string_view name, const std::string& request) {
    if (name.empty() || name.size() >= IFNAMSIZ) {
        return tl::unexpected(
            NetlinkError{.code = EINVAL,
                         .text = "a name has 1 to " + std::to_string(IFNAMSIZ - 1) + " characters",
                         .request = request});
    }
    return {};
}

Result<LinkIdentity> ask_link(Socket& socket, std::span<std::byte> message,
                              const std::string& request) {
    Decoded<LinkIdentity> link = tl::unexpected(DecodeError{"no answer"});
    auto done = socket.transact(message, request, [&](Octets octets) { link = read_link(octets); });
    if (!done) {
        return tl::unexpected(done.error());
    }
    return link.map_error([&](const DecodeError& error) {
        return NetlinkError{.code = EPROTO, .text = error.message, .request = request};
    });
}

Result<LinkIdentity> find_link(Socket& socket, std::string_view name) {
    const std::string request = "find link \"" + std::string(name) + "\"";
    if (auto valid = check_name(name, request); !valid) {
        return tl::unexpected(valid.error());
    }
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_GETLINK, 0);
    builder.header(ifinfomsg{});
    builder.put_text(IFLA_IFNAME, name);
    return ask_link(socket, buffer.octets, request);
}

std::string describe(std::string_view what, const AddressSpec& spec) {
    return std::string(what) + " address " + wire::to_string(spec.address) + "/" +
           std::to_string(spec.prefix_length) + " on interface " + std::to_string(spec.ifindex);
}

void put_address(MessageBuilder& builder, const AddressSpec& spec) {
    builder.header(ifaddrmsg{.ifa_family = address_family(spec.address),
                             .ifa_prefixlen = spec.prefix_length,
                             .ifa_flags = 0,
                             .ifa_scope = RT_SCOPE_UNIVERSE,
                             .ifa_index = spec.ifindex});
    builder.put(IFA_LOCAL, spec.address);
    builder.put(IFA_ADDRESS, spec.address);
    const std::uint32_t flags = (spec.home ? IFA_F_HOMEADDRESS : 0U) |
                                (spec.nodad ? IFA_F_NODAD : 0U) |
                                (spec.no_prefix_route ? IFA_F_NOPREFIXROUTE : 0U);
    builder.put(IFA_FLAGS, flags);
    if (spec.deprecated) {
        builder.put(
            IFA_CACHEINFO,
            ifa_cacheinfo{.ifa_prefered = 0, .ifa_valid = 0xffffffffU, .cstamp = 0, .tstamp = 0});
    }
}

Decoded<AddressSpec> read_interface_address(Octets octets) {
    constexpr std::string_view where = "address";
    auto raw = read_family_message<ifaddrmsg>(octets, where);
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    AddressSpec spec;
    spec.ifindex = raw->header.ifa_index;
    spec.prefix_length = raw->header.ifa_prefixlen;
    std::uint32_t flags = raw->header.ifa_flags;
    std::optional<wire::IpAddress> local; // with a peer, IFA_ADDRESS is the peer's
    const auto store = [&](const Attribute& a, auto&& field) -> Decoded<void> {
        return read_address(a, where).map([&](const wire::IpAddress& address) { field = address; });
    };
    auto done = for_each_attribute(raw->attributes, where, [&](const Attribute& a) {
        switch (a.type) {
        case IFA_ADDRESS:
            return store(a, spec.address);
        case IFA_LOCAL:
            return store(a, local);
        case IFA_FLAGS:
            return read_raw(a, where, flags);
        default:
            return Decoded<void>{};
        }
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    spec.address = local.value_or(spec.address);
    spec.home = (flags & IFA_F_HOMEADDRESS) != 0;
    spec.nodad = (flags & IFA_F_NODAD) != 0;
    spec.no_prefix_route = (flags & IFA_F_NOPREFIXROUTE) != 0;
    spec.deprecated = (flags & IFA_F_DEPRECATED) != 0;
    return spec;
}

/// NUD_* of a neighbour, NUD_NONE if the kernel does not know it.
Result<std::uint16_t> neighbour_state(Socket& socket, const ndmsg& neighbour,
                                      const wire::IpAddress& address, const std::string& request) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_GETNEIGH, 0);
    builder.header(neighbour);
    builder.put(NDA_DST, address);
    std::uint16_t state = NUD_NONE;
    auto done = tolerate_missing(socket.transact(buffer.octets, request,
                                                 [&](Octets octets) {
                                                     const auto raw = read_family_message<ndmsg>(
                                                         octets, "neighbour");
                                                     state = raw ? raw->header.ndm_state : state;
                                                 }),
                                 IfMissing::accept);
    if (!done) {
        return tl::unexpected(done.error());
    }
    return state;
}

} // namespace

Rtnl::Rtnl(Socket socket)
    : socket_(std::move(socket)) {}

Result<Rtnl> Rtnl::open() {
    return Socket::open(NETLINK_ROUTE).map([](Socket&& socket) { return Rtnl(std::move(socket)); });
}

Result<std::uint32_t> Rtnl::ifindex(std::string_view name) {
    return find_link(socket_, name).map([](const LinkIdentity& link) { return link.ifindex; });
}

Result<std::uint32_t> Rtnl::link_add(std::string_view name, std::string_view kind,
                                     IfExists if_exists) {
    const std::string request =
        "add link \"" + std::string(name) + "\" of kind " + std::string(kind);
    if (if_exists == IfExists::replace) {
        return tl::unexpected(
            NetlinkError{.code = EINVAL, .text = "a link cannot be replaced", .request = request});
    }
    if (auto valid = check_name(name, request); !valid) {
        return tl::unexpected(valid.error());
    }
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    builder.header(ifinfomsg{});
    builder.put_text(IFLA_IFNAME, name);
    builder.nest(IFLA_LINKINFO, [&] { builder.put_text(IFLA_INFO_KIND, kind); });
    auto done = socket_.transact(buffer.octets, request);
    const bool existed = !done && done.error().code == EEXIST;
    if (!done && !(existed && if_exists == IfExists::accept)) {
        return tl::unexpected(done.error());
    }
    auto link = find_link(socket_, name);
    if (!link) {
        return tl::unexpected(link.error());
    }
    if (link->kind != kind) {
        return tl::unexpected(
            NetlinkError{.code = EEXIST,
                         .text = "it exists and is of kind \"" + link->kind + "\"",
                         .request = request});
    }
    return link->ifindex;
}

Result<void> Rtnl::link_delete(std::uint32_t ifindex, IfMissing if_missing) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_DELLINK, 0);
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(ifindex);
    builder.header(header);
    return tolerate_missing(
        socket_.transact(buffer.octets, "delete interface " + std::to_string(ifindex)), if_missing);
}

Result<void> Rtnl::link_set_up(std::uint32_t ifindex, bool up) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWLINK, 0);
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(ifindex);
    header.ifi_change = IFF_UP;
    header.ifi_flags = up ? unsigned{IFF_UP} : 0U;
    builder.header(header);
    return socket_
        .transact(buffer.octets,
                  "set interface " + std::to_string(ifindex) + (up ? " up" : " down"))
        .map([](DumpState) {});
}

Result<void> Rtnl::link_rename(std::uint32_t ifindex, std::string_view name) {
    const std::string request =
        "rename interface " + std::to_string(ifindex) + " to \"" + std::string(name) + "\"";
    if (auto valid = check_name(name, request); !valid) {
        return valid;
    }
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWLINK, 0);
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(ifindex);
    builder.header(header);
    builder.put_text(IFLA_IFNAME, name);
    return socket_.transact(buffer.octets, request).map([](DumpState) {});
}

Result<LinkStatus> Rtnl::link_status(std::uint32_t ifindex) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_GETLINK, 0);
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(ifindex);
    builder.header(header);
    return ask_link(socket_, buffer.octets, "find interface " + std::to_string(ifindex))
        .map([](const LinkIdentity& link) { return LinkStatus{.name = link.name, .up = link.up}; });
}

Result<std::vector<AddressSpec>> Rtnl::addresses(std::uint32_t ifindex) {
    const std::string request = "list addresses of interface " + std::to_string(ifindex);
    std::vector<AddressSpec> found;
    for (int attempt = 0; attempt < dump_attempts; ++attempt) {
        found.clear();
        RequestBuffer buffer;
        MessageBuilder builder(buffer.octets, RTM_GETADDR, NLM_F_DUMP);
        ifaddrmsg header{};
        header.ifa_index = ifindex;
        builder.header(header);
        std::optional<DecodeError> bad;
        auto state = socket_.transact(buffer.octets, request, [&](Octets octets) {
            auto spec = read_interface_address(octets);
            if (!spec) {
                bad = spec.error();
            } else if (spec->ifindex == ifindex) { // a kernel that is not strict tells of all
                found.push_back(*spec);
            }
        });
        if (!state) {
            return tl::unexpected(state.error());
        }
        if (bad) {
            return tl::unexpected(
                NetlinkError{.code = EPROTO, .text = bad->message, .request = request});
        }
        if (*state == DumpState::complete) {
            break;
        }
    }
    return found;
}

Result<void> Rtnl::neighbour_set(std::uint32_t ifindex, const wire::Ipv6Address& address,
                                 std::span<const std::uint8_t> link_address) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWNEIGH, add_flags(IfExists::replace));
    ndmsg header{};
    header.ndm_family = AF_INET6;
    header.ndm_ifindex = static_cast<int>(ifindex);
    header.ndm_state = NUD_REACHABLE;
    builder.header(header);
    builder.put(NDA_DST, address);
    builder.put_octets(NDA_LLADDR, std::as_bytes(link_address));
    return socket_
        .transact(buffer.octets, "set neighbour " + wire::to_string(address) + " on interface " +
                                     std::to_string(ifindex))
        .map([](DumpState) {});
}

Result<void> Rtnl::neighbour_probe(std::uint32_t ifindex, const wire::IpAddress& address) {
    const std::string request = "ask for neighbour " + wire::to_string(address) + " on interface " +
                                std::to_string(ifindex);
    ndmsg header{};
    header.ndm_family = address_family(address);
    header.ndm_ifindex = static_cast<int>(ifindex);
    const auto state = neighbour_state(socket_, header, address, request);
    if (!state) {
        return tl::unexpected(state.error());
    }
    constexpr unsigned by_hand = NUD_PERMANENT | NUD_NOARP;
    constexpr unsigned address_known = NUD_REACHABLE | NUD_STALE | NUD_DELAY;
    std::uint16_t flags = 0; // no NLM_F_REPLACE: it stays a router
    if ((*state & (by_hand | NUD_INCOMPLETE | NUD_PROBE)) != 0) {
        return {}; // nothing to ask, or asked already
    }
    if ((*state & address_known) != 0) {
        header.ndm_state = NUD_PROBE;
    } else {
        header.ndm_flags = NTF_USE;
        flags = add_flags(IfExists::replace);
    }
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWNEIGH, flags);
    builder.header(header);
    builder.put(NDA_DST, address);
    return socket_.transact(buffer.octets, request).map([](DumpState) {});
}

Result<void> Rtnl::address_add(const AddressSpec& address, IfExists if_exists) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_NEWADDR, add_flags(if_exists));
    put_address(builder, address);
    return tolerate_existing(socket_.transact(buffer.octets, describe("add", address)), if_exists);
}

Result<void> Rtnl::address_delete(const AddressSpec& address, IfMissing if_missing) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, RTM_DELADDR, 0);
    put_address(builder, address);
    return tolerate_missing(socket_.transact(buffer.octets, describe("delete", address)),
                            if_missing);
}

} // namespace dsmip::netlink
