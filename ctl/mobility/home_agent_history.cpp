// SPDX-License-Identifier: GPL-2.0-or-later
// Records of Binding Updates, and the rules by which they were judged.
#include "mobility/home_agent_history.hpp"

#include <iterator>
#include <utility>

namespace dsmip::mobility {

std::string_view to_string(UpdateVerdict verdict) {
    switch (verdict) {
    case UpdateVerdict::waiting:
        return "waiting";
    case UpdateVerdict::accepted:
        return "accepted";
    case UpdateVerdict::refused:
        return "refused";
    case UpdateVerdict::dropped:
        break;
    }
    return "dropped";
}

NodeHistory& HomeAgentHistory::Table::at(const wire::Ipv6Address& home_address) {
    if (!rows_.empty() && rows_.back().first == home_address) {
        return rows_.back().second;
    }
    if (const auto known = places_.find(home_address); known != places_.end()) {
        rows_.splice(rows_.end(), rows_, known->second);
        return known->second->second;
    }
    if (rows_.size() == most_) {
        // The oldest row becomes the new one.
        auto place = places_.extract(rows_.front().first);
        rows_.splice(rows_.end(), rows_, rows_.begin());
        rows_.back() = {home_address, {}};
        place.key() = home_address;
        places_.insert(std::move(place));
    } else {
        rows_.emplace_back(home_address, NodeHistory{});
        places_[home_address] = std::prev(rows_.end());
    }
    return rows_.back().second;
}

NodeHistory* HomeAgentHistory::Table::find(const wire::Ipv6Address& home_address) {
    // Mostly whoever sent the last message.
    if (!rows_.empty() && rows_.back().first == home_address) {
        return &rows_.back().second;
    }
    const auto known = places_.find(home_address);
    return known == places_.end() ? nullptr : &known->second->second;
}

const NodeHistory* HomeAgentHistory::Table::find(const wire::Ipv6Address& home_address) const {
    const auto known = places_.find(home_address);
    return known == places_.end() ? nullptr : &known->second->second;
}

void HomeAgentHistory::received(TimePoint now, const ReceivedMessage& message,
                                const wire::BindingUpdate* update, bool served) {
    // Of a node that refreshes, the space for its options is there.
    auto& last = (served ? served_ : strangers_).at(message.source).last;
    auto options = last ? std::move(last->options) : OptionStatuses{};
    options.identifiers.clear();
    options.home_addresses4.clear();
    auto& record = last.emplace();
    record.options = std::move(options);
    record.when = now;
    record.from = message.path ? message.path->remote
                               : wire::Endpoint{message.wire_source.value_or(message.source), 0};
    if (update != nullptr) {
        record.sequence = update->sequence;
        record.lifetime = update->lifetime.duration();
    }
}

UpdateRecord* HomeAgentHistory::undecided(const wire::Ipv6Address& home_address) {
    auto* history = served_.find(home_address);
    if (history == nullptr) {
        history = strangers_.find(home_address);
    }
    const bool waits =
        history != nullptr && history->last && history->last->verdict == UpdateVerdict::waiting;
    return waits ? &*history->last : nullptr;
}

void HomeAgentHistory::accepted(const wire::Ipv6Address& home_address, wire::BindingStatus status) {
    if (auto* record = undecided(home_address)) {
        record->verdict = UpdateVerdict::accepted;
        record->status = status;
        record->rule = rule_of(status);
        served_.at(home_address).last_accepted = *record;
    }
}

void HomeAgentHistory::refused(const wire::Ipv6Address& home_address, wire::BindingStatus status,
                               std::string_view rule, OptionStatuses options) {
    if (auto* record = undecided(home_address)) {
        record->verdict = UpdateVerdict::refused;
        record->status = status;
        record->rule = rule;
        record->options = std::move(options);
    }
}

void HomeAgentHistory::judged(const wire::Ipv6Address& home_address,
                              std::span<const OptionStatuses::Identifier> identifiers,
                              std::span<const wire::Ipv4AddressAcknowledgement> home_addresses4) {
    if (auto* record = undecided(home_address)) {
        record->options.identifiers.assign(identifiers.begin(), identifiers.end());
        record->options.home_addresses4.assign(home_addresses4.begin(), home_addresses4.end());
    }
}

void HomeAgentHistory::dropped(const wire::Ipv6Address& home_address, std::string_view rule) {
    if (auto* record = undecided(home_address)) {
        record->verdict = UpdateVerdict::dropped;
        record->rule = rule;
    }
}

void HomeAgentHistory::owner_changed(const wire::Ipv6Address& home_address,
                                     const OwnerChange& change) {
    auto& known = served_.at(home_address).owner_change;
    const auto count = known ? known->count : 0;
    known = change;
    known->count = count + 1;
}

void HomeAgentHistory::ended(TimePoint now, const wire::Ipv6Address& home_address,
                             std::string_view reason) {
    served_.at(home_address).ended = EndRecord{now, reason};
}

const NodeHistory* HomeAgentHistory::find(const wire::Ipv6Address& home_address) const {
    const auto* history = served_.find(home_address);
    return history != nullptr ? history : strangers_.find(home_address);
}

std::string_view rule_of(wire::BindingStatus status) {
    using Status = wire::BindingStatus;
    switch (status) {
    case Status::Accepted:
        return "all checks passed";
    case Status::McoaNotComplete:
        return "some of the Binding Identifier options were refused (RFC 5648, 6.3)";
    case Status::AdministrativelyProhibited:
        return "the configuration does not let this node, or not what it asks for";
    case Status::InsufficientResources:
        return "a limit is reached: bindings or prefixes of one node, or a rate";
    case Status::HomeRegistrationNotSupported:
        return "this home agent does not do such registrations";
    case Status::NotHomeSubnet:
        return "the home address is in none of the home prefixes (RFC 6275, 10.3.1)";
    case Status::NotHomeAgentForThisMobileNode:
        return "nothing is registered that could be deleted (RFC 6275, 10.3.2)";
    case Status::DuplicateAddressDetectionFailed:
        return "somebody else has the address on the home link (RFC 6275, 10.3.1)";
    case Status::SequenceNumberOutOfWindow:
        return "the sequence number does not follow the last accepted one (RFC 6275, 9.5.1)";
    case Status::RegistrationTypeChangeDisallowed:
        return "a host does not become a router, nor a router a host (RFC 3963, 6.2)";
    case Status::MobileRouterOperationNotPermitted:
        return "mobile routers are not served (RFC 3963, 6.2)";
    case Status::InvalidPrefix:
        return "a prefix is none that a network can have (RFC 3963, 6.2)";
    case Status::NotAuthorizedForPrefix:
        return "a prefix belongs to another node or to nobody (RFC 3963, 6.2)";
    case Status::ForwardingSetupFailed:
        return "there is no prefix to forward, or its route could not be made (RFC 3963, 6.2)";
    case Status::CannotForceUdpEncapsulation:
        return "accept-forced-udp is off (RFC 5555, 4.4.2)";
    case Status::McoaMalformed:
        return "a Binding Identifier option is malformed (RFC 5648, 6.3)";
    case Status::McoaNonMcoaBindingExists:
        return "a binding without BID exists (RFC 5648, 6.3)";
    case Status::McoaProhibited:
        return "accept-mcoa is off (RFC 5648, 6.3)";
    case Status::McoaUnknownCareOfAddress:
        return "the care-of address of a BID is not known (RFC 5648, 6.3)";
    case Status::McoaBulkRegistrationProhibited:
        return "accept-bulk is off (RFC 5648, 6.3)";
    case Status::McoaSimultaneousHomeAndForeignProhibited:
        return "a node cannot be at home and away at once here (RFC 5648, 6.3)";
    case Status::InvalidCareOfAddress:
        return "the care-of address is not usable: not unicast, or within this home agent's own "
               "addresses (RFC 6275, 9.5.1)";
    default:
        return "see the status";
    }
}

std::string_view rule_of(HomeAgentDrop cause) {
    switch (cause) {
    case HomeAgentDrop::source_not_unicast:
        return "drop_source_not_unicast: the IPv6 source on the wire is no unicast address";
    case HomeAgentDrop::destination_not_unicast:
        return "drop_destination_not_unicast: it was not sent to a unicast address";
    case HomeAgentDrop::home_address_not_unicast:
        return "drop_home_address_not_unicast: not unicast routable (RFC 6275, 9.5.1)";
    case HomeAgentDrop::tunnel_not_ipv4:
        return "drop_tunnel_not_ipv4: in a tunnel over IPv6 (RFC 5555, 4.5)";
    case HomeAgentDrop::home_address_option_in_udp:
        return "drop_home_address_option_in_udp: it differs from the source (RFC 5555, 4.5)";
    case HomeAgentDrop::no_home_address_option:
        return "drop_no_home_address_option: it needs one (RFC 6275, 10.3.1)";
    case HomeAgentDrop::nonce_indices:
        return "drop_nonce_indices: not in a home registration (RFC 6275, 9.5.1)";
    case HomeAgentDrop::correspondent_registration:
        return "drop_correspondent_registration: the H flag is clear";
    default:
        return name_of(cause);
    }
}

std::string_view rule_of(wire::DecodeCause cause) {
    switch (cause) {
    case wire::DecodeCause::MhTruncated:
        return "drop_mh_truncated: the message is cut short";
    case wire::DecodeCause::MhOverlong:
        return "drop_mh_overlong: octets behind the end of the message";
    case wire::DecodeCause::MhChecksum:
        return "drop_mh_checksum: the checksum is wrong (RFC 6275, 9.2)";
    case wire::DecodeCause::MhTypeUnknown:
        return "drop_mh_type_unknown: unknown message type (RFC 6275, 9.2)";
    case wire::DecodeCause::MhPayloadProto:
        return "drop_mh_payload_proto: something follows the Mobility Header (RFC 6275, 9.2)";
    case wire::DecodeCause::MhHeaderLength:
        return "drop_mh_header_length: too short for its type (RFC 6275, 9.2)";
    default:
        return "an option of the message is malformed";
    }
}

} // namespace dsmip::mobility
