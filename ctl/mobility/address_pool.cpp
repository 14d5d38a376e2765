// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4 home addresses and their owners.
#include "mobility/address_pool.hpp"

#include <algorithm>

namespace dsmip::mobility {

AddressPool::AddressPool(std::optional<wire::Prefix4> pool, unsigned leases_max)
    : pool_(pool)
    , leases_max_(leases_max)
    , leases_(pool, LeasePool4::Use::hosts) {}

bool AddressPool::reserve(const wire::Ipv4Address& address,
                          const std::optional<wire::Ipv6Address>& home_address) {
    const auto [owner, is_new] = owners_.try_emplace(address, home_address);
    if (!is_new) {
        return owner->second == home_address;
    }
    leases_.exclude(host_prefix(address));
    if (home_address) {
        fixed_[*home_address].push_back(address);
    }
    return true;
}

bool AddressPool::owns(const wire::Ipv6Address& home_address,
                       const wire::Ipv4Address& address) const {
    const auto owner = owners_.find(address);
    return owner != owners_.end() ? owner->second == home_address
                                  : leases_.owns(home_address, host_prefix(address));
}

bool AddressPool::is_home_address(const wire::Ipv4Address& address) const {
    return owners_.contains(address) || (pool_ && pool_->contains(address)) ||
           leases_.is_lent(host_prefix(address));
}

std::optional<wire::Ipv4Address>
AddressPool::allocate(const wire::Ipv6Address& home_address, TimePoint now,
                      const std::vector<wire::Ipv4Address>& beside,
                      const std::vector<wire::Ipv4Address>& care_of) {
    const auto is_in = [](const auto& list, const wire::Ipv4Address& address) {
        return std::find(list.begin(), list.end(), address) != list.end();
    };
    const auto is_new = [&](const wire::Ipv4Address& address) { return !is_in(beside, address); };
    if (const auto fixed = fixed_.find(home_address); fixed != fixed_.end()) {
        const auto& own = fixed->second;
        auto found = std::find_if(own.begin(), own.end(), [&](const auto& address) {
            return is_new(address) && !is_in(care_of, address);
        });
        if (found == own.end()) {
            found = std::find_if(own.begin(), own.end(), is_new);
        }
        return found == own.end() ? std::nullopt : std::optional(*found);
    }
    std::size_t count = 0;
    for (auto* lease : leases_.leases_of(home_address)) {
        if (is_in(care_of, lease->prefix.address)) {
            continue;
        }
        if (is_new(lease->prefix.address)) {
            leases_.set_in_use(*lease, true);
            return lease->prefix.address;
        }
        ++count;
    }
    if (count >= leases_max_) {
        return std::nullopt;
    }
    const auto lease = leases_.take(home_address, wire::Ipv4Address::bit_length, now, care_of);
    return lease ? std::optional(lease->address) : std::nullopt;
}

std::optional<bool> AddressPool::is_fixed(const wire::Ipv6Address& home_address,
                                          const wire::Ipv4Address& address) const {
    if (const auto owner = owners_.find(address); owner != owners_.end()) {
        return owner->second == home_address;
    }
    return fixed_.contains(home_address) ? std::optional(false) : std::nullopt;
}

bool AddressPool::adopt(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address) {
    const auto fixed = is_fixed(home_address, address);
    return fixed ? *fixed : leases_.adopt(home_address, host_prefix(address));
}

bool AddressPool::keep(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address) {
    const auto fixed = is_fixed(home_address, address);
    return fixed ? *fixed : leases_.keep(home_address, host_prefix(address));
}

} // namespace dsmip::mobility
