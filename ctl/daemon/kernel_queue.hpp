// SPDX-License-Identifier: GPL-2.0-or-later
// Collects what engines want of the binding table and hands it over in few large requests.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "mobility/types.hpp"
#include "netlink/client.hpp"

namespace dsmip::daemon {

class KernelQueue {
public:
    /// The requests of netlink::Client, injected for tests.
    struct Requests {
        std::function<netlink::Result<void>(std::span<const netlink::Node>, bool replace)> install;
        std::function<netlink::Result<void>(std::span<const netlink::Node>)> remove;
        /// Make the prefixes of each node its only ones.
        std::function<netlink::Result<void>(std::span<const netlink::Node>)> prefixes = {};
        /// Routes to these prefixes of the node, and to no others.
        std::function<tl::expected<void, std::string>(const wire::Ipv6Address&,
                                                      const std::vector<netlink::Prefix>&)>
            routes = {};
    };
    /// Told the outcome of each request, in order.
    using Done = std::function<void(mobility::RequestId, const mobility::KernelOutcome&)>;

    KernelQueue(Requests requests, bool home_agent);

    void push(const mobility::InstallBindings& install);
    void push(const mobility::RemoveBindings& remove);
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

    /// Does all that waits, also what `done` adds meanwhile. Neighbours of one kind that concern
    /// different nodes go together; if that is refused, one by one, so that each gets its own
    /// outcome.
    void flush(const Done& done);

private:
    struct Item {
        mobility::RequestId request = 0;
        bool install = true;
        bool replace = false;
        netlink::Node node; // without prefixes: those have requests of their own
        std::optional<std::vector<netlink::Prefix>> prefixes;
    };
    using Outcome = tl::expected<void, std::string>;
    std::vector<Item> take_batch();
    [[nodiscard]] Outcome perform(std::span<const Item> items) const;
    [[nodiscard]] Outcome install(std::span<const Item> items) const;
    [[nodiscard]] netlink::Result<void> remove(std::span<const netlink::Node> nodes) const;
    [[nodiscard]] Outcome route(std::span<const Item> items) const;

    Requests requests_;
    bool home_agent_;
    std::deque<Item> waiting_;
};

} // namespace dsmip::daemon
