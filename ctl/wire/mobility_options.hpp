// SPDX-License-Identifier: GPL-2.0-or-later
// Mobility options as values. Padding is the codec's business and appears nowhere here.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <variant>
#include <vector>

#include "wire/address.hpp"
#include "wire/status.hpp"

namespace dsmip::wire {

/// A lifetime as the messages carry it: 16 bits in units of 4 seconds, 0 = delete (RFC
/// 6275, 6.1.7). There is no infinite value; the longest is 262140 s.
struct Lifetime {
    static constexpr std::chrono::seconds unit{4};

    std::uint16_t units = 0;

    /// Rounds down to whole units; negative becomes 0, too long becomes the longest.
    static constexpr Lifetime from(std::chrono::seconds duration) {
        const auto count = std::clamp<std::chrono::seconds::rep>(
            duration / unit, 0, std::numeric_limits<std::uint16_t>::max());
        return {static_cast<std::uint16_t>(count)};
    }
    [[nodiscard]] constexpr std::chrono::seconds duration() const { return units * unit; }
    [[nodiscard]] constexpr bool is_zero() const { return units == 0; }

    friend auto operator<=>(const Lifetime&, const Lifetime&) = default;
};

/// Option type numbers (IANA "Mobility Options").
enum class OptionType : std::uint8_t {
    Pad1 = 0,
    PadN = 1,
    BindingRefreshAdvice = 2,
    AlternateCareOfAddress = 3,
    NonceIndices = 4,
    BindingAuthorizationData = 5,
    MobileNetworkPrefix = 6,
    MobilityHeaderLinkLayerAddress = 7,
    MobileNodeIdentifier = 8,
    Authentication = 9,
    ReplayProtection = 10,
    HomeNetworkPrefix = 22,
    HandoffIndicator = 23,
    AccessTechnologyType = 24,
    Ipv4HomeAddress = 29,
    Ipv4AddressAcknowledgement = 30,
    NatDetection = 31,
    Ipv4CareOfAddress = 32,
    BindingIdentifier = 35,
};

/// RFC 6275, 6.2.4: the mobile node should send a new Binding Update after this time.
struct BindingRefreshAdvice {
    Lifetime refresh_interval{};
    bool operator==(const BindingRefreshAdvice&) const = default;
};

/// RFC 6275, 6.2.5.
struct AlternateCareOfAddress {
    Ipv6Address address{};
    bool operator==(const AlternateCareOfAddress&) const = default;
};

/// RFC 6275, 6.2.6.
struct NonceIndices {
    std::uint16_t home_nonce_index = 0;
    std::uint16_t care_of_nonce_index = 0;
    bool operator==(const NonceIndices&) const = default;
};

/// RFC 6275, 6.2.7. The encoder puts it last; the decoder refuses it anywhere else.
struct BindingAuthorizationData {
    std::array<std::uint8_t, 12> authenticator{};
    bool operator==(const BindingAuthorizationData&) const = default;
};

/// RFC 3963, 4.3. The length is not judged here (an HA answers status 141).
struct MobileNetworkPrefix {
    Prefix6 prefix{};
    bool operator==(const MobileNetworkPrefix&) const = default;
};

/// RFC 5568, 6.4.4; used by RFC 5648, 5.6.3, with option code 2.
struct MobilityHeaderLinkLayerAddress {
    static constexpr std::uint8_t code_mobile_node = 2;

    std::uint8_t option_code = code_mobile_node;
    std::vector<std::uint8_t> link_layer_address{}; ///< 6 octets for Ethernet, at most 254
    bool operator==(const MobilityHeaderLinkLayerAddress&) const = default;
};

/// RFC 4283.
struct MobileNodeIdentifier {
    static constexpr std::uint8_t subtype_nai = 1;

    std::uint8_t subtype = subtype_nai;
    std::vector<std::uint8_t> identifier{}; ///< at most 254 octets
    bool operator==(const MobileNodeIdentifier&) const = default;
};

/// RFC 4285, 5.
struct Authentication {
    static constexpr std::uint8_t subtype_mn_ha = 1;
    static constexpr std::uint8_t subtype_mn_aaa = 2;

    std::uint8_t subtype = subtype_mn_ha;
    std::uint32_t spi = 0;
    std::vector<std::uint8_t> data{}; ///< at most 250 octets
    bool operator==(const Authentication&) const = default;
};

/// RFC 4285, 6: NTP timestamp.
struct ReplayProtection {
    std::uint64_t timestamp = 0;
    bool operator==(const ReplayProtection&) const = default;
};

/// RFC 5555, 3.1.1. Address 0.0.0.0 asks for an allocation.
struct Ipv4HomeAddress {
    std::uint8_t prefix_length =
        32; ///< 0..63 on the wire; 0 and above 32 are the receiver's to refuse
    bool prefix_requested = false; ///< flag P
    Ipv4Address address{};
    bool operator==(const Ipv4HomeAddress&) const = default;
};

/// RFC 5555, 3.2.1. The prefix length is meaningful on success only: on failure the encoder writes
/// and the decoder reports 0.
struct Ipv4AddressAcknowledgement {
    Ipv4AddressStatus status = Ipv4AddressStatus::Success;
    std::uint8_t prefix_length = 32; ///< 0..63
    Ipv4Address address{};
    bool operator==(const Ipv4AddressAcknowledgement&) const = default;
};

/// RFC 5555, 3.2.2.
struct NatDetection {
    static constexpr std::uint32_t no_information = 0;
    static constexpr std::uint32_t no_keepalive_needed = 0xFFFFFFFF;

    bool force_udp = false;                      ///< flag F
    std::uint32_t refresh_time = no_information; ///< seconds
    bool operator==(const NatDetection&) const = default;
};

/// RFC 5555, 3.1.2.
struct Ipv4CareOfAddress {
    Ipv4Address address{};
    bool operator==(const Ipv4CareOfAddress&) const = default;
};

/// RFC 5648, 4.1. Octet 5 is kept raw because its reading depends on the dialect; see
/// wire/binding_identifier.hpp for the rules and for how to build one.
struct BindingIdentifier {
    std::uint16_t bid = 0;
    BindingStatus status = BindingStatus::Accepted;
    std::uint8_t flags = 0; ///< octet 5: RFC H and BID-PRI, draft C O H D
    std::variant<std::monostate, Ipv4Address, Ipv6Address> care_of_address{};
    /// Set by the decoder if the length octet was none of 4, 8, 20; it is that octet. Nothing else
    /// of the option can then be relied on, `bid` is 0 if it was not all there. Such an option is
    /// to be answered with McoaMalformed and cannot be encoded.
    std::optional<std::uint8_t> malformed_length{};
    bool operator==(const BindingIdentifier&) const = default;
};

/// An option this codec has no structure for; receivers skip it (RFC 6275, 6.2.1).
struct UnknownOption {
    std::uint8_t type = 0;
    std::vector<std::uint8_t> data{}; ///< at most 255 octets
    bool operator==(const UnknownOption&) const = default;
};

using MobilityOption =
    std::variant<BindingRefreshAdvice, AlternateCareOfAddress, NonceIndices,
                 BindingAuthorizationData, MobileNetworkPrefix, MobilityHeaderLinkLayerAddress,
                 MobileNodeIdentifier, Authentication, ReplayProtection, Ipv4HomeAddress,
                 Ipv4AddressAcknowledgement, NatDetection, Ipv4CareOfAddress, BindingIdentifier,
                 UnknownOption>;

/// In the order of the wire.
using MobilityOptions = std::vector<MobilityOption>;

/// The first option of that kind, else nullptr.
template<class Option>
const Option* find_option(const MobilityOptions& options) {
    for (const auto& option : options) {
        if (const auto* found = std::get_if<Option>(&option)) {
            return found;
        }
    }
    return nullptr;
}

/// Copies of all options of that kind, in order.
template<class Option>
std::vector<Option> find_options(const MobilityOptions& options) {
    std::vector<Option> found{};
    for (const auto& option : options) {
        if (const auto* match = std::get_if<Option>(&option)) {
            found.push_back(*match);
        }
    }
    return found;
}

} // namespace dsmip::wire
