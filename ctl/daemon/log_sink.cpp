// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of spdlog to a writer that does not wait.
#include "daemon/log_sink.hpp"

namespace dsmip::daemon {

void LogSink::sink_it_(const spdlog::details::log_msg& message) {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    writer_.write({text.data(), text.size()});
}

} // namespace dsmip::daemon
