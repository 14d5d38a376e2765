// SPDX-License-Identifier: GPL-2.0-or-later
// The IPv4 Home Address options of a Binding Update and their answers (RFC 5555, 4.5).
#pragma once

#include <vector>

#include "mobility/address_pool.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

struct HomeAddresses4 {
    std::vector<wire::Ipv4Address> granted;
    // One for each option, in order.
    std::vector<wire::Ipv4AddressAcknowledgement> acknowledgements;
};

// Judges the options; may take a lease, which is then in use.  Their outcome does not decide
// on the Binding Update itself.  Prefixes are not given out.
[[nodiscard]] HomeAddresses4 grant_home_addresses4(const wire::BindingUpdate& update,
                                                   const wire::Ipv6Address& home_address,
                                                   AddressPool& pool);

} // namespace dsmip::mobility
