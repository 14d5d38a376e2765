// SPDX-License-Identifier: GPL-2.0-or-later
// What a node that is back at home says to its neighbours.
#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include "wire/address.hpp"

namespace dsmip::daemon {

/// Tells all neighbours on an Ethernet link that the address is at this host: a Neighbor
/// Advertisement to all nodes with flag O (RFC 6275, 11.5.5), or a gratuitous ARP request. They
/// would else send to the home agent, which answered for the address before. Nothing is said on a
/// link of another kind. The error names the step that failed.
tl::expected<void, std::string> announce_home_address(const std::string& link_name,
                                                      std::uint32_t ifindex,
                                                      const wire::IpAddress& address);

} // namespace dsmip::daemon
