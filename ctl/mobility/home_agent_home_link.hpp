// SPDX-License-Identifier: GPL-2.0-or-later
// The home link as the home agent's decisions see it: who is at home beside being away, when
// addresses have to be proved unique, which ones the home agent answers for
// (RFC 6275, 10.3.1 and 10.4.1; RFC 5648, 5.6.3).
#pragma once

#include <optional>

#include <tl/expected.hpp>

#include "mobility/binding_cache.hpp"
#include "mobility/home_agent_request.hpp"
#include "mobility/home_agent_validation.hpp"

namespace dsmip::mobility {

// The binding of a node that is at home while it keeps foreign ones: flag H of a Binding
// Identifier option.  The status says why not: 164 for an option that contradicts itself, 169
// where this home agent does not do it or could not reach the node.
[[nodiscard]] tl::expected<KernelBinding, RuleRef>
home_end_point(const wire::BindingIdentifierReading& option, const RegistrationRequest& request,
               const RegistrationContext& context);

// What such a registration is answered with: 0, or 5 if the home agent goes on answering for the
// home address, so that the node must not use neighbour discovery for it.
[[nodiscard]] RuleRef home_acceptance(const HomeLinkConfig& config);

// A first registration, so that the home address has to be unique on the home link.  Who asks
// from there has it already.
[[nodiscard]] bool needs_dad(const RegistrationRequest& request,
                             const RegistrationContext& context);

// What the home agent answers for on the home link while this is registered.
[[nodiscard]] std::optional<ClaimHomeAddress> wanted_claim(const wire::Ipv6Address& home_address,
                                                           const Registration& registration,
                                                           const HomeLinkConfig& config);

} // namespace dsmip::mobility
