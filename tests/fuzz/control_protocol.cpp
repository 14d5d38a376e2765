// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: any line as a request of the control protocol; whatever is answered is one
// line of JSON.
#include <algorithm>
#include <string_view>

#include "daemon/control_protocol.hpp"
#include "script.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace dsmip;
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): octets are the text
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto request = daemon::parse_control_request(line);
    if (!request) {
        fuzz::require(!request.error().empty());
        const auto answer = daemon::failure_line(request.error());
        fuzz::require(std::count(answer.begin(), answer.end(), '\n') == 1 && answer.back() == '\n');
        const auto parsed = daemon::Json::parse(answer);
        fuzz::require(parsed.at("ok") == false);
    }
    return 0;
}
