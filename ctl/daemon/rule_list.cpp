// SPDX-License-Identifier: GPL-2.0-or-later
// The table of rules as Markdown.
#include "daemon/rule_list.hpp"

#include <string>

#include <fmt/format.h>

#include "mobility/home_agent_rules.hpp"
#include "mobility/mobile_node_rules.hpp"

namespace dsmip::daemon {
namespace {

std::string outcome_of(const mobility::Rule& rule) {
    if (rule.drops()) {
        return "dropped";
    }
    if (const auto* status = std::get_if<wire::BindingStatus>(&rule.outcome)) {
        return fmt::format("{} {}", static_cast<unsigned>(*status), wire::to_string(*status));
    }
    const auto status = rule.status4();
    return fmt::format("IPv4 option: {} {}", static_cast<unsigned>(status),
                       wire::to_string(status));
}

template<class Table>
void print(std::ostream& out, std::string_view title, const Table& table) {
    out << "## " << title << "\n\n| name | outcome | why | source |\n| --- | --- | --- | --- |\n";
    for (const auto& rule : table) {
        out << fmt::format("| `{}` | {} | {} | {} |\n", rule.name, outcome_of(rule), rule.sentence,
                           rule.source);
    }
}

} // namespace

void print_rules(std::ostream& out) {
    print(out, "Home agent", mobility::home_agent_rules);
    out << '\n';
    print(out, "Mobile node", mobility::mobile_node_rules);
}

} // namespace dsmip::daemon
