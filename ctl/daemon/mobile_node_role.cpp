// SPDX-License-Identifier: GPL-2.0-or-later
// The mobile node's host set-up and life cycle.
#include "daemon/mobile_node_role.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include <asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <linux/dsmip.h>

#include "daemon/care_of_candidates.hpp"
#include "daemon/clock.hpp"
#include "daemon/kernel_values.hpp"
#include "daemon/mobile_network.hpp"
#include "daemon/router_solicitation.hpp"
#include "daemon/shared_address.hpp"
#include "daemon/status.hpp"

namespace dsmip::daemon {

namespace {

using Outcome = tl::expected<void, std::string>;

constexpr std::uint32_t main_table = 254;

std::uint8_t full_length(const wire::IpAddress& address) {
    return address.is_ipv4() ? wire::Ipv4Address::bit_length : wire::Ipv6Address::bit_length;
}

wire::IpAddress any_address(wire::AddressFamily family) {
    return family == wire::AddressFamily::Ipv4 ? wire::IpAddress(wire::Ipv4Address{})
                                               : wire::IpAddress(wire::Ipv6Address{});
}

void log_if_failed(const Outcome& outcome) {
    if (!outcome) {
        spdlog::warn("{}", outcome.error());
    }
}

} // namespace

tl::expected<std::unique_ptr<Role>, std::string>
MobileNodeRole::open(asio::io_context& loop, const Configuration& configuration,
                     EngineDriver::Reporter reporter) {
    // First: making a link of the kind is what loads the module.
    auto network = HostNetwork::open(configuration.device);
    if (!network) {
        return tl::make_unexpected(network.error());
    }
    if (auto made = network->make_device(); !made) {
        return tl::make_unexpected(made.error());
    }
    auto driver = EngineDriver::open(loop, false, std::move(reporter));
    if (!driver) {
        return tl::make_unexpected(driver.error());
    }
    auto monitor = netlink::LinkMonitor::open();
    if (!monitor) {
        return tl::make_unexpected(monitor.error().message());
    }
    return std::unique_ptr<Role>(new MobileNodeRole(loop, configuration.mobile_node,
                                                    std::move(*network), std::move(*driver),
                                                    std::move(*monitor)));
}

MobileNodeRole::MobileNodeRole(asio::io_context& loop, MobileNodeConfiguration configuration,
                               HostNetwork network, std::unique_ptr<EngineDriver> driver,
                               netlink::LinkMonitor monitor)
    : loop_(loop)
    , configuration_(std::move(configuration))
    , network_(std::move(network))
    , engine_(configuration_.engine,
              [device = std::make_shared<std::random_device>()] {
                  return static_cast<std::uint32_t>((*device)());
              })
    , driver_(std::move(driver))
    , monitor_(std::move(monitor))
    , networks_([this](const auto& prefix) { return route_mobile_network(network_, prefix); },
                [this](const auto& prefix) { return unroute_mobile_network(network_, prefix); }) {}

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
    netlink::RuleSpec rule;
    rule.family = address.family();
    rule.priority = priority;
    rule.table = table;
    rule.from = netlink::PrefixSpec{address, full_length(address)};
    return rule;
}

netlink::DeviceSettings MobileNodeRole::device_settings() const {
    const auto home_agent = engine_.home_agent();
    netlink::DeviceSettings settings;
    settings.role = netlink::Role::mobile_node;
    settings.home_agent6 = home_agent.address6;
    settings.home_agent4 = home_agent.address4.value_or(wire::Ipv4Address{});
    settings.udp_port = configuration_.udp_port;
    settings.home_agent_port = configuration_.engine.home_agent_port;
    return settings;
}

/// A predecessor may have gone to another home agent, where its bindings are.
void MobileNodeRole::continue_with_home_agent() {
    const auto device = driver_->client().device_get(network_.ifindex());
    if (device && device->settings.role == netlink::Role::mobile_node &&
        device->settings.home_agent6) {
        engine_.start_with(*device->settings.home_agent6);
    }
}

Outcome MobileNodeRole::set_up_network() {
    const auto& engine = configuration_.engine;
    const auto table = network_.configuration().table;
    Outcome result = network_.set_up_device(driver_->client(), device_settings());
    if (result) {
        result = network_.add_address(home_address(), home_address_policy());
    }
    if (result) {
        result = network_.add_route(default_route(engine.home_address));
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

Outcome MobileNodeRole::route_everything() {
    for (const auto family : {wire::AddressFamily::Ipv6, wire::AddressFamily::Ipv4}) {
        netlink::RuleSpec attached;
        attached.family = family;
        attached.priority = rule_priority::attached;
        attached.table = main_table;
        attached.suppress_prefix_length = 0;
        netlink::RuleSpec everything;
        everything.family = family;
        everything.priority = rule_priority::everything;
        everything.table = network_.configuration().table;
        for (const auto& rule : {attached, everything}) {
            if (auto added = network_.add_rule(rule); !added) {
                return added;
            }
        }
    }
    return {};
}

EngineCalls MobileNodeRole::engine_calls() {
    EngineCalls calls;
    calls.receive = [this](auto now, const auto& message) {
        auto actions = engine_.receive(now, message);
        finish_if_done();
        return actions;
    };
    calls.confirm = [this](auto now, auto request, const auto& outcome) {
        auto actions = engine_.kernel_done(now, request, outcome);
        finish_if_done();
        return actions;
    };
    calls.binding_expired = [this](auto now, const auto&, auto bid) {
        return engine_.binding_expired(now, bid);
    };
    calls.tick = [this](auto now) {
        auto actions = engine_.tick(now);
        finish_if_done();
        return actions;
    };
    calls.next_deadline = [this] { return engine_.next_deadline(); };
    calls.bindings = [this](auto now) {
        mobility::KernelNode node;
        node.home_address = configuration_.engine.home_address;
        for (const auto& entry : engine_.binding_update_list(now)) {
            if (entry.remaining > mobility::Duration(0)) {
                node.bindings.emplace_back().bid = entry.bid;
            }
        }
        return std::vector{node};
    };
    calls.route_prefixes = [this](const auto& home_address, const auto& prefixes) {
        return networks_.set(home_address, prefixes);
    };
    calls.assign_home_address4 = [this](const auto& address) { assign(address); };
    calls.withdraw_home_address4 = [this](const auto& address) { withdraw(address); };
    calls.use_home_agent = [this](const auto&) {
        log_if_failed(network_.set_up_device(driver_->client(), device_settings()));
    };
    return calls;
}

mobility::Actions MobileNodeRole::restore() {
    const auto nodes = driver_->kernel_nodes(network_.ifindex());
    if (!nodes) {
        spdlog::warn("bindings in the kernel cannot be read: {}", nodes.error());
        return {};
    }
    mobility::Actions actions;
    for (const auto& node : *nodes) {
        if (node.home_address == configuration_.engine.home_address) {
            spdlog::info("taking over {} bindings from the kernel", node.bindings.size());
            actions = engine_.restore(now(), node);
            continue;
        }
        // The home address was another one in an earlier configuration.
        netlink::Node foreign;
        foreign.home_address = node.home_address;
        if (auto deleted =
                driver_->client().binding_del(network_.ifindex(), std::span(&foreign, 1));
            !deleted) {
            spdlog::warn("{}", deleted.error().message());
        }
    }
    return actions;
}

Outcome MobileNodeRole::start() {
    continue_with_home_agent();
    if (auto set_up = set_up_network(); !set_up) {
        return set_up;
    }
    const auto restored = restore();
    mobility::KernelNode networks;
    networks.prefixes6 = engine_.prefixes6();
    networks.prefixes4 = engine_.prefixes4();
    log_if_failed(networks_.set(configuration_.engine.home_address, prefixes_of(networks)));
    if (auto started = driver_->start(network_.ifindex(), engine_calls()); !started) {
        return started;
    }
    driver_->run(restored);
    auto underlay = network_.follow_underlay(loop_, driver_->client());
    if (!underlay) {
        return tl::make_unexpected(underlay.error());
    }
    underlay_ = std::move(*underlay);
    attachment_timer_.emplace(loop_, [this] { network_changed(); });
    network_changed();
    remove_leftover_addresses();
    log_if_failed(network_.remove_leftovers(HostNetwork::PolicyRules::own));
    monitor_watch_.emplace(loop_, monitor_.fd(), [this] {
        const auto changed = monitor_.process();
        if (!changed) {
            spdlog::warn("watching links and addresses: {}", changed.error().message());
        } else if (*changed) {
            network_changed();
        }
    });
    return {};
}

void MobileNodeRole::remove_leftover_addresses() {
    const auto* device = monitor_.state().find(network_.ifindex());
    if (device == nullptr) {
        return;
    }
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

void MobileNodeRole::network_changed() {
    if (stopping_) {
        return;
    }
    NoCareOf excluded;
    excluded.tunnel_device = network_.ifindex();
    excluded.underlay = network_.configuration().underlay;
    excluded.home_addresses = {configuration_.engine.home_address};
    ask(attachments_.update(now(), monitor_.state()));
    attachment_timer_->set(attachments_.next_deadline());
    forget_left_networks();
    auto candidates = care_of_candidates(monitor_.state(), excluded);
    for (auto& candidate : candidates) {
        candidate.presence =
            attachments_.presence(*monitor_.state().find(candidate.link), candidate.address);
    }
    follow_shared_address(candidates);
    if (candidates_ == candidates) {
        return;
    }
    follow_care_of(candidates);
    candidates_ = candidates;
    driver_->run(engine_.network_changed(now(), std::move(candidates)));
}

bool MobileNodeRole::is_access(std::uint32_t ifindex) const {
    const auto* link = monitor_.state().find(ifindex);
    const auto& accesses = configuration_.engine.accesses;
    return link != nullptr &&
           std::any_of(accesses.begin(), accesses.end(),
                       [&](const auto& access) { return access.link_name == link->name; });
}

/// A node that has left the home link, or another network with a home agent, by the interface that
/// it had there would look for the home agent on the new link, for days.
void MobileNodeRole::forget_left_networks() {
    const auto& engine = configuration_.engine;
    auto left = attachments_.left(monitor_.state());
    std::erase_if(left, [&](const LeftNetwork& network) {
        const auto holds = [&](const wire::Ipv6Address& home_agent) {
            return network.prefix.contains(home_agent);
        };
        const auto& others = engine.other_home_agents;
        return !is_access(network.link) ||
               !(holds(engine.home_agent6) ||
                 std::any_of(others.begin(), others.end(),
                             [&](const auto& other) { return holds(other.address6); }));
    });
    for (const auto& network : left) {
        if (std::find(left_networks_.begin(), left_networks_.end(), network) ==
            left_networks_.end()) {
            spdlog::info("on-link-route-removed prefix={} link={}", wire::to_string(network.prefix),
                         monitor_.state().find(network.link)->name);
            log_if_failed(network_.forget_on_link(network.link, network.prefix));
        }
    }
    left_networks_ = std::move(left);
}

/// On the accesses; other links are no business of the node.
void MobileNodeRole::ask(const AttachmentQuestions& questions) {
    for (const auto ifindex : questions.solicit) {
        if (!is_access(ifindex)) {
            continue;
        }
        if (const auto asked = solicit_routers(ifindex); !asked) {
            spdlog::debug("{}", asked.error());
        }
    }
    for (const auto& neighbour : questions.probe) {
        if (!is_access(neighbour.link)) {
            continue;
        }
        if (const auto asked = network_.probe_neighbour(neighbour.link, neighbour.address);
            !asked) {
            spdlog::debug("{}", asked.error());
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
            log_if_failed(
                network_.add_rule(rule_from(address, rule_priority::care_of, main_table)));
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
            log_if_failed(network_.add_rule(rule));
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
    log_if_failed(network_.add_address(address4(address)));
    log_if_failed(network_.add_route(default_route(address)));
    log_if_failed(network_.add_rule(
        rule_from(address, rule_priority::home_address, network_.configuration().table)));
}

void MobileNodeRole::withdraw(const wire::Ipv4Address& address) {
    log_if_failed(network_.remove_rule(
        rule_from(address, rule_priority::home_address, network_.configuration().table)));
    log_if_failed(network_.remove_route(default_route(address)));
    log_if_failed(network_.remove_address(address4(address)));
    follow_shared_address(candidates_.value_or(std::vector<mobility::CareOfCandidate>{}));
}

void MobileNodeRole::stop(std::function<void()> finished) {
    stopping_ = true;
    finished_ = std::move(finished);
    stop_timer_.emplace(loop_, [this] {
        spdlog::warn("the home agent did not acknowledge de-registration in time; its binding ends "
                     "with its lifetime");
        // Not from here: it ends this timer.
        asio::post(loop_, [this] { finish(); });
    });
    stop_timer_->set(now() + stop_patience);
    driver_->run(engine_.stop(now()));
    finish_if_done();
}

void MobileNodeRole::finish_if_done() {
    if (stopping_ && finished_ && engine_.finished()) {
        // The engine's last actions are carried out first.
        asio::post(loop_, [this] { finish(); });
    }
}

void MobileNodeRole::finish() {
    if (!finished_) {
        return;
    }
    driver_->stop();
    stop_timer_.reset();
    monitor_watch_.reset();
    underlay_.reset();
    attachment_timer_.reset();
    for (const auto& failure : network_.tear_down()) {
        spdlog::warn("clean-up: {}", failure);
    }
    if (!network_.configuration().create) {
        if (auto flushed = driver_->client().binding_flush(network_.ifindex()); !flushed) {
            spdlog::warn("clean-up: {}", flushed.error().message());
        }
    }
    std::exchange(finished_, nullptr)();
}

Json MobileNodeRole::status() const {
    Json result;
    result["device"] = {{"name", network_.configuration().name}, {"ifindex", network_.ifindex()}};
    result["counters"] = counter_status(engine_.counters(), driver_->counters());
    auto& own = result["mobile_node"];
    own["home_address"] = to_string(configuration_.engine.home_address);
    const auto home_agent = engine_.home_agent();
    own["home_agent6"] = to_string(home_agent.address6);
    own["home_agent4"] =
        home_agent.address4 ? Json(to_string(*home_agent.address4)) : Json(nullptr);
    const auto address = engine_.home_address4();
    own["home_address4"] = address ? Json(to_string(*address)) : Json(nullptr);
    auto& prefixes = own["prefixes"] = Json::array();
    for (const auto& prefix : engine_.prefixes6()) {
        prefixes.push_back(to_string(prefix));
    }
    for (const auto& prefix : engine_.prefixes4()) {
        prefixes.push_back(to_string(prefix));
    }
    own["binding_update_list"] = binding_update_list_status(engine_.binding_update_list(now()));
    own["shared_addresses"] = shared_addresses_status(engine_.shared_addresses());
    own["silent_care_of"] = silent_care_of_status(engine_.silent_care_of(now()));
    return result;
}

tl::expected<Json, std::string> MobileNodeRole::delete_binding(const BindingDeleteRequest&) {
    return tl::make_unexpected("a mobile node's bindings are those of its home agent; delete them "
                               "there, or stop this daemon to de-register");
}

} // namespace dsmip::daemon
