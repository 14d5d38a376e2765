// SPDX-License-Identifier: GPL-2.0-or-later
// May this Binding Update change anything?  The checks of RFC 6275, 9.5.1 and 10.3, of
// RFC 3963, 5555 and 5648, one by one in their order.
#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>

#include "mobility/address_pool.hpp"
#include "mobility/binding_cache.hpp"
#include "mobility/home_agent.hpp"
#include "mobility/home_agent_request.hpp"
#include "mobility/home_agent_rules.hpp"
#include "mobility/prefix_table.hpp"

namespace dsmip::mobility {

// Those of the configuration, and how many bindings each may have.
using ListedNodes = std::unordered_map<wire::Ipv6Address, unsigned>;
[[nodiscard]] ListedNodes listed_nodes_of(const HomeAgentConfig& config);

// What a Binding Update is judged by.
struct RegistrationContext {
    const HomeAgentConfig& config;
    const ListedNodes& listed_nodes;
    const AddressPool& pool;
    const PrefixTable& prefixes;
    const CacheEntry* entry = nullptr; // of the home address, if there is one
    std::size_t entries = 0;           // in the cache

    // The registration in force, or an empty one.
    [[nodiscard]] const Registration& current() const;
};

// The rule of the first check that fails: the message is dropped without an answer, or answered
// with a status of 128 or more.  nullptr if all pass.
[[nodiscard]] RuleRef validate(const RegistrationRequest& request,
                               const RegistrationContext& context);

// The sequence number that the Binding Update had to follow and does not.  For peers of
// the draft each BID has its own (draft-ietf-monami6-multiplecoa-05, 5.4).
[[nodiscard]] std::optional<std::uint16_t> sequence_violated(const RegistrationRequest& request,
                                                             const RegistrationContext& context);

// A home address, one that can become it, or the home agent's: what is sent there comes back.
[[nodiscard]] bool is_of_home_network(const wire::IpAddress& address, const HomeAgentConfig& config,
                                      const AddressPool& pool);

// That node may register here.
[[nodiscard]] bool is_served(const wire::Ipv6Address& home_address, const HomeAgentConfig& config,
                             const ListedNodes& listed_nodes);

// An address that traffic of the node can be sent to is unicast, allowed by the configuration, and
// none that would lead back into a tunnel of this home agent.  Else the rule that stands against
// it.
[[nodiscard]] RuleRef against_care_of(const wire::IpAddress& address,
                                      const RegistrationContext& context);

} // namespace dsmip::mobility
