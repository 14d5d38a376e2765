// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of JSON over a Unix socket.
#include "cli/control_client.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace dsmip::cli {

namespace {

constexpr timeval answer_timeout{.tv_sec = 10, .tv_usec = 0};
// A daemon that sends more without a newline is none.
constexpr std::size_t line_length_max = std::size_t{64} * 1024 * 1024;

ControlError error_from_errno(const std::string& what) {
    ControlError error{.kind = ControlError::Kind::protocol,
                       .message = what + ": " + std::generic_category().message(errno)};
    if (errno == ENOENT || errno == ECONNREFUSED) {
        error.kind = ControlError::Kind::not_running;
    } else if (errno == EACCES || errno == EPERM) {
        error.kind = ControlError::Kind::permission;
    }
    return error;
}

ControlError protocol_error(std::string message) {
    return {.kind = ControlError::Kind::protocol, .message = std::move(message)};
}

} // namespace

ControlClient::ControlClient(ControlClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1))
    , received_(std::move(other.received_)) {}

ControlClient& ControlClient::operator=(ControlClient&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(received_, other.received_);
    return *this;
}

ControlClient::~ControlClient() {
    if (fd_ >= 0) {
        close(fd_);
    }
}

tl::expected<ControlClient, ControlError> ControlClient::connect(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) {
        return tl::unexpected(protocol_error("socket path " + path + " is longer than " +
                                             std::to_string(sizeof(address.sun_path) - 1) +
                                             " characters"));
    }
    std::memcpy(static_cast<char*>(address.sun_path), path.data(), path.size());
    ControlClient client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (client.fd_ < 0) {
        return tl::unexpected(error_from_errno("socket"));
    }
    (void)setsockopt(client.fd_, SOL_SOCKET, SO_RCVTIMEO, &answer_timeout, sizeof(answer_timeout));
    if (::connect(client.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
        return tl::unexpected(error_from_errno(path));
    }
    return client;
}

// Not const: the daemon's state changes, if not this object.
// NOLINTNEXTLINE(readability-make-member-function-const)
tl::expected<void, ControlError> ControlClient::send(const Json& request) {
    const std::string line = request.dump() + "\n";
    std::size_t sent = 0;
    while (sent < line.size()) {
        const ssize_t count = ::send(fd_, line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return tl::unexpected(error_from_errno("send to dsmipd"));
        }
        sent += static_cast<std::size_t>(count);
    }
    return {};
}

bool ControlClient::read_some() {
    std::array<char, 4096> buffer{};
    ssize_t count = 0;
    do {
        count = recv(fd_, buffer.data(), buffer.size(), 0);
    } while (count < 0 && errno == EINTR);
    if (count <= 0 || received_.size() > line_length_max) {
        return false;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
}

std::optional<std::string> ControlClient::next_line() {
    const std::size_t end = received_.find('\n');
    if (end == std::string::npos) {
        return {};
    }
    std::string line = received_.substr(0, end);
    received_.erase(0, end + 1);
    return line;
}

// Not const: see send().
// NOLINTNEXTLINE(readability-make-member-function-const)
void ControlClient::wait_without_limit() {
    constexpr timeval none{};
    (void)setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
}

tl::expected<Json, ControlError> ControlClient::call(const Json& request) {
    if (auto sent = send(request); !sent) {
        return tl::unexpected(sent.error());
    }
    std::optional<std::string> line;
    while (!(line = next_line())) {
        if (!read_some()) {
            return tl::unexpected(
                protocol_error("dsmipd closed the connection or did not answer in time"));
        }
    }
    const Json response = Json::parse(*line, nullptr, false);
    if (!response.is_object() || !response.value("ok", Json()).is_boolean()) {
        return tl::unexpected(protocol_error("dsmipd sent no valid response: " + *line));
    }
    if (!response["ok"].get<bool>()) {
        const Json error = response.value("error", Json());
        return tl::unexpected(ControlError{
            .kind = ControlError::Kind::refused,
            .message = error.is_string() ? error.get<std::string>() : "refused without a reason"});
    }
    return response.value("result", Json::object());
}

} // namespace dsmip::cli
