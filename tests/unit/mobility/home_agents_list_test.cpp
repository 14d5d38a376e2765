// SPDX-License-Identifier: GPL-2.0-or-later
// Home Agents List: what gets in, in which order it comes out, and what takes it out.
#include <catch2/catch.hpp>

#include <set>

#include "../addresses.hpp"
#include "mobility/home_agents_list.hpp"

using namespace dsmip;
using namespace dsmip::mobility;
using namespace dsmip::test;
using namespace std::chrono_literals;
using Outcome = HomeAgentsList::Outcome;

namespace {

constexpr TimePoint start{1000s};

const auto own = v6("2001:db8:1::1");
const auto router1 = v6("fe80::1");
const auto router2 = v6("fe80::2");
const auto router3 = v6("fe80::3");

Random random_numbers() {
    return [state = std::uint32_t{12345}]() mutable {
        state = state * 1664525U + 1013904223U;
        return state;
    };
}

wire::PrefixInformation information(std::string_view address, std::uint32_t valid = 1000,
                                    bool router_address = true) {
    return {{v6(address), 64}, true, true, router_address, valid, valid / 2};
}

wire::RouterAdvertisement advertisement(std::vector<wire::PrefixInformation> prefixes,
                                        std::uint16_t preference = 0, std::uint16_t lifetime = 100,
                                        bool mobile_router = false) {
    wire::RouterAdvertisement message;
    message.home_agent = true;
    message.router_lifetime = 1800;
    message.prefixes = std::move(prefixes);
    message.home_agent_information =
        wire::HomeAgentInformation{mobile_router, preference, lifetime};
    return message;
}

std::vector<std::string> texts(const std::vector<wire::Ipv6Address>& addresses) {
    std::vector<std::string> result;
    for (const auto& address : addresses) {
        result.push_back(wire::to_string(address));
    }
    return result;
}

} // namespace

TEST_CASE("a home agent that hears nobody knows itself") {
    HomeAgentsList list({own, 7, true});
    CHECK(texts(list.addresses(start, random_numbers(), true)) ==
          std::vector<std::string>{"2001:db8:1::1"});
    const auto entries = list.entries(start);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].own);
    CHECK(entries[0].preference == 7);
    CHECK_FALSE(entries[0].remaining);
    CHECK_FALSE(list.next_deadline());
}

TEST_CASE("home agents come in the order of their preference") {
    HomeAgentsList list({own, 5, true});
    CHECK(list.hear(start, router1, advertisement({information("2001:db8:1::a")}, 1)) ==
          Outcome::found);
    CHECK(list.hear(start, router2, advertisement({information("2001:db8:1::b")}, 0xFFFF)) ==
          Outcome::found);
    CHECK(list.hear(start, router2, advertisement({information("2001:db8:1::b")}, 0xFFFF)) ==
          Outcome::unchanged);
    CHECK(texts(list.addresses(start, random_numbers(), false)) ==
          std::vector<std::string>{"2001:db8:1::b", "2001:db8:1::1", "2001:db8:1::a"});
    // It changes its mind.
    list.hear(start, router2, advertisement({information("2001:db8:1::b")}, 0));
    CHECK(texts(list.addresses(start, random_numbers(), false)) ==
          std::vector<std::string>{"2001:db8:1::1", "2001:db8:1::a", "2001:db8:1::b"});
}

TEST_CASE("equal home agents, and addresses of one, are shuffled") {
    HomeAgentsList list({own, 0, true});
    list.hear(start, router1, advertisement({information("2001:db8:1::a")}));
    list.hear(start, router2,
              advertisement({information("2001:db8:1::b"), information("2001:db8:2::b")}, 1));
    const auto random = random_numbers();
    std::set<std::vector<std::string>> orders;
    for (int i = 0; i < 200; ++i) {
        const auto order = texts(list.addresses(start, random, false));
        REQUIRE(order.size() == 4);
        orders.insert(order);
        CHECK(order[0].substr(order[0].size() - 1) == "b");
        CHECK(order[1].substr(order[1].size() - 1) == "b");
    }
    CHECK(orders.size() == 4); // two ways in each half
}

TEST_CASE("what takes a home agent out of the list") {
    HomeAgentsList list({own, 0, true});
    list.hear(start, router1, advertisement({information("2001:db8:1::a")}, 0, 100));
    REQUIRE(list.entries(start).size() == 2);
    auto message = advertisement({information("2001:db8:1::a")});
    SECTION("it is none any more") {
        message.home_agent = false;
        CHECK(list.hear(start, router1, message) == Outcome::lost);
    }
    SECTION("its lifetime as one is 0") {
        message.home_agent_information->lifetime = 0;
        CHECK(list.hear(start, router1, message) == Outcome::lost);
    }
    SECTION("it is no router any more, and says nothing else") {
        message.home_agent_information.reset();
        message.router_lifetime = 0;
        CHECK(list.hear(start, router1, message) == Outcome::lost);
    }
    SECTION("its lifetime has ended") {
        CHECK(list.next_deadline() == start + 100s);
        CHECK(list.expire(start + 99s).empty());
        CHECK(list.entries(start + 99s).size() == 2);
        CHECK(list.expire(start + 100s) == std::vector{router1});
    }
    CHECK(list.entries(start).size() == 1);
    CHECK_FALSE(list.next_deadline());
}

TEST_CASE("lifetime and preference without a Home Agent Information option") {
    HomeAgentsList list({own, 0, true});
    auto message = advertisement({information("2001:db8:1::a")}, 9, 9, true);
    message.home_agent_information.reset();
    message.router_lifetime = 33;
    list.hear(start, router1, message);
    const auto entries = list.entries(start + 3s);
    REQUIRE(entries.size() == 2);
    const auto& heard = entries[0].own ? entries[1] : entries[0];
    CHECK(heard.preference == 0);
    CHECK_FALSE(heard.mobile_routers);
    CHECK(heard.remaining == 30s);
}

TEST_CASE("a router that is no home agent is not in the list") {
    HomeAgentsList list({own, 0, true});
    auto message = advertisement({information("2001:db8:1::a")});
    message.home_agent = false;
    CHECK(list.hear(start, router1, message) == Outcome::unchanged);
    CHECK(list.entries(start).size() == 1);
}

TEST_CASE("addresses of a home agent are those of prefix options with R, while they are valid") {
    HomeAgentsList list({own, 0, true});
    list.hear(start, router1,
              advertisement({information("2001:db8:1::a", 10), information("2001:db8:2::a", 1000),
                             information("2001:db8:3::", 1000, false)},
                            1));
    CHECK(list.addresses(start, random_numbers(), false).size() == 3);
    CHECK(texts(list.addresses(start + 11s, random_numbers(), false)) ==
          std::vector<std::string>{"2001:db8:2::a", "2001:db8:1::1"});
    // Routers may say them one at a time, and take them back.
    list.hear(start + 11s, router1, advertisement({information("2001:db8:1::a", 10)}, 1));
    CHECK(list.addresses(start + 11s, random_numbers(), false).size() == 3);
    list.hear(start + 11s, router1, advertisement({information("2001:db8:2::a", 0)}, 1));
    CHECK(texts(list.addresses(start + 11s, random_numbers(), false)) ==
          std::vector<std::string>{"2001:db8:1::a", "2001:db8:1::1"});
}

TEST_CASE("the home agent's own router speaks for it") {
    HomeAgentsList list({own, 5, true});
    list.hear(start, router1, advertisement({information("2001:db8:1::1")}, 77, 100));
    const auto entries = list.entries(start);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].own);
    CHECK(entries[0].preference == 77);
    CHECK(entries[0].mobile_routers); // it knows better
    CHECK(list.addresses(start, random_numbers(), false).size() == 1);
}

TEST_CASE("home agents that serve mobile routers") {
    HomeAgentsList list({own, 5, false});
    list.hear(start, router1, advertisement({information("2001:db8:1::a")}, 1, 100, true));
    list.hear(start, router2, advertisement({information("2001:db8:1::b")}, 2, 100, false));
    CHECK(texts(list.addresses(start, random_numbers(), true)) ==
          std::vector<std::string>{"2001:db8:1::a"});
    CHECK(list.addresses(start, random_numbers(), false).size() == 3);
}

TEST_CASE("the list has an end") {
    HomeAgentsList list({own, 0, true});
    for (std::size_t i = 0; i < HomeAgentsList::entries_max; ++i) {
        auto router = router1;
        router.bytes[13] = static_cast<std::uint8_t>(i);
        CHECK(list.hear(start, router, advertisement({})) == Outcome::found);
    }
    CHECK(list.hear(start, router2, advertisement({})) == Outcome::full);
    std::vector<wire::PrefixInformation> many;
    for (std::uint8_t i = 0; i < 200; ++i) {
        auto one = information("2001:db8:1::a");
        one.prefix.address.bytes[7] = i;
        many.push_back(one);
    }
    list.hear(start, router1, advertisement(many, 1));
    CHECK(list.addresses(start, random_numbers(), false).size() ==
          HomeAgentsList::addresses_max + 1); // and its own
    CHECK(list.prefixes(start).size() == HomeAgentsList::prefixes_max);
}

TEST_CASE("prefixes of the home link") {
    HomeAgentsList list({own, 0, true});
    list.hear(start, router1, advertisement({information("2001:db8:1::a", 100)}));
    list.hear(start, router2, advertisement({information("2001:db8:1::", 300, false)}));
    list.hear(start, router3, advertisement({information("2001:db8:2::", 50, false)}));
    const auto prefixes = list.prefixes(start + 10s);
    REQUIRE(prefixes.size() == 2);
    const auto longest = prefixes.at(prefix6("2001:db8:1::/64")).at(start + 10s);
    REQUIRE(longest);
    CHECK(longest->valid_lifetime == 290);
    CHECK(longest->preferred_lifetime == 140);
    CHECK_FALSE(longest->router_address);
    CHECK(list.prefixes(start + 50s).size() == 1);
}

TEST_CASE("prefixes that say the same") {
    const HeardPrefix before{information("2001:db8:1::", 1000), start};
    auto after = before;
    after.heard = start + 100s;
    CHECK(before.says_the_same_as(after)); // advertised anew
    after.information.valid_lifetime -= 100;
    after.information.preferred_lifetime -= 99;
    CHECK(before.says_the_same_as(after)); // time has passed
    const auto differ = [&] {
        CHECK_FALSE(before.says_the_same_as(after));
        CHECK_FALSE(after.says_the_same_as(before));
    };
    SECTION("another valid lifetime") {
        after.information.valid_lifetime += 50;
        differ();
    }
    SECTION("another preferred lifetime") {
        after.information.preferred_lifetime = 0;
        differ();
    }
    SECTION("for ever") {
        after.information.valid_lifetime = wire::infinite_lifetime;
        differ();
    }
    SECTION("not on link") {
        after.information.on_link = false;
        differ();
    }
    SECTION("not autonomous") {
        after.information.autonomous = false;
        differ();
    }
}
