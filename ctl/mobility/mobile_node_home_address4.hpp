// SPDX-License-Identifier: GPL-2.0-or-later
// The IPv4 home address of a mobile node: what is asked for in option 29, what the
// home agent says in option 30 (RFC 5555, 3.1.1, 3.2.1, 4.4.2).
#pragma once

#include <cstdint>
#include <optional>

#include "mobility/mobile_node.hpp"
#include "wire/mobility_options.hpp"

namespace dsmip::mobility {

class HomeAddress4 {
public:
    explicit HomeAddress4(const MobileNodeConfig& config);

    // Option 29 of the next Binding Update; nothing if no IPv4 home address is
    // wanted or the home agent has shown that it supports none.
    [[nodiscard]] std::optional<wire::Ipv4HomeAddress> request() const;

    enum class Outcome : std::uint8_t {
        unchanged,
        assigned,    // address() is new
        refused,     // the home agent said why; asked again later
        unsupported, // no option 30: never asked again (RFC 5555, 4.4.2)
        invalid      // accepted, but with an address or length that cannot be
    };
    // The answer to a Binding Update that carried request() and was accepted.
    Outcome answered(const wire::Ipv4AddressAcknowledgement* acknowledgement);

    // Taken over from a predecessor.
    void restore(const std::vector<wire::Ipv4Address>& addresses);

    // The binding is gone; the same address is asked for next time.
    void withdraw() { acknowledged_.reset(); }

    // The address while the home agent acknowledges it.
    [[nodiscard]] std::optional<wire::Ipv4Address> address() const { return acknowledged_; }
    // The address while it is acknowledged or asked for by name.
    [[nodiscard]] std::optional<wire::Ipv4Address> named() const;
    // The address the home agent lent earlier was refused; 0.0.0.0 is asked for next.
    [[nodiscard]] bool lease_refused() const { return lease_refused_; }
    void lease_refusal_seen() { lease_refused_ = false; }

private:
    [[nodiscard]] bool plausible(const wire::Ipv4AddressAcknowledgement& acknowledgement) const;

    MobileNodeConfig::HomeAddress4 mode_;
    wire::Ipv4Address wanted_; // 0.0.0.0 = any
    std::optional<wire::Ipv4Address> acknowledged_;
    bool supported_ = true;
    bool lease_refused_ = false;
};

} // namespace dsmip::mobility
