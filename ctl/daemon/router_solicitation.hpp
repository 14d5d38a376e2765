// SPDX-License-Identifier: GPL-2.0-or-later
// Router Solicitations (RFC 4861, 4.1). The kernel sends none when a carrier comes back to an
// interface that was configured before.
#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

namespace dsmip::daemon {

/// Ask all routers on the link to advertise themselves. The answers are for the kernel, or for
/// whatever configures addresses. The error names the step that failed.
tl::expected<void, std::string> solicit_routers(std::uint32_t ifindex);

} // namespace dsmip::daemon
