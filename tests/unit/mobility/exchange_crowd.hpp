// SPDX-License-Identifier: GPL-2.0-or-later
// Several mobile nodes and their home agent: networks that lose, repeat, delay and reorder
// messages, NATs that forget, kernels that refuse, are late or lose requests and answers,
// programs that die; one clock, one source of randomness.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "exchange_ledger.hpp"
#include "exchange_world.hpp"
#include "kernel_table.hpp"

namespace dsmip::mobility::test {

// What kernel and store do with each request.
struct Mood {
    double refusal = 0;      // says no and does nothing
    double lost_request = 0; // does nothing and says nothing
    double lost_answer = 0;  // does it and says nothing
    Duration slowest_answer{0};
    bool tells_expiry = true;
};

class Crowd {
public:
    static constexpr unsigned size = 5;

    explicit Crowd(std::uint32_t seed);
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    // Something happens to somebody, then time passes.
    void misfortune();
    // The world gets well; after a while everything that can be is as it should be.
    void calm();
    // Messages, expiries, deadlines so far.
    [[nodiscard]] std::uint64_t steps() const { return steps_; }
    [[nodiscard]] std::size_t changes() const { return ledger_.changes(); }

private:
    struct Node {
        MobileNodeConfig config;
        std::unique_ptr<MobileNode> engine;
        KernelTable kernel;
        std::vector<CareOfCandidate> candidates;
        unsigned life = 0;    // grows with each restart
        bool removed = false; // by the operator, and does not know it
    };
    using Event = std::function<void()>;

    [[nodiscard]] std::uint32_t pick(std::uint32_t count);
    [[nodiscard]] bool chance(double probability);

    // ---- places and inputs (exchange_crowd.cpp)
    [[nodiscard]] CareOfCandidate place(unsigned index, bool second, unsigned kind) const;
    void move(unsigned index, std::vector<CareOfCandidate> candidates);
    void wander(unsigned index);
    void restart_mobile_node(unsigned index);
    void restart_home_agent();
    void remove_by_operator();
    void change_weather();
    void run(Duration length);
    void step();
    [[nodiscard]] std::optional<TimePoint> next_event() const;
    void check();
    void check_agreement();

    // ---- messages (exchange_crowd_network.cpp)
    void mobile_node_does(unsigned index, const Actions& actions);
    void home_agent_does(const Actions& actions);
    void in_the_network(const Event& arrives);
    void to_home_agent(unsigned index, const SendMessage& message);
    void to_mobile_node(const SendMessage& message);
    void deliver(unsigned index, const SendMessage& message, std::optional<MessagePath> path,
                 unsigned link);
    void ask(const Action& action);
    [[nodiscard]] Nat* nat_of(unsigned index, const wire::IpAddress& inside);
    [[nodiscard]] const CareOfCandidate* attached(unsigned index,
                                                  const wire::IpAddress& address) const;

    std::mt19937 random_;
    TimePoint now_{std::chrono::hours(1)};
    Weather weather_;
    Mood mood_;
    HomeAgentConfig home_agent_config_;
    std::unique_ptr<HomeAgent> home_agent_;
    unsigned home_agent_life_ = 0;
    KernelTable kernel_;
    std::map<wire::Ipv6Address, StoredRegistration> store_;
    TimePoint last_answer_of_kernel_{}; // each answers in order
    TimePoint last_answer_of_store_{};
    std::vector<Node> nodes_;
    std::vector<Nat> nats_;
    std::multimap<TimePoint, Event> events_;
    struct Cookie {
        MessagePath path;
        TimePoint made;
    };
    std::map<std::uint32_t, Cookie> cookies_;
    std::uint32_t next_cookie_ = 0x80000001;
    Ledger ledger_;
    // Last request to the kernel about each node that was not answered, or not with success: nobody
    // knows what the kernel holds of it.
    std::map<wire::Ipv6Address, RequestId> unsettled_;
    std::uint64_t steps_ = 0;
};

} // namespace dsmip::mobility::test
