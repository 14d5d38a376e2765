// SPDX-License-Identifier: GPL-2.0-or-later
// From what the engine knows of a node to a sentence and its evidence.
#include "daemon/explanation.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/configuration_keys.hpp"
#include "netlink/dsmip_family.hpp"

namespace dsmip::daemon {

namespace {

using mobility::Explanation;
using mobility::UpdateRecord;
using mobility::UpdateVerdict;

std::string ago(mobility::TimePoint when, mobility::TimePoint now) {
    return duration_text(std::chrono::duration_cast<std::chrono::seconds>(now - when)) + " ago";
}

Json update_json(const UpdateRecord& update, mobility::TimePoint now) {
    Json result;
    result["ago_ms"] = (now - update.when).count();
    result["from"] = wire::to_string(update.from);
    result["sequence"] = update.sequence ? Json(*update.sequence) : Json(nullptr);
    result["lifetime_s"] = update.sequence ? Json(update.lifetime.count()) : Json(nullptr);
    result["outcome"] = mobility::to_string(update.verdict);
    const auto* rule = update.rule;
    const bool answered = rule != nullptr && !rule->drops();
    result["status"] = answered ? Json(static_cast<unsigned>(rule->status())) : Json(nullptr);
    result["status_text"] = answered ? Json(wire::to_string(rule->status())) : Json(nullptr);
    result["rule"] = rule != nullptr ? Json(mobility::text_of(*rule)) : Json(nullptr);
    result["rule_name"] = rule != nullptr ? Json(rule->name) : Json(nullptr);
    auto& identifiers = result["identifiers"] = Json::array();
    auto& addresses4 = result["home_addresses4"] = Json::array();
    if (!answered) {
        return result;
    }
    for (const auto& identifier : update.options.identifiers) {
        identifiers.push_back({{"bid", identifier.bid},
                               {"status", static_cast<unsigned>(identifier.rule->status())},
                               {"status_text", wire::to_string(identifier.rule->status())},
                               {"rule", mobility::text_of(*identifier.rule)},
                               {"rule_name", identifier.rule->name}});
    }
    for (const auto& judged : update.options.home_addresses4) {
        addresses4.push_back({{"address", wire::to_string(judged.answer.address)},
                              {"prefix_length", judged.answer.prefix_length},
                              {"status", static_cast<unsigned>(judged.answer.status)},
                              {"status_text", wire::to_string(judged.answer.status)},
                              {"rule", mobility::text_of(*judged.rule)},
                              {"rule_name", judged.rule->name}});
    }
    return result;
}

Json bindings_json(const mobility::KernelNode& node) {
    Json result = Json::array();
    for (const auto& binding : node.bindings) {
        Json row;
        row["bid"] = binding.bid;
        row["care_of"] = wire::to_string(wire::Endpoint{binding.care_of, binding.port});
        row["encapsulation"] =
            netlink::to_string(static_cast<netlink::Encapsulation>(binding.encapsulation));
        row["nat"] = binding.nat;
        row["sequence"] = binding.sequence;
        row["remaining_ms"] = binding.lifetime.count();
        result.push_back(std::move(row));
    }
    return result;
}

Json owner_change_json(const mobility::OwnerChange& change, mobility::TimePoint now) {
    return {{"ago_ms", (now - change.when).count()},
            {"by", change.by == mobility::OwnerChange::By::registration ? "registration"
                                                                        : "de-registration"},
            {"from", wire::to_string(change.to)},
            {"before", wire::to_string(change.before)},
            {"before_remaining_ms", std::max<std::int64_t>((change.before_until - now).count(), 0)},
            {"count", change.count}};
}

/// Somebody else may have the same home address; empty if nothing speaks for it.
std::string owner_doubt(const Explanation& explanation, mobility::TimePoint now) {
    const auto& change = explanation.history.owner_change;
    if (!change || change->before_until <= now) {
        return {};
    }
    return fmt::format(
        "; the {} from {} ({}) was a change of owner: {} had registered before and "
        "has not de-registered",
        change->by == mobility::OwnerChange::By::registration ? "registration" : "de-registration",
        wire::to_string(change->to), ago(change->when, now), wire::to_string(change->before));
}

std::string why_not_bound(const Explanation& explanation, mobility::TimePoint now) {
    const auto& history = explanation.history;
    if (!explanation.in_home_prefix) {
        return "its address is in none of the home prefixes";
    }
    if (!explanation.served) {
        return "it is not in the configuration, and accept-unlisted-nodes is off";
    }
    const bool after_end =
        history.last && (!history.ended || history.last->when > history.ended->when);
    if (after_end && history.last->verdict == UpdateVerdict::refused) {
        const auto& rule = *history.last->rule;
        return fmt::format("its last Binding Update ({}) was refused with status {} ({}): {}",
                           ago(history.last->when, now), static_cast<unsigned>(rule.status()),
                           wire::to_string(rule.status()), mobility::text_of(rule));
    }
    if (after_end && history.last->verdict == UpdateVerdict::dropped) {
        return fmt::format("its last message ({}) was dropped: {}", ago(history.last->when, now),
                           mobility::text_of(*history.last->rule));
    }
    if (history.ended) {
        return fmt::format("{} ({}){}", history.ended->reason, ago(history.ended->when, now),
                           owner_doubt(explanation, now));
    }
    return "no Binding Update of it has been received since this daemon started";
}

std::string sentence(const Explanation& explanation, mobility::TimePoint now) {
    if (!explanation.waits_for.empty()) {
        return fmt::format("a change is under way: {} has not confirmed yet",
                           explanation.waits_for);
    }
    if (!explanation.bound) {
        return "not bound: " + why_not_bound(explanation, now);
    }
    const auto count = explanation.bound->bindings.size();
    auto text = fmt::format("bound, {} binding{}", count, count == 1 ? "" : "s");
    const auto& last = explanation.history.last;
    if (last && last->rule != nullptr && last->verdict != UpdateVerdict::accepted) {
        text += fmt::format("; but its last Binding Update ({}) was {}: {}", ago(last->when, now),
                            mobility::to_string(last->verdict), mobility::text_of(*last->rule));
    } else if (!last) {
        text += "; taken over when this daemon started";
    }
    return text;
}

} // namespace

Json explanation_json(const wire::Ipv6Address& home_address, const Explanation& explanation,
                      mobility::TimePoint now) {
    Json result;
    result["home_address"] = wire::to_string(home_address);
    result["summary"] = sentence(explanation, now);
    result["bound"] = explanation.bound.has_value();
    result["served"] = explanation.served;
    result["in_home_prefix"] = explanation.in_home_prefix;
    result["listed"] = explanation.listed;
    result["sequence"] = explanation.sequence ? Json(*explanation.sequence) : Json(nullptr);
    result["bindings"] =
        explanation.bound ? bindings_json(*explanation.bound) : Json(Json::array());
    auto& addresses4 = result["home_addresses4"] = Json::array();
    if (explanation.bound) {
        for (const auto& address : explanation.bound->home_addresses4) {
            addresses4.push_back(wire::to_string(address));
        }
    }
    result["waits_for"] =
        explanation.waits_for.empty() ? Json(nullptr) : Json(explanation.waits_for);
    result["waiting_updates"] = explanation.waiting;
    const auto& history = explanation.history;
    result["last_update"] = history.last ? update_json(*history.last, now) : Json(nullptr);
    result["last_accepted"] =
        history.last_accepted ? update_json(*history.last_accepted, now) : Json(nullptr);
    result["owner_change"] =
        history.owner_change ? owner_change_json(*history.owner_change, now) : Json(nullptr);
    result["last_end"] = nullptr;
    if (history.ended) {
        result["last_end"] = {{"ago_ms", (now - history.ended->when).count()},
                              {"reason", history.ended->reason}};
    }
    return result;
}

} // namespace dsmip::daemon
