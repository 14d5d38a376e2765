// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses and prefixes from their text; a wrong one throws and fails the test.
#pragma once

#include <string_view>

#include "wire/address.hpp"

namespace dsmip::test {

inline wire::Ipv6Address v6(std::string_view text) {
    return wire::Ipv6Address::parse(text).value();
}
inline wire::Ipv4Address v4(std::string_view text) {
    return wire::Ipv4Address::parse(text).value();
}
inline wire::IpAddress ip(std::string_view text) {
    return wire::IpAddress::parse(text).value();
}
inline wire::Prefix6 prefix6(std::string_view text) {
    return wire::Prefix6::parse(text).value();
}

} // namespace dsmip::test
