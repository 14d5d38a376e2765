// SPDX-License-Identifier: GPL-2.0-or-later
// The mobile node goes to another home agent: because it is told to (RFC 5142, 6), because it is
// refused, or because nobody answers (RFC 6275, 11.7.1).
#include "mobility/mobile_node_engine.hpp"

#include <algorithm>
#include <utility>

namespace dsmip::mobility {
namespace {

using Level = Report::Level;
using wire::BindingStatus;

} // namespace

// Refusals that concern the home agent and not the message.
bool MobileNode::Impl::is_about_home_agent(BindingStatus status) {
    switch (status) {
    case BindingStatus::AdministrativelyProhibited:
    case BindingStatus::InsufficientResources:
    case BindingStatus::HomeRegistrationNotSupported:
    case BindingStatus::NotHomeSubnet:
    case BindingStatus::NotHomeAgentForThisMobileNode:
        return true;
    default:
        return false;
    }
}

void MobileNode::Impl::receive_switch(TimePoint now, const ReceivedMessage& message,
                                      const wire::HomeAgentSwitch& request) {
    if (message.destination != config_.home_address) {
        drop(mobile_node_rule("drop_not_for_home_address"), message);
        return;
    }
    if (leaving_ || stopping_) {
        counters_.add(MobileNodeCount::switch_requests); // again, before it has heard of the first
        return;
    }
    if (!home_agents_.offered(request.home_agents)) {
        drop(mobile_node_rule("drop_no_other_home_agent"), message);
        return;
    }
    counters_.add(MobileNodeCount::switch_requests);
    report(Level::info, "home-agent-switch",
           {{"home-agent", config_.home_agent6}, {"offered", request.home_agents.size()}});
    leave_home_agent(now);
}

// De-registration is the acknowledgement of the request (RFC 5142, 6.1), and keeps two home agents
// from answering for one home address.
void MobileNode::Impl::leave_home_agent(TimePoint now) {
    leaving_ = true;
    if (deregister_all(now, Exchange::Kind::leave)) {
        change_home_agent(now);
    }
}

// The bindings stay in the kernel until there are new ones: their routes and addresses stay with
// them.  What is sent meanwhile goes to the new home agent, which does not forward it yet.
void MobileNode::Impl::change_home_agent(TimePoint now) {
    leaving_ = false;
    exchanges_.clear();
    const auto before = config_.home_agent6;
    const auto& next = home_agents_.next();
    config_.home_agent6 = next.address6;
    config_.home_agent4 = next.address4;
    counters_.add(MobileNodeCount::home_agent_changes);
    report(Level::info, "home-agent-changed", {{"from", before}, {"to", next.address6}});
    actions_.emplace_back(UseHomeAgent{next.address6, next.address4});
    // Nothing that the other one did or could not do says anything about this one.
    bulk_ = config_.bulk;
    force_udp_ = config_.force_udp;
    overwrite_pending_ = true;
    care_of_.use_ipv4(config_.home_agent4.has_value());
    care_of_.forget_failures(std::nullopt);
    if (mcoa_ != config_.mcoa) {
        mcoa_ = config_.mcoa;
        make_entries();
    }
    for (auto& entry : entries_) {
        entry.registration.reset();
        entry.maybe_at_home_agent = false;
        entry.alone = false;
        entry.rounds = 0;
        entry.refusals = 0;
        if (entry.target) {
            entry.update_at = now;
        } else if (entry.state != RegistrationState::idle) {
            apply(entry, EntryEvent::no_access);
        }
    }
}

bool MobileNode::Impl::is_registered() const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](const UpdateListEntry& entry) { return entry.registration.has_value(); });
}

} // namespace dsmip::mobility
