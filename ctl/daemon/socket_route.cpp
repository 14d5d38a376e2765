// SPDX-License-Identifier: GPL-2.0-or-later
// From the route of a message to addresses, headers and mark.
#include "daemon/socket_route.hpp"

#include <variant>

namespace dsmip::daemon {

SocketRoute socket_route(const mobility::SendMessage& message) {
    SocketRoute route{message.destination, {}};
    route.ancillary.source = message.source;
    if (const auto* answer = std::get_if<mobility::AnswerPath>(&message.route)) {
        route.ancillary.mark = answer->cookie;
    }
    const auto* native = std::get_if<mobility::NativeIpv6>(&message.route);
    if (native == nullptr) {
        return route;
    }
    route.ancillary.source = native->wire_source;
    route.ancillary.link = native->link;
    if (native->home_address_option) {
        route.ancillary.home_address_option = message.source;
    }
    if (native->routing_header) {
        route.ancillary.routing_header = native->wire_destination;
    } else {
        route.destination = native->wire_destination;
    }
    return route;
}

} // namespace dsmip::daemon
