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

/// Gateways of default routes that are as `wanted` says.
template<class Wanted>
std::set<wire::IpAddress> gateways_where(const netlink::Link& link, const Wanted& wanted) {
    std::set<wire::IpAddress> gateways;
    for (const auto& route : link.default_routes) {
        if (route.gateway && wanted(*route.gateway)) {
            gateways.insert(*route.gateway);
        }
    }
    return gateways;
}

std::set<wire::IpAddress> gateways_of(const netlink::Link& link) {
    return gateways_where(link, [](const auto& /*any*/) { return true; });
}

std::set<wire::IpAddress> routers6(const netlink::Link& link) {
    return gateways_where(link, [](const auto& gateway) { return gateway.is_ipv6(); });
}

std::set<wire::IpAddress> answering_gateways_of(const netlink::Link& link) {
    return gateways_where(
        link, [&](const auto& gateway) { return !link.silent_gateways.contains(gateway); });
}

std::set<wire::IpAddress> silent_gateways_of(const netlink::Link& link) {
    return gateways_where(
        link, [&](const auto& gateway) { return link.silent_gateways.contains(gateway); });
}

/// Silent ones that are worth a question. To the kernel an IPv6 router that is being asked is as
/// good as one that answers, so it would send by it; and a router that is back advertises itself.
std::set<wire::IpAddress> gateways_to_ask_again(const netlink::Link& link) {
    auto gateways = silent_gateways_of(link);
    const auto answering = answering_gateways_of(link);
    if (std::any_of(answering.begin(), answering.end(),
                    [](const auto& gateway) { return gateway.is_ipv6(); })) {
        std::erase_if(gateways, [](const auto& gateway) { return gateway.is_ipv6(); });
    }
    return gateways;
}

bool is_usable(const netlink::Link& link) {
    return link.up && link.running && !link.loopback && link.kind != "dsmip";
}

} // namespace

AttachmentWatch::AttachmentWatch(AttachmentSettings settings, std::function<std::uint32_t()> random)
    : settings_(std::move(settings))
    , random_(std::move(random)) {}

void AttachmentWatch::Known::rest() {
    doubt_until.reset();
    solicit_at.reset();
    probe_at.reset();
    check_at.reset();
    look_again = false;
}

bool AttachmentWatch::is_watched(const netlink::Link& link) const {
    return std::find(settings_.links.begin(), settings_.links.end(), link.name) !=
           settings_.links.end();
}

AttachmentQuestions AttachmentWatch::update(TimePoint now, const netlink::NetworkState& state) {
    AttachmentQuestions questions;
    std::erase_if(links_, [&](const auto& entry) {
        const auto* link = state.find(entry.first);
        return link == nullptr || !is_watched(*link);
    });
    for (const auto& [ifindex, link] : state.links()) {
        if (!is_watched(link)) {
            continue;
        }
        auto& known = links_[ifindex];
        if (!is_usable(link)) {
            known.rest(); // the carrier that comes back is a doubt of its own
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
        check(known, link, now, questions);
    }
    return questions;
}

void AttachmentWatch::begin(Known& known, Doubt doubt, TimePoint now) {
    // Something new in answer to the questions of the silence: that reason goes on.
    if (!known.doubts(Doubt::gateway_silent) || doubt == Doubt::attached_anew) {
        known.doubt = doubt;
    }
    known.look_again = false;
    known.doubt_until = now + patience;
    known.solicit_at = now;
    known.probe_at = now;
    known.probe_pause = probe_interval;
}

bool AttachmentWatch::any_confirmed(const Known& known) {
    return std::any_of(known.addresses.begin(), known.addresses.end(),
                       [](const auto& entry) { return entry.second.confirmed; });
}

/// True for an address that was not believed to be there, while one of another network was.
bool AttachmentWatch::is_beside(const Known& known, const wire::IpAddress& address) {
    bool other = false;
    for (const auto& [known_address, heard] : known.addresses) {
        if (heard.confirmed && share_prefix(known_address, address)) {
            return false;
        }
        other = other || heard.confirmed;
    }
    return other;
}

/// The same, and it was not as good as believed either.
bool AttachmentWatch::has_returned(const Known& known, const wire::IpAddress& address) {
    return !(known.doubt_until && known.addresses.at(address).trusted) && is_beside(known, address);
}

/// Whether a router is there beside others, or went, a gateway is another one, or fell silent.
AttachmentWatch::Doubt AttachmentWatch::take_in_gateways(Known& known, const netlink::Link& link) {
    auto routers = routers6(link);
    const bool is_new = !known.routers.empty() && known.routers != routers;
    known.routers = std::move(routers);

    const bool is_other = std::any_of(
        link.gateway_link_addresses.begin(), link.gateway_link_addresses.end(),
        [&](const auto& entry) {
            const auto before = known.link_addresses.find(entry.first);
            return before != known.link_addresses.end() && before->second != entry.second;
        });
    known.other_gateways += is_other ? 1 : 0;
    known.link_addresses = link.gateway_link_addresses;

    auto silent = silent_gateways_of(link);
    const bool is_silent =
        !std::includes(known.silent.begin(), known.silent.end(), silent.begin(), silent.end());
    known.silent = std::move(silent);
    if (is_silent) {
        return Doubt::gateway_silent;
    }
    return is_new || is_other ? Doubt::something_new : Doubt::none;
}

AttachmentWatch::Doubt AttachmentWatch::take_in(Known& known, const netlink::Link& link,
                                                bool look_again) {
    const bool attached_anew =
        known.carrier_changes && *known.carrier_changes != link.carrier_changes;
    known.carrier_changes = link.carrier_changes;
    const auto by_gateways = take_in_gateways(known, link);
    bool something_new = by_gateways != Doubt::none || look_again;

    bool returned = false;
    bool beside = false;
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
            beside = beside || (again && is_beside(known, address.address));
            continue;
        }
        const bool new_network =
            std::none_of(known.addresses.begin(), known.addresses.end(), [&](const auto& other) {
                return share_prefix(other.first, address.address);
            });
        something_new = something_new || (new_network && !known.addresses.empty());
        beside = beside || (new_network && any_confirmed(known));
        addresses[address.address] = {address.updated, true, true};
    }
    // While it is awaited what is here after all, more news change nothing.
    const bool awaited = known.doubts(Doubt::attached_anew);
    const bool one_after_the_other = (awaited || known.doubts(Doubt::gateway_silent)) && beside;
    known.look_again = known.look_again || one_after_the_other;
    const bool doubtful = (something_new || returned) && !awaited;
    const auto doubt = attached_anew                          ? Doubt::attached_anew
                       : !doubtful                            ? Doubt::none
                       : by_gateways == Doubt::gateway_silent ? Doubt::gateway_silent
                                                              : Doubt::something_new;
    for (auto& [address, heard] : addresses) {
        if (doubt != Doubt::none) {
            const bool before = heard.confirmed || (known.doubt_until && heard.trusted);
            heard.trusted = heard.heard_now || (before && doubt != Doubt::attached_anew);
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
    const auto silent = gateways_to_ask_again(link);
    if (known.probe_at && *known.probe_at <= now) {
        auto gateways = silent;
        if (known.doubts(Doubt::attached_anew)) {
            gateways = gateways_of(link);
        } else if (known.doubts(Doubt::gateway_silent)) {
            gateways.merge(answering_gateways_of(link));
        }
        for (const auto& gateway : gateways) {
            questions.probe.push_back({link.ifindex, gateway});
        }
        if (!gateways.empty()) {
            known.check_at.reset(); // these were packets enough
        }
        known.probe_at.reset();
    }
    if (silent.empty()) {
        known.probe_pause = probe_interval;
    } else if (!known.probe_at) {
        known.probe_at = now + known.probe_pause;
        known.probe_pause = std::min(known.probe_pause * 2, answering_gateways_of(link).empty()
                                                                ? probe_interval_alone
                                                                : probe_interval_beside);
    }
}

/// One of the gateways that answered, each in its turn.
void AttachmentWatch::check(Known& known, const netlink::Link& link, TimePoint now,
                            AttachmentQuestions& questions) {
    const auto gateways = answering_gateways_of(link);
    if (gateways.empty()) {
        known.check_at.reset();
        return;
    }
    if (known.check_at && *known.check_at <= now && !known.doubt_until) {
        if (++known.checks % checks_per_solicitation == 0 && !known.routers.empty()) {
            questions.solicit.push_back(link.ifindex);
        } else {
            auto next = known.checked ? gateways.upper_bound(*known.checked) : gateways.begin();
            next = next == gateways.end() ? gateways.begin() : next;
            known.checked = *next;
            questions.probe.push_back({link.ifindex, *next});
        }
    }
    if (!known.check_at || *known.check_at <= now) {
        known.check_at = now + pace();
    }
}

/// Between two thirds of the time and all of it.
mobility::Duration AttachmentWatch::pace() {
    const mobility::Duration longest = settings_.check;
    return longest - longest / 3 * (random_() % 1000) / 1000;
}

std::optional<TimePoint> AttachmentWatch::next_deadline() const {
    std::optional<TimePoint> next;
    for (const auto& [ifindex, known] : links_) {
        for (const auto& time :
             {known.doubt_until, known.solicit_at, known.probe_at, known.check_at}) {
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
    if (known->second.doubts(Doubt::attached_anew)) {
        return Presence::unconfirmed;
    }
    const bool trusted = std::any_of(addresses.begin(), addresses.end(), [&](const auto& entry) {
        return entry.second.trusted && share_prefix(entry.first, address);
    });
    if (!trusted) {
        return Presence::gone;
    }
    return any_confirmed(known->second) && known->second.doubts(Doubt::gateway_silent)
               ? Presence::unconfirmed
               : Presence::here;
}

std::uint32_t AttachmentWatch::attachment(const netlink::Link& link) const {
    const auto known = links_.find(link.ifindex);
    return link.carrier_changes + (known == links_.end() ? 0 : known->second.other_gateways);
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
