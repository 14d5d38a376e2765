// SPDX-License-Identifier: GPL-2.0-or-later
// What an engine tells its operator.  Values stay what they are; text is made of them only where
// somebody reads it, which is seldom: a home agent makes a report of every Binding Update.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wire/address.hpp"

namespace dsmip::mobility {

// One value of a report.
class ReportValue {
public:
    // What outlives every report: literals, and by the explicit form views of constants.
    ReportValue(const char* constant) // NOLINT(google-explicit-constructor)
        : value_(std::string_view(constant)) {}
    explicit ReportValue(std::string_view constant)
        : value_(constant) {}
    ReportValue(std::string text) // NOLINT(google-explicit-constructor)
        : value_(std::move(text)) {}
    template<std::unsigned_integral Number>
    ReportValue(Number number) // NOLINT(google-explicit-constructor)
        : value_(std::uint64_t{number}) {}
    ReportValue(std::chrono::seconds time) // NOLINT(google-explicit-constructor)
        : value_(time) {}
    ReportValue(const wire::Ipv4Address& address) // NOLINT(google-explicit-constructor)
        : value_(address) {}
    ReportValue(const wire::Ipv6Address& address) // NOLINT(google-explicit-constructor)
        : value_(address) {}
    ReportValue(const wire::IpAddress& address) // NOLINT(google-explicit-constructor)
        : value_(wire::Endpoint{address, 0}) {}
    ReportValue(const wire::Endpoint& endpoint) // NOLINT(google-explicit-constructor)
        : value_(endpoint) {}
    ReportValue(const wire::Prefix4& prefix) // NOLINT(google-explicit-constructor)
        : value_(prefix) {}
    ReportValue(const wire::Prefix6& prefix) // NOLINT(google-explicit-constructor)
        : value_(prefix) {}

    // "2001:db8::1", "600s", "7", "yes".
    [[nodiscard]] std::string text() const;

private:
    std::variant<std::string_view, std::string, std::uint64_t, std::chrono::seconds,
                 wire::Ipv4Address, wire::Ipv6Address, wire::Endpoint, wire::Prefix4, wire::Prefix6>
        value_;
};

// Something an operator may want to see: logged and sent to `dsmipctl monitor`.
// `name` is a constant and stable ("binding-accepted", "binding-refused", "message-dropped",
// "registration-lost", ...); `fields` are names, constants too, and values in print order.
struct Report {
    enum class Level : std::uint8_t { debug, info, warning };
    using Fields = std::vector<std::pair<std::string_view, ReportValue>>;

    Level level = Level::info;
    std::string_view name;
    Fields fields;
};

} // namespace dsmip::mobility
