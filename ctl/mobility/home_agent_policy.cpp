// SPDX-License-Identifier: GPL-2.0-or-later
// Limits of a home agent.
#include "mobility/home_agent_policy.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

constexpr TimePoint::rep second = 1'000'000; // microseconds
constexpr TimePoint::rep saved = HomeAgentPolicy::saved_seconds * second;

TimePoint::rep interval_of(unsigned per_second) {
    return std::max<TimePoint::rep>(second / per_second, 1);
}

} // namespace

bool HomeAgentPolicy::refuses(const wire::IpAddress& care_of) const {
    if (const auto* ipv4 = care_of.ipv4()) {
        return std::any_of(refused_care_of4.begin(), refused_care_of4.end(),
                           [&](const wire::Prefix4& prefix) { return prefix.contains(*ipv4); });
    }
    return std::any_of(
        refused_care_of6.begin(), refused_care_of6.end(),
        [&](const wire::Prefix6& prefix) { return prefix.contains(*care_of.ipv6()); });
}

bool RateState::take(TimePoint now, unsigned per_second) {
    if (per_second == 0) {
        return true;
    }
    const auto time = std::chrono::microseconds(now.time_since_epoch()).count();
    const auto full_at = std::max(full_at_, time) + interval_of(per_second);
    if (full_at - time > saved) {
        return false;
    }
    full_at_ = full_at;
    return true;
}

TimePoint RateState::next(unsigned per_second) const {
    if (per_second == 0) {
        return TimePoint::min();
    }
    const std::chrono::microseconds since_epoch(full_at_ + interval_of(per_second) - saved);
    return TimePoint(std::chrono::ceil<Duration>(since_epoch));
}

// A number with the secret in it.
std::uint64_t RateLimiter::network_of(const wire::IpAddress& from) const {
    std::uint64_t network = from.is_ipv4() ? 1 : 0; // no IPv6 prefix begins like that
    const auto add = [&](const auto& octets, std::size_t count) {
        for (std::size_t index = 0; index < count; ++index) {
            network = (network << 8U) | octets.at(index);
        }
    };
    if (const auto* ipv4 = from.ipv4()) {
        add(ipv4->bytes, ipv4->bytes.size());
    } else {
        add(from.ipv6()->bytes, 8);
    }
    return wire::mixed(network ^ secret_);
}

bool RateLimiter::take_of_source(TimePoint now, unsigned per_second, const wire::Endpoint& from) {
    std::uint64_t rest = from.port;
    if (const auto* ipv6 = from.address.ipv6()) {
        std::uint64_t interface = 0;
        for (std::size_t index = 8; index < ipv6->bytes.size(); ++index) {
            interface = (interface << 8U) | ipv6->bytes.at(index);
        }
        rest = wire::mixed(interface ^ secret_) + from.port;
    }
    const auto hash = wire::mixed(network_of(from.address) ^ rest);
    const bool first = sources_.at(hash % slots).take(now, per_second);
    const bool second = sources_.at(slots + (hash >> 32U) % slots).take(now, per_second);
    return first || second;
}

// The source's own limit first: what it exceeds alone is not to use up what it shares with others.
ExceededRate RateLimiter::admit(TimePoint now, const HomeAgentPolicy& policy,
                                const wire::Endpoint& from) {
    if (!take_of_source(now, policy.updates_per_source, from)) {
        return ExceededRate::source;
    }
    if (!networks_.at(network_of(from.address) % slots).take(now, policy.updates_per_network)) {
        return ExceededRate::network;
    }
    if (!strangers_.take(now, policy.updates_of_strangers)) {
        return ExceededRate::strangers;
    }
    return ExceededRate::none;
}

} // namespace dsmip::mobility
