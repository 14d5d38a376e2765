// SPDX-License-Identifier: GPL-2.0-or-later
// The way to home addresses.
#include "daemon/home_routes.hpp"

#include <chrono>
#include <utility>

#include "daemon/host_network.hpp"

namespace dsmip::daemon {

namespace {

constexpr std::uint32_t main_table = 254;

HomeRoutes::Key route_key(const netlink::RouteSpec& route) {
    return {route.table, route.destination.address, route.destination.length};
}

} // namespace

void HomeRoutes::add(const netlink::RouteSpec& route) {
    routes.insert_or_assign(route_key(route), route);
}

HomeRoutes::RuleKey HomeRoutes::key_of(const netlink::RuleSpec& rule) {
    return {rule.family,
            rule.priority,
            rule.table,
            rule.to ? std::optional(rule.to->address) : std::nullopt,
            rule.to ? rule.to->length : std::uint8_t{0},
            rule.oif_name};
}

void HomeRoutes::add(const netlink::RuleSpec& rule) {
    if (rule_keys_.insert(key_of(rule)).second) {
        rules.push_back(rule);
    }
}

bool HomeRoutes::has(const netlink::RuleSpec& rule) const {
    return rule_keys_.contains(key_of(rule));
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
        result.add(spec);
    };
    if (real_link) {
        netlink::RuleSpec on_link;
        on_link.priority = rule_priority::on_home_link;
        on_link.oif_name = configuration.home_link;
        result.add(on_link);
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

/// How much is done in one turn: looking costs a microsecond, a request up to a hundred of them,
/// and on a busy machine many more. The first is always made.
class HomeRouting::Part {
public:
    bool may_look() { return looks_-- != 0; }
    bool may_ask() {
        using Clock = std::chrono::steady_clock;
        const bool first = requests_ == requests_max;
        return requests_-- != 0 && (first || Clock::now() - begin_ < time_max);
    }

private:
    static constexpr unsigned requests_max = 64;
    static constexpr std::chrono::milliseconds time_max{5};
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
    unsigned looks_ = 4096;
    unsigned requests_ = requests_max;
};

HomeRouting::Outcome HomeRouting::stage(HomeRoutes wanted) {
    begin(std::move(wanted));
    for (;;) {
        const auto done = stage_some();
        if (!done) {
            return tl::make_unexpected(done.error());
        }
        if (*done) {
            return {};
        }
    }
}

HomeRouting::Failures HomeRouting::commit() {
    Failures failures;
    begin_commit();
    while (!finish_some(failures)) {
    }
    return failures;
}

HomeRouting::Failures HomeRouting::cancel() {
    Failures failures;
    begin_cancel();
    while (!finish_some(failures)) {
    }
    return failures;
}

void HomeRouting::begin(HomeRoutes wanted) {
    wanted_ = std::move(wanted);
    made_routes_.clear();
    made_rules_.clear();
    phase_ = Phase::staging;
    next_route_ = wanted_.routes.begin();
    next_rule_ = 0;
}

tl::expected<bool, std::string> HomeRouting::stage_some() {
    Part part;
    // A route before the rule that leads to it.
    for (; next_route_ != wanted_.routes.end(); ++next_route_) {
        const bool missing = !present_.routes.contains(next_route_->first);
        if (!part.may_look() || (missing && !part.may_ask())) {
            return false;
        }
        if (missing) {
            if (auto made = make(next_route_->second); !made) {
                return tl::make_unexpected(made.error());
            }
        }
    }
    for (; next_rule_ < wanted_.rules.size(); ++next_rule_) {
        const auto& rule = wanted_.rules[next_rule_];
        const bool missing = !present_.has(rule);
        if (!part.may_look() || (missing && !part.may_ask())) {
            return false;
        }
        if (missing) {
            if (auto added = host_.add_rule(rule); !added) {
                return tl::make_unexpected(added.error());
            }
            made_rules_.push_back(rule);
        }
    }
    if (wanted_.home_link != present_.home_link) {
        told_ = true;
        if (auto told = host_.set_home_link(wanted_.home_link); !told) {
            return tl::make_unexpected(told.error());
        }
    }
    return true;
}

HomeRouting::Outcome HomeRouting::make(const netlink::RouteSpec& route) {
    auto added = host_.add_route(route);
    if (added) {
        made_routes_.push_back(route);
    }
    return added;
}

HomeRouting::Outcome HomeRouting::stage_more(const netlink::RouteSpec& route) {
    const auto key = route_key(route);
    if (wanted_.routes.contains(key)) {
        return {};
    }
    if (!present_.routes.contains(key)) {
        if (auto made = make(route); !made) {
            return made;
        }
    }
    wanted_.add(route);
    return {};
}

void HomeRouting::begin_commit() {
    discarded_ = std::exchange(present_, std::exchange(wanted_, {}));
    phase_ = Phase::finishing;
    cancelling_ = false;
    told_ = false;
    next_route_ = discarded_.routes.begin();
    next_rule_ = 0;
}

void HomeRouting::begin_cancel() {
    phase_ = Phase::finishing;
    cancelling_ = true;
}

bool HomeRouting::finish_some(Failures& failures) {
    if (!(cancelling_ ? take_back(failures) : remove_leftovers(failures))) {
        return false;
    }
    phase_ = Phase::idle;
    return true;
}

bool HomeRouting::remove_leftovers(Failures& failures) {
    Part part;
    for (; next_rule_ < discarded_.rules.size(); ++next_rule_) {
        const auto& rule = discarded_.rules[next_rule_];
        const bool obsolete = !present_.has(rule);
        if (!part.may_look() || (obsolete && !part.may_ask())) {
            return false;
        }
        if (obsolete) {
            remove_or_keep(rule, failures);
        }
    }
    for (; next_route_ != discarded_.routes.end(); ++next_route_) {
        const bool obsolete = !present_.routes.contains(next_route_->first);
        if (!part.may_look() || (obsolete && !part.may_ask())) {
            return false;
        }
        if (obsolete) {
            remove_or_keep(next_route_->second, failures);
        }
    }
    return true;
}

bool HomeRouting::take_back(Failures& failures) {
    if (std::exchange(told_, false)) {
        if (auto told = host_.set_home_link(present_.home_link); !told) {
            failures.push_back(told.error());
            present_.home_link = wanted_.home_link;
        }
    }
    Part part;
    for (; !made_rules_.empty(); made_rules_.pop_back()) {
        if (!part.may_ask()) {
            return false;
        }
        remove_or_keep(made_rules_.back(), failures);
    }
    for (; !made_routes_.empty(); made_routes_.pop_back()) {
        if (!part.may_ask()) {
            return false;
        }
        remove_or_keep(made_routes_.back(), failures);
    }
    discarded_ = std::exchange(wanted_, {});
    return true;
}

// What is still there counts as present.
void HomeRouting::remove_or_keep(const netlink::RuleSpec& rule, Failures& failures) {
    if (auto removed = host_.remove_rule(rule); !removed) {
        failures.push_back(removed.error());
        present_.add(rule);
    }
}

void HomeRouting::remove_or_keep(const netlink::RouteSpec& route, Failures& failures) {
    if (auto removed = host_.remove_route(route); !removed) {
        failures.push_back(removed.error());
        present_.add(route);
    }
}

HomeRouting::Failures HomeRouting::remove(const netlink::RouteSpec& route) {
    Failures failures;
    const auto key = route_key(route);
    if (present_.routes.erase(key) == 0) {
        return failures;
    }
    // What is being staged has counted on it.
    if (phase_ == Phase::staging && wanted_.routes.contains(key) &&
        (next_route_ == wanted_.routes.end() || key < next_route_->first)) {
        made_routes_.push_back(route);
    } else {
        remove_or_keep(route, failures);
    }
    return failures;
}

} // namespace dsmip::daemon
