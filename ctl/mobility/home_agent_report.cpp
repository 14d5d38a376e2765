// SPDX-License-Identifier: GPL-2.0-or-later
// What the home agent tells its operator.
#include "mobility/home_agent_engine.hpp"

namespace dsmip::mobility {
namespace {

const char* name_of_format(Encapsulation encapsulation) {
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

} // namespace

void HomeAgent::Impl::report(Report::Level level, std::string_view name, Fields fields) {
    actions_.emplace_back(Report{level, name, std::move(fields)});
}

void HomeAgent::Impl::drop(RuleRef cause, const ReceivedMessage& message) {
    counters_.add(cause);
    report(
        Report::Level::debug, "message-dropped",
        {{"cause", ReportValue(cause->name)},
         {"source", message.source},
         {"from", message.path ? message.path->remote
                               : wire::Endpoint{message.wire_source.value_or(message.source), 0}}});
}

void HomeAgent::Impl::report_expired(const wire::Ipv6Address& home_address, std::uint16_t bid) {
    counters_.add(HomeAgentCount::bindings_expired);
    report(Report::Level::info, "binding-expired", {{"home-address", home_address}, {"bid", bid}});
}

Report HomeAgent::Impl::removal_report(const wire::Ipv6Address& home_address,
                                       const Binding& binding, const char* reason) {
    return {Report::Level::info,
            "binding-removed",
            {{"home-address", home_address},
             {"bid", binding.end_point.bid},
             {"care-of", binding.end_point.care_of},
             {"reason", reason}}};
}

void HomeAgent::Impl::report_changes(const wire::Ipv6Address& home_address,
                                     const Registration& before, const RegistrationOutcome& outcome,
                                     std::vector<Report>& reports) {
    const auto& desired = *outcome.desired;
    const bool registers = !outcome.accepted_bids.empty();
    for (const auto& binding : before.bindings) {
        if (desired.find(binding.end_point.bid) == nullptr) {
            reports.push_back(
                removal_report(home_address, binding, registers ? "replaced" : "de-registered"));
        }
    }
    for (const auto bid : outcome.accepted_bids) {
        const auto& end_point = desired.find(bid)->end_point;
        Fields fields;
        fields.reserve(7 + desired.home_addresses4.size() + desired.prefixes6.size() +
                       desired.prefixes4.size());
        const bool in_udp = end_point.encapsulation != Encapsulation::direct;
        const std::uint16_t port = in_udp ? end_point.port : 0;
        fields.emplace_back("home-address", home_address);
        fields.emplace_back("bid", bid);
        fields.emplace_back("care-of", wire::Endpoint{end_point.care_of, port});
        fields.emplace_back(
            "format", end_point.home_link ? "home-link" : name_of_format(end_point.encapsulation));
        fields.emplace_back("nat", end_point.nat ? "yes" : "no");
        fields.emplace_back("lifetime", outcome.lifetime);
        fields.emplace_back("sequence", end_point.sequence);
        for (const auto& address : desired.home_addresses4) {
            fields.emplace_back("home-address4", address);
        }
        for (const auto& prefix : desired.prefixes6) {
            fields.emplace_back("prefix", prefix);
        }
        for (const auto& prefix : desired.prefixes4) {
            fields.emplace_back("prefix", prefix);
        }
        reports.push_back({Report::Level::info, "binding-accepted", std::move(fields)});
    }
}

} // namespace dsmip::mobility
