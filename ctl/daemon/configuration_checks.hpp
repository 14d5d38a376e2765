// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to the configuration: what single keys cannot tell, namely duplicates, contradictions
// and sections that do not fit the role.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/configuration.hpp"
#include "daemon/configuration_keys.hpp"

namespace dsmip::daemon {

/// A key that the file has.
struct SeenKey {
    unsigned line = 0;  ///< 0 = it has it not
    bool valid = false; ///< its value could be read
};

/// A configuration on its way, with where everything stands in the file.
struct ReadConfiguration {
    Configuration configuration;
    ConfigurationMistakes mistakes;
    /// By number of the row in configuration_keys(), then by element of the section (0 where that
    /// is no array). Elements behind the last that has the key are left out.
    std::vector<std::vector<SeenKey>> keys;
    /// First lines by number of the section in configuration_sections(); 0 = it is not there.
    std::vector<unsigned> sections;
};

/// Adds to `read.mistakes`. Values that could not be read are left out of comparisons.
void check_configuration(ReadConfiguration& read);

/// Why "none" has to be written out; ends the message about a wrong or missing `security`.
std::string_view security_hint();

} // namespace dsmip::daemon
