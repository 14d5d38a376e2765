// SPDX-License-Identifier: GPL-2.0-or-later
// A rate limit with bursts.
#pragma once

#include <algorithm>

#include "mobility/types.hpp"

namespace dsmip::mobility {

class TokenBucket {
public:
    // One token per `interval`, at most `burst` saved up.
    constexpr TokenBucket(Duration interval, unsigned burst)
        : interval_(interval)
        , depth_(interval * burst) {}

    // Takes a token if there is one.
    bool take(TimePoint now) {
        full_at_ = std::max(full_at_, now);
        if (full_at_ + interval_ - now > depth_) {
            return false;
        }
        full_at_ += interval_;
        return true;
    }

private:
    Duration interval_;
    Duration depth_;
    TimePoint full_at_{}; // when all tokens are back
};

} // namespace dsmip::mobility
