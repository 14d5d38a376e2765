// SPDX-License-Identifier: GPL-2.0-or-later
// The control socket: accepts connections, cuts lines, answers, and sends events to monitors. No
// peer can make it grow without limit or wait.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <tl/expected.hpp>

#include "daemon/control_protocol.hpp"

namespace dsmip::daemon {

class ControlServer {
public:
    /// Octets that wait for a slow reader before its connection is closed.
    static constexpr std::size_t output_max = std::size_t{4} * 1024 * 1024;
    static constexpr std::size_t connections_max = 64;

    /// Answers everything but monitor; the result or the text of the error.
    using Handler = std::function<tl::expected<Json, std::string>(const ControlRequest& request)>;

    ControlServer(asio::io_context& loop, Handler handler);
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;
    ~ControlServer();

    /// Mode 0660; missing folders are made with 0755; a socket that a dead daemon left is replaced,
    /// one that answers is an error, as is a file of another kind.
    tl::expected<void, std::string> listen(const std::string& path);

    /// Somebody listens to what is published.
    [[nodiscard]] bool has_monitors() const;
    /// To all monitors.
    void publish(const std::string& line);

    /// Stop, close all connections, remove the socket file.
    void close();

private:
    class Connection;
    void accept();
    void forget(const Connection* connection);

    asio::io_context& loop_;
    Handler handler_;
    asio::local::stream_protocol::acceptor acceptor_;
    std::string path_;
    std::list<std::shared_ptr<Connection>> connections_;
};

} // namespace dsmip::daemon
