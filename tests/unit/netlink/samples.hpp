// SPDX-License-Identifier: GPL-2.0-or-later
// Messages that use every attribute of the family.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include <linux/netlink.h>

#include "netlink/dsmip_family.hpp"

namespace dsmip::netlink::test {

inline constexpr std::uint16_t family_id = 30;

inline wire::Ipv4Address ipv4(const char* text) {
    return wire::Ipv4Address::parse(text).value();
}
inline wire::Ipv6Address ipv6(const char* text) {
    return wire::Ipv6Address::parse(text).value();
}

/// Octets of `message` as the kernel would see them.
inline std::vector<std::byte> octets_of(const Message& message) {
    alignas(nlmsghdr) std::array<std::byte, 65536> buffer{};
    const auto length = encode(message, family_id, buffer);
    return {buffer.data(), buffer.data() + length.value()};
}

inline Binding full_binding() {
    return {
        .bid = 65535,
        .care_of = ipv4("198.51.100.7"),
        .port = 40000,
        .claimed4 = ipv4("10.0.0.2"),
        .encapsulation = Encapsulation::udp_tlv,
        .priority = 127,
        .lifetime = Milliseconds(262140000),
        .link = 7,
        .flags =
            BindingFlags{
                .nat = true, .forced_udp = true, .draft = true, .mcoa = true, .link_local = true},
        .sequence = 65535,
        .statistics =
            BindingStatistics{
                .rx_packets = 1ULL << 40, .rx_bytes = 2, .tx_packets = 3, .tx_bytes = ~0ULL},
        .mtu = 1228,
        .last_heard = Milliseconds(2000),
        .weight = 255};
}

inline Binding home_binding() {
    Binding binding;
    binding.bid = 3;
    binding.link = 7;
    binding.home_link = true;
    binding.link_address = {{2, 0, 0, 0, 0, 1}};
    return binding;
}

inline Flow full_flow() {
    return {.fid = 65535,
            .priority = 1,
            .bids = {{3, 0, 65535}},
            .family = wire::AddressFamily::Ipv6,
            .source = Range<wire::IpAddress>{ipv6("2001:db8::1"), ipv6("2001:db8::2")},
            .destination = Range<wire::IpAddress>{ipv6("2001:db8::3"), ipv6("2001:db8::3")},
            .spi = Range<std::uint32_t>{1, ~0U},
            .flow_label = Range<std::uint32_t>{0, 0xfffff},
            .source_port = Range<std::uint16_t>{1, 65535},
            .destination_port = Range<std::uint16_t>{80, 80},
            .traffic_class = Range<std::uint8_t>{0xb8, 0xbc},
            .protocol = Range<std::uint8_t>{6, 17}};
}

inline Binding small_binding() {
    Binding binding;
    binding.care_of = ipv6("2001:db8:6::2");
    return binding;
}

inline Message full_message() {
    Message message;
    message.command = Command::binding_new;
    message.flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
    message.ifindex = 4;
    message.ifname = "dsmip0";
    message.device = Device{.ifindex = 4,
                            .name = "dsmip0",
                            .settings = {.role = Role::mobile_node,
                                         .home_agent4 = ipv4("192.0.2.1"),
                                         .home_agent6 = ipv6("2001:db8::1"),
                                         .udp_port = 4191,
                                         .home_agent_port = 4192,
                                         .fwmark = 0x7fffffff,
                                         .bid_mark_mask = 0xff00,
                                         .cookie_lifetime = Milliseconds(600000),
                                         .hop_limit = 33,
                                         .dscp = 46,
                                         .df = DontFragment::never,
                                         .home_link = 471147,
                                         .source_rate = 101,
                                         .source_burst = 301,
                                         .network_rate = 1001,
                                         .network_burst = 3001,
                                         .stranger_rate = 10001,
                                         .stranger_burst = 4097,
                                         .tunnel_mtu = 1449,
                                         .underlay = 471148},
                            .nodes = 1,
                            .bindings = 2,
                            .prefixes = 4,
                            .flows = 5,
                            .paths = 3};
    message.nodes = {
        {.home_address = ipv6("2001:db8:1::100"),
         .home_addresses4 = {{ipv4("192.0.2.10"), ipv4("192.0.2.11")}},
         .bindings = {full_binding(), small_binding(), home_binding()}},
        {.home_address = ipv6("2001:db8:1::101"),
         .home_addresses4 = std::vector<wire::Ipv4Address>{},
         .bindings = {}},
        {.home_address = ipv6("2001:db8:1::102"), .home_addresses4 = {}, .bindings = {}}};
    message.nodes[1].flows = {full_flow()};
    message.nodes[1].flows.emplace_back().fid = 1;
    message.path = Path{.cookie = 0x80001234,
                        .remote = ipv4("198.51.100.7"),
                        .local = ipv4("192.0.2.1"),
                        .remote_port = 40000,
                        .local_port = 4191,
                        .encapsulation = Encapsulation::udp_tlv_draft,
                        .link = 7,
                        .lifetime = Milliseconds(9999),
                        .inner = ipv6("2001:db8:1::100")};
    message.address = ipv6("2001:db8:1::100");
    message.counters = {{"rx_truncated", 1ULL << 63}, {"tx_no_node", 0}};
    return message;
}

} // namespace dsmip::netlink::test
