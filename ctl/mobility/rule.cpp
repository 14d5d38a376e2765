// SPDX-License-Identifier: GPL-2.0-or-later
// Rules in words.
#include "mobility/rule.hpp"

namespace dsmip::mobility {

std::string text_of(const Rule& rule) {
    std::string text;
    if (rule.drops()) {
        text.append(rule.name).append(": ");
    }
    text.append(rule.sentence);
    if (!rule.source.empty()) {
        text.append(" (").append(rule.source).append(")");
    }
    return text;
}

} // namespace dsmip::mobility
