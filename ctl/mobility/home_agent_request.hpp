// SPDX-License-Identifier: GPL-2.0-or-later
// A Binding Update understood: who registers what, by which way, in which dialect.
#pragma once

#include <optional>
#include <vector>

#include <tl/expected.hpp>

#include "mobility/binding_cache.hpp"
#include "mobility/home_agent.hpp"
#include "mobility/types.hpp"
#include "wire/binding_identifier.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

struct RegistrationRequest {
    wire::Ipv6Address home_address;
    wire::Ipv6Address home_agent; // it was addressed to
    // IPv6 source on the wire where a Home Address option stood; without path that is the
    // care-of address.
    std::optional<wire::Ipv6Address> wire_source;
    std::optional<MessagePath> path; // came through a tunnel
    unsigned link = 0;
    LinkAddress link_address;    // source of the frame, if it came over the home link
    bool over_home_link = false; // from the home address itself, by the home link

    wire::BindingUpdate update;
    // What the configuration fixes, this message proves, or else was remembered.
    wire::Dialect dialect = wire::Dialect::Auto;
    // Binding Identifier options; or why they make the whole message unusable.
    tl::expected<wire::BindingIdentifierReadings, wire::BindingStatus> identifiers;
    bool has_identifiers = false;

    [[nodiscard]] std::optional<wire::Ipv6Address> alternate_care_of() const;
    // Care-of address of a Binding Update over plain IPv6 without Binding Identifier
    // options (RFC 6275, 9.5.1).
    [[nodiscard]] wire::Ipv6Address care_of6() const;
    // The IPv4 care-of address that the message itself names, to compare with the outer
    // source: the one of a Binding Identifier option takes the place of option 32
    // (RFC 5648, 8.1).
    [[nodiscard]] std::optional<wire::Ipv4Address> claimed_care_of4() const;
    // All IPv4 care-of addresses that it names, and the one that it came from.
    [[nodiscard]] std::vector<wire::Ipv4Address> care_of4() const;
    // Lifetime 0, or care-of address = home address, which such an entry would tunnel to
    // itself (RFC 6275, 10.3.1; not with an IPv4 care-of address or a BID).
    [[nodiscard]] bool deregisters() const;
    // In UDP, so that the answer goes in UDP with a NAT Detection option.
    [[nodiscard]] bool in_udp() const {
        return path && path->encapsulation != Encapsulation::direct;
    }
    // Where an answer goes to or came from on the wire, for reports.
    [[nodiscard]] wire::Endpoint came_from() const;
};

// It comes from a place where the node is registered: a care-of address, whatever port a NAT has
// given it since; or it names one, behind a NAT that has another address now; or the home link.
[[nodiscard]] bool comes_from_node(const RegistrationRequest& request, const Registration& current);

// Reads a Binding Update.
// `update` was decoded with the configured dialect; `remembered` is what the node proved before.
[[nodiscard]] RegistrationRequest parse_request(const ReceivedMessage& message,
                                                wire::BindingUpdate update,
                                                const HomeAgentConfig& config,
                                                wire::Dialect remembered);

} // namespace dsmip::mobility
