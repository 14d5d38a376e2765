// SPDX-License-Identifier: GPL-2.0-or-later
// Which IPv4 home address belongs to which node: fixed ones by configuration, dynamic
// ones from a pool (RFC 5555, 4.5).
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <unordered_map>
#include <vector>

#include "wire/address.hpp"

namespace dsmip::mobility {

// A node keeps its dynamic address for as long as the pool is not exhausted, also while
// it is not registered; and where it starts to look in the pool follows from its home
// address, so that it mostly gets the same one again when all memory is lost.
//
// At any time an address has at most one owner.
class AddressPool {
public:
    // No dynamic addresses without `pool`.  Network and broadcast address of a prefix
    // shorter than 31 bits are never handed out.
    explicit AddressPool(std::optional<wire::Prefix4> pool = std::nullopt);

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

    // The fixed address of the node, else its lease, else a new lease, in use from now on.
    // Nothing if there is none left.
    [[nodiscard]] std::optional<wire::Ipv4Address> allocate(const wire::Ipv6Address& home_address);

    // Takes over a lease that was found in use.  False if it cannot belong to that node.
    bool adopt(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address);

    // Whether the lease of the node is in use.  One that is not stays the node's own until
    // the pool has nothing else left.
    void set_in_use(const wire::Ipv6Address& home_address, bool in_use);

    // The dynamic address of the node, in use or not.
    [[nodiscard]] std::optional<wire::Ipv4Address>
    lease_of(const wire::Ipv6Address& home_address) const;

private:
    struct Lease {
        wire::Ipv4Address address;
        // Place among those that are not in use.
        std::optional<std::list<wire::Ipv6Address>::iterator> idle;
    };

    [[nodiscard]] std::optional<wire::Ipv4Address>
    find_free(const wire::Ipv6Address& home_address) const;
    [[nodiscard]] wire::Ipv4Address address_at(std::uint64_t index) const;
    [[nodiscard]] bool is_free(const wire::Ipv4Address& address) const;
    [[nodiscard]] bool in_pool(const wire::Ipv4Address& address) const;
    void lease(const wire::Ipv6Address& home_address, const wire::Ipv4Address& address);

    std::optional<wire::Prefix4> pool_;
    std::uint32_t first_ = 0; // host byte order
    std::uint64_t size_ = 0;  // addresses that may be handed out
    std::uint64_t taken_ = 0; // of these
    // Owner of each address; nobody's where the node is absent.
    std::unordered_map<wire::Ipv4Address, std::optional<wire::Ipv6Address>> owners_;
    std::unordered_map<wire::Ipv6Address, std::vector<wire::Ipv4Address>> fixed_;
    std::unordered_map<wire::Ipv6Address, Lease> leases_;
    std::list<wire::Ipv6Address> idle_; // longest not in use first
};

} // namespace dsmip::mobility
