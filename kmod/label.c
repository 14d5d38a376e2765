// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: flow labels of outer IPv6 headers (RFC 6438).  Routers can spread tunnel
 * packets only by address and label.  So all packets of an inner flow have the same
 * label, and different flows usually have different ones.
 *
 * A label, and the IPv4 identification of packets with DF, also prove that the
 * sender of an ICMP error has seen a packet of the binding.  Both come from a
 * secret that is different for each binding, so a node learns nothing about the
 * labels of others from its own.  No router changes them.
 *
 * The hash of the packet is not suitable.  Whether it exists depends on the network
 * card and on merging, it differs for fragments, and for signalling it is a path
 * cookie.  The flow dissector would cost as much as the rest of a tunnel.
 */
#include <linux/hash.h>
#include <linux/math64.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "tunnel.h"

/* Input of the secret of a binding; has no holes. */
struct dsmip_label_end {
	struct in6_addr home;
	struct in6_addr care_of;
	__be16 port;
	u16 family;
};

/**
 * dsmip_label_secret - the secret of a binding
 * @dd: device
 * @b: binding; its node, care-of address and port are set
 *
 * All bindings of the node with this care-of address and port have the same secret,
 * so flows keep their labels when the binding is refreshed.
 */
u64 dsmip_label_secret(const struct dsmip_dev *dd, const struct dsmip_binding *b)
{
	struct dsmip_label_end end = {
		.home = b->node->home.address,
		.port = b->care_of.port,
		.family = b->care_of.family,
	};

	if (b->care_of.family == AF_INET)
		end.care_of.s6_addr32[0] = b->care_of.in.s_addr;
	else if (b->care_of.family == AF_INET6)
		end.care_of = b->care_of.in6;
	return siphash(&end, sizeof(end), &dd->label_key);
}

/* Ports of a packet that has them right after the IP header and is not a fragment. */
static u32 dsmip_label_ports(const struct sk_buff *skb,
			     const struct dsmip_inner *inner)
{
	const u32 *ports;
	u32 buffer;

	if (inner->proto != IPPROTO_UDP && inner->proto != IPPROTO_TCP)
		return 0;
	if (inner->family == AF_INET &&
	    ip_is_fragment((const struct iphdr *)skb->data))
		return 0;
	ports = skb_header_pointer(skb, inner->header, sizeof(buffer), &buffer);
	return ports ? *ports : 0;
}

/* The products mix the fields of the flow with a secret: the label reveals nothing. */
static u64 dsmip_label_mix(u64 secret, u64 a, u64 b)
{
	a ^= secret * GOLDEN_RATIO_64;
	b ^= ~secret * GOLDEN_RATIO_64;
	return a * b ^ mul_u64_u64_shr(a, b, 64);
}

/*
 * The value that tells flows between two addresses apart.  The label of an inner
 * IPv6 packet does, even with extension headers and in fragments.
 */
static u32 dsmip_label_flow(const struct sk_buff *skb,
			    const struct dsmip_inner *inner)
{
	u32 flow = 0;

	if (inner->family == AF_INET6)
		flow = (__force u32)ip6_flowlabel((const struct ipv6hdr *)skb->data);
	return flow ?: dsmip_label_ports(skb, inner);
}

static u64 dsmip_label_hash6(u64 secret, u32 flow, const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;
	const u8 *addresses = (const u8 *)&ip6h->saddr;
	u64 source;

	source = dsmip_label_mix(secret,
				 get_unaligned((const u64 *)addresses) + flow,
				 get_unaligned((const u64 *)(addresses + 8)));
	return dsmip_label_mix(source,
			       get_unaligned((const u64 *)(addresses + 16)),
			       get_unaligned((const u64 *)(addresses + 24)));
}

static u64 dsmip_label_hash4(u64 secret, u32 flow,
			     const struct dsmip_inner *inner)
{
	u64 addresses = (u64)(__force u32)inner->src4 << 32 |
			(__force u32)inner->dst4;

	return dsmip_label_mix(secret, addresses, flow);
}

/**
 * dsmip_label - the flow label of an outer IPv6 header
 * @dd: device
 * @b: binding; NULL = none
 * @skb: inner packet, data at its IP header
 * @inner: what that says
 *
 * The sysctls net.ipv6.auto_flowlabels and flowlabel_state_ranges apply as for the
 * kernel's own tunnels.
 *
 * Return: label; 0 = none.
 */
__be32 dsmip_label(const struct dsmip_dev *dd, const struct dsmip_binding *b,
		   const struct sk_buff *skb, const struct dsmip_inner *inner)
{
	const struct netns_sysctl_ipv6 *sysctl = &dd->net->ipv6.sysctl;
	u64 secret = b ? b->secret : dd->label_secret;
	__be32 label;
	u32 flow;
	u64 hash;

	if (READ_ONCE(sysctl->auto_flowlabels) == IP6_AUTO_FLOW_LABEL_OFF)
		return 0;
	flow = dsmip_label_flow(skb, inner);
	hash = inner->family == AF_INET6 ?
	       dsmip_label_hash6(secret, flow, skb) :
	       dsmip_label_hash4(secret, flow, inner);
	/* 20 bits, and not 0, which means no label (RFC 6437). */
	label = htonl((u32)(hash >> 44) ?: 1);
	if (READ_ONCE(sysctl->flowlabel_state_ranges))
		label |= IPV6_FLOWLABEL_STATELESS_FLAG;
	return label;
}

/**
 * dsmip_label_told - whether a quoted inner packet is long enough to compute its
 *	label
 * @skb: quoted part of the packet, data at its IP header
 * @inner: what that says
 */
bool dsmip_label_told(const struct sk_buff *skb, const struct dsmip_inner *inner)
{
	return (inner->proto != IPPROTO_UDP && inner->proto != IPPROTO_TCP) ||
	       skb->len >= inner->header + sizeof(u32);
}

/**
 * dsmip_label4 - the identification of an outer IPv4 packet that has DF
 * @b: binding
 *
 * RFC 6864, 4.1: any value is valid.  Segmentation counts up from this one.
 */
u16 dsmip_label4(const struct dsmip_binding *b)
{
	return b->secret >> 16;
}
