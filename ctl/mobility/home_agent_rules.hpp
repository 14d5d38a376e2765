// SPDX-License-Identifier: GPL-2.0-or-later
// The rules that a home agent judges by, each with what it leads to.  This is the only place
// where a status of an answer, or a drop, has its reason.
#pragma once

#include <array>
#include <string_view>

#include "mobility/rule.hpp"
#include "wire/mobility_options.hpp"

namespace dsmip::mobility {

namespace detail {

using Status = wire::BindingStatus;
using Status4 = wire::Ipv4AddressStatus;

// In the order of the checks where there is one.
inline constexpr std::array home_agent_rules{
    // ---- a message that nobody reads
    Rule{"drop_unexpected_type", Dropped{}, "", "a home agent has no use for this message type"},
    Rule{"drop_too_many_waiting", Dropped{}, "",
         "too many messages of this node wait for a change to be confirmed"},
    Rule{"drop_rate_of_node", Dropped{}, "",
         "the node sends more than updates-per-node of [home-agent.policy] allows"},
    Rule{"drop_rate_of_source", Dropped{}, "",
         "more comes from one address than updates-per-source of [home-agent.policy] allows; some "
         "of "
         "it is answered: refused_over_limit"},
    Rule{"drop_rate_of_network", Dropped{}, "",
         "more comes from one network than updates-per-network of [home-agent.policy] allows; some "
         "of "
         "it is answered: refused_over_limit"},
    Rule{"drop_rate_of_strangers", Dropped{}, "",
         "more comes from unregistered sources than updates-of-strangers of [home-agent.policy] "
         "allows; some of it is answered: refused_over_limit"},
    Rule{"refused_over_limit", Status::SequenceNumberOutOfWindow, "",
         "a rate limit is exceeded: the node has to send again with the sequence number of the "
         "answer, which only a node that gets the answer knows"},
    Rule{"drop_home_address_option_unbound", Dropped{}, "RFC 6275, 9.3.1",
         "a packet has a Home Address option without a binding; answered by Binding Error 1"},
    Rule{"drop_home_address_option_unused", Dropped{}, "RFC 6275, 9.3.1",
         "a packet has a Home Address option, which this home agent takes in Binding Updates only"},
    Rule{"drop_home_address_option_unknown_type", Dropped{}, "RFC 6275, 9.2",
         "a message of unknown type has a Home Address option; answered by Binding Error 2"},

    // ---- any Binding Update
    Rule{"drop_source_not_unicast", Dropped{}, "RFC 6275, 9.5.1",
         "the IPv6 source address on the wire is not unicast"},
    Rule{"drop_destination_not_unicast", Dropped{}, "RFC 6275, 9.5.1",
         "the destination address is not unicast"},
    Rule{"drop_home_address_not_unicast", Dropped{}, "RFC 6275, 9.5.1",
         "the home address is not a unicast routable address"},
    Rule{"drop_tunnel_not_ipv4", Dropped{}, "RFC 5555, 4.5",
         "it came through a tunnel over IPv6; over IPv6 a Binding Update is not tunnelled"},
    Rule{"drop_home_address_option_in_udp", Dropped{}, "RFC 5555, 4.5",
         "the Home Address option differs from the IPv6 source address"},
    Rule{"refused_mobile_router_without_h", Status::MobileRouterOperationNotPermitted,
         "RFC 3963, 6.2", "a mobile router has to set the flag H"},
    Rule{"drop_correspondent_registration", Dropped{}, "RFC 6275, 9.5.1",
         "the flag H is clear, and this is not a correspondent node"},
    Rule{"refused_sequence", Status::SequenceNumberOutOfWindow, "RFC 6275, 9.5.1",
         "the sequence number does not follow the last accepted one"},
    Rule{"drop_nonce_indices", Dropped{}, "RFC 6275, 9.5.1",
         "a home registration has no Nonce Indices option"},

    // ---- home registrations
    Rule{"refused_other_home_agent", Status::HomeRegistrationNotSupported, "RFC 6275, 10.3.1",
         "it was not sent to the address6 of this home agent, or home-prefixes is empty"},
    Rule{"refused_not_home_subnet", Status::NotHomeSubnet, "RFC 6275, 10.3.1",
         "the home address is in none of the home-prefixes"},
    Rule{"refused_own_address", Status::AdministrativelyProhibited, "RFC 6275, 10.3.1",
         "the home address is that of this home agent"},
    Rule{"refused_unlisted_node", Status::AdministrativelyProhibited, "RFC 6275, 10.3.1",
         "the node is not in the configuration, and accept-unlisted-nodes is off"},
    Rule{"refused_outside_map_domain", Status::AdministrativelyProhibited, "RFC 5380, 6",
         "the care-of address is outside care-of6 of [home-agent.map]"},
    Rule{"refused_max_nodes", Status::InsufficientResources, "RFC 6275, 10.3.1",
         "max-nodes of [home-agent.policy] nodes are registered already"},
    Rule{"drop_no_home_address_option", Dropped{}, "RFC 6275, 10.3.1",
         "it has no Home Address option and does not come from the home link"},
    Rule{"refused_care_of_not_unicast", Status::InvalidCareOfAddress, "RFC 6275, 9.5.1",
         "the care-of address is not a unicast routable address"},
    Rule{"refused_care_of_by_policy", Status::InvalidCareOfAddress, "",
         "the care-of address is in refused-care-of4 or refused-care-of6 of [home-agent.policy]"},
    Rule{"refused_care_of_at_home", Status::InvalidCareOfAddress, "RFC 6275, 10.3.1",
         "the care-of address is a home address or the home agent's own: its packets would come "
         "back here"},
    Rule{"refused_care_of_in_own_network", Status::InvalidCareOfAddress, "RFC 3963, 6.2",
         "the care-of address is in a mobile network of the node itself"},
    Rule{"refused_not_registered", Status::NotHomeAgentForThisMobileNode, "RFC 6275, 10.3.2",
         "the node de-registers and is not registered"},
    Rule{"refused_from_elsewhere", Status::AdministrativelyProhibited, "",
         "it would de-register from where the node is not registered, and "
         "deregistration-from-elsewhere of [home-agent.policy] refuses that"},
    Rule{"refused_by_drain", Status::AdministrativelyProhibited, "RFC 5142, 5",
         "this home agent is being drained (dsmipctl drain)"},
    Rule{"refused_duplicate_address", Status::DuplicateAddressDetectionFailed, "RFC 6275, 10.3.1",
         "another host on the home link has the home address"},

    // ---- mobile routers
    Rule{"refused_mobile_routers_off", Status::MobileRouterOperationNotPermitted, "RFC 3963, 6.2",
         "accept-mobile-routers is off"},
    Rule{"refused_node_type_changed", Status::RegistrationTypeChangeDisallowed, "RFC 3963, 6.2",
         "a registered host does not become a router, nor a router a host; it has to de-register "
         "first"},
    Rule{"refused_prefix_unusable", Status::InvalidPrefix, "RFC 3963, 6.2",
         "a prefix has length 0 or more than 128, or is not unicast"},
    Rule{"refused_max_prefixes", Status::InsufficientResources, "RFC 3963, 6.2",
         "the node names more prefixes than max-prefixes-per-node allows"},
    Rule{"refused_prefix_not_own", Status::NotAuthorizedForPrefix, "RFC 3963, 6.2",
         "a prefix belongs to another node or to nobody"},
    Rule{"refused_no_prefix", Status::ForwardingSetupFailed, "RFC 3963, 6.2",
         "there is no prefix to forward: neither the message nor the configuration names one"},

    // ---- dual stack
    Rule{"refused_forced_udp", Status::CannotForceUdpEncapsulation, "RFC 5555, 4.4.2",
         "accept-forced-udp is off, or the message itself did not come in UDP"},
    Rule{"refused_forced_udp_to_rfc4285", Status::AdministrativelyProhibited, "RFC 5555, 4.4.2",
         "UDP cannot be forced; to a node that uses RFC 4285 status 144 would mean something else"},

    // ---- several care-of addresses
    Rule{"refused_identifiers_malformed", Status::McoaMalformed, "RFC 5648, 6.2",
         "the Binding Identifier options of the message cannot be read"},
    Rule{"refused_mcoa_off", Status::McoaProhibited, "RFC 5648, 6.3", "accept-mcoa is off"},
    Rule{"refused_bulk_off", Status::McoaBulkRegistrationProhibited, "RFC 5648, 6.3",
         "accept-bulk is off, and the message has more than one Binding Identifier option"},
    Rule{"refused_plain_binding_exists", Status::McoaNonMcoaBindingExists, "RFC 5648, 6.3",
         "the node has a binding without BID"},
    Rule{"refused_identifier_malformed", Status::McoaMalformed, "RFC 5648, 6.2",
         "BID 0, a care-of address that is not unicast, or flags that contradict the length"},
    Rule{"refused_bid_twice", Status::McoaMalformed, "RFC 5648, 6.2",
         "two options of the message have the same BID"},
    Rule{"refused_bid_care_of_unknown", Status::McoaUnknownCareOfAddress, "RFC 5648, 6.3",
         "the option has no care-of address, and the BID is not registered"},
    Rule{"refused_care_of4_not_alone", Status::AdministrativelyProhibited, "RFC 5648, 8.1",
         "an IPv4 care-of address is first registered by a message of its own, sent from that "
         "address, so that a NAT is seen"},
    Rule{"refused_max_bindings", Status::InsufficientResources, "RFC 5648, 6.3",
         "the node has as many bindings as max-bindings allows"},
    Rule{"refused_bid_not_registered", Status::NotHomeAgentForThisMobileNode, "RFC 5648, 6.3",
         "the node de-registers a BID that is not registered"},
    Rule{"refused_home_and_foreign", Status::McoaSimultaneousHomeAndForeignProhibited,
         "RFC 5648, 6.3", "there is no [home-agent.home-link], or its accept-simultaneous is off"},
    Rule{"refused_link_layer_address_unknown", Status::McoaSimultaneousHomeAndForeignProhibited,
         "RFC 5648, 6.3", "the link-layer address of the node on the home link is not known"},
    Rule{"refused_home_binding_address", Status::McoaMalformed, "RFC 5648, 4.2",
         "the option for the home link has another address than the home address"},
    Rule{"refused_link_layer_address", Status::McoaMalformed, "RFC 5648, 6.3",
         "the link-layer address of the node is not unicast"},
    Rule{"refused_home_binding_twice", Status::McoaMalformed, "RFC 5648, 6.3",
         "there is one home link, so there is one binding to it, beside bindings with a BID"},

    // ---- IPv4 home addresses and prefixes, option by option
    Rule{"accepted_home_address4", Status4::Success, "RFC 5555, 3.2.1", "granted"},
    Rule{"refused_home_address4_malformed", Status4::InvalidIpv4Address, "RFC 5555, 3.2.1",
         "the address is not unicast, or the prefix length is 0 or above 32"},
    Rule{"refused_home_address4_not_own", Status4::IncorrectIpv4HomeAddress, "RFC 5555, 3.2.1",
         "the address is not this node's"},
    Rule{"refused_home_address4_service_off", Status4::AdministrativelyProhibited,
         "RFC 5555, 3.2.1", "there is no address-pool and no home-addresses4"},
    Rule{"refused_home_address4_none_free", Status4::DynamicAssignmentNotAvailable,
         "RFC 5555, 3.2.1", "no address of the address-pool is free, or there is no such pool"},
    Rule{"refused_max_home_addresses4", Status4::FailureReasonUnspecified, "RFC 5555, 3.2.1",
         "a node can have 16 IPv4 home addresses"},
    Rule{"refused_home_address4_with_update", Status4::FailureReasonUnspecified, "RFC 5555, 2.3.1",
         "the whole message was refused"},
    Rule{"refused_home_address4_none_left", Status4::DynamicAssignmentNotAvailable,
         "RFC 5555, 3.2.1", "the node de-registers an address that it does not have"},
    Rule{"refused_prefix4_none_free", Status4::PrefixAllocationUnauthorized, "RFC 5555, 3.2.1",
         "no prefix of prefix-pool4 is free, none is configured, or the flag P is clear"},
    Rule{"refused_prefix4_not_own", Status4::PrefixAllocationUnauthorized, "RFC 5555, 3.2.1",
         "the prefix is not this node's"},
    Rule{"refused_max_prefixes4", Status4::PrefixAllocationUnauthorized, "RFC 5555, 3.2.1",
         "the node has as many prefixes as max-prefixes-per-node allows"},
    Rule{"refused_prefix4_none_left", Status4::PrefixAllocationUnauthorized, "RFC 5555, 3.2.1",
         "the node de-registers a prefix that it does not have"},

    // ---- a change that cannot be made
    Rule{"refused_by_kernel", Status::ReasonUnspecified, "",
         "the kernel refused the change, or did not answer"},
    Rule{"refused_by_store", Status::ReasonUnspecified, "", "the store could not keep the change"},
    Rule{"refused_by_home_link", Status::ReasonUnspecified, "",
         "duplicate address detection on the home link was not possible"},
    Rule{"refused_router_by_kernel", Status::ForwardingSetupFailed, "RFC 3963, 6.2",
         "the kernel refused the bindings or prefixes of a mobile router, or did not answer"},
    Rule{"refused_router_by_store", Status::ForwardingSetupFailed, "RFC 3963, 6.2",
         "the store could not keep the change of a mobile router"},
    Rule{"refused_router_by_home_link", Status::ForwardingSetupFailed, "RFC 3963, 6.2",
         "duplicate address detection for a mobile router was not possible"},

    // ---- accepted
    Rule{"accepted", Status::Accepted, "RFC 6275, 10.3.1", "all checks passed"},
    Rule{"accepted_prefix_discovery_necessary", Status::AcceptedPrefixDiscoveryNecessary,
         "RFC 6275, 10.3.1",
         "accepted; the home prefix ends, or stops being preferred, before the binding does"},
    Rule{"accepted_not_complete", Status::McoaNotComplete, "RFC 5648, 6.3",
         "some of the Binding Identifier options were refused"},
    Rule{"accepted_return_home_without_ndp", Status::McoaReturnHomeWithoutNdp, "RFC 5648, 5.6.3",
         "accepted; this home agent goes on answering for the home address on the home link"},
    Rule{"accepted_plain_binding_replaced", Status::McoaNonMcoaBindingExists,
         "draft-ietf-monami6-multiplecoa-05, 6.3",
         "accepted; the binding without BID was replaced, which the draft calls a conflict"},
};

} // namespace detail

/// All of them; those of the codec come first.
inline constexpr auto home_agent_rules = join(decode_rules, detail::home_agent_rules);

/// The row of that name; a name that is none does not compile.
consteval RuleRef home_agent_rule(std::string_view name) {
    return find_rule(home_agent_rules, name);
}

/// What one IPv4 home address option is answered by, and why.
struct JudgedHomeAddress4 {
    wire::Ipv4AddressAcknowledgement answer;
    RuleRef rule = nullptr;
};

} // namespace dsmip::mobility
