// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to the configuration: one TOML value to the value its key wants.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>
#include <toml++/toml.h>

#include "daemon/configuration_keys.hpp"

namespace dsmip::daemon {

/// The value, or what is wrong with it and what would be right.
tl::expected<KeyValue, std::string> read_value(const ConfigurationKey& key, const toml::node& node);

/// "90s", "10m", "1h30m", "36"; nothing for another text or an overflow.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// A value in one form, however it was written.
std::string text_of(const KeyValue& value);

/// "a boolean", "an integer", ...
std::string_view type_name(const toml::node& node);

} // namespace dsmip::daemon
