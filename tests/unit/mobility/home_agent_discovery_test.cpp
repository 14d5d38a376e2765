// SPDX-License-Identifier: GPL-2.0-or-later
// ICMPv6 at the home agent: who is answered, how, and why others are not.
#include <catch2/catch.hpp>

#include <random>

#include "../addresses.hpp"
#include "mobility/home_agent_discovery.hpp"
#include "node_table.hpp"

using namespace dsmip;
using namespace dsmip::mobility;
using namespace dsmip::test;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1000s};
constexpr unsigned home_link = 3;
constexpr unsigned tunnel = 4;
constexpr unsigned core = 5;

const auto home_agent = v6("2001:db8:1::1");
const auto node = v6("2001:db8:1::100");
const auto care_of = v6("2001:db8:f::1");
const auto anycast = v6("2001:db8:1:0:fdff:ffff:ffff:fffe");
const auto router = v6("fe80::2");

HomeAgentConfig usual_config() {
    HomeAgentConfig config;
    config.address6 = home_agent;
    config.home_prefixes = {prefix6("2001:db8:1::/64")};
    config.home_link.link = home_link;
    config.discovery.preference = 10;
    return config;
}

struct Scene {
    dsmip::mobility::test::NodeTable registered;
    HomeAgentConfig config;
    HomeAgentDiscovery discovery;
    Actions actions;

    explicit Scene(HomeAgentConfig with = usual_config())
        : config(std::move(with))
        , discovery(config, tunnel, registered.view(), [] { return 0U; }) {}

    void bind(std::vector<KernelBinding> bindings) {
        registered.nodes[node] = {node, {}, std::move(bindings)};
    }

    // The only message that is sent, if any.
    std::optional<SendMessage> receive(ReceivedIcmpv6 message, const wire::DiscoveryMessage& what,
                                       TimePoint now = start) {
        const auto octets = wire::encode(what, message.source, message.destination);
        message.octets = octets;
        return run(discovery.receive(now, message));
    }
    std::optional<SendMessage> run(Actions done) {
        actions = std::move(done);
        std::optional<SendMessage> sent;
        for (const auto& action : actions) {
            if (const auto* send = std::get_if<SendMessage>(&action)) {
                REQUIRE_FALSE(sent);
                sent = *send;
            }
        }
        return sent;
    }
    bool reported(std::string_view name) const {
        return std::any_of(actions.begin(), actions.end(), [&](const Action& action) {
            const auto* report = std::get_if<Report>(&action);
            return report != nullptr && report->name == name;
        });
    }
    std::uint64_t count(std::string_view name) const {
        for (const auto& one : discovery.counters()) {
            if (one.name == name) {
                return one.value;
            }
        }
        FAIL("no counter " << name);
        return 0;
    }
    std::uint64_t dropped() const {
        std::uint64_t sum = 0;
        for (const auto& one : discovery.counters()) {
            sum += one.name.starts_with("drop_") ? one.value : 0;
        }
        return sum;
    }
};

KernelBinding binding(std::string_view address, std::uint16_t bid = 0, std::uint16_t port = 0) {
    KernelBinding result;
    result.bid = bid;
    result.care_of = ip(address);
    result.port = port;
    result.encapsulation = port == 0 ? Encapsulation::direct : Encapsulation::udp;
    return result;
}

ReceivedIcmpv6 from(const wire::Ipv6Address& source, const wire::Ipv6Address& destination,
                    unsigned link = core, std::uint8_t hop_limit = 60) {
    ReceivedIcmpv6 message;
    message.source = source;
    message.destination = destination;
    message.link = link;
    message.hop_limit = hop_limit;
    return message;
}

ReceivedIcmpv6 with_home_address_option(const wire::Ipv6Address& at = care_of) {
    auto message = from(node, home_agent);
    message.wire_source = at;
    return message;
}

wire::RouterAdvertisement advertisement(std::string_view address, std::uint16_t preference,
                                        std::uint16_t lifetime, bool mobile_router) {
    wire::RouterAdvertisement message;
    message.home_agent = true;
    message.router_lifetime = lifetime;
    message.prefixes = {{{v6(address), 64}, true, true, true, 1000, 1000}};
    message.home_agent_information =
        wire::HomeAgentInformation{mobile_router, preference, lifetime};
    return message;
}

wire::HomeAgentDiscoveryReply read_reply(const std::optional<SendMessage>& message) {
    REQUIRE(message);
    const auto decoded =
        wire::decode_discovery(message->octets, message->source, message->destination);
    REQUIRE(decoded);
    return std::get<wire::HomeAgentDiscoveryReply>(*decoded);
}

} // namespace

TEST_CASE("a request to the anycast address is answered with the list") {
    Scene scene;
    scene.receive(from(router, wire::Ipv6Address{}, home_link, 255),
                  advertisement("2001:db8:1::2", 20, 100, false));
    CHECK(scene.reported("home-agent-found"));
    const auto sent =
        scene.receive(from(care_of, anycast), wire::HomeAgentDiscoveryRequest{0x55AA, false});
    const auto reply = read_reply(sent);
    CHECK(sent->source == home_agent);
    CHECK(sent->destination == care_of);
    CHECK(std::get<NativeIpv6>(sent->route).wire_destination == care_of);
    CHECK(reply.identifier == 0x55AA);
    CHECK_FALSE(reply.mobile_router);
    CHECK(reply.home_agents == std::vector{v6("2001:db8:1::2"), home_agent});
    CHECK(scene.count("discovery_requests_answered") == 1);
    CHECK(scene.dropped() == 0);
}

TEST_CASE("a mobile router is told of home agents for mobile routers") {
    auto config = usual_config();
    const bool own = GENERATE(true, false);
    const bool other = GENERATE(true, false);
    CAPTURE(own, other);
    config.prefixes.accept_mobile_routers = own;
    Scene scene(config);
    scene.receive(from(router, wire::Ipv6Address{}, home_link, 255),
                  advertisement("2001:db8:1::2", 20, 100, other));
    const auto reply =
        read_reply(scene.receive(from(care_of, anycast), wire::HomeAgentDiscoveryRequest{1, true}));
    CHECK(reply.mobile_router == (own || other));
    CHECK(reply.home_agents.size() == (own == other ? 2 : 1));
    if (own != other) {
        CHECK(reply.home_agents[0] == (own ? home_agent : v6("2001:db8:1::2")));
    }
}

TEST_CASE("a home agent that is silent disappears from the answer") {
    Scene scene;
    scene.receive(from(router, wire::Ipv6Address{}, home_link, 255),
                  advertisement("2001:db8:1::2", 20, 100, false));
    REQUIRE(scene.discovery.next_deadline());
    const auto ask = [&](TimePoint now) {
        return read_reply(scene.receive(from(care_of, anycast),
                                        wire::HomeAgentDiscoveryRequest{1, false}, now))
            .home_agents.size();
    };
    CHECK(ask(start + 99s) == 2);
    SECTION("by the clock") {
        scene.run(scene.discovery.tick(start + 100s));
        CHECK(scene.reported("home-agent-lost"));
    }
    SECTION("at the question") {
        CHECK_FALSE(scene.reported("home-agent-lost")); // nobody has looked at the clock
    }
    CHECK(ask(start + 100s) == 1);
}

TEST_CASE("requests that are not answered") {
    Scene scene;
    const wire::HomeAgentDiscoveryRequest request{1, false};
    SECTION("to another address") {
        CHECK_FALSE(scene.receive(from(care_of, home_agent), request));
        CHECK(scene.count("drop_discovery_destination") == 1);
    }
    SECTION("from a link-local address") {
        CHECK_FALSE(scene.receive(from(router, anycast), request));
        CHECK(scene.count("drop_discovery_source") == 1);
    }
    SECTION("from nobody") {
        CHECK_FALSE(scene.receive(from(wire::Ipv6Address{}, anycast), request));
        CHECK(scene.count("drop_discovery_source") == 1);
    }
    SECTION("more than can be meant") {
        for (int i = 0; i < 100; ++i) {
            CHECK(scene.receive(from(care_of, anycast), request));
        }
        CHECK_FALSE(scene.receive(from(care_of, anycast), request));
        CHECK(scene.count("drop_discovery_rate") == 1);
        CHECK(scene.receive(from(care_of, anycast), request, start + 1s));
    }
    SECTION("switched off") {
        auto config = usual_config();
        config.discovery.enabled = false;
        scene.discovery.reconfigure(start, config);
        CHECK(scene.discovery.anycast_addresses().empty());
        CHECK_FALSE(scene.receive(from(care_of, anycast), request));
        CHECK(scene.count("drop_discovery_disabled") == 1);
    }
    SECTION("spoilt") {
        auto message = from(care_of, anycast);
        auto octets = wire::encode(request, care_of, anycast);
        octets[5] ^= 1U;
        message.octets = octets;
        CHECK_FALSE(scene.run(scene.discovery.receive(start, message)));
        CHECK(scene.count("drop_icmp_checksum") == 1);
    }
    SECTION("an answer") {
        CHECK_FALSE(scene.receive(from(care_of, anycast), wire::HomeAgentDiscoveryReply{}));
        CHECK(scene.count("drop_icmp_unexpected_type") == 1);
    }
    CHECK(scene.dropped() == 1);
}

TEST_CASE("advertisements that are not believed") {
    Scene scene;
    const auto good = advertisement("2001:db8:1::2", 20, 100, false);
    SECTION("of another link") {
        scene.receive(from(router, wire::Ipv6Address{}, core, 255), good);
        CHECK(scene.count("drop_advertisement_elsewhere") == 1);
    }
    SECTION("routed") {
        scene.receive(from(router, wire::Ipv6Address{}, home_link, 254), good);
        CHECK(scene.count("drop_advertisement_hop_limit") == 1);
    }
    SECTION("of a global address") {
        scene.receive(from(care_of, wire::Ipv6Address{}, home_link, 255), good);
        CHECK(scene.count("drop_advertisement_source") == 1);
    }
    SECTION("of too many") {
        for (std::size_t i = 0; i <= HomeAgentsList::entries_max; ++i) {
            auto one = v6("fe80::1:0");
            one.bytes[14] = static_cast<std::uint8_t>(i >> 8U);
            one.bytes[15] = static_cast<std::uint8_t>(i);
            scene.receive(from(one, wire::Ipv6Address{}, home_link, 255), good);
        }
        CHECK(scene.count("drop_advertisement_too_many") == 1);
        return;
    }
    CHECK(scene.discovery.home_agents(start).size() == 1);
    CHECK(scene.dropped() == 1);
}

TEST_CASE("a solicitation from any registered care-of address is answered there", "[M-9.2-02]") {
    Scene scene;
    scene.bind(
        {binding("2001:db8:f::1", 1), binding("203.0.113.5", 2, 5000), binding("198.51.100.9", 3)});
    const wire::MobilePrefixSolicitation solicitation{77};
    SECTION("IPv6, with a Home Address option") {
        const auto sent = scene.receive(with_home_address_option(), solicitation);
        REQUIRE(sent);
        CHECK(sent->source == home_agent);
        CHECK(sent->destination == node);
        const auto& route = std::get<NativeIpv6>(sent->route);
        CHECK(route.wire_source == home_agent);
        CHECK(route.wire_destination == care_of);
        CHECK(route.routing_header);
    }
    SECTION("in UDP") {
        auto message = from(node, home_agent, tunnel);
        message.path = MessagePath{0x80000123U, Encapsulation::udp, {ip("203.0.113.5"), 5000}, {}};
        const auto sent = scene.receive(message, solicitation);
        REQUIRE(sent);
        CHECK(std::get<AnswerPath>(sent->route).cookie == 0x80000123U);
    }
    SECTION("in IPv4") {
        auto message = from(node, home_agent, tunnel);
        message.path = MessagePath{0x80000124U, Encapsulation::direct, {ip("198.51.100.9"), 0}, {}};
        const auto sent = scene.receive(message, solicitation);
        REQUIRE(sent);
        CHECK(std::get<AnswerPath>(sent->route).cookie == 0x80000124U);
    }
    SECTION("out of the tunnel, where the module has judged it") {
        const auto sent = scene.receive(from(node, home_agent, tunnel), solicitation);
        REQUIRE(sent);
        const auto& route = std::get<NativeIpv6>(sent->route);
        CHECK(route.wire_destination == node);
        CHECK_FALSE(route.routing_header);
    }
    SECTION("on the home link") {
        auto home = binding("2001:db8:1::100");
        home.home_link = true;
        scene.bind({home});
        const auto sent = scene.receive(from(node, home_agent, home_link), solicitation);
        REQUIRE(sent);
        CHECK(std::get<NativeIpv6>(sent->route).link == home_link);
    }
    CHECK(scene.count("prefix_solicitations_answered") == 1);
    CHECK(scene.dropped() == 0);
}

TEST_CASE("solicitations that are not answered") {
    Scene scene;
    scene.bind({binding("2001:db8:f::1", 1), binding("203.0.113.5", 2, 5000)});
    const wire::MobilePrefixSolicitation solicitation{77};
    SECTION("of a node that is not registered") {
        scene.registered.nodes.clear();
        CHECK_FALSE(scene.receive(with_home_address_option(), solicitation));
        CHECK(scene.count("drop_solicitation_not_registered") == 1);
    }
    SECTION("from elsewhere") {
        CHECK_FALSE(scene.receive(with_home_address_option(v6("2001:db8:f::2")), solicitation));
        CHECK(scene.count("drop_solicitation_care_of") == 1);
    }
    SECTION("from another port") {
        auto message = from(node, home_agent, tunnel);
        message.path = MessagePath{0x80000123U, Encapsulation::udp, {ip("203.0.113.5"), 5001}, {}};
        CHECK_FALSE(scene.receive(message, solicitation));
        CHECK(scene.count("drop_solicitation_care_of") == 1);
    }
    SECTION("of a home address without a tunnel") {
        CHECK_FALSE(scene.receive(from(node, home_agent), solicitation));
        CHECK(scene.count("drop_solicitation_no_home_address") == 1);
    }
    SECTION("on the home link, of a node that is away") {
        CHECK_FALSE(scene.receive(from(node, home_agent, home_link), solicitation));
        CHECK(scene.count("drop_solicitation_no_home_address") == 1);
    }
    SECTION("to another address") {
        auto message = with_home_address_option();
        message.destination = anycast;
        CHECK_FALSE(scene.receive(message, solicitation));
        CHECK(scene.count("drop_solicitation_destination") == 1);
    }
    SECTION("twice in a second") {
        CHECK(scene.receive(with_home_address_option(), solicitation));
        CHECK_FALSE(scene.receive(with_home_address_option(), solicitation, start + 500ms));
        CHECK(scene.count("drop_solicitation_rate") == 1);
    }
    SECTION("switched off") {
        auto config = usual_config();
        config.prefix_discovery.enabled = false;
        scene.discovery.reconfigure(start, config);
        CHECK_FALSE(scene.receive(with_home_address_option(), solicitation));
        CHECK(scene.count("drop_solicitation_disabled") == 1);
    }
    CHECK(scene.dropped() == 1);
}

TEST_CASE("registered nodes are told when the router of the home link changes its prefix") {
    Scene scene;
    scene.bind({binding("2001:db8:f::1")});
    auto message = advertisement("2001:db8:1::2", 20, 1000, false);
    scene.receive(from(router, wire::Ipv6Address{}, home_link, 255), message);
    const auto first = scene.discovery.prefixes().scheduled();
    CHECK(first == 1); // it says something else than the usual lifetimes
    auto sent = scene.run(scene.discovery.tick(start + 600s));
    REQUIRE(sent);
    scene.receive(with_home_address_option(), wire::MobilePrefixSolicitation{1}, start + 602s);
    REQUIRE(scene.discovery.prefixes().scheduled() == 0);
    scene.receive(from(router, wire::Ipv6Address{}, home_link, 255), message, start + 603s);
    CHECK(scene.discovery.prefixes().scheduled() == 0);
    message.prefixes[0].preferred_lifetime = 0;
    scene.receive(from(router, wire::Ipv6Address{}, home_link, 255), message, start + 604s);
    CHECK(scene.discovery.prefixes().scheduled() == 1);
    CHECK(scene.count("router_advertisements_heard") == 3);
}

TEST_CASE("any octets from anywhere") {
    Scene scene;
    scene.bind({binding("2001:db8:f::1")});
    std::mt19937 engine(7);
    std::uniform_int_distribution<unsigned> octet(0, 255);
    const std::array addresses{care_of, anycast, router, home_agent, node, wire::Ipv6Address{}};
    auto now = start;
    std::uint64_t answered = 0;
    constexpr unsigned rounds = 20000;
    for (unsigned i = 0; i < rounds; ++i) {
        std::vector<std::uint8_t> octets(octet(engine) % 64);
        for (auto& one : octets) {
            one = static_cast<std::uint8_t>(octet(engine));
        }
        auto message = from(addresses.at(octet(engine) % 6), addresses.at(octet(engine) % 6),
                            octet(engine) % 6, octet(engine) % 2 == 0 ? 255 : 1);
        if (octets.size() >= 8) {
            octets[0] =
                static_cast<std::uint8_t>(octet(engine) % 8 == 0 ? 134 : 143 + octet(engine) % 6);
            octets[1] = octets[2] = octets[3] = 0;
            // An encoder would do the same.
            std::uint64_t sum = 58 + octets.size();
            const auto add = [&](std::span<const std::uint8_t> part) {
                for (std::size_t at = 0; at < part.size(); ++at) {
                    sum += at % 2 == 0 ? std::uint64_t{part[at]} << 8U : part[at];
                }
            };
            add(message.source.bytes);
            add(message.destination.bytes);
            add(octets);
            while (sum > 0xFFFF) {
                sum = (sum & 0xFFFFU) + (sum >> 16U);
            }
            octets[2] = static_cast<std::uint8_t>(~sum >> 8U);
            octets[3] = static_cast<std::uint8_t>(~sum);
        }
        if (octet(engine) % 2 == 0) {
            message.wire_source = addresses.at(octet(engine) % 6);
        }
        message.octets = octets;
        now += 20ms;
        answered += scene.run(scene.discovery.receive(now, message)).has_value() ? 1 : 0;
        if (scene.discovery.next_deadline() <= std::optional(now)) {
            (void)scene.discovery.tick(now);
        }
    }
    CHECK(answered > 0);
    // Every message has its fate.
    CHECK(answered + scene.count("router_advertisements_heard") + scene.dropped() == rounds);
}
