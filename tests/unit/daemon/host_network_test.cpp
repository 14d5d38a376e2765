// SPDX-License-Identifier: GPL-2.0-or-later
// What is set on a device that a predecessor left.
#include <catch2/catch.hpp>

#include "daemon/host_network.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

netlink::DeviceSettings home_agent() {
    netlink::DeviceSettings settings;
    settings.role = netlink::Role::home_agent;
    settings.home_agent6 = wire::Ipv6Address::parse("2001:db8:1::1").value();
    settings.home_agent4 = wire::Ipv4Address::parse("192.0.2.1").value();
    settings.udp_port = 4191;
    return settings;
}

netlink::DeviceSettings mobile_node() {
    auto settings = home_agent();
    settings.role = netlink::Role::mobile_node;
    settings.udp_port = 0;
    settings.home_agent_port = 4191;
    return settings;
}

} // namespace

TEST_CASE("equal settings are not set again") {
    CHECK_FALSE(settings_to_change(home_agent(), home_agent()));
}

TEST_CASE("an address the kernel does not have need not be cleared") {
    auto present = home_agent();
    present.home_agent4.reset();
    auto wanted = home_agent();
    wanted.home_agent4 = wire::Ipv4Address{};
    CHECK_FALSE(settings_to_change(present, wanted));
}

TEST_CASE("only what differs is set") {
    auto wanted = home_agent();
    wanted.home_agent4 = wire::Ipv4Address{};
    const auto change = settings_to_change(home_agent(), wanted);
    REQUIRE(change);
    netlink::DeviceSettings expected;
    expected.home_agent4 = wire::Ipv4Address{};
    CHECK(*change == expected);
}

TEST_CASE("the MTU of tunnels is left alone unless one is wanted") {
    auto present = home_agent();
    present.tunnel_mtu = 1448;
    CHECK_FALSE(settings_to_change(present, home_agent()));
    auto wanted = home_agent();
    wanted.tunnel_mtu = 1448;
    CHECK_FALSE(settings_to_change(present, wanted));
    wanted.tunnel_mtu = 1500;
    const auto change = settings_to_change(present, wanted);
    REQUIRE(change);
    CHECK(change->tunnel_mtu == 1500U);
    CHECK_FALSE(change->role);
}

TEST_CASE("the underlay is set and cleared, and left alone while it is gone") {
    auto present = home_agent();
    auto wanted = home_agent();
    wanted.underlay = 0;
    CHECK_FALSE(settings_to_change(present, wanted));
    wanted.underlay = 7;
    auto change = settings_to_change(present, wanted);
    REQUIRE(change);
    CHECK(change->underlay == 7U);
    CHECK_FALSE(change->role);
    present.underlay = 7;
    CHECK_FALSE(settings_to_change(present, wanted));
    wanted.underlay.reset();
    CHECK_FALSE(settings_to_change(present, wanted));
    wanted.underlay = 0;
    change = settings_to_change(present, wanted);
    REQUIRE(change);
    CHECK(change->underlay == 0U);
}

TEST_CASE("a new device gets everything") {
    CHECK(settings_to_change(netlink::DeviceSettings{}, home_agent()) == home_agent());
}

TEST_CASE("a mobile node that wants any port stays with the one it has") {
    auto present = mobile_node();
    present.udp_port = 41234;
    CHECK_FALSE(settings_to_change(present, mobile_node()));
    auto fixed = mobile_node();
    fixed.udp_port = 5000;
    const auto change = settings_to_change(present, fixed);
    REQUIRE(change);
    CHECK(change->udp_port == 5000);
    // A home agent's 0 means no UDP at all.
    auto without_udp = home_agent();
    without_udp.udp_port = 0;
    CHECK(settings_to_change(home_agent(), without_udp).value().udp_port == 0);
}
