// SPDX-License-Identifier: GPL-2.0-or-later
// The checks a Binding Update has to pass, as a table.
#include "mobility/home_agent_validation.hpp"

#include <algorithm>
#include <array>

#include "mobility/home_agent_prefixes.hpp"

namespace dsmip::mobility {
namespace {

// nullptr: passed.
using Check = RuleRef (*)(const RegistrationRequest&, const RegistrationContext&);

// ---- any receiver (RFC 6275, 9.5.1)

RuleRef source_is_unicast(const RegistrationRequest& request, const RegistrationContext&) {
    const auto source = request.wire_source.value_or(request.home_address);
    if (source.is_multicast() || source.is_unspecified() || source.is_loopback()) {
        return home_agent_rule("drop_source_not_unicast");
    }
    return {};
}

RuleRef destination_is_unicast(const RegistrationRequest& request, const RegistrationContext&) {
    if (request.home_agent.is_multicast() || request.home_agent.is_unspecified()) {
        return home_agent_rule("drop_destination_not_unicast");
    }
    return {};
}

RuleRef home_address_is_routable(const RegistrationRequest& request, const RegistrationContext&) {
    if (!request.home_address.is_unicast_routable()) {
        return home_agent_rule("drop_home_address_not_unicast");
    }
    return {};
}

// RFC 5555, 4.5: no UDP over IPv6; and a Binding Update is sent from the care-of address,
// never through the tunnel it sets up.
RuleRef tunnel_is_ipv4(const RegistrationRequest& request, const RegistrationContext&) {
    if (request.path && !request.path->remote.address.is_ipv4()) {
        return home_agent_rule("drop_tunnel_not_ipv4");
    }
    return {};
}

// Over IPv4 the IPv6 source is the home address; an option that repeats it is harmless.
RuleRef home_address_option_repeats_source(const RegistrationRequest& request,
                                           const RegistrationContext&) {
    if (request.path && request.wire_source && *request.wire_source != request.home_address) {
        return home_agent_rule("drop_home_address_option_in_udp");
    }
    return {};
}

// Registrations with a correspondent need the tokens of return routability.  One that is not
// authenticated gets no answer at all, not even 135 or 139 (RFC 6275, 9.5.1 and 9.5.4).  A
// mobile router without H is told (RFC 3963, 6.2).
// A local Binding Update to a mobility anchor point has M and A in the place of H (RFC 5380, 4.2);
// to others M means nothing.
bool is_local(const RegistrationRequest& request, const RegistrationContext& context) {
    return context.config.map.enabled && request.update.flags.map_registration &&
           request.update.flags.acknowledge;
}

RuleRef is_home_registration(const RegistrationRequest& request,
                             const RegistrationContext& context) {
    if (request.update.flags.home_registration || is_local(request, context)) {
        return {};
    }
    return request.update.flags.mobile_router ? home_agent_rule("refused_mobile_router_without_h")
                                              : home_agent_rule("drop_correspondent_registration");
}

RuleRef sequence_follows(const RegistrationRequest& request, const RegistrationContext& context) {
    if (sequence_violated(request, context)) {
        return home_agent_rule("refused_sequence");
    }
    return {};
}

RuleRef has_no_nonce_indices(const RegistrationRequest& request, const RegistrationContext&) {
    if (wire::find_option<wire::NonceIndices>(request.update.options) != nullptr) {
        return home_agent_rule("drop_nonce_indices");
    }
    return {};
}

// ---- home registrations (RFC 6275, 10.3.1)

RuleRef is_for_this_home_agent(const RegistrationRequest& request,
                               const RegistrationContext& context) {
    if (context.config.home_prefixes.empty() || request.home_agent != context.config.address6) {
        return home_agent_rule("refused_other_home_agent");
    }
    return {};
}

bool in_home_prefix(const wire::Ipv6Address& address, const HomeAgentConfig& config) {
    return std::any_of(config.home_prefixes.begin(), config.home_prefixes.end(),
                       [&](const wire::Prefix6& prefix) { return prefix.contains(address); });
}

RuleRef home_address_is_served(const RegistrationRequest& request,
                               const RegistrationContext& context) {
    if (!in_home_prefix(request.home_address, context.config)) {
        return home_agent_rule("refused_not_home_subnet");
    }
    return {};
}

RuleRef node_is_admitted(const RegistrationRequest& request, const RegistrationContext& context) {
    if (request.home_address == context.config.address6) {
        return home_agent_rule("refused_own_address");
    }
    const bool admitted =
        context.config.accept_unlisted_nodes || context.listed_nodes.contains(request.home_address);
    return admitted ? nullptr : home_agent_rule("refused_unlisted_node");
}

// RFC 5380, 6: from networks that this mobility anchor point is not for.
RuleRef care_of_address_is_in_domain(const RegistrationRequest& request,
                                     const RegistrationContext& context) {
    const auto& domain = context.config.map.care_of6;
    if (!is_local(request, context) || domain.empty() || request.deregisters()) {
        return {};
    }
    const bool inside =
        !request.path && std::any_of(domain.begin(), domain.end(), [&](const auto& prefix) {
            return prefix.contains(request.wire_source.value_or(request.home_address));
        });
    return inside ? nullptr : home_agent_rule("refused_outside_map_domain");
}

RuleRef there_is_room(const RegistrationRequest& request, const RegistrationContext& context) {
    if (!request.deregisters() && context.entry == nullptr &&
        context.entries >= context.config.policy.max_nodes) {
        return home_agent_rule("refused_max_nodes");
    }
    return {};
}

bool asks_for_home_link(const RegistrationRequest& request) {
    return request.identifiers &&
           std::any_of(request.identifiers->options.begin(), request.identifiers->options.end(),
                       [](const auto& option) { return option.home; });
}

RuleRef has_home_address_option(const RegistrationRequest& request, const RegistrationContext&) {
    if (request.path || request.wire_source) {
        return {};
    }
    if (!request.over_home_link || !(request.deregisters() || asks_for_home_link(request))) {
        return home_agent_rule("drop_no_home_address_option");
    }
    return {};
}

// With Binding Identifier options each address is judged on its own, later.
RuleRef care_of_address_is_usable(const RegistrationRequest& request,
                                  const RegistrationContext& context) {
    if (request.deregisters() || request.has_identifiers) {
        return {};
    }
    const wire::IpAddress address =
        request.path ? request.path->remote.address : request.care_of6();
    // Not where the node's own network is: that moves with it.
    if (context.prefixes.reaches(request.home_address, address)) {
        return home_agent_rule("refused_care_of_in_own_network");
    }
    if (const auto* against = against_care_of(address, context)) {
        return against;
    }
    const auto claimed = request.claimed_care_of4();
    return request.path && claimed && !claimed->is_unicast()
               ? home_agent_rule("refused_care_of_not_unicast")
               : nullptr;
}

RuleRef is_registered_if_deregistering(const RegistrationRequest& request,
                                       const RegistrationContext& context) {
    if (request.deregisters() && context.current().empty()) {
        return home_agent_rule("refused_not_registered");
    }
    return {};
}

// ---- dual stack (RFC 5555, 4.5)

// F is about an IPv4 care-of address and means nothing without one.
RuleRef udp_can_be_forced(const RegistrationRequest& request, const RegistrationContext& context) {
    const bool concerns_ipv4 = request.path || request.claimed_care_of4();
    if (!request.update.flags.force_udp || request.deregisters() || !concerns_ipv4) {
        return {};
    }
    if (context.config.accept_forced_udp && (!request.path || request.in_udp())) {
        return {};
    }
    // 144 is "message ID mismatch" to a node that uses RFC 4285.
    const auto& options = request.update.options;
    const bool ambiguous = wire::find_option<wire::Authentication>(options) != nullptr ||
                           wire::find_option<wire::ReplayProtection>(options) != nullptr;
    return ambiguous ? home_agent_rule("refused_forced_udp_to_rfc4285")
                     : home_agent_rule("refused_forced_udp");
}

// ---- several care-of addresses (RFC 5648, 6.2 and 6.3)

RuleRef identifiers_are_well_formed(const RegistrationRequest& request,
                                    const RegistrationContext&) {
    return request.identifiers ? nullptr : home_agent_rule("refused_identifiers_malformed");
}

RuleRef mcoa_is_permitted(const RegistrationRequest& request, const RegistrationContext& context) {
    if (request.has_identifiers && !context.config.accept_mcoa) {
        return home_agent_rule("refused_mcoa_off");
    }
    return {};
}

RuleRef bulk_is_permitted(const RegistrationRequest& request, const RegistrationContext& context) {
    if (request.identifiers && request.identifiers->options.size() > 1 &&
        !context.config.accept_bulk) {
        return home_agent_rule("refused_bulk_off");
    }
    return {};
}

// The draft registers and complains all the same: not a matter of refusal there.
RuleRef no_plain_binding_is_in_the_way(const RegistrationRequest& request,
                                       const RegistrationContext& context) {
    if (request.has_identifiers && !request.deregisters() && !request.identifiers->overwrite &&
        request.dialect != wire::Dialect::Draft && context.current().is_plain()) {
        return home_agent_rule("refused_plain_binding_exists");
    }
    return {};
}

constexpr std::array<Check, 26> checks{source_is_unicast,
                                       destination_is_unicast,
                                       home_address_is_routable,
                                       tunnel_is_ipv4,
                                       home_address_option_repeats_source,
                                       is_home_registration,
                                       sequence_follows,
                                       has_no_nonce_indices,
                                       is_for_this_home_agent,
                                       home_address_is_served,
                                       node_is_admitted,
                                       care_of_address_is_in_domain,
                                       there_is_room,
                                       has_home_address_option,
                                       care_of_address_is_usable,
                                       is_registered_if_deregistering,
                                       mobile_router_is_permitted,
                                       node_type_is_unchanged,
                                       prefixes_are_usable,
                                       prefixes_are_authorized,
                                       prefixes_are_known,
                                       udp_can_be_forced,
                                       identifiers_are_well_formed,
                                       mcoa_is_permitted,
                                       bulk_is_permitted,
                                       no_plain_binding_is_in_the_way};

} // namespace

ListedNodes listed_nodes_of(const HomeAgentConfig& config) {
    ListedNodes nodes;
    nodes.reserve(config.nodes.size());
    for (const auto& node : config.nodes) {
        nodes.emplace(node.home_address, node.max_bindings.value_or(config.max_bindings_per_node));
    }
    return nodes;
}

const Registration& RegistrationContext::current() const {
    static const Registration none;
    return entry == nullptr ? none : entry->current;
}

RuleRef validate(const RegistrationRequest& request, const RegistrationContext& context) {
    for (const auto check : checks) {
        if (const auto* refused_by = check(request, context)) {
            return refused_by;
        }
    }
    return nullptr;
}

std::optional<std::uint16_t> sequence_violated(const RegistrationRequest& request,
                                               const RegistrationContext& context) {
    if (context.entry == nullptr || !context.entry->has_sequence()) {
        return {};
    }
    const auto& current = context.current();
    const auto next = request.update.sequence;
    const bool by_bid = request.dialect == wire::Dialect::Draft && request.has_identifiers &&
                        request.identifiers && !current.empty();
    if (!by_bid) {
        return sequence_in_window(current.sequence, next) ? std::nullopt
                                                          : std::optional(current.sequence);
    }
    for (const auto& option : request.identifiers->options) {
        const auto* binding = current.find(option.bid);
        if (binding != nullptr && !sequence_in_window(binding->end_point.sequence, next)) {
            return binding->end_point.sequence;
        }
    }
    return {};
}

bool is_of_home_network(const wire::IpAddress& address, const HomeAgentConfig& config,
                        const AddressPool& pool) {
    if (const auto* ipv4 = address.ipv4()) {
        return config.address4 == *ipv4 || pool.is_home_address(*ipv4);
    }
    return *address.ipv6() == config.address6 || in_home_prefix(*address.ipv6(), config);
}

bool is_served(const wire::Ipv6Address& home_address, const HomeAgentConfig& config,
               const ListedNodes& listed_nodes) {
    return in_home_prefix(home_address, config) && home_address != config.address6 &&
           (config.accept_unlisted_nodes || listed_nodes.contains(home_address));
}

RuleRef against_care_of(const wire::IpAddress& address, const RegistrationContext& context) {
    if (!address.is_unicast_routable()) {
        return home_agent_rule("refused_care_of_not_unicast");
    }
    if (context.config.policy.refuses(address)) {
        return home_agent_rule("refused_care_of_by_policy");
    }
    return is_of_home_network(address, context.config, context.pool)
               ? home_agent_rule("refused_care_of_at_home")
               : nullptr;
}

} // namespace dsmip::mobility
