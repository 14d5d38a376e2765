// SPDX-License-Identifier: GPL-2.0-or-later
// Nodes and bindings as text, the way dsmip-nl takes them:
//
//   HOME_ADDRESS [home4 ADDRESS[,ADDRESS...] | home4 none] [/ BINDING]...
//   BINDING: [bid N] [via ADDRESS[:PORT] | via [ADDRESS]:PORT] [direct|udp|udp-tlv|udp-tlv-draft]
//            [port N] [claimed ADDRESS] [prio N] [lifetime TIME] [link DEVICE] [seq N]
//            [flags nat,forced-udp,draft,mcoa,link-local | flags none]
//   TIME: milliseconds, or with a unit: 1500ms, 60s
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "netlink/dsmip_family.hpp"
#include "wire/address.hpp"

namespace dsmip::tools {

template<class Value>
using Parsed = tl::expected<Value, std::string>;

Parsed<netlink::Node> parse_node(std::string_view text);
/// "HOME_ADDRESS [ADDRESS/LENGTH]..."; bits behind the length are for the kernel to judge.
/// "HOME_ADDRESS [/ fid N [prio N] [bids N,N] [ipv4|ipv6] [src A[-A]] [dst A[-A]] [spi N[-N]]
/// [label N[-N]] [sport N[-N]] [dport N[-N]] [class N[-N]] [proto N[-N]]]...": flow rules.
Parsed<netlink::Node> parse_node_flows(std::string_view text);
Parsed<netlink::Node> parse_node_prefixes(std::string_view text);
/// "192.0.2.1", "192.0.2.1:4191", "2001:db8::1", "[2001:db8::1]:4191".
Parsed<wire::Endpoint> parse_endpoint(std::string_view text);
Parsed<netlink::Milliseconds> parse_time(std::string_view text);
/// Decimal or with 0x in front.
Parsed<std::uint64_t> parse_number(std::string_view text, std::uint64_t max);
/// The index of an interface, by name or number.
Parsed<std::uint32_t> parse_interface(std::string_view text);

} // namespace dsmip::tools
