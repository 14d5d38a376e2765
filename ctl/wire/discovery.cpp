// SPDX-License-Identifier: GPL-2.0-or-later
// Discovery messages in octets.
#include "wire/discovery.hpp"

#include <algorithm>
#include <array>

#include "wire/checksum.hpp"
#include "wire/octets.hpp"

namespace dsmip::wire {

namespace {

constexpr std::size_t fixed_length = 8;          // of all but a Router Advertisement
constexpr std::size_t advertisement_length = 16; // of a Router Advertisement, before its options
constexpr std::uint8_t router_hop_limit = 0;     // "unspecified"; read by nobody here
constexpr std::uint16_t flag_mobile_router = 0x8000U;
constexpr std::uint8_t flag_managed = 0x80U;
constexpr std::uint8_t flag_other = 0x40U;
constexpr std::uint8_t flag_home_agent = 0x20U;
constexpr std::uint8_t flag_on_link = 0x80U;
constexpr std::uint8_t flag_autonomous = 0x40U;
constexpr std::uint8_t flag_router_address = 0x20U;

constexpr std::uint8_t option_prefix_information = 3;
constexpr std::uint8_t option_advertisement_interval = 7;
constexpr std::uint8_t option_home_agent_information = 8;
constexpr std::size_t prefix_information_length = 32;
constexpr std::size_t small_option_length = 8;

// ---------------------------------------------------------------- out

void put(OctetWriter& out, const PrefixInformation& information) {
    const auto& prefix =
        information.router_address ? information.prefix : information.prefix.network();
    out.u8(option_prefix_information).u8(prefix_information_length / 8).u8(prefix.length);
    out.u8(bit_if(information.on_link, flag_on_link) |
           bit_if(information.autonomous, flag_autonomous) |
           bit_if(information.router_address, flag_router_address));
    out.u32(information.valid_lifetime).u32(information.preferred_lifetime).u32(0);
    out.append(prefix.address.bytes);
}

// Type, code, room for the checksum.
OctetWriter& head(OctetWriter& out, std::uint8_t type) {
    return out.u8(type).u8(0).u16(0);
}

void put(OctetWriter& out, const HomeAgentDiscoveryRequest& message) {
    head(out, type_home_agent_discovery_request)
        .u16(message.identifier)
        .u16(bit_if(message.mobile_router, flag_mobile_router));
}

void put(OctetWriter& out, const HomeAgentDiscoveryReply& message) {
    head(out, type_home_agent_discovery_reply)
        .u16(message.identifier)
        .u16(bit_if(message.mobile_router, flag_mobile_router));
    const auto count = std::min(message.home_agents.size(), home_agents_max);
    for (std::size_t i = 0; i < count; ++i) {
        out.append(message.home_agents[i].bytes);
    }
}

void put(OctetWriter& out, const MobilePrefixSolicitation& message) {
    head(out, type_mobile_prefix_solicitation).u16(message.identifier).u16(0);
}

void put(OctetWriter& out, const MobilePrefixAdvertisement& message) {
    head(out, type_mobile_prefix_advertisement)
        .u16(message.identifier)
        .u8(bit_if(message.managed, flag_managed) | bit_if(message.other, flag_other))
        .u8(0);
    for (const auto& prefix : message.prefixes) {
        put(out, prefix);
    }
}

void put(OctetWriter& out, const RouterAdvertisement& message) {
    head(out, type_router_advertisement)
        .u8(router_hop_limit)
        .u8(bit_if(message.managed, flag_managed) | bit_if(message.other, flag_other) |
            bit_if(message.home_agent, flag_home_agent))
        .u16(message.router_lifetime)
        .u32(0)
        .u32(0);
    for (const auto& prefix : message.prefixes) {
        put(out, prefix);
    }
    if (message.advertisement_interval) {
        out.u8(option_advertisement_interval).u8(1).u16(0).u32(*message.advertisement_interval);
    }
    if (const auto& information = message.home_agent_information) {
        out.u8(option_home_agent_information)
            .u8(1)
            .u16(bit_if(information->mobile_router, flag_mobile_router))
            .u16(information->preference)
            .u16(information->lifetime);
    }
}

// ---------------------------------------------------------------- in

std::optional<PrefixInformation> read_prefix(OctetReader in) {
    PrefixInformation information;
    information.prefix.length = in.u8();
    const auto flags = in.u8();
    information.on_link = (flags & flag_on_link) != 0;
    information.autonomous = (flags & flag_autonomous) != 0;
    information.router_address = (flags & flag_router_address) != 0;
    information.valid_lifetime = in.u32();
    information.preferred_lifetime = in.u32();
    in.u32();
    information.prefix.address = in.ipv6();
    if (information.prefix.length > Ipv6Address::bit_length ||
        information.prefix.address.is_link_local() || information.prefix.address.is_multicast() ||
        information.preferred_lifetime > information.valid_lifetime) {
        return std::nullopt;
    }
    if (!information.router_address) {
        information.prefix = information.prefix.network();
    }
    return information;
}

struct Options {
    std::vector<PrefixInformation> prefixes;
    std::optional<std::uint32_t> advertisement_interval;
    std::optional<HomeAgentInformation> home_agent_information;
};

tl::expected<Options, DiscoveryCause> read_options(Octets octets) {
    Options options;
    while (!octets.empty()) {
        if (octets.size() < 2) {
            return tl::make_unexpected(DiscoveryCause::OptionTruncated);
        }
        const auto type = octets[0];
        const std::size_t length = std::size_t{octets[1]} * 8;
        if (length == 0) {
            return tl::make_unexpected(DiscoveryCause::OptionLength);
        }
        if (length > octets.size()) {
            return tl::make_unexpected(DiscoveryCause::OptionTruncated);
        }
        const bool small =
            type == option_advertisement_interval || type == option_home_agent_information;
        if ((type == option_prefix_information && length != prefix_information_length) ||
            (small && length != small_option_length)) {
            return tl::make_unexpected(DiscoveryCause::OptionLength);
        }
        OctetReader in(octets.subspan(2, length - 2));
        if (type == option_prefix_information) {
            if (const auto prefix = read_prefix(in)) {
                options.prefixes.push_back(*prefix);
            }
        } else if (type == option_advertisement_interval) {
            in.u16();
            options.advertisement_interval = in.u32();
        } else if (type == option_home_agent_information) {
            HomeAgentInformation information;
            information.mobile_router = (in.u16() & flag_mobile_router) != 0;
            information.preference = in.u16();
            information.lifetime = in.u16();
            options.home_agent_information = information;
        }
        octets = octets.subspan(length);
    }
    return options;
}

tl::expected<DiscoveryMessage, DiscoveryCause> read_router_advertisement(Octets octets) {
    auto options = read_options(octets.subspan(advertisement_length));
    if (!options) {
        return tl::make_unexpected(options.error());
    }
    const auto flags = octets[5];
    OctetReader in(octets.subspan(6));
    RouterAdvertisement message;
    message.managed = (flags & flag_managed) != 0;
    message.other = (flags & flag_other) != 0;
    message.home_agent = (flags & flag_home_agent) != 0;
    message.router_lifetime = in.u16();
    message.prefixes = std::move(options->prefixes);
    message.advertisement_interval = options->advertisement_interval;
    message.home_agent_information = options->home_agent_information;
    return message;
}

tl::expected<DiscoveryMessage, DiscoveryCause> read_reply(OctetReader in) {
    HomeAgentDiscoveryReply message;
    message.identifier = in.u16();
    message.mobile_router = (in.u16() & flag_mobile_router) != 0;
    if (in.remaining() % 16 != 0) {
        return tl::make_unexpected(DiscoveryCause::AddressLength);
    }
    while (in.remaining() != 0) {
        if (const auto address = in.ipv6(); address.is_unicast_routable()) {
            message.home_agents.push_back(address);
        }
    }
    return message;
}

tl::expected<DiscoveryMessage, DiscoveryCause> read_prefix_advertisement(Octets octets) {
    auto options = read_options(octets.subspan(fixed_length));
    if (!options) {
        return tl::make_unexpected(options.error());
    }
    OctetReader in(octets.subspan(4));
    MobilePrefixAdvertisement message;
    message.identifier = in.u16();
    const auto flags = in.u8();
    message.managed = (flags & flag_managed) != 0;
    message.other = (flags & flag_other) != 0;
    message.prefixes = std::move(options->prefixes);
    return message;
}

} // namespace

std::vector<std::uint8_t> encode(const DiscoveryMessage& message, const Ipv6Address& source,
                                 const Ipv6Address& destination) {
    std::vector<std::uint8_t> octets;
    OctetWriter out(octets);
    std::visit([&](const auto& one) { put(out, one); }, message);
    const auto checksum = upper_layer_checksum(octets, source, destination, icmpv6_protocol);
    octets.at(2) = static_cast<std::uint8_t>(checksum >> 8U);
    octets.at(3) = static_cast<std::uint8_t>(checksum & 0xFFU);
    return octets;
}

std::string_view drop_name(DiscoveryCause cause) {
    constexpr std::array<std::string_view, discovery_causes> names{"icmp_truncated",
                                                                   "icmp_checksum",
                                                                   "icmp_type",
                                                                   "icmp_code",
                                                                   "icmp_address_length",
                                                                   "icmp_option_length",
                                                                   "icmp_option_truncated"};
    return names.at(static_cast<std::size_t>(cause));
}

tl::expected<DiscoveryMessage, DiscoveryCause>
decode_discovery(Octets octets, const Ipv6Address& source, const Ipv6Address& destination) {
    if (octets.size() < fixed_length) {
        return tl::make_unexpected(DiscoveryCause::Truncated);
    }
    if (upper_layer_checksum(octets, source, destination, icmpv6_protocol) != 0) {
        return tl::make_unexpected(DiscoveryCause::Checksum);
    }
    const auto type = octets[0];
    if (type != type_router_advertisement &&
        (type < type_home_agent_discovery_request || type > type_mobile_prefix_advertisement)) {
        return tl::make_unexpected(DiscoveryCause::Type);
    }
    if (octets[1] != 0) {
        return tl::make_unexpected(DiscoveryCause::Code);
    }
    OctetReader in(octets.subspan(4));
    switch (type) {
    case type_router_advertisement:
        if (octets.size() < advertisement_length) {
            return tl::make_unexpected(DiscoveryCause::Truncated);
        }
        return read_router_advertisement(octets);
    case type_home_agent_discovery_request: {
        const auto identifier = in.u16();
        return HomeAgentDiscoveryRequest{identifier, (in.u16() & flag_mobile_router) != 0};
    }
    case type_home_agent_discovery_reply:
        return read_reply(in);
    case type_mobile_prefix_solicitation:
        // No option is defined, but they have to look like some (RFC 6275, 6.7).
        if (auto options = read_options(octets.subspan(fixed_length)); !options) {
            return tl::make_unexpected(options.error());
        }
        return MobilePrefixSolicitation{in.u16()};
    default:
        return read_prefix_advertisement(octets);
    }
}

Ipv6Address home_agents_anycast(const Prefix6& prefix) {
    constexpr std::uint8_t identifier = 0x7E;
    constexpr std::size_t interface_identifier = 8; // octet where one of 64 bits begins
    constexpr std::uint8_t local_identifier = 0xFD; // all ones but for the universal bit
    constexpr std::uint8_t length64 = 64;
    auto address = prefix.network().address;
    for (std::size_t bit = prefix.length; bit < Ipv6Address::bit_length; ++bit) {
        address.bytes.at(bit / 8) |= static_cast<std::uint8_t>(0x80U >> (bit % 8));
    }
    address.bytes.back() = static_cast<std::uint8_t>((address.bytes.back() & 0x80U) | identifier);
    if (prefix.length == length64) {
        address.bytes.at(interface_identifier) = local_identifier;
    }
    return address;
}

bool is_reserved_anycast(const Prefix6& prefix, const Ipv6Address& address) {
    constexpr std::uint8_t two_hosts = Ipv6Address::bit_length - 1;
    constexpr std::uint8_t reserved_bits = Ipv6Address::bit_length - 7; // RFC 2526, 2
    if (prefix.length >= two_hosts || !prefix.contains(address)) {
        return false;
    }
    if (address == prefix.network().address) {
        return true;
    }
    if (prefix.length < reserved_bits &&
        Prefix6{home_agents_anycast(prefix), reserved_bits}.network().contains(address)) {
        return true;
    }
    return prefix.length < interface_identifier_bits &&
           is_reserved_anycast(Prefix6{address, interface_identifier_bits}.network(), address);
}

} // namespace dsmip::wire
