// SPDX-License-Identifier: GPL-2.0-or-later
// What the mobile node tells its operator, and the one place where states change.
#include "mobility/mobile_node_engine.hpp"

#include <utility>

namespace dsmip::mobility {

std::string seconds_text(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + "s";
}

std::string_view encapsulation_text(Encapsulation encapsulation) {
    switch (encapsulation) {
    case Encapsulation::direct:
        return "direct";
    case Encapsulation::udp:
        return "udp";
    case Encapsulation::udp_tlv:
        return "udp-tlv";
    case Encapsulation::udp_tlv_draft:
        return "udp-tlv-draft";
    }
    return "?";
}

std::string status_text(wire::BindingStatus status) {
    return std::to_string(static_cast<unsigned>(status)) + " (" + wire::to_string(status) + ")";
}

std::string failure_text(const Exchange& exchange) {
    return exchange.refused ? "refused with status " + status_text(*exchange.refused) : "no answer";
}

void MobileNode::Impl::report(Report::Level level, std::string_view name, Fields fields) {
    actions_.emplace_back(Report{level, name, std::move(fields)});
}

void MobileNode::Impl::drop(RuleRef cause, const ReceivedMessage& message) {
    counters_.add(cause);
    report(Report::Level::debug, "message-dropped",
           {{"cause", ReportValue(cause->name)}, {"source", message.source}});
}

void MobileNode::Impl::apply(UpdateListEntry& entry, EntryEvent event) {
    const auto next = next_state(entry.state, event);
    if (!next) {
        counters_.add(MobileNodeCount::illegal_transitions);
        report(Report::Level::warning, "illegal-transition",
               {{"bid", entry.bid},
                {"state", std::string(to_string(entry.state))},
                {"event", std::string(to_string(event))}});
        return;
    }
    entry.state = *next;
}

MobileNode::Impl::Fields MobileNode::Impl::describe(const UpdateListEntry& entry) const {
    Fields fields{{"bid", entry.bid}};
    if (entry.target) {
        fields.emplace_back("care-of", wire::to_string(entry.target->address));
        fields.emplace_back("link", entry.target->link_name);
    } else if (entry.access) {
        fields.emplace_back("link", config_.accesses.at(*entry.access).link_name);
    }
    return fields;
}

} // namespace dsmip::mobility
