/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: parts of the table of nodes, for changing and showing it.  Unless stated
 * otherwise the caller holds dsmip_dev.lock.
 */
#ifndef _DSMIP_NODE_H
#define _DSMIP_NODE_H

#include <linux/hash.h>
#include <linux/math64.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "binding.h"

struct dsmip_binding_totals {
	u64 rx_packets;
	u64 rx_bytes;
	u64 tx_packets;
	u64 tx_bytes;
	unsigned long last_heard;	/* jiffies, 0 = never */
};

/*
 * Every packet calls this.  The hash multiplies both halves, each mixed with the
 * secret of the table.  It costs a fifth of jhash(); as with jhash(), nobody can
 * construct collisions without the secret.
 */
static inline u32 dsmip_homes_hash(const void *data, u32 len, u32 seed)
{
	u64 secret = 2 * (u64)seed + 1;
	u64 a = get_unaligned((const u64 *)data) ^ secret * GOLDEN_RATIO_64;
	u64 b = get_unaligned((const u64 *)data + 1) ^ ~secret * GOLDEN_RATIO_64;
	u64 folded = a * b ^ mul_u64_u64_shr(a, b, 64);

	return folded ^ folded >> 32;
}

/* Constant, so that the compiler inlines hash and comparison. */
static inline int dsmip_homes_compare(struct rhashtable_compare_arg *arg,
				      const void *entry)
{
	const struct dsmip_home_address *home = entry;
	const struct in6_addr *address = arg->key;

	return !ipv6_addr_equal(&home->address, address);
}

static const struct rhashtable_params dsmip_homes_params __maybe_unused = {
	.key_len		= sizeof(struct in6_addr),
	.key_offset		= offsetof(struct dsmip_home_address, address),
	.head_offset		= offsetof(struct dsmip_home_address, hash),
	.hashfn			= dsmip_homes_hash,
	.obj_cmpfn		= dsmip_homes_compare,
	.automatic_shrinking	= true,
};

static inline struct dsmip_table *dsmip_table(struct dsmip_dev *dd)
{
	return rcu_dereference_protected(dd->table, lockdep_is_held(&dd->lock));
}

/* Entry of the table, live or not; NULL = none. */
struct dsmip_home_address *dsmip_home_find(struct dsmip_dev *dd,
					   const struct in6_addr *address);
/* 0, -EEXIST or no memory. */
int dsmip_home_insert(struct dsmip_dev *dd, struct dsmip_home_address *home);
/* Whether to repeat an insertion that failed with @err; waits before it returns. */
bool dsmip_insert_again(const struct dsmip_dev *dd, int err, unsigned int *tries);

/* Memory that readers may still use, in the order in which it is freed. */
enum dsmip_retired {
	DSMIP_RETIRED_HOME,
	DSMIP_RETIRED_PREFIX,
	DSMIP_RETIRED_SET,
	DSMIP_RETIRED_BINDING,
	DSMIP_RETIRED_NODE,
	DSMIP_RETIRED_TABLE,
	DSMIP_RETIRED_KINDS
};

/* Free it after its last reader.  It must be in no table.  Any context. */
void dsmip_retire(struct llist_node *what, enum dsmip_retired kind);

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

/* Empty objects; any context that may sleep.  NULL = no memory. */
struct dsmip_node *dsmip_node_alloc(void);
struct dsmip_home_address *dsmip_home_alloc(void);
/* With its own statistics if @traffic. */
struct dsmip_binding *dsmip_binding_alloc(struct dsmip_dev *dd, bool traffic);
/* A set with room for @count bindings. */
struct dsmip_binding_set *dsmip_set_alloc(unsigned int count);

/* Free an object that no reader has seen. */
void dsmip_node_free(struct dsmip_node *node);
void dsmip_home_free(struct dsmip_home_address *home);
void dsmip_binding_free(struct dsmip_binding *b);
void dsmip_set_free(struct dsmip_binding_set *set);

/* The set to publish in place of @set: a single binding contains its own. */
struct dsmip_binding_set *dsmip_set_settle(struct dsmip_binding_set *set);

/* Remove from the table, and free after the last reader. */
void dsmip_set_retire(struct dsmip_binding_set *set);
void dsmip_binding_retire(struct dsmip_dev *dd, struct dsmip_binding *b);
void dsmip_home_retire(struct dsmip_dev *dd, struct dsmip_home_address *home);
/* A node that was only inserted into the hash. */
void dsmip_node_retire_staged(struct dsmip_dev *dd, struct dsmip_node *node);
/* A node with everything that belongs to it. */
void dsmip_node_retire(struct dsmip_dev *dd, struct dsmip_node *node);

/* node.c */
void dsmip_binding_sum(const struct dsmip_binding *b,
		       struct dsmip_binding_totals *totals);

/* expiry.c */
void dsmip_expiry_init(struct dsmip_dev *dd);
/* Arm the expiry work for the earliest binding. */
void dsmip_expiry_arm(struct dsmip_dev *dd);

static inline struct dsmip_node *dsmip_ordered(struct rb_node *at)
{
	return rb_entry_safe(at, struct dsmip_node, order);
}

static inline struct dsmip_node *dsmip_node_first(struct dsmip_dev *dd)
{
	return dsmip_ordered(rb_first(&dsmip_table(dd)->order));
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
