// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to the netlink library: bounds-checked reading of netlink attributes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <libmnl/libmnl.h>
#include <tl/expected.hpp>

#include "netlink/error.hpp"
#include "wire/address.hpp"

namespace dsmip::netlink {

using Octets = std::span<const std::byte>;
template<class Value>
using Decoded = tl::expected<Value, DecodeError>;

/// One attribute: type without the nest and byte order bits, and its payload.
struct Attribute {
    std::uint16_t type = 0;
    Octets payload;
};

/// Call `handler(const Attribute&) -> Decoded<void>` for each attribute in `octets`. `where` names
/// the nest in errors.
template<class Handler>
Decoded<void> for_each_attribute(Octets octets, std::string_view where, Handler&& handler) {
    while (!octets.empty()) {
        nlattr header{};
        if (octets.size() < sizeof(header)) {
            return tl::unexpected(DecodeError{std::string(where) + ": " +
                                              std::to_string(octets.size()) +
                                              " octets left over, an attribute needs 4"});
        }
        std::memcpy(&header, octets.data(), sizeof(header));
        if (header.nla_len < sizeof(header) || header.nla_len > octets.size()) {
            return tl::unexpected(DecodeError{std::string(where) + ": attribute " +
                                              std::to_string(header.nla_type & NLA_TYPE_MASK) +
                                              " has length " + std::to_string(header.nla_len) +
                                              ", 4 to " + std::to_string(octets.size()) +
                                              " are possible"});
        }
        const Attribute attribute{
            .type = static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK),
            .payload = octets.subspan(sizeof(header), header.nla_len - sizeof(header))};
        if (auto done = handler(attribute); !done) {
            return done;
        }
        const std::size_t step = MNL_ALIGN(header.nla_len);
        octets = octets.subspan(step < octets.size() ? step : octets.size());
    }
    return {};
}

inline DecodeError wrong_length(std::string_view where, const Attribute& attribute,
                                std::size_t expected) {
    return {std::string(where) + ": attribute " + std::to_string(attribute.type) + " has " +
            std::to_string(attribute.payload.size()) + " octets, " + std::to_string(expected) +
            " expected"};
}

/// Copy the payload into `value`, whose size it must have.
template<class Value>
Decoded<void> read_raw(const Attribute& attribute, std::string_view where, Value& value) {
    if (attribute.payload.size() != sizeof(Value)) {
        return tl::unexpected(wrong_length(where, attribute, sizeof(Value)));
    }
    std::memcpy(&value, attribute.payload.data(), sizeof(Value));
    return {};
}

/// The payload as `Raw`, given to `store`.
template<class Raw, class Store>
Decoded<void> read_as(const Attribute& attribute, std::string_view where, Store&& store) {
    Raw raw{};
    auto done = read_raw(attribute, where, raw);
    if (done) {
        store(raw);
    }
    return done;
}

/// The text up to the first NUL, or all of it.
inline std::string read_text(const Attribute& attribute) {
    const char* text = reinterpret_cast<const char*>(attribute.payload.data());
    return {text, strnlen(text, attribute.payload.size())};
}

/// An IPv4 or IPv6 address, told apart by its length.
inline Decoded<wire::IpAddress> read_address(const Attribute& attribute, std::string_view where) {
    if (attribute.payload.size() == sizeof(wire::Ipv4Address::bytes)) {
        wire::Ipv4Address address;
        std::memcpy(address.bytes.data(), attribute.payload.data(), address.bytes.size());
        return wire::IpAddress(address);
    }
    wire::Ipv6Address address;
    if (auto done = read_raw(attribute, where, address.bytes); !done) {
        return tl::unexpected(done.error());
    }
    return wire::IpAddress(address);
}

/// The netlink header and what is behind a family header of type `Header`.
template<class Header>
struct FamilyMessage {
    nlmsghdr netlink{};
    Header header{};
    Octets attributes;
};

template<class Header>
Decoded<FamilyMessage<Header>> read_family_message(Octets octets, std::string_view where) {
    FamilyMessage<Header> message;
    constexpr std::size_t fixed = MNL_ALIGN(sizeof(nlmsghdr)) + MNL_ALIGN(sizeof(Header));
    if (octets.size() >= sizeof(nlmsghdr)) {
        std::memcpy(&message.netlink, octets.data(), sizeof(nlmsghdr));
    }
    if (octets.size() < fixed || message.netlink.nlmsg_len < fixed ||
        message.netlink.nlmsg_len > octets.size()) {
        return tl::unexpected(DecodeError{std::string(where) + ": message of " +
                                          std::to_string(octets.size()) +
                                          " octets is cut or lies about its length"});
    }
    std::memcpy(&message.header, octets.data() + MNL_ALIGN(sizeof(nlmsghdr)), sizeof(Header));
    message.attributes = octets.subspan(fixed, message.netlink.nlmsg_len - fixed);
    return message;
}

} // namespace dsmip::netlink
