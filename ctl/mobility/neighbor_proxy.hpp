// SPDX-License-Identifier: GPL-2.0-or-later
// Answers on the home link for nodes that are away, and finds out whether an address is free
// there (RFC 6275, 10.3.1 and 10.4.1; RFC 4861, 7.2.8; RFC 4862, 5.4; ARP: RFC 5944, 4.6).
// Frames in, frames out: no socket, no clock.
//
// The kernel's own proxies (`ip neigh add proxy`) would not do: sixteen hash buckets, a multicast
// group in a linear list and an MLD report for each address, no say about the flags R and O, and
// they outlive a daemon that dies.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "mobility/types.hpp"
#include "wire/neighbor_discovery.hpp"

namespace dsmip::mobility {

// RFC 4861, 10.
inline constexpr Duration RETRANS_TIMER = std::chrono::seconds(1);
inline constexpr unsigned MAX_NEIGHBOR_ADVERTISEMENT = 3;

struct EthernetFrame {
    wire::EthernetAddress destination{};
    std::uint16_t ethertype = 0;
    std::vector<std::uint8_t> payload;
};
using EthernetFrames = std::vector<EthernetFrame>;

struct NeighborProxyConfig {
    wire::Ipv6Address source; // of advertisements: the home agent's on that link
    wire::Nonce nonce{};      // random; of solicitations
};

struct NeighborProxyCounters {
    std::uint64_t solicitations_answered = 0;
    std::uint64_t arp_requests_answered = 0;
    std::uint64_t dad_started = 0;
    std::uint64_t dad_duplicates = 0;
    std::uint64_t conflicts = 0; // somebody else says that a claimed address is its own
};

// Not thread safe.
class NeighborProxy {
public:
    explicit NeighborProxy(const NeighborProxyConfig& config)
        : config_(config) {}

    // That of the interface; to be set before anything else, and when it changes.
    void set_link_address(const wire::EthernetAddress& address) { link_address_ = address; }

    // Of advertisements.
    void set_source(const wire::Ipv6Address& source) { config_.source = source; }

    [[nodiscard]] const wire::EthernetAddress& link_address() const { return link_address_; }

    [[nodiscard]] EthernetFrames claim(TimePoint now, const ClaimHomeAddress& claim);
    void release(const wire::Ipv6Address& home_address);
    // All claims once more, as the link-layer address may be another: by tick().
    void announce_again(TimePoint now);
    [[nodiscard]] EthernetFrames start_dad(TimePoint now, const StartDad& request);
    // Its question could not be sent.
    void abandon_dad(RequestId request) { end_detection(request, DadOutcome::unknown); }

    // None of those under way will get an answer: the link is gone.
    void abandon_detections();

    // What came over the link, behind its Ethernet header.
    [[nodiscard]] EthernetFrames receive(std::uint16_t ethertype,
                                         const wire::EthernetAddress& source,
                                         std::span<const std::uint8_t> payload);

    // To be called at or after next_deadline(): repeats announcements, ends detections.
    [[nodiscard]] EthernetFrames tick(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;
    // Detections that have ended since the last call.
    [[nodiscard]] std::vector<std::pair<RequestId, DadOutcome>> take_outcomes();

    // Does the home agent answer for the address?
    [[nodiscard]] bool claims(const wire::Ipv6Address& address) const;
    [[nodiscard]] std::size_t size() const { return claims_.size(); } // home addresses
    [[nodiscard]] const NeighborProxyCounters& counters() const { return counters_; }

private:
    struct Claimed {
        ClaimHomeAddress claim;
        std::uint64_t generation = 0; // of announcements
    };
    struct Announcement {
        TimePoint due;
        wire::Ipv6Address home_address;
        std::uint64_t generation = 0;
        unsigned left = 0;
    };
    struct Detection {
        TimePoint due;
        RequestId request = 0;
        std::vector<wire::Ipv6Address> targets;
    };

    [[nodiscard]] const ClaimHomeAddress* claim_of(const wire::Ipv6Address& target) const;
    void announce(const ClaimHomeAddress& claim, EthernetFrames& out) const;
    void end_detection(RequestId request, DadOutcome outcome);
    // True if the address was being asked about.
    bool found_duplicate(const wire::Ipv6Address& target);
    void answer(const wire::NeighborSolicitation& message, const wire::EthernetAddress& source,
                EthernetFrames& out);
    void note(const wire::NeighborAdvertisement& message);
    void answer(const wire::ArpPacket& packet, EthernetFrames& out);

    NeighborProxyConfig config_;
    wire::EthernetAddress link_address_{};
    std::unordered_map<wire::Ipv6Address, Claimed> claims_; // by home address
    // Which home address the others belong to.
    std::unordered_map<wire::Ipv6Address, wire::Ipv6Address> link_locals_;
    std::unordered_map<wire::Ipv4Address, wire::Ipv6Address> home_addresses4_;
    std::deque<Announcement> announcements_; // by `due`: all wait equally long
    std::uint64_t generation_ = 0;
    std::map<RequestId, Detection> detections_;
    std::deque<std::pair<TimePoint, RequestId>> detection_ends_; // some may have ended
    std::unordered_multimap<wire::Ipv6Address, RequestId> tentative_;
    std::vector<std::pair<RequestId, DadOutcome>> outcomes_;
    NeighborProxyCounters counters_;
};

} // namespace dsmip::mobility
