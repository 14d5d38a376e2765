// SPDX-License-Identifier: GPL-2.0-or-later
// An access is at the home link: nothing is to be tunnelled there, so the bindings are taken back,
// and then the home addresses are used on that link (RFC 6275, 11.5.5).
#include "mobility/mobile_node_engine.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

using Level = Report::Level;

} // namespace

// Where a de-registration may leave from. On the link that is the home link now, that is the
// address there: after a change of network on the same interface others are left over, and no
// answer reaches them.
std::optional<CareOf> MobileNode::Impl::any_path() const {
    const auto& home = care_of_.at_home();
    const auto left_over = [&](const CareOf& care_of) {
        return home && home->link == care_of.link;
    };
    if (const auto* working = working_entry(nullptr);
        working != nullptr && !left_over(*working->target)) {
        return working->target;
    }
    const auto best = care_of_.best(std::nullopt, std::nullopt);
    return best && !left_over(*best) ? best : home;
}

void MobileNode::Impl::follow_home(TimePoint now) {
    const bool home = care_of_.at_home().has_value();
    if (home == at_home_ || stopping_ || leaving_) {
        return;
    }
    at_home_ = home;
    if (home) {
        come_home(now);
    } else {
        leave_home(now);
    }
}

void MobileNode::Impl::come_home(TimePoint now) {
    const auto& address = *care_of_.at_home();
    counters_.add(MobileNodeCount::returns_home);
    report(Level::info, "at-home", {{"address", address.address}, {"link", address.link_name}});
    if (const auto obstacle = deregister_all(now, Exchange::Kind::home)) {
        home_deregistered(std::string(*obstacle), Release::unknown);
    }
}

void MobileNode::Impl::leave_home(TimePoint now) {
    report(Level::info, "left-home", {});
    released_.reset();
    std::erase_if(exchanges_,
                  [](const Exchange& exchange) { return exchange.kind == Exchange::Kind::home; });
    overwrite_pending_ = true; // whether the home agent still has something is not known
    for (auto& entry : entries_) {
        if (entry.target) {
            entry.update_at = now;
        }
    }
}

// Answered, or given up: the home agent forgets what is left by itself.
void MobileNode::Impl::home_deregistered(const std::string& outcome, Release release) {
    released_ = release;
    std::erase_if(exchanges_,
                  [](const Exchange& exchange) { return exchange.kind == Exchange::Kind::home; });
    for (auto& entry : entries_) {
        entry.registration.reset();
        entry.maybe_at_home_agent = false;
        entry.update_at.reset();
        entry.state = RegistrationState::idle;
    }
    if (in_kernel_) {
        in_kernel_ = false;
        actions_.emplace_back(RemoveBindings{++last_request_, config_.home_address, {}});
    }
    if (const auto address = home_address4_.address()) {
        home_address4_.withdraw();
        actions_.emplace_back(WithdrawHomeAddress4{*address});
    }
    report(Level::info, "deregistered", {{"outcome", outcome}});
}

std::optional<HomeLink> MobileNode::Impl::home_link() const {
    const auto& home = care_of_.at_home();
    if (!at_home_ || !released_ || !home) {
        return {};
    }
    return HomeLink{home->link_name, home->link, *released_ == Release::accepted};
}

} // namespace dsmip::mobility
