// SPDX-License-Identifier: GPL-2.0-or-later
// Whether the network that an address is from is at its link now (RFC 6275, 11.5.1; RFC 6059; for
// IPv4 RFC 4436). After a change of network on the same interface the kernel keeps old addresses
// and default routes beside the new ones, until their lifetimes end. Pure: states and times in,
// verdicts and requests out.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
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

struct AttachmentSettings {
    std::vector<std::string> links; ///< names of those to watch
    /// Longest time until a gateway of a link is asked again whether it is there.
    std::chrono::seconds check = std::chrono::seconds(15);
};

/// A network that a link was attached to before the one that is there now.
struct LeftNetwork {
    std::uint32_t link = 0;
    wire::Prefix6 prefix;
    friend bool operator==(const LeftNetwork&, const LeftNetwork&) = default;
};

/// Autoconfigured IPv6 addresses: when the carrier was lost and came back, when a further prefix or
/// default router appears on the link, or a router goes or falls silent, routers are solicited.
/// Those that are there answer within `patience`, which renews the lifetimes of the addresses of
/// their prefixes. The others are from a network that is gone. Until then they are unconfirmed if
/// the carrier was lost, else they count as before.
///
/// A network that was gone and is heard beside another one is such a change, too: a node that goes
/// to and fro without a carrier event finds nothing new there. When such a network, or one
/// that was not known, is heard beside another one while the carrier's doubt lasts, routers are
/// solicited once more at its end.
///
/// All addresses: one whose gateways do not answer ARP or neighbour discovery is gone. Silent
/// gateways are asked again, less and less often.
///
/// A move without any event shows in nothing but silence, and a node that has nothing to send hears
/// none. So one of the gateways that answered is asked now and then, in turn, and in their place
/// every fourth time all routers by a solicitation: one that answers may have the same addresses
/// and another prefix. On a link where nothing happens that is one packet in 10 s at most; all
/// gateways are silent after a move, so the first of them tells. When one falls silent, all are
/// asked and routers are solicited; meanwhile a network that is heard goes before one that is not.
///
/// A gateway with another link-layer address is another one (RFC 4436, 2.2): the link counts as
/// attached anew, for an address that two networks have.
class AttachmentWatch {
public:
    using Presence = mobility::CareOfCandidate::Presence;

    /// MIN_DELAY_BETWEEN_RAS and MAX_RA_DELAY_TIME (RFC 4861, 10), with some slack.
    static constexpr mobility::Duration patience = std::chrono::seconds(5);
    static constexpr mobility::Duration solicit_interval = std::chrono::seconds(2);
    /// Between questions to silent gateways: the first two, the others, and where others answer.
    static constexpr mobility::Duration probe_interval = std::chrono::seconds(10);
    static constexpr mobility::Duration probe_interval_alone = std::chrono::seconds(30);
    static constexpr mobility::Duration probe_interval_beside = std::chrono::seconds(160);
    static constexpr unsigned checks_per_solicitation = 4;

    /// `random` returns evenly distributed 32-bit values; they spread the checks.
    AttachmentWatch(AttachmentSettings settings, std::function<std::uint32_t()> random);

    /// After every change of the state, and at or after next_deadline().
    AttachmentQuestions update(mobility::TimePoint now, const netlink::NetworkState& state);
    [[nodiscard]] std::optional<mobility::TimePoint> next_deadline() const;

    /// Of an address of the state that update() saw last.
    [[nodiscard]] Presence presence(const netlink::Link& link,
                                    const wire::IpAddress& address) const;
    /// Counts how often the link was attached to a network, as far as that shows.
    [[nodiscard]] std::uint32_t attachment(const netlink::Link& link) const;
    /// IPv6 networks of a link that are not surely there, where another one is. The kernel has a
    /// route to their hosts until the lifetime of the prefix ends.
    [[nodiscard]] std::vector<LeftNetwork> left(const netlink::NetworkState& state) const;

private:
    enum class Doubt : std::uint8_t { none, something_new, gateway_silent, attached_anew };
    struct Heard {
        std::uint32_t updated = 0; // as the kernel told last
        bool confirmed = true;     // since the last doubt
        bool heard_now = false;    // by this update
        bool trusted = true;       // when the last doubt began
    };
    struct Known {
        std::optional<std::uint32_t> carrier_changes;
        std::map<wire::IpAddress, Heard> addresses;                          // autoconfigured ones
        std::set<wire::IpAddress> routers;                                   // IPv6 gateways
        std::set<wire::IpAddress> silent;                                    // gateways
        std::map<wire::IpAddress, std::vector<std::uint8_t>> link_addresses; // of gateways
        std::uint32_t other_gateways = 0; // times that a gateway was another one
        Doubt doubt = Doubt::none;        // until doubt_until
        bool look_again = false; // when it ends: two networks were heard one after the other
        std::optional<mobility::TimePoint> doubt_until;
        std::optional<mobility::TimePoint> solicit_at;
        std::optional<mobility::TimePoint> probe_at; // gateways that are silent, or all
        mobility::Duration probe_pause = probe_interval;
        std::optional<mobility::TimePoint> check_at; // one that is not
        std::optional<wire::IpAddress> checked;
        unsigned checks = 0;

        [[nodiscard]] bool doubts(Doubt because) const { return doubt_until && doubt == because; }
        /// Nobody can be asked.
        void rest();
    };

    [[nodiscard]] bool is_watched(const netlink::Link& link) const;
    static Doubt take_in(Known& known, const netlink::Link& link, bool look_again);
    static bool any_confirmed(const Known& known);
    static bool is_beside(const Known& known, const wire::IpAddress& address);
    static bool has_returned(const Known& known, const wire::IpAddress& address);
    static void begin(Known& known, Doubt doubt, mobility::TimePoint now);
    static Doubt take_in_gateways(Known& known, const netlink::Link& link);
    void ask(Known& known, const netlink::Link& link, mobility::TimePoint now,
             AttachmentQuestions& questions);
    void check(Known& known, const netlink::Link& link, mobility::TimePoint now,
               AttachmentQuestions& questions);
    [[nodiscard]] mobility::Duration pace();
    [[nodiscard]] Presence presence6(const netlink::Link& link,
                                     const wire::Ipv6Address& address) const;
    [[nodiscard]] static Presence presence4(const netlink::Link& link,
                                            const wire::Ipv4Address& address);

    AttachmentSettings settings_;
    std::function<std::uint32_t()> random_;
    std::map<std::uint32_t, Known> links_;
};

} // namespace dsmip::daemon
