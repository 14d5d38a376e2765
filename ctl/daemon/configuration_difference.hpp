// SPDX-License-Identifier: GPL-2.0-or-later
// What a new configuration changes, and whether that can be done while the daemon runs.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/configuration.hpp"

namespace dsmip::daemon {

struct ConfigurationDifference {
    /// Changes and refusals that are told one by one; of a million nodes that are added nobody
    /// reads more.
    static constexpr std::size_t told_max = 1000;

    /// E.g. "home-agent.max-lifetime: 1h -> 30m", "home-agent.node 2001:db8::1: added".
    std::vector<std::string> changes;
    /// All of them, also those that are not told.
    std::size_t change_count = 0;
    /// Those that need a restart, with their lines in the new file (0 = no longer there).
    ConfigurationMistakes refused;
};

ConfigurationDifference difference(const Configuration& before, const Configuration& after);

} // namespace dsmip::daemon
