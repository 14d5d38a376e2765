// SPDX-License-Identifier: GPL-2.0-or-later
// Command lines, exit status and messages.
#include <catch2/catch.hpp>

#include <cerrno>
#include <sstream>

#include <fcntl.h>
#include <unistd.h>

#include "cli/app.hpp"
#include "cli/failure.hpp"
#include "fake_daemon.hpp"
#include "streams/standard_streams.hpp"

namespace dsmip::cli {

using test::FakeDaemon;

namespace {

struct Result {
    int status = 0;
    std::string out;
    std::string err;
};

Result run(std::vector<std::string> arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int status = cli::run(std::move(arguments), out, err);
    return {status, out.str(), err.str()};
}

} // namespace

TEST_CASE("wrong usage ends with 2 and says what is wrong", "[app]") {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{},
                                               {"frob"},
                                               {"binding"},
                                               {"device", "frob"},
                                               {"binding", "show", "not-an-address"},
                                               {"binding", "del"},
                                               {"binding", "del", "2001:db8::1", "bid"},
                                               {"binding", "del", "2001:db8::1", "bid", "65536"},
                                               {"binding", "del", "2001:db8::1", "bid", "-1"},
                                               {"binding", "del", "2001:db8::1", "dib", "1"},
                                               {"binding", "del", "2001:db8::1", "bid", "1", "2"},
                                               {"drain", "--to", "192.0.2.1"},
                                               {"drain", "--rate", "0"},
                                               {"drain", "--stop", "--rate", "5"},
                                               {"status", "--frob"}}) {
        const Result result = run(arguments);
        CHECK(result.status == 2);
        CHECK_FALSE(result.err.empty());
        CHECK(result.out.empty());
    }
    CHECK(run({"binding", "show", "not-an-address"}).err.find("not-an-address") !=
          std::string::npos);
}

TEST_CASE("every command has help with examples", "[app]") {
    CHECK(run({"--help"}).out.find("Exit status") != std::string::npos);
    for (const std::vector<std::string>& command :
         std::vector<std::vector<std::string>>{{"status"},
                                               {"device", "show"},
                                               {"binding", "show"},
                                               {"binding", "del"},
                                               {"drain"},
                                               {"monitor"},
                                               {"counters"}}) {
        auto arguments = command;
        arguments.emplace_back("--help");
        const Result result = run(arguments);
        CHECK(result.status == 0);
        CHECK(result.out.find("Examples:\n  dsmipctl ") != std::string::npos);
        CHECK(result.err.empty());
    }
}

TEST_CASE("status goes to the daemon and prints its answer", "[app]") {
    const std::string answer = R"({"ok":true,"result":{"role":"home-agent","nodes":[]}})"
                               "\n";
    {
        FakeDaemon daemon(answer);
        const Result result = run({"--socket", daemon.path(), "status"});
        CHECK(result.status == 0);
        CHECK(result.out == "role home-agent\n");
        CHECK(daemon.request() == R"({"command":"status"})");
    }
    {
        FakeDaemon daemon(answer);
        const Result result = run({"status", "--json", "--socket", daemon.path()});
        CHECK(result.status == 0);
        CHECK(result.out == "{\"role\":\"home-agent\",\"nodes\":[]}\n");
    }
}

TEST_CASE("the socket may come from the environment", "[app]") {
    FakeDaemon daemon("{\"ok\":true,\"result\":{}}\n");
    setenv("DSMIP_SOCKET", daemon.path().c_str(), 1);
    const Result result = run({"status"});
    unsetenv("DSMIP_SOCKET");
    CHECK(result.status == 0);
}

TEST_CASE("drain asks the daemon with what was said", "[app]") {
    {
        FakeDaemon daemon("{\"ok\":true,\"result\":{\"draining\":true,\"nodes\":3}}\n");
        const Result result = run({"--socket", daemon.path(), "drain", "--to", "2001:DB8::2",
                                   "--to", "2001:db8::3", "--rate", "50", "--grace", "30"});
        CHECK(result.status == 0);
        CHECK(result.out == "3 nodes to go; see dsmipctl status\n");
        CHECK(daemon.request() ==
              R"({"command":"drain","to":["2001:db8::2","2001:db8::3"],"rate":50,"grace":30})");
    }
    {
        FakeDaemon daemon("{\"ok\":true,\"result\":{\"draining\":false}}\n");
        const Result result = run({"--socket", daemon.path(), "drain", "--stop"});
        CHECK(result.status == 0);
        CHECK(daemon.request() == R"({"command":"drain","stop":true})");
    }
}

TEST_CASE("drain says what a home agent is named by", "[app]") {
    for (const std::string with4 : {"2001:db8::2,192.0.2.2", "192.0.2.2"}) {
        const Result result = run({"drain", "--to", with4});
        CHECK(result.status == 2);
        CHECK(result.err.find("'" + with4 + "': ") != std::string::npos);
        CHECK(result.err.find("carries IPv6 addresses only") != std::string::npos);
        CHECK(result.err.find("[[mobile-node.home-agent]]") != std::string::npos);
    }
    const Result list = run({"drain", "--to", "2001:db8::2,2001:db8::3"});
    CHECK(list.err.find("repeat --to for each home agent") != std::string::npos);
    const Result nonsense = run({"drain", "--to", "there"});
    CHECK(nonsense.err.find("'there' is not an IPv6 address") != std::string::npos);
}

TEST_CASE("binding del asks the daemon for one binding or all", "[app]") {
    const std::string done = "{\"ok\":true,\"result\":{\"deleted\":true}}\n";
    {
        FakeDaemon daemon(done);
        const Result result =
            run({"--socket", daemon.path(), "binding", "del", "2001:DB8:0::1", "bid", "2"});
        CHECK(result.status == 0);
        CHECK(result.out.empty());
        CHECK(daemon.request() ==
              R"({"command":"binding-del","home_address":"2001:db8::1","bid":2})");
    }
    {
        FakeDaemon daemon(done);
        CHECK(run({"--socket", daemon.path(), "binding", "del", "2001:db8::1"}).status == 0);
        CHECK(daemon.request() == R"({"command":"binding-del","home_address":"2001:db8::1"})");
    }
}

TEST_CASE("a refusal of the daemon ends with 1", "[app]") {
    FakeDaemon daemon("{\"ok\":false,\"error\":\"no binding for 2001:db8::1\"}\n");
    const Result result = run({"--socket", daemon.path(), "binding", "del", "2001:db8::1"});
    CHECK(result.status == 1);
    CHECK(result.err == "dsmipctl: no binding for 2001:db8::1\n");
}

TEST_CASE("no daemon ends with 5 and says how to start it", "[app]") {
    for (const char* path : {"/nonexistent/dsmipd.sock", "/nonexistent"}) {
        const Result result = run({"--socket", path, "status"});
        CHECK(result.status == 5);
        CHECK(result.err.find("systemctl start dsmipd") != std::string::npos);
        CHECK(result.err.find(path) != std::string::npos);
    }
}

TEST_CASE("errors of the kernel become exit status and advice", "[app]") {
    const auto error = [](int code) {
        return netlink::NetlinkError{.code = code, .text = "why", .request = "what"};
    };
    CHECK(open_failure(error(ENOENT)).code == ExitCode::module_not_loaded);
    CHECK(open_failure(error(ENOENT)).message.find("modprobe dsmip") != std::string::npos);
    CHECK(open_failure(error(EPERM)).code == ExitCode::permission);
    CHECK(open_failure(error(EACCES)).message.find("CAP_NET_ADMIN") != std::string::npos);
    CHECK(request_failure(error(EPERM)).code == ExitCode::permission);
    // A request that finds nothing is a failure, not a missing module.
    CHECK(request_failure(error(ENOENT)).code == ExitCode::failed);
    CHECK(request_failure(error(ENOENT)).message == "what: No such file or directory (why)");
    CHECK(control_failure({.kind = ControlError::Kind::permission, .message = "x"}).code ==
          ExitCode::permission);
}

TEST_CASE("an answer that cannot be written is an error of every command", "[app]") {
    const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(full >= 0);
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"status"},
                                               {"status", "--json"},
                                               {"explain", "2001:db8::1"},
                                               {"reload"},
                                               {"reload", "--json"},
                                               {"drain", "--stop"},
                                               {"drain", "--json"},
                                               {"home-agent", "show", "--json"},
                                               {"binding", "del", "2001:db8::1", "--json"},
                                               {"--version"},
                                               {"status", "--help"}}) {
        const FakeDaemon daemon(arguments.front() == "home-agent"
                                    ? "{\"ok\":true,\"result\":[]}\n"
                                    : "{\"ok\":true,\"result\":{\"role\":\"home-agent\"}}\n");
        auto all = arguments;
        all.insert(all.begin(), {"--socket", daemon.path()});
        streams::OutputBuffer output(full);
        std::ostream out(&output);
        std::ostringstream err;
        const int status = cli::run(all, out, err);
        INFO(arguments.front() << " " << arguments.back());
        CHECK(status == 0);
        CHECK(streams::finish_output(output, err, "dsmipctl", status, 1) == 1);
        CHECK(err.str() == "dsmipctl: standard output: No space left on device\n");
    }
    ::close(full);
}

} // namespace dsmip::cli
