// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4 home addresses and their owners.
#include "mobility/address_pool.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

std::uint32_t to_number(const wire::Ipv4Address& address) {
    std::uint32_t value = 0;
    for (const auto octet : address.bytes) {
        value = (value << 8U) | octet;
    }
    return value;
}

wire::Ipv4Address to_address(std::uint32_t value) {
    const auto octet = [&](unsigned shift) { return static_cast<std::uint8_t>(value >> shift); };
    return {{octet(24), octet(16), octet(8), octet(0)}};
}

// FNV-1a: the same on every machine and in every release, unlike std::hash.
std::uint64_t start_of(const wire::Ipv6Address& home_address) {
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const auto octet : home_address.bytes) {
        hash = (hash ^ octet) * 0x100000001B3U;
    }
    return hash;
}

} // namespace

AddressPool::AddressPool(std::optional<wire::Prefix4> pool)
    : pool_(pool) {
    if (!pool_ || pool_->length > wire::Ipv4Address::bit_length) {
        pool_.reset();
        return;
    }
    const auto host_bits = wire::Ipv4Address::bit_length - pool_->length;
    first_ = to_number(pool_->network().address);
    size_ = std::uint64_t{1} << static_cast<unsigned>(host_bits);
    if (host_bits > 1) {
        ++first_;
        size_ -= 2;
    }
}

bool AddressPool::in_pool(const wire::Ipv4Address& address) const {
    const auto number = to_number(address);
    return pool_ && number >= first_ && number - first_ < size_;
}

wire::Ipv4Address AddressPool::address_at(std::uint64_t index) const {
    return to_address(first_ + static_cast<std::uint32_t>(index));
}

bool AddressPool::is_free(const wire::Ipv4Address& address) const {
    return !owners_.contains(address);
}

bool AddressPool::reserve(const wire::Ipv4Address& address,
                          const std::optional<wire::Ipv6Address>& home_address) {
    const auto [owner, is_new] = owners_.try_emplace(address, home_address);
    if (!is_new) {
        return owner->second == home_address;
    }
    if (in_pool(address)) {
        ++taken_;
    }
    if (home_address) {
        fixed_[*home_address].push_back(address);
    }
    return true;
}

bool AddressPool::owns(const wire::Ipv6Address& home_address,
                       const wire::Ipv4Address& address) const {
    const auto owner = owners_.find(address);
    return owner != owners_.end() && owner->second == home_address;
}

bool AddressPool::is_home_address(const wire::Ipv4Address& address) const {
    return owners_.contains(address) || (pool_ && pool_->contains(address));
}

std::optional<wire::Ipv4Address>
AddressPool::lease_of(const wire::Ipv6Address& home_address) const {
    const auto found = leases_.find(home_address);
    return found == leases_.end() ? std::nullopt : std::optional(found->second.address);
}

std::optional<wire::Ipv4Address>
AddressPool::find_free(const wire::Ipv6Address& home_address) const {
    if (taken_ >= size_) {
        return std::nullopt;
    }
    const auto start = start_of(home_address);
    for (std::uint64_t step = 0; step < size_; ++step) {
        const auto candidate = address_at((start % size_ + step) % size_);
        if (is_free(candidate)) {
            return candidate;
        }
    }
    return std::nullopt;
}

void AddressPool::lease(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address) {
    owners_[address] = home_address;
    leases_[home_address] = {address, std::nullopt};
    ++taken_;
}

std::optional<wire::Ipv4Address> AddressPool::allocate(const wire::Ipv6Address& home_address) {
    if (const auto fixed = fixed_.find(home_address); fixed != fixed_.end()) {
        return fixed->second.front();
    }
    if (const auto known = lease_of(home_address)) {
        set_in_use(home_address, true);
        return known;
    }
    auto address = find_free(home_address);
    if (!address && !idle_.empty()) {
        const auto loser = leases_.find(idle_.front());
        address = loser->second.address;
        idle_.pop_front();
        leases_.erase(loser);
        --taken_;
    }
    if (address) {
        lease(home_address, *address);
    }
    return address;
}

bool AddressPool::adopt(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address) {
    if (owns(home_address, address)) {
        set_in_use(home_address, true);
        return true;
    }
    if (!in_pool(address) || !is_free(address) || leases_.contains(home_address) ||
        fixed_.contains(home_address)) {
        return false;
    }
    lease(home_address, address);
    return true;
}

void AddressPool::set_in_use(const wire::Ipv6Address& home_address, bool in_use) {
    const auto found = leases_.find(home_address);
    if (found == leases_.end() || found->second.idle.has_value() != in_use) {
        return;
    }
    auto& lease = found->second;
    if (in_use) {
        idle_.erase(*lease.idle);
        lease.idle.reset();
    } else {
        lease.idle = idle_.insert(idle_.end(), home_address);
    }
}

} // namespace dsmip::mobility
