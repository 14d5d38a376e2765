// SPDX-License-Identifier: GPL-2.0-or-later
// How often something is put back, and when that is given up.
#include <catch2/catch.hpp>

#include "daemon/restoration_pace.hpp"

using namespace dsmip::daemon;
using dsmip::mobility::Duration;
using dsmip::mobility::TimePoint;
using Outcome = RestorationPace::Outcome;

namespace {

const TimePoint start{std::chrono::hours(1)};

/// Restorations until `end` of somebody who undoes each at once.
unsigned fight(RestorationPace& pace, TimePoint from, TimePoint end) {
    unsigned rounds = 0;
    for (auto now = std::max(from, pace.next()); now < end; now = std::max(now, pace.next())) {
        pace.note(now, Outcome::restored);
        ++rounds;
    }
    return rounds;
}

} // namespace

TEST_CASE("the first restorations have no pause, later ones longer and longer ones") {
    RestorationPace pace;
    auto now = start;
    for (unsigned i = 0; i + 1 < RestorationPace::at_once; ++i) {
        pace.note(now, Outcome::restored);
        CHECK(pace.next() <= now);
    }
    for (const int pause : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
        pace.note(now, Outcome::restored);
        CHECK(pace.next() - now == std::chrono::milliseconds(pause));
        now = pace.next();
    }
}

TEST_CASE("a fight does not spin") {
    RestorationPace pace;
    CHECK(fight(pace, start, start + std::chrono::seconds(60)) <= RestorationPace::at_once + 17);
    // And never again at full speed while it goes on.
    CHECK(fight(pace, start, start + std::chrono::hours(1)) <= 3600 / 5 + 1);
}

TEST_CASE("after a calm time all is forgotten") {
    RestorationPace pace;
    (void)fight(pace, start, start + std::chrono::seconds(60));
    const auto later = pace.next() + RestorationPace::calm;
    pace.note(later, Outcome::restored);
    CHECK(pace.next() <= later);
}

TEST_CASE("comparisons that find nothing missing do not count") {
    RestorationPace pace;
    for (int i = 0; i < 100; ++i) {
        pace.note(start, Outcome::nothing_missing);
    }
    CHECK(pace.next() <= start);
    CHECK_FALSE(pace.retry_at());
}

TEST_CASE("what failed is tried again, and given up after 30 s of nothing else") {
    RestorationPace pace;
    auto now = start;
    int tries = 0;
    while (!pace.hopeless(now)) {
        pace.note(now, Outcome::failed);
        ++tries;
        REQUIRE(pace.retry_at());
        REQUIRE(*pace.retry_at() - now >= RestorationPace::retry);
        REQUIRE(*pace.retry_at() - now <= RestorationPace::longest_pause);
        now = *pace.retry_at();
    }
    CHECK(tries <= 60);
    CHECK(now - start >= RestorationPace::patience);
    CHECK(now - start <= RestorationPace::patience + RestorationPace::longest_pause);
}

TEST_CASE("a success in between ends the patience anew") {
    RestorationPace pace;
    pace.note(start, Outcome::failed);
    pace.note(start + std::chrono::seconds(29), Outcome::restored);
    CHECK_FALSE(pace.retry_at());
    pace.note(start + std::chrono::seconds(30), Outcome::failed);
    CHECK_FALSE(pace.hopeless(start + std::chrono::seconds(59)));
    CHECK(pace.hopeless(start + std::chrono::seconds(60)));
}
