// SPDX-License-Identifier: GPL-2.0-or-later
// Reading single configuration values.
#include "daemon/configuration_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <limits>

#include <fmt/format.h>

#include <linux/dsmip.h>

#include "wire/discovery.hpp"

namespace dsmip::daemon {

namespace {

using namespace std::string_view_literals;

using Outcome = tl::expected<KeyValue, std::string>;

tl::unexpected<std::string> wrong(const ConfigurationKey& key, const std::string& what) {
    return tl::make_unexpected(fmt::format("{}; wanted {}", what, wanted(key)));
}

tl::unexpected<std::string> wrong_type(const ConfigurationKey& key, const toml::node& node) {
    return wrong(key, fmt::format("is {}", type_name(node)));
}

Outcome in_range(const ConfigurationKey& key, std::int64_t value, const std::string& shown) {
    if (value < key.minimum || value > key.maximum) {
        return wrong(key, fmt::format("{} is out of range", shown));
    }
    return KeyValue{value};
}

Outcome read_duration(const ConfigurationKey& key, const toml::node& node) {
    std::optional<std::chrono::seconds> duration;
    std::string shown;
    if (const auto* integer = node.as_integer()) {
        duration = std::chrono::seconds(integer->get());
        shown = fmt::format("{}", integer->get());
    } else if (const auto* text = node.as_string()) {
        shown = fmt::format("\"{}\"", text->get());
        duration = parse_duration(text->get());
        if (!duration) {
            return wrong(key, fmt::format("{} is no duration", shown));
        }
    } else {
        return wrong_type(key, node);
    }
    if (auto checked = in_range(key, duration->count(), shown); !checked) {
        return checked;
    }
    return KeyValue{*duration};
}

/// Addresses that no node can have and no route to a node can lead to.
template<class Prefix>
struct SpecialBlock {
    Prefix prefix;
    std::string_view kind;
};

constexpr std::array<SpecialBlock<wire::Prefix4>, 5> special_blocks4{{
    {{{{0, 0, 0, 0}}, 8}, "\"this network\""}, // RFC 1122, 3.2.1.3
    {{{{127, 0, 0, 0}}, 8}, "loopback"},
    {{{{169, 254, 0, 0}}, 16}, "link-local"}, // RFC 3927
    {{{{224, 0, 0, 0}}, 4}, "multicast"},
    {{{{240, 0, 0, 0}}, 4}, "reserved or broadcast"}, // RFC 1112, 4
}};
// RFC 4291, 2.4 and 2.5.
constexpr std::array<SpecialBlock<wire::Prefix6>, 4> special_blocks6{{
    {{{}, 96}, "unspecified, loopback or IPv4-compatible"},
    {{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}}, 96}, "IPv4-mapped"},
    {{{{0xFE, 0x80}}, 10}, "link-local"},
    {{{{0xFF}}, 8}, "multicast"},
}};

constexpr const auto& special_blocks(const wire::Prefix4& /*family*/) {
    return special_blocks4;
}
constexpr const auto& special_blocks(const wire::Prefix6& /*family*/) {
    return special_blocks6;
}

template<class Address>
tl::expected<Address, std::string> parse_unicast(std::string_view text) {
    auto address = Address::parse(text);
    if (!address) {
        return tl::make_unexpected(fmt::format("\"{}\" is no address", text));
    }
    for (const auto& block : special_blocks(wire::BasicPrefix<Address>{})) {
        if (block.prefix.contains(*address)) {
            return tl::make_unexpected(fmt::format("{} is {}", text, block.kind));
        }
    }
    return *address;
}

tl::expected<wire::Ipv6Address, std::string> parse_home_address(std::string_view text) {
    auto address = parse_unicast<wire::Ipv6Address>(text);
    // How long the home prefix is, only the home agent knows; see check_nodes().
    if (address &&
        wire::is_reserved_anycast({*address, wire::interface_identifier_bits}, *address)) {
        return tl::make_unexpected(
            fmt::format("{} is an anycast address (RFC 4291, 2.6.1, and RFC 2526)", text));
    }
    return address;
}

/// An address or one of the words of the key.
template<class Parse>
Outcome read_address(const ConfigurationKey& key, const toml::node& node, Parse parse) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        return wrong_type(key, node);
    }
    for (const auto choice : key.choices) {
        if (text->get() == choice) {
            return KeyValue{text->get()};
        }
    }
    auto address = parse(text->get());
    if (!address) {
        return wrong(key, address.error());
    }
    return KeyValue{*address};
}

template<class Prefix>
tl::expected<Prefix, std::string> parse_prefix(std::string_view text) {
    auto prefix = Prefix::parse(text);
    if (!prefix) {
        return tl::make_unexpected(prefix.error().message);
    }
    if (prefix->length == 0) {
        return tl::make_unexpected(fmt::format("\"{}\" covers every address", text));
    }
    return *prefix;
}

/// Of addresses that nodes can have.
template<class Prefix>
tl::expected<Prefix, std::string> parse_unicast_prefix(std::string_view text) {
    auto prefix = parse_prefix<Prefix>(text);
    if (!prefix) {
        return prefix;
    }
    for (const auto& block : special_blocks(*prefix)) {
        if (block.prefix.contains(*prefix) || prefix->contains(block.prefix)) {
            return tl::make_unexpected(
                fmt::format("\"{}\" holds addresses that are {}", text, block.kind));
        }
    }
    return prefix;
}

template<class Prefix>
Outcome read_prefix(const ConfigurationKey& key, const toml::node& node) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        return wrong_type(key, node);
    }
    auto prefix = parse_unicast_prefix<Prefix>(text->get());
    if (!prefix) {
        return wrong(key, prefix.error());
    }
    return KeyValue{*prefix};
}

/// A list of texts, each turned into an Element by `parse`; an element may occur once.
template<class Element, class Parse>
Outcome read_list(const ConfigurationKey& key, const toml::node& node, Parse parse) {
    const auto* array = node.as_array();
    if (array == nullptr) {
        return wrong_type(key, node);
    }
    std::vector<Element> elements;
    for (const auto& item : *array) {
        const auto* text = item.as_string();
        if (text == nullptr) {
            return wrong(key,
                         fmt::format("element {} is {}", elements.size() + 1, type_name(item)));
        }
        auto element = parse(text->get());
        if (!element) {
            return wrong(key, element.error());
        }
        elements.push_back(*element);
    }
    auto sorted = elements;
    std::sort(sorted.begin(), sorted.end());
    if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
        twice != sorted.end()) {
        return wrong(key, fmt::format("\"{}\" is listed twice", to_string(*twice)));
    }
    return KeyValue{std::move(elements)};
}

/// Why no interface can have that name, as dev_valid_name() and dev_get_valid_name() of the kernel
/// judge; empty = one can. Interfaces called "all" and "default" would hide the kernel's settings
/// for all of them.
std::string fault_of_interface_name(std::string_view name) {
    static constexpr std::array reserved{"."sv, ".."sv, "all"sv, "default"sv};
    if (std::find(reserved.begin(), reserved.end(), name) != reserved.end()) {
        return fmt::format("\"{}\" is a name that the kernel refuses", name);
    }
    if (name == "lo") {
        return "\"lo\" is the loopback interface";
    }
    for (const char octet : name) {
        // 0xA0: to the kernel, which reads Latin-1, white space.
        if ("/:% \t\n\v\f\r\0\xA0"sv.find(octet) != std::string_view::npos) {
            return fmt::format(
                "holds {}, which the kernel refuses",
                octet > ' ' ? fmt::format("'{}'", octet)
                            : fmt::format("the octet 0x{:02x}", static_cast<unsigned char>(octet)));
        }
    }
    return {};
}

/// Why that cannot be the path of a file; empty = it can.
std::string fault_of_path(std::string_view path) {
    if (path.find('\0') != std::string_view::npos) {
        return "holds a NUL, where the path would end";
    }
    if (path.front() != '/') {
        return fmt::format("\"{}\" depends on the current folder", path);
    }
    // Files beside that of the store have its name with "-journal" behind it.
    constexpr std::size_t name_maximum = NAME_MAX - "-journal"sv.size();
    for (std::size_t begin = 1; begin <= path.size();) {
        const auto end = std::min(path.find('/', begin), path.size());
        const auto name = path.substr(begin, end - begin);
        if (name.size() > name_maximum) {
            return fmt::format("has a name of {} octets in it, of {} at most", name.size(),
                               name_maximum);
        }
        if (end == path.size() && (name.empty() || name == "." || name == "..")) {
            return fmt::format("\"{}\" is a folder", path);
        }
        begin = end + 1;
    }
    return {};
}

Outcome read_name(const ConfigurationKey& key, const toml::node& node,
                  std::string (*fault_of)(std::string_view)) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        return wrong_type(key, node);
    }
    const auto length = static_cast<std::int64_t>(text->get().size());
    if (length < key.minimum || length > key.maximum) {
        return wrong(key, fmt::format("has {} octets", length));
    }
    if (const auto fault = fault_of(text->get()); !fault.empty()) {
        return wrong(key, fault);
    }
    return KeyValue{text->get()};
}

Outcome read_choice(const ConfigurationKey& key, const toml::node& node) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        return wrong_type(key, node);
    }
    for (const auto choice : key.choices) {
        if (text->get() == choice) {
            return KeyValue{text->get()};
        }
    }
    return wrong(key, fmt::format("\"{}\" is not known here", text->get()));
}

} // namespace

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
    case toml::node_type::table:
        return "a table";
    case toml::node_type::array:
        return "a list";
    case toml::node_type::string:
        return "a text";
    case toml::node_type::integer:
        return "an integer";
    case toml::node_type::floating_point:
        return "a number with a fraction";
    case toml::node_type::boolean:
        return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
        return "a date or time";
    case toml::node_type::none:
        break;
    }
    return "nothing";
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
    constexpr std::int64_t limit = std::numeric_limits<std::uint32_t>::max();
    std::int64_t total = 0;
    std::int64_t last_unit = std::numeric_limits<std::int64_t>::max();
    if (text.empty()) {
        return std::nullopt;
    }
    while (!text.empty()) {
        std::uint32_t count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc{}) {
            return std::nullopt;
        }
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        std::int64_t unit = 1;
        if (!text.empty()) {
            switch (text.front()) {
            case 'h':
                unit = 3600;
                break;
            case 'm':
                unit = 60;
                break;
            case 's':
                break;
            default:
                return std::nullopt;
            }
            text.remove_prefix(1);
        } else if (total != 0) {
            return std::nullopt; // "1h30": minutes or seconds?
        }
        if (unit >= last_unit) {
            return std::nullopt; // "30m1h", "1m1m"
        }
        last_unit = unit;
        total += std::int64_t{count} * unit;
        if (total > limit) {
            return std::nullopt;
        }
    }
    return std::chrono::seconds(total);
}

tl::expected<KeyValue, std::string> read_value(const ConfigurationKey& key,
                                               const toml::node& node) {
    switch (key.kind) {
    case KeyKind::boolean:
        if (const auto* boolean = node.as_boolean()) {
            return KeyValue{boolean->get()};
        }
        return wrong_type(key, node);
    case KeyKind::integer:
        if (const auto* integer = node.as_integer()) {
            return in_range(key, integer->get(), fmt::format("{}", integer->get()));
        }
        return wrong_type(key, node);
    case KeyKind::duration:
        return read_duration(key, node);
    case KeyKind::interface:
        return read_name(key, node, fault_of_interface_name);
    case KeyKind::path:
        return read_name(key, node, fault_of_path);
    case KeyKind::choice:
        return read_choice(key, node);
    case KeyKind::address6:
        return read_address(key, node, parse_unicast<wire::Ipv6Address>);
    case KeyKind::home_address6:
        return read_address(key, node, parse_home_address);
    case KeyKind::address4:
    case KeyKind::address4_or_choice:
        return read_address(key, node, parse_unicast<wire::Ipv4Address>);
    case KeyKind::prefix4:
        return read_prefix<wire::Prefix4>(key, node);
    case KeyKind::prefix6:
        return read_prefix<wire::Prefix6>(key, node);
    case KeyKind::prefixes6:
        return read_list<wire::Prefix6>(key, node, parse_unicast_prefix<wire::Prefix6>);
    case KeyKind::prefixes4:
        return read_list<wire::Prefix4>(key, node, parse_unicast_prefix<wire::Prefix4>);
    case KeyKind::any_prefixes6:
        return read_list<wire::Prefix6>(key, node, parse_prefix<wire::Prefix6>);
    case KeyKind::any_prefixes4:
        return read_list<wire::Prefix4>(key, node, parse_prefix<wire::Prefix4>);
    case KeyKind::addresses4: {
        auto list = read_list<wire::Ipv4Address>(key, node, parse_unicast<wire::Ipv4Address>);
        if (list &&
            std::get<std::vector<wire::Ipv4Address>>(*list).size() > DSMIP_HOME_ADDRESSES4_MAX) {
            return wrong(key, "has too many elements");
        }
        return list;
    }
    }
    return tl::make_unexpected(std::string("has no reader"));
}

namespace {

std::string text_of_one(bool value) {
    return value ? "true" : "false";
}
std::string text_of_one(std::int64_t value) {
    return std::to_string(value);
}
std::string text_of_one(std::chrono::seconds value) {
    return duration_text(value);
}
std::string text_of_one(const std::string& value) {
    return '"' + value + '"';
}
template<class Value>
std::string text_of_one(const Value& value) {
    return to_string(value);
}
template<class Value>
std::string text_of_one(const std::vector<Value>& values) {
    std::string text;
    for (const auto& value : values) {
        text += (text.empty() ? "" : ", ") + text_of_one(value);
    }
    return '[' + text + ']';
}

} // namespace

std::string text_of(const KeyValue& value) {
    return std::visit([](const auto& one) { return text_of_one(one); }, value);
}

} // namespace dsmip::daemon
