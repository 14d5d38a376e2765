// SPDX-License-Identifier: GPL-2.0-or-later
// Doubt about the network of a link, and how it ends.
#include "daemon/attachment_watch.hpp"

#include <algorithm>
#include <utility>

namespace dsmip::daemon {

namespace {

using mobility::TimePoint;

constexpr std::uint8_t autoconfigured_length = 64; // RFC 4291, 2.5.1

// Its lifetimes come from router advertisements.
bool is_autoconfigured(const netlink::LinkAddress& address) {
    const auto* address6 = address.address.ipv6();
    return address6 != nullptr && !address6->is_link_local() && !address.permanent &&
           !address.home && address.prefix_length == autoconfigured_length;
}

bool share_prefix(const wire::IpAddress& a, const wire::IpAddress& b) {
    return a.is_ipv6() && b.is_ipv6() &&
           wire::Prefix6{*a.ipv6(), autoconfigured_length}.contains(*b.ipv6());
}

std::set<wire::IpAddress> routers6(const netlink::Link& link) {
    std::set<wire::IpAddress> routers;
    for (const auto& route : link.default_routes) {
        if (route.gateway && route.gateway->is_ipv6()) {
            routers.insert(*route.gateway);
        }
    }
    return routers;
}

bool is_usable(const netlink::Link& link) {
    return link.up && link.running && !link.loopback && link.kind != "dsmip";
}

} // namespace

AttachmentQuestions AttachmentWatch::update(TimePoint now, const netlink::NetworkState& state) {
    AttachmentQuestions questions;
    std::erase_if(links_, [&](const auto& entry) { return state.find(entry.first) == nullptr; });
    for (const auto& [ifindex, link] : state.links()) {
        auto& known = links_[ifindex];
        if (!is_usable(link)) {
            // Nobody can be asked; the carrier that comes back is a doubt of its own.
            known.doubt_until.reset();
            known.solicit_at.reset();
            known.probe_at.reset();
            known.look_again = false;
            continue;
        }
        bool look_again = false;
        if (known.doubt_until && *known.doubt_until <= now) {
            known.doubt_until.reset();
            known.solicit_at.reset();
            look_again = std::exchange(known.look_again, false);
        }
        if (const auto doubt = take_in(known, link, look_again); doubt != Doubt::none) {
            begin(known, doubt, now);
        }
        ask(known, link, now, questions);
    }
    return questions;
}

void AttachmentWatch::begin(Known& known, Doubt doubt, TimePoint now) {
    known.attached_anew = doubt == Doubt::attached_anew;
    known.look_again = false;
    known.doubt_until = now + patience;
    known.solicit_at = now;
    known.probe_at = now;
}

/// True for an address that is heard now, was not believed to be there, and is not of the network
/// that was.
bool AttachmentWatch::has_returned(const Known& known, const wire::IpAddress& address) {
    const auto& heard = known.addresses.at(address);
    if (heard.confirmed || (known.doubt_until && heard.trusted)) {
        return false;
    }
    bool other = false;
    for (const auto& [known_address, known_heard] : known.addresses) {
        if (known_heard.confirmed && share_prefix(known_address, address)) {
            return false;
        }
        other = other || known_heard.confirmed;
    }
    return other;
}

/// True if a router is there beside others, or fell silent.
bool AttachmentWatch::take_in_routers(Known& known, const netlink::Link& link) {
    auto routers = routers6(link);
    const auto silent = static_cast<std::size_t>(
        std::count_if(routers.begin(), routers.end(),
                      [&](const auto& router) { return link.silent_gateways.contains(router); }));
    const bool is_new =
        !known.routers.empty() &&
        !std::includes(known.routers.begin(), known.routers.end(), routers.begin(), routers.end());
    const bool doubt = is_new || silent > known.silent_routers;
    known.routers = std::move(routers);
    known.silent_routers = silent;
    return doubt;
}

AttachmentWatch::Doubt AttachmentWatch::take_in(Known& known, const netlink::Link& link,
                                                bool look_again) {
    const bool attached_anew =
        known.carrier_changes && *known.carrier_changes != link.carrier_changes;
    known.carrier_changes = link.carrier_changes;
    bool something_new = take_in_routers(known, link) || look_again;

    bool returned = false;
    std::map<wire::IpAddress, Heard> addresses;
    for (const auto& address : link.addresses) {
        if (!is_autoconfigured(address)) {
            continue;
        }
        const auto before = known.addresses.find(address.address);
        if (before != known.addresses.end()) {
            const bool again = before->second.updated != address.updated;
            addresses[address.address] = {address.updated, before->second.confirmed, again,
                                          before->second.trusted};
            returned = returned || (again && has_returned(known, address.address));
            continue;
        }
        const auto in_known_network = [&](const auto& other) {
            return share_prefix(other.first, address.address);
        };
        something_new = something_new || (!known.addresses.empty() &&
                                          std::none_of(known.addresses.begin(),
                                                       known.addresses.end(), in_known_network));
        addresses[address.address] = {address.updated, true, true};
    }
    // While it is awaited what is here after all, more news change nothing.
    const bool awaited = known.doubt_until && known.attached_anew;
    known.look_again = known.look_again || (awaited && returned);
    const bool doubtful = (something_new || returned) && !awaited;
    const auto doubt = attached_anew ? Doubt::attached_anew
                       : doubtful    ? Doubt::something_new
                                     : Doubt::none;
    for (auto& [address, heard] : addresses) {
        if (doubt != Doubt::none) {
            const bool before = heard.confirmed || (known.doubt_until && heard.trusted);
            heard.trusted = heard.heard_now || (before && doubt == Doubt::something_new);
        }
        heard.confirmed = heard.heard_now || (heard.confirmed && doubt == Doubt::none);
    }
    known.addresses = std::move(addresses);
    return doubt;
}

void AttachmentWatch::ask(Known& known, const netlink::Link& link, TimePoint now,
                          AttachmentQuestions& questions) {
    if (known.solicit_at && *known.solicit_at <= now) {
        questions.solicit.push_back(link.ifindex);
        known.solicit_at = now + solicit_interval;
    }
    const bool all = known.doubt_until && known.attached_anew;
    if (known.probe_at && *known.probe_at <= now) {
        std::set<wire::IpAddress> gateways;
        for (const auto& route : link.default_routes) {
            if (route.gateway && (all || link.silent_gateways.contains(*route.gateway))) {
                gateways.insert(*route.gateway);
            }
        }
        for (const auto& gateway : gateways) {
            questions.probe.push_back({link.ifindex, gateway});
        }
        known.probe_at.reset();
    }
    if (!known.probe_at && !link.silent_gateways.empty()) {
        known.probe_at = now + probe_interval;
    }
}

std::optional<TimePoint> AttachmentWatch::next_deadline() const {
    std::optional<TimePoint> next;
    for (const auto& [ifindex, known] : links_) {
        for (const auto& time : {known.doubt_until, known.solicit_at, known.probe_at}) {
            if (time && (!next || *time < *next)) {
                next = time;
            }
        }
    }
    return next;
}

AttachmentWatch::Presence AttachmentWatch::presence(const netlink::Link& link,
                                                    const wire::IpAddress& address) const {
    return address.is_ipv4() ? presence4(link, *address.ipv4()) : presence6(link, *address.ipv6());
}

AttachmentWatch::Presence AttachmentWatch::presence6(const netlink::Link& link,
                                                     const wire::Ipv6Address& address) const {
    if (link.gateways_silent(wire::AddressFamily::Ipv6)) {
        return Presence::gone;
    }
    const auto known = links_.find(link.ifindex);
    if (known == links_.end() || !known->second.addresses.contains(address)) {
        return Presence::here;
    }
    const auto& addresses = known->second.addresses;
    const bool confirmed = std::any_of(addresses.begin(), addresses.end(), [&](const auto& entry) {
        return entry.second.confirmed && share_prefix(entry.first, address);
    });
    if (confirmed) {
        return Presence::here;
    }
    if (!known->second.doubt_until) {
        return Presence::gone;
    }
    if (known->second.attached_anew) {
        return Presence::unconfirmed;
    }
    const bool trusted = std::any_of(addresses.begin(), addresses.end(), [&](const auto& entry) {
        return entry.second.trusted && share_prefix(entry.first, address);
    });
    return trusted ? Presence::here : Presence::gone;
}

std::vector<LeftNetwork> AttachmentWatch::left(const netlink::NetworkState& state) const {
    std::vector<LeftNetwork> left;
    for (const auto& [ifindex, known] : links_) {
        const auto* link = state.find(ifindex);
        if (link == nullptr || !is_usable(*link)) {
            continue;
        }
        const auto is_here = [&](const auto& entry) {
            return presence6(*link, *entry.first.ipv6()) == Presence::here;
        };
        if (std::none_of(known.addresses.begin(), known.addresses.end(), is_here)) {
            continue;
        }
        for (const auto& entry : known.addresses) {
            const LeftNetwork network{
                ifindex, wire::Prefix6{*entry.first.ipv6(), autoconfigured_length}.network()};
            if (!is_here(entry) && std::find(left.begin(), left.end(), network) == left.end()) {
                left.push_back(network);
            }
        }
    }
    return left;
}

// Its gateways are those in its own network; where it has none, any of the link.
AttachmentWatch::Presence AttachmentWatch::presence4(const netlink::Link& link,
                                                     const wire::Ipv4Address& address) {
    const auto own = std::find_if(link.addresses.begin(), link.addresses.end(),
                                  [&](const auto& known) { return known.address == address; });
    const std::uint8_t length = own == link.addresses.end() ? 32 : own->prefix_length;
    bool has_own = false;
    for (const auto& route : link.default_routes) {
        const auto* gateway = route.gateway ? route.gateway->ipv4() : nullptr;
        if (gateway == nullptr || !wire::Prefix4{address, length}.contains(*gateway)) {
            continue;
        }
        if (!link.silent_gateways.contains(*route.gateway)) {
            return Presence::here;
        }
        has_own = true;
    }
    return has_own || link.gateways_silent(wire::AddressFamily::Ipv4) ? Presence::gone
                                                                      : Presence::here;
}

} // namespace dsmip::daemon
