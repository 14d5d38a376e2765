// SPDX-License-Identifier: GPL-2.0-or-later
// The grammar of node_text.hpp.
#include "node_text.hpp"

#include <charconv>
#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include <net/if.h>

namespace dsmip::tools {

namespace {

using netlink::Binding;
using netlink::BindingFlags;
using netlink::Node;

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    std::istringstream stream{std::string(text)};
    for (std::string part; std::getline(stream, part, separator);) {
        if (!part.empty()) {
            parts.push_back(part);
        }
    }
    return parts;
}

/// The words of one binding or node head, one after the other.
class Words {
public:
    explicit Words(std::vector<std::string> words)
        : words_(std::move(words)) {}

    [[nodiscard]] bool done() const { return next_ == words_.size(); }
    const std::string& take() { return words_[next_++]; }
    Parsed<std::string> value_of(const std::string& key) {
        if (done()) {
            return tl::unexpected("\"" + key + "\" needs a value behind it");
        }
        return take();
    }

private:
    std::vector<std::string> words_;
    std::size_t next_ = 0;
};

template<class Field>
Parsed<void> parse_into(Field& field, const std::string& value, std::uint64_t max) {
    return parse_number(value, max).map([&](std::uint64_t number) {
        field = static_cast<typename Field::value_type>(number);
    });
}

Parsed<BindingFlags> parse_flags(const std::string& text) {
    BindingFlags flags;
    if (text == "none") {
        return flags;
    }
    for (const std::string& name : split(text, ',')) {
        if (name == "nat") {
            flags.nat = true;
        } else if (name == "forced-udp") {
            flags.forced_udp = true;
        } else if (name == "draft") {
            flags.draft = true;
        } else if (name == "mcoa") {
            flags.mcoa = true;
        } else if (name == "link-local") {
            flags.link_local = true;
        } else {
            return tl::unexpected("unknown flag \"" + name + "\"");
        }
    }
    return flags;
}

Parsed<void> parse_binding_value(Binding& binding, const std::string& key,
                                 const std::string& value) {
    if (key == "bid") {
        return parse_number(value, UINT16_MAX).map([&](std::uint64_t bid) {
            binding.bid = static_cast<std::uint16_t>(bid);
        });
    }
    if (key == "via") {
        return parse_endpoint(value).map([&](const wire::Endpoint& end) {
            binding.care_of = end.address;
            if (end.port != 0) {
                binding.port = end.port;
            }
        });
    }
    if (key == "port") {
        return parse_into(binding.port, value, UINT16_MAX);
    }
    if (key == "claimed") {
        auto address = wire::Ipv4Address::parse(value);
        if (!address) {
            return tl::unexpected(address.error().message);
        }
        binding.claimed4 = *address;
        return {};
    }
    if (key == "prio") {
        return parse_into(binding.priority, value, UINT8_MAX);
    }
    if (key == "weight") {
        return parse_into(binding.weight, value, UINT8_MAX);
    }
    if (key == "seq") {
        return parse_into(binding.sequence, value, UINT16_MAX);
    }
    if (key == "lladdr") {
        auto& octets = binding.link_address.emplace();
        for (const std::string& octet : split(value, ':')) {
            auto number = parse_number("0x" + octet, UINT8_MAX);
            if (!number) {
                return tl::unexpected(number.error());
            }
            octets.push_back(static_cast<std::uint8_t>(*number));
        }
        return {};
    }
    if (key == "lifetime") {
        return parse_time(value).map([&](netlink::Milliseconds t) { binding.lifetime = t; });
    }
    if (key == "link") {
        return parse_interface(value).map([&](std::uint32_t link) { binding.link = link; });
    }
    if (key == "flags") {
        return parse_flags(value).map([&](const BindingFlags& flags) { binding.flags = flags; });
    }
    return tl::unexpected("unknown word \"" + key + "\" in a binding");
}

Parsed<Binding> parse_binding(const std::string& text) {
    Binding binding;
    Words words(split(text, ' '));
    while (!words.done()) {
        const std::string key = words.take();
        if (auto encapsulation = netlink::parse_encapsulation(key)) {
            binding.encapsulation = encapsulation;
            continue;
        }
        if (key == "at-home") {
            binding.home_link = true;
            continue;
        }
        auto value = words.value_of(key);
        if (!value) {
            return tl::unexpected(value.error());
        }
        if (auto done = parse_binding_value(binding, key, *value); !done) {
            return tl::unexpected(done.error());
        }
    }
    return binding;
}

Parsed<void> parse_home4(Node& node, const std::string& value) {
    auto& addresses = node.home_addresses4.emplace();
    if (value == "none") {
        return {};
    }
    for (const std::string& part : split(value, ',')) {
        auto address = wire::Ipv4Address::parse(part);
        if (!address) {
            return tl::unexpected(address.error().message);
        }
        addresses.push_back(*address);
    }
    return {};
}

/// "START" or "START-END".
template<class Value, class Parse>
Parsed<void> parse_range(std::optional<netlink::Range<Value>>& range, const std::string& text,
                         Parse&& parse) {
    const std::size_t dash = text.find('-');
    auto start = parse(text.substr(0, dash));
    auto end = parse(dash == std::string::npos ? text : text.substr(dash + 1));
    if (!start || !end) {
        return tl::unexpected(start ? end.error() : start.error());
    }
    range = netlink::Range<Value>{static_cast<Value>(*start), static_cast<Value>(*end)};
    return {};
}
template<class Value>
Parsed<void> parse_numbers(std::optional<netlink::Range<Value>>& range, const std::string& text) {
    return parse_range(range, text, [](const std::string& number) {
        return parse_number(number, std::numeric_limits<Value>::max());
    });
}
Parsed<void> parse_addresses(std::optional<netlink::Range<wire::IpAddress>>& range,
                             const std::string& text) {
    return parse_range(range, text, [](const std::string& address) {
        return wire::IpAddress::parse(address).map_error(
            [](const wire::ParseError& error) { return error.message; });
    });
}

Parsed<void> parse_flow_value(netlink::Flow& flow, const std::string& key,
                              const std::string& value) {
    if (key == "fid") {
        return parse_number(value, UINT16_MAX).map([&](std::uint64_t fid) {
            flow.fid = static_cast<std::uint16_t>(fid);
        });
    }
    if (key == "prio") {
        return parse_into(flow.priority, value, UINT16_MAX);
    }
    if (key == "bids") {
        auto& bids = flow.bids.emplace();
        for (const std::string& bid : split(value, ',')) {
            auto number = parse_number(bid, UINT16_MAX);
            if (!number) {
                return tl::unexpected(number.error());
            }
            bids.push_back(static_cast<std::uint16_t>(*number));
        }
        return {};
    }
    if (key == "src" || key == "dst") {
        return parse_addresses(key == "src" ? flow.source : flow.destination, value);
    }
    if (key == "spi" || key == "label") {
        return parse_numbers(key == "spi" ? flow.spi : flow.flow_label, value);
    }
    if (key == "sport" || key == "dport") {
        return parse_numbers(key == "sport" ? flow.source_port : flow.destination_port, value);
    }
    if (key == "class" || key == "proto") {
        return parse_numbers(key == "class" ? flow.traffic_class : flow.protocol, value);
    }
    return tl::unexpected("unknown word \"" + key + "\" in a flow rule");
}

Parsed<netlink::Flow> parse_flow(const std::string& text) {
    netlink::Flow flow;
    Words words(split(text, ' '));
    while (!words.done()) {
        const std::string key = words.take();
        if (key == "ipv4" || key == "ipv6") {
            flow.family = key == "ipv4" ? wire::AddressFamily::Ipv4 : wire::AddressFamily::Ipv6;
            continue;
        }
        auto value = words.value_of(key);
        if (!value) {
            return tl::unexpected(value.error());
        }
        if (auto done = parse_flow_value(flow, key, *value); !done) {
            return tl::unexpected(done.error());
        }
    }
    return flow;
}

Parsed<Node> parse_head(const std::string& text) {
    Node node;
    Words words(split(text, ' '));
    if (words.done()) {
        return tl::unexpected(std::string("a node starts with its home address"));
    }
    auto home = wire::Ipv6Address::parse(words.take());
    if (!home) {
        return tl::unexpected(home.error().message);
    }
    node.home_address = *home;
    while (!words.done()) {
        const std::string key = words.take();
        if (key != "home4") {
            return tl::unexpected("unknown word \"" + key +
                                  "\" in a node; bindings stand behind a \"/\"");
        }
        auto value = words.value_of(key);
        if (!value) {
            return tl::unexpected(value.error());
        }
        if (auto done = parse_home4(node, *value); !done) {
            return tl::unexpected(done.error());
        }
    }
    return node;
}

} // namespace

Parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t max) {
    const bool hexadecimal = text.starts_with("0x");
    const std::string_view digits = hexadecimal ? text.substr(2) : text;
    std::uint64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value, hexadecimal ? 16 : 10);
    if (result.ec != std::errc{} || result.ptr != end || value > max) {
        return tl::unexpected("\"" + std::string(text) + "\" is no number from 0 to " +
                              std::to_string(max));
    }
    return value;
}

Parsed<netlink::Milliseconds> parse_time(std::string_view text) {
    std::string_view digits = text;
    std::uint64_t unit = 1;
    if (digits.ends_with("ms")) {
        digits.remove_suffix(2);
    } else if (digits.ends_with("s")) {
        digits.remove_suffix(1);
        unit = 1000;
    }
    return parse_number(digits, UINT32_MAX / unit).map([&](std::uint64_t number) {
        return netlink::Milliseconds(number * unit);
    });
}

Parsed<std::uint32_t> parse_interface(std::string_view text) {
    const std::string name(text);
    if (const unsigned index = if_nametoindex(name.c_str()); index != 0) {
        return index;
    }
    if (auto number = parse_number(text, INT32_MAX)) {
        return static_cast<std::uint32_t>(*number);
    }
    return tl::unexpected("there is no interface \"" + name + "\"");
}

Parsed<wire::Endpoint> parse_endpoint(std::string_view text) {
    std::string_view address = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos || (end + 1 < text.size() && text[end + 1] != ':')) {
            return tl::unexpected("\"" + std::string(text) + "\" is no [ADDRESS]:PORT");
        }
        address = text.substr(1, end - 1);
        port = end + 1 < text.size() ? text.substr(end + 2) : "";
    } else if (const std::size_t colon = text.find(':');
               colon != std::string_view::npos && colon == text.rfind(':')) {
        address = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    auto parsed = wire::IpAddress::parse(address);
    if (!parsed) {
        return tl::unexpected(parsed.error().message);
    }
    wire::Endpoint end{*parsed, 0};
    if (!port.empty()) {
        auto number = parse_number(port, UINT16_MAX);
        if (!number) {
            return tl::unexpected(number.error());
        }
        end.port = static_cast<std::uint16_t>(*number);
    }
    return end;
}

Parsed<Node> parse_node(std::string_view text) {
    const auto parts = split(text, '/');
    if (parts.empty()) {
        return tl::unexpected(std::string("a node starts with its home address"));
    }
    auto node = parse_head(parts.front());
    if (!node) {
        return node;
    }
    for (std::size_t index = 1; index < parts.size(); ++index) {
        auto binding = parse_binding(parts[index]);
        if (!binding) {
            return tl::unexpected(binding.error());
        }
        node->bindings.push_back(std::move(*binding));
    }
    return node;
}

Parsed<Node> parse_node_flows(std::string_view text) {
    const auto parts = split(text, '/');
    if (parts.empty()) {
        return tl::unexpected(std::string("a node starts with its home address"));
    }
    auto node = parse_head(parts.front());
    for (std::size_t index = 1; node && index < parts.size(); ++index) {
        auto flow = parse_flow(parts[index]);
        if (!flow) {
            return tl::unexpected(flow.error());
        }
        node->flows.push_back(std::move(*flow));
    }
    return node;
}

Parsed<Node> parse_node_prefixes(std::string_view text) {
    Node node;
    const auto words = split(text, ' ');
    auto home = wire::Ipv6Address::parse(words.empty() ? "" : words.front());
    if (!home) {
        return tl::unexpected(home.error().message);
    }
    node.home_address = *home;
    for (std::size_t index = 1; index < words.size(); ++index) {
        const std::string& word = words[index];
        const std::size_t slash = word.find('/');
        auto address = wire::IpAddress::parse(word.substr(0, slash));
        if (!address) {
            return tl::unexpected(address.error().message);
        }
        if (slash == std::string::npos) {
            return tl::unexpected("\"" + word + "\" is no ADDRESS/LENGTH");
        }
        auto length = parse_number(word.substr(slash + 1), UINT8_MAX);
        if (!length) {
            return tl::unexpected(length.error());
        }
        node.prefixes.push_back(
            {.address = *address, .length = static_cast<std::uint8_t>(*length)});
    }
    return node;
}

} // namespace dsmip::tools
