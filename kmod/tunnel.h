/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: declarations shared by receive and transmit.
 *
 * inner.c    parses inner packets
 * passage.c  packets that need no binding, and inner sources that are never valid
 * nest.c     tunnels in tunnels
 * output.c   transmit: choice of the outer tuple
 * homelink.c transmit: to a node that is at home, without outer header
 * encap.c    transmit: outer headers
 * split.c    transmit: fragments IPv4 packets before homelink.c or encap.c
 * label.c    transmit: flow label and identification of outer headers
 * payload.c  ESP and GRE in place of inner packets
 * chain.c    receive: direct encapsulation, from the tunnel chains
 * udp.c      receive: UDP, from the sockets of the device
 * input.c    receive: checks and delivery, for both; limit.c: limits of signalling;
 *            challenge.c: answers to Binding Updates above a limit
 * deliver.c  receive: up the stack, through GRO or past it
 * gro.c      receive: merging by outer headers
 * gso.c      large packets that are segmented later, both directions
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

/* Octets of all headers before the inner packet. */
static inline unsigned int dsmip_overhead(u8 outer_family, u8 encap)
{
	return (outer_family == AF_INET ? sizeof(struct iphdr) :
					  sizeof(struct ipv6hdr)) +
	       (encap != DSMIP_ENCAP_DIRECT ? sizeof(struct udphdr) : 0) +
	       (encap > DSMIP_ENCAP_UDP ? DSMIP_TLV_LEN : 0);
}

/* struct dsmip_inner - contents of the header of an inner packet */
struct dsmip_inner {
	u8 family;
	u8 proto;		/* protocol; in IPv6 next header of the IPv6 header */
	u8 dsfield;
	u8 header;		/* length of the header */
	bool df;		/* don't fragment; always in IPv6 */
	bool later;		/* IPv4: a fragment, but not the first */
	unsigned int len;	/* of the packet, according to its header */
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
 * struct dsmip_arrival - how a packet came in, and what the checks found
 * @from: outer source
 * @to: outer destination
 * @binding: the binding that it belongs to; NULL if it needs none
 * @offset: of the inner packet from skb->data
 * @link: interface it came in by; in a VRF the port of the VRF
 * @encap: &enum dsmip_encap
 * @payload: IPPROTO_ESP or IPPROTO_GRE in place of an inner packet; 0 = an inner
 *	packet
 * @dsfield: of the outer header
 * @signalling: it gets a path cookie
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
 * struct dsmip_tunnel - the values of the outer headers of a packet
 * @settings: of the device
 * @routes: dsmip_dev.routes, read before @settings
 * @payload: IPPROTO_ESP or IPPROTO_GRE: the packet is sent without its IP header;
 *	0 = the whole packet is sent
 * @src: outer source; an all-zero address = routing decides
 * @dst: outer destination
 * @binding: counts the packet and caches the route; NULL for signalling sent by
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
 * @inner: contents of its header
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
 * struct dsmip_split - how the fragments of a packet are sent
 * @route: used in place of their own route
 * @send: called with each fragment; consumes it
 * @err: result of the last call
 */
struct dsmip_split {
	struct rtable route;
	int (*send)(struct sk_buff *skb, struct dsmip_split *split);
	int err;
};

int dsmip_split(struct sk_buff *skb, struct dsmip_dev *dd,
		struct net_device *dev, unsigned int mtu,
		struct dsmip_split *split);

/* Verdicts.  Any other value is the counter of a drop. */
#define DSMIP_ACCEPT	(-1)	/* the packet is good */
#define DSMIP_UNCLAIMED	(-2)	/* not for this device */

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
 * @inner: contents of that header
 * @space: room for a copy, if the header is not linear
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
 * Maximum number of dsmip tunnel headers nested in an inner packet.  One allows a
 * node whose care-of address is in the network of a mobile router.
 */
#define DSMIP_NESTED_MAX	1

/* The UDP port of the home agent; 0 = none. */
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

/* Quick check of every packet: may it be a tunnel packet? */
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
 * The node that an inner packet belongs to, by its destination or its source.  A
 * home agent uses the destination on transmit and the source on receive; a mobile
 * node does the reverse.
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

/* Whether a packet is too big to send; if so its sender gets an error. */
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

/* Number of packets on the wire that inner packet @skb stands for, and octets. */
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
