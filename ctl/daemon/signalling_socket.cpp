// SPDX-License-Identifier: GPL-2.0-or-later
// Raw sockets for Mobility Headers and ICMPv6.
#include "daemon/signalling_socket.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <array>

#include <fmt/format.h>
#include <linux/dsmip.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dsmip::daemon {

namespace {

constexpr int mobility_header_protocol = 135;

struct Option {
    int level;
    int name;
    int value;
    std::string_view text;
};

constexpr auto options = std::to_array<Option>({
    // The codec computes and verifies the checksum: with a Home Address option or routing header
    // the addresses of the pseudo-header are not those the kernel would take.
    // At this level, since the other one does not take it for ICMPv6.
    {IPPROTO_RAW, IPV6_CHECKSUM, -1, "IPV6_CHECKSUM"},
    {IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO"},
    {IPPROTO_IPV6, IPV6_RECVDSTOPTS, 1, "IPV6_RECVDSTOPTS"},
    {IPPROTO_IPV6, IPV6_RECVRTHDR, 1, "IPV6_RECVRTHDR"},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT"},
    {SOL_SOCKET, SO_RCVMARK, 1, "SO_RCVMARK (Linux 5.19)"},
    // The care-of address of a Binding Update may have left the host a moment ago.
    {IPPROTO_IPV6, IPV6_FREEBIND, 1, "IPV6_FREEBIND"},
});

// Room for others in a flood of messages that are soon dropped. Of those with a path cookie far
// less must wait than the 8192 that the kernel remembers, or nothing read is answered any more. Of
// neither so much that what waits is answered after its sender has given up.
constexpr int tunnel_queue = 1024 * 1024;
constexpr int plain_queue = 2 * 1024 * 1024;

/// Lets in what has a path cookie for a mark, or what has none.
bool set_filter(int fd, Passage passage) {
    const std::uint8_t with_cookie = passage == Passage::tunnel ? 0 : 1;
    constexpr std::uint32_t all = 0xFFFFFFFF;
    std::array filter{
        sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                             static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_MARK)),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, DSMIP_COOKIE_FLAG, with_cookie,
                             static_cast<std::uint8_t>(1 - with_cookie)),
        sock_filter BPF_STMT(BPF_RET | BPF_K, all),
        sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const sock_fprog program{filter.size(), filter.data()};
    if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
        return false;
    }
    // What came in before that may be for the other socket, which has it as well.
    std::uint8_t octet = 0;
    while (::recv(fd, &octet, sizeof octet, MSG_TRUNC) >= 0) {
    }
    return true;
}

} // namespace

tl::expected<SignallingSocket, std::string>
SignallingSocket::open(int protocol, std::string_view what, std::optional<Passage> passage) {
    const int fd = ::socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) {
        return tl::make_unexpected(
            fmt::format("raw socket for {}: {}{}", what, std::strerror(errno),
                        errno == EPERM ? "; the daemon needs CAP_NET_RAW and CAP_NET_ADMIN" : ""));
    }
    SignallingSocket socket(fd);
    const auto failed = [&](std::string_view step) {
        return tl::make_unexpected(
            fmt::format("raw socket for {}, {}: {}", what, step, std::strerror(errno)));
    };
    if (passage && !set_filter(fd, *passage)) {
        return failed("SO_ATTACH_FILTER");
    }
    const int queue = passage == Passage::tunnel ? tunnel_queue : plain_queue;
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof queue) != 0) {
        return failed("SO_RCVBUFFORCE");
    }
    for (const auto& option : options) {
        if (::setsockopt(fd, option.level, option.name, &option.value, sizeof option.value) != 0) {
            return failed(option.text);
        }
    }
    return socket;
}

tl::expected<SignallingSocket, std::string> SignallingSocket::open(Passage passage) {
    return open(mobility_header_protocol, "Mobility Headers", passage);
}

tl::expected<SignallingSocket, std::string>
SignallingSocket::open_icmpv6(std::span<const std::uint8_t> types) {
    auto socket = open(IPPROTO_ICMPV6, "ICMPv6", std::nullopt);
    if (!socket) {
        return socket;
    }
    icmp6_filter filter{};
    ICMP6_FILTER_SETBLOCKALL(&filter);
    for (const auto type : types) {
        ICMP6_FILTER_SETPASS(type, &filter);
    }
    if (::setsockopt(socket->fd(), IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) != 0) {
        return tl::make_unexpected(
            fmt::format("raw socket for ICMPv6, ICMP6_FILTER: {}", std::strerror(errno)));
    }
    return socket;
}

/// What recvmmsg fills.
struct SignallingSocket::Batch {
    static constexpr std::size_t size = 32;
    struct Slot {
        sockaddr_in6 from{};
        // One octet more than the longest message, so that a longer one is seen to be.
        std::array<std::uint8_t, wire::max_mobility_header_length + 1> octets{};
        alignas(std::size_t) std::array<std::byte, 4096> control{};
        iovec data{};
    };
    std::array<Slot, size> slots{};
    std::array<mmsghdr, size> headers{};

    void prepare() {
        for (std::size_t index = 0; index < size; ++index) {
            auto& slot = slots.at(index);
            slot.data = {slot.octets.data(), slot.octets.size()};
            auto& header = headers.at(index).msg_hdr;
            header = {};
            header.msg_name = &slot.from;
            header.msg_namelen = sizeof slot.from;
            header.msg_iov = &slot.data;
            header.msg_iovlen = 1;
            header.msg_control = slot.control.data();
            header.msg_controllen = slot.control.size();
        }
    }
};

SignallingSocket::SignallingSocket(int fd)
    : fd_(fd)
    , batch_(std::make_unique<Batch>()) {}

SignallingSocket::SignallingSocket(SignallingSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1))
    , mark_(other.mark_)
    , batch_(std::move(other.batch_))
    , taken_(std::exchange(other.taken_, 0))
    , next_(std::exchange(other.next_, 0)) {}

SignallingSocket::~SignallingSocket() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

tl::expected<std::optional<SignallingDatagram>, std::string_view> SignallingSocket::receive() {
    if (!has_more()) {
        batch_->prepare();
        const int count = ::recvmmsg(fd_, batch_->headers.data(), Batch::size, 0, nullptr);
        if (count < 0) {
            if (errno == EAGAIN || errno == EINTR) {
                return std::nullopt;
            }
            return tl::make_unexpected(std::string_view("socket_error"));
        }
        taken_ = static_cast<std::size_t>(count);
        next_ = 0;
    }
    const auto& slot = batch_->slots.at(next_);
    const auto& header = batch_->headers.at(next_);
    ++next_;
    const auto& message = header.msg_hdr;
    if ((message.msg_flags & MSG_TRUNC) != 0) {
        return tl::make_unexpected(std::string_view("mh_overlong"));
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0) {
        return tl::make_unexpected(std::string_view("control_truncated"));
    }
    auto ancillary = read_ancillary({slot.control.data(), message.msg_controllen});
    if (!ancillary) {
        return tl::make_unexpected(ancillary.error());
    }
    if (!ancillary->destination) {
        return tl::make_unexpected(std::string_view("control_malformed"));
    }
    SignallingDatagram datagram;
    std::memcpy(datagram.source.bytes.data(), &slot.from.sin6_addr, sizeof slot.from.sin6_addr);
    datagram.ancillary = *ancillary;
    datagram.octets = {slot.octets.data(), header.msg_len};
    return datagram;
}

std::uint64_t SignallingSocket::overflows() const {
    std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
    socklen_t size = sizeof values;
    if (::getsockopt(fd_, SOL_SOCKET, SO_MEMINFO, values.data(), &size) != 0) {
        return 0;
    }
    return values[SK_MEMINFO_DROPS];
}

tl::expected<void, std::string> SignallingSocket::bind_to(std::uint32_t ifindex) {
    const int index = static_cast<int>(ifindex);
    if (::setsockopt(fd_, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof index) != 0) {
        return tl::make_unexpected(
            fmt::format("raw socket, SO_BINDTOIFINDEX {}: {}", ifindex, std::strerror(errno)));
    }
    return {};
}

tl::expected<void, std::string> SignallingSocket::send(std::span<const std::uint8_t> octets,
                                                       const wire::Ipv6Address& destination,
                                                       const SentAncillary& ancillary) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, destination.bytes.data(), sizeof to.sin6_addr);
    // The mark of a single message is lost where rules of the host write marks; the module finds
    // that of the socket.
    if (ancillary.mark != mark_) {
        if (::setsockopt(fd_, SOL_SOCKET, SO_MARK, &ancillary.mark, sizeof ancillary.mark) != 0) {
            return tl::make_unexpected(
                fmt::format("SO_MARK {:#x}: {}", ancillary.mark, std::strerror(errno)));
        }
        mark_ = ancillary.mark;
    }
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
