// SPDX-License-Identifier: GPL-2.0-or-later
// Granting IPv4 home addresses.
#include "mobility/home_agent_home_address4.hpp"

#include <algorithm>

#include <tl/expected.hpp>

namespace dsmip::mobility {
namespace {

using wire::Ipv4AddressStatus;

// Most that the kernel holds for one node.
constexpr std::size_t home_addresses4_max = 16;

tl::expected<wire::Ipv4Address, Ipv4AddressStatus> judge(const wire::Ipv4HomeAddress& option,
                                                         const wire::Ipv6Address& home_address,
                                                         AddressPool& pool) {
    const bool allocate = option.address.is_unspecified();
    if (!allocate && !option.address.is_unicast()) {
        return tl::unexpected(Ipv4AddressStatus::InvalidIpv4Address);
    }
    if (option.prefix_length == 0 || option.prefix_length > wire::Ipv4Address::bit_length) {
        return tl::unexpected(Ipv4AddressStatus::InvalidIpv4Address);
    }
    // P counts on new requests only (RFC 5555, 3.1.1): one that names an address is none.
    if (option.prefix_length < wire::Ipv4Address::bit_length ||
        (allocate && option.prefix_requested)) {
        return tl::unexpected(Ipv4AddressStatus::PrefixAllocationUnauthorized);
    }
    if (allocate) {
        const auto address = pool.allocate(home_address);
        if (!address) {
            return tl::unexpected(Ipv4AddressStatus::DynamicAssignmentNotAvailable);
        }
        return *address;
    }
    if (!pool.in_service()) {
        return tl::unexpected(Ipv4AddressStatus::AdministrativelyProhibited);
    }
    if (!pool.owns(home_address, option.address)) {
        return tl::unexpected(Ipv4AddressStatus::IncorrectIpv4HomeAddress);
    }
    pool.set_in_use(home_address, true);
    return option.address;
}

} // namespace

HomeAddresses4 grant_home_addresses4(const wire::BindingUpdate& update,
                                     const wire::Ipv6Address& home_address, AddressPool& pool) {
    HomeAddresses4 result;
    for (const auto& option : wire::find_options<wire::Ipv4HomeAddress>(update.options)) {
        auto outcome = judge(option, home_address, pool);
        const bool known = outcome && std::find(result.granted.begin(), result.granted.end(),
                                                *outcome) != result.granted.end();
        if (outcome && !known && result.granted.size() == home_addresses4_max) {
            outcome = tl::unexpected(Ipv4AddressStatus::FailureReasonUnspecified);
        }
        wire::Ipv4AddressAcknowledgement answer;
        answer.status = outcome ? Ipv4AddressStatus::Success : outcome.error();
        answer.prefix_length = outcome ? wire::Ipv4Address::bit_length : std::uint8_t{0};
        answer.address = outcome ? *outcome : option.address;
        result.acknowledgements.push_back(answer);
        if (outcome && !known) {
            result.granted.push_back(*outcome);
        }
    }
    return result;
}

} // namespace dsmip::mobility
