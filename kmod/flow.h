/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: flow rules of a node (RFC 6088, RFC 6089).
 *
 * flow.c		the key of a packet, and the rules that match it
 * choose.c		the binding for a packet, by mark, rule, priority, weight
 * netlink_flow.c	FLOW_NEW, FLOW_DEL and FLOW_GET
 *
 * The rules of a node are an immutable set under RCU; a change replaces the set.
 * An unchanged rule moves from the old set to the new one.
 */
#ifndef _DSMIP_FLOW_H
#define _DSMIP_FLOW_H

#include <linux/atomic.h>
#include <linux/bits.h>

#include "tunnel.h"

/* First the selectors that are numbers, then those that are addresses. */
enum dsmip_selector {
	DSMIP_SEL_SPI,
	DSMIP_SEL_FLOW_LABEL,
	DSMIP_SEL_SOURCE_PORT,
	DSMIP_SEL_DESTINATION_PORT,
	DSMIP_SEL_TRAFFIC_CLASS,	/* its upper six bits */
	DSMIP_SEL_PROTOCOL,
	DSMIP_SEL_NUMBERS,
	DSMIP_SEL_SOURCE = DSMIP_SEL_NUMBERS,
	DSMIP_SEL_DESTINATION,
};

#define DSMIP_SEL_ADDRESSES	2

/*
 * struct dsmip_flow - one rule; immutable once visible to readers
 * @given: BIT(enum dsmip_selector) of the selectors that the rule has
 * @family: of packets, or AF_UNSPEC for both
 * @number: start and end of ranges, in host byte order
 * @address: start and end of ranges, IPv4 as ::ffff:a.b.c.d
 */
struct dsmip_flow {
	struct rcu_head rcu;
	u16 fid;
	u16 priority;
	u8 family;
	u8 given;
	u8 bid_count;
	u32 number[DSMIP_SEL_NUMBERS][2];
	struct in6_addr address[DSMIP_SEL_ADDRESSES][2];
	u16 bid[];
};

/* Rules of a node by rising priority, then FID. */
struct dsmip_flow_set {
	struct rcu_head rcu;
	unsigned int count;
	struct dsmip_flow *flow[];
};

enum dsmip_fragment {
	DSMIP_FRAGMENT_NONE,
	DSMIP_FRAGMENT_FIRST,
	DSMIP_FRAGMENT_LATER,
};

/*
 * struct dsmip_flow_key - the fields of a packet that rules and flow hash use
 * @number: values of selectors, as in &struct dsmip_flow
 * @address: source and destination, as in packets toward the node
 * @present: BIT(enum dsmip_selector) of the fields that the packet has
 * @id: identification of the fragmented packet
 */
struct dsmip_flow_key {
	u32 number[DSMIP_SEL_NUMBERS];
	struct in6_addr address[DSMIP_SEL_ADDRESSES];
	u32 id;
	u8 family;
	u8 present;
	u8 fragment;		/* enum dsmip_fragment */
};

/* flow.c: any context */
void dsmip_flow_key_init(struct dsmip_flow_key *key, const struct sk_buff *skb,
			 const struct dsmip_inner *inner, bool reverse);
u32 dsmip_flow_hash(const struct dsmip_flow_key *key);
bool dsmip_flow_match(const struct dsmip_flow *flow,
		      const struct dsmip_flow_key *key);

static inline const struct in6_addr *
dsmip_flow_address(const struct dsmip_flow_key *key, enum dsmip_selector which)
{
	return &key->address[which - DSMIP_SEL_NUMBERS];
}

/* flow.c: sets; under dsmip_dev.lock */
struct dsmip_flow_set *dsmip_flow_set_alloc(unsigned int count);
struct dsmip_flow *dsmip_flow_set_find(const struct dsmip_flow_set *set, u16 fid);
void dsmip_flow_set_add(struct dsmip_flow_set *set, struct dsmip_flow *flow);
void dsmip_flow_set_discard(struct dsmip_flow_set *new,
			    const struct dsmip_flow_set *old);
void dsmip_flow_set_commit(struct dsmip_dev *dd, struct dsmip_node *node,
			   struct dsmip_flow_set *new);

static inline struct dsmip_flow_set *dsmip_flow_set_of(struct dsmip_dev *dd,
						       struct dsmip_node *node)
{
	return rcu_dereference_protected(node->flows, lockdep_is_held(&dd->lock));
}

#endif /* _DSMIP_FLOW_H */
