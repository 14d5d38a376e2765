// SPDX-License-Identifier: GPL-2.0-or-later
// What can go wrong when the kernel is asked for something by netlink.
#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

namespace dsmip::netlink {

/// A request the kernel refused, or that did not reach it.
struct NetlinkError {
    /// Positive errno, e.g. ENOENT. ETIMEDOUT: no answer within 5 s. EPROTO: the answer was
    /// malformed; `text` says where.
    int code = 0;
    /// The kernel's own explanation (extended acknowledgement); may be empty.
    std::string text;
    /// What was asked, e.g. "binding-new, interface 4".
    std::string request;

    /// One line for people: request, meaning of the code, explanation.
    [[nodiscard]] std::string message() const;

    friend bool operator==(const NetlinkError&, const NetlinkError&) = default;
};

template<class Value>
using Result = tl::expected<Value, NetlinkError>;

/// A message that does not follow its own lengths; says what and where.
struct DecodeError {
    std::string message;
};

} // namespace dsmip::netlink
