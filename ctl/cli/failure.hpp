// SPDX-License-Identifier: GPL-2.0-or-later
// Exit status of dsmipctl and the message that goes with it.
#pragma once

#include <string>

#include "cli/control_client.hpp"
#include "netlink/error.hpp"

namespace dsmip::cli {

/// Documented in dsmipctl(8).
enum class ExitCode : int {
    success = 0,
    failed = 1, ///< refused, or not found
    usage = 2,
    module_not_loaded = 3,
    permission = 4,
    daemon_not_running = 5,
};

/// Why a command could not do its work, and what to do about it.
struct Failure {
    ExitCode code = ExitCode::failed;
    std::string message;
};

/// The module could not be reached at all: ENOENT means that it is not loaded.
Failure open_failure(const netlink::NetlinkError& error);
/// The module refused a request.
Failure request_failure(const netlink::NetlinkError& error);
/// The daemon could not be asked, or refused.
Failure control_failure(const ControlError& error);

} // namespace dsmip::cli
