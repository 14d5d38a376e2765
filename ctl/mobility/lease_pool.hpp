// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4 addresses and prefixes lent to mobile nodes out of one prefix (RFC 5555, 4.5).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mobility/types.hpp"
#include "wire/address.hpp"

namespace dsmip::mobility {

// A lease is a promise until its end: nobody else gets it before, registered or not.  After
// it, or once given back, it stays the node's own for as long as the pool is not exhausted.
// Where the search for a free one starts follows from the home address, so that a node
// mostly gets the same again when all memory is lost.
//
// At any time an address is in one lease at most.
class LeasePool4 {
public:
    // What network and broadcast address of the pool are: for single hosts they are of no
    // use unless the pool is as long as 31 bits, for prefixes they are like any other.
    enum class Use : std::uint8_t { hosts, prefixes };

    // Place among those that are not in use.
    using IdleKey = std::pair<TimePoint, std::uint64_t>;
    struct Lease {
        wire::Prefix4 prefix;
        std::optional<wire::Ipv6Address> owner; // nobody = excluded, never lent
        TimePoint until = TimePoint::min();
        std::optional<IdleKey> idle;
    };

    // Without `pool` nothing is lent.
    explicit LeasePool4(std::optional<wire::Prefix4> pool = std::nullopt, Use use = Use::hosts);
    LeasePool4(LeasePool4&&) = default;
    LeasePool4& operator=(LeasePool4&&) = default;
    // A copy would point to the leases of the original.
    LeasePool4(const LeasePool4&) = delete;
    LeasePool4& operator=(const LeasePool4&) = delete;
    ~LeasePool4() = default;

    // All of `prefix` is in the pool, lent or not.
    [[nodiscard]] bool contains(const wire::Prefix4& prefix) const;
    // A part of it is.
    [[nodiscard]] bool overlaps(const wire::Prefix4& prefix) const;
    // Is never lent.  False if a part of it is in the pool and lent already.
    bool exclude(const wire::Prefix4& prefix);

    // A lease of that length beside those the node has; it ends at once unless renewed.
    // Leases of others that have ended or were given back make room, longest ago first.
    // It holds none of the addresses `without`.
    [[nodiscard]] std::optional<wire::Prefix4>
    take(const wire::Ipv6Address& home_address, std::uint8_t length, TimePoint now,
         const std::vector<wire::Ipv4Address>& without = {});
    // Takes over a lease that was found in use.  False if it cannot be that node's.
    bool adopt(const wire::Ipv6Address& home_address, const wire::Prefix4& lease);
    // The same for one that need not be in the pool: the pool was another one when it was lent.
    // Such a lease lasts as long as it is in use; see forget_outside().
    bool keep(const wire::Ipv6Address& home_address, const wire::Prefix4& lease);
    // Leases in no part of the pool that may be lent.
    [[nodiscard]] std::size_t outside() const { return outside_; }
    // Those of the node that are not in use; they are its own no longer.
    std::vector<wire::Prefix4> forget_outside(const wire::Ipv6Address& home_address);
    // Somebody has it.
    [[nodiscard]] bool is_lent(const wire::Prefix4& lease) const;

    // In the order in which they were taken; valid until one of them is taken or ends.
    [[nodiscard]] std::span<Lease* const> leases_of(const wire::Ipv6Address& home_address);
    [[nodiscard]] std::span<const Lease* const>
    leases_of(const wire::Ipv6Address& home_address) const;
    // That one of the node, else nullptr.
    [[nodiscard]] Lease* lease_of(const wire::Ipv6Address& home_address,
                                  const wire::Prefix4& prefix);
    [[nodiscard]] bool owns(const wire::Ipv6Address& home_address,
                            const wire::Prefix4& lease) const;

    // Every lease, with its holder.
    template<class Take>
    void for_each(Take&& take) const {
        for (const auto& [home_address, leases] : by_owner_) {
            for (const auto* lease : leases) {
                take(home_address, lease->prefix);
            }
        }
    }
    [[nodiscard]] bool is_in_use(const wire::Prefix4& lease) const;

    // The end of a lease.
    [[nodiscard]] std::optional<TimePoint> until(const wire::Prefix4& lease) const;

    // The rest is about leases that exist; others are ignored.
    void set_in_use(const wire::Prefix4& lease, bool in_use);
    void renew(const wire::Prefix4& lease, TimePoint until);
    void give_back(const wire::Prefix4& lease, TimePoint now);
    // The same, found already.
    void set_in_use(Lease& lease, bool in_use);
    void renew(Lease& lease, TimePoint until);
    void give_back(Lease& lease, TimePoint now);

private:
    using Number = std::uint64_t; // an address in host byte order; one beyond the last fits
    using Blocks = std::map<Number, Lease>; // by first address; they do not overlap

    [[nodiscard]] Lease* find(const wire::Prefix4& lease);
    [[nodiscard]] Blocks::const_iterator overlapping(Number first, Number size) const;
    using Addresses = std::vector<wire::Ipv4Address>;
    [[nodiscard]] std::optional<wire::Prefix4> find_free(const wire::Ipv6Address& home_address,
                                                         std::uint8_t length,
                                                         const Addresses& without) const;
    // How many of its addresses may be lent.
    [[nodiscard]] Number inside(const wire::Prefix4& prefix) const;
    void put(const wire::Prefix4& prefix, const wire::Ipv6Address& owner);
    void erase(Blocks::iterator block);
    void set_idle(Lease& lease, bool idle);
    bool reclaim(Number first, Number size, TimePoint now);
    [[nodiscard]] std::optional<wire::Prefix4> make_room(const wire::Ipv6Address& home_address,
                                                         std::uint8_t length, TimePoint now,
                                                         const Addresses& without);

    std::optional<wire::Prefix4> pool_;
    Number first_ = 0; // that may be lent
    Number size_ = 0;
    Number taken_ = 0;        // of these
    std::size_t outside_ = 0; // leases
    Blocks blocks_;
    std::unordered_map<wire::Ipv6Address, std::vector<Lease*>> by_owner_; // into `blocks_`
    std::map<IdleKey, Number> idle_; // what ended longest ago first
    std::uint64_t last_idle_ = 0;
};

// One of the addresses is in the prefix.
[[nodiscard]] bool holds_any(const wire::Prefix4& prefix,
                             const std::vector<wire::Ipv4Address>& addresses);

// Host byte order and back.
[[nodiscard]] std::uint32_t to_number(const wire::Ipv4Address& address);
[[nodiscard]] wire::Ipv4Address to_address4(std::uint32_t number);

} // namespace dsmip::mobility
