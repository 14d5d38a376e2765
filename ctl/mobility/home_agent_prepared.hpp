// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent makes of a configuration before it knows of any registration.
#pragma once

#include <vector>

#include "mobility/address_pool.hpp"
#include "mobility/home_agent.hpp"
#include "mobility/home_agent_refresh.hpp"
#include "mobility/home_agent_validation.hpp"
#include "mobility/prefix_table.hpp"

namespace dsmip::mobility {

// IPv4 addresses that are given for good, by node.
class Claims {
public:
    explicit Claims(const HomeAgentConfig& config);

    // The node that a part of it belongs to, if that is not `holder`.
    [[nodiscard]] const wire::Ipv6Address* claimant(const wire::Prefix4& lease,
                                                    const wire::Ipv6Address& holder) const;

private:
    struct Claim {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
        wire::Ipv6Address node;
    };
    static Claim range(const wire::Prefix4& prefix, const wire::Ipv6Address& node);
    void add(const wire::Prefix4& prefix, const wire::Ipv6Address& node);

    std::vector<Claim> all_;
};

struct PreparedConfiguration::Parts {
    explicit Parts(HomeAgentConfig from);

    HomeAgentConfig config;
    ListedNodes listed_nodes;
    Claims claims;
    AddressPool pool;     // what is fixed by configuration, no leases
    PrefixTable prefixes; // the same
    RefreshSchedule refreshes;
};

} // namespace dsmip::mobility
