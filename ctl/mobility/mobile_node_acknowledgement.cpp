// SPDX-License-Identifier: GPL-2.0-or-later
// Reading of Binding Acknowledgements.
#include "mobility/mobile_node_acknowledgement.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

using std::chrono::seconds;

// Time enough for six messages with back-off: 1 + 2 + 4 + 8 + 16 + 32 s.
constexpr Duration refresh_margin = seconds(64);
constexpr Duration shortest_interval = seconds(1);

Encapsulation udp_encapsulation(bool tlv, wire::Dialect dialect) {
    if (!tlv) {
        return Encapsulation::udp;
    }
    return dialect == wire::Dialect::Draft ? Encapsulation::udp_tlv_draft : Encapsulation::udp_tlv;
}

} // namespace

TunnelFormat tunnel_format(const MobileNodeConfig& config, const SentUpdate& sent,
                           const wire::IpAddress& care_of,
                           const wire::BindingAcknowledgement& acknowledgement) {
    TunnelFormat format;
    if (care_of.is_ipv6()) {
        return format; // no UDP on an IPv6 link (RFC 5555, 4.5)
    }
    const auto* detection = wire::find_option<wire::NatDetection>(acknowledgement.options);
    if (detection != nullptr) {
        format.nat = detection->refresh_time != wire::NatDetection::no_keepalive_needed;
        format.forced_udp = detection->force_udp;
    }
    format.forced_udp = format.forced_udp || sent.force_udp;
    const bool tlv = sent.tlv && acknowledgement.flags.tlv;
    if (!format.nat && !format.forced_udp && !tlv) {
        return format;
    }
    format.encapsulation = udp_encapsulation(tlv, config.dialect);
    if (format.nat) {
        const seconds suggested(detection->refresh_time);
        format.keepalive = detection->refresh_time == wire::NatDetection::no_information
                               ? config.keepalive
                               : suggested;
    }
    return format;
}

std::optional<wire::BindingStatus>
effective_status(const wire::BindingAcknowledgement& acknowledgement, std::uint16_t bid) {
    const auto options = wire::find_options<wire::BindingIdentifier>(acknowledgement.options);
    const auto found =
        std::find_if(options.begin(), options.end(), [&](const wire::BindingIdentifier& option) {
            return option.bid == bid && !option.malformed_length;
        });
    if (found == options.end()) {
        // A refusal as a whole needs no options.
        const bool whole = options.empty() || !wire::is_accepted(acknowledgement.status);
        return whole ? std::optional(acknowledgement.status) : std::nullopt;
    }
    return found->status == wire::BindingStatus::Accepted ? acknowledgement.status : found->status;
}

TimePoint binding_expiry(const SentUpdate& sent,
                         const wire::BindingAcknowledgement& acknowledgement) {
    const Duration granted = acknowledgement.lifetime.duration();
    return sent.at + std::min(granted, sent.lifetime);
}

TimePoint next_update(TimePoint now, TimePoint expiry, const SentUpdate& sent,
                      const std::optional<Duration>& keepalive,
                      const wire::BindingAcknowledgement& acknowledgement) {
    const Duration remaining = expiry - now;
    const Duration margin =
        std::max(remaining / 4, std::min<Duration>(remaining / 2, refresh_margin));
    TimePoint next = expiry - margin;
    const auto* advice = wire::find_option<wire::BindingRefreshAdvice>(acknowledgement.options);
    if (advice != nullptr && !advice->refresh_interval.is_zero()) {
        next = std::min(next, sent.at + advice->refresh_interval.duration());
    }
    if (keepalive) {
        next = std::min(next, sent.at + *keepalive);
    }
    return std::max(next, now + shortest_interval);
}

} // namespace dsmip::mobility
