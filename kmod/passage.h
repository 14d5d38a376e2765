/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: packets that need no binding, and inner sources that are never valid.
 */
#ifndef _DSMIP_PASSAGE_H
#define _DSMIP_PASSAGE_H

#include "tunnel.h"

/* Headers before the protocol that may pass. */
enum dsmip_way {
	DSMIP_WAY_PLAIN,	/* the inner IPv6 header */
	DSMIP_WAY_OPTIONS,	/* ... and one Destination Options header */
	DSMIP_WAY_ROUTING,	/* ... and one routing header of type 2 */
	DSMIP_WAY_TLV,		/* a TLV header; there is no inner packet */
};

/* A verdict of dsmip_passage(): the addresses match, but it is not on the list. */
#define DSMIP_UNLISTED	(-3)

/* Is HOME_AGENT6 the destination (@role home agent), or the source (mobile node)? */
static inline bool dsmip_passage_end(const struct dsmip_settings *s, u8 role,
				     const struct dsmip_inner *inner)
{
	if (inner->family != AF_INET6)
		return false;
	return ipv6_addr_equal(role == DSMIP_ROLE_HOME_AGENT ? inner->dst6 :
							       inner->src6,
			       &s->home_agent6) &&
	       !ipv6_addr_any(&s->home_agent6);
}

bool dsmip_passage_listed(u8 role, enum dsmip_way way, u8 proto);
int dsmip_passage_judge(struct dsmip_dev *dd, const struct dsmip_settings *s,
			const struct sk_buff *skb, unsigned int offset,
			const struct dsmip_inner *inner,
			const struct dsmip_node *node);

/**
 * dsmip_passage - whether an inner packet is signalling on the list
 * @dd: device that it comes to
 * @s: its settings
 * @skb: packet
 * @offset: of the inner header from skb->data
 * @inner: contents of that header; @inner->len is not trusted
 * @node: the node that its addresses belong to, NULL = none
 *
 * Under RCU.
 *
 * Return: DSMIP_ACCEPT: it needs no binding; DSMIP_UNCLAIMED: it is not between
 * these addresses; DSMIP_UNLISTED: it is not on the list.  Any other value is the
 * counter of the drop: it is on the list, but its source is not valid.
 */
static inline int dsmip_passage(struct dsmip_dev *dd,
				const struct dsmip_settings *s,
				const struct sk_buff *skb, unsigned int offset,
				const struct dsmip_inner *inner,
				const struct dsmip_node *node)
{
	return dsmip_passage_end(s, s->role, inner) ?
	       dsmip_passage_judge(dd, s, skb, offset, inner, node) :
	       DSMIP_UNCLAIMED;
}

bool dsmip_passage_out(const struct dsmip_settings *s,
		       const struct sk_buff *skb,
		       const struct dsmip_inner *inner);
bool dsmip_passage_skip(const struct sk_buff *skb, unsigned int offset,
			const struct dsmip_inner *inner, unsigned int *at,
			u8 *proto);
bool dsmip_passage_hidden(const struct sk_buff *skb, unsigned int offset,
			  const struct dsmip_inner *inner);
bool dsmip_inner_address_bad(const struct dsmip_inner *inner);
bool dsmip_inner_source_host(const struct dsmip_dev *dd,
			     const struct dsmip_settings *s,
			     const struct dsmip_inner *inner,
			     const struct dsmip_node *node);

/* Most addresses are in 2000::/3 and always valid. */
static inline bool dsmip_is_global6(const struct in6_addr *address)
{
	return (address->s6_addr[0] & 0xe0) == 0x20;
}

/* So is IPv4 unicast, except 0/8, 127/8 and 169/8, which contains 169.254/16. */
static inline bool dsmip_is_usual4(__be32 address)
{
	u8 first = ntohl(address) >> 24;

	return first < 224 && first && first != 127 && first != 169;
}

/* Quick check: false = both are valid; true = dsmip_inner_address_bad() decides. */
static inline bool dsmip_inner_address_suspect(const struct dsmip_inner *inner)
{
	if (inner->family == AF_INET)
		return !dsmip_is_usual4(inner->src4) ||
		       !dsmip_is_usual4(inner->dst4);
	return !dsmip_is_global6(inner->src6) || !dsmip_is_global6(inner->dst6);
}

/**
 * dsmip_inner_addresses - whether the addresses of an inner packet are valid in a
 *	tunnel
 * @s: settings of the device that it comes to
 * @inner: inner packet
 *
 * Return: DSMIP_ACCEPT, or the counter of the drop.
 */
static inline int dsmip_inner_addresses(const struct dsmip_settings *s,
					const struct dsmip_inner *inner)
{
	if (dsmip_inner_address_suspect(inner) && dsmip_inner_address_bad(inner))
		return DSMIP_C_RX_INNER_ADDRESS;
	if (s->role != DSMIP_ROLE_HOME_AGENT)
		return DSMIP_ACCEPT;
	return (inner->family == AF_INET ?
		inner->src4 == s->home_agent4 :
		ipv6_addr_equal(inner->src6, &s->home_agent6)) ?
	       DSMIP_C_RX_INNER_SOURCE : DSMIP_ACCEPT;
}

/**
 * dsmip_inner_source_own - whether the source of payload is an address of this host
 * @dd: device that it comes to
 * @s: its settings
 * @inner: inner packet
 * @node: node that it belongs to
 *
 * At a home agent the ingress filter has found that the source belongs to the node;
 * it can be an address of this host as well only if a prefix of the node contains
 * it.  At a mobile node the source may be any address; in IPv4 the stack itself
 * drops sources of this host as martian.
 *
 * Under RCU.
 */
static inline bool dsmip_inner_source_own(const struct dsmip_dev *dd,
					  const struct dsmip_settings *s,
					  const struct dsmip_inner *inner,
					  const struct dsmip_node *node)
{
	if (s->role == DSMIP_ROLE_HOME_AGENT && RB_EMPTY_ROOT(&node->prefixes))
		return false;
	return dsmip_inner_source_host(dd, s, inner, node);
}

#endif /* _DSMIP_PASSAGE_H */
