// SPDX-License-Identifier: GPL-2.0-or-later
// Path cookies of a mobile node's own messages.
#include <catch2/catch.hpp>

#include "daemon/path_cache.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using namespace std::chrono_literals;

namespace {

mobility::UdpPath path_from(std::string_view local, unsigned link) {
    mobility::UdpPath path;
    path.remote = {wire::Ipv4Address::parse("192.0.2.1").value(), 4191};
    path.local = wire::Ipv4Address::parse(local).value();
    path.link = link;
    return path;
}

} // namespace

TEST_CASE("a cookie is reused while it lives, and each use renews it") {
    PathCache cache;
    std::uint32_t made = 0;
    const auto make = [&](const mobility::UdpPath&) -> std::optional<std::uint32_t> {
        return 0x80000000U + ++made;
    };
    const auto path = path_from("10.0.0.2", 4);
    mobility::TimePoint now{1h};
    CHECK(cache.cookie(now, path, make) == 0x80000001U);
    now += PathCache::lifetime - PathCache::margin - 1ms;
    CHECK(cache.cookie(now, path, make) == 0x80000001U);
    now += PathCache::lifetime - PathCache::margin - 1ms;
    CHECK(cache.cookie(now, path, make) == 0x80000001U);
    now += PathCache::lifetime - PathCache::margin;
    CHECK(cache.cookie(now, path, make) == 0x80000002U);
    CHECK(cache.size() == 1);
}

TEST_CASE("another address or link is another path, and old ones are forgotten") {
    PathCache cache;
    std::uint32_t made = 0;
    const auto make = [&](const mobility::UdpPath&) -> std::optional<std::uint32_t> {
        return ++made;
    };
    const mobility::TimePoint now{1h};
    CHECK(cache.cookie(now, path_from("10.0.0.2", 4), make) == 1U);
    CHECK(cache.cookie(now, path_from("10.0.0.3", 4), make) == 2U);
    CHECK(cache.cookie(now, path_from("10.0.0.2", 5), make) == 3U);
    CHECK(cache.size() == 3);
    CHECK(cache.cookie(now + 1h, path_from("10.0.0.9", 4), make) == 4U);
    CHECK(cache.size() == 1);
}

TEST_CASE("a path the kernel refuses is asked for again") {
    PathCache cache;
    bool works = false;
    const auto make = [&](const mobility::UdpPath&) -> std::optional<std::uint32_t> {
        return works ? std::optional<std::uint32_t>(7) : std::nullopt;
    };
    const mobility::TimePoint now{1h};
    CHECK_FALSE(cache.cookie(now, path_from("10.0.0.2", 4), make));
    works = true;
    CHECK(cache.cookie(now, path_from("10.0.0.2", 4), make) == 7U);
}
