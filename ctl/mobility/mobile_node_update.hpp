// SPDX-License-Identifier: GPL-2.0-or-later
// Builds the Binding Updates of a mobile node (RFC 6275, 11.7.1; RFC 5555, 4.4.1;
// RFC 5648, 5.3 to 5.5).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "mobility/mobile_node.hpp"
#include "mobility/mobile_node_care_of.hpp"
#include "mobility/types.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility {

// What a Binding Update is to say.
struct UpdateContents {
    struct Bid {
        std::uint16_t bid = 0;
        std::optional<wire::IpAddress> care_of; // none when it is deleted
        std::uint8_t priority = 0;              // 0..127
    };

    std::uint16_t sequence = 0;
    Duration lifetime{0}; // 0 = delete
    CareOf path;          // sent from here; registered, if there are no bids
    std::vector<Bid> bids;
    bool overwrite = false;
    bool force_udp = false; // F; only over IPv4
    bool tlv = false;       // T; only over IPv4
    std::optional<wire::Ipv4HomeAddress> home_address4;
    bool mobile_router = false; // R
    std::vector<wire::Prefix6> prefixes6;
    std::vector<wire::Ipv4HomeAddress> prefixes4; // behind home_address4
};

// Over IPv6 as plain Mobile IPv6, over IPv4 as IPv6 in UDP in IPv4.
tl::expected<SendMessage, wire::EncodeError> build_update(const MobileNodeConfig& config,
                                                          const UpdateContents& contents);

} // namespace dsmip::mobility
