// SPDX-License-Identifier: GPL-2.0-or-later
// Answers of the home agent as messages.
#include "mobility/home_agent_acknowledgement.hpp"

#include <algorithm>
#include <utility>

#include "mobility/home_agent_home_address4.hpp"
#include "mobility/home_agent_tunnel.hpp"
#include "wire/binding_identifier.hpp"

namespace dsmip::mobility {
namespace {

// The care-of address to hold against the outer source; a Binding Update that only names BIDs
// means the one that is registered.
std::optional<wire::Ipv4Address> claimed_care_of(const RegistrationRequest& request,
                                                 const Registration& current) {
    if (const auto claimed = request.claimed_care_of4(); claimed || !request.path) {
        return claimed;
    }
    for (const auto& binding : current.bindings) {
        const auto& end_point = binding.end_point;
        if (request.has_identifiers && end_point.care_of == request.path->remote.address &&
            end_point.port == request.path->remote.port) {
            return end_point.nat ? end_point.claimed_care_of : *end_point.care_of.ipv4();
        }
    }
    return std::nullopt;
}

// All are echoed, in order, whatever came of them (RFC 5648, 6.3).  `judged` may be shorter.
void echo_identifiers(const RegistrationRequest& request, const std::vector<RuleRef>& judged,
                      wire::MobilityOptions& options) {
    std::size_t index = 0;
    for (const auto& any : request.update.options) {
        if (const auto* option = std::get_if<wire::BindingIdentifier>(&any)) {
            const auto* rule_of_it =
                index < judged.size() ? judged.at(index) : home_agent_rule("accepted");
            options.emplace_back(wire::echo_binding_identifier(*option, rule_of_it->status()));
            ++index;
        }
    }
}

template<class Message>
NativeIpv6 native_route(const Message& request, const wire::Ipv6Address& home_agent,
                        const wire::Ipv6Address& home_address) {
    NativeIpv6 route;
    route.wire_source = home_agent;
    route.wire_destination = request.wire_source.value_or(home_address);
    route.routing_header = request.wire_source && *request.wire_source != home_address;
    // The home address itself is routed into the tunnel device, and a link-local address means
    // nothing without its link: back over the link it came by.
    if (!route.routing_header || route.wire_destination.is_link_local()) {
        route.link = request.link;
    }
    // A node at home does not answer for its address yet, or must not at all (RFC 6275, 10.3.1).
    route.link_address = request.link_address;
    return route;
}

// Back to where the Binding Update came from.  Over plain IPv6 the home address goes into a
// type 2 routing header unless it was the source (RFC 6275, 9.5.4); over IPv4 never
// (RFC 5555, 4.5).
decltype(SendMessage::route) route_of(const RegistrationRequest& request) {
    if (request.path) {
        return AnswerPath{request.path->cookie};
    }
    return native_route(request, request.home_agent, request.home_address);
}

Answer answer_to(const RegistrationRequest& request, wire::BindingAcknowledgement message) {
    return {std::move(message), request.dialect, request.home_agent, request.home_address,
            route_of(request)};
}

} // namespace

tl::expected<SendMessage, wire::EncodeError> to_message(Answer answer) {
    auto octets = wire::encode(std::move(answer.message), answer.dialect, answer.home_agent,
                               answer.home_address);
    if (!octets) {
        return tl::unexpected(octets.error());
    }
    return SendMessage{std::move(*octets), answer.home_agent, answer.home_address,
                       std::move(answer.route)};
}

tl::expected<SendMessage, wire::EncodeError> acknowledge(const RegistrationRequest& request,
                                                         const RegistrationOutcome& outcome,
                                                         const Registration& current,
                                                         const HomeAgentConfig& config) {
    wire::BindingAcknowledgement answer;
    answer.options.reserve(outcome.home_addresses4.size() + 1 + outcome.identifiers.size());
    answer.status = outcome.judged_by->status();
    answer.sequence = request.update.sequence;
    answer.lifetime = wire::Lifetime::from(outcome.lifetime);
    answer.flags.tlv = outcome.tlv;
    answer.flags.mobile_router = outcome.forwards_prefixes;
    // Before any Binding Identifier option (draft-ietf-monami6-multiplecoa-05, 8.2).
    for (const auto& option : outcome.home_addresses4) {
        answer.options.emplace_back(option.answer);
    }
    const auto* way = outcome.way_of_message ? &*outcome.way_of_message : nullptr;
    if (const auto nat =
            nat_detection_option(request, way, claimed_care_of(request, current), config)) {
        answer.options.emplace_back(*nat);
    }
    echo_identifiers(request, outcome.identifiers, answer.options);
    return to_message(answer_to(request, std::move(answer)));
}

Answer refusal(const RegistrationRequest& request, RuleRef refused_by, std::uint16_t sequence,
               const Registration& current, const HomeAgentConfig& config) {
    wire::BindingAcknowledgement answer;
    answer.status = refused_by->status();
    answer.sequence = sequence;
    // Without these a node concludes that this home agent knows no IPv4 (RFC 5555, 2.3.1).
    append_refused_home_addresses4(request, answer.options);
    if (const auto nat =
            nat_detection_option(request, nullptr, claimed_care_of(request, current), config)) {
        answer.options.emplace_back(*nat);
    }
    echo_identifiers(request, {}, answer.options);
    return answer_to(request, std::move(answer));
}

tl::expected<SendMessage, wire::EncodeError> refuse(const RegistrationRequest& request,
                                                    RuleRef refused_by, std::uint16_t sequence,
                                                    const Registration& current,
                                                    const HomeAgentConfig& config) {
    return to_message(refusal(request, refused_by, sequence, current, config));
}

tl::expected<SendMessage, wire::EncodeError>
refuse_unread(const ReceivedMessage& message, RuleRef refused_by, std::uint16_t sequence) {
    wire::BindingAcknowledgement answer;
    answer.status = refused_by->status();
    answer.sequence = sequence;
    return to_message({std::move(answer), wire::Dialect::Rfc, message.destination, message.source,
                       native_route(message, message.destination, message.source)});
}

std::optional<SendMessage> binding_error(const ReceivedMessage& message,
                                         wire::BindingErrorStatus status) {
    const auto destination = message.wire_source.value_or(message.source);
    if (destination.is_multicast() || destination.is_unspecified() ||
        message.destination.is_multicast()) {
        return std::nullopt;
    }
    wire::BindingError error;
    error.status = status;
    if (message.wire_source) {
        error.home_address = message.source;
    }
    auto octets = wire::encode(error, wire::Dialect::Rfc, message.destination, destination);
    if (!octets) {
        return std::nullopt;
    }
    SendMessage answer{std::move(*octets), message.destination, destination, {}};
    if (message.path) {
        answer.route = AnswerPath{message.path->cookie};
    } else {
        NativeIpv6 route;
        route.wire_source = message.destination;
        route.wire_destination = destination;
        if (!message.wire_source || destination.is_link_local()) {
            route.link = message.link;
        }
        answer.route = route;
    }
    return answer;
}

tl::expected<SendMessage, wire::EncodeError> to_node(const wire::MobilityMessage& message,
                                                     const wire::Ipv6Address& home_address,
                                                     wire::Dialect dialect,
                                                     const HomeAgentConfig& config) {
    auto octets = wire::encode(message, dialect, config.address6, home_address);
    if (!octets) {
        return tl::unexpected(octets.error());
    }
    NativeIpv6 route;
    route.wire_source = config.address6;
    route.wire_destination = home_address;
    return SendMessage{std::move(*octets), config.address6, home_address, route};
}

} // namespace dsmip::mobility
