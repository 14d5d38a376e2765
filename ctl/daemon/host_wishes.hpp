// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon wants to be on its host, and what of it is not there. No I/O.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "netlink/rtnl.hpp"
#include "netlink/xfrm.hpp"

namespace dsmip::daemon {

struct Acceptance {
    netlink::MobilityHeaderExtension extension;
    wire::Ipv6Address address;

    friend bool operator==(const Acceptance&, const Acceptance&) = default;
};

class HostWishes {
public:
    /// Whether a route is taken away by the daemon at its end, or only together with the device.
    enum class Keeper : std::uint8_t { daemon, device };

    /// Twice is as good as once.
    void add(const netlink::AddressSpec& address);
    void add(const netlink::RouteSpec& route, Keeper keeper);
    void add(const netlink::RuleSpec& rule);
    void add(const Acceptance& acceptance);
    void remove(const netlink::AddressSpec& address);
    void remove(const netlink::RouteSpec& route);
    void remove(const netlink::RuleSpec& rule);
    void clear();

    [[nodiscard]] const std::vector<netlink::AddressSpec>& addresses() const { return addresses_; }
    [[nodiscard]] std::vector<netlink::RouteSpec> routes(Keeper keeper) const;
    [[nodiscard]] const std::vector<netlink::RuleSpec>& rules() const { return rules_; }
    [[nodiscard]] const std::vector<Acceptance>& acceptances() const { return acceptances_; }

    /// The wanted route that a route of the kernel is, or has displaced: that to the same
    /// destination with the same metric in the same table. nullptr: there is none.
    [[nodiscard]] const netlink::RouteSpec* find(const netlink::RouteSpec& route) const;
    [[nodiscard]] bool has(const netlink::RuleSpec& rule) const;

    /// What is wanted and not among what is present, in the order in which it was added.
    struct MissingAddress {
        netlink::AddressSpec address;
        bool altered = false; ///< it is there, with other flags
    };
    [[nodiscard]] std::vector<MissingAddress>
    missing(std::span<const netlink::AddressSpec> present) const;
    /// A route without the preferred source that it should have is missing, too.
    [[nodiscard]] std::vector<netlink::RouteSpec>
    missing(std::span<const netlink::RouteSpec> present) const;
    [[nodiscard]] std::vector<netlink::RuleSpec>
    missing(std::span<const netlink::RuleSpec> present) const;

private:
    struct Route {
        netlink::RouteSpec spec;
        Keeper keeper;
    };
    /// Table, destination, metric as the kernel has it: it has one route for each.
    using RouteKey = std::tuple<std::uint32_t, wire::IpAddress, std::uint8_t, std::uint32_t>;
    static RouteKey key(const netlink::RouteSpec& route);

    std::vector<netlink::AddressSpec> addresses_;
    std::map<RouteKey, Route> routes_;
    std::vector<netlink::RuleSpec> rules_;
    std::vector<Acceptance> acceptances_;
};

/// The same for its owner: the kernel fills in defaults.
bool same_route(const netlink::RouteSpec& a, const netlink::RouteSpec& b);
bool same_rule(const netlink::RuleSpec& a, const netlink::RuleSpec& b);

} // namespace dsmip::daemon
