// SPDX-License-Identifier: GPL-2.0-or-later
// What a mobile node counts.  Names are stable.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mobility/mobile_node_rules.hpp"
#include "mobility/types.hpp"

namespace dsmip::mobility {

enum class MobileNodeCount : std::uint8_t {
    updates_sent,            // Binding Updates, all
    updates_retransmitted,   // of these: again after silence
    updates_refreshing,      // of these: first of a refresh or keepalive
    acknowledgements,        // Binding Acknowledgements that matched
    registrations_accepted,  // per binding
    registrations_refused,   // per binding
    registrations_lost,      // lifetime ended
    deregistrations_refused, // answers to one that left bindings where they were
    moves,                   // accepted at a new care-of address
    fallbacks,               // another care-of address after silence
    silent_accesses,         // with MCoA: bindings that gave way to others after silence
    retries,                 // care-of addresses tried again after a time of silence
    returns_home,            // an address of the home prefix appeared on an access
    refresh_requests,        // Binding Refresh Requests obeyed
    binding_errors,          // Binding Errors obeyed
    switch_requests,         // Home Agent Switch messages obeyed
    home_agent_changes,      // for whatever reason
    kernel_failures,         // requests the kernel refused
    illegal_transitions,     // of the table of states: a defect
    encode_failures,         // Binding Updates that could not be built: a defect
    count_
};

class MobileNodeCounters {
public:
    void add(MobileNodeCount what) { ++counts_.at(static_cast<std::size_t>(what)); }
    // A message that a rule drops.
    void add(RuleRef rule) { by_rule_.add(rule); }

    // "updates_sent", ..., and each rule by its name.
    [[nodiscard]] std::vector<NamedCount> all() const;

private:
    std::array<std::uint64_t, static_cast<std::size_t>(MobileNodeCount::count_)> counts_{};
    RuleCounters<mobile_node_rules.size()> by_rule_{mobile_node_rules};
};

std::string_view name_of(MobileNodeCount what);

} // namespace dsmip::mobility
