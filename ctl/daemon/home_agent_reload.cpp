// SPDX-License-Identifier: GPL-2.0-or-later
// Routes that are new are made beside the old ones, then the engine changes over, then old routes
// go and the engine looks at its nodes.
#include "daemon/home_agent_reload.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <asio/post.hpp>
#include <fmt/format.h>

#include "daemon/clock.hpp"
#include "daemon/home_agent_host.hpp"

namespace dsmip::daemon {

namespace {

/// "1 node is", "2 nodes are".
std::string counted(std::size_t count, std::string_view one, std::string_view several) {
    return count == 1 ? fmt::format("1 {}", one) : fmt::format("{} {}", count, several);
}

/// What a reload means for those who are registered.
std::vector<std::string> notes_of(const mobility::ReconfigurationOutlook& outlook,
                                  const mobility::Revision& revision) {
    std::vector<std::string> notes;
    const auto note = [&](std::size_t count, std::string_view one, std::string_view several) {
        if (count != 0) {
            notes.push_back(counted(count, one, several));
        }
    };
    note(outlook.addresses_outside.size(),
         "IPv4 home address in use is outside the pool now; it stays until the registration ends",
         "IPv4 home addresses in use are outside the pool now; they stay until the registrations "
         "end");
    note(outlook.prefixes_outside,
         "IPv4 prefix in use is outside the pool now; it stays until the registration ends",
         "IPv4 prefixes in use are outside the pool now; they stay until the registrations end");
    note(outlook.reservations_lost, "lease outside the pools that nobody uses is given up",
         "leases outside the pools that nobody uses are given up");
    note(revision.nodes_lost, "registered node is no longer served and loses its bindings",
         "registered nodes are no longer served and lose their bindings");
    note(revision.bindings_lost, "binding is removed: its care-of address is a home address now",
         "bindings are removed: their care-of addresses are home addresses now");
    return notes;
}

} // namespace

HomeAgentPreparation::HomeAgentPreparation(HomeAgentConfiguration from, const TunnelDevice& device)
    : configuration(std::move(from))
    , engine(configuration.engine)
    , routes(home_routes(configuration, device, {})) {}

std::shared_ptr<Preparation> HomeAgentRole::prepare(const Configuration& configuration) const {
    return std::make_shared<HomeAgentPreparation>(
        configuration.home_agent, TunnelDevice{network_.ifindex(), network_.configuration().table});
}

void HomeAgentRole::reconfigure(std::shared_ptr<Preparation> next, Taken taken) {
    reload_ = std::make_unique<Reload>();
    reload_->next = std::static_pointer_cast<HomeAgentPreparation>(std::move(next));
    reload_->taken = std::move(taken);
    auto& prepared = *reload_->next;
    auto& link = prepared.configuration.engine.home_link.link;
    link = configuration_.engine.home_link.link;
    prepared.configuration.engine.has_store = store_ != nullptr;
    reload_->other_link = prepared.configuration.home_link != configuration_.home_link;
    if (reload_->other_link) {
        auto opened = open_home_link(prepared.configuration);
        if (!opened) {
            refuse_reload(opened.error());
            return;
        }
        reload_->home_link = std::move(*opened);
    }
    prepared.engine.set_home_link(link);
    prepared.routes.home_link = link;
    // Before anything is done on the host; once more when the engine changes over.
    if (const auto outlook = engine_.foresee(prepared.engine); !outlook) {
        refuse_reload(outlook.error());
        return;
    }
    home_routing_.begin(std::move(prepared.routes));
    stage_routes();
}

void HomeAgentRole::go_on(void (HomeAgentRole::*step)()) {
    asio::post(loop_, [this, step] {
        if (reload_) { // the daemon is not being stopped
            (this->*step)();
        }
    });
}

void HomeAgentRole::stage_routes() {
    auto result = home_routing_.stage_some();
    if (result && !*result) {
        go_on(&HomeAgentRole::stage_routes);
        return;
    }
    auto outcome = result ? switch_over() : tl::make_unexpected(result.error());
    if (!outcome) {
        home_routing_.begin_cancel();
        reload_->refusal = outcome.error();
        take_back_routes();
        return;
    }
    go_on(&HomeAgentRole::remove_routes);
}

/// All that may be refused, then, in the same turn, what may not.
tl::expected<void, std::string> HomeAgentRole::switch_over() {
    auto outlook = engine_.foresee(reload_->next->engine);
    if (!outlook) {
        return tl::make_unexpected(outlook.error());
    }
    for (const auto& address : outlook->addresses_outside) {
        if (auto staged = home_routing_.stage_more(address_route(address)); !staged) {
            return staged;
        }
    }
    take_over(std::move(*outlook));
    return {};
}

void HomeAgentRole::take_over(mobility::ReconfigurationOutlook outlook) {
    auto& reload = *reload_;
    reload.switched = true;
    reload.outlook = std::move(outlook);
    const auto actions = engine_.reconfigure(now(), reload.next->engine);
    std::swap(configuration_, reload.next->configuration);
    home_routing_.begin_commit();
    netlink::DeviceSettings limits;
    set_limits(limits, configuration_.engine.policy);
    if (auto set = network_.set_up_device(driver_->client(), limits); !set) {
        reload.notes.push_back("the module keeps its limits of signalling: " + set.error());
    }
    std::unique_ptr<HomeLink> before;
    if (reload.other_link) {
        home_link_watch_.reset();
        before = std::exchange(home_link_, std::move(reload.home_link)); // it stops answering
        start_home_link();
        if (auto watched = watch_home_link(); !watched) {
            reload.notes.push_back("the home link is not watched: " + watched.error());
        }
        warn_about_host(configuration_);
    }
    driver_->run(actions.value());
    if (before) {
        before->abandon_detections(); // what begins now, begins at the new one
    }
    if (reload.other_link && discovery_) {
        if (auto started = start_discovery(); !started) {
            reload.notes.push_back("home agents and prefixes are not discovered: " +
                                   started.error());
        }
    } else if (discovery_) {
        discovery_->reconfigure(configuration_.engine);
    }
}

void HomeAgentRole::remove_routes() {
    if (!home_routing_.finish_some(reload_->failures)) {
        go_on(&HomeAgentRole::remove_routes);
        return;
    }
    reload_->routed = true;
    end_reload_if_done();
}

void HomeAgentRole::take_back_routes() {
    if (!home_routing_.finish_some(reload_->failures)) {
        go_on(&HomeAgentRole::take_back_routes);
        return;
    }
    refuse_reload(std::move(*reload_->refusal));
}

void HomeAgentRole::refuse_reload(std::string reason) {
    ReloadRefusal refusal{std::move(reason), std::move(reload_->failures)};
    finish_reload(tl::make_unexpected(std::move(refusal)));
}

/// The caller has what was replaced destroyed where nobody waits for it, so nothing is kept here.
void HomeAgentRole::finish_reload(tl::expected<Notes, ReloadRefusal> result) {
    reload_->next->routes = home_routing_.take_discarded();
    const auto taken = std::move(reload_->taken);
    reload_.reset();
    taken(std::move(result));
}

void HomeAgentRole::end_reload_if_done() {
    if (reload_ && reload_->routed && !engine_.revision().under_way) {
        go_on(&HomeAgentRole::end_reload);
    }
}

void HomeAgentRole::end_reload() {
    auto notes = notes_of(reload_->outlook, engine_.revision());
    std::move(reload_->notes.begin(), reload_->notes.end(), std::back_inserter(notes));
    for (const auto& failure : reload_->failures) {
        notes.push_back("not removed, and tried again with the next reload: " + failure);
    }
    finish_reload(std::move(notes));
}

/// What has begun ends in one turn.
void HomeAgentRole::cut_reload_short() {
    if (!reload_) {
        return;
    }
    if (reload_->switched) {
        while (!home_routing_.finish_some(reload_->failures)) {
        }
        end_reload();
        return;
    }
    if (!reload_->refusal) {
        home_routing_.begin_cancel();
    }
    while (!home_routing_.finish_some(reload_->failures)) {
    }
    refuse_reload(reload_->refusal.value_or("the daemon is being stopped"));
}

} // namespace dsmip::daemon
