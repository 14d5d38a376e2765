// SPDX-License-Identifier: GPL-2.0-or-later
// Care-of addresses of Binding Identifier options.
#include "mobility/home_agent_care_of.hpp"

#include "mobility/home_agent_tunnel.hpp"

namespace dsmip::mobility {
namespace {

using Resolved = tl::expected<KernelBinding, RuleRef>;

// What the node named when it registered this binding.
std::optional<wire::IpAddress> named_before(const KernelBinding& known) {
    if (known.nat) {
        return known.claimed_care_of ? std::optional<wire::IpAddress>(*known.claimed_care_of)
                                     : std::nullopt;
    }
    return known.care_of;
}

Resolved from_way(const RegistrationRequest& request, const RegistrationContext& context,
                  const std::optional<wire::Ipv4Address>& claimed) {
    if (const auto* against = against_care_of(request.path->remote.address, context)) {
        return tl::unexpected(against);
    }
    return end_point4(*request.path, claimed);
}

Resolved resolve6(const wire::Ipv6Address& address, const RegistrationContext& context) {
    if (const auto* against = against_care_of(address, context)) {
        return tl::unexpected(against);
    }
    return end_point6(address);
}

// An IPv4 care-of address is first registered alone and from that address, so that a NAT is
// seen; what is known to have none may be renewed by any Binding Update.
Resolved resolve4(const wire::Ipv4Address& address, const KernelBinding* known,
                  const RegistrationRequest& request, const RegistrationContext& context) {
    const bool alone = request.identifiers->options.size() == 1;
    if (alone && request.path) {
        return from_way(request, context, address);
    }
    if (known == nullptr || known->nat || known->care_of != wire::IpAddress(address)) {
        return tl::unexpected(home_agent_rule("refused_care_of4_not_alone"));
    }
    if (request.path && request.path->remote.address == known->care_of) {
        return from_way(request, context, address);
    }
    return *known;
}

// The draft leaves the address out where it is that of the packet, or of the alternate
// care-of address option (draft-ietf-monami6-multiplecoa-05, 6.3).
Resolved resolve_by_packet(const RegistrationRequest& request, const RegistrationContext& context) {
    if (request.path) {
        return from_way(request, context, request.claimed_care_of4());
    }
    return resolve6(request.care_of6(), context);
}

Resolved resolve_known(const KernelBinding& known, const RegistrationRequest& request,
                       const RegistrationContext& context) {
    const auto named = named_before(known);
    if (known.care_of.is_ipv6()) {
        return resolve6(*known.care_of.ipv6(), context);
    }
    if (!named && request.path && request.identifiers->options.size() == 1) {
        return from_way(request, context, std::nullopt);
    }
    if (!named) {
        return tl::unexpected(home_agent_rule("refused_care_of4_not_alone"));
    }
    return resolve4(*named->ipv4(), &known, request, context);
}

} // namespace

Resolved resolve_care_of(const wire::BindingIdentifierReading& option,
                         const RegistrationRequest& request, const RegistrationContext& context) {
    const auto* binding = context.current().find(option.bid);
    const auto* known = binding == nullptr ? nullptr : &binding->end_point;
    if (const auto* address = std::get_if<wire::Ipv6Address>(&option.care_of_address)) {
        return resolve6(*address, context);
    }
    if (const auto* address = std::get_if<wire::Ipv4Address>(&option.care_of_address)) {
        return resolve4(*address, known, request, context);
    }
    if (request.dialect == wire::Dialect::Draft) {
        return resolve_by_packet(request, context);
    }
    if (known == nullptr) {
        return tl::unexpected(home_agent_rule("refused_bid_care_of_unknown"));
    }
    return resolve_known(*known, request, context);
}

} // namespace dsmip::mobility
