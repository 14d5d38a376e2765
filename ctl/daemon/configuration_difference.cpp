// SPDX-License-Identifier: GPL-2.0-or-later
// Key by key, and element by element where sections repeat.
#include "daemon/configuration_difference.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "daemon/configuration_keys.hpp"
#include "daemon/configuration_values.hpp"

namespace dsmip::daemon {

namespace {

using namespace std::string_view_literals;

// What the running home agent can take over. Everything else needs a restart.
constexpr std::array changeable{
    "home-agent.max-lifetime"sv,
    "home-agent.nat-refresh-time"sv,
    "home-agent.accept-forced-udp"sv,
    "home-agent.impose-udp"sv,
    "home-agent.accept-tlv"sv,
    "home-agent.accept-mcoa"sv,
    "home-agent.accept-bulk"sv,
    "home-agent.accept-unlisted-nodes"sv,
    "home-agent.dialect"sv,
    "home-agent.on-stop"sv,
    "home-agent.home-prefixes"sv,
    "home-agent.address-pool"sv,
    "home-agent.pool-leases-max"sv,
    "home-agent.lease-time"sv,
    "home-agent.prefixes.accept-mobile-routers"sv,
    "home-agent.prefixes.pool4"sv,
    "home-agent.prefixes.shortest4"sv,
    "home-agent.prefixes.leases-max"sv,
    "home-agent.prefixes.max-per-node"sv,
};
constexpr std::array changeable_sections{"home-agent.node"sv,
                                         "home-agent.policy"sv,
                                         "home-agent.refresh"sv,
                                         "home-agent.map"sv,
                                         "home-agent.advertised-prefix"sv,
                                         "home-agent.discovery"sv,
                                         "home-agent.home-link"sv,
                                         "home-agent.prefix-discovery"sv};

using Values = std::span<const ConfigurationValue>;

/// An element of an array section.
struct Element {
    /// The value of the first key in the table, by which elements are told apart; it is required.
    const KeyValue* identity = nullptr;
    Values values;
};

/// In the order of their identities.
std::vector<Element> elements_of(const ConfigurationSection& section, Values values) {
    const auto keys = configuration_keys();
    const auto identity = std::find_if(
        keys.begin(), keys.end(), [&](const auto& key) { return key.section == section.name; });
    std::vector<Element> elements;
    for (std::size_t begin = 0; begin < values.size();) {
        Element element;
        auto end = begin;
        for (; end < values.size() && values[end].element == values[begin].element; ++end) {
            if (values[end].key == &*identity) {
                element.identity = &values[end].value;
            }
        }
        element.values = values.subspan(begin, end - begin);
        elements.push_back(element);
        begin = end;
    }
    std::sort(elements.begin(), elements.end(),
              [](const auto& a, const auto& b) { return *a.identity < *b.identity; });
    return elements;
}

class Comparison {
public:
    ConfigurationDifference run(const Configuration& before, const Configuration& after) {
        const auto sections = configuration_sections();
        std::vector<std::size_t> order(sections.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return sections[a].name < sections[b].name;
        });
        for (const auto number : order) {
            if (sections[number].array) {
                compare_elements(sections[number], before.values[number], after.values[number]);
            } else {
                compare(sections[number], nullptr, before.values[number], after.values[number]);
            }
        }
        // In the order of the file.
        std::stable_sort(result_.refused.begin(), result_.refused.end(),
                         [](const auto& one, const auto& other) { return one.line < other.line; });
        return std::move(result_);
    }

private:
    void compare_elements(const ConfigurationSection& section, Values before, Values after) {
        const auto was = elements_of(section, before);
        const auto is = elements_of(section, after);
        auto one = was.begin();
        auto other = is.begin();
        while (one != was.end() || other != is.end()) {
            const bool removed =
                other == is.end() || (one != was.end() && *one->identity < *other->identity);
            const bool added =
                one == was.end() || (other != is.end() && *other->identity < *one->identity);
            if (removed) {
                note(section, "", 0, [&] { return name_of(section, one->identity) + ": removed"; });
                ++one;
            } else if (added) {
                note(section, "", other->values.front().line,
                     [&] { return name_of(section, other->identity) + ": added"; });
                ++other;
            } else {
                compare(section, other->identity, one->values, other->values);
                ++one;
                ++other;
            }
        }
    }

    static std::string name_of(const ConfigurationSection& section, const KeyValue* identity) {
        return identity == nullptr ? std::string(section.name)
                                   : fmt::format("{} {}", section.name, text_of(*identity));
    }

    void compare(const ConfigurationSection& section, const KeyValue* identity, Values before,
                 Values after) {
        // Both in the order of their names: so they come out of a table.
        auto one = before.begin();
        auto other = after.begin();
        while (one != before.end() || other != after.end()) {
            if (other == after.end() || (one != before.end() && is_before(*one, *other))) {
                compare_key(section, identity, &*one++, nullptr);
            } else if (one == before.end() || is_before(*other, *one)) {
                compare_key(section, identity, nullptr, &*other++);
            } else {
                compare_key(section, identity, &*one++, &*other++);
            }
        }
    }
    static bool is_before(const ConfigurationValue& one, const ConfigurationValue& other) {
        return one.key->name < other.key->name;
    }

    /// Of `was` and `is` one may be missing.
    void compare_key(const ConfigurationSection& section, const KeyValue* identity,
                     const ConfigurationValue* was, const ConfigurationValue* is) {
        if (was != nullptr && is != nullptr && was->value == is->value) {
            return;
        }
        const auto& key = *(was != nullptr ? was : is)->key;
        const auto before = text_or_fallback(key, was);
        const auto after = text_or_fallback(key, is);
        // A default that is written out is no change.
        if (before != after) {
            note(section, key.name, is == nullptr ? 0 : is->line, [&] {
                return fmt::format("{}{}{}: {} -> {}", name_of(section, identity),
                                   section.name.empty() ? "" : ".", key.name, before, after);
            });
        }
    }
    static std::string text_or_fallback(const ConfigurationKey& key,
                                        const ConfigurationValue* value) {
        if (value != nullptr) {
            return text_of(value->value);
        }
        return key.fallback.empty() ? std::string("not set") : std::string(key.fallback);
    }

    template<class Text>
    void note(const ConfigurationSection& section, std::string_view key, unsigned line,
              Text make_text) {
        const auto full = section.name.empty() ? std::string(key)
                          : key.empty()        ? std::string(section.name)
                                               : fmt::format("{}.{}", section.name, key);
        const bool possible =
            std::find(changeable.begin(), changeable.end(), full) != changeable.end() ||
            std::find(changeable_sections.begin(), changeable_sections.end(), section.name) !=
                changeable_sections.end();
        constexpr auto told_max = ConfigurationDifference::told_max;
        const bool told = result_.changes.size() < told_max;
        ++result_.change_count;
        if (!told && (possible || result_.refused.size() >= told_max)) {
            return;
        }
        auto text = make_text();
        if (!possible && result_.refused.size() < told_max) {
            result_.refused.push_back(
                {line, full,
                 fmt::format("cannot change while the daemon runs ({}); restart it", text)});
        }
        if (told) {
            result_.changes.push_back(std::move(text));
        }
    }

    ConfigurationDifference result_;
};

} // namespace

ConfigurationDifference difference(const Configuration& before, const Configuration& after) {
    return Comparison().run(before, after);
}

} // namespace dsmip::daemon
