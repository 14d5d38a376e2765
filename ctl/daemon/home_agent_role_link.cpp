// SPDX-License-Identifier: GPL-2.0-or-later
// A home agent's real home link.
#include "daemon/home_agent_role.hpp"

#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/clock.hpp"

namespace dsmip::daemon {

using Outcome = tl::expected<void, std::string>;

// The home link may come, go and change with a reload.
void HomeAgentRole::add_home_link_calls(EngineCalls& calls) {
    calls.start_dad = [this](const auto& request) {
        if (home_link_) {
            home_link_->start_dad(request);
        }
    };
    calls.claim_home_address = [this](const auto& claim) {
        if (home_link_) {
            home_link_->claim(claim);
        }
    };
    calls.release_home_address = [this](const auto& home_address) {
        if (home_link_) {
            home_link_->release(home_address);
        }
    };
    calls.frame_source = [this](unsigned link, const auto& source) {
        return home_link_ && link == home_link_->index() ? home_link_->link_address_of(source)
                                                         : mobility::LinkAddress{};
    };
    calls.set_neighbour = [this](unsigned link, const auto& address, const auto& link_address) {
        if (auto set = network_.set_neighbour(link, address, link_address); !set) {
            spdlog::warn("{}", set.error()); // the kernel asks for it then
        }
    };
}

void HomeAgentRole::start_home_link() {
    if (home_link_) {
        home_link_->start(loop_, [this](auto request, auto outcome) {
            driver_->run(engine_.dad_done(now(), request, outcome));
        });
    }
}

Outcome HomeAgentRole::watch_home_link() {
    home_link_watch_.reset();
    if (!home_link_) {
        return {};
    }
    auto watch = NamedLinkWatch::open(
        loop_, {"home link", configuration_.home_link, "nobody answers for nodes there"},
        home_link_->index(), [this](std::uint32_t) { return follow_home_link(); });
    if (!watch) {
        return tl::make_unexpected(watch.error());
    }
    home_link_watch_ = std::move(*watch);
    return {};
}

/// The interface was deleted and made again, mostly with another index: socket, memberships, device
/// and engine were those of the one before.
Outcome HomeAgentRole::follow_home_link() {
    if (reload_) { // it counts on the link before; the watch tries again
        return tl::make_unexpected("a reload is under way");
    }
    if (auto opened = home_link_->reopen(); !opened) {
        return opened;
    }
    auto next = configuration_;
    next.engine.home_link.link = home_link_->index();
    if (auto staged = home_routing_.stage(wanted_routes(next, engine_.leases_outside())); !staged) {
        log_failures("home link", home_routing_.cancel());
        return staged;
    }
    mobility::PreparedConfiguration prepared(next.engine);
    auto actions = engine_.reconfigure(now(), prepared);
    if (!actions) {
        log_failures("home link", home_routing_.cancel());
        return tl::make_unexpected(actions.error());
    }
    configuration_ = std::move(next);
    log_failures("home link", home_routing_.commit());
    driver_->run(*actions);
    ++home_link_changes_;
    return discovery_ ? start_discovery() : Outcome{};
}

} // namespace dsmip::daemon
