// SPDX-License-Identifier: GPL-2.0-or-later
// The command line of dsmipctl.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace dsmip::cli {

/// Run with these arguments (without the program's name); returns the exit status (ExitCode).
/// Whether `out` took everything is for the caller to find out. `output` is the descriptor behind
/// it, if there is one: a command that goes on for ever ends when nobody reads that any more.
int run(std::vector<std::string> arguments, std::ostream& out, std::ostream& err, int output = -1);

} // namespace dsmip::cli
