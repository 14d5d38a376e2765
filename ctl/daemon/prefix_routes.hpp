// SPDX-License-Identifier: GPL-2.0-or-later
// Routes that come and go with the prefixes of mobile routers, so that packets for their networks
// find the dsmip device and routing daemons can tell others (RFC 3963, 6.4).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "netlink/dsmip_family.hpp"

namespace dsmip::daemon {

class PrefixRoutes {
public:
    using Outcome = tl::expected<void, std::string>;
    /// Makes or removes the route to one prefix. Either succeeds if that is so already.
    using Change = std::function<Outcome(const netlink::Prefix&)>;

    PrefixRoutes(Change add, Change remove);

    /// From now on the node has routes to these prefixes and to no others. After a failure some of
    /// them may be missing; the next call makes up for it.
    Outcome set(const wire::Ipv6Address& home_address, const std::vector<netlink::Prefix>& wanted);
    /// A predecessor made the route to the prefix of this node.
    void adopt(const wire::Ipv6Address& home_address, const netlink::Prefix& prefix);
    /// Of no node any more. Goes on after failures and returns their texts.
    std::vector<std::string> clear();

    [[nodiscard]] bool contains(const netlink::Prefix& prefix) const;
    [[nodiscard]] std::size_t size() const { return owners_.size(); }

private:
    using Key = std::pair<wire::IpAddress, std::uint8_t>;
    static Key key(const netlink::Prefix& prefix) { return {prefix.address, prefix.length}; }

    Change add_;
    Change remove_;
    std::map<Key, wire::Ipv6Address> owners_;
    std::unordered_map<wire::Ipv6Address, std::vector<netlink::Prefix>> by_node_;
};

} // namespace dsmip::daemon
