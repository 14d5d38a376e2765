// SPDX-License-Identifier: GPL-2.0-or-later
// Key by key, and element by element where sections repeat.
#include "daemon/configuration_difference.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "daemon/configuration_keys.hpp"

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

struct Value {
    std::string text;
    unsigned line = 0;
};
using Element = std::map<std::string, Value>;

bool is_array(std::string_view name) {
    const auto all = configuration_sections();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& section) { return section.array && section.name == name; });
}

/// The key that tells one element of a section from another: the first one of the table.
std::string_view identity_of(std::string_view section) {
    const auto all = configuration_keys();
    const auto row = std::find_if(all.begin(), all.end(),
                                  [&](const auto& key) { return key.section == section; });
    return row == all.end() ? ""sv : row->name;
}

/// "SECTION" or "SECTION IDENTITY", and what it has.
std::map<std::string, Element> elements_of(const Configuration& configuration) {
    std::map<std::pair<std::string, std::size_t>, std::string> names;
    for (const auto& value : configuration.values) {
        auto& name = names[{value.section, value.element}];
        if (name.empty()) {
            name = value.section;
        }
        if (is_array(value.section) && value.name == identity_of(value.section)) {
            name = fmt::format("{} {}", value.section, value.text);
        }
    }
    std::map<std::string, Element> elements;
    for (const auto& value : configuration.values) {
        elements[names[{value.section, value.element}]][value.name] = {value.text, value.line};
    }
    return elements;
}

std::string_view fallback_of(std::string_view section, std::string_view name) {
    for (const auto& row : configuration_keys()) {
        if (row.section == section && row.name == name && !row.fallback.empty()) {
            return row.fallback;
        }
    }
    return "not set";
}

class Comparison {
public:
    ConfigurationDifference run(const Configuration& before, const Configuration& after) {
        const auto old_elements = elements_of(before);
        const auto new_elements = elements_of(after);
        for (const auto& [name, element] : old_elements) {
            const auto now = new_elements.find(name);
            if (now != new_elements.end()) {
                compare(name, element, now->second);
            } else if (is_array(section_of(name))) {
                note(section_of(name), "", 0, name + ": removed");
            } else {
                compare(name, element, {});
            }
        }
        for (const auto& [name, element] : new_elements) {
            if (old_elements.contains(name)) {
                continue;
            }
            if (is_array(section_of(name))) {
                note(section_of(name), "", element.begin()->second.line, name + ": added");
            } else {
                compare(name, {}, element);
            }
        }
        // In the order of the file.
        std::stable_sort(result_.refused.begin(), result_.refused.end(),
                         [](const auto& one, const auto& other) { return one.line < other.line; });
        return std::move(result_);
    }

private:
    static std::string section_of(const std::string& name) {
        return name.substr(0, name.find(' '));
    }

    void compare(const std::string& name, const Element& before, const Element& after) {
        Element keys = before;
        keys.insert(after.begin(), after.end());
        const auto section = section_of(name);
        for (const auto& [key, ignored] : keys) {
            const auto text = [&, &key = key](const Element& element) {
                const auto found = element.find(key);
                return found == element.end() ? std::string(fallback_of(section, key))
                                              : found->second.text;
            };
            if (text(before) != text(after)) {
                const auto place = after.find(key);
                note(section, key, place == after.end() ? 0 : place->second.line,
                     fmt::format("{}{}{}: {} -> {}", name, name.empty() ? "" : "."sv, key,
                                 text(before), text(after)));
            }
        }
    }

    void note(const std::string& section, const std::string& key, unsigned line, std::string text) {
        const auto full = section.empty() ? key : key.empty() ? section : section + "." + key;
        const bool possible =
            std::find(changeable.begin(), changeable.end(), full) != changeable.end() ||
            std::find(changeable_sections.begin(), changeable_sections.end(), section) !=
                changeable_sections.end();
        if (!possible) {
            result_.refused.push_back(
                {line, full,
                 fmt::format("cannot change while the daemon runs ({}); restart it", text)});
        }
        result_.changes.push_back(std::move(text));
    }

    ConfigurationDifference result_;
};

} // namespace

ConfigurationDifference difference(const Configuration& before, const Configuration& after) {
    return Comparison().run(before, after);
}

} // namespace dsmip::daemon
