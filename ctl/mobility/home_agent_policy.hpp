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
    // Home addresses that are registered or about to be; another one gets 130.  The memory of a
    // home agent has its bound in this.
    std::size_t max_nodes = 1'000'000;
    // Binding Updates per second; three times as many may come at once.  0 = no limit.  What is
    // above is dropped and counted.
    unsigned updates_per_node = 20;         // of one home address that is registered
    unsigned updates_per_network = 1000;    // from one IPv4 address, or one IPv6 prefix of 64 bits
    unsigned updates_of_strangers = 10'000; // of home addresses that are not registered, together
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

private:
    TimePoint::rep full_at_ = 0; // microseconds
};

// Which limit a Binding Update exceeds.
enum class ExceededRate : std::uint8_t { none, node, network, strangers };

// The limits that are not about one known node.  Memory is fixed: networks share counters by a
// keyed hash, so one that floods slows down those few that fall together with it.
class RateLimiter {
public:
    explicit RateLimiter(std::uint64_t secret)
        : secret_(secret) {}

    // `node` is that of the home address if it is registered.
    ExceededRate admit(TimePoint now, const HomeAgentPolicy& policy, const wire::IpAddress& from,
                       RateState* node);

private:
    static constexpr std::size_t slots = 4096;
    [[nodiscard]] std::size_t slot_of(const wire::IpAddress& from) const;

    std::uint64_t secret_;
    std::vector<RateState> networks_ = std::vector<RateState>(slots);
    RateState strangers_;
};

} // namespace dsmip::mobility
