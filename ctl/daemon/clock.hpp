// SPDX-License-Identifier: GPL-2.0-or-later
// The clock of the engines: it goes on while the machine sleeps, as the kernel's lifetimes do.
#pragma once

#include "mobility/types.hpp"

namespace dsmip::daemon {

/// CLOCK_BOOTTIME.
mobility::TimePoint now();

} // namespace dsmip::daemon
