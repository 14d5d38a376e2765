// SPDX-License-Identifier: GPL-2.0-or-later
// The table of rules is whole, and each refusal names the row that decided.
#include <set>

#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"
#include "mobility/home_agent_rules.hpp"
#include "mobility/mobile_node_rules.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

template<class Table>
void check_names(const Table& table) {
    std::set<std::string_view> names;
    for (const auto& rule : table) {
        INFO(rule.name);
        CHECK(names.insert(rule.name).second);
        CHECK_FALSE(rule.sentence.empty());
        const auto kind = rule.name.substr(0, rule.name.find('_'));
        CHECK(kind == (rule.drops() ? "drop" : rule.accepts() ? "accepted" : kind));
        CHECK((rule.drops() || kind == "accepted" || kind == "refused"));
    }
}

} // namespace

TEST_CASE("each row has a name of its own, in the form of what it leads to") {
    check_names(home_agent_rules);
    check_names(mobile_node_rules);
}

TEST_CASE("what the codec refuses has a row") {
    for (auto cause = static_cast<int>(wire::DecodeCause::MhTruncated);
         cause <= static_cast<int>(wire::DecodeCause::OptionNotLast); ++cause) {
        const auto name = wire::drop_name(static_cast<wire::DecodeCause>(cause));
        CHECK(rule_of(static_cast<wire::DecodeCause>(cause), home_agent_rules)->name ==
              "drop_" + std::string(name));
    }
}

namespace {

// The rule of the last Binding Update of a node, which is also in the log and among the counters.
void decided_by(Scene& scene, const wire::Ipv6Address& home_address, RuleRef wanted) {
    const auto last = scene.agent.explain(scene.now, home_address).history.last;
    REQUIRE(last);
    REQUIRE(last->rule != nullptr);
    CHECK(last->rule->name == wanted->name);
    CHECK(scene.counter(std::string(wanted->name)) == 1);
    if (!wanted->drops()) {
        CHECK(scene.answer().status() == wanted->status());
        CHECK(scene.counter("refused_" + std::to_string(static_cast<unsigned>(wanted->status()))) ==
              1);
    }
}

} // namespace

TEST_CASE("one status, several reasons: each is told") {
    auto config = default_config();
    SECTION("174: refused by the configuration") {
        config.policy.refused_care_of6 = {{v6("2001:db8:2::"), 48}};
        Scene scene(config);
        scene.native(Update(1), visited);
        decided_by(scene, node, home_agent_rule("refused_care_of_by_policy"));
    }
    SECTION("174: an address of the home network") {
        Scene scene(config);
        scene.native(Update(1), other);
        decided_by(scene, node, home_agent_rule("refused_care_of_at_home"));
    }
    SECTION("174: not unicast") {
        Scene scene(config);
        scene.native(Update(1).alternate(v6("ff02::1")), visited);
        decided_by(scene, node, home_agent_rule("refused_care_of_not_unicast"));
    }
    SECTION("130: as many nodes as there may be") {
        config.policy.max_nodes = 0;
        Scene scene(config);
        scene.native(Update(1), visited);
        decided_by(scene, node, home_agent_rule("refused_max_nodes"));
    }
    SECTION("129: outside the domain of a mobility anchor point") {
        config.map.enabled = true;
        config.map.care_of6 = {{v6("2001:db8:4::"), 48}};
        Scene scene(config);
        Update update(1);
        update.message.flags.home_registration = false;
        update.message.flags.map_registration = true;
        scene.native(update, visited);
        decided_by(scene, node, home_agent_rule("refused_outside_map_domain"));
    }
    SECTION("129: not listed") {
        Scene scene(config);
        scene.native(Update(1).of(unlisted), visited);
        decided_by(scene, unlisted, home_agent_rule("refused_unlisted_node"));
    }
}

TEST_CASE("an option that is refused in a message that is not") {
    Scene scene;
    scene.native(Update(1).home4("192.0.2.99").bid(1, visited).bid(2, agent6), visited);
    CHECK(scene.answer().status() == BindingStatus::McoaNotComplete);
    CHECK(scene.counter("refused_care_of_at_home") == 1);
    CHECK(scene.counter("refused_home_address4_not_own") == 1);
    CHECK(scene.counter("refused_174") == 0);
    const auto last = scene.agent.explain(scene.now, node).history.last;
    REQUIRE(last);
    CHECK(last->rule->name == "accepted_not_complete");
    CHECK(last->options.identifiers.at(1).rule->name == "refused_care_of_at_home");
    CHECK(last->options.home_addresses4.at(0).rule->name == "refused_home_address4_not_own");
}
