// SPDX-License-Identifier: GPL-2.0-or-later
// Text of netlink errors.
#include "netlink/error.hpp"

#include <system_error>

namespace dsmip::netlink {

std::string NetlinkError::message() const {
    std::string line = request;
    if (!line.empty()) {
        line += ": ";
    }
    line += std::generic_category().message(code);
    if (!text.empty()) {
        line += " (" + text + ")";
    }
    return line;
}

} // namespace dsmip::netlink
