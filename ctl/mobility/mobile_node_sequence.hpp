// SPDX-License-Identifier: GPL-2.0-or-later
// Sequence numbers of Binding Updates: one counter for all bindings at one home
// agent (RFC 6275, 11.7.1; RFC 5648, 5.2), compared modulo 2^16 (RFC 6275, 9.5.1).
#pragma once

#include <cstdint>

namespace dsmip::mobility {

// True if a receiver whose last accepted number is `last` accepts `number`.
constexpr bool is_later_sequence(std::uint16_t number, std::uint16_t last) {
    const auto distance = static_cast<std::uint16_t>(number - last);
    return distance >= 1 && distance <= 0x7fff;
}

class SequenceCounter {
public:
    explicit SequenceCounter(std::uint16_t start)
        : last_(start) {}

    std::uint16_t next() { return ++last_; }
    [[nodiscard]] std::uint16_t last() const { return last_; }

    // The home agent has accepted `accepted`: the next number will be later than
    // that.  Never goes back, so an acknowledgement that was overtaken is harmless.
    void adopt(std::uint16_t accepted) {
        if (!is_later_sequence(static_cast<std::uint16_t>(last_ + 1), accepted)) {
            last_ = accepted;
        }
    }
    // A predecessor used numbers up to at least `used`; leaves room for those it
    // sent without an answer.
    void restart_after(std::uint16_t used) { last_ = static_cast<std::uint16_t>(used + 64); }

private:
    std::uint16_t last_;
};

} // namespace dsmip::mobility
