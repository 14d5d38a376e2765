// SPDX-License-Identifier: GPL-2.0-or-later
// The way to home addresses.
#include "daemon/home_routes.hpp"

#include <algorithm>
#include <utility>

#include "daemon/host_network.hpp"

namespace dsmip::daemon {

namespace {

constexpr std::uint32_t main_table = 254;

} // namespace

void HomeRoutes::add(const netlink::RouteSpec& route) {
    const auto& destination = route.destination;
    routes.insert_or_assign({route.table, destination.address, destination.length}, route);
}

bool HomeRoutes::has(const netlink::RuleSpec& rule) const {
    return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

HomeRoutes home_routes(const HomeAgentConfiguration& configuration, const TunnelDevice& device,
                       std::span<const wire::Ipv4Address> lent_elsewhere) {
    const auto& engine = configuration.engine;
    const bool real_link = !configuration.home_link.empty();
    HomeRoutes result;
    result.home_link = engine.home_link.link;
    const auto route = [&](const wire::IpAddress& address, std::uint8_t length,
                           std::uint32_t table) {
        netlink::RouteSpec spec;
        spec.destination = {address, length};
        spec.oif = device.ifindex;
        spec.table = table;
        result.add(spec);
    };
    const auto rule = [&](const wire::IpAddress& address, std::uint8_t length) {
        netlink::RuleSpec spec;
        spec.family = address.family();
        spec.priority = rule_priority::to_home;
        spec.table = device.table;
        spec.to = {address, length};
        result.rules.push_back(std::move(spec));
    };
    if (real_link) {
        netlink::RuleSpec on_link;
        on_link.priority = rule_priority::on_home_link;
        on_link.oif_name = configuration.home_link;
        result.rules.push_back(std::move(on_link));
    }
    for (const auto& prefix : engine.home_prefixes) {
        if (real_link) {
            rule(prefix.address, prefix.length);
        } else {
            route(prefix.address, prefix.length, main_table);
        }
    }
    if (engine.address_pool) {
        const auto& pool = *engine.address_pool;
        route(pool.address, pool.length, real_link ? device.table : main_table);
        if (real_link) {
            rule(pool.address, pool.length);
        }
    }
    for (const auto& node : engine.nodes) {
        for (const auto& address : node.home_addresses4) {
            route(address, wire::Ipv4Address::bit_length, main_table);
        }
    }
    for (const auto& address : lent_elsewhere) {
        route(address, wire::Ipv4Address::bit_length, main_table);
    }
    return result;
}

// ---------------------------------------------------------------- on the host

HomeRouting::Outcome HomeRouting::stage(HomeRoutes wanted) {
    wanted_ = std::move(wanted);
    made_ = {};
    // A route before the rule that leads to it.
    for (const auto& [key, route] : wanted_.routes) {
        if (!present_.routes.contains(key)) {
            if (auto added = host_.add_route(route); !added) {
                return added;
            }
            made_.routes.emplace(key, route);
        }
    }
    for (const auto& rule : wanted_.rules) {
        if (!present_.has(rule)) {
            if (auto added = host_.add_rule(rule); !added) {
                return added;
            }
            made_.rules.push_back(rule);
        }
    }
    if (wanted_.home_link != present_.home_link) {
        told_ = true;
        return host_.set_home_link(wanted_.home_link);
    }
    return {};
}

HomeRouting::Failures HomeRouting::commit() {
    Failures failures;
    const auto before = std::exchange(present_, std::exchange(wanted_, {}));
    for (const auto& rule : before.rules) {
        if (!present_.has(rule)) {
            remove_or_keep(rule, failures);
        }
    }
    for (const auto& [key, route] : before.routes) {
        if (!present_.routes.contains(key)) {
            remove_or_keep(route, failures);
        }
    }
    made_ = {};
    told_ = false;
    return failures;
}

// What is still there counts as present.
void HomeRouting::remove_or_keep(const netlink::RuleSpec& rule, Failures& failures) {
    if (auto removed = host_.remove_rule(rule); !removed) {
        failures.push_back(removed.error());
        present_.rules.push_back(rule);
    }
}

void HomeRouting::remove_or_keep(const netlink::RouteSpec& route, Failures& failures) {
    if (auto removed = host_.remove_route(route); !removed) {
        failures.push_back(removed.error());
        present_.add(route);
    }
}

HomeRouting::Failures HomeRouting::cancel() {
    Failures failures;
    if (std::exchange(told_, false)) {
        if (auto told = host_.set_home_link(present_.home_link); !told) {
            failures.push_back(told.error());
            present_.home_link = wanted_.home_link;
        }
    }
    for (const auto& rule : made_.rules) {
        remove_or_keep(rule, failures);
    }
    for (const auto& [key, route] : made_.routes) {
        remove_or_keep(route, failures);
    }
    made_ = {};
    wanted_ = {};
    return failures;
}

HomeRouting::Failures HomeRouting::remove(const netlink::RouteSpec& route) {
    Failures failures;
    const auto& destination = route.destination;
    if (present_.routes.erase({route.table, destination.address, destination.length}) != 0) {
        remove_or_keep(route, failures);
    }
    return failures;
}

} // namespace dsmip::daemon
