// SPDX-License-Identifier: GPL-2.0-or-later
// The IPv4 Home Address options of a Binding Update and their answers (RFC 5555, 4.5).
#pragma once

#include <vector>

#include "mobility/address_pool.hpp"
#include "mobility/binding_cache.hpp"
#include "mobility/home_agent_request.hpp"
#include "mobility/home_agent_rules.hpp"
#include "mobility/prefix_table.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

struct HomeAddresses4 {
    std::vector<wire::Ipv4Address> granted;
    std::vector<wire::Prefix4> prefixes;
    bool leased = false; // some of these are dynamic
    // One for each option, in order.
    std::vector<JudgedHomeAddress4> acknowledgements;
};

// Judges the options; may take leases, which are then in use.  Their outcome does not decide
// on the Binding Update itself.  `prefixes_max` are granted at most.  Nothing is lent that the
// node has on an access now: a care-of address of the message or of `current`.
[[nodiscard]] HomeAddresses4 grant_home_addresses4(const RegistrationRequest& request,
                                                   const Registration& current, AddressPool& pool,
                                                   PrefixTable& prefixes, std::size_t prefixes_max,
                                                   TimePoint now);

// Answers to the options of a Binding Update that gives bindings back: what is the node's own is
// given back, whatever the node has still in use.  Nothing is lent.
[[nodiscard]] std::vector<JudgedHomeAddress4>
released_home_addresses4(const RegistrationRequest& request, const Registration& current,
                         const AddressPool& pool, const PrefixTable& prefixes);

// Answers to those of one that is refused as a whole: none of them is granted.
[[nodiscard]] std::vector<JudgedHomeAddress4>
refused_home_addresses4(const RegistrationRequest& request);
void append_refused_home_addresses4(const RegistrationRequest& request,
                                    wire::MobilityOptions& answers);

} // namespace dsmip::mobility
