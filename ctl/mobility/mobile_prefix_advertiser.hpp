// SPDX-License-Identifier: GPL-2.0-or-later
// Mobile prefix discovery at the home agent: answers Mobile Prefix Solicitations, and tells
// registered nodes by itself when prefixes of the home link change (RFC 6275, 10.6).  No I/O.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mobility/home_agents_list.hpp"
#include "mobility/types.hpp"
#include "wire/discovery.hpp"

namespace dsmip::mobility {

// RFC 6275, 12.
inline constexpr Duration PREFIX_ADV_TIMEOUT = std::chrono::seconds(3);
inline constexpr unsigned PREFIX_ADV_RETRIES = 3;

// A prefix of the home link that mobile nodes are told of.
struct AdvertisedPrefix {
    wire::Prefix6 prefix;
    // Defaults of RFC 4861, 6.2.1.
    std::chrono::seconds valid_lifetime{std::chrono::hours(30 * 24)};
    std::chrono::seconds preferred_lifetime{std::chrono::hours(7 * 24)};
    bool on_link = true;
    bool autonomous = true;
    friend bool operator==(const AdvertisedPrefix&, const AdvertisedPrefix&) = default;
};

struct MobilePrefixConfig {
    bool enabled = true;     // solicitations are answered
    bool unsolicited = true; // and changes told
    // MinMobPfxAdvInterval and MaxMobPfxAdvInterval.
    Duration min_interval = std::chrono::seconds(600);
    Duration max_interval = std::chrono::seconds(86400);
    bool managed = false; // M and O: DHCPv6 on the home link
    bool other = false;
    std::vector<AdvertisedPrefix> prefixes; // empty = those that are served
};

using SendRoute = decltype(SendMessage::route);

// Who is registered.
struct RegisteredNodes {
    std::function<std::optional<KernelNode>(TimePoint, const wire::Ipv6Address&)> find;
    std::function<std::vector<wire::Ipv6Address>()> all;
};

// Not thread safe.
class MobilePrefixAdvertiser {
public:
    // `home_agent`: source of advertisements.
    MobilePrefixAdvertiser(MobilePrefixConfig config, const wire::Ipv6Address& home_agent,
                           std::vector<wire::Prefix6> home_prefixes, RegisteredNodes nodes,
                           Random random);

    // Another configuration; what differs from what was advertised is told.
    void reconfigure(TimePoint now, MobilePrefixConfig config,
                     std::vector<wire::Prefix6> home_prefixes);
    // What is heard on the home link; those that are served count, and a configured one more.
    void set_heard(TimePoint now, std::map<wire::Prefix6, HeardPrefix> heard);

    // An answer, at once, over the way the solicitation came, which acknowledges what was sent
    // before.  Nothing if that was less than a second ago.
    [[nodiscard]] std::optional<SendMessage> answer(TimePoint now,
                                                    const wire::Ipv6Address& home_address,
                                                    std::uint16_t identifier,
                                                    const SendRoute& route);

    // To be called at or after next_deadline(): advertisements that are due.
    [[nodiscard]] std::vector<SendMessage> tick(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    // What an advertisement says now.
    [[nodiscard]] std::vector<wire::PrefixInformation> prefixes(TimePoint now) const;
    // Nodes that wait for an unsolicited advertisement, or have not acknowledged one.
    [[nodiscard]] std::size_t scheduled() const { return due_.size(); }
    // Nodes that anything is remembered of.
    [[nodiscard]] std::size_t remembered() const { return states_.size(); }
    [[nodiscard]] const MobilePrefixConfig& config() const { return config_; }

private:
    struct State {
        TimePoint due{}; // while scheduled
        bool scheduled = false;
        unsigned transmissions = 0;    // of an unsolicited one that is not acknowledged
        std::optional<TimePoint> last; // when something was sent
    };
    using Advertised = std::map<wire::Prefix6, HeardPrefix>;

    [[nodiscard]] Advertised advertised(TimePoint now) const;
    [[nodiscard]] bool tells() const { return config_.enabled && config_.unsolicited; }
    // Tells everybody if it is not what was said before, or `differs`.
    void compare(TimePoint now, bool differs = false);
    // Goes through all nodes, a part of them in each turn.
    void begin_round(TimePoint now, bool tell_all);
    void continue_round(TimePoint now);
    void schedule(const wire::Ipv6Address& home_address, State& state, TimePoint due);
    void cancel(const wire::Ipv6Address& home_address, State& state);
    [[nodiscard]] TimePoint random_time(TimePoint now, const wire::Ipv6Address& home_address);
    void sweep(TimePoint now);
    // Nodes for which nothing is due and which heard nothing for so long.
    void forget(TimePoint now, Duration after);
    [[nodiscard]] SendMessage message(const wire::Ipv6Address& home_address,
                                      std::uint16_t identifier, const SendRoute& route,
                                      std::vector<wire::PrefixInformation> prefixes) const;
    [[nodiscard]] SendRoute route_to(const KernelNode& node) const;

    MobilePrefixConfig config_;
    wire::Ipv6Address home_agent_;
    std::vector<wire::Prefix6> home_prefixes_;
    RegisteredNodes nodes_;
    Random random_;
    Advertised heard_;
    Advertised before_; // as of the last comparison
    std::unordered_map<wire::Ipv6Address, State> states_;
    std::set<std::pair<TimePoint, wire::Ipv6Address>> due_;
    std::vector<wire::Ipv6Address> round_; // nodes that were not gone through yet
    bool tell_all_ = false;                // in this round, not only who heard nothing
    std::optional<TimePoint> next_sweep_;
};

} // namespace dsmip::mobility
