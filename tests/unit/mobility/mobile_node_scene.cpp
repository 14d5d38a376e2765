// SPDX-License-Identifier: GPL-2.0-or-later
// The scene around a mobile node under test.
#include "mobile_node_scene.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "wire/binding_identifier.hpp"

namespace dsmip::mobility::test {

wire::Ipv6Address v6(const char* text) {
    return wire::Ipv6Address::parse(text).value();
}

wire::Ipv4Address v4(const char* text) {
    return wire::Ipv4Address::parse(text).value();
}

CareOfCandidate wlan(const char* address) {
    return {"wlan0", 3, wire::IpAddress::parse(address).value(), true};
}

CareOfCandidate lte(const char* address) {
    return {"lte0", 4, wire::IpAddress::parse(address).value(), true};
}

MobileNodeConfig plain_config() {
    MobileNodeConfig config;
    config.home_address = home_address;
    config.home_agent6 = home_agent6;
    config.home_agent4 = home_agent4;
    config.accesses = {{"wlan0", 1, 1}, {"lte0", 2, 2}};
    return config;
}

MobileNodeConfig mcoa_config() {
    auto config = plain_config();
    config.mcoa = true;
    return config;
}

wire::Lifetime lifetime(seconds duration) {
    return wire::Lifetime::from(duration);
}

std::vector<std::uint16_t> Sent::bids() const {
    std::vector<std::uint16_t> bids;
    for (const auto& option : wire::find_options<wire::BindingIdentifier>(update.options)) {
        bids.push_back(option.bid);
    }
    return bids;
}

Scene::Scene(MobileNodeConfig config, std::uint32_t random)
    : node(std::move(config), [random] { return random; }) {}

void Scene::network(std::vector<CareOfCandidate> candidates) {
    absorb(node.network_changed(now, std::move(candidates)));
}

void Scene::advance(Duration by) {
    const TimePoint end = now + by;
    for (auto next = node.next_deadline(); next && *next <= end; next = node.next_deadline()) {
        // A deadline that is not in the future would make the daemon spin.
        REQUIRE(*next > now);
        now = *next;
        absorb(node.tick(now));
    }
    now = end;
}

void Scene::absorb(Actions actions) {
    for (auto& action : actions) {
        if (auto* message = std::get_if<SendMessage>(&action)) {
            const auto decoded = wire::decode(message->octets, message->source,
                                              message->destination, wire::Dialect::Auto);
            REQUIRE(decoded);
            REQUIRE(std::holds_alternative<wire::BindingUpdate>(*decoded));
            sent.push_back({now, std::get<wire::BindingUpdate>(*decoded), *message});
        } else if (auto* installed = std::get_if<InstallBindings>(&action)) {
            installs.push_back(*installed);
            install(*installed);
            absorb(node.kernel_done(now, installed->request, kernel_answer));
        } else if (auto* removed = std::get_if<RemoveBindings>(&action)) {
            removes.push_back(*removed);
            remove(*removed);
            absorb(node.kernel_done(now, removed->request, kernel_answer));
        } else if (auto* assign = std::get_if<AssignHomeAddress4>(&action)) {
            assigned.push_back(assign->address);
        } else if (auto* withdraw = std::get_if<WithdrawHomeAddress4>(&action)) {
            withdrawn.push_back(withdraw->address);
        } else if (auto* use = std::get_if<UseHomeAgent>(&action)) {
            used.push_back(*use);
        } else if (auto* report = std::get_if<Report>(&action)) {
            reports.push_back(*report);
        }
    }
    CHECK(count("illegal_transitions") == 0);
    CHECK(count("encode_failures") == 0);
}

void Scene::install(const InstallBindings& request) {
    CHECK(request.replace);
    CHECK(request.node.home_address == home_address);
    if (!kernel_answer) {
        kernel_node = request.node;
    }
}

void Scene::remove(const RemoveBindings& request) {
    CHECK(request.home_address == home_address);
    if (kernel_answer) {
        return;
    }
    std::erase_if(kernel_node.bindings, [&](const KernelBinding& binding) {
        return request.bids.empty() || std::find(request.bids.begin(), request.bids.end(),
                                                 binding.bid) != request.bids.end();
    });
}

Arrival Scene::answer_to(const Sent& sent, const Answer& answer) const {
    wire::BindingAcknowledgement acknowledgement;
    acknowledgement.status = answer.status;
    acknowledgement.flags.tlv = answer.tlv;
    acknowledgement.flags.mobile_router = answer.mobile_router;
    acknowledgement.sequence = answer.sequence.value_or(sent.update.sequence);
    acknowledgement.lifetime = answer.lifetime.value_or(sent.update.lifetime);
    acknowledgement.options = answer.options;
    if (sent.udp() != nullptr && !answer.without_nat_option) {
        acknowledgement.options.emplace_back(answer.nat.value_or(
            wire::NatDetection{false, wire::NatDetection::no_keepalive_needed}));
    } else if (answer.nat) {
        acknowledgement.options.emplace_back(*answer.nat);
    }
    for (const auto& option : wire::find_options<wire::BindingIdentifier>(sent.update.options)) {
        auto status = wire::BindingStatus::Accepted;
        for (const auto& [bid, given] : answer.bid_status) {
            status = bid == option.bid ? given : status;
        }
        if (answer.echo_bids) {
            acknowledgement.options.emplace_back(wire::echo_binding_identifier(option, status));
        }
    }
    Arrival arrival;
    arrival.octets =
        wire::encode(acknowledgement, wire::Dialect::Rfc, home_agent6, home_address).value();
    arrival.message.source = home_agent6;
    arrival.message.destination = home_address;
    if (const auto* udp = sent.udp()) {
        MessagePath path;
        path.cookie = 0x80000001;
        path.remote = udp->remote;
        path.local = {udp->local, 40000};
        path.link = udp->link;
        arrival.message.path = path;
        arrival.message.link = udp->link;
    } else {
        arrival.message.wire_source = home_agent6;
        arrival.message.link = sent.native()->link;
    }
    return arrival;
}

void Scene::deliver(const Arrival& arrival) {
    ReceivedMessage message = arrival.message;
    message.octets = arrival.octets;
    absorb(node.receive(now, message));
}

void Scene::from_home_agent(const wire::MobilityMessage& message,
                            const wire::Ipv6Address& destination) {
    Arrival arrival;
    arrival.octets = wire::encode(message, wire::Dialect::Rfc, home_agent6, destination).value();
    arrival.message.source = home_agent6;
    arrival.message.destination = destination;
    deliver(arrival);
}

Sent Scene::take() {
    REQUIRE(pending() > 0);
    return sent.at(taken_++);
}

BindingUpdateListEntry Scene::row(std::uint16_t bid) const {
    for (const auto& row : node.binding_update_list(now)) {
        if (row.bid == bid) {
            return row;
        }
    }
    FAIL("no row with BID " << bid);
    return {};
}

std::uint64_t Scene::count(const std::string& name) const {
    for (const auto& counter : node.counters()) {
        if (counter.name == name) {
            return counter.value;
        }
    }
    FAIL("no counter " << name);
    return 0;
}

bool Scene::reported(const std::string& name) const {
    return std::any_of(reports.begin(), reports.end(),
                       [&](const Report& report) { return report.name == name; });
}

const KernelBinding* Scene::kernel(std::uint16_t bid) const {
    for (const auto& binding : kernel_node.bindings) {
        if (binding.bid == bid) {
            return &binding;
        }
    }
    return nullptr;
}

Sent registered(Scene& scene, const CareOfCandidate& candidate, const Answer& answer) {
    scene.network({candidate});
    const auto update = scene.take();
    scene.answer(update, answer);
    REQUIRE(scene.row().state == RegistrationState::registered);
    return update;
}

} // namespace dsmip::mobility::test
