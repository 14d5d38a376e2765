// SPDX-License-Identifier: GPL-2.0-or-later
// Reading and building octet 5 of the Binding Identifier option, whose bits differ between
// draft-ietf-monami6-multiplecoa-05 (C, O, H, D) and RFC 5648/6089 (H, BID-PRI).
#pragma once

#include <cstdint>
#include <vector>

#include <tl/expected.hpp>

#include "wire/address.hpp"
#include "wire/dialect.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::wire {

/// Octet 5 by RFC 5648 and RFC 6089.
namespace bid_rfc {
inline constexpr std::uint8_t home = 0x80; ///< H: simultaneous home and foreign binding
inline constexpr std::uint8_t priority_mask =
    0x7F; ///< BID-PRI, 1..127, low = preferred, 0 = not given
} // namespace bid_rfc

/// Octet 5 by draft-ietf-monami6-multiplecoa-05.
namespace bid_draft {
inline constexpr std::uint8_t care_of_address = 0x80; ///< C: an address is in the option
inline constexpr std::uint8_t overwrite = 0x40;       ///< O
inline constexpr std::uint8_t home = 0x20;            ///< H: stay registered while on the home link
inline constexpr std::uint8_t ipv4 = 0x10;            ///< D: the address is IPv4
} // namespace bid_draft

/// What a sender wants to say about one binding in a Binding Update.
struct BindingIdentifierRequest {
    std::uint16_t bid = 0; ///< 1..65535
    std::variant<std::monostate, Ipv4Address, Ipv6Address> care_of_address{};
    bool home = false;
    bool overwrite = false;    ///< draft only; the RFC has it in BindingUpdateFlags
    std::uint8_t priority = 0; ///< 0..127, RFC only
};

/// The option for a Binding Update in that dialect (Auto = RFC). What the dialect has no bits for
/// is left out.
BindingIdentifier make_binding_identifier(const BindingIdentifierRequest& request, Dialect dialect);

/// The option as echoed in a Binding Acknowledgement: same BID and octet 5, no address, length 4.
BindingIdentifier echo_binding_identifier(const BindingIdentifier& received, BindingStatus status);

/// One option of a Binding Update, understood.
struct BindingIdentifierReading {
    std::uint16_t bid = 0;
    /// Accepted, or McoaMalformed if only this option is at fault: BID 0, an address that is not
    /// unicast, draft flags that contradict the length. All other fields are then as far as they
    /// could be read.
    BindingStatus status = BindingStatus::Accepted;
    std::variant<std::monostate, Ipv4Address, Ipv6Address> care_of_address{};
    bool home = false;         ///< asks for a binding to the home link beside foreign ones
    std::uint8_t priority = 0; ///< BID-PRI 1..127, 0 = not given
    std::uint8_t flags = 0;    ///< octet 5 to be echoed
};

/// All Binding Identifier options of one Binding Update, understood.
struct BindingIdentifierReadings {
    /// Rfc or Draft if the options prove it or the peer's dialect is fixed, else Auto. To be
    /// remembered per home address, for the answer and for later Binding Updates that prove
    /// nothing.
    Dialect dialect = Dialect::Auto;
    bool overwrite = false; ///< O of the Binding Update (RFC) or of the options (draft)
    std::vector<BindingIdentifierReading> options{}; ///< in the order of the wire
};

/// What octet 5 cannot be understood without.
struct BindingIdentifierContext {
    Dialect dialect = Dialect::Auto; ///< configured for the peer
    Ipv6Address home_address{};
    bool over_home_link = false; ///< came from the home address by way of the home link
    /// What an earlier Binding Update proved; decides if this one with Auto proves nothing.
    Dialect remembered = Dialect::Auto;
};

/// Reads the Binding Identifier options of a Binding Update.
/// @return the readings, empty if there is no such option; or McoaMalformed if the Binding Update
/// as a whole is
///         to be refused: a length that is none of 4, 8, 20, or options of both generations (draft:
///         C or O not in all or none) in one message.
tl::expected<BindingIdentifierReadings, BindingStatus>
read_binding_identifiers(const BindingUpdate& update, const BindingIdentifierContext& context);

} // namespace dsmip::wire
