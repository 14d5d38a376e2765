// SPDX-License-Identifier: GPL-2.0-or-later
// Discovery at a home agent: the raw ICMPv6 socket, the anycast addresses that requests are sent
// to, and the engine behind them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <tl/expected.hpp>

#include "daemon/control_protocol.hpp"
#include "daemon/counters.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/signalling_socket.hpp"
#include "daemon/solicitation_tap.hpp"
#include "mobility/home_agent_discovery.hpp"

namespace dsmip::daemon {

struct DiscoveryCalls {
    /// The tuple behind a path cookie; nothing if it is not known any more.
    std::function<std::optional<mobility::MessagePath>(std::uint32_t cookie)> path;
    std::function<void(const mobility::Report&)> report;
    /// Anycast addresses for which packets are taken on an interface.
    std::function<tl::expected<std::vector<wire::Ipv6Address>, std::string>(std::uint32_t link)>
        anycast_addresses;
    mobility::RegisteredNodes nodes;
};

class DiscoveryService {
public:
    /// How often it looks whether its anycast addresses are there, and tries again what failed.
    static constexpr mobility::Duration membership_interval = std::chrono::seconds(5);

    /// `tunnel`: index of the dsmip device.
    static tl::expected<std::unique_ptr<DiscoveryService>, std::string>
    open(const mobility::HomeAgentConfig& config, unsigned tunnel, DiscoveryCalls calls);

    DiscoveryService(const DiscoveryService&) = delete;
    DiscoveryService& operator=(const DiscoveryService&) = delete;

    void start(asio::io_context& loop);
    /// The anycast addresses go with the socket, when this is destroyed.
    void stop();
    void reconfigure(const mobility::HomeAgentConfig& config);

    /// One object per home agent of the home link, in the order of preference.
    [[nodiscard]] Json home_agents() const;
    /// What mobile nodes are told.
    [[nodiscard]] Json advertised_prefixes() const;
    [[nodiscard]] std::vector<mobility::NamedCount> counters() const;

private:
    DiscoveryService(SignallingSocket socket, SolicitationTap tap,
                     const mobility::HomeAgentConfig& config, unsigned tunnel,
                     DiscoveryCalls calls);

    /// Claims what the engine wants claimed, and gives up the rest. What cannot be claimed is told
    /// once.
    void claim_addresses();
    /// The kernel forgets the address of a membership when the interface goes down.
    void check_memberships();
    bool set_membership(const wire::Ipv6Address& address, bool join) const;
    void read_messages();
    void read_tap();
    void deliver(mobility::ReceivedIcmpv6 message, std::uint32_t mark);
    void execute(const mobility::Actions& actions);
    void send(const mobility::SendMessage& message);
    void set_timer();

    SignallingSocket socket_;
    SolicitationTap tap_;
    unsigned tunnel_;
    unsigned anycast_link_; // where anycast addresses are claimed
    DiscoveryCalls calls_;
    mobility::HomeAgentDiscovery engine_;
    std::vector<wire::Ipv6Address> claimed_;
    std::vector<wire::Ipv6Address> refused_; // of those it was told that they cannot be claimed
    Counters counters_;
    std::optional<ReadWatch> watch_;
    std::optional<ReadWatch> tap_watch_;
    std::optional<DeadlineTimer> timer_;
    std::optional<DeadlineTimer> membership_timer_;
};

} // namespace dsmip::daemon
