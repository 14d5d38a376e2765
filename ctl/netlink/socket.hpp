// SPDX-License-Identifier: GPL-2.0-or-later
// A netlink socket: requests and their answers, and notifications. Knows nothing of any family.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/error.hpp"

struct mnl_socket;
struct nlmsghdr;

namespace dsmip::netlink {

/// What a complete answer to a dump was like.
enum class DumpState : std::uint8_t {
    complete,
    /// Something changed while the kernel wrote it (NLM_F_DUMP_INTR): ask again.
    interrupted,
};

/// Movable owner of a netlink socket with extended acknowledgements.
class Socket {
public:
    /// Called with each message of an answer, netlink header included.
    using Handler = std::function<void(std::span<const std::byte> message)>;

    /// `bus`: NETLINK_ROUTE, NETLINK_GENERIC or NETLINK_XFRM. A non-blocking socket is for
    /// notifications only.
    enum class Mode : std::uint8_t { blocking, non_blocking };
    static Result<Socket> open(int bus, Mode mode = Mode::blocking);

    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket();

    [[nodiscard]] int fd() const;

    /// Join a multicast group; EPERM without CAP_NET_ADMIN where the group wants it.
    Result<void> join(std::uint32_t group);

    /// Send the request at the front of `message` (sequence number and port are filled in) and read
    /// until its acknowledgement or the end of its dump. NLM_F_ACK is added unless it is a dump.
    Result<DumpState> transact(std::span<std::byte> message, std::string_view request,
                               const Handler& handler = {});

    /// Read one datagram of notifications and hand over each message. False: nothing to read.
    /// ENOBUFS: notifications were lost.
    Result<bool> receive(const Handler& handler);

private:
    explicit Socket(mnl_socket* socket);
    Result<std::size_t> read_datagram(std::string_view request);

    mnl_socket* socket_ = nullptr;
    std::uint32_t sequence_ = 0;
    std::vector<std::byte> buffer_;
};

} // namespace dsmip::netlink
