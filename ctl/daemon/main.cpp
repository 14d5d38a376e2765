// SPDX-License-Identifier: GPL-2.0-or-later
// dsmipd: command line, configuration file, log.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include "daemon/configuration_file.hpp"
#include "daemon/daemon.hpp"
#include "daemon/log_sink.hpp"
#include "daemon/rule_list.hpp"
#include "streams/standard_streams.hpp"

namespace {

using dsmip::daemon::LogSink;

constexpr int exit_failure = 1;
constexpr int exit_configuration = 2;

std::shared_ptr<LogSink> set_up_log(const std::string& level) {
    auto sink = std::make_shared<LogSink>(STDERR_FILENO);
    auto logger = std::make_shared<spdlog::logger>("dsmipd", sink);
    // The journal adds the time itself.
    logger->set_pattern(std::getenv("JOURNAL_STREAM") != nullptr ? "%l: %v"
                                                                 : "%Y-%m-%dT%H:%M:%S.%e %l: %v");
    logger->set_level(spdlog::level::from_str(level));
    spdlog::set_default_logger(logger);
    return sink;
}

struct Options {
    std::string file;
    bool check = false;
    bool rules = false;
    std::string level = "info";
};

int run(const Options& options, std::ostream& out) {
    if (options.rules) {
        dsmip::daemon::print_rules(out);
        return EXIT_SUCCESS;
    }
    if (!options.check) {
        // Of a command that only checks the reader may be gone, of a daemon never.
        dsmip::streams::ignore_write_signals();
    }
    auto configuration = dsmip::daemon::read_configuration_file(options.file);
    if (!configuration) {
        for (const auto& mistake : configuration.error()) {
            std::cerr << mistake << '\n';
        }
        return exit_configuration;
    }
    if (options.check) {
        out << options.file << ": valid\n";
        return EXIT_SUCCESS;
    }
    const auto log = set_up_log(options.level);
    dsmip::daemon::Daemon daemon(std::move(*configuration), options.file,
                                 [log] { return log->lost(); });
    if (auto done = daemon.run(); !done) {
        spdlog::critical("{}", done.error());
        return exit_failure;
    }
    return EXIT_SUCCESS;
}

int run(int argc, char** argv, std::ostream& out) {
    CLI::App app{"dsmipd: dual-stack Mobile IPv6 home agent or mobile node (RFC 5555, RFC 5648)"};
    Options options;
    app.set_version_flag("--version", "dsmipd " DSMIP_VERSION);
    auto* config =
        app.add_option("-c,--config", options.file, "configuration file, see dsmipd.toml(5)")
            ->type_name("FILE");
    app.add_flag("--check", options.check, "only check the configuration file; exit 0 or 2");
    auto* rules = app.add_flag("--rules", options.rules,
                               "print the rules that messages are judged by, as Markdown tables");
    config->excludes(rules);
    app.add_option("--log-level", options.level, "least severity that is logged")
        ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error"}))
        ->capture_default_str();
    app.footer("Exit status: 0 stopped by a signal; 1 failure; 2 mistake in the configuration file "
               "or on the command line.\nExample: dsmipd --config /etc/dsmip/dsmipd.toml");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error, out, std::cerr) == 0 ? EXIT_SUCCESS : exit_configuration;
    }
    if (!options.rules && options.file.empty()) {
        std::cerr << "dsmipd: --config is required; see --help\n";
        return exit_configuration;
    }
    return run(options, out);
}

} // namespace

int main(int argc, char** argv) {
    dsmip::streams::open_missing_streams();
    dsmip::streams::OutputBuffer output(STDOUT_FILENO);
    int status = exit_failure;
    try {
        std::ostream out(&output);
        status = run(argc, argv, out);
    } catch (const std::exception& error) {
        std::cerr << "dsmipd: " << error.what() << '\n';
    }
    return dsmip::streams::finish_output(output, std::cerr, "dsmipd", status, exit_failure);
}
