// SPDX-License-Identifier: GPL-2.0-or-later
// Which bindings are left by which filter.
#include <catch2/catch.hpp>

#include "cli/binding_filter.hpp"

using namespace dsmip;
using cli::BindingFilter;
using netlink::Binding;
using netlink::NodeEntry;

namespace {

NodeEntry node(const char* home, const char* home4, std::vector<Binding> bindings) {
    NodeEntry entry;
    entry.node.home_address = wire::Ipv6Address::parse(home).value();
    if (home4 != nullptr) {
        entry.node.home_addresses4 = {wire::Ipv4Address::parse(home4).value()};
    }
    entry.node.bindings = std::move(bindings);
    return entry;
}

Binding binding(std::uint16_t bid, netlink::Encapsulation format, bool nat, bool heard) {
    Binding result;
    result.bid = bid;
    result.encapsulation = format;
    result.flags = netlink::BindingFlags{.nat = nat, .mcoa = bid != 0};
    if (heard) {
        result.last_heard = netlink::Milliseconds(5);
    }
    return result;
}

// "HOME/BID HOME/BID", by the last group of the home address.
std::string left(const BindingFilter& filter) {
    using Format = netlink::Encapsulation;
    auto at_home = binding(3, Format::direct, false, true);
    at_home.home_link = true;
    std::vector nodes{
        node("2001:db8:1::1", "192.0.2.1", {binding(0, Format::direct, false, true)}),
        node("2001:db8:1::2", nullptr,
             {binding(1, Format::udp, true, false), binding(2, Format::udp_tlv, false, true),
              at_home}),
        node("2001:db8:2::3", "198.51.100.1", {}),
    };
    cli::apply(filter, nodes);
    std::string text;
    for (const auto& entry : nodes) {
        const auto home = wire::to_string(entry.node.home_address);
        text += home.substr(home.rfind(':') + 1) + "/";
        for (const auto& one : entry.node.bindings) {
            text += std::to_string(one.bid);
        }
        text += " ";
    }
    return text;
}

BindingFilter by_prefix(const std::string& text) {
    BindingFilter filter;
    REQUIRE(cli::set_prefix(filter, text));
    return filter;
}
BindingFilter by_state(std::vector<std::string> states) {
    BindingFilter filter;
    filter.states = std::move(states);
    return filter;
}

} // namespace

TEST_CASE("filters of bindings", "[filter]") {
    CHECK(left({}) == "1/0 2/123 3/ ");
    CHECK(left(by_prefix("2001:db8:1::/64")) == "1/0 2/123 ");
    CHECK(left(by_prefix("2001:db8:2::/64")) == "3/ ");
    CHECK(left(by_prefix("192.0.2.0/24")) == "1/0 ");
    BindingFilter filter;
    filter.bid = 2;
    CHECK(left(filter) == "2/2 ");
    filter.bid = 0;
    CHECK(left(filter) == "1/0 ");
    CHECK(left(by_state({"nat"})) == "2/1 ");
    CHECK(left(by_state({"direct"})) == "1/0 ");
    CHECK(left(by_state({"udp"})) == "2/1 ");
    CHECK(left(by_state({"udp-tlv"})) == "2/2 ");
    CHECK(left(by_state({"home"})) == "2/3 ");
    CHECK(left(by_state({"silent"})) == "2/1 ");
    CHECK(left(by_state({"mcoa", "heard"})) == "2/23 ");
    CHECK(left(by_state({"draft"})).empty());
}

TEST_CASE("every state has a name, and a prefix that is none is refused", "[filter]") {
    for (const auto state : cli::binding_states()) {
        CHECK(left(by_state({std::string(state)})).size() < left({}).size());
    }
    BindingFilter filter;
    CHECK_FALSE(cli::set_prefix(filter, "2001:db8::"));
    CHECK_FALSE(cli::set_prefix(filter, "192.0.2.1/24").has_value());
    CHECK(filter.empty());
}
