// SPDX-License-Identifier: GPL-2.0-or-later
// A mobile router: what it asks for and what it forwards (RFC 3963, 5; RFC 5555, 4.4).
#include <catch2/catch.hpp>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {
namespace {

wire::Prefix6 p6(const char* address, std::uint8_t length) {
    return {v6(address), length};
}
wire::Prefix4 p4(const char* address, std::uint8_t length) {
    return {v4(address), length};
}

MobileNodeConfig router_config(bool explicit_prefixes = true) {
    auto config = plain_config();
    config.mobile_router = true;
    config.prefixes6 = {p6("2001:db8:aaaa::", 64)};
    config.explicit_prefixes = explicit_prefixes;
    return config;
}

Answer forwarding() {
    Answer answer;
    answer.mobile_router = true;
    return answer;
}

wire::Ipv4AddressAcknowledgement granted(const char* address, std::uint8_t length) {
    return {wire::Ipv4AddressStatus::Success, length, v4(address)};
}

} // namespace

TEST_CASE("a mobile router sets R and names its prefixes in every Binding Update") {
    const bool explicit_prefixes = GENERATE(false, true);
    Scene scene(router_config(explicit_prefixes));
    scene.network({wlan("2001:db8:2::200")});
    auto update = scene.take();
    const auto check = [&] {
        CHECK(update.update.flags.mobile_router);
        const auto* option = update.option<wire::MobileNetworkPrefix>();
        REQUIRE((option != nullptr) == explicit_prefixes);
        if (option != nullptr) {
            CHECK(option->prefix == p6("2001:db8:aaaa::", 64));
        }
    };
    check();
    scene.answer(update, forwarding());
    CHECK(scene.node.prefixes6() == std::vector{p6("2001:db8:aaaa::", 64)});
    CHECK(scene.kernel_node.prefixes6 == scene.node.prefixes6());
    CHECK(scene.installs.back().prefixes);
    scene.advance(seconds(450));
    update = scene.take();
    check();
    scene.answer(update, forwarding());
    scene.stop();
    update = scene.take();
    CHECK_FALSE(update.update.flags.mobile_router);
    CHECK(update.option<wire::MobileNetworkPrefix>() == nullptr);
}

TEST_CASE("a mobile router with several accesses names BIDs and prefixes in one message",
          "[M-7-01]") {
    auto config = router_config();
    config.mcoa = true;
    Scene scene(config);
    scene.network({wlan("2001:db8:2::200"), lte("2001:db8:4::400")});
    const auto update = scene.take();
    CHECK(update.update.flags.mobile_router);
    CHECK(update.bids() == std::vector<std::uint16_t>{1, 2});
    REQUIRE(update.option<wire::MobileNetworkPrefix>() != nullptr);
    CHECK(update.option<wire::MobileNetworkPrefix>()->prefix == p6("2001:db8:aaaa::", 64));
}

TEST_CASE("a home agent without R in its answer forwards nothing") {
    Scene scene(router_config());
    registered(scene, wlan("2001:db8:2::200"));
    CHECK(scene.node.prefixes6().empty());
    CHECK(scene.kernel_node.prefixes6.empty());
    CHECK(scene.reported("prefix-refused"));
    CHECK(scene.kernel() != nullptr);
}

TEST_CASE("an IPv4 prefix is asked for with P, first by its length, then by its name",
          "[D-3.1.1-03][D-3.1.1-08][D-3.2.1-04][D-4.4-08]") {
    auto config = router_config();
    config.prefix4_length = 24;
    config.home_address4_mode = MobileNodeConfig::HomeAddress4::fixed;
    config.home_address4 = v4("192.0.2.10");
    Scene scene(config);
    scene.network({wlan("198.51.100.7")});
    const auto update = scene.take();
    auto options = wire::find_options<wire::Ipv4HomeAddress>(update.update.options);
    REQUIRE(options.size() == 2);
    CHECK_FALSE(options.at(0).prefix_requested);
    CHECK(options.at(1) == wire::Ipv4HomeAddress{24, true, v4("0.0.0.0")});
    auto answer = forwarding();
    answer.options.emplace_back(granted("192.0.2.10", 32));
    SECTION("granted, of another length") {
        answer.options.emplace_back(granted("10.64.1.128", 25));
        scene.answer(update, answer);
        CHECK(scene.node.prefixes4() == std::vector{p4("10.64.1.128", 25)});
        CHECK(scene.kernel_node.prefixes4 == scene.node.prefixes4());
        CHECK(scene.node.home_address4() == v4("192.0.2.10"));
        scene.advance(seconds(450));
        options = wire::find_options<wire::Ipv4HomeAddress>(scene.take().update.options);
        CHECK(options.at(1) == wire::Ipv4HomeAddress{25, true, v4("10.64.1.128")});
    }
    SECTION("refused") {
        answer.options.emplace_back(wire::Ipv4AddressAcknowledgement{
            wire::Ipv4AddressStatus::PrefixAllocationUnauthorized, 0, {}});
        scene.answer(update, answer);
        CHECK(scene.node.prefixes4().empty());
        CHECK(scene.node.prefixes6().size() == 1);
        CHECK(scene.reported("prefix-refused"));
    }
    SECTION("not answered") {
        scene.answer(update, answer);
        CHECK(scene.node.prefixes4().empty());
        CHECK(scene.node.home_address4() == v4("192.0.2.10"));
    }
    SECTION("refused later: any other is asked for") {
        answer.options.emplace_back(granted("10.64.1.0", 24));
        scene.answer(update, answer);
        scene.advance(seconds(450));
        const auto refresh = scene.take();
        auto lost = forwarding();
        lost.options.emplace_back(granted("192.0.2.10", 32));
        lost.options.emplace_back(wire::Ipv4AddressAcknowledgement{
            wire::Ipv4AddressStatus::PrefixAllocationUnauthorized, 0, {}});
        scene.answer(refresh, lost);
        CHECK(scene.kernel_node.prefixes4.empty());
        scene.advance(seconds(450));
        options = wire::find_options<wire::Ipv4HomeAddress>(scene.take().update.options);
        CHECK(options.at(1).address == v4("0.0.0.0"));
    }
}

TEST_CASE("a restarted router goes on with the prefixes that are in the kernel") {
    auto config = router_config();
    config.prefix4_length = 24;
    Scene scene(config);
    KernelNode kernel;
    kernel.home_address = home_address;
    kernel.bindings.emplace_back().care_of = v6("2001:db8:2::200");
    kernel.bindings.back().lifetime = seconds(300);
    kernel.prefixes6 = {p6("2001:db8:aaaa::", 64), p6("2001:db8:bbbb::", 64)};
    kernel.prefixes4 = {p4("10.64.1.0", 24)};
    scene.restore(kernel);
    CHECK(scene.node.prefixes6() == std::vector{p6("2001:db8:aaaa::", 64)}); // its own
    CHECK(scene.node.prefixes4() == kernel.prefixes4);
    scene.network({wlan("2001:db8:2::200")});
    const auto options = wire::find_options<wire::Ipv4HomeAddress>(scene.take().update.options);
    REQUIRE(options.size() == 1);
    CHECK(options.front() == wire::Ipv4HomeAddress{24, true, v4("10.64.1.0")});
}

TEST_CASE("a host asks for no prefixes") {
    auto config = plain_config();
    config.prefixes6 = {p6("2001:db8:aaaa::", 64)};
    config.prefix4_length = 24;
    Scene scene(config);
    const auto update = registered(scene, wlan("2001:db8:2::200"));
    CHECK_FALSE(update.update.flags.mobile_router);
    CHECK(update.option<wire::Ipv4HomeAddress>() == nullptr);
    CHECK_FALSE(scene.installs.back().prefixes);
}

} // namespace dsmip::mobility::test
