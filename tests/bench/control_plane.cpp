// SPDX-License-Identifier: GPL-2.0-or-later
// The home agent's engine alone: Binding Updates per second of one core, what a restart has to do,
// octets of memory per binding.  A kernel that confirms at once takes part; no socket does.
//
//   bench_control_plane [NODES [ROUNDS [FILE]]]     prints JSON; NODES: 1000000, ROUNDS: 2
//
// With FILE, a new one, also the store: records kept per second while a few hundred wait, as with
// Binding Updates, and what a start from it takes.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <malloc.h>

#include "mobility/home_agent.hpp"
#include "store/registration_record.hpp"
#include "store/sqlite_store.hpp"
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
    config.policy.updates_per_source = 0;
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

// What a store posts, run by whoever waits for it.
class Loop {
public:
    void post(std::function<void()> work) {
        const std::lock_guard lock(mutex_);
        work_.push_back(std::move(work));
        wake_.notify_one();
    }
    void run() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !work_.empty(); });
        const auto work = std::exchange(work_, {});
        lock.unlock();
        for (const auto& each : work) {
            each();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<std::function<void()>> work_;
};

store::WallTime wall_time() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "bench_control_plane: %s\n", why.c_str());
    std::exit(1);
}

std::unique_ptr<store::Store> open_store(const std::string& path, Loop& loop) {
    auto opened = store::SqliteStore::open(
        path, [&loop](std::function<void()> work) { loop.post(std::move(work)); });
    if (!opened) {
        give_up(opened.error());
    }
    return std::move(*opened);
}

// Keeps all nodes, then starts a home agent with what was kept; ", "-separated JSON members.
std::string measure_store(const std::string& path, const std::vector<KernelNode>& nodes,
                          const HomeAgentConfig& settings, TimePoint now) {
    constexpr std::size_t window = 256;
    Loop loop;
    auto keeper = open_store(path, loop);
    if (!keeper->load([](const store::Record&) { give_up("the file of the store is not new"); })) {
        give_up("the new store cannot be read");
    }
    std::size_t kept = 0;
    keeper->start(
        [&](std::span<const store::Token> tokens, const std::optional<std::string>& error) {
            if (error) {
                give_up(*error);
            }
            kept += tokens.size();
        },
        {});
    auto start = std::chrono::steady_clock::now();
    for (std::size_t next = 0; kept < nodes.size();) {
        for (; next < nodes.size() && next - kept < window; ++next) {
            const StoredRegistration registration{nodes[next], 1, wire::Dialect::Rfc, false, {}};
            keeper->put({nodes[next].home_address, store::encode(registration, wall_time())}, next);
        }
        loop.run();
    }
    const auto keeping = seconds_since(start);
    const auto commits = keeper->statistics().commits;
    keeper->close();
    keeper.reset(); // else it would be in use

    start = std::chrono::steady_clock::now();
    const auto reader = open_store(path, loop);
    HomeAgent agent(settings);
    const auto loaded = reader->load([&](const store::Record& record) {
        const auto registration = store::decode(record.home_address, record.value, wall_time());
        if (!registration) {
            give_up(registration.error());
        }
        const auto actions = agent.restore(now, nullptr, &*registration);
    });
    const auto restoring = seconds_since(start);
    if (!loaded || agent.node_count() != nodes.size()) {
        give_up(std::to_string(agent.node_count()) + " nodes out of the store");
    }
    std::array<char, 200> text{};
    std::snprintf(text.data(), text.size(),
                  ", \"store_records_per_s\": %.0f, \"store_commits_per_s\": %.0f, "
                  "\"store_restore_s\": %.2f",
                  static_cast<double>(nodes.size()) / keeping,
                  static_cast<double>(commits) / keeping, restoring);
    return text.data();
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
    const auto store = count > 3 ? measure_store(words[3], kernel, settings, now) : std::string();
    std::printf("{\"nodes\": %u, \"registrations_per_s\": %.0f, \"refreshes_per_s\": %.0f, "
                "\"restore_s\": %.2f, \"octets_per_binding\": %.0f%s}\n",
                nodes, nodes / registering,
                rounds == 0 ? 0 : rounds * static_cast<double>(nodes) / refreshing, restoring,
                static_cast<double>(octets) / nodes, store.c_str());
    return 0;
}
