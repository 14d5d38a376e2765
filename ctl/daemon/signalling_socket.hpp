// SPDX-License-Identifier: GPL-2.0-or-later
// The raw IPv6 socket on protocol 135 that brings and takes all signalling.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "daemon/ancillary_data.hpp"
#include "wire/address.hpp"
#include "wire/codec.hpp"

namespace dsmip::daemon {

/// A message as it came; `octets` are valid until the next call of receive().
struct SignallingDatagram {
    wire::Ipv6Address source; ///< home address after a Home Address option
    ReceivedAncillary ancillary;
    std::span<const std::uint8_t> octets;
};

class SignallingSocket {
public:
    /// The error names the step that failed and, for EPERM, what is missing.
    static tl::expected<SignallingSocket, std::string> open();

    SignallingSocket(SignallingSocket&& other) noexcept;
    SignallingSocket& operator=(SignallingSocket&&) = delete;
    SignallingSocket(const SignallingSocket&) = delete;
    SignallingSocket& operator=(const SignallingSocket&) = delete;
    ~SignallingSocket();

    /// Readable when messages wait. Never blocks.
    [[nodiscard]] int fd() const { return fd_; }

    /// The next message; nothing if none waits; the error is the name of a drop counter, reading
    /// goes on after it.
    tl::expected<std::optional<SignallingDatagram>, std::string_view> receive();

    /// `destination` is the one of the checksum: the home address where a routing header is added.
    /// The error is a text for people.
    tl::expected<void, std::string> send(std::span<const std::uint8_t> octets,
                                         const wire::Ipv6Address& destination,
                                         const SentAncillary& ancillary);

private:
    explicit SignallingSocket(int fd)
        : fd_(fd) {}

    int fd_;
    // One octet more than the longest message, so that a longer one is seen to be.
    std::array<std::uint8_t, wire::max_mobility_header_length + 1> buffer_{};
    alignas(std::size_t) std::array<std::byte, 4096> control_{};
};

} // namespace dsmip::daemon
