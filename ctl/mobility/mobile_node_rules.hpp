// SPDX-License-Identifier: GPL-2.0-or-later
// The rules that a mobile node judges messages by.  What it does not drop has an effect.
#pragma once

#include <array>
#include <string_view>

#include "mobility/rule.hpp"

namespace dsmip::mobility {

namespace detail {

inline constexpr std::array mobile_node_rules{
    Rule{"drop_stopped", Dropped{}, "", "the mobile node has de-registered and ends"},
    Rule{"drop_not_from_home_agent", Dropped{}, "RFC 6275, 11.7.3",
         "the source is not the home agent"},
    Rule{"drop_unexpected_type", Dropped{}, "", "a mobile node has no use for this message type"},
    Rule{"drop_not_for_home_address", Dropped{}, "RFC 6275, 11.7.3",
         "the destination is not the home address"},
    Rule{"drop_unknown_sequence", Dropped{}, "RFC 6275, 11.7.3",
         "it acknowledges no Binding Update that is outstanding: late, repeated or made up"},
    Rule{"drop_wrong_path", Dropped{}, "RFC 5555, 4.5",
         "it did not come by the way that the Binding Update went"},
    Rule{"drop_bid_unknown", Dropped{}, "RFC 5648, 5.8",
         "a Binding Refresh Request names a BID that is not in use"},
    Rule{"drop_foreign_home_address", Dropped{}, "RFC 6275, 11.3.6",
         "a Binding Error is about another home address"},
    Rule{"drop_error_not_awaited", Dropped{}, "RFC 6275, 11.3.6",
         "Binding Error 2, and no Binding Update is outstanding"},
    Rule{"drop_error_unknown", Dropped{}, "RFC 6275, 11.3.6", "a Binding Error of unknown status"},
    Rule{"drop_no_other_home_agent", Dropped{}, "RFC 5142, 6",
         "the home agent sends the node away, and no other one is known"},
};

} // namespace detail

/// All of them; those of the codec come first.
inline constexpr auto mobile_node_rules = join(decode_rules, detail::mobile_node_rules);

/// The row of that name; a name that is none does not compile.
consteval RuleRef mobile_node_rule(std::string_view name) {
    return find_rule(mobile_node_rules, name);
}

} // namespace dsmip::mobility
