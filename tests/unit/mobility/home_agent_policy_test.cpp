// SPDX-License-Identifier: GPL-2.0-or-later
// Floods: whoever sends too much loses his own messages and nobody else's; memory has a bound.
#include <set>

#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"
#include "mobility/binding_cache.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

wire::Ipv6Address numbered(const char* network, std::uint32_t number) {
    auto address = v6(network);
    for (unsigned octet = 0; octet < 4; ++octet) {
        address.bytes.at(15 - octet) = static_cast<std::uint8_t>(number >> (8 * octet));
    }
    return address;
}

HomeAgentConfig open_to_all() {
    auto config = default_config();
    config.accept_unlisted_nodes = true;
    return config;
}

void register_well(Scene& scene, std::uint16_t sequence, const wire::Ipv6Address& care_of) {
    scene.sent.clear();
    scene.native(Update(sequence).of(other), care_of);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

void register_well_as_node(Scene& scene, std::uint16_t sequence, const wire::Ipv6Address& care_of) {
    scene.sent.clear();
    scene.native(Update(sequence), care_of);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

} // namespace

TEST_CASE("a flood of one node costs that node its messages and no other one") {
    Scene scene;
    std::uint16_t sequence = 0;
    scene.native(Update(++sequence), visited);
    for (int moment = 0; moment < 1000; ++moment) {
        scene.sent.clear();
        scene.native(Update(static_cast<std::uint16_t>(sequence + 1)), visited);
        sequence += scene.sent.empty() ? 0 : 1;
        scene.advance(milliseconds(1)); // a thousand per second
        if (moment % 100 == 0) {
            register_well(scene, static_cast<std::uint16_t>(moment + 1), visited2);
        }
    }
    // Twenty per second and what was saved up.
    CHECK(scene.counter("drop_rate_of_node") > 900);
    CHECK(scene.counter("drop_rate_of_node") < 940);
    CHECK(scene.counter("drop_rate_of_network") == 0);
    scene.advance(seconds(5));
    scene.sent.clear();
    scene.native(Update(++sequence), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted); // it has calmed down
}

TEST_CASE("a flood in the name of a node, from elsewhere, uses up nothing that is the node's") {
    Scene scene;
    std::uint16_t sequence = 0;
    scene.native(Update(++sequence), visited);
    Update impostor(1000);
    impostor.message.flags.home_registration = false; // or it would be believed
    for (int moment = 0; moment < 1000; ++moment) {
        scene.native(impostor, v6("2001:db8:66::1"));
        scene.advance(milliseconds(1));
    }
    CHECK(scene.counter("drop_rate_of_source") > 550);
    CHECK(scene.counter("drop_rate_of_node") == 0);
    for (int message = 0; message < 40; ++message) {
        scene.sent.clear();
        scene.native(Update(++sequence), visited);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
    scene.sent.clear();
    scene.native(Update(++sequence), visited2); // and it moves
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("neighbours have limits of their own, behind a NAT as well") {
    auto config = open_to_all();
    config.policy.updates_per_source = 10;
    Scene scene(config);
    const auto flood = [&](auto send) {
        for (std::uint16_t number = 1; number <= 100; ++number) {
            send(number);
        }
    };
    flood([&](std::uint16_t number) {
        scene.native(Update(1).of(numbered("2001:db8:1::", 0x1000U + number)), visited);
    });
    CHECK(scene.counter("drop_rate_of_source") == 70);
    auto neighbour = visited;
    neighbour.bytes.back() ^= 1U;
    register_well(scene, 1, neighbour);

    // What comes in tunnels is limited by the module.
    const auto dropped = scene.counter("drop_rate_of_source");
    flood([&](std::uint16_t number) {
        scene.udp(Update(1).of(numbered("2001:db8:1::", 0x2000U + number)).care_of4(visited4),
                  {visited4, 4000});
    });
    CHECK(scene.counter("drop_rate_of_source") == dropped);
}

TEST_CASE("a node that is registered goes on where its network floods") {
    auto config = open_to_all();
    config.policy.max_nodes = 100;
    Scene scene(config);
    register_well(scene, 1, visited2);
    for (std::uint32_t number = 1; number <= 5000; ++number) {
        auto source = visited2;
        source.bytes.at(8) = static_cast<std::uint8_t>(number >> 8U);
        source.bytes.at(9) = static_cast<std::uint8_t>(number);
        scene.native(Update(1).of(numbered("2001:db8:1::", number << 12U)), source);
    }
    // The node's first one counted, too; one in two thousand guesses a number that proves.
    CHECK(scene.counter("drop_rate_of_network") + scene.counter("signalling_proved") == 2001);
    register_well(scene, 2, visited2);
}

TEST_CASE("a flood from one network with many home addresses ends at the limit of the network") {
    auto config = open_to_all();
    config.policy.max_nodes = 500;
    Scene scene(config);
    register_well(scene, 1, visited2);
    for (std::uint32_t number = 1; number <= 20000; ++number) {
        // Whatever interface identifier it makes up.
        scene.native(Update(1).of(numbered("2001:db8:1::", number << 12U)),
                     numbered("2001:db8:2::", number));
        if (number % 10 == 0) {
            scene.advance(milliseconds(1)); // ten thousand per second
        }
    }
    CHECK(scene.counter("drop_rate_of_network") > 14000);
    CHECK(scene.agent.node_count() <= 500);
    CHECK(scene.counter("refused_130") > 4000);
    // A node at home in the cache, from elsewhere: nothing was noticed.
    register_well(scene, 2, visited2);
    register_well(scene, 3, v6("2001:db8:6::1"));
}

TEST_CASE("strangers from everywhere together end at their limit; who is registered is not meant") {
    auto config = default_config(); // home addresses that are not listed
    config.policy.updates_of_strangers = 100;
    Scene scene(config);
    register_well(scene, 1, visited2);
    for (std::uint32_t number = 0; number < 5000; ++number) {
        auto network = v6("2001:db8:7000::1");
        network.bytes.at(6) = static_cast<std::uint8_t>(number >> 8U);
        network.bytes.at(7) = static_cast<std::uint8_t>(number);
        scene.native(Update(1).of(numbered("2001:db8:1::", 0x10000 + number)), network);
        if (number % 5 == 0) {
            scene.advance(milliseconds(1));
        }
    }
    CHECK(scene.counter("drop_rate_of_strangers") > 4500);
    CHECK(scene.counter("refused_129") < 500);
    register_well(scene, 2, visited2);
    CHECK(scene.agent.node_count() == 1);
}

namespace {

// Strangers use up what they have together.
Scene crowded() {
    auto config = default_config();
    config.policy.updates_of_strangers = 100;
    return Scene(config);
}

void flood_of_strangers(Scene& scene) {
    for (std::uint32_t number = 0; number < 1000; ++number) {
        auto network = v6("2001:db8:7000::1");
        network.bytes.at(6) = static_cast<std::uint8_t>(number >> 8U);
        network.bytes.at(7) = static_cast<std::uint8_t>(number);
        scene.native(Update(1).of(numbered("2001:db8:1::", 0x10000 + number)), network);
    }
    scene.sent.clear();
}

} // namespace

TEST_CASE("a first registration in a flood of strangers: one answer has to come back") {
    auto scene = crowded();
    flood_of_strangers(scene);
    for (const std::uint16_t first : {0, 7, 30000, 65535}) {
        scene.sent.clear();
        scene.native(Update(first), visited2);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
        const auto number = answer.message.sequence;
        CHECK_FALSE(sequence_in_window(number, first)); // as the status says
        CHECK(answer.sent.octets.size() == 16);         // no longer than any Binding Update
        const auto challenged = scene.counter("signalling_challenged");
        const auto refused = [&](std::uint16_t sequence, const wire::Ipv6Address& home_address,
                                 const wire::Ipv6Address& care_of) {
            scene.sent.clear();
            scene.native(Update(sequence).of(home_address), care_of);
            CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
        };
        const auto next = static_cast<std::uint16_t>(number + 1);
        refused(number, node, visited2);
        refused(static_cast<std::uint16_t>(number + 9), node, visited2);
        refused(next, other, visited2);
        refused(next, node, visited);
        CHECK(scene.counter("signalling_challenged") == challenged + 4);
        CHECK(scene.counter("signalling_proved") == 0);
        if (first == 7) {
            register_well_as_node(scene, next, visited2);
            CHECK(scene.counter("signalling_proved") == 1);
            flood_of_strangers(scene);
            register_well_as_node(scene, static_cast<std::uint16_t>(next + 1), visited2);
            register_well_as_node(scene, static_cast<std::uint16_t>(next + 33), visited);
            CHECK(scene.counter("signalling_proved") == 1); // in turn, it needs no proof
            return;
        }
    }
}

TEST_CASE("a proof grows old") {
    auto scene = crowded();
    flood_of_strangers(scene);
    scene.native(Update(7), visited2);
    const auto next = static_cast<std::uint16_t>(scene.answer().message.sequence + 1);
    scene.advance(seconds(11));
    flood_of_strangers(scene);
    const auto proved = scene.counter("signalling_proved"); // one stranger in a thousand is lucky
    scene.native(Update(next), visited2);
    CHECK(scene.answer().status() == BindingStatus::SequenceNumberOutOfWindow);
    CHECK(scene.counter("signalling_proved") == proved);
}

TEST_CASE("a registered node that has forgotten its number comes back through a flood") {
    auto scene = crowded();
    scene.native(Update(1000), visited2);
    flood_of_strangers(scene);
    scene.native(Update(60000), visited);
    const auto proof = static_cast<std::uint16_t>(scene.answer().message.sequence + 1);
    scene.sent.clear();
    scene.native(Update(proof), visited);
    if (const auto answer = scene.answer(); answer.status() != BindingStatus::Accepted) {
        CHECK(answer.status() == BindingStatus::SequenceNumberOutOfWindow);
        CHECK(answer.message.sequence == 1000); // what the home agent has accepted last
        register_well_as_node(scene, 1001, visited);
    }
}

TEST_CASE("nobody uses up the share of a node by its address alone") {
    auto config = default_config();
    config.policy.updates_per_source = 10;
    Scene scene(config);
    scene.native(Update(1), visited);
    for (std::uint16_t number = 0; number < 5000; ++number) {
        scene.native(Update(100), visited);
        scene.advance(milliseconds(1));
    }
    CHECK(scene.counter("drop_rate_of_source") > 4000);
    CHECK(scene.counter("drop_rate_of_node") == 0);
}

TEST_CASE("what gets no answer") {
    auto config = default_config();
    config.policy.updates_per_source = 1;
    Scene scene(config);
    const auto answers = [&](const Update& update, const wire::Ipv6Address& care_of) {
        for (int message = 0; message < 10; ++message) {
            scene.sent.clear();
            scene.native(update, care_of);
        }
        return !scene.sent.empty();
    };
    CHECK(answers(Update(1), visited));
    Update unasked(1);
    unasked.message.flags.acknowledge = false;
    CHECK_FALSE(answers(unasked, visited2));
    CHECK_FALSE(answers(Update(1), v6("ff0e::1")));
    CHECK_FALSE(answers(Update(1), v6("2001:db8:1::1"))); // the home agent itself
    CHECK(scene.counter("signalling_unanswered") > 0);
}

TEST_CASE("130 for a node too many; a known one and a de-registration pass") {
    auto config = open_to_all();
    config.policy.max_nodes = 2;
    Scene scene(config);
    scene.native(Update(1), visited);
    scene.native(Update(1).of(other), visited2);
    scene.sent.clear();
    scene.native(Update(1).of(unlisted), visited);
    CHECK(scene.answer().status() == BindingStatus::InsufficientResources);
    CHECK(scene.counter("refused_130") == 1);
    scene.native(Update(2), visited2);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    scene.native(Update(1, seconds(0)).of(unlisted), visited);
    CHECK(scene.answer().status() == BindingStatus::NotHomeAgentForThisMobileNode);
    scene.native(Update(3, seconds(0)), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
    scene.advance(seconds(11)); // late messages are past
    scene.native(Update(1).of(unlisted), visited);
    CHECK(scene.answer().status() == BindingStatus::Accepted);
}

TEST_CASE("174 for care-of addresses that nobody is to be sent to", "[M-10-02]") {
    auto config = default_config();
    config.policy.refused_care_of6 = {{v6("2001:db8:2::"), 48}};
    config.policy.refused_care_of4 = {{v4("198.51.100.0"), 24}};
    Scene scene(config);
    SECTION("IPv6") {
        scene.native(Update(1), visited);
        CHECK(scene.answer().status() == BindingStatus::InvalidCareOfAddress);
    }
    SECTION("IPv4") {
        scene.udp(Update(1).care_of4(visited4), {visited4, 5000});
        CHECK(scene.answer().status() == BindingStatus::InvalidCareOfAddress);
    }
    SECTION("of one BID among others") {
        scene.native(Update(1).bid(1, visited).bid(2, visited2), visited2);
        const auto answer = scene.answer();
        CHECK(answer.status() == BindingStatus::McoaNotComplete);
        CHECK(answer.bid_status().front() == BindingStatus::InvalidCareOfAddress);
        CHECK(scene.bids(node) == std::vector<std::uint16_t>{2});
    }
    SECTION("loopback, group, the home agent, home addresses") {
        for (const auto* address : {"::1", "ff0e::1", "2001:db8:1::1", "2001:db8:1::200"}) {
            scene.native(Update(1).alternate(v6(address)), visited2);
            CHECK(scene.answer().status() == BindingStatus::InvalidCareOfAddress);
        }
        for (const auto* address : {"127.0.0.1", "224.0.0.1", "192.0.2.1", "192.0.2.10"}) {
            scene.udp(Update(1).care_of4(v4(address)), {v4(address), 5000});
            CHECK(scene.answer().status() == BindingStatus::InvalidCareOfAddress);
        }
    }
    SECTION("others are not meant") {
        scene.native(Update(1), visited2);
        CHECK(scene.answer().status() == BindingStatus::Accepted);
    }
}

TEST_CASE("which networks share a counter depends on the secret") {
    const auto sharing = [](std::uint64_t secret) {
        RateLimiter limiter(secret);
        HomeAgentPolicy policy;
        policy.updates_per_network = 1;
        policy.updates_of_strangers = 0;
        const TimePoint now{seconds(1)};
        std::set<std::uint32_t> limited;
        for (std::uint32_t number = 0; number < 3000; ++number) {
            auto network = v6("2001:db8::1");
            network.bytes.at(4) = static_cast<std::uint8_t>(number >> 8U);
            network.bytes.at(5) = static_cast<std::uint8_t>(number);
            for (int message = 0; message < 3; ++message) {
                if (limiter.admit(now, policy, {network, 0}) != ExceededRate::none) {
                    limited.insert(number);
                }
            }
        }
        return limited;
    };
    CHECK(sharing(1).size() > 300); // and so they do share
    CHECK(sharing(1).size() < 2000);
    CHECK(sharing(1) == sharing(1));
    CHECK(sharing(1) != sharing(2));
}

TEST_CASE("limits: so many per second, three seconds saved up, none if 0") {
    RateState state;
    TimePoint now{seconds(100)};
    unsigned passed = 0;
    for (int i = 0; i < 100; ++i) {
        passed += state.take(now, 7) ? 1 : 0;
    }
    CHECK(passed == 21);
    for (int i = 0; i < 10000; ++i) {
        now += milliseconds(1);
        passed += state.take(now, 7) ? 1 : 0;
    }
    CHECK(passed >= 21 + 69);
    CHECK(passed <= 21 + 71);
    CHECK(RateState().take(now, 0));
}
