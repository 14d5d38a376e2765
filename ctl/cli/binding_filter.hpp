// SPDX-License-Identifier: GPL-2.0-or-later
// Which bindings an operator wants to see.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "netlink/client.hpp"

namespace dsmip::cli {

/// All conditions have to be met.
struct BindingFilter {
    std::optional<wire::Prefix6> prefix6; ///< holds the home address
    std::optional<wire::Prefix4> prefix4; ///< holds an IPv4 home address
    std::optional<std::uint16_t> bid;
    std::vector<std::string> states;

    [[nodiscard]] bool empty() const { return !prefix6 && !prefix4 && !bid && states.empty(); }
};

/// "nat", "direct", "udp", "udp-tlv", "udp-tlv-draft", "forced-udp", "draft", "mcoa", "home",
/// "heard", "silent".
std::span<const std::string_view> binding_states();

/// "ADDRESS/LENGTH" of either family; the error says what is wrong with it.
tl::expected<void, std::string> set_prefix(BindingFilter& filter, const std::string& text);

/// Takes out bindings that do not meet the filter, and nodes without one that does.
void apply(const BindingFilter& filter, std::vector<netlink::NodeEntry>& nodes);

} // namespace dsmip::cli
