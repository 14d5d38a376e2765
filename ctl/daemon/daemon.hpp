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
#include <asio/thread_pool.hpp>
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
    /// All of the new configuration, or (an error) nothing of it. The file is read and checked by
    /// the worker, and the role takes it over step by step: messages are served meanwhile.
    using ReloadDone = std::function<void(const tl::expected<Json, ReloadRefusal>& result)>;
    void reload(ReloadDone done);
    void reload_at_signal();
    struct NextConfiguration;
    using Next = tl::expected<NextConfiguration, ReloadRefusal>;
    [[nodiscard]] Next read_next() const;
    void take_over(const std::shared_ptr<Next>& next);
    [[nodiscard]] Json tell_reload(const NextConfiguration& next, const Role::Notes& done);
    void end_reload(const tl::expected<Json, ReloadRefusal>& result);
    void report(const mobility::Report& report);
    void tell_suppressed();
    void answer(const ControlRequest& request, ControlServer::Answer answer);
    tl::expected<Json, std::string> answer_at_once(const ControlRequest& request);

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
    ReloadDone reload_done_;    ///< of the reload under way
    bool reload_again_ = false; ///< a signal came meanwhile
    bool stopping_ = false;
    std::optional<std::string> failure_;
    /// Reads configurations, and destroys old ones: with many nodes both take long. Its thread ends
    /// before anything that it looks at.
    asio::thread_pool worker_{1};
};

} // namespace dsmip::daemon
