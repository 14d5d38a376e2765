// SPDX-License-Identifier: GPL-2.0-or-later
// The home agent's engine alone: Binding Updates per second of one core, what a restart has to do,
// octets of memory per binding.  A kernel that confirms at once takes part; no socket does.
//
//   bench_control_plane [NODES [ROUNDS]]     prints JSON; NODES: 1000000, ROUNDS: 2
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include <malloc.h>

#include "mobility/home_agent.hpp"
#include "wire/codec.hpp"

using namespace dsmip;
using namespace dsmip::mobility;

namespace {

// Of this process: others on the machine do not count.
double seconds_used() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::size_t octets_used() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

wire::Ipv6Address numbered(std::uint8_t network, std::uint32_t number) {
    wire::Ipv6Address address{{0x20, 0x01, 0x0D, 0xB8, 0, network}};
    for (unsigned octet = 0; octet < 4; ++octet) {
        address.bytes.at(15 - octet) = static_cast<std::uint8_t>(number >> (8 * octet));
    }
    return address;
}

HomeAgentConfig config(std::uint32_t nodes) {
    HomeAgentConfig config;
    config.address6 = numbered(1, 0xFFFFFFFF);
    config.address4 = wire::Ipv4Address{{192, 0, 2, 1}};
    config.home_prefixes = {{numbered(1, 0), 64}};
    config.accept_unlisted_nodes = true;
    config.address_pool = wire::Prefix4{wire::Ipv4Address{{10, 0, 0, 0}}, 8};
    config.policy.max_nodes = nodes;
    config.policy.updates_of_strangers = 0;
    return config;
}

// All answers of the kernel to what the engine asked for; the number of messages sent.
std::size_t serve(HomeAgent& agent, TimePoint now, const Actions& actions) {
    std::size_t sent = 0;
    for (const auto& action : actions) {
        if (const auto* install = std::get_if<InstallBindings>(&action)) {
            sent += serve(agent, now, agent.confirm(now, install->request, std::nullopt));
        } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
            sent += serve(agent, now, agent.confirm(now, remove->request, std::nullopt));
        } else if (std::holds_alternative<SendMessage>(action)) {
            ++sent;
        }
    }
    return sent;
}

struct Message {
    std::vector<std::uint8_t> octets;
    ReceivedMessage received;
};

Message update_of(std::uint32_t number, std::uint16_t sequence, const wire::Ipv6Address& agent) {
    wire::BindingUpdate update;
    update.sequence = sequence;
    update.flags.acknowledge = true;
    update.flags.home_registration = true;
    update.lifetime = wire::Lifetime::from(std::chrono::seconds(600));
    update.options.emplace_back(wire::Ipv4HomeAddress{32, false, {}});
    Message message;
    message.received.source = numbered(1, number);
    message.received.destination = agent;
    // Every second one behind IPv4.
    if (number % 2 == 0) {
        message.received.wire_source = numbered(2, number);
        message.received.wire_source->bytes.at(6) = static_cast<std::uint8_t>(number >> 8U);
        message.received.wire_source->bytes.at(7) = static_cast<std::uint8_t>(number);
    } else {
        const wire::Ipv4Address care_of{{198, static_cast<std::uint8_t>(number >> 16U),
                                         static_cast<std::uint8_t>(number >> 8U),
                                         static_cast<std::uint8_t>(number)}};
        update.options.emplace_back(wire::Ipv4CareOfAddress{care_of});
        message.received.path =
            MessagePath{1, Encapsulation::udp, {care_of, 4000}, {agent, 4191}, 1};
    }
    message.octets =
        wire::encode(update, wire::Dialect::Rfc, message.received.source, agent).value();
    return message;
}

} // namespace

int main(int count, char** words) {
    const auto nodes =
        static_cast<std::uint32_t>(count > 1 ? std::strtoul(words[1], nullptr, 10) : 1000000);
    const auto rounds = static_cast<unsigned>(count > 2 ? std::strtoul(words[2], nullptr, 10) : 2);
    const auto settings = config(nodes);
    TimePoint now{std::chrono::hours(1)};

    const auto before = octets_used();
    HomeAgent agent(settings);
    double registering = 0;
    double refreshing = 0;
    std::size_t answers = 0;
    std::size_t octets = 0;
    std::vector<Message> messages;
    for (unsigned round = 0; round <= rounds; ++round) {
        constexpr std::uint32_t batch = 10000;
        for (std::uint32_t first = 0; first < nodes; first += batch) {
            messages.clear();
            for (std::uint32_t number = first; number < std::min(first + batch, nodes); ++number) {
                messages.push_back(
                    update_of(number, static_cast<std::uint16_t>(round + 1), settings.address6));
            }
            const auto start = seconds_used();
            for (auto& message : messages) {
                message.received.octets = message.octets;
                answers += serve(agent, now, agent.receive(now, message.received));
            }
            (round == 0 ? registering : refreshing) += seconds_used() - start;
            now += std::chrono::milliseconds(100);
        }
        messages = {};
        octets = octets_used() - before;
    }
    if (agent.node_count() != nodes || answers != std::size_t{nodes} * (rounds + 1)) {
        std::fprintf(stderr, "%zu nodes and %zu answers of %u nodes\n", agent.node_count(), answers,
                     nodes);
        return 1;
    }

    const auto kernel = agent.binding_cache(now);
    HomeAgent successor(settings);
    auto start = seconds_used();
    const auto actions = successor.restore(now, kernel);
    const auto restoring = seconds_used() - start;
    if (successor.node_count() != nodes || !actions.empty()) {
        std::fprintf(stderr, "%zu nodes restored of %u\n", successor.node_count(), nodes);
        return 1;
    }
    std::printf("{\"nodes\": %u, \"registrations_per_s\": %.0f, \"refreshes_per_s\": %.0f, "
                "\"restore_s\": %.2f, \"octets_per_binding\": %.0f}\n",
                nodes, nodes / registering, rounds * static_cast<double>(nodes) / refreshing,
                restoring, static_cast<double>(octets) / nodes);
    return 0;
}
