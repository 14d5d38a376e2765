// SPDX-License-Identifier: GPL-2.0-or-later
// From Binding Update to registration request; which generation of the specifications
// the sender speaks.
#include "mobility/home_agent_request.hpp"

#include <algorithm>
#include <utility>

#include "wire/codec.hpp"

namespace dsmip::mobility {
namespace {

using wire::Dialect;

// Octet 8 of a Binding Update: 0x0200 of the flags is F of the draft or P of RFC 5213.
constexpr std::size_t flags_offset = 8;
constexpr std::uint8_t draft_force_udp = 0x02;

// What the flags prove.  `update` was decoded with Auto, which reads P only where the
// options of a proxy registration stand.
Dialect dialect_of_flags(const ReceivedMessage& message, const wire::BindingUpdate& update) {
    if (update.flags.tlv || update.flags.overwrite) {
        return Dialect::Rfc; // bits that the drafts reserve
    }
    const bool bit = (message.octets[flags_offset] & draft_force_udp) != 0;
    return bit && !update.flags.proxy && update.flags.force_udp ? Dialect::Draft : Dialect::Auto;
}

} // namespace

std::optional<wire::Ipv6Address> RegistrationRequest::alternate_care_of() const {
    const auto* option = wire::find_option<wire::AlternateCareOfAddress>(update.options);
    return option == nullptr ? std::nullopt : std::optional(option->address);
}

wire::Ipv6Address RegistrationRequest::care_of6() const {
    return alternate_care_of().value_or(wire_source.value_or(home_address));
}

std::optional<wire::Ipv4Address> RegistrationRequest::claimed_care_of4() const {
    std::optional<wire::Ipv4Address> claimed;
    if (identifiers) {
        for (const auto& option : identifiers->options) {
            const auto* address = std::get_if<wire::Ipv4Address>(&option.care_of_address);
            if (address == nullptr) {
                continue;
            }
            if (path && path->remote.address == wire::IpAddress(*address)) {
                return *address;
            }
            claimed = claimed.value_or(*address);
        }
    }
    if (!claimed) {
        if (const auto* option = wire::find_option<wire::Ipv4CareOfAddress>(update.options)) {
            claimed = option->address;
        }
    }
    return claimed;
}

std::vector<wire::Ipv4Address> RegistrationRequest::care_of4() const {
    std::vector<wire::Ipv4Address> addresses;
    addresses.reserve(4 + update.options.size());
    if (const auto* from = path ? path->remote.address.ipv4() : nullptr) {
        addresses.push_back(*from);
    }
    for (const auto& option : update.options) {
        if (const auto* claimed = std::get_if<wire::Ipv4CareOfAddress>(&option)) {
            addresses.push_back(claimed->address);
        }
    }
    if (identifiers) {
        for (const auto& option : identifiers->options) {
            if (const auto* address = std::get_if<wire::Ipv4Address>(&option.care_of_address)) {
                addresses.push_back(*address);
            }
        }
    }
    return addresses;
}

bool RegistrationRequest::deregisters() const {
    return update.lifetime.is_zero() || (!has_identifiers && !path && care_of6() == home_address);
}

wire::Endpoint RegistrationRequest::came_from() const {
    return path ? path->remote : wire::Endpoint{wire_source.value_or(home_address), 0};
}

bool comes_from_node(const RegistrationRequest& request, const Registration& current) {
    if (request.over_home_link) {
        return true;
    }
    const auto from = request.came_from().address;
    const auto claimed = request.claimed_care_of4();
    const auto alternate = request.path ? std::nullopt : request.alternate_care_of();
    return std::any_of(current.bindings.begin(), current.bindings.end(),
                       [&](const Binding& binding) {
                           const auto& end_point = binding.end_point;
                           return end_point.care_of == from ||
                                  (alternate && end_point.care_of == wire::IpAddress(*alternate)) ||
                                  (claimed && (end_point.claimed_care_of == claimed ||
                                               end_point.care_of == wire::IpAddress(*claimed)));
                       });
}

RegistrationRequest parse_request(const ReceivedMessage& message, wire::BindingUpdate update,
                                  const HomeAgentConfig& config, Dialect remembered) {
    const auto configured = config.dialect;
    RegistrationRequest request;
    request.home_address = message.source;
    request.home_agent = message.destination;
    request.wire_source = message.wire_source;
    request.path = message.path;
    request.link = message.link;
    request.over_home_link = !message.path &&
                             message.wire_source.value_or(message.source) == message.source &&
                             (config.home_link.link == 0 || message.link == config.home_link.link);
    if (request.over_home_link) {
        request.link_address = message.link_address;
    }
    request.update = std::move(update);
    request.dialect = configured;
    request.has_identifiers =
        wire::find_option<wire::BindingIdentifier>(request.update.options) != nullptr;
    if (configured == Dialect::Auto) {
        const auto proven = dialect_of_flags(message, request.update);
        request.dialect = proven != Dialect::Auto ? proven : remembered;
    }
    wire::BindingIdentifierContext context;
    context.dialect = configured;
    context.home_address = message.source;
    context.over_home_link = request.over_home_link;
    context.remembered = request.dialect;
    request.identifiers = wire::read_binding_identifiers(request.update, context);
    if (request.has_identifiers && request.identifiers) {
        request.dialect = request.identifiers->dialect;
    }
    if (configured == Dialect::Auto && request.dialect == Dialect::Draft) {
        // F and T stand elsewhere in the draft: what Auto took for F can be T.
        const auto again =
            wire::decode(message.octets, message.source, message.destination, Dialect::Draft);
        if (const auto* draft = again ? std::get_if<wire::BindingUpdate>(&*again) : nullptr) {
            request.update = *draft;
        }
    }
    return request;
}

} // namespace dsmip::mobility
