// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to the netlink library: what the files about rtnetlink share.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include "netlink/attributes.hpp"
#include "netlink/rtnl.hpp"
#include "wire/address.hpp"

namespace dsmip::netlink {

/// Room for any single request of this library but batches.
struct RequestBuffer {
    alignas(nlmsghdr) std::array<std::byte, 1024> octets{};
};

inline std::uint8_t address_family(const wire::IpAddress& address) {
    return address.is_ipv4() ? AF_INET : AF_INET6;
}

/// Of RTM_NEWROUTE or RTM_DELROUTE.
Decoded<RouteSpec> read_route_spec(Octets octets);

/// The flags of a request that adds something.
inline std::uint16_t add_flags(IfExists if_exists) {
    return static_cast<std::uint16_t>(
        NLM_F_CREATE | (if_exists == IfExists::replace ? NLM_F_REPLACE : NLM_F_EXCL));
}

inline Result<void> tolerate_existing(Result<DumpState> result, IfExists if_exists) {
    if (!result && !(result.error().code == EEXIST && if_exists == IfExists::accept)) {
        return tl::unexpected(result.error());
    }
    return {};
}

inline Result<void> tolerate_missing(Result<DumpState> result, IfMissing if_missing) {
    if (result) {
        return {};
    }
    const int code = result.error().code;
    const bool missing = code == ENOENT || code == ESRCH || code == EADDRNOTAVAIL || code == ENODEV;
    if (missing && if_missing == IfMissing::accept) {
        return {};
    }
    return tl::unexpected(result.error());
}

} // namespace dsmip::netlink
