/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * dsmip: the contract between the dual-stack Mobile IPv6 module and user
 * space.  Generic netlink family "dsmip", version 1.
 *
 * Conventions
 *  - Every command needs CAP_NET_ADMIN in the user namespace that owns the
 *    network namespace, the reading ones too: bindings tell where people are.
 *  - Addresses and ports are in network byte order; other integers in host
 *    byte order.  Times are in milliseconds unless the name says otherwise.
 *  - An unknown attribute or flag is refused (-EINVAL with an extended
 *    acknowledgement that points at it), never ignored.
 *  - A refused request changes nothing.  Every failure carries a text.
 *  - A device of kind "dsmip" is made with rtnetlink
 *    (ip link add NAME type dsmip); everything else about it is set here.
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

/* Set in every path cookie, and so in every packet mark that is one.  Marks
 * for other uses in the same network namespace keep this bit clear.
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
 *	network namespace, without attributes.  Reply: IFINDEX, IFNAME,
 *	DEVICE with every attribute that is set.
 * @DSMIP_CMD_DEVICE_SET: request: IFINDEX, DEVICE with what is to change;
 *	an all-zero address clears that address.  -EADDRINUSE: the UDP port
 *	is taken; the old socket stays.  -EINVAL: contradiction; -EBUSY: the
 *	role cannot change while nodes exist.
 * @DSMIP_CMD_BINDING_NEW: request: IFINDEX, one or more NODE, each with one
 *	or more BINDING.  Makes or updates nodes and bindings.  Without
 *	NLM_F_CREATE a binding that is new is refused (-ENOENT), with
 *	NLM_F_EXCL one that exists (-EEXIST).  With NLM_F_REPLACE the bindings
 *	listed for a node become its only ones (the overwrite of RFC 5648).
 *	Everything is checked before anything changes.  -EADDRINUSE: an IPv4
 *	home address belongs to another node; -ENOMEM.  The counters of an
 *	updated binding go on.
 * @DSMIP_CMD_BINDING_DEL: request: IFINDEX, one or more NODE, each with the
 *	BINDINGs (only BID) to delete; a NODE without BINDING is deleted
 *	whole.  No NODE at all together with NLM_F_REPLACE empties the device.
 *	-ENOENT if one does not exist; then nothing is deleted.
 * @DSMIP_CMD_BINDING_GET: request: IFINDEX and ADDRESS6 or ADDRESS4 (a home
 *	address), reply: IFINDEX, one NODE; -ENOENT.  Or a dump, with IFINDEX
 *	for one device and without for all of the network namespace: each
 *	message IFINDEX and one NODE; NLM_F_DUMP_INTR is set when bindings
 *	changed meanwhile.
 * @DSMIP_CMD_PATH_NEW: request: IFINDEX, PATH with REMOTE (and PORTs, LOCAL,
 *	LINK, ENCAP, LIFETIME as wanted).  Reply: IFINDEX, PATH with COOKIE.
 *	Packets for signalling that have the cookie as their mark, or whose
 *	socket has it (SO_MARK), leave over this path if they are sent through
 *	the device (SO_BINDTOIFINDEX); each use renews its lifetime.  How a mobile node sends its
 *	first Binding Update from an IPv4 network.  With a format that has a TLV
 *	header, ESP and GRE that the stack sends to REMOTE with the cookie as
 *	mark (output-mark of an XFRM state, fwmark of a GRE device) go out in
 *	UDP behind that header, without their own IP header.
 * @DSMIP_CMD_PATH_GET: request: IFINDEX, PATH with COOKIE.  Reply: IFINDEX,
 *	PATH in full; -ENOENT: never given, expired, displaced or used up.
 * @DSMIP_CMD_COUNTER_GET: request: IFINDEX.  Reply: IFINDEX, COUNTERS.
 * @DSMIP_CMD_PREFIX_NEW: request: IFINDEX, one or more NODE, each with
 *	HOME_ADDRESS and PREFIXes, which it gets beside those that it has; with
 *	NLM_F_REPLACE they become its only ones, none clears them.  One that
 *	it has already stays, with NLM_F_EXCL that is refused (-EEXIST).
 *	Prefixes of one node may lie in each other.  -EADDRINUSE: it lies in a
 *	prefix of another node, or the reverse; -ENOENT: no such node.  They
 *	go with their node.
 * @DSMIP_CMD_PREFIX_DEL: request: IFINDEX, one or more NODE, each with the
 *	PREFIXes to delete; a NODE without PREFIX loses all.  -ENOENT if one
 *	does not exist; then nothing is deleted.
 * @DSMIP_CMD_PREFIX_GET: request: IFINDEX and ADDRESS6 or ADDRESS4.  Reply:
 *	IFINDEX, NODE with HOME_ADDRESS and the longest PREFIX that holds the
 *	address; -ENOENT.  Or a dump, with IFINDEX for one device and without
 *	for all, with NODE (only HOME_ADDRESS, needs IFINDEX) for one node:
 *	each message IFINDEX and one NODE with one or more PREFIX, in the order
 *	of addresses; NLM_F_DUMP_INTR as with bindings.
 * @DSMIP_CMD_FLOW_NEW: request: IFINDEX, one or more NODE, each with one or more
 *	FLOW.  Makes or updates flow rules of nodes that exist; they live as
 *	long as their node.  Without NLM_F_CREATE a rule that is new is refused
 *	(-ENOENT), with NLM_F_EXCL one that exists (-EEXIST).  With
 *	NLM_F_REPLACE the rules listed for a node become its only ones, none
 *	listed ends all.  Everything is checked before anything changes.
 *	-ENOENT: no such node; -ENOMEM.
 * @DSMIP_CMD_FLOW_DEL: request: IFINDEX, one or more NODE, each with the FLOWs
 *	(only FID) to delete; a NODE without FLOW loses all its rules.  -ENOENT
 *	if one does not exist; then nothing is deleted.
 * @DSMIP_CMD_FLOW_GET: request: IFINDEX and ADDRESS6 or ADDRESS4 (a home
 *	address), reply: IFINDEX, NODE with HOME_ADDRESS and its FLOWs; -ENOENT
 *	if there is no such node.  Or a dump as with BINDING_GET, of the nodes
 *	that have rules.
 * @DSMIP_CMD_BINDING_EXPIRED: event: a lifetime ended and the kernel deleted
 *	the binding.  IFINDEX, NODE with HOME_ADDRESS and the BINDING as it
 *	was last.
 * @DSMIP_CMD_UNREGISTERED: event, rate limited: a packet with the home
 *	address of a known node came from an end point that is none of its
 *	bindings.  IFINDEX, NODE with HOME_ADDRESS, PATH (without COOKIE).
 * @DSMIP_CMD_UNKNOWN_HOME: event, rate limited: a packet for the device has
 *	no node.  IFINDEX, ADDRESS6 or ADDRESS4.
 * @DSMIP_CMD_DEVICE_GONE: event: a device was removed with all its nodes.
 *	IFINDEX, IFNAME.
 * @DSMIP_CMD_PATH_MTU: event, rate limited: the tunnel MTU of a binding changed
 *	because another path MTU was learned or the route changed.  IFINDEX,
 *	NODE with HOME_ADDRESS and a BINDING with BID and MTU.
 *
 * Successful BINDING_NEW, BINDING_DEL, PREFIX_NEW, PREFIX_DEL, FLOW_NEW,
 * FLOW_DEL and DEVICE_SET are also sent to the group as events: command and
 * attributes as in the request that was made.
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
 * @DSMIP_A_ADDRESS4: struct in_addr, an IPv4 home address or one in a prefix
 * @DSMIP_A_ADDRESS6: struct in6_addr, the same for IPv6
 * @DSMIP_A_COUNTERS: nest of DSMIP_A_COUNTER
 * @DSMIP_A_COUNTER: nest of &enum dsmip_counter_attr, repeats in COUNTERS
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
 * enum dsmip_role - what a device is
 *
 * Decides which address of an inner packet is looked up: the one of the node
 * is the destination on transmit and the source on receive at a home agent,
 * the reverse at a mobile node.
 *
 * @DSMIP_ROLE_UNSPEC: not set yet; every packet is dropped (no_role)
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
 * All but those that say "read only" may be set and are returned.
 *
 * @DSMIP_DEVICE_A_UNSPEC: never used
 * @DSMIP_DEVICE_A_ROLE: u8, &enum dsmip_role; needed before traffic flows
 * @DSMIP_DEVICE_A_HOME_AGENT4: struct in_addr, IPv4 address of the home agent.
 *	At the home agent its own tunnel address, which need not be on this
 *	host yet; at a mobile node the address it sends to.
 * @DSMIP_DEVICE_A_HOME_AGENT6: struct in6_addr, the same for IPv6; also the
 *	inner address of signalling.  A Mobility Header or ESP to it (at a
 *	mobile node: from it) gets in without a binding, behind at most one
 *	Destination Options header or, at a mobile node, type 2 routing header
 *	(RFC 6275, 6.3, 6.4); nothing else does (10.4.5).  :: = none
 * @DSMIP_DEVICE_A_UDP_PORT: be16, local UDP port; 0 = no UDP at a home agent,
 *	any free port at a mobile node (then the reply shows the one in use).
 *	Default 4191 at a home agent, 0 at a mobile node.
 * @DSMIP_DEVICE_A_HOME_AGENT_PORT: be16, UDP port of the home agent, only at a
 *	mobile node.  Default 4191.
 * @DSMIP_DEVICE_A_FWMARK: u32, mark of outer packets, bit 31 clear; default 0
 * @DSMIP_DEVICE_A_BID_MARK_MASK: u32, contiguous bits, bit 31 clear.  A packet
 *	whose mark has a value v in them goes to the binding with BID v, if
 *	there is one.  0 = off, the default.
 * @DSMIP_DEVICE_A_COOKIE_LIFETIME: u32, ms a path cookie lives, 100 to
 *	600000; default 10000
 * @DSMIP_DEVICE_A_HOP_LIMIT: u8, hop limit (TTL) of outer packets; 0 = that of
 *	the route, the default
 * @DSMIP_DEVICE_A_DSCP: u8, 0 to 63: DSCP of outer packets;
 *	DSMIP_DSCP_COPY = that of the inner packet, the default.  ECN is
 *	RFC 6040 either way.
 * @DSMIP_DEVICE_A_DF: u8, &enum dsmip_df, default auto
 * @DSMIP_DEVICE_A_NODES: u32, number of nodes; read only
 * @DSMIP_DEVICE_A_BINDINGS: u32, number of bindings; read only
 * @DSMIP_DEVICE_A_PATHS: u32, number of live path cookies; read only
 * @DSMIP_DEVICE_A_PREFIXES: u32, number of prefixes; read only
 * @DSMIP_DEVICE_A_FLOWS: u32, number of flow rules; read only
 * @DSMIP_DEVICE_A_HOME_LINK: u32, only at a home agent: index of the interface of
 *	the home link.  Unicast packets that are for no node leave through it as
 *	those of a router, to where neighbour resolution finds their destination,
 *	so that whole home prefixes can be routed to the device.  0 = they are
 *	dropped (tx_no_node), the default.
 * @DSMIP_DEVICE_A_SOURCE_RATE: u32, for a home agent: how much signalling gets
 *	a path cookie in a second from one source, which is an outer address with
 *	its UDP port.  What is above is dropped (rx_rate_source).  A Binding Update
 *	among it is answered by status 135, and let in, within limits of the same
 *	size, if its number goes on from such an answer; one whose number follows
 *	SEQUENCE of a binding of its node closely is not part of the limits, but has
 *	one of this size for its node and source; so has ESP with the SPI of a state.
 *	0 to 1000000, 0 = no limit; default 100.
 * @DSMIP_DEVICE_A_SOURCE_BURST: u32, how much of it may come at once, 1 to
 *	1000000; default 300
 * @DSMIP_DEVICE_A_NETWORK_RATE: u32, the same for one network, which is an outer
 *	IPv4 address, as that of a NAT, or an outer IPv6 prefix of 64 bits
 *	(rx_rate_network).  Signalling of nodes that have a binding with its source
 *	is not part of it.  Default 1000.
 * @DSMIP_DEVICE_A_NETWORK_BURST: u32, default 3000
 * @DSMIP_DEVICE_A_STRANGER_RATE: u32, the same for all sources together that are
 *	in no binding of the node (rx_rate_strangers).  Default 10000.
 * @DSMIP_DEVICE_A_STRANGER_BURST: u32, default 4096, half of the cookies there are
 * @DSMIP_DEVICE_A_TUNNEL_MTU: u32, 1280 to 65483: octets that an inner packet may
 *	have in any tunnel of the device; default 1448.  What is passed on to
 *	HOME_LINK is subject to the MTU of that interface instead, and the MTU of
 *	the device is the larger of the two; without HOME_LINK it is this one.
 *	The device follows: the new MTU is in force when the request is answered.
 *	An MTU set by rtnetlink (ip link set NAME mtu N) is this value too, but
 *	the stack ignores one that the device has already.
 * @DSMIP_DEVICE_A_UNDERLAY: u32, index of the interface or of the VRF that outer
 *	packets belong to.  Others are not the device's (rx_underlay), nor are
 *	ICMP errors about them (icmp_underlay); its own are routed there, from
 *	addresses of that VRF.  None leaves by an interface outside, by a LINK or by
 *	a route (tx_underlay).  0 = the default VRF, and every other if
 *	net.ipv4.udp_l3mdev_accept is 1; the default.  -ENODEV: there is no such
 *	interface.  When it goes, nothing is received or sent until UNDERLAY is
 *	set anew.  Inner packets are not concerned: they belong to the VRF that
 *	the device itself is in.
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

/* Of the rates and bursts. */
#define DSMIP_SIGNALLING_RATE_MAX	1000000

/* DSMIP_DEVICE_A_TUNNEL_MTU: the minimum of IPv6; what the largest outer headers
 * leave of 65535.
 */
#define DSMIP_TUNNEL_MTU_MIN	1280
#define DSMIP_TUNNEL_MTU_MAX	65483

/* DSMIP_DEVICE_A_DSCP: copy that of the inner packet. */
#define DSMIP_DSCP_COPY		255
#define DSMIP_DSCP_MAX		63

/**
 * enum dsmip_df - "don't fragment" of outer IPv4 headers
 *
 * An inner packet that is refused for its size (see Documentation/mtu.md) is
 * refused whatever is set here.
 *
 * @DSMIP_DF_AUTO: set if the inner packet would be refused for its size: it is
 *	IPv4 with DF, or IPv6 and longer than 1280 octets
 * @DSMIP_DF_SET: set unless this host has to fragment the packet itself
 * @DSMIP_DF_CLEAR: never set; routers on the way may fragment every packet.  For
 *	paths that swallow the errors path MTU discovery needs.
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
 *	the whole set, an empty nest clears it, absence leaves it alone.
 *	At most 16.
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
 * enum dsmip_encap - what stands between the outer and the inner IP header
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

/* Flags of a binding; the kernel keeps them for user space. */
#define DSMIP_BINDING_F_NAT		(1U << 0) /* a NAT was detected */
#define DSMIP_BINDING_F_FORCED_UDP	(1U << 1) /* UDP without a NAT */
#define DSMIP_BINDING_F_DRAFT		(1U << 2) /* peer speaks the drafts */
#define DSMIP_BINDING_F_MCOA		(1U << 3) /* made by a BID option */
#define DSMIP_BINDING_F_LINK_LOCAL	(1U << 4) /* L flag of the Binding Update */
#define DSMIP_BINDING_F_ALL		0x1fU

/**
 * enum dsmip_binding_attr - attributes in DSMIP_NODE_A_BINDING
 *
 * The end point is the far one at a home agent (care-of address, and the UDP
 * port a NAT gave it) and the near one at a mobile node (care-of address).
 * Exactly one of CARE_OF4 and CARE_OF6 says where it is and so which outer
 * header is used; both inner families go through it.  Or HOME_LINK says that the
 * node is at home: packets for it leave without outer header.
 *
 * Which binding a packet takes on transmit: the live one that its mark names
 * (BID_MARK_MASK); else the first live one of the first flow rule that matches
 * and has one; else the one of lowest PRIORITY, where flows spread over those of
 * equal priority in proportion to WEIGHT.  A flow, that is addresses, protocol
 * and ports or SPI, stays with its binding while that lives.  The fragments of a
 * packet follow the first.
 *
 * @DSMIP_BINDING_A_UNSPEC: never used
 * @DSMIP_BINDING_A_PAD: padding
 * @DSMIP_BINDING_A_BID: u16, binding identifier (RFC 5648); 0 = plain binding.
 *	Part of the key; absent = 0.
 * @DSMIP_BINDING_A_CARE_OF4: struct in_addr, IPv4 end point, unicast
 * @DSMIP_BINDING_A_CARE_OF6: struct in6_addr, IPv6 end point, unicast
 * @DSMIP_BINDING_A_PORT: be16, UDP port of the end point at a home agent;
 *	needed for the UDP formats, and allows UDP from this end point when
 *	ENCAP is direct.  Not allowed at a mobile node.
 * @DSMIP_BINDING_A_CLAIMED4: struct in_addr, IPv4 care-of address that the
 *	Binding Update named, where a NAT made the end point another; kept
 *	for user space
 * @DSMIP_BINDING_A_ENCAP: u8, &enum dsmip_encap, default direct
 * @DSMIP_BINDING_A_PRIORITY: u8, 0 to 127, lower is preferred (BID-PRI of
 *	RFC 6089); default 0
 * @DSMIP_BINDING_A_LIFETIME: u32, ms, 1 to DSMIP_LIFETIME_MAX_MS; in replies
 *	what is left.  Needed on creation, renewed when given.
 * @DSMIP_BINDING_A_LINK: u32, index of the interface outer packets leave
 *	through; 0 = routing decides, the default
 * @DSMIP_BINDING_A_FLAGS: u32, DSMIP_BINDING_F_*; kept for user space, but for
 *	NAT and FORCED_UDP: without both a home agent takes direct packets from
 *	the end point whatever ENCAP is
 * @DSMIP_BINDING_A_SEQUENCE: u16, sequence number of the last accepted Binding
 *	Update; kept for user space
 * @DSMIP_BINDING_A_RX_PACKETS: u64, packets from the end point; replies only,
 *	as are the following
 * @DSMIP_BINDING_A_RX_BYTES: u64, inner octets from the end point
 * @DSMIP_BINDING_A_TX_PACKETS: u64, packets to the end point
 * @DSMIP_BINDING_A_TX_BYTES: u64, inner octets to the end point
 * @DSMIP_BINDING_A_LAST_HEARD: u32, ms since the last packet from the end
 *	point; absent if there was none
 * @DSMIP_BINDING_A_WEIGHT: u8, 1 to 255, share of the flows among bindings of
 *	equal priority; default 1
 * @DSMIP_BINDING_A_HOME_LINK: flag, only at a home agent: the node is at home
 *	on LINK, which is needed; CARE_OF4, CARE_OF6, PORT, CLAIMED4 and ENCAP
 *	are not allowed.  Packets leave through LINK as those of a router.
 * @DSMIP_BINDING_A_LINK_ADDRESS: binary, up to DSMIP_LINK_ADDRESS_MAX octets, as
 *	many as addresses of LINK have (6 for Ethernet); only with HOME_LINK.
 *	Where frames go; absent = neighbour resolution for the inner
 *	destination, or for HOME_ADDRESS where that is none of the node's home
 *	addresses.
 * @DSMIP_BINDING_A_MTU: u32, the tunnel MTU, octets that an inner packet may
 *	have on the path as it was when a packet was sent last; absent before
 *	the first one; replies only
 *
 * An update keeps what it does not name, but a new CARE_OF or HOME_LINK replaces
 * end point, PORT, CLAIMED4 and ENCAP together.
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
 * enum dsmip_prefix_attr - attributes in DSMIP_NODE_A_PREFIX: a prefix of the
 *	mobile network behind a node (RFC 3963)
 *
 * Packets of addresses in it are treated as those of the home addresses are.
 * Home addresses of any node go first, then the longest prefix.
 *
 * @DSMIP_PREFIX_A_UNSPEC: never used
 * @DSMIP_PREFIX_A_ADDRESS4: struct in_addr, unicast; bits behind the length
 *	are zero
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
 * The selectors are those of RFC 6088, as seen on packets toward the node; a
 * mobile node, which sends them the other way, takes source for destination.
 * A packet matches when it matches every selector given.  A selector is a range
 * from START to END, both included; END needs its START, which alone is a range
 * of one.  START above END is refused.  Addresses, FLOW_LABEL and FAMILY have to
 * be about one IP family.
 *
 * A rule without a live binding is skipped, and signalling is never matched.
 * Fragments behind the first have no ports and no SPI.
 *
 * @DSMIP_FLOW_A_UNSPEC: never used
 * @DSMIP_FLOW_A_FID: u16, >= 1, flow identifier (RFC 6089); the key
 * @DSMIP_FLOW_A_PRIORITY: u16, >= 1, FID-PRI: the rule with the lowest value
 *	goes first, the lower FID where it is equal.  Needed for a new rule.
 * @DSMIP_FLOW_A_BIDS: nest of DSMIP_FLOW_A_BID, at least one, at most 32, in
 *	order of preference.  Needed for a new rule.
 * @DSMIP_FLOW_A_BID: u16, in BIDS; need not exist yet
 * @DSMIP_FLOW_A_FAMILY: u8, AF_INET or AF_INET6; in replies also when another
 *	selector implied it
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
 *	the upper six bits count
 * @DSMIP_FLOW_A_TRAFFIC_CLASS_END: u8
 * @DSMIP_FLOW_A_PROTOCOL_START: u8, of IPv4, or in IPv6 the next header behind
 *	hop-by-hop options, routing, fragment and destination options headers
 * @DSMIP_FLOW_A_PROTOCOL_END: u8
 *
 * An update keeps what it does not name; if it names any selector, its selectors
 * replace all of them.
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
 * A path that a received packet made is good for one answer, to the inner
 * source address of that packet.  One made by PATH_NEW may be used until it
 * expires.  Both live COOKIE_LIFETIME of the device unless told otherwise.
 *
 * @DSMIP_PATH_A_UNSPEC: never used
 * @DSMIP_PATH_A_COOKIE: u32, the mark; DSMIP_COOKIE_FLAG is set in it
 * @DSMIP_PATH_A_REMOTE4: struct in_addr, far outer address
 * @DSMIP_PATH_A_REMOTE6: struct in6_addr, far outer address; exactly one of
 *	the two
 * @DSMIP_PATH_A_LOCAL4: struct in_addr, near outer address, family as REMOTE;
 *	absent in PATH_NEW = routing decides
 * @DSMIP_PATH_A_LOCAL6: struct in6_addr
 * @DSMIP_PATH_A_REMOTE_PORT: be16, only with UDP formats
 * @DSMIP_PATH_A_LOCAL_PORT: be16, only with UDP formats; replies only
 * @DSMIP_PATH_A_ENCAP: u8, &enum dsmip_encap
 * @DSMIP_PATH_A_LINK: u32, interface index, the one the packet came in by;
 *	0 = routing decides
 * @DSMIP_PATH_A_LIFETIME: u32, ms, 100 to 600000; in replies what is left
 * @DSMIP_PATH_A_INNER6: struct in6_addr, inner source address of the packet
 *	that made the path; replies only
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
 * The kernel names its counters, so that user space shows new ones unchanged.
 *
 * @DSMIP_COUNTER_A_UNSPEC: never used
 * @DSMIP_COUNTER_A_PAD: padding
 * @DSMIP_COUNTER_A_NAME: string, lower case and underscores; names that start
 *	with tx_ and rx_ count packets that were dropped for that cause
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
