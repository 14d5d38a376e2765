// SPDX-License-Identifier: GPL-2.0-or-later
// Netlink socket on top of libmnl.
#include "netlink/socket.hpp"

#include <cerrno>
#include <optional>
#include <utility>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "netlink/attributes.hpp"

namespace dsmip::netlink {

namespace {

// Longer than any answer to a dump the kernel writes into one datagram (32 KiB).
constexpr std::size_t datagram_size_max = std::size_t{64} * 1024;
// A kernel that does not answer is a bug; waiting for ever would hide it.
constexpr timeval answer_timeout{.tv_sec = 5, .tv_usec = 0};
// Room for bursts of notifications, e.g. thousands of bindings that expire together.
constexpr int notification_buffer = 4 * 1024 * 1024;

NetlinkError error_from_errno(std::string_view request) {
    const int code = errno == EAGAIN ? ETIMEDOUT : errno;
    return {.code = code, .text = {}, .request = std::string(request)};
}

void set_option(mnl_socket* socket, int option) {
    int on = 1;
    // An old kernel without the option only explains less.
    (void)mnl_socket_setsockopt(socket, option, &on, sizeof(on));
}

/// The text of an extended acknowledgement; `octets` is the whole message.
std::string extended_text(Octets octets, const nlmsghdr& header) {
    if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) {
        return {};
    }
    // The end of a dump carries an errno, an acknowledgement that and the request.
    std::size_t skip = MNL_ALIGN(sizeof(nlmsghdr)) + sizeof(int);
    if (header.nlmsg_type == NLMSG_ERROR) {
        nlmsgerr error{};
        skip = MNL_ALIGN(sizeof(nlmsghdr)) + sizeof(error);
        if (octets.size() < skip) {
            return {};
        }
        std::memcpy(&error, octets.data() + MNL_ALIGN(sizeof(nlmsghdr)), sizeof(error));
        if ((header.nlmsg_flags & NLM_F_CAPPED) == 0 && error.msg.nlmsg_len > sizeof(nlmsghdr)) {
            skip += MNL_ALIGN(error.msg.nlmsg_len - sizeof(nlmsghdr));
        }
    }
    if (skip > octets.size()) {
        return {};
    }
    std::string text;
    (void)for_each_attribute(octets.subspan(skip), "acknowledgement",
                             [&](const Attribute& attribute) -> Decoded<void> {
                                 if (attribute.type == NLMSGERR_ATTR_MSG) {
                                     text = read_text(attribute);
                                 }
                                 return {};
                             });
    return text;
}

/// Call `handler(header, octets)` for each message of a datagram.
template<class Handler>
void for_each_message(Octets datagram, Handler&& handler) {
    nlmsghdr header{};
    while (datagram.size() >= sizeof(header)) {
        std::memcpy(&header, datagram.data(), sizeof(header));
        if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size()) {
            return;
        }
        handler(header, datagram.first(header.nlmsg_len));
        const std::size_t step = MNL_ALIGN(header.nlmsg_len);
        datagram = datagram.subspan(step < datagram.size() ? step : datagram.size());
    }
}

/// The errno of NLMSG_ERROR or NLMSG_DONE; 0 = success.
int carried_error(Octets octets) {
    int error = 0;
    if (octets.size() >= MNL_ALIGN(sizeof(nlmsghdr)) + sizeof(error)) {
        std::memcpy(&error, octets.data() + MNL_ALIGN(sizeof(nlmsghdr)), sizeof(error));
    }
    return error < 0 ? -error : error;
}

} // namespace

Socket::Socket(mnl_socket* socket)
    : socket_(socket)
    , buffer_(datagram_size_max) {}

Socket::Socket(Socket&& other) noexcept
    : socket_(std::exchange(other.socket_, nullptr))
    , sequence_(other.sequence_)
    , buffer_(std::move(other.buffer_)) {}

Socket& Socket::operator=(Socket&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(sequence_, other.sequence_);
    std::swap(buffer_, other.buffer_);
    return *this;
}

Socket::~Socket() {
    if (socket_ != nullptr) {
        mnl_socket_close(socket_);
    }
}

Result<Socket> Socket::open(int bus, Mode mode) {
    const int flags = SOCK_CLOEXEC | (mode == Mode::non_blocking ? SOCK_NONBLOCK : 0);
    mnl_socket* raw = mnl_socket_open2(bus, flags);
    if (raw == nullptr) {
        return tl::unexpected(error_from_errno("open a netlink socket"));
    }
    Socket socket(raw);
    if (mnl_socket_bind(raw, 0, MNL_SOCKET_AUTOPID) < 0) {
        return tl::unexpected(error_from_errno("bind a netlink socket"));
    }
    set_option(raw, NETLINK_EXT_ACK);
    set_option(raw, NETLINK_CAP_ACK);
    set_option(raw, NETLINK_GET_STRICT_CHK);
    if (mode == Mode::blocking) {
        (void)setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &answer_timeout,
                         sizeof(answer_timeout));
    } else if (setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUFFORCE, &notification_buffer,
                          sizeof(notification_buffer)) < 0) {
        // Without CAP_NET_ADMIN up to net.core.rmem_max.
        (void)setsockopt(socket.fd(), SOL_SOCKET, SO_RCVBUF, &notification_buffer,
                         sizeof(notification_buffer));
    }
    return socket;
}

int Socket::fd() const {
    return mnl_socket_get_fd(socket_);
}

Result<void> Socket::join(std::uint32_t group) {
    if (mnl_socket_setsockopt(socket_, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
        return tl::unexpected(error_from_errno("join netlink group " + std::to_string(group)));
    }
    return {};
}

Result<std::size_t> Socket::read_datagram(std::string_view request) {
    for (;;) {
        const ssize_t length = mnl_socket_recvfrom(socket_, buffer_.data(), buffer_.size());
        if (length >= 0) {
            return static_cast<std::size_t>(length);
        }
        if (errno != EINTR) {
            return tl::unexpected(error_from_errno(request));
        }
    }
}

Result<DumpState> Socket::transact(std::span<std::byte> message, std::string_view request,
                                   const Handler& handler) {
    auto* sent = reinterpret_cast<nlmsghdr*>(message.data());
    const bool is_dump = (sent->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    sent->nlmsg_flags |= static_cast<std::uint16_t>(NLM_F_REQUEST | (is_dump ? 0 : NLM_F_ACK));
    sent->nlmsg_seq = ++sequence_;
    sent->nlmsg_pid = mnl_socket_get_portid(socket_);
    if (mnl_socket_sendto(socket_, sent, sent->nlmsg_len) < 0) {
        return tl::unexpected(error_from_errno(request));
    }

    DumpState state = DumpState::complete;
    std::optional<NetlinkError> failure;
    bool finished = false;
    while (!finished) {
        auto length = read_datagram(request);
        if (!length) {
            return tl::unexpected(length.error());
        }
        for_each_message(
            Octets(buffer_).first(*length), [&](const nlmsghdr& header, Octets octets) {
                // What is left of an answer that was given up earlier.
                if (finished || header.nlmsg_seq != sequence_) {
                    return;
                }
                if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) {
                    state = DumpState::interrupted;
                }
                if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
                    finished = true;
                    if (const int code = carried_error(octets); code != 0) {
                        failure = NetlinkError{.code = code,
                                               .text = extended_text(octets, header),
                                               .request = std::string(request)};
                    }
                } else if (header.nlmsg_type >= NLMSG_MIN_TYPE && handler) {
                    handler(octets);
                }
            });
    }
    if (failure) {
        return tl::unexpected(*failure);
    }
    return state;
}

Result<bool> Socket::receive(const Handler& handler) {
    auto length = read_datagram("read notifications");
    if (!length) {
        if (length.error().code == ETIMEDOUT) { // EAGAIN of a non-blocking socket
            return false;
        }
        return tl::unexpected(length.error());
    }
    for_each_message(Octets(buffer_).first(*length), [&](const nlmsghdr& header, Octets octets) {
        if (header.nlmsg_type >= NLMSG_MIN_TYPE) {
            handler(octets);
        }
    });
    return true;
}

} // namespace dsmip::netlink
