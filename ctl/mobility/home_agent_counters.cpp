// SPDX-License-Identifier: GPL-2.0-or-later
// Names of what a home agent counts.
#include "mobility/home_agent_counters.hpp"

namespace dsmip::mobility {
namespace {

using wire::BindingStatus;

constexpr std::array<std::string_view, static_cast<std::size_t>(HomeAgentDrop::count_)> drop_names{
    "drop_source_not_unicast",
    "drop_destination_not_unicast",
    "drop_home_address_not_unicast",
    "drop_tunnel_not_ipv4",
    "drop_home_address_option_in_udp",
    "drop_no_home_address_option",
    "drop_nonce_indices",
    "drop_correspondent_registration",
    "drop_unexpected_type",
    "drop_too_many_waiting",
    "drop_rate_of_node",
    "drop_rate_of_source",
    "drop_rate_of_network",
    "drop_rate_of_strangers",
    "drop_home_address_option_unbound",
    "drop_home_address_option_unused",
    "drop_home_address_option_unknown_type"};

constexpr std::array<std::string_view, static_cast<std::size_t>(HomeAgentCount::count_)>
    count_names{"updates_received",       "acknowledgements_sent",
                "registrations_accepted", "deregistrations",
                "registrations_refused",  "bindings_expired",
                "bindings_removed",       "bindings_restored",
                "binding_errors_sent",    "binding_errors_suppressed",
                "kernel_failures",        "kernel_timeouts",
                "kernel_repairs",         "store_failures",
                "store_timeouts",         "store_repairs",
                "encode_failures",        "refresh_requests_sent",
                "switch_requests_sent",   "refused_by_drain",
                "signalling_challenged",  "signalling_unanswered",
                "signalling_proved",      "deregistrations_from_elsewhere",
                "refused_from_elsewhere", "deregistrations_after_move"};

constexpr std::array refusals_given{BindingStatus::ReasonUnspecified,
                                    BindingStatus::AdministrativelyProhibited,
                                    BindingStatus::InsufficientResources,
                                    BindingStatus::HomeRegistrationNotSupported,
                                    BindingStatus::NotHomeSubnet,
                                    BindingStatus::NotHomeAgentForThisMobileNode,
                                    BindingStatus::DuplicateAddressDetectionFailed,
                                    BindingStatus::SequenceNumberOutOfWindow,
                                    BindingStatus::MobileRouterOperationNotPermitted,
                                    BindingStatus::CannotForceUdpEncapsulation,
                                    BindingStatus::McoaMalformed,
                                    BindingStatus::McoaNonMcoaBindingExists,
                                    BindingStatus::McoaProhibited,
                                    BindingStatus::McoaUnknownCareOfAddress,
                                    BindingStatus::McoaBulkRegistrationProhibited,
                                    BindingStatus::McoaSimultaneousHomeAndForeignProhibited,
                                    BindingStatus::InvalidCareOfAddress};

} // namespace

std::string_view name_of(HomeAgentDrop cause) {
    return drop_names.at(static_cast<std::size_t>(cause));
}

std::string_view name_of(HomeAgentCount what) {
    return count_names.at(static_cast<std::size_t>(what));
}

std::vector<NamedCount> HomeAgentCounters::all() const {
    std::vector<NamedCount> all;
    for (std::size_t index = 0; index < counts_.size(); ++index) {
        all.push_back({std::string(count_names.at(index)), counts_.at(index)});
    }
    for (const auto status : refusals_given) {
        const auto number = static_cast<std::size_t>(status);
        all.push_back({"refused_" + std::to_string(number), refusals_.at(number)});
    }
    for (std::size_t index = 0; index < drops_.size(); ++index) {
        all.push_back({std::string(drop_names.at(index)), drops_.at(index)});
    }
    for (std::size_t index = 0; index < decode_drops_.size(); ++index) {
        const auto cause = static_cast<wire::DecodeCause>(index);
        all.push_back({"drop_" + std::string(wire::drop_name(cause)), decode_drops_.at(index)});
    }
    return all;
}

} // namespace dsmip::mobility
