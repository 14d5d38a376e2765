// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel says of packets it dropped because of a Home Address option (XFRM_MSG_REPORT):
// those behind whose option no policy allows what came.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "netlink/error.hpp"
#include "netlink/socket.hpp"
#include "wire/address.hpp"

namespace dsmip::netlink {

struct XfrmReport {
    wire::Ipv6Address home_address; ///< in the option
    wire::Ipv6Address care_of;      ///< IPv6 source on the wire
    wire::Ipv6Address destination;
    std::uint8_t protocol = 0;      ///< behind the option
    std::uint8_t mobility_type = 0; ///< of a Mobility Header
    friend bool operator==(const XfrmReport&, const XfrmReport&) = default;
};

class XfrmReports {
public:
    /// EPERM without CAP_NET_ADMIN.
    static Result<XfrmReports> open();

    [[nodiscard]] int fd() const { return socket_.fd(); }
    /// What waits, at most some 64. Reports of other kinds are left out; what the socket could not
    /// hold is lost.
    std::vector<XfrmReport> read();

    /// One netlink message; adds nothing if it is none of these reports, or malformed.
    static void decode(std::span<const std::byte> message, std::vector<XfrmReport>& reports);

private:
    explicit XfrmReports(Socket socket);

    Socket socket_;
};

} // namespace dsmip::netlink
