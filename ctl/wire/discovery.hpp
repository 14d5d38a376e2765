// SPDX-License-Identifier: GPL-2.0-or-later
// The ICMPv6 messages of Mobile IPv6: home agent address discovery (RFC 6275, 6.5 and 6.6; RFC
// 3963, 7), mobile prefix discovery (6.7 and 6.8), and Router Advertisements with what Mobile IPv6
// adds to them (7.1 to 7.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "wire/address.hpp"

namespace dsmip::wire {

inline constexpr std::uint8_t icmpv6_protocol = 58;
inline constexpr std::uint8_t type_router_advertisement = 134;
inline constexpr std::uint8_t type_home_agent_discovery_request = 144;
inline constexpr std::uint8_t type_home_agent_discovery_reply = 145;
inline constexpr std::uint8_t type_mobile_prefix_solicitation = 146;
inline constexpr std::uint8_t type_mobile_prefix_advertisement = 147;

/// Addresses that a Home Agent Address Discovery Reply holds within the minimum MTU of IPv6
/// (RFC 6275, 10.5.1): 1280 octets without the headers.
inline constexpr std::size_t home_agents_max = (1280 - 40 - 8) / 16;

/// In a lifetime of a prefix: it does not end.
inline constexpr std::uint32_t infinite_lifetime = 0xFFFFFFFFU;

struct HomeAgentDiscoveryRequest {
    std::uint16_t identifier = 0;
    bool mobile_router = false; ///< R: wants home agents that serve mobile routers
    bool operator==(const HomeAgentDiscoveryRequest&) const = default;
};

struct HomeAgentDiscoveryReply {
    std::uint16_t identifier = 0;
    bool mobile_router = false; ///< R: all of these serve mobile routers
    std::vector<Ipv6Address> home_agents;
    bool operator==(const HomeAgentDiscoveryReply&) const = default;
};

struct MobilePrefixSolicitation {
    std::uint16_t identifier = 0;
    bool operator==(const MobilePrefixSolicitation&) const = default;
};

/// Prefix Information option (RFC 4861, 4.6.2; RFC 6275, 7.2).
struct PrefixInformation {
    /// With `router_address` all of it counts, else the bits of the prefix.
    Prefix6 prefix;
    bool on_link = false;                 ///< L
    bool autonomous = false;              ///< A
    bool router_address = false;          ///< R: the address is that of the router
    std::uint32_t valid_lifetime = 0;     ///< seconds, or infinite_lifetime
    std::uint32_t preferred_lifetime = 0; ///< seconds, or infinite_lifetime
    bool operator==(const PrefixInformation&) const = default;
};

struct MobilePrefixAdvertisement {
    std::uint16_t identifier = 0;
    bool managed = false; ///< M
    bool other = false;   ///< O
    std::vector<PrefixInformation> prefixes;
    bool operator==(const MobilePrefixAdvertisement&) const = default;
};

/// Home Agent Information option (RFC 6275, 7.4; R: RFC 3963, 7.4).
struct HomeAgentInformation {
    bool mobile_router = false; ///< R: serves mobile routers
    std::uint16_t preference = 0;
    std::uint16_t lifetime = 0; ///< seconds
    bool operator==(const HomeAgentInformation&) const = default;
};

/// The part of a Router Advertisement that concerns Mobile IPv6.
struct RouterAdvertisement {
    bool managed = false;              ///< M
    bool other = false;                ///< O
    bool home_agent = false;           ///< H
    std::uint16_t router_lifetime = 0; ///< seconds
    std::vector<PrefixInformation> prefixes;
    std::optional<std::uint32_t> advertisement_interval{}; ///< milliseconds
    std::optional<HomeAgentInformation> home_agent_information{};
    bool operator==(const RouterAdvertisement&) const = default;
};

using DiscoveryMessage =
    std::variant<HomeAgentDiscoveryRequest, HomeAgentDiscoveryReply, MobilePrefixSolicitation,
                 MobilePrefixAdvertisement, RouterAdvertisement>;

/// A complete ICMPv6 message with its checksum. Of addresses what is behind home_agents_max is left
/// out.
/// @param source, destination  addresses of the pseudo-header: home addresses where a Home Address
///        option or type 2 routing header is used
std::vector<std::uint8_t> encode(const DiscoveryMessage& message, const Ipv6Address& source,
                                 const Ipv6Address& destination);

/// Why a message is dropped. Each cause is a drop counter; drop_name gives its name.
enum class DiscoveryCause : std::uint8_t {
    Truncated,       ///< icmp_truncated: shorter than its fixed part
    Checksum,        ///< icmp_checksum
    Type,            ///< icmp_type: none of these messages
    Code,            ///< icmp_code: not 0
    AddressLength,   ///< icmp_address_length: no whole number of addresses
    OptionLength,    ///< icmp_option_length: an option of length 0, or not the one of its type
    OptionTruncated, ///< icmp_option_truncated: it reaches over the end
};
inline constexpr std::size_t discovery_causes =
    static_cast<std::size_t>(DiscoveryCause::OptionTruncated) + 1;

/// The name of the drop counter, e.g. "icmp_checksum".
std::string_view drop_name(DiscoveryCause cause);

/// Reads one ICMPv6 message that fills `octets`. Options that are not known are skipped; so are
/// addresses in a reply that are not unicast routable, and prefixes longer than 128 bits,
/// link-local or with a preferred lifetime above the valid one (RFC 4862, 5.5.3).
/// @param source, destination  as for encode
tl::expected<DiscoveryMessage, DiscoveryCause>
decode_discovery(std::span<const std::uint8_t> octets, const Ipv6Address& source,
                 const Ipv6Address& destination);

/// Mobile IPv6 Home-Agents anycast address of a prefix (RFC 2526): with 64 bits behind the prefix,
/// an interface identifier with the universal bit clear.
Ipv6Address home_agents_anycast(const Prefix6& prefix);

/// Length of the interface identifiers of RFC 4291, 2.5.1, in bits.
inline constexpr std::uint8_t interface_identifier_bits = 64;

/// An address of `prefix` that no single host can have: its Subnet-Router anycast address (RFC
/// 4291, 2.6.1; not in prefixes of 127 and 128 bits, RFC 6164), or one of the 128 that RFC 2526
/// reserves. In a prefix shorter than 64 bits likewise those of the subnets of 64 bits.
bool is_reserved_anycast(const Prefix6& prefix, const Ipv6Address& address);

} // namespace dsmip::wire
