// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the file.
#include "daemon/configuration_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/configuration_keys.hpp"

namespace dsmip::daemon {

namespace {

/// Far above a million nodes with everything; what has no end is refused there.
constexpr std::size_t octets_maximum = std::size_t{1} << 30U;

class Descriptor {
public:
    explicit Descriptor(int number)
        : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) {
            ::close(number_);
        }
    }
    [[nodiscard]] int number() const { return number_; }

private:
    int number_;
};

tl::unexpected<std::string> unreadable(const std::string& why) {
    return tl::make_unexpected("cannot be read: " + why);
}

tl::expected<std::string, std::string> contents(const std::string& file) {
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (descriptor.number() < 0 || ::fstat(descriptor.number(), &status) < 0) {
        return unreadable(std::strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return unreadable("is a folder; wanted a file");
    }
    std::string text;
    std::array<char, 65536> part{};
    for (;;) {
        const auto got = ::read(descriptor.number(), part.data(), part.size());
        if (got == 0) {
            return text;
        }
        if (got < 0 && errno != EINTR) {
            return unreadable(std::strerror(errno));
        }
        if (got > 0) {
            text.append(part.data(), static_cast<std::size_t>(got));
        }
        if (text.size() > octets_maximum) {
            return unreadable(fmt::format("has more than {} octets", octets_maximum));
        }
    }
}

/// Why no file can be at `path` on this host; empty = one can. What is missing is made later.
std::string fault_on_host(const std::string& path) {
    std::error_code ignored;
    std::filesystem::path part = path;
    if (std::filesystem::is_directory(part, ignored)) {
        return fmt::format("{} is a folder; wanted a file", path);
    }
    while (part.has_relative_path()) {
        part = part.parent_path();
        if (std::filesystem::exists(part, ignored)) {
            return std::filesystem::is_directory(part, ignored)
                       ? std::string{}
                       : fmt::format("{} is no folder; wanted one that can hold {}", part.string(),
                                     path);
        }
    }
    return {};
}

ConfigurationMistakes check_host(const Configuration& configuration) {
    ConfigurationMistakes mistakes;
    for (const auto& section : configuration.values) {
        for (const auto& value : section) {
            if (value.key->kind != KeyKind::path) {
                continue;
            }
            if (auto fault = fault_on_host(std::get<std::string>(value.value)); !fault.empty()) {
                mistakes.push_back({value.line,
                                    fmt::format("{}.{}", value.key->section, value.key->name),
                                    std::move(fault)});
            }
        }
    }
    return mistakes;
}

std::vector<std::string> lines_of(const ConfigurationMistakes& mistakes, const std::string& file) {
    std::vector<std::string> lines;
    for (const auto& mistake : mistakes) {
        lines.push_back(to_string(mistake, file));
    }
    return lines;
}

} // namespace

tl::expected<Configuration, std::vector<std::string>>
read_configuration_file(const std::string& file) {
    const auto text = contents(file);
    if (!text) {
        return tl::make_unexpected(std::vector{fmt::format("{}: {}", file, text.error())});
    }
    auto configuration = read_configuration(*text);
    if (!configuration) {
        return tl::make_unexpected(lines_of(configuration.error(), file));
    }
    if (const auto mistakes = check_host(*configuration); !mistakes.empty()) {
        return tl::make_unexpected(lines_of(mistakes, file));
    }
    return std::move(*configuration);
}

} // namespace dsmip::daemon
