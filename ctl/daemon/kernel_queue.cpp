// SPDX-License-Identifier: GPL-2.0-or-later
// Batches of binding requests.
#include "daemon/kernel_queue.hpp"

#include <cerrno>
#include <set>
#include <utility>

#include "daemon/kernel_values.hpp"

namespace dsmip::daemon {

KernelQueue::KernelQueue(Requests requests, bool home_agent)
    : requests_(std::move(requests))
    , home_agent_(home_agent) {}

void KernelQueue::push(const mobility::InstallBindings& install) {
    Item item{install.request, true, install.replace, to_kernel(install.node, home_agent_), {}};
    if (install.prefixes) {
        item.prefixes = prefixes_of(install.node);
    }
    waiting_.push_back(std::move(item));
}

void KernelQueue::push(const mobility::RemoveBindings& remove) {
    netlink::Node node;
    node.home_address = remove.home_address;
    for (const auto bid : remove.bids) {
        node.bindings.emplace_back().bid = bid;
    }
    waiting_.push_back({remove.request, false, false, std::move(node), {}});
}

std::vector<KernelQueue::Item> KernelQueue::take_batch() {
    std::vector<Item> batch;
    std::set<wire::Ipv6Address> nodes;
    while (!waiting_.empty()) {
        auto& next = waiting_.front();
        const bool same_kind = batch.empty() || (batch.front().install == next.install &&
                                                 batch.front().replace == next.replace);
        if (!same_kind || !nodes.insert(next.node.home_address).second) {
            break;
        }
        batch.push_back(std::move(next));
        waiting_.pop_front();
    }
    return batch;
}

KernelQueue::Outcome KernelQueue::perform(std::span<const Item> items) const {
    if (items.front().install) {
        return install(items);
    }
    std::vector<netlink::Node> nodes;
    nodes.reserve(items.size());
    for (const auto& item : items) {
        nodes.push_back(item.node);
    }
    if (auto removed = remove(nodes); !removed) {
        return tl::make_unexpected(removed.error().message());
    }
    return route(items);
}

/// Bindings, then prefixes, which need their node, then routes, which lead to them.
KernelQueue::Outcome KernelQueue::install(std::span<const Item> items) const {
    std::vector<netlink::Node> nodes;
    std::vector<netlink::Node> routers;
    nodes.reserve(items.size());
    for (const auto& item : items) {
        nodes.push_back(item.node);
        if (item.prefixes) {
            auto& router = routers.emplace_back();
            router.home_address = item.node.home_address;
            router.prefixes = *item.prefixes;
        }
    }
    if (auto installed = requests_.install(nodes, items.front().replace); !installed) {
        return tl::make_unexpected(installed.error().message());
    }
    if (!routers.empty() && requests_.prefixes) {
        if (auto given = requests_.prefixes(routers); !given) {
            return tl::make_unexpected(given.error().message());
        }
    }
    return route(items);
}

KernelQueue::Outcome KernelQueue::route(std::span<const Item> items) const {
    for (const auto& item : items) {
        const bool gone = !item.install && item.node.bindings.empty();
        if (!requests_.routes || !(item.prefixes || gone)) {
            continue;
        }
        if (auto done = requests_.routes(item.node.home_address,
                                         item.prefixes.value_or(std::vector<netlink::Prefix>{}));
            !done) {
            return done;
        }
    }
    return {};
}

netlink::Result<void> KernelQueue::remove(std::span<const netlink::Node> nodes) const {
    auto removed = requests_.remove(nodes);
    if (removed || removed.error().code != ENOENT || nodes.size() != 1) {
        return removed;
    }
    // The kernel deleted a binding at its lifetime meanwhile. What was wanted is so for that one;
    // the request as a whole did nothing, so the others are still to be deleted.
    const auto& node = nodes.front();
    if (node.bindings.size() > 1) {
        for (const auto& binding : node.bindings) {
            netlink::Node one;
            one.home_address = node.home_address;
            one.bindings.push_back(binding);
            auto alone = requests_.remove(std::span(&one, 1));
            if (!alone && alone.error().code != ENOENT) {
                return alone;
            }
        }
    }
    return {};
}

void KernelQueue::flush(const Done& done) {
    while (!waiting_.empty()) {
        const auto batch = take_batch();
        const std::span<const Item> all(batch);
        const auto report = [&](const Item& item, const Outcome& outcome) {
            done(item.request,
                 outcome ? mobility::KernelOutcome{} : mobility::KernelOutcome{outcome.error()});
        };
        const auto together = perform(all);
        if (together || batch.size() == 1) {
            for (const auto& item : batch) {
                report(item, together);
            }
            continue;
        }
        for (std::size_t i = 0; i < batch.size(); ++i) {
            report(batch[i], perform(all.subspan(i, 1)));
        }
    }
}

} // namespace dsmip::daemon
