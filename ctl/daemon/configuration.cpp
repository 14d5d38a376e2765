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

/// A section with its keys and the sections in it.
struct SectionLayout {
    const ConfigurationSection* section = nullptr;
    std::size_t number = 0; ///< in configuration_sections()
    struct Key {
        const ConfigurationKey* row = nullptr;
        std::size_t number = 0; ///< in configuration_keys()
    };
    std::vector<Key> keys;
    struct Inner {
        std::string_view name; ///< without that of the outer section
        const SectionLayout* layout = nullptr;
    };
    std::vector<Inner> inner;

    [[nodiscard]] const Key* find_key(std::string_view name) const {
        const auto found = std::find_if(keys.begin(), keys.end(),
                                        [&](const Key& key) { return key.row->name == name; });
        return found == keys.end() ? nullptr : &*found;
    }
    [[nodiscard]] const SectionLayout* find_inner(std::string_view name) const {
        const auto found = std::find_if(inner.begin(), inner.end(),
                                        [&](const Inner& one) { return one.name == name; });
        return found == inner.end() ? nullptr : found->layout;
    }
};

std::vector<SectionLayout> make_layouts() {
    const auto sections = configuration_sections();
    const auto rows = configuration_keys();
    std::vector<SectionLayout> layouts(sections.size());
    for (std::size_t i = 0; i < sections.size(); ++i) {
        auto& layout = layouts[i];
        layout.section = &sections[i];
        layout.number = i;
        for (std::size_t row = 0; row < rows.size(); ++row) {
            if (rows[row].section == sections[i].name) {
                layout.keys.push_back({&rows[row], row});
            }
        }
        for (std::size_t other = 0; other < sections.size(); ++other) {
            const auto name = sections[other].name;
            const auto dot = name.rfind('.');
            const bool outermost = dot == std::string_view::npos;
            if (!name.empty() &&
                (outermost ? std::string_view{} : name.substr(0, dot)) == sections[i].name) {
                layout.inner.push_back({outermost ? name : name.substr(dot + 1), &layouts[other]});
            }
        }
    }
    return layouts;
}

/// That of the top level, from which the others are reached.
const SectionLayout& top_level() {
    static const auto layouts = make_layouts();
    return *std::find_if(layouts.begin(), layouts.end(),
                         [](const auto& layout) { return layout.section->name.empty(); });
}

class Reader {
public:
    Reader() {
        result_.keys.resize(configuration_keys().size());
        result_.sections.resize(configuration_sections().size());
        result_.configuration.values.resize(configuration_sections().size());
    }

    ReadConfiguration read(const toml::table& document) {
        read_table(top_level(), document, 1, 0);
        return std::move(result_);
    }

private:
    void mistake(unsigned line, std::string key, std::string text) {
        result_.mistakes.push_back({line, std::move(key), std::move(text)});
    }

    void note_section(const SectionLayout& layout, unsigned line) {
        if (auto& first = result_.sections[layout.number]; first == 0) {
            first = line;
        }
    }

    void read_table(const SectionLayout& layout, const toml::table& table, unsigned line,
                    std::size_t element) {
        const auto section = layout.section->name;
        note_section(layout, line);
        for (const auto& [key, node] : table) {
            if (const auto* known = layout.find_key(key.str())) {
                read_key(layout.number, *known, node, line_of(key.source()), element);
            } else if (const auto* inner = layout.find_inner(key.str())) {
                read_section(*inner, node, line_of(key.source()));
            } else {
                unknown(layout, key.str(), line_of(key.source()));
            }
        }
        for (const auto& key : layout.keys) {
            if (key.row->required && !table.contains(key.row->name)) {
                mistake(line, full_name(section, key.row->name),
                        fmt::format("is missing; wanted {}{}", wanted(*key.row), hint(*key.row)));
            }
        }
    }

    static std::string_view hint(const ConfigurationKey& row) {
        return row.name == "security" ? security_hint() : "";
    }

    void read_key(std::size_t section, const SectionLayout::Key& key, const toml::node& node,
                  unsigned line, std::size_t element) {
        auto& column = result_.keys[key.number];
        column.resize(element + 1);
        auto value = read_value(*key.row, node);
        column[element] = {line, value.has_value()};
        if (!value) {
            mistake(line, full_name(key.row->section, key.row->name),
                    value.error() + std::string(hint(*key.row)));
            return;
        }
        key.row->store(result_.configuration, *value);
        result_.configuration.values[section].push_back(
            {key.row, static_cast<std::uint32_t>(element), line, std::move(*value)});
    }

    void read_section(const SectionLayout& layout, const toml::node& node, unsigned line) {
        const auto mistakes = result_.mistakes.size();
        read_section_of(layout, node, line);
        // One mistake is enough: it is there, if not as it should be.
        if (result_.mistakes.size() != mistakes && layout.section->array) {
            note_section(layout, line);
        }
    }

    void read_section_of(const SectionLayout& layout, const toml::node& node, unsigned line) {
        const auto name = layout.section->name;
        if (!layout.section->array) {
            if (const auto* table = node.as_table()) {
                read_table(layout, *table, line, 0);
            } else {
                mistake(line, std::string(name),
                        fmt::format("is {}; wanted a section [{}]", type_name(node), name));
            }
            return;
        }
        const auto* array = node.as_array();
        if (array == nullptr || !std::all_of(array->begin(), array->end(), [](const auto& element) {
                return element.is_table();
            })) {
            mistake(line, std::string(name),
                    fmt::format("is {}; wanted sections [[{}]]", type_name(node), name));
            return;
        }
        std::size_t number = 0;
        for (const auto& element : *array) {
            layout.section->begin_element(result_.configuration);
            read_table(layout, *element.as_table(), line_of(element.source()), number++);
        }
    }

    void unknown(const SectionLayout& layout, std::string_view name, unsigned line) {
        std::vector<std::string_view> names;
        for (const auto& key : layout.keys) {
            names.push_back(key.row->name);
        }
        for (const auto& inner : layout.inner) {
            names.push_back(inner.name);
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
        mistake(line, full_name(layout.section->name, name), text);
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
