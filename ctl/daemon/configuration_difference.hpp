// SPDX-License-Identifier: GPL-2.0-or-later
// What a new configuration changes, and whether that can be done while the daemon runs.
#pragma once

#include <string>
#include <vector>

#include "daemon/configuration.hpp"

namespace dsmip::daemon {

struct ConfigurationDifference {
    /// E.g. "home-agent.max-lifetime: 1h -> 30m", "home-agent.node 2001:db8::1: added".
    std::vector<std::string> changes;
    /// Those that need a restart, with their lines in the new file (0 = no longer there).
    ConfigurationMistakes refused;
};

ConfigurationDifference difference(const Configuration& before, const Configuration& after);

} // namespace dsmip::daemon
