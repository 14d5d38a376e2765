// SPDX-License-Identifier: GPL-2.0-or-later
// Sending of Router Solicitations by a raw socket; the kernel fills in source and checksum.
#include "daemon/router_solicitation.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dsmip::daemon {

namespace {

constexpr int hop_limit = 255; // what receivers insist on (RFC 4861, 6.1.1)

tl::unexpected<std::string> failure(std::string_view step, std::uint32_t ifindex) {
    return tl::make_unexpected(fmt::format("router solicitation on interface {}: {}: {}", ifindex,
                                           step, std::strerror(errno)));
}

} // namespace

tl::expected<void, std::string> solicit_routers(std::uint32_t ifindex) {
    const int fd = ::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6);
    if (fd < 0) {
        return failure("socket", ifindex);
    }
    nd_router_solicit message{};
    message.nd_rs_type = ND_ROUTER_SOLICIT;
    sockaddr_in6 all_routers{};
    all_routers.sin6_family = AF_INET6;
    all_routers.sin6_addr.s6_addr[0] = 0xff;
    all_routers.sin6_addr.s6_addr[1] = 0x02;
    all_routers.sin6_addr.s6_addr[15] = 0x02;
    all_routers.sin6_scope_id = ifindex;
    // Nothing is to be read.
    icmp6_filter nothing{};
    ICMP6_FILTER_SETBLOCKALL(&nothing);
    tl::expected<void, std::string> result;
    if (::setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &nothing, sizeof nothing) != 0 ||
        ::setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hop_limit, sizeof hop_limit) != 0) {
        result = failure("setsockopt", ifindex);
    } else if (::sendto(fd, &message, sizeof message, 0,
                        reinterpret_cast<const sockaddr*>(&all_routers), // NOLINT: API of sockets
                        sizeof all_routers) < 0) {
        result = failure("send", ifindex);
    }
    ::close(fd);
    return result;
}

} // namespace dsmip::daemon
