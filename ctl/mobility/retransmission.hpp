// SPDX-License-Identifier: GPL-2.0-or-later
// When a Binding Update is sent again, and how many may leave in a second
// (RFC 6275, 11.8 and 12).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "mobility/types.hpp"

namespace dsmip::mobility {

inline constexpr Duration INITIAL_BINDACK_TIMEOUT = std::chrono::seconds(1);
inline constexpr Duration MAX_BINDACK_TIMEOUT = std::chrono::seconds(32);
inline constexpr std::size_t MAX_UPDATE_RATE = 3; // per second

// Time to wait for an answer: starts at `initial`, doubles with every message,
// stays at MAX_BINDACK_TIMEOUT.
class BackOff {
public:
    explicit BackOff(Duration initial = INITIAL_BINDACK_TIMEOUT);

    // The time to wait after the message that is sent now.
    Duration next();
    // Messages sent so far.
    [[nodiscard]] unsigned attempts() const { return attempts_; }

private:
    Duration timeout_;
    unsigned attempts_ = 0;
};

// Lets MAX_UPDATE_RATE messages through in any second.
class UpdateRateLimiter {
public:
    // Earliest time, not before `now`, at which one more message may leave.
    [[nodiscard]] TimePoint earliest(TimePoint now) const;
    void sent(TimePoint now);

private:
    std::array<TimePoint, MAX_UPDATE_RATE> last_{}; // ring of send times
    std::size_t count_ = 0;                         // messages ever sent
};

} // namespace dsmip::mobility
