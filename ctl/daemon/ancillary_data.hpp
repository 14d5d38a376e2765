// SPDX-License-Identifier: GPL-2.0-or-later
// What travels beside a Mobility Header on a raw IPv6 socket: addresses, interface, mark and
// extension headers (RFC 3542). Pure functions on octets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <tl/expected.hpp>

#include "wire/address.hpp"

struct cmsghdr;

namespace dsmip::daemon {

/// Beside a received message.
struct ReceivedAncillary {
    std::optional<wire::Ipv6Address> destination; ///< home address after a type 2 routing header
    unsigned link = 0;                            ///< interface it came in by
    std::uint32_t mark = 0;
    std::uint8_t hop_limit = 0;
    /// Content of the Home Address option. The kernel swapped it with the source (RFC 6275, 9.3.1),
    /// so it is the source that was on the wire.
    std::optional<wire::Ipv6Address> wire_source;
};

/// Reads the control messages of recvmsg. The error is the name of a drop counter.
tl::expected<ReceivedAncillary, std::string_view>
read_ancillary(std::span<const std::byte> control);

/// Beside a message to send.
struct SentAncillary {
    std::optional<wire::Ipv6Address> source; ///< as on the wire
    unsigned link = 0;                       ///< 0 = routing decides
    std::uint32_t mark = 0;                  ///< 0 = none; set on the socket, not per message
    /// Adds a Home Address option with this address.
    std::optional<wire::Ipv6Address> home_address_option;
    /// Adds a type 2 routing header by way of this care-of address; the kernel swaps it with the
    /// destination given to sendmsg (the home address).
    std::optional<wire::Ipv6Address> routing_header;
};

/// Control messages for sendmsg, aligned as they have to be.
class ControlBuffer {
public:
    explicit ControlBuffer(const SentAncillary& ancillary);
    [[nodiscard]] std::span<std::byte> octets() { return {buffer_.data(), length_}; }

private:
    void append(int level, int type, std::span<const std::byte> data);

    alignas(std::size_t) std::array<std::byte, 256> buffer_{};
    std::size_t length_ = 0;
};

} // namespace dsmip::daemon
