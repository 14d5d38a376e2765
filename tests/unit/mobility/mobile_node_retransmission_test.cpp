// SPDX-License-Identifier: GPL-2.0-or-later
// Silence: back-off, sequence numbers, rate, another family.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"
#include "mobility/mobile_node_sequence.hpp"
#include "mobility/retransmission.hpp"

namespace dsmip::mobility::test {
namespace {

std::vector<Duration> gaps(const Scene& scene) {
    std::vector<Duration> gaps;
    for (std::size_t index = 1; index < scene.sent.size(); ++index) {
        gaps.push_back(scene.sent.at(index).at - scene.sent.at(index - 1).at);
    }
    return gaps;
}

} // namespace

TEST_CASE("the first registration waits 1.5 s for an answer, doubled up to 32 s", "[MN-2]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    scene.advance(seconds(150));
    const std::vector<Duration> expected{milliseconds(1500), seconds(3),  seconds(6),  seconds(12),
                                         seconds(24),        seconds(32), seconds(32), seconds(32)};
    CHECK(gaps(scene) == expected);
    CHECK(scene.count("updates_sent") == 9);
    CHECK(scene.count("updates_retransmitted") == 8);
    CHECK(scene.row().attempts == 9);
    CHECK(scene.row().last_error == "no answer from the home agent");
}

TEST_CASE("later registrations wait 1 s", "[MN-2]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    scene.sent.clear();
    scene.network({wlan("2001:db8:3::300")});
    scene.advance(seconds(70));
    const std::vector<Duration> expected{seconds(1), seconds(2),  seconds(4),
                                         seconds(8), seconds(16), seconds(32)};
    CHECK(gaps(scene) == expected);
}

TEST_CASE("each retransmission has the next sequence number, modulo 2^16", "[MN-2][M-5.4-05]") {
    Scene scene(plain_config(), 0xdeadfffd);
    scene.network({wlan("2001:db8:2::200")});
    scene.advance(seconds(20));
    REQUIRE(scene.sent.size() == 4);
    CHECK(scene.sent.at(0).update.sequence == 0xfffe);
    CHECK(scene.sent.at(1).update.sequence == 0xffff);
    CHECK(scene.sent.at(2).update.sequence == 0x0000);
    CHECK(scene.sent.at(3).update.sequence == 0x0001);

    SECTION("the answer to any that is outstanding counts, and stops the repetition") {
        scene.accept(scene.sent.at(1));
        CHECK(scene.row().state == RegistrationState::registered);
        CHECK(scene.row().remaining < seconds(585));
        scene.advance(seconds(100));
        CHECK(scene.sent.size() == 4);
    }
}

TEST_CASE("the initial sequence number is random", "[MN-2]") {
    for (const std::uint32_t random : {0U, 41U, 0xffff1233U}) {
        Scene scene(plain_config(), random);
        scene.network({wlan("2001:db8:2::200")});
        CHECK(scene.take().update.sequence == static_cast<std::uint16_t>(random + 1));
    }
}

TEST_CASE("never more than three Binding Updates in a second, however much the node moves",
          "[MN-2]") {
    Scene scene;
    for (int move = 0; move < 40; ++move) {
        scene.network({wlan(move % 2 == 0 ? "2001:db8:2::200" : "2001:db8:3::300")});
        scene.advance(milliseconds(100));
    }
    scene.advance(seconds(2));
    for (std::size_t index = 3; index < scene.sent.size(); ++index) {
        CHECK(scene.sent.at(index).at - scene.sent.at(index - 3).at >= seconds(1));
    }
    CHECK(scene.sent.size() >= 12);
    // The last word is about the address that is there.
    CHECK(scene.sent.back().native()->wire_source == v6("2001:db8:3::300"));
}

TEST_CASE("three unanswered Binding Updates over IPv6 lead to IPv4 on the same access",
          "[D-2.3.1-10][D-2.3.1-11]") {
    Scene scene;
    scene.network({wlan("198.51.100.7"), wlan("2001:db8:2::200")});
    scene.advance(milliseconds(10499));
    REQUIRE(scene.sent.size() == 3);
    for (const auto& update : scene.sent) {
        CHECK(update.native() != nullptr);
    }
    scene.advance(milliseconds(1));
    REQUIRE(scene.sent.size() == 4);
    REQUIRE(scene.sent.back().udp() != nullptr);
    CHECK(scene.reported("care-of-unanswered"));
    CHECK(scene.count("fallbacks") == 1);
    scene.accept(scene.sent.back());
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK(scene.kernel()->care_of == v4("198.51.100.7"));

    SECTION("a late answer over IPv6 changes nothing") {
        scene.accept(scene.sent.front());
        CHECK(scene.count("drop_unknown_sequence") == 1);
        CHECK(scene.kernel()->care_of == v4("198.51.100.7"));
    }
    SECTION("and it stays there: no flipping while the addresses are the same") {
        scene.network({wlan("198.51.100.7"), wlan("2001:db8:2::200"), lte("203.0.113.9")});
        scene.advance(seconds(440));
        CHECK(scene.sent.size() == 4);
    }
    SECTION("a new IPv6 address is a new chance") {
        scene.network({wlan("198.51.100.7"), wlan("2001:db8:3::300")});
        CHECK(scene.sent.back().native() != nullptr);
    }
}

TEST_CASE("an access that does not answer is left for the next one", "[D-2.3.1-10]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200"), lte("2001:db8:4::400")});
    scene.advance(milliseconds(10500));
    REQUIRE(scene.sent.size() == 4);
    CHECK(scene.sent.back().native()->wire_source == v6("2001:db8:4::400"));
    CHECK(scene.sent.back().native()->link == 4);
}

TEST_CASE("when nothing answers, trying in turn does not undo the back-off", "[MN-2]") {
    Scene scene;
    scene.network({wlan("198.51.100.7"), wlan("2001:db8:2::200")});
    scene.advance(minutes(10));
    // 3 + 3 quick ones, then at 32 s or close to it.
    CHECK(scene.sent.size() < 30);
    const auto distances = gaps(scene);
    CHECK(distances.back() == seconds(32));

    SECTION("an answer at last: nothing is held against IPv6 any more") {
        while (scene.sent.back().udp() == nullptr) {
            scene.advance(seconds(32));
        }
        const auto before = scene.sent.size();
        scene.accept(scene.sent.back());
        REQUIRE(scene.sent.size() == before + 1);
        REQUIRE(scene.sent.back().native() != nullptr);
        CHECK(scene.kernel()->care_of == v4("198.51.100.7")); // until IPv6 is accepted
        scene.accept(scene.sent.back());
        CHECK(scene.kernel()->care_of == v6("2001:db8:2::200"));
    }
}

TEST_CASE("back-off doubles up to 32 s and counts", "[MN-2]") {
    BackOff back_off(seconds(10));
    CHECK(back_off.attempts() == 0);
    CHECK(back_off.next() == seconds(10));
    CHECK(back_off.next() == seconds(20));
    CHECK(back_off.next() == seconds(32));
    CHECK(back_off.next() == seconds(32));
    CHECK(back_off.attempts() == 4);
    CHECK(BackOff(seconds(100)).next() == seconds(32));
}

TEST_CASE("the rate limiter looks at any second", "[MN-2]") {
    UpdateRateLimiter limiter;
    const TimePoint start{seconds(5)};
    CHECK(limiter.earliest(start) == start);
    limiter.sent(start);
    limiter.sent(start + milliseconds(400));
    limiter.sent(start + milliseconds(800));
    CHECK(limiter.earliest(start + milliseconds(900)) == start + seconds(1));
    limiter.sent(start + seconds(1));
    CHECK(limiter.earliest(start + seconds(1)) == start + milliseconds(1400));
    CHECK(limiter.earliest(start + seconds(3)) == start + seconds(3));
}

TEST_CASE("sequence numbers are compared modulo 2^16", "[M-5.10-02]") {
    CHECK(is_later_sequence(1, 0));
    CHECK(is_later_sequence(0, 0xffff));
    CHECK(is_later_sequence(0x8000, 1));
    CHECK_FALSE(is_later_sequence(0x8000, 0));
    CHECK_FALSE(is_later_sequence(5, 5));
    CHECK_FALSE(is_later_sequence(4, 5));
    SequenceCounter counter(10);
    counter.adopt(5); // overtaken
    CHECK(counter.next() == 11);
    counter.adopt(11);
    CHECK(counter.next() == 12);
    counter.adopt(20000);
    CHECK(counter.next() == 20001);
    counter.adopt(60000); // 20002 is within its window
    CHECK(counter.next() == 20002);
}

} // namespace dsmip::mobility::test
