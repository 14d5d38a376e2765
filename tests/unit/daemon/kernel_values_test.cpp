// SPDX-License-Identifier: GPL-2.0-or-later
// Bindings and paths between engines and kernel.
#include <catch2/catch.hpp>

#include <linux/dsmip.h>

#include "daemon/kernel_values.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using namespace std::chrono_literals;

namespace {

mobility::KernelNode sample() {
    mobility::KernelBinding binding;
    binding.bid = 7;
    binding.care_of = wire::Ipv4Address::parse("203.0.113.9").value();
    binding.port = 40001;
    binding.claimed_care_of = wire::Ipv4Address::parse("10.0.0.2").value();
    binding.encapsulation = mobility::Encapsulation::udp_tlv;
    binding.priority = 5;
    binding.lifetime = 90s;
    binding.link = 4;
    binding.sequence = 65535;
    binding.nat = true;
    binding.draft = true;
    mobility::KernelNode node;
    node.home_address = wire::Ipv6Address::parse("2001:db8:1::100").value();
    node.home_addresses4 = {wire::Ipv4Address::parse("192.0.2.130").value()};
    node.bindings = {binding};
    return node;
}

} // namespace

TEST_CASE("a node comes back from the kernel as it was sent") {
    const auto node = sample();
    CHECK(from_kernel(to_kernel(node, true)) == node);
}

TEST_CASE("a binding to the home link comes back from the kernel as it was sent") {
    auto node = sample();
    auto& binding = node.bindings.front();
    binding = {};
    binding.care_of = node.home_address;
    binding.home_link = true;
    binding.link_local = true;
    binding.link = 4;
    binding.lifetime = 90s;
    binding.link_address =
        GENERATE(mobility::LinkAddress{}, mobility::LinkAddress{2, 0, 0, 0, 0, 1});
    const auto sent = to_kernel(node, true);
    // The kernel refuses a care-of address or a format beside it.
    CHECK_FALSE(sent.bindings.at(0).care_of);
    CHECK_FALSE(sent.bindings.at(0).encapsulation);
    CHECK(sent.bindings.at(0).link_address.has_value() != binding.link_address.empty());
    CHECK(from_kernel(sent) == node);
}

TEST_CASE("a mobile node's end point has no port in the kernel") {
    const auto node = to_kernel(sample(), false);
    CHECK_FALSE(node.bindings.at(0).port);
    CHECK(node.bindings.at(0).encapsulation == netlink::Encapsulation::udp_tlv);
}

TEST_CASE("IPv4 home addresses are always named, so that none is left over") {
    auto node = sample();
    node.home_addresses4.clear();
    const auto sent = to_kernel(node, true);
    REQUIRE(sent.home_addresses4);
    CHECK(sent.home_addresses4->empty());
}

TEST_CASE("lifetimes stay in the range of the kernel") {
    auto node = sample();
    node.bindings[0].lifetime = -5ms;
    CHECK(to_kernel(node, true).bindings[0].lifetime == 1ms);
    node.bindings[0].lifetime = 1000h;
    CHECK(to_kernel(node, true).bindings[0].lifetime ==
          std::chrono::milliseconds(DSMIP_LIFETIME_MAX_MS));
}

TEST_CASE("a path without cookie or far end is none") {
    netlink::Path path;
    path.cookie = 0x80000001;
    path.remote = wire::Ipv4Address::parse("203.0.113.9").value();
    path.remote_port = 40001;
    path.local = wire::Ipv4Address::parse("192.0.2.1").value();
    path.local_port = 4191;
    path.encapsulation = netlink::Encapsulation::udp;
    path.link = 2;
    const auto read = from_kernel(path);
    REQUIRE(read);
    CHECK(read->cookie == 0x80000001);
    CHECK(to_string(read->remote) == "203.0.113.9:40001");
    CHECK(to_string(read->local) == "192.0.2.1:4191");
    CHECK(read->encapsulation == mobility::Encapsulation::udp);
    CHECK(read->link == 2);
    auto without_cookie = path;
    without_cookie.cookie.reset();
    CHECK_FALSE(from_kernel(without_cookie));
    auto without_remote = path;
    without_remote.remote.reset();
    CHECK_FALSE(from_kernel(without_remote));
}
