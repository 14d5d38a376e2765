// SPDX-License-Identifier: GPL-2.0-or-later
// Look-up in a Binding Update under way.
#include "mobility/mobile_node_exchange.hpp"

#include <algorithm>

namespace dsmip::mobility {

bool Exchange::includes(std::uint16_t bid) const {
    return std::find(bids.begin(), bids.end(), bid) != bids.end();
}

const SentUpdate* Exchange::find(std::uint16_t sequence) const {
    const auto found = std::find_if(sent.begin(), sent.end(), [&](const SentUpdate& update) {
        return update.sequence == sequence;
    });
    return found == sent.end() ? nullptr : &*found;
}

} // namespace dsmip::mobility
