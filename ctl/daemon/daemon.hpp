// SPDX-License-Identifier: GPL-2.0-or-later
// The running daemon: role, control socket, signals, in one event loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <tl/expected.hpp>

#include "daemon/configuration.hpp"
#include "daemon/control_server.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/log_limiter.hpp"
#include "daemon/role.hpp"
#include "mobility/types.hpp"

namespace dsmip::daemon {

class Daemon {
public:
    /// `file` is read again at a reload; `log_lines_lost` is shown by status.
    Daemon(Configuration configuration, std::string file,
           std::function<std::uint64_t()> log_lines_lost);

    /// SIGHUP reloads the configuration. Runs until SIGTERM or SIGINT; a second signal cuts
    /// de-registration short. The error is why the daemon could not start, or not go on.
    tl::expected<void, std::string> run();

private:
    void wait_for_signal();
    void stop(int signal);
    void fail(std::string reason);
    /// All of the new configuration, or (an error) nothing of it.
    tl::expected<Json, ReloadRefusal> reload();
    void report(const mobility::Report& report);
    void tell_suppressed();
    tl::expected<Json, std::string> answer(const ControlRequest& request);

    Configuration configuration_;
    std::string file_;
    std::function<std::uint64_t()> log_lines_lost_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    asio::io_context loop_{1};
    asio::signal_set signals_{loop_, SIGTERM, SIGINT, SIGHUP};
    ControlServer control_;
    LogLimiter log_limiter_;
    DeadlineTimer log_timer_{loop_, [this] { tell_suppressed(); }};
    std::unique_ptr<Role> role_;
    bool stopping_ = false;
    std::optional<std::string> failure_;
};

} // namespace dsmip::daemon
