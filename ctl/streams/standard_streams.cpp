// SPDX-License-Identifier: GPL-2.0-or-later
// Standard input, output and error.
#include "streams/standard_streams.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace dsmip::streams {

void open_missing_streams() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
            // The lowest free number is this one. The wrong direction, so that use is an error.
            (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

void ignore_write_signals() {
    (void)std::signal(SIGPIPE, SIG_IGN);
    (void)std::signal(SIGXFSZ, SIG_IGN);
}

int finish_output(OutputBuffer& output, std::ostream& err, std::string_view program, int status,
                  int failure) {
    (void)output.pubsync();
    const int error = output.error();
    if (error == 0) {
        return status;
    }
    if (error != EPIPE) {
        err << program << ": standard output: " << std::generic_category().message(error)
            << std::endl;
    }
    return status == 0 ? failure : status;
}

} // namespace dsmip::streams
