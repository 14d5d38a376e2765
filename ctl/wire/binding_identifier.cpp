// SPDX-License-Identifier: GPL-2.0-or-later
// Octet 5 of the Binding Identifier option: telling the draft from the RFC, and building either.
#include "wire/binding_identifier.hpp"

#include <algorithm>

#include "wire/octets.hpp"

namespace dsmip::wire {

namespace {

bool has_address(const BindingIdentifier& option) {
    return !std::holds_alternative<std::monostate>(option.care_of_address);
}

bool has_ipv4(const BindingIdentifier& option) {
    return std::holds_alternative<Ipv4Address>(option.care_of_address);
}

bool is_set(const BindingIdentifier& option, std::uint8_t mask) {
    return (option.flags & mask) != 0;
}

/// What one option proves about the generation of its sender; Auto = nothing.
Dialect evidence_of(const BindingIdentifier& option, const BindingUpdate& update,
                    const BindingIdentifierContext& context) {
    if (!has_address(option)) {
        const bool draft_return_home =
            update.lifetime.is_zero() && context.over_home_link && is_set(option, bid_draft::home);
        return draft_return_home ? Dialect::Draft : Dialect::Auto;
    }
    if (!is_set(option, bid_draft::care_of_address)) {
        return Dialect::Rfc; // the draft never has an address without C
    }
    // C of the draft and H of the RFC are one bit. H goes with the home address and a lifetime
    // only.
    const auto* ipv6 = std::get_if<Ipv6Address>(&option.care_of_address);
    const bool rfc_home =
        ipv6 != nullptr && *ipv6 == context.home_address && !update.lifetime.is_zero();
    return rfc_home ? Dialect::Rfc : Dialect::Draft;
}

tl::expected<Dialect, BindingStatus> generation_of(const std::vector<BindingIdentifier>& options,
                                                   const BindingUpdate& update,
                                                   const BindingIdentifierContext& context) {
    if (context.dialect != Dialect::Auto) {
        return context.dialect;
    }
    bool rfc = false;
    bool draft = false;
    for (const auto& option : options) {
        const auto evidence = evidence_of(option, update, context);
        rfc = rfc || evidence == Dialect::Rfc;
        draft = draft || evidence == Dialect::Draft;
    }
    if (rfc && draft) {
        return tl::make_unexpected(BindingStatus::McoaMalformed);
    }
    if (rfc || draft) {
        return rfc ? Dialect::Rfc : Dialect::Draft;
    }
    return context.remembered;
}

/// The draft wants C, and with it the address, in all options or none; O likewise.
bool draft_options_mixed(const std::vector<BindingIdentifier>& options) {
    constexpr unsigned uniform = bid_draft::care_of_address | bid_draft::overwrite;
    const auto& first = options.front();
    return std::any_of(options.begin(), options.end(), [&](const BindingIdentifier& option) {
        return ((option.flags ^ first.flags) & uniform) != 0 ||
               has_address(option) != has_address(first);
    });
}

bool address_unusable(const BindingIdentifier& option) {
    if (const auto* ipv4 = std::get_if<Ipv4Address>(&option.care_of_address)) {
        return !ipv4->is_unicast();
    }
    const auto* ipv6 = std::get_if<Ipv6Address>(&option.care_of_address);
    return ipv6 != nullptr && !ipv6->is_unicast_routable();
}

/// Octet 5 and the length say different things.
bool contradictory(const BindingIdentifier& option, Dialect dialect) {
    if (dialect == Dialect::Draft) {
        return is_set(option, bid_draft::care_of_address) != has_address(option) ||
               is_set(option, bid_draft::ipv4) != has_ipv4(option);
    }
    return is_set(option, bid_rfc::home) &&
           has_ipv4(option); // no home address is an IPv4 care-of address
}

BindingIdentifierReading reading_of(const BindingIdentifier& option, Dialect dialect) {
    BindingIdentifierReading reading;
    reading.bid = option.bid;
    reading.care_of_address = option.care_of_address;
    reading.flags = option.flags;
    if (dialect == Dialect::Draft) {
        reading.home = is_set(option, bid_draft::home);
    } else {
        reading.home = is_set(option, bid_rfc::home);
        reading.priority = option.flags & bid_rfc::priority_mask;
    }
    if (option.bid == 0 || address_unusable(option) || contradictory(option, dialect)) {
        reading.status = BindingStatus::McoaMalformed;
    }
    return reading;
}

} // namespace

BindingIdentifier make_binding_identifier(const BindingIdentifierRequest& request,
                                          Dialect dialect) {
    BindingIdentifier option;
    option.bid = request.bid;
    option.care_of_address = request.care_of_address;
    unsigned flags = 0;
    if (dialect == Dialect::Draft) {
        flags = bit_if(has_address(option), bid_draft::care_of_address) |
                bit_if(request.overwrite, bid_draft::overwrite) |
                bit_if(request.home, bid_draft::home) | bit_if(has_ipv4(option), bid_draft::ipv4);
    } else {
        flags = bit_if(request.home, bid_rfc::home) |
                (static_cast<unsigned>(request.priority) & bid_rfc::priority_mask);
    }
    option.flags = static_cast<std::uint8_t>(flags);
    return option;
}

BindingIdentifier echo_binding_identifier(const BindingIdentifier& received, BindingStatus status) {
    BindingIdentifier option;
    option.bid = received.bid;
    option.status = status;
    option.flags = received.flags;
    return option;
}

tl::expected<BindingIdentifierReadings, BindingStatus>
read_binding_identifiers(const BindingUpdate& update, const BindingIdentifierContext& context) {
    const auto options = find_options<BindingIdentifier>(update.options);
    BindingIdentifierReadings readings;
    if (options.empty()) {
        return readings;
    }
    if (std::any_of(options.begin(), options.end(), [](const BindingIdentifier& option) {
            return option.malformed_length.has_value();
        })) {
        return tl::make_unexpected(BindingStatus::McoaMalformed);
    }
    const auto generation = generation_of(options, update, context);
    if (!generation) {
        return tl::make_unexpected(generation.error());
    }
    readings.dialect = *generation;
    const bool draft = readings.dialect == Dialect::Draft;
    if (draft && draft_options_mixed(options)) {
        return tl::make_unexpected(BindingStatus::McoaMalformed);
    }
    readings.overwrite =
        draft ? is_set(options.front(), bid_draft::overwrite) : update.flags.overwrite;
    for (const auto& option : options) {
        readings.options.push_back(reading_of(option, readings.dialect));
    }
    return readings;
}

} // namespace dsmip::wire
