// SPDX-License-Identifier: GPL-2.0-or-later
// How messages and kernel requests of the crowd travel.
#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "exchange_crowd.hpp"

namespace dsmip::mobility::test {
namespace {

constexpr std::uint16_t mobile_node_port = 40000;
constexpr Duration cookie_lifetime = std::chrono::seconds(10);

} // namespace

// Nodes with an even index have a NAT of their own each, all with the same addresses inside; the
// others share one.
Nat* Crowd::nat_of(unsigned index, const wire::IpAddress& inside) {
    const auto* address = inside.ipv4();
    if (address == nullptr || address->bytes.front() != 10) {
        return nullptr;
    }
    return &nats_.at(index % 2 == 0 ? index : 1);
}

const CareOfCandidate* Crowd::attached(unsigned index, const wire::IpAddress& address) const {
    const auto& candidates = nodes_.at(index).candidates;
    const auto found =
        std::find_if(candidates.begin(), candidates.end(), [&](const CareOfCandidate& candidate) {
            return candidate.address == address;
        });
    return found == candidates.end() ? nullptr : &*found;
}

void Crowd::in_the_network(const Event& arrives) {
    const int copies = chance(weather_.repetition) ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        if (!chance(weather_.loss)) {
            const auto span = (weather_.longest_delay - weather_.shortest_delay).count();
            events_.emplace(now_ + weather_.shortest_delay +
                                Duration(pick(static_cast<std::uint32_t>(span) + 1)),
                            arrives);
        }
    }
}

// ---------------------------------------------------------------- mobile nodes

void Crowd::mobile_node_does(unsigned index, const Actions& actions) {
    auto& node = nodes_.at(index);
    const auto answer = [&](RequestId request, bool done) {
        events_.emplace(now_, [this, index, request, done, life = node.life] {
            if (nodes_.at(index).life == life) {
                mobile_node_does(index, nodes_.at(index).engine->kernel_done(
                                            now_, request, done ? KernelOutcome{} : "refused"));
            }
        });
    };
    for (const auto& action : actions) {
        if (const auto* message = std::get_if<SendMessage>(&action)) {
            to_home_agent(index, *message);
        } else if (const auto* install = std::get_if<InstallBindings>(&action)) {
            const bool refused = chance(mood_.refusal);
            answer(install->request, !refused && node.kernel.install(now_, *install));
        } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
            node.kernel.remove(*remove);
            answer(remove->request, true);
        }
    }
}

void Crowd::to_home_agent(unsigned index, const SendMessage& message) {
    ReceivedMessage received;
    received.source = message.source;
    received.destination = message.destination;
    received.link = 1;
    if (const auto* native = std::get_if<NativeIpv6>(&message.route)) {
        if (attached(index, native->wire_source) == nullptr) {
            return;
        }
        received.wire_source = native->wire_source;
    } else {
        const auto& udp = std::get<UdpPath>(message.route);
        if (attached(index, udp.local) == nullptr) {
            return;
        }
        MessagePath path;
        path.local = udp.remote;
        path.remote = {udp.local, mobile_node_port};
        if (auto* nat = nat_of(index, udp.local)) {
            path.remote = nat->outward(now_, path.remote);
        }
        path.link = 1;
        received.path = path;
    }
    in_the_network([this, received, octets = message.octets]() mutable {
        received.octets = octets;
        if (received.path) {
            received.path->cookie = next_cookie_++;
            cookies_[received.path->cookie] = {*received.path, now_};
            while (cookies_.begin()->second.made + cookie_lifetime < now_) {
                cookies_.erase(cookies_.begin());
            }
        }
        ledger_.delivered(now_, received);
        home_agent_does(home_agent_->receive(now_, received));
    });
}

void Crowd::deliver(unsigned index, const SendMessage& message, std::optional<MessagePath> path,
                    unsigned link) {
    ReceivedMessage received;
    received.source = message.source;
    received.destination = message.destination;
    received.path = path;
    received.link = link;
    received.octets = message.octets;
    mobile_node_does(index, nodes_.at(index).engine->receive(now_, received));
}

// ---------------------------------------------------------------- home agent

void Crowd::home_agent_does(const Actions& actions) {
    for (const auto& action : actions) {
        if (const auto* message = std::get_if<SendMessage>(&action)) {
            ledger_.sent(now_, *message);
            to_mobile_node(*message);
        } else if (const auto* report = std::get_if<Report>(&action)) {
            ledger_.reported(now_, *report);
            if (report->name == "kernel-request-lost") {
                // Given up; its answer can come later and settles nothing.
                const auto& [name, value] = report->fields.front();
                unsettled_[wire::Ipv6Address::parse(value.text()).value()] = 0;
            }
        } else {
            ask(action);
        }
    }
}

void Crowd::to_mobile_node(const SendMessage& message) {
    unsigned index = 0;
    while (index < size && nodes_.at(index).config.home_address != message.destination) {
        ++index;
    }
    REQUIRE(index < size);
    if (const auto* native = std::get_if<NativeIpv6>(&message.route)) {
        in_the_network([this, index, message, native = *native] {
            if (const auto* where = attached(index, native.wire_destination)) {
                deliver(index, message, std::nullopt, where->link);
            }
        });
        return;
    }
    const auto found = cookies_.find(std::get<AnswerPath>(message.route).cookie);
    if (found == cookies_.end()) {
        return; // the answer waited too long
    }
    in_the_network([this, index, message, used = found->second.path] {
        auto inside = used.remote;
        for (auto& nat : nats_) {
            if (inside.address == wire::IpAddress(nat.outside())) {
                const auto mapped = nat.inward(now_, used.remote);
                if (!mapped) {
                    return;
                }
                inside = *mapped;
                break;
            }
        }
        if (const auto* where = attached(index, inside.address)) {
            MessagePath path;
            path.remote = used.local;
            path.local = inside;
            path.link = where->link;
            deliver(index, message, path, where->link);
        }
    });
}

void Crowd::ask(const Action& action) {
    const auto* install = std::get_if<InstallBindings>(&action);
    const auto* remove = std::get_if<RemoveBindings>(&action);
    const auto* keep = std::get_if<KeepRegistration>(&action);
    REQUIRE((install != nullptr || remove != nullptr || keep != nullptr));
    const auto request = install != nullptr  ? install->request
                         : remove != nullptr ? remove->request
                                             : keep->request;
    const auto home_address = install != nullptr  ? install->node.home_address
                              : remove != nullptr ? remove->home_address
                                                  : keep->registration.node.home_address;
    if (keep == nullptr) {
        unsettled_[home_address] = request;
    }
    if (chance(mood_.lost_request)) {
        return;
    }
    RequestOutcome outcome;
    if (chance(mood_.refusal)) {
        outcome = "no memory";
    } else if (install != nullptr && !kernel_.install(now_, *install)) {
        outcome = "address of another node";
    } else if (remove != nullptr) {
        kernel_.remove(*remove);
    } else if (keep != nullptr) {
        store_[home_address] = keep->registration;
    }
    if (chance(mood_.lost_answer)) {
        return;
    }
    auto& last_answer = keep != nullptr ? last_answer_of_store_ : last_answer_of_kernel_;
    const auto slowest = static_cast<std::uint32_t>(mood_.slowest_answer.count());
    last_answer = std::max(last_answer, now_ + Duration(pick(slowest + 1)));
    const bool of_kernel = keep == nullptr;
    events_.emplace(last_answer, [=, this, life = home_agent_life_] {
        if (life != home_agent_life_) {
            return;
        }
        const auto found = unsettled_.find(home_address);
        if (of_kernel && !outcome && found != unsettled_.end() && found->second == request) {
            unsettled_.erase(found);
        }
        home_agent_does(home_agent_->confirm(now_, request, outcome));
    });
}

} // namespace dsmip::mobility::test
