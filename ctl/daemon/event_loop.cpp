// SPDX-License-Identifier: GPL-2.0-or-later
// Descriptor watches and the boottime timer.
#include "daemon/event_loop.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <sys/timerfd.h>
#include <unistd.h>

namespace dsmip::daemon {

ReadWatch::ReadWatch(asio::io_context& loop, int fd, std::function<void()> on_readable)
    : descriptor_(loop, fd)
    , on_readable_(std::move(on_readable)) {
    wait();
}

ReadWatch::~ReadWatch() {
    descriptor_.release();
}

void ReadWatch::wait() {
    descriptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this](const asio::error_code& error) {
                               if (error) {
                                   return; // this object may be gone
                               }
                               on_readable_();
                               wait();
                           });
}

DeadlineTimer::DeadlineTimer(asio::io_context& loop, std::function<void()> on_deadline)
    : fd_(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC))
    , on_deadline_(std::move(on_deadline)) {
    if (fd_ < 0) {
        throw std::system_error(errno, std::generic_category(), "timerfd_create");
    }
    watch_.emplace(loop, fd_, [this] {
        std::uint64_t expirations = 0;
        // EAGAIN: set anew since it fired.
        if (::read(fd_, &expirations, sizeof expirations) == sizeof expirations) {
            deadline_.reset();
            on_deadline_();
        }
    });
}

DeadlineTimer::~DeadlineTimer() {
    watch_.reset();
    ::close(fd_);
}

void DeadlineTimer::set(std::optional<mobility::TimePoint> deadline) {
    if (deadline == deadline_) {
        return;
    }
    deadline_ = deadline;
    itimerspec setting{};
    if (deadline) {
        // A zero setting disarms, hence at least a moment after boot.  Part by part: in nanoseconds
        // the ends of the time scale do not fit.
        const auto since_boot = std::max(deadline->time_since_epoch(), mobility::Duration(1));
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
        setting.it_value.tv_sec = seconds.count();
        setting.it_value.tv_nsec = std::chrono::nanoseconds(since_boot - seconds).count();
    }
    ::timerfd_settime(fd_, TFD_TIMER_ABSTIME, &setting, nullptr);
}

} // namespace dsmip::daemon
