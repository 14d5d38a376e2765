// SPDX-License-Identifier: GPL-2.0-or-later
// The log during a flood.
#include "daemon/log_limiter.hpp"

#include <catch2/catch.hpp>

using dsmip::daemon::LogLimiter;
using dsmip::mobility::TimePoint;
using std::chrono::seconds;
using Told = std::vector<LogLimiter::Suppressed>;

namespace {

unsigned passed(LogLimiter& limiter, TimePoint now, const char* kind, unsigned lines) {
    unsigned count = 0;
    for (unsigned line = 0; line < lines; ++line) {
        count += limiter.admit(now, kind) ? 1 : 0;
    }
    return count;
}

} // namespace

TEST_CASE("lines of a kind: some, then how many more there were, and all over again") {
    LogLimiter limiter(seconds(10), 5);
    const TimePoint begin{seconds(100)};
    CHECK(passed(limiter, begin, "refused", 5) == 5);
    CHECK_FALSE(limiter.next_deadline());
    CHECK(passed(limiter, begin + seconds(1), "refused", 1000) == 0);
    CHECK(limiter.next_deadline() == begin + seconds(10));
    CHECK(limiter.take(begin + seconds(9)).empty());
    CHECK(limiter.take(begin + seconds(10)) == Told{{"refused", 1000}});
    CHECK_FALSE(limiter.next_deadline());
    CHECK(limiter.take(begin + seconds(30)).empty()); // told once
    CHECK(passed(limiter, begin + seconds(11), "refused", 7) == 5);
    CHECK(limiter.take(begin + seconds(20)) == Told{{"refused", 2}});
}

TEST_CASE("another kind does not suffer") {
    LogLimiter limiter(seconds(10), 5);
    const TimePoint begin{seconds(100)};
    CHECK(passed(limiter, begin, "refused", 100) == 5);
    CHECK(passed(limiter, begin + seconds(2), "failed", 9) == 5);
    CHECK(limiter.next_deadline() == begin + seconds(10));
    CHECK(limiter.take(begin + seconds(10)) == Told{{"refused", 95}});
    CHECK(limiter.next_deadline() == begin + seconds(12));
    CHECK(limiter.take(begin + seconds(12)) == Told{{"failed", 4}});
}

TEST_CASE("lines now and then all pass") {
    LogLimiter limiter(seconds(10), 2);
    for (int minute = 0; minute < 100; ++minute) {
        CHECK(limiter.admit(TimePoint{seconds(60 * minute)}, "expired"));
    }
    CHECK_FALSE(limiter.next_deadline());
}

TEST_CASE("what was suppressed is told even if nobody asks for a while") {
    LogLimiter limiter(seconds(10), 1);
    const TimePoint begin{seconds(100)};
    CHECK(passed(limiter, begin, "refused", 3) == 1);
    CHECK(passed(limiter, begin + seconds(60), "refused", 3) == 0);
    CHECK(limiter.take(begin + seconds(61)) == Told{{"refused", 5}});
}
