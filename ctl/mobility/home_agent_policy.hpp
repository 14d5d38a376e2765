// SPDX-License-Identifier: GPL-2.0-or-later
// How much of a home agent one node, one network and all strangers together may use.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "mobility/types.hpp"
#include "wire/address.hpp"

namespace dsmip::mobility {

// A node sends three Binding Updates per second at most for each care-of address (RFC 6275, 12).
struct HomeAgentPolicy {
    static constexpr unsigned saved_seconds = 3;
    // Home addresses that are registered or about to be; another one gets 130.  The memory of a
    // home agent has its bound in this.
    std::size_t max_nodes = 1'000'000;
    // Messages per second; three times as many may come at once.  0 = no limit.  What is above is
    // dropped and counted, or answered: see home_agent_challenge.hpp.  Anybody can claim any home
    // address and any source, but nobody knows the sequence number that a node sends next.
    // All else is limited by where it comes from: what comes in tunnels by the module, what is
    // plain IPv6 here.
    unsigned updates_per_node = 20;         // of one node, with the number that is its next
    unsigned updates_per_source = 100;      // from one address (and UDP port)
    unsigned updates_per_network = 1000;    // from one IPv4 address, or one IPv6 prefix of 64 bits
    unsigned updates_of_strangers = 10'000; // from elsewhere, together
    // A de-registration from where the node is not registered is refused with 129.  It is always
    // counted and reported: two nodes may have the same home address.
    bool refuse_foreign_deregistration = false;
    // Care-of addresses that are refused with 174, beside home addresses, those of the home agent
    // and what is not unicast.
    std::vector<wire::Prefix6> refused_care_of6;
    std::vector<wire::Prefix4> refused_care_of4;
    // Makes it hard to guess which networks share a counter.
    std::uint64_t secret = 0;

    [[nodiscard]] bool refuses(const wire::IpAddress& care_of) const;
};

// A rate limit that saves up three seconds: how full it is, in one number.
class RateState {
public:
    // Takes one of `per_second` if there is one; 0 = no limit.
    bool take(TimePoint now, unsigned per_second);
    // When the next one is there; long ago if it is there already.
    [[nodiscard]] TimePoint next(unsigned per_second) const;

private:
    TimePoint::rep full_at_ = 0; // microseconds
};

// Which limit a message exceeds.
enum class ExceededRate : std::uint8_t { none, source, network, strangers };

// The limits of what comes from elsewhere than a node is registered.  Memory is fixed: sources and
// networks share counters by a keyed hash.  A source has two and is refused when both are used up,
// so that hardly one shares its limit with another that floods.
class RateLimiter {
public:
    explicit RateLimiter(std::uint64_t secret)
        : secret_(secret) {}

    // `from`: the address on the wire, and the UDP port where there is one.
    ExceededRate admit(TimePoint now, const HomeAgentPolicy& policy, const wire::Endpoint& from);

private:
    static constexpr std::size_t slots = 4096;
    bool take_of_source(TimePoint now, unsigned per_second, const wire::Endpoint& from);
    [[nodiscard]] std::uint64_t network_of(const wire::IpAddress& from) const;

    std::uint64_t secret_;
    std::vector<RateState> sources_ = std::vector<RateState>(2 * slots);
    std::vector<RateState> networks_ = std::vector<RateState>(slots);
    RateState strangers_;
};

} // namespace dsmip::mobility
