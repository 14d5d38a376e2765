// SPDX-License-Identifier: GPL-2.0-or-later
// The interface or VRF that the outer packets of the device belong to.
#pragma once

#include <string>

#include "netlink/network_state.hpp"

namespace dsmip::daemon {

/// Whether packets that come and leave by a link are those of the underlay of this name (empty = no
/// VRF). The rule of the module, but for net.ipv4.udp_l3mdev_accept.
bool is_in_underlay(const netlink::NetworkState& state, const netlink::Link& link,
                    const std::string& underlay);

} // namespace dsmip::daemon
