// SPDX-License-Identifier: GPL-2.0-or-later
// dsmipctl.
#include <exception>
#include <iostream>

#include "cli/app.hpp"
#include "cli/failure.hpp"

int main(int argc, char** argv) {
    try {
        return dsmip::cli::run({argv + 1, argv + argc}, std::cout, std::cerr);
    } catch (const std::exception& error) {
        std::cerr << "dsmipctl: " << error.what() << '\n';
        return static_cast<int>(dsmip::cli::ExitCode::failed);
    }
}
