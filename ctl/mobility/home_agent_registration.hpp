// SPDX-License-Identifier: GPL-2.0-or-later
// What a Binding Update that passed all checks changes (RFC 6275, 10.3; RFC 5648, 6.3).
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "mobility/address_pool.hpp"
#include "mobility/binding_cache.hpp"
#include "mobility/home_agent_home_address4.hpp"
#include "mobility/home_agent_request.hpp"
#include "mobility/home_agent_validation.hpp"

namespace dsmip::mobility {

struct RegistrationOutcome {
    RuleRef judged_by = home_agent_rule("accepted"); // of the message, with its status
    // What the entry becomes; nothing = the Binding Update is refused and changes nothing.
    std::optional<Registration> desired;
    std::chrono::seconds lifetime{0}; // granted; 0 = de-registered
    // Of each Binding Identifier option, in order.
    std::vector<RuleRef> identifiers;
    std::vector<std::uint16_t> accepted_bids; // made or renewed
    std::vector<JudgedHomeAddress4> home_addresses4;
    bool tlv = false;                            // T of the answer
    bool forwards_prefixes = false;              // R of the answer
    std::optional<KernelBinding> way_of_message; // binding made for where it came from
};

// `request` has passed validate() in the same `context`.  May lease addresses and prefixes.
[[nodiscard]] RegistrationOutcome evaluate(const RegistrationRequest& request,
                                           const RegistrationContext& context, AddressPool& pool,
                                           PrefixTable& prefixes, TimePoint now);

} // namespace dsmip::mobility
