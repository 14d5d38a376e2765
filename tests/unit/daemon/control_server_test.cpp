// SPDX-License-Identifier: GPL-2.0-or-later
// The control socket with real connections: lines, limits, slow and rude peers.
#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control_server.hpp"

using namespace dsmip::daemon;
using Protocol = asio::local::stream_protocol;

namespace {

/// A folder of its own, gone at the end.
struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "dsmip-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
};

struct Server {
    Folder folder;
    std::string path = (folder.path / "sub" / "control.sock").string();
    asio::io_context loop;
    int asked = 0;
    std::size_t answer_size = 2;
    ControlServer::Answer late; ///< of a reload, which is answered later
    ControlServer server{loop, [this](const ControlRequest& request, ControlServer::Answer answer) {
                             ++asked;
                             if (std::holds_alternative<BindingDeleteRequest>(request)) {
                                 answer(tl::make_unexpected("no such binding"));
                             } else if (std::holds_alternative<ReloadRequest>(request)) {
                                 late = std::move(answer);
                             } else {
                                 answer(Json(std::string(answer_size, 'x')));
                             }
                         }};

    Server() { REQUIRE(server.listen(path)); }
    /// Until nothing is left to do but wait.
    void settle() {
        loop.restart();
        while (loop.poll() != 0) {
        }
    }
};

class Client {
public:
    explicit Client(Server& server)
        : server_(server)
        , socket_(server.loop) {
        socket_.connect(Protocol::endpoint(server.path));
        socket_.non_blocking(true);
    }
    void send(std::string_view text) {
        asio::write(socket_, asio::buffer(text));
        server_.settle();
    }
    /// What has come; "EOF" at the end of the connection.
    std::string received() {
        std::string all;
        std::array<char, 65536> chunk{};
        for (;;) {
            server_.settle();
            asio::error_code error;
            const auto length = socket_.read_some(asio::buffer(chunk), error);
            all.append(chunk.data(), length);
            if (error == asio::error::would_block) {
                return all;
            }
            if (error) {
                return all + "EOF";
            }
        }
    }
    Protocol::socket& socket() { return socket_; }

private:
    Server& server_;
    Protocol::socket socket_;
};

constexpr auto status = "{\"command\":\"status\"}\n";
constexpr auto status_answer = "{\"ok\":true,\"result\":\"xx\"}\n";

} // namespace

TEST_CASE("the socket file is for owner and group only, and goes with the server") {
    Server server;
    struct stat info {};
    REQUIRE(::stat(server.path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0660);
    server.server.close();
    CHECK_FALSE(std::filesystem::exists(server.path));
}

TEST_CASE("requests are answered in order, in pieces or together") {
    Server server;
    Client client(server);
    client.send("{\"command\":");
    CHECK(client.received().empty());
    client.send("\"status\"}\n{\"command\":\"binding-del\",\"home_address\":\"2001:db8::1\"}\n");
    client.send("nonsense\n");
    const auto answers = client.received();
    CHECK_THAT(answers, Catch::StartsWith(std::string(status_answer) +
                                          "{\"ok\":false,\"error\":\"no such binding\"}\n"
                                          "{\"ok\":false,\"error\":\"no valid JSON"));
    client.send(status);
    CHECK(client.received() == status_answer);
}

TEST_CASE("what is answered later holds up those behind it on that connection, and nobody else") {
    Server server;
    Client client(server);
    Client other(server);
    client.send(std::string("{\"command\":\"reload\"}\n") + status);
    client.send(status);
    CHECK(client.received().empty());
    other.send(status);
    CHECK(other.received() == status_answer);
    REQUIRE(server.late);
    server.late(Json("late"));
    CHECK(client.received() ==
          "{\"ok\":true,\"result\":\"late\"}\n" + std::string(status_answer) + status_answer);
}

TEST_CASE("an answer that nobody waits for any more") {
    Server server;
    {
        Client client(server);
        client.send("{\"command\":\"reload\"}\n");
        REQUIRE(server.late);
    }
    SECTION("the peer has gone") {
        server.late(Json("late"));
        Client other(server);
        other.send(status);
        CHECK(other.received() == status_answer);
    }
    SECTION("the server has been closed") {
        server.server.close();
        CHECK_NOTHROW(server.late(Json("late")));
    }
}

TEST_CASE("a peer that has sent all it wants still gets its answer") {
    Server server;
    Client client(server);
    client.send(status);
    client.socket().shutdown(Protocol::socket::shutdown_send);
    CHECK(client.received() == std::string(status_answer) + "EOF");
}

TEST_CASE("a line without end is refused and ends the connection") {
    Server server;
    Client client(server);
    client.send(std::string(control_line_max + 1, 'x'));
    const auto answer = client.received();
    CHECK_THAT(answer, Catch::StartsWith("{\"ok\":false,\"error\":\"the line has more than 4096"));
    CHECK_THAT(answer, Catch::EndsWith("EOF"));
    CHECK(server.asked == 0);
    Client other(server);
    other.send(status);
    CHECK(other.received() == status_answer);
}

TEST_CASE("a long line with an end is refused, too") {
    Server server;
    Client client(server);
    client.send(std::string(control_line_max + 1, ' ') + "\n" + status);
    CHECK_THAT(client.received(), Catch::EndsWith("EOF"));
    CHECK(server.asked == 0);
}

TEST_CASE("monitors get events, others do not") {
    Server server;
    Client monitor(server);
    Client other(server);
    monitor.send("{\"command\":\"monitor\"}\n");
    CHECK(monitor.received() == "{\"ok\":true,\"result\":{}}\n");
    other.send(status);
    CHECK(other.received() == status_answer);
    server.server.publish("{\"event\":\"a\"}\n");
    server.server.publish("{\"event\":\"b\"}\n");
    CHECK(monitor.received() == "{\"event\":\"a\"}\n{\"event\":\"b\"}\n");
    CHECK(other.received().empty());
    // A monitor may still ask.
    monitor.send(status);
    CHECK(monitor.received() == status_answer);
}

TEST_CASE("a monitor that does not read is let go, the others stay") {
    Server server;
    Client slow(server);
    Client quick(server);
    slow.send("{\"command\":\"monitor\"}\n");
    quick.send("{\"command\":\"monitor\"}\n");
    quick.received();
    const std::string event = std::string(65535, 'e') + "\n";
    std::size_t got = 0;
    for (std::size_t sent = 0; sent < 2 * ControlServer::output_max; sent += event.size()) {
        server.server.publish(event);
        got += quick.received().size();
    }
    CHECK(got >= 2 * ControlServer::output_max);
    const auto rest = slow.received();
    CHECK_THAT(rest, Catch::EndsWith("EOF"));
    CHECK(rest.size() < 2 * ControlServer::output_max);
}

TEST_CASE("requests of a peer that does not read its answers wait") {
    Server server;
    server.answer_size = 1000000;
    Client client(server);
    std::string many;
    for (int i = 0; i < 1000; ++i) {
        many += status;
    }
    client.send(many);
    CHECK(server.asked < 1000);
    server.server.close();
}

TEST_CASE("a peer that vanishes with answers on the way does no harm") {
    Server server;
    server.answer_size = 1000000;
    {
        Client client(server);
        client.send(status);
    }
    server.settle();
    server.answer_size = 2;
    Client other(server);
    other.send(status);
    CHECK(other.received() == status_answer);
}

TEST_CASE("no more than so many connections are served") {
    Server server;
    std::list<Client> clients;
    for (std::size_t i = 0; i < ControlServer::connections_max; ++i) {
        clients.emplace_back(server);
        clients.back().send(status);
        REQUIRE(clients.back().received() == status_answer);
    }
    Client extra(server);
    CHECK(extra.received() == "EOF");
    CHECK(server.server.refused() == 1);
    clients.pop_front();
    server.settle();
    Client again(server);
    again.send(status);
    CHECK(again.received() == status_answer);
}

TEST_CASE("without a descriptor for a connection the loop rests, and goes on when there is one") {
    Server server;
    Client waiting(server); // in the queue of the kernel, not accepted yet
    // The sanitizer needs descriptors when it looks at an object for the first time: one logger
    // seen now, and no text made of the warning later.
    const auto level = spdlog::get_level();
    spdlog::set_level(spdlog::level::off);
    spdlog::warn("about to run out of descriptors: {}", 0);
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int next = ::dup(0);
    REQUIRE(next >= 0);
    ::close(next);
    rlimit none = before;
    none.rlim_cur = static_cast<rlim_t>(next);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    std::size_t handlers = 0;
    server.loop.restart();
    const auto end = std::chrono::steady_clock::now() + 2 * ControlServer::accept_pause;
    while (std::chrono::steady_clock::now() < end && handlers < 1000) {
        handlers += server.loop.run_one_until(end);
    }
    CHECK(handlers < 10);
    CHECK(server.server.accept_failures() >= 1);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    spdlog::set_level(level);
    waiting.send(status);
    std::string answer;
    while (answer.empty() && std::chrono::steady_clock::now() < end + std::chrono::seconds(10)) {
        server.loop.restart();
        server.loop.run_one_for(ControlServer::accept_pause);
        answer = waiting.received();
    }
    CHECK(answer == status_answer);
    Client other(server); // and the next ones as ever
    other.send(status);
    CHECK(other.received() == status_answer);
}

TEST_CASE("a socket that a dead daemon left is replaced, a live one and other files are not") {
    Folder folder;
    const auto path = (folder.path / "control.sock").string();
    asio::io_context loop;
    const auto handler = [](const ControlRequest&, const ControlServer::Answer& answer) {
        answer(Json());
    };
    {
        // Closed without removing its file, as by SIGKILL.
        Protocol::acceptor dead(loop, Protocol::endpoint(path));
    }
    REQUIRE(std::filesystem::exists(path));
    ControlServer first(loop, handler);
    REQUIRE(first.listen(path));
    ControlServer second(loop, handler);
    const auto refused = second.listen(path);
    REQUIRE_FALSE(refused);
    CHECK_THAT(refused.error(), Catch::Contains("another daemon listens there"));
    CHECK(std::filesystem::exists(path));

    const auto file = (folder.path / "file").string();
    std::ofstream(file) << "precious";
    ControlServer third(loop, handler);
    const auto kept = third.listen(file);
    REQUIRE_FALSE(kept);
    CHECK_THAT(kept.error(), Catch::Contains("is a file of another kind"));
    CHECK(std::filesystem::file_size(file) == 8);
}
