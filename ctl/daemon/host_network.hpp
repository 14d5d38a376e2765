// SPDX-License-Identifier: GPL-2.0-or-later
// What the daemon sets up on its host beside the binding table: the dsmip device, addresses,
// routes, policy rules, XFRM states. Everything is taken over if a predecessor left it, and
// remembered so that it can be put back when others remove it, and taken away at the end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/configuration.hpp"
#include "daemon/host_wishes.hpp"
#include "daemon/named_link_watch.hpp"
#include "netlink/client.hpp"
#include "netlink/host_news.hpp"
#include "netlink/rtnl.hpp"
#include "netlink/xfrm.hpp"

namespace dsmip::daemon {

/// rtproto of all routes and rules of the daemon; `ip route show proto 191` lists them.
inline constexpr std::uint8_t route_protocol = 191;

/// Priorities of the policy rules, in the order in which they are asked.
namespace rule_priority {
inline constexpr std::uint32_t shared_address = 4188; ///< from a home address on an access, too
inline constexpr std::uint32_t mobile_network = 4189; ///< to a mobile router's own network
inline constexpr std::uint32_t mobile_network_rest = 4190; ///< what is in no subnet of that
inline constexpr std::uint32_t signalling = 4191;          ///< of sockets bound to the device
inline constexpr std::uint32_t home_address = 4192;        ///< from a home address
inline constexpr std::uint32_t care_of = 4193;             ///< from a care-of address
inline constexpr std::uint32_t attached = 4194;            ///< to networks the node is attached to
inline constexpr std::uint32_t everything = 4195;   ///< all the rest, by way of the home agent
inline constexpr std::uint32_t on_home_link = 4196; ///< of sockets that want the home link itself
inline constexpr std::uint32_t to_home = 4197;      ///< to a home network: to nodes first
inline constexpr std::uint32_t guard = 4198; ///< what should have gone into the tunnel goes nowhere
/// The same without a selector. The kernel takes a rule without one for any other of its priority.
inline constexpr std::uint32_t guard_everything = 4199;
inline constexpr std::uint32_t behind_guards = 4200; ///< where sockets bound to an access go on
} // namespace rule_priority

/// What `wanted` would change on a device that has `present`; nothing to set = no value.
std::optional<netlink::DeviceSettings> settings_to_change(const netlink::DeviceSettings& present,
                                                          const netlink::DeviceSettings& wanted);

/// What one comparison of host and wishes came to.
struct Restoration {
    /// How much was put back, by kind.
    std::size_t links = 0; ///< the device was down or had another name
    std::size_t addresses = 0;
    std::size_t routes = 0;
    std::size_t rules = 0;
    std::size_t xfrm = 0; ///< acceptances
    /// Why something could not be put back.
    std::vector<std::string> failures{};
    /// The device was deleted, and its bindings are lost.
    bool device_gone = false;
    /// There are routes left, which the next call puts back.
    bool unfinished = false;

    [[nodiscard]] bool did_something() const {
        return links + addresses + routes + rules + xfrm != 0;
    }
};

/// Everything that is added is a wish until it is removed: restore() puts it back when somebody
/// else has taken it away. What could not be added is no wish, unless that is asked for.
class HostNetwork {
public:
    using Outcome = tl::expected<void, std::string>;
    enum class IfFails : std::uint8_t { forget, keep };

    static tl::expected<HostNetwork, std::string> open(DeviceConfiguration configuration);

    /// Makes the device or takes over the one that is there. This loads the module if need be.
    Outcome make_device();
    /// Sets what differs from `wanted` and brings the device up. A setting that is equal is not
    /// sent: that would exchange the kernel's UDP socket under running traffic.
    /// The underlay of the configuration has to be there the first time; later it may be gone, and
    /// then that setting stays as it is.
    Outcome set_up_device(netlink::Client& client, netlink::DeviceSettings wanted);
    [[nodiscard]] std::uint32_t ifindex() const { return ifindex_; }
    /// Keeps the underlay that of the interface with the configured name, as long as the result
    /// lives; nothing without a name. To be called after set_up_device(); `client` and this object
    /// have to outlive the result.
    tl::expected<std::unique_ptr<NamedLinkWatch>, std::string>
    follow_underlay(asio::io_context& loop, netlink::Client& client);
    [[nodiscard]] const DeviceConfiguration& configuration() const { return configuration_; }

    /// Each does nothing if the same thing is there already, made by this or another process of the
    /// daemon.
    Outcome add_address(const netlink::AddressSpec& address,
                        netlink::IfExists if_exists = netlink::IfExists::accept,
                        IfFails if_fails = IfFails::forget);
    Outcome add_route(netlink::RouteSpec route, IfFails if_fails = IfFails::forget);
    Outcome add_rule(netlink::RuleSpec rule, IfFails if_fails = IfFails::forget);
    Outcome accept(netlink::MobilityHeaderExtension extension, const wire::Ipv6Address& address);
    /// Frames for `address` on that link go to `link_address`, until the kernel doubts it.
    Outcome set_neighbour(std::uint32_t link, const wire::Ipv6Address& address,
                          std::span<const std::uint8_t> link_address);
    /// Have the kernel ask whether it is there.
    Outcome probe_neighbour(std::uint32_t link, const wire::IpAddress& address);
    /// Takes away the kernel's own route to the hosts of a network that the link has left; gone
    /// already is as good. A router advertisement with that prefix brings it back.
    Outcome forget_on_link(std::uint32_t link, const wire::Prefix6& prefix);
    Outcome remove_address(const netlink::AddressSpec& address);
    Outcome remove_route(netlink::RouteSpec route);
    Outcome remove_rule(netlink::RuleSpec rule);

    /// Removes routes through the device and rules to its table that a predecessor with another
    /// configuration left; with PolicyRules::own also rules that lead to the main table, which only
    /// a mobile node makes. To be called when everything wanted has been added.
    enum class PolicyRules : std::uint8_t { none, own };
    Outcome remove_leftovers(PolicyRules policy_rules);

    /// A route to the device that is looked after elsewhere: not taken away at the end other than
    /// with the device, or by remove_route(). There already is as good.
    Outcome add_loose_route(netlink::RouteSpec route);
    /// One that is there already.
    void adopt_loose_route(netlink::RouteSpec route);
    /// The daemon's routes to the device in a table, whoever looks after them.
    tl::expected<std::vector<netlink::RouteSpec>, std::string> routes(std::uint32_t table);

    /// For which packets are taken on an interface.
    tl::expected<std::vector<wire::Ipv6Address>, std::string>
    anycast_addresses(std::uint32_t ifindex);

    /// Looks at what the news tell of and puts back what is missing; of many routes a part, so that
    /// the event loop goes on.
    Restoration restore(const netlink::HostNews& news);

    /// Takes everything away again; goes on after failures and returns their texts.
    std::vector<std::string> tear_down();

private:
    HostNetwork(DeviceConfiguration configuration, netlink::Rtnl rtnl, netlink::Xfrm xfrm);
    tl::expected<std::optional<std::uint32_t>, std::string> find_underlay();
    [[nodiscard]] std::string address_failure(const netlink::NetlinkError& error) const;
    /// True: it was made, or has its preferred source again; false: it was there already.
    tl::expected<bool, std::string> make_route(const netlink::RouteSpec& route);
    bool restore_link(Restoration& done);
    void restore_addresses(Restoration& done);
    void find_missing_routes(Restoration& done);
    void restore_routes(Restoration& done);
    void restore_rules(Restoration& done);
    void restore_acceptances(Restoration& done);

    DeviceConfiguration configuration_;
    netlink::Rtnl rtnl_;
    netlink::Xfrm xfrm_;
    std::uint32_t ifindex_ = 0;
    std::uint32_t underlay_ = 0; ///< index of the one in force, 0 = no VRF
    HostWishes wishes_;
    std::vector<netlink::RouteSpec> missing_routes_; ///< still to be put back, the next one last
};

} // namespace dsmip::daemon
