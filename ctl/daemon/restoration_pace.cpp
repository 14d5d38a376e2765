// SPDX-License-Identifier: GPL-2.0-or-later
// Pauses between restorations.
#include "daemon/restoration_pace.hpp"

#include <algorithm>

namespace dsmip::daemon {

void RestorationPace::note(mobility::TimePoint now, Outcome outcome) {
    if (outcome == Outcome::failed) {
        failing_since_ = failing_since_.value_or(now);
    } else {
        failing_since_.reset();
    }
    if (outcome == Outcome::nothing_missing) {
        return;
    }
    if (now - last_ >= calm) {
        count_ = 0;
    }
    last_ = now;
    ++count_;
    auto pause = mobility::Duration(0);
    if (count_ >= at_once) {
        const auto doublings = std::min(count_ - at_once, 16U); // longer than the longest by then
        pause = std::min(longest_pause, first_pause * (1U << doublings));
    }
    next_ = now + pause;
}

std::optional<mobility::TimePoint> RestorationPace::retry_at() const {
    return failing_since_ ? std::optional(std::max(next_, last_ + retry)) : std::nullopt;
}

bool RestorationPace::hopeless(mobility::TimePoint now) const {
    return failing_since_ && now - *failing_since_ >= patience;
}

} // namespace dsmip::daemon
