/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * dsmip: the contract between the dual-stack Mobile IPv6 module and user
 * space.  Generic netlink family "dsmip", version 1.
 *
 * Conventions
 *  - Every command, even one that only reads, needs CAP_NET_ADMIN in the user
 *    namespace that owns the network namespace, because bindings reveal where
 *    people are.
 *  - Addresses and ports are in network byte order; other integers in host
 *    byte order.  Times are in milliseconds unless the name says otherwise.
 *  - An unknown attribute or flag is refused (-EINVAL with an extended
 *    acknowledgement that points at it), never ignored.
 *  - A refused request changes nothing.  Every error has a text.
 *  - A device of kind "dsmip" is created with rtnetlink
 *    (ip link add NAME type dsmip); all its settings are made here.
 */
#ifndef _UAPI_LINUX_DSMIP_H
#define _UAPI_LINUX_DSMIP_H

#include <linux/types.h>

#define DSMIP_GENL_NAME		"dsmip"
#define DSMIP_GENL_VERSION	1

/* Multicast group of the events; joining needs CAP_NET_ADMIN. */
#define DSMIP_GENL_MCGRP_EVENTS	"events"

/* UDP port of a home agent (RFC 5555, section 8). */
#define DSMIP_UDP_PORT		4191

/* Set in every path cookie, and so in every packet mark that is a cookie.
 * Marks for other uses in the same network namespace keep this bit clear.
 */
#define DSMIP_COOKIE_FLAG	0x80000000U

/* Longest lifetime of a binding: 65535 units of 4 s (RFC 6275, 6.1.7). */
#define DSMIP_LIFETIME_MAX_MS	262140000U

/**
 * enum dsmip_cmd - commands and events
 *
 * Requests name their device with DSMIP_A_IFINDEX; -ENODEV if it does not
 * exist, -EOPNOTSUPP if it is of another kind.
 *
 * @DSMIP_CMD_UNSPEC: never used
 * @DSMIP_CMD_DEVICE_GET: request: IFINDEX; or a dump of all devices of the
 *	network namespace, without attributes. Reply: IFINDEX, IFNAME, DEVICE
 *	with every attribute that is set.
 * @DSMIP_CMD_DEVICE_SET: request: IFINDEX, DEVICE with the attributes to
 *	change. An all-zero address clears that address. -EADDRINUSE: the UDP
 *	port is taken; the old socket stays. -EINVAL: the request contradicts
 *	itself or the device. -EBUSY: the role cannot change while nodes exist.
 * @DSMIP_CMD_BINDING_NEW: request: IFINDEX, one or more NODE, each with one or
 *	more BINDING. Creates or updates nodes and bindings. Without
 *	NLM_F_CREATE a new binding is refused (-ENOENT); with NLM_F_EXCL an
 *	existing one is refused (-EEXIST). NLM_F_REPLACE deletes bindings of
 *	the node that are not listed (the overwrite of RFC 5648). Everything is
 *	checked before anything changes. -EADDRINUSE: an IPv4 home address
 *	belongs to another node; -ENOMEM. An updated binding keeps its counters.
 * @DSMIP_CMD_BINDING_DEL: request: IFINDEX, one or more NODE, each with the
 *	BINDINGs (only BID) to delete. A NODE without BINDING is deleted as a
 *	whole. NLM_F_REPLACE without any NODE empties the device. -ENOENT if
 *	one does not exist; then nothing is deleted.
 * @DSMIP_CMD_BINDING_GET: request: IFINDEX and ADDRESS6 or ADDRESS4 (a home
 *	address). Reply: IFINDEX, one NODE; -ENOENT. Or a dump, with IFINDEX of
 *	one device, without it of all devices in the network namespace: each
 *	message has IFINDEX and one NODE. NLM_F_DUMP_INTR is set if bindings
 *	changed during the dump.
 * @DSMIP_CMD_PATH_NEW: request: IFINDEX, PATH with REMOTE (optionally PORTs,
 *	LOCAL, LINK, ENCAP, LIFETIME). Reply: IFINDEX, PATH with COOKIE.
 *	Signalling leaves over this path if the packet has the cookie as its
 *	mark, or its socket has it (SO_MARK), and if it is sent through the
 *	device (SO_BINDTOIFINDEX). Each use renews the lifetime of the path. A
 *	mobile node sends its first Binding Update from an IPv4 network this
 *	way. If ENCAP has a TLV header, the device also sends ESP and GRE of
 *	the stack over the path: packets to REMOTE with the cookie as mark
 *	(output-mark of an XFRM state, fwmark of a GRE device) leave in UDP
 *	behind that header, without their own IP header.
 * @DSMIP_CMD_PATH_GET: request: IFINDEX, PATH with COOKIE. Reply: IFINDEX, the
 *	complete PATH. -ENOENT: the cookie was never assigned, or is expired,
 *	displaced or used up.
 * @DSMIP_CMD_COUNTER_GET: request: IFINDEX.  Reply: IFINDEX, COUNTERS.
 * @DSMIP_CMD_PREFIX_NEW: request: IFINDEX, one or more NODE, each with
 *	HOME_ADDRESS and PREFIXes. The node gets these prefixes in addition to
 *	those it has. With NLM_F_REPLACE they replace all prefixes of the node;
 *	an empty list clears them. A prefix that the node already has stays;
 *	with NLM_F_EXCL it is refused (-EEXIST). Prefixes of one node may
 *	contain each other. -EADDRINUSE: the prefix lies in a prefix of another
 *	node, or contains one. -ENOENT: no such node. Prefixes are deleted with
 *	their node.
 * @DSMIP_CMD_PREFIX_DEL: request: IFINDEX, one or more NODE, each with the
 *	PREFIXes to delete. A NODE without PREFIX loses all its prefixes.
 *	-ENOENT if one does not exist; then nothing is deleted.
 * @DSMIP_CMD_PREFIX_GET: request: IFINDEX and ADDRESS6 or ADDRESS4. Reply:
 *	IFINDEX, NODE with HOME_ADDRESS and the longest PREFIX that contains
 *	the address; -ENOENT. Or a dump: with IFINDEX of one device, without it
 *	of all devices, with IFINDEX and NODE (only HOME_ADDRESS) of one node.
 *	Each message has IFINDEX and one NODE with one or more PREFIX, ordered
 *	by address. NLM_F_DUMP_INTR as for BINDING_GET.
 * @DSMIP_CMD_FLOW_NEW: request: IFINDEX, one or more NODE, each with one or
 *	more FLOW. Creates or updates flow rules of existing nodes; they are
 *	deleted with their node. Without NLM_F_CREATE a new rule is refused
 *	(-ENOENT); with NLM_F_EXCL an existing one is refused (-EEXIST). With
 *	NLM_F_REPLACE the rules listed for a node replace all its rules; an
 *	empty list deletes all. Everything is checked before anything changes.
 *	-ENOENT: no such node; -ENOMEM.
 * @DSMIP_CMD_FLOW_DEL: request: IFINDEX, one or more NODE, each with the FLOWs
 *	(only FID) to delete. A NODE without FLOW loses all its rules. -ENOENT
 *	if one does not exist; then nothing is deleted.
 * @DSMIP_CMD_FLOW_GET: request: IFINDEX and ADDRESS6 or ADDRESS4 (a home
 *	address). Reply: IFINDEX, NODE with HOME_ADDRESS and its FLOWs;
 *	-ENOENT: no such node. Or a dump as for BINDING_GET, of the nodes that
 *	have rules.
 * @DSMIP_CMD_BINDING_EXPIRED: event: the lifetime of a binding ended and the
 *	kernel deleted it. IFINDEX, NODE with HOME_ADDRESS and the BINDING in
 *	its last state.
 * @DSMIP_CMD_UNREGISTERED: event, rate limited: a packet with the home address
 *	of a known node came from a care-of address and port that belongs to
 *	none of its bindings. IFINDEX, NODE with HOME_ADDRESS, PATH (without
 *	COOKIE).
 * @DSMIP_CMD_UNKNOWN_HOME: event, rate limited: a packet was routed to the
 *	device, but belongs to no node. IFINDEX, ADDRESS6 or ADDRESS4.
 * @DSMIP_CMD_DEVICE_GONE: event: a device was removed with all its nodes.
 *	IFINDEX, IFNAME.
 * @DSMIP_CMD_PATH_MTU: event, rate limited: the tunnel MTU of a binding
 *	changed, because the kernel learned a path MTU or the route changed.
 *	IFINDEX, NODE with HOME_ADDRESS and a BINDING with BID and MTU.
 *
 * Successful BINDING_NEW, BINDING_DEL, PREFIX_NEW, PREFIX_DEL, FLOW_NEW,
 * FLOW_DEL and DEVICE_SET are also sent to the multicast group as events, with
 * the command and attributes of the request.
 */
enum dsmip_cmd {
	DSMIP_CMD_UNSPEC,
	DSMIP_CMD_DEVICE_GET,
	DSMIP_CMD_DEVICE_SET,
	DSMIP_CMD_BINDING_NEW,
	DSMIP_CMD_BINDING_DEL,
	DSMIP_CMD_BINDING_GET,
	DSMIP_CMD_PATH_NEW,
	DSMIP_CMD_PATH_GET,
	DSMIP_CMD_COUNTER_GET,
	DSMIP_CMD_PREFIX_NEW,
	DSMIP_CMD_PREFIX_DEL,
	DSMIP_CMD_PREFIX_GET,
	DSMIP_CMD_FLOW_NEW,
	DSMIP_CMD_FLOW_DEL,
	DSMIP_CMD_FLOW_GET,
	DSMIP_CMD_BINDING_EXPIRED,
	DSMIP_CMD_UNREGISTERED,
	DSMIP_CMD_UNKNOWN_HOME,
	DSMIP_CMD_DEVICE_GONE,
	DSMIP_CMD_PATH_MTU,
	/* private: */
	__DSMIP_CMD_MAX,
};
#define DSMIP_CMD_MAX (__DSMIP_CMD_MAX - 1)

/**
 * enum dsmip_attr - attributes at the top level of a message
 *
 * @DSMIP_A_UNSPEC: never used
 * @DSMIP_A_PAD: padding before a 64-bit attribute
 * @DSMIP_A_IFINDEX: u32, the device, >= 1
 * @DSMIP_A_IFNAME: string, the device; only in replies and events
 * @DSMIP_A_DEVICE: nest of &enum dsmip_device_attr
 * @DSMIP_A_NODE: nest of &enum dsmip_node_attr; may repeat
 * @DSMIP_A_PATH: nest of &enum dsmip_path_attr
 * @DSMIP_A_ADDRESS4: struct in_addr, an IPv4 home address or an address in a
 *	prefix
 * @DSMIP_A_ADDRESS6: struct in6_addr, the same for IPv6
 * @DSMIP_A_COUNTERS: nest of DSMIP_A_COUNTER
 * @DSMIP_A_COUNTER: nest of &enum dsmip_counter_attr; repeats in COUNTERS
 */
enum dsmip_attr {
	DSMIP_A_UNSPEC,
	DSMIP_A_PAD,
	DSMIP_A_IFINDEX,
	DSMIP_A_IFNAME,
	DSMIP_A_DEVICE,
	DSMIP_A_NODE,
	DSMIP_A_PATH,
	DSMIP_A_ADDRESS4,
	DSMIP_A_ADDRESS6,
	DSMIP_A_COUNTERS,
	DSMIP_A_COUNTER,
	/* private: */
	__DSMIP_A_MAX,
};
#define DSMIP_A_MAX (__DSMIP_A_MAX - 1)

/**
 * enum dsmip_role - role of a device
 *
 * The role decides which address of an inner packet is looked up as that of the
 * node.  At a home agent it is the destination on transmit and the source on
 * receive; at a mobile node it is the reverse.
 *
 * @DSMIP_ROLE_UNSPEC: not set yet; every packet is dropped (tx_no_role)
 * @DSMIP_ROLE_HOME_AGENT: home agent or mobility anchor point
 * @DSMIP_ROLE_MOBILE_NODE: mobile host or mobile router
 */
enum dsmip_role {
	DSMIP_ROLE_UNSPEC,
	DSMIP_ROLE_HOME_AGENT,
	DSMIP_ROLE_MOBILE_NODE,
	/* private: */
	__DSMIP_ROLE_MAX,
};
#define DSMIP_ROLE_MAX (__DSMIP_ROLE_MAX - 1)

/**
 * enum dsmip_device_attr - attributes in DSMIP_A_DEVICE
 *
 * All except those marked "read only" may be set and are returned.
 *
 * @DSMIP_DEVICE_A_UNSPEC: never used
 * @DSMIP_DEVICE_A_ROLE: u8, &enum dsmip_role; no packet passes before it is
 *	set
 * @DSMIP_DEVICE_A_HOME_AGENT4: struct in_addr, IPv4 address of the home agent.
 *	At a home agent this is its own tunnel address, which need not be on
 *	this host yet. At a mobile node it is the address that the node sends
 *	to.
 * @DSMIP_DEVICE_A_HOME_AGENT6: struct in6_addr, the same for IPv6; also the
 *	inner address of signalling. A Mobility Header or ESP to it (at a
 *	mobile node: from it) is accepted without a binding. In front of it may
 *	be at most one Destination Options header or, at a mobile node, one
 *	type 2 routing header (RFC 6275, 6.3, 6.4). Nothing else is accepted
 *	without a binding (10.4.5). :: = none
 * @DSMIP_DEVICE_A_UDP_PORT: be16, local UDP port. 0 = no UDP at a home agent;
 *	any free port at a mobile node (the reply has the port in use). Default
 *	4191 at a home agent, 0 at a mobile node.
 * @DSMIP_DEVICE_A_HOME_AGENT_PORT: be16, UDP port of the home agent, only at a
 *	mobile node.  Default 4191.
 * @DSMIP_DEVICE_A_FWMARK: u32, mark of outer packets, bit 31 clear; default 0
 * @DSMIP_DEVICE_A_BID_MARK_MASK: u32, contiguous bits, bit 31 clear. A packet
 *	whose mark has the value v in these bits takes the binding with BID v,
 *	if there is one. 0 = off, the default.
 * @DSMIP_DEVICE_A_COOKIE_LIFETIME: u32, lifetime of a path cookie in ms, 100
 *	to 600000; default 10000
 * @DSMIP_DEVICE_A_HOP_LIMIT: u8, hop limit (TTL) of outer packets; 0 = that of
 *	the route, the default
 * @DSMIP_DEVICE_A_DSCP: u8, 0 to 63: DSCP of outer packets; DSMIP_DSCP_COPY =
 *	that of the inner packet, the default. ECN follows RFC 6040 in both
 *	cases.
 * @DSMIP_DEVICE_A_DF: u8, &enum dsmip_df; default auto
 * @DSMIP_DEVICE_A_NODES: u32, number of nodes; read only
 * @DSMIP_DEVICE_A_BINDINGS: u32, number of bindings; read only
 * @DSMIP_DEVICE_A_PATHS: u32, number of live path cookies; read only
 * @DSMIP_DEVICE_A_PREFIXES: u32, number of prefixes; read only
 * @DSMIP_DEVICE_A_FLOWS: u32, number of flow rules; read only
 * @DSMIP_DEVICE_A_HOME_LINK: u32, only at a home agent: index of the interface
 *	of the home link. Unicast packets that are not for a node are forwarded
 *	to this link, where neighbour resolution finds their destination. So
 *	all home prefixes can be routed to the device. 0 = such packets are
 *	dropped (tx_no_node), the default.
 * @DSMIP_DEVICE_A_SOURCE_RATE: u32, for a home agent: how many signalling
 *	messages per second get a path cookie from one source, which is an
 *	outer address with its UDP port. Further ones are dropped
 *	(rx_rate_source). A Binding Update among these is answered by status
 *	135. One whose number continues from such an answer is accepted, within
 *	separate limits of the same size. One whose number is among the next
 *	after SEQUENCE of a binding of its node has a separate limit of this
 *	size for its node and source. So has ESP with the SPI of an XFRM state.
 *	0 to 1000000, 0 = no limit; default 100.
 * @DSMIP_DEVICE_A_SOURCE_BURST: u32, how many of them may come at once, 1 to
 *	1000000; default 300
 * @DSMIP_DEVICE_A_NETWORK_RATE: u32, the same for one network, which is an
 *	outer IPv4 address, for example that of a NAT, or an outer IPv6 prefix
 *	of 64 bits (rx_rate_network). Signalling of a node that has a binding
 *	with this source does not count. Default 1000.
 * @DSMIP_DEVICE_A_NETWORK_BURST: u32, default 3000
 * @DSMIP_DEVICE_A_STRANGER_RATE: u32, the same for all unregistered sources
 *	together, that is sources in no binding of the node
 *	(rx_rate_strangers). Default 10000.
 * @DSMIP_DEVICE_A_STRANGER_BURST: u32, default 4096, half of the number of
 *	cookies
 * @DSMIP_DEVICE_A_TUNNEL_MTU: u32, 1280 to 65483: largest inner packet in
 *	octets in any tunnel of the device; default 1448. Packets to HOME_LINK
 *	have the MTU of that interface as their limit instead. The MTU of the
 *	device is the larger of the two; without HOME_LINK it is this one. It
 *	is already changed when the request is answered. An MTU set by
 *	rtnetlink (ip link set NAME mtu N) sets this value too, but the stack
 *	ignores an MTU that the device already has.
 * @DSMIP_DEVICE_A_UNDERLAY: u32, index of the interface or of the VRF that
 *	outer packets belong to. The device ignores packets that come by others
 *	(rx_underlay) and ICMP errors that come by others (icmp_underlay). Its
 *	own packets are routed there, from addresses of that VRF. None leaves
 *	by an interface outside, because of a LINK or a route (tx_underlay). 0
 *	= the default VRF, and all VRFs if net.ipv4.udp_l3mdev_accept is 1; the
 *	default. -ENODEV: there is no such interface. When the interface is
 *	deleted, the device receives and sends nothing until UNDERLAY is set
 *	again. UNDERLAY does not affect inner packets: they belong to the VRF
 *	that the device itself is in.
 */
enum dsmip_device_attr {
	DSMIP_DEVICE_A_UNSPEC,
	DSMIP_DEVICE_A_ROLE,
	DSMIP_DEVICE_A_HOME_AGENT4,
	DSMIP_DEVICE_A_HOME_AGENT6,
	DSMIP_DEVICE_A_UDP_PORT,
	DSMIP_DEVICE_A_HOME_AGENT_PORT,
	DSMIP_DEVICE_A_FWMARK,
	DSMIP_DEVICE_A_BID_MARK_MASK,
	DSMIP_DEVICE_A_COOKIE_LIFETIME,
	DSMIP_DEVICE_A_HOP_LIMIT,
	DSMIP_DEVICE_A_DSCP,
	DSMIP_DEVICE_A_DF,
	DSMIP_DEVICE_A_NODES,
	DSMIP_DEVICE_A_BINDINGS,
	DSMIP_DEVICE_A_PATHS,
	DSMIP_DEVICE_A_PREFIXES,
	DSMIP_DEVICE_A_FLOWS,
	DSMIP_DEVICE_A_HOME_LINK,
	DSMIP_DEVICE_A_SOURCE_RATE,
	DSMIP_DEVICE_A_SOURCE_BURST,
	DSMIP_DEVICE_A_NETWORK_RATE,
	DSMIP_DEVICE_A_NETWORK_BURST,
	DSMIP_DEVICE_A_STRANGER_RATE,
	DSMIP_DEVICE_A_STRANGER_BURST,
	DSMIP_DEVICE_A_TUNNEL_MTU,
	DSMIP_DEVICE_A_UNDERLAY,
	/* private: */
	__DSMIP_DEVICE_A_MAX,
};
#define DSMIP_DEVICE_A_MAX (__DSMIP_DEVICE_A_MAX - 1)

/* Largest rate and burst. */
#define DSMIP_SIGNALLING_RATE_MAX	1000000

/* DSMIP_DEVICE_A_TUNNEL_MTU: the smallest MTU of IPv6; 65535 minus the largest
 * outer headers.
 */
#define DSMIP_TUNNEL_MTU_MIN	1280
#define DSMIP_TUNNEL_MTU_MAX	65483

/* DSMIP_DEVICE_A_DSCP: copy that of the inner packet. */
#define DSMIP_DSCP_COPY		255
#define DSMIP_DSCP_MAX		63

/**
 * enum dsmip_df - "don't fragment" of outer IPv4 headers
 *
 * This does not change which inner packets are refused for their size (see
 * Documentation/mtu.md).
 *
 * @DSMIP_DF_AUTO: DF is set if the inner packet would be refused for its size:
 *	it is IPv4 with DF, or IPv6 and longer than 1280 octets
 * @DSMIP_DF_SET: DF is set unless this host has to fragment the packet itself
 * @DSMIP_DF_CLEAR: DF is never set; routers on the path may fragment every
 *	packet. For paths that drop the errors that path MTU discovery needs.
 */
enum dsmip_df {
	DSMIP_DF_AUTO,
	DSMIP_DF_SET,
	DSMIP_DF_CLEAR,
	/* private: */
	__DSMIP_DF_MAX,
};
#define DSMIP_DF_MAX (__DSMIP_DF_MAX - 1)

/**
 * enum dsmip_node_attr - attributes in DSMIP_A_NODE
 *
 * @DSMIP_NODE_A_UNSPEC: never used
 * @DSMIP_NODE_A_HOME_ADDRESS: struct in6_addr, the key; unicast, not
 *	link-local, not IPv4-mapped
 * @DSMIP_NODE_A_HOME_ADDRESSES4: nest of DSMIP_NODE_A_HOME_ADDRESS4; replaces
 *	the whole set. An empty nest clears it; without the nest it stays. At
 *	most 16.
 * @DSMIP_NODE_A_HOME_ADDRESS4: struct in_addr, unicast; in HOME_ADDRESSES4
 * @DSMIP_NODE_A_BINDING: nest of &enum dsmip_binding_attr; may repeat, at most
 *	32 in a node
 * @DSMIP_NODE_A_PREFIX: nest of &enum dsmip_prefix_attr; may repeat
 * @DSMIP_NODE_A_FLOW: nest of &enum dsmip_flow_attr; may repeat, at most 64 in
 *	a node
 */
enum dsmip_node_attr {
	DSMIP_NODE_A_UNSPEC,
	DSMIP_NODE_A_HOME_ADDRESS,
	DSMIP_NODE_A_HOME_ADDRESSES4,
	DSMIP_NODE_A_HOME_ADDRESS4,
	DSMIP_NODE_A_BINDING,
	DSMIP_NODE_A_PREFIX,
	DSMIP_NODE_A_FLOW,
	/* private: */
	__DSMIP_NODE_A_MAX,
};
#define DSMIP_NODE_A_MAX (__DSMIP_NODE_A_MAX - 1)

#define DSMIP_HOME_ADDRESSES4_MAX	16
#define DSMIP_BINDINGS_MAX		32
#define DSMIP_FLOWS_MAX			64
#define DSMIP_LINK_ADDRESS_MAX		16

/**
 * enum dsmip_encap - headers between the outer and the inner IP header
 *
 * @DSMIP_ENCAP_DIRECT: nothing (RFC 2473, RFC 4213, RFC 2003)
 * @DSMIP_ENCAP_UDP: UDP (RFC 5555, 4.1)
 * @DSMIP_ENCAP_UDP_TLV: UDP and the header of RFC 5845: type 0, next header,
 *	16-bit length
 * @DSMIP_ENCAP_UDP_TLV_DRAFT: UDP and the header of the draft: type 1 for IPv4
 *	or 2 for IPv6, 8-bit length (0 when it does not fit), 16 bits reserved
 */
enum dsmip_encap {
	DSMIP_ENCAP_DIRECT,
	DSMIP_ENCAP_UDP,
	DSMIP_ENCAP_UDP_TLV,
	DSMIP_ENCAP_UDP_TLV_DRAFT,
	/* private: */
	__DSMIP_ENCAP_MAX,
};
#define DSMIP_ENCAP_MAX (__DSMIP_ENCAP_MAX - 1)

/* Flags of a binding; the kernel stores them for user space. */
#define DSMIP_BINDING_F_NAT		(1U << 0) /* a NAT was detected */
#define DSMIP_BINDING_F_FORCED_UDP	(1U << 1) /* UDP without a NAT */
#define DSMIP_BINDING_F_DRAFT		(1U << 2) /* peer speaks the drafts */
#define DSMIP_BINDING_F_MCOA		(1U << 3) /* created by a BID option */
#define DSMIP_BINDING_F_LINK_LOCAL	(1U << 4) /* L flag of the Binding Update */
#define DSMIP_BINDING_F_ALL		0x1fU

/**
 * enum dsmip_binding_attr - attributes in DSMIP_NODE_A_BINDING
 *
 * The care-of address and UDP port are those of the peer at a home agent (the
 * port may be one that a NAT assigned); at a mobile node the care-of address is
 * its own.  Exactly one of CARE_OF4 and CARE_OF6 is given; it decides the family
 * of the outer header.  Inner packets of both families use it.  Or HOME_LINK is
 * given: the node is at home, and packets for it leave without outer header.
 *
 * On transmit a packet takes the first of these that exists: the live binding
 * that its mark names (BID_MARK_MASK); the first live binding of the first flow
 * rule that matches and has one; the live binding of lowest PRIORITY.  Flows
 * spread over bindings of equal priority in proportion to WEIGHT.  A flow
 * (addresses, protocol and ports or SPI) stays with its binding while the
 * binding lives.  All fragments of a packet follow the first one.
 *
 * @DSMIP_BINDING_A_UNSPEC: never used
 * @DSMIP_BINDING_A_PAD: padding
 * @DSMIP_BINDING_A_BID: u16, binding identifier (RFC 5648); 0 = plain binding.
 *	Part of the key; absent = 0.
 * @DSMIP_BINDING_A_CARE_OF4: struct in_addr, IPv4 care-of address, unicast
 * @DSMIP_BINDING_A_CARE_OF6: struct in6_addr, IPv6 care-of address, unicast
 * @DSMIP_BINDING_A_PORT: be16, UDP port of the node, only at a home agent.
 *	Required if ENCAP is in UDP. If ENCAP is direct, it allows UDP from
 *	this care-of address as well.
 * @DSMIP_BINDING_A_CLAIMED4: struct in_addr, IPv4 care-of address in the
 *	Binding Update, if a NAT has changed the source to another; stored for
 *	user space
 * @DSMIP_BINDING_A_ENCAP: u8, &enum dsmip_encap; default direct
 * @DSMIP_BINDING_A_PRIORITY: u8, 0 to 127, lower is preferred (BID-PRI of
 *	RFC 6089); default 0
 * @DSMIP_BINDING_A_LIFETIME: u32, ms, 1 to DSMIP_LIFETIME_MAX_MS; in replies
 *	the remaining lifetime. Required for a new binding; in an update it
 *	restarts the lifetime.
 * @DSMIP_BINDING_A_LINK: u32, index of the interface that outer packets leave
 *	by; 0 = routing decides, the default
 * @DSMIP_BINDING_A_FLAGS: u32, DSMIP_BINDING_F_*, stored for user space. Only
 *	NAT and FORCED_UDP have an effect: if neither is set, a home agent
 *	accepts direct encapsulation from the care-of address whatever ENCAP is
 * @DSMIP_BINDING_A_SEQUENCE: u16, sequence number of the last accepted Binding
 *	Update; stored for user space, and used by the limits of signalling
 *	(SOURCE_RATE)
 * @DSMIP_BINDING_A_RX_PACKETS: u64, packets from the node on this binding;
 *	replies only, as are the following
 * @DSMIP_BINDING_A_RX_BYTES: u64, inner octets from the node
 * @DSMIP_BINDING_A_TX_PACKETS: u64, packets to the node
 * @DSMIP_BINDING_A_TX_BYTES: u64, inner octets to the node
 * @DSMIP_BINDING_A_LAST_HEARD: u32, ms since the last packet from the node on
 *	this binding; absent if there was none
 * @DSMIP_BINDING_A_WEIGHT: u8, 1 to 255, share of the flows among bindings of
 *	equal priority; default 1
 * @DSMIP_BINDING_A_HOME_LINK: flag, only at a home agent: the node is at home
 *	on LINK, which is required. CARE_OF4, CARE_OF6, PORT, CLAIMED4 and
 *	ENCAP are not allowed. Packets are forwarded to LINK without an outer
 *	header.
 * @DSMIP_BINDING_A_LINK_ADDRESS: binary, up to DSMIP_LINK_ADDRESS_MAX octets,
 *	as many as addresses of LINK have (6 for Ethernet); only with
 *	HOME_LINK. Destination of the frames. Absent = neighbour resolution of
 *	the inner destination, or of HOME_ADDRESS if the inner destination is
 *	not a home address of the node.
 * @DSMIP_BINDING_A_MTU: u32, the tunnel MTU: largest inner packet in octets on
 *	the path, as of the last packet sent; absent before the first one;
 *	replies only
 *
 * An update keeps attributes that it does not have.  But a new CARE_OF or
 * HOME_LINK replaces care-of address, PORT, CLAIMED4 and ENCAP together.
 */
enum dsmip_binding_attr {
	DSMIP_BINDING_A_UNSPEC,
	DSMIP_BINDING_A_PAD,
	DSMIP_BINDING_A_BID,
	DSMIP_BINDING_A_CARE_OF4,
	DSMIP_BINDING_A_CARE_OF6,
	DSMIP_BINDING_A_PORT,
	DSMIP_BINDING_A_CLAIMED4,
	DSMIP_BINDING_A_ENCAP,
	DSMIP_BINDING_A_PRIORITY,
	DSMIP_BINDING_A_LIFETIME,
	DSMIP_BINDING_A_LINK,
	DSMIP_BINDING_A_FLAGS,
	DSMIP_BINDING_A_SEQUENCE,
	DSMIP_BINDING_A_RX_PACKETS,
	DSMIP_BINDING_A_RX_BYTES,
	DSMIP_BINDING_A_TX_PACKETS,
	DSMIP_BINDING_A_TX_BYTES,
	DSMIP_BINDING_A_LAST_HEARD,
	DSMIP_BINDING_A_WEIGHT,
	DSMIP_BINDING_A_HOME_LINK,
	DSMIP_BINDING_A_LINK_ADDRESS,
	DSMIP_BINDING_A_MTU,
	/* private: */
	__DSMIP_BINDING_A_MAX,
};
#define DSMIP_BINDING_A_MAX (__DSMIP_BINDING_A_MAX - 1)

/**
 * enum dsmip_prefix_attr - attributes in DSMIP_NODE_A_PREFIX
 *
 * A prefix of the mobile network behind a node (RFC 3963).  Addresses in it are
 * treated like home addresses of the node.  A home address of any node takes
 * precedence over a prefix, and a longer prefix over a shorter one.
 *
 * @DSMIP_PREFIX_A_UNSPEC: never used
 * @DSMIP_PREFIX_A_ADDRESS4: struct in_addr, unicast; bits beyond the length
 *	must be zero
 * @DSMIP_PREFIX_A_ADDRESS6: struct in6_addr, the same for IPv6; exactly one of
 *	the two
 * @DSMIP_PREFIX_A_LENGTH: u8, 1 to 32 or 128
 */
enum dsmip_prefix_attr {
	DSMIP_PREFIX_A_UNSPEC,
	DSMIP_PREFIX_A_ADDRESS4,
	DSMIP_PREFIX_A_ADDRESS6,
	DSMIP_PREFIX_A_LENGTH,
	/* private: */
	__DSMIP_PREFIX_A_MAX,
};
#define DSMIP_PREFIX_A_MAX (__DSMIP_PREFIX_A_MAX - 1)

/**
 * enum dsmip_flow_attr - attributes in DSMIP_NODE_A_FLOW: one flow rule
 *
 * The selectors are those of RFC 6088, and refer to packets toward the node.  A
 * mobile node sends in the other direction, so it swaps source and destination.
 * A packet matches if it matches every given selector.  A selector is a range
 * from START to END, both included.  END needs START; START alone is a range of
 * one value.  START above END is refused.  Addresses, FLOW_LABEL and FAMILY must
 * belong to one IP family.
 *
 * A rule without a live binding is skipped.  Signalling matches no rule.
 * Fragments after the first have no ports and no SPI.
 *
 * @DSMIP_FLOW_A_UNSPEC: never used
 * @DSMIP_FLOW_A_FID: u16, >= 1, flow identifier (RFC 6089); the key
 * @DSMIP_FLOW_A_PRIORITY: u16, >= 1, FID-PRI: the rule with the lowest value
 *	is tried first; of equal ones that with the lower FID. Required for a
 *	new rule.
 * @DSMIP_FLOW_A_BIDS: nest of DSMIP_FLOW_A_BID, at least one, at most 32, in
 *	order of preference. Required for a new rule.
 * @DSMIP_FLOW_A_BID: u16, in BIDS; the binding need not exist yet
 * @DSMIP_FLOW_A_FAMILY: u8, AF_INET or AF_INET6; in replies also if another
 *	selector implies it
 * @DSMIP_FLOW_A_SOURCE4_START: struct in_addr
 * @DSMIP_FLOW_A_SOURCE4_END: struct in_addr
 * @DSMIP_FLOW_A_SOURCE6_START: struct in6_addr
 * @DSMIP_FLOW_A_SOURCE6_END: struct in6_addr
 * @DSMIP_FLOW_A_DESTINATION4_START: struct in_addr
 * @DSMIP_FLOW_A_DESTINATION4_END: struct in_addr
 * @DSMIP_FLOW_A_DESTINATION6_START: struct in6_addr
 * @DSMIP_FLOW_A_DESTINATION6_END: struct in6_addr
 * @DSMIP_FLOW_A_SPI_START: u32, of ESP or AH
 * @DSMIP_FLOW_A_SPI_END: u32
 * @DSMIP_FLOW_A_FLOW_LABEL_START: u32, 20 bits, of IPv6
 * @DSMIP_FLOW_A_FLOW_LABEL_END: u32
 * @DSMIP_FLOW_A_SOURCE_PORT_START: u16, of TCP, UDP, UDP-Lite, SCTP or DCCP, in
 *	host byte order
 * @DSMIP_FLOW_A_SOURCE_PORT_END: u16
 * @DSMIP_FLOW_A_DESTINATION_PORT_START: u16
 * @DSMIP_FLOW_A_DESTINATION_PORT_END: u16
 * @DSMIP_FLOW_A_TRAFFIC_CLASS_START: u8, of IPv6, or type of service of IPv4;
 *	only the upper six bits are compared
 * @DSMIP_FLOW_A_TRAFFIC_CLASS_END: u8
 * @DSMIP_FLOW_A_PROTOCOL_START: u8, of IPv4; in IPv6 the next header after
 *	hop-by-hop options, routing, fragment and destination options headers
 * @DSMIP_FLOW_A_PROTOCOL_END: u8
 *
 * An update keeps attributes that it does not have.  If it has any selector, its
 * selectors replace all selectors of the rule.
 */
enum dsmip_flow_attr {
	DSMIP_FLOW_A_UNSPEC,
	DSMIP_FLOW_A_FID,
	DSMIP_FLOW_A_PRIORITY,
	DSMIP_FLOW_A_BIDS,
	DSMIP_FLOW_A_BID,
	DSMIP_FLOW_A_FAMILY,
	DSMIP_FLOW_A_SOURCE4_START,
	DSMIP_FLOW_A_SOURCE4_END,
	DSMIP_FLOW_A_SOURCE6_START,
	DSMIP_FLOW_A_SOURCE6_END,
	DSMIP_FLOW_A_DESTINATION4_START,
	DSMIP_FLOW_A_DESTINATION4_END,
	DSMIP_FLOW_A_DESTINATION6_START,
	DSMIP_FLOW_A_DESTINATION6_END,
	DSMIP_FLOW_A_SPI_START,
	DSMIP_FLOW_A_SPI_END,
	DSMIP_FLOW_A_FLOW_LABEL_START,
	DSMIP_FLOW_A_FLOW_LABEL_END,
	DSMIP_FLOW_A_SOURCE_PORT_START,
	DSMIP_FLOW_A_SOURCE_PORT_END,
	DSMIP_FLOW_A_DESTINATION_PORT_START,
	DSMIP_FLOW_A_DESTINATION_PORT_END,
	DSMIP_FLOW_A_TRAFFIC_CLASS_START,
	DSMIP_FLOW_A_TRAFFIC_CLASS_END,
	DSMIP_FLOW_A_PROTOCOL_START,
	DSMIP_FLOW_A_PROTOCOL_END,
	/* private: */
	__DSMIP_FLOW_A_MAX,
};
#define DSMIP_FLOW_A_MAX (__DSMIP_FLOW_A_MAX - 1)

/**
 * enum dsmip_path_attr - attributes in DSMIP_A_PATH: one outer tuple
 *
 * A path that a received packet created is good for one answer, to the inner
 * source address of that packet.  One created by PATH_NEW may be used until it
 * expires.  A path lives for COOKIE_LIFETIME of the device; PATH_NEW may give
 * another LIFETIME.
 *
 * @DSMIP_PATH_A_UNSPEC: never used
 * @DSMIP_PATH_A_COOKIE: u32, the mark; DSMIP_COOKIE_FLAG is set in it
 * @DSMIP_PATH_A_REMOTE4: struct in_addr, outer address of the peer
 * @DSMIP_PATH_A_REMOTE6: struct in6_addr, outer address of the peer; exactly
 *	one of the two
 * @DSMIP_PATH_A_LOCAL4: struct in_addr, outer address of this host, same
 *	family as REMOTE; absent in PATH_NEW = routing decides
 * @DSMIP_PATH_A_LOCAL6: struct in6_addr
 * @DSMIP_PATH_A_REMOTE_PORT: be16, only if ENCAP is in UDP
 * @DSMIP_PATH_A_LOCAL_PORT: be16, only if ENCAP is in UDP; replies only
 * @DSMIP_PATH_A_ENCAP: u8, &enum dsmip_encap
 * @DSMIP_PATH_A_LINK: u32, index of the interface that the packet came in by;
 *	0 = routing decides
 * @DSMIP_PATH_A_LIFETIME: u32, ms, 100 to 600000; in replies the remaining
 *	lifetime
 * @DSMIP_PATH_A_INNER6: struct in6_addr, inner source address of the packet
 *	that created the path; replies only
 */
enum dsmip_path_attr {
	DSMIP_PATH_A_UNSPEC,
	DSMIP_PATH_A_COOKIE,
	DSMIP_PATH_A_REMOTE4,
	DSMIP_PATH_A_REMOTE6,
	DSMIP_PATH_A_LOCAL4,
	DSMIP_PATH_A_LOCAL6,
	DSMIP_PATH_A_REMOTE_PORT,
	DSMIP_PATH_A_LOCAL_PORT,
	DSMIP_PATH_A_ENCAP,
	DSMIP_PATH_A_LINK,
	DSMIP_PATH_A_LIFETIME,
	DSMIP_PATH_A_INNER6,
	/* private: */
	__DSMIP_PATH_A_MAX,
};
#define DSMIP_PATH_A_MAX (__DSMIP_PATH_A_MAX - 1)

/**
 * enum dsmip_counter_attr - attributes in DSMIP_A_COUNTER
 *
 * The kernel sends the names of its counters, so user space can show new
 * counters without a change.
 *
 * @DSMIP_COUNTER_A_UNSPEC: never used
 * @DSMIP_COUNTER_A_PAD: padding
 * @DSMIP_COUNTER_A_NAME: string, lower case and underscores. Names that start
 *	with tx_ and rx_ count packets that were dropped for that cause;
 *	exceptions are rx_other_format, tx_gso_ and rx_gro_.
 * @DSMIP_COUNTER_A_VALUE: u64
 */
enum dsmip_counter_attr {
	DSMIP_COUNTER_A_UNSPEC,
	DSMIP_COUNTER_A_PAD,
	DSMIP_COUNTER_A_NAME,
	DSMIP_COUNTER_A_VALUE,
	/* private: */
	__DSMIP_COUNTER_A_MAX,
};
#define DSMIP_COUNTER_A_MAX (__DSMIP_COUNTER_A_MAX - 1)

#endif /* _UAPI_LINUX_DSMIP_H */
