// SPDX-License-Identifier: GPL-2.0-or-later
// Selection of care-of candidates.
#include "daemon/care_of_candidates.hpp"

#include <algorithm>
#include <tuple>

#include "mobility/mobile_node_care_of.hpp"

#include "daemon/underlay.hpp"

namespace dsmip::daemon {

namespace {

auto rank(const netlink::LinkAddress& address) {
    return std::tuple(address.deprecated, address.address.is_ipv4(), address.temporary);
}

} // namespace

std::vector<mobility::CareOfCandidate> care_of_candidates(const netlink::NetworkState& state,
                                                          const NoCareOf& excluded) {
    std::vector<mobility::CareOfCandidate> candidates;
    for (const auto& [ifindex, link] : state.links()) {
        // A tunnel of our kind would carry its own packets.
        if (!link.up || !link.running || link.loopback || link.kind == "dsmip" ||
            ifindex == excluded.tunnel_device || !is_in_underlay(state, link, excluded.underlay)) {
            continue;
        }
        auto addresses = link.addresses;
        std::stable_sort(addresses.begin(), addresses.end(),
                         [](const auto& a, const auto& b) { return rank(a) < rank(b); });
        for (const auto& address : addresses) {
            const auto* address6 = address.address.ipv6();
            const bool home =
                address.home ||
                (address6 != nullptr &&
                 std::find(excluded.home_addresses.begin(), excluded.home_addresses.end(),
                           *address6) != excluded.home_addresses.end());
            if (home || !address.is_usable() || !mobility::can_be_care_of(address.address)) {
                continue;
            }
            candidates.push_back({.link_name = link.name,
                                  .link = ifindex,
                                  .address = address.address,
                                  .default_route = link.has_default_route(address.address.family()),
                                  .deprecated = address.deprecated,
                                  .prefix_length = address.prefix_length,
                                  .attachment = link.carrier_changes});
        }
    }
    return candidates;
}

} // namespace dsmip::daemon
