// SPDX-License-Identifier: GPL-2.0-or-later
// Mobile routers at the home agent: may this one register, and which prefixes are it
// (RFC 3963, 6.2).
#pragma once

#include <optional>
#include <vector>

#include "mobility/home_agent_validation.hpp"
#include "mobility/prefix_table.hpp"

namespace dsmip::mobility {

// The Mobile Network Prefix options count: the R flag is set and no bindings are deleted.
[[nodiscard]] bool is_router_registration(const RegistrationRequest& request);

// The IPv6 prefixes that a Binding Update registers: those it names (explicit mode), without
// repetitions, else those of the configuration (implicit mode).  Empty without the R flag.
[[nodiscard]] std::vector<wire::Prefix6> registered_prefixes6(const RegistrationRequest& request,
                                                              const PrefixTable& table);

// An option that may be about a prefix (RFC 5555, 3.1.1).  P counts on new requests only, so that
// one that names an address with a length below 32 refreshes a prefix, or is about an address and
// its length is overridden by the answer (3.2.1): what the node owns tells.
[[nodiscard]] bool may_concern_prefix(const wire::Ipv4HomeAddress& option);

// ---- checks of home_agent_validation.cpp, in their order

// 140: not here; or not with H, which is not looked at (RFC 3963, 6.2).
[[nodiscard]] RuleRef mobile_router_is_permitted(const RegistrationRequest& request,
                                                 const RegistrationContext& context);
// 139: host and router are not changed into each other.
[[nodiscard]] RuleRef node_type_is_unchanged(const RegistrationRequest& request,
                                             const RegistrationContext& context);
// 141: all prefixes are such as a network can have; 130: not too many.
[[nodiscard]] RuleRef prefixes_are_usable(const RegistrationRequest& request,
                                          const RegistrationContext& context);
// 142: all prefixes are the node's own.
[[nodiscard]] RuleRef prefixes_are_authorized(const RegistrationRequest& request,
                                              const RegistrationContext& context);
// 143: with neither options nor configuration there is nothing to forward.
[[nodiscard]] RuleRef prefixes_are_known(const RegistrationRequest& request,
                                         const RegistrationContext& context);

} // namespace dsmip::mobility
