// SPDX-License-Identifier: GPL-2.0-or-later
// The binding update list of a mobile node for its home agent (RFC 6275, 11.1;
// RFC 5648, 5.1): one entry per BID, its state and what the home agent granted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "mobility/mobile_node_care_of.hpp"
#include "mobility/types.hpp"

namespace dsmip::mobility {

// What happens to an entry.
enum class EntryEvent : std::uint8_t {
    move,         // a Binding Update for a care-of address that is not registered
    refresh,      // one for the binding that is registered
    acknowledged, // accepted by the home agent
    refused,      // not accepted
    lost,         // the lifetime ended
    no_access,    // no usable care-of address is left
    deregister,   // a Binding Update with lifetime 0
    deregistered  // answered, or given up
};

std::string_view to_string(EntryEvent event);

// Where `event` leads from `state`; nothing if it must not happen there.
std::optional<RegistrationState> next_state(RegistrationState state, EntryEvent event);

// What the home agent granted; the same is in the kernel.
struct AcceptedRegistration {
    CareOf care_of;
    Encapsulation encapsulation = Encapsulation::direct;
    bool nat = false;
    bool forced_udp = false;
    bool restored = false; // by a predecessor; the name of the link is not known
    std::uint16_t sequence = 0;
    TimePoint expiry;
    std::optional<Duration> keepalive; // between Binding Updates, for the NAT
};

struct UpdateListEntry {
    std::uint16_t bid = 0;
    RegistrationState state = RegistrationState::idle;
    // Access it belongs to with MCoA, by position in the configuration; without, any.
    std::optional<std::size_t> access;
    std::optional<CareOf> target;  // where it is or is going to be registered
    bool target_has_route = false; // a default route at its interface
    std::uint32_t attachment = 0;  // of the target's interface
    std::optional<AcceptedRegistration> registration;
    std::optional<TimePoint> update_at; // next Binding Update, if none is under way
    bool alone = false;                 // not in a bulk until it has been accepted
    bool silent = false;                // with MCoA: its access gave way to others
    bool maybe_at_home_agent = false;   // a Binding Update went out, so it may be bound there
    std::uint16_t last_sequence = 0;
    unsigned rounds = 0;   // times that all candidates were tried in vain
    unsigned refusals = 0; // in a row
    std::string last_error;

    [[nodiscard]] bool registered_at_target() const;
};

using BindingUpdateList = std::vector<UpdateListEntry>;

UpdateListEntry* find_entry(BindingUpdateList& list, std::uint16_t bid);

} // namespace dsmip::mobility
