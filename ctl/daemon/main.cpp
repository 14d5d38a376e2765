// SPDX-License-Identifier: GPL-2.0-or-later
// dsmipd: command line, configuration file, log.
#include <cstdlib>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "daemon/configuration_file.hpp"
#include "daemon/daemon.hpp"

namespace {

constexpr int exit_failure = 1;
constexpr int exit_configuration = 2;

void set_up_log(const std::string& level) {
    auto logger = spdlog::stderr_logger_st("dsmipd");
    // The journal adds the time itself.
    logger->set_pattern(std::getenv("JOURNAL_STREAM") != nullptr ? "%l: %v"
                                                                 : "%Y-%m-%dT%H:%M:%S.%e %l: %v");
    logger->set_level(spdlog::level::from_str(level));
    logger->flush_on(spdlog::level::trace);
    spdlog::set_default_logger(logger);
}

int run(const std::string& file, bool check) {
    auto configuration = dsmip::daemon::read_configuration_file(file);
    if (!configuration) {
        for (const auto& mistake : configuration.error()) {
            fmt::print(stderr, "{}\n", mistake);
        }
        return exit_configuration;
    }
    if (check) {
        fmt::print("{}: valid\n", file);
        return EXIT_SUCCESS;
    }
    dsmip::daemon::Daemon daemon(std::move(*configuration), file);
    if (auto done = daemon.run(); !done) {
        spdlog::critical("{}", done.error());
        return exit_failure;
    }
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app{"dsmipd: dual-stack Mobile IPv6 home agent or mobile node (RFC 5555, RFC 5648)"};
    std::string file;
    bool check = false;
    std::string level = "info";
    app.add_option("-c,--config", file, "configuration file, see dsmipd.toml(5)")
        ->required()
        ->type_name("FILE");
    app.add_flag("--check", check, "only check the configuration file; exit 0 or 2");
    app.add_option("--log-level", level, "least severity that is logged")
        ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error"}))
        ->capture_default_str();
    app.footer("Exit status: 0 stopped by a signal; 1 failure; 2 mistake in the configuration file "
               "or on the command line.\nExample: dsmipd --config /etc/dsmip/dsmipd.toml");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EXIT_SUCCESS : exit_configuration;
    }
    try {
        set_up_log(level);
        return run(file, check);
    } catch (const std::exception& error) {
        fmt::print(stderr, "dsmipd: {}\n", error.what());
        return exit_failure;
    }
}
