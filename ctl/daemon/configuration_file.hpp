// SPDX-License-Identifier: GPL-2.0-or-later
// A configuration from a file.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/configuration.hpp"

namespace dsmip::daemon {

/// The error: a line "FILE:LINE: KEY: TEXT" for each mistake, or why the file cannot be read. Paths
/// in it are looked at on this host: a folder is no file, and what is no folder holds none.
tl::expected<Configuration, std::vector<std::string>>
read_configuration_file(const std::string& file);

} // namespace dsmip::daemon
