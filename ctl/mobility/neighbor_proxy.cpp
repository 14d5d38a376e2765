// SPDX-License-Identifier: GPL-2.0-or-later
// Proxy Neighbor Discovery, proxy ARP and duplicate address detection.
#include "mobility/neighbor_proxy.hpp"

#include <algorithm>
#include <utility>

namespace dsmip::mobility {
namespace {

// Of each kind in one turn: many nodes may register together.
constexpr std::size_t turn_max = 256;

EthernetFrame frame(const wire::NeighborSolicitation& message) {
    return {wire::ethernet_multicast(message.destination), wire::ethertype_ipv6,
            wire::encode(message)};
}

std::vector<wire::Ipv6Address> addresses6(const wire::Ipv6Address& home_address, bool link_local) {
    std::vector<wire::Ipv6Address> addresses{home_address};
    if (link_local) {
        addresses.push_back(wire::link_local_of(home_address));
    }
    return addresses;
}

} // namespace

// ---------------------------------------------------------------- claims

EthernetFrames NeighborProxy::claim(TimePoint now, const ClaimHomeAddress& claim) {
    EthernetFrames out;
    const auto found = claims_.find(claim.home_address);
    if (found != claims_.end()) {
        auto known = found->second.claim;
        known.announce = claim.announce;
        if (known == claim) {
            return out;
        }
    }
    release(claim.home_address);
    const auto generation = ++generation_;
    claims_[claim.home_address] = {claim, generation};
    if (claim.link_local) {
        link_locals_[wire::link_local_of(claim.home_address)] = claim.home_address;
    }
    for (const auto& address : claim.home_addresses4) {
        home_addresses4_[address] = claim.home_address;
    }
    if (claim.announce) {
        announce(claim, out);
        announcements_.push_back(
            {now + RETRANS_TIMER, claim.home_address, generation, MAX_NEIGHBOR_ADVERTISEMENT - 1});
    }
    return out;
}

void NeighborProxy::release(const wire::Ipv6Address& home_address) {
    const auto found = claims_.find(home_address);
    if (found == claims_.end()) {
        return;
    }
    // Another home address may have taken it over.
    const auto forget = [&](auto& owners, const auto& address) {
        const auto owner = owners.find(address);
        if (owner != owners.end() && owner->second == home_address) {
            owners.erase(owner);
        }
    };
    forget(link_locals_, wire::link_local_of(home_address));
    for (const auto& address : found->second.claim.home_addresses4) {
        forget(home_addresses4_, address);
    }
    claims_.erase(found);
}

void NeighborProxy::announce_again(TimePoint now) {
    announcements_.clear();
    for (auto& [home_address, claimed] : claims_) {
        claimed.generation = ++generation_;
        announcements_.push_back(
            {now, home_address, claimed.generation, MAX_NEIGHBOR_ADVERTISEMENT});
    }
}

const ClaimHomeAddress* NeighborProxy::claim_of(const wire::Ipv6Address& target) const {
    const auto other = link_locals_.find(target);
    const auto found = claims_.find(other == link_locals_.end() ? target : other->second);
    return found == claims_.end() ? nullptr : &found->second.claim;
}

bool NeighborProxy::claims(const wire::Ipv6Address& address) const {
    return claim_of(address) != nullptr;
}

// RFC 6275, 10.4.1: to all nodes, overriding what they knew.  IPv4: RFC 5944, 4.6.
void NeighborProxy::announce(const ClaimHomeAddress& claim, EthernetFrames& out) const {
    for (const auto& target : addresses6(claim.home_address, claim.link_local)) {
        out.push_back(
            {wire::ethernet_multicast(wire::all_nodes), wire::ethertype_ipv6,
             wire::encode(wire::NeighborAdvertisement{config_.source, wire::all_nodes, target,
                                                      claim.router, false, true, link_address_})});
    }
    for (const auto& address : claim.home_addresses4) {
        out.push_back(
            {wire::ethernet_broadcast, wire::ethertype_arp,
             wire::encode(wire::ArpPacket{
                 wire::ArpPacket::Operation::request, link_address_, address, {}, address})});
    }
}

// ---------------------------------------------------------------- detection

EthernetFrames NeighborProxy::start_dad(TimePoint now, const StartDad& request) {
    EthernetFrames out;
    ++counters_.dad_started;
    Detection detection{now + RETRANS_TIMER, request.request,
                        addresses6(request.home_address, request.link_local)};
    for (const auto& target : detection.targets) {
        tentative_.emplace(target, request.request);
        out.push_back(frame(wire::NeighborSolicitation{
            {}, wire::solicited_node(target), target, std::nullopt, config_.nonce}));
    }
    detection_ends_.emplace_back(detection.due, detection.request);
    detections_.emplace(request.request, std::move(detection));
    return out;
}

void NeighborProxy::end_detection(RequestId request, DadOutcome outcome) {
    const auto found = detections_.find(request);
    if (found == detections_.end()) {
        return;
    }
    for (const auto& target : found->second.targets) {
        const auto [begin, end] = tentative_.equal_range(target);
        const auto mine =
            std::find_if(begin, end, [&](const auto& entry) { return entry.second == request; });
        if (mine != end) {
            tentative_.erase(mine);
        }
    }
    detections_.erase(found);
    outcomes_.emplace_back(request, outcome);
    counters_.dad_duplicates += outcome == DadOutcome::duplicate ? 1U : 0U;
}

void NeighborProxy::abandon_detections() {
    while (!detections_.empty()) {
        end_detection(detections_.begin()->first, DadOutcome::unknown);
    }
}

bool NeighborProxy::found_duplicate(const wire::Ipv6Address& target) {
    bool any = false;
    for (auto found = tentative_.find(target); found != tentative_.end();
         found = tentative_.find(target)) {
        end_detection(found->second, DadOutcome::duplicate);
        any = true;
    }
    return any;
}

std::vector<std::pair<RequestId, DadOutcome>> NeighborProxy::take_outcomes() {
    return std::exchange(outcomes_, {});
}

// ---------------------------------------------------------------- messages

EthernetFrames NeighborProxy::receive(std::uint16_t ethertype, const wire::EthernetAddress& source,
                                      std::span<const std::uint8_t> payload) {
    EthernetFrames out;
    const auto message = wire::decode_neighbor_message(ethertype, payload);
    if (!message || source == link_address_) {
        return out;
    }
    if (const auto* solicitation = std::get_if<wire::NeighborSolicitation>(&*message)) {
        answer(*solicitation, source, out);
    } else if (const auto* advertisement = std::get_if<wire::NeighborAdvertisement>(&*message)) {
        note(*advertisement);
    } else if (const auto* arp = std::get_if<wire::ArpPacket>(&*message)) {
        answer(*arp, out);
    }
    return out;
}

void NeighborProxy::answer(const wire::NeighborSolicitation& message,
                           const wire::EthernetAddress& source, EthernetFrames& out) {
    const bool asks_whether_free = message.source.is_unspecified();
    if (asks_whether_free && message.nonce != config_.nonce && found_duplicate(message.target)) {
        return;
    }
    const auto* claim = claim_of(message.target);
    if (claim == nullptr) {
        return;
    }
    ++counters_.solicitations_answered;
    // One that asks whether the address is free hears that it is not.  Otherwise without
    // Override: the word of the node itself counts for more (RFC 4861, 7.2.8).
    wire::NeighborAdvertisement answer{
        config_.source, message.source, message.target, claim->router, true, false, link_address_};
    auto destination = message.source_link_address.value_or(source);
    if (asks_whether_free) {
        answer.destination = wire::all_nodes;
        answer.solicited = false;
        answer.overrides = true;
        destination = wire::ethernet_multicast(wire::all_nodes);
    }
    out.push_back({destination, wire::ethertype_ipv6, wire::encode(answer)});
}

void NeighborProxy::note(const wire::NeighborAdvertisement& message) {
    // Defending the address would start a fight with a node that has come home.
    if (!found_duplicate(message.target) && claims(message.target)) {
        ++counters_.conflicts;
    }
}

void NeighborProxy::answer(const wire::ArpPacket& packet, EthernetFrames& out) {
    if (home_addresses4_.contains(packet.sender)) {
        ++counters_.conflicts;
    }
    if (packet.operation != wire::ArpPacket::Operation::request || packet.sender == packet.target ||
        !home_addresses4_.contains(packet.target)) {
        return;
    }
    ++counters_.arp_requests_answered;
    out.push_back(
        {packet.sender_link_address, wire::ethertype_arp,
         wire::encode(wire::ArpPacket{wire::ArpPacket::Operation::reply, link_address_,
                                      packet.target, packet.sender_link_address, packet.sender})});
}

// ---------------------------------------------------------------- time

EthernetFrames NeighborProxy::tick(TimePoint now) {
    EthernetFrames out;
    for (std::size_t done = 0;
         done < turn_max && !detection_ends_.empty() && detection_ends_.front().first <= now;
         ++done) {
        end_detection(detection_ends_.front().second, DadOutcome::unique);
        detection_ends_.pop_front();
    }
    for (std::size_t done = 0;
         done < turn_max && !announcements_.empty() && announcements_.front().due <= now; ++done) {
        auto next = announcements_.front();
        announcements_.pop_front();
        const auto found = claims_.find(next.home_address);
        if (found == claims_.end() || found->second.generation != next.generation) {
            continue;
        }
        announce(found->second.claim, out);
        if (--next.left != 0) {
            next.due = now + RETRANS_TIMER;
            announcements_.push_back(next);
        }
    }
    return out;
}

std::optional<TimePoint> NeighborProxy::next_deadline() const {
    std::optional<TimePoint> next;
    if (!outcomes_.empty()) {
        return TimePoint{}; // long past: they are to be fetched
    }
    if (!detection_ends_.empty()) {
        next = detection_ends_.front().first;
    }
    if (!announcements_.empty() && (!next || announcements_.front().due < *next)) {
        next = announcements_.front().due;
    }
    return next;
}

} // namespace dsmip::mobility
