// SPDX-License-Identifier: GPL-2.0-or-later
// Entries of the binding cache and their deadlines.
#include "mobility/binding_cache.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
    if (!a || !b) {
        return a ? a : b;
    }
    return std::min(*a, *b);
}

std::optional<TimePoint> attention_at(const CacheEntry& entry) {
    std::optional<TimePoint> when;
    if (entry.pending) {
        when = entry.pending->deadline;
    } else {
        when = entry.repair_at;
    }
    if (entry.dead_until && !entry.pending) {
        when = earlier(when, entry.dead_until);
    }
    if (const auto expiry = entry.current.first_expiry()) {
        when = earlier(when, *expiry + expiry_grace);
    }
    return when;
}

} // namespace

bool sequence_in_window(std::uint16_t last, std::uint16_t next) {
    constexpr std::uint16_t window = 32767;
    const auto distance = static_cast<std::uint16_t>(next - last);
    return distance >= 1 && distance <= window;
}

const Binding* Registration::find(std::uint16_t bid) const {
    const auto found = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& binding) {
        return binding.end_point.bid == bid;
    });
    return found == bindings.end() ? nullptr : &*found;
}

void Registration::clear_if_empty() {
    if (empty()) {
        home_addresses4.clear();
        prefixes6.clear();
        prefixes4.clear();
        mobile_router = false;
        lease_until.reset();
    }
}

bool Registration::link_local() const {
    return std::any_of(bindings.begin(), bindings.end(),
                       [](const Binding& binding) { return binding.end_point.link_local; });
}

void Registration::put(const Binding& binding) {
    erase(binding.end_point.bid);
    const auto place = std::find_if(bindings.begin(), bindings.end(), [&](const Binding& other) {
        return other.end_point.bid > binding.end_point.bid;
    });
    bindings.insert(place, binding);
}

bool Registration::erase(std::uint16_t bid) {
    return std::erase_if(bindings,
                         [&](const Binding& binding) { return binding.end_point.bid == bid; }) != 0;
}

std::vector<std::uint16_t> Registration::expire(TimePoint time) {
    std::vector<std::uint16_t> expired;
    std::erase_if(bindings, [&](const Binding& binding) {
        if (binding.expires > time) {
            return false;
        }
        expired.push_back(binding.end_point.bid);
        return true;
    });
    return expired;
}

std::optional<TimePoint> Registration::first_expiry() const {
    std::optional<TimePoint> first;
    for (const auto& binding : bindings) {
        first = earlier(first, binding.expires);
    }
    return first;
}

KernelNode Registration::to_kernel(const wire::Ipv6Address& home_address, TimePoint now) const {
    KernelNode node{home_address, home_addresses4, {}, prefixes6, prefixes4};
    for (const auto& binding : bindings) {
        node.bindings.push_back(binding.end_point);
        // At least a moment: a change may have been under way for as long as it was to live.
        node.bindings.back().lifetime = std::max(binding.expires - now, Duration(1));
    }
    return node;
}

StoredMessage::StoredMessage(const ReceivedMessage& received)
    : message_(received)
    , octets_(received.octets.begin(), received.octets.end()) {
    message_.octets = {};
}

ReceivedMessage StoredMessage::get() const {
    auto message = message_;
    message.octets = octets_;
    return message;
}

CacheEntry* BindingCache::find(const wire::Ipv6Address& home_address) {
    const auto found = entries_.find(home_address);
    return found == entries_.end() ? nullptr : &found->second;
}

const CacheEntry* BindingCache::find(const wire::Ipv6Address& home_address) const {
    const auto found = entries_.find(home_address);
    return found == entries_.end() ? nullptr : &found->second;
}

void BindingCache::update(const wire::Ipv6Address& home_address) {
    const auto* entry = find(home_address);
    const bool keep = entry != nullptr && !(entry->is_idle() && entry->waiting.empty());
    auto& noted = noted_[home_address];
    const auto deadline = keep ? attention_at(*entry) : std::nullopt;
    if (deadline != noted.deadline) {
        if (noted.deadline) {
            deadlines_.erase({*noted.deadline, home_address});
        }
        if (deadline) {
            deadlines_.emplace(*deadline, home_address);
        }
        noted.deadline = deadline;
    }
    const auto bindings = keep ? entry->current.bindings.size() : 0;
    bindings_ += bindings;
    bindings_ -= noted.bindings;
    nodes_ += bindings != 0 ? 1 : 0;
    nodes_ -= noted.bindings != 0 ? 1 : 0;
    noted.bindings = bindings;
    if (!keep) {
        entries_.erase(home_address);
        noted_.erase(home_address);
    }
}

std::optional<wire::Ipv6Address> BindingCache::due(TimePoint now) const {
    if (deadlines_.empty() || deadlines_.begin()->first > now) {
        return std::nullopt;
    }
    return deadlines_.begin()->second;
}

std::optional<TimePoint> BindingCache::next_deadline() const {
    return deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
}

} // namespace dsmip::mobility
