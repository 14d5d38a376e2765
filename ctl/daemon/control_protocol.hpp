// SPDX-License-Identifier: GPL-2.0-or-later
// The control protocol: one JSON object per line over a unix stream socket.
//
//   request                                       answer
//   {"command":"status"}                          {"ok":true,"result":{...}}
//   {"command":"binding-del",                     {"ok":true,"result":{"deleted":true}}
//    "home_address":"2001:db8::1","bid":1}        (without bid: all bindings of the node)
//   {"command":"explain","address":"..."}         {"ok":true,"result":{...}}
//   {"command":"drain","to":["..."],             {"ok":true,"result":{"draining":true}}
//    "rate":10,"grace":0} or {...,"stop":true}
//   {"command":"reload"}                          {"ok":true,"result":{"changes":[...]}}
//   {"command":"home-agents"}                     {"ok":true,"result":[...]}
//   {"command":"monitor"}                         {"ok":true,"result":{}}, then one line per event:
//                                                 {"event":NAME,"time":RFC 3339,"fields":{...}}
//   whatever fails                                {"ok":false,"error":"why, and what would be
//   right"}
//
// An unknown member of a request is refused. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>
#include <tl/expected.hpp>

#include "mobility/types.hpp"
#include "wire/address.hpp"

namespace dsmip::daemon {

using Json = nlohmann::ordered_json;

/// Longest request line without its end, in octets.
inline constexpr std::size_t control_line_max = 4096;

struct StatusRequest {
    friend bool operator==(const StatusRequest&, const StatusRequest&) = default;
};
struct MonitorRequest {
    friend bool operator==(const MonitorRequest&, const MonitorRequest&) = default;
};
struct BindingDeleteRequest {
    wire::Ipv6Address home_address;
    std::optional<std::uint16_t> bid;

    friend bool operator==(const BindingDeleteRequest&, const BindingDeleteRequest&) = default;
};
/// Why is the node with that home address (IPv6 or IPv4) bound, or not?
struct ExplainRequest {
    wire::IpAddress address;

    friend bool operator==(const ExplainRequest&, const ExplainRequest&) = default;
};
/// Reads the configuration file again.
struct ReloadRequest {
    friend bool operator==(const ReloadRequest&, const ReloadRequest&) = default;
};
/// Sends all nodes to other home agents, or stops that.
struct DrainControlRequest {
    std::vector<wire::Ipv6Address> to;
    unsigned rate = 10; ///< nodes per second
    std::chrono::seconds grace{0};
    bool stop = false;

    friend bool operator==(const DrainControlRequest&, const DrainControlRequest&) = default;
};
/// The home agents of the home link.
struct HomeAgentsRequest {
    friend bool operator==(const HomeAgentsRequest&, const HomeAgentsRequest&) = default;
};
using ControlRequest =
    std::variant<StatusRequest, MonitorRequest, BindingDeleteRequest, ExplainRequest, ReloadRequest,
                 DrainControlRequest, HomeAgentsRequest>;

/// The error is the text for the answer.
tl::expected<ControlRequest, std::string> parse_control_request(std::string_view line);

/// Lines, each with its end.
std::string success_line(const Json& result);
std::string failure_line(std::string_view error);
std::string event_line(const mobility::Report& report, std::chrono::system_clock::time_point time);

/// "2026-01-31T12:00:00.123Z".
std::string rfc3339(std::chrono::system_clock::time_point time);

} // namespace dsmip::daemon
