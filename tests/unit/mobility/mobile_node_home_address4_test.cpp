// SPDX-License-Identifier: GPL-2.0-or-later
// The IPv4 home address, fixed or from the home agent's pool.
#include <catch2/catch.hpp>

#include <algorithm>

#include "mobile_node_scene.hpp"

namespace dsmip::mobility::test {
namespace {

using Mode = MobileNodeConfig::HomeAddress4;

MobileNodeConfig with_address4(Mode mode) {
    auto config = plain_config();
    config.home_address4_mode = mode;
    if (mode == Mode::fixed) {
        config.home_address4 = v4("192.0.2.10");
    }
    return config;
}

Answer acknowledged(const char* address,
                    wire::Ipv4AddressStatus status = wire::Ipv4AddressStatus::Success,
                    std::uint8_t prefix_length = 32) {
    Answer answer;
    answer.options.emplace_back(
        wire::Ipv4AddressAcknowledgement{status, prefix_length, v4(address)});
    return answer;
}

} // namespace

TEST_CASE("a fixed IPv4 home address is in every Binding Update, over either family",
          "[D-2.3.1-02][D-2.3.2.1-03][D-3.1.1-01][D-3.1.1-02][D-3.1.1-07][D-4.2-11][D-4.4-01]"
          "[D-4.4-06][D-4.4-13][D-4.4-14][M-8.2-01]") {
    const bool over4 = GENERATE(false, true);
    Scene scene(with_address4(Mode::fixed));
    scene.network({wlan(over4 ? "198.51.100.7" : "2001:db8:2::200")});
    const auto update = scene.take();
    REQUIRE(update.option<wire::Ipv4HomeAddress>() != nullptr);
    CHECK(update.option<wire::Ipv4HomeAddress>()->address == v4("192.0.2.10"));
    CHECK(update.option<wire::Ipv4HomeAddress>()->prefix_length == 32);
    CHECK_FALSE(update.option<wire::Ipv4HomeAddress>()->prefix_requested);

    SECTION("acknowledged: assigned, bound beside the IPv6 one [D-2.3-01][D-4.4-18]") {
        scene.answer(update, acknowledged("192.0.2.10"));
        CHECK(scene.node.home_address4() == v4("192.0.2.10"));
        CHECK(scene.assigned == std::vector{v4("192.0.2.10")});
        CHECK(scene.kernel_node.home_addresses4 == std::vector{v4("192.0.2.10")});
        CHECK(scene.row().home_address4 == v4("192.0.2.10"));

        scene.advance(seconds(450));
        const auto refresh = scene.take();
        CHECK(refresh.option<wire::Ipv4HomeAddress>() != nullptr);
        scene.answer(refresh, acknowledged("192.0.2.10"));
        CHECK(scene.assigned.size() == 1);
    }
}

TEST_CASE("the Binding Update with options 29 and 32 is that of the test vector",
          "[D-3.1.1-01][D-3.1.1-06][D-3.1.2-01][D-3.1.2-02][D-3.1.3-01]") {
    auto config = with_address4(Mode::fixed);
    config.force_udp = true;
    Scene scene(config, 1);
    scene.network({wlan("198.51.100.7")});
    const std::vector<std::uint8_t> vector{0x3b, 0x03, 0x05, 0x00, 0xf6, 0xf2, 0x00, 0x02,
                                           0xc1, 0x00, 0x00, 0x96, 0x1d, 0x06, 0x80, 0x00,
                                           0xc0, 0x00, 0x02, 0x0a, 0x20, 0x06, 0x00, 0x00,
                                           0xc6, 0x33, 0x64, 0x07, 0x01, 0x02, 0x00, 0x00};
    CHECK(scene.take().message.octets == vector);
}

TEST_CASE("a dynamic IPv4 home address is asked for with 0.0.0.0 and then named",
          "[D-2.5-01][D-4.4-07][D-4.4-15]") {
    Scene scene(with_address4(Mode::dynamic));
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    REQUIRE(update.option<wire::Ipv4HomeAddress>() != nullptr);
    CHECK(update.option<wire::Ipv4HomeAddress>()->address.is_unspecified());
    scene.answer(update, acknowledged("192.0.2.77"));
    CHECK(scene.assigned == std::vector{v4("192.0.2.77")});
    CHECK(scene.kernel_node.home_addresses4 == std::vector{v4("192.0.2.77")});

    scene.network({wlan("198.51.100.7")});
    const auto moved = scene.take();
    CHECK(moved.option<wire::Ipv4HomeAddress>()->address == v4("192.0.2.77"));

    SECTION("refused later: withdrawn, another one asked for at once") {
        scene.answer(moved,
                     acknowledged("192.0.2.77", wire::Ipv4AddressStatus::IncorrectIpv4HomeAddress));
        CHECK(scene.withdrawn == std::vector{v4("192.0.2.77")});
        CHECK(scene.kernel_node.home_addresses4.empty());
        const auto again = scene.take();
        CHECK(again.option<wire::Ipv4HomeAddress>()->address.is_unspecified());
        scene.answer(again, acknowledged("192.0.2.78"));
        CHECK(scene.node.home_address4() == v4("192.0.2.78"));
        CHECK(scene.pending() == 0);
    }
    SECTION("exchanged by the home agent: the old one goes") {
        scene.answer(moved, acknowledged("192.0.2.90"));
        CHECK(scene.withdrawn == std::vector{v4("192.0.2.77")});
        CHECK(scene.assigned == std::vector{v4("192.0.2.77"), v4("192.0.2.90")});
        CHECK(scene.kernel_node.home_addresses4 == std::vector{v4("192.0.2.90")});
    }
}

TEST_CASE("refused: no entry for the IPv4 address, the IPv6 one stands",
          "[D-3.2.1-03][D-4.4-23][D-4.4-24]") {
    Scene scene(with_address4(Mode::fixed));
    scene.network({wlan("2001:db8:2::200")});
    scene.answer(scene.take(),
                 acknowledged("192.0.2.10", wire::Ipv4AddressStatus::AdministrativelyProhibited));
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK_FALSE(scene.node.home_address4());
    CHECK(scene.kernel_node.home_addresses4.empty());
    CHECK(scene.assigned.empty());
    CHECK(scene.reported("home-address4-refused"));
    scene.advance(seconds(450));
    CHECK(scene.take().option<wire::Ipv4HomeAddress>() != nullptr);
}

TEST_CASE("refused at a refresh: the address that was there goes", "[D-4.4-23]") {
    Scene scene(with_address4(Mode::fixed));
    scene.network({wlan("2001:db8:2::200")});
    scene.answer(scene.take(), acknowledged("192.0.2.10"));
    REQUIRE(scene.node.home_address4() == v4("192.0.2.10"));
    scene.advance(seconds(450));
    scene.answer(scene.take(),
                 acknowledged("192.0.2.10", wire::Ipv4AddressStatus::AdministrativelyProhibited));
    CHECK_FALSE(scene.node.home_address4());
    CHECK(scene.kernel_node.home_addresses4.empty());
}

TEST_CASE("not mentioned: this home agent has none, and is not asked again",
          "[D-2.3.1-07][D-2.3.1-08][D-4.4-21]") {
    Scene scene(with_address4(Mode::fixed));
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    scene.answer(update, {});
    CHECK(scene.row().state == RegistrationState::registered);
    CHECK_FALSE(scene.node.home_address4());
    CHECK(scene.reported("home-address4-unsupported"));
    scene.network({wlan("198.51.100.7")});
    const auto moved = scene.take();
    CHECK(moved.option<wire::Ipv4HomeAddress>() == nullptr);
    scene.accept(moved);
    CHECK(scene.row().state == RegistrationState::registered);
}

TEST_CASE("a refusal of the whole Binding Update says nothing about IPv4", "[D-2.3.1-07]") {
    Scene scene(with_address4(Mode::fixed));
    scene.network({wlan("2001:db8:2::200")});
    Answer answer;
    answer.status = wire::BindingStatus::InsufficientResources;
    scene.answer(scene.take(), answer);
    scene.advance(seconds(32));
    CHECK(scene.take().option<wire::Ipv4HomeAddress>() != nullptr);
}

TEST_CASE("an acceptance that cannot be: no entry", "[D-3.1.1-04][D-4.4-23]") {
    Scene scene(with_address4(Mode::fixed));
    scene.network({wlan("2001:db8:2::200")});
    const auto update = scene.take();
    SECTION("prefix length 0") {
        scene.answer(update, acknowledged("192.0.2.10", wire::Ipv4AddressStatus::Success, 0));
    }
    SECTION("prefix length 33") {
        scene.answer(update, acknowledged("192.0.2.10", wire::Ipv4AddressStatus::Success, 33));
    }
    SECTION("another address than the fixed one") {
        scene.answer(update, acknowledged("192.0.2.11"));
    }
    SECTION("multicast") {
        scene.answer(update, acknowledged("224.0.0.1"));
    }
    CHECK(scene.reported("home-address4-invalid"));
    CHECK(scene.assigned.empty());
    CHECK(scene.kernel_node.home_addresses4.empty());
    CHECK(scene.row().state == RegistrationState::registered);
}

TEST_CASE("an address nobody asked for is not taken", "[D-4.4-23]") {
    Scene scene;
    scene.network({wlan("2001:db8:2::200")});
    scene.answer(scene.take(), acknowledged("192.0.2.10"));
    CHECK(scene.assigned.empty());
    CHECK_FALSE(scene.node.home_address4());
}

TEST_CASE("a prefix length the home agent chose is taken", "[D-3.2.1-04]") {
    Scene scene(with_address4(Mode::dynamic));
    scene.network({wlan("2001:db8:2::200")});
    scene.answer(scene.take(), acknowledged("192.0.2.77", wire::Ipv4AddressStatus::Success, 24));
    CHECK(scene.node.home_address4() == v4("192.0.2.77"));
}

TEST_CASE("an access whose private address is the IPv4 home address serves, and is named") {
    const auto mode = GENERATE(Mode::fixed, Mode::dynamic);
    Scene scene(with_address4(mode));
    CHECK(scene.node.shared_addresses().empty());
    if (mode == Mode::dynamic) {
        scene.network({wlan("2001:db8:2::200")});
        scene.answer(scene.take(), acknowledged("192.0.2.10"));
        CHECK(scene.node.shared_addresses().empty());
    }
    scene.network({wlan("192.0.2.10")});
    const auto update = scene.take();
    REQUIRE(update.udp() != nullptr);
    CHECK(update.udp()->local == v4("192.0.2.10"));
    CHECK(update.option<wire::Ipv4CareOfAddress>()->address == v4("192.0.2.10"));
    CHECK(update.option<wire::Ipv4HomeAddress>()->address == v4("192.0.2.10"));
    const std::vector<SharedAddress> shared{{"wlan0", v4("192.0.2.10")}};
    CHECK(scene.node.shared_addresses() == shared);
    const auto times_told = [&] {
        return std::count_if(scene.reports.begin(), scene.reports.end(), [](const Report& report) {
            return report.name == "home-address4-is-care-of";
        });
    };
    CHECK(times_told() == 1);

    SECTION("behind a NAT both are in use") {
        auto answer = acknowledged("192.0.2.10");
        answer.nat = wire::NatDetection{};
        scene.answer(update, answer);
        CHECK(scene.row().state == RegistrationState::registered);
        CHECK(scene.kernel()->care_of == wire::IpAddress(v4("192.0.2.10")));
        CHECK(scene.kernel_node.home_addresses4 == std::vector{v4("192.0.2.10")});
        scene.advance(seconds(450));
        scene.answer(scene.take(), answer);
        CHECK(times_told() == 1);

        scene.network({wlan("198.51.100.7")});
        CHECK(scene.node.shared_addresses().empty());
        scene.network({wlan("192.0.2.10")});
        CHECK(times_told() == 2);
    }
    SECTION("refused, as without a NAT, it gives way to another access") {
        scene.network({wlan("192.0.2.10"), lte("198.51.100.8")});
        CHECK(scene.pending() == 0);
        Answer refusal;
        refusal.status = wire::BindingStatus::InvalidCareOfAddress;
        scene.answer(update, refusal);
        const auto other = scene.take();
        CHECK(other.udp()->local == v4("198.51.100.8"));
        scene.answer(other, acknowledged("192.0.2.10"));
        CHECK(scene.row().state == RegistrationState::registered);
    }
}

} // namespace dsmip::mobility::test
