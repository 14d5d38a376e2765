// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: any text as configuration. It is read, or its mistakes are named with a text
// and a line that is there.
#include <algorithm>
#include <string_view>

#include "daemon/configuration.hpp"
#include "script.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dsmip;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets are the text
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    const auto configuration = daemon::read_configuration(text);
    if (!configuration) {
        fuzz::require(!configuration.error().empty());
        for (const auto& mistake : configuration.error()) {
            fuzz::require(!mistake.text.empty() && mistake.line <= lines);
            fuzz::require(!to_string(mistake, "dsmipd.toml").empty());
        }
    }
    return 0;
}
