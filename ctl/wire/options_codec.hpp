// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to wire: the option area of a Mobility Header (RFC 6275, 6.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <tl/expected.hpp>

#include "wire/codec.hpp"
#include "wire/mobility_options.hpp"

namespace dsmip::wire {

/// Appends the options with their padding to a message under construction and fills it up to a
/// multiple of 8 octets.
tl::expected<void, EncodeError> append_options(std::vector<std::uint8_t>& message,
                                               const MobilityOptions& options);

/// Reads the options from `offset` to the end of the message.
tl::expected<MobilityOptions, DecodeError> parse_options(std::span<const std::uint8_t> message,
                                                         std::size_t offset);

} // namespace dsmip::wire
