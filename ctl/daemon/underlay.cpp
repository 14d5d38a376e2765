// SPDX-License-Identifier: GPL-2.0-or-later
// Follows the underlay of the device.
#include "daemon/underlay.hpp"

#include <utility>

#include <spdlog/spdlog.h>

namespace dsmip::daemon {

bool is_in_underlay(const netlink::NetworkState& state, const netlink::Link& link,
                    const std::string& underlay) {
    const auto* master = link.master == 0 ? nullptr : state.find(link.master);
    const bool in_vrf = master != nullptr && master->kind == "vrf";
    if (underlay.empty()) {
        return !in_vrf && link.kind != "vrf";
    }
    return link.name == underlay || (in_vrf && master->name == underlay);
}

UnderlayWatch::UnderlayWatch(netlink::LinkMonitor monitor, std::string name, std::uint32_t present,
                             Set set)
    : monitor_(std::move(monitor))
    , name_(std::move(name))
    , index_(present)
    , set_(std::move(set)) {}

tl::expected<std::unique_ptr<UnderlayWatch>, std::string>
UnderlayWatch::open(asio::io_context& loop, std::string name, std::uint32_t present, Set set) {
    auto monitor = netlink::LinkMonitor::open(netlink::LinkMonitor::Scope::links);
    if (!monitor) {
        return tl::make_unexpected(monitor.error().message());
    }
    std::unique_ptr<UnderlayWatch> watch(
        new UnderlayWatch(std::move(*monitor), std::move(name), present, std::move(set)));
    watch->watch_.emplace(loop, watch->monitor_.fd(), [raw = watch.get()] {
        if (const auto changed = raw->monitor_.process(); !changed) {
            spdlog::warn("watching the underlay: {}", changed.error().message());
        } else if (*changed) {
            raw->follow();
        }
    });
    watch->follow();
    return watch;
}

void UnderlayWatch::follow() {
    const auto* link = monitor_.state().find(name_);
    if (link == nullptr) {
        if (!std::exchange(gone_, true)) {
            spdlog::warn("underlay {} is gone: tunnels carry nothing until there is an interface "
                         "of that name again",
                         name_);
        }
        return;
    }
    if (link->ifindex != index_) {
        if (auto done = set_(link->ifindex); !done) {
            spdlog::warn("underlay {}: {}", name_, done.error());
            return;
        }
        index_ = link->ifindex;
    }
    if (std::exchange(gone_, false)) {
        spdlog::info("underlay {} is back", name_);
    }
}

} // namespace dsmip::daemon
