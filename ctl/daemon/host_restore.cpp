// SPDX-License-Identifier: GPL-2.0-or-later
// What others removed is put back.
#include "daemon/host_network.hpp"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>
#include <vector>

namespace dsmip::daemon {

namespace {

using netlink::IfExists;

// Routes put back in one turn of the event loop.
constexpr std::size_t turn_max = 1000;

/// Counts what was added; there already is no failure and does not count.
template<class Result>
void count(const Result& added, std::size_t& counter, Restoration& done) {
    if (added) {
        ++counter;
    } else if (added.error().code != EEXIST) {
        done.failures.push_back(added.error().message());
    }
}

} // namespace

Restoration HostNetwork::restore(const netlink::HostNews& news) {
    Restoration done;
    if (news.everything) {
        if (!restore_link(done)) {
            return done;
        }
        restore_addresses(done);
        find_missing_routes(done);
    } else {
        for (const auto& route : news.routes) {
            if (const auto* wanted = wishes_.find(route)) {
                missing_routes_.push_back(*wanted);
            }
        }
    }
    restore_routes(done);
    // Behind the routes that they lead to.
    if (news.everything || news.rules) {
        restore_rules(done);
    }
    if (news.everything || news.xfrm) {
        restore_acceptances(done);
    }
    done.unfinished = !missing_routes_.empty();
    return done;
}

/// False: there is nothing that anything else could be put back on.
bool HostNetwork::restore_link(Restoration& done) {
    const auto link = rtnl_.link_status(ifindex_);
    if (!link) {
        done.device_gone = link.error().code == ENODEV;
        done.failures.push_back(link.error().message());
        return false;
    }
    if (link->name != configuration_.name) {
        count(rtnl_.link_rename(ifindex_, configuration_.name), done.links, done);
    }
    if (!link->up) {
        count(rtnl_.link_set_up(ifindex_, true), done.links, done);
    }
    return true;
}

void HostNetwork::restore_addresses(Restoration& done) {
    std::set<std::uint32_t> links{ifindex_};
    for (const auto& wish : wishes_.addresses()) {
        links.insert(wish.ifindex);
    }
    std::vector<netlink::AddressSpec> present;
    std::set<std::uint32_t> unknown; // another interface may have gone
    for (const auto ifindex : links) {
        const auto more = rtnl_.addresses(ifindex);
        if (!more) {
            done.failures.push_back(more.error().message());
            unknown.insert(ifindex);
            continue;
        }
        present.insert(present.end(), more->begin(), more->end());
    }
    for (const auto& [address, altered] : wishes_.missing(present)) {
        if (unknown.contains(address.ifindex)) {
            continue;
        }
        const auto added = rtnl_.address_add(address, altered ? IfExists::replace : IfExists::fail);
        if (added) {
            ++done.addresses;
        } else if (added.error().code != EEXIST) {
            done.failures.push_back(address_failure(added.error()));
        }
    }
}

void HostNetwork::find_missing_routes(Restoration& done) {
    const auto present = rtnl_.routes(0, route_protocol);
    if (!present) {
        done.failures.push_back(present.error().message());
        return;
    }
    missing_routes_ = wishes_.missing(*present);
    std::reverse(missing_routes_.begin(), missing_routes_.end());
}

void HostNetwork::restore_routes(Restoration& done) {
    for (std::size_t i = 0; i < turn_max && !missing_routes_.empty(); ++i) {
        const auto route = missing_routes_.back();
        missing_routes_.pop_back();
        if (wishes_.find(route) == nullptr) {
            continue; // not wanted any more
        }
        const auto made = make_route(route);
        if (!made) {
            done.failures.push_back(made.error());
        } else if (*made) {
            ++done.routes;
        }
    }
    if (!done.failures.empty()) {
        missing_routes_.clear(); // everything is compared again
    }
}

void HostNetwork::restore_rules(Restoration& done) {
    const auto present = rtnl_.rules(route_protocol);
    if (!present) {
        done.failures.push_back(present.error().message());
        return;
    }
    for (const auto& rule : wishes_.missing(*present)) {
        count(rtnl_.rule_add(rule), done.rules, done);
    }
}

void HostNetwork::restore_acceptances(Restoration& done) {
    for (const auto& acceptance : wishes_.acceptances()) {
        const auto added = xfrm_.restore(acceptance.extension, acceptance.address);
        if (!added) {
            done.failures.push_back(added.error().message());
        } else if (*added) {
            ++done.xfrm;
        }
    }
}

} // namespace dsmip::daemon
