// SPDX-License-Identifier: GPL-2.0-or-later
// A mobile node and two home agents that are drained in turns, over a network that loses messages
// by a seed: in the end the node is registered with one of them, the one that takes nodes.
#include <catch2/catch.hpp>

#include <deque>
#include <random>

#include "../addresses.hpp"
#include "mobility/home_agent.hpp"
#include "mobility/mobile_node.hpp"
#include "wire/codec.hpp"

using namespace dsmip::mobility;
using namespace dsmip::test;
namespace wire = dsmip::wire;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const auto home = v6("2001:db8:1::100");
const auto care_of = v6("2001:db8:2::200");
const std::array<wire::Ipv6Address, 2> addresses{v6("2001:db8:1::1"), v6("2001:db8:1::2")};

HomeAgentConfig agent_config(std::size_t index) {
    HomeAgentConfig config;
    config.address6 = addresses.at(index);
    config.home_prefixes = {prefix6("2001:db8:1::/64")};
    config.nodes = {{home, {}}};
    return config;
}

MobileNodeConfig node_config() {
    MobileNodeConfig config;
    config.home_address = home;
    config.home_agent6 = addresses[0];
    config.other_home_agents = {{addresses[1], std::nullopt}};
    config.accesses = {{"wlan0", 0, 0}};
    return config;
}

class World {
public:
    World(unsigned seed, double loss)
        : random_(seed)
        , loss_(loss) {
        run_node(node.network_changed(now, {{"wlan0", 3, care_of, true}}));
    }

    void drain(std::size_t from, std::size_t to) {
        auto actions = agents.at(from).drain({{addresses.at(to)}});
        REQUIRE(actions);
        run_agent(from, *actions);
    }
    void take_again(std::size_t index) { run_agent(index, agents.at(index).stop_drain()); }

    void advance(Duration by) {
        const auto end = now + by;
        for (;;) {
            auto next = end;
            const auto consider = [&](std::optional<TimePoint> deadline) {
                if (deadline) {
                    next = std::min(next, std::max(*deadline, now));
                }
            };
            consider(node.next_deadline());
            consider(agents[0].next_deadline());
            consider(agents[1].next_deadline());
            if (!mail_.empty()) {
                consider(mail_.front().at);
            }
            now = next;
            while (!mail_.empty() && mail_.front().at <= now) {
                const auto letter = mail_.front();
                mail_.pop_front();
                deliver(letter);
            }
            for (std::size_t i = 0; i < agents.size(); ++i) {
                if (const auto due = agents.at(i).next_deadline(); due && *due <= now) {
                    run_agent(i, agents.at(i).tick(now));
                }
            }
            if (const auto due = node.next_deadline(); due && *due <= now) {
                run_node(node.tick(now));
            }
            if (now >= end) {
                return;
            }
        }
    }

    [[nodiscard]] bool registered() const {
        return node.binding_update_list(now).front().state == RegistrationState::registered;
    }
    [[nodiscard]] bool bound(std::size_t index) const { return agents.at(index).node_count() == 1; }

    TimePoint now{seconds(1000)};
    std::array<HomeAgent, 2> agents{HomeAgent(agent_config(0)), HomeAgent(agent_config(1))};
    MobileNode node{node_config(), [this] { return static_cast<std::uint32_t>(random_()); }};
    unsigned lost = 0;

private:
    static constexpr std::size_t to_node = 2;
    struct Letter {
        TimePoint at;
        std::size_t to = 0;
        ReceivedMessage message;
        std::vector<std::uint8_t> octets;
    };

    void post(std::size_t to, const SendMessage& sent,
              std::optional<wire::Ipv6Address> wire_source) {
        if (std::uniform_real_distribution<>(0, 1)(random_) < loss_) {
            ++lost;
            return;
        }
        Letter letter{now + milliseconds(10), to, {}, sent.octets};
        letter.message.source = sent.source;
        letter.message.destination = sent.destination;
        letter.message.wire_source = wire_source;
        mail_.push_back(std::move(letter));
    }

    void deliver(const Letter& letter) {
        auto message = letter.message;
        message.octets = letter.octets;
        if (letter.to == to_node) {
            run_node(node.receive(now, message));
        } else {
            run_agent(letter.to, agents.at(letter.to).receive(now, message));
        }
    }

    void run_node(const Actions& actions) {
        for (const auto& action : actions) {
            if (const auto* sent = std::get_if<SendMessage>(&action)) {
                const auto& native = std::get<NativeIpv6>(sent->route);
                post(sent->destination == addresses[0] ? 0 : 1, *sent, native.wire_source);
            } else if (const auto* use = std::get_if<UseHomeAgent>(&action)) {
                tunnel_from_ = use->address6;
            } else if (const auto* install = std::get_if<InstallBindings>(&action)) {
                run_node(node.kernel_done(now, install->request, {}));
            } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
                run_node(node.kernel_done(now, remove->request, {}));
            }
        }
    }

    void run_agent(std::size_t index, const Actions& actions) {
        auto& agent = agents.at(index);
        for (const auto& action : actions) {
            if (const auto* sent = std::get_if<SendMessage>(&action)) {
                const auto& native = std::get<NativeIpv6>(sent->route);
                // What is no answer comes through the tunnel: from the home agent in use only.
                if (native.routing_header ||
                    (bound(index) && tunnel_from_ == addresses.at(index))) {
                    post(to_node, *sent, std::nullopt);
                }
            } else if (const auto* install = std::get_if<InstallBindings>(&action)) {
                run_agent(index, agent.confirm(now, install->request, {}));
            } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
                run_agent(index, agent.confirm(now, remove->request, {}));
            }
        }
    }

    std::mt19937 random_;
    double loss_;
    wire::Ipv6Address tunnel_from_ = addresses[0];
    std::deque<Letter> mail_;
};

} // namespace

TEST_CASE("without loss a node is with the other home agent in a moment") {
    World world(1, 0);
    world.advance(seconds(1));
    REQUIRE(world.registered());
    REQUIRE(world.bound(0));
    world.drain(0, 1);
    world.advance(milliseconds(100));
    CHECK(world.registered());
    CHECK_FALSE(world.bound(0));
    CHECK(world.bound(1));
    CHECK(world.node.home_agent().address6 == addresses[1]);
    CHECK(world.agents[0].drain_status()->gone == 1);
}

TEST_CASE("home agents drained in turns over a bad network do not lose a node") {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        INFO("seed " << seed);
        World world(seed, 0.25);
        world.advance(seconds(120));
        std::size_t from = world.bound(0) ? 0 : 1;
        for (int round = 0; round < 6; ++round) {
            INFO("round " << round);
            const auto to = 1 - from;
            world.drain(from, to);
            // Longer than any binding that was not given up in order.
            world.advance(seconds(900));
            CHECK(world.registered());
            CHECK_FALSE(world.bound(from));
            REQUIRE(world.bound(to));
            CHECK(world.node.home_agent().address6 == addresses.at(to));
            world.take_again(from);
            from = to;
        }
        CHECK(world.lost > 0);
        for (const auto& count : world.node.counters()) {
            if (count.name == "illegal_transitions" || count.name == "encode_failures") {
                CHECK(count.value == 0);
            }
        }
    }
}
