// SPDX-License-Identifier: GPL-2.0-or-later
// The XFRM states without which the kernel drops Mobile IPv6 headers: Home Address options at a
// home agent (RFC 6275, 6.3) and type 2 routing headers at a mobile node (RFC 6275, 6.4).
#pragma once

#include <cstdint>

#include "netlink/error.hpp"
#include "netlink/rtnl.hpp"
#include "netlink/socket.hpp"
#include "wire/address.hpp"

namespace dsmip::netlink {

/// Which header a state lets in.
enum class MobilityHeaderExtension : std::uint8_t {
    home_address_option,  ///< proto hao
    type2_routing_header, ///< proto route2
};

/// Adds and removes a "wild receive" state (any source, any care-of address) and the sub-policies
/// for what comes in behind it: the state lets the header through, a policy the message. Binding
/// Updates with a Home Address option, Mobility Header messages of all types and Mobile Prefix
/// Advertisements with a type 2 routing header come in then; other protocols behind these headers
/// stay out (RFC 6275, 9.3.1: not without a binding), but for ICMPv6 of any type behind a routing
/// header on Linux 6.1, which does not find the type, and for Mobility Headers of any type behind a
/// Home Address option on Linux 6.8 and later, which do not look for it. They only admit; whether a
/// message is believed is the business of its receiver. IPsec policies stay in force beside them.
/// Nothing changes for outgoing packets.
class Xfrm {
public:
    /// EPROTONOSUPPORT: the kernel has no XFRM user interface.
    static Result<Xfrm> open();

    /// `destination`: the home agent's own address for Home Address options, the home address for
    /// type 2 routing headers; unspecified = any. IfExists::replace is not possible (EINVAL).
    /// EPROTONOSUPPORT: the kernel lacks Mobile IPv6 (CONFIG_IPV6_MIP6); EINVAL: it lacks
    /// sub-policies (CONFIG_XFRM_SUB_POLICY).
    Result<void> accept(MobilityHeaderExtension extension, const wire::Ipv6Address& destination,
                        IfExists if_exists = IfExists::fail);
    /// Makes of that what is not there any more. True: something was missing.
    Result<bool> restore(MobilityHeaderExtension extension, const wire::Ipv6Address& destination);
    Result<void> stop_accepting(MobilityHeaderExtension extension,
                                const wire::Ipv6Address& destination,
                                IfMissing if_missing = IfMissing::fail);

private:
    explicit Xfrm(Socket socket);

    Socket socket_;
};

} // namespace dsmip::netlink
