// SPDX-License-Identifier: GPL-2.0-or-later
// Mobile Prefix Solicitations with a Home Address option, by a packet socket: XFRM lets nothing but
// Mobility Headers in behind that option. A policy for one type of ICMPv6 message would not do:
// Linux 6.1 looks for the type at the wrong place and would let any of them in.
#pragma once

#include <array>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "mobility/home_agent_discovery.hpp"

namespace dsmip::daemon {

/// As it came; `message.octets` are valid until the next call of receive().
struct TappedSolicitation {
    mobility::ReceivedIcmpv6 message; ///< without path
    std::uint32_t mark = 0;
};

class SolicitationTap {
public:
    /// Of what is sent to `home_agent` over any interface. The error names the step that failed.
    static tl::expected<SolicitationTap, std::string> open(const wire::Ipv6Address& home_agent);

    SolicitationTap(SolicitationTap&& other) noexcept;
    SolicitationTap& operator=(SolicitationTap&&) = delete;
    SolicitationTap(const SolicitationTap&) = delete;
    SolicitationTap& operator=(const SolicitationTap&) = delete;
    ~SolicitationTap();

    [[nodiscard]] int fd() const { return fd_; }
    /// Nothing if none waits; the error is the name of a drop counter.
    tl::expected<std::optional<TappedSolicitation>, std::string_view> receive();

    /// A packet with its IPv6 header; the error is the name of a drop counter.
    static tl::expected<mobility::ReceivedIcmpv6, std::string_view>
    parse(std::span<const std::uint8_t> packet);

private:
    explicit SolicitationTap(int fd)
        : fd_(fd) {}

    int fd_;
    std::array<std::uint8_t, 2048> buffer_{};
};

} // namespace dsmip::daemon
