// SPDX-License-Identifier: GPL-2.0-or-later
// The prefixes of a mobile router: what is asked for with the R flag, Mobile Network Prefix
// options and option 29, and what the home agent says to it (RFC 3963, 5; RFC 5555, 3.1.1).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

class MobileNetwork {
public:
    explicit MobileNetwork(const MobileNodeConfig& config);

    // R of every Binding Update but those that delete (RFC 3963, 5.1).
    [[nodiscard]] bool is_router() const { return router_; }
    // Explicit mode: in every Binding Update; else empty.
    [[nodiscard]] std::vector<wire::Prefix6> named6() const;
    // Options 29 behind that of the home address, in every Binding Update.  A prefix that was
    // granted is asked for by its name and length.
    [[nodiscard]] std::vector<wire::Ipv4HomeAddress> requests4() const;

    // The answer to a Binding Update that was accepted: R, and the options 30 about
    // requests4(), in their order.  Returns what an operator should know of prefixes that are
    // not forwarded; empty = all are.
    std::vector<std::string> answered(bool router,
                                      std::span<const wire::Ipv4AddressAcknowledgement> options);

    // Taken over from a predecessor.
    void restore(const KernelNode& node);

    // What the home agent forwards.
    [[nodiscard]] const std::vector<wire::Prefix6>& prefixes6() const { return forwarded6_; }
    [[nodiscard]] const std::vector<wire::Prefix4>& prefixes4() const { return forwarded4_; }

private:
    bool router_;
    bool explicit_;
    std::vector<wire::Prefix6> own6_;
    std::vector<wire::Ipv4HomeAddress> requests4_;
    std::vector<bool> dynamic4_; // as requests4_
    std::vector<wire::Prefix6> forwarded6_;
    std::vector<wire::Prefix4> forwarded4_;
};

} // namespace dsmip::mobility
