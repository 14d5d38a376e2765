// SPDX-License-Identifier: GPL-2.0-or-later
// Why a node is bound or not, as JSON: the answer with all its statuses.
#include <catch2/catch.hpp>

#include "daemon/explanation.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using mobility::UpdateVerdict;

namespace {

const auto home_address = wire::Ipv6Address::parse("2001:db8:1::100").value();
constexpr mobility::TimePoint now{std::chrono::seconds(1000)};

mobility::Explanation explained(UpdateVerdict verdict, mobility::RuleRef rule) {
    mobility::UpdateRecord update;
    update.when = now - std::chrono::seconds(3);
    update.sequence = 7;
    update.verdict = verdict;
    update.rule = rule;
    update.options.identifiers = {{1, mobility::home_agent_rule("accepted")},
                                  {2, mobility::home_agent_rule("refused_care_of_by_policy")}};
    mobility::JudgedHomeAddress4 refused;
    refused.rule = mobility::home_agent_rule("refused_home_address4_not_own");
    refused.answer.status = refused.rule->status4();
    refused.answer.prefix_length = 0;
    refused.answer.address = wire::Ipv4Address::parse("192.0.2.9").value();
    update.options.home_addresses4 = {refused};
    mobility::Explanation explanation;
    explanation.history.last = update;
    return explanation;
}

} // namespace

TEST_CASE("statuses of the options of an answer") {
    const auto json = explanation_json(
        home_address,
        explained(UpdateVerdict::accepted, mobility::home_agent_rule("accepted_not_complete")),
        now);
    const auto& update = json.at("last_update");
    CHECK(update.at("ago_ms") == 3000);
    REQUIRE(update.at("identifiers").size() == 2);
    const auto& first = update.at("identifiers").at(0);
    CHECK(first.at("bid") == 1);
    CHECK(first.at("status") == 0);
    CHECK(first.at("status_text") == wire::to_string(wire::BindingStatus::Accepted));
    CHECK(first.at("rule_name") == "accepted");
    CHECK(update.at("identifiers").at(1).at("bid") == 2);
    CHECK(update.at("identifiers").at(1).at("status") == 174);
    CHECK(update.at("identifiers").at(1).at("rule_name") == "refused_care_of_by_policy");
    CHECK(update.at("identifiers").at(1).at("rule").get<std::string>().find("refused-care-of6") !=
          std::string::npos);
    REQUIRE(update.at("home_addresses4").size() == 1);
    const auto& answer = update.at("home_addresses4").at(0);
    CHECK(answer.at("address") == "192.0.2.9");
    CHECK(answer.at("status") == 130);
    CHECK(answer.at("prefix_length") == 0);
    CHECK(json.at("last_accepted").is_null());
}

TEST_CASE("nothing is said of options before the answer") {
    const auto json =
        explanation_json(home_address, explained(UpdateVerdict::waiting, nullptr), now);
    CHECK(json.at("last_update").at("status").is_null());
    CHECK(json.at("last_update").at("identifiers").empty());
    CHECK(json.at("last_update").at("home_addresses4").empty());
}

TEST_CASE("a change of owner is told while the place before counts on its binding") {
    mobility::Explanation explanation;
    explanation.in_home_prefix = explanation.served = true;
    explanation.history.ended = {now, "the node de-registered"};
    CHECK(explanation_json(home_address, explanation, now).at("owner_change").is_null());
    mobility::OwnerChange change;
    change.when = now - std::chrono::seconds(3);
    change.to = {wire::Ipv6Address::parse("2001:db8:2::200").value(), 0};
    change.before = {wire::Ipv6Address::parse("2001:db8:4::400").value(), 0};
    change.before_until = now + std::chrono::seconds(60);
    change.count = 2;
    explanation.history.owner_change = change;
    const auto json = explanation_json(home_address, explanation, now);
    CHECK(json.at("owner_change") == Json{{"ago_ms", 3000},
                                          {"by", "registration"},
                                          {"from", "2001:db8:2::200"},
                                          {"before", "2001:db8:4::400"},
                                          {"before_remaining_ms", 60000},
                                          {"count", 2}});
    CHECK_THAT(json.at("summary").get<std::string>(),
               Catch::Contains("was a change of owner: 2001:db8:4::400 had registered before"));
    explanation.history.owner_change->before_until = now;
    CHECK_THAT(explanation_json(home_address, explanation, now).at("summary").get<std::string>(),
               !Catch::Contains("owner"));
}
