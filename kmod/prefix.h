/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: prefixes of mobile networks.  Except for the look-up under RCU the caller
 * holds dsmip_dev.lock.
 *
 * A change is first staged for each node, then committed or aborted for each.
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

/* Node with the longest prefix that contains @address; NULL = none.  Under RCU. */
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

/* Whether all bits beyond the length are zero. */
bool dsmip_prefix_clean(const struct dsmip_prefix_key *key);
/* The one with this key in the table of @node, live or not; NULL = none. */
struct dsmip_prefix *dsmip_prefix_find(struct dsmip_dev *dd,
				       const struct dsmip_prefix_key *key);
/* The first of all prefixes, or of @node, with a key above @last (NULL = any). */
struct dsmip_prefix *dsmip_prefix_after(struct dsmip_dev *dd,
					struct dsmip_node *node,
					const struct dsmip_prefix_key *last);

/* Stage that @node keeps or gets a prefix; -EADDRINUSE, -EEXIST, -ENOMEM. */
int dsmip_prefix_stage(struct dsmip_dev *dd, struct dsmip_node *node,
		       const struct dsmip_prefix_key *key, bool exclusive,
		       const struct nlattr *at, struct netlink_ext_ack *extack);
/* Apply the staged prefixes; with @replace the others of @node are deleted. */
void dsmip_prefixes_commit(struct dsmip_dev *dd, struct dsmip_node *node,
			   bool replace);
/* Undo the staged prefixes. */
void dsmip_prefixes_abort(struct dsmip_dev *dd, struct dsmip_node *node);
/* Delete one; it is freed after its last reader. */
void dsmip_prefix_retire(struct dsmip_dev *dd, struct dsmip_prefix *prefix);

/* Remove the prefixes of @node from the table; they are freed with the node. */
void dsmip_prefixes_withdraw(struct dsmip_dev *dd, struct dsmip_node *node);
void dsmip_prefixes_free(struct dsmip_node *node);
void dsmip_prefix_free(struct dsmip_prefix *prefix);

int dsmip_prefixes_init(struct dsmip_table *table);
void dsmip_prefixes_destroy(struct dsmip_table *table);
int dsmip_prefix_memory_init(void);
void dsmip_prefix_memory_exit(void);

#endif /* _DSMIP_PREFIX_H */
