// SPDX-License-Identifier: GPL-2.0-or-later
// Which addresses of the host may serve as care-of addresses now. Pure.
#pragma once

#include <string>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "netlink/network_state.hpp"

namespace dsmip::daemon {

/// What is never a care-of address.
struct NoCareOf {
    std::uint32_t tunnel_device = 0; ///< the dsmip device itself
    std::vector<wire::Ipv6Address> home_addresses;
    /// Interface or VRF: what is on no link of it; empty: what is in a VRF.
    std::string underlay = {};
};

/// Every address of global scope that can be a care-of address (mobility::can_be_care_of) and is
/// past duplicate address detection, on links that are up and have carrier; of each link deprecated
/// ones last, IPv6 before IPv4 and stable before temporary addresses (RFC 8981), else in the order
/// of the kernel. The IPv4 home address is none of them on the tunnel device only: a private
/// address can be that of an access as well.
std::vector<mobility::CareOfCandidate> care_of_candidates(const netlink::NetworkState& state,
                                                          const NoCareOf& excluded);

} // namespace dsmip::daemon
