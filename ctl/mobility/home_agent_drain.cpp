// SPDX-License-Identifier: GPL-2.0-or-later
// Draining: the schedule, the messages, and who is refused meanwhile.
#include "mobility/home_agent_drain.hpp"

#include <algorithm>

#include "mobility/home_agent_acknowledgement.hpp"
#include "mobility/home_agent_engine.hpp"

namespace dsmip::mobility {

void DrainSchedule::start(DrainRequest request) {
    stop();
    active_ = true;
    request_ = std::move(request);
    gone_ = messages_ = 0;
}

void DrainSchedule::stop() {
    active_ = false;
    items_.clear();
    waiting_.clear();
    repetitions_.clear();
    asked_ = 0;
}

void DrainSchedule::note(const wire::Ipv6Address& home_address, bool registered) {
    const auto found = items_.find(home_address);
    if (!active_ || (found != items_.end()) == registered) {
        return;
    }
    if (registered) {
        items_.emplace(home_address, Item{});
        waiting_.push_back(home_address);
        return;
    }
    if (found->second.asked_at) {
        repetitions_.erase({found->second.again_at, home_address});
        --asked_;
    }
    items_.erase(found);
    ++gone_;
}

std::optional<wire::Ipv6Address> DrainSchedule::take(TimePoint now) {
    if (!repetitions_.empty() && repetitions_.begin()->first <= now) {
        const auto home_address = repetitions_.begin()->second;
        repetitions_.erase(repetitions_.begin());
        auto& item = items_.at(home_address);
        item.timeout = std::min(item.timeout * 2, maximum_timeout);
        item.again_at = now + item.timeout;
        repetitions_.emplace(item.again_at, home_address);
        ++messages_;
        return home_address;
    }
    while (!waiting_.empty()) {
        const auto home_address = waiting_.front();
        const auto found = items_.find(home_address);
        if (found == items_.end() || found->second.asked_at) {
            waiting_.pop_front(); // gone meanwhile
            continue;
        }
        if (!rate_.take(now, request_.nodes_per_second)) {
            return std::nullopt;
        }
        waiting_.pop_front();
        auto& item = found->second;
        item.asked_at = now;
        // With an advice at half of its time, if that is sooner (RFC 5142, 5.2).
        item.timeout = request_.grace > Duration(0) ? std::min(request_.grace / 2, initial_timeout)
                                                    : initial_timeout;
        item.again_at = now + item.timeout;
        repetitions_.emplace(item.again_at, home_address);
        ++asked_;
        ++messages_;
        return home_address;
    }
    return std::nullopt;
}

bool DrainSchedule::has_to_go(TimePoint now, const wire::Ipv6Address& home_address) const {
    const auto found = items_.find(home_address);
    return found != items_.end() && found->second.asked_at &&
           *found->second.asked_at + request_.grace <= now;
}

std::optional<TimePoint> DrainSchedule::next_deadline() const {
    std::optional<TimePoint> next;
    if (!repetitions_.empty()) {
        next = repetitions_.begin()->first;
    }
    if (!waiting_.empty()) {
        const auto first = rate_.next(request_.nodes_per_second);
        next = next ? std::min(*next, first) : first;
    }
    return next;
}

DrainStatus DrainSchedule::status() const {
    return {request_, items_.size() - asked_, asked_, gone_, messages_};
}

// ---------------------------------------------------------------- engine

tl::expected<Actions, std::string> HomeAgent::Impl::drain(DrainRequest request) {
    const auto& targets = request.home_agents;
    if (targets.size() > drain_targets_max) {
        return tl::make_unexpected(std::to_string(targets.size()) + " home agents are too many; " +
                                   std::to_string(drain_targets_max) + " fit the message");
    }
    for (const auto& target : targets) {
        if (!target.is_unicast_routable() || target == config_.address6) {
            return tl::make_unexpected(wire::to_string(target) +
                                       (target == config_.address6
                                            ? " is this home agent; wanted another one"
                                            : " is no global unicast address"));
        }
    }
    request.nodes_per_second = std::max(request.nodes_per_second, 1U);
    request.grace =
        wire::Lifetime::from(std::chrono::duration_cast<std::chrono::seconds>(request.grace))
            .duration();
    drain_.start(std::move(request));
    for (const auto& [home_address, entry] : cache_.entries()) {
        drain_.note(home_address, !entry.current.empty());
    }
    report(Report::Level::info, "drain-started", {{"nodes", drain_.status().waiting}});
    drained_ = false;
    note_drain({});
    return take();
}

Actions HomeAgent::Impl::stop_drain() {
    if (drain_.active()) {
        const auto status = drain_.status();
        drain_.stop();
        report(Report::Level::info, "drain-stopped",
               {{"nodes", status.waiting + status.asked}, {"gone", status.gone}});
    }
    return take();
}

void HomeAgent::Impl::note_drain(const std::optional<wire::Ipv6Address>& home_address) {
    if (!drain_.active()) {
        return;
    }
    if (home_address) {
        const auto* entry = cache_.find(*home_address);
        drain_.note(*home_address, entry != nullptr && !entry->current.empty());
    }
    const auto status = drain_.status();
    const bool empty = status.waiting + status.asked == 0;
    if (empty && !drained_) {
        report(Report::Level::info, "drain-complete", {{"gone", status.gone}});
    }
    drained_ = empty;
}

void HomeAgent::Impl::ask_to_go(const wire::Ipv6Address& home_address) {
    const auto* entry = cache_.find(home_address);
    if (entry == nullptr || entry->current.empty()) {
        note_drain(home_address);
        return;
    }
    const auto request = drain_.status().request;
    wire::HomeAgentSwitch message;
    message.home_agents = request.home_agents;
    if (request.grace > Duration(0)) {
        message.options.emplace_back(wire::BindingRefreshAdvice{
            wire::Lifetime::from(std::chrono::duration_cast<std::chrono::seconds>(request.grace))});
    }
    auto sent = to_node(message, home_address, entry->current.dialect, config_);
    if (!sent) {
        counters_.add(HomeAgentCount::encode_failures);
        return;
    }
    counters_.add(HomeAgentCount::switch_requests_sent);
    report(Report::Level::debug, "switch-requested", {{"home-address", home_address}});
    actions_.emplace_back(std::move(*sent));
}

// New nodes at once, others when their time is up; whoever leaves is welcome to (RFC 5142, 5.3).
bool HomeAgent::Impl::refused_by_drain(TimePoint now, const RegistrationRequest& request,
                                       const RegistrationContext& context) const {
    return drain_.active() && !request.deregisters() &&
           (context.current().empty() || drain_.has_to_go(now, request.home_address));
}

} // namespace dsmip::mobility
