// SPDX-License-Identifier: GPL-2.0-or-later
// The answer to "explain" as JSON.
#pragma once

#include "daemon/control_protocol.hpp"
#include "mobility/home_agent.hpp"

namespace dsmip::daemon {

Json explanation_json(const wire::Ipv6Address& home_address,
                      const mobility::Explanation& explanation, mobility::TimePoint now);

} // namespace dsmip::daemon
