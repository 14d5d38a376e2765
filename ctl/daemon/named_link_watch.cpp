// SPDX-License-Identifier: GPL-2.0-or-later
// An interface that goes and comes.
#include "daemon/named_link_watch.hpp"

#include <utility>

#include <spdlog/spdlog.h>

#include "daemon/clock.hpp"

namespace dsmip::daemon {

tl::expected<std::unique_ptr<NamedLinkWatch>, std::string>
NamedLinkWatch::open(asio::io_context& loop, NamedLink link, std::uint32_t present, Set set) {
    auto monitor = netlink::LinkMonitor::open(netlink::LinkMonitor::Scope::links);
    if (!monitor) {
        return tl::make_unexpected(monitor.error().message());
    }
    std::unique_ptr<NamedLinkWatch> watch(
        new NamedLinkWatch(loop, std::move(*monitor), std::move(link), present, std::move(set)));
    watch->follow();
    return watch;
}

NamedLinkWatch::NamedLinkWatch(asio::io_context& loop, netlink::LinkMonitor monitor, NamedLink link,
                               std::uint32_t present, Set set)
    : monitor_(std::move(monitor))
    , link_(std::move(link))
    , index_(present)
    , set_(std::move(set))
    , retry_(loop, [this] { follow(); })
    , watch_(loop, monitor_.fd(), [this] { read_news(); }) {}

void NamedLinkWatch::read_news() {
    if (const auto changed = monitor_.process(); !changed) {
        spdlog::warn("watching the {}: {}", link_.what, changed.error().message());
    } else if (*changed) {
        follow();
    }
}

void NamedLinkWatch::follow() {
    const auto* link = monitor_.state().find(link_.name);
    retry_.set({});
    if (link == nullptr) {
        unsettled_ = true; // it may come back with the same index, and is another one then
        if (!std::exchange(gone_, true)) {
            spdlog::warn("{} {} is gone: {} until there is an interface of that name again",
                         link_.what, link_.name, link_.without);
        }
        return;
    }
    if (link->ifindex != index_ || unsettled_) {
        unsettled_ = true;
        if (auto done = set_(link->ifindex); !done) {
            spdlog::warn("{} {}: {}", link_.what, link_.name, done.error());
            retry_.set(now() + retry);
            return;
        }
        index_ = link->ifindex;
        unsettled_ = false;
    }
    if (std::exchange(gone_, false)) {
        spdlog::info("{} {} is back", link_.what, link_.name);
    }
}

} // namespace dsmip::daemon
