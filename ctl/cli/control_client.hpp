// SPDX-License-Identifier: GPL-2.0-or-later
// The far end of dsmipd's control socket: one JSON object per line over a Unix stream socket.
// Request
// {"command": NAME, ...}; response {"ok": true, "result": ...} or {"ok": false, "error": TEXT};
// "monitor" is answered by {"event": ...} lines until either side closes.
#pragma once

#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "cli/printer.hpp"

namespace dsmip::cli {

/// Where dsmipd listens unless told otherwise.
inline constexpr const char* default_socket = "/run/dsmip/dsmipd.sock";

struct ControlError {
    enum class Kind {
        not_running, ///< nobody listens at the path
        permission,
        refused,  ///< the daemon understood and said no
        protocol, ///< it closed, did not answer in time or sent something else
    };
    Kind kind = Kind::protocol;
    std::string message;
};

class ControlClient {
public:
    static tl::expected<ControlClient, ControlError> connect(const std::string& path);

    ControlClient(ControlClient&& other) noexcept;
    ControlClient& operator=(ControlClient&& other) noexcept;
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;
    ~ControlClient();

    [[nodiscard]] int fd() const { return fd_; }

    tl::expected<void, ControlError> send(const Json& request);
    /// Waits for the response, at most 10 s between two parts of it, and returns its "result".
    tl::expected<Json, ControlError> call(const Json& request);
    /// From now on call() waits as long as the daemon lives.
    void wait_without_limit();
    /// Reads what waits, once. Complete lines are then had from `next_line`. False: closed.
    bool read_some();
    std::optional<std::string> next_line();

private:
    explicit ControlClient(int fd)
        : fd_(fd) {}

    int fd_ = -1;
    std::string received_;
};

} // namespace dsmip::cli
