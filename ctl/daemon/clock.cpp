// SPDX-License-Identifier: GPL-2.0-or-later
// CLOCK_BOOTTIME as TimePoint.
#include "daemon/clock.hpp"

#include <ctime>

namespace dsmip::daemon {

mobility::TimePoint now() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return mobility::TimePoint(std::chrono::duration_cast<mobility::Duration>(
        std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
}

} // namespace dsmip::daemon
