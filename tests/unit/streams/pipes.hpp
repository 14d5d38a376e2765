// SPDX-License-Identifier: GPL-2.0-or-later
// A pipe whose ends can go away, and files that cannot be written.
#pragma once

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace dsmip::streams::test {

class Pipe {
public:
    Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) {
            throw std::runtime_error("pipe2");
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() {
        close_reader();
        ::close(ends_[1]);
    }
    [[nodiscard]] int writer() const { return ends_[1]; }
    void close_reader() {
        if (ends_[0] >= 0) {
            ::close(ends_[0]);
            ends_[0] = -1;
        }
    }
    /// What waits in it.
    std::string read() {
        std::string text;
        std::array<char, 65536> chunk{};
        pollfd ready{.fd = ends_[0], .events = POLLIN, .revents = 0};
        while (::poll(&ready, 1, 0) == 1 && (ready.revents & POLLIN) != 0) {
            const auto count = ::read(ends_[0], chunk.data(), chunk.size());
            if (count <= 0) {
                break;
            }
            text.append(chunk.data(), static_cast<std::size_t>(count));
        }
        return text;
    }

private:
    std::array<int, 2> ends_{};
};

class File {
public:
    File(const char* path, int flags)
        : fd_(::open(path, flags | O_CLOEXEC)) {
        if (fd_ < 0) {
            throw std::runtime_error(path);
        }
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() { ::close(fd_); }
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

/// SIGPIPE does not end the test.
class IgnoredSigpipe {
public:
    IgnoredSigpipe()
        : before_(std::signal(SIGPIPE, SIG_IGN)) {}
    IgnoredSigpipe(const IgnoredSigpipe&) = delete;
    IgnoredSigpipe& operator=(const IgnoredSigpipe&) = delete;
    ~IgnoredSigpipe() { (void)std::signal(SIGPIPE, before_); }

private:
    void (*before_)(int);
};

} // namespace dsmip::streams::test
