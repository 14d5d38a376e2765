// SPDX-License-Identifier: GPL-2.0-or-later
// The messages of the generic netlink family "dsmip" as C++ values, and the way to and from their
// octets. Pure functions: no socket, no kernel. <linux/dsmip.h> says what each attribute means;
// a field here carries the name of its attribute.
//
// An empty optional is an absent attribute: on a request "leave it alone", on a reply "not set".
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "netlink/error.hpp"
#include "wire/address.hpp"

struct nlmsghdr;

namespace dsmip::netlink {

using Milliseconds = std::chrono::milliseconds;

/// enum dsmip_role.
enum class Role : std::uint8_t { unspecified, home_agent, mobile_node };

/// enum dsmip_encap: what stands between outer and inner IP header.
enum class Encapsulation : std::uint8_t { direct, udp, udp_tlv, udp_tlv_draft };

/// enum dsmip_df: whether outer IPv4 headers forbid fragmentation.
enum class DontFragment : std::uint8_t { automatic, always, never };

/// enum dsmip_cmd.
enum class Command : std::uint8_t {
    unspecified,
    device_get,
    device_set,
    binding_new,
    binding_del,
    binding_get,
    path_new,
    path_get,
    counter_get,
    prefix_new,
    prefix_del,
    prefix_get,
    flow_new,
    flow_del,
    flow_get,
    binding_expired,
    unregistered,
    unknown_home,
    device_gone,
    path_mtu,
};

/// The names that commands and options use: "home-agent", "mobile-node", "unspecified".
std::string_view to_string(Role role);
/// "direct", "udp", "udp-tlv", "udp-tlv-draft".
std::string_view to_string(Encapsulation encapsulation);
/// "device-set", "binding-new", "binding-expired", ...; "command-N" is never returned, an unknown
/// value gives "unknown".
std::string_view to_string(Command command);
std::optional<Role> parse_role(std::string_view text);
std::optional<Encapsulation> parse_encapsulation(std::string_view text);

/// "auto", "set", "clear".
std::string_view to_string(DontFragment policy);
std::optional<DontFragment> parse_dont_fragment(std::string_view text);

/// What may be set on a device (enum dsmip_device_attr). An unspecified address clears it.
struct DeviceSettings {
    std::optional<Role> role;
    std::optional<wire::Ipv4Address> home_agent4;
    std::optional<wire::Ipv6Address> home_agent6;
    /// Local UDP port; 0 = no UDP at a home agent, any free port at a mobile node.
    std::optional<std::uint16_t> udp_port;
    /// UDP port of the home agent; only at a mobile node.
    std::optional<std::uint16_t> home_agent_port;
    /// Mark of outer packets, bit 31 clear.
    std::optional<std::uint32_t> fwmark;
    /// Contiguous bits, bit 31 clear; 0 = no selection of bindings by mark.
    std::optional<std::uint32_t> bid_mark_mask;
    /// 100 ms to 600 s.
    std::optional<Milliseconds> cookie_lifetime;
    /// Of outer packets; 0 = that of the route.
    std::optional<std::uint8_t> hop_limit;
    /// Of outer packets, 0 to 63; DSMIP_DSCP_COPY = that of the inner packet.
    std::optional<std::uint8_t> dscp;
    /// "Don't fragment" of outer IPv4 headers.
    std::optional<DontFragment> df;
    /// Interface index of the home link, 0 = none; only at a home agent. Packets for no node leave
    /// through it.
    std::optional<std::uint32_t> home_link = std::nullopt;
    /// How much signalling a home agent takes per second, and at once: 0 (no limit) to
    /// DSMIP_SIGNALLING_RATE_MAX, bursts from 1. Of one outer address and port,
    std::optional<std::uint32_t> source_rate = std::nullopt;
    std::optional<std::uint32_t> source_burst = std::nullopt;
    /// of one IPv4 address or IPv6 prefix of 64 bits,
    std::optional<std::uint32_t> network_rate = std::nullopt;
    std::optional<std::uint32_t> network_burst = std::nullopt;
    /// and of all together that come from no binding of their node.
    std::optional<std::uint32_t> stranger_rate = std::nullopt;
    std::optional<std::uint32_t> stranger_burst = std::nullopt;
    /// Octets that an inner packet may have in any tunnel, DSMIP_TUNNEL_MTU_MIN to
    /// DSMIP_TUNNEL_MTU_MAX. The MTU of the device is that of the home link where it is larger.
    std::optional<std::uint32_t> tunnel_mtu = std::nullopt;
    /// Index of the interface or VRF that outer packets belong to; 0 = the default VRF.
    std::optional<std::uint32_t> underlay = std::nullopt;

    friend bool operator==(const DeviceSettings&, const DeviceSettings&) = default;
};

/// A device as the kernel reports it.
struct Device {
    std::uint32_t ifindex = 0;
    std::string name;
    DeviceSettings settings;
    std::uint32_t nodes = 0;
    std::uint32_t bindings = 0;
    std::uint32_t prefixes = 0;
    std::uint32_t flows = 0;
    /// Live path cookies.
    std::uint32_t paths = 0;

    friend bool operator==(const Device&, const Device&) = default;
};

/// Flags of a binding; the kernel keeps them for user space.
struct BindingFlags {
    bool nat = false;        ///< a NAT was detected
    bool forced_udp = false; ///< UDP without a NAT
    bool draft = false;      ///< the peer speaks the drafts
    bool mcoa = false;       ///< made by a Binding Identifier option
    bool link_local = false; ///< L flag of the Binding Update
    friend bool operator==(const BindingFlags&, const BindingFlags&) = default;
};

/// Traffic of one binding; octets are those of inner packets.
struct BindingStatistics {
    std::uint64_t rx_packets = 0;
    std::uint64_t rx_bytes = 0;
    std::uint64_t tx_packets = 0;
    std::uint64_t tx_bytes = 0;

    friend bool operator==(const BindingStatistics&, const BindingStatistics&) = default;
};

/// One care-of end point of a node (enum dsmip_binding_attr).
struct Binding {
    /// Binding identifier (RFC 5648); 0 = the plain binding. Part of the key.
    std::uint16_t bid = 0;
    std::optional<wire::IpAddress> care_of;
    /// UDP port of the end point, only at a home agent.
    std::optional<std::uint16_t> port;
    std::optional<wire::Ipv4Address> claimed4;
    std::optional<Encapsulation> encapsulation;
    /// 0 to 127, lower is preferred (RFC 6089).
    std::optional<std::uint8_t> priority;
    /// 1 ms to DSMIP_LIFETIME_MAX_MS; in replies what is left.
    std::optional<Milliseconds> lifetime;
    /// Interface index outer packets leave through; 0 = routing decides. With `home_link` the
    /// interface of the home link.
    std::optional<std::uint32_t> link;
    std::optional<BindingFlags> flags;
    /// Of the last accepted Binding Update.
    std::optional<std::uint16_t> sequence;
    /// Replies only.
    std::optional<BindingStatistics> statistics;
    /// Replies only: octets that an inner packet may have, as last seen; absent before the first.
    std::optional<std::uint32_t> mtu;
    /// Replies only: time since the last packet from the end point; absent if there was none.
    std::optional<Milliseconds> last_heard;
    /// 1 to 255: share of the flows among bindings of equal priority.
    std::optional<std::uint8_t> weight = std::nullopt;
    /// The node is at home, on `link`; instead of `care_of`.
    bool home_link = false;
    /// Where frames go on the home link; absent = neighbour resolution.
    std::optional<std::vector<std::uint8_t>> link_address = std::nullopt;

    friend bool operator==(const Binding&, const Binding&) = default;
};

/// From `start` to `end`, both included.
template<class Value>
struct Range {
    Value start{};
    Value end{};

    friend bool operator==(const Range&, const Range&) = default;
};

/// A flow rule (enum dsmip_flow_attr, RFC 6088 and RFC 6089). Selectors are as seen on packets
/// toward the node; an empty one matches every packet.
struct Flow {
    /// Flow identifier, the key; not 0.
    std::uint16_t fid = 0;
    /// FID-PRI, not 0; lower goes first.
    std::optional<std::uint16_t> priority;
    /// In order of preference; at least one, at most DSMIP_BINDINGS_MAX.
    std::optional<std::vector<std::uint16_t>> bids;
    std::optional<wire::AddressFamily> family;
    std::optional<Range<wire::IpAddress>> source;
    std::optional<Range<wire::IpAddress>> destination;
    std::optional<Range<std::uint32_t>> spi;
    std::optional<Range<std::uint32_t>> flow_label;
    std::optional<Range<std::uint16_t>> source_port;
    std::optional<Range<std::uint16_t>> destination_port;
    /// The upper six bits count.
    std::optional<Range<std::uint8_t>> traffic_class;
    std::optional<Range<std::uint8_t>> protocol;

    friend bool operator==(const Flow&, const Flow&) = default;
};

/// A prefix of the mobile network behind a node (enum dsmip_prefix_attr, RFC 3963).
struct Prefix {
    wire::IpAddress address;
    std::uint8_t length = 0;

    friend bool operator==(const Prefix&, const Prefix&) = default;
};

/// "ADDRESS/LENGTH".
std::string to_string(const Prefix& prefix);

/// A node: home addresses, bindings and prefixes (enum dsmip_node_attr).
struct Node {
    wire::Ipv6Address home_address;
    /// Present: replaces the whole set, an empty one clears it. At most DSMIP_HOME_ADDRESSES4_MAX.
    std::optional<std::vector<wire::Ipv4Address>> home_addresses4;
    /// At most DSMIP_BINDINGS_MAX.
    std::vector<Binding> bindings;
    /// Only with commands that are about prefixes.
    std::vector<Prefix> prefixes = {};
    /// Only with commands that are about flow rules. At most DSMIP_FLOWS_MAX.
    std::vector<Flow> flows = {};

    friend bool operator==(const Node&, const Node&) = default;
};

/// One outer tuple (enum dsmip_path_attr).
struct Path {
    std::optional<std::uint32_t> cookie;
    std::optional<wire::IpAddress> remote;
    std::optional<wire::IpAddress> local;
    std::optional<std::uint16_t> remote_port;
    std::optional<std::uint16_t> local_port;
    std::optional<Encapsulation> encapsulation;
    std::optional<std::uint32_t> link;
    std::optional<Milliseconds> lifetime;
    /// Inner source address of the packet that made the path; replies only.
    std::optional<wire::Ipv6Address> inner;

    friend bool operator==(const Path&, const Path&) = default;
};

/// A counter of a device under the name the kernel gives it.
struct Counter {
    std::string name;
    std::uint64_t value = 0;

    friend bool operator==(const Counter&, const Counter&) = default;
};

/// Any message of the family: a request, a reply or an event. Fields that the command does not use
/// stay empty.
struct Message {
    Command command = Command::unspecified;
    /// NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_DUMP, ...
    std::uint16_t flags = 0;
    /// 0 = absent.
    std::uint32_t ifindex = 0;
    std::string ifname;
    /// Its ifindex and name are those above.
    std::optional<Device> device;
    std::vector<Node> nodes;
    std::optional<Path> path;
    /// A home address (ADDRESS4 or ADDRESS6).
    std::optional<wire::IpAddress> address;
    std::vector<Counter> counters;

    friend bool operator==(const Message&, const Message&) = default;
};

/// Write `message` as one netlink message of type `family_id` to the front of `buffer`, which must
/// be aligned to 4. Sequence number and port stay 0. Returns the length, or nothing if it does not
/// fit.
std::optional<std::size_t> encode(const Message& message, std::uint16_t family_id,
                                  std::span<std::byte> buffer);

/// Like `encode`, for a request with many nodes: takes as many of `nodes` as fit, and says how
/// many. `message.nodes` is ignored.
struct EncodedBatch {
    std::size_t length = 0; ///< octets in the buffer
    std::size_t nodes = 0;  ///< of the span; 0 = not even one fits
};
EncodedBatch encode_batch(const Message& message, std::span<const Node> nodes,
                          std::uint16_t family_id, std::span<std::byte> buffer);

/// Read one message; `octets` holds it whole, netlink header included. Attributes of a newer kernel
/// are skipped; known ones with a wrong length are an error.
tl::expected<Message, DecodeError> decode(std::span<const std::byte> octets);

} // namespace dsmip::netlink
