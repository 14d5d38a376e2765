// SPDX-License-Identifier: GPL-2.0-or-later
// Requests and answers of the control socket.
#include <catch2/catch.hpp>

#include "daemon/control_protocol.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

TEST_CASE("requests") {
    CHECK(parse_control_request(R"({"command":"status"})") == ControlRequest{StatusRequest{}});
    CHECK(parse_control_request(R"( {"command" : "monitor"} )") ==
          ControlRequest{MonitorRequest{}});
    BindingDeleteRequest deletion;
    deletion.home_address = wire::Ipv6Address::parse("2001:db8::1").value();
    CHECK(parse_control_request(R"({"command":"binding-del","home_address":"2001:db8::1"})") ==
          ControlRequest{deletion});
    deletion.bid = 0;
    CHECK(parse_control_request(
              R"({"command":"binding-del","home_address":"2001:db8::1","bid":0})") ==
          ControlRequest{deletion});
    deletion.bid = 65535;
    CHECK(parse_control_request(
              R"({"command":"binding-del","home_address":"2001:db8::1","bid":65535})") ==
          ControlRequest{deletion});
}

TEST_CASE("a request to drain") {
    CHECK(parse_control_request(R"({"command":"drain"})") == ControlRequest{DrainControlRequest{}});
    DrainControlRequest drain;
    drain.to = {wire::Ipv6Address::parse("2001:db8::2").value(),
                wire::Ipv6Address::parse("2001:db8::3").value()};
    drain.rate = 50;
    drain.grace = std::chrono::seconds(30);
    CHECK(parse_control_request(
              R"({"command":"drain","to":["2001:db8::2","2001:db8::3"],"rate":50,"grace":30})") ==
          ControlRequest{drain});
    DrainControlRequest stop;
    stop.stop = true;
    CHECK(parse_control_request(R"({"command":"drain","stop":true})") == ControlRequest{stop});

    const auto error_of = [](const char* line) {
        const auto request = parse_control_request(line);
        REQUIRE_FALSE(request);
        return request.error();
    };
    CHECK(error_of(R"({"command":"drain","stop":false})") ==
          "stop: wanted true, and no other members");
    CHECK(error_of(R"({"command":"drain","stop":true,"rate":5})") ==
          "stop: wanted true, and no other members");
    CHECK(error_of(R"({"command":"drain","to":"2001:db8::2"})") ==
          "to: wanted a list of IPv6 addresses of home agents as texts");
    CHECK_THAT(error_of(R"({"command":"drain","to":["192.0.2.1"]})"), Catch::StartsWith("to: "));
    CHECK_THAT(error_of(R"({"command":"drain","to":[7]})"), Catch::StartsWith("to: "));
    CHECK(error_of(R"({"command":"drain","rate":0})") ==
          "rate: wanted an integer from 1 to 100000");
    CHECK(error_of(R"({"command":"drain","grace":262141})") ==
          "grace: wanted an integer from 0 to 262140");
}

TEST_CASE("a bad request is told what is wrong and what would be right") {
    struct Row {
        const char* line;
        const char* error;
    };
    constexpr Row rows[] = {
        {"", "no valid JSON; wanted one object in one line, such as {\"command\":\"status\"}"},
        {"{", "no valid JSON; wanted one object in one line, such as {\"command\":\"status\"}"},
        {"\xff\xfe", "no valid JSON; wanted one object in one line, such as "
                     "{\"command\":\"status\"}"},
        {"[]", "is array; wanted an object such as {\"command\":\"status\"}"},
        {"{}",
         "command: missing or no text; known are status, binding-del, explain, reload, drain, "
         "home-agents, monitor"},
        {R"({"command":7})",
         "command: missing or no text; known are status, binding-del, explain, reload, drain, "
         "home-agents, monitor"},
        {R"({"command":"stop"})",
         "command: \"stop\" is not known; known are status, binding-del, explain, reload, drain, "
         "home-agents, monitor"},
        {R"({"command":"status","verbose":true})", "verbose: not a member of \"status\""},
        {R"({"command":"binding-del"})", "home_address: wanted an IPv6 address as a text"},
        {R"({"command":"binding-del","home_address":1})",
         "home_address: wanted an IPv6 address as a text"},
        {R"({"command":"binding-del","home_address":"2001:db8::1","bid":65536})",
         "bid: wanted an integer from 0 (the plain binding) to 65535"},
        {R"({"command":"binding-del","home_address":"2001:db8::1","bid":-1})",
         "bid: wanted an integer from 0 (the plain binding) to 65535"},
        {R"({"command":"binding-del","home_address":"2001:db8::1","bid":1.5})",
         "bid: wanted an integer from 0 (the plain binding) to 65535"},
    };
    for (const auto& row : rows) {
        INFO(row.line);
        const auto request = parse_control_request(row.line);
        REQUIRE_FALSE(request);
        CHECK(request.error() == row.error);
    }
    const auto address =
        parse_control_request(R"({"command":"binding-del","home_address":"192.0.2.1"})");
    REQUIRE_FALSE(address);
    CHECK_THAT(address.error(), Catch::StartsWith("home_address: "));
}

TEST_CASE("very deep nesting is no more than a bad request") {
    CHECK_FALSE(parse_control_request(std::string(control_line_max, '[')));
}

TEST_CASE("answers are one line each") {
    CHECK(success_line(Json{{"deleted", true}}) == "{\"ok\":true,\"result\":{\"deleted\":true}}\n");
    CHECK(failure_line("no\nway") == "{\"ok\":false,\"error\":\"no\\nway\"}\n");
}

TEST_CASE("an event carries name, time and fields in their order") {
    mobility::Report report;
    report.name = "binding-accepted";
    report.fields = {{"home_address", "2001:db8::1"}, {"bid", "1"}, {"bad", "\xff"}};
    const std::chrono::system_clock::time_point time{std::chrono::milliseconds(1769860800123)};
    CHECK(event_line(report, time) ==
          "{\"event\":\"binding-accepted\",\"time\":\"2026-01-31T12:00:00.123Z\",\"fields\":"
          "{\"home_address\":\"2001:db8::1\",\"bid\":\"1\",\"bad\":\"\xEF\xBF\xBD\"}}\n");
}
