// SPDX-License-Identifier: GPL-2.0-or-later
// IPv4 and IPv6 addresses, prefixes and end points as plain values in network byte order.
#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

namespace dsmip::wire {

enum class AddressFamily : std::uint8_t { Ipv4 = 4, Ipv6 = 6 };

/// Why a text is no address or prefix: one sentence that names the text and says what would be
/// right.
struct ParseError {
    std::string message;
};

/// An IPv4 address; default is 0.0.0.0.
struct Ipv4Address {
    static constexpr std::uint8_t bit_length = 32;

    std::array<std::uint8_t, 4> bytes{};

    /// Dotted decimal with four parts, e.g. "192.0.2.10".
    static tl::expected<Ipv4Address, ParseError> parse(std::string_view text);

    [[nodiscard]] bool is_unspecified() const;
    /// 224.0.0.0/4.
    [[nodiscard]] bool is_multicast() const;
    /// 127.0.0.0/8.
    [[nodiscard]] bool is_loopback() const;
    /// 169.254.0.0/16.
    [[nodiscard]] bool is_link_local() const;
    /// May belong to a node, private addresses included (RFC 5555, 3.1.1); false for 0.0.0.0/8,
    /// loopback, multicast, 240.0.0.0/4 and broadcast.
    [[nodiscard]] bool is_unicast() const;

    friend auto operator<=>(const Ipv4Address&, const Ipv4Address&) = default;
};

/// An IPv6 address; default is "::".
struct Ipv6Address {
    static constexpr std::uint8_t bit_length = 128;

    std::array<std::uint8_t, 16> bytes{};

    /// Any form of RFC 4291, 2.2, without zone.
    static tl::expected<Ipv6Address, ParseError> parse(std::string_view text);

    [[nodiscard]] bool is_unspecified() const;
    /// ff00::/8.
    [[nodiscard]] bool is_multicast() const;
    /// ::1.
    [[nodiscard]] bool is_loopback() const;
    /// fe80::/10.
    [[nodiscard]] bool is_link_local() const;
    /// Global or unique local unicast (RFC 6275, 9.5.1 and 9.3.1); false for ::, ::1, multicast,
    /// link-local and IPv4-mapped addresses.
    [[nodiscard]] bool is_unicast_routable() const;

    friend auto operator<=>(const Ipv6Address&, const Ipv6Address&) = default;
    // Every look-up does this.
    friend constexpr bool operator==(const Ipv6Address& a, const Ipv6Address& b) {
        using Halves = std::array<std::uint64_t, 2>;
        const auto left = std::bit_cast<Halves>(a.bytes);
        const auto right = std::bit_cast<Halves>(b.bytes);
        return left[0] == right[0] && left[1] == right[1];
    }
};

/// Canonical text (RFC 5952 for IPv6).
std::string to_string(const Ipv4Address& address);
std::string to_string(const Ipv6Address& address);

/// An address of either family; default is "::".
class IpAddress {
public:
    IpAddress() = default;
    IpAddress(const Ipv4Address& address)
        : value_(address) {} // NOLINT(google-explicit-constructor)
    IpAddress(const Ipv6Address& address)
        : value_(address) {} // NOLINT(google-explicit-constructor)

    /// Either textual form.
    static tl::expected<IpAddress, ParseError> parse(std::string_view text);

    [[nodiscard]] AddressFamily family() const {
        return is_ipv4() ? AddressFamily::Ipv4 : AddressFamily::Ipv6;
    }
    [[nodiscard]] bool is_ipv4() const { return std::holds_alternative<Ipv4Address>(value_); }
    [[nodiscard]] bool is_ipv6() const { return std::holds_alternative<Ipv6Address>(value_); }
    /// The address if it is of that family, else nullptr.
    [[nodiscard]] const Ipv4Address* ipv4() const { return std::get_if<Ipv4Address>(&value_); }
    [[nodiscard]] const Ipv6Address* ipv6() const { return std::get_if<Ipv6Address>(&value_); }
    [[nodiscard]] bool is_unspecified() const;
    /// Usable as care-of address: Ipv4Address::is_unicast or Ipv6Address::is_unicast_routable.
    [[nodiscard]] bool is_unicast_routable() const;

    friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

private:
    std::variant<Ipv6Address, Ipv4Address> value_{};
};

std::string to_string(const IpAddress& address);

/// An address and the number of its leading bits that count. Bits behind `length` may be anything;
/// `network` clears them.
template<class Address>
struct BasicPrefix {
    Address address{};
    /// 0..Address::bit_length; a larger value contains nothing.
    std::uint8_t length = 0;

    /// "ADDRESS/LENGTH" with all bits behind the length zero.
    static tl::expected<BasicPrefix, ParseError> parse(std::string_view text);

    [[nodiscard]] bool contains(const Address& other) const;
    /// True if every address of `other` is in this prefix.
    [[nodiscard]] bool contains(const BasicPrefix& other) const;
    /// The same prefix with all bits behind `length` zero.
    [[nodiscard]] BasicPrefix network() const;

    friend auto operator<=>(const BasicPrefix&, const BasicPrefix&) = default;
};

using Prefix4 = BasicPrefix<Ipv4Address>;
using Prefix6 = BasicPrefix<Ipv6Address>;

extern template struct BasicPrefix<Ipv4Address>;
extern template struct BasicPrefix<Ipv6Address>;

std::string to_string(const Prefix4& prefix);
std::string to_string(const Prefix6& prefix);

/// One end of a tunnel: address and UDP port in host byte order, port 0 = no UDP.
struct Endpoint {
    IpAddress address{};
    std::uint16_t port = 0;

    friend auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// "192.0.2.1:4191", "[2001:db8::1]:4191"; without the port if it is 0.
std::string to_string(const Endpoint& endpoint);

/// Finalizer of MurmurHash3: every bit of `value` reaches every bit of the result. For hash tables;
/// where peers choose the value, mix in a secret before.
std::uint64_t mixed(std::uint64_t value);

} // namespace dsmip::wire

template<>
struct std::hash<dsmip::wire::Ipv4Address> {
    std::size_t operator()(const dsmip::wire::Ipv4Address& address) const noexcept;
};
template<>
struct std::hash<dsmip::wire::Ipv6Address> {
    std::size_t operator()(const dsmip::wire::Ipv6Address& address) const noexcept;
};
template<>
struct std::hash<dsmip::wire::IpAddress> {
    std::size_t operator()(const dsmip::wire::IpAddress& address) const noexcept;
};
template<>
struct std::hash<dsmip::wire::Endpoint> {
    std::size_t operator()(const dsmip::wire::Endpoint& endpoint) const noexcept;
};
