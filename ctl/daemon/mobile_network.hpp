// SPDX-License-Identifier: GPL-2.0-or-later
// Policy rules and routes for the network behind a mobile router: from it into the tunnel, to it as
// the host routes, and never round in circles (RFC 3963, 5.6).
#pragma once

#include "daemon/host_network.hpp"
#include "netlink/dsmip_family.hpp"

namespace dsmip::daemon {

/// The home agent forwards the prefix from now on. May be called again.
HostNetwork::Outcome route_mobile_network(HostNetwork& host, const netlink::Prefix& prefix);
/// It does no longer.
HostNetwork::Outcome unroute_mobile_network(HostNetwork& host, const netlink::Prefix& prefix);

} // namespace dsmip::daemon
