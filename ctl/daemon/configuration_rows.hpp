// SPDX-License-Identifier: GPL-2.0-or-later
// What the rows of the key table are made of.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/configuration_keys.hpp"

namespace dsmip::daemon {

/// The rows of one role.
std::span<const ConfigurationKey> home_agent_keys();
std::span<const ConfigurationKey> mobile_node_keys();

namespace keys {

using namespace std::string_view_literals;

using C = Configuration;
using V = KeyValue;
using K = KeyKind;

inline constexpr std::array dialect_choices{"auto"sv, "rfc"sv, "draft"sv};
inline constexpr std::int64_t lifetime_minimum = 4; // one unit (RFC 6275, 6.1.7)
inline constexpr std::int64_t lifetime_maximum = std::int64_t{65535} * 4;
inline constexpr std::int64_t refresh_minimum = 1;
inline constexpr std::int64_t refresh_maximum = std::int64_t{24} * 3600;
// One packet in 10 s: the checks come after two thirds of the time at the earliest.
inline constexpr std::int64_t router_check_minimum = 15;
inline constexpr std::int64_t port_maximum = std::numeric_limits<std::uint16_t>::max();
// The name of an interface with its final zero fits 16 octets (IFNAMSIZ).
inline constexpr std::int64_t interface_name_maximum = 15;

template<class Value>
const Value& as(const KeyValue& value) {
    return std::get<Value>(value);
}

template<class Integer>
Integer number(const KeyValue& value) {
    return static_cast<Integer>(std::get<std::int64_t>(value));
}

inline wire::Dialect dialect(const KeyValue& value) {
    const auto& text = as<std::string>(value);
    if (text == "rfc") {
        return wire::Dialect::Rfc;
    }
    return text == "draft" ? wire::Dialect::Draft : wire::Dialect::Auto;
}

} // namespace keys
} // namespace dsmip::daemon
