// SPDX-License-Identifier: GPL-2.0-or-later
// Hears that something may be gone of what a program has set on its host: a device, addresses,
// routes, policy rules, XFRM states. Only says what to look at; see rtnl.hpp for looking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netlink/error.hpp"
#include "netlink/rtnl.hpp"
#include "netlink/socket.hpp"

namespace dsmip::netlink {

/// Whose things they are.
struct HostOwner {
    std::uint32_t ifindex = 0; ///< of the device
    std::uint8_t protocol = 0; ///< RTPROT_* of routes
};

/// What to look at.
struct HostNews {
    /// The device or its addresses have changed, with which the kernel may take routes away without
    /// a message about each; or news were lost.
    bool everything = false;
    /// Some rule was removed.
    bool rules = false;
    /// An XFRM state or policy for Mobile IPv6 was removed, or all of them.
    bool xfrm = false;
    /// Routes of the owner that were removed, and those of anybody that took the place of another.
    std::vector<RouteSpec> routes{};

    [[nodiscard]] bool any() const { return everything || rules || xfrm || !routes.empty(); }
    void merge(HostNews&& other);
};

/// Takes in one message of rtnetlink. What cannot be understood counts as everything.
void note_route_news(HostNews& news, const HostOwner& owner, std::span<const std::byte> message);
/// The same for a message of XFRM.
void note_xfrm_news(HostNews& news, std::span<const std::byte> message);

class HostNewsSocket {
public:
    /// EPROTONOSUPPORT: the kernel has no XFRM user interface; EPERM: CAP_NET_ADMIN is missing.
    static Result<HostNewsSocket> open(const HostOwner& owner);

    /// Readable when there are news. Never block.
    [[nodiscard]] int route_fd() const { return route_.fd(); }
    [[nodiscard]] int xfrm_fd() const { return xfrm_.fd(); }

    /// All that waits. The loss of news (ENOBUFS) is no error, but counts as news of everything.
    Result<HostNews> read();
    /// Times that news were lost.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }

private:
    HostNewsSocket(Socket route, Socket xfrm, const HostOwner& owner);

    Socket route_;
    Socket xfrm_;
    HostOwner owner_;
    std::uint64_t lost_ = 0;
};

} // namespace dsmip::netlink
