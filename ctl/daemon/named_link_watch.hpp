// SPDX-License-Identifier: GPL-2.0-or-later
// Follows an interface by its name: it may go and come back, mostly with another index.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>
#include <tl/expected.hpp>

#include "daemon/event_loop.hpp"
#include "netlink/link_monitor.hpp"

namespace dsmip::daemon {

struct NamedLink {
    std::string what;    ///< for the log: "underlay"
    std::string name;    ///< of the interface
    std::string without; ///< for the log: what is the matter while it is not there
};

class NamedLinkWatch {
public:
    /// Puts the interface with this index in force.
    using Set = std::function<tl::expected<void, std::string>(std::uint32_t index)>;
    /// Before what failed is tried again.
    static constexpr mobility::Duration retry = std::chrono::seconds(5);

    /// Begins to watch. `set` is called when an interface of the name has come that is not the one
    /// with index `present`, or not that one any more; until it succeeds, once more every 5 s.
    static tl::expected<std::unique_ptr<NamedLinkWatch>, std::string>
    open(asio::io_context& loop, NamedLink link, std::uint32_t present, Set set);

private:
    NamedLinkWatch(asio::io_context& loop, netlink::LinkMonitor monitor, NamedLink link,
                   std::uint32_t present, Set set);
    void read_news();
    void follow();

    netlink::LinkMonitor monitor_;
    NamedLink link_;
    std::uint32_t index_;    ///< in force, or was
    bool gone_ = false;      ///< so it was told
    bool unsettled_ = false; ///< set() is still to be called
    Set set_;
    DeadlineTimer retry_;
    ReadWatch watch_;
};

} // namespace dsmip::daemon
