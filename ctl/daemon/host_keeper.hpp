// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps the host as the daemon wants it: hears what is removed and has it put back, at a pace that
// does not fight. Both roles have one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <tl/expected.hpp>

#include "daemon/event_loop.hpp"
#include "daemon/host_network.hpp"
#include "daemon/restoration_pace.hpp"
#include "daemon/role.hpp"
#include "netlink/host_news.hpp"

namespace dsmip::daemon {

class HostKeeper {
public:
    /// `network` has its device and has to outlive the result. Everything is compared as soon as
    /// the event loop runs. `calls.fail` is called, once, when the device is gone, or when
    /// something could not be put back for RestorationPace::patience.
    static tl::expected<std::unique_ptr<HostKeeper>, std::string>
    open(asio::io_context& loop, HostNetwork& network, RoleCalls calls);

    /// A wish was not fulfilled when it was added: try again.
    void look_again();

    /// "host_...".
    [[nodiscard]] std::vector<mobility::NamedCount> counters() const;

private:
    HostKeeper(asio::io_context& loop, HostNetwork& network, netlink::HostNewsSocket news,
               RoleCalls calls);
    void read_news();
    void restore_when_due();
    void restore();
    void finish(const Restoration& done);
    void set_timer();
    void end(std::string reason);

    HostNetwork& network_;
    netlink::HostNewsSocket news_;
    RoleCalls calls_;
    netlink::HostNews pending_; ///< not looked at yet
    Restoration under_way_;     ///< what the turns of this restoration have done so far
    RestorationPace pace_;
    Restoration total_; ///< since the start
    std::uint64_t restorations_ = 0;
    std::uint64_t delayed_ = 0;
    std::uint64_t failures_ = 0;
    bool waiting_ = false; ///< for the pace
    bool ended_ = false;
    DeadlineTimer timer_;
    ReadWatch route_watch_;
    ReadWatch xfrm_watch_;
};

} // namespace dsmip::daemon
