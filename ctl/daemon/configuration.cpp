// SPDX-License-Identifier: GPL-2.0-or-later
// Walks the TOML document along the key table and collects mistakes.
#include "daemon/configuration.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/configuration_checks.hpp"
#include "daemon/configuration_keys.hpp"
#include "daemon/configuration_values.hpp"
#include "daemon/text_distance.hpp"

namespace dsmip::daemon {

namespace {

unsigned line_of(const toml::source_region& source) {
    return source.begin.line;
}

std::string full_name(std::string_view section, std::string_view name) {
    return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

const ConfigurationSection* find_section(std::string_view name) {
    for (const auto& section : configuration_sections()) {
        if (section.name == name) {
            return &section;
        }
    }
    return nullptr;
}

const ConfigurationKey* find_key(std::string_view section, std::string_view name) {
    for (const auto& key : configuration_keys()) {
        if (key.section == section && key.name == name) {
            return &key;
        }
    }
    return nullptr;
}

class Reader {
public:
    ReadConfiguration read(const toml::table& document) {
        read_table("", document, 1);
        return std::move(result_);
    }

private:
    void mistake(unsigned line, std::string key, std::string text) {
        result_.mistakes.push_back({line, std::move(key), std::move(text)});
    }

    void read_table(std::string_view section, const toml::table& table, unsigned line) {
        result_.sections.push_back({std::string(section), line});
        const auto first_key = result_.keys.size();
        for (const auto& [key, node] : table) {
            const std::string path = full_name(section, key.str());
            if (const auto* row = find_key(section, key.str())) {
                read_key(*row, path, node, line_of(key.source()));
            } else if (const auto* inner = find_section(path)) {
                read_section(*inner, node, line_of(key.source()));
            } else {
                unknown(section, key.str(), line_of(key.source()));
            }
        }
        for (const auto& row : configuration_keys()) {
            const bool seen = std::any_of(
                result_.keys.begin() + static_cast<std::ptrdiff_t>(first_key), result_.keys.end(),
                [&](const SeenKey& key) { return key.row == &row; });
            if (row.section == section && row.required && !seen) {
                mistake(line, full_name(section, row.name),
                        fmt::format("is missing; wanted {}{}", wanted(row), hint(row)));
            }
        }
    }

    static std::string_view hint(const ConfigurationKey& row) {
        return row.name == "security" ? security_hint() : "";
    }

    void read_key(const ConfigurationKey& row, const std::string& path, const toml::node& node,
                  unsigned line) {
        result_.keys.push_back({&row, line, result_.element_of(row.section)});
        auto value = read_value(row, node);
        if (!value) {
            mistake(line, path, value.error() + std::string(hint(row)));
            result_.keys.back().valid = false;
            return;
        }
        row.store(result_.configuration, *value);
        result_.configuration.values.push_back({std::string(row.section),
                                                result_.keys.back().element, std::string(row.name),
                                                text_of(*value), line});
    }

    void read_section(const ConfigurationSection& section, const toml::node& node, unsigned line) {
        const auto mistakes = result_.mistakes.size();
        read_section_of(section, node, line);
        // One mistake is enough: it is there, if not as it should be.
        if (result_.mistakes.size() != mistakes && section.array) {
            result_.sections.push_back({std::string(section.name), line});
        }
    }

    void read_section_of(const ConfigurationSection& section, const toml::node& node,
                         unsigned line) {
        if (!section.array) {
            if (const auto* table = node.as_table()) {
                read_table(section.name, *table, line);
            } else {
                mistake(line, std::string(section.name),
                        fmt::format("is {}; wanted a section [{}]", type_name(node), section.name));
            }
            return;
        }
        const auto* array = node.as_array();
        if (array == nullptr || !std::all_of(array->begin(), array->end(), [](const auto& element) {
                return element.is_table();
            })) {
            mistake(line, std::string(section.name),
                    fmt::format("is {}; wanted sections [[{}]]", type_name(node), section.name));
            return;
        }
        for (const auto& element : *array) {
            section.begin_element(result_.configuration);
            read_table(section.name, *element.as_table(), line_of(element.source()));
        }
    }

    void unknown(std::string_view section, std::string_view name, unsigned line) {
        std::vector<std::string_view> names;
        for (const auto& row : configuration_keys()) {
            if (row.section == section) {
                names.push_back(row.name);
            }
        }
        for (const auto& inner : configuration_sections()) {
            const auto dot = inner.name.rfind('.');
            const auto parent =
                dot == std::string_view::npos ? std::string_view{} : inner.name.substr(0, dot);
            if (!inner.name.empty() && parent == section) {
                names.push_back(dot == std::string_view::npos ? inner.name
                                                              : inner.name.substr(dot + 1));
            }
        }
        std::string text = "is not known here";
        if (const auto nearest = nearest_name(name, names)) {
            text += fmt::format("; did you mean \"{}\"?", *nearest);
        } else if (const auto home = section_with(name)) {
            text += home->empty() ? "; it belongs before the first section"
                                  : fmt::format("; it belongs into [{}]", *home);
        } else {
            text += fmt::format("; known are {}", fmt::join(names, ", "));
        }
        mistake(line, full_name(section, name), text);
    }

    static std::optional<std::string_view> section_with(std::string_view name) {
        for (const auto& row : configuration_keys()) {
            if (row.name == name) {
                return row.section;
            }
        }
        return std::nullopt;
    }

    ReadConfiguration result_;
};

} // namespace

std::string_view to_string(RoleName role) {
    return role == RoleName::home_agent ? "home-agent" : "mobile-node";
}

std::string to_string(const ConfigurationMistake& mistake, std::string_view file) {
    std::string text(file);
    if (mistake.line != 0) {
        text += fmt::format(":{}", mistake.line);
    }
    text += ": ";
    if (!mistake.key.empty()) {
        text += mistake.key + ": ";
    }
    return text + mistake.text;
}

tl::expected<Configuration, ConfigurationMistakes> read_configuration(std::string_view text) {
    ReadConfiguration read;
    try {
        read = Reader().read(toml::parse(text));
    } catch (const toml::parse_error& error) {
        return tl::make_unexpected(ConfigurationMistakes{
            {line_of(error.source()), "", fmt::format("no valid TOML: {}", error.description())}});
    }
    check_configuration(read);
    if (read.mistakes.empty()) {
        return std::move(read.configuration);
    }
    std::stable_sort(read.mistakes.begin(), read.mistakes.end(),
                     [](const auto& a, const auto& b) { return a.line < b.line; });
    return tl::make_unexpected(std::move(read.mistakes));
}

} // namespace dsmip::daemon
