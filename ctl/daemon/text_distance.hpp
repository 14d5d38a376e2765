// SPDX-License-Identifier: GPL-2.0-or-later
// "Did you mean": the known name that is nearest to a mistyped one.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace dsmip::daemon {

/// The number of single characters to insert, delete, replace or swap with their neighbour to get
/// from one text to the other.
std::size_t text_distance(std::string_view a, std::string_view b);

/// The nearest of `known`, if it is near enough to be meant; '_' and '-' count as equal.
std::optional<std::string_view> nearest_name(std::string_view name,
                                             std::span<const std::string_view> known);

} // namespace dsmip::daemon
