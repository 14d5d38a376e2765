// SPDX-License-Identifier: GPL-2.0-or-later
// dsmipctl.
#include <exception>
#include <iostream>

#include <unistd.h>

#include "cli/app.hpp"
#include "cli/failure.hpp"
#include "streams/standard_streams.hpp"

int main(int argc, char** argv) {
    constexpr auto failed = static_cast<int>(dsmip::cli::ExitCode::failed);
    dsmip::streams::open_missing_streams();
    dsmip::streams::OutputBuffer output(STDOUT_FILENO);
    int status = failed;
    try {
        std::ostream out(&output);
        status = dsmip::cli::run({argv + 1, argv + argc}, out, std::cerr, STDOUT_FILENO);
    } catch (const std::exception& error) {
        std::cerr << "dsmipctl: " << error.what() << '\n';
    }
    return dsmip::streams::finish_output(output, std::cerr, "dsmipctl", status, failed);
}
