// SPDX-License-Identifier: GPL-2.0-or-later
// Mobile prefix discovery at the home agent: content and times of advertisements (RFC 6275, 10.6).
#include <catch2/catch.hpp>

#include "../addresses.hpp"
#include "mobility/mobile_prefix_advertiser.hpp"
#include "node_table.hpp"

using namespace dsmip;
using namespace dsmip::mobility;
using namespace dsmip::test;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint start{1000s};

const auto home_agent = v6("2001:db8:1::1");
const auto node1 = v6("2001:db8:1::100");
const auto node2 = v6("2001:db8:1::200");
const auto care_of = v6("2001:db8:f::1");

struct Scene {
    dsmip::mobility::test::NodeTable registered;
    std::uint32_t random = 0;
    std::vector<wire::Prefix6> home_prefixes{prefix6("2001:db8:1::/64"),
                                             prefix6("2001:db8:2::/64")};
    MobilePrefixAdvertiser advertiser;

    explicit Scene(MobilePrefixConfig config = {})
        : advertiser(std::move(config), home_agent, home_prefixes, registered.view(),
                     [this] { return random; }) {}

    void add(const wire::Ipv6Address& home_address, wire::IpAddress at = care_of) {
        KernelNode node;
        node.home_address = home_address;
        KernelBinding binding;
        binding.care_of = at;
        node.bindings.push_back(binding);
        registered.nodes[home_address] = node;
    }

    std::optional<SendMessage> answer(TimePoint now, std::uint16_t identifier = 1) {
        NativeIpv6 route;
        route.wire_destination = care_of;
        route.routing_header = true;
        return advertiser.answer(now, node1, identifier, route);
    }
};

wire::MobilePrefixAdvertisement read(const SendMessage& message) {
    const auto decoded =
        wire::decode_discovery(message.octets, message.source, message.destination);
    REQUIRE(decoded);
    return std::get<wire::MobilePrefixAdvertisement>(*decoded);
}

const wire::PrefixInformation* find(const wire::MobilePrefixAdvertisement& message,
                                    std::string_view wanted) {
    for (const auto& information : message.prefixes) {
        if (information.prefix.network() == prefix6(wanted)) {
            return &information;
        }
    }
    return nullptr;
}

MobilePrefixConfig quick() {
    MobilePrefixConfig config;
    config.min_interval = 10s;
    config.max_interval = 110s;
    config.prefixes = {{prefix6("2001:db8:1::/64"), 1000s, 500s}};
    return config;
}

} // namespace

TEST_CASE("an answer has the identifier of the question and all prefixes") {
    auto config = quick();
    config.managed = true;
    config.prefixes.push_back({prefix6("2001:db8:2::/64"), 0s, 0s, false, false});
    Scene scene(config);
    scene.add(node1);
    const auto answer = scene.answer(start, 0xBEEF);
    REQUIRE(answer);
    CHECK(answer->source == home_agent);
    CHECK(answer->destination == node1);
    CHECK(std::get<NativeIpv6>(answer->route).routing_header);
    const auto message = read(*answer);
    CHECK(message.identifier == 0xBEEF);
    CHECK(message.managed);
    CHECK_FALSE(message.other);
    REQUIRE(message.prefixes.size() == 2);
    const auto* first = find(message, "2001:db8:1::/64");
    REQUIRE(first != nullptr);
    CHECK(first->prefix.address == home_agent); // R: all of its address
    CHECK(first->router_address);
    CHECK(first->on_link);
    CHECK(first->autonomous);
    CHECK(first->valid_lifetime == 1000);
    CHECK(first->preferred_lifetime == 500);
    const auto* second = find(message, "2001:db8:2::/64");
    REQUIRE(second != nullptr);
    CHECK_FALSE(second->router_address);
    CHECK_FALSE(second->on_link);
    CHECK_FALSE(second->autonomous);
    CHECK(second->valid_lifetime == 0);
}

TEST_CASE("without a word about prefixes the home prefixes are advertised") {
    Scene scene;
    const auto message = read(scene.answer(start).value());
    REQUIRE(message.prefixes.size() == 2);
    CHECK(message.prefixes[0].valid_lifetime == 30 * 24 * 3600);
    CHECK(message.prefixes[0].preferred_lifetime == 7 * 24 * 3600);
}

TEST_CASE("what is heard on the home link") {
    auto config = quick();
    const auto heard = [](std::string_view text, std::uint32_t valid) {
        return std::pair(prefix6(text),
                         HeardPrefix{{prefix6(text), true, true, false, valid, valid}, start});
    };
    SECTION("is advertised, if it is served") {
        config.prefixes.clear();
        Scene scene(config);
        scene.advertiser.set_heard(start,
                                   {heard("2001:db8:2::/64", 100), heard("2001:db8:99::/64", 100)});
        const auto message = read(scene.answer(start + 30s).value());
        REQUIRE(message.prefixes.size() == 1);
        CHECK(message.prefixes[0].prefix == prefix6("2001:db8:2::/64"));
        CHECK(message.prefixes[0].valid_lifetime == 70);
    }
    SECTION("counts less than the configuration") {
        Scene scene(config);
        scene.advertiser.set_heard(start,
                                   {heard("2001:db8:1::/64", 7), heard("2001:db8:2::/64", 9)});
        const auto message = read(scene.answer(start).value());
        REQUIRE(message.prefixes.size() == 2);
        CHECK(find(message, "2001:db8:1::/64")->valid_lifetime == 1000);
        CHECK(find(message, "2001:db8:2::/64")->valid_lifetime == 9);
    }
    SECTION("is told when it changes, and only then") {
        config.prefixes.clear();
        Scene scene(config);
        scene.add(node1);
        scene.advertiser.set_heard(start, {heard("2001:db8:1::/64", 100)});
        CHECK(scene.advertiser.scheduled() == 1);
        REQUIRE(scene.answer(start + 1s)); // which says it
        CHECK(scene.advertiser.scheduled() == 0);
        auto again = heard("2001:db8:1::/64", 100);
        again.second.heard = start + 5s;
        scene.advertiser.set_heard(start + 5s, {again});
        CHECK(scene.advertiser.scheduled() == 0);
        again.second.information.preferred_lifetime = 0;
        scene.advertiser.set_heard(start + 5s, {again});
        CHECK(scene.advertiser.scheduled() == 1);
    }
}

TEST_CASE("one advertisement in a second") {
    Scene scene(quick());
    scene.add(node1);
    CHECK(scene.answer(start));
    CHECK_FALSE(scene.answer(start + 999ms));
    CHECK(scene.answer(start + 1000ms));
}

TEST_CASE("a change is told after a random time, again until it is acknowledged") {
    Scene scene(quick());
    scene.add(node1);
    scene.random = 0x80000000U; // half way
    auto config = quick();
    config.prefixes.push_back({prefix6("2001:db8:2::/64"), 1000s, 500s});
    scene.advertiser.reconfigure(start, config, scene.home_prefixes);
    REQUIRE(scene.advertiser.scheduled() == 1);
    CHECK(scene.advertiser.tick(start).empty());
    // Min + (min(Max, preferred) - Min) / 2
    const auto due = start + 60s;
    CHECK(scene.advertiser.tick(due - 1ms).empty());
    const auto first = scene.advertiser.tick(due);
    REQUIRE(first.size() == 1);
    CHECK(read(first[0]).prefixes.size() == 2);
    CHECK(first[0].destination == node1);
    const auto& route = std::get<NativeIpv6>(first[0].route);
    CHECK(route.wire_source == home_agent);
    CHECK(route.wire_destination == care_of);
    CHECK(route.routing_header);

    SECTION("not acknowledged") {
        const auto again = [&](Duration after) {
            CHECK(scene.advertiser.tick(due + after - 1ms).empty());
            return scene.advertiser.tick(due + after).size();
        };
        CHECK(again(3s) == 1);
        CHECK(again(3s + 6s) == 1);
        CHECK(again(3s + 6s + 12s) == 1);
        CHECK(scene.advertiser.scheduled() == 0);
    }
    SECTION("acknowledged") {
        CHECK(scene.answer(due + 2s));
        CHECK(scene.advertiser.scheduled() == 0);
        CHECK(scene.advertiser.tick(due + 3s).empty());
    }
    SECTION("acknowledged too soon to be answered") {
        CHECK_FALSE(scene.answer(due + 500ms));
        CHECK(scene.advertiser.scheduled() == 0);
    }
    SECTION("the registration ends") {
        scene.registered.nodes.clear();
        CHECK(scene.advertiser.tick(due + 3s).empty());
        CHECK(scene.advertiser.scheduled() == 0);
    }
    SECTION("the next change comes before") {
        CHECK(scene.advertiser.tick(due + 3s).size() == 1);
        config.prefixes.pop_back();
        scene.advertiser.reconfigure(due + 4s, config, scene.home_prefixes);
        CHECK(scene.advertiser.scheduled() == 1);
        const auto replaced = scene.advertiser.tick(due + 9s);
        REQUIRE(replaced.size() == 1);
        CHECK(read(replaced[0]).prefixes.size() == 1);
        // Counted anew.
        CHECK(scene.advertiser.tick(due + 12s).size() == 1);
    }
}

TEST_CASE("what a change is") {
    Scene scene(quick());
    scene.add(node1);
    auto config = quick();
    // How many nodes are told of it.
    const auto told = [&] {
        scene.advertiser.reconfigure(start, config, scene.home_prefixes);
        return scene.advertiser.scheduled();
    };
    SECTION("nothing") {
        CHECK(told() == 0);
    }
    SECTION("times between advertisements") {
        config.min_interval = 11s;
        CHECK(told() == 0);
    }
    SECTION("a flag of a prefix") {
        config.prefixes[0].autonomous = false;
        CHECK(told() == 1);
    }
    SECTION("a valid lifetime") {
        config.prefixes[0].valid_lifetime = 1001s;
        CHECK(told() == 1);
    }
    SECTION("a preferred lifetime") {
        config.prefixes[0].preferred_lifetime = 0s;
        CHECK(told() == 1);
    }
    SECTION("a new prefix") {
        config.prefixes.push_back({prefix6("2001:db8:2::/64")});
        CHECK(told() == 1);
    }
    SECTION("a prefix less") {
        config.prefixes.clear();
        CHECK(told() == 1);
    }
    SECTION("DHCPv6") {
        config.other = true;
        CHECK(told() == 1);
    }
}

TEST_CASE("the random time is within the preferred lifetime") {
    auto config = quick();
    config.prefixes[0].preferred_lifetime = 30s;
    Scene scene(config);
    scene.add(node1);
    scene.random = 0xFFFFFFFFU;
    config.other = true;
    scene.advertiser.reconfigure(start, config, scene.home_prefixes);
    CHECK(scene.advertiser.tick(start + 10s).empty());
    CHECK(scene.advertiser.tick(start + 30s).size() == 1);
}

TEST_CASE("who has heard nothing for a long time is told without a change") {
    Scene scene(quick());
    scene.add(node1);
    scene.add(node2);
    CHECK(scene.advertiser.tick(start).empty());
    REQUIRE(scene.answer(start + 1s));
    const auto deadline = scene.advertiser.next_deadline();
    REQUIRE(deadline);
    CHECK(*deadline <= start + 110s);
    CHECK(scene.advertiser.tick(*deadline).empty());
    CHECK(scene.advertiser.scheduled() == 1);
    const auto told = scene.advertiser.tick(*deadline + 10s);
    REQUIRE(told.size() == 1);
    CHECK(told[0].destination == node2);
    // The other one when its time has come.
    bool first_told = false;
    for (auto now = *deadline + 10s; now < start + 300s; now += 1s) {
        for (const auto& message : scene.advertiser.tick(now)) {
            if (message.destination == node1) {
                first_told = true;
                CHECK(now > start + 110s);
            }
        }
    }
    CHECK(first_told);
}

TEST_CASE("who was told of a change has heard of it") {
    Scene scene(quick());
    scene.add(node1);
    auto config = quick();
    config.other = true;
    scene.advertiser.reconfigure(start, config, scene.home_prefixes);
    const auto told = start + 10s; // random numbers are all 0
    REQUIRE(scene.advertiser.tick(told).size() == 1);
    CHECK(scene.answer(told + 2s)); // acknowledged
    // Until its time has come, nobody looks for it in vain.
    for (auto now = told; now < told + 100s; now += 1s) {
        CHECK(scene.advertiser.tick(now).empty());
        CHECK(scene.advertiser.scheduled() == 0);
    }
}

TEST_CASE("ways to a node") {
    Scene scene(quick());
    auto config = quick();
    config.other = true;
    scene.add(node1, wire::Ipv4Address::parse("203.0.113.5").value());
    const auto told = [&] {
        scene.advertiser.reconfigure(start, config, scene.home_prefixes);
        return scene.advertiser.tick(start + 10s);
    };
    SECTION("an IPv4 care-of address: into the tunnel, without a routing header") {
        const auto messages = told();
        REQUIRE(messages.size() == 1);
        const auto& route = std::get<NativeIpv6>(messages[0].route);
        CHECK(route.wire_destination == node1);
        CHECK_FALSE(route.routing_header);
    }
    SECTION("several: the preferred one") {
        auto& bindings = scene.registered.nodes[node1].bindings;
        bindings[0].priority = 9;
        KernelBinding better;
        better.bid = 2;
        better.priority = 1;
        better.care_of = care_of;
        bindings.push_back(better);
        const auto messages = told();
        REQUIRE(messages.size() == 1);
        CHECK(std::get<NativeIpv6>(messages[0].route).wire_destination == care_of);
    }
    SECTION("at home nobody has to be told") {
        scene.registered.nodes[node1].bindings[0].home_link = true;
        CHECK(told().empty());
        CHECK(scene.advertiser.scheduled() == 0);
    }
}

TEST_CASE("it can be switched off") {
    auto config = quick();
    config.unsolicited = false;
    Scene scene(config);
    scene.add(node1);
    config.other = true;
    scene.advertiser.reconfigure(start, config, scene.home_prefixes);
    CHECK(scene.advertiser.scheduled() == 0);
    CHECK_FALSE(scene.advertiser.next_deadline());
    CHECK(scene.advertiser.tick(start + 1000s).empty());
    CHECK(scene.answer(start)); // questions are answered
}

TEST_CASE("who was answered is forgotten, also where nobody is told anything") {
    auto config = quick();
    config.unsolicited = GENERATE(false, true);
    Scene scene(config);
    (void)scene.advertiser.tick(start);
    REQUIRE(scene.answer(start));
    CHECK(scene.advertiser.remembered() == 1);
    CHECK_FALSE(scene.answer(start + 999ms));
    for (int i = 0; i < 10 && scene.advertiser.next_deadline(); ++i) {
        CHECK(scene.advertiser.tick(scene.advertiser.next_deadline().value()).empty());
    }
    CHECK(scene.advertiser.remembered() == 0);
    // The clock starts again with the next one.
    REQUIRE(scene.answer(start + 1000s));
    CHECK(scene.advertiser.next_deadline() > std::optional(start));
}

TEST_CASE("a crowd is told in turns") {
    Scene scene(quick());
    for (std::uint8_t i = 0; i < 250; ++i) {
        for (std::uint8_t j = 0; j < 16; ++j) {
            auto address = node1;
            address.bytes[14] = j;
            address.bytes[15] = i;
            scene.add(address);
        }
    }
    auto config = quick();
    config.other = true;
    scene.advertiser.reconfigure(start, config, scene.home_prefixes);
    CHECK(scene.advertiser.scheduled() > 0);
    CHECK(scene.advertiser.scheduled() < 2000); // nor are all of them gone through in one turn
    unsigned turns = 0;
    while (scene.advertiser.next_deadline() <= std::optional(start)) {
        CHECK(scene.advertiser.tick(start).empty());
        REQUIRE(++turns < 100);
    }
    CHECK(turns > 2);
    CHECK(scene.advertiser.scheduled() == 4000);
    std::size_t told = 0;
    turns = 0;
    const auto now = start + 10s; // random numbers are all 0
    while (scene.advertiser.next_deadline() <= std::optional(now)) {
        told += scene.advertiser.tick(now).size();
        REQUIRE(++turns < 100);
    }
    CHECK(told == 4000);
    CHECK(turns > 2);
}
