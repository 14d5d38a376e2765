// SPDX-License-Identifier: GPL-2.0-or-later
// What the home agent tells its operator.
#include "mobility/home_agent_engine.hpp"

namespace dsmip::mobility {
namespace {

std::string_view name_of_format(Encapsulation encapsulation) {
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

void HomeAgent::Impl::report(Report::Level level, std::string name, Fields fields) {
    actions_.emplace_back(Report{level, std::move(name), std::move(fields)});
}

void HomeAgent::Impl::drop(std::string_view cause, const ReceivedMessage& message) {
    report(
        Report::Level::debug, "message-dropped",
        {{"cause", std::string(cause)},
         {"source", wire::to_string(message.source)},
         {"from", message.path ? wire::to_string(message.path->remote)
                               : wire::to_string(message.wire_source.value_or(message.source))}});
}

void HomeAgent::Impl::report_expired(const wire::Ipv6Address& home_address, std::uint16_t bid) {
    counters_.add(HomeAgentCount::bindings_expired);
    report(Report::Level::info, "binding-expired",
           {{"home-address", wire::to_string(home_address)}, {"bid", std::to_string(bid)}});
}

Report HomeAgent::Impl::removal_report(const wire::Ipv6Address& home_address,
                                       const Binding& binding, std::string reason) {
    return {Report::Level::info,
            "binding-removed",
            {{"home-address", wire::to_string(home_address)},
             {"bid", std::to_string(binding.end_point.bid)},
             {"care-of", wire::to_string(binding.end_point.care_of)},
             {"reason", std::move(reason)}}};
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
        Fields fields{
            {"home-address", wire::to_string(home_address)},
            {"bid", std::to_string(bid)},
            {"care-of", wire::to_string(wire::Endpoint{
                            end_point.care_of, end_point.encapsulation == Encapsulation::direct
                                                   ? std::uint16_t{0}
                                                   : end_point.port})},
            {"format", std::string(end_point.home_link ? "home-link"
                                                       : name_of_format(end_point.encapsulation))},
            {"nat", end_point.nat ? "yes" : "no"},
            {"lifetime", std::to_string(outcome.lifetime.count()) + "s"},
            {"sequence", std::to_string(end_point.sequence)}};
        for (const auto& address : desired.home_addresses4) {
            fields.emplace_back("home-address4", wire::to_string(address));
        }
        for (const auto& prefix : desired.prefixes6) {
            fields.emplace_back("prefix", wire::to_string(prefix));
        }
        for (const auto& prefix : desired.prefixes4) {
            fields.emplace_back("prefix", wire::to_string(prefix));
        }
        reports.push_back({Report::Level::info, "binding-accepted", std::move(fields)});
    }
}

} // namespace dsmip::mobility
