// SPDX-License-Identifier: GPL-2.0-or-later
// The interface or VRF that the outer packets of the device belong to, by name: it may go and come
// back with another index.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <tl/expected.hpp>

#include "daemon/event_loop.hpp"
#include "netlink/link_monitor.hpp"

namespace dsmip::daemon {

/// Whether packets that come and leave by a link are those of the underlay of this name (empty = no
/// VRF). The rule of the module, but for net.ipv4.udp_l3mdev_accept.
bool is_in_underlay(const netlink::NetworkState& state, const netlink::Link& link,
                    const std::string& underlay);

class UnderlayWatch {
public:
    /// Puts the underlay with this index in force.
    using Set = std::function<tl::expected<void, std::string>(std::uint32_t index)>;

    /// Begins to watch. `set` is called when an interface named `name` has come with another index
    /// than `present`; while there is none the device keeps its setting, with which nothing passes.
    static tl::expected<std::unique_ptr<UnderlayWatch>, std::string>
    open(asio::io_context& loop, std::string name, std::uint32_t present, Set set);

private:
    UnderlayWatch(netlink::LinkMonitor monitor, std::string name, std::uint32_t present, Set set);
    void follow();

    netlink::LinkMonitor monitor_;
    std::string name_;
    std::uint32_t index_; ///< in force
    bool gone_ = false;
    Set set_;
    std::optional<ReadWatch> watch_;
};

} // namespace dsmip::daemon
