// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: packets that need no binding, and inner sources that are never valid.
 *
 * A binding begins with a message that comes in before the binding exists.
 * dsmip_passages[] is the complete list of packets that need no binding.  All
 * others must pass the ingress filter in input.c (RFC 6275, 10.4.5; BCP 38).
 * Anybody can send packets on the list.  So they must reach nothing but the
 * daemon's socket for Mobility Headers and the host's IPsec.
 * Documentation/security.md has the same list for operators, with the test of each
 * row.
 */
#include <linux/ipv6.h>
#include <net/addrconf.h>
#include <net/ip6_fib.h>
#include <net/ipv6_stubs.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "passage.h"

/* Minimum length of a Mobility Header, and of ESP. */
#define DSMIP_PASSAGE_HEADER	8

/* A Home Address option and its padding are at most five options. */
#define DSMIP_OPTIONS_MAX	16

/* struct dsmip_passage - one row of the list
 * @role: of the device that it comes to
 * @way: what stands before it
 * @proto: what it is
 */
struct dsmip_passage {
	u8 role;
	u8 way;
	u8 proto;
};

static const struct dsmip_passage dsmip_passages[] = {
	/* signalling to a home agent, at its HOME_AGENT6 */
	{ DSMIP_ROLE_HOME_AGENT, DSMIP_WAY_PLAIN, IPPROTO_MH },
	{ DSMIP_ROLE_HOME_AGENT, DSMIP_WAY_PLAIN, IPPROTO_ESP },
	{ DSMIP_ROLE_HOME_AGENT, DSMIP_WAY_OPTIONS, IPPROTO_MH },
	{ DSMIP_ROLE_HOME_AGENT, DSMIP_WAY_OPTIONS, IPPROTO_ESP },
	/* signalling to a mobile node, from its HOME_AGENT6 */
	{ DSMIP_ROLE_MOBILE_NODE, DSMIP_WAY_PLAIN, IPPROTO_MH },
	{ DSMIP_ROLE_MOBILE_NODE, DSMIP_WAY_PLAIN, IPPROTO_ESP },
	{ DSMIP_ROLE_MOBILE_NODE, DSMIP_WAY_OPTIONS, IPPROTO_MH },
	{ DSMIP_ROLE_MOBILE_NODE, DSMIP_WAY_OPTIONS, IPPROTO_ESP },
	{ DSMIP_ROLE_MOBILE_NODE, DSMIP_WAY_ROUTING, IPPROTO_MH },
	{ DSMIP_ROLE_MOBILE_NODE, DSMIP_WAY_ROUTING, IPPROTO_ESP },
	/* ESP for the host itself */
	{ DSMIP_ROLE_HOME_AGENT, DSMIP_WAY_TLV, IPPROTO_ESP },
	{ DSMIP_ROLE_MOBILE_NODE, DSMIP_WAY_TLV, IPPROTO_ESP },
};

/**
 * dsmip_passage_listed - whether a packet needs no binding
 * @role: of the device that it comes to
 * @way: what stands before it
 * @proto: what it is
 */
bool dsmip_passage_listed(u8 role, enum dsmip_way way, u8 proto)
{
	const struct dsmip_passage *row;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dsmip_passages); i++) {
		row = &dsmip_passages[i];
		if (row->role == role && row->way == way && row->proto == proto)
			return true;
	}
	return false;
}

/* Headers after an inner IPv6 header */

/* struct dsmip_behind - what a look behind the IPv6 header tells
 * @way: what stands before @proto
 * @proto: what it is
 * @named: a Home Address option or a routing header has @address
 * @address: home address
 */
struct dsmip_behind {
	enum dsmip_way way;
	u8 proto;
	bool named;
	struct in6_addr address;
};

/*
 * Options from @at to @end: padding and one Home Address option (RFC 6275, 6.3).
 * The stack would answer some other options, and the source may be forged.
 */
static bool dsmip_behind_options(const struct sk_buff *skb, unsigned int at,
				 unsigned int end, struct dsmip_behind *behind)
{
	u8 space[sizeof(struct ipv6_destopt_hao)];
	unsigned int count, left;
	const u8 *option;

	for (count = 0; at < end; count++) {
		left = end - at;
		option = skb_header_pointer(skb, at,
					    min_t(unsigned int, left,
						  sizeof(space)), space);
		if (!option || count == DSMIP_OPTIONS_MAX)
			return false;
		if (option[0] == IPV6_TLV_PAD1) {
			at++;
			continue;
		}
		if (left < 2 || left < 2U + option[1])
			return false;
		if (option[0] == IPV6_TLV_HAO) {
			if (behind->named ||
			    option[1] != sizeof(behind->address))
				return false;
			behind->named = true;
			memcpy(&behind->address, option + 2,
			       sizeof(behind->address));
		} else if (option[0] != IPV6_TLV_PADN) {
			return false;
		}
		at += 2 + option[1];
	}
	return true;
}

/* A routing header of type 2 with one segment left (RFC 6275, 6.4). */
static bool dsmip_behind_routing(const struct sk_buff *skb, unsigned int at,
				 struct dsmip_behind *behind)
{
	const struct rt2_hdr *routing;
	struct rt2_hdr space;

	routing = skb_header_pointer(skb, at, sizeof(space), &space);
	if (!routing || routing->rt_hdr.type != IPV6_SRCRT_TYPE_2 ||
	    routing->rt_hdr.hdrlen != 2 || routing->rt_hdr.segments_left != 1)
		return false;
	behind->named = true;
	behind->address = routing->addr;
	return true;
}

/**
 * dsmip_passage_skip - find the protocol after the extension header of signalling
 * @skb: packet
 * @offset: of the inner IPv6 header from skb->data
 * @inner: what that says
 * @at: gets the offset after at most one Destination Options or routing header
 * @proto: gets the protocol there; the caller checks that @at is within the packet
 *
 * Return: false if the extension header is truncated.
 */
bool dsmip_passage_skip(const struct sk_buff *skb, unsigned int offset,
			const struct dsmip_inner *inner, unsigned int *at,
			u8 *proto)
{
	const struct ipv6_opt_hdr *header;
	struct ipv6_opt_hdr space;

	*at = offset + inner->header;
	*proto = inner->proto;
	if (*proto != IPPROTO_DSTOPTS && *proto != IPPROTO_ROUTING)
		return true;
	header = skb_header_pointer(skb, *at, sizeof(space), &space);
	if (!header)
		return false;
	*proto = header->nexthdr;
	*at += ipv6_optlen(header);
	return true;
}

/* Read at most one extension header; false: more than one, another kind, or truncated. */
static bool dsmip_behind_read(const struct sk_buff *skb, unsigned int offset,
			      const struct dsmip_inner *inner,
			      struct dsmip_behind *behind)
{
	unsigned int first = offset + inner->header, end = offset + inner->len;
	unsigned int at;

	behind->way = DSMIP_WAY_PLAIN;
	behind->named = false;
	if (!dsmip_passage_skip(skb, offset, inner, &at, &behind->proto))
		return false;
	if (end < at + DSMIP_PASSAGE_HEADER)
		return false;
	switch (inner->proto) {
	case IPPROTO_DSTOPTS:
		behind->way = DSMIP_WAY_OPTIONS;
		return dsmip_behind_options(skb,
					    first + sizeof(struct ipv6_opt_hdr),
					    at, behind);
	case IPPROTO_ROUTING:
		behind->way = DSMIP_WAY_ROUTING;
		return dsmip_behind_routing(skb, first, behind);
	}
	return true;
}

/* Addresses of this host in the VRF of the device */

static bool dsmip_own_address6(const struct dsmip_dev *dd,
			       const struct in6_addr *address)
{
	/* Tentative ones as well. */
	return ipv6_chk_addr_and_flags(dd->net, address, dd->dev, true, 0, 0);
}

/* A module cannot look up anycast addresses, but it can look up their routes. */
static bool dsmip_own_anycast6(const struct dsmip_dev *dd,
			       const struct in6_addr *address)
{
	u32 id = l3mdev_fib_table_rcu(dd->dev) ?: RT6_TABLE_LOCAL;
	struct fib6_table *table = ipv6_stub->fib6_get_table(dd->net, id);
	struct flowi6 fl6 = { .daddr = *address };
	struct fib6_result res = {};

	return table &&
	       !ipv6_stub->fib6_table_lookup(dd->net, table, 0, &fl6, &res, 0) &&
	       res.fib6_type == RTN_ANYCAST;
}

static bool dsmip_any_home_agent6(const struct dsmip_dev *dd,
				  const struct in6_addr *address)
{
	const struct dsmip_net *dn = dsmip_net(dd->net);
	int domain = l3mdev_master_ifindex_rcu(dd->dev);
	const struct dsmip_dev *other;

	list_for_each_entry_rcu(other, &dn->devices, list)
		if (ipv6_addr_equal(&rcu_dereference(other->settings)->home_agent6,
				    address) &&
		    l3mdev_master_ifindex_rcu(other->dev) == domain)
			return true;
	return false;
}

/* Sources that are not valid for signalling to a home agent. */
static int dsmip_passage_source(const struct dsmip_dev *dd,
				const struct in6_addr *address)
{
	if (!dsmip_valid_address6(address))
		return DSMIP_C_RX_INNER_ADDRESS;
	if (dsmip_any_home_agent6(dd, address) ||
	    dsmip_own_address6(dd, address) || dsmip_own_anycast6(dd, address))
		return DSMIP_C_RX_INNER_SOURCE;
	return DSMIP_ACCEPT;
}

/* The list at work */

/* Whether the node, or this host, has the address itself. */
static bool dsmip_passage_here(const struct dsmip_dev *dd,
			       const struct in6_addr *address,
			       const struct dsmip_node *node)
{
	return (node && ipv6_addr_equal(&node->home.address, address)) ||
	       (dsmip_valid_address6(address) &&
		dsmip_own_address6(dd, address));
}

/**
 * dsmip_passage_judge - dsmip_passage() for packets with the home agent's address
 * @dd: device that it comes to
 * @s: its settings
 * @skb: packet
 * @offset: of the inner header from skb->data
 * @inner: what that says; @inner->len is not trusted
 * @node: the node that its addresses belong to, NULL = none
 *
 * Under RCU.
 *
 * Return: as dsmip_passage().
 */
int dsmip_passage_judge(struct dsmip_dev *dd, const struct dsmip_settings *s,
			const struct sk_buff *skb, unsigned int offset,
			const struct dsmip_inner *inner,
			const struct dsmip_node *node)
{
	struct dsmip_behind behind;
	int verdict;

	if (!dsmip_behind_read(skb, offset, inner, &behind) ||
	    !dsmip_passage_listed(s->role, behind.way, behind.proto))
		return DSMIP_UNLISTED;
	if (s->role == DSMIP_ROLE_HOME_AGENT) {
		verdict = dsmip_passage_source(dd, inner->src6);
		/* The stack uses this address as source (RFC 6275, 9.3.1). */
		if (verdict == DSMIP_ACCEPT && behind.named)
			verdict = dsmip_passage_source(dd, &behind.address);
		return verdict;
	}
	if (!dsmip_passage_here(dd, inner->dst6, node))
		return DSMIP_UNCLAIMED;
	if (behind.way == DSMIP_WAY_ROUTING)
		return dsmip_passage_here(dd, &behind.address,
					  dsmip_node_find6(dd, &behind.address)) ?
			DSMIP_ACCEPT : DSMIP_UNLISTED;
	/* A home agent is at home, so its packets have no Home Address option. */
	return behind.named ? DSMIP_UNLISTED : DSMIP_ACCEPT;
}

/**
 * dsmip_passage_out - whether a packet is signalling that leaves this host
 * @s: settings
 * @skb: packet, from its IP header on
 * @inner: what that says
 */
bool dsmip_passage_out(const struct dsmip_settings *s,
		       const struct sk_buff *skb,
		       const struct dsmip_inner *inner)
{
	u8 role = s->role == DSMIP_ROLE_HOME_AGENT ? DSMIP_ROLE_MOBILE_NODE :
						     DSMIP_ROLE_HOME_AGENT;
	struct dsmip_behind behind;

	return dsmip_passage_end(s, role, inner) &&
	       dsmip_behind_read(skb, 0, inner, &behind) &&
	       dsmip_passage_listed(role, behind.way, behind.proto);
}

/**
 * dsmip_passage_hidden - whether a packet that is not on the list has a Mobility
 *	Header
 * @skb: packet to the home agent's address
 * @offset: of the inner header from skb->data
 * @inner: what that says
 *
 * Such a packet would get past the limits of signalling, and have no path cookie.
 */
bool dsmip_passage_hidden(const struct sk_buff *skb, unsigned int offset,
			  const struct dsmip_inner *inner)
{
	u8 proto = inner->proto;
	__be16 fragment;

	if (!ipv6_ext_hdr(proto) || proto == NEXTHDR_NONE)
		return proto == IPPROTO_MH;
	/*
	 * A later fragment does not show its protocol, but without the first
	 * fragment it is never delivered.
	 */
	return ipv6_skip_exthdr(skb, offset + inner->header, &proto,
				&fragment) < 0 || proto == IPPROTO_MH;
}

/* Inner sources */

static bool dsmip_inner_address_bad4(const struct dsmip_inner *inner)
{
	/* No router forwards link-local addresses (RFC 3927, 7). */
	return !dsmip_valid_address4(inner->src4) ||
	       ipv4_is_linklocal_169(inner->src4) ||
	       ipv4_is_linklocal_169(inner->dst4) ||
	       ipv4_is_loopback(inner->dst4);
}

static bool dsmip_inner_address_bad6(const struct dsmip_inner *inner)
{
	if (!dsmip_is_global6(inner->src6) && !dsmip_valid_address6(inner->src6))
		return true;
	return !dsmip_is_global6(inner->dst6) &&
	       (ipv6_addr_loopback(inner->dst6) ||
		(ipv6_addr_type(inner->dst6) & IPV6_ADDR_LINKLOCAL &&
		 !ipv6_addr_is_multicast(inner->dst6)));
}

/**
 * dsmip_inner_address_bad - whether an inner packet has an address that is never
 *	valid in a tunnel
 * @inner: inner packet
 */
bool dsmip_inner_address_bad(const struct dsmip_inner *inner)
{
	return inner->family == AF_INET ? dsmip_inner_address_bad4(inner) :
					  dsmip_inner_address_bad6(inner);
}

/**
 * dsmip_inner_source_host - dsmip_inner_source_own() when a look-up is needed
 * @dd: device that it comes to
 * @s: its settings
 * @inner: inner packet
 * @node: node that it belongs to
 *
 * Under RCU.
 */
bool dsmip_inner_source_host(const struct dsmip_dev *dd,
			     const struct dsmip_settings *s,
			     const struct dsmip_inner *inner,
			     const struct dsmip_node *node)
{
	if (s->role == DSMIP_ROLE_MOBILE_NODE)
		return inner->family == AF_INET6 &&
		       dsmip_own_address6(dd, inner->src6);
	if (inner->family == AF_INET)
		return inet_addr_type_dev_table(dd->net, dd->dev,
						inner->src4) == RTN_LOCAL;
	return !ipv6_addr_equal(inner->src6, &node->home.address) &&
	       dsmip_own_address6(dd, inner->src6);
}
