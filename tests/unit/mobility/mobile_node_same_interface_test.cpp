// SPDX-License-Identifier: GPL-2.0-or-later
// Several care-of addresses on one interface, each with a binding of its own (MCoA, 5.1).
#include <catch2/catch.hpp>

#include <algorithm>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {
namespace {

CareOfCandidate on_wlan(const char* address, std::uint8_t length = 64) {
    auto candidate = wlan(address);
    candidate.prefix_length = candidate.address.is_ipv4() ? std::uint8_t{24} : length;
    return candidate;
}

const auto a1 = on_wlan("2001:db8:a::1");
const auto a2 = on_wlan("2001:db8:a::2");
const auto b1 = on_wlan("2001:db8:b::1");
const auto c1 = on_wlan("2001:db8:c::1");
const auto v4_1 = on_wlan("198.51.100.7");

CareOfCandidate gone(CareOfCandidate candidate) {
    candidate.presence = CareOfCandidate::Presence::gone;
    return candidate;
}
CareOfCandidate deprecated(CareOfCandidate candidate) {
    candidate.deprecated = true;
    return candidate;
}

// BIDs 1 and 2 on wlan0, BID 3 on lte0.
MobileNodeConfig config_of_two() {
    auto config = mcoa_config();
    config.accesses = {{"wlan0", 1, 10}, {"wlan0", 2, 20}, {"lte0", 3, 30}};
    return config;
}

// Everything is accepted, time goes on.
void settle(Scene& scene, seconds time = seconds(8)) {
    for (const auto end = scene.now + time; scene.now < end; scene.advance(milliseconds(500))) {
        while (scene.pending() > 0) {
            scene.accept(scene.take());
        }
    }
}

// "1=2001:db8:a::1 2=2001:db8:b::1": what the kernel holds.
std::string bound(const Scene& scene) {
    auto bindings = scene.kernel_node.bindings;
    std::sort(bindings.begin(), bindings.end(),
              [](const auto& a, const auto& b) { return a.bid < b.bid; });
    std::string text;
    for (const auto& binding : bindings) {
        text += (text.empty() ? "" : " ") + std::to_string(binding.bid) + "=" +
                to_string(binding.care_of);
    }
    return text;
}

std::string after(Scene& scene, std::vector<CareOfCandidate> candidates) {
    scene.network(std::move(candidates));
    settle(scene);
    return bound(scene);
}

bool deregistered(const Scene& scene, std::uint16_t bid) {
    return std::any_of(scene.sent.begin(), scene.sent.end(), [&](const Sent& sent) {
        const auto bids = sent.bids();
        return sent.update.lifetime.is_zero() &&
               std::find(bids.begin(), bids.end(), bid) != bids.end();
    });
}

} // namespace

TEST_CASE("two prefixes of one interface are two bindings, with the priorities of their accesses",
          "[M-5.1-01][M-5.1-02][M-5.1-03][M-5.1-04]") {
    Scene scene(config_of_two());
    CHECK(after(scene, {a1, a2, b1, lte("2001:db8:4::400")}) ==
          "1=2001:db8:a::1 2=2001:db8:b::1 3=2001:db8:4::400");
    CHECK(scene.kernel(1)->priority == 10);
    CHECK(scene.kernel(2)->priority == 20);
    CHECK(scene.kernel(1)->link == scene.kernel(2)->link);
    CHECK(scene.row(2).link_name == "wlan0");
    // The first Binding Update leaves from the one, the second address is in it.
    CHECK(scene.sent.front().bids() == std::vector<std::uint16_t>{1, 2, 3});
}

TEST_CASE("an interface with one access has one binding, whatever addresses it has") {
    Scene scene(mcoa_config());
    CHECK(after(scene, {a1, a2, b1, v4_1}) == "1=2001:db8:a::1");
}

TEST_CASE("renumbering: a prefix that goes takes its binding with it, a new one takes the place") {
    Scene scene(config_of_two());
    REQUIRE(after(scene, {a1, b1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    SECTION("removed") {
        CHECK(after(scene, {b1}) == "2=2001:db8:b::1");
        CHECK(deregistered(scene, 1));
        CHECK_FALSE(deregistered(scene, 2));
        CHECK(after(scene, {b1, c1}) == "1=2001:db8:c::1 2=2001:db8:b::1");
        CHECK(after(scene, {c1, b1, a1}) == "1=2001:db8:c::1 2=2001:db8:b::1");
    }
    SECTION("no longer at the link") {
        CHECK(after(scene, {gone(a1), b1}) == "2=2001:db8:b::1");
        CHECK(deregistered(scene, 1));
        CHECK(after(scene, {a1, b1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    }
    SECTION("deprecated: until there is another one") {
        CHECK(after(scene, {deprecated(a1), b1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
        CHECK(after(scene, {deprecated(a1), b1, c1}) == "1=2001:db8:c::1 2=2001:db8:b::1");
    }
    SECTION("both, and they come back in another order") {
        (void)after(scene, {});
        CHECK(after(scene, {b1}) == "2=2001:db8:b::1");
        CHECK(after(scene, {b1, a1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    }
    SECTION("another address of the same prefix is no other place") {
        CHECK(after(scene, {a2, b1}) == "1=2001:db8:a::2 2=2001:db8:b::1");
        CHECK_FALSE(deregistered(scene, 1));
        CHECK(after(scene, {b1, a1, deprecated(a2)}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    }
}

TEST_CASE("IPv4 gets a place that no IPv6 prefix needs, and keeps its BID as long as it can") {
    Scene scene(config_of_two());
    CHECK(after(scene, {v4_1}) == "1=198.51.100.7");
    CHECK(after(scene, {v4_1, b1}) == "1=198.51.100.7 2=2001:db8:b::1");
    CHECK(after(scene, {v4_1, b1, a1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    CHECK(after(scene, {v4_1, b1}) == "1=198.51.100.7 2=2001:db8:b::1");
}

TEST_CASE("an access can ask for prefixes") {
    auto config = config_of_two();
    config.accesses.at(1).prefixes6 = {{v6("2001:db8:a::"), 48}};
    Scene scene(config);
    SECTION("and gets them, whatever comes first") {
        CHECK(after(scene, {a1, b1}) == "1=2001:db8:b::1 2=2001:db8:a::1");
    }
    SECTION("and nothing else") {
        CHECK(after(scene, {b1, c1}) == "1=2001:db8:b::1");
        CHECK(after(scene, {b1, c1, a1}) == "1=2001:db8:b::1 2=2001:db8:a::1");
    }
}

TEST_CASE("families and single addresses as prefixes: two bindings in one network") {
    auto config = config_of_two();
    SECTION("IPv4 and IPv6") {
        config.accesses.at(0).prefixes4 = {{v4("0.0.0.0"), 0}};
        config.accesses.at(1).prefixes6 = {{v6("::"), 0}};
        Scene scene(config);
        CHECK(after(scene, {a1, b1, v4_1}) == "1=198.51.100.7 2=2001:db8:a::1");
    }
    SECTION("two addresses of one prefix") {
        config.accesses.at(0).prefixes6 = {{v6("2001:db8:a::2"), 128}};
        config.accesses.at(1).prefixes6 = {{v6("2001:db8:a::1"), 128}};
        Scene scene(config);
        CHECK(after(scene, {a1, a2}) == "1=2001:db8:a::2 2=2001:db8:a::1");
        CHECK(after(scene, {a2}) == "1=2001:db8:a::2");
    }
    SECTION("the same prefix twice") {
        config.accesses.at(0).prefixes6 = {{v6("2001:db8:a::"), 64}};
        config.accesses.at(1).prefixes6 = {{v6("2001:db8:a::"), 64}};
        Scene scene(config);
        CHECK(after(scene, {a1, a2}) == "1=2001:db8:a::1 2=2001:db8:a::2");
        CHECK(after(scene, {a2, a1}) == "1=2001:db8:a::1 2=2001:db8:a::2");
    }
}

TEST_CASE("an address by DHCP, said to be a network of its own, is of its prefix") {
    Scene scene(config_of_two());
    CHECK(after(scene, {a1, on_wlan("2001:db8:a::2", 128)}) == "1=2001:db8:a::1");
}

TEST_CASE("prefixes are a filter for a single access as well, without MCoA too") {
    auto config = plain_config();
    config.accesses.at(0).prefixes6 = {{v6("2001:db8:b::"), 64}};
    Scene scene(config);
    scene.network({a1, v4_1});
    CHECK(scene.pending() == 0);
    scene.network({a1, v4_1, b1});
    CHECK(scene.take().native()->wire_source == v6("2001:db8:b::1"));
}

TEST_CASE("after a restart every binding keeps its BID") {
    Scene before(config_of_two());
    REQUIRE(after(before, {a1, b1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    Scene scene(config_of_two());
    scene.restore(before.kernel_node);
    CHECK(after(scene, {b1, a1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    CHECK(scene.count("moves") == 0);
}

TEST_CASE("a prefix that gets no answer gives way to the other one of its interface") {
    Scene scene(config_of_two());
    REQUIRE(after(scene, {a1, b1}) == "1=2001:db8:a::1 2=2001:db8:b::1");
    // Nothing comes back to the first prefix any more.
    for (const auto end = scene.now + minutes(9); scene.now < end;
         scene.advance(milliseconds(500))) {
        while (scene.pending() > 0) {
            const auto sent = scene.take();
            if (sent.native()->wire_source == v6("2001:db8:b::1")) {
                scene.accept(sent);
            }
        }
    }
    CHECK(bound(scene) == "2=2001:db8:b::1");
    CHECK(scene.reported("access-silent"));
    settle(scene, seconds(130));
    CHECK(bound(scene) == "1=2001:db8:a::1 2=2001:db8:b::1");
}

} // namespace dsmip::mobility::test
