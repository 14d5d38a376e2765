// SPDX-License-Identifier: GPL-2.0-or-later
// The octets of a record: a registration with absolute times, so that what is left of a lifetime
// is right whenever and wherever it is read.
//
//   octet 0    version, 1
//   then       fields: type (1 octet), length of the value (2 octets), value
//
// A field of an unknown type is skipped, so that a record can be read by an older daemon; what it
// could not do without would be another version. Numbers are big-endian, times milliseconds since
// 1970-01-01T00:00:00Z.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "mobility/types.hpp"

namespace dsmip::store {

using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

/// Empty for a registration that is nothing.
std::vector<std::uint8_t> encode(const mobility::StoredRegistration& registration, WallTime now);

/// Bindings that have ended are left out. The error says what is wrong with the octets.
tl::expected<mobility::StoredRegistration, std::string>
decode(const wire::Ipv6Address& home_address, std::span<const std::uint8_t> octets, WallTime now);

} // namespace dsmip::store
