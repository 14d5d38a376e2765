// SPDX-License-Identifier: GPL-2.0-or-later
// The table of all configuration keys: one row says name, kind, range, default and where the value
// goes. Reading, messages and the check of the manual page all work from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "daemon/configuration.hpp"

namespace dsmip::daemon {

enum class KeyKind : std::uint8_t {
    boolean,
    integer,       ///< minimum..maximum
    duration,      ///< minimum..maximum seconds; an integer or a text such as "1h30m"
    interface,     ///< a name that the kernel accepts, minimum..maximum octets
    path,          ///< absolute, of a file, minimum..maximum octets
    choice,        ///< one of `choices`
    address6,      ///< global or unique local unicast
    home_address6, ///< such an address, and no anycast address
    address4,      ///< unicast, not loopback, link-local or reserved
    address4_or_choice,
    prefix4, ///< that holds only what can be an `address4`
    prefix6, ///< likewise an `address6`
    prefixes6,
    prefixes4,
    any_prefixes6, ///< of addresses that nodes claim, right or wrong
    any_prefixes4,
    addresses4,
};

struct ConfigurationKey {
    std::string_view section; ///< "" = top level, "home-agent.node" for [[home-agent.node]]
    std::string_view name;
    KeyKind kind = KeyKind::boolean;
    std::string_view fallback; ///< as the manual says it; empty = none
    bool required = false;     ///< in every section of that name
    std::int64_t minimum = 0;
    std::int64_t maximum = 0;
    std::span<const std::string_view> choices;
    /// Puts the value into its place; an array section's last element is the one being read.
    void (*store)(Configuration& configuration, const KeyValue& value) = nullptr;
};

struct ConfigurationSection {
    std::string_view name;
    bool array = false;                                            ///< [[NAME]]
    void (*begin_element)(Configuration& configuration) = nullptr; ///< of such a section
};

std::span<const ConfigurationKey> configuration_keys();
std::span<const ConfigurationSection> configuration_sections();

/// What would be right, e.g. "a duration from 4s to 72h49m such as \"10m\"".
std::string wanted(const ConfigurationKey& key);
/// "90s", "10m", "1h30m".
std::string duration_text(std::chrono::seconds duration);

} // namespace dsmip::daemon
