// SPDX-License-Identifier: GPL-2.0-or-later
// News, comparison, pace, report.
#include "daemon/host_keeper.hpp"

#include <utility>

#include <fmt/format.h>

#include "daemon/clock.hpp"

namespace dsmip::daemon {

namespace {

using mobility::Report;

void add(Restoration& sum, const Restoration& done) {
    sum.links += done.links;
    sum.addresses += done.addresses;
    sum.routes += done.routes;
    sum.rules += done.rules;
    sum.xfrm += done.xfrm;
}

} // namespace

tl::expected<std::unique_ptr<HostKeeper>, std::string>
HostKeeper::open(asio::io_context& loop, HostNetwork& network, RoleCalls calls) {
    auto news = netlink::HostNewsSocket::open({network.ifindex(), route_protocol});
    if (!news) {
        return tl::make_unexpected(news.error().message());
    }
    std::unique_ptr<HostKeeper> keeper(
        new HostKeeper(loop, network, std::move(*news), std::move(calls)));
    keeper->look_again();
    return keeper;
}

HostKeeper::HostKeeper(asio::io_context& loop, HostNetwork& network, netlink::HostNewsSocket news,
                       RoleCalls calls)
    : network_(network)
    , news_(std::move(news))
    , calls_(std::move(calls))
    , timer_(loop, [this] { restore_when_due(); })
    , route_watch_(loop, news_.route_fd(), [this] { read_news(); })
    , xfrm_watch_(loop, news_.xfrm_fd(), [this] { read_news(); }) {}

void HostKeeper::look_again() {
    pending_.everything = true;
    timer_.set(now());
}

void HostKeeper::read_news() {
    auto news = news_.read();
    if (news) {
        pending_.merge(std::move(*news));
    } else {
        // Without ears all that helps is to look.
        pending_.everything = true;
        calls_.report(
            {Report::Level::warning, "host-news-unreadable", {{"error", news.error().message()}}});
    }
    if (pending_.any()) {
        restore_when_due();
    }
}

void HostKeeper::restore_when_due() {
    if (ended_) {
        return;
    }
    if (now() >= pace_.next()) {
        waiting_ = false;
        restore();
    } else if (!std::exchange(waiting_, true)) {
        ++delayed_;
    }
    set_timer();
}

void HostKeeper::restore() {
    auto done = network_.restore(std::exchange(pending_, {}));
    if (done.device_gone) {
        end(fmt::format("the device {} (interface {}) was deleted, and its bindings with it; start "
                        "the daemon again",
                        network_.configuration().name, network_.ifindex()));
        return;
    }
    add(done, std::exchange(under_way_, {}));
    if (done.unfinished && done.failures.empty()) {
        under_way_ = std::move(done);
    } else {
        finish(done);
    }
}

void HostKeeper::finish(const Restoration& done) {
    const auto time = now();
    if (done.did_something()) {
        ++restorations_;
        add(total_, done);
        calls_.report({Report::Level::warning,
                       "host-state-restored",
                       {{"links", done.links},
                        {"addresses", done.addresses},
                        {"routes", done.routes},
                        {"rules", done.rules},
                        {"xfrm", done.xfrm}}});
    }
    if (done.failures.empty()) {
        pace_.note(time, done.did_something() ? RestorationPace::Outcome::restored
                                              : RestorationPace::Outcome::nothing_missing);
        return;
    }
    pending_.everything = true;
    ++failures_;
    pace_.note(time, RestorationPace::Outcome::failed);
    const auto& error = done.failures.front();
    calls_.report({Report::Level::warning, "host-state-incomplete", {{"error", error}}});
    if (pace_.hopeless(time)) {
        end(fmt::format(
            "what was removed from the host could not be put back for {} s: {}",
            std::chrono::duration_cast<std::chrono::seconds>(RestorationPace::patience).count(),
            error));
    }
}

void HostKeeper::set_timer() {
    if (ended_) {
        timer_.set({});
    } else if (under_way_.unfinished) {
        timer_.set(now()); // after what else there is to do
    } else if (waiting_) {
        timer_.set(pace_.next());
    } else {
        timer_.set(pace_.retry_at());
    }
}

void HostKeeper::end(std::string reason) {
    ended_ = true;
    calls_.fail(std::move(reason));
}

std::vector<mobility::NamedCount> HostKeeper::counters() const {
    return {{"host_restorations", restorations_},
            {"host_restorations_delayed", delayed_},
            {"host_restorations_failed", failures_},
            {"host_restored_links", total_.links},
            {"host_restored_addresses", total_.addresses},
            {"host_restored_routes", total_.routes},
            {"host_restored_rules", total_.rules},
            {"host_restored_xfrm", total_.xfrm},
            {"host_news_lost", news_.lost()}};
}

} // namespace dsmip::daemon
