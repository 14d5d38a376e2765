// SPDX-License-Identifier: GPL-2.0-or-later
// The descriptors 0 to 2 of a process, whatever its parent made of them.
#pragma once

#include <ostream>
#include <string_view>

#include "streams/output_buffer.hpp"

namespace dsmip::streams {

/// Opens those that are closed, so that no file or socket of the program gets their numbers and
/// with it what is meant for a reader. Nothing can be read from them or written to them.
void open_missing_streams();

/// A write to a pipe or a file fails with an error instead of a signal that ends the process
/// (SIGPIPE, SIGXFSZ). For daemons; a command ends quietly when its reader does.
void ignore_write_signals();

/// What a program does last: writes out what is left in `output`, which is its standard output.
/// Returns `status`; if that is 0 and the output did not arrive, `failure`. Tells on `err`, after
/// the name of the program, why it did not, unless the reader went away.
int finish_output(OutputBuffer& output, std::ostream& err, std::string_view program, int status,
                  int failure);

} // namespace dsmip::streams
