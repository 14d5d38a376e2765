// SPDX-License-Identifier: GPL-2.0-or-later
// Stands in for the daemon at the control socket: accepts one connection, keeps the request, sends
// a fixed answer and closes.
#pragma once

#include <filesystem>
#include <string>
#include <thread>

namespace dsmip::cli::test {

class FakeDaemon {
public:
    explicit FakeDaemon(std::string answer);
    ~FakeDaemon();
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    [[nodiscard]] std::string path() const { return directory_ / "sock"; }
    /// The request line; waits until the connection is over.
    std::string request();

private:
    void serve();

    std::filesystem::path directory_;
    std::string answer_;
    std::string request_;
    int listener_ = -1;
    std::thread thread_;
};

} // namespace dsmip::cli::test
