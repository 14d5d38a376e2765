// SPDX-License-Identifier: GPL-2.0-or-later
// A mobile node and a home agent with a network between them that loses, repeats, delays and
// reorders messages by a seed, a NAT, two kernels that hold bindings, and one clock.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "mobility/home_agent.hpp"
#include "mobility/mobile_node.hpp"

namespace dsmip::mobility::test {

// What the network does to each message.
struct Weather {
    double loss = 0;
    double repetition = 0;
    Duration shortest_delay{10};
    Duration longest_delay{10};
};

// The bindings of one node as a kernel holds them: deleted at their lifetime.
class KernelModel {
public:
    struct Held {
        KernelBinding binding;
        TimePoint expiry;
    };

    void install(TimePoint now, const InstallBindings& request);
    // False if one of them does not exist; then nothing is deleted.
    bool remove(const RemoveBindings& request);
    // Deletes what has ended; the BIDs of it.
    std::vector<std::uint16_t> expire(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_expiry() const;
    [[nodiscard]] KernelNode dump(TimePoint now) const; // as at a start of the daemon
    [[nodiscard]] const std::map<std::uint16_t, Held>& bindings() const { return bindings_; }
    [[nodiscard]] const std::vector<wire::Ipv4Address>& home_addresses4() const {
        return home_addresses4_;
    }
    [[nodiscard]] const std::vector<wire::Prefix6>& prefixes6() const { return prefixes6_; }
    [[nodiscard]] const std::vector<wire::Prefix4>& prefixes4() const { return prefixes4_; }

private:
    void forget_if_empty(); // prefixes go with their node

    wire::Ipv6Address home_address_;
    std::vector<wire::Ipv4Address> home_addresses4_;
    std::vector<wire::Prefix6> prefixes6_;
    std::vector<wire::Prefix4> prefixes4_;
    std::map<std::uint16_t, Held> bindings_;
};

// Address and port translation; a mapping that is not used for `timeout` is forgotten.
class Nat {
public:
    static constexpr Duration timeout = std::chrono::seconds(120);

    explicit Nat(const wire::Ipv4Address& outside = {{203, 0, 113, 1}})
        : outside_(outside) {}

    wire::Endpoint outward(TimePoint now, const wire::Endpoint& inside);
    [[nodiscard]] std::optional<wire::Endpoint> inward(TimePoint now,
                                                       const wire::Endpoint& outside);
    void reboot() { mappings_.clear(); }
    [[nodiscard]] const wire::Ipv4Address& outside() const { return outside_; }

private:
    wire::Ipv4Address outside_;
    struct Mapping {
        wire::Endpoint inside;
        TimePoint used;
    };
    std::map<std::uint16_t, Mapping> mappings_; // by outer port
    std::uint16_t next_port_ = 20000;
};

class World {
public:
    World(HomeAgentConfig home_agent, MobileNodeConfig mobile_node, unsigned seed);

    Weather weather;

    // Where the mobile node is attached.  Addresses in 10.0.0.0/8 are behind the NAT.
    void attach(std::vector<CareOfCandidate> candidates);
    // Everything up to then happens; checks the invariants after each step.
    void run(Duration length);
    void restart_mobile_node();
    void restart_home_agent();
    void stop_mobile_node();

    // Empty if the two kernels hold the same bindings, at end points that are
    // reachable, and every attached access that should be bound is; else what differs.
    [[nodiscard]] std::string disagreement();

    TimePoint now{std::chrono::hours(1)};
    std::unique_ptr<HomeAgent> home_agent;
    std::unique_ptr<MobileNode> mobile_node;
    KernelModel home_agent_kernel;
    KernelModel mobile_node_kernel;
    Nat nat;
    std::mt19937 random;
    std::size_t updates = 0; // Binding Updates sent
    std::vector<TimePoint> update_times;
    std::vector<wire::Ipv4Address> device_addresses4; // on the device of the mobile node

private:
    void in_the_network(std::function<void()> arrives);
    void mobile_node_does(const Actions& actions);
    void home_agent_does(const Actions& actions);
    void to_home_agent(const SendMessage& message);
    void to_mobile_node(const SendMessage& message);
    void deliver_to_mobile_node(const SendMessage& message, std::optional<MessagePath> path,
                                unsigned link);
    [[nodiscard]] const CareOfCandidate* attached(const wire::IpAddress& address) const;
    [[nodiscard]] std::optional<TimePoint> next_event() const;
    void step();
    void check_invariants() const;
    [[nodiscard]] std::string compare(const KernelBinding& here, const KernelBinding& there);

    HomeAgentConfig home_agent_config_;
    MobileNodeConfig mobile_node_config_;
    std::vector<CareOfCandidate> candidates_;
    std::multimap<TimePoint, std::function<void()>> events_;
    std::map<std::uint32_t, MessagePath> cookies_; // at the home agent
    std::uint32_t next_cookie_ = 0x80000001;
};

} // namespace dsmip::mobility::test
