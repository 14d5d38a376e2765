// SPDX-License-Identifier: GPL-2.0-or-later
// How a message of an engine is handed to a raw socket.
#pragma once

#include "daemon/ancillary_data.hpp"
#include "mobility/types.hpp"
#include "wire/address.hpp"

namespace dsmip::daemon {

struct SocketRoute {
    wire::Ipv6Address destination;
    SentAncillary ancillary;
};

/// Complete but for a message over a new UDP path, whose mark is the cookie that the kernel gives.
SocketRoute socket_route(const mobility::SendMessage& message);

} // namespace dsmip::daemon
