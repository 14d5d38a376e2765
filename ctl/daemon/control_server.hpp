// SPDX-License-Identifier: GPL-2.0-or-later
// The control socket: accepts connections, cuts lines, answers, and sends events to monitors. No
// peer can make it grow without limit or wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <tl/expected.hpp>

#include "daemon/control_protocol.hpp"

namespace dsmip::daemon {

class ControlServer {
public:
    /// Octets that wait for a slow reader before its connection is closed.
    static constexpr std::size_t output_max = std::size_t{4} * 1024 * 1024;
    static constexpr std::size_t connections_max = 64;
    /// Before the next try when the machine has nothing left for a connection.
    static constexpr std::chrono::milliseconds accept_pause{250};

    /// The result or the text of the error; once, at once or later. Nobody may be there any more.
    using Answer = std::function<void(const tl::expected<Json, std::string>& result)>;
    /// Answers everything but monitor. Until it does, nothing more is taken from that connection.
    using Handler = std::function<void(const ControlRequest& request, Answer answer)>;

    ControlServer(asio::io_context& loop, Handler handler);
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;
    ~ControlServer();

    /// Mode 0660; missing folders are made with 0755; a socket that a dead daemon left is replaced,
    /// one that answers is an error, as is a file of another kind.
    tl::expected<void, std::string> listen(const std::string& path);

    /// Connections that were closed at once, because there were connections_max already.
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    /// Times that a connection could not be taken for want of descriptors or memory.
    [[nodiscard]] std::uint64_t accept_failures() const { return accept_failures_; }

    /// Somebody listens to what is published.
    [[nodiscard]] bool has_monitors() const;
    /// To all monitors.
    void publish(const std::string& line);

    /// Stop, close all connections, remove the socket file.
    void close();

private:
    class Connection;
    void accept();
    void pause_accepting(const asio::error_code& error);
    void forget(const Connection* connection);

    asio::io_context& loop_;
    Handler handler_;
    asio::local::stream_protocol::acceptor acceptor_;
    std::string path_;
    std::list<std::shared_ptr<Connection>> connections_;
    asio::steady_timer accept_again_;
    std::uint64_t refused_ = 0;
    std::uint64_t accept_failures_ = 0;
    bool accepts_ = true; ///< the last try did not fail
};

} // namespace dsmip::daemon
