// SPDX-License-Identifier: GPL-2.0-or-later
// The home link of a home agent: a packet socket on its interface, which brings solicitations and
// ARP requests to the neighbour proxy and takes its frames. It keeps nothing in the kernel: when
// the daemon stops or dies, nobody answers for nodes any more, and that is all that is left.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include <asio/io_context.hpp>
#include <tl/expected.hpp>

#include "daemon/counters.hpp"
#include "daemon/event_loop.hpp"
#include "mobility/neighbor_proxy.hpp"

namespace dsmip::daemon {

/// Where signalling came from on the home link: the last frames with a given source. Bounded, the
/// oldest go first.
class FrameSources {
public:
    void note(const wire::Ipv6Address& source, const wire::EthernetAddress& link_address);
    /// Empty if not known.
    [[nodiscard]] mobility::LinkAddress find(const wire::Ipv6Address& source) const;

    static constexpr std::size_t limit = 4096;

private:
    std::unordered_map<wire::Ipv6Address, wire::EthernetAddress> known_;
    std::deque<wire::Ipv6Address> order_; // of `known_`, oldest first
};

class HomeLink {
public:
    using DadDone = std::function<void(mobility::RequestId, mobility::DadOutcome)>;

    /// `interface` has to be Ethernet. `home_agent` is the address signalling is sent to, and the
    /// source of advertisements where it stands on that interface.
    static tl::expected<std::unique_ptr<HomeLink>, std::string>
    open(const std::string& interface, const wire::Ipv6Address& home_agent);

    HomeLink(const HomeLink&) = delete;
    HomeLink& operator=(const HomeLink&) = delete;
    ~HomeLink();

    [[nodiscard]] unsigned index() const { return index_; }

    void start(asio::io_context& loop, DadDone done);
    /// Stops answering.
    void stop();
    /// The interface of that name is another one now: goes on there with what is claimed.
    /// Detections under way end without an outcome. After an error nothing has changed.
    tl::expected<void, std::string> reopen();
    /// Ends detections that are under way without an outcome.
    void abandon_detections();

    void claim(const mobility::ClaimHomeAddress& claim);
    void release(const wire::Ipv6Address& home_address);
    void start_dad(const mobility::StartDad& request);
    /// Where the last signalling of that source came from; empty if not known.
    [[nodiscard]] mobility::LinkAddress link_address_of(const wire::Ipv6Address& source);

    /// "home_link_...".
    [[nodiscard]] std::vector<mobility::NamedCount> counters() const;

private:
    HomeLink(int fd, unsigned index, std::string interface, const wire::Ipv6Address& home_agent);

    void watch();
    [[nodiscard]] bool read_link_address();
    void read_frames();
    bool send(const mobility::EthernetFrames& frames);
    void finish_turn();
    void set_timer();

    int fd_;
    unsigned index_;
    std::string interface_;
    wire::Ipv6Address home_agent_;
    mobility::NeighborProxy proxy_;
    FrameSources sources_;
    std::uint64_t send_failures_ = 0;
    DadDone done_;
    asio::io_context* loop_ = nullptr; ///< once started
    std::optional<ReadWatch> watch_;
    std::optional<DeadlineTimer> timer_;
};

} // namespace dsmip::daemon
