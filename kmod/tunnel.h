/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: what the receive and the transmit side share.
 *
 * inner.c    looking at inner packets
 * passage.c  what gets in without a binding, and what no inner source may be
 * nest.c     tunnels in tunnels
 * output.c   transmit: which outer tuple
 * homelink.c transmit: to a node that is at home, without one
 * encap.c    transmit: outer headers
 * split.c    transmit: IPv4 packets in fragments, before either of the two
 * label.c    transmit: what outer headers tell flows and bindings by
 * payload.c  ESP and GRE in the place of inner packets
 * chain.c    receive: direct packets, from the tunnel chains
 * udp.c      receive: UDP, from our sockets
 * input.c    receive: judgement and delivery, for both; limit.c: of signalling;
 *            challenge.c: what is answered that is too much
 * deliver.c  receive: up the stack, through GRO or past it
 * gro.c      receive: merging by outer headers
 * gso.c      packets that stand for several, both ways
 */
#ifndef _DSMIP_TUNNEL_H
#define _DSMIP_TUNNEL_H

#include <linux/ip.h>
#include <linux/udp.h>
#include <net/route.h>

#include "binding.h"
#include "underlay.h"

/* Both generations of the TLV header have this length. */
#define DSMIP_TLV_LEN	4

/* Types of the draft's TLV header */
#define DSMIP_TLV_DRAFT_IPV4	1
#define DSMIP_TLV_DRAFT_IPV6	2
#define DSMIP_TLV_DRAFT_ESP	3
#define DSMIP_TLV_DRAFT_GRE	4

/*
 * The length field of a TLV header in front of @len octets.  The draft's has 8
 * bits; 0 says "see the UDP length".
 */
static inline u16 dsmip_tlv_length(u8 encap, unsigned int len)
{
	return encap == DSMIP_ENCAP_UDP_TLV || len <= U8_MAX ? len : 0;
}

/* Octets that stand before the inner packet. */
static inline unsigned int dsmip_overhead(u8 outer_family, u8 encap)
{
	return (outer_family == AF_INET ? sizeof(struct iphdr) :
					  sizeof(struct ipv6hdr)) +
	       (encap != DSMIP_ENCAP_DIRECT ? sizeof(struct udphdr) : 0) +
	       (encap > DSMIP_ENCAP_UDP ? DSMIP_TLV_LEN : 0);
}

/* struct dsmip_inner - what a look at the header of an inner packet tells */
struct dsmip_inner {
	u8 family;
	u8 proto;		/* protocol, next header behind the IPv6 header */
	u8 dsfield;
	u8 header;		/* length of the header */
	bool df;		/* don't fragment; always in IPv6 */
	bool later;		/* IPv4: a fragment, but not the first */
	unsigned int len;	/* of the packet, as its header says */
	union {
		struct {	/* IPv6; valid until the head of the skb moves */
			const struct in6_addr *src6;
			const struct in6_addr *dst6;
		};
		struct {	/* IPv4 */
			__be32 src4;
			__be32 dst4;
		};
	};
};

/*
 * struct dsmip_arrival - how a packet came, and what it turned out to be
 * @from: outer source
 * @to: outer destination
 * @binding: it belongs to; NULL where none is needed
 * @offset: of the inner packet from skb->data
 * @link: interface it came in by; in a VRF the port of that
 * @encap: &enum dsmip_encap
 * @payload: IPPROTO_ESP or IPPROTO_GRE, which stand in the place of an inner
 *	packet; 0 = an inner packet
 * @dsfield: of the outer header
 * @signalling: it is due a path cookie
 */
struct dsmip_arrival {
	struct dsmip_endpoint from;
	struct dsmip_endpoint to;
	struct dsmip_binding *binding;
	unsigned int offset;
	u32 link;
	u8 encap;
	u8 payload;
	u8 dsfield;
	bool signalling;
};

/*
 * struct dsmip_tunnel - what the outer headers of a packet are made from
 * @settings: of the device
 * @routes: dsmip_dev.routes, read before @settings
 * @payload: IPPROTO_ESP or IPPROTO_GRE: only what is behind the IP header of the
 *	packet is sent; 0 = all of it
 * @src: near end; address may be all zero (routing decides)
 * @dst: far end
 * @binding: to count at, and which keeps the route; NULL for signalling sent by
 *	cookie
 */
struct dsmip_tunnel {
	struct dsmip_dev *dd;
	const struct dsmip_settings *settings;
	struct dsmip_endpoint src;
	struct dsmip_endpoint dst;
	struct dsmip_binding *binding;
	u32 routes;
	u32 link;
	u32 mark;
	u8 encap;
	u8 payload;
};

/* choose.c */
struct dsmip_binding *
dsmip_choose_among(struct dsmip_dev *dd, const struct dsmip_settings *s,
		   struct dsmip_node *node, const struct dsmip_binding_set *set,
		   const struct sk_buff *skb, const struct dsmip_inner *inner);

/**
 * dsmip_choose - the binding for a packet to or from a node
 * @dd: device
 * @s: its settings
 * @node: node
 * @skb: inner packet, from its IP header on
 * @inner: what its header says
 *
 * Context: RCU reader.
 * Return: binding; NULL if none is live.
 */
static inline struct dsmip_binding *
dsmip_choose(struct dsmip_dev *dd, const struct dsmip_settings *s,
	     struct dsmip_node *node, const struct sk_buff *skb,
	     const struct dsmip_inner *inner)
{
	const struct dsmip_binding_set *set = rcu_dereference(node->set);

	if (unlikely(!set))
		return NULL;
	if (unlikely(set->count != 1))
		return dsmip_choose_among(dd, s, node, set, skb, inner);
	return likely(dsmip_binding_live(set->binding[0],
					 ktime_get_coarse_boottime())) ?
	       set->binding[0] : NULL;
}

/* homelink.c */
int dsmip_homelink_init(void);
void dsmip_homelink_exit(void);
void dsmip_homelink(struct sk_buff *skb, struct dsmip_dev *dd,
		    struct dsmip_binding *b, const struct dsmip_inner *inner);
void dsmip_homelink_pass(struct sk_buff *skb, struct dsmip_dev *dd, int ifindex,
			 const struct dsmip_inner *inner);

/* split.c */

/*
 * struct dsmip_split - what is done with the pieces of a packet
 * @route: stands in for theirs
 * @send: called with each; consumes it
 * @err: of the last call
 */
struct dsmip_split {
	struct rtable route;
	int (*send)(struct sk_buff *skb, struct dsmip_split *split);
	int err;
};

int dsmip_split(struct sk_buff *skb, struct dsmip_dev *dd,
		struct net_device *dev, unsigned int mtu,
		struct dsmip_split *split);

/* Verdicts beside the counters, which all mean drop. */
#define DSMIP_ACCEPT	(-1)	/* the packet is good */
#define DSMIP_UNCLAIMED	(-2)	/* none of our business */

/* limit.c */
int dsmip_limit(struct dsmip_dev *dd, const struct dsmip_settings *s,
		const struct sk_buff *skb, const struct dsmip_inner *inner,
		const struct dsmip_node *node, const struct dsmip_arrival *a);
bool dsmip_limit_challenge(struct dsmip_dev *dd, const struct dsmip_arrival *a,
			   const struct dsmip_inner *inner);
void dsmip_limit_guess(struct dsmip_dev *dd, const struct dsmip_binding *b);
bool dsmip_limit_error(struct dsmip_dev *dd, const struct dsmip_binding *b,
		       bool path_mtu);

/* inner.c */
int dsmip_inner_parse(struct sk_buff *skb, unsigned int offset,
		      struct dsmip_inner *inner);

/**
 * dsmip_inner_udp - the UDP header of an inner packet
 * @skb: packet
 * @offset: of the inner header from skb->data
 * @inner: what that says
 * @space: for the header, if it is not all in one piece
 *
 * Return: the header; NULL: a later fragment, too short, or not UDP.
 */
static inline const struct udphdr *
dsmip_inner_udp(const struct sk_buff *skb, unsigned int offset,
		const struct dsmip_inner *inner, struct udphdr *space)
{
	if (inner->proto != IPPROTO_UDP || inner->later)
		return NULL;
	return skb_header_pointer(skb, offset + inner->header, sizeof(*space),
				  space);
}

/* nest.c */

/*
 * So many tunnel headers of ours may stand in front of each other in an inner
 * packet: one, for a node whose care-of address is in the network of another.
 */
#define DSMIP_NESTED_MAX	1

/* The UDP port at the home agent's end; 0 = none. */
static inline __be16 dsmip_home_agent_port(const struct dsmip_dev *dd,
					   const struct dsmip_settings *s)
{
	return s->role == DSMIP_ROLE_HOME_AGENT ? READ_ONCE(dd->udp_port_bound) :
						  s->home_agent_port;
}

bool dsmip_nested_deep(struct sk_buff *skb, unsigned int offset,
		       const struct dsmip_dev *dd,
		       const struct dsmip_settings *s, bool sent);

/* @port is the UDP port of the home agent. */
static inline bool dsmip_maybe_tunnel_udp(const struct sk_buff *skb,
					  unsigned int offset,
					  const struct dsmip_inner *inner,
					  __be16 port)
{
	struct udphdr space;
	const struct udphdr *uh = dsmip_inner_udp(skb, offset, inner, &space);

	return uh && port && (uh->source == port || uh->dest == port);
}

/* Whether a packet may be a tunnel packet: a quick look at each. */
static inline bool dsmip_maybe_tunnel(const struct sk_buff *skb,
				      unsigned int offset,
				      const struct dsmip_inner *inner,
				      __be16 port)
{
	switch (inner->proto) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_FRAGMENT:
		return true;
	case IPPROTO_UDP:
		return dsmip_maybe_tunnel_udp(skb, offset, inner, port);
	}
	return false;
}

/* payload.c */
int dsmip_payload_rcv(struct dsmip_dev *dd, struct sk_buff *skb,
		      struct dsmip_arrival *a);
bool dsmip_payload_path(struct dsmip_dev *dd, const struct sk_buff *skb,
			const struct dsmip_inner *inner, struct dsmip_tunnel *t);

/*
 * The node that an inner packet belongs to, by its destination or its source:
 * a home agent sends by the former and gets by the latter, a mobile node the
 * other way round.
 */
static inline struct dsmip_node *dsmip_inner_node(struct dsmip_dev *dd,
						  const struct dsmip_inner *inner,
						  bool by_destination)
{
	if (inner->family == AF_INET6)
		return dsmip_node_find6(dd, by_destination ? inner->dst6 :
							     inner->src6);
	return dsmip_node_find4(dd, by_destination ? inner->dst4 : inner->src4);
}

/* encap.c */
struct dst_entry *dsmip_encap_lookup(struct dsmip_tunnel *t);
bool dsmip_encap_refuses(struct sk_buff *skb, const struct dsmip_inner *inner,
			 unsigned int mtu);
void dsmip_encap(struct sk_buff *skb, struct dsmip_tunnel *t,
		 const struct dsmip_inner *inner);

/* Whether a packet is refused for its size, and its sender told. */
static inline bool dsmip_encap_too_big(struct sk_buff *skb,
				       const struct dsmip_inner *inner,
				       unsigned int mtu)
{
	return skb->len > mtu && dsmip_encap_refuses(skb, inner, mtu);
}

/* label.c: under RCU */
__be32 dsmip_label(const struct dsmip_dev *dd, const struct dsmip_binding *b,
		   const struct sk_buff *skb, const struct dsmip_inner *inner);
bool dsmip_label_told(const struct sk_buff *skb, const struct dsmip_inner *inner);
u16 dsmip_label4(const struct dsmip_binding *b);

/* gso.c */
unsigned int dsmip_gso_length(const struct sk_buff *skb, unsigned int offset);
void dsmip_gso_segments(const struct sk_buff *skb, unsigned int *packets,
			unsigned int *octets);
bool dsmip_gso_keeps(const struct sk_buff *skb);
struct sk_buff *dsmip_gso_split(struct sk_buff *skb, u8 encap);

/* input.c */
void dsmip_arrival_init(struct dsmip_arrival *a, const struct sk_buff *skb,
			u8 family);
bool dsmip_input_ours(const struct dsmip_settings *s,
		      const struct dsmip_arrival *a);
int dsmip_input_filter(struct dsmip_dev *dd, const struct dsmip_settings *s,
		       const struct sk_buff *skb, unsigned int offset,
		       const struct dsmip_inner *inner, struct dsmip_arrival *a);
bool dsmip_input(struct dsmip_dev *dd, struct sk_buff *skb,
		 struct dsmip_arrival *a);

/* What inner packet @skb is as traffic: packets on the wire, their octets. */
static inline void dsmip_gso_traffic(const struct sk_buff *skb,
				     unsigned int *packets,
				     unsigned int *octets)
{
	*packets = 1;
	*octets = skb->len;
	if (skb_is_gso(skb))
		dsmip_gso_segments(skb, packets, octets);
}

#endif /* _DSMIP_TUNNEL_H */
