// SPDX-License-Identifier: GPL-2.0-or-later
// Many prefixes, and whether one of them holds an address.
#pragma once

#include <algorithm>
#include <vector>

#include "wire/address.hpp"

namespace dsmip::daemon {

template<class Prefix>
class PrefixSet {
public:
    explicit PrefixSet(std::vector<Prefix> prefixes)
        : outermost_(std::move(prefixes)) {
        // A wider one before those in it, which then add nothing.
        std::sort(outermost_.begin(), outermost_.end());
        const Prefix* around = nullptr;
        auto end = outermost_.begin();
        for (const auto& prefix : outermost_) {
            if (around == nullptr || !around->contains(prefix)) {
                *end = prefix;
                around = &*end++;
            }
        }
        outermost_.erase(end, outermost_.end());
    }

    /// The widest of them that holds all of `other`, an address or a prefix; else nullptr.
    template<class Other>
    [[nodiscard]] const Prefix* around(const Other& other) const {
        const auto behind = std::upper_bound(
            outermost_.begin(), outermost_.end(), first_of(other),
            [](const auto& address, const Prefix& prefix) { return address < prefix.address; });
        return behind != outermost_.begin() && std::prev(behind)->contains(other)
                   ? &*std::prev(behind)
                   : nullptr;
    }

private:
    using Address = decltype(Prefix::address);
    static const Address& first_of(const Address& address) { return address; }
    static const Address& first_of(const Prefix& prefix) { return prefix.address; }

    std::vector<Prefix> outermost_; // in the order of their addresses
};

} // namespace dsmip::daemon
