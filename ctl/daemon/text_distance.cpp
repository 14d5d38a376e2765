// SPDX-License-Identifier: GPL-2.0-or-later
// Optimal string alignment distance, three rows at a time.
#include "daemon/text_distance.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace dsmip::daemon {

std::size_t text_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        last[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            current[j] = std::min({replace, last[j] + 1, current[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                current[j] = std::min(current[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(current);
    }
    return last[b.size()];
}

std::optional<std::string_view> nearest_name(std::string_view name,
                                             std::span<const std::string_view> known) {
    std::string spelled(name);
    std::replace(spelled.begin(), spelled.end(), '_', '-');
    std::optional<std::string_view> nearest;
    // One mistake in three characters is a slip; more is another word.
    std::size_t limit = std::max<std::size_t>(1, spelled.size() / 3) + 1;
    for (const auto candidate : known) {
        const auto distance = text_distance(spelled, candidate);
        if (distance < limit) {
            limit = distance;
            nearest = candidate;
        }
    }
    return nearest;
}

} // namespace dsmip::daemon
