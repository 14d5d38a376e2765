// SPDX-License-Identifier: GPL-2.0-or-later
// Writing messages of the family "dsmip"; names of its enumerations. Reading is in
// dsmip_decode.cpp.
#include "netlink/dsmip_family.hpp"

#include <array>

#include <arpa/inet.h>
#include <linux/dsmip.h>
#include <linux/genetlink.h>

#include "netlink/message_builder.hpp"

namespace dsmip::netlink {

namespace {

constexpr std::array<std::string_view, DSMIP_ROLE_MAX + 1> role_names{"unspecified", "home-agent",
                                                                      "mobile-node"};
constexpr std::array<std::string_view, DSMIP_ENCAP_MAX + 1> encapsulation_names{
    "direct", "udp", "udp-tlv", "udp-tlv-draft"};
constexpr std::array<std::string_view, DSMIP_CMD_MAX + 1> command_names{
    "unspecified",     "device-get",   "device-set",   "binding-new", "binding-del",
    "binding-get",     "path-new",     "path-get",     "counters",    "prefix-new",
    "prefix-del",      "prefix-get",   "flow-new",     "flow-del",    "flow-get",
    "binding-expired", "unregistered", "unknown-home", "device-gone", "path-mtu"};
constexpr std::array<std::string_view, DSMIP_DF_MAX + 1> dont_fragment_names{"auto", "set",
                                                                             "clear"};

template<class Enum, std::size_t Size>
std::string_view name_of(Enum value, const std::array<std::string_view, Size>& names) {
    const auto index = static_cast<std::size_t>(value);
    return index < Size ? names[index] : "unknown";
}

template<class Enum, std::size_t Size>
std::optional<Enum> value_of(std::string_view text,
                             const std::array<std::string_view, Size>& names) {
    for (std::size_t index = 0; index < Size; ++index) {
        if (names[index] == text) {
            return static_cast<Enum>(index);
        }
    }
    return {};
}

std::uint32_t to_u32(Milliseconds duration) {
    return static_cast<std::uint32_t>(duration.count());
}

/// Put `value` if it is there, after `convert`.
template<class Value, class Convert>
void put_optional(MessageBuilder& builder, std::uint16_t type, const std::optional<Value>& value,
                  Convert&& convert) {
    if (value) {
        builder.put(type, convert(*value));
    }
}
template<class Value>
void put_optional(MessageBuilder& builder, std::uint16_t type, const std::optional<Value>& value) {
    if (value) {
        builder.put(type, *value);
    }
}

template<class Enum>
std::uint8_t to_u8(Enum value) {
    return static_cast<std::uint8_t>(value);
}

void put_device(MessageBuilder& builder, const Device& device) {
    builder.nest(DSMIP_A_DEVICE, [&] {
        const DeviceSettings& settings = device.settings;
        put_optional(builder, DSMIP_DEVICE_A_ROLE, settings.role, to_u8<Role>);
        put_optional(builder, DSMIP_DEVICE_A_HOME_AGENT4, settings.home_agent4);
        put_optional(builder, DSMIP_DEVICE_A_HOME_AGENT6, settings.home_agent6);
        put_optional(builder, DSMIP_DEVICE_A_UDP_PORT, settings.udp_port, htons);
        put_optional(builder, DSMIP_DEVICE_A_HOME_AGENT_PORT, settings.home_agent_port, htons);
        put_optional(builder, DSMIP_DEVICE_A_FWMARK, settings.fwmark);
        put_optional(builder, DSMIP_DEVICE_A_BID_MARK_MASK, settings.bid_mark_mask);
        put_optional(builder, DSMIP_DEVICE_A_COOKIE_LIFETIME, settings.cookie_lifetime, to_u32);
        put_optional(builder, DSMIP_DEVICE_A_HOP_LIMIT, settings.hop_limit);
        put_optional(builder, DSMIP_DEVICE_A_DSCP, settings.dscp);
        put_optional(builder, DSMIP_DEVICE_A_DF, settings.df, to_u8<DontFragment>);
        put_optional(builder, DSMIP_DEVICE_A_HOME_LINK, settings.home_link);
        put_optional(builder, DSMIP_DEVICE_A_SOURCE_RATE, settings.source_rate);
        put_optional(builder, DSMIP_DEVICE_A_SOURCE_BURST, settings.source_burst);
        put_optional(builder, DSMIP_DEVICE_A_NETWORK_RATE, settings.network_rate);
        put_optional(builder, DSMIP_DEVICE_A_NETWORK_BURST, settings.network_burst);
        put_optional(builder, DSMIP_DEVICE_A_STRANGER_RATE, settings.stranger_rate);
        put_optional(builder, DSMIP_DEVICE_A_STRANGER_BURST, settings.stranger_burst);
        put_optional(builder, DSMIP_DEVICE_A_TUNNEL_MTU, settings.tunnel_mtu);
        put_optional(builder, DSMIP_DEVICE_A_UNDERLAY, settings.underlay);
        const auto put_count = [&](std::uint16_t type, std::uint32_t count) {
            if (count != 0) { // read only: never part of a request
                builder.put(type, count);
            }
        };
        put_count(DSMIP_DEVICE_A_NODES, device.nodes);
        put_count(DSMIP_DEVICE_A_BINDINGS, device.bindings);
        put_count(DSMIP_DEVICE_A_PATHS, device.paths);
        put_count(DSMIP_DEVICE_A_PREFIXES, device.prefixes);
        put_count(DSMIP_DEVICE_A_FLOWS, device.flows);
    });
}

std::uint32_t to_u32(const BindingFlags& flags) {
    return (flags.nat ? DSMIP_BINDING_F_NAT : 0U) |
           (flags.forced_udp ? DSMIP_BINDING_F_FORCED_UDP : 0U) |
           (flags.draft ? DSMIP_BINDING_F_DRAFT : 0U) | (flags.mcoa ? DSMIP_BINDING_F_MCOA : 0U) |
           (flags.link_local ? DSMIP_BINDING_F_LINK_LOCAL : 0U);
}

void put_binding(MessageBuilder& builder, const Binding& binding) {
    builder.nest(DSMIP_NODE_A_BINDING, [&] {
        builder.put(DSMIP_BINDING_A_BID, binding.bid);
        if (binding.care_of) {
            builder.put(binding.care_of->is_ipv4() ? DSMIP_BINDING_A_CARE_OF4
                                                   : DSMIP_BINDING_A_CARE_OF6,
                        *binding.care_of);
        }
        put_optional(builder, DSMIP_BINDING_A_PORT, binding.port, htons);
        put_optional(builder, DSMIP_BINDING_A_CLAIMED4, binding.claimed4);
        put_optional(builder, DSMIP_BINDING_A_ENCAP, binding.encapsulation, to_u8<Encapsulation>);
        put_optional(builder, DSMIP_BINDING_A_PRIORITY, binding.priority);
        put_optional(builder, DSMIP_BINDING_A_LIFETIME, binding.lifetime,
                     [](Milliseconds lifetime) { return to_u32(lifetime); });
        put_optional(builder, DSMIP_BINDING_A_LINK, binding.link);
        put_optional(builder, DSMIP_BINDING_A_FLAGS, binding.flags,
                     [](const BindingFlags& flags) { return to_u32(flags); });
        put_optional(builder, DSMIP_BINDING_A_SEQUENCE, binding.sequence);
        if (binding.statistics) {
            builder.put(DSMIP_BINDING_A_RX_PACKETS, binding.statistics->rx_packets);
            builder.put(DSMIP_BINDING_A_RX_BYTES, binding.statistics->rx_bytes);
            builder.put(DSMIP_BINDING_A_TX_PACKETS, binding.statistics->tx_packets);
            builder.put(DSMIP_BINDING_A_TX_BYTES, binding.statistics->tx_bytes);
        }
        put_optional(builder, DSMIP_BINDING_A_MTU, binding.mtu);
        put_optional(builder, DSMIP_BINDING_A_LAST_HEARD, binding.last_heard,
                     [](Milliseconds ago) { return to_u32(ago); });
        put_optional(builder, DSMIP_BINDING_A_WEIGHT, binding.weight);
        if (binding.home_link) {
            builder.put_octets(DSMIP_BINDING_A_HOME_LINK, {});
        }
        if (binding.link_address) {
            builder.put_octets(DSMIP_BINDING_A_LINK_ADDRESS,
                               std::as_bytes(std::span(*binding.link_address)));
        }
    });
}

/// The attribute of the end of a range follows that of its start.
template<class Value>
void put_range(MessageBuilder& builder, std::uint16_t start,
               const std::optional<Range<Value>>& range) {
    if (range) {
        builder.put(start, range->start);
        builder.put(static_cast<std::uint16_t>(start + 1), range->end);
    }
}
void put_range(MessageBuilder& builder, std::uint16_t start4, std::uint16_t start6,
               const std::optional<Range<wire::IpAddress>>& range) {
    if (range) {
        put_range(builder, range->start.is_ipv4() ? start4 : start6, range);
    }
}

void put_flow(MessageBuilder& builder, const Flow& flow) {
    builder.nest(DSMIP_NODE_A_FLOW, [&] {
        builder.put(DSMIP_FLOW_A_FID, flow.fid);
        put_optional(builder, DSMIP_FLOW_A_PRIORITY, flow.priority);
        if (flow.bids) {
            builder.nest(DSMIP_FLOW_A_BIDS, [&] {
                for (const std::uint16_t bid : *flow.bids) {
                    builder.put(DSMIP_FLOW_A_BID, bid);
                }
            });
        }
        put_optional(builder, DSMIP_FLOW_A_FAMILY, flow.family, [](wire::AddressFamily family) {
            return static_cast<std::uint8_t>(family == wire::AddressFamily::Ipv4 ? AF_INET
                                                                                 : AF_INET6);
        });
        put_range(builder, DSMIP_FLOW_A_SOURCE4_START, DSMIP_FLOW_A_SOURCE6_START, flow.source);
        put_range(builder, DSMIP_FLOW_A_DESTINATION4_START, DSMIP_FLOW_A_DESTINATION6_START,
                  flow.destination);
        put_range(builder, DSMIP_FLOW_A_SPI_START, flow.spi);
        put_range(builder, DSMIP_FLOW_A_FLOW_LABEL_START, flow.flow_label);
        put_range(builder, DSMIP_FLOW_A_SOURCE_PORT_START, flow.source_port);
        put_range(builder, DSMIP_FLOW_A_DESTINATION_PORT_START, flow.destination_port);
        put_range(builder, DSMIP_FLOW_A_TRAFFIC_CLASS_START, flow.traffic_class);
        put_range(builder, DSMIP_FLOW_A_PROTOCOL_START, flow.protocol);
    });
}

void put_prefix(MessageBuilder& builder, const Prefix& prefix) {
    builder.nest(DSMIP_NODE_A_PREFIX, [&] {
        builder.put(prefix.address.is_ipv4() ? DSMIP_PREFIX_A_ADDRESS4 : DSMIP_PREFIX_A_ADDRESS6,
                    prefix.address);
        builder.put(DSMIP_PREFIX_A_LENGTH, prefix.length);
    });
}

void put_node(MessageBuilder& builder, const Node& node) {
    builder.nest(DSMIP_A_NODE, [&] {
        builder.put(DSMIP_NODE_A_HOME_ADDRESS, node.home_address.bytes);
        if (node.home_addresses4) {
            builder.nest(DSMIP_NODE_A_HOME_ADDRESSES4, [&] {
                for (const wire::Ipv4Address& address : *node.home_addresses4) {
                    builder.put(DSMIP_NODE_A_HOME_ADDRESS4, address.bytes);
                }
            });
        }
        for (const Binding& binding : node.bindings) {
            put_binding(builder, binding);
        }
        for (const Prefix& prefix : node.prefixes) {
            put_prefix(builder, prefix);
        }
        for (const Flow& flow : node.flows) {
            put_flow(builder, flow);
        }
    });
}

void put_path(MessageBuilder& builder, const Path& path) {
    builder.nest(DSMIP_A_PATH, [&] {
        put_optional(builder, DSMIP_PATH_A_COOKIE, path.cookie);
        if (path.remote) {
            builder.put(path.remote->is_ipv4() ? DSMIP_PATH_A_REMOTE4 : DSMIP_PATH_A_REMOTE6,
                        *path.remote);
        }
        if (path.local) {
            builder.put(path.local->is_ipv4() ? DSMIP_PATH_A_LOCAL4 : DSMIP_PATH_A_LOCAL6,
                        *path.local);
        }
        put_optional(builder, DSMIP_PATH_A_REMOTE_PORT, path.remote_port, htons);
        put_optional(builder, DSMIP_PATH_A_LOCAL_PORT, path.local_port, htons);
        put_optional(builder, DSMIP_PATH_A_ENCAP, path.encapsulation, to_u8<Encapsulation>);
        put_optional(builder, DSMIP_PATH_A_LINK, path.link);
        put_optional(builder, DSMIP_PATH_A_LIFETIME, path.lifetime,
                     [](Milliseconds lifetime) { return to_u32(lifetime); });
        put_optional(builder, DSMIP_PATH_A_INNER6, path.inner);
    });
}

void put_counters(MessageBuilder& builder, const std::vector<Counter>& counters) {
    builder.nest(DSMIP_A_COUNTERS, [&] {
        for (const Counter& counter : counters) {
            builder.nest(DSMIP_A_COUNTER, [&] {
                builder.put_text(DSMIP_COUNTER_A_NAME, counter.name);
                builder.put(DSMIP_COUNTER_A_VALUE, counter.value);
            });
        }
    });
}

/// All of `message` but its nodes.
void put_start(MessageBuilder& builder, const Message& message) {
    builder.header(
        genlmsghdr{.cmd = to_u8(message.command), .version = DSMIP_GENL_VERSION, .reserved = 0});
    if (message.ifindex != 0) {
        builder.put(DSMIP_A_IFINDEX, message.ifindex);
    }
    if (!message.ifname.empty()) {
        builder.put_text(DSMIP_A_IFNAME, message.ifname);
    }
    if (message.device) {
        put_device(builder, *message.device);
    }
    if (message.path) {
        put_path(builder, *message.path);
    }
    if (message.address) {
        builder.put(message.address->is_ipv4() ? DSMIP_A_ADDRESS4 : DSMIP_A_ADDRESS6,
                    *message.address);
    }
    if (!message.counters.empty()) {
        put_counters(builder, message.counters);
    }
}

} // namespace

std::string_view to_string(Role role) {
    return name_of(role, role_names);
}
std::string_view to_string(Encapsulation encapsulation) {
    return name_of(encapsulation, encapsulation_names);
}
std::string_view to_string(Command command) {
    return name_of(command, command_names);
}
std::string to_string(const Prefix& prefix) {
    return wire::to_string(prefix.address) + "/" + std::to_string(prefix.length);
}
std::optional<Role> parse_role(std::string_view text) {
    return value_of<Role>(text, role_names);
}
std::optional<Encapsulation> parse_encapsulation(std::string_view text) {
    return value_of<Encapsulation>(text, encapsulation_names);
}

std::string_view to_string(DontFragment policy) {
    return name_of(policy, dont_fragment_names);
}
std::optional<DontFragment> parse_dont_fragment(std::string_view text) {
    return value_of<DontFragment>(text, dont_fragment_names);
}

std::optional<std::size_t> encode(const Message& message, std::uint16_t family_id,
                                  std::span<std::byte> buffer) {
    MessageBuilder builder(buffer, family_id, message.flags);
    put_start(builder, message);
    for (const Node& node : message.nodes) {
        put_node(builder, node);
    }
    if (builder.overflow()) {
        return {};
    }
    return builder.length();
}

EncodedBatch encode_batch(const Message& message, std::span<const Node> nodes,
                          std::uint16_t family_id, std::span<std::byte> buffer) {
    MessageBuilder builder(buffer, family_id, message.flags);
    put_start(builder, message);
    EncodedBatch batch{.length = builder.length(), .nodes = 0};
    for (const Node& node : nodes) {
        if (builder.overflow()) {
            break;
        }
        put_node(builder, node);
        if (builder.overflow()) {
            builder.rewind(batch.length);
            break;
        }
        batch.length = builder.length();
        ++batch.nodes;
    }
    return batch;
}

} // namespace dsmip::netlink
