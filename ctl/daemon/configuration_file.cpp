// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the file.
#include "daemon/configuration_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace dsmip::daemon {

tl::expected<Configuration, std::vector<std::string>>
read_configuration_file(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) {
        return tl::make_unexpected(
            std::vector{fmt::format("{}: cannot be read: {}", file, std::strerror(errno))});
    }
    auto configuration = read_configuration(text);
    if (configuration) {
        return std::move(*configuration);
    }
    std::vector<std::string> lines;
    for (const auto& mistake : configuration.error()) {
        lines.push_back(to_string(mistake, file));
    }
    return tl::make_unexpected(std::move(lines));
}

} // namespace dsmip::daemon
