// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent asks of its host beside routes: limits in the module, the home link, settings
// of the operator.
#pragma once

#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "daemon/configuration.hpp"
#include "daemon/home_link.hpp"
#include "mobility/home_agent_policy.hpp"
#include "netlink/dsmip_family.hpp"

namespace dsmip::daemon {

/// What the module lets in is what the engine would; a path cookie for more is of no use.
void set_limits(netlink::DeviceSettings& settings, const mobility::HomeAgentPolicy& policy);

/// Things the operator has to do and may have forgotten; without them packets vanish silently.
void warn_about_host(const HomeAgentConfiguration& configuration);

/// The real home link, which `configuration` gets the interface index of; none for a virtual one.
tl::expected<std::unique_ptr<HomeLink>, std::string>
open_home_link(HomeAgentConfiguration& configuration);

} // namespace dsmip::daemon
