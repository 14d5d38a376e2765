// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon needs of asio beyond what asio has: watching a descriptor that somebody else
// owns, and a timer that goes on while the machine sleeps.
#pragma once

#include <functional>
#include <optional>

#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include "mobility/types.hpp"

namespace dsmip::daemon {

/// Calls back whenever a descriptor is readable. Does not own the descriptor.
class ReadWatch {
public:
    ReadWatch(asio::io_context& loop, int fd, std::function<void()> on_readable);
    ReadWatch(const ReadWatch&) = delete;
    ReadWatch& operator=(const ReadWatch&) = delete;
    ~ReadWatch();

private:
    void wait();

    asio::posix::stream_descriptor descriptor_;
    std::function<void()> on_readable_;
};

/// One deadline on CLOCK_BOOTTIME.
class DeadlineTimer {
public:
    /// Throws std::system_error if the kernel gives no timer.
    DeadlineTimer(asio::io_context& loop, std::function<void()> on_deadline);
    DeadlineTimer(const DeadlineTimer&) = delete;
    DeadlineTimer& operator=(const DeadlineTimer&) = delete;
    ~DeadlineTimer();

    /// Replaces the deadline; one in the past fires at once, none disarms.
    void set(std::optional<mobility::TimePoint> deadline);

private:
    int fd_;
    std::optional<mobility::TimePoint> deadline_;
    std::function<void()> on_deadline_;
    std::optional<ReadWatch> watch_;
};

} // namespace dsmip::daemon
