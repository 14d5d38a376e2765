// SPDX-License-Identifier: GPL-2.0-or-later
// Which prefix belongs to which mobile router: the prefix table of RFC 3963, 6.1.2, and IPv4
// prefixes that are lent (RFC 5555, 4.5).
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "mobility/home_agent.hpp"
#include "mobility/lease_pool.hpp"

namespace dsmip::mobility {

// At any time an address is in prefixes of one node at most.
class PrefixTable {
public:
    PrefixTable() = default;
    explicit PrefixTable(const HomeAgentPrefixes& config);

    // The prefix is that node's for good.  False, and nothing is changed: it overlaps with
    // one of another node.
    bool reserve(const wire::Ipv6Address& home_address, const wire::Prefix6& prefix);
    bool reserve(const wire::Ipv6Address& home_address, const wire::Prefix4& prefix);

    // Prefixes that a mobile router gets without naming them (RFC 3963, 6.1.2, implicit mode).
    [[nodiscard]] const std::vector<wire::Prefix6>&
    prefixes6_of(const wire::Ipv6Address& home_address) const;
    // The node may register it: it lies in one of its own.
    [[nodiscard]] bool owns(const wire::Ipv6Address& home_address,
                            const wire::Prefix6& prefix) const;
    // The same for IPv4; or it is a lease of the node.
    [[nodiscard]] bool owns(const wire::Ipv6Address& home_address,
                            const wire::Prefix4& prefix) const;
    // Traffic to that address may be the node's own: no place where it could be away.
    [[nodiscard]] bool reaches(const wire::Ipv6Address& home_address,
                               const wire::IpAddress& address) const;

    // Whose prefixes hold it, by configuration.
    [[nodiscard]] std::optional<wire::Ipv6Address> owner_of(const wire::Ipv6Address& address) const;

    // A prefix of the node that is not in `beside`: a fixed one of that length, else a lease
    // of that length.  With `any_length` also a fixed one of another length, else a lease of
    // as many addresses as can be had (RFC 5555, 4.5).  Leases that hold one of `care_of`,
    // which the node has on its accesses, are passed over and do not count.
    [[nodiscard]] std::optional<wire::Prefix4>
    allocate(const wire::Ipv6Address& home_address, std::uint8_t length, bool any_length,
             TimePoint now, const std::vector<wire::Prefix4>& beside,
             const std::vector<wire::Ipv4Address>& care_of = {});

    // Takes over what was found in use.  False if it cannot belong to that node.
    bool adopt(const wire::Ipv6Address& home_address, const wire::Prefix4& prefix);
    // The same for a lease that need not be in the pool, as long as it is in use.
    bool keep(const wire::Ipv6Address& home_address, const wire::Prefix4& prefix);

    [[nodiscard]] LeasePool4& leases() { return leases_; }
    [[nodiscard]] const LeasePool4& leases() const { return leases_; }

private:
    template<class Prefix>
    struct Fixed {
        // By first address; of prefixes in each other only the outermost.
        std::map<decltype(Prefix::address), std::pair<Prefix, wire::Ipv6Address>> outermost;
        std::unordered_map<wire::Ipv6Address, std::vector<Prefix>> by_owner;

        bool reserve(const wire::Ipv6Address& home_address, const Prefix& given);
        [[nodiscard]] const std::vector<Prefix>* of(const wire::Ipv6Address& home_address) const;
        [[nodiscard]] bool owns(const wire::Ipv6Address& home_address, const Prefix& prefix) const;
        // Some node's own has addresses of it.
        [[nodiscard]] bool overlaps(const Prefix& prefix) const;
    };
    [[nodiscard]] std::optional<wire::Prefix4> lend(const wire::Ipv6Address& home_address,
                                                    std::uint8_t length, TimePoint now,
                                                    const std::vector<wire::Prefix4>& beside,
                                                    const std::vector<wire::Ipv4Address>& care_of);

    Fixed<wire::Prefix6> fixed6_;
    Fixed<wire::Prefix4> fixed4_;
    LeasePool4 leases_{std::nullopt, LeasePool4::Use::prefixes};
    std::uint8_t shortest4_ = 0;
    unsigned leases_max_ = 0;
};

} // namespace dsmip::mobility
