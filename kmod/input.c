// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: receive.  The same checks for packets from the tunnel chains and from the
 * UDP sockets, with the ingress filter of RFC 6275, 10.4.5 and its counterpart at a
 * mobile node; then delivery to the stack.
 */
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/xfrm.h>

#include "passage.h"

/* With all options. */
#define DSMIP_TCP_HEADER_MAX	60

/**
 * dsmip_arrival_init - store the outer header of a packet
 * @a: result
 * @skb: packet, network header is the outer one
 * @family: of the outer header
 */
void dsmip_arrival_init(struct dsmip_arrival *a, const struct sk_buff *skb,
			u8 family)
{
	memset(a, 0, sizeof(*a));
	a->from.family = family;
	a->to.family = family;
	a->link = dsmip_ingress_port(skb, family) ?: skb->dev->ifindex;
	if (family == AF_INET) {
		a->from.in.s_addr = ip_hdr(skb)->saddr;
		a->to.in.s_addr = ip_hdr(skb)->daddr;
		a->dsfield = ip_hdr(skb)->tos;
	} else {
		a->from.in6 = ipv6_hdr(skb)->saddr;
		a->to.in6 = ipv6_hdr(skb)->daddr;
		a->dsfield = ipv6_get_dsfield(ipv6_hdr(skb));
	}
}

static bool dsmip_is_home_agent4(const struct dsmip_settings *s, __be32 address)
{
	return s->home_agent4 && address == s->home_agent4;
}

static bool dsmip_is_home_agent6(const struct dsmip_settings *s,
				 const struct in6_addr *address)
{
	return !ipv6_addr_any(&s->home_agent6) &&
	       ipv6_addr_equal(address, &s->home_agent6);
}

/**
 * dsmip_input_ours - whether an outer tuple has the home agent's address of a
 *	device
 * @s: settings of the device
 * @a: arrival
 */
bool dsmip_input_ours(const struct dsmip_settings *s,
		      const struct dsmip_arrival *a)
{
	const struct dsmip_endpoint *ep;

	if (s->role == DSMIP_ROLE_UNSPEC)
		return false;
	ep = s->role == DSMIP_ROLE_HOME_AGENT ? &a->to : &a->from;
	if (ep->family == AF_INET)
		return dsmip_is_home_agent4(s, ep->in.s_addr);
	return dsmip_is_home_agent6(s, &ep->in6);
}

/*
 * The binding of its node that a packet to the home agent belongs to.  Behind a NAT
 * only the port tells the node from its neighbours, so direct encapsulation is
 * refused, as it is if UDP was imposed.  Otherwise both UDP, if the port is known,
 * and direct encapsulation are accepted.
 */
static __always_inline int dsmip_input_end_point(struct dsmip_node *node,
						 struct dsmip_arrival *a)
{
	struct dsmip_binding *b = dsmip_node_match(node, &a->from);

	if (!b)
		return DSMIP_C_RX_END_POINT;
	if (a->encap == DSMIP_ENCAP_DIRECT) {
		if (b->encap != DSMIP_ENCAP_DIRECT &&
		    b->flags & (DSMIP_BINDING_F_NAT | DSMIP_BINDING_F_FORCED_UDP))
			return DSMIP_C_RX_FORMAT;
	} else {
		if (!b->care_of.port)
			return DSMIP_C_RX_FORMAT;
		if (b->care_of.port != a->from.port)
			return DSMIP_C_RX_END_POINT;
	}
	a->binding = b;
	return DSMIP_ACCEPT;
}

/* The ingress filter. A mobile node accepts packets at any of its addresses. */
static __always_inline int
dsmip_input_ingress(struct dsmip_dev *dd, const struct dsmip_settings *s,
		    struct dsmip_node *node, const struct dsmip_inner *inner,
		    struct dsmip_arrival *a)
{
	int verdict = DSMIP_ACCEPT;

	if (s->role == DSMIP_ROLE_MOBILE_NODE)
		a->binding = dsmip_node_match(node, &a->to);
	else
		verdict = dsmip_input_end_point(node, a);
	if (verdict == DSMIP_C_RX_END_POINT)
		dsmip_notify_unregistered(dd, &node->home.address, &a->from,
					  &a->to, a->encap);
	if (verdict == DSMIP_ACCEPT &&
	    dsmip_inner_source_own(dd, s, inner, node))
		verdict = DSMIP_C_RX_INNER_SOURCE;
	if (verdict == DSMIP_ACCEPT && a->encap == DSMIP_ENCAP_DIRECT &&
	    s->role == DSMIP_ROLE_HOME_AGENT &&
	    a->binding->encap != DSMIP_ENCAP_DIRECT)
		dsmip_count(dd, DSMIP_C_RX_OTHER_FORMAT);
	return verdict;
}

/*
 * Payload, which is everything that @passage of dsmip_passage() does not call
 * signalling.  Inline with the functions it calls, because every packet comes here;
 * without this a packet costs 50 instructions more.
 */
static __always_inline int
dsmip_input_payload(struct dsmip_dev *dd, const struct dsmip_settings *s,
		    const struct sk_buff *skb, unsigned int offset,
		    const struct dsmip_inner *inner, struct dsmip_node *node,
		    int passage, struct dsmip_arrival *a)
{
	int verdict;

	if (!node)
		return passage == DSMIP_UNLISTED ? DSMIP_C_RX_NOT_SIGNALLING :
						   DSMIP_C_RX_NO_NODE;
	verdict = dsmip_input_ingress(dd, s, node, inner, a);
	if (verdict == DSMIP_ACCEPT && unlikely(passage == DSMIP_UNLISTED) &&
	    s->role == DSMIP_ROLE_HOME_AGENT &&
	    dsmip_passage_hidden(skb, offset, inner))
		verdict = DSMIP_C_RX_NOT_SIGNALLING;
	return verdict;
}

/**
 * dsmip_input_filter - whether a packet may come in as payload
 * @dd: device
 * @s: its settings
 * @skb: packet
 * @offset: of the inner header from skb->data
 * @inner: inner packet
 * @a: how it came; gets the binding
 *
 * Return: DSMIP_ACCEPT, or the counter of the drop.
 */
int dsmip_input_filter(struct dsmip_dev *dd, const struct dsmip_settings *s,
		       const struct sk_buff *skb, unsigned int offset,
		       const struct dsmip_inner *inner, struct dsmip_arrival *a)
{
	struct dsmip_node *node = dsmip_inner_node(dd, inner,
						   s->role == DSMIP_ROLE_MOBILE_NODE);
	int passage, verdict;

	if (inner->len > skb->len - offset)
		return DSMIP_C_RX_TRUNCATED;
	verdict = dsmip_inner_addresses(s, inner);
	if (verdict != DSMIP_ACCEPT)
		return verdict;
	passage = dsmip_passage(dd, s, skb, offset, inner, node);
	if (passage >= 0)
		return passage;
	if (passage == DSMIP_ACCEPT)	/* only right behind a tunnel header */
		passage = DSMIP_UNLISTED;
	return dsmip_input_payload(dd, s, skb, offset, inner, node, passage, a);
}

static int dsmip_input_judge(struct dsmip_dev *dd,
			     const struct dsmip_settings *s,
			     const struct sk_buff *skb,
			     const struct dsmip_inner *inner,
			     struct dsmip_arrival *a)
{
	struct dsmip_node *node = dsmip_inner_node(dd, inner,
						   s->role == DSMIP_ROLE_MOBILE_NODE);
	int passage = dsmip_passage(dd, s, skb, a->offset, inner, node);
	int verdict;

	a->signalling = passage == DSMIP_ACCEPT;
	if (!node && passage < DSMIP_ACCEPT && a->encap == DSMIP_ENCAP_DIRECT)
		return DSMIP_UNCLAIMED;
	if (!(dd->dev->flags & IFF_UP))
		return DSMIP_C_RX_DEVICE_DOWN;
	if (s->role == DSMIP_ROLE_MOBILE_NODE &&
	    a->encap != DSMIP_ENCAP_DIRECT &&
	    a->from.port != s->home_agent_port)
		return DSMIP_C_RX_END_POINT;
	if (inner->len > skb->len - a->offset)
		return DSMIP_C_RX_TRUNCATED;
	verdict = dsmip_inner_addresses(s, inner);
	if (verdict != DSMIP_ACCEPT)
		return verdict;
	if (passage >= 0)
		return passage;
	if (a->signalling) {
		/* Needs no binding; if it has one, that counts the traffic. */
		if (s->role == DSMIP_ROLE_MOBILE_NODE) {
			if (node)
				a->binding = dsmip_node_match(node, &a->to);
			return DSMIP_ACCEPT;
		}
		if (node)
			dsmip_input_end_point(node, a);
		return dsmip_limit(dd, s, skb, inner, node, a);
	}
	return dsmip_input_payload(dd, s, skb, a->offset, inner, node, passage,
				   a);
}

/* Path cookie for signalling; 0 = no memory. */
static u32 dsmip_input_cookie(struct dsmip_dev *dd,
			      const struct dsmip_settings *s,
			      const struct sk_buff *skb,
			      const struct dsmip_arrival *a)
{
	struct dsmip_path path = {
		.remote = a->from,
		.local = a->to,
		.encap = a->encap,
		.link = a->link,
		.lifetime = s->cookie_lifetime,
		.inner = ipv6_hdr(skb)->saddr,
	};

	return dsmip_path_add(dd, &path);
}

/*
 * Whether GRO may be able to merge a packet.  A packet that was merged before
 * cannot be merged further, and one not longer than TCP headers has no data.
 * Merged UDP needs a socket that asks for it; for forwarded packets the operator
 * must ask.
 */
static bool dsmip_input_merges(netdev_features_t features,
			       const struct sk_buff *skb,
			       const struct dsmip_inner *inner)
{
	if (!(features & NETIF_F_GRO) || skb_is_gso(skb) || skb_cloned(skb))
		return false;
	if (inner->proto == IPPROTO_TCP)
		return inner->len > inner->header + DSMIP_TCP_HEADER_MAX;
	return inner->proto == IPPROTO_UDP &&
	       features & (NETIF_F_GRO_UDP_FWD | NETIF_F_GRO_FRAGLIST);
}

/*
 * A binding counts packets as on the wire, whatever was merged; the device counts
 * packets as it passes them to the stack.
 */
static void dsmip_input_count(struct dsmip_dev *dd, const struct sk_buff *skb,
			      const struct dsmip_arrival *a)
{
	unsigned int packets, octets;

	dsmip_gso_traffic(skb, &packets, &octets);
	if (a->binding)
		dsmip_binding_rx(a->binding, packets, octets);
	if (packets > 1) {
		dsmip_count(dd, DSMIP_C_RX_GRO_PACKETS);
		dsmip_count_many(dd, DSMIP_C_RX_GRO_SEGMENTS, packets);
	}
	dev_sw_netstats_rx_add(dd->dev, skb->len);
}

static void dsmip_input_deliver(struct dsmip_dev *dd,
				const struct dsmip_settings *s,
				struct sk_buff *skb,
				const struct dsmip_inner *inner,
				const struct dsmip_arrival *a)
{
	__be16 proto = htons(inner->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	u32 cookie = 0;

	if (pskb_trim_rcsum(skb, a->offset + inner->len) ||
	    iptunnel_pull_header(skb, a->offset, proto, false)) {
		dsmip_drop(dd, skb, DSMIP_C_RX_NO_MEMORY);
		return;
	}
	/* GRO has verified the members of a list; the outer checksum hid that. */
	if (skb->ip_summed == CHECKSUM_NONE && skb_is_gso(skb) &&
	    skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb_reset_mac_len(skb);
	if (INET_ECN_decapsulate(skb, a->dsfield, inner->dsfield) > 1) {
		dsmip_drop(dd, skb, DSMIP_C_RX_ECN);
		return;
	}
	if (a->signalling) {
		cookie = dsmip_input_cookie(dd, s, skb, a);
		if (!cookie) {
			dsmip_drop(dd, skb, DSMIP_C_RX_NO_MEMORY);
			return;
		}
		dsmip_count(dd, DSMIP_C_SIGNALLING_IN);
		dsmip_cookie_attach(skb, cookie);
	}
	skb->mark = cookie;
	skb->dev = dd->dev;
	dsmip_input_count(dd, skb, a);
	dsmip_deliver(dd, skb,
		      dsmip_input_merges(dd->dev->features, skb, inner));
}

/* Sockets have done this already. */
static bool dsmip_input_policy(struct sk_buff *skb,
			       const struct dsmip_arrival *a)
{
	if (a->encap != DSMIP_ENCAP_DIRECT)
		return true;
	return a->from.family == AF_INET ?
		xfrm4_policy_check(NULL, XFRM_POLICY_IN, skb) :
		xfrm6_policy_check(NULL, XFRM_POLICY_IN, skb);
}

/**
 * dsmip_input - check a packet, then deliver or drop it
 * @dd: device for which dsmip_input_ours() is true
 * @skb: packet, network header is the outer one
 * @a: how it came; @a->offset is the offset of the inner packet
 *
 * Under RCU, softirqs off.
 *
 * Return: whether the packet belongs to the device; then it is consumed.  Only one
 * in direct encapsulation may not belong to it; then it is unchanged.
 */
bool dsmip_input(struct dsmip_dev *dd, struct sk_buff *skb,
		 struct dsmip_arrival *a)
{
	const struct dsmip_settings *s = rcu_dereference(dd->settings);
	struct dsmip_inner inner;
	int verdict, err;

	err = dsmip_inner_parse(skb, a->offset, &inner);
	if (err && a->encap == DSMIP_ENCAP_DIRECT)
		return false;
	if (err == -EPROTO)
		verdict = DSMIP_C_RX_INNER_VERSION;
	else if (err == -ENODATA)
		verdict = DSMIP_C_RX_TRUNCATED;
	else if (err)
		verdict = DSMIP_C_RX_INNER_HEADER;
	else
		verdict = dsmip_input_judge(dd, s, skb, &inner, a);
	if (verdict == DSMIP_UNCLAIMED)
		return false;
	if (verdict == DSMIP_ACCEPT && !dsmip_input_policy(skb, a))
		verdict = DSMIP_C_RX_POLICY;
	if (verdict == DSMIP_ACCEPT &&
	    dsmip_maybe_tunnel(skb, a->offset, &inner,
			       dsmip_home_agent_port(dd, s)) &&
	    dsmip_nested_deep(skb, a->offset, dd, s, false))
		verdict = DSMIP_C_RX_NESTED;
	if (verdict == DSMIP_ACCEPT)
		dsmip_input_deliver(dd, s, skb, &inner, a);
	else
		dsmip_drop(dd, skb, verdict);
	return true;
}
