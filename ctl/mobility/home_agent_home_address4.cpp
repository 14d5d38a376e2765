// SPDX-License-Identifier: GPL-2.0-or-later
// Granting IPv4 home addresses and prefixes.
#include "mobility/home_agent_home_address4.hpp"

#include <algorithm>

#include <tl/expected.hpp>

#include "mobility/home_agent_prefixes.hpp"

namespace dsmip::mobility {
namespace {

using wire::Ipv4AddressStatus;

// Most that the kernel holds for one node.
constexpr std::size_t home_addresses4_max = 16;

template<class Value>
bool is_in(const std::vector<Value>& list, const Value& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

class Grant {
public:
    Grant(const RegistrationRequest& request, AddressPool& pool, PrefixTable& table,
          std::size_t prefixes_max, TimePoint now)
        : request_(request)
        , pool_(pool)
        , table_(table)
        , prefixes_max_(prefixes_max)
        , now_(now) {}

    HomeAddresses4 run() {
        for (const auto& any : request_.update.options) {
            const auto* option = std::get_if<wire::Ipv4HomeAddress>(&any);
            if (option == nullptr) {
                continue;
            }
            const auto outcome = judge(*option);
            wire::Ipv4AddressAcknowledgement answer;
            answer.status = outcome ? Ipv4AddressStatus::Success : outcome.error();
            answer.prefix_length = outcome ? outcome->length : std::uint8_t{0};
            answer.address = outcome ? outcome->address : option->address;
            result_.acknowledgements.push_back(answer);
        }
        return std::move(result_);
    }

private:
    using Outcome = tl::expected<wire::Prefix4, Ipv4AddressStatus>;

    Outcome judge(const wire::Ipv4HomeAddress& option) {
        if (!option.address.is_unspecified() && !option.address.is_unicast()) {
            return tl::unexpected(Ipv4AddressStatus::InvalidIpv4Address);
        }
        if (option.prefix_length == 0 || option.prefix_length > wire::Ipv4Address::bit_length) {
            return tl::unexpected(Ipv4AddressStatus::InvalidIpv4Address);
        }
        return concerns_prefix(option) || is_leased_prefix(option) ? judge_prefix(option)
                                                                   : judge_address(option);
    }

    // A lease may be a prefix of a single address.
    [[nodiscard]] bool is_leased_prefix(const wire::Ipv4HomeAddress& option) const {
        return table_.leases().owns(request_.home_address, host_prefix(option.address));
    }

    // P counts on new requests only (RFC 5555, 3.1.1): one that names an address is none.
    Outcome judge_prefix(const wire::Ipv4HomeAddress& option) {
        const auto unauthorized = tl::unexpected(Ipv4AddressStatus::PrefixAllocationUnauthorized);
        wire::Prefix4 answer{option.address, option.prefix_length};
        if (option.address.is_unspecified()) {
            const auto prefix = option.prefix_requested && result_.prefixes.size() < prefixes_max_
                                    ? table_.allocate(request_.home_address, option.prefix_length,
                                                      request_.dialect != wire::Dialect::Draft,
                                                      now_, result_.prefixes)
                                    : std::nullopt;
            if (!prefix) {
                return unauthorized;
            }
            answer = *prefix;
        } else if (!table_.owns(request_.home_address, answer)) {
            return unauthorized;
        }
        const auto network = answer.network();
        if (!is_in(result_.prefixes, network)) {
            if (result_.prefixes.size() >= prefixes_max_) {
                return unauthorized;
            }
            result_.prefixes.push_back(network);
        }
        if (auto* lease = table_.leases().lease_of(request_.home_address, network)) {
            table_.leases().set_in_use(*lease, true);
            result_.leased = true;
        }
        return answer;
    }

    Outcome judge_address(const wire::Ipv4HomeAddress& option) {
        auto address = option.address;
        if (address.is_unspecified()) {
            const auto allocated = pool_.allocate(request_.home_address, now_, result_.granted);
            if (!allocated) {
                return tl::unexpected(Ipv4AddressStatus::DynamicAssignmentNotAvailable);
            }
            address = *allocated;
        } else if (!pool_.owns(request_.home_address, address)) {
            return tl::unexpected(pool_.in_service()
                                      ? Ipv4AddressStatus::IncorrectIpv4HomeAddress
                                      : Ipv4AddressStatus::AdministrativelyProhibited);
        }
        if (!is_in(result_.granted, address)) {
            if (result_.granted.size() == home_addresses4_max) {
                return tl::unexpected(Ipv4AddressStatus::FailureReasonUnspecified);
            }
            result_.granted.push_back(address);
        }
        if (auto* lease = pool_.leases().lease_of(request_.home_address, host_prefix(address))) {
            pool_.leases().set_in_use(*lease, true);
            result_.leased = true;
        }
        return host_prefix(address);
    }

    const RegistrationRequest& request_;
    AddressPool& pool_;
    PrefixTable& table_;
    std::size_t prefixes_max_;
    TimePoint now_;
    HomeAddresses4 result_;
};

} // namespace

HomeAddresses4 grant_home_addresses4(const RegistrationRequest& request, AddressPool& pool,
                                     PrefixTable& prefixes, std::size_t prefixes_max,
                                     TimePoint now) {
    return Grant(request, pool, prefixes, prefixes_max, now).run();
}

} // namespace dsmip::mobility
