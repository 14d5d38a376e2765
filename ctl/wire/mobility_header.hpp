// SPDX-License-Identifier: GPL-2.0-or-later
// Mobility Header messages as values (RFC 6275, 6.1, and RFC 3963, 5142, 5555, 5648, 5845).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "wire/address.hpp"
#include "wire/dialect.hpp"
#include "wire/mobility_options.hpp"
#include "wire/status.hpp"

namespace dsmip::wire {

/// IPv6 next header value of the Mobility Header.
inline constexpr std::uint8_t mobility_header_protocol = 135;

/// MH Type values this codec knows.
enum class MhType : std::uint8_t {
    BindingRefreshRequest = 0,
    HomeTestInit = 1,
    CareOfTestInit = 2,
    HomeTest = 3,
    CareOfTest = 4,
    BindingUpdate = 5,
    BindingAcknowledgement = 6,
    BindingError = 7,
    HomeAgentSwitch = 12,
};

/// Is it one of them?
bool is_known(MhType type);

/// RFC 6275, 6.1.2.
struct BindingRefreshRequest {
    MobilityOptions options{};
    bool operator==(const BindingRefreshRequest&) const = default;
};

using Cookie = std::array<std::uint8_t, 8>;
using KeygenToken = std::array<std::uint8_t, 8>;

/// RFC 6275, 6.1.3.
struct HomeTestInit {
    Cookie home_init_cookie{};
    MobilityOptions options{};
    bool operator==(const HomeTestInit&) const = default;
};

/// RFC 6275, 6.1.4.
struct CareOfTestInit {
    Cookie care_of_init_cookie{};
    MobilityOptions options{};
    bool operator==(const CareOfTestInit&) const = default;
};

/// RFC 6275, 6.1.5.
struct HomeTest {
    std::uint16_t home_nonce_index = 0;
    Cookie home_init_cookie{};
    KeygenToken home_keygen_token{};
    MobilityOptions options{};
    bool operator==(const HomeTest&) const = default;
};

/// RFC 6275, 6.1.6.
struct CareOfTest {
    std::uint16_t care_of_nonce_index = 0;
    Cookie care_of_init_cookie{};
    KeygenToken care_of_keygen_token{};
    MobilityOptions options{};
    bool operator==(const CareOfTest&) const = default;
};

/// Flags of the Binding Update by meaning; the codec maps them to the bits of the dialect:
///   - F, T: RFC 0x0100, 0x0080; draft 0x0200, 0x0100. Decoding with Auto reads 0x0200 as the
///   draft's F only
///     if H is set and no option says proxy registration (types 22, 23, 24), and never guesses the
///     draft's T.
///   - P: RFC 0x0200; the draft has none.
///   - O: RFC 0x0040, read only if P is clear and a Binding Identifier option is present; the draft
///   has it in
///     the option (wire/binding_identifier.hpp).
/// Encoding a flag that the dialect cannot express is an error, except O in the draft, which is
/// left to the option.
struct BindingUpdateFlags {
    bool acknowledge = false;       ///< A
    bool home_registration = false; ///< H
    bool link_local = false;        ///< L
    bool key_management = false;    ///< K
    bool map_registration = false;  ///< M, RFC 5380
    bool mobile_router = false;     ///< R, RFC 3963
    bool proxy = false;             ///< P, RFC 5213
    bool force_udp = false;         ///< F, RFC 5555
    bool tlv = false;               ///< T, RFC 5845
    bool overwrite = false;         ///< O, RFC 5648
    bool operator==(const BindingUpdateFlags&) const = default;
};

/// RFC 6275, 6.1.7.
struct BindingUpdate {
    std::uint16_t sequence = 0;
    BindingUpdateFlags flags{};
    Lifetime lifetime{};
    MobilityOptions options{};
    bool operator==(const BindingUpdate&) const = default;
};

/// Flags of the Binding Acknowledgement by meaning; T is 0x10 (RFC 5845), 0x20 in the draft.
struct BindingAcknowledgementFlags {
    bool key_management = false; ///< K
    bool mobile_router = false;  ///< R, RFC 3963
    bool tlv = false;            ///< T, RFC 5845
    bool operator==(const BindingAcknowledgementFlags&) const = default;
};

/// RFC 6275, 6.1.8.
struct BindingAcknowledgement {
    BindingStatus status = BindingStatus::Accepted;
    BindingAcknowledgementFlags flags{};
    std::uint16_t sequence = 0; ///< copied; the last accepted one with status 135
    Lifetime lifetime{};        ///< undefined if rejected
    MobilityOptions options{};
    bool operator==(const BindingAcknowledgement&) const = default;
};

/// RFC 6275, 6.1.9.
struct BindingError {
    BindingErrorStatus status = BindingErrorStatus::UnknownBindingForHomeAddressOption;
    Ipv6Address home_address{}; ///< from the Home Address option on the wire, else ::
    MobilityOptions options{};
    bool operator==(const BindingError&) const = default;
};

/// RFC 5142, 4.
struct HomeAgentSwitch {
    std::vector<Ipv6Address> home_agents{}; ///< in order of preference, at most 127 fit a message
    MobilityOptions options{};
    bool operator==(const HomeAgentSwitch&) const = default;
};

using MobilityMessage =
    std::variant<BindingRefreshRequest, HomeTestInit, CareOfTestInit, HomeTest, CareOfTest,
                 BindingUpdate, BindingAcknowledgement, BindingError, HomeAgentSwitch>;

/// The MH Type that the message has on the wire.
MhType mh_type(const MobilityMessage& message);

/// The options of any message.
const MobilityOptions& options_of(const MobilityMessage& message);

/// The name in the words of the RFC, e.g. "Binding Update"; "MH type 99" for a number without a
/// name.
std::string to_string(MhType type);

} // namespace dsmip::wire
