// SPDX-License-Identifier: GPL-2.0-or-later
// The first answer that has to come back.  A Binding Update above a limit is answered by status
// 135, "sequence number out of window", with a number that is a keyed hash of where it came from.
// Nothing is remembered.  Every mobile node goes on with the next number (RFC 6275, 11.7.3) and so
// proves that it hears what is sent there.  The module does the same for what comes in tunnels.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mobility/home_agent_policy.hpp"
#include "mobility/types.hpp"

namespace dsmip::mobility {

// Sequence number of a Binding Update that wants an answer and is long enough for one, at a glance:
// nothing else of the message has been verified.
[[nodiscard]] std::optional<std::uint16_t> update_sequence(std::span<const std::uint8_t> octets);

// Whether a node whose last number was `last` may have sent `next` since: up to 32 Binding Updates
// may have been in vain.
[[nodiscard]] bool follows_closely(std::uint16_t last, std::uint16_t next);

class Challenge {
public:
    explicit Challenge(std::uint64_t secret);

    // For the answer to a plain IPv6 message with that sequence number, which is out of the window
    // of the answer's.
    [[nodiscard]] std::uint16_t number(TimePoint now, const ReceivedMessage& message,
                                       std::uint16_t sequence) const;
    // Takes one of the answers that a node may get at one place, within the limit of all: it hears
    // those that somebody asks for in its name, too.
    bool take(TimePoint now, const ReceivedMessage& message);
    // Whether the message goes on from an answer of the last five to ten seconds: its number is at
    // most eight later, as other messages may have been on the way.
    [[nodiscard]] bool met(TimePoint now, const ReceivedMessage& message,
                           std::uint16_t sequence) const;

private:
    static constexpr std::size_t slots = 4096;
    [[nodiscard]] std::uint64_t hash(std::int64_t slot, const ReceivedMessage& message) const;

    std::array<std::uint64_t, 2> key_;
    std::vector<RateState> answer_ = std::vector<RateState>(2 * slots);
    RateState answers_;
};

} // namespace dsmip::mobility
