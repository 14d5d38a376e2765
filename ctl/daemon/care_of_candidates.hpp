// SPDX-License-Identifier: GPL-2.0-or-later
// Which addresses of the host may serve as care-of addresses now. Pure.
#pragma once

#include <vector>

#include "mobility/mobile_node.hpp"
#include "netlink/network_state.hpp"

namespace dsmip::daemon {

/// What is never a care-of address.
struct NoCareOf {
    std::uint32_t tunnel_device = 0; ///< the dsmip device itself
    std::vector<wire::IpAddress> home_addresses;
};

/// Every unicast address of global scope that is past duplicate address detection and not
/// deprecated, on links that are up and have carrier; of each link IPv6 before IPv4 and stable
/// before temporary addresses (RFC 8981), else in the order of the kernel.
std::vector<mobility::CareOfCandidate> care_of_candidates(const netlink::NetworkState& state,
                                                          const NoCareOf& excluded);

} // namespace dsmip::daemon
