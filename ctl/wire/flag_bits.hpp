// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to wire: the flag bits of Binding Update and Binding Acknowledgement.
#pragma once

#include <cstdint>

namespace dsmip::wire {

/// Octets 8 and 9 of a Binding Update. What moved between the drafts and the RFCs is in the nested
/// name.
namespace update_bit {
inline constexpr unsigned acknowledge = 0x8000;
inline constexpr unsigned home_registration = 0x4000;
inline constexpr unsigned link_local = 0x2000;
inline constexpr unsigned key_management = 0x1000;
inline constexpr unsigned map_registration = 0x0800; // RFC 5380
inline constexpr unsigned mobile_router = 0x0400;    // RFC 3963

namespace rfc {
inline constexpr unsigned proxy = 0x0200;     // RFC 5213
inline constexpr unsigned force_udp = 0x0100; // RFC 5555
inline constexpr unsigned tlv = 0x0080;       // RFC 5845
inline constexpr unsigned overwrite = 0x0040; // RFC 5648; "bulk" of RFC 6602 in proxy registrations
} // namespace rfc

namespace draft {
inline constexpr unsigned force_udp = 0x0200; // draft-ietf-mext-nemo-v4traversal-00, 3.1.3
inline constexpr unsigned tlv = 0x0100;
} // namespace draft
} // namespace update_bit

/// Octet 7 of a Binding Acknowledgement.
namespace acknowledgement_bit {
inline constexpr unsigned key_management = 0x80;
inline constexpr unsigned mobile_router = 0x40; // RFC 3963
inline constexpr unsigned tlv_rfc = 0x10;       // RFC 5845
inline constexpr unsigned tlv_draft = 0x20;     // draft 3.2.3; "proxy" of RFC 5213 today
} // namespace acknowledgement_bit

} // namespace dsmip::wire
