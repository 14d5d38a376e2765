// SPDX-License-Identifier: GPL-2.0-or-later
// When to put back what others remove: at once, but not for ever at full speed, for the other may
// be a program that does the same.
#pragma once

#include <optional>

#include "mobility/types.hpp"

namespace dsmip::daemon {

class RestorationPace {
public:
    /// Restorations without a pause; the next ones have one that doubles each time. A program that
    /// removes all rules removes them one by one, and none may wait for the others.
    static constexpr unsigned at_once = 64;
    static constexpr mobility::Duration first_pause = std::chrono::milliseconds(100);
    static constexpr mobility::Duration longest_pause = std::chrono::seconds(5);
    /// After so long without a restoration all is forgotten.
    static constexpr mobility::Duration calm = std::chrono::seconds(10);
    /// Least pause before what failed is tried again.
    static constexpr mobility::Duration retry = std::chrono::milliseconds(500);
    /// What has failed for so long without a break will not come back.
    static constexpr mobility::Duration patience = std::chrono::seconds(30);

    enum class Outcome { nothing_missing, restored, failed };
    /// To be called after each comparison of host and wishes.
    void note(mobility::TimePoint now, Outcome outcome);

    /// Earliest time of the next one; in the past or now: at once.
    [[nodiscard]] mobility::TimePoint next() const { return next_; }
    /// When to try again without news; nothing if all is well.
    [[nodiscard]] std::optional<mobility::TimePoint> retry_at() const;
    /// Failures have gone on for too long.
    [[nodiscard]] bool hopeless(mobility::TimePoint now) const;

private:
    unsigned count_ = 0; ///< restorations and failures since it was calm
    mobility::TimePoint last_{};
    mobility::TimePoint next_{};
    std::optional<mobility::TimePoint> failing_since_;
};

} // namespace dsmip::daemon
