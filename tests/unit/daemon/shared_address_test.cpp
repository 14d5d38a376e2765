// SPDX-License-Identifier: GPL-2.0-or-later
// What goes by the access although it has the home address as source.
#include <catch2/catch.hpp>

#include <netinet/in.h>

#include "daemon/care_of_candidates.hpp"
#include "daemon/host_network.hpp"
#include "daemon/shared_address.hpp"
#include "host_messages.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

const auto home = wire::Ipv4Address::parse("10.0.0.5").value();
const std::vector home_agents{wire::Ipv4Address::parse("192.0.2.1").value(),
                              wire::Ipv4Address::parse("192.0.2.2").value()};

std::vector<std::string> rules(const test::Host& host) {
    std::vector<std::string> texts;
    for (const auto& rule : shared_address_rules(host.state(), care_of_candidates(host.state(), {}),
                                                 home, home_agents)) {
        CHECK(rule.family == wire::AddressFamily::Ipv4);
        CHECK(rule.priority == rule_priority::shared_address);
        CHECK(rule.priority < rule_priority::home_address);
        CHECK(rule.table == 254);
        CHECK(rule.from == netlink::PrefixSpec{home, 32});
        texts.push_back(to_string(rule.to->address) + "/" + std::to_string(rule.to->length) +
                        (rule.ip_protocol == IPPROTO_UDP ? " udp" : ""));
    }
    return texts;
}

} // namespace

TEST_CASE("a home address that no access has needs no rule") {
    test::Host host;
    host.link(2, "wan0");
    host.address(2, "10.0.0.6");
    host.default_route_by(2, "10.0.0.1");
    CHECK(rules(host).empty());
}

TEST_CASE("tunnel and default router of an access with the home address stay on the access") {
    test::Host host;
    host.link(2, "wan0");
    host.link(3, "wan1");
    host.address(2, "10.0.0.5");
    host.address(3, "10.1.0.5");
    CHECK(rules(host) == std::vector<std::string>{"192.0.2.1/32 udp", "192.0.2.2/32 udp"});
    host.default_route_by(2, "10.0.0.1");
    host.default_route_by(3, "10.1.0.1");
    CHECK(rules(host) ==
          std::vector<std::string>{"192.0.2.1/32 udp", "192.0.2.2/32 udp", "10.0.0.1/32"});
    // Each rule once, on however many accesses.
    host.address(3, "10.0.0.5");
    CHECK(rules(host) == std::vector<std::string>{"192.0.2.1/32 udp", "192.0.2.2/32 udp",
                                                  "10.0.0.1/32", "10.1.0.1/32"});
}
