// SPDX-License-Identifier: GPL-2.0-or-later
// XFRM states of mode "ro" (net/ipv6/mip6.c in the kernel).
#include "netlink/xfrm.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include "netlink/message_builder.hpp"
#include "netlink/rtnl_messages.hpp"

namespace dsmip::netlink {

namespace {

std::uint8_t protocol_of(MobilityHeaderExtension extension) {
    return extension == MobilityHeaderExtension::home_address_option ? IPPROTO_DSTOPTS
                                                                     : IPPROTO_ROUTING;
}

xfrm_address_t to_xfrm(const wire::Ipv6Address& address) {
    xfrm_address_t result{};
    std::memcpy(&result, address.bytes.data(), address.bytes.size());
    return result;
}

std::string describe(std::string_view what, MobilityHeaderExtension extension,
                     const wire::Ipv6Address& destination) {
    return std::string(what) +
           (extension == MobilityHeaderExtension::home_address_option
                ? " Home Address options at "
                : " type 2 routing headers at ") +
           (destination.is_unspecified() ? std::string("any address")
                                         : wire::to_string(destination));
}

} // namespace

Xfrm::Xfrm(Socket socket)
    : socket_(std::move(socket)) {}

Result<Xfrm> Xfrm::open() {
    return Socket::open(NETLINK_XFRM).map([](Socket&& socket) { return Xfrm(std::move(socket)); });
}

Result<void> Xfrm::accept(MobilityHeaderExtension extension, const wire::Ipv6Address& destination,
                          IfExists if_exists) {
    const std::string request = describe("accept", extension, destination);
    if (if_exists == IfExists::replace) {
        return tl::unexpected(NetlinkError{
            .code = EINVAL, .text = "there is nothing in it to replace", .request = request});
    }
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, XFRM_MSG_NEWSA, add_flags(if_exists));
    xfrm_usersa_info state{};
    state.sel.family = AF_INET6;
    state.id.daddr = to_xfrm(destination);
    state.id.proto = protocol_of(extension);
    state.family = AF_INET6;
    state.mode = XFRM_MODE_ROUTEOPTIMIZATION;
    // Without this flag the kernel takes the source address :: for a real one.
    state.flags = XFRM_STATE_WILDRECV;
    state.lft.soft_byte_limit = XFRM_INF;
    state.lft.hard_byte_limit = XFRM_INF;
    state.lft.soft_packet_limit = XFRM_INF;
    state.lft.hard_packet_limit = XFRM_INF;
    builder.header(state);
    builder.put(XFRMA_COADDR, xfrm_address_t{});
    return tolerate_existing(socket_.transact(buffer.octets, request), if_exists);
}

Result<void> Xfrm::stop_accepting(MobilityHeaderExtension extension,
                                  const wire::Ipv6Address& destination, IfMissing if_missing) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, XFRM_MSG_DELSA, 0);
    xfrm_usersa_id id{};
    id.daddr = to_xfrm(destination);
    id.family = AF_INET6;
    id.proto = protocol_of(extension);
    builder.header(id);
    builder.put(XFRMA_SRCADDR, xfrm_address_t{});
    return tolerate_missing(
        socket_.transact(buffer.octets, describe("stop accepting", extension, destination)),
        if_missing);
}

} // namespace dsmip::netlink
