// SPDX-License-Identifier: GPL-2.0-or-later
// Keeps a NetworkState in step with the kernel: dump, then notifications, and a new dump when some
// were lost or when the kernel may have dropped routes without telling.
#pragma once

#include <cstdint>

#include "netlink/error.hpp"
#include "netlink/network_state.hpp"
#include "netlink/socket.hpp"

namespace dsmip::netlink {

class LinkMonitor {
public:
    /// What is followed. On a router, routes and neighbours change all the time.
    enum class Scope : std::uint8_t {
        links,      ///< links alone; they have no addresses and routes then
        everything, ///< and addresses, default routes, next hops and the neighbours behind them
    };

    /// Subscribes, then reads the present state.
    static Result<LinkMonitor> open(Scope scope = Scope::everything);

    /// Readable when notifications wait. Never blocks.
    [[nodiscard]] int fd() const { return notifications_.fd(); }
    [[nodiscard]] const NetworkState& state() const { return state_; }

    /// Take in all that waits. True: the state is another than before the call.
    Result<bool> process();

private:
    LinkMonitor(Socket notifications, Socket requests, Scope scope);
    Result<void> dump_all();
    Result<DumpState> dump(std::uint16_t type, std::uint8_t family, NetworkState& state);

    Socket notifications_;
    Socket requests_;
    Scope scope_;
    NetworkState state_;
};

} // namespace dsmip::netlink
