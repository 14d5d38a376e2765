// SPDX-License-Identifier: GPL-2.0-or-later
// The home agents that a mobile node knows, and which one is next (RFC 5142, 6.2; RFC
// 6275, 11.4.1).
#pragma once

#include <cstddef>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "mobility/types.hpp"

namespace dsmip::mobility {

class HomeAgentList {
public:
    // Begins with the configured first one.
    explicit HomeAgentList(const MobileNodeConfig& config);

    [[nodiscard]] const HomeAgentAddresses& current() const { return order_.at(position_); }
    // The one that a predecessor was registered with; unknown ones change nothing.
    void start_with(const wire::Ipv6Address& address6);

    // The current one has said where to go.  From now on the order is: what it offers, first what
    // shares the prefix of the home address; then those configured; the current one last.  IPv4
    // addresses are those configured.  False if there is nobody else.
    bool offered(const std::vector<wire::Ipv6Address>& home_agents);

    // There is another one that was not tried since the last success.
    [[nodiscard]] bool has_untried() const { return untried_ > 0; }
    // Steps to the next one, round and round.
    const HomeAgentAddresses& next();
    // The current one serves.
    void succeeded() { untried_ = order_.size() - 1; }
    // All have been tried in vain; after a while they may be tried again.
    void rest() { untried_ = order_.size() - 1; }

private:
    [[nodiscard]] HomeAgentAddresses with_ipv4(const wire::Ipv6Address& address6) const;

    wire::Ipv6Address home_address_;
    std::vector<HomeAgentAddresses> configured_;
    std::vector<HomeAgentAddresses> order_; // never empty
    std::size_t position_ = 0;
    std::size_t untried_ = 0; // since the last success
};

} // namespace dsmip::mobility
