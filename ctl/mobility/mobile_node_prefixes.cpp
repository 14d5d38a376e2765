// SPDX-License-Identifier: GPL-2.0-or-later
// Asking for prefixes and reading the answer.
#include "mobility/mobile_node_prefixes.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

bool is_usable(const wire::Ipv4AddressAcknowledgement& option) {
    return wire::is_success(option.status) && option.address.is_unicast() &&
           option.prefix_length >= 1 && option.prefix_length <= wire::Ipv4Address::bit_length;
}

std::string describe(const wire::Ipv4HomeAddress& request) {
    return wire::to_string(wire::Prefix4{request.address, request.prefix_length});
}

} // namespace

MobileNetwork::MobileNetwork(const MobileNodeConfig& config)
    : router_(config.mobile_router)
    , explicit_(config.explicit_prefixes) {
    if (!router_) {
        return;
    }
    for (const auto& prefix : config.prefixes6) {
        own6_.push_back(prefix.network());
    }
    for (const auto& prefix : config.prefixes4) {
        requests4_.push_back({prefix.length, true, prefix.network().address});
        dynamic4_.push_back(false);
    }
    if (config.prefix4_length != 0) {
        requests4_.push_back({config.prefix4_length, true, {}});
        dynamic4_.push_back(true);
    }
}

std::vector<wire::Prefix6> MobileNetwork::named6() const {
    return explicit_ ? own6_ : std::vector<wire::Prefix6>{};
}

std::vector<wire::Ipv4HomeAddress> MobileNetwork::requests4() const {
    return requests4_;
}

std::vector<std::string>
MobileNetwork::answered(bool router, std::span<const wire::Ipv4AddressAcknowledgement> options) {
    std::vector<std::string> lost;
    forwarded6_.clear();
    forwarded4_.clear();
    if (router) {
        forwarded6_ = own6_;
    } else if (router_) {
        lost.emplace_back("the home agent does not serve mobile routers");
    }
    for (std::size_t i = 0; i < requests4_.size(); ++i) {
        auto& request = requests4_[i];
        if (i >= options.size()) {
            lost.push_back(describe(request) + ": no answer");
            continue;
        }
        const auto& option = options[i];
        const wire::Prefix4 granted{option.address, option.prefix_length};
        // What has a name comes back under that name; its length may differ (RFC 5555, 3.2.1).
        const bool named = !request.address.is_unspecified();
        if (is_usable(option) && (!named || granted.network().address == request.address)) {
            forwarded4_.push_back(granted.network());
            if (dynamic4_[i]) {
                request.address = granted.network().address;
                request.prefix_length = granted.length;
            }
            continue;
        }
        lost.push_back(describe(request) + ": " +
                       (wire::is_success(option.status) ? "answer makes no sense"
                                                        : wire::to_string(option.status)));
        if (dynamic4_[i]) {
            request.address = {}; // any other one
        }
    }
    return lost;
}

void MobileNetwork::restore(const KernelNode& node) {
    if (!router_) {
        return;
    }
    for (const auto& prefix : node.prefixes6) {
        if (std::find(own6_.begin(), own6_.end(), prefix) != own6_.end()) {
            forwarded6_.push_back(prefix);
        }
    }
    for (const auto& prefix : node.prefixes4) {
        const auto named = std::any_of(
            requests4_.begin(), requests4_.end(), [&](const wire::Ipv4HomeAddress& request) {
                return wire::Prefix4{request.address, request.prefix_length} == prefix;
            });
        const auto open = std::find(dynamic4_.begin(), dynamic4_.end(), true);
        if (!named && open != dynamic4_.end()) {
            auto& request = requests4_[static_cast<std::size_t>(open - dynamic4_.begin())];
            request.address = prefix.address;
            request.prefix_length = prefix.length;
        } else if (!named) {
            continue;
        }
        forwarded4_.push_back(prefix);
    }
}

} // namespace dsmip::mobility
