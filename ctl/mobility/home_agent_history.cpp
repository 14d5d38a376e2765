// SPDX-License-Identifier: GPL-2.0-or-later
// Records of Binding Updates, and the rules by which they were judged.
#include "mobility/home_agent_history.hpp"

#include <iterator>
#include <utility>

namespace dsmip::mobility {

std::string_view to_string(UpdateVerdict verdict) {
    switch (verdict) {
    case UpdateVerdict::waiting:
        return "waiting";
    case UpdateVerdict::accepted:
        return "accepted";
    case UpdateVerdict::refused:
        return "refused";
    case UpdateVerdict::dropped:
        break;
    }
    return "dropped";
}

NodeHistory& HomeAgentHistory::Table::at(const wire::Ipv6Address& home_address) {
    if (!rows_.empty() && rows_.back().first == home_address) {
        return rows_.back().second;
    }
    if (const auto known = places_.find(home_address); known != places_.end()) {
        rows_.splice(rows_.end(), rows_, known->second);
        return known->second->second;
    }
    if (rows_.size() == most_) {
        // The oldest row becomes the new one.
        auto place = places_.extract(rows_.front().first);
        rows_.splice(rows_.end(), rows_, rows_.begin());
        rows_.back() = {home_address, {}};
        place.key() = home_address;
        places_.insert(std::move(place));
    } else {
        rows_.emplace_back(home_address, NodeHistory{});
        places_[home_address] = std::prev(rows_.end());
    }
    return rows_.back().second;
}

NodeHistory* HomeAgentHistory::Table::find(const wire::Ipv6Address& home_address) {
    // Mostly whoever sent the last message.
    if (!rows_.empty() && rows_.back().first == home_address) {
        return &rows_.back().second;
    }
    const auto known = places_.find(home_address);
    return known == places_.end() ? nullptr : &known->second->second;
}

const NodeHistory* HomeAgentHistory::Table::find(const wire::Ipv6Address& home_address) const {
    const auto known = places_.find(home_address);
    return known == places_.end() ? nullptr : &known->second->second;
}

void HomeAgentHistory::received(TimePoint now, const ReceivedMessage& message,
                                const wire::BindingUpdate* update, bool served) {
    // Of a node that refreshes, the space for its options is there.
    auto& last = (served ? served_ : strangers_).at(message.source).last;
    auto options = last ? std::move(last->options) : JudgedOptions{};
    options.identifiers.clear();
    options.home_addresses4.clear();
    auto& record = last.emplace();
    record.options = std::move(options);
    record.when = now;
    record.from = message.path ? message.path->remote
                               : wire::Endpoint{message.wire_source.value_or(message.source), 0};
    if (update != nullptr) {
        record.sequence = update->sequence;
        record.lifetime = update->lifetime.duration();
    }
}

UpdateRecord* HomeAgentHistory::undecided(const wire::Ipv6Address& home_address) {
    auto* history = served_.find(home_address);
    if (history == nullptr) {
        history = strangers_.find(home_address);
    }
    const bool waits =
        history != nullptr && history->last && history->last->verdict == UpdateVerdict::waiting;
    return waits ? &*history->last : nullptr;
}

void HomeAgentHistory::accepted(const wire::Ipv6Address& home_address, RuleRef rule) {
    if (auto* record = undecided(home_address)) {
        record->verdict = UpdateVerdict::accepted;
        record->rule = rule;
        served_.at(home_address).last_accepted = *record;
    }
}

void HomeAgentHistory::refused(const wire::Ipv6Address& home_address, RuleRef rule,
                               JudgedOptions options) {
    if (auto* record = undecided(home_address)) {
        record->verdict = UpdateVerdict::refused;
        record->rule = rule;
        record->options = std::move(options);
    }
}

void HomeAgentHistory::judged(const wire::Ipv6Address& home_address,
                              std::span<const JudgedOptions::Identifier> identifiers,
                              std::span<const JudgedHomeAddress4> home_addresses4) {
    if (auto* record = undecided(home_address)) {
        record->options.identifiers.assign(identifiers.begin(), identifiers.end());
        record->options.home_addresses4.assign(home_addresses4.begin(), home_addresses4.end());
    }
}

void HomeAgentHistory::dropped(const wire::Ipv6Address& home_address, RuleRef rule) {
    if (auto* record = undecided(home_address)) {
        record->verdict = UpdateVerdict::dropped;
        record->rule = rule;
    }
}

void HomeAgentHistory::owner_changed(const wire::Ipv6Address& home_address,
                                     const OwnerChange& change) {
    auto& known = served_.at(home_address).owner_change;
    const auto count = known ? known->count : 0;
    known = change;
    known->count = count + 1;
}

void HomeAgentHistory::ended(TimePoint now, const wire::Ipv6Address& home_address,
                             std::string_view reason) {
    served_.at(home_address).ended = EndRecord{now, reason};
}

const NodeHistory* HomeAgentHistory::find(const wire::Ipv6Address& home_address) const {
    const auto* history = served_.find(home_address);
    return history != nullptr ? history : strangers_.find(home_address);
}

} // namespace dsmip::mobility
