// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: flow rules: the key of a packet, matching, and the sets of rules of nodes.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "flow.h"

/* A packet with more extension headers than this counts as one without ports. */
#define DSMIP_FLOW_HEADERS_MAX	8

static void dsmip_flow_number(struct dsmip_flow_key *key,
			      enum dsmip_selector which, u32 value)
{
	key->number[which] = value;
	key->present |= BIT(which);
}

static void dsmip_flow_spi(struct dsmip_flow_key *key, const struct sk_buff *skb,
			   unsigned int offset)
{
	const __be32 *spi;
	__be32 buffer;

	spi = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (spi)
		dsmip_flow_number(key, DSMIP_SEL_SPI, ntohl(*spi));
}

/* Parse the headers after the IP header and its extensions. */
static void dsmip_flow_transport(struct dsmip_flow_key *key,
				 const struct sk_buff *skb, unsigned int offset,
				 u8 proto)
{
	const __be16 *ports;
	__be16 buffer[2];

	dsmip_flow_number(key, DSMIP_SEL_PROTOCOL, proto);
	if (key->fragment == DSMIP_FRAGMENT_LATER)
		return;
	switch (proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		ports = skb_header_pointer(skb, offset, sizeof(buffer), buffer);
		if (!ports)
			break;
		dsmip_flow_number(key, DSMIP_SEL_SOURCE_PORT, ntohs(ports[0]));
		dsmip_flow_number(key, DSMIP_SEL_DESTINATION_PORT,
				  ntohs(ports[1]));
		break;
	case IPPROTO_ESP:
		dsmip_flow_spi(key, skb, offset);
		break;
	case IPPROTO_AH:
		dsmip_flow_spi(key, skb, offset + 4);
		break;
	}
}

static void dsmip_flow_key4(struct dsmip_flow_key *key, const struct sk_buff *skb,
			    const struct dsmip_inner *inner)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	ipv6_addr_set_v4mapped(inner->src4, &key->address[0]);
	ipv6_addr_set_v4mapped(inner->dst4, &key->address[1]);
	if (iph->frag_off & htons(IP_OFFSET))
		key->fragment = DSMIP_FRAGMENT_LATER;
	else if (iph->frag_off & htons(IP_MF))
		key->fragment = DSMIP_FRAGMENT_FIRST;
	key->id = ntohs(iph->id);
	dsmip_flow_transport(key, skb, iph->ihl * 4, iph->protocol);
}

/* The length of an extension header that starts at @offset; 0 = truncated. */
static unsigned int dsmip_flow_extension(struct dsmip_flow_key *key,
					 const struct sk_buff *skb,
					 unsigned int offset, u8 *proto)
{
	const struct ipv6_opt_hdr *opt;
	const struct frag_hdr *frag;
	struct frag_hdr buffer;		/* 8 octets, as the least of them */

	frag = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (!frag)
		return 0;
	if (*proto != IPPROTO_FRAGMENT) {
		opt = (const struct ipv6_opt_hdr *)frag;
		*proto = opt->nexthdr;
		return ipv6_optlen(opt);
	}
	if (frag->frag_off & htons(IP6_OFFSET))
		key->fragment = DSMIP_FRAGMENT_LATER;
	else if (frag->frag_off & htons(IP6_MF))
		key->fragment = DSMIP_FRAGMENT_FIRST;
	key->id = ntohl(frag->identification);
	*proto = frag->nexthdr;
	return sizeof(*frag);
}

static bool dsmip_flow_is_extension(u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING ||
	       proto == IPPROTO_FRAGMENT || proto == IPPROTO_DSTOPTS;
}

static void dsmip_flow_key6(struct dsmip_flow_key *key, const struct sk_buff *skb,
			    const struct dsmip_inner *inner)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;
	unsigned int offset = sizeof(*ip6h), length, i;
	u8 proto = ip6h->nexthdr;

	key->address[0] = *inner->src6;
	key->address[1] = *inner->dst6;
	dsmip_flow_number(key, DSMIP_SEL_FLOW_LABEL,
			  ntohl(ip6_flowlabel(ip6h)));
	/* After the header of a later fragment comes payload, not a header. */
	for (i = 0; key->fragment != DSMIP_FRAGMENT_LATER &&
	     dsmip_flow_is_extension(proto); i++) {
		if (i == DSMIP_FLOW_HEADERS_MAX)
			return;
		length = dsmip_flow_extension(key, skb, offset, &proto);
		if (!length)
			return;
		offset += length;
	}
	dsmip_flow_transport(key, skb, offset, proto);
}

/**
 * dsmip_flow_key_init - read the fields that selectors and the flow hash use
 * @key: result
 * @skb: inner packet, from its IP header on
 * @inner: what its header says
 * @reverse: the packet comes from the node: swap source and destination
 */
void dsmip_flow_key_init(struct dsmip_flow_key *key, const struct sk_buff *skb,
			 const struct dsmip_inner *inner, bool reverse)
{
	const u8 ports = BIT(DSMIP_SEL_SOURCE_PORT) |
			 BIT(DSMIP_SEL_DESTINATION_PORT);

	memset(key, 0, sizeof(*key));
	key->family = inner->family;
	key->present = BIT(DSMIP_SEL_SOURCE) | BIT(DSMIP_SEL_DESTINATION);
	dsmip_flow_number(key, DSMIP_SEL_TRAFFIC_CLASS, inner->dsfield >> 2);
	if (inner->family == AF_INET)
		dsmip_flow_key4(key, skb, inner);
	else
		dsmip_flow_key6(key, skb, inner);
	if (!reverse)
		return;
	swap(key->address[0], key->address[1]);
	if (key->present & ports)
		swap(key->number[DSMIP_SEL_SOURCE_PORT],
		     key->number[DSMIP_SEL_DESTINATION_PORT]);
}

/**
 * dsmip_flow_hash - hash of addresses, protocol and ports or SPI
 * @key: packet
 *
 * It uses nothing random and nothing of this host.  So a standby, and the node for
 * the other direction, get the same result.
 */
u32 dsmip_flow_hash(const struct dsmip_flow_key *key)
{
	u32 ports = key->number[DSMIP_SEL_SOURCE_PORT] << 16 |
		    key->number[DSMIP_SEL_DESTINATION_PORT];

	return jhash_3words(ports, key->number[DSMIP_SEL_SPI],
			    key->number[DSMIP_SEL_PROTOCOL],
			    jhash2((const u32 *)key->address,
				   sizeof(key->address) / (sizeof(u32)), 0));
}

static bool dsmip_flow_match_address(const struct dsmip_flow *flow,
				     const struct dsmip_flow_key *key,
				     enum dsmip_selector which)
{
	const struct in6_addr *range = flow->address[which - DSMIP_SEL_NUMBERS];
	const struct in6_addr *address = dsmip_flow_address(key, which);

	if (!(flow->given & BIT(which)))
		return true;
	return memcmp(&range[0], address, sizeof(*address)) <= 0 &&
	       memcmp(address, &range[1], sizeof(*address)) <= 0;
}

/**
 * dsmip_flow_match - whether a packet matches all selectors of a rule
 * @flow: rule
 * @key: packet
 */
bool dsmip_flow_match(const struct dsmip_flow *flow,
		      const struct dsmip_flow_key *key)
{
	unsigned int i;

	if ((flow->family && flow->family != key->family) ||
	    (flow->given & ~key->present))
		return false;
	for (i = 0; i < DSMIP_SEL_NUMBERS; i++)
		if ((flow->given & BIT(i)) &&
		    (key->number[i] < flow->number[i][0] ||
		     key->number[i] > flow->number[i][1]))
			return false;
	return dsmip_flow_match_address(flow, key, DSMIP_SEL_SOURCE) &&
	       dsmip_flow_match_address(flow, key, DSMIP_SEL_DESTINATION);
}

/* Sets */

/**
 * dsmip_flow_set_alloc - allocate an empty set
 * @count: number of rules to make room for
 */
struct dsmip_flow_set *dsmip_flow_set_alloc(unsigned int count)
{
	struct dsmip_flow_set *set;

	return kzalloc(struct_size(set, flow, count), GFP_KERNEL_ACCOUNT);
}

/**
 * dsmip_flow_set_find - the rule with a flow identifier
 * @set: may be NULL
 * @fid: flow identifier
 */
struct dsmip_flow *dsmip_flow_set_find(const struct dsmip_flow_set *set, u16 fid)
{
	unsigned int i;

	for (i = 0; set && i < set->count; i++)
		if (set->flow[i]->fid == fid)
			return set->flow[i];
	return NULL;
}

/**
 * dsmip_flow_set_add - insert a rule in order into a set that has room
 * @set: not yet visible to readers
 * @flow: rule
 */
void dsmip_flow_set_add(struct dsmip_flow_set *set, struct dsmip_flow *flow)
{
	unsigned int i = set->count++;

	for (; i; i--) {
		struct dsmip_flow *before = set->flow[i - 1];

		if (before->priority < flow->priority ||
		    (before->priority == flow->priority &&
		     before->fid < flow->fid))
			break;
		set->flow[i] = before;
	}
	set->flow[i] = flow;
}

/**
 * dsmip_flow_set_discard - free a set that no reader has seen
 * @new: set, may be NULL
 * @old: set that owns the unchanged rules, may be NULL
 */
void dsmip_flow_set_discard(struct dsmip_flow_set *new,
			    const struct dsmip_flow_set *old)
{
	unsigned int i;

	for (i = 0; new && i < new->count; i++)
		if (dsmip_flow_set_find(old, new->flow[i]->fid) != new->flow[i])
			kfree(new->flow[i]);
	kfree(new);
}

/**
 * dsmip_flow_set_commit - give a node its new rules
 * @dd: device
 * @node: node
 * @new: set; NULL or an empty set = the node has no rules
 */
void dsmip_flow_set_commit(struct dsmip_dev *dd, struct dsmip_node *node,
			   struct dsmip_flow_set *new)
{
	struct dsmip_flow_set *old = dsmip_flow_set_of(dd, node);
	unsigned int i;

	if (new && !new->count) {
		kfree(new);
		new = NULL;
	}
	rcu_assign_pointer(node->flows, new);
	if (new)
		dd->flows += new->count;
	if (!old)
		return;
	dd->flows -= old->count;
	for (i = 0; i < old->count; i++)
		if (dsmip_flow_set_find(new, old->flow[i]->fid) != old->flow[i])
			kfree_rcu(old->flow[i], rcu);
	kfree_rcu(old, rcu);
}

/**
 * dsmip_node_forget_flows - stop counting the rules of a node
 * @dd: device
 * @node: node that is being retired
 */
void dsmip_node_forget_flows(struct dsmip_dev *dd, struct dsmip_node *node)
{
	struct dsmip_flow_set *set = dsmip_flow_set_of(dd, node);

	if (set)
		dd->flows -= set->count;
}

/**
 * dsmip_node_free_flows - free the rules of a node that no reader can use any more
 * @node: node
 */
void dsmip_node_free_flows(struct dsmip_node *node)
{
	dsmip_flow_set_discard(rcu_dereference_protected(node->flows, true), NULL);
}
