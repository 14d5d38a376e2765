// SPDX-License-Identifier: GPL-2.0-or-later
// Values of the engines as members of the status answer.
#pragma once

#include <vector>

#include "daemon/configuration.hpp"
#include "daemon/control_protocol.hpp"
#include "daemon/counters.hpp"
#include "mobility/mobile_node.hpp"

namespace dsmip::daemon {

/// What of the configuration an operator asks for first.
Json configuration_status(const Configuration& configuration);
/// One member per count: those of the engine, then those of the daemon under "daemon_...".
Json counter_status(const std::vector<mobility::NamedCount>& engine, const Counters& daemon);
Json binding_update_list_status(const std::vector<mobility::BindingUpdateListEntry>& list);
/// Accesses of a mobile node that have its IPv4 home address.
Json shared_addresses_status(const std::vector<mobility::SharedAddress>& list);
/// What a mobile node passes over, and for how long.
Json silent_care_of_status(const std::vector<mobility::SilentCareOf>& list);

/// null if the home agent is not being drained.
Json drain_status(const std::optional<mobility::DrainStatus>& drain);

} // namespace dsmip::daemon
