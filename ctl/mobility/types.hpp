// SPDX-License-Identifier: GPL-2.0-or-later
// What the protocol engines and the daemon say to each other: times, paths,
// bindings as the kernel holds them, messages in, actions out.  No I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "mobility/report.hpp"
#include "wire/address.hpp"
#include "wire/dialect.hpp"

namespace dsmip::mobility {

// Time since an arbitrary start that counts while the machine sleeps.  The
// caller owns the clock; engines only compare and add.
using Duration = std::chrono::milliseconds;
struct EngineClock {
    using rep = Duration::rep;
    using period = Duration::period;
    using duration = Duration;
    using time_point = std::chrono::time_point<EngineClock, Duration>;
    static constexpr bool is_steady = true;
};
using TimePoint = EngineClock::time_point;

// What stands between outer and inner IP header (RFC 5555, 4.1; RFC 5845).
// Values equal enum dsmip_encap of <linux/dsmip.h>.
enum class Encapsulation : std::uint8_t { direct, udp, udp_tlv, udp_tlv_draft };

// The outer tuple that brought a message through the dsmip device.  `cookie`
// is the packet mark that sends an answer back over exactly this tuple.
struct MessagePath {
    std::uint32_t cookie = 0;
    Encapsulation encapsulation = Encapsulation::udp;
    wire::Endpoint remote;
    wire::Endpoint local;
    unsigned link = 0; // interface index
};

// A link-layer address, 6 octets for Ethernet; empty = not known.
using LinkAddress = std::vector<std::uint8_t>;

// A Mobility Header message as it came from the raw socket.
struct ReceivedMessage {
    wire::Ipv6Address source;      // home address where a Home Address option was processed
    wire::Ipv6Address destination; // home address where a type 2 routing header was processed
    // IPv6 source on the wire where it differs from `source` (Home Address option).
    std::optional<wire::Ipv6Address> wire_source;
    // Set when it came through the dsmip device; absent for native IPv6.
    std::optional<MessagePath> path;
    unsigned link = 0;        // interface index it arrived on
    LinkAddress link_address; // source of the frame, where it came over the home link
    std::span<const std::uint8_t> octets;
};

// One care-of end point as the kernel holds it (DSMIP_BINDING_A_*).
struct KernelBinding {
    std::uint16_t bid = 0; // 0 = plain binding
    wire::IpAddress care_of;
    std::uint16_t port = 0;                           // UDP port at the home agent, 0 = none
    std::optional<wire::Ipv4Address> claimed_care_of; // as in the Binding Update, behind a NAT
    Encapsulation encapsulation = Encapsulation::direct;
    std::uint8_t priority = 0;
    Duration lifetime{0}; // remaining
    unsigned link = 0;    // outgoing interface, 0 = routing decides
    std::uint16_t sequence = 0;
    bool nat = false;
    bool forced_udp = false;
    bool draft = false;      // the peer speaks the drafts
    bool mcoa = false;       // made by a Binding Identifier option
    bool link_local = false; // L: the link-local address with the same interface identifier, too
    // The node is at home on `link`: packets go there without a tunnel, to `link_address` or
    // where neighbour resolution finds the node; `care_of` is the home address.
    bool home_link = false;
    LinkAddress link_address;
    friend bool operator==(const KernelBinding&, const KernelBinding&) = default;
};

// A node with its home addresses and bindings, as in one DSMIP_A_NODE.
struct KernelNode {
    wire::Ipv6Address home_address;
    std::vector<wire::Ipv4Address> home_addresses4;
    std::vector<KernelBinding> bindings;
    // Of the network behind a mobile router (RFC 3963).
    std::vector<wire::Prefix6> prefixes6 = {};
    std::vector<wire::Prefix4> prefixes4 = {};
    friend bool operator==(const KernelNode&, const KernelNode&) = default;
};

// A dynamic IPv4 home address (32 bits) or prefix.
struct StoredLease {
    wire::Prefix4 prefix;
    Duration remaining{0};
    friend bool operator==(const StoredLease&, const StoredLease&) = default;
};

// All that outlives the home agent of one home address.  Without bindings, without a lease and
// without a sequence number that late Binding Updates are held against there is nothing to keep.
struct StoredRegistration {
    KernelNode node; // lifetimes are what remains
    std::uint16_t sequence = 0;
    wire::Dialect dialect = wire::Dialect::Auto; // proven by the peer
    std::optional<bool> mobile_router = false;   // R flag; nothing = not known
    std::vector<StoredLease> leases;             // that are the node's own, in use or not
    // De-registered: `sequence` counts for so long (RFC 6275, 10.3.2).
    Duration remembered{0};

    [[nodiscard]] bool is_nothing() const {
        return node.bindings.empty() && leases.empty() && remembered <= Duration(0);
    }
    friend bool operator==(const StoredRegistration&, const StoredRegistration&) = default;
};

// ---------------------------------------------------------------- actions

// How a message leaves.
// Native IPv6: the wire source differs from the message source when a Home
// Address option is to be added, the wire destination from the message
// destination when a type 2 routing header is.
struct NativeIpv6 {
    wire::Ipv6Address wire_source;
    wire::Ipv6Address wire_destination;
    bool home_address_option = false;
    bool routing_header = false;
    unsigned link = 0;        // 0 = routing decides
    LinkAddress link_address; // of the next hop on `link`; empty = neighbour resolution
};
// Back over the tuple that a received message came by.
struct AnswerPath {
    std::uint32_t cookie = 0;
};
// In UDP over IPv4 to a home agent (RFC 5555, 4.4.1); the daemon makes or
// reuses a path cookie for it.
struct UdpPath {
    wire::Endpoint remote;
    wire::Ipv4Address local;
    unsigned link = 0;
};

struct SendMessage {
    std::vector<std::uint8_t> octets; // Mobility Header, checksum filled in
    wire::Ipv6Address source;         // as in the checksum
    wire::Ipv6Address destination;    // as in the checksum
    std::variant<NativeIpv6, AnswerPath, UdpPath> route;
};

// Identifies a request to kernel, store or home link; the daemon gives it back with the
// outcome.
using RequestId = std::uint64_t;

// Make or update the bindings in `node`; with `replace` they become the only
// ones.  With `prefixes` those in `node` become its only ones, too, with routes to them;
// else they stay as they are.  The engine answers its peer only after the outcome is reported.
struct InstallBindings {
    RequestId request = 0;
    KernelNode node;
    bool replace = false;
    bool prefixes = false;
};
// Delete these bindings; an empty list deletes the node, its prefixes and their routes.
struct RemoveBindings {
    RequestId request = 0;
    wire::Ipv6Address home_address;
    std::vector<std::uint16_t> bids;
};
// Home agent with a store: keep this in the place of what is kept of that home address.
struct KeepRegistration {
    RequestId request = 0;
    StoredRegistration registration;
};
// Home agent with a real home link: is the address, with `link_local` also the link-local one
// with its interface identifier, in use there (RFC 6275, 10.3.1)?  Answered by dad_done().
struct StartDad {
    RequestId request = 0;
    wire::Ipv6Address home_address;
    bool link_local = false;
};
// Answer for these addresses on the home link from now on, instead of what was claimed for the
// home address before, and say so there where that is new (RFC 6275, 10.4.1).
struct ClaimHomeAddress {
    wire::Ipv6Address home_address;
    std::vector<wire::Ipv4Address> home_addresses4;
    bool link_local = false;
    bool router = false;  // R of Neighbor Advertisements (RFC 3963, 6.3)
    bool announce = true; // false after a restart: neighbours know already
    friend bool operator==(const ClaimHomeAddress&, const ClaimHomeAddress&) = default;
};
struct ReleaseHomeAddress {
    wire::Ipv6Address home_address;
};
// Home agent: an address that is in no pool any more has been given up by its node.
struct ForgetLease4 {
    wire::Ipv4Address address;
};
// Mobile node: put the IPv4 home address on, or take it off, the device.
struct AssignHomeAddress4 {
    wire::Ipv4Address address;
};
struct WithdrawHomeAddress4 {
    wire::Ipv4Address address;
};

// Mobile node: from now on tunnels lead to that home agent and come from it.
struct UseHomeAgent {
    wire::Ipv6Address address6;
    std::optional<wire::Ipv4Address> address4;
};

using Action = std::variant<SendMessage, InstallBindings, RemoveBindings, KeepRegistration,
                            StartDad, ClaimHomeAddress, ReleaseHomeAddress, ForgetLease4,
                            AssignHomeAddress4, WithdrawHomeAddress4, UseHomeAgent, Report>;
using Actions = std::vector<Action>;

// Outcome of a request: no value = done, else why not.
using RequestOutcome = std::optional<std::string>;
using KernelOutcome = RequestOutcome;

// Outcome of StartDad.
enum class DadOutcome : std::uint8_t {
    unique,
    duplicate, // somebody else has the address, or is about to take it
    unknown,   // the home link cannot be asked
};

// A named count of the engine; names are stable and documented with the engine.
struct NamedCount {
    std::string name;
    std::uint64_t value = 0;
};

} // namespace dsmip::mobility
