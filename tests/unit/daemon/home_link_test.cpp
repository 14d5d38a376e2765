// SPDX-License-Identifier: GPL-2.0-or-later
// What is remembered of frames on the home link, and an interface that is none.
#include <catch2/catch.hpp>

#include "daemon/home_link.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

wire::Ipv6Address numbered(unsigned n) {
    auto address = wire::Ipv6Address::parse("2001:db8:1::").value();
    address.bytes[14] = static_cast<std::uint8_t>(n >> 8U);
    address.bytes[15] = static_cast<std::uint8_t>(n & 0xFFU);
    return address;
}

constexpr wire::EthernetAddress first{2, 0, 0, 0, 0, 1};
constexpr wire::EthernetAddress second{2, 0, 0, 0, 0, 2};

} // namespace

TEST_CASE("the last frame of a source counts") {
    FrameSources sources;
    CHECK(sources.find(numbered(1)).empty());
    sources.note(numbered(1), first);
    CHECK(sources.find(numbered(1)) == mobility::LinkAddress(first.begin(), first.end()));
    sources.note(numbered(1), second);
    CHECK(sources.find(numbered(1)) == mobility::LinkAddress(second.begin(), second.end()));
}

TEST_CASE("a flood of sources displaces the oldest, and no more is kept") {
    FrameSources sources;
    for (unsigned n = 0; n <= FrameSources::limit; ++n) {
        sources.note(numbered(n), first);
    }
    CHECK(sources.find(numbered(0)).empty());
    CHECK_FALSE(sources.find(numbered(1)).empty());
    CHECK_FALSE(sources.find(numbered(FrameSources::limit)).empty());
}

TEST_CASE("a home link that is not there is named") {
    const auto link = HomeLink::open("dsmip-none0", numbered(1));
    REQUIRE_FALSE(link);
    CHECK(link.error() == "home link: there is no interface dsmip-none0");
}
