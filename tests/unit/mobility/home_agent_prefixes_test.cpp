// SPDX-License-Identifier: GPL-2.0-or-later
// Mobile routers: which prefixes are forwarded, who is refused with what, how it ends
// (RFC 3963, 6.2 and 6.3).
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
using dsmip::wire::Ipv4AddressStatus;
namespace wire = dsmip::wire;

namespace {

wire::Prefix6 p6(const char* address, std::uint8_t length) {
    return {v6(address), length};
}
wire::Prefix4 p4(const char* address, std::uint8_t length) {
    return {v4(address), length};
}

// `node` owns 2001:db8:aaaa::/48 and 10.1.0.0/16, `other` 2001:db8:bbbb::/48 and 10.2.0.0/16.
HomeAgentConfig router_config() {
    auto config = default_config();
    config.nodes.at(0).prefixes6 = {p6("2001:db8:aaaa::", 48)};
    config.nodes.at(0).prefixes4 = {p4("10.1.0.0", 16)};
    config.nodes.at(1).prefixes6 = {p6("2001:db8:bbbb::", 48)};
    config.nodes.at(1).prefixes4 = {p4("10.2.0.0", 16)};
    return config;
}

// The answer has that status, R clear, and nothing is registered for `node`.
void check_refused(Scene& scene, BindingStatus status) {
    const auto answer = scene.answer();
    CHECK(answer.status() == status);
    CHECK_FALSE(answer.message.flags.mobile_router);
    for (const auto& option : answer.home4()) {
        CHECK(option.status == wire::Ipv4AddressStatus::FailureReasonUnspecified);
    }
    CHECK_FALSE(scene.registered(node));
}

void check_forwarding(Scene& scene, const std::vector<wire::Prefix6>& prefixes) {
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    CHECK(answer.message.flags.mobile_router);
    REQUIRE(scene.registered(node)); // kernel and cache agree
    CHECK(scene.registered(node)->prefixes6 == prefixes);
}

} // namespace

TEST_CASE("implicit mode: prefixes of the configuration, R in the answer") {
    Scene scene(router_config());
    const bool over_udp = GENERATE(false, true);
    const auto update = Update(1).router();
    over_udp ? scene.udp(update, outside) : scene.native(update, visited);
    check_forwarding(scene, {p6("2001:db8:aaaa::", 48)});
    CHECK(scene.registered(node)->prefixes4.empty()); // those are asked for by option 29

    SECTION("they end with de-registration") {
        scene.native(Update(2, seconds(0)).router(), visited);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::Accepted);
        CHECK_FALSE(answer.message.flags.mobile_router);
        CHECK_FALSE(scene.registered(node));
    }
    SECTION("they end with the lifetime, routes too") {
        scene.kernel_tells_expiry = GENERATE(true, false);
        const auto before = scene.requests;
        scene.advance(seconds(603));
        CHECK_FALSE(scene.registered(node));
        CHECK(scene.requests > before); // the daemon is told to take the routes away
    }
    SECTION("they end by the operator") {
        CHECK(scene.remove(node));
        CHECK_FALSE(scene.registered(node));
    }
    SECTION("they survive a restart") {
        scene.restart(router_config());
        CHECK(scene.registered(node)->prefixes6 == std::vector{p6("2001:db8:aaaa::", 48)});
        SECTION("as those of a router") {
            scene.native(Update(2), visited);
            CHECK(scene.answer().status() == BindingStatus::RegistrationTypeChangeDisallowed);
        }
    }
    SECTION("but not one with another configuration") {
        scene.restart(default_config());
        CHECK(scene.registered(node)->prefixes6.empty());
        CHECK(scene.reported("prefix-lost"));
    }
}

TEST_CASE("explicit mode: what is named is forwarded, what is named no more is not") {
    Scene scene(router_config());
    scene.native(Update(1).router().prefix("2001:db8:aaaa:1::", 64).prefix("2001:db8:aaaa:2::", 64),
                 visited);
    check_forwarding(scene, {p6("2001:db8:aaaa:1::", 64), p6("2001:db8:aaaa:2::", 64)});
    SECTION("one missing in a refresh") {
        scene.native(Update(2).router().prefix("2001:db8:aaaa:2::", 64), visited);
        check_forwarding(scene, {p6("2001:db8:aaaa:2::", 64)});
    }
    SECTION("none in a refresh: implicit mode from then on") {
        scene.native(Update(2).router(), visited);
        check_forwarding(scene, {p6("2001:db8:aaaa::", 48)});
    }
    SECTION("bits behind the length and repetitions do not matter") {
        scene.native(
            Update(2).router().prefix("2001:db8:aaaa:2::7", 64).prefix("2001:db8:aaaa:2::", 64),
            visited);
        check_forwarding(scene, {p6("2001:db8:aaaa:2::", 64)});
    }
    SECTION("a refused refresh changes nothing") {
        scene.native(Update(2).router().prefix("2001:db8:bbbb::", 64), visited);
        CHECK(scene.answer().status() == BindingStatus::NotAuthorizedForPrefix);
        CHECK(scene.registered(node)->prefixes6.size() == 2);
    }
    SECTION("options of a de-registration are ignored") {
        scene.native(Update(2, seconds(0)).router().prefix("2001:db8:bbbb::", 64), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        CHECK_FALSE(scene.registered(node));
    }
}

TEST_CASE("mobile routers that are refused") {
    auto config = router_config();
    SECTION("140 where none are served") {
        config.prefixes.accept_mobile_routers = false;
        Scene scene(config);
        scene.native(Update(1).router(), visited);
        check_refused(scene, BindingStatus::MobileRouterOperationNotPermitted);
    }
    SECTION("140 without H") {
        Scene scene(config);
        auto update = Update(1).router();
        update.message.flags.home_registration = false;
        scene.native(update, visited);
        check_refused(scene, BindingStatus::MobileRouterOperationNotPermitted);
    }
    SECTION("141 for a prefix that is none, none is forwarded") {
        Scene scene(config);
        const auto bad = GENERATE(0, 129);
        scene.native(Update(1)
                         .router()
                         .prefix("2001:db8:aaaa:1::", 64)
                         .prefix("2001:db8:aaaa::", static_cast<std::uint8_t>(bad)),
                     visited);
        check_refused(scene, BindingStatus::InvalidPrefix);
    }
    SECTION("141 for a prefix that is not unicast") {
        Scene scene(config);
        const auto* bad = GENERATE("ff0e::", "fe80::", "::");
        scene.native(Update(1).router().prefix(bad, 64), visited);
        check_refused(scene, BindingStatus::InvalidPrefix);
    }
    SECTION("142 for a prefix of another, of nobody, or wider than its own") {
        Scene scene(config);
        const auto* bad = GENERATE("2001:db8:bbbb::", "2001:db8:cccc::", "2001:db8:aaa0::");
        scene.native(Update(1)
                         .router()
                         .prefix("2001:db8:aaaa:1::", 64)
                         .prefix(bad, bad[11] == '0' ? 44 : 48),
                     visited);
        check_refused(scene, BindingStatus::NotAuthorizedForPrefix);
    }
    SECTION("143 where the configuration knows no prefix") {
        Scene scene(default_config());
        scene.native(Update(1).router(), visited);
        check_refused(scene, BindingStatus::ForwardingSetupFailed);
    }
    SECTION("143 where the only prefix it asks for is refused") {
        Scene scene(default_config());
        scene.native(Update(1).router().home4("0.0.0.0", 24, true), visited);
        check_refused(scene, BindingStatus::ForwardingSetupFailed);
    }
    SECTION("143 where the kernel or the routes refuse, bindings are taken back") {
        Scene scene(config);
        scene.kernel = Kernel::refuses_prefixes;
        scene.native(Update(1).router(), visited);
        check_refused(scene, BindingStatus::ForwardingSetupFailed);
    }
    SECTION("130 for too many") {
        config.prefixes.max_per_node = 2;
        Scene scene(config);
        scene.native(Update(1)
                         .router()
                         .prefix("2001:db8:aaaa:1::", 64)
                         .prefix("2001:db8:aaaa:2::", 64)
                         .prefix("2001:db8:aaaa:3::", 64),
                     visited);
        check_refused(scene, BindingStatus::InsufficientResources);
    }
    SECTION("174 for a care-of address in the network that moves") {
        Scene scene(config);
        scene.native(Update(1).router(), v6("2001:db8:aaaa:5::1"));
        check_refused(scene, BindingStatus::InvalidCareOfAddress);
    }
}

TEST_CASE("a care-of address may lie in the network of another router") {
    Scene scene(router_config());
    scene.native(Update(1).router(), v6("2001:db8:bbbb:5::1"));
    check_forwarding(scene, {p6("2001:db8:aaaa::", 48)});
}

TEST_CASE("a node in the network of a mobile router registers through the tunnel of that") {
    Scene scene(router_config());
    const bool over_udp = GENERATE(false, true);
    const auto router = Update(1).of(other).router();
    over_udp ? scene.udp(router, outside) : scene.native(router, visited);
    (void)scene.answer();
    auto frame = Scene::native_frame(node, v6("2001:db8:bbbb:5::1"));
    frame.path = MessagePath{0x80000099,
                             over_udp ? Encapsulation::udp : Encapsulation::direct,
                             over_udp ? outside : wire::Endpoint{visited, 0},
                             {},
                             0};
    const auto update = Update(1).alternate(v6("2001:db8:bbbb:5::1"));
    SECTION("accepted, answered as over plain IPv6") {
        scene.deliver(Scene::octets(update), frame);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::Accepted);
        REQUIRE(std::holds_alternative<NativeIpv6>(answer.sent.route));
        const auto& route = std::get<NativeIpv6>(answer.sent.route);
        CHECK(route.wire_destination == v6("2001:db8:bbbb:5::1"));
        CHECK(route.routing_header);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(v6("2001:db8:bbbb:5::1")));
        CHECK(scene.binding(node)->encapsulation == Encapsulation::direct);
    }
    SECTION("not through the tunnel of another") {
        frame.path->remote = {visited2, 0};
        frame.path->encapsulation = Encapsulation::direct;
        scene.deliver(Scene::octets(update), frame);
        CHECK(scene.silent());
    }
    SECTION("not from a network that is not registered") {
        frame.wire_source = v6("2001:db8:cccc:5::1");
        scene.deliver(Scene::octets(update), frame);
        CHECK(scene.silent());
    }
    SECTION("not from its own network") {
        scene.deliver(Scene::octets(Update(2).of(other).router()), [&] {
            auto own = frame;
            own.source = other;
            return own;
        }());
        CHECK(scene.silent());
    }
}

TEST_CASE("139: host and router are not changed into each other") {
    Scene scene(router_config());
    const bool router_first = GENERATE(false, true);
    auto first = Update(1);
    auto second = Update(2);
    (router_first ? first : second).router();
    scene.native(first, visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    scene.native(second, visited2);
    CHECK(scene.answer().status() == BindingStatus::RegistrationTypeChangeDisallowed);
    CHECK(scene.binding(node)->care_of == wire::IpAddress(visited)); // untouched
    SECTION("unless it is de-registered, which may have either") {
        scene.native(Update(3, seconds(0)), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
        (router_first ? second : first).message.sequence = 4;
        scene.native(router_first ? Update(4) : Update(4).router(), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("prefix options without R say nothing") {
    Scene scene(router_config());
    scene.native(Update(1).prefix("2001:db8:bbbb::", 64), visited);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    CHECK_FALSE(answer.message.flags.mobile_router);
    CHECK(scene.registered(node)->prefixes6.empty());
}

TEST_CASE("a router with several care-of addresses has one set of prefixes") {
    Scene scene(router_config());
    scene.native(Update(1).router().prefix("2001:db8:aaaa:1::", 64).bid(1, visited), visited);
    check_forwarding(scene, {p6("2001:db8:aaaa:1::", 64)});
    scene.native(Update(2).router().prefix("2001:db8:aaaa:2::", 64).bid(2, visited2), visited2);
    check_forwarding(scene, {p6("2001:db8:aaaa:2::", 64)});
    CHECK(scene.bids(node) == std::vector<std::uint16_t>{1, 2});
    scene.native(Update(3, seconds(0)).router().bid(1), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK(scene.registered(node)->prefixes6.size() == 1); // as long as one is left
    scene.native(Update(4, seconds(0)).router().bid(2), visited2);
    (void)scene.answer();
    CHECK_FALSE(scene.registered(node));
}

TEST_CASE("a host with no prefixes costs no request about prefixes") {
    Scene scene(router_config());
    scene.kernel = Kernel::waits;
    scene.native(Update(1), visited);
    REQUIRE(scene.held.size() == 1);
    CHECK_FALSE(std::get<InstallBindings>(scene.held.front()).prefixes);
}

// ---------------------------------------------------------------- IPv4 prefixes

TEST_CASE("a static IPv4 prefix is granted to its owner, with or without R",
          "[D-1-02][D-3.1.1-05][D-3.1.1-09][D-4.5-15][D-4.5-20]") {
    Scene scene(router_config());
    const bool router = GENERATE(false, true);
    const auto update = [&](std::uint16_t sequence) {
        return router ? Update(sequence).router() : Update(sequence);
    };
    const auto prefixes = [&] { return scene.registered(node)->prefixes4; };
    SECTION("by name, P or not") {
        scene.native(update(1).home4("10.1.0.0", 16, GENERATE(false, true)), visited);
        const auto option = scene.answer().home4().at(0);
        CHECK(option.status == Ipv4AddressStatus::Success);
        CHECK(option.prefix_length == 16);
        CHECK(prefixes() == std::vector{p4("10.1.0.0", 16)});
        SECTION("and given up by a Binding Update without the option") {
            scene.native(update(2), visited);
            (void)scene.answer();
            CHECK(prefixes().empty());
        }
    }
    SECTION("a part of it, by the address of the router in it") {
        scene.native(update(1).home4("10.1.7.1", 24), visited);
        const auto option = scene.answer().home4().at(0);
        CHECK(option.address == v4("10.1.7.1"));
        CHECK(option.prefix_length == 24);
        CHECK(prefixes() == std::vector{p4("10.1.7.0", 24)});
    }
    SECTION("any one of that length") {
        scene.native(update(1).home4("0.0.0.0", 16, true), visited);
        CHECK(scene.answer().home4().at(0).address == v4("10.1.0.0"));
        CHECK(prefixes() == std::vector{p4("10.1.0.0", 16)});
    }
    SECTION("beside an address") {
        scene.native(update(1).home4("192.0.2.10").home4("10.1.0.0", 16, true), visited);
        const auto answer = scene.answer();
        REQUIRE(answer.home4().size() == 2);
        CHECK(answer.home4().at(0).prefix_length == 32);
        CHECK(answer.home4().at(1).prefix_length == 16);
        CHECK(scene.registered(node)->home_addresses4.size() == 1);
        CHECK(prefixes().size() == 1);
    }
    SECTION("133 for that of another, and for one wider than its own") {
        scene.native(update(1).home4("10.2.0.0", 16).home4("10.0.0.0", 8), visited);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::Accepted);
        CHECK(answer.home4().at(0).status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
        CHECK(answer.home4().at(1).status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
        CHECK(answer.home4().at(1).prefix_length == 0);
        CHECK(prefixes().empty());
    }
}

namespace {

HomeAgentConfig lending_config() {
    auto config = default_config();
    config.accept_unlisted_nodes = true;
    config.prefixes.pool4 = p4("10.64.0.0", 22);
    config.prefixes.shortest4 = 24;
    return config;
}

wire::Ipv4AddressAcknowledgement asked(Scene& scene, const Update& update,
                                       Dialect dialect = Dialect::Rfc) {
    scene.native(update, visited, dialect);
    const auto answer = scene.answer();
    CHECK(answer.status() == BindingStatus::Accepted);
    REQUIRE(answer.home4().size() == 1);
    return answer.home4().front();
}

} // namespace

TEST_CASE("a dynamic IPv4 prefix has the length that was asked for and stays the node's own",
          "[D-3.1.1-05][D-4.5-18][D-4.5-20]") {
    Scene scene(lending_config());
    const auto option = asked(scene, Update(1).home4("0.0.0.0", 26, true));
    CHECK(option.status == Ipv4AddressStatus::Success);
    CHECK(option.prefix_length == 26);
    const wire::Prefix4 lease{option.address, 26};
    CHECK(lease.network() == lease);
    CHECK(p4("10.64.0.0", 22).contains(lease));
    CHECK(scene.registered(node)->prefixes4 == std::vector{lease});
    const auto text = to_string(option.address);
    SECTION("by its name, P or not") {
        const auto again = asked(scene, Update(2).home4(text.c_str(), 26, GENERATE(false, true)));
        CHECK(again.address == option.address);
    }
    SECTION("asked for anew") {
        CHECK(asked(scene, Update(2).home4("0.0.0.0", 26, true)).address == option.address);
    }
    SECTION("after it was away") {
        scene.native(Update(2, seconds(0)), visited);
        (void)scene.answer();
        scene.advance(minutes(90));
        CHECK(asked(scene, Update(3).home4("0.0.0.0", 26, true)).address == option.address);
    }
    SECTION("after a restart") {
        scene.restart(lending_config());
        CHECK(scene.registered(node)->prefixes4 == std::vector{lease});
        CHECK(asked(scene, Update(2).home4(text.c_str(), 26)).address == option.address);
    }
    SECTION("not another's") {
        const auto refused = asked(scene, Update(1).of(other).home4(text.c_str(), 26, true));
        CHECK(refused.status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
    }
    SECTION("no place for its own care-of address") {
        scene.udp(Update(2).home4(text.c_str(), 26), {option.address, 4000});
        CHECK(scene.answer().status() == BindingStatus::InvalidCareOfAddress);
    }
    SECTION("two in one Binding Update") {
        scene.native(Update(2).home4(text.c_str(), 26).home4("0.0.0.0", 26, true), visited);
        const auto answer = scene.answer();
        CHECK(answer.home4().at(0).address == option.address);
        CHECK(answer.home4().at(1).status == Ipv4AddressStatus::Success);
        CHECK(answer.home4().at(1).address != option.address);
        CHECK(scene.registered(node)->prefixes4.size() == 2);
    }
}

TEST_CASE("no prefix of the length that was asked for is left", "[D-4.5-18][D-4.5-19]") {
    auto config = lending_config();
    Scene scene(config);
    // One /26 in each /24, so that no /24 is free any more.
    for (unsigned i = 0; i < 4; ++i) {
        auto home = other;
        home.bytes.at(15) = static_cast<std::uint8_t>(i);
        const auto network = "10.64." + std::to_string(i) + ".64";
        config.nodes.push_back({home, {}, {}, {p4(network.c_str(), 26)}});
    }
    Scene full(config);
    SECTION("rfc: another one is offered, as large as can be") {
        const auto option = asked(full, Update(1).home4("0.0.0.0", 24, true));
        CHECK(option.status == Ipv4AddressStatus::Success);
        CHECK(option.prefix_length == 25);
    }
    SECTION("draft: 133") {
        full.answers_in = Dialect::Draft;
        auto update = Update(1).home4("0.0.0.0", 24, true);
        update.force_udp(); // shows the dialect
        const auto option = asked(full, update, Dialect::Draft);
        CHECK(option.status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
    }
    SECTION("shorter than is ever given") {
        const auto option = asked(scene, Update(1).home4("0.0.0.0", 20, true));
        CHECK(option.prefix_length == 24);
    }
    SECTION("more than one node may have") {
        config = lending_config();
        config.prefixes.leases_max = 1;
        Scene small(config);
        small.native(Update(1).home4("0.0.0.0", 28, true).home4("0.0.0.0", 28, true), visited);
        const auto answer = small.answer();
        CHECK(answer.home4().at(0).status == Ipv4AddressStatus::Success);
        CHECK(answer.home4().at(1).status == Ipv4AddressStatus::PrefixAllocationUnauthorized);
    }
}
