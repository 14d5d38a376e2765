// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps a NetworkState in step with the kernel: dump, then notifications, and a new dump when some
// were lost or when the kernel may have dropped routes without telling.
#pragma once

#include "netlink/error.hpp"
#include "netlink/network_state.hpp"
#include "netlink/socket.hpp"

namespace dsmip::netlink {

class LinkMonitor {
public:
    /// Subscribes, then reads the present state.
    static Result<LinkMonitor> open();

    /// Readable when notifications wait. Never blocks.
    [[nodiscard]] int fd() const { return notifications_.fd(); }
    [[nodiscard]] const NetworkState& state() const { return state_; }

    /// Take in all that waits. True: the state is another than before the call.
    Result<bool> process();

private:
    LinkMonitor(Socket notifications, Socket requests);
    Result<void> dump_all();
    Result<DumpState> dump(std::uint16_t type, std::uint8_t family, NetworkState& state);

    Socket notifications_;
    Socket requests_;
    NetworkState state_;
};

} // namespace dsmip::netlink
