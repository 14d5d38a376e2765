// SPDX-License-Identifier: GPL-2.0-or-later
// Where the log goes: standard error, without waiting for who reads it.
#pragma once

#include <cstdint>

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include "streams/line_writer.hpp"

namespace dsmip::daemon {

class LogSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    /// Does not own the descriptor.
    explicit LogSink(int fd)
        : writer_(fd) {}

    /// Lines that nobody could read.
    [[nodiscard]] std::uint64_t lost() const { return writer_.lost(); }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override;
    void flush_() override {}

private:
    streams::LineWriter writer_;
};

} // namespace dsmip::daemon
