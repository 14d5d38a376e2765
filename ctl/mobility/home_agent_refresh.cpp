// SPDX-License-Identifier: GPL-2.0-or-later
// Binding Refresh Requests: the schedule, and the message.
#include "mobility/home_agent_refresh.hpp"

#include <algorithm>

#include "mobility/home_agent_acknowledgement.hpp"
#include "mobility/home_agent_engine.hpp"

namespace dsmip::mobility {

void RefreshSchedule::schedule(const wire::Ipv6Address& home_address, Item& item,
                               std::optional<TimePoint> ask_at) {
    if (item.ask_at) {
        order_.erase({*item.ask_at, home_address});
    }
    item.ask_at = ask_at;
    if (ask_at) {
        order_.emplace(*ask_at, home_address);
    }
}

void RefreshSchedule::note(TimePoint now, const HomeAgentRefresh& policy,
                           const wire::Ipv6Address& home_address,
                           std::optional<TimePoint> first_end) {
    const auto found = items_.find(home_address);
    if (policy.request_before == Duration(0) || !first_end) {
        if (found != items_.end()) {
            schedule(home_address, found->second, std::nullopt);
            items_.erase(found);
        }
        return;
    }
    if (found != items_.end() && found->second.end == *first_end) {
        return;
    }
    auto& item = items_[home_address];
    item.end = *first_end;
    item.asked = 0;
    const auto remaining = std::max(*first_end - now, Duration(0));
    schedule(home_address, item, *first_end - std::min(policy.request_before, remaining / 4));
}

std::optional<wire::Ipv6Address> RefreshSchedule::take(TimePoint now,
                                                       const HomeAgentRefresh& policy) {
    if (order_.empty() || order_.begin()->first > now ||
        !rate_.take(now, policy.requests_per_second)) {
        return std::nullopt;
    }
    const auto home_address = order_.begin()->second;
    auto& item = items_.at(home_address);
    const auto next = now + std::max((item.end - now) / 2, shortest_pause);
    const bool again = ++item.asked < requests_max && next < item.end;
    schedule(home_address, item, again ? std::optional(next) : std::nullopt);
    return home_address;
}

std::optional<TimePoint> RefreshSchedule::next_deadline(const HomeAgentRefresh& policy) const {
    if (order_.empty()) {
        return std::nullopt;
    }
    return std::max(order_.begin()->first, rate_.next(policy.requests_per_second));
}

void RefreshSchedule::clear() {
    items_.clear();
    order_.clear();
}

// ---------------------------------------------------------------- engine

void HomeAgent::Impl::note_refresh(TimePoint now, const wire::Ipv6Address& home_address) {
    if (config_.refresh.request_before == Duration(0)) {
        return; // and nothing is scheduled
    }
    const auto* entry = cache_.find(home_address);
    refreshes_.note(now, config_.refresh, home_address,
                    entry == nullptr ? std::nullopt : entry->current.first_expiry());
}

// With Binding Identifier options for all that end about now (RFC 5648, 6.4).
void HomeAgent::Impl::ask_for_refresh(TimePoint now, const wire::Ipv6Address& home_address) {
    const auto* entry = cache_.find(home_address);
    const auto first_end = entry == nullptr ? std::nullopt : entry->current.first_expiry();
    // One that is about to be changed has just been heard of.
    if (!first_end || *first_end <= now || entry->pending) {
        return;
    }
    wire::BindingRefreshRequest request;
    const auto horizon = std::max(*first_end, now + config_.refresh.request_before);
    std::string bids;
    for (const auto& binding : entry->current.bindings) {
        if (binding.end_point.bid != 0 && binding.expires <= horizon) {
            wire::BindingIdentifier option;
            option.bid = binding.end_point.bid;
            request.options.emplace_back(option);
            bids += (bids.empty() ? "" : ",") + std::to_string(option.bid);
        }
    }
    auto message = to_node(request, home_address, entry->current.dialect, config_);
    if (!message) {
        counters_.add(HomeAgentCount::encode_failures);
        return;
    }
    counters_.add(HomeAgentCount::refresh_requests_sent);
    report(Report::Level::debug, "refresh-requested",
           {{"home-address", home_address},
            {"bids", bids.empty() ? "0" : bids},
            {"remaining", std::chrono::duration_cast<std::chrono::seconds>(*first_end - now)}});
    actions_.emplace_back(std::move(*message));
}

} // namespace dsmip::mobility
