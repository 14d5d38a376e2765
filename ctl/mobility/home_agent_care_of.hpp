// SPDX-License-Identifier: GPL-2.0-or-later
// The care-of address that a Binding Identifier option means (RFC 5648, 6.3 and 8.1).
#pragma once

#include <tl/expected.hpp>

#include "mobility/home_agent_validation.hpp"
#include "mobility/types.hpp"

namespace dsmip::mobility {

// End point without BID, priority, format; or the status for this option.
[[nodiscard]] tl::expected<KernelBinding, RuleRef>
resolve_care_of(const wire::BindingIdentifierReading& option, const RegistrationRequest& request,
                const RegistrationContext& context);

} // namespace dsmip::mobility
