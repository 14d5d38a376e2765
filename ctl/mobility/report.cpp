// SPDX-License-Identifier: GPL-2.0-or-later
// Values of reports as text.
#include "mobility/report.hpp"

namespace dsmip::mobility {
namespace {

struct TextOf {
    std::string operator()(std::string_view constant) const { return std::string(constant); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::uint64_t number) const { return std::to_string(number); }
    std::string operator()(std::chrono::seconds time) const {
        return std::to_string(time.count()) + "s";
    }
    template<class Address>
    std::string operator()(const Address& address) const {
        return wire::to_string(address);
    }
};

} // namespace

std::string ReportValue::text() const {
    return std::visit(TextOf{}, value_);
}

} // namespace dsmip::mobility
