// SPDX-License-Identifier: GPL-2.0-or-later
// The boottime timer and descriptor watches.
#include <catch2/catch.hpp>

#include <array>

#include <unistd.h>

#include "daemon/clock.hpp"
#include "daemon/event_loop.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using namespace std::chrono_literals;

TEST_CASE("a deadline fires once, not early, and can be replaced") {
    asio::io_context loop;
    int fired = 0;
    DeadlineTimer timer(loop, [&] {
        ++fired;
        loop.stop();
    });
    const auto start = now();
    timer.set(start + 1h);
    timer.set(start + 20ms);
    loop.run();
    CHECK(fired == 1);
    CHECK(now() >= start + 20ms);
    loop.restart();
    timer.set(start); // in the past: at once
    loop.run();
    CHECK(fired == 2);
    loop.restart();
    timer.set(now() + 1h);
    timer.set(std::nullopt);
    CHECK(loop.poll() == 0);
    CHECK(fired == 2);
}

TEST_CASE("the ends of the time scale are deadlines like any other") {
    asio::io_context loop;
    int fired = 0;
    DeadlineTimer timer(loop, [&] {
        ++fired;
        loop.stop();
    });
    timer.set(mobility::TimePoint::min());
    loop.run();
    CHECK(fired == 1);
    loop.restart();
    timer.set(mobility::TimePoint{}); // the moment of boot
    loop.run();
    CHECK(fired == 2);
    loop.restart();
    timer.set(now() + 20ms);
    timer.set(mobility::TimePoint::max()); // takes the place of the other
    loop.run_for(60ms);
    CHECK(fired == 2);
}

TEST_CASE("a callback may set the next deadline") {
    asio::io_context loop;
    int fired = 0;
    std::optional<DeadlineTimer> timer;
    timer.emplace(loop, [&] {
        if (++fired == 3) {
            loop.stop();
        } else {
            timer->set(now());
        }
    });
    timer->set(now());
    loop.run();
    CHECK(fired == 3);
}

TEST_CASE("a watch calls for what can be read, and leaves the descriptor open") {
    asio::io_context loop;
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    std::string got;
    {
        ReadWatch watch(loop, ends[0], [&] {
            char octet = 0;
            REQUIRE(::read(ends[0], &octet, 1) == 1);
            got += octet;
            if (got == "ab") {
                loop.stop();
            }
        });
        REQUIRE(::write(ends[1], "ab", 2) == 2);
        loop.run();
        CHECK(got == "ab");
    }
    loop.restart();
    loop.poll(); // the handler of the watch that is gone
    CHECK(::write(ends[1], "c", 1) == 1);
    char octet = 0;
    CHECK(::read(ends[0], &octet, 1) == 1);
    ::close(ends[0]);
    ::close(ends[1]);
}
