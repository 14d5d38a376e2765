/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: parts of the table of nodes, for what changes and shows it.  All of
 * it needs dsmip_dev.lock.
 */
#ifndef _DSMIP_NODE_H
#define _DSMIP_NODE_H

#include <linux/rbtree.h>
#include <linux/slab.h>

#include "dsmip.h"

struct dsmip_binding_totals {
	u64 rx_packets;
	u64 rx_bytes;
	u64 tx_packets;
	u64 tx_bytes;
};

/* Entry of the table, live or not; NULL = none. */
struct dsmip_home_address *dsmip_home_find(struct dsmip_dev *dd,
					   const struct in6_addr *address);
int dsmip_home_insert(struct dsmip_dev *dd, struct dsmip_home_address *home);
void dsmip_home_remove(struct dsmip_dev *dd, struct dsmip_home_address *home);

/* Let readers see an entry that is in the table; its node is complete. */
static inline void dsmip_home_publish(struct dsmip_home_address *home)
{
	/* Pairs with the acquire in dsmip_node_find6(). */
	smp_store_release(&home->live, true);
}

static inline struct dsmip_binding_set *dsmip_node_set(struct dsmip_dev *dd,
						       struct dsmip_node *node)
{
	return rcu_dereference_protected(node->set, lockdep_is_held(&dd->lock));
}

/* A set without bindings yet and with room for @count. */
static inline struct dsmip_binding_set *dsmip_set_alloc(unsigned int count)
{
	struct dsmip_binding_set *set;

	return kzalloc(struct_size(set, binding, count), GFP_KERNEL_ACCOUNT);
}

/* Free a binding that no reader has seen. */
void dsmip_binding_free(struct dsmip_binding *b);
/* End one that readers may hold; it is in no set any more. */
void dsmip_binding_retire(struct dsmip_dev *dd, struct dsmip_binding *b);
/* End a node with all its bindings. */
void dsmip_node_retire(struct dsmip_dev *dd, struct dsmip_node *node);
void dsmip_binding_sum(const struct dsmip_binding *b,
		       struct dsmip_binding_totals *totals);

/* Arm the expiry work for the earliest binding. */
void dsmip_expiry_arm(struct dsmip_dev *dd);

static inline struct dsmip_node *dsmip_ordered(struct rb_node *at)
{
	return rb_entry_safe(at, struct dsmip_node, order);
}

static inline struct dsmip_node *dsmip_node_first(struct dsmip_dev *dd)
{
	return dsmip_ordered(rb_first(&dd->order));
}

static inline struct dsmip_node *dsmip_node_next(struct dsmip_node *node)
{
	return dsmip_ordered(rb_next(&node->order));
}

void dsmip_node_order(struct dsmip_dev *dd, struct dsmip_node *node);
/* The first node whose home address is above @last; NULL = none. */
struct dsmip_node *dsmip_node_after(struct dsmip_dev *dd,
				    const struct in6_addr *last);

#endif /* _DSMIP_NODE_H */
