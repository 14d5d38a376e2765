// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent counts.  Names are stable.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mobility/home_agent_rules.hpp"
#include "mobility/types.hpp"

namespace dsmip::mobility {

enum class HomeAgentCount : std::uint8_t {
    updates_received,       // Binding Updates that could be read
    acknowledgements_sent,  // Binding Acknowledgements, all
    registrations_accepted, // Binding Updates that made or renewed bindings
    deregistrations,        // Binding Updates that deleted bindings
    registrations_refused,  // Binding Updates answered with 128 or more
    bindings_expired,       // lifetime ended
    bindings_removed,       // by the operator
    bindings_restored,      // found in the kernel at start-up
    binding_errors_sent,
    binding_errors_suppressed, // by the rate limit
    kernel_failures,           // requests the kernel refused
    kernel_timeouts,           // requests without an answer
    kernel_repairs,            // requests to make the kernel agree with the cache again
    store_failures,            // changes the store could not keep
    store_timeouts,            // changes the store did not confirm
    store_repairs,             // requests to make the store agree with the cache again
    encode_failures,           // answers that could not be built: a defect
    refresh_requests_sent,
    switch_requests_sent, // Home Agent Switch messages
    // Binding Updates over plain IPv6 that are above a limit:
    signalling_challenged,          // answered by 135
    signalling_unanswered,          // too many, or from where no host can be
    signalling_proved,              // let in, as they go on from such an answer
    deregistrations_from_elsewhere, // of these that came from where the node was not registered
    deregistrations_after_move, // of these while an earlier care-of address, never taken back, had
                                // time
    count_
};

class HomeAgentCounters {
public:
    void add(HomeAgentCount what, std::uint64_t amount = 1) {
        counts_.at(static_cast<std::size_t>(what)) += amount;
    }
    // A message that a rule refuses or drops, or an option of one that is accepted all the same.
    void add(RuleRef rule) { by_rule_.add(rule); }
    // A Binding Update refused as a whole, with the status of that rule.
    void refused(RuleRef rule) {
        add(rule);
        ++refusals_.at(static_cast<std::size_t>(rule->status()));
    }

    // "updates_received", ..., "refused_135" for each status that refuses a whole message, and
    // each rule by its name.
    [[nodiscard]] std::vector<NamedCount> all() const;

private:
    std::array<std::uint64_t, static_cast<std::size_t>(HomeAgentCount::count_)> counts_{};
    RuleCounters<home_agent_rules.size()> by_rule_{home_agent_rules};
    std::array<std::uint64_t, 256> refusals_{};
};

// E.g. "updates_received".
std::string_view name_of(HomeAgentCount what);

} // namespace dsmip::mobility
