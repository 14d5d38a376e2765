// SPDX-License-Identifier: GPL-2.0-or-later
// Asking for an IPv4 home address and reading the answer.
#include "mobility/mobile_node_home_address4.hpp"

#include <algorithm>

namespace dsmip::mobility {

using Mode = MobileNodeConfig::HomeAddress4;

HomeAddress4::HomeAddress4(const MobileNodeConfig& config)
    : mode_(config.home_address4_mode) {
    if (mode_ == Mode::fixed) {
        wanted_ = config.home_address4;
    }
}

std::optional<wire::Ipv4HomeAddress> HomeAddress4::request() const {
    if (mode_ == Mode::none || !supported_) {
        return std::nullopt;
    }
    wire::Ipv4HomeAddress option; // prefix length 32: one address (RFC 5555, 3.1.1)
    option.address = wanted_;
    return option;
}

std::optional<wire::Ipv4Address> HomeAddress4::named() const {
    const bool names = mode_ != Mode::none && supported_ && !wanted_.is_unspecified();
    return names ? std::optional(wanted_) : std::nullopt;
}

bool HomeAddress4::plausible(const wire::Ipv4AddressAcknowledgement& acknowledgement) const {
    return acknowledgement.address.is_unicast() && acknowledgement.prefix_length >= 1 &&
           acknowledgement.prefix_length <= 32 &&
           (mode_ == Mode::dynamic || acknowledgement.address == wanted_);
}

HomeAddress4::Outcome
HomeAddress4::answered(const wire::Ipv4AddressAcknowledgement* acknowledgement) {
    if (acknowledgement == nullptr) {
        supported_ = false;
        acknowledged_.reset();
        return Outcome::unsupported;
    }
    if (wire::is_success(acknowledgement->status) && plausible(*acknowledgement)) {
        if (acknowledged_ == acknowledgement->address) {
            return Outcome::unchanged;
        }
        acknowledged_ = acknowledgement->address;
        wanted_ = acknowledgement->address; // later Binding Updates name it
        return Outcome::assigned;
    }
    acknowledged_.reset();
    if (mode_ == Mode::dynamic && !wanted_.is_unspecified()) {
        wanted_ = {};
        lease_refused_ = true;
    }
    return wire::is_success(acknowledgement->status) ? Outcome::invalid : Outcome::refused;
}

void HomeAddress4::restore(const std::vector<wire::Ipv4Address>& addresses) {
    const auto usable =
        std::find_if(addresses.begin(), addresses.end(), [&](const wire::Ipv4Address& address) {
            return mode_ == Mode::dynamic || address == wanted_;
        });
    if (mode_ == Mode::none || usable == addresses.end()) {
        return;
    }
    wanted_ = *usable;
    acknowledged_ = *usable;
}

} // namespace dsmip::mobility
