// SPDX-License-Identifier: GPL-2.0-or-later
// A reload of the home agent: what is made in another thread, and what is done step by step in the
// loop, so that messages never wait for more than one step.
#pragma once

#include <vector>

#include "daemon/home_agent_role.hpp"

namespace dsmip::daemon {

struct HomeAgentPreparation final : Preparation {
    HomeAgentPreparation(HomeAgentConfiguration from, const TunnelDevice& device);

    HomeAgentConfiguration configuration;
    mobility::PreparedConfiguration engine;
    HomeRoutes routes; // no leases
};

struct HomeAgentRole::Reload {
    std::shared_ptr<HomeAgentPreparation> next;
    Taken taken;
    bool other_link = false;
    std::unique_ptr<HomeLink> home_link; // if it is another one
    // Why it is not taken over: what was made is being taken back.
    std::optional<std::string> refusal;
    bool switched = false; // the engine has it
    bool routed = false;   // nothing is left to be done about routes
    mobility::ReconfigurationOutlook outlook;
    HomeRouting::Failures failures;
    Notes notes;
};

} // namespace dsmip::daemon
