// SPDX-License-Identifier: GPL-2.0-or-later
// A Binding Update under way: what it says, which sequence numbers it went out
// with, when it is sent again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mobility/mobile_node_care_of.hpp"
#include "mobility/retransmission.hpp"
#include "mobility/types.hpp"
#include "wire/status.hpp"

namespace dsmip::mobility {

// One message of an exchange; each has its own sequence number (RFC 6275, 11.8).
struct SentUpdate {
    std::uint16_t sequence = 0;
    TimePoint at;
    Duration lifetime{0}; // asked for
    bool force_udp = false;
    bool tlv = false;
    bool overwrite = false;
    bool home_address4 = false; // had an IPv4 Home Address option
};

struct Exchange {
    enum class Kind : std::uint8_t {
        registration,
        deregistration, // of the bids listed
        leave,          // of everything, to register elsewhere
        home,           // of everything, because the node is at home
        shutdown        // of everything, for good
    };

    Kind kind = Kind::registration;
    std::vector<std::uint16_t> bids; // {0} = plain; empty with leave, home and shutdown
    CareOf path;                     // the care-of address it is sent from
    bool refresh = false;            // of a binding that is in force
    BackOff back_off;
    TimePoint next_send;
    std::vector<SentUpdate> sent;
    bool sequence_corrected = false;            // after status 135, once at once
    std::optional<wire::BindingStatus> refused; // de-registration, by the last answer

    [[nodiscard]] bool is_of_everything() const {
        return kind == Kind::leave || kind == Kind::home || kind == Kind::shutdown;
    }
    [[nodiscard]] bool multiple() const { return bids.size() > 1; }
    [[nodiscard]] bool uses_bids() const { return !bids.empty() && bids.front() != 0; }
    [[nodiscard]] bool includes(std::uint16_t bid) const;
    // The message with that number, else nullptr.
    [[nodiscard]] const SentUpdate* find(std::uint16_t sequence) const;
};

// Messages of an exchange that are remembered, the last ones.
inline constexpr std::size_t outstanding_max = 16;

} // namespace dsmip::mobility
