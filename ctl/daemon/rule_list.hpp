// SPDX-License-Identifier: GPL-2.0-or-later
// The rules of this version, for people.
#pragma once

#include <ostream>

namespace dsmip::daemon {

/// The rules of each role as a Markdown table: name, what it leads to, why, source.
void print_rules(std::ostream& out);

} // namespace dsmip::daemon
