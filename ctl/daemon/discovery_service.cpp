// SPDX-License-Identifier: GPL-2.0-or-later
// ICMPv6 of a home agent, in and out.
#include "daemon/discovery_service.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <random>

#include <fmt/format.h>
#include <netinet/in.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <linux/dsmip.h>

#include "daemon/clock.hpp"
#include "daemon/socket_route.hpp"

namespace dsmip::daemon {

namespace {

using wire::to_string;

// Messages taken in one turn, so that a flood does not starve the rest.
constexpr int turn_max = 64;

mobility::Random kernel_random() {
    return [device = std::make_shared<std::random_device>()] { return (*device)(); };
}

} // namespace

tl::expected<std::unique_ptr<DiscoveryService>, std::string>
DiscoveryService::open(const mobility::HomeAgentConfig& config, unsigned tunnel,
                       DiscoveryCalls calls) {
    std::vector<std::uint8_t> types{wire::type_home_agent_discovery_request,
                                    wire::type_mobile_prefix_solicitation};
    if (config.home_link.link != 0) {
        types.push_back(wire::type_router_advertisement);
    }
    auto socket = SignallingSocket::open_icmpv6(types);
    if (!socket) {
        return tl::make_unexpected(socket.error());
    }
    auto tap = SolicitationTap::open(config.address6);
    if (!tap) {
        return tl::make_unexpected(tap.error());
    }
    return std::unique_ptr<DiscoveryService>(new DiscoveryService(
        std::move(*socket), std::move(*tap), config, tunnel, std::move(calls)));
}

DiscoveryService::DiscoveryService(SignallingSocket socket, SolicitationTap tap,
                                   const mobility::HomeAgentConfig& config, unsigned tunnel,
                                   DiscoveryCalls calls)
    : socket_(std::move(socket))
    , tap_(std::move(tap))
    , tunnel_(tunnel)
    , anycast_link_(config.home_link.link != 0 ? config.home_link.link : tunnel)
    , calls_(std::move(calls))
    , engine_(config, tunnel_, calls_.nodes, kernel_random()) {}

void DiscoveryService::start(asio::io_context& loop) {
    claim_addresses();
    watch_.emplace(loop, socket_.fd(), [this] { read_messages(); });
    tap_watch_.emplace(loop, tap_.fd(), [this] { read_tap(); });
    timer_.emplace(loop, [this] {
        execute(engine_.tick(now()));
        set_timer();
    });
    set_timer();
    membership_timer_.emplace(loop, [this] { check_memberships(); });
    membership_timer_->set(now() + membership_interval);
}

void DiscoveryService::check_memberships() {
    if (const auto present = calls_.anycast_addresses(anycast_link_)) {
        std::erase_if(claimed_, [&](const auto& address) {
            const bool lost =
                std::find(present->begin(), present->end(), address) == present->end();
            if (lost) {
                (void)set_membership(address, false);
                counters_.add("anycast_lost");
            }
            return lost;
        });
    }
    claim_addresses();
    membership_timer_->set(now() + membership_interval);
}

void DiscoveryService::stop() {
    membership_timer_.reset();
    watch_.reset();
    tap_watch_.reset();
    timer_.reset();
    for (const auto& address : claimed_) {
        (void)set_membership(address, false);
    }
    claimed_.clear();
}

void DiscoveryService::reconfigure(const mobility::HomeAgentConfig& config) {
    engine_.reconfigure(now(), config);
    claim_addresses();
    set_timer();
}

bool DiscoveryService::set_membership(const wire::Ipv6Address& address, bool join) const {
    ipv6_mreq request{};
    std::memcpy(&request.ipv6mr_multiaddr, address.bytes.data(), address.bytes.size());
    request.ipv6mr_interface = anycast_link_;
    return ::setsockopt(socket_.fd(), IPPROTO_IPV6, join ? IPV6_JOIN_ANYCAST : IPV6_LEAVE_ANYCAST,
                        &request, sizeof request) == 0;
}

void DiscoveryService::claim_addresses() {
    const auto wanted = engine_.anycast_addresses();
    std::erase_if(claimed_, [&](const auto& address) {
        const bool obsolete = std::find(wanted.begin(), wanted.end(), address) == wanted.end();
        return obsolete && set_membership(address, false);
    });
    for (const auto& address : wanted) {
        if (std::find(claimed_.begin(), claimed_.end(), address) != claimed_.end()) {
            continue;
        }
        const auto told = std::find(refused_.begin(), refused_.end(), address);
        if (set_membership(address, true)) {
            claimed_.push_back(address);
            if (told != refused_.end()) {
                refused_.erase(told);
                spdlog::info("discovery: the anycast address {} is claimed now",
                             to_string(address));
            }
            continue;
        }
        const int error = errno;
        counters_.add("anycast_refused");
        if (told == refused_.end()) {
            refused_.push_back(address);
            spdlog::warn("discovery: the anycast address {} cannot be claimed: {}{}; requests to "
                         "it are not answered until it can",
                         to_string(address), std::strerror(error),
                         error == EADDRNOTAVAIL ? ", because this host does not forward" : "");
        }
    }
}

void DiscoveryService::read_messages() {
    // What was taken from the kernel is read to its end: nobody would wake us for it.
    for (int i = 0; i < turn_max || socket_.has_more(); ++i) {
        const auto datagram = socket_.receive();
        if (!datagram) {
            counters_.add(fmt::format("drop_{}", datagram.error()));
            continue;
        }
        if (!*datagram) {
            break;
        }
        mobility::ReceivedIcmpv6 message;
        message.source = (*datagram)->source;
        message.destination = *(*datagram)->ancillary.destination;
        message.wire_source = (*datagram)->ancillary.wire_source;
        message.link = (*datagram)->ancillary.link;
        message.hop_limit = (*datagram)->ancillary.hop_limit;
        message.octets = (*datagram)->octets;
        deliver(message, (*datagram)->ancillary.mark);
    }
    set_timer();
}

void DiscoveryService::read_tap() {
    for (int i = 0; i < turn_max; ++i) {
        const auto tapped = tap_.receive();
        if (!tapped) {
            counters_.add(fmt::format("drop_{}", tapped.error()));
            continue;
        }
        if (!*tapped) {
            break;
        }
        deliver((*tapped)->message, (*tapped)->mark);
    }
    set_timer();
}

void DiscoveryService::deliver(mobility::ReceivedIcmpv6 message, std::uint32_t mark) {
    if ((mark & DSMIP_COOKIE_FLAG) != 0) {
        message.path = calls_.path(mark);
        if (!message.path) {
            counters_.add("drop_path_unknown");
            return;
        }
    }
    execute(engine_.receive(now(), message));
}

void DiscoveryService::execute(const mobility::Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* message = std::get_if<mobility::SendMessage>(&action)) {
            send(*message);
        } else if (const auto* report = std::get_if<mobility::Report>(&action)) {
            calls_.report(*report);
        }
    }
}

void DiscoveryService::send(const mobility::SendMessage& message) {
    const auto route = socket_route(message);
    if (auto sent = socket_.send(message.octets, route.destination, route.ancillary); !sent) {
        counters_.add("send_failed");
        calls_.report({mobility::Report::Level::warning, "send_failed", {{"error", sent.error()}}});
    }
}

void DiscoveryService::set_timer() {
    if (timer_) {
        timer_->set(engine_.next_deadline());
    }
}

Json DiscoveryService::home_agents() const {
    Json result = Json::array();
    for (const auto& known : engine_.home_agents(now())) {
        Json row;
        auto& addresses = row["addresses"] = Json::array();
        for (const auto& address : known.addresses) {
            addresses.push_back(to_string(address));
        }
        row["preference"] = known.preference;
        row["mobile_routers"] = known.mobile_routers;
        row["own"] = known.own;
        row["link_local"] =
            known.link_local.is_unspecified() ? Json(nullptr) : Json(to_string(known.link_local));
        row["remaining_ms"] = known.remaining ? Json(known.remaining->count()) : Json(nullptr);
        result.push_back(std::move(row));
    }
    return result;
}

Json DiscoveryService::advertised_prefixes() const {
    Json result = Json::array();
    for (const auto& information : engine_.prefixes().prefixes(now())) {
        Json row;
        row["prefix"] = to_string(information.prefix.network());
        row["on_link"] = information.on_link;
        row["autonomous"] = information.autonomous;
        row["valid_lifetime"] = information.valid_lifetime;
        row["preferred_lifetime"] = information.preferred_lifetime;
        result.push_back(std::move(row));
    }
    return result;
}

std::vector<mobility::NamedCount> DiscoveryService::counters() const {
    auto all = engine_.counters();
    all.push_back({"prefix_advertisements_scheduled", engine_.prefixes().scheduled()});
    for (const auto& [name, value] : counters_.values()) {
        all.push_back({"icmp_" + name, value});
    }
    return all;
}

} // namespace dsmip::daemon
