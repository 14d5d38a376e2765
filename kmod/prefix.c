// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: prefixes of mobile networks (RFC 3963).
 *
 * One hash table has all prefixes, keyed by address and length.  A look-up tries
 * the lengths in use, longest first.  Its cost depends on the number of lengths,
 * usually one or two, not on the number of prefixes.  Two trees keep them in order:
 * one of the device, for overlaps and dumps, and one of each node.
 */
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "node.h"
#include "prefix.h"

static struct kmem_cache *dsmip_prefix_cache;

static int dsmip_prefixes_compare(struct rhashtable_compare_arg *arg,
				  const void *entry)
{
	const struct dsmip_prefix *prefix = entry;
	const struct dsmip_prefix_key *key = arg->key;

	return !ipv6_addr_equal(&prefix->key.address, &key->address) ||
	       prefix->key.length != key->length ||
	       prefix->key.family != key->family;
}

static const struct rhashtable_params dsmip_prefixes_params = {
	.key_len		= sizeof(struct dsmip_prefix_key),
	.key_offset		= offsetof(struct dsmip_prefix, key),
	.head_offset		= offsetof(struct dsmip_prefix, hash),
	.obj_cmpfn		= dsmip_prefixes_compare,
	.automatic_shrinking	= true,
};

/* Look-up */

/* The first @length bits of @address, of @family. */
static void dsmip_prefix_key(struct dsmip_prefix_key *key,
			     const struct in6_addr *address, u16 family,
			     unsigned int length)
{
	key->length = length;
	key->family = family;
	if (family == AF_INET)
		length += 96;
	ipv6_addr_prefix(&key->address, address, length);
}

bool dsmip_prefix_clean(const struct dsmip_prefix_key *key)
{
	struct dsmip_prefix_key clean;

	dsmip_prefix_key(&clean, &key->address, key->family, key->length);
	return ipv6_addr_equal(&clean.address, &key->address);
}

/**
 * dsmip_prefix_longest - the longest prefix that contains an address
 * @lengths: lengths in use in the family
 * @table: table
 * @family: AF_INET or AF_INET6
 * @address: address, IPv4 as ::ffff:a.b.c.d
 *
 * Context: RCU reader.
 * Return: prefix, or NULL.
 */
struct dsmip_prefix *
dsmip_prefix_longest(const struct dsmip_prefix_lengths *lengths,
		     struct dsmip_table *table, u16 family,
		     const struct in6_addr *address)
{
	unsigned long length = DSMIP_PREFIX_LENGTHS;
	struct dsmip_prefix_key key;
	struct dsmip_prefix *prefix;

	for (;;) {
		unsigned long below = find_last_bit(lengths->used, length);

		if (below >= length)
			return NULL;
		length = below;
		dsmip_prefix_key(&key, address, family, length);
		prefix = rhashtable_lookup(&table->prefixes.hash, &key,
					   dsmip_prefixes_params);
		/* Pairs with the release in dsmip_prefixes_commit(). */
		if (prefix && smp_load_acquire(&prefix->live))
			return prefix;
	}
}

struct dsmip_prefix *dsmip_prefix_find(struct dsmip_dev *dd,
				       const struct dsmip_prefix_key *key)
{
	return rhashtable_lookup_fast(&dsmip_table(dd)->prefixes.hash, key,
				      dsmip_prefixes_params);
}

/* Order */

static int dsmip_prefix_cmp(const struct dsmip_prefix_key *a,
			    const struct dsmip_prefix_key *b)
{
	return ipv6_addr_cmp(&a->address, &b->address) ?:
	       (int)a->length - b->length;
}

static struct dsmip_prefix *dsmip_prefix_at(struct rb_node *at, bool of_node)
{
	return of_node ? rb_entry(at, struct dsmip_prefix, of_node) :
			 rb_entry(at, struct dsmip_prefix, order);
}

static bool dsmip_prefix_less(struct rb_node *a, const struct rb_node *b)
{
	return dsmip_prefix_cmp(&rb_entry(a, struct dsmip_prefix, order)->key,
				&rb_entry(b, struct dsmip_prefix, order)->key) < 0;
}

static bool dsmip_prefix_less_of_node(struct rb_node *a, const struct rb_node *b)
{
	return dsmip_prefix_cmp(&rb_entry(a, struct dsmip_prefix, of_node)->key,
				&rb_entry(b, struct dsmip_prefix, of_node)->key) < 0;
}

struct dsmip_prefix *dsmip_prefix_after(struct dsmip_dev *dd,
					struct dsmip_node *node,
					const struct dsmip_prefix_key *last)
{
	struct rb_node *at = node ? node->prefixes.rb_node :
				    dsmip_table(dd)->prefixes.order.rb_node;
	struct dsmip_prefix *found = NULL;

	while (at) {
		struct dsmip_prefix *prefix = dsmip_prefix_at(at, node);

		if (!last || dsmip_prefix_cmp(&prefix->key, last) > 0) {
			found = prefix;
			at = at->rb_left;
		} else {
			at = at->rb_right;
		}
	}
	return found;
}

/* Whether the prefix @outer contains the prefix @inner. */
static bool dsmip_prefix_holds(const struct dsmip_prefix_key *outer,
			       const struct dsmip_prefix_key *inner)
{
	struct dsmip_prefix_key cut;

	if (inner->family != outer->family || inner->length < outer->length)
		return false;
	dsmip_prefix_key(&cut, &inner->address, outer->family, outer->length);
	return ipv6_addr_equal(&cut.address, &outer->address);
}

/*
 * A prefix of another node that contains @key or lies in it.  A prefix and all
 * prefixes in it belong to one node, because prefixes of different nodes never
 * overlap.
 */
static struct dsmip_prefix *dsmip_prefix_clash(struct dsmip_dev *dd,
					       struct dsmip_node *node,
					       const struct dsmip_prefix_key *key)
{
	struct dsmip_prefixes *prefixes = &dsmip_table(dd)->prefixes;
	const struct dsmip_prefix_lengths *lengths;
	struct dsmip_prefix *prefix;
	unsigned int length;

	lengths = key->family == AF_INET ? &prefixes->ipv4 : &prefixes->ipv6;
	for_each_set_bit(length, lengths->used, key->length + 1) {
		struct dsmip_prefix_key outer;

		dsmip_prefix_key(&outer, &key->address, key->family, length);
		prefix = dsmip_prefix_find(dd, &outer);
		if (prefix)
			return prefix->node != node ? prefix : NULL;
	}
	prefix = dsmip_prefix_after(dd, NULL, key);
	while (prefix && dsmip_prefix_holds(key, &prefix->key) &&
	       !dsmip_going(dd)) {
		struct rb_node *next = rb_next(&prefix->order);

		if (prefix->node != node)
			return prefix;
		prefix = next ? rb_entry(next, struct dsmip_prefix, order) : NULL;
		cond_resched();
	}
	return NULL;
}

/* Changes */

static struct dsmip_prefix_lengths *
dsmip_prefix_lengths(struct dsmip_dev *dd, const struct dsmip_prefix *prefix)
{
	struct dsmip_prefixes *prefixes = &dsmip_table(dd)->prefixes;

	return prefix->key.family == AF_INET ? &prefixes->ipv4 : &prefixes->ipv6;
}

static int dsmip_prefix_insert(struct dsmip_dev *dd, struct dsmip_prefix *prefix)
{
	struct dsmip_prefix_lengths *lengths = dsmip_prefix_lengths(dd, prefix);
	struct dsmip_prefixes *prefixes = &dsmip_table(dd)->prefixes;
	unsigned int tries = 0;
	int err;

	do {
		err = rhashtable_lookup_insert_fast(&prefixes->hash,
						    &prefix->hash,
						    dsmip_prefixes_params);
	} while (dsmip_insert_again(dd, err, &tries));
	if (err)
		return err;
	rb_add(&prefix->order, &prefixes->order, dsmip_prefix_less);
	rb_add(&prefix->of_node, &prefix->node->prefixes,
	       dsmip_prefix_less_of_node);
	if (!lengths->count[prefix->key.length]++)
		set_bit(prefix->key.length, lengths->used);
	dd->prefixes++;
	return 0;
}

/* It stays in the tree of its node. */
static void dsmip_prefix_remove(struct dsmip_dev *dd, struct dsmip_prefix *prefix)
{
	struct dsmip_prefix_lengths *lengths = dsmip_prefix_lengths(dd, prefix);
	struct dsmip_prefixes *prefixes = &dsmip_table(dd)->prefixes;

	if (!--lengths->count[prefix->key.length])
		clear_bit(prefix->key.length, lengths->used);
	rhashtable_remove_fast(&prefixes->hash, &prefix->hash,
			       dsmip_prefixes_params);
	rb_erase(&prefix->order, &prefixes->order);
	dd->prefixes--;
}

void dsmip_prefix_retire(struct dsmip_dev *dd, struct dsmip_prefix *prefix)
{
	dsmip_prefix_remove(dd, prefix);
	rb_erase(&prefix->of_node, &prefix->node->prefixes);
	dsmip_retire(&prefix->retired, DSMIP_RETIRED_PREFIX);
}

int dsmip_prefix_stage(struct dsmip_dev *dd, struct dsmip_node *node,
		       const struct dsmip_prefix_key *key, bool exclusive,
		       const struct nlattr *at, struct netlink_ext_ack *extack)
{
	struct dsmip_prefix *prefix = dsmip_prefix_clash(dd, node, key);

	if (prefix) {
		DSMIP_COMPAT_ERR_MSG_ATTR(extack, at,
					  "overlaps with a prefix of another node",
					  "overlaps with a prefix of %pI6c",
					  &prefix->node->home.address);
		return -EADDRINUSE;
	}
	prefix = dsmip_prefix_find(dd, key);
	if (prefix && prefix->live && exclusive) {
		NL_SET_ERR_MSG_ATTR(extack, at, "node has this prefix already");
		return -EEXIST;
	}
	if (!prefix) {
		prefix = kmem_cache_zalloc(dsmip_prefix_cache,
					   GFP_KERNEL_ACCOUNT);
		if (!prefix)
			goto no_memory;
		prefix->key = *key;
		prefix->node = node;
		if (dsmip_prefix_insert(dd, prefix)) {
			dsmip_prefix_free(prefix);
			goto no_memory;
		}
	}
	prefix->kept = true;
	return 0;

no_memory:
	NL_SET_ERR_MSG_ATTR(extack, at, "no memory for the prefix");
	return -ENOMEM;
}

static struct dsmip_prefix *dsmip_prefix_first(struct dsmip_node *node)
{
	return rb_entry_safe(rb_first(&node->prefixes), struct dsmip_prefix,
			     of_node);
}

static struct dsmip_prefix *dsmip_prefix_next(struct dsmip_prefix *prefix)
{
	return rb_entry_safe(rb_next(&prefix->of_node), struct dsmip_prefix,
			     of_node);
}

void dsmip_prefixes_commit(struct dsmip_dev *dd, struct dsmip_node *node,
			   bool replace)
{
	struct dsmip_prefix *prefix, *next;

	for (prefix = dsmip_prefix_first(node); prefix; prefix = next) {
		next = dsmip_prefix_next(prefix);
		if (!prefix->kept) {
			if (replace)
				dsmip_prefix_retire(dd, prefix);
			continue;
		}
		prefix->kept = false;
		/* Pairs with the acquire in dsmip_prefix_longest(). */
		smp_store_release(&prefix->live, true);
	}
}

void dsmip_prefixes_abort(struct dsmip_dev *dd, struct dsmip_node *node)
{
	struct dsmip_prefix *prefix, *next;

	for (prefix = dsmip_prefix_first(node); prefix; prefix = next) {
		next = dsmip_prefix_next(prefix);
		prefix->kept = false;
		if (!prefix->live)
			dsmip_prefix_retire(dd, prefix);
	}
}

/* With their node, or their table */

void dsmip_prefixes_withdraw(struct dsmip_dev *dd, struct dsmip_node *node)
{
	struct dsmip_prefix *prefix;

	for (prefix = dsmip_prefix_first(node); prefix;
	     prefix = dsmip_prefix_next(prefix))
		dsmip_prefix_remove(dd, prefix);
}

void dsmip_prefix_free(struct dsmip_prefix *prefix)
{
	kmem_cache_free(dsmip_prefix_cache, prefix);
}

void dsmip_prefixes_free(struct dsmip_node *node)
{
	struct dsmip_prefix *prefix, *next;

	rbtree_postorder_for_each_entry_safe(prefix, next, &node->prefixes,
					     of_node)
		dsmip_prefix_free(prefix);
}

int dsmip_prefixes_init(struct dsmip_table *table)
{
	table->prefixes.order = RB_ROOT;
	return rhashtable_init(&table->prefixes.hash, &dsmip_prefixes_params);
}

void dsmip_prefixes_destroy(struct dsmip_table *table)
{
	rhashtable_destroy(&table->prefixes.hash);
}

int dsmip_prefix_memory_init(void)
{
	dsmip_prefix_cache = KMEM_CACHE(dsmip_prefix, SLAB_ACCOUNT);
	return dsmip_prefix_cache ? 0 : -ENOMEM;
}

void dsmip_prefix_memory_exit(void)
{
	kmem_cache_destroy(dsmip_prefix_cache);
}
