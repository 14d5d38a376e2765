// SPDX-License-Identifier: GPL-2.0-or-later
// Names of what a mobile node counts.
#include "mobility/mobile_node_counters.hpp"

namespace dsmip::mobility {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(MobileNodeDrop::count_)> drop_names{
    "drop_not_for_home_address",
    "drop_not_from_home_agent",
    "drop_wrong_path",
    "drop_unknown_sequence",
    "drop_foreign_home_address",
    "drop_unexpected_type",
    "drop_error_not_awaited",
    "drop_error_unknown",
    "drop_bid_unknown",
    "drop_no_other_home_agent",
    "drop_stopped"};

constexpr std::array<std::string_view, static_cast<std::size_t>(MobileNodeCount::count_)>
    count_names{"updates_sent",        "updates_retransmitted",   "updates_refreshing",
                "acknowledgements",    "registrations_accepted",  "registrations_refused",
                "registrations_lost",  "deregistrations_refused", "moves",
                "fallbacks",           "silent_accesses",         "retries",
                "returns_home",        "refresh_requests",        "binding_errors",
                "switch_requests",     "home_agent_changes",      "kernel_failures",
                "illegal_transitions", "encode_failures"};

} // namespace

std::string_view name_of(MobileNodeDrop cause) {
    return drop_names.at(static_cast<std::size_t>(cause));
}

std::string_view name_of(MobileNodeCount what) {
    return count_names.at(static_cast<std::size_t>(what));
}

std::vector<NamedCount> MobileNodeCounters::all() const {
    std::vector<NamedCount> all;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
        all.push_back({std::string(count_names.at(index)), counts_.at(index)});
    }
    for (std::size_t index = 0; index < drops_.size(); ++index) {
        all.push_back({std::string(drop_names.at(index)), drops_.at(index)});
    }
    for (std::size_t index = 0; index < decode_drops_.size(); ++index) {
        const auto cause = static_cast<wire::DecodeCause>(index);
        all.push_back({"drop_" + std::string(wire::drop_name(cause)), decode_drops_.at(index)});
    }
    return all;
}

} // namespace dsmip::mobility
