// SPDX-License-Identifier: GPL-2.0-or-later
// Names of what a home agent counts.
#include "mobility/home_agent_counters.hpp"

#include <set>

namespace dsmip::mobility {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(HomeAgentCount::count_)>
    count_names{"updates_received",
                "acknowledgements_sent",
                "registrations_accepted",
                "deregistrations",
                "registrations_refused",
                "bindings_expired",
                "bindings_removed",
                "bindings_restored",
                "binding_errors_sent",
                "binding_errors_suppressed",
                "kernel_failures",
                "kernel_timeouts",
                "kernel_repairs",
                "store_failures",
                "store_timeouts",
                "store_repairs",
                "encode_failures",
                "refresh_requests_sent",
                "switch_requests_sent",
                "signalling_challenged",
                "signalling_unanswered",
                "signalling_proved",
                "deregistrations_from_elsewhere",
                "deregistrations_after_move"};

// What a rule refuses a message with.
std::set<std::size_t> statuses_that_refuse() {
    std::set<std::size_t> found;
    for (const auto& rule : home_agent_rules) {
        const auto* status = std::get_if<wire::BindingStatus>(&rule.outcome);
        if (status != nullptr && !wire::is_accepted(*status)) {
            found.insert(static_cast<std::size_t>(*status));
        }
    }
    return found;
}

} // namespace

std::string_view name_of(HomeAgentCount what) {
    return count_names.at(static_cast<std::size_t>(what));
}

std::vector<NamedCount> HomeAgentCounters::all() const {
    std::vector<NamedCount> all;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
        all.push_back({std::string(count_names.at(index)), counts_.at(index)});
    }
    for (const auto number : statuses_that_refuse()) {
        all.push_back({"refused_" + std::to_string(number), refusals_.at(number)});
    }
    by_rule_.append_to(all);
    return all;
}

} // namespace dsmip::mobility
