// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of dsmipctl.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace dsmip::cli {

/// Run with these arguments (without the program's name); returns the exit status (ExitCode).
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err);

} // namespace dsmip::cli
