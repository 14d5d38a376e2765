// SPDX-License-Identifier: GPL-2.0-or-later
// Addresses: text, classes, prefixes, hashes.
#include "wire/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <span>

namespace dsmip::wire {

namespace {

ParseError not_an_address(std::string_view text, std::string_view family,
                          std::string_view example) {
    return {"'" + std::string(text) + "' is not an " + std::string(family) +
            " address; write it like " + std::string(example)};
}

template<class Address>
bool parse_into(Address& address, int family, std::string_view text) {
    // inet_pton stops at a NUL; a text that holds one must not pass for its beginning.
    return text.find('\0') == std::string_view::npos &&
           inet_pton(family, std::string(text).c_str(), address.bytes.data()) == 1;
}

template<class Address>
std::string text_of(const Address& address, int family) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, address.bytes.data(), text.data(), text.size());
    return text.data();
}

template<std::size_t Size>
bool all_zero(const std::array<std::uint8_t, Size>& bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

template<class Integer>
Integer load(const std::uint8_t* octets) {
    Integer value{};
    std::memcpy(&value, octets, sizeof value);
    return value;
}

/// The bits of octet `index` that belong to a prefix of `length` bits.
std::uint8_t octet_mask(std::size_t index, unsigned length) {
    const auto first = index * 8;
    if (length >= first + 8) {
        return 0xFF;
    }
    return length <= first ? std::uint8_t{0}
                           : static_cast<std::uint8_t>(0xFF00U >> (length - first));
}

template<class Address>
std::string prefix_text(const BasicPrefix<Address>& prefix) {
    return to_string(prefix.address) + "/" + std::to_string(prefix.length);
}

} // namespace

tl::expected<Ipv4Address, ParseError> Ipv4Address::parse(std::string_view text) {
    Ipv4Address address;
    if (!parse_into(address, AF_INET, text)) {
        return tl::make_unexpected(not_an_address(text, "IPv4", "192.0.2.10"));
    }
    return address;
}

bool Ipv4Address::is_unspecified() const {
    return all_zero(bytes);
}

bool Ipv4Address::is_multicast() const {
    return (bytes[0] & 0xF0U) == 0xE0;
}

bool Ipv4Address::is_loopback() const {
    return bytes[0] == 127;
}

bool Ipv4Address::is_link_local() const {
    return bytes[0] == 169 && bytes[1] == 254;
}

bool Ipv4Address::is_unicast() const {
    return bytes[0] != 0 && !is_loopback() && bytes[0] < 224;
}

tl::expected<Ipv6Address, ParseError> Ipv6Address::parse(std::string_view text) {
    Ipv6Address address;
    if (!parse_into(address, AF_INET6, text)) {
        return tl::make_unexpected(not_an_address(text, "IPv6", "2001:db8::10"));
    }
    return address;
}

bool Ipv6Address::is_unspecified() const {
    return all_zero(bytes);
}

bool Ipv6Address::is_multicast() const {
    return bytes[0] == 0xFF;
}

bool Ipv6Address::is_loopback() const {
    return *this == Ipv6Address{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
}

bool Ipv6Address::is_link_local() const {
    return bytes[0] == 0xFE && (bytes[1] & 0xC0U) == 0x80;
}

bool Ipv6Address::is_unicast_routable() const {
    static constexpr Prefix6 ipv4_mapped{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}}, 96};
    return !is_unspecified() && !is_loopback() && !is_multicast() && !is_link_local() &&
           !ipv4_mapped.contains(*this);
}

std::string to_string(const Ipv4Address& address) {
    return text_of(address, AF_INET);
}

std::string to_string(const Ipv6Address& address) {
    return text_of(address, AF_INET6);
}

tl::expected<IpAddress, ParseError> IpAddress::parse(std::string_view text) {
    if (const auto v4 = Ipv4Address::parse(text)) {
        return IpAddress(*v4);
    }
    if (const auto v6 = Ipv6Address::parse(text)) {
        return IpAddress(*v6);
    }
    return tl::make_unexpected(not_an_address(text, "IP", "192.0.2.10 or 2001:db8::10"));
}

bool IpAddress::is_unspecified() const {
    return std::visit([](const auto& address) { return address.is_unspecified(); }, value_);
}

bool IpAddress::is_unicast_routable() const {
    return is_ipv4() ? ipv4()->is_unicast() : ipv6()->is_unicast_routable();
}

std::string to_string(const IpAddress& address) {
    return address.is_ipv4() ? to_string(*address.ipv4()) : to_string(*address.ipv6());
}

template<class Address>
tl::expected<BasicPrefix<Address>, ParseError> BasicPrefix<Address>::parse(std::string_view text) {
    const auto fail = [&](const std::string& why) {
        return tl::make_unexpected(
            ParseError{"'" + std::string(text) + "' is not a prefix: " + why});
    };
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) {
        return fail("write it like ADDRESS/LENGTH");
    }
    const auto address = Address::parse(text.substr(0, slash));
    if (!address) {
        return fail(address.error().message);
    }
    const auto digits = text.substr(slash + 1);
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), length);
    if (error != std::errc{} || end != digits.end() || length > Address::bit_length) {
        return fail("the length must be 0 to " + std::to_string(Address::bit_length));
    }
    const BasicPrefix prefix{*address, static_cast<std::uint8_t>(length)};
    if (prefix != prefix.network()) {
        return fail("bits behind the length are set, did you mean " +
                    prefix_text(prefix.network()) + "?");
    }
    return prefix;
}

template<class Address>
bool BasicPrefix<Address>::contains(const Address& other) const {
    if (length > Address::bit_length) {
        return false;
    }
    const std::size_t whole = length / 8;
    const unsigned rest = length % 8;
    return std::memcmp(address.bytes.data(), other.bytes.data(), whole) == 0 &&
           (rest == 0 || ((address.bytes[whole] ^ other.bytes[whole]) & octet_mask(0, rest)) == 0);
}

template<class Address>
bool BasicPrefix<Address>::contains(const BasicPrefix& other) const {
    return other.length >= length && other.length <= Address::bit_length && contains(other.address);
}

template<class Address>
BasicPrefix<Address> BasicPrefix<Address>::network() const {
    BasicPrefix result = *this;
    for (std::size_t i = 0; i < result.address.bytes.size(); ++i) {
        result.address.bytes[i] &= octet_mask(i, length);
    }
    return result;
}

template struct BasicPrefix<Ipv4Address>;
template struct BasicPrefix<Ipv6Address>;

std::string to_string(const Prefix4& prefix) {
    return prefix_text(prefix);
}

std::string to_string(const Prefix6& prefix) {
    return prefix_text(prefix);
}

std::uint64_t mixed(std::uint64_t value) {
    value ^= value >> 33U;
    value *= 0xFF51AFD7ED558CCDU;
    value ^= value >> 33U;
    value *= 0xC4CEB9FE1A85EC53U;
    return value ^ (value >> 33U);
}

std::string to_string(const Endpoint& endpoint) {
    auto text = to_string(endpoint.address);
    if (endpoint.port == 0) {
        return text;
    }
    return (endpoint.address.is_ipv6() ? "[" + text + "]" : text) + ":" +
           std::to_string(endpoint.port);
}

} // namespace dsmip::wire

using namespace dsmip::wire;

std::size_t std::hash<Ipv4Address>::operator()(const Ipv4Address& address) const noexcept {
    // Not as the IPv6 address that has the same value.
    return mixed(load<std::uint32_t>(address.bytes.data()) + (std::uint64_t{1} << 32U));
}

std::size_t std::hash<Ipv6Address>::operator()(const Ipv6Address& address) const noexcept {
    return mixed(load<std::uint64_t>(address.bytes.data()) * 0x9E3779B97F4A7C15U ^
                 load<std::uint64_t>(address.bytes.data() + 8));
}

std::size_t std::hash<IpAddress>::operator()(const IpAddress& address) const noexcept {
    return address.is_ipv4() ? std::hash<Ipv4Address>{}(*address.ipv4())
                             : std::hash<Ipv6Address>{}(*address.ipv6());
}

std::size_t std::hash<Endpoint>::operator()(const Endpoint& endpoint) const noexcept {
    return std::hash<IpAddress>{}(endpoint.address) * 31 + endpoint.port;
}
