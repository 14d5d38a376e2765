// SPDX-License-Identifier: GPL-2.0-or-later
// The home agent's host set-up and life cycle.
#include "daemon/home_agent_role.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "daemon/clock.hpp"
#include "daemon/explanation.hpp"
#include "daemon/home_agent_host.hpp"
#include "daemon/home_agent_reload.hpp"
#include "daemon/kernel_values.hpp"
#include "daemon/status.hpp"

namespace dsmip::daemon {

namespace {

using Outcome = tl::expected<void, std::string>;

constexpr std::uint32_t main_table = 254;

mobility::HomeAgentConfig with_secret(mobility::HomeAgentConfig config) {
    std::random_device random;
    config.policy.secret = (std::uint64_t{random()} << 32U) | random();
    return config;
}

} // namespace

tl::expected<std::unique_ptr<Role>, std::string>
HomeAgentRole::open(asio::io_context& loop, const Configuration& configuration, RoleCalls calls) {
    // Before anything on the host is touched: what is there goes on without this daemon.
    std::unique_ptr<RegistrationStore> store;
    if (configuration.store.enabled) {
        auto opened = RegistrationStore::open(loop, configuration.store);
        if (!opened) {
            return tl::make_unexpected(opened.error());
        }
        store = std::move(*opened);
    }
    // First: making a link of the kind is what loads the module.
    auto network = HostNetwork::open(configuration.device);
    if (!network) {
        return tl::make_unexpected(network.error());
    }
    if (auto made = network->make_device(); !made) {
        return tl::make_unexpected(made.error());
    }
    auto driver = EngineDriver::open(loop, true, calls.report);
    if (!driver) {
        return tl::make_unexpected(driver.error());
    }
    auto home_agent = configuration.home_agent;
    home_agent.engine.has_store = store != nullptr;
    auto home_link = open_home_link(home_agent);
    if (!home_link) {
        return tl::make_unexpected(home_link.error());
    }
    return std::unique_ptr<Role>(new HomeAgentRole(loop, std::move(home_agent), std::move(*network),
                                                   std::move(*home_link), std::move(*driver),
                                                   std::move(store), std::move(calls)));
}

HomeAgentRole::HomeAgentRole(asio::io_context& loop, HomeAgentConfiguration configuration,
                             HostNetwork network, std::unique_ptr<HomeLink> home_link,
                             std::unique_ptr<EngineDriver> driver,
                             std::unique_ptr<RegistrationStore> store, RoleCalls calls)
    : loop_(loop)
    , configuration_(std::move(configuration))
    , network_(std::move(network))
    , home_link_(std::move(home_link))
    , engine_(with_secret(configuration_.engine))
    , driver_(std::move(driver))
    , store_(std::move(store))
    , routes_([this](const auto& prefix) { return network_.add_loose_route(prefix_route(prefix)); },
              [this](const auto& prefix) { return network_.remove_route(prefix_route(prefix)); })
    , home_routing_(HomeRouting::Host{
          .add_route = [this](const auto& route) { return network_.add_route(route); },
          .remove_route = [this](const auto& route) { return network_.remove_route(route); },
          .add_rule = [this](const auto& rule) { return network_.add_rule(rule); },
          .remove_rule = [this](const auto& rule) { return network_.remove_rule(rule); },
          .set_home_link =
              [this](std::uint32_t ifindex) {
                  netlink::DeviceSettings settings;
                  settings.home_link = ifindex;
                  return network_.set_up_device(driver_->client(), settings);
              }})
    , calls_(std::move(calls)) {}

HomeAgentRole::~HomeAgentRole() = default;

void HomeAgentRole::log_failures(std::string_view when, const std::vector<std::string>& failures) {
    for (const auto& failure : failures) {
        spdlog::warn("{}: {}", when, failure);
    }
}

netlink::RouteSpec HomeAgentRole::prefix_route(const netlink::Prefix& prefix) const {
    netlink::RouteSpec route;
    route.destination = {prefix.address, prefix.length};
    route.oif = network_.ifindex();
    return route;
}

/// The routes that a predecessor made are taken over, missing ones made, others removed.
Outcome HomeAgentRole::route_restored() {
    const auto present = network_.routes(main_table);
    if (!present) {
        return tl::make_unexpected(present.error());
    }
    std::set<std::pair<wire::IpAddress, std::uint8_t>> destinations;
    for (const auto& route : *present) {
        destinations.emplace(route.destination.address, route.destination.length);
    }
    for (const auto& node : engine_.binding_cache(now())) {
        const auto prefixes = prefixes_of(node);
        for (const auto& prefix : prefixes) {
            if (destinations.contains({prefix.address, prefix.length})) {
                routes_.adopt(node.home_address, prefix);
                network_.adopt_loose_route(prefix_route(prefix));
            }
        }
        if (auto routed = routes_.set(node.home_address, prefixes); !routed) {
            return routed;
        }
    }
    // Leases of a pool that was another one.
    if (auto staged = home_routing_.stage(wanted_routes(configuration_, engine_.leases_outside()));
        !staged) {
        return staged;
    }
    log_failures("start", home_routing_.commit());
    return network_.remove_leftovers(HostNetwork::PolicyRules::none);
}

Outcome HomeAgentRole::set_up_network() {
    const auto& engine = configuration_.engine;
    netlink::DeviceSettings settings;
    settings.role = netlink::Role::home_agent;
    settings.home_agent6 = engine.address6;
    settings.home_agent4 = engine.address4.value_or(wire::Ipv4Address{});
    settings.udp_port = configuration_.udp_port;
    settings.home_link = engine.home_link.link;
    set_limits(settings, engine.policy);
    const auto table = network_.configuration().table;
    Outcome result = network_.set_up_device(driver_->client(), settings);
    if (result) {
        // The device knows the way of an answer from its cookie; it has to get the packet first.
        // The socket is bound to the device, and by this rule no mark has a say in that.
        netlink::RouteSpec route;
        route.destination = {wire::Ipv6Address{}, 0};
        route.oif = network_.ifindex();
        route.table = table;
        result = network_.add_route(route);
    }
    if (result) {
        netlink::RuleSpec rule;
        rule.family = wire::AddressFamily::Ipv6;
        rule.priority = rule_priority::signalling;
        rule.table = table;
        rule.oif_name = network_.configuration().name;
        result = network_.add_rule(rule);
    }
    if (result) {
        result = home_routing_.stage(wanted_routes(configuration_, {}));
    }
    if (result) {
        log_failures("start", home_routing_.commit());
        result =
            network_.accept(netlink::MobilityHeaderExtension::home_address_option, engine.address6);
    }
    return result;
}

/// With a real home link the device gets all packets for the home network and gives those for hosts
/// at home back to the link. What is sent to the home link on purpose, as an answer to a node that
/// is there, is not asked about.
HomeRoutes HomeAgentRole::wanted_routes(const HomeAgentConfiguration& configuration,
                                        std::span<const wire::Ipv4Address> lent_elsewhere) const {
    return home_routes(configuration, {network_.ifindex(), network_.configuration().table},
                       lent_elsewhere);
}

Outcome HomeAgentRole::start() {
    if (auto set_up = set_up_network(); !set_up) {
        return set_up;
    }
    warn_about_host(configuration_);
    EngineCalls calls;
    calls.receive = [this](auto now, const auto& message) { return engine_.receive(now, message); };
    calls.confirm = [this](auto now, auto request, const auto& outcome) {
        return engine_.confirm(now, request, outcome);
    };
    if (store_) {
        calls.keep = [this](const auto& keep) { store_->keep(keep); };
    }
    calls.binding_expired = [this](auto now, const auto& home_address, auto bid) {
        return engine_.binding_expired(now, home_address, bid);
    };
    calls.tick = [this](auto now) {
        auto actions = engine_.tick(now);
        end_reload_if_done();
        return actions;
    };
    calls.next_deadline = [this] { return engine_.next_deadline(); };
    calls.bindings = [this](auto now) { return engine_.binding_cache(now); };
    calls.route_prefixes = [this](const auto& home_address, const auto& prefixes) {
        return routes_.set(home_address, prefixes);
    };
    calls.forget_lease4 = [this](const auto& address) {
        log_failures("route", home_routing_.remove(address_route(address)));
    };
    add_home_link_calls(calls);
    start_home_link();
    const auto restored = restore();
    if (!restored) {
        return tl::make_unexpected(restored.error());
    }
    if (auto routed = route_restored(); !routed) {
        return routed;
    }
    if (auto started = driver_->start(network_.ifindex(), std::move(calls)); !started) {
        return started;
    }
    if (store_) {
        store_->start(
            [this](auto requests, const auto& error) { driver_->confirm(requests, error); });
    }
    driver_->run(*restored);
    auto underlay = network_.follow_underlay(loop_, driver_->client());
    if (!underlay) {
        return tl::make_unexpected(underlay.error());
    }
    underlay_ = std::move(*underlay);
    if (auto watched = watch_home_link(); !watched) {
        return watched;
    }
    watch_home_address_options();
    if (auto discovering = start_discovery(); !discovering) {
        return discovering;
    }
    auto keeper = HostKeeper::open(loop_, network_, calls_);
    if (!keeper) {
        return tl::make_unexpected(keeper.error());
    }
    keeper_ = std::move(*keeper);
    return {};
}

/// Anew, if need be: what was heard on the home link before does not count on another.
Outcome HomeAgentRole::start_discovery() {
    if (discovery_) {
        discovery_->stop();
    }
    DiscoveryCalls calls;
    calls.report = calls_.report;
    calls.path = [this](std::uint32_t cookie) -> std::optional<mobility::MessagePath> {
        const auto path = driver_->client().path_get(network_.ifindex(), cookie);
        return path ? from_kernel(*path) : std::nullopt;
    };
    calls.anycast_addresses = [this](std::uint32_t link) {
        return network_.anycast_addresses(link);
    };
    calls.nodes.find = [this](auto time, const auto& home_address) {
        return engine_.registered(time, home_address);
    };
    calls.nodes.all = [this] { return engine_.registered_nodes(); };
    auto opened =
        DiscoveryService::open(configuration_.engine, network_.ifindex(), std::move(calls));
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    discovery_ = std::move(*opened);
    discovery_->start(loop_);
    return {};
}

/// Not worth failing for: without it nodes are not told why their packets vanish.
void HomeAgentRole::watch_home_address_options() {
    auto reports = netlink::XfrmReports::open();
    if (!reports) {
        spdlog::warn("no Binding Errors about Home Address options: {}", reports.error().message());
        return;
    }
    refused_options_.emplace(std::move(*reports));
    refused_options_watch_.emplace(loop_, refused_options_->fd(), [this] {
        // What is lost in a flood of them would not have been answered either.
        mobility::Actions actions;
        for (const auto& report : refused_options_->read()) {
            auto made = engine_.home_address_option_refused(
                now(), {report.home_address, report.care_of, report.destination, report.protocol,
                        report.mobility_type});
            std::move(made.begin(), made.end(), std::back_inserter(actions));
        }
        driver_->run(actions);
    });
}

void HomeAgentRole::stop(std::function<void()> finished) {
    keeper_.reset();
    cut_reload_short();
    refused_options_watch_.reset();
    underlay_.reset();
    home_link_watch_.reset();
    driver_->stop();
    if (discovery_) {
        discovery_->stop();
    }
    if (home_link_) {
        home_link_->stop();
    }
    if (store_) {
        store_->close();
    }
    if (configuration_.on_stop == OnStop::remove) {
        for (const auto& failure : network_.tear_down()) {
            spdlog::warn("clean-up: {}", failure);
        }
        if (!network_.configuration().create) {
            for (const auto& failure : routes_.clear()) {
                spdlog::warn("clean-up: {}", failure);
            }
            if (auto flushed = driver_->client().binding_flush(network_.ifindex()); !flushed) {
                spdlog::warn("clean-up: {}", flushed.error().message());
            }
        }
    }
    finished();
}

tl::expected<mobility::Actions, std::string> HomeAgentRole::restore() {
    const auto nodes = driver_->kernel_nodes(network_.ifindex());
    if (!nodes) {
        return tl::make_unexpected(nodes.error());
    }
    std::vector<mobility::StoredRegistration> stored;
    if (store_) {
        auto loaded = store_->load();
        if (!loaded) {
            return tl::make_unexpected(loaded.error());
        }
        stored = std::move(*loaded);
    }
    std::unordered_map<wire::Ipv6Address, const mobility::StoredRegistration*> by_address;
    by_address.reserve(stored.size());
    for (const auto& registration : stored) {
        by_address.emplace(registration.node.home_address, &registration);
    }
    mobility::Actions actions;
    const auto restore_one = [&](const auto* kernel, const auto* registration) {
        auto made = engine_.restore(now(), kernel, registration);
        std::move(made.begin(), made.end(), std::back_inserter(actions));
    };
    for (const auto& node : *nodes) {
        const auto found = by_address.find(node.home_address);
        restore_one(&node, found == by_address.end() ? nullptr : found->second);
        if (found != by_address.end()) {
            by_address.erase(found);
        }
    }
    constexpr mobility::KernelNode* not_in_kernel = nullptr;
    for (const bool with_bindings : {true, false}) {
        for (const auto& [home_address, registration] : by_address) {
            if (registration->node.bindings.empty() != with_bindings) {
                restore_one(not_in_kernel, registration);
            }
        }
    }
    log_reconciliation();
    return actions;
}

void HomeAgentRole::log_reconciliation() const {
    const auto& found = engine_.reconciliation();
    const auto kernel = found.alike + found.only_in_kernel + found.newer_in_kernel;
    if (!store_) {
        if (kernel + found.removed != 0) {
            spdlog::info("taking over {} nodes from the kernel; {} that are no longer served "
                         "removed",
                         kernel, found.removed);
        }
        return;
    }
    spdlog::info("taking over {} nodes: {} alike in kernel and store, {} only in the kernel, {} "
                 "only in the store, {} newer in the kernel, {} newer in the store; {} leases "
                 "reserved; {} nodes that are no longer served removed",
                 kernel + found.only_in_store + found.newer_in_store, found.alike,
                 found.only_in_kernel, found.only_in_store, found.newer_in_kernel,
                 found.newer_in_store, found.leases, found.removed);
}

Json HomeAgentRole::status() const {
    Json result;
    result["device"] = {{"name", network_.configuration().name}, {"ifindex", network_.ifindex()}};
    auto counts = engine_.counters();
    if (home_link_) {
        const auto more = home_link_->counters();
        counts.insert(counts.end(), more.begin(), more.end());
        counts.push_back({"home_link_reopened", home_link_changes_});
    }
    if (discovery_) {
        const auto more = discovery_->counters();
        counts.insert(counts.end(), more.begin(), more.end());
    }
    if (keeper_) {
        const auto more = keeper_->counters();
        counts.insert(counts.end(), more.begin(), more.end());
    }
    result["counters"] = counter_status(counts, driver_->counters());
    auto& own = result["home_agent"];
    own["nodes"] = engine_.node_count();
    own["bindings"] = engine_.binding_count();
    own["store"] = store_ ? store_->status() : Json(nullptr);
    own["prefixes"] = routes_.size();
    own["leases_outside_pool"] = engine_.leases_outside().size();
    own["drain"] = drain_status(engine_.drain_status());
    own["advertised_prefixes"] = discovery_ ? discovery_->advertised_prefixes() : Json::array();
    return result;
}

tl::expected<Json, std::string> HomeAgentRole::delete_binding(const BindingDeleteRequest& request) {
    bool found = false;
    driver_->run(engine_.remove(now(), request.home_address, request.bid, found));
    if (!found) {
        const auto which = request.bid ? fmt::format(" with bid {}", *request.bid) : std::string();
        return tl::make_unexpected(
            fmt::format("{} has no binding{}", to_string(request.home_address), which));
    }
    return Json{{"deleted", true}};
}

tl::expected<Json, std::string> HomeAgentRole::explain(const ExplainRequest& request) const {
    const auto time = now();
    auto home_address = request.address.ipv6() != nullptr
                            ? std::optional(*request.address.ipv6())
                            : engine_.owner_of(*request.address.ipv4());
    if (!home_address) {
        return tl::make_unexpected(
            fmt::format("{} is no node's IPv4 home address", to_string(request.address)));
    }
    return explanation_json(*home_address, engine_.explain(time, *home_address), time);
}

tl::expected<Json, std::string> HomeAgentRole::drain(const DrainControlRequest& request) {
    if (request.stop) {
        if (!engine_.drain_status()) {
            return tl::make_unexpected("this home agent is not being drained");
        }
        driver_->run(engine_.stop_drain());
        return Json{{"draining", false}};
    }
    mobility::DrainRequest wanted;
    wanted.home_agents = request.to;
    wanted.nodes_per_second = request.rate;
    wanted.grace = request.grace;
    const auto actions = engine_.drain(std::move(wanted));
    if (!actions) {
        return tl::make_unexpected(actions.error());
    }
    driver_->run(*actions);
    return Json{{"draining", true}, {"nodes", engine_.node_count()}};
}

tl::expected<Json, std::string> HomeAgentRole::home_agents() const {
    if (!discovery_) {
        return tl::make_unexpected("the daemon is still starting; try again");
    }
    return discovery_->home_agents();
}

netlink::RouteSpec HomeAgentRole::address_route(const wire::Ipv4Address& address) const {
    netlink::RouteSpec route;
    route.destination = {address, wire::Ipv4Address::bit_length};
    route.oif = network_.ifindex();
    route.table = main_table;
    return route;
}

} // namespace dsmip::daemon
