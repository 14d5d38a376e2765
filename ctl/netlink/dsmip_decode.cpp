// SPDX-License-Identifier: GPL-2.0-or-later
// Reading messages of the family "dsmip".
#include <type_traits>

#include <arpa/inet.h>
#include <linux/dsmip.h>
#include <linux/genetlink.h>

#include "netlink/attributes.hpp"
#include "netlink/dsmip_family.hpp"

namespace dsmip::netlink {

namespace {

template<class Value>
auto store_in(std::optional<Value>& field) {
    return [&field](const Value& value) { field = value; };
}
auto store_port(std::optional<std::uint16_t>& field) {
    return [&field](std::uint16_t port) { field = ntohs(port); };
}
auto store_duration(std::optional<Milliseconds>& field) {
    return [&field](std::uint32_t duration) { field = Milliseconds(duration); };
}

/// An address of fixed family.
template<class Address, class Store>
Decoded<void> read_fixed(const Attribute& attribute, std::string_view where, Store&& store) {
    Address address;
    auto done = read_raw(attribute, where, address.bytes);
    if (done) {
        store(address);
    }
    return done;
}
template<class Address, class Field>
Decoded<void> read_into(const Attribute& attribute, std::string_view where,
                        std::optional<Field>& field) {
    return read_fixed<Address>(attribute, where, [&](const Address& address) { field = address; });
}

template<class Enum>
Decoded<void> read_enum(const Attribute& attribute, std::string_view where, unsigned max,
                        std::optional<Enum>& field) {
    std::uint8_t raw = 0;
    auto done = read_raw(attribute, where, raw);
    if (!done) {
        return done;
    }
    if (raw > max) {
        return tl::unexpected(DecodeError{
            std::string(where) + ": attribute " + std::to_string(attribute.type) + " has value " +
            std::to_string(raw) + ", 0 to " + std::to_string(max) + " are known"});
    }
    field = static_cast<Enum>(raw);
    return {};
}

Decoded<void> read_device(Octets octets, Device& device) {
    constexpr std::string_view where = "device";
    DeviceSettings& settings = device.settings;
    return for_each_attribute(octets, where, [&](const Attribute& attribute) -> Decoded<void> {
        switch (attribute.type) {
        case DSMIP_DEVICE_A_ROLE:
            return read_enum(attribute, where, DSMIP_ROLE_MAX, settings.role);
        case DSMIP_DEVICE_A_HOME_AGENT4:
            return read_into<wire::Ipv4Address>(attribute, where, settings.home_agent4);
        case DSMIP_DEVICE_A_HOME_AGENT6:
            return read_into<wire::Ipv6Address>(attribute, where, settings.home_agent6);
        case DSMIP_DEVICE_A_UDP_PORT:
            return read_as<std::uint16_t>(attribute, where, store_port(settings.udp_port));
        case DSMIP_DEVICE_A_HOME_AGENT_PORT:
            return read_as<std::uint16_t>(attribute, where, store_port(settings.home_agent_port));
        case DSMIP_DEVICE_A_FWMARK:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.fwmark));
        case DSMIP_DEVICE_A_BID_MARK_MASK:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.bid_mark_mask));
        case DSMIP_DEVICE_A_COOKIE_LIFETIME:
            return read_as<std::uint32_t>(attribute, where,
                                          store_duration(settings.cookie_lifetime));
        case DSMIP_DEVICE_A_HOP_LIMIT:
            return read_as<std::uint8_t>(attribute, where, store_in(settings.hop_limit));
        case DSMIP_DEVICE_A_DSCP:
            return read_as<std::uint8_t>(attribute, where, store_in(settings.dscp));
        case DSMIP_DEVICE_A_DF:
            return read_enum(attribute, where, DSMIP_DF_MAX, settings.df);
        case DSMIP_DEVICE_A_HOME_LINK:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.home_link));
        case DSMIP_DEVICE_A_SOURCE_RATE:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.source_rate));
        case DSMIP_DEVICE_A_SOURCE_BURST:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.source_burst));
        case DSMIP_DEVICE_A_NETWORK_RATE:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.network_rate));
        case DSMIP_DEVICE_A_NETWORK_BURST:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.network_burst));
        case DSMIP_DEVICE_A_STRANGER_RATE:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.stranger_rate));
        case DSMIP_DEVICE_A_STRANGER_BURST:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.stranger_burst));
        case DSMIP_DEVICE_A_TUNNEL_MTU:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.tunnel_mtu));
        case DSMIP_DEVICE_A_UNDERLAY:
            return read_as<std::uint32_t>(attribute, where, store_in(settings.underlay));
        case DSMIP_DEVICE_A_NODES:
            return read_raw(attribute, where, device.nodes);
        case DSMIP_DEVICE_A_BINDINGS:
            return read_raw(attribute, where, device.bindings);
        case DSMIP_DEVICE_A_PATHS:
            return read_raw(attribute, where, device.paths);
        case DSMIP_DEVICE_A_PREFIXES:
            return read_raw(attribute, where, device.prefixes);
        case DSMIP_DEVICE_A_FLOWS:
            return read_raw(attribute, where, device.flows);
        default:
            return {};
        }
    });
}

BindingFlags to_flags(std::uint32_t raw) {
    return {.nat = (raw & DSMIP_BINDING_F_NAT) != 0,
            .forced_udp = (raw & DSMIP_BINDING_F_FORCED_UDP) != 0,
            .draft = (raw & DSMIP_BINDING_F_DRAFT) != 0,
            .mcoa = (raw & DSMIP_BINDING_F_MCOA) != 0,
            .link_local = (raw & DSMIP_BINDING_F_LINK_LOCAL) != 0};
}

BindingStatistics& statistics_of(Binding& binding) {
    if (!binding.statistics) {
        binding.statistics.emplace();
    }
    return *binding.statistics;
}

Decoded<void> read_binding_attribute(const Attribute& attribute, Binding& binding) {
    constexpr std::string_view where = "binding";
    switch (attribute.type) {
    case DSMIP_BINDING_A_BID:
        return read_raw(attribute, where, binding.bid);
    case DSMIP_BINDING_A_CARE_OF4:
        return read_into<wire::Ipv4Address>(attribute, where, binding.care_of);
    case DSMIP_BINDING_A_CARE_OF6:
        return read_into<wire::Ipv6Address>(attribute, where, binding.care_of);
    case DSMIP_BINDING_A_PORT:
        return read_as<std::uint16_t>(attribute, where, store_port(binding.port));
    case DSMIP_BINDING_A_CLAIMED4:
        return read_into<wire::Ipv4Address>(attribute, where, binding.claimed4);
    case DSMIP_BINDING_A_ENCAP:
        return read_enum(attribute, where, DSMIP_ENCAP_MAX, binding.encapsulation);
    case DSMIP_BINDING_A_PRIORITY:
        return read_as<std::uint8_t>(attribute, where, store_in(binding.priority));
    case DSMIP_BINDING_A_LIFETIME:
        return read_as<std::uint32_t>(attribute, where, store_duration(binding.lifetime));
    case DSMIP_BINDING_A_LINK:
        return read_as<std::uint32_t>(attribute, where, store_in(binding.link));
    case DSMIP_BINDING_A_FLAGS:
        return read_as<std::uint32_t>(attribute, where,
                                      [&](std::uint32_t raw) { binding.flags = to_flags(raw); });
    case DSMIP_BINDING_A_SEQUENCE:
        return read_as<std::uint16_t>(attribute, where, store_in(binding.sequence));
    case DSMIP_BINDING_A_RX_PACKETS:
        return read_raw(attribute, where, statistics_of(binding).rx_packets);
    case DSMIP_BINDING_A_RX_BYTES:
        return read_raw(attribute, where, statistics_of(binding).rx_bytes);
    case DSMIP_BINDING_A_TX_PACKETS:
        return read_raw(attribute, where, statistics_of(binding).tx_packets);
    case DSMIP_BINDING_A_TX_BYTES:
        return read_raw(attribute, where, statistics_of(binding).tx_bytes);
    case DSMIP_BINDING_A_MTU:
        return read_as<std::uint32_t>(attribute, where, store_in(binding.mtu));
    case DSMIP_BINDING_A_LAST_HEARD:
        return read_as<std::uint32_t>(attribute, where, store_duration(binding.last_heard));
    case DSMIP_BINDING_A_WEIGHT:
        return read_as<std::uint8_t>(attribute, where, store_in(binding.weight));
    case DSMIP_BINDING_A_HOME_LINK:
        binding.home_link = true;
        return {};
    case DSMIP_BINDING_A_LINK_ADDRESS: {
        auto& octets = binding.link_address.emplace();
        for (const std::byte octet : attribute.payload) {
            octets.push_back(std::to_integer<std::uint8_t>(octet));
        }
        return {};
    }
    default:
        return {};
    }
}

Decoded<void> read_home_addresses4(Octets octets, Node& node) {
    constexpr std::string_view where = "home addresses";
    std::vector<wire::Ipv4Address>& addresses = node.home_addresses4.emplace();
    return for_each_attribute(octets, where, [&](const Attribute& attribute) -> Decoded<void> {
        if (attribute.type != DSMIP_NODE_A_HOME_ADDRESS4) {
            return {};
        }
        return read_fixed<wire::Ipv4Address>(
            attribute, where,
            [&](const wire::Ipv4Address& address) { addresses.push_back(address); });
    });
}

Decoded<void> read_prefix(Octets octets, Prefix& prefix) {
    constexpr std::string_view where = "prefix";
    const auto store = [&](const wire::IpAddress& address) { prefix.address = address; };
    return for_each_attribute(octets, where, [&](const Attribute& attribute) -> Decoded<void> {
        switch (attribute.type) {
        case DSMIP_PREFIX_A_ADDRESS4:
            return read_fixed<wire::Ipv4Address>(attribute, where, store);
        case DSMIP_PREFIX_A_ADDRESS6:
            return read_fixed<wire::Ipv6Address>(attribute, where, store);
        case DSMIP_PREFIX_A_LENGTH:
            return read_raw(attribute, where, prefix.length);
        default:
            return {};
        }
    });
}

/// One end of a range; the start comes first and stands for the end as well until that is read.
template<class Value, class Raw = Value>
Decoded<void> read_range(const Attribute& attribute, bool end, std::optional<Range<Value>>& range) {
    constexpr std::string_view where = "flow rule";
    if constexpr (std::is_same_v<Value, Raw> && std::is_integral_v<Value>) {
        return read_as<Value>(attribute, where, [&](Value value) {
            range = end && range ? Range<Value>{range->start, value} : Range<Value>{value, value};
        });
    } else {
        return read_fixed<Raw>(attribute, where, [&](const Raw& value) {
            range = end && range ? Range<Value>{range->start, value} : Range<Value>{value, value};
        });
    }
}

Decoded<void> read_flow_addresses(const Attribute& attribute, Flow& flow) {
    switch (attribute.type) {
    case DSMIP_FLOW_A_SOURCE4_START:
    case DSMIP_FLOW_A_SOURCE4_END:
        return read_range<wire::IpAddress, wire::Ipv4Address>(
            attribute, attribute.type == DSMIP_FLOW_A_SOURCE4_END, flow.source);
    case DSMIP_FLOW_A_SOURCE6_START:
    case DSMIP_FLOW_A_SOURCE6_END:
        return read_range<wire::IpAddress, wire::Ipv6Address>(
            attribute, attribute.type == DSMIP_FLOW_A_SOURCE6_END, flow.source);
    case DSMIP_FLOW_A_DESTINATION4_START:
    case DSMIP_FLOW_A_DESTINATION4_END:
        return read_range<wire::IpAddress, wire::Ipv4Address>(
            attribute, attribute.type == DSMIP_FLOW_A_DESTINATION4_END, flow.destination);
    case DSMIP_FLOW_A_DESTINATION6_START:
    case DSMIP_FLOW_A_DESTINATION6_END:
        return read_range<wire::IpAddress, wire::Ipv6Address>(
            attribute, attribute.type == DSMIP_FLOW_A_DESTINATION6_END, flow.destination);
    default:
        return {};
    }
}

Decoded<void> read_flow_numbers(const Attribute& attribute, Flow& flow) {
    switch (attribute.type) {
    case DSMIP_FLOW_A_SPI_START:
    case DSMIP_FLOW_A_SPI_END:
        return read_range(attribute, attribute.type == DSMIP_FLOW_A_SPI_END, flow.spi);
    case DSMIP_FLOW_A_FLOW_LABEL_START:
    case DSMIP_FLOW_A_FLOW_LABEL_END:
        return read_range(attribute, attribute.type == DSMIP_FLOW_A_FLOW_LABEL_END,
                          flow.flow_label);
    case DSMIP_FLOW_A_SOURCE_PORT_START:
    case DSMIP_FLOW_A_SOURCE_PORT_END:
        return read_range(attribute, attribute.type == DSMIP_FLOW_A_SOURCE_PORT_END,
                          flow.source_port);
    case DSMIP_FLOW_A_DESTINATION_PORT_START:
    case DSMIP_FLOW_A_DESTINATION_PORT_END:
        return read_range(attribute, attribute.type == DSMIP_FLOW_A_DESTINATION_PORT_END,
                          flow.destination_port);
    case DSMIP_FLOW_A_TRAFFIC_CLASS_START:
    case DSMIP_FLOW_A_TRAFFIC_CLASS_END:
        return read_range(attribute, attribute.type == DSMIP_FLOW_A_TRAFFIC_CLASS_END,
                          flow.traffic_class);
    case DSMIP_FLOW_A_PROTOCOL_START:
    case DSMIP_FLOW_A_PROTOCOL_END:
        return read_range(attribute, attribute.type == DSMIP_FLOW_A_PROTOCOL_END, flow.protocol);
    default:
        return read_flow_addresses(attribute, flow);
    }
}

Decoded<void> read_flow(Octets octets, Flow& flow) {
    constexpr std::string_view where = "flow rule";
    return for_each_attribute(octets, where, [&](const Attribute& attribute) -> Decoded<void> {
        switch (attribute.type) {
        case DSMIP_FLOW_A_FID:
            return read_raw(attribute, where, flow.fid);
        case DSMIP_FLOW_A_PRIORITY:
            return read_as<std::uint16_t>(attribute, where, store_in(flow.priority));
        case DSMIP_FLOW_A_BIDS: {
            auto& bids = flow.bids.emplace();
            return for_each_attribute(attribute.payload, where, [&](const Attribute& bid) {
                return read_as<std::uint16_t>(bid, where,
                                              [&](std::uint16_t value) { bids.push_back(value); });
            });
        }
        case DSMIP_FLOW_A_FAMILY:
            return read_as<std::uint8_t>(attribute, where, [&](std::uint8_t family) {
                flow.family =
                    family == AF_INET ? wire::AddressFamily::Ipv4 : wire::AddressFamily::Ipv6;
            });
        default:
            return read_flow_numbers(attribute, flow);
        }
    });
}

Decoded<void> read_node(Octets octets, Node& node) {
    constexpr std::string_view where = "node";
    return for_each_attribute(octets, where, [&](const Attribute& attribute) -> Decoded<void> {
        switch (attribute.type) {
        case DSMIP_NODE_A_HOME_ADDRESS:
            return read_raw(attribute, where, node.home_address.bytes);
        case DSMIP_NODE_A_HOME_ADDRESSES4:
            return read_home_addresses4(attribute.payload, node);
        case DSMIP_NODE_A_BINDING: {
            Binding& binding = node.bindings.emplace_back();
            return for_each_attribute(attribute.payload, "binding", [&](const Attribute& inner) {
                return read_binding_attribute(inner, binding);
            });
        }
        case DSMIP_NODE_A_PREFIX:
            return read_prefix(attribute.payload, node.prefixes.emplace_back());
        case DSMIP_NODE_A_FLOW:
            return read_flow(attribute.payload, node.flows.emplace_back());
        default:
            return {};
        }
    });
}

Decoded<void> read_path(Octets octets, Path& path) {
    constexpr std::string_view where = "path";
    return for_each_attribute(octets, where, [&](const Attribute& attribute) -> Decoded<void> {
        switch (attribute.type) {
        case DSMIP_PATH_A_COOKIE:
            return read_as<std::uint32_t>(attribute, where, store_in(path.cookie));
        case DSMIP_PATH_A_REMOTE4:
            return read_into<wire::Ipv4Address>(attribute, where, path.remote);
        case DSMIP_PATH_A_REMOTE6:
            return read_into<wire::Ipv6Address>(attribute, where, path.remote);
        case DSMIP_PATH_A_LOCAL4:
            return read_into<wire::Ipv4Address>(attribute, where, path.local);
        case DSMIP_PATH_A_LOCAL6:
            return read_into<wire::Ipv6Address>(attribute, where, path.local);
        case DSMIP_PATH_A_REMOTE_PORT:
            return read_as<std::uint16_t>(attribute, where, store_port(path.remote_port));
        case DSMIP_PATH_A_LOCAL_PORT:
            return read_as<std::uint16_t>(attribute, where, store_port(path.local_port));
        case DSMIP_PATH_A_ENCAP:
            return read_enum(attribute, where, DSMIP_ENCAP_MAX, path.encapsulation);
        case DSMIP_PATH_A_LINK:
            return read_as<std::uint32_t>(attribute, where, store_in(path.link));
        case DSMIP_PATH_A_LIFETIME:
            return read_as<std::uint32_t>(attribute, where, store_duration(path.lifetime));
        case DSMIP_PATH_A_INNER6:
            return read_into<wire::Ipv6Address>(attribute, where, path.inner);
        default:
            return {};
        }
    });
}

Decoded<void> read_counters(Octets octets, std::vector<Counter>& counters) {
    constexpr std::string_view where = "counters";
    return for_each_attribute(octets, where, [&](const Attribute& attribute) -> Decoded<void> {
        if (attribute.type != DSMIP_A_COUNTER) {
            return {};
        }
        Counter& counter = counters.emplace_back();
        return for_each_attribute(attribute.payload, "counter",
                                  [&](const Attribute& inner) -> Decoded<void> {
                                      switch (inner.type) {
                                      case DSMIP_COUNTER_A_NAME:
                                          counter.name = read_text(inner);
                                          return {};
                                      case DSMIP_COUNTER_A_VALUE:
                                          return read_raw(inner, "counter", counter.value);
                                      default:
                                          return {};
                                      }
                                  });
    });
}

Decoded<void> read_top(const Attribute& attribute, Message& message) {
    constexpr std::string_view where = "message";
    switch (attribute.type) {
    case DSMIP_A_IFINDEX:
        return read_raw(attribute, where, message.ifindex);
    case DSMIP_A_IFNAME:
        message.ifname = read_text(attribute);
        return {};
    case DSMIP_A_DEVICE:
        return read_device(attribute.payload, message.device.emplace());
    case DSMIP_A_NODE:
        return read_node(attribute.payload, message.nodes.emplace_back());
    case DSMIP_A_PATH:
        return read_path(attribute.payload, message.path.emplace());
    case DSMIP_A_ADDRESS4:
        return read_into<wire::Ipv4Address>(attribute, where, message.address);
    case DSMIP_A_ADDRESS6:
        return read_into<wire::Ipv6Address>(attribute, where, message.address);
    case DSMIP_A_COUNTERS:
        return read_counters(attribute.payload, message.counters);
    default:
        return {};
    }
}

} // namespace

tl::expected<Message, DecodeError> decode(std::span<const std::byte> octets) {
    auto raw = read_family_message<genlmsghdr>(octets, "message");
    if (!raw) {
        return tl::unexpected(raw.error());
    }
    Message message;
    message.command = static_cast<Command>(raw->header.cmd);
    message.flags = raw->netlink.nlmsg_flags;
    auto done = for_each_attribute(raw->attributes, "message", [&](const Attribute& attribute) {
        return read_top(attribute, message);
    });
    if (!done) {
        return tl::unexpected(done.error());
    }
    if (message.device) {
        message.device->ifindex = message.ifindex;
        message.device->name = message.ifname;
    }
    return message;
}

} // namespace dsmip::netlink
