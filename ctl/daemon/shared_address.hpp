// SPDX-License-Identifier: GPL-2.0-or-later
// An IPv4 home address that is the private address of an access, too. Pure.
#pragma once

#include <vector>

#include "mobility/mobile_node.hpp"
#include "netlink/network_state.hpp"
#include "netlink/rtnl.hpp"

namespace dsmip::daemon {

/// Packets from the home address go into the tunnel. Of those from the same address of an access
/// some belong on the access all the same, and these rules lead them there: UDP to the home agents,
/// which is the tunnel itself, and all that is for the default routers of that access. Without them
/// strict reverse path filtering (RFC 3704) also drops what comes from there, ARP included.
/// Nothing if no candidate has the address.
std::vector<netlink::RuleSpec> shared_address_rules(
    const netlink::NetworkState& state, const std::vector<mobility::CareOfCandidate>& candidates,
    const wire::Ipv4Address& home_address4, const std::vector<wire::Ipv4Address>& home_agents4);

} // namespace dsmip::daemon
