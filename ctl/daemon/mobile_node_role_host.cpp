// SPDX-License-Identifier: GPL-2.0-or-later
// What a mobile node wants on its host: addresses, policy rules, routes.
#include "daemon/mobile_node_role.hpp"

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/home_announcement.hpp"
#include "daemon/shared_address.hpp"

namespace dsmip::daemon {

namespace {

using Outcome = tl::expected<void, std::string>;
using IfFails = HostNetwork::IfFails;

constexpr std::uint32_t main_table = 254;

std::uint8_t full_length(const wire::IpAddress& address) {
    return address.is_ipv4() ? wire::Ipv4Address::bit_length : wire::Ipv6Address::bit_length;
}

wire::IpAddress any_address(wire::AddressFamily family) {
    return family == wire::AddressFamily::Ipv4 ? wire::IpAddress(wire::Ipv4Address{})
                                               : wire::IpAddress(wire::Ipv6Address{});
}

netlink::RuleSpec rule_for(wire::AddressFamily family, std::uint32_t priority,
                           std::uint32_t table) {
    netlink::RuleSpec rule;
    rule.family = family;
    rule.priority = priority;
    rule.table = table;
    return rule;
}

void log_if_failed(const Outcome& outcome) {
    if (!outcome) {
        spdlog::warn("{}", outcome.error());
    }
}

} // namespace

netlink::AddressSpec MobileNodeRole::home_address() const {
    netlink::AddressSpec spec;
    spec.ifindex = network_.ifindex();
    spec.address = configuration_.engine.home_address;
    spec.prefix_length = wire::Ipv6Address::bit_length;
    // The home agent has done duplicate address detection on the home link (RFC 6275, 10.3.1); the
    // flag is what makes the kernel accept type 2 routing headers with it.
    spec.home = true;
    spec.nodad = true;
    // The kernel chooses a route before it chooses the source, and prefers home addresses as
    // source: without this, connections that leave by an access network would carry the home
    // address.
    spec.deprecated = configuration_.route == RoutedTraffic::home;
    return spec;
}

/// A predecessor with another `route` left it with the other preference.
netlink::IfExists MobileNodeRole::home_address_policy() const {
    const auto* device = monitor_.state().find(network_.ifindex());
    const auto wanted = home_address();
    const bool change =
        device != nullptr &&
        std::any_of(device->addresses.begin(), device->addresses.end(), [&](const auto& present) {
            return present.address == wanted.address && present.deprecated != wanted.deprecated;
        });
    return change ? netlink::IfExists::replace : netlink::IfExists::accept;
}

netlink::AddressSpec MobileNodeRole::address4(const wire::Ipv4Address& address) const {
    netlink::AddressSpec spec;
    spec.ifindex = network_.ifindex();
    spec.address = address;
    spec.prefix_length = wire::Ipv4Address::bit_length;
    return spec;
}

netlink::RouteSpec MobileNodeRole::default_route(const wire::IpAddress& source) const {
    netlink::RouteSpec route;
    route.destination = {any_address(source.family()), 0};
    route.oif = network_.ifindex();
    route.table = network_.configuration().table;
    route.preferred_source = source;
    return route;
}

netlink::RuleSpec MobileNodeRole::rule_from(const wire::IpAddress& address, std::uint32_t priority,
                                            std::uint32_t table) const {
    auto rule = rule_for(address.family(), priority, table);
    rule.from = netlink::PrefixSpec{address, full_length(address)};
    return rule;
}

/// What is left of the table when its default route is gone: unreachable, for the next rule would
/// let the packets out without a tunnel.
netlink::RouteSpec MobileNodeRole::guard_route(wire::AddressFamily family) const {
    netlink::RouteSpec route;
    route.destination = {any_address(family), 0};
    route.table = network_.configuration().table;
    route.unreachable = true;
    route.metric = UINT32_MAX;
    return route;
}

/// Behind the rules that lead into the tunnel, in case one of these or all of the table is gone.
netlink::RuleSpec MobileNodeRole::guard_rule(wire::AddressFamily family) const {
    auto rule = rule_for(family, rule_priority::guard, network_.configuration().table);
    rule.action = netlink::RuleAction::unreachable;
    return rule;
}

std::vector<netlink::RuleSpec> MobileNodeRole::guard_rules(const wire::IpAddress& source) const {
    auto from = guard_rule(source.family());
    from.from = netlink::PrefixSpec{source, full_length(source)};
    std::vector<netlink::RuleSpec> rules{from};
    if (configuration_.route == RoutedTraffic::all) {
        rules.push_back(guard_rule(source.family()));
        rules.back().priority = rule_priority::guard_everything;
    }
    return rules;
}

Outcome MobileNodeRole::set_up_network() {
    const auto& engine = configuration_.engine;
    const auto table = network_.configuration().table;
    Outcome result = network_.set_up_device(driver_->client(), device_settings());
    if (result) {
        result = open_accesses();
    }
    if (result) {
        result = network_.add_route(guard_route(wire::AddressFamily::Ipv6));
    }
    for (const auto& rule : guard_rules(engine.home_address)) {
        if (result) {
            result = network_.add_rule(rule);
        }
    }
    if (result) {
        result = network_.add_address(home_address(), home_address_policy());
    }
    if (result) {
        result = network_.add_route(default_route(engine.home_address));
    }
    if (result) {
        auto rule = rule_for(wire::AddressFamily::Ipv6, rule_priority::signalling, table);
        rule.oif_name = network_.configuration().name;
        result = network_.add_rule(rule);
    }
    if (result) {
        result =
            network_.add_rule(rule_from(engine.home_address, rule_priority::home_address, table));
    }
    if (result && configuration_.route == RoutedTraffic::all) {
        result = route_everything();
    }
    if (result) {
        result = network_.accept(netlink::MobilityHeaderExtension::type2_routing_header,
                                 engine.home_address);
    }
    return result;
}

/// To sockets that are bound to an access, whatever their source; they would end at the unreachable
/// routes. They go on with the rules of others, such as those for several networks at one
/// interface.
Outcome MobileNodeRole::open_accesses() {
    const auto table = network_.configuration().table;
    for (const auto family : {wire::AddressFamily::Ipv6, wire::AddressFamily::Ipv4}) {
        auto end = rule_for(family, rule_priority::behind_guards, table);
        end.action = netlink::RuleAction::nothing;
        if (auto added = network_.add_rule(end); !added) {
            return added;
        }
        for (const auto& access : configuration_.engine.accesses) {
            auto bound = rule_for(family, rule_priority::signalling, table);
            bound.action = netlink::RuleAction::go_to;
            bound.target = end.priority;
            bound.oif_name = access.link_name;
            if (auto added = network_.add_rule(bound); !added) {
                return added;
            }
        }
    }
    return {};
}

Outcome MobileNodeRole::route_everything() {
    for (const auto family : {wire::AddressFamily::Ipv6, wire::AddressFamily::Ipv4}) {
        auto attached = rule_for(family, rule_priority::attached, main_table);
        attached.suppress_prefix_length = 0;
        const auto everything =
            rule_for(family, rule_priority::everything, network_.configuration().table);
        for (const auto& rule : {attached, everything}) {
            if (auto added = network_.add_rule(rule); !added) {
                return added;
            }
        }
    }
    return {};
}

void MobileNodeRole::remove_leftover_addresses() {
    const auto* device = monitor_.state().find(network_.ifindex());
    if (device == nullptr) {
        return;
    }
    remove_leftover_stays();
    const auto assigned = engine_.home_address4();
    for (const auto& present : device->addresses) {
        const auto* address4_present = present.address.ipv4();
        const bool leftover =
            address4_present != nullptr
                ? assigned != *address4_present
                : present.home && present.address != configuration_.engine.home_address;
        if (leftover) {
            netlink::AddressSpec spec;
            spec.ifindex = network_.ifindex();
            spec.address = present.address;
            spec.prefix_length = present.prefix_length;
            log_if_failed(network_.remove_address(spec));
        }
    }
}

/// A predecessor that did not end well may have been at home. As the daemon puts them there: the
/// IPv6 one with the flag for home addresses, the IPv4 one as a single address.
void MobileNodeRole::remove_leftover_stays() {
    const auto& engine = configuration_.engine;
    const auto is_leftover = [&](const netlink::LinkAddress& present) {
        const auto* address4 = present.address.ipv4();
        if (address4 == nullptr) {
            return present.home && present.address == engine.home_address;
        }
        return engine.home_address4_mode == mobility::MobileNodeConfig::HomeAddress4::fixed &&
               *address4 == engine.home_address4 &&
               present.prefix_length == wire::Ipv4Address::bit_length;
    };
    for (const auto& [ifindex, link] : monitor_.state().links()) {
        if (ifindex == network_.ifindex()) {
            continue;
        }
        for (const auto& present : link.addresses) {
            const bool wanted = std::any_of(stays_.begin(), stays_.end(),
                                            [&, link_index = ifindex](const auto& stay) {
                                                return stay.address.ifindex == link_index &&
                                                       stay.address.address == present.address;
                                            });
            if (!wanted && is_leftover(present)) {
                netlink::AddressSpec spec;
                spec.ifindex = ifindex;
                spec.address = present.address;
                spec.prefix_length = present.prefix_length;
                log_if_failed(network_.remove_address(spec));
            }
        }
    }
}

void MobileNodeRole::follow_care_of(const std::vector<mobility::CareOfCandidate>& candidates) {
    if (configuration_.route != RoutedTraffic::all) {
        return;
    }
    std::vector<wire::IpAddress> wanted;
    wanted.reserve(candidates.size());
    for (const auto& candidate : candidates) {
        wanted.push_back(candidate.address);
    }
    const auto missing_in = [](const auto& list, const wire::IpAddress& address) {
        return std::find(list.begin(), list.end(), address) == list.end();
    };
    for (const auto& address : wanted) {
        if (missing_in(care_of_rules_, address)) {
            note(network_.add_rule(rule_from(address, rule_priority::care_of, main_table),
                                   IfFails::keep));
        }
    }
    for (const auto& address : care_of_rules_) {
        if (missing_in(wanted, address)) {
            log_if_failed(
                network_.remove_rule(rule_from(address, rule_priority::care_of, main_table)));
        }
    }
    care_of_rules_ = std::move(wanted);
}

/// Before the home address has its own rule, which all others from it come behind.
void MobileNodeRole::follow_shared_address(
    const std::vector<mobility::CareOfCandidate>& candidates) {
    const auto& engine = configuration_.engine;
    std::vector<wire::Ipv4Address> home_agents;
    if (engine.home_agent4) {
        home_agents.push_back(*engine.home_agent4);
    }
    for (const auto& other : engine.other_home_agents) {
        if (other.address4) {
            home_agents.push_back(*other.address4);
        }
    }
    std::vector<netlink::RuleSpec> wanted;
    if (const auto address = engine_.home_address4()) {
        wanted = shared_address_rules(monitor_.state(), candidates, *address, home_agents);
    }
    const auto missing_in = [](const auto& list, const netlink::RuleSpec& rule) {
        return std::find(list.begin(), list.end(), rule) == list.end();
    };
    for (const auto& rule : wanted) {
        if (missing_in(shared_rules_, rule)) {
            note(network_.add_rule(rule, IfFails::keep));
        }
    }
    for (const auto& rule : shared_rules_) {
        if (missing_in(wanted, rule)) {
            log_if_failed(network_.remove_rule(rule));
        }
    }
    shared_rules_ = std::move(wanted);
}

void MobileNodeRole::assign(const wire::Ipv4Address& address) {
    follow_shared_address(candidates_.value_or(std::vector<mobility::CareOfCandidate>{}));
    note(network_.add_route(guard_route(wire::AddressFamily::Ipv4), IfFails::keep));
    for (const auto& rule : guard_rules(address)) {
        note(network_.add_rule(rule, IfFails::keep));
    }
    note(network_.add_address(address4(address), netlink::IfExists::accept, IfFails::keep));
    note(network_.add_route(default_route(address), IfFails::keep));
    note(network_.add_rule(
        rule_from(address, rule_priority::home_address, network_.configuration().table),
        IfFails::keep));
}

void MobileNodeRole::withdraw(const wire::Ipv4Address& address) {
    log_if_failed(network_.remove_rule(
        rule_from(address, rule_priority::home_address, network_.configuration().table)));
    log_if_failed(network_.remove_route(default_route(address)));
    log_if_failed(network_.remove_address(address4(address)));
    follow_shared_address(candidates_.value_or(std::vector<mobility::CareOfCandidate>{}));
    for (const auto& rule : guard_rules(address)) {
        log_if_failed(network_.remove_rule(rule));
    }
    log_if_failed(network_.remove_route(guard_route(wire::AddressFamily::Ipv4)));
}

std::vector<HomeStay> MobileNodeRole::wanted_stays() const {
    std::vector<HomeStay> wanted;
    if (!home_link_) {
        return wanted;
    }
    const auto& engine = configuration_.engine;
    const auto table = network_.configuration().table;
    if (auto stay = home_stay6(monitor_.state(), *home_link_, engine.home_address, table)) {
        stay->address.deprecated = home_address().deprecated;
        wanted.push_back(std::move(*stay));
    }
    // One from the pool is lent as long as the node is registered.
    if (engine.home_address4_mode == mobility::MobileNodeConfig::HomeAddress4::fixed) {
        if (auto stay = home_stay4(monitor_.state(), *home_link_, engine.home_address4, table)) {
            wanted.push_back(std::move(*stay));
        }
    }
    return wanted;
}

/// The home address that the daemon itself has put on an access is no address of that access.
bool MobileNodeRole::is_stay(const mobility::CareOfCandidate& candidate) const {
    return std::any_of(stays_.begin(), stays_.end(), [&](const HomeStay& stay) {
        return stay.address.ifindex == candidate.link &&
               stay.address.address == candidate.address &&
               stay.address.prefix_length == candidate.prefix_length;
    });
}

void MobileNodeRole::follow_home_link() {
    home_link_ = engine_.home_link();
    auto wanted = wanted_stays();
    const auto find = [](const std::vector<HomeStay>& stays, const HomeStay& stay) {
        return std::find_if(stays.begin(), stays.end(),
                            [&](const HomeStay& other) { return other.address == stay.address; });
    };
    const auto has = [](const HomeStay& stay, const netlink::RouteSpec& route) {
        return std::find(stay.routes.begin(), stay.routes.end(), route) != stay.routes.end();
    };
    for (const auto& stay : stays_) {
        const auto kept = find(wanted, stay);
        for (const auto& route : stay.routes) {
            if (kept == wanted.end() || !has(*kept, route)) {
                log_if_failed(network_.remove_route(route));
            }
        }
        if (kept == wanted.end()) {
            end_stay(stay);
        }
    }
    for (const auto& stay : wanted) {
        const auto before = find(stays_, stay);
        if (before == stays_.end()) {
            begin_stay(stay);
        }
        for (const auto& route : stay.routes) {
            if (before == stays_.end() || !has(*before, route)) {
                log_if_failed(network_.add_route(route));
            }
        }
    }
    stays_ = std::move(wanted);
}

/// With the rules that an IPv4 home address has when it is registered.
void MobileNodeRole::begin_stay(const HomeStay& stay) {
    spdlog::info("home-address-on-link address={} link={}", to_string(stay.address.address),
                 home_link_->link_name);
    if (stay.address.address.is_ipv4()) {
        note(network_.add_route(guard_route(wire::AddressFamily::Ipv4), IfFails::keep));
        for (const auto& rule : guard_rules(stay.address.address)) {
            note(network_.add_rule(rule, IfFails::keep));
        }
        note(network_.add_rule(rule_from(stay.address.address, rule_priority::home_address,
                                         network_.configuration().table),
                               IfFails::keep));
    }
    log_if_failed(network_.add_address(stay.address));
    if (home_link_->deregistered) {
        log_if_failed(
            announce_home_address(home_link_->link_name, home_link_->link, stay.address.address));
    }
}

void MobileNodeRole::end_stay(const HomeStay& stay) {
    log_if_failed(network_.remove_address(stay.address));
    const auto* address4 = stay.address.address.ipv4();
    if (address4 == nullptr || engine_.home_address4() == *address4) {
        return; // the rules go on
    }
    log_if_failed(network_.remove_rule(
        rule_from(*address4, rule_priority::home_address, network_.configuration().table)));
    for (const auto& rule : guard_rules(*address4)) {
        log_if_failed(network_.remove_rule(rule));
    }
    log_if_failed(network_.remove_route(guard_route(wire::AddressFamily::Ipv4)));
}

void MobileNodeRole::note(const Outcome& wish) {
    log_if_failed(wish);
    if (!wish && keeper_) {
        keeper_->look_again();
    }
}

} // namespace dsmip::daemon
