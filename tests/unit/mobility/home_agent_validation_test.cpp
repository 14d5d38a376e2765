// SPDX-License-Identifier: GPL-2.0-or-later
// Which Binding Updates are dropped, which are refused and how, and that neither leaves state.
#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

// Refused with that status, counted, without any trace in cache or kernel.
void check_refused(Scene& scene, BindingStatus status) {
    const auto answer = scene.answer();
    CHECK(answer.status() == status);
    CHECK(answer.message.lifetime.is_zero());
    CHECK(scene.counter("refused_" + std::to_string(static_cast<unsigned>(status))) == 1);
    CHECK(scene.counter("registrations_refused") == 1);
    CHECK(scene.reported("binding-refused"));
}

void check_untouched(const Scene& scene) {
    CHECK(scene.agent.node_count() == 0);
    CHECK(scene.agent.binding_count() == 0);
    CHECK_FALSE(scene.agent.next_deadline());
    CHECK(scene.requests == 0);
}

void check_dropped(const Scene& scene, const std::string& cause) {
    CHECK(scene.silent());
    CHECK(scene.counter(cause) == 1);
    CHECK(scene.reported("message-dropped"));
    check_untouched(scene);
}

} // namespace

TEST_CASE("messages that are no Binding Update for a home agent are dropped and counted",
          "[D-4.5-11]") {
    Scene scene;
    SECTION("source not unicast") {
        scene.native(Update(1), v6("ff02::1"));
        check_dropped(scene, "drop_source_not_unicast");
    }
    SECTION("addressed to a group") {
        auto message = Scene::native_frame(node, visited);
        message.destination = v6("ff02::6a");
        scene.deliver(
            wire::encode(Update(1).message, Dialect::Rfc, node, message.destination).value(),
            message);
        check_dropped(scene, "drop_destination_not_unicast");
    }
    SECTION("home address not routable") {
        scene.native(Update(1).of(v6("fe80::1")), visited);
        check_dropped(scene, "drop_home_address_not_unicast");
    }
    SECTION("UDP over IPv6") {
        scene.udp(Update(1), {visited, 40000});
        check_dropped(scene, "drop_tunnel_not_ipv4");
    }
    SECTION("Home Address option in UDP that is not the source") {
        auto message = scene.udp_frame(node, outside);
        message.wire_source = visited;
        scene.deliver(Scene::octets(Update(1)), message);
        check_dropped(scene, "drop_home_address_option_in_udp");
    }
    SECTION("no Home Address option although not de-registering from home") {
        scene.home_link(Update(1).alternate(visited));
        check_dropped(scene, "drop_no_home_address_option");
    }
    SECTION("Nonce Indices in a home registration") {
        scene.native(Update(1).add(wire::NonceIndices{1, 2}), visited);
        check_dropped(scene, "drop_nonce_indices");
    }
    SECTION("correspondent registration") {
        Update update(1);
        update.message.flags.home_registration = false;
        scene.native(update, visited);
        check_dropped(scene, "drop_correspondent_registration");
    }
    SECTION("a message of another type") {
        scene.deliver(wire::encode(wire::HomeTestInit{}, Dialect::Rfc, node, agent6).value(),
                      Scene::native_frame(node, visited));
        check_dropped(scene, "drop_unexpected_type");
    }
}

TEST_CASE("a Home Address option in UDP that repeats the source is harmless", "[D-4.5-08]") {
    Scene scene;
    auto message = scene.udp_frame(node, {visited4, 5000});
    message.wire_source = node;
    scene.deliver(Scene::octets(Update(1).care_of4(visited4)), message);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("refusals of a home registration say why") {
    auto config = default_config();
    SECTION("131 addressed to something that is no home agent") {
        Scene scene(config);
        auto message = Scene::native_frame(node, visited);
        message.destination = v6("2001:db8:1::2");
        scene.deliver(
            wire::encode(Update(1).message, Dialect::Rfc, node, message.destination).value(),
            message);
        CHECK(scene.sent.front().source == message.destination);
        check_refused(scene, BindingStatus::HomeRegistrationNotSupported);
        check_untouched(scene);
    }
    SECTION("131 no home prefix at all") {
        config.home_prefixes.clear();
        Scene scene(config);
        scene.native(Update(1), visited);
        check_refused(scene, BindingStatus::HomeRegistrationNotSupported);
        check_untouched(scene);
    }
    SECTION("132 home address elsewhere") {
        Scene scene(config);
        scene.native(Update(1).of(v6("2001:db8:9::100")), visited);
        check_refused(scene, BindingStatus::NotHomeSubnet);
        check_untouched(scene);
    }
    SECTION("129 node that is not listed") {
        Scene scene(config);
        scene.native(Update(1).of(unlisted), visited);
        check_refused(scene, BindingStatus::AdministrativelyProhibited);
        check_untouched(scene);
    }
    SECTION("129 the home agent's own address, even if all are welcome") {
        config.accept_unlisted_nodes = true;
        Scene scene(config);
        scene.native(Update(1).of(agent6), visited);
        check_refused(scene, BindingStatus::AdministrativelyProhibited);
        check_untouched(scene);
    }
    SECTION("133 de-registration of what is not registered") {
        Scene scene(config);
        scene.native(Update(1, seconds(0)), visited);
        check_refused(scene, BindingStatus::NotHomeAgentForThisMobileNode);
        check_untouched(scene);
    }
    SECTION("140 mobile router") {
        config.prefixes.accept_mobile_routers = false;
        Scene scene(config);
        Update update(1);
        update.message.flags.mobile_router = true;
        scene.native(update, visited);
        check_refused(scene, BindingStatus::MobileRouterOperationNotPermitted);
        check_untouched(scene);
    }
    SECTION("174 care-of address in the home network") {
        Scene scene(config);
        scene.native(Update(1), v6("2001:db8:1::999"));
        check_refused(scene, BindingStatus::InvalidCareOfAddress);
        check_untouched(scene);
    }
    SECTION("174 alternate care-of address that is no unicast address") {
        Scene scene(config);
        scene.native(Update(1).alternate(v6("ff05::1")), visited);
        check_refused(scene, BindingStatus::InvalidCareOfAddress);
        check_untouched(scene);
    }
    SECTION("174 IPv4 end point that is a home address") {
        Scene scene(config);
        scene.udp(Update(1).care_of4(v4("192.0.2.10")), {v4("192.0.2.10"), 4000});
        check_refused(scene, BindingStatus::InvalidCareOfAddress);
        check_untouched(scene);
    }
    SECTION("174 IPv4 care-of address that is no unicast address") {
        Scene scene(config);
        scene.udp(Update(1).care_of4(v4("224.0.0.1")), outside);
        check_refused(scene, BindingStatus::InvalidCareOfAddress);
        check_untouched(scene);
    }
    SECTION("128 the kernel refuses") {
        Scene scene(config);
        scene.kernel = Kernel::refuses;
        scene.native(Update(1), visited);
        CHECK(scene.answer().status() == BindingStatus::ReasonUnspecified);
        CHECK(scene.counter("refused_128") == 1);
        CHECK(scene.counter("kernel_failures") == 1);
        CHECK(scene.agent.node_count() == 0);
        CHECK_FALSE(scene.agent.next_deadline());
    }
}

// RFC 6275, 9.5.4 lets a correspondent be silent about what it accepts.  A home agent answers
// "regardless of the setting of the Acknowledge (A) bit": 10.3.1 for a registration, 10.3.2 for
// its end.
TEST_CASE("every home registration is answered, whether A is set or not", "[D-2.3.1-05]") {
    Scene scene;
    Update update(1);
    update.message.flags.acknowledge = false;
    scene.native(update, visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    update.message.sequence = 1;
    scene.native(update, visited);
    CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    update.message.sequence = 2;
    scene.native(update, v6("ff05::1"));
    CHECK(scene.silent()); // what is dropped is not answered either way
    update.message.lifetime = wire::Lifetime{0};
    scene.native(update, visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    CHECK_FALSE(scene.registered(node));
}

TEST_CASE("answers go where the Binding Update came from",
          "[D-2.3.1-09][D-4.5-24][D-4.5-25][D-2.3.2.2-10]") {
    Scene scene;
    SECTION("with a type 2 routing header to the care-of address") {
        scene.native(Update(1).alternate(visited2), visited);
        const auto answer = scene.answer();
        const auto& route = std::get<NativeIpv6>(answer.sent.route);
        CHECK(answer.sent.source == agent6);
        CHECK(answer.sent.destination == node);
        CHECK(route.wire_source == agent6);
        CHECK(route.wire_destination == visited);
        CHECK(route.routing_header);
        CHECK_FALSE(route.home_address_option);
        CHECK(scene.binding(node)->care_of == wire::IpAddress(visited2));
    }
    SECTION("a refusal likewise") {
        scene.native(Update(1).of(unlisted), visited);
        CHECK(std::get<NativeIpv6>(scene.answer().sent.route).wire_destination == visited);
    }
    SECTION("without one to the home address itself, over the link it came by") {
        scene.home_link(Update(1, seconds(0)));
        const auto answer = scene.answer();
        const auto& route = std::get<NativeIpv6>(answer.sent.route);
        CHECK(route.wire_destination == node);
        CHECK_FALSE(route.routing_header);
        CHECK(route.link == 2);
    }
    SECTION("over exactly the tuple that brought it, accepted or not") {
        const auto message = scene.udp_frame(node, outside);
        scene.deliver(Scene::octets(Update(1).care_of4(private4)), message);
        auto answer = scene.answer();
        CHECK(std::get<AnswerPath>(answer.sent.route).cookie == message.path->cookie);
        CHECK(answer.sent.source == agent6);
        CHECK(answer.sent.destination == node);
        const auto again = scene.udp_frame(node, outside);
        scene.deliver(Scene::octets(Update(1).care_of4(private4)), again);
        answer = scene.answer();
        CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
        CHECK(std::get<AnswerPath>(answer.sent.route).cookie == again.path->cookie);
    }
}

TEST_CASE("malformed messages make no state and are counted under their cause") {
    Scene scene;
    const auto good = Scene::octets(
        Update(1).home4("192.0.2.10").care_of4(visited4).bid(1, visited4).bid(2, visited));
    const auto message = scene.udp_frame(node, {visited4, 5000});

    SECTION("cut anywhere") {
        for (std::size_t length = 0; length < good.size(); ++length) {
            scene.deliver({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)},
                          message);
        }
        CHECK(scene.counter("drop_mh_truncated") == good.size());
    }
    SECTION("any one bit wrong") {
        for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
            auto octets = good;
            octets.at(bit / 8) ^= static_cast<std::uint8_t>(1U << (bit % 8));
            scene.advance(milliseconds(10)); // as many in a second as one source may send
            scene.deliver(octets, message);
        }
        CHECK(scene.counter("drop_mh_checksum") > good.size() * 7);
    }
    CHECK(scene.silent());
    check_untouched(scene);
}

TEST_CASE("unknown message types are answered with Binding Error 2, a few per second") {
    Scene scene;
    auto octets = wire::encode(wire::BindingRefreshRequest{}, Dialect::Rfc, node, agent6).value();
    octets.at(2) = 99;
    Scene::correct_checksum(octets);

    const auto error_of = [](const SendMessage& message) {
        const auto decoded =
            wire::decode(message.octets, message.source, message.destination, Dialect::Rfc);
        REQUIRE(decoded);
        return std::get<wire::BindingError>(*decoded);
    };
    SECTION("to the address on the wire, naming the home address") {
        scene.deliver(octets, Scene::native_frame(node, visited));
        REQUIRE(scene.sent.size() == 1);
        const auto error = error_of(scene.sent.front());
        CHECK(error.status == wire::BindingErrorStatus::UnrecognizedMhType);
        CHECK(error.home_address == node);
        CHECK(scene.sent.front().destination == visited);
        const auto& route = std::get<NativeIpv6>(scene.sent.front().route);
        CHECK(route.wire_destination == visited);
        CHECK_FALSE(route.routing_header);
    }
    SECTION("over the path it came by") {
        const auto message = scene.udp_frame(node, outside);
        scene.deliver(octets, message);
        REQUIRE(scene.sent.size() == 1);
        CHECK(error_of(scene.sent.front()).home_address.is_unspecified());
        CHECK(std::get<AnswerPath>(scene.sent.front().route).cookie == message.path->cookie);
    }
    SECTION("not to a group") {
        scene.deliver(octets, Scene::native_frame(node, v6("ff02::1")));
        CHECK(scene.silent());
    }
    SECTION("limited") {
        for (int i = 0; i < 50; ++i) {
            scene.deliver(octets, Scene::native_frame(node, visited));
        }
        CHECK(scene.sent.size() == 10);
        CHECK(scene.counter("binding_errors_suppressed") == 40);
        CHECK(scene.counter("drop_mh_type_unknown") == 50);
        scene.advance(seconds(1));
        scene.sent.clear();
        for (int i = 0; i < 50; ++i) {
            scene.deliver(octets, Scene::native_frame(node, visited));
        }
        CHECK(scene.sent.size() == 10);
    }
    check_untouched(scene);
}

TEST_CASE("a Home Address option without a binding is answered with Binding Error 1",
          "[M-6.5-01][M-6.5-03][BE-1]") {
    Scene scene;
    constexpr std::uint8_t udp = 17;
    const RefusedHomeAddressOption refused{node, visited, agent6, udp, 0};
    const auto tell = [&](const RefusedHomeAddressOption& what) {
        scene.run(scene.agent.home_address_option_refused(scene.now, what));
    };
    const auto error_of = [](const SendMessage& message) {
        const auto decoded =
            wire::decode(message.octets, message.source, message.destination, Dialect::Rfc);
        REQUIRE(decoded);
        return std::get<wire::BindingError>(*decoded);
    };
    SECTION("to the source on the wire, naming the home address") {
        tell(refused);
        REQUIRE(scene.sent.size() == 1);
        const auto error = error_of(scene.sent.front());
        CHECK(error.status == wire::BindingErrorStatus::UnknownBindingForHomeAddressOption);
        CHECK(error.home_address == node);
        CHECK(scene.sent.front().source == agent6);
        CHECK(scene.sent.front().destination == visited);
        CHECK_FALSE(std::get<NativeIpv6>(scene.sent.front().route).routing_header);
        CHECK(scene.counter("drop_home_address_option_unbound") == 1);
        CHECK(scene.counter("binding_errors_sent") == 1);
        check_untouched(scene);
    }
    SECTION("a node that is bound there, by whichever BID, is not told that it is not") {
        scene.native(Update(1).bid(1, visited2).bid(2, visited), visited2);
        scene.sent.clear();
        tell(refused);
        CHECK(scene.silent());
        CHECK(scene.counter("drop_home_address_option_unused") == 1);
        tell({node, v6("2001:db8:5::1"), agent6, udp, 0});
        CHECK(scene.sent.size() == 1);
    }
    SECTION("not to a group, not more than ten at once") {
        tell({node, v6("ff02::1"), agent6, udp, 0});
        CHECK(scene.silent());
        for (int i = 0; i < 50; ++i) {
            tell(refused);
        }
        CHECK(scene.sent.size() == 10);
        CHECK(scene.counter("binding_errors_suppressed") == 40);
    }
    SECTION("Mobility Headers are not asked for a binding; of unknown type they get status 2") {
        tell({node, visited, agent6, wire::mobility_header_protocol, 1});
        CHECK(scene.silent());
        tell({node, visited, agent6, wire::mobility_header_protocol, 99});
        REQUIRE(scene.sent.size() == 1);
        CHECK(error_of(scene.sent.front()).status == wire::BindingErrorStatus::UnrecognizedMhType);
        CHECK(scene.counter("drop_home_address_option_unknown_type") == 1);
    }
}
