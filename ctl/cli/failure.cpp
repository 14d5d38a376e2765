// SPDX-License-Identifier: GPL-2.0-or-later
// Errors into exit status and advice.
#include "cli/failure.hpp"

#include <cerrno>

namespace dsmip::cli {

namespace {

Failure permission_failure(const std::string& what) {
    return {.code = ExitCode::permission,
            .message = "permission denied: run as root or with CAP_NET_ADMIN (" + what + ")"};
}

} // namespace

Failure open_failure(const netlink::NetlinkError& error) {
    if (error.code == ENOENT) {
        return {.code = ExitCode::module_not_loaded,
                .message = "the kernel module is not loaded: modprobe dsmip"};
    }
    return request_failure(error);
}

Failure request_failure(const netlink::NetlinkError& error) {
    if (error.code == EPERM || error.code == EACCES) {
        return permission_failure(error.request);
    }
    return {.code = ExitCode::failed, .message = error.message()};
}

Failure control_failure(const ControlError& error) {
    switch (error.kind) {
    case ControlError::Kind::not_running:
        return {.code = ExitCode::daemon_not_running,
                .message = "dsmipd does not run (" + error.message +
                           "): systemctl start dsmipd, or name its socket with --socket"};
    case ControlError::Kind::permission:
        return permission_failure(error.message);
    default:
        return {.code = ExitCode::failed, .message = error.message};
    }
}

} // namespace dsmip::cli
