// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to the configuration: where its keys stand and how mistakes between them are told.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/configuration_checks.hpp"
#include "wire/address.hpp"

namespace dsmip::daemon {

/// What is only for the configuration of one role.
void check_home_agent(ReadConfiguration& read);
void check_mobile_node(ReadConfiguration& read);

/// What the checks of all roles need.
class ConfigurationChecker {
protected:
    explicit ConfigurationChecker(ReadConfiguration& read)
        : read_(read) {}

    /// Where a key stands, for each element of its section.
    class Column {
    public:
        explicit Column(const std::vector<SeenKey>& seen)
            : seen_(seen) {}
        [[nodiscard]] const SeenKey* find(std::size_t element) const {
            return element < seen_.size() && seen_[element].line != 0 ? &seen_[element] : nullptr;
        }
        /// Line of a key whose value could be read; 0 = it has none.
        [[nodiscard]] unsigned line(std::size_t element) const {
            const auto* key = find(element);
            return key != nullptr && key->valid ? key->line : 0;
        }

    private:
        const std::vector<SeenKey>& seen_;
    };

    [[nodiscard]] Column column(std::string_view section, std::string_view name) const {
        const auto rows = configuration_keys();
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& key) {
            return key.section == section && key.name == name;
        });
        return Column(read_.keys.at(static_cast<std::size_t>(row - rows.begin())));
    }

    [[nodiscard]] const SeenKey* find(std::string_view section, std::string_view name) const {
        return column(section, name).find(0);
    }

    [[nodiscard]] unsigned line(std::string_view section, std::string_view name) const {
        return column(section, name).line(0);
    }

    [[nodiscard]] unsigned section_line(std::string_view name) const {
        const auto all = configuration_sections();
        const auto section =
            std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
        return read_.sections.at(static_cast<std::size_t>(section - all.begin()));
    }

    void mistake(unsigned line, std::string_view key, std::string text) {
        read_.mistakes.push_back({line, std::string(key), std::move(text)});
    }

    /// A value that may be used once, and where.
    template<class Value>
    struct Use {
        Value value;
        unsigned line = 0;
        std::string_view key; ///< of which it is a value
    };

    /// "is in line N, too", for every use but the first of the list.
    template<class Value>
    void refuse_repeated(std::vector<Use<Value>> uses, std::string_view hint = {}) {
        std::stable_sort(uses.begin(), uses.end(),
                         [](const auto& a, const auto& b) { return a.value < b.value; });
        const Use<Value>* first = nullptr;
        for (const auto& use : uses) {
            if (first == nullptr || first->value != use.value) {
                first = &use;
            } else {
                mistake(use.line, use.key,
                        fmt::format("{} is in line {}, too; it may be used once{}",
                                    shown(use.value), first->line, hint));
            }
        }
    }
    static const std::string& shown(const std::string& text) { return text; }
    static std::string shown(std::uint16_t number) { return std::to_string(number); }
    template<class Value>
    static std::string shown(const Value& value) {
        return wire::to_string(value);
    }

    ReadConfiguration& read_;
};

} // namespace dsmip::daemon
