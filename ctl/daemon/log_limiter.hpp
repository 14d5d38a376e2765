// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the log readable, and the disk free, while somebody causes the same line over and over.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mobility/types.hpp"

namespace dsmip::daemon {

/// Lets so many lines of a kind pass in an interval, which begins with the first of them, and
/// counts the others. Kinds are few and chosen by the program, never by a peer.
class LogLimiter {
public:
    struct Suppressed {
        std::string kind;
        std::uint64_t count = 0;
        friend bool operator==(const Suppressed&, const Suppressed&) = default;
    };

    explicit LogLimiter(mobility::Duration interval = std::chrono::seconds(10), unsigned burst = 20)
        : interval_(interval)
        , burst_(burst) {}

    /// Whether a line of this kind is to be written.
    bool admit(mobility::TimePoint now, std::string_view kind);
    /// What was suppressed in intervals that are over; each is told once.
    std::vector<Suppressed> take(mobility::TimePoint now);
    /// When take() has something to tell; nothing if nothing was suppressed.
    [[nodiscard]] std::optional<mobility::TimePoint> next_deadline() const;

private:
    struct Kind {
        mobility::TimePoint until; ///< end of the interval
        unsigned passed = 0;
        std::uint64_t suppressed = 0;
    };

    mobility::Duration interval_;
    unsigned burst_;
    std::map<std::string, Kind, std::less<>> kinds_;
};

} // namespace dsmip::daemon
