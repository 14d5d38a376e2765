// SPDX-License-Identifier: GPL-2.0-or-later
// Prefixes and their owners.
#include "mobility/prefix_table.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

// Hosts behind a router need more than one address.
constexpr std::uint8_t longest4 = 30;

template<class Prefix>
bool is_in(const std::vector<Prefix>& list, const Prefix& prefix) {
    return std::find(list.begin(), list.end(), prefix) != list.end();
}

} // namespace

PrefixTable::PrefixTable(const HomeAgentPrefixes& config)
    : leases_(config.pool4, LeasePool4::Use::prefixes)
    , shortest4_(config.shortest4)
    , leases_max_(config.leases_max) {}

// ---------------------------------------------------------------- fixed ones

template<class Prefix>
bool PrefixTable::Fixed<Prefix>::reserve(const wire::Ipv6Address& home_address,
                                         const Prefix& given) {
    const auto prefix = given.network();
    auto next = outermost.lower_bound(prefix.address);
    if (next != outermost.begin()) {
        if (const auto& [before, owner] = std::prev(next)->second; before.contains(prefix)) {
            if (owner != home_address) {
                return false;
            }
            next = std::prev(next);
        }
    }
    // Now at what contains it, or at the first that it may contain.
    const auto first = next;
    bool contained = false;
    for (; next != outermost.end(); ++next) {
        const auto& [other, owner] = next->second;
        contained = contained || other.contains(prefix);
        if (!other.contains(prefix) && !prefix.contains(other)) {
            break;
        }
        if (owner != home_address) {
            return false;
        }
    }
    if (!contained) {
        outermost.erase(first, next);
        outermost.emplace(prefix.address, std::pair(prefix, home_address));
    }
    auto& own = by_owner[home_address];
    if (!is_in(own, prefix)) {
        own.push_back(prefix);
    }
    return true;
}

template<class Prefix>
const std::vector<Prefix>*
PrefixTable::Fixed<Prefix>::of(const wire::Ipv6Address& home_address) const {
    const auto found = by_owner.find(home_address);
    return found == by_owner.end() ? nullptr : &found->second;
}

template<class Prefix>
bool PrefixTable::Fixed<Prefix>::owns(const wire::Ipv6Address& home_address,
                                      const Prefix& prefix) const {
    const auto* own = of(home_address);
    return own != nullptr && std::any_of(own->begin(), own->end(), [&](const Prefix& candidate) {
               return candidate.contains(prefix);
           });
}

template<class Prefix>
bool PrefixTable::Fixed<Prefix>::overlaps(const Prefix& prefix) const {
    const auto behind = outermost.upper_bound(prefix.address);
    if (behind != outermost.end() && prefix.contains(behind->second.first)) {
        return true;
    }
    return behind != outermost.begin() && (std::prev(behind)->second.first.contains(prefix) ||
                                           prefix.contains(std::prev(behind)->second.first));
}

bool PrefixTable::reserve(const wire::Ipv6Address& home_address, const wire::Prefix6& prefix) {
    return fixed6_.reserve(home_address, prefix);
}

bool PrefixTable::reserve(const wire::Ipv6Address& home_address, const wire::Prefix4& prefix) {
    return fixed4_.reserve(home_address, prefix) && leases_.exclude(prefix);
}

const std::vector<wire::Prefix6>&
PrefixTable::prefixes6_of(const wire::Ipv6Address& home_address) const {
    static const std::vector<wire::Prefix6> none;
    const auto* own = fixed6_.of(home_address);
    return own == nullptr ? none : *own;
}

bool PrefixTable::owns(const wire::Ipv6Address& home_address, const wire::Prefix6& prefix) const {
    return fixed6_.owns(home_address, prefix);
}

std::optional<wire::Ipv6Address> PrefixTable::owner_of(const wire::Ipv6Address& address) const {
    const auto behind = fixed6_.outermost.upper_bound(address);
    if (behind == fixed6_.outermost.begin()) {
        return std::nullopt;
    }
    const auto& [prefix, owner] = std::prev(behind)->second;
    return prefix.contains(address) ? std::optional(owner) : std::nullopt;
}

// ---------------------------------------------------------------- IPv4, lent

bool PrefixTable::owns(const wire::Ipv6Address& home_address, const wire::Prefix4& prefix) const {
    return fixed4_.owns(home_address, prefix) || leases_.owns(home_address, prefix.network());
}

bool PrefixTable::reaches(const wire::Ipv6Address& home_address,
                          const wire::IpAddress& address) const {
    if (const auto* ipv6 = address.ipv6()) {
        return fixed6_.owns(home_address, {*ipv6, wire::Ipv6Address::bit_length});
    }
    const auto leased = leases_.leases_of(home_address);
    return fixed4_.owns(home_address, {*address.ipv4(), wire::Ipv4Address::bit_length}) ||
           std::any_of(leased.begin(), leased.end(),
                       [&](const auto* lease) { return lease->prefix.contains(*address.ipv4()); });
}

std::optional<wire::Prefix4> PrefixTable::lend(const wire::Ipv6Address& home_address,
                                               std::uint8_t length, TimePoint now,
                                               const std::vector<wire::Prefix4>& beside,
                                               const std::vector<wire::Ipv4Address>& care_of) {
    std::size_t count = 0;
    for (auto* lease : leases_.leases_of(home_address)) {
        if (holds_any(lease->prefix, care_of)) {
            continue;
        }
        if (lease->prefix.length == length && !is_in(beside, lease->prefix)) {
            leases_.set_in_use(*lease, true);
            return lease->prefix;
        }
        ++count;
    }
    if (length < shortest4_ || count >= leases_max_) {
        return std::nullopt;
    }
    return leases_.take(home_address, length, now, care_of);
}

std::optional<wire::Prefix4> PrefixTable::allocate(const wire::Ipv6Address& home_address,
                                                   std::uint8_t length, bool any_length,
                                                   TimePoint now,
                                                   const std::vector<wire::Prefix4>& beside,
                                                   const std::vector<wire::Ipv4Address>& care_of) {
    std::optional<wire::Prefix4> other;
    if (const auto* own = fixed4_.of(home_address)) {
        for (const auto& prefix : *own) {
            if (is_in(beside, prefix)) {
                continue;
            }
            if (prefix.length == length) {
                return prefix;
            }
            if (!other) {
                other = prefix;
            }
        }
    }
    if (const auto lease = lend(home_address, length, now, beside, care_of)) {
        return lease;
    }
    if (!any_length || other) {
        return any_length ? other : std::nullopt;
    }
    for (auto longer = std::max<std::uint8_t>(length + 1, shortest4_); longer <= longest4;
         ++longer) {
        if (const auto lease = lend(home_address, longer, now, beside, care_of)) {
            return lease;
        }
    }
    return std::nullopt;
}

bool PrefixTable::adopt(const wire::Ipv6Address& home_address, const wire::Prefix4& prefix) {
    return fixed4_.owns(home_address, prefix) || leases_.adopt(home_address, prefix);
}

bool PrefixTable::keep(const wire::Ipv6Address& home_address, const wire::Prefix4& prefix) {
    return fixed4_.owns(home_address, prefix) ||
           (!fixed4_.overlaps(prefix) && leases_.keep(home_address, prefix));
}

} // namespace dsmip::mobility
