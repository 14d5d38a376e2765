// SPDX-License-Identifier: GPL-2.0-or-later
// Answers of a daemon, good and bad.
#include <catch2/catch.hpp>

#include "cli/control_client.hpp"
#include "fake_daemon.hpp"

namespace dsmip::cli {

using test::FakeDaemon;

namespace {

tl::expected<Json, ControlError> call(const std::string& answer) {
    FakeDaemon daemon(answer);
    auto client = ControlClient::connect(daemon.path());
    REQUIRE(client);
    return client->call({{"command", "status"}});
}

} // namespace

TEST_CASE("a result is handed over", "[control]") {
    const auto result = call("{\"ok\":true,\"result\":{\"a\":1}}\n");
    REQUIRE(result);
    CHECK(*result == Json{{"a", 1}});
    CHECK(call("{\"ok\":true}\n") == Json::object());
}

TEST_CASE("a refusal carries the daemon's words", "[control]") {
    const auto result = call("{\"ok\":false,\"error\":\"no such node\"}\n");
    REQUIRE_FALSE(result);
    CHECK(result.error().kind == ControlError::Kind::refused);
    CHECK(result.error().message == "no such node");
    CHECK(call("{\"ok\":false,\"error\":7}\n").error().message == "refused without a reason");
}

TEST_CASE("what is no response is called so", "[control]") {
    for (const char* answer : {"", "{\"ok\":true", "\n", "nonsense\n", "[]\n", "{}\n",
                               "{\"ok\":\"yes\"}\n", "{\"ok\":null,\"result\":1}\n"}) {
        const auto result = call(answer);
        REQUIRE_FALSE(result);
        CHECK(result.error().kind == ControlError::Kind::protocol);
    }
}

TEST_CASE("nobody at the socket", "[control]") {
    const auto client = ControlClient::connect("/nonexistent/dsmipd.sock");
    REQUIRE_FALSE(client);
    CHECK(client.error().kind == ControlError::Kind::not_running);
    const auto too_long = ControlClient::connect(std::string(200, 'x'));
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().kind == ControlError::Kind::protocol);
}

} // namespace dsmip::cli
