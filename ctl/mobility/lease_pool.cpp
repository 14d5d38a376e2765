// SPDX-License-Identifier: GPL-2.0-or-later
// Leases of IPv4 addresses and prefixes.
#include "mobility/lease_pool.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

constexpr std::uint8_t bits = wire::Ipv4Address::bit_length;

std::uint64_t size_of(std::uint8_t length) {
    return std::uint64_t{1} << static_cast<unsigned>(bits - length);
}

// FNV-1a: the same on every machine and in every release, unlike std::hash.
std::uint64_t start_of(const wire::Ipv6Address& home_address) {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const auto octet : home_address.bytes) {
        hash = (hash ^ octet) * 0x100000001B3U;
    }
    return hash;
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

} // namespace

bool holds_any(const wire::Prefix4& prefix, const std::vector<wire::Ipv4Address>& addresses) {
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const auto& address) { return prefix.contains(address); });
}

std::uint32_t to_number(const wire::Ipv4Address& address) {
    std::uint32_t value = 0;
    for (const auto octet : address.bytes) {
        value = (value << 8U) | octet;
    }
    return value;
}

wire::Ipv4Address to_address4(std::uint32_t number) {
    const auto octet = [&](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
    return {{octet(24), octet(16), octet(8), octet(0)}};
}

LeasePool4::LeasePool4(std::optional<wire::Prefix4> pool, Use use)
    : pool_(pool) {
    if (!pool_ || pool_->length > bits) {
        pool_.reset();
        return;
    }
    first_ = to_number(pool_->network().address);
    size_ = size_of(pool_->length);
    if (use == Use::hosts && size_ > 2) {
        ++first_;
        size_ -= 2;
    }
}

bool LeasePool4::contains(const wire::Prefix4& prefix) const {
    const Number first = to_number(prefix.network().address);
    return pool_ && prefix.length <= bits && first >= first_ &&
           first + size_of(prefix.length) <= first_ + size_;
}

bool LeasePool4::overlaps(const wire::Prefix4& prefix) const {
    return pool_ && (pool_->contains(prefix) || prefix.contains(*pool_));
}

LeasePool4::Number LeasePool4::inside(const wire::Prefix4& prefix) const {
    const Number first = to_number(prefix.network().address);
    const auto from = std::max(first, first_);
    const auto to = std::min(first + size_of(prefix.length), first_ + size_);
    return from < to ? to - from : 0;
}

LeasePool4::Blocks::const_iterator LeasePool4::overlapping(Number first, Number size) const {
    auto next = blocks_.lower_bound(first);
    if (next != blocks_.begin()) {
        const auto before = std::prev(next);
        if (before->first + size_of(before->second.prefix.length) > first) {
            return before;
        }
    }
    return next != blocks_.end() && next->first < first + size ? next : blocks_.end();
}

bool LeasePool4::exclude(const wire::Prefix4& prefix) {
    if (!pool_ || prefix.length > bits) {
        return true;
    }
    const auto network = prefix.network();
    const Number from = std::max<Number>(to_number(network.address), first_);
    const Number to =
        std::min<Number>(to_number(network.address) + size_of(prefix.length), first_ + size_);
    if (from >= to) {
        return true;
    }
    for (auto block = overlapping(from, to - from); block != blocks_.end() && block->first < to;
         ++block) {
        if (block->second.owner) {
            return false;
        }
    }
    // One by one where others are in between: rare, and small then.
    if (overlapping(from, to - from) == blocks_.end() && contains(network)) {
        blocks_[from] = {network, std::nullopt, TimePoint::max(), std::nullopt};
        taken_ += to - from;
        return true;
    }
    for (auto number = from; number < to; ++number) {
        if (overlapping(number, 1) == blocks_.end()) {
            blocks_[number] = {{to_address4(static_cast<std::uint32_t>(number)), bits},
                               std::nullopt,
                               TimePoint::max(),
                               std::nullopt};
            ++taken_;
        }
    }
    return true;
}

LeasePool4::Lease* LeasePool4::find(const wire::Prefix4& lease) {
    const auto found = blocks_.find(to_number(lease.address));
    return found == blocks_.end() || found->second.prefix != lease || !found->second.owner
               ? nullptr
               : &found->second;
}

std::optional<TimePoint> LeasePool4::until(const wire::Prefix4& lease) const {
    const auto found = blocks_.find(to_number(lease.address));
    return found == blocks_.end() || found->second.prefix != lease || !found->second.owner
               ? std::nullopt
               : std::optional(found->second.until);
}

bool LeasePool4::is_in_use(const wire::Prefix4& lease) const {
    const auto found = blocks_.find(to_number(lease.address));
    return found != blocks_.end() && found->second.prefix == lease && !found->second.idle;
}

std::span<LeasePool4::Lease* const> LeasePool4::leases_of(const wire::Ipv6Address& home_address) {
    if (by_owner_.empty()) {
        return {};
    }
    const auto found = by_owner_.find(home_address);
    return found == by_owner_.end() ? std::span<Lease* const>() : found->second;
}

std::span<const LeasePool4::Lease* const>
LeasePool4::leases_of(const wire::Ipv6Address& home_address) const {
    if (by_owner_.empty()) {
        return {};
    }
    const auto found = by_owner_.find(home_address);
    return found == by_owner_.end() ? std::span<const Lease* const>()
                                    : std::span<const Lease* const>(found->second);
}

LeasePool4::Lease* LeasePool4::lease_of(const wire::Ipv6Address& home_address,
                                        const wire::Prefix4& prefix) {
    const auto own = leases_of(home_address);
    const auto found = std::find_if(own.begin(), own.end(),
                                    [&](const Lease* lease) { return lease->prefix == prefix; });
    return found == own.end() ? nullptr : *found;
}

bool LeasePool4::owns(const wire::Ipv6Address& home_address, const wire::Prefix4& lease) const {
    const auto own = leases_of(home_address);
    return std::any_of(own.begin(), own.end(),
                       [&](const Lease* other) { return other->prefix == lease; });
}

std::optional<wire::Prefix4> LeasePool4::find_free(const wire::Ipv6Address& home_address,
                                                   std::uint8_t length,
                                                   const Addresses& without) const {
    const auto size = size_of(length);
    const auto aligned = round_up(first_, size);
    const auto end = first_ + size_;
    if (size_ - taken_ < size || aligned + size > end) {
        return std::nullopt;
    }
    const auto places = (end - aligned) / size;
    const auto start = aligned + start_of(home_address) % places * size;
    // From `start` to the end, then from the beginning to `start`.
    for (const auto& [from, to] : {std::pair(start, end), std::pair(aligned, start)}) {
        for (auto place = from; place + size <= to;) {
            const auto taken = overlapping(place, size);
            if (taken == blocks_.end()) {
                const wire::Prefix4 found{to_address4(static_cast<std::uint32_t>(place)), length};
                if (!holds_any(found, without)) {
                    return found;
                }
                place += size;
                continue;
            }
            place = round_up(
                std::max(place + 1, taken->first + size_of(taken->second.prefix.length)), size);
        }
    }
    return std::nullopt;
}

void LeasePool4::put(const wire::Prefix4& prefix, const wire::Ipv6Address& owner) {
    auto& lease = blocks_[to_number(prefix.address)];
    lease = {prefix, owner, TimePoint::min(), std::nullopt};
    by_owner_[owner].push_back(&lease);
    taken_ += inside(prefix);
    outside_ += contains(prefix) ? 0 : 1;
}

void LeasePool4::erase(Blocks::iterator block) {
    auto& lease = block->second;
    if (lease.idle) {
        idle_.erase(*lease.idle);
    }
    auto owned = by_owner_.find(*lease.owner);
    std::erase(owned->second, &lease);
    if (owned->second.empty()) {
        by_owner_.erase(owned);
    }
    taken_ -= inside(lease.prefix);
    outside_ -= contains(lease.prefix) ? 0 : 1;
    blocks_.erase(block);
}

// Frees what overlaps and has ended; nothing if one of these has not.
bool LeasePool4::reclaim(Number first, Number size, TimePoint now) {
    std::vector<Blocks::iterator> ended;
    const auto found = overlapping(first, size);
    if (found == blocks_.end()) {
        return true;
    }
    for (auto block = blocks_.find(found->first);
         block != blocks_.end() && block->first < first + size; ++block) {
        if (!block->second.idle || block->second.until > now) {
            return false;
        }
        ended.push_back(block);
    }
    for (const auto block : ended) {
        erase(block);
    }
    return true;
}

std::optional<wire::Prefix4> LeasePool4::make_room(const wire::Ipv6Address& home_address,
                                                   std::uint8_t length, TimePoint now,
                                                   const Addresses& without) {
    const auto size = size_of(length);
    for (auto idle = idle_.begin(); idle != idle_.end() && idle->first.first <= now; ++idle) {
        const auto first = idle->second / size * size;
        if (first < first_ || first + size > first_ + size_) {
            continue;
        }
        const wire::Prefix4 place{to_address4(static_cast<std::uint32_t>(first)), length};
        if (!holds_any(place, without) && reclaim(first, size, now)) {
            return find_free(home_address, length, without);
        }
    }
    return std::nullopt;
}

std::optional<wire::Prefix4> LeasePool4::take(const wire::Ipv6Address& home_address,
                                              std::uint8_t length, TimePoint now,
                                              const Addresses& without) {
    if (!pool_ || length > bits || length < pool_->length) {
        return std::nullopt;
    }
    auto lease = find_free(home_address, length, without);
    if (!lease) {
        lease = make_room(home_address, length, now, without);
    }
    if (lease) {
        put(*lease, home_address);
    }
    return lease;
}

bool LeasePool4::adopt(const wire::Ipv6Address& home_address, const wire::Prefix4& lease) {
    return (contains(lease) || owns(home_address, lease)) && keep(home_address, lease);
}

bool LeasePool4::keep(const wire::Ipv6Address& home_address, const wire::Prefix4& lease) {
    if (auto* own = lease_of(home_address, lease)) {
        set_in_use(*own, true);
        return true;
    }
    if (lease.length > bits || lease.network() != lease ||
        overlapping(to_number(lease.address), size_of(lease.length)) != blocks_.end()) {
        return false;
    }
    put(lease, home_address);
    return true;
}

std::vector<wire::Prefix4> LeasePool4::forget_outside(const wire::Ipv6Address& home_address) {
    std::vector<wire::Prefix4> forgotten;
    if (outside_ == 0) {
        return forgotten;
    }
    for (const auto* lease : leases_of(home_address)) {
        if (lease->idle && !contains(lease->prefix)) {
            forgotten.push_back(lease->prefix);
        }
    }
    for (const auto& lease : forgotten) {
        erase(blocks_.find(to_number(lease.address)));
    }
    return forgotten;
}

bool LeasePool4::is_lent(const wire::Prefix4& lease) const {
    const auto found = blocks_.find(to_number(lease.address));
    return found != blocks_.end() && found->second.prefix == lease && found->second.owner;
}

void LeasePool4::set_idle(Lease& lease, bool idle) {
    if (lease.idle) {
        idle_.erase(*lease.idle);
        lease.idle.reset();
    }
    if (idle) {
        lease.idle = IdleKey{lease.until, ++last_idle_};
        idle_.emplace(*lease.idle, to_number(lease.prefix.address));
    }
}

void LeasePool4::set_in_use(Lease& lease, bool in_use) {
    if (lease.idle.has_value() == in_use) {
        set_idle(lease, !in_use);
    }
}

void LeasePool4::renew(Lease& lease, TimePoint until) {
    lease.until = until;
    set_idle(lease, lease.idle.has_value());
}

void LeasePool4::give_back(Lease& lease, TimePoint now) {
    if (lease.until > now) {
        lease.until = now;
        set_idle(lease, lease.idle.has_value());
    }
}

void LeasePool4::set_in_use(const wire::Prefix4& lease, bool in_use) {
    if (auto* known = find(lease)) {
        set_in_use(*known, in_use);
    }
}

void LeasePool4::renew(const wire::Prefix4& lease, TimePoint until) {
    if (auto* known = find(lease)) {
        renew(*known, until);
    }
}

void LeasePool4::give_back(const wire::Prefix4& lease, TimePoint now) {
    if (auto* known = find(lease)) {
        give_back(*known, now);
    }
}

} // namespace dsmip::mobility
