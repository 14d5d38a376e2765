// SPDX-License-Identifier: GPL-2.0-or-later
// Limits for lines of the log.
#include "daemon/log_limiter.hpp"

#include <algorithm>

namespace dsmip::daemon {

bool LogLimiter::admit(mobility::TimePoint now, std::string_view kind) {
    auto found = kinds_.find(kind);
    if (found == kinds_.end()) {
        found = kinds_.emplace(kind, Kind{now + interval_}).first;
    }
    auto& state = found->second;
    // Where something was suppressed the interval ends with telling it.
    if (now >= state.until && state.suppressed == 0) {
        state = {now + interval_};
    }
    if (state.passed < burst_) {
        ++state.passed;
        return true;
    }
    ++state.suppressed;
    return false;
}

std::vector<LogLimiter::Suppressed> LogLimiter::take(mobility::TimePoint now) {
    std::vector<Suppressed> result;
    for (auto& [kind, state] : kinds_) {
        if (state.suppressed != 0 && now >= state.until) {
            result.push_back({kind, state.suppressed});
            state = {now + interval_};
        }
    }
    return result;
}

std::optional<mobility::TimePoint> LogLimiter::next_deadline() const {
    std::optional<mobility::TimePoint> first;
    for (const auto& [kind, state] : kinds_) {
        if (state.suppressed != 0) {
            first = std::min(first.value_or(state.until), state.until);
        }
    }
    return first;
}

} // namespace dsmip::daemon
