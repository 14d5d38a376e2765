// SPDX-License-Identifier: GPL-2.0-or-later
// What a mobile node counts.  Names are stable.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mobility/types.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility {

// Messages that are dropped without any effect, by cause; beside these the
// causes of the codec (wire::drop_name) are counted.
enum class MobileNodeDrop : std::uint8_t {
    not_for_home_address, // destination is not the home address
    not_from_home_agent,  // source is not the home agent
    wrong_path,           // not by the way the Binding Update went
    unknown_sequence,     // acknowledges nothing that is outstanding: late, repeated, made up
    foreign_home_address, // Binding Error about another home address
    unexpected_type,      // a message a mobile node has no use for
    error_not_awaited,    // Binding Error 2 without a Binding Update under way
    error_unknown,        // Binding Error with another status
    bid_unknown,          // refresh request for a BID that is not in use
    no_other_home_agent,  // sent away, but nobody else is known
    stopped,              // after de-registration
    count_
};

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
    void add(MobileNodeDrop cause) { ++drops_.at(static_cast<std::size_t>(cause)); }
    void add(wire::DecodeCause cause) { ++decode_drops_.at(static_cast<std::size_t>(cause)); }

    [[nodiscard]] std::vector<NamedCount> all() const;

private:
    static constexpr std::size_t decode_causes =
        static_cast<std::size_t>(wire::DecodeCause::OptionNotLast) + 1;

    std::array<std::uint64_t, static_cast<std::size_t>(MobileNodeCount::count_)> counts_{};
    std::array<std::uint64_t, static_cast<std::size_t>(MobileNodeDrop::count_)> drops_{};
    std::array<std::uint64_t, decode_causes> decode_drops_{};
};

std::string_view name_of(MobileNodeDrop cause);
std::string_view name_of(MobileNodeCount what);

} // namespace dsmip::mobility
