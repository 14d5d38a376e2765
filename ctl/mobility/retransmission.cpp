// SPDX-License-Identifier: GPL-2.0-or-later
// Back-off and rate limit of Binding Updates.
#include "mobility/retransmission.hpp"

#include <algorithm>

namespace dsmip::mobility {

BackOff::BackOff(Duration initial)
    : timeout_(std::clamp(initial, Duration{1}, MAX_BINDACK_TIMEOUT)) {}

Duration BackOff::next() {
    const Duration wait = timeout_;
    timeout_ = std::min(timeout_ * 2, MAX_BINDACK_TIMEOUT);
    ++attempts_;
    return wait;
}

TimePoint UpdateRateLimiter::earliest(TimePoint now) const {
    if (count_ < last_.size()) {
        return now;
    }
    return std::max(now, last_[count_ % last_.size()] + std::chrono::seconds(1));
}

void UpdateRateLimiter::sent(TimePoint now) {
    last_[count_ % last_.size()] = now;
    ++count_;
}

} // namespace dsmip::mobility
