// SPDX-License-Identifier: GPL-2.0-or-later
// Whole lines or none.
#include "streams/line_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dsmip::streams {

LineWriter::LineWriter(int fd)
    : fd_(fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) {
        return; // every write tells the same
    }
    if (S_ISSOCK(status.st_mode)) {
        kind_ = Kind::socket;
    } else if (S_ISFIFO(status.st_mode) || ::isatty(fd) != 0) {
        // O_NONBLOCK belongs to the open file, which others share: one of our own is needed.
        const auto path = "/proc/self/fd/" + std::to_string(fd);
        own_ = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        kind_ = own_ >= 0 ? Kind::non_blocking : Kind::polled;
        fd_ = own_ >= 0 ? own_ : fd;
    }
}

LineWriter::~LineWriter() {
    if (own_ >= 0) {
        ::close(own_);
    }
}

/// How much was taken.
std::size_t LineWriter::write_some(std::string_view text) {
    for (;;) {
        ssize_t written = 0;
        if (kind_ == Kind::socket) {
            written = ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        } else {
            if (kind_ == Kind::polled) {
                // So much fits into a pipe that says it is ready.
                text = text.substr(0, PIPE_BUF);
                pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
                if (::poll(&ready, 1, 0) != 1) {
                    return 0;
                }
            }
            written = ::write(fd_, text.data(), text.size());
        }
        if (written >= 0 || errno != EINTR) {
            return static_cast<std::size_t>(std::max<ssize_t>(written, 0));
        }
    }
}

bool LineWriter::put(std::string_view text) {
    const auto size = text.size();
    while (!text.empty()) {
        const auto taken = write_some(text);
        if (taken == 0) {
            break;
        }
        text.remove_prefix(taken);
    }
    if (text.size() == size) {
        return false;
    }
    rest_ = text;
    return true;
}

void LineWriter::write(std::string_view line) {
    if (!rest_.empty()) {
        const auto rest = std::move(rest_);
        if (!put(rest)) {
            rest_ = rest;
        }
        if (!rest_.empty()) {
            ++lost_;
            return;
        }
    }
    const auto count = lost_ - told_;
    const auto text = count == 0
                          ? std::string(line)
                          : std::to_string(count) + (count == 1 ? " line was" : " lines were") +
                                " lost here\n" + std::string(line);
    if (put(text)) {
        told_ = lost_;
    } else {
        ++lost_;
    }
}

} // namespace dsmip::streams
