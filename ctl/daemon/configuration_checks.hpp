// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to the configuration: what single keys cannot tell, namely duplicates, contradictions
// and sections that do not fit the role.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/configuration.hpp"
#include "daemon/configuration_keys.hpp"

namespace dsmip::daemon {

/// A key that the file has.
struct SeenKey {
    const ConfigurationKey* row = nullptr;
    unsigned line = 0;
    std::size_t element = 0; ///< of an array section, from 0
    bool valid = true;       ///< its value could be read
};

struct SeenSection {
    std::string name;
    unsigned line = 0;
};

/// A configuration on its way, with where everything stands in the file.
struct ReadConfiguration {
    Configuration configuration;
    ConfigurationMistakes mistakes;
    std::vector<SeenKey> keys;
    std::vector<SeenSection> sections;

    /// Number of the last element of an array section; 0 for other sections.
    [[nodiscard]] std::size_t element_of(std::string_view section) const;
};

/// Adds to `read.mistakes`. Values that could not be read are left out of comparisons.
void check_configuration(ReadConfiguration& read);

/// Why "none" has to be written out; ends the message about a wrong or missing `security`.
std::string_view security_hint();

} // namespace dsmip::daemon
