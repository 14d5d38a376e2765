// SPDX-License-Identifier: GPL-2.0-or-later
// Requests and answers of the control socket as JSON.
#include "daemon/control_protocol.hpp"

#include <algorithm>
#include <array>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace dsmip::daemon {

namespace {

using Outcome = tl::expected<ControlRequest, std::string>;

tl::unexpected<std::string> refuse(std::string text) {
    return tl::make_unexpected(std::move(text));
}

Outcome parse_binding_delete(const Json& object) {
    BindingDeleteRequest request;
    const auto address = object.find("home_address");
    if (address == object.end() || !address->is_string()) {
        return refuse("home_address: wanted an IPv6 address as a text");
    }
    const auto parsed = wire::Ipv6Address::parse(address->get<std::string>());
    if (!parsed) {
        return refuse(fmt::format("home_address: {}", parsed.error().message));
    }
    request.home_address = *parsed;
    if (const auto bid = object.find("bid"); bid != object.end()) {
        if (!bid->is_number_unsigned() || bid->get<std::uint64_t>() > 0xFFFF) {
            return refuse("bid: wanted an integer from 0 (the plain binding) to 65535");
        }
        request.bid = bid->get<std::uint16_t>();
    }
    return ControlRequest{request};
}

Outcome parse_explain(const Json& object) {
    const auto address = object.find("address");
    if (address == object.end() || !address->is_string()) {
        return refuse("address: wanted a home address as a text");
    }
    const auto parsed = wire::IpAddress::parse(address->get<std::string>());
    if (!parsed) {
        return refuse(fmt::format("address: {}", parsed.error().message));
    }
    return ControlRequest{ExplainRequest{*parsed}};
}

constexpr std::uint64_t drain_rate_max = 100'000;
constexpr std::uint64_t drain_grace_max = 262140; // what the option can say

tl::expected<std::uint64_t, std::string> parse_number(const Json& object, const char* name,
                                                      std::uint64_t minimum, std::uint64_t maximum,
                                                      std::uint64_t fallback) {
    const auto found = object.find(name);
    if (found == object.end()) {
        return fallback;
    }
    if (!found->is_number_unsigned() || found->get<std::uint64_t>() < minimum ||
        found->get<std::uint64_t>() > maximum) {
        return tl::make_unexpected(
            fmt::format("{}: wanted an integer from {} to {}", name, minimum, maximum));
    }
    return found->get<std::uint64_t>();
}

Outcome parse_drain(const Json& object) {
    DrainControlRequest request;
    if (const auto stop = object.find("stop"); stop != object.end()) {
        if (!stop->is_boolean() || !stop->get<bool>() || object.size() != 2) {
            return refuse("stop: wanted true, and no other members");
        }
        request.stop = true;
        return ControlRequest{request};
    }
    if (const auto to = object.find("to"); to != object.end()) {
        if (!to->is_array()) {
            return refuse("to: wanted a list of IPv6 addresses of home agents as texts");
        }
        for (const auto& item : *to) {
            const auto parsed =
                wire::Ipv6Address::parse(item.is_string() ? item.get<std::string>() : item.dump());
            if (!parsed) {
                return refuse(fmt::format("to: {}", parsed.error().message));
            }
            request.to.push_back(*parsed);
        }
    }
    const auto rate = parse_number(object, "rate", 1, drain_rate_max, request.rate);
    if (!rate) {
        return refuse(rate.error());
    }
    request.rate = static_cast<unsigned>(*rate);
    const auto grace = parse_number(object, "grace", 0, drain_grace_max, 0);
    if (!grace) {
        return refuse(grace.error());
    }
    request.grace = std::chrono::seconds(*grace);
    return ControlRequest{request};
}

template<class Request>
Outcome parse_plain(const Json&) {
    return ControlRequest{Request{}};
}

struct Command {
    std::string_view name;
    std::array<std::string_view, 4> members; // beside "command"
    Outcome (*parse)(const Json& object);
};

constexpr auto commands = std::to_array<Command>({
    {"status", {}, parse_plain<StatusRequest>},
    {"binding-del", {"home_address", "bid"}, parse_binding_delete},
    {"explain", {"address"}, parse_explain},
    {"reload", {}, parse_plain<ReloadRequest>},
    {"drain", {"to", "rate", "grace", "stop"}, parse_drain},
    {"home-agents", {}, parse_plain<HomeAgentsRequest>},
    {"monitor", {}, parse_plain<MonitorRequest>},
});

std::string known_commands() {
    std::string text;
    for (const auto& command : commands) {
        text += text.empty() ? "" : ", ";
        text += command.name;
    }
    return text;
}

// Peers and operators choose some of the texts; invalid UTF-8 in them must not end the daemon.
std::string line_of(const Json& object) {
    return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

tl::expected<ControlRequest, std::string> parse_control_request(std::string_view line) {
    const auto object = Json::parse(line, nullptr, false);
    if (object.is_discarded()) {
        return refuse("no valid JSON; wanted one object in one line, such as "
                      R"({"command":"status"})");
    }
    if (!object.is_object()) {
        return refuse(fmt::format(R"(is {}; wanted an object such as {{"command":"status"}})",
                                  object.type_name()));
    }
    const auto command = object.find("command");
    if (command == object.end() || !command->is_string()) {
        return refuse(fmt::format("command: missing or no text; known are {}", known_commands()));
    }
    const auto name = command->get<std::string>();
    const auto* row = std::find_if(commands.begin(), commands.end(),
                                   [&](const Command& known) { return known.name == name; });
    if (row == commands.end()) {
        return refuse(
            fmt::format("command: \"{}\" is not known; known are {}", name, known_commands()));
    }
    for (const auto& item : object.items()) {
        const auto& members = row->members;
        if (item.key() != "command" &&
            std::find(members.begin(), members.end(), item.key()) == members.end()) {
            return refuse(fmt::format("{}: not a member of \"{}\"", item.key(), name));
        }
    }
    return row->parse(object);
}

std::string success_line(const Json& result) {
    Json answer;
    answer["ok"] = true;
    answer["result"] = result;
    return line_of(answer);
}

std::string failure_line(std::string_view error) {
    Json answer;
    answer["ok"] = false;
    answer["error"] = error;
    return line_of(answer);
}

std::string event_line(const mobility::Report& report, std::chrono::system_clock::time_point time) {
    Json event;
    event["event"] = report.name;
    event["time"] = rfc3339(time);
    auto& fields = event["fields"] = Json::object();
    for (const auto& [name, value] : report.fields) {
        fields[name] = value.text();
    }
    return line_of(event);
}

std::string rfc3339(std::chrono::system_clock::time_point time) {
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)),
                       milliseconds % 1000);
}

} // namespace dsmip::daemon
