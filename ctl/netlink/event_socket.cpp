// SPDX-License-Identifier: GPL-2.0-or-later
// Events of the family "dsmip".
#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/netlink.h>

#include "netlink/attributes.hpp"
#include "netlink/client.hpp"

namespace dsmip::netlink {

EventSocket::EventSocket(Socket socket, FamilyId family)
    : socket_(std::move(socket))
    , family_(family) {}

Result<EventSocket> EventSocket::open() {
    // The family is asked for over a socket that may wait for the answer.
    auto requests = Socket::open(NETLINK_GENERIC);
    if (!requests) {
        return tl::unexpected(requests.error());
    }
    auto family = resolve_family(*requests);
    if (!family) {
        return tl::unexpected(family.error());
    }
    auto socket = Socket::open(NETLINK_GENERIC, Socket::Mode::non_blocking);
    if (!socket) {
        return tl::unexpected(socket.error());
    }
    if (auto joined = socket->join(family->events_group); !joined) {
        return tl::unexpected(joined.error());
    }
    return EventSocket(std::move(*socket), *family);
}

Result<std::optional<Message>> EventSocket::next() {
    if (waiting_.empty()) {
        auto got = socket_.receive([&](Octets octets) {
            nlmsghdr header{};
            std::memcpy(&header, octets.data(), sizeof(header));
            if (header.nlmsg_type != family_.id) {
                return;
            }
            waiting_.push_back(decode(octets).map_error([](const DecodeError& error) {
                return NetlinkError{
                    .code = EPROTO, .text = error.message, .request = "read an event"};
            }));
        });
        if (!got) {
            return tl::unexpected(got.error());
        }
        std::reverse(waiting_.begin(), waiting_.end());
    }
    if (waiting_.empty()) {
        return std::optional<Message>{};
    }
    Result<Message> event = std::move(waiting_.back());
    waiting_.pop_back();
    return event.map([](Message& message) { return std::optional(std::move(message)); });
}

} // namespace dsmip::netlink
