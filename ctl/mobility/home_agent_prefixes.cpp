// SPDX-License-Identifier: GPL-2.0-or-later
// Rules for mobile routers.
#include "mobility/home_agent_prefixes.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

bool is_usable(const wire::Prefix6& prefix) {
    return prefix.length != 0 && prefix.length <= wire::Ipv6Address::bit_length &&
           prefix.network().address.is_unicast_routable();
}

std::vector<wire::MobileNetworkPrefix> prefix_options(const RegistrationRequest& request) {
    return is_router_registration(request)
               ? wire::find_options<wire::MobileNetworkPrefix>(request.update.options)
               : std::vector<wire::MobileNetworkPrefix>{};
}

} // namespace

bool is_router_registration(const RegistrationRequest& request) {
    return request.update.flags.mobile_router && !request.deregisters();
}

std::vector<wire::Prefix6> registered_prefixes6(const RegistrationRequest& request,
                                                const PrefixTable& table) {
    if (!is_router_registration(request)) {
        return {};
    }
    std::vector<wire::Prefix6> named;
    for (const auto& option : prefix_options(request)) {
        const auto prefix = option.prefix.network();
        if (std::find(named.begin(), named.end(), prefix) == named.end()) {
            named.push_back(prefix);
        }
    }
    return named.empty() ? table.prefixes6_of(request.home_address) : named;
}

bool may_concern_prefix(const wire::Ipv4HomeAddress& option) {
    return option.address.is_unspecified() ? option.prefix_requested
                                           : option.prefix_length < wire::Ipv4Address::bit_length;
}

RuleRef mobile_router_is_permitted(const RegistrationRequest& request,
                                   const RegistrationContext& context) {
    if (is_router_registration(request) && !context.config.prefixes.accept_mobile_routers) {
        return home_agent_rule("refused_mobile_routers_off");
    }
    return {};
}

RuleRef node_type_is_unchanged(const RegistrationRequest& request,
                               const RegistrationContext& context) {
    const auto& current = context.current();
    if (!request.deregisters() && !current.empty() && current.mobile_router &&
        *current.mobile_router != request.update.flags.mobile_router) {
        return home_agent_rule("refused_node_type_changed");
    }
    return {};
}

RuleRef prefixes_are_usable(const RegistrationRequest& request,
                            const RegistrationContext& context) {
    const auto options = prefix_options(request);
    if (!std::all_of(options.begin(), options.end(),
                     [](const auto& option) { return is_usable(option.prefix); })) {
        return home_agent_rule("refused_prefix_unusable");
    }
    if (options.size() > context.config.prefixes.max_per_node) {
        return home_agent_rule("refused_max_prefixes");
    }
    return {};
}

RuleRef prefixes_are_authorized(const RegistrationRequest& request,
                                const RegistrationContext& context) {
    const auto options = prefix_options(request);
    const bool own = std::all_of(options.begin(), options.end(), [&](const auto& option) {
        return context.prefixes.owns(request.home_address, option.prefix.network());
    });
    if (!own) {
        return home_agent_rule("refused_prefix_not_own");
    }
    return {};
}

RuleRef prefixes_are_known(const RegistrationRequest& request, const RegistrationContext& context) {
    if (!is_router_registration(request) ||
        !registered_prefixes6(request, context.prefixes).empty()) {
        return {};
    }
    const auto options = wire::find_options<wire::Ipv4HomeAddress>(request.update.options);
    if (std::any_of(options.begin(), options.end(), may_concern_prefix)) {
        return {}; // decided when it is known whether that is granted
    }
    return home_agent_rule("refused_no_prefix");
}

} // namespace dsmip::mobility
