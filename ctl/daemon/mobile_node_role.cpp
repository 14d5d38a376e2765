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
#include "daemon/status.hpp"

namespace dsmip::daemon {

namespace {

using Outcome = tl::expected<void, std::string>;

void log_if_failed(const Outcome& outcome) {
    if (!outcome) {
        spdlog::warn("{}", outcome.error());
    }
}

AttachmentSettings attachment_settings(const MobileNodeConfiguration& configuration) {
    AttachmentSettings settings;
    for (const auto& access : configuration.engine.accesses) {
        settings.links.push_back(access.link_name); // other links are no business of the node
    }
    settings.check = configuration.router_check;
    return settings;
}

} // namespace

tl::expected<std::unique_ptr<Role>, std::string>
MobileNodeRole::open(asio::io_context& loop, const Configuration& configuration, RoleCalls calls) {
    // First: making a link of the kind is what loads the module.
    auto network = HostNetwork::open(configuration.device);
    if (!network) {
        return tl::make_unexpected(network.error());
    }
    if (auto made = network->make_device(); !made) {
        return tl::make_unexpected(made.error());
    }
    auto driver = EngineDriver::open(loop, false, calls.report);
    if (!driver) {
        return tl::make_unexpected(driver.error());
    }
    auto monitor = netlink::LinkMonitor::open();
    if (!monitor) {
        return tl::make_unexpected(monitor.error().message());
    }
    return std::unique_ptr<Role>(new MobileNodeRole(loop, configuration.mobile_node,
                                                    std::move(*network), std::move(*driver),
                                                    std::move(*monitor), std::move(calls)));
}

MobileNodeRole::MobileNodeRole(asio::io_context& loop, MobileNodeConfiguration configuration,
                               HostNetwork network, std::unique_ptr<EngineDriver> driver,
                               netlink::LinkMonitor monitor, RoleCalls calls)
    : loop_(loop)
    , configuration_(std::move(configuration))
    , network_(std::move(network))
    , engine_(configuration_.engine,
              [device = std::make_shared<std::random_device>()] {
                  return static_cast<std::uint32_t>((*device)());
              })
    , driver_(std::move(driver))
    , monitor_(std::move(monitor))
    , attachments_(attachment_settings(configuration_),
                   [device = std::make_shared<std::random_device>()] {
                       return static_cast<std::uint32_t>((*device)());
                   })
    , networks_([this](const auto& prefix) { return route_mobile_network(network_, prefix); },
                [this](const auto& prefix) { return unroute_mobile_network(network_, prefix); })
    , calls_(std::move(calls)) {}

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

EngineCalls MobileNodeRole::engine_calls() {
    EngineCalls calls;
    calls.receive = [this](auto now, const auto& message) {
        auto actions = engine_.receive(now, message);
        look_at_engine();
        return actions;
    };
    calls.confirm = [this](auto now, auto request, const auto& outcome) {
        auto actions = engine_.kernel_done(now, request, outcome);
        look_at_engine();
        return actions;
    };
    calls.binding_expired = [this](auto now, const auto&, auto bid) {
        return engine_.binding_expired(now, bid);
    };
    calls.tick = [this](auto now) {
        auto actions = engine_.tick(now);
        look_at_engine();
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
    auto keeper = HostKeeper::open(loop_, network_, calls_);
    if (!keeper) {
        return tl::make_unexpected(keeper.error());
    }
    keeper_ = std::move(*keeper);
    return {};
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
    std::erase_if(candidates, [this](const auto& candidate) { return is_stay(candidate); });
    for (auto& candidate : candidates) {
        const auto& link = *monitor_.state().find(candidate.link);
        candidate.presence = attachments_.presence(link, candidate.address);
        candidate.attachment = attachments_.attachment(link);
    }
    follow_shared_address(candidates);
    if (candidates_ != candidates) {
        follow_care_of(candidates);
        candidates_ = candidates;
        driver_->run(engine_.network_changed(now(), std::move(candidates)));
    }
    follow_home_link();
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
        return !holds(engine.home_agent6) &&
               std::none_of(others.begin(), others.end(),
                            [&](const auto& other) { return holds(other.address6); });
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

void MobileNodeRole::ask(const AttachmentQuestions& questions) {
    for (const auto ifindex : questions.solicit) {
        if (const auto asked = solicit_routers(ifindex); !asked) {
            spdlog::debug("{}", asked.error());
        }
    }
    for (const auto& neighbour : questions.probe) {
        if (const auto asked = network_.probe_neighbour(neighbour.link, neighbour.address);
            !asked) {
            spdlog::debug("{}", asked.error());
        }
    }
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

void MobileNodeRole::look_at_engine() {
    finish_if_done();
    if (!stopping_ && engine_.home_link() != home_link_) {
        asio::post(loop_, [this] {
            if (!stopping_) {
                follow_home_link();
            }
        });
    }
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
    keeper_.reset();
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
    auto counts = engine_.counters();
    if (keeper_) {
        const auto more = keeper_->counters();
        counts.insert(counts.end(), more.begin(), more.end());
    }
    result["counters"] = counter_status(counts, driver_->counters());
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
