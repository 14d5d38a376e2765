// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the network that an address is from is at its link now (RFC 6275, 11.5.1; RFC 6059; for
// IPv4 RFC 4436). After a change of network on the same interface the kernel keeps old addresses
// and default routes beside the new ones, until their lifetimes end. Pure: states and times in,
// verdicts and requests out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "netlink/network_state.hpp"

namespace dsmip::daemon {

/// What is to be asked on the links.
struct AttachmentQuestions {
    std::vector<std::uint32_t> solicit; ///< links on which routers are to be solicited
    struct Neighbour {
        std::uint32_t link = 0;
        wire::IpAddress address;
        friend bool operator==(const Neighbour&, const Neighbour&) = default;
    };
    std::vector<Neighbour> probe; ///< gateways that are to be asked whether they are there

    friend bool operator==(const AttachmentQuestions&, const AttachmentQuestions&) = default;
};

/// A network that a link was attached to before the one that is there now.
struct LeftNetwork {
    std::uint32_t link = 0;
    wire::Prefix6 prefix;
    friend bool operator==(const LeftNetwork&, const LeftNetwork&) = default;
};

/// Autoconfigured IPv6 addresses: when the carrier was lost and came back, when a further prefix or
/// default router appears on the link, or when a router falls silent, routers are solicited. Those
/// that are there answer within `patience`, which renews the lifetimes of the addresses of their
/// prefixes. The others are from a network that is gone. Until then they are unconfirmed if the
/// carrier was lost, else they count as before.
///
/// A network that was gone and is heard beside another one is such a change, too: a node that goes
/// to and fro without a carrier event finds nothing new there. When it is heard while the carrier's
/// doubt lasts, routers are solicited once more at its end.
///
/// All addresses: one whose gateways do not answer ARP or neighbour discovery is gone; gateways
/// that are silent are asked again every `probe_interval`.
class AttachmentWatch {
public:
    using Presence = mobility::CareOfCandidate::Presence;

    /// MIN_DELAY_BETWEEN_RAS and MAX_RA_DELAY_TIME (RFC 4861, 10), with some slack.
    static constexpr mobility::Duration patience = std::chrono::seconds(5);
    static constexpr mobility::Duration solicit_interval = std::chrono::seconds(2);
    static constexpr mobility::Duration probe_interval = std::chrono::seconds(10);

    /// After every change of the state, and at or after next_deadline().
    AttachmentQuestions update(mobility::TimePoint now, const netlink::NetworkState& state);
    [[nodiscard]] std::optional<mobility::TimePoint> next_deadline() const;

    /// Of an address of the state that update() saw last.
    [[nodiscard]] Presence presence(const netlink::Link& link,
                                    const wire::IpAddress& address) const;
    /// IPv6 networks of a link that are not surely there, where another one is. The kernel has a
    /// route to their hosts until the lifetime of the prefix ends.
    [[nodiscard]] std::vector<LeftNetwork> left(const netlink::NetworkState& state) const;

private:
    struct Heard {
        std::uint32_t updated = 0; // as the kernel told last
        bool confirmed = true;     // since the last doubt
        bool heard_now = false;    // by this update
        bool trusted = true;       // when the last doubt began
    };
    struct Known {
        std::optional<std::uint32_t> carrier_changes;
        std::map<wire::IpAddress, Heard> addresses; // autoconfigured ones
        std::set<wire::IpAddress> routers;          // IPv6 gateways
        std::size_t silent_routers = 0;
        bool attached_anew = false; // the doubt is because of that
        bool look_again = false;    // when it ends: two networks were heard one after the other
        std::optional<mobility::TimePoint> doubt_until;
        std::optional<mobility::TimePoint> solicit_at;
        std::optional<mobility::TimePoint> probe_at;
    };

    enum class Doubt : std::uint8_t { none, something_new, attached_anew };
    static Doubt take_in(Known& known, const netlink::Link& link, bool look_again);
    static bool has_returned(const Known& known, const wire::IpAddress& address);
    static void begin(Known& known, Doubt doubt, mobility::TimePoint now);
    static bool take_in_routers(Known& known, const netlink::Link& link);
    static void ask(Known& known, const netlink::Link& link, mobility::TimePoint now,
                    AttachmentQuestions& questions);
    [[nodiscard]] Presence presence6(const netlink::Link& link,
                                     const wire::Ipv6Address& address) const;
    [[nodiscard]] static Presence presence4(const netlink::Link& link,
                                            const wire::Ipv4Address& address);

    std::map<std::uint32_t, Known> links_;
};

} // namespace dsmip::daemon
