// SPDX-License-Identifier: GPL-2.0-or-later
// Unix stream server for the control protocol.
#include "daemon/control_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/write.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace dsmip::daemon {

using Protocol = asio::local::stream_protocol;

/// One client. Handlers hold it by shared pointer, so it outlives its place in the server's list.
class ControlServer::Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(ControlServer& server, Protocol::socket socket)
        : server_(&server)
        , socket_(std::move(socket)) {}

    void read() {
        socket_.async_read_some(
            asio::buffer(chunk_),
            [self = shared_from_this()](const asio::error_code& error, std::size_t length) {
                if (self->server_ == nullptr) {
                    return;
                }
                if (error) {
                    self->input_ended(error == asio::error::eof);
                    return;
                }
                self->take({self->chunk_.data(), length});
            });
    }

    [[nodiscard]] bool is_monitor() const { return monitor_ && !closing_; }

    void publish(const std::string& line) {
        if (is_monitor()) {
            send(line);
        }
    }

    void close() {
        server_ = nullptr;
        asio::error_code ignored;
        socket_.close(ignored);
    }

private:
    void take(std::string_view octets) {
        input_ += octets;
        process();
    }

    /// All lines that have come, up to one that is not answered at once.
    void process() {
        processing_ = true;
        std::size_t start = 0;
        for (auto end = input_.find('\n'); end != std::string::npos && !closing_ && !waiting_;
             end = input_.find('\n', start)) {
            const auto line = input_.substr(start, end - start);
            start = end + 1;
            answer(line);
            if (server_ == nullptr) {
                return;
            }
        }
        processing_ = false;
        input_.erase(0, start);
        if (waiting_) {
            return;
        }
        if (input_.size() > control_line_max && !closing_) {
            refuse_overlong();
        }
        if (server_ != nullptr && !closing_) {
            // While answers wait to be read by the peer, no further requests are taken from it.
            if (output_.empty() || monitor_) {
                read();
            } else {
                read_paused_ = true;
            }
        }
    }

    void refuse_overlong() {
        closing_ = true;
        send(failure_line(fmt::format("the line has more than {} characters", control_line_max)));
    }

    void answer(std::string_view line) {
        if (line.size() > control_line_max) {
            refuse_overlong();
            return;
        }
        const auto request = parse_control_request(line);
        if (!request) {
            send(failure_line(request.error()));
            return;
        }
        if (std::holds_alternative<MonitorRequest>(*request)) {
            monitor_ = true;
            send(success_line(Json::object()));
            return;
        }
        waiting_ = true;
        server_->handler_(*request, [connection = weak_from_this()](const auto& result) {
            if (const auto self = connection.lock()) {
                self->answered(result);
            }
        });
    }

    void answered(const tl::expected<Json, std::string>& result) {
        waiting_ = false;
        send(result ? success_line(*result) : failure_line(result.error()));
        if (server_ != nullptr && !processing_) {
            process();
        }
    }

    void send(const std::string& line) {
        if (server_ == nullptr) {
            return;
        }
        if (output_.size() + writing_.size() + line.size() > output_max) {
            leave();
            return;
        }
        output_ += line;
        write();
    }

    void write() {
        if (!writing_.empty() || output_.empty()) {
            return;
        }
        writing_.swap(output_);
        asio::async_write(socket_, asio::buffer(writing_),
                          [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                              self->written(error);
                          });
    }

    void written(const asio::error_code& error) {
        writing_.clear();
        if (server_ == nullptr) {
            return;
        }
        if (error) {
            leave();
            return;
        }
        write();
        if (!writing_.empty()) {
            return;
        }
        if (closing_) {
            leave();
        } else if (std::exchange(read_paused_, false)) {
            read();
        }
    }

    /// A peer that has sent all its requests (end of file) still gets its answers.
    void input_ended(bool orderly) {
        closing_ = true;
        if (!orderly || (output_.empty() && writing_.empty())) {
            leave();
        }
    }

    void leave() {
        auto* server = server_;
        close();
        server->forget(this);
    }

    ControlServer* server_; ///< nullptr = closed
    Protocol::socket socket_;
    std::array<char, 1024> chunk_{};
    std::string input_;
    std::string output_;  ///< waits
    std::string writing_; ///< on its way
    bool monitor_ = false;
    bool closing_ = false;
    bool read_paused_ = false;
    bool waiting_ = false;    ///< for the handler's answer
    bool processing_ = false; ///< the answer comes at once
};

ControlServer::ControlServer(asio::io_context& loop, Handler handler)
    : loop_(loop)
    , handler_(std::move(handler))
    , acceptor_(loop)
    , accept_again_(loop) {}

ControlServer::~ControlServer() {
    close();
}

tl::expected<void, std::string> ControlServer::listen(const std::string& path) {
    const auto refuse = [&](const std::string& why) {
        return tl::make_unexpected(fmt::format("control socket {}: {}", path, why));
    };
    std::error_code error;
    const auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) {
        std::filesystem::create_directories(folder, error);
        if (error) {
            return refuse(error.message());
        }
    }
    const auto status = std::filesystem::symlink_status(path, error);
    if (std::filesystem::is_socket(status)) {
        Protocol::socket probe(loop_);
        asio::error_code failure;
        probe.connect(Protocol::endpoint(path), failure);
        if (!failure) {
            return refuse("another daemon listens there; give each its own [control] socket");
        }
        std::filesystem::remove(path, error);
    } else if (std::filesystem::exists(status)) {
        return refuse("is a file of another kind; remove it or choose another path");
    }
    asio::error_code failure;
    acceptor_.open(Protocol(), failure);
    // Nobody may connect between bind and chmod.
    const auto old_mask = ::umask(0177);
    if (!failure) {
        acceptor_.bind(Protocol::endpoint(path), failure);
    }
    ::umask(old_mask);
    if (!failure && ::chmod(path.c_str(), 0660) != 0) {
        return refuse(std::strerror(errno));
    }
    if (!failure) {
        acceptor_.listen(Protocol::acceptor::max_listen_connections, failure);
    }
    if (failure) {
        return refuse(failure.message());
    }
    path_ = path;
    accept();
    return {};
}

void ControlServer::accept() {
    acceptor_.async_accept([this](const asio::error_code& error, Protocol::socket socket) {
        if (error == asio::error::operation_aborted || !acceptor_.is_open()) {
            return;
        }
        if (error && error != asio::error::connection_aborted) {
            pause_accepting(error);
            return;
        }
        accepts_ = true;
        if (!error && connections_.size() < connections_max) {
            connections_.push_back(std::make_shared<Connection>(*this, std::move(socket)));
            connections_.back()->read();
        } else if (!error) {
            ++refused_;
        }
        accept();
    });
}

/// The connection stays in the queue and the socket readable: to try again at once would be all
/// that the daemon did.
void ControlServer::pause_accepting(const asio::error_code& error) {
    ++accept_failures_;
    if (std::exchange(accepts_, false)) {
        spdlog::warn("control socket {}: no connection can be taken: {}; trying again every {} ms",
                     path_, error.message(), accept_pause.count());
    }
    accept_again_.expires_after(accept_pause);
    accept_again_.async_wait([this](const asio::error_code& cancelled) {
        if (!cancelled) {
            accept();
        }
    });
}

bool ControlServer::has_monitors() const {
    return std::any_of(connections_.begin(), connections_.end(),
                       [](const auto& connection) { return connection->is_monitor(); });
}

void ControlServer::publish(const std::string& line) {
    // A connection may leave the list while it is written to.
    const auto connections = connections_;
    for (const auto& connection : connections) {
        connection->publish(line);
    }
}

void ControlServer::forget(const Connection* connection) {
    connections_.remove_if([&](const auto& other) { return other.get() == connection; });
}

void ControlServer::close() {
    asio::error_code ignored;
    acceptor_.close(ignored);
    accept_again_.cancel();
    for (const auto& connection : connections_) {
        connection->close();
    }
    connections_.clear();
    if (!path_.empty()) {
        std::error_code error;
        std::filesystem::remove(path_, error);
        path_.clear();
    }
}

} // namespace dsmip::daemon
