// SPDX-License-Identifier: GPL-2.0-or-later
// Which addresses may serve as care-of addresses. The state is built from rtnetlink messages, as in
// the daemon.
#include <catch2/catch.hpp>

#include <string>

#include "daemon/care_of_candidates.hpp"
#include "host_messages.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

/// As test::Host.
class Host : public test::Host {
public:
    /// "NAME ADDRESS", "+" with a default route, and whether it is deprecated.
    std::string candidates(const NoCareOf& excluded = {}) {
        std::string text;
        for (const auto& candidate : care_of_candidates(state(), excluded)) {
            text += candidate.link_name + " " + to_string(candidate.address) +
                    (candidate.default_route ? "+" : "") +
                    (candidate.deprecated ? "(deprecated)" : "") + "; ";
        }
        return text;
    }
};

} // namespace

TEST_CASE("global addresses of links in operation are candidates, IPv6 first") {
    Host host;
    host.link(2, "wan0");
    host.link(3, "wan1");
    host.address(2, "203.0.113.10");
    host.address(2, "2001:db8:6::10");
    host.address(3, "10.0.0.2");
    host.default_route(2, true);
    CHECK(host.candidates() == "wan0 2001:db8:6::10; wan0 203.0.113.10+; wan1 10.0.0.2; ");
}

TEST_CASE("links that are down, without carrier or loopback give none") {
    Host host;
    host.link(1, "lo", IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
    host.link(2, "wan0", IFF_RUNNING);
    host.link(3, "wan1", IFF_UP);
    for (unsigned link = 1; link <= 3; ++link) {
        host.address(link, "2001:db8:6::" + std::to_string(link));
    }
    CHECK(host.candidates().empty());
}

TEST_CASE("addresses that cannot serve are left out") {
    Host host;
    host.link(2, "wan0");
    SECTION("tentative") {
        host.address(2, "2001:db8:6::1", IFA_F_TENTATIVE);
    }
    SECTION("duplicate") {
        host.address(2, "2001:db8:6::1", IFA_F_DADFAILED | IFA_F_TENTATIVE);
    }
    SECTION("a home address") {
        host.address(2, "2001:db8:6::1", IFA_F_HOMEADDRESS);
    }
    SECTION("link-local") {
        host.address(2, "fe80::1", IFA_F_PERMANENT, RT_SCOPE_LINK);
    }
    SECTION("IPv4 of link scope") {
        host.address(2, "169.254.1.1", IFA_F_PERMANENT, RT_SCOPE_LINK);
    }
    CHECK(host.candidates().empty());
}

TEST_CASE("addresses that no other network can reach are left out, whatever scope they claim") {
    const auto* text = GENERATE("169.254.0.1", "169.254.255.254", "127.0.0.2", "0.1.2.3",
                                "224.0.0.5", "240.0.0.1", "255.255.255.255", "fe80::1", "::1",
                                "::2", "::192.0.2.1", "::ffff:192.0.2.1", "ff0e::1", "100::1");
    CAPTURE(text);
    Host host;
    host.link(2, "wan0");
    host.address(2, text);
    CHECK(host.candidates().empty());
}

TEST_CASE("private, shared and unique local addresses are candidates") {
    const auto* text = GENERATE("10.0.0.2", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1",
                                "169.253.255.255", "169.255.0.1", "100:0:0:1::1");
    CAPTURE(text);
    Host host;
    host.link(2, "wan0");
    host.address(2, text);
    CHECK(host.candidates() == "wan0 " + std::string(text) + "; ");
}

TEST_CASE("a deprecated address comes behind all others of its link") {
    Host host;
    host.link(2, "wan0");
    host.address(2, "2001:db8:6::1", IFA_F_DEPRECATED);
    host.address(2, "2001:db8:6::2");
    host.address(2, "203.0.113.10");
    CHECK(host.candidates() ==
          "wan0 2001:db8:6::2; wan0 203.0.113.10; wan0 2001:db8:6::1(deprecated); ");
}

TEST_CASE("neither the tunnel device nor the IPv6 home address are candidates") {
    Host host;
    host.link(2, "wan0");
    host.link(9, "dsmip0");
    host.address(2, "2001:db8:1::100");
    host.address(2, "192.0.2.130");
    host.address(2, "203.0.113.10");
    host.address(9, "2001:db8:9::1");
    host.address(9, "10.0.0.5");
    NoCareOf excluded;
    excluded.tunnel_device = 9;
    excluded.home_addresses = {wire::Ipv6Address::parse("2001:db8:1::100").value()};
    CHECK(host.candidates(excluded) == "wan0 192.0.2.130; wan0 203.0.113.10; ");
    // An IPv4 home address can be that of an access as well.
    host.address(2, "10.0.0.5");
    CHECK(host.candidates(excluded) == "wan0 192.0.2.130; wan0 203.0.113.10; wan0 10.0.0.5; ");
}

TEST_CASE("temporary addresses come behind stable ones") {
    Host host;
    host.link(2, "wan0");
    host.address(2, "2001:db8:6::aaaa", IFA_F_TEMPORARY);
    host.address(2, "2001:db8:6::1", IFA_F_MANAGETEMPADDR);
    const auto text = host.candidates();
    CHECK(text.find("2001:db8:6::1;") < text.find("2001:db8:6::aaaa;"));
    CHECK_THAT(text, Catch::Contains("2001:db8:6::aaaa"));
}

TEST_CASE("only what is in the underlay gives candidates") {
    constexpr auto running = IFF_UP | IFF_RUNNING;
    Host host;
    host.master(10, "blue", "vrf");
    host.master(11, "red", "vrf");
    host.master(12, "bridge0", "bridge");
    host.link(2, "wan0");
    host.link(3, "wan1", running, 1, 10);
    host.link(4, "wan2", running, 1, 10);
    host.link(5, "wan3", running, 1, 11);
    host.link(6, "wan4", running, 1, 12);
    host.address(10, "2001:db8:10::1");
    for (unsigned link = 2; link <= 6; ++link) {
        host.address(link, "2001:db8::" + std::to_string(link));
    }
    const auto in = [&](const char* underlay) {
        NoCareOf excluded;
        excluded.underlay = underlay;
        return host.candidates(excluded);
    };
    CHECK(in("") == "wan0 2001:db8::2; wan4 2001:db8::6; ");
    CHECK(in("blue") == "wan1 2001:db8::3; wan2 2001:db8::4; blue 2001:db8:10::1; ");
    CHECK(in("red") == "wan3 2001:db8::5; ");
    CHECK(in("wan1") == "wan1 2001:db8::3; ");
    CHECK(in("wan0") == "wan0 2001:db8::2; ");
    CHECK(in("wan4") == "wan4 2001:db8::6; ");
    CHECK(in("bridge0").empty());
    CHECK(in("gone").empty());
}
