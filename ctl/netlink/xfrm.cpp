// SPDX-License-Identifier: GPL-2.0-or-later
// XFRM states and policies of mode "ro" (net/ipv6/mip6.c in the kernel).
#include "netlink/xfrm.hpp"

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include "netlink/message_builder.hpp"
#include "netlink/rtnl_messages.hpp"

namespace dsmip::netlink {

namespace {

constexpr std::uint16_t binding_update_type = 5;                // RFC 6275, 6.1.7
constexpr std::uint16_t mobility_extension_length = 2;          // Hdr Ext Len with a home address
constexpr std::uint16_t mobile_prefix_advertisement_type = 147; // 6.8

std::uint8_t protocol_of(MobilityHeaderExtension extension) {
    return extension == MobilityHeaderExtension::home_address_option ? IPPROTO_DSTOPTS
                                                                     : IPPROTO_ROUTING;
}

xfrm_address_t to_xfrm(const wire::Ipv6Address& address) {
    xfrm_address_t result{};
    std::memcpy(&result, address.bytes.data(), address.bytes.size());
    return result;
}

std::string describe(std::string_view what, MobilityHeaderExtension extension,
                     const wire::Ipv6Address& destination) {
    return std::string(what) +
           (extension == MobilityHeaderExtension::home_address_option
                ? " Home Address options at "
                : " type 2 routing headers at ") +
           (destination.is_unspecified() ? std::string("any address")
                                         : wire::to_string(destination));
}

/// What may come with the extension. A Home Address option is for Binding Updates; what a home
/// agent sends with a type 2 routing header is a message of any type, or a Mobile Prefix
/// Advertisement.
std::vector<xfrm_selector> selectors_of(MobilityHeaderExtension extension,
                                        const wire::Ipv6Address& destination) {
    const bool to_home_agent = extension == MobilityHeaderExtension::home_address_option;
    xfrm_selector selector{};
    selector.family = AF_INET6;
    selector.daddr = to_xfrm(destination);
    selector.prefixlen_d = destination.is_unspecified() ? 0 : wire::Ipv6Address::bit_length;
    auto signalling = selector;
    signalling.proto = IPPROTO_MH;
    if (to_home_agent) {
        signalling.sport = htons(binding_update_type); // where XFRM keeps the type of a message
        signalling.sport_mask = 0xffff;
        // Linux from 6.8 on does not look for the type of what comes in: all have type 0. The
        // receiver drops what is no Binding Update.
        auto unread = signalling;
        unread.sport = 0;
        return {signalling, unread};
    }
    auto discovery = selector;
    discovery.proto = IPPROTO_ICMPV6;
    discovery.sport = htons(mobile_prefix_advertisement_type);
    discovery.sport_mask = 0xffff;
    // Linux 6.1 looks for type and code of ICMPv6 at the wrong place, in the first extension
    // header, and finds its fields Next Header and Hdr Ext Len: any ICMPv6 message gets in there.
    auto misread = discovery;
    misread.sport = htons(IPPROTO_ICMPV6);
    misread.dport = htons(mobility_extension_length);
    misread.dport_mask = 0xffff;
    return {signalling, discovery, misread};
}

/// Of a request about the policy: ours are sub-policies, which leave those of IPsec in force beside
/// them.
void put_policy_type(MessageBuilder& builder) {
    builder.put(XFRMA_POLICY_TYPE,
                xfrm_userpolicy_type{.type = XFRM_POLICY_TYPE_SUB, .reserved1 = 0, .reserved2 = 0});
}

void unlimited(xfrm_lifetime_cfg& lifetime) {
    lifetime.soft_byte_limit = XFRM_INF;
    lifetime.hard_byte_limit = XFRM_INF;
    lifetime.soft_packet_limit = XFRM_INF;
    lifetime.hard_packet_limit = XFRM_INF;
}

Result<DumpState> add_state(Socket& socket, MobilityHeaderExtension extension,
                            const wire::Ipv6Address& destination, const std::string& request) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, XFRM_MSG_NEWSA, add_flags(IfExists::fail));
    xfrm_usersa_info state{};
    state.sel.family = AF_INET6;
    state.id.daddr = to_xfrm(destination);
    state.id.proto = protocol_of(extension);
    state.family = AF_INET6;
    state.mode = XFRM_MODE_ROUTEOPTIMIZATION;
    // Without this flag the kernel takes the source address :: for a real one.
    state.flags = XFRM_STATE_WILDRECV;
    unlimited(state.lft);
    builder.header(state);
    builder.put(XFRMA_COADDR, xfrm_address_t{});
    return socket.transact(buffer.octets, request);
}

Result<DumpState> add_policy(Socket& socket, MobilityHeaderExtension extension,
                             const xfrm_selector& selector, const std::string& request) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, XFRM_MSG_NEWPOLICY, add_flags(IfExists::fail));
    xfrm_userpolicy_info policy{};
    policy.sel = selector;
    // The one for Binding Updates is narrower and comes first.
    policy.priority = extension == MobilityHeaderExtension::home_address_option ? 1 : 2;
    policy.dir = XFRM_POLICY_IN;
    policy.action = XFRM_POLICY_ALLOW;
    unlimited(policy.lft);
    builder.header(policy);
    xfrm_user_tmpl allowed{};
    allowed.family = AF_INET6;
    allowed.id.proto = protocol_of(extension);
    allowed.mode = XFRM_MODE_ROUTEOPTIMIZATION;
    allowed.optional = 1; // messages without the header pass as before
    allowed.aalgos = allowed.ealgos = allowed.calgos = UINT32_MAX;
    builder.put(XFRMA_TMPL, allowed);
    put_policy_type(builder);
    return socket.transact(buffer.octets, request);
}

Result<DumpState> delete_state(Socket& socket, MobilityHeaderExtension extension,
                               const wire::Ipv6Address& destination, const std::string& request) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, XFRM_MSG_DELSA, 0);
    xfrm_usersa_id id{};
    id.daddr = to_xfrm(destination);
    id.family = AF_INET6;
    id.proto = protocol_of(extension);
    builder.header(id);
    builder.put(XFRMA_SRCADDR, xfrm_address_t{});
    return socket.transact(buffer.octets, request);
}

Result<DumpState> delete_policy(Socket& socket, const xfrm_selector& selector,
                                const std::string& request) {
    RequestBuffer buffer;
    MessageBuilder builder(buffer.octets, XFRM_MSG_DELPOLICY, 0);
    xfrm_userpolicy_id id{};
    id.sel = selector;
    id.dir = XFRM_POLICY_IN;
    builder.header(id);
    put_policy_type(builder);
    return socket.transact(buffer.octets, request);
}

} // namespace

Xfrm::Xfrm(Socket socket)
    : socket_(std::move(socket)) {}

Result<Xfrm> Xfrm::open() {
    return Socket::open(NETLINK_XFRM).map([](Socket&& socket) { return Xfrm(std::move(socket)); });
}

Result<void> Xfrm::accept(MobilityHeaderExtension extension, const wire::Ipv6Address& destination,
                          IfExists if_exists) {
    const std::string request = describe("accept", extension, destination);
    if (if_exists == IfExists::replace) {
        return tl::unexpected(NetlinkError{
            .code = EINVAL, .text = "there is nothing in it to replace", .request = request});
    }
    auto state = tolerate_existing(add_state(socket_, extension, destination, request), if_exists);
    if (!state) {
        return state;
    }
    // Without a policy the kernel drops what a state of mode "ro" let in (XfrmInNoPols).
    for (const auto& selector : selectors_of(extension, destination)) {
        auto policy = tolerate_existing(
            add_policy(socket_, extension, selector, request + " (policy)"), if_exists);
        if (!policy) {
            (void)stop_accepting(extension, destination, IfMissing::accept);
            return policy;
        }
    }
    return {};
}

Result<bool> Xfrm::restore(MobilityHeaderExtension extension,
                           const wire::Ipv6Address& destination) {
    const std::string request = describe("accept", extension, destination);
    bool missing = false;
    const auto note = [&](const Result<DumpState>& added) {
        missing = missing || added.has_value();
        return tolerate_existing(added, IfExists::accept);
    };
    auto done = note(add_state(socket_, extension, destination, request));
    for (const auto& selector : selectors_of(extension, destination)) {
        if (done) {
            done = note(add_policy(socket_, extension, selector, request + " (policy)"));
        }
    }
    return done.map([&] { return missing; });
}

Result<void> Xfrm::stop_accepting(MobilityHeaderExtension extension,
                                  const wire::Ipv6Address& destination, IfMissing if_missing) {
    const std::string request = describe("stop accepting", extension, destination);
    Result<void> result;
    for (const auto& selector : selectors_of(extension, destination)) {
        auto policy =
            tolerate_missing(delete_policy(socket_, selector, request + " (policy)"), if_missing);
        if (result) {
            result = policy;
        }
    }
    auto state =
        tolerate_missing(delete_state(socket_, extension, destination, request), if_missing);
    return result ? state : result;
}

} // namespace dsmip::netlink
