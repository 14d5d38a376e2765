// SPDX-License-Identifier: GPL-2.0-or-later
// Discovery at the home agent: who may ask, and what is answered.
#include "mobility/home_agent_discovery.hpp"

#include <algorithm>

namespace dsmip::mobility {
namespace {

// Requests come from anybody, and answers are longer: 100 at once, then 100 in a second.
constexpr Duration answer_interval{10};
constexpr unsigned answer_burst = 100;
constexpr std::uint8_t hop_limit_of_link = 255;

constexpr std::array<std::string_view, static_cast<std::size_t>(DiscoveryDrop::count_)> drop_names{
    "drop_icmp_unexpected_type",     "drop_discovery_disabled",
    "drop_discovery_source",         "drop_discovery_destination",
    "drop_discovery_rate",           "drop_advertisement_elsewhere",
    "drop_advertisement_hop_limit",  "drop_advertisement_source",
    "drop_advertisement_too_many",   "drop_solicitation_disabled",
    "drop_solicitation_destination", "drop_solicitation_not_registered",
    "drop_solicitation_care_of",     "drop_solicitation_no_home_address",
    "drop_solicitation_rate"};

OwnHomeAgent own_of(const HomeAgentConfig& config) {
    return {config.address6, config.discovery.preference, config.prefixes.accept_mobile_routers};
}

} // namespace

std::string_view name_of(DiscoveryDrop cause) {
    return drop_names.at(static_cast<std::size_t>(cause));
}

HomeAgentDiscovery::HomeAgentDiscovery(const HomeAgentConfig& config, unsigned tunnel,
                                       RegisteredNodes nodes, Random random)
    : address_(config.address6)
    , home_prefixes_(config.home_prefixes)
    , config_(config.discovery)
    , home_link_(config.home_link.link)
    , tunnel_(tunnel)
    , nodes_(std::move(nodes))
    , random_(std::move(random))
    , list_(own_of(config))
    , prefixes_(config.prefix_discovery, config.address6, config.home_prefixes, nodes_, random_)
    , answers_(answer_interval, answer_burst) {}

void HomeAgentDiscovery::reconfigure(TimePoint now, const HomeAgentConfig& config) {
    address_ = config.address6;
    home_prefixes_ = config.home_prefixes;
    config_ = config.discovery;
    list_.set_own(own_of(config));
    prefixes_.reconfigure(now, config.prefix_discovery, config.home_prefixes);
}

std::vector<wire::Ipv6Address> HomeAgentDiscovery::anycast_addresses() const {
    std::vector<wire::Ipv6Address> addresses;
    if (config_.enabled) {
        for (const auto& prefix : home_prefixes_) {
            addresses.push_back(wire::home_agents_anycast(prefix));
        }
    }
    return addresses;
}

// ---------------------------------------------------------------- messages

Actions HomeAgentDiscovery::receive(TimePoint now, const ReceivedIcmpv6& message) {
    const auto decoded =
        wire::decode_discovery(message.octets, message.source, message.destination);
    if (!decoded) {
        ++decode_drops_.at(static_cast<std::size_t>(decoded.error()));
        report_dropped(wire::drop_name(decoded.error()), message);
    } else if (const auto* request = std::get_if<wire::HomeAgentDiscoveryRequest>(&*decoded)) {
        handle(now, message, *request);
    } else if (const auto* solicitation = std::get_if<wire::MobilePrefixSolicitation>(&*decoded)) {
        handle(now, message, *solicitation);
    } else if (const auto* advertisement = std::get_if<wire::RouterAdvertisement>(&*decoded)) {
        handle(now, message, *advertisement);
    } else {
        drop(DiscoveryDrop::unexpected_type, message);
    }
    return std::exchange(actions_, {});
}

void HomeAgentDiscovery::handle(TimePoint now, const ReceivedIcmpv6& message,
                                const wire::HomeAgentDiscoveryRequest& request) {
    if (!config_.enabled) {
        return drop(DiscoveryDrop::discovery_disabled, message);
    }
    const auto asked = anycast_addresses();
    if (std::find(asked.begin(), asked.end(), message.destination) == asked.end()) {
        return drop(DiscoveryDrop::discovery_destination, message);
    }
    if (!message.source.is_unicast_routable() || message.source == address_) {
        return drop(DiscoveryDrop::discovery_source, message);
    }
    if (!answers_.take(now)) {
        return drop(DiscoveryDrop::discovery_rate, message);
    }
    expire(now);
    wire::HomeAgentDiscoveryReply reply;
    reply.identifier = request.identifier;
    reply.mobile_router = request.mobile_router;
    reply.home_agents = list_.addresses(now, random_, request.mobile_router);
    if (reply.home_agents.empty()) { // none serves mobile routers (RFC 3963, 7.3)
        reply.mobile_router = false;
        reply.home_agents = list_.addresses(now, random_, false);
    }
    NativeIpv6 route;
    route.wire_source = address_;
    route.wire_destination = message.source;
    actions_.emplace_back(SendMessage{wire::encode(reply, address_, message.source), address_,
                                      message.source, route});
    ++requests_answered_;
}

tl::expected<SendRoute, DiscoveryDrop> HomeAgentDiscovery::way_back(const ReceivedIcmpv6& message,
                                                                    const KernelNode& node) const {
    const auto has = [&](auto&& is) {
        return std::any_of(node.bindings.begin(), node.bindings.end(), is);
    };
    if (message.path) {
        // A direct one keeps its port for the day it needs UDP.
        const auto& remote = message.path->remote;
        if (!has([&](const KernelBinding& binding) {
                return !binding.home_link && binding.care_of == remote.address &&
                       (binding.port == remote.port ||
                        (remote.port == 0 && binding.encapsulation == Encapsulation::direct));
            })) {
            return tl::make_unexpected(DiscoveryDrop::solicitation_care_of);
        }
        return AnswerPath{message.path->cookie};
    }
    NativeIpv6 native;
    native.wire_source = address_;
    native.wire_destination = node.home_address;
    if (message.wire_source && *message.wire_source != node.home_address) {
        const wire::IpAddress care_of = *message.wire_source;
        if (!has([&](const KernelBinding& binding) {
                return !binding.home_link && binding.care_of == care_of;
            })) {
            return tl::make_unexpected(DiscoveryDrop::solicitation_care_of);
        }
        native.wire_destination = *message.wire_source;
        native.routing_header = true;
        return native;
    }
    if (message.link == tunnel_) { // the module has looked where it came from
        return native;
    }
    const bool home = home_link_ != 0 && message.link == home_link_ &&
                      has([](const KernelBinding& binding) { return binding.home_link; });
    if (!home) {
        return tl::make_unexpected(DiscoveryDrop::solicitation_no_home_address);
    }
    native.link = home_link_;
    return native;
}

void HomeAgentDiscovery::handle(TimePoint now, const ReceivedIcmpv6& message,
                                const wire::MobilePrefixSolicitation& solicitation) {
    if (!prefixes_.config().enabled) {
        return drop(DiscoveryDrop::solicitation_disabled, message);
    }
    if (message.destination != address_) {
        return drop(DiscoveryDrop::solicitation_destination, message);
    }
    const auto node = nodes_.find(now, message.source);
    if (!node) {
        return drop(DiscoveryDrop::solicitation_not_registered, message);
    }
    const auto route = way_back(message, *node);
    if (!route) {
        return drop(route.error(), message);
    }
    auto answer = prefixes_.answer(now, message.source, solicitation.identifier, *route);
    if (!answer) {
        return drop(DiscoveryDrop::solicitation_rate, message);
    }
    actions_.emplace_back(std::move(*answer));
    ++solicitations_answered_;
}

void HomeAgentDiscovery::handle(TimePoint now, const ReceivedIcmpv6& message,
                                const wire::RouterAdvertisement& advertisement) {
    if (home_link_ == 0 || message.link != home_link_) {
        return drop(DiscoveryDrop::advertisement_elsewhere, message);
    }
    if (message.hop_limit != hop_limit_of_link) {
        return drop(DiscoveryDrop::advertisement_hop_limit, message);
    }
    if (!message.source.is_link_local()) {
        return drop(DiscoveryDrop::advertisement_source, message);
    }
    ++advertisements_heard_;
    expire(now);
    switch (list_.hear(now, message.source, advertisement)) {
    case HomeAgentsList::Outcome::full:
        return drop(DiscoveryDrop::advertisement_too_many, message);
    case HomeAgentsList::Outcome::found:
        report_list("home-agent-found", message.source);
        break;
    case HomeAgentsList::Outcome::lost:
        report_list("home-agent-lost", message.source);
        break;
    case HomeAgentsList::Outcome::unchanged:
        break;
    }
    prefixes_.set_heard(now, list_.prefixes(now));
}

// ---------------------------------------------------------------- time

void HomeAgentDiscovery::expire(TimePoint now) {
    const auto gone = list_.expire(now);
    for (const auto& router : gone) {
        report_list("home-agent-lost", router);
    }
    if (!gone.empty()) {
        prefixes_.set_heard(now, list_.prefixes(now));
    }
}

Actions HomeAgentDiscovery::tick(TimePoint now) {
    expire(now);
    for (auto& message : prefixes_.tick(now)) {
        actions_.emplace_back(std::move(message));
        ++unsolicited_sent_;
    }
    return std::exchange(actions_, {});
}

std::optional<TimePoint> HomeAgentDiscovery::next_deadline() const {
    const auto one = list_.next_deadline();
    const auto other = prefixes_.next_deadline();
    return one && other ? std::min(one, other) : one ? one : other;
}

// ---------------------------------------------------------------- reports

void HomeAgentDiscovery::drop(DiscoveryDrop cause, const ReceivedIcmpv6& message) {
    ++drops_.at(static_cast<std::size_t>(cause));
    // Routers of other links say so all the time.
    if (cause != DiscoveryDrop::advertisement_elsewhere) {
        report_dropped(name_of(cause).substr(std::string_view("drop_").size()), message);
    }
}

void HomeAgentDiscovery::report_dropped(std::string_view cause, const ReceivedIcmpv6& message) {
    actions_.emplace_back(Report{Report::Level::debug,
                                 "message-dropped",
                                 {{"cause", ReportValue(cause)},
                                  {"source", message.source},
                                  {"destination", message.destination}}});
}

void HomeAgentDiscovery::report_list(std::string_view name, const wire::Ipv6Address& router) {
    actions_.emplace_back(Report{Report::Level::info, name, {{"router", router}}});
}

std::vector<NamedCount> HomeAgentDiscovery::counters() const {
    std::vector<NamedCount> all{{"discovery_requests_answered", requests_answered_},
                                {"prefix_solicitations_answered", solicitations_answered_},
                                {"prefix_advertisements_unsolicited", unsolicited_sent_},
                                {"router_advertisements_heard", advertisements_heard_}};
    for (std::size_t index = 0; index < drops_.size(); ++index) {
        all.push_back({std::string(drop_names.at(index)), drops_.at(index)});
    }
    for (std::size_t index = 0; index < decode_drops_.size(); ++index) {
        const auto cause = static_cast<wire::DiscoveryCause>(index);
        all.push_back({"drop_" + std::string(wire::drop_name(cause)), decode_drops_.at(index)});
    }
    return all;
}

} // namespace dsmip::mobility
