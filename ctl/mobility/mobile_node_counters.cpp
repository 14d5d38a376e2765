// SPDX-License-Identifier: GPL-2.0-or-later
// Names of what a mobile node counts.
#include "mobility/mobile_node_counters.hpp"

namespace dsmip::mobility {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(MobileNodeCount::count_)>
    count_names{"updates_sent",        "updates_retransmitted",   "updates_refreshing",
                "acknowledgements",    "registrations_accepted",  "registrations_refused",
                "registrations_lost",  "deregistrations_refused", "moves",
                "fallbacks",           "silent_accesses",         "retries",
                "returns_home",        "refresh_requests",        "binding_errors",
                "switch_requests",     "home_agent_changes",      "kernel_failures",
                "illegal_transitions", "encode_failures"};

} // namespace

std::string_view name_of(MobileNodeCount what) {
    return count_names.at(static_cast<std::size_t>(what));
}

std::vector<NamedCount> MobileNodeCounters::all() const {
    std::vector<NamedCount> all;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
        all.push_back({std::string(count_names.at(index)), counts_.at(index)});
    }
    by_rule_.append_to(all);
    return all;
}

} // namespace dsmip::mobility
