// SPDX-License-Identifier: GPL-2.0-or-later
// What a Binding Acknowledgement means for a mobile node (RFC 6275, 11.7.3;
// RFC 5555, 4.4.2; RFC 5648, 5.7).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "mobility/mobile_node_exchange.hpp"
#include "mobility/types.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

// The tunnel that an accepted Binding Update leads to.
struct TunnelFormat {
    Encapsulation encapsulation = Encapsulation::direct;
    bool nat = false;
    bool forced_udp = false;
    std::optional<Duration> keepalive; // time between Binding Updates
};

// The UDP decision is by flag F and refresh time of the NAT Detection option: all
// ones without F means no NAT, hence IP-in-IP; any other combination means UDP.
TunnelFormat tunnel_format(const MobileNodeConfig& config, const SentUpdate& sent,
                           const wire::IpAddress& care_of,
                           const wire::BindingAcknowledgement& acknowledgement);

// The status that counts for one binding: that of its Binding Identifier option
// if it is not zero, else that of the message.  Nothing if the message has such
// options, but none for this BID.
std::optional<wire::BindingStatus>
effective_status(const wire::BindingAcknowledgement& acknowledgement, std::uint16_t bid);

// End of the binding: counted from the moment the Binding Update left, shortened
// by what the home agent cut off (RFC 6275, 11.7.3).
TimePoint binding_expiry(const SentUpdate& sent,
                         const wire::BindingAcknowledgement& acknowledgement);

// When to send the next Binding Update: well before `expiry`, as the home agent
// advises, or for the NAT; never within a second.
TimePoint next_update(TimePoint now, TimePoint expiry, const SentUpdate& sent,
                      const std::optional<Duration>& keepalive,
                      const wire::BindingAcknowledgement& acknowledgement);

} // namespace dsmip::mobility
