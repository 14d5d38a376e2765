// SPDX-License-Identifier: GPL-2.0-or-later
// Conditions on nodes and bindings.
#include "cli/binding_filter.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace dsmip::cli {

namespace {

using namespace std::string_view_literals;
using netlink::Binding;

using Condition = bool (*)(const Binding& binding);

template<bool netlink::BindingFlags::*Flag>
bool has_flag(const Binding& binding) {
    return binding.flags && *binding.flags.*Flag;
}

template<netlink::Encapsulation Format>
bool has_format(const Binding& binding) {
    return !binding.home_link && binding.encapsulation == Format;
}

constexpr std::array names{"nat"sv,           "direct"sv,     "udp"sv,   "udp-tlv"sv,
                           "udp-tlv-draft"sv, "forced-udp"sv, "draft"sv, "mcoa"sv,
                           "home"sv,          "heard"sv,      "silent"sv};
constexpr std::array<Condition, names.size()> conditions{
    has_flag<&netlink::BindingFlags::nat>,
    has_format<netlink::Encapsulation::direct>,
    has_format<netlink::Encapsulation::udp>,
    has_format<netlink::Encapsulation::udp_tlv>,
    has_format<netlink::Encapsulation::udp_tlv_draft>,
    has_flag<&netlink::BindingFlags::forced_udp>,
    has_flag<&netlink::BindingFlags::draft>,
    has_flag<&netlink::BindingFlags::mcoa>,
    [](const Binding& binding) { return binding.home_link; },
    [](const Binding& binding) { return binding.last_heard.has_value(); },
    [](const Binding& binding) { return !binding.last_heard.has_value(); }};

bool is_in_state(const Binding& binding, const std::string& state) {
    const auto* name = std::find(names.begin(), names.end(), state);
    return name != names.end() &&
           conditions.at(static_cast<std::size_t>(name - names.begin()))(binding);
}

bool node_meets(const BindingFilter& filter, const netlink::Node& node) {
    if (filter.prefix6 && !filter.prefix6->contains(node.home_address)) {
        return false;
    }
    if (!filter.prefix4) {
        return true;
    }
    const auto addresses = node.home_addresses4.value_or(std::vector<wire::Ipv4Address>{});
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const auto& address) { return filter.prefix4->contains(address); });
}

bool binding_meets(const BindingFilter& filter, const Binding& binding) {
    return (!filter.bid || binding.bid == *filter.bid) &&
           std::all_of(filter.states.begin(), filter.states.end(),
                       [&](const auto& state) { return is_in_state(binding, state); });
}

} // namespace

std::span<const std::string_view> binding_states() {
    return names;
}

tl::expected<void, std::string> set_prefix(BindingFilter& filter, const std::string& text) {
    if (text.find(':') != std::string::npos) {
        auto prefix = wire::Prefix6::parse(text);
        if (!prefix) {
            return tl::make_unexpected(prefix.error().message);
        }
        filter.prefix6 = *prefix;
        return {};
    }
    auto prefix = wire::Prefix4::parse(text);
    if (!prefix) {
        return tl::make_unexpected(prefix.error().message);
    }
    filter.prefix4 = *prefix;
    return {};
}

void apply(const BindingFilter& filter, std::vector<netlink::NodeEntry>& nodes) {
    if (filter.empty()) {
        return;
    }
    const bool about_bindings = filter.bid || !filter.states.empty();
    std::erase_if(nodes, [&](netlink::NodeEntry& entry) {
        if (!node_meets(filter, entry.node)) {
            return true;
        }
        std::erase_if(entry.node.bindings,
                      [&](const Binding& binding) { return !binding_meets(filter, binding); });
        return about_bindings && entry.node.bindings.empty();
    });
}

} // namespace dsmip::cli
