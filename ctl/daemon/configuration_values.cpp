// SPDX-License-Identifier: GPL-2.0-or-later
// Reading single configuration values.
#include "daemon/configuration_values.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include <linux/dsmip.h>

namespace dsmip::daemon {

namespace {

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

template<class Address>
tl::expected<Address, std::string> parse_unicast(std::string_view text) {
    auto address = Address::parse(text);
    if (!address) {
        return tl::make_unexpected(fmt::format("\"{}\" is no address", text));
    }
    bool unicast = false;
    if constexpr (std::is_same_v<Address, wire::Ipv4Address>) {
        unicast = address->is_unicast();
    } else {
        unicast = address->is_unicast_routable();
    }
    if (!unicast) {
        return tl::make_unexpected(fmt::format("{} cannot be an address of a node", text));
    }
    return *address;
}

template<class Address>
Outcome read_address(const ConfigurationKey& key, const toml::node& node) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        return wrong_type(key, node);
    }
    for (const auto choice : key.choices) {
        if (text->get() == choice) {
            return KeyValue{text->get()};
        }
    }
    auto address = parse_unicast<Address>(text->get());
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

Outcome read_text(const ConfigurationKey& key, const toml::node& node) {
    const auto* text = node.as_string();
    if (text == nullptr) {
        return wrong_type(key, node);
    }
    const auto length = static_cast<std::int64_t>(text->get().size());
    if (length < key.minimum || length > key.maximum) {
        return wrong(key, fmt::format("has {} characters", length));
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
    constexpr std::int64_t limit = std::numeric_limits<std::int32_t>::max();
    std::int64_t total = 0;
    std::int64_t last_unit = std::numeric_limits<std::int64_t>::max();
    if (text.empty()) {
        return std::nullopt;
    }
    while (!text.empty()) {
        std::int32_t count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc{} || count < 0) {
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
        total += count * unit;
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
    case KeyKind::text:
        return read_text(key, node);
    case KeyKind::choice:
        return read_choice(key, node);
    case KeyKind::address6:
        return read_address<wire::Ipv6Address>(key, node);
    case KeyKind::address4:
    case KeyKind::address4_or_choice:
        return read_address<wire::Ipv4Address>(key, node);
    case KeyKind::prefix4:
        if (const auto* text = node.as_string()) {
            auto prefix = parse_prefix<wire::Prefix4>(text->get());
            if (!prefix) {
                return wrong(key, prefix.error());
            }
            return KeyValue{*prefix};
        }
        return wrong_type(key, node);
    case KeyKind::prefix6:
        if (const auto* text = node.as_string()) {
            auto prefix = parse_prefix<wire::Prefix6>(text->get());
            if (!prefix) {
                return wrong(key, prefix.error());
            }
            return KeyValue{*prefix};
        }
        return wrong_type(key, node);
    case KeyKind::prefixes6:
        return read_list<wire::Prefix6>(key, node, parse_prefix<wire::Prefix6>);
    case KeyKind::prefixes4:
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
