// SPDX-License-Identifier: GPL-2.0-or-later
// Connects an engine to the world: brings it messages, kernel events and the time, and carries out
// the actions it returns. The one place where both doors of the daemon (raw socket, generic
// netlink) are used.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>

#include <asio/io_context.hpp>
#include <tl/expected.hpp>

#include "daemon/counters.hpp"
#include "daemon/event_loop.hpp"
#include "daemon/kernel_queue.hpp"
#include "daemon/path_cache.hpp"
#include "daemon/signalling_socket.hpp"
#include "mobility/types.hpp"
#include "netlink/client.hpp"

namespace dsmip::daemon {

/// What both engines can do, and what one of them needs from its role.
struct EngineCalls {
    using TimePoint = mobility::TimePoint;
    using Actions = mobility::Actions;

    std::function<Actions(TimePoint, const mobility::ReceivedMessage&)> receive;
    /// What the kernel, or the store, says of a request.
    std::function<Actions(TimePoint, mobility::RequestId, const mobility::RequestOutcome&)> confirm;
    std::function<Actions(TimePoint, const wire::Ipv6Address&, std::uint16_t)> binding_expired;
    std::function<Actions(TimePoint)> tick;
    std::function<std::optional<TimePoint>()> next_deadline;
    /// All bindings the engine believes to be in the kernel, to find out which ones went when
    /// events were lost.
    std::function<std::vector<mobility::KernelNode>(TimePoint)> bindings;
    /// Has routes to these prefixes of the node, and to no others of it.
    std::function<tl::expected<void, std::string>(const wire::Ipv6Address&,
                                                  const std::vector<netlink::Prefix>&)>
        route_prefixes;
    /// Home agent with a real home link only.
    std::function<void(const mobility::StartDad&)> start_dad;
    std::function<void(const mobility::ClaimHomeAddress&)> claim_home_address;
    std::function<void(const wire::Ipv6Address&)> release_home_address;
    /// Home agent only: nothing leads to that IPv4 home address any more.
    std::function<void(const wire::Ipv4Address&)> forget_lease4;
    /// Where the frame with the last signalling of that source came from; empty = not known.
    std::function<mobility::LinkAddress(unsigned link, const wire::Ipv6Address&)> frame_source;
    /// Makes the next hop known to the kernel, so that it asks nobody.
    std::function<void(unsigned link, const wire::Ipv6Address&, const mobility::LinkAddress&)>
        set_neighbour;
    /// Home agent with a store only; the outcome comes by confirm().
    std::function<void(const mobility::KeepRegistration&)> keep;
    /// Mobile node only.
    std::function<void(const wire::Ipv4Address&)> assign_home_address4;
    std::function<void(const wire::Ipv4Address&)> withdraw_home_address4;
    std::function<void(const mobility::UseHomeAgent&)> use_home_agent;
};

class EngineDriver {
public:
    /// `reporter` gets every report of the engine.
    using Reporter = std::function<void(const mobility::Report&)>;

    static tl::expected<std::unique_ptr<EngineDriver>, std::string>
    open(asio::io_context& loop, bool home_agent, Reporter reporter);

    EngineDriver(const EngineDriver&) = delete;
    EngineDriver& operator=(const EngineDriver&) = delete;

    [[nodiscard]] netlink::Client& client() { return client_; }
    /// Nodes of the device, for restore().
    tl::expected<std::vector<mobility::KernelNode>, std::string>
    kernel_nodes(std::uint32_t ifindex);

    /// From now on messages, events and deadlines reach the engine. The error is a text for people.
    tl::expected<void, std::string> start(std::uint32_t ifindex, EngineCalls calls);
    /// Carries out `actions` and all that follows from them.
    void run(const mobility::Actions& actions);
    /// Outcome of requests that were not for the kernel.
    void confirm(std::span<const mobility::RequestId> requests,
                 const mobility::RequestOutcome& outcome);
    /// No more calls to the engine.
    void stop();

    [[nodiscard]] const Counters& counters();

private:
    EngineDriver(asio::io_context& loop, bool home_agent, Reporter reporter,
                 SignallingSocket tunnel_socket, SignallingSocket plain_socket,
                 netlink::Client client, netlink::EventSocket events);

    void execute(const mobility::Actions& actions);
    void finish_turn();
    void read_messages(SignallingSocket& socket);
    void read_events();
    void resynchronize();
    /// False if nothing came of it.
    bool deliver(const SignallingDatagram& datagram);
    void send(const mobility::SendMessage& message);
    std::optional<std::uint32_t> make_path(const mobility::UdpPath& path);
    void log_failure(std::string_view counter, const std::string& text);

    asio::io_context& loop_;
    Reporter reporter_;
    SignallingSocket tunnel_socket_;
    SignallingSocket plain_socket_;
    netlink::Client client_;
    netlink::EventSocket events_;
    std::uint32_t ifindex_ = 0;
    KernelQueue queue_;
    PathCache paths_;
    Counters counters_;
    EngineCalls calls_;
    std::optional<DeadlineTimer> timer_;
    std::optional<ReadWatch> tunnel_watch_;
    std::optional<ReadWatch> plain_watch_;
    std::optional<ReadWatch> event_watch_;
};

} // namespace dsmip::daemon
