// SPDX-License-Identifier: GPL-2.0-or-later
// Which addresses are from the network that is at the link now.
#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <set>

#include "daemon/attachment_watch.hpp"
#include "host_messages.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using std::chrono::seconds;
using Presence = AttachmentWatch::Presence;

namespace {

constexpr unsigned running = IFF_UP | IFF_RUNNING;

/// One interface, and the clock.
class Scene : public test::Host {
public:
    explicit Scene(seconds check = std::chrono::hours(1))
        : watch({{"wan0"}, check}, [this] { return random_ += 397; }) {
        link(2, "wan0");
    }

    AttachmentQuestions update() { return watch.update(now, state()); }
    /// Meets every deadline on the way.
    AttachmentQuestions advance(seconds time) {
        AttachmentQuestions all;
        const auto end = now + time;
        while (watch.next_deadline() && *watch.next_deadline() <= end) {
            now = std::max(now, *watch.next_deadline());
            const auto asked = update();
            all.solicit.insert(all.solicit.end(), asked.solicit.begin(), asked.solicit.end());
            all.probe.insert(all.probe.end(), asked.probe.begin(), asked.probe.end());
        }
        now = end;
        return all;
    }
    /// For some minutes.
    bool is_quiet() { return advance(seconds(600)) == AttachmentQuestions{}; }
    AttachmentQuestions replug() {
        changes_ += 2;
        link(2, "wan0", IFF_UP, changes_ - 1);
        update();
        link(2, "wan0", running, changes_);
        return update();
    }
    /// Over before anybody looked.
    AttachmentQuestions replug_unseen() {
        changes_ += 2;
        link(2, "wan0", running, changes_);
        return update();
    }
    [[nodiscard]] Presence of(std::string_view address) const {
        return watch.presence(at(2), wire::IpAddress::parse(address).value());
    }

    AttachmentWatch watch;
    mobility::TimePoint now{seconds(1000)};

private:
    std::uint32_t changes_ = 1;
    std::uint32_t random_ = 0;
};

} // namespace

TEST_CASE("without a change nothing is in doubt and nobody is asked") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.address(2, "203.0.113.10");
    scene.default_route_by(2, "fe80::1");
    CHECK(scene.update() == AttachmentQuestions{});
    CHECK(scene.is_quiet());
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    CHECK(scene.of("203.0.113.10") == Presence::here);
}

TEST_CASE(
    "a carrier that comes back at another network: the old address is unconfirmed, then gone") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.update();
    const bool seen = GENERATE(true, false);
    const auto asked = seen ? scene.replug() : scene.replug_unseen();
    CHECK(asked.solicit == std::vector<std::uint32_t>{2});
    REQUIRE(asked.probe.size() == 1);
    CHECK(to_string(asked.probe.front().address) == "fe80::1");
    CHECK(scene.of("2001:db8:6::10") == Presence::unconfirmed);

    SECTION("the new network answers") {
        scene.now += seconds(1);
        scene.autoconfigured(2, "2001:db8:7::10", 200);
        scene.update();
        CHECK(scene.of("2001:db8:7::10") == Presence::here);
        CHECK(scene.of("2001:db8:6::10") == Presence::unconfirmed);
        CHECK(scene.advance(seconds(5)).solicit.size() == 2);
        CHECK(scene.of("2001:db8:7::10") == Presence::here);
        CHECK(scene.of("2001:db8:6::10") == Presence::gone);
        CHECK(scene.is_quiet());
    }
    SECTION("it was the same network: confirmed by the answer, for all addresses of the prefix") {
        scene.autoconfigured(2, "2001:db8:6::aaaa", 100); // of privacy extensions
        scene.autoconfigured(2, "2001:db8:6::10", 150);
        scene.update();
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
        CHECK(scene.of("2001:db8:6::aaaa") == Presence::here);
        scene.advance(seconds(6));
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
    }
    SECTION("nobody answers: gone, and back when the prefix is advertised again") {
        scene.advance(seconds(6));
        CHECK(scene.of("2001:db8:6::10") == Presence::gone);
        scene.autoconfigured(2, "2001:db8:6::10", 300);
        scene.update();
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
    }
}

TEST_CASE("without a carrier event: a new prefix on the link puts the old one to the test") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.update();
    scene.autoconfigured(2, "2001:db8:7::10", 200);
    CHECK(scene.update().solicit == std::vector<std::uint32_t>{2});
    // Perhaps a second router, beside the first one.
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    CHECK(scene.of("2001:db8:7::10") == Presence::here);
    SECTION("so it is") {
        scene.autoconfigured(2, "2001:db8:6::10", 201);
        scene.update();
        scene.advance(seconds(6));
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
    }
    SECTION("the old one is not advertised any more") {
        scene.advance(seconds(6));
        CHECK(scene.of("2001:db8:6::10") == Presence::gone);
    }
    CHECK(scene.of("2001:db8:7::10") == Presence::here);
}

TEST_CASE("to and fro without a carrier event: a network that was gone is heard again") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.update();
    scene.autoconfigured(2, "2001:db8:7::10", 200);
    scene.update();
    scene.advance(seconds(6));
    REQUIRE(scene.of("2001:db8:6::10") == Presence::gone);
    scene.autoconfigured(2, "2001:db8:6::10", 300);
    CHECK(scene.update().solicit == std::vector<std::uint32_t>{2});
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    CHECK(scene.of("2001:db8:7::10") == Presence::here);
    SECTION("alone: the other one is gone") {
        scene.advance(seconds(6));
        CHECK(scene.of("2001:db8:7::10") == Presence::gone);
    }
    SECTION("both are there: nothing more is asked") {
        scene.autoconfigured(2, "2001:db8:7::10", 301);
        CHECK(scene.update() == AttachmentQuestions{});
        scene.advance(seconds(6));
        scene.autoconfigured(2, "2001:db8:6::10", 302);
        CHECK(scene.update() == AttachmentQuestions{});
        scene.autoconfigured(2, "2001:db8:7::10", 303);
        CHECK(scene.update() == AttachmentQuestions{});
        CHECK(scene.of("2001:db8:7::10") == Presence::here);
    }
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    CHECK_FALSE(scene.watch.next_deadline());
}

TEST_CASE("another network is heard soon after the carrier is back: asked again in the end") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    if (GENERATE(true, false)) { // the other one was known
        scene.autoconfigured(2, "2001:db8:7::10", 100);
    }
    scene.update();
    scene.replug();
    scene.autoconfigured(2, "2001:db8:6::10", 200);
    scene.update();
    scene.now += seconds(3);
    scene.autoconfigured(2, "2001:db8:7::10", 300);
    scene.update();
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    CHECK(scene.advance(seconds(3)).solicit.size() == 1); // at the end of the doubt
    SECTION("the first one has been left") {
        scene.autoconfigured(2, "2001:db8:7::10", 301);
        scene.update();
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
        scene.advance(seconds(5));
        CHECK(scene.of("2001:db8:6::10") == Presence::gone);
    }
    SECTION("both are there") {
        scene.autoconfigured(2, "2001:db8:7::10", 301);
        scene.update();
        scene.autoconfigured(2, "2001:db8:6::10", 302);
        scene.update();
        scene.advance(seconds(5));
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
    }
    CHECK(scene.of("2001:db8:7::10") == Presence::here);
    CHECK_FALSE(scene.watch.next_deadline());
}

TEST_CASE("a doubt does not bring back what is gone") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.update();
    scene.replug();
    scene.autoconfigured(2, "2001:db8:7::10", 200);
    scene.default_route_by(2, "fe80::2");
    scene.update();
    scene.advance(seconds(6));
    REQUIRE(scene.of("2001:db8:6::10") == Presence::gone);
    scene.neighbour(2, "fe80::1", NUD_FAILED);
    CHECK(scene.update().solicit.size() == 1);
    CHECK(scene.of("2001:db8:6::10") == Presence::gone);
    CHECK(scene.of("2001:db8:7::10") == Presence::here);
}

TEST_CASE("a network that was left is named as soon as another one is surely there") {
    Scene scene;
    const auto left = [&] { return scene.watch.left(scene.state()); };
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.autoconfigured(2, "2001:db8:6::aaaa", 100); // of privacy extensions
    scene.update();
    CHECK(left().empty());
    SECTION("after a loss of carrier") {
        scene.replug();
        CHECK(left().empty()); // perhaps it is the same network
        scene.autoconfigured(2, "2001:db8:7::10", 200);
        scene.update();
    }
    SECTION("without a carrier event") {
        scene.autoconfigured(2, "2001:db8:7::10", 200);
        scene.update();
        CHECK(left().empty());
        scene.advance(seconds(6));
    }
    const auto prefix = wire::Prefix6{*wire::Ipv6Address::parse("2001:db8:6::"), 64};
    CHECK(left() == std::vector{LeftNetwork{2, prefix}});
    scene.autoconfigured(2, "2001:db8:6::10", 300); // it is heard again
    scene.update();
    CHECK(left().empty());
}

TEST_CASE("another router on the link, or a silent one, is a reason to ask") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.update();
    SECTION("another") {
        scene.default_route_by(2, "fe80::2");
    }
    SECTION("silent, with another one beside it") {
        scene.default_route_by(2, "fe80::2");
        scene.update();
        scene.autoconfigured(2, "2001:db8:6::10", 101);
        scene.advance(seconds(10));
        scene.neighbour(2, "fe80::1", NUD_FAILED);
    }
    CHECK(scene.update().solicit.size() == 1);
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    scene.advance(seconds(6));
    CHECK(scene.of("2001:db8:6::10") == Presence::gone);
}

TEST_CASE("an address whose gateways do not answer is gone until one does; it is asked again") {
    Scene scene;
    const bool ipv4 = GENERATE(true, false);
    const std::string address = ipv4 ? "203.0.113.10" : "2001:db8:6::10";
    const std::string gateway = ipv4 ? "203.0.113.1" : "fe80::1";
    scene.address(2, address);
    scene.default_route_by(2, gateway);
    scene.update();
    scene.neighbour(2, gateway, NUD_INCOMPLETE);
    scene.update();
    CHECK(scene.of(address) == Presence::here);
    scene.neighbour(2, gateway, NUD_FAILED);
    CHECK(scene.update().probe.size() == 1);
    CHECK(scene.of(address) == Presence::gone);
    CHECK(scene.advance(seconds(35)).probe.size() >= 2);
    scene.neighbour(2, gateway, NUD_INCOMPLETE);
    scene.update();
    CHECK(scene.of(address) == Presence::gone);
    SECTION("it answers") {
        scene.neighbour(2, gateway, NUD_REACHABLE);
        scene.update();
        CHECK(scene.of(address) == Presence::here);
        scene.advance(seconds(30));
        CHECK(scene.is_quiet());
    }
    SECTION("the link is attached anew") {
        scene.replug();
        CHECK(scene.of(address) == Presence::here);
    }
    SECTION("a link without carrier is not asked") {
        scene.link(2, "wan0", IFF_UP, 2);
        scene.update();
        CHECK_FALSE(scene.watch.next_deadline());
    }
}

TEST_CASE("IPv4: the gateway in the network of an address decides about it") {
    Scene scene;
    scene.address(2, "203.0.113.10");
    scene.default_route_by(2, "203.0.113.1");
    scene.address(2, "10.0.0.10");
    scene.default_route_by(2, "10.0.0.1");
    scene.update();
    scene.neighbour(2, "203.0.113.1", NUD_FAILED);
    scene.update();
    CHECK(scene.of("203.0.113.10") == Presence::gone);
    CHECK(scene.of("10.0.0.10") == Presence::here);
}

TEST_CASE("a link on which nothing happens: one question now and then, some to all routers") {
    Scene scene(seconds(15));
    const std::size_t minutes = 20;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    if (GENERATE(true, false)) { // more routers
        scene.default_route_by(2, "fe80::2");
        scene.address(2, "203.0.113.10");
        scene.default_route_by(2, "203.0.113.1");
    }
    CHECK(scene.update() == AttachmentQuestions{});
    const auto asked = scene.advance(std::chrono::minutes(minutes));
    CHECK(asked.probe.size() + asked.solicit.size() <= minutes * 6);
    CHECK(asked.probe.size() + asked.solicit.size() >= minutes * 4);
    CHECK(asked.solicit.size() >= minutes);
    for (const auto& router : scene.at(2).default_routes) {
        CHECK(std::find(asked.probe.begin(), asked.probe.end(),
                        AttachmentQuestions::Neighbour{2, *router.gateway}) != asked.probe.end());
    }
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
}

TEST_CASE("a silent gateway beside one that answers costs no more than one packet in 10 s") {
    Scene scene(seconds(15));
    const std::size_t minutes = 20;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.address(2, "203.0.113.10");
    scene.default_route_by(2, "203.0.113.1");
    scene.neighbour(2, "203.0.113.1", NUD_FAILED);
    scene.update();
    scene.advance(seconds(100)); // it is asked often at first
    const auto asked = scene.advance(std::chrono::minutes(minutes));
    const AttachmentQuestions::Neighbour silent{2, wire::IpAddress::parse("203.0.113.1").value()};
    const auto times =
        static_cast<std::size_t>(std::count(asked.probe.begin(), asked.probe.end(), silent));
    CHECK(times >= minutes / 3);
    const auto others = asked.probe.size() - times + asked.solicit.size();
    CHECK(times * 3 + others <= minutes * 6); // the kernel asks three times
}

TEST_CASE("the checks do not come in step") {
    Scene scene(seconds(15));
    scene.default_route_by(2, "203.0.113.1");
    scene.update();
    std::set<mobility::Duration> pauses;
    for (int i = 0; i < 20; ++i) {
        const auto pause = *scene.watch.next_deadline() - scene.now;
        CHECK(pause >= seconds(10));
        CHECK(pause <= seconds(15));
        pauses.insert(pause);
        scene.now += pause;
        scene.update();
    }
    CHECK(pauses.size() > 10);
}

TEST_CASE("without an access, a gateway or a carrier nobody is asked") {
    Scene scene(seconds(15));
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    SECTION("no gateway") {
        scene.address(2, "203.0.113.10");
    }
    SECTION("no carrier") {
        scene.default_route_by(2, "fe80::1");
        scene.update();
        scene.link(2, "wan0", IFF_UP, 2);
    }
    SECTION("no access") {
        scene.link(3, "eth0");
        scene.address(3, "203.0.113.10");
        scene.default_route_by(3, "203.0.113.1");
        scene.neighbour(3, "203.0.113.1", NUD_FAILED);
    }
    scene.update();
    CHECK_FALSE(scene.watch.next_deadline());
}

TEST_CASE("a check that gets no answer: all are asked, and what is heard then goes first") {
    Scene scene(seconds(15));
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.address(2, "203.0.113.10");
    scene.default_route_by(2, "203.0.113.1");
    scene.update();
    const auto silent = GENERATE("fe80::1", "203.0.113.1");
    scene.neighbour(2, silent, NUD_FAILED);
    const auto asked = scene.update();
    CHECK(asked.solicit == std::vector<std::uint32_t>{2});
    CHECK(asked.probe.size() == 2);
    if (silent == std::string_view("203.0.113.1")) {
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
    }
    const auto is_new = GENERATE(true, false);
    if (is_new) {
        scene.autoconfigured(2, "2001:db8:7::10", 200);
        scene.default_route_by(2, "fe80::2");
        scene.update();
        CHECK(scene.of("2001:db8:7::10") == Presence::here);
        CHECK(scene.of("2001:db8:6::10") == Presence::unconfirmed);
    }
    SECTION("its prefix is advertised all the same") {
        scene.neighbour(2, "fe80::1", NUD_REACHABLE);
        scene.autoconfigured(2, "2001:db8:6::10", 201);
        scene.update();
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
        scene.advance(seconds(6));
        CHECK(scene.of("2001:db8:6::10") == Presence::here);
    }
    SECTION("not any more") {
        scene.advance(seconds(6));
        CHECK(scene.of("2001:db8:6::10") == Presence::gone);
    }
}

TEST_CASE("a network that was known is heard after the silence of the present one") {
    Scene scene(seconds(15));
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.update();
    scene.replug();
    scene.autoconfigured(2, "2001:db8:7::10", 200);
    scene.default_route_by(2, "fe80::2");
    scene.neighbour(2, "fe80::1", NUD_FAILED);
    scene.update();
    scene.advance(seconds(6));
    REQUIRE(scene.of("2001:db8:6::10") == Presence::gone);

    scene.neighbour(2, "fe80::2", NUD_FAILED);
    CHECK(scene.update().probe.size() == 2);
    scene.neighbour(2, "fe80::1", NUD_REACHABLE);
    scene.autoconfigured(2, "2001:db8:6::10", 300);
    scene.update();
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    CHECK(scene.of("2001:db8:7::10") != Presence::here);
}

TEST_CASE("to and fro while the silence is looked into: asked again in the end") {
    Scene scene(seconds(15));
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.update();
    scene.neighbour(2, "fe80::1", NUD_FAILED);
    scene.update();
    scene.now += seconds(1);
    scene.autoconfigured(2, "2001:db8:7::10", 200);
    scene.default_route_by(2, "fe80::2");
    scene.update();
    CHECK(scene.of("2001:db8:6::10") == Presence::unconfirmed);
    scene.now += seconds(1);
    scene.neighbour(2, "fe80::1", NUD_REACHABLE);
    scene.autoconfigured(2, "2001:db8:6::10", 300);
    scene.update();
    const auto both = GENERATE(true, false);
    CHECK(scene.advance(seconds(5)).solicit.size() >= 2); // the second time at the end
    scene.autoconfigured(2, "2001:db8:6::10", 301);
    if (both) {
        scene.autoconfigured(2, "2001:db8:7::10", 302);
    }
    scene.update();
    CHECK(scene.advance(seconds(6)).solicit.size() <= 3);
    CHECK(scene.of("2001:db8:6::10") == Presence::here);
    CHECK(scene.of("2001:db8:7::10") == (both ? Presence::here : Presence::gone));
    CHECK(scene.advance(seconds(60)).solicit.size() <= 2); // but for the checks it ends there
}

TEST_CASE("a router that does not answer is not asked while another one does") {
    Scene scene;
    scene.default_route_by(2, "fe80::1");
    scene.default_route_by(2, "fe80::2");
    scene.update();
    scene.neighbour(2, "fe80::1", NUD_FAILED);
    const auto asked = scene.update();
    REQUIRE(asked.probe.size() == 1); // whether that one still does
    CHECK(to_string(asked.probe.front().address) == "fe80::2");
    CHECK(scene.advance(seconds(300)).probe.empty());
}

TEST_CASE("a router whose lifetime is over is a reason to ask") {
    Scene scene;
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, "fe80::1");
    scene.autoconfigured(2, "2001:db8:7::10", 100);
    scene.default_route_by(2, "fe80::2");
    scene.update();
    scene.no_default_route_by(2, "fe80::1");
    CHECK(scene.update().solicit.size() == 1);
    scene.autoconfigured(2, "2001:db8:7::10", 200);
    scene.update();
    scene.advance(seconds(6));
    CHECK(scene.of("2001:db8:6::10") == Presence::gone);
    CHECK(scene.of("2001:db8:7::10") == Presence::here);
}

TEST_CASE("a gateway with another link-layer address: attached anew, and routers are solicited") {
    constexpr std::array<std::uint8_t, 6> one{2, 0, 0, 0, 0, 1};
    constexpr std::array<std::uint8_t, 6> other{2, 0, 0, 0, 0, 2};
    Scene scene(seconds(15));
    const std::string gateway = GENERATE("fe80::1", "10.0.0.1");
    scene.address(2, "10.0.0.10");
    scene.autoconfigured(2, "2001:db8:6::10", 100);
    scene.default_route_by(2, gateway);
    scene.update();
    scene.neighbour(2, gateway, NUD_REACHABLE, one);
    CHECK(scene.update() == AttachmentQuestions{});
    const auto before = scene.watch.attachment(scene.at(2));
    scene.neighbour(2, gateway, NUD_STALE, one);
    CHECK(scene.update() == AttachmentQuestions{});
    CHECK(scene.watch.attachment(scene.at(2)) == before);
    SECTION("at once") {
        scene.neighbour(2, gateway, NUD_STALE, other);
        CHECK(scene.update().solicit.size() == 1);
    }
    SECTION("after silence") {
        scene.neighbour(2, gateway, NUD_FAILED);
        scene.update();
        scene.neighbour(2, gateway, NUD_REACHABLE, other);
        scene.update();
    }
    CHECK(scene.of("10.0.0.10") == Presence::here);
    CHECK(scene.watch.attachment(scene.at(2)) != before);
    scene.advance(seconds(6));
    CHECK(scene.of("2001:db8:6::10") == Presence::gone);
}
