// SPDX-License-Identifier: GPL-2.0-or-later
// Which IPv4 home address belongs to which node: fixed ones by configuration, dynamic
// ones lent from a pool (RFC 5555, 4.5).
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "mobility/lease_pool.hpp"
#include "wire/address.hpp"

namespace dsmip::mobility {

// At any time an address has at most one owner.
class AddressPool {
public:
    // No dynamic addresses without `pool`.  Network and broadcast address of a prefix
    // shorter than 31 bits are never handed out.  A node has `leases_max` of them at most.
    explicit AddressPool(std::optional<wire::Prefix4> pool = std::nullopt, unsigned leases_max = 1);

    // `address` is fixed for that node, or (no node) nobody's.  False: another node has it.
    bool reserve(const wire::Ipv4Address& address,
                 const std::optional<wire::Ipv6Address>& home_address);

    // Fixed or leased to that node.
    [[nodiscard]] bool owns(const wire::Ipv6Address& home_address,
                            const wire::Ipv4Address& address) const;
    // Some node's home address, or one that could become it.
    [[nodiscard]] bool is_home_address(const wire::Ipv4Address& address) const;
    // Fixed addresses exist or there is a pool.
    [[nodiscard]] bool in_service() const { return pool_.has_value() || !fixed_.empty(); }

    // An address of the node that is not in `beside`: a fixed one, else one it has leased,
    // else a new lease, in use from now on.  Nothing if there is none left.
    // None of `care_of` is lent: the node has them on its accesses.  Leases that are among them do
    // not count against `leases_max`; a fixed address that is serves if there is no other.
    [[nodiscard]] std::optional<wire::Ipv4Address>
    allocate(const wire::Ipv6Address& home_address, TimePoint now,
             const std::vector<wire::Ipv4Address>& beside = {},
             const std::vector<wire::Ipv4Address>& care_of = {});

    // Takes over a lease that was found in use.  False if it cannot belong to that node.
    bool adopt(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address);
    // The same for a lease that need not be in the pool, as long as it is in use.
    bool keep(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address);

    // Dynamic addresses and their leases.
    [[nodiscard]] LeasePool4& leases() { return leases_; }
    [[nodiscard]] const LeasePool4& leases() const { return leases_; }

private:
    // What the configuration says of it; nothing = it may be a lease of that node.
    [[nodiscard]] std::optional<bool> is_fixed(const wire::Ipv6Address& home_address,
                                               const wire::Ipv4Address& address) const;

    std::optional<wire::Prefix4> pool_;
    unsigned leases_max_;
    // Owner of each fixed address; nobody's where the node is absent.
    std::unordered_map<wire::Ipv4Address, std::optional<wire::Ipv6Address>> owners_;
    std::unordered_map<wire::Ipv6Address, std::vector<wire::Ipv4Address>> fixed_;
    LeasePool4 leases_;
};

// One address as a prefix.
[[nodiscard]] inline wire::Prefix4 host_prefix(const wire::Ipv4Address& address) {
    return {address, wire::Ipv4Address::bit_length};
}

} // namespace dsmip::mobility
