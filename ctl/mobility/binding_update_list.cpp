// SPDX-License-Identifier: GPL-2.0-or-later
// States of the binding update list.
#include "mobility/binding_update_list.hpp"

#include <algorithm>
#include <array>

namespace dsmip::mobility {
namespace {

using State = RegistrationState;

constexpr std::size_t state_count = 5;
constexpr std::size_t event_count = 8;
constexpr auto illegal = std::optional<State>{};

constexpr std::array<std::array<std::optional<State>, event_count>, state_count> transitions{{
    // idle
    {{
        State::registering,   // move
        State::registered,    // refresh: the same access came back
        illegal,              // acknowledged
        illegal,              // refused
        State::idle,          // lost
        State::idle,          // no_access
        State::deregistering, // deregister
        illegal,              // deregistered
    }},
    // registering
    {{
        State::registering,   // move
        illegal,              // refresh
        State::registered,    // acknowledged
        State::failed,        // refused
        State::registering,   // lost
        State::idle,          // no_access
        State::deregistering, // deregister
        illegal,              // deregistered
    }},
    // registered
    {{
        State::registering,   // move
        State::registered,    // refresh
        State::registered,    // acknowledged
        State::failed,        // refused
        State::registering,   // lost
        State::idle,          // no_access
        State::deregistering, // deregister
        illegal,              // deregistered
    }},
    // deregistering
    {{
        State::registering,   // move
        illegal,              // refresh
        illegal,              // acknowledged
        illegal,              // refused
        State::deregistering, // lost
        State::idle,          // no_access
        State::deregistering, // deregister
        State::idle,          // deregistered
    }},
    // failed
    {{
        State::registering,   // move
        State::registered,    // refresh: the old binding is still in force
        illegal,              // acknowledged
        illegal,              // refused
        State::failed,        // lost
        State::idle,          // no_access
        State::deregistering, // deregister
        illegal,              // deregistered
    }},
}};

} // namespace

std::string_view to_string(RegistrationState state) {
    switch (state) {
    case State::idle:
        return "idle";
    case State::registering:
        return "registering";
    case State::registered:
        return "registered";
    case State::deregistering:
        return "deregistering";
    case State::failed:
        return "failed";
    }
    return "?";
}

std::string_view to_string(EntryEvent event) {
    switch (event) {
    case EntryEvent::move:
        return "move";
    case EntryEvent::refresh:
        return "refresh";
    case EntryEvent::acknowledged:
        return "acknowledged";
    case EntryEvent::refused:
        return "refused";
    case EntryEvent::lost:
        return "lost";
    case EntryEvent::no_access:
        return "no-access";
    case EntryEvent::deregister:
        return "deregister";
    case EntryEvent::deregistered:
        return "deregistered";
    }
    return "?";
}

std::optional<RegistrationState> next_state(RegistrationState state, EntryEvent event) {
    return transitions.at(static_cast<std::size_t>(state)).at(static_cast<std::size_t>(event));
}

bool UpdateListEntry::registered_at_target() const {
    return target && registration && registration->care_of.address == target->address &&
           registration->care_of.link == target->link;
}

UpdateListEntry* find_entry(BindingUpdateList& list, std::uint16_t bid) {
    const auto found = std::find_if(list.begin(), list.end(),
                                    [&](const UpdateListEntry& entry) { return entry.bid == bid; });
    return found == list.end() ? nullptr : &*found;
}

} // namespace dsmip::mobility
