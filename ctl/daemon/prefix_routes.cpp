// SPDX-License-Identifier: GPL-2.0-or-later
// What is routed to which node.
#include "daemon/prefix_routes.hpp"

#include <algorithm>

namespace dsmip::daemon {

namespace {

bool is_in(const std::vector<netlink::Prefix>& list, const netlink::Prefix& prefix) {
    return std::find(list.begin(), list.end(), prefix) != list.end();
}

} // namespace

PrefixRoutes::PrefixRoutes(Change add, Change remove)
    : add_(std::move(add))
    , remove_(std::move(remove)) {}

PrefixRoutes::Outcome PrefixRoutes::set(const wire::Ipv6Address& home_address,
                                        const std::vector<netlink::Prefix>& wanted) {
    const auto known = by_node_.find(home_address);
    if (known == by_node_.end() && wanted.empty()) {
        return {};
    }
    auto& present = by_node_[home_address];
    Outcome result;
    // First what is new: a failure then leaves the old routes.
    for (const auto& prefix : wanted) {
        if (!contains(prefix)) {
            if (result = add_(prefix); !result) {
                break;
            }
        }
        owners_[key(prefix)] = home_address; // of another node before: it moved
        if (!is_in(present, prefix)) {
            present.push_back(prefix);
        }
    }
    std::vector<netlink::Prefix> kept;
    for (const auto& prefix : present) {
        const auto owner = owners_.find(key(prefix));
        if (owner == owners_.end() || owner->second != home_address) {
            continue;
        }
        if (!result || is_in(wanted, prefix)) {
            kept.push_back(prefix);
        } else if (auto removed = remove_(prefix); removed) {
            owners_.erase(owner);
        } else {
            kept.push_back(prefix);
            result = removed;
        }
    }
    if (kept.empty()) {
        by_node_.erase(home_address);
    } else {
        present = std::move(kept);
    }
    return result;
}

void PrefixRoutes::adopt(const wire::Ipv6Address& home_address, const netlink::Prefix& prefix) {
    if (owners_.emplace(key(prefix), home_address).second) {
        by_node_[home_address].push_back(prefix);
    }
}

std::vector<std::string> PrefixRoutes::clear() {
    std::vector<std::string> failures;
    for (const auto& [prefix, owner] : owners_) {
        if (auto removed = remove_({prefix.first, prefix.second}); !removed) {
            failures.push_back(removed.error());
        }
    }
    owners_.clear();
    by_node_.clear();
    return failures;
}

bool PrefixRoutes::contains(const netlink::Prefix& prefix) const {
    return owners_.contains(key(prefix));
}

} // namespace dsmip::daemon
