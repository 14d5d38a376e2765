// SPDX-License-Identifier: GPL-2.0-or-later
// What a protocol rule is.  Each role has one table of its rules; a check returns the row that it
// decided by.  Log, counters, `dsmipctl explain` and Documentation/rules.md show these rows.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mobility/types.hpp"
#include "wire/codec.hpp"
#include "wire/status.hpp"

namespace dsmip::mobility {

/// Dropped without an answer.
struct Dropped {};

/// One rule of a protocol, or of this implementation.
struct Rule {
    /// Stable.  Also the name of its counter: "accepted...", "refused_...", "drop_...".
    std::string_view name;
    /// What a message gets, or one of its IPv4 home address options.
    std::variant<wire::BindingStatus, wire::Ipv4AddressStatus, Dropped> outcome;
    /// Where it is written, e.g. "RFC 6275, 9.5.1"; empty: a rule of this implementation.
    std::string_view source;
    /// Why, for the operator; names the configuration key that decides, if there is one.
    std::string_view sentence;

    /// Status of a Binding Acknowledgement or Binding Identifier option.  Not for other rules.
    [[nodiscard]] constexpr wire::BindingStatus status() const {
        return std::get<wire::BindingStatus>(outcome);
    }
    /// Status of an IPv4 Address Acknowledgement option.  Not for other rules.
    [[nodiscard]] constexpr wire::Ipv4AddressStatus status4() const {
        return std::get<wire::Ipv4AddressStatus>(outcome);
    }
    [[nodiscard]] constexpr bool drops() const { return std::holds_alternative<Dropped>(outcome); }
    /// Whatever it is about is in force afterwards.
    [[nodiscard]] constexpr bool accepts() const {
        if (const auto* status = std::get_if<wire::BindingStatus>(&outcome)) {
            return wire::is_accepted(*status);
        }
        const auto* status4 = std::get_if<wire::Ipv4AddressStatus>(&outcome);
        return status4 != nullptr && wire::is_success(*status4);
    }
};

/// A row of a table, which lives as long as the program; nullptr: no rule stands against it.
using RuleRef = const Rule*;

/// Rules that both roles have: a message that cannot be read.  In the order of wire::DecodeCause.
inline constexpr std::array decode_rules{
    Rule{"drop_mh_truncated", Dropped{}, "RFC 6275, 9.2", "the message is cut short"},
    Rule{"drop_mh_overlong", Dropped{}, "RFC 6275, 9.2", "octets follow the end of the message"},
    Rule{"drop_mh_checksum", Dropped{}, "RFC 6275, 9.2", "the checksum is wrong"},
    Rule{"drop_mh_type_unknown", Dropped{}, "RFC 6275, 9.2",
         "the message type is not known; answered by Binding Error 2"},
    Rule{"drop_mh_payload_proto", Dropped{}, "RFC 6275, 9.2",
         "another header follows the Mobility Header"},
    Rule{"drop_mh_header_length", Dropped{}, "RFC 6275, 9.2",
         "the message is too short for its type"},
    Rule{"drop_mh_address_count", Dropped{}, "RFC 5142, 4",
         "a Home Agent Switch message claims more addresses than it has"},
    Rule{"drop_option_truncated", Dropped{}, "RFC 6275, 6.2.1",
         "an option reaches over the end of the message"},
    Rule{"drop_option_length", Dropped{}, "RFC 6275, 6.2.1",
         "an option has a length that it cannot have"},
    Rule{"drop_option_not_last", Dropped{}, "RFC 6275, 6.2.7",
         "something follows the Binding Authorization Data option"},
};

/// One table after the other.
template<std::size_t First, std::size_t Second>
consteval std::array<Rule, First + Second> join(const std::array<Rule, First>& first,
                                                const std::array<Rule, Second>& second) {
    std::array<Rule, First + Second> all{};
    std::copy(first.begin(), first.end(), all.begin());
    std::copy(second.begin(), second.end(), all.begin() + First);
    return all;
}

/// The row of that name; where there is none, what asks for it does not compile.
template<std::size_t Count>
consteval RuleRef find_rule(const std::array<Rule, Count>& table, std::string_view name) {
    for (const auto& row : table) {
        if (row.name == name) {
            return &row;
        }
    }
    throw std::invalid_argument("no such rule");
}

/// The row of a message that could not be read, in the table of a role.
template<std::size_t Count>
[[nodiscard]] RuleRef rule_of(wire::DecodeCause cause, const std::array<Rule, Count>& table) {
    return &table.at(static_cast<std::size_t>(cause));
}

/// How often each rule of a table refused or dropped something.
template<std::size_t Count>
class RuleCounters {
public:
    /// `table` lives as long as the counters; rows that are counted belong to it.
    explicit RuleCounters(const std::array<Rule, Count>& table)
        : table_(&table) {}
    void add(RuleRef row) { ++counts_.at(static_cast<std::size_t>(row - table_->data())); }
    /// Appends those of rules that refuse or drop, by their names.
    void append_to(std::vector<NamedCount>& all) const {
        for (std::size_t index = 0; index < Count; ++index) {
            if (const auto& row = table_->at(index); !row.name.starts_with("accepted")) {
                all.push_back({std::string(row.name), counts_.at(index)});
            }
        }
    }

private:
    const std::array<Rule, Count>* table_;
    std::array<std::uint64_t, Count> counts_{};
};

/// Sentence and source, for people; of a drop with its name in front, which is its counter.
[[nodiscard]] std::string text_of(const Rule& rule);

} // namespace dsmip::mobility
