// SPDX-License-Identifier: GPL-2.0-or-later
// Choice of the care-of address and movement with one binding.
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"
#include "mobility/mobile_node_care_of.hpp"

namespace dsmip::mobility::test {
namespace {

std::string best(const MobileNodeConfig& config, std::vector<CareOfCandidate> candidates) {
    CareOfTable table(config);
    table.update(candidates);
    const auto care_of = table.best(std::nullopt, std::nullopt);
    return care_of ? wire::to_string(care_of->address) : "none";
}

} // namespace

TEST_CASE("order of preference among care-of addresses", "[D-2.3.1-10][D-2.3-02]") {
    const auto config = plain_config();
    CHECK(best(config, {}) == "none");
    // IPv6 before IPv4 on the same link, in whatever order they come.
    CHECK(best(config, {wlan("198.51.100.7"), wlan("2001:db8:2::2")}) == "2001:db8:2::2");
    // The preferred access with IPv4 before another with IPv6.
    CHECK(best(config, {lte("2001:db8:4::4"), wlan("198.51.100.7")}) == "198.51.100.7");
    CHECK(best(config, {lte("2001:db8:4::4")}) == "2001:db8:4::4");
    // Not on a configured access, not usable as care-of address, or a home address.
    CHECK(best(config, {{"eth9", 9, v6("2001:db8:9::9"), true}}) == "none");
    CHECK(best(config, {wlan("fe80::1")}) == "none");
    CHECK(best(config, {wlan("169.254.3.4")}) == "none");
    CHECK(best(config, {wlan("127.0.0.1")}) == "none");
    CHECK(best(config, {wlan("2001:db8:1::100")}) == "none");
    // Private addresses are usable, unique local ones too.
    CHECK(best(config, {wlan("10.0.0.7")}) == "10.0.0.7");
    CHECK(best(config, {wlan("fd00::7")}) == "fd00::7");
    // One without a default route is the last resort.
    CHECK(best(config, {{"wlan0", 3, v6("2001:db8:2::2"), false}, lte("203.0.113.9")}) ==
          "203.0.113.9");
    CHECK(best(config, {{"wlan0", 3, v6("2001:db8:2::2"), false}}) == "2001:db8:2::2");

    // A deprecated one only if there is no other with a default route, on whatever access.
    auto old = wlan("2001:db8:2::2");
    old.deprecated = true;
    CHECK(best(config, {old, lte("203.0.113.9")}) == "203.0.113.9");
    CHECK(best(config, {old, {"lte0", 4, v4("203.0.113.9"), false}}) == "2001:db8:2::2");
    CHECK(best(config, {old}) == "2001:db8:2::2");

    SECTION("priority values before the order of the list") {
        auto reordered = config;
        reordered.accesses = {{"wlan0", 1, 9}, {"lte0", 2, 3}};
        CHECK(best(reordered, {lte("203.0.113.9"), wlan("2001:db8:2::2")}) == "203.0.113.9");
        reordered.accesses = {{"lte0", 2, 5}, {"wlan0", 1, 5}};
        CHECK(best(reordered, {lte("203.0.113.9"), wlan("2001:db8:2::2")}) == "203.0.113.9");
    }
    SECTION("the IPv4 home address can be the private address of an access") {
        auto fixed = config;
        fixed.home_address4_mode = MobileNodeConfig::HomeAddress4::fixed;
        fixed.home_address4 = v4("192.0.2.10");
        CHECK(best(fixed, {wlan("192.0.2.10")}) == "192.0.2.10");
    }
}

TEST_CASE("a move: new Binding Update at once, old binding until the answer",
          "[D-2.3.1-11][D-5.1-03][MN-6][D-4.4.1-01]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    scene.advance(seconds(10));
    scene.network({wlan("198.51.100.7")});
    const auto update = scene.take();
    CHECK(update.at == scene.now);
    REQUIRE(update.udp() != nullptr);
    CHECK(update.option<wire::AlternateCareOfAddress>() == nullptr);
    CHECK(scene.row().state == RegistrationState::registering);
    CHECK(scene.row().remaining == seconds(590));
    CHECK(scene.kernel()->care_of == v6("2001:db8:2::200"));
    CHECK(scene.removes.empty());

    Answer answer;
    answer.nat = wire::NatDetection{false, 110};
    scene.answer(update, answer);
    CHECK(scene.kernel()->care_of == v4("198.51.100.7"));
    CHECK(scene.kernel()->encapsulation == Encapsulation::udp);
    CHECK(scene.kernel_node.bindings.size() == 1); // never two families
    CHECK(scene.reported("moved"));
    CHECK(scene.count("moves") == 1);
}

TEST_CASE("the four networks of a roaming node", "[D-2-03][D-2.3-02][D-4.1-09]") {
    auto config = plain_config();
    config.prefer_tlv = true;
    Scene scene(config);
    registered(scene, wlan("2001:db8:2::200"));
    CHECK(scene.kernel()->encapsulation == Encapsulation::direct);
    scene.advance(seconds(1)); // three Binding Updates a second are the limit

    scene.network({wlan("198.51.100.7")}); // public IPv4
    scene.accept(scene.take());
    CHECK(scene.kernel()->encapsulation == Encapsulation::direct);
    CHECK(scene.kernel()->care_of == v4("198.51.100.7"));

    scene.network({wlan("10.0.0.7")}); // behind a NAT, TLV header
    Answer nat;
    nat.nat = wire::NatDetection{false, 110};
    nat.tlv = true;
    scene.answer(scene.take(), nat);
    CHECK(scene.kernel()->encapsulation == Encapsulation::udp_tlv);
    CHECK(scene.kernel()->nat);

    scene.network({wlan("2001:db8:2::200")}); // back
    scene.accept(scene.take());
    CHECK(scene.kernel()->encapsulation == Encapsulation::direct);
    CHECK_FALSE(scene.kernel()->nat);
    CHECK(scene.row().keepalive == seconds(0));
    CHECK(scene.count("moves") == 3);
}

TEST_CASE("nothing new in the network: nothing sent", "[MN-10]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    scene.network({wlan("2001:db8:2::200")});
    scene.network({wlan("198.51.100.7"), wlan("2001:db8:2::200")});
    // Another address of the same kind on the same link: the one in use is kept.
    scene.network({wlan("2001:db8:2::999"), wlan("2001:db8:2::200")});
    CHECK(scene.pending() == 0);
    // It goes: the other one serves.
    scene.network({wlan("2001:db8:2::999")});
    CHECK(scene.take().native()->wire_source == v6("2001:db8:2::999"));
}

TEST_CASE("an address that becomes deprecated gives way to another of its link") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    auto old = wlan("2001:db8:2::200");
    old.deprecated = true;
    scene.network({old});
    CHECK(scene.pending() == 0);
    scene.network({old, wlan("2001:db8:2::999")});
    CHECK(scene.take().native()->wire_source == v6("2001:db8:2::999"));
}

TEST_CASE("an address whose network is gone gives way to any other", "[MN-10]") {
    using Presence = CareOfCandidate::Presence;
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    auto old = wlan("2001:db8:2::200");
    const auto fresh = wlan("2001:db8:3::300");
    SECTION("of its link at once") {
        old.presence = Presence::unconfirmed;
        scene.network({old, lte("203.0.113.9")});
        CHECK(scene.pending() == 0); // perhaps it is still the same network
        scene.network({old, fresh, lte("203.0.113.9")});
        CHECK(scene.take().native()->wire_source == v6("2001:db8:3::300"));
    }
    SECTION("of another access when it is certain") {
        old.presence = Presence::gone;
        scene.network({old, lte("203.0.113.9")});
        CHECK(scene.take().message.route.index() != 0);
        CHECK(scene.row().care_of == v4("203.0.113.9"));
        scene.network({wlan("2001:db8:2::200"), lte("203.0.113.9")});
        CHECK(scene.row().care_of == v6("2001:db8:2::200"));
    }
    SECTION("and is not tried because of a failure of what is there") {
        old.presence = Presence::gone;
        scene.network({old, fresh});
        scene.advance(seconds(60)); // no answer; perhaps the path is not ready yet
        REQUIRE(scene.pending() > 4);
        while (scene.pending() > 0) {
            CHECK(scene.take().native()->wire_source == v6("2001:db8:3::300"));
        }
    }
    SECTION("but serves where there is nothing else") {
        old.presence = Presence::gone;
        scene.network({old});
        CHECK(scene.pending() == 0);
        CHECK(scene.row().care_of == v6("2001:db8:2::200"));
    }
}

TEST_CASE("a link that was attached anew with the same address: the home agent is told",
          "[MN-10]") {
    Scene scene;
    registered(scene, wlan("10.0.0.10"));
    scene.advance(seconds(10));
    auto again = wlan("10.0.0.10");
    again.attachment = 2;
    scene.network({again});
    const auto update = scene.take();
    CHECK(update.at == scene.now);
    Answer nat;
    nat.nat = wire::NatDetection{false, 110};
    scene.answer(update, nat); // another network, behind a NAT
    CHECK(scene.kernel()->encapsulation == Encapsulation::udp);
    scene.network({again});
    CHECK(scene.pending() == 0);
}

TEST_CASE("a better access appears: the node moves to it", "[D-2.3.1-10]") {
    Scene scene;
    registered(scene, lte("203.0.113.9"));
    scene.network({lte("203.0.113.9"), wlan("2001:db8:2::200")});
    const auto update = scene.take();
    CHECK(update.native() != nullptr);
    scene.accept(update);
    CHECK(scene.kernel()->link == 3);
    CHECK(scene.row().link_name == "wlan0");
}

TEST_CASE("the same address on another interface is a move", "[MN-10]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    auto moved = wlan("2001:db8:2::200");
    moved.link = 17;
    scene.network({moved});
    scene.accept(scene.take());
    CHECK(scene.kernel()->link == 17);
}

TEST_CASE("no access at all: the binding stays in the kernel, nothing is sent", "[MN-10]") {
    Scene scene;
    registered(scene, wlan("2001:db8:2::200"));
    scene.network({});
    CHECK(scene.row().state == RegistrationState::idle);
    CHECK(scene.row().remaining == seconds(600));
    CHECK(scene.removes.empty());
    CHECK(scene.kernel() != nullptr);
    CHECK(scene.reported("access-lost"));
    CHECK(scene.reported("no-care-of-address"));
    scene.advance(seconds(500));
    CHECK(scene.pending() == 0);

    SECTION("the same access comes back: refreshed at once") {
        scene.network({wlan("2001:db8:2::200")});
        CHECK(scene.row().state == RegistrationState::registered);
        scene.accept(scene.take());
        CHECK(scene.row().remaining == seconds(600));
    }
    SECTION("another one: registered at once") {
        scene.network({lte("203.0.113.9")});
        CHECK(scene.row().state == RegistrationState::registering);
        scene.accept(scene.take());
        CHECK(scene.kernel()->care_of == v4("203.0.113.9"));
    }
    SECTION("too late: the binding is lost, the node starts afresh") {
        scene.advance(seconds(200));
        CHECK(scene.reported("registration-lost"));
        CHECK(scene.row().state == RegistrationState::idle);
        scene.network({wlan("2001:db8:2::200")});
        scene.accept(scene.take());
        CHECK(scene.row().state == RegistrationState::registered);
    }
}

TEST_CASE("moving while the first registration is under way", "[MN-2]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    scene.advance(seconds(1));
    scene.network({wlan("2001:db8:3::300")});
    REQUIRE(scene.sent.size() == 2);
    const auto update = scene.sent.back();
    CHECK(update.option<wire::AlternateCareOfAddress>()->address == v6("2001:db8:3::300"));
    scene.accept(update);
    CHECK(scene.kernel()->care_of == v6("2001:db8:3::300"));
    scene.advance(seconds(100));
    CHECK(scene.sent.size() == 2);
}

TEST_CASE("an address that was there before its default route: asked anew with the route",
          "[MN-10]") {
    Scene scene;
    auto early = wlan("2001:db8:2::200");
    early.default_route = false;
    scene.network({early});
    const auto lost = scene.take();
    scene.advance(milliseconds(200));
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    CHECK(update.at == scene.now);
    CHECK(update.update.sequence == lost.update.sequence + 1);
    scene.accept(update);
    CHECK(scene.row().state == RegistrationState::registered);

    // Registered, the coming and going of routes is no reason to talk.
    scene.network({early});
    scene.network({wlan("2001:db8:2::200")});
    CHECK(scene.pending() == 0);
}

} // namespace dsmip::mobility::test
