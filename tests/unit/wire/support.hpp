// SPDX-License-Identifier: GPL-2.0-or-later
// What the codec tests share: octets as hex, the addresses and the messages of the test vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wire/binding_identifier.hpp"
#include "wire/codec.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::wire::test {

using Bytes = std::vector<std::uint8_t>;

Bytes from_hex(std::string_view hex);
std::string to_hex(const Bytes& bytes);

Ipv4Address v4(std::string_view text);
Ipv6Address v6(std::string_view text);

inline const Ipv6Address home_address = v6("2001:db8:1::100");
inline const Ipv6Address care_of_address = v6("2001:db8:2::200");
inline const Ipv6Address second_care_of_address = v6("2001:db8:4::400");
inline const Ipv6Address correspondent = v6("2001:db8:3::300");
inline const Ipv6Address home_agent = v6("2001:db8:1::1");
inline const Ipv4Address ipv4_home_address = v4("192.0.2.10");
inline const Ipv4Address ipv4_care_of_address = v4("198.51.100.7");

/// One message in both forms.
struct Vector {
    std::string name;
    Dialect dialect;
    Ipv6Address source;
    Ipv6Address destination;
    MobilityMessage message;
    std::string hex;
};

/// Computed outside of this project and compared with another encoder.
const std::vector<Vector>& vectors();

/// Writes the right checksum into octets 4 and 5 of a message, by an own implementation: the tests
/// must not depend on the one they test. Shorter octets are left alone.
void fix_checksum(Bytes& octets, const Ipv6Address& source, const Ipv6Address& destination);

/// encode and decode between home address and home agent.
Bytes encode_home(const MobilityMessage& message, Dialect dialect = Dialect::Rfc);
tl::expected<MobilityMessage, DecodeError> decode_home(const Bytes& octets,
                                                       Dialect dialect = Dialect::Rfc);

/// A home Binding Update with these options.
BindingUpdate update_with(MobilityOptions options);

/// The octets of the option area of a Binding Update or Binding Acknowledgement in hex, padding
/// included.
std::string option_area(const Bytes& octets);

} // namespace dsmip::wire::test
