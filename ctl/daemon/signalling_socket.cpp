// SPDX-License-Identifier: GPL-2.0-or-later
// Raw socket for Mobility Headers.
#include "daemon/signalling_socket.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dsmip::daemon {

namespace {

constexpr int mobility_header_protocol = 135;
// Linux 5.19; the C library of Debian 12 has it, older headers may not.
#ifndef SO_RCVMARK
constexpr int SO_RCVMARK = 75;
#endif

struct Option {
    int level;
    int name;
    int value;
    std::string_view text;
};

constexpr auto options = std::to_array<Option>({
    // The codec computes and verifies the checksum: with a Home Address option or routing header
    // the addresses of the pseudo-header are not those the kernel would take.
    {IPPROTO_IPV6, IPV6_CHECKSUM, -1, "IPV6_CHECKSUM"},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"},
    {IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1, "IPV6_RECVDSTOPTS"},
    {IPPROTO_IPV6, IPV6_RECVRTHDR, 1, "IPV6_RECVRTHDR"},
    {SOL_SOCKET, SO_RCVMARK, 1, "SO_RCVMARK (Linux 5.19)"},
    // Room for others in a flood of messages that are soon dropped; but what waits must be far less
    // than the 8192 path cookies that the kernel remembers, or nothing read is answered any more.
    {SOL_SOCKET, SO_RCVBUFFORCE, 512 * 1024, "SO_RCVBUFFORCE"},
    // The care-of address of a Binding Update may have left the host a moment ago.
    {IPPROTO_IPV6, IPV6_FREEBIND, 1, "IPV6_FREEBIND"},
});

} // namespace

tl::expected<SignallingSocket, std::string> SignallingSocket::open() {
    const int fd =
        ::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, mobility_header_protocol);
    if (fd < 0) {
        return tl::make_unexpected(
            fmt::format("raw socket for Mobility Headers: {}{}", std::strerror(errno),
                        errno == EPERM ? "; the daemon needs CAP_NET_RAW and CAP_NET_ADMIN" : ""));
    }
    SignallingSocket socket(fd);
    for (const auto& option : options) {
        if (::setsockopt(fd, option.level, option.name, &option.value, sizeof option.value) != 0) {
            return tl::make_unexpected(fmt::format("raw socket for Mobility Headers, {}: {}",
                                                   option.text, std::strerror(errno)));
        }
    }
    return socket;
}

SignallingSocket::SignallingSocket(SignallingSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

SignallingSocket::~SignallingSocket() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

tl::expected<std::optional<SignallingDatagram>, std::string_view> SignallingSocket::receive() {
    sockaddr_in6 from{};
    iovec data{buffer_.data(), buffer_.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control_.data();
    message.msg_controllen = control_.size();
    const auto length = ::recvmsg(fd_, &message, 0);
    if (length < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            return std::nullopt;
        }
        return tl::make_unexpected(std::string_view("socket_error"));
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) {
        return tl::make_unexpected(std::string_view("mh_overlong"));
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        return tl::make_unexpected(std::string_view("control_truncated"));
    }
    auto ancillary = read_ancillary({control_.data(), message.msg_controllen});
    if (!ancillary) {
        return tl::make_unexpected(ancillary.error());
    }
    if (!ancillary->destination) {
        return tl::make_unexpected(std::string_view("control_malformed"));
    }
    SignallingDatagram datagram;
    std::memcpy(datagram.source.bytes.data(), &from.sin6_addr, sizeof from.sin6_addr);
    datagram.ancillary = *ancillary;
    datagram.octets = {buffer_.data(), static_cast<std::size_t>(length)};
    return datagram;
}

tl::expected<void, std::string> SignallingSocket::send(std::span<const std::uint8_t> octets,
                                                       const wire::Ipv6Address& destination,
                                                       const SentAncillary& ancillary) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, destination.bytes.data(), sizeof to.sin6_addr);
    ControlBuffer control(ancillary);
    // sendmsg does not write to what it sends.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    iovec data{const_cast<std::uint8_t*>(octets.data()), octets.size()};
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = sizeof to;
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    if (!control.octets().empty()) {
        message.msg_control = control.octets().data();
        message.msg_controllen = control.octets().size();
    }
    if (::sendmsg(fd_, &message, 0) < 0) {
        return tl::make_unexpected(
            fmt::format("to {}: {}", wire::to_string(destination), std::strerror(errno)));
    }
    return {};
}

} // namespace dsmip::daemon
