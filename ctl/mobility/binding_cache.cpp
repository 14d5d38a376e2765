// SPDX-License-Identifier: GPL-2.0-or-later
// Entries of the binding cache and their deadlines.
#include "mobility/binding_cache.hpp"

#include <algorithm>
#include <utility>

namespace dsmip::mobility {
namespace {

std::optional<TimePoint> earlier(std::optional<TimePoint> a, std::optional<TimePoint> b) {
    if (!a || !b) {
        return a ? a : b;
    }
    return std::min(*a, *b);
}

// When something is to be done that nobody answers for.
std::optional<TimePoint> attention_at(const CacheEntry& entry) {
    std::optional<TimePoint> when;
    if (!entry.pending) {
        when = earlier(entry.repair_at, entry.dead_until);
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

CacheEntry& BindingCache::at(const wire::Ipv6Address& home_address) {
    auto* known = find(home_address);
    if (known != nullptr) {
        return *known;
    }
    const auto made = entries_.try_emplace(home_address).first;
    latest_ = &*made;
    return made->second;
}

CacheEntry* BindingCache::find(const wire::Ipv6Address& home_address) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the entry of this object, not const
    return const_cast<CacheEntry*>(std::as_const(*this).find(home_address));
}

const CacheEntry* BindingCache::find(const wire::Ipv6Address& home_address) const {
    if (latest_ == nullptr || latest_->first != home_address) {
        const auto found = entries_.find(home_address);
        if (found == entries_.end()) {
            return nullptr;
        }
        latest_ = &*found;
    }
    return &latest_->second;
}

void BindingCache::update(const wire::Ipv6Address& home_address) {
    auto* entry = find(home_address);
    if (entry == nullptr) {
        return;
    }
    const bool keep = !(entry->is_idle() && entry->waiting.empty());
    note_request(home_address, *entry);
    const auto deadline = keep ? attention_at(*entry) : std::nullopt;
    auto& noted = entry->noted_deadline;
    // One that moves away, as with each renewal, is looked at again when the old one is due.
    if (deadline != noted && !(deadline && noted && *deadline > *noted)) {
        if (noted) {
            deadlines_.erase({*noted, home_address});
        }
        if (deadline) {
            deadlines_.emplace(*deadline, home_address);
        }
        noted = deadline;
    }
    const auto bindings = keep ? entry->current.bindings.size() : 0;
    bindings_ += bindings;
    bindings_ -= entry->noted_bindings;
    nodes_ += bindings != 0 ? 1 : 0;
    nodes_ -= entry->noted_bindings != 0 ? 1 : 0;
    entry->noted_bindings = bindings;
    if (!keep) {
        latest_ = nullptr;
        entries_.erase(entries_.find(home_address));
    }
}

// Requests to one participant have deadlines in the order in which they are made.
void BindingCache::note_request(const wire::Ipv6Address& home_address, CacheEntry& entry) {
    const auto request = entry.pending ? entry.pending->request : RequestId{0};
    if (request == entry.noted_request) {
        return;
    }
    for (auto& queue : requests_) {
        // Mostly the answers come in the same order, so this leaves nothing behind.
        while (!queue.empty() && queue.front().home_address == home_address) {
            queue.pop_front();
        }
    }
    entry.noted_request = request;
    if (entry.pending) {
        const auto who = static_cast<std::size_t>(entry.pending->outstanding.front());
        requests_.at(who).push_back({entry.pending->deadline, home_address, request});
    }
}

const BindingCache::Request* BindingCache::first_request() const {
    const Request* first = nullptr;
    for (auto& queue : requests_) {
        const auto answered = [&](const Request& request) {
            const auto* entry = find(request.home_address);
            return entry == nullptr || !entry->pending || entry->pending->request != request.id;
        };
        while (!queue.empty() && answered(queue.front())) {
            queue.pop_front();
        }
        if (!queue.empty() && (first == nullptr || queue.front().deadline < first->deadline)) {
            first = &queue.front();
        }
    }
    return first;
}

std::optional<wire::Ipv6Address> BindingCache::due(TimePoint now) {
    if (const auto* request = first_request(); request != nullptr && request->deadline <= now) {
        return request->home_address;
    }
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const auto home_address = deadlines_.begin()->second;
        deadlines_.erase(deadlines_.begin());
        auto& entry = *find(home_address);
        entry.noted_deadline = attention_at(entry);
        if (!entry.noted_deadline) {
            continue;
        }
        if (*entry.noted_deadline <= now) {
            entry.noted_deadline.reset();
            return home_address;
        }
        deadlines_.emplace(*entry.noted_deadline, home_address);
    }
    return std::nullopt;
}

BindingCache::Walk BindingCache::begin_walk() {
    return {.number = ++last_walk_,
            .bucket = 0,
            .buckets = entries_.bucket_count(),
            .done = entries_.empty()};
}

std::vector<wire::Ipv6Address> BindingCache::walk(Walk& walk, std::size_t count) {
    constexpr std::size_t buckets_per_entry = 16;
    if (walk.buckets != entries_.bucket_count()) { // it has grown, and each entry is elsewhere
        walk.bucket = 0;
        walk.buckets = entries_.bucket_count();
    }
    std::vector<wire::Ipv6Address> found;
    const auto end = std::min(walk.buckets, walk.bucket + count * buckets_per_entry);
    for (; walk.bucket < end && found.size() < count; ++walk.bucket) {
        for (auto entry = entries_.begin(walk.bucket); entry != entries_.end(walk.bucket);
             ++entry) {
            if (std::exchange(entry->second.passed_by, walk.number) != walk.number) {
                found.push_back(entry->first);
            }
        }
    }
    walk.done = walk.bucket == walk.buckets;
    return found;
}

std::optional<TimePoint> BindingCache::next_deadline() const {
    const auto* request = first_request();
    const auto next = deadlines_.empty() ? std::nullopt : std::optional(deadlines_.begin()->first);
    return earlier(next, request == nullptr ? std::nullopt : std::optional(request->deadline));
}

} // namespace dsmip::mobility
