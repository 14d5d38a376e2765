// SPDX-License-Identifier: GPL-2.0-or-later
// The raw IPv6 sockets that bring and take all signalling: Mobility Headers (protocol 135), and the
// ICMPv6 messages of discovery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
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

/// What a socket hears. A flood of plain packets, which the module does not see and cannot limit,
/// leaves the queue of the others alone.
enum class Passage : std::uint8_t {
    tunnel, ///< what the module gave a path cookie, in UDP or another tunnel
    plain,  ///< all else
};

class SignallingSocket {
public:
    /// For Mobility Headers. The error names the step that failed and, for EPERM, what is missing.
    static tl::expected<SignallingSocket, std::string> open(Passage passage);
    /// For ICMPv6 messages of these types, whatever way they come.
    static tl::expected<SignallingSocket, std::string>
    open_icmpv6(std::span<const std::uint8_t> types);

    SignallingSocket(SignallingSocket&& other) noexcept;
    SignallingSocket& operator=(SignallingSocket&&) = delete;
    SignallingSocket(const SignallingSocket&) = delete;
    SignallingSocket& operator=(const SignallingSocket&) = delete;
    ~SignallingSocket();

    /// Readable when messages wait. Never blocks.
    [[nodiscard]] int fd() const { return fd_; }

    /// The next message; nothing if none waits; the error is the name of a drop counter, reading
    /// goes on after it. Several are taken from the kernel at once, so that a flood costs little to
    /// read: do not wait for fd() before has_more() is false.
    tl::expected<std::optional<SignallingDatagram>, std::string_view> receive();

    [[nodiscard]] bool has_more() const { return next_ < taken_; }

    /// How many messages found no room in the queue since the socket is open.
    [[nodiscard]] std::uint64_t overflows() const;

    /// From now on only what comes in by this interface, and all that is sent leaves by it,
    /// whatever rules of the host do to marks and routes. The error is a text for people.
    tl::expected<void, std::string> bind_to(std::uint32_t ifindex);

    /// `destination` is the one of the checksum: the home address where a routing header is added.
    /// The error is a text for people.
    tl::expected<void, std::string> send(std::span<const std::uint8_t> octets,
                                         const wire::Ipv6Address& destination,
                                         const SentAncillary& ancillary);

private:
    explicit SignallingSocket(int fd);
    static tl::expected<SignallingSocket, std::string> open(int protocol, std::string_view what,
                                                            std::optional<Passage> passage);

    struct Batch;
    int fd_;
    std::uint32_t mark_ = 0; // of the socket
    std::unique_ptr<Batch> batch_;
    std::size_t taken_ = 0; // messages in the batch
    std::size_t next_ = 0;  // of these, the one to be given out next
};

} // namespace dsmip::daemon
