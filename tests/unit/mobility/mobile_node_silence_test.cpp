// SPDX-License-Identifier: GPL-2.0-or-later
// An access that stays up but carries nothing: it gives way to one that works, and gets another
// chance later.
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {
namespace {

using Bids = std::vector<std::uint16_t>;

const auto wlan6 = wlan("2001:db8:2::200");
const auto wlan4 = wlan("198.51.100.7");
const auto lte6 = lte("2001:db8:4::400");

bool is_by(const Sent& sent, unsigned link) {
    return sent.native() != nullptr ? sent.native()->link == link : sent.udp()->link == link;
}

// Answers all that is sent by way of lte0, and of wlan0 if that works.
void run(Scene& scene, Duration time, bool wlan_works) {
    for (const auto end = scene.now + time; scene.now < end; scene.advance(milliseconds(500))) {
        while (scene.pending() > 0) {
            const auto sent = scene.take();
            if (wlan_works || is_by(sent, 4)) {
                scene.accept(sent);
            }
        }
    }
}

std::size_t attempts_by_wlan(const Scene& scene, std::size_t from) {
    std::size_t count = 0;
    for (std::size_t index = from; index < scene.sent.size(); ++index) {
        count += is_by(scene.sent.at(index), 3) ? 1 : 0;
    }
    return count;
}

// The time until `wanted`, in steps of half a second.
Duration time_until(Scene& scene, bool wlan_works, const std::function<bool()>& wanted) {
    const auto start = scene.now;
    while (!wanted() && scene.now - start < minutes(30)) {
        run(scene, milliseconds(500), wlan_works);
    }
    return scene.now - start;
}

} // namespace

TEST_CASE(
    "several care-of addresses: a silent one leaves the kernel, and the home agent by another",
    "[M-5.5-03][M-5.5-05]") {
    auto config = mcoa_config();
    config.bulk = GENERATE(true, false);
    Scene scene(config);
    scene.network({wlan6, lte6});
    run(scene, seconds(2), true);
    REQUIRE(scene.kernel_node.bindings.size() == 2);
    // Until the refresh nothing can be known; then three attempts, or twice that where the first
    // three were for both.
    const auto found = time_until(scene, false, [&] { return scene.kernel(1) == nullptr; });
    CHECK(found <= seconds(450 + 15));
    CHECK(scene.kernel(2) != nullptr);
    CHECK(scene.reported("access-silent"));
    CHECK(scene.count("silent_accesses") == 1);
    const auto leave = std::find_if(scene.sent.begin(), scene.sent.end(),
                                    [](const Sent& s) { return s.update.lifetime.is_zero(); });
    REQUIRE(leave != scene.sent.end());
    CHECK(leave->bids() == Bids{1});
    CHECK(std::holds_alternative<std::monostate>(
        leave->option<wire::BindingIdentifier>()->care_of_address));
    CHECK(is_by(*leave, 4));
    run(scene, seconds(1), false);
    CHECK(scene.row(1).state == RegistrationState::idle);
    CHECK(scene.row(1).last_error == "no answer from the home agent");
    CHECK(scene.row(1).retry > seconds(0));
    CHECK(scene.row(1).retry <= seconds(16));
    REQUIRE(scene.node.silent_care_of(scene.now).size() == 1);
    CHECK(scene.node.silent_care_of(scene.now).front().link_name == "wlan0");

    SECTION("it works again: back at the next try") {
        const auto back = time_until(scene, true, [&] { return scene.kernel(1) != nullptr; });
        CHECK(back <= seconds(17));
        CHECK(scene.row(1).state == RegistrationState::registered);
        CHECK(scene.row(1).last_error.empty());
        CHECK(scene.count("retries") == 1);
        CHECK(scene.node.silent_care_of(scene.now).empty());
    }
    SECTION("it stays silent: tried ever more seldom, and the other one is not disturbed") {
        const auto before = scene.sent.size();
        run(scene, minutes(20), false);
        CHECK(scene.kernel(2) != nullptr);
        CHECK(scene.kernel(1) == nullptr);
        const auto attempts = attempts_by_wlan(scene, before);
        CHECK(attempts >= 3 * 8); // at least every 128 s and 7 s
        CHECK(attempts <= 3 * 14);
        const auto back = time_until(scene, true, [&] { return scene.kernel(1) != nullptr; });
        CHECK(back <= seconds(128 + 8));
    }
    SECTION("another address on it is a new chance at once") {
        scene.network({wlan("2001:db8:3::300"), lte6});
        CHECK(is_by(scene.sent.back(), 3));
        CHECK(scene.node.silent_care_of(scene.now).empty());
    }
}

TEST_CASE(
    "several care-of addresses: a silent binding with nobody to help stays and goes on asking") {
    Scene scene(mcoa_config());
    scene.network({wlan6, lte6});
    run(scene, seconds(2), true);
    const auto before = scene.sent.size();
    scene.advance(seconds(520)); // nothing is answered at all
    CHECK(scene.kernel(1) != nullptr);
    CHECK(scene.kernel(2) != nullptr);
    CHECK(scene.sent.size() > before + 6);
    CHECK(scene.count("silent_accesses") == 0);
}

TEST_CASE(
    "several care-of addresses: the other address of a silent access is tried before it leaves") {
    auto config = mcoa_config();
    config.home_agent4 = home_agent4;
    Scene scene(config);
    scene.network({wlan6, wlan4, lte6});
    run(scene, seconds(2), true);
    REQUIRE(scene.kernel(1)->care_of == v6("2001:db8:2::200"));
    const auto ipv4_works = [&](const Sent& sent) {
        return is_by(sent, 4) || sent.udp() != nullptr;
    };
    for (const auto end = scene.now + seconds(480); scene.now < end;
         scene.advance(milliseconds(500))) {
        while (scene.pending() > 0) {
            const auto sent = scene.take();
            if (ipv4_works(sent)) {
                scene.accept(sent);
            }
        }
    }
    REQUIRE(scene.kernel(1) != nullptr);
    CHECK(scene.kernel(1)->care_of == v4("198.51.100.7"));
    CHECK(scene.count("silent_accesses") == 0);
}

TEST_CASE("one care-of address: a silent access gives way, and the node comes back to it") {
    Scene scene;
    scene.network({wlan6, lte6});
    run(scene, seconds(2), true);
    REQUIRE(scene.kernel()->link == 3);
    const auto moved = time_until(scene, false, [&] { return scene.kernel()->link == 4; });
    CHECK(moved <= seconds(450 + 8));
    REQUIRE(scene.node.silent_care_of(scene.now).size() == 1);

    SECTION("as soon as it is tried again") {
        const auto back = time_until(scene, true, [&] { return scene.kernel()->link == 3; });
        CHECK(back <= seconds(17));
        CHECK(scene.reported("care-of-retry"));
        CHECK(scene.count("retries") == 1);
    }
    SECTION("while it is tried, the other one carries the traffic") {
        run(scene, minutes(10), false);
        CHECK(scene.kernel()->link == 4);
        CHECK(scene.count("retries") >= 5);
        CHECK(scene.row().remaining > seconds(60));
        CHECK(scene.count("registrations_lost") == 0);
    }
    SECTION("one that works and fails in turn is tried ever more seldom") {
        Duration waited{0};
        for (int round = 0; round < 4; ++round) {
            const auto back = time_until(scene, true, [&] { return scene.kernel()->link == 3; });
            CHECK(back >= waited);
            waited = back;
            // It fails at once: the home agent asks for an update that is not answered.
            scene.from_home_agent(wire::BindingRefreshRequest{});
            time_until(scene, false, [&] { return scene.kernel()->link == 4; });
        }
        CHECK(waited > seconds(100));
    }
}

TEST_CASE("an address that fails does not speak against those of another network on its link") {
    auto old = wlan("2001:db8:2::200");
    old.prefix_length = 64;
    auto fresh = wlan("2001:db8:3::300");
    fresh.prefix_length = 64;
    Scene scene;
    scene.network({old, fresh});
    scene.advance(milliseconds(10500));
    REQUIRE(scene.sent.size() == 4);
    CHECK(scene.sent.back().native()->wire_source == v6("2001:db8:3::300"));
    scene.accept(scene.sent.back());
    CHECK(scene.kernel()->care_of == v6("2001:db8:3::300"));
}

} // namespace dsmip::mobility::test
