// SPDX-License-Identifier: GPL-2.0-or-later
// Device, addresses, routes, rules and XFRM states of the host.
#include "daemon/host_network.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <linux/rtnetlink.h>

namespace dsmip::daemon {

namespace {

using netlink::IfExists;
using netlink::IfMissing;
using Outcome = HostNetwork::Outcome;

tl::unexpected<std::string> failed(const netlink::NetlinkError& error, std::string_view hint = {}) {
    return tl::make_unexpected(error.message() + std::string(hint));
}

Outcome outcome(const netlink::Result<void>& result) {
    if (!result) {
        return failed(result.error());
    }
    return {};
}

template<class Value>
void take_if_changed(std::optional<Value>& change, const std::optional<Value>& present,
                     const std::optional<Value>& wanted, const Value& unset, bool& any) {
    if (wanted && present.value_or(unset) != *wanted) {
        change = wanted;
        any = true;
    }
}

} // namespace

std::optional<netlink::DeviceSettings> settings_to_change(const netlink::DeviceSettings& present,
                                                          const netlink::DeviceSettings& wanted) {
    netlink::DeviceSettings change;
    bool any = false;
    take_if_changed(change.role, present.role, wanted.role, netlink::Role::unspecified, any);
    take_if_changed(change.home_agent4, present.home_agent4, wanted.home_agent4, {}, any);
    take_if_changed(change.home_agent6, present.home_agent6, wanted.home_agent6, {}, any);
    // Any port will do and the device has one: stay with it.
    const bool any_port = wanted.udp_port == 0 && wanted.role == netlink::Role::mobile_node &&
                          present.role == wanted.role && present.udp_port.value_or(0) != 0;
    if (!any_port && wanted.udp_port && present.udp_port != wanted.udp_port) {
        change.udp_port = wanted.udp_port;
        any = true;
    }
    if (wanted.home_agent_port && present.home_agent_port != wanted.home_agent_port) {
        change.home_agent_port = wanted.home_agent_port;
        any = true;
    }
    take_if_changed(change.fwmark, present.fwmark, wanted.fwmark, 0U, any);
    take_if_changed(change.underlay, present.underlay, wanted.underlay, 0U, any);
    take_if_changed(change.home_link, present.home_link, wanted.home_link, 0U, any);
    take_if_changed(change.bid_mark_mask, present.bid_mark_mask, wanted.bid_mark_mask, 0U, any);
    if (wanted.cookie_lifetime && present.cookie_lifetime != wanted.cookie_lifetime) {
        change.cookie_lifetime = wanted.cookie_lifetime;
        any = true;
    }
    constexpr std::array limits{
        &netlink::DeviceSettings::source_rate,   &netlink::DeviceSettings::source_burst,
        &netlink::DeviceSettings::network_rate,  &netlink::DeviceSettings::network_burst,
        &netlink::DeviceSettings::stranger_rate, &netlink::DeviceSettings::stranger_burst};
    for (const auto limit : limits) {
        if (wanted.*limit && present.*limit != wanted.*limit) {
            change.*limit = wanted.*limit;
            any = true;
        }
    }
    if (wanted.tunnel_mtu && present.tunnel_mtu != wanted.tunnel_mtu) {
        change.tunnel_mtu = wanted.tunnel_mtu;
        any = true;
    }
    return any ? std::optional(change) : std::nullopt;
}

HostNetwork::HostNetwork(DeviceConfiguration configuration, netlink::Rtnl rtnl, netlink::Xfrm xfrm)
    : configuration_(std::move(configuration))
    , rtnl_(std::move(rtnl))
    , xfrm_(std::move(xfrm)) {}

tl::expected<HostNetwork, std::string> HostNetwork::open(DeviceConfiguration configuration) {
    auto rtnl = netlink::Rtnl::open();
    if (!rtnl) {
        return failed(rtnl.error());
    }
    auto xfrm = netlink::Xfrm::open();
    if (!xfrm) {
        return failed(xfrm.error());
    }
    return HostNetwork(std::move(configuration), std::move(*rtnl), std::move(*xfrm));
}

Outcome HostNetwork::make_device() {
    auto ifindex = configuration_.create
                       ? rtnl_.link_add(configuration_.name, "dsmip", IfExists::accept)
                       : rtnl_.ifindex(configuration_.name);
    if (!ifindex) {
        switch (ifindex.error().code) {
        case EOPNOTSUPP:
            return failed(ifindex.error(), "; the kernel module dsmip is not installed for the "
                                           "running kernel");
        case EEXIST:
            return failed(ifindex.error(), "; an interface of another kind has the name, choose "
                                           "another one in [device]");
        case EPERM:
            return failed(ifindex.error(), "; the daemon needs CAP_NET_ADMIN");
        default:
            return failed(ifindex.error());
        }
    }
    ifindex_ = *ifindex;
    return {};
}

/// No value: it is gone now, and was there before.
tl::expected<std::optional<std::uint32_t>, std::string> HostNetwork::find_underlay() {
    if (configuration_.underlay.empty()) {
        return 0U;
    }
    const auto found = rtnl_.ifindex(configuration_.underlay);
    if (found) {
        return *found;
    }
    if (found.error().code == ENODEV && underlay_ != 0) {
        return std::nullopt;
    }
    return failed(found.error(), fmt::format("; underlay in [device] wants an interface or VRF {}",
                                             configuration_.underlay));
}

tl::expected<std::unique_ptr<NamedLinkWatch>, std::string>
HostNetwork::follow_underlay(asio::io_context& loop, netlink::Client& client) {
    if (configuration_.underlay.empty()) {
        return nullptr;
    }
    return NamedLinkWatch::open(loop,
                                {"underlay", configuration_.underlay, "tunnels carry nothing"},
                                underlay_, [this, &client](std::uint32_t index) -> Outcome {
                                    netlink::DeviceSettings settings;
                                    settings.underlay = index;
                                    if (auto set = client.device_set(ifindex_, settings); !set) {
                                        return failed(set.error());
                                    }
                                    underlay_ = index;
                                    return {};
                                });
}

Outcome HostNetwork::set_up_device(netlink::Client& client, netlink::DeviceSettings wanted) {
    wanted.tunnel_mtu = configuration_.mtu;
    const auto underlay = find_underlay();
    if (!underlay) {
        return tl::make_unexpected(underlay.error());
    }
    wanted.underlay = *underlay;
    auto device = client.device_get(ifindex_);
    if (!device) {
        return failed(device.error());
    }
    if (const auto change = settings_to_change(device->settings, wanted)) {
        if (auto set = client.device_set(ifindex_, *change); !set) {
            switch (set.error().code) {
            case EBUSY:
                return failed(set.error(),
                              fmt::format("; {} has nodes of the other role, choose another name "
                                          "in [device] or delete it",
                                          configuration_.name));
            case EADDRINUSE:
                return failed(set.error(), "; choose another udp-port or stop what uses it");
            default:
                return failed(set.error());
            }
        }
    }
    underlay_ = underlay->value_or(underlay_);
    return outcome(rtnl_.link_set_up(ifindex_, true));
}

Outcome HostNetwork::add_address(const netlink::AddressSpec& address, IfExists if_exists,
                                 IfFails if_fails) {
    const auto added = rtnl_.address_add(address, if_exists);
    if (added || if_fails == IfFails::keep) {
        wishes_.add(address);
    }
    if (!added) {
        return tl::make_unexpected(address_failure(added.error()));
    }
    return {};
}

std::string HostNetwork::address_failure(const netlink::NetlinkError& error) const {
    return error.code == EACCES
               ? fmt::format("{}; IPv6 is switched off on {}, set net.ipv6.conf.{}.disable_ipv6 to "
                             "0 (for new devices net.ipv6.conf.default.disable_ipv6)",
                             error.message(), configuration_.name, configuration_.name)
               : error.message();
}

Outcome HostNetwork::add_route(netlink::RouteSpec route, IfFails if_fails) {
    route.protocol = route_protocol;
    const auto made = make_route(route);
    if (made || if_fails == IfFails::keep) {
        wishes_.add(route, HostWishes::Keeper::daemon);
    }
    return made.map([](bool) {});
}

Outcome HostNetwork::add_loose_route(netlink::RouteSpec route) {
    route.protocol = route_protocol;
    const auto made = make_route(route);
    if (made) {
        wishes_.add(route, HostWishes::Keeper::device);
    }
    return made.map([](bool) {});
}

void HostNetwork::adopt_loose_route(netlink::RouteSpec route) {
    route.protocol = route_protocol;
    wishes_.add(route, HostWishes::Keeper::device);
}

tl::expected<bool, std::string> HostNetwork::make_route(const netlink::RouteSpec& route) {
    const auto added = rtnl_.route_add(route, IfExists::fail);
    if (added) {
        return true;
    }
    if (added.error().code != EEXIST) {
        return failed(added.error());
    }
    const auto present = rtnl_.routes(route.table, route_protocol);
    if (!present) {
        return failed(present.error());
    }
    const auto same = std::find_if(present->begin(), present->end(),
                                   [&](const auto& other) { return same_route(other, route); });
    if (same == present->end()) {
        return failed(added.error(), fmt::format("; another route leads to {}/{}, remove it",
                                                 wire::to_string(route.destination.address),
                                                 route.destination.length));
    }
    if (same->preferred_source == route.preferred_source) {
        return false;
    }
    if (auto replaced = rtnl_.route_add(route, IfExists::replace); !replaced) {
        return failed(replaced.error());
    }
    return true;
}

Outcome HostNetwork::add_rule(netlink::RuleSpec rule, IfFails if_fails) {
    rule.protocol = route_protocol;
    const auto added = outcome(rtnl_.rule_add(rule, IfExists::accept));
    if (added || if_fails == IfFails::keep) {
        wishes_.add(rule);
    }
    return added;
}

Outcome HostNetwork::accept(netlink::MobilityHeaderExtension extension,
                            const wire::Ipv6Address& address) {
    const auto accepted = outcome(xfrm_.accept(extension, address, IfExists::accept));
    if (accepted) {
        wishes_.add(Acceptance{extension, address});
    }
    return accepted;
}

Outcome HostNetwork::set_neighbour(std::uint32_t link, const wire::Ipv6Address& address,
                                   std::span<const std::uint8_t> link_address) {
    return outcome(rtnl_.neighbour_set(link, address, link_address));
}

HostNetwork::Outcome HostNetwork::probe_neighbour(std::uint32_t link,
                                                  const wire::IpAddress& address) {
    return outcome(rtnl_.neighbour_probe(link, address));
}

Outcome HostNetwork::forget_on_link(std::uint32_t link, const wire::Prefix6& prefix) {
    netlink::RouteSpec route;
    route.destination = {prefix.address, prefix.length};
    route.oif = link;
    route.protocol = RTPROT_KERNEL;
    return outcome(rtnl_.route_delete(route, IfMissing::accept));
}

Outcome HostNetwork::remove_address(const netlink::AddressSpec& address) {
    wishes_.remove(address);
    return outcome(rtnl_.address_delete(address, IfMissing::accept));
}

Outcome HostNetwork::remove_route(netlink::RouteSpec route) {
    route.protocol = route_protocol;
    wishes_.remove(route);
    return outcome(rtnl_.route_delete(route, IfMissing::accept));
}

Outcome HostNetwork::remove_rule(netlink::RuleSpec rule) {
    rule.protocol = route_protocol;
    wishes_.remove(rule);
    return outcome(rtnl_.rule_delete(rule, IfMissing::accept));
}

tl::expected<std::vector<netlink::RouteSpec>, std::string>
HostNetwork::routes(std::uint32_t table) {
    auto routes = rtnl_.routes(table, route_protocol);
    if (!routes) {
        return failed(routes.error());
    }
    std::erase_if(*routes,
                  [this](const netlink::RouteSpec& route) { return route.oif != ifindex_; });
    return std::move(*routes);
}

tl::expected<std::vector<wire::Ipv6Address>, std::string>
HostNetwork::anycast_addresses(std::uint32_t ifindex) {
    auto addresses = rtnl_.anycast_addresses(ifindex);
    if (!addresses) {
        return failed(addresses.error());
    }
    return std::move(*addresses);
}

Outcome HostNetwork::remove_leftovers(PolicyRules policy_rules) {
    const auto routes = rtnl_.routes(0, route_protocol);
    if (!routes) {
        return failed(routes.error());
    }
    for (const auto& route : *routes) {
        const bool own =
            route.oif == ifindex_ || (route.unreachable && route.table == configuration_.table);
        const auto* wanted = wishes_.find(route);
        if (own && (wanted == nullptr || !same_route(*wanted, route))) {
            if (auto removed = rtnl_.route_delete(route, IfMissing::accept); !removed) {
                return failed(removed.error());
            }
        }
    }
    const auto rules = rtnl_.rules(route_protocol);
    if (!rules) {
        return failed(rules.error());
    }
    for (const auto& rule : *rules) {
        const bool policy =
            policy_rules == PolicyRules::own &&
            (rule.priority == rule_priority::care_of || rule.priority == rule_priority::attached ||
             rule.priority == rule_priority::mobile_network ||
             rule.priority == rule_priority::shared_address);
        const bool home_link = rule.priority == rule_priority::on_home_link;
        if ((rule.table == configuration_.table || policy || home_link) && !wishes_.has(rule)) {
            if (auto removed = rtnl_.rule_delete(rule, IfMissing::accept); !removed) {
                return failed(removed.error());
            }
        }
    }
    return {};
}

std::vector<std::string> HostNetwork::tear_down() {
    std::vector<std::string> failures;
    const auto note = [&](const netlink::Result<void>& result) {
        if (!result) {
            failures.push_back(result.error().message());
        }
    };
    for (const auto& rule : wishes_.rules()) {
        note(rtnl_.rule_delete(rule, IfMissing::accept));
    }
    for (const auto& route : wishes_.routes(HostWishes::Keeper::daemon)) {
        note(rtnl_.route_delete(route, IfMissing::accept));
    }
    for (const auto& address : wishes_.addresses()) {
        note(rtnl_.address_delete(address, IfMissing::accept));
    }
    for (const auto& acceptance : wishes_.acceptances()) {
        note(xfrm_.stop_accepting(acceptance.extension, acceptance.address, IfMissing::accept));
    }
    if (configuration_.create && ifindex_ != 0) {
        note(rtnl_.link_delete(ifindex_, IfMissing::accept));
    }
    wishes_.clear();
    return failures;
}

} // namespace dsmip::daemon
