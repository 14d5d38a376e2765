// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent does with ICMPv6: it keeps the Home Agents List, answers nodes that look for a
// home agent (RFC 6275, 10.5), and tells registered ones the prefixes of the home link (10.6).
// No I/O.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mobility/home_agent.hpp"
#include "mobility/home_agents_list.hpp"
#include "mobility/mobile_prefix_advertiser.hpp"
#include "mobility/token_bucket.hpp"
#include "mobility/types.hpp"
#include "wire/discovery.hpp"

namespace dsmip::mobility {

// An ICMPv6 message as it came from the raw socket.
struct ReceivedIcmpv6 {
    wire::Ipv6Address source; // home address where a Home Address option was processed
    wire::Ipv6Address destination;
    // IPv6 source on the wire where it differs from `source` (Home Address option).
    std::optional<wire::Ipv6Address> wire_source;
    // Set when it came through the dsmip device as signalling, which anybody may send.
    std::optional<MessagePath> path;
    unsigned link = 0; // interface index it arrived on
    std::uint8_t hop_limit = 0;
    std::span<const std::uint8_t> octets;
};

// Messages dropped without an answer; beside these the causes of the codec are counted.
enum class DiscoveryDrop : std::uint8_t {
    unexpected_type,              // for mobile nodes
    discovery_disabled,           // by configuration
    discovery_source,             // a request from an address that cannot be answered
    discovery_destination,        // a request to something else than an anycast address served
    discovery_rate,               // more requests than are answered
    advertisement_elsewhere,      // a Router Advertisement that is not of the home link
    advertisement_hop_limit,      // not 255: from another link (RFC 4861, 6.1.2)
    advertisement_source,         // not link-local
    advertisement_too_many,       // of more home agents than are believed
    solicitation_disabled,        // by configuration
    solicitation_destination,     // not to the home agent's address
    solicitation_not_registered,  // of a node without binding
    solicitation_care_of,         // not from a care-of address that is registered
    solicitation_no_home_address, // from elsewhere, without a Home Address option
    solicitation_rate,            // a second one within a second
    count_
};
// E.g. "drop_discovery_rate".
std::string_view name_of(DiscoveryDrop cause);

// Not thread safe.
class HomeAgentDiscovery {
public:
    // `tunnel`: index of the dsmip device.
    HomeAgentDiscovery(const HomeAgentConfig& config, unsigned tunnel, RegisteredNodes nodes,
                       Random random);

    // SendMessage, with ICMPv6 messages, and Report only.
    [[nodiscard]] Actions receive(TimePoint now, const ReceivedIcmpv6& message);
    // To be called at or after next_deadline().
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    void reconfigure(TimePoint now, const HomeAgentConfig& config);

    // Anycast addresses that requests are sent to; none if they are not answered.
    [[nodiscard]] std::vector<wire::Ipv6Address> anycast_addresses() const;

    [[nodiscard]] std::vector<KnownHomeAgent> home_agents(TimePoint now) const {
        return list_.entries(now);
    }
    [[nodiscard]] const MobilePrefixAdvertiser& prefixes() const { return prefixes_; }
    [[nodiscard]] std::vector<NamedCount> counters() const;

private:
    void handle(TimePoint now, const ReceivedIcmpv6& message,
                const wire::HomeAgentDiscoveryRequest& request);
    void handle(TimePoint now, const ReceivedIcmpv6& message,
                const wire::MobilePrefixSolicitation& solicitation);
    void handle(TimePoint now, const ReceivedIcmpv6& message,
                const wire::RouterAdvertisement& advertisement);
    // The way back to who is registered and has sent it; else why there is none.
    [[nodiscard]] tl::expected<SendRoute, DiscoveryDrop> way_back(const ReceivedIcmpv6& message,
                                                                  const KernelNode& node) const;
    void expire(TimePoint now);
    void drop(DiscoveryDrop cause, const ReceivedIcmpv6& message);
    void report_dropped(std::string_view cause, const ReceivedIcmpv6& message);
    // `name`: a constant.
    void report_list(std::string_view name, const wire::Ipv6Address& router);

    // Of the configuration.
    wire::Ipv6Address address_;
    std::vector<wire::Prefix6> home_prefixes_;
    HomeAgentDiscoveryConfig config_;
    unsigned home_link_;
    unsigned tunnel_;

    RegisteredNodes nodes_;
    Random random_;
    HomeAgentsList list_;
    MobilePrefixAdvertiser prefixes_;
    TokenBucket answers_;
    Actions actions_;
    std::uint64_t requests_answered_ = 0;
    std::uint64_t solicitations_answered_ = 0;
    std::uint64_t unsolicited_sent_ = 0;
    std::uint64_t advertisements_heard_ = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(DiscoveryDrop::count_)> drops_{};
    std::array<std::uint64_t, wire::discovery_causes> decode_drops_{};
};

} // namespace dsmip::mobility
