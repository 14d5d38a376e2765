// SPDX-License-Identifier: GPL-2.0-or-later
// Binding Updates as messages.
#include "mobility/mobile_node_update.hpp"

#include <utility>

#include "wire/binding_identifier.hpp"

namespace dsmip::mobility {
namespace {

wire::BindingIdentifier make_option(const UpdateContents& contents, const UpdateContents::Bid& bid,
                                    wire::Dialect dialect) {
    wire::BindingIdentifierRequest request;
    request.bid = bid.bid;
    request.overwrite = contents.overwrite;
    request.priority = bid.priority;
    if (bid.care_of) {
        if (const auto* address4 = bid.care_of->ipv4()) {
            request.care_of_address = *address4;
        } else {
            request.care_of_address = *bid.care_of->ipv6();
        }
    }
    return wire::make_binding_identifier(request, dialect);
}

wire::MobilityOptions make_options(const UpdateContents& contents, wire::Dialect dialect) {
    wire::MobilityOptions options;
    if (contents.home_address4) {
        options.emplace_back(*contents.home_address4);
    }
    for (const auto& option : contents.prefixes4) {
        options.emplace_back(option);
    }
    for (const auto& prefix : contents.prefixes6) {
        options.emplace_back(wire::MobileNetworkPrefix{prefix});
    }
    // A Binding Identifier option takes the place of the other care-of address
    // options (RFC 5648, 5.3 and 8.1).
    if (!contents.bids.empty()) {
        for (const auto& bid : contents.bids) {
            options.emplace_back(make_option(contents, bid, dialect));
        }
    } else if (const auto* address4 = contents.path.address.ipv4()) {
        options.emplace_back(wire::Ipv4CareOfAddress{*address4});
    } else {
        options.emplace_back(wire::AlternateCareOfAddress{*contents.path.address.ipv6()});
    }
    return options;
}

} // namespace

tl::expected<SendMessage, wire::EncodeError> build_update(const MobileNodeConfig& config,
                                                          const UpdateContents& contents) {
    const auto* local4 = contents.path.address.ipv4();
    wire::BindingUpdate update;
    update.sequence = contents.sequence;
    update.flags.acknowledge = true;
    update.flags.home_registration = true;
    update.flags.mobile_router = contents.mobile_router;
    update.flags.force_udp = contents.force_udp && local4 != nullptr;
    update.flags.tlv = contents.tlv && local4 != nullptr;
    update.flags.overwrite = contents.overwrite && !contents.bids.empty();
    update.lifetime =
        wire::Lifetime::from(std::chrono::duration_cast<std::chrono::seconds>(contents.lifetime));
    update.options = make_options(contents, config.dialect);

    auto octets = wire::encode(update, config.dialect, config.home_address, config.home_agent6);
    if (!octets) {
        return tl::unexpected(octets.error());
    }
    SendMessage message;
    message.octets = std::move(*octets);
    message.source = config.home_address;
    message.destination = config.home_agent6;
    if (local4 != nullptr) {
        message.route =
            UdpPath{{config.home_agent4.value_or(wire::Ipv4Address{}), config.home_agent_port},
                    *local4,
                    contents.path.link};
    } else {
        NativeIpv6 native;
        native.wire_source = *contents.path.address.ipv6();
        native.wire_destination = config.home_agent6;
        native.home_address_option = true;
        native.link = contents.path.link;
        message.route = native;
    }
    return message;
}

} // namespace dsmip::mobility
