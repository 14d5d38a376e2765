// SPDX-License-Identifier: GPL-2.0-or-later
// Which links are in an underlay.
#include "daemon/underlay.hpp"

namespace dsmip::daemon {

bool is_in_underlay(const netlink::NetworkState& state, const netlink::Link& link,
                    const std::string& underlay) {
    const auto* master = link.master == 0 ? nullptr : state.find(link.master);
    const bool in_vrf = master != nullptr && master->kind == "vrf";
    if (underlay.empty()) {
        return !in_vrf && link.kind != "vrf";
    }
    return link.name == underlay || (in_vrf && master->name == underlay);
}

} // namespace dsmip::daemon
