/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: prefixes of mobile networks.  All but the look-up under RCU needs
 * dsmip_dev.lock.
 *
 * A change is staged for one node after the other, then committed or aborted
 * for one after the other.
 */
#ifndef _DSMIP_PREFIX_H
#define _DSMIP_PREFIX_H

#include "dsmip.h"

struct netlink_ext_ack;
struct nlattr;

/* Under RCU. */
struct dsmip_prefix *
dsmip_prefix_longest(const struct dsmip_prefix_lengths *lengths,
		     struct dsmip_table *table, u16 family,
		     const struct in6_addr *address);

/* Node with the longest prefix that holds @address; NULL = none.  Under RCU. */
static inline struct dsmip_node *
dsmip_prefix_node(const struct dsmip_prefix_lengths *lengths,
		  struct dsmip_table *table, u16 family,
		  const struct in6_addr *address)
{
	struct dsmip_prefix *prefix;

	if (likely(bitmap_empty(lengths->used, DSMIP_PREFIX_LENGTHS)))
		return NULL;
	prefix = dsmip_prefix_longest(lengths, table, family, address);
	return prefix ? prefix->node : NULL;
}

/* Whether all bits behind the length are zero. */
bool dsmip_prefix_clean(const struct dsmip_prefix_key *key);
/* The one with this key in the table of @node, live or not; NULL = none. */
struct dsmip_prefix *dsmip_prefix_find(struct dsmip_dev *dd,
				       const struct dsmip_prefix_key *key);
/* The first with a key above @last, NULL: the first; all, or those of @node. */
struct dsmip_prefix *dsmip_prefix_after(struct dsmip_dev *dd,
					struct dsmip_node *node,
					const struct dsmip_prefix_key *last);

/* Have @node keep or get a prefix; -EADDRINUSE, -EEXIST, -ENOMEM. */
int dsmip_prefix_stage(struct dsmip_dev *dd, struct dsmip_node *node,
		       const struct dsmip_prefix_key *key, bool exclusive,
		       const struct nlattr *at, struct netlink_ext_ack *extack);
/* What was staged is in force; with @replace the others of @node go. */
void dsmip_prefixes_commit(struct dsmip_dev *dd, struct dsmip_node *node,
			   bool replace);
/* What was staged is undone. */
void dsmip_prefixes_abort(struct dsmip_dev *dd, struct dsmip_node *node);
/* End one. */
void dsmip_prefix_retire(struct dsmip_dev *dd, struct dsmip_prefix *prefix);

/* Out of the table with those of @node; they are freed with it. */
void dsmip_prefixes_withdraw(struct dsmip_dev *dd, struct dsmip_node *node);
void dsmip_prefixes_free(struct dsmip_node *node);
void dsmip_prefix_free(struct dsmip_prefix *prefix);

int dsmip_prefixes_init(struct dsmip_table *table);
void dsmip_prefixes_destroy(struct dsmip_table *table);
int dsmip_prefix_memory_init(void);
void dsmip_prefix_memory_exit(void);

#endif /* _DSMIP_PREFIX_H */
