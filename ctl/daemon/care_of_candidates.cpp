// SPDX-License-Identifier: GPL-2.0-or-later
// Selection of care-of candidates.
#include "daemon/care_of_candidates.hpp"

#include <algorithm>

namespace dsmip::daemon {

namespace {

int rank(const netlink::LinkAddress& address) {
    return (address.address.is_ipv4() ? 2 : 0) + (address.temporary ? 1 : 0);
}

} // namespace

std::vector<mobility::CareOfCandidate> care_of_candidates(const netlink::NetworkState& state,
                                                          const NoCareOf& excluded) {
    std::vector<mobility::CareOfCandidate> candidates;
    for (const auto& [ifindex, link] : state.links()) {
        // A tunnel of our kind would carry its own packets.
        if (!link.up || !link.running || link.loopback || link.kind == "dsmip" ||
            ifindex == excluded.tunnel_device) {
            continue;
        }
        auto addresses = link.addresses;
        std::stable_sort(addresses.begin(), addresses.end(),
                         [](const auto& a, const auto& b) { return rank(a) < rank(b); });
        for (const auto& address : addresses) {
            const bool home =
                address.home ||
                std::find(excluded.home_addresses.begin(), excluded.home_addresses.end(),
                          address.address) != excluded.home_addresses.end();
            if (home || !address.is_usable() || address.deprecated ||
                !address.address.is_unicast_routable()) {
                continue;
            }
            candidates.push_back(
                {.link_name = link.name,
                 .link = ifindex,
                 .address = address.address,
                 .default_route = link.has_default_route(address.address.family())});
        }
    }
    return candidates;
}

} // namespace dsmip::daemon
