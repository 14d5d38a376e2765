// SPDX-License-Identifier: GPL-2.0-or-later
// A listener in a folder of its own.
#include "fake_daemon.hpp"

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace dsmip::cli::test {

FakeDaemon::FakeDaemon(std::string answer)
    : answer_(std::move(answer)) {
    std::string name = std::filesystem::temp_directory_path() / "dsmip-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("mkdtemp");
    }
    directory_ = name;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener_, 1) != 0) {
        throw std::runtime_error("bind " + path());
    }
    thread_ = std::thread([this] { serve(); });
}

FakeDaemon::~FakeDaemon() {
    shutdown(listener_, SHUT_RDWR); // ends an accept that nobody came to
    if (thread_.joinable()) {
        thread_.join();
    }
    close(listener_);
    std::filesystem::remove_all(directory_);
}

std::string FakeDaemon::request() {
    thread_.join();
    return request_;
}

void FakeDaemon::serve() {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) {
        return;
    }
    char octet = 0;
    while (read(connection, &octet, 1) == 1 && octet != '\n') {
        request_ += octet;
    }
    // In two parts: a client must put lines together itself.
    const std::size_t half = answer_.size() / 2;
    (void)send(connection, answer_.data(), half, MSG_NOSIGNAL);
    (void)send(connection, answer_.data() + half, answer_.size() - half, MSG_NOSIGNAL);
    close(connection);
}

} // namespace dsmip::cli::test
