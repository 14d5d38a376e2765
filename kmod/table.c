// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the table of nodes as a whole: memory, order, creation and removal.
 *
 * Memory that readers may still use is retired: it goes to a list, and one work
 * item frees everything on the list after one grace period.  A whole table is
 * retired as one object, so emptying or removing a device costs the same with one
 * node as with a million.
 */
#include <linux/llist.h>
#include <linux/log2.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "node.h"
#include "prefix.h"

/* Devices with fewer bindings than this have statistics per CPU. */
#define DSMIP_TRAFFIC_SHARED	1024
#define DSMIP_TRAFFIC_SHARES	64

/* Number of attempts while the hash table grows, one every few milliseconds. */
#define DSMIP_INSERT_TRIES	1000

/* A set that is not embedded in its only binding. */
struct dsmip_large_set {
	struct llist_node retired;
	struct dsmip_binding_set set;
};

static struct kmem_cache *dsmip_node_cache;
static struct kmem_cache *dsmip_binding_cache;
static struct kmem_cache *dsmip_home_cache;
static struct kmem_cache *dsmip_traffic_cache;

static struct llist_head dsmip_retired[DSMIP_RETIRED_KINDS];

static void dsmip_free_retired(struct work_struct *work);
static DECLARE_WORK(dsmip_retired_work, dsmip_free_retired);

void dsmip_retire(struct llist_node *what, enum dsmip_retired kind)
{
	/* If the list was not empty, the work is already scheduled. */
	if (llist_add(what, &dsmip_retired[kind]))
		queue_work(dsmip_compat_unbound_wq(), &dsmip_retired_work);
}

/* Making and freeing */

struct dsmip_node *dsmip_node_alloc(void)
{
	struct dsmip_node *node;

	/* One cache line more, and a node would cost more memory than the documented limit. */
	BUILD_BUG_ON(IS_ENABLED(CONFIG_64BIT) && sizeof(*node) > 128);
	node = kmem_cache_zalloc(dsmip_node_cache, GFP_KERNEL_ACCOUNT);
	if (node)
		node->home.node = node;
	return node;
}

struct dsmip_home_address *dsmip_home_alloc(void)
{
	return kmem_cache_zalloc(dsmip_home_cache, GFP_KERNEL_ACCOUNT);
}

void dsmip_home_free(struct dsmip_home_address *home)
{
	kmem_cache_free(dsmip_home_cache, home);
}

static int dsmip_traffic_alloc(struct dsmip_dev *dd, struct dsmip_binding *b)
{
	unsigned int shares = 1;

	BUILD_BUG_ON(sizeof(struct dsmip_traffic) > SMP_CACHE_BYTES);
	if (dd->bindings < DSMIP_TRAFFIC_SHARED)
		shares = min_t(unsigned int, roundup_pow_of_two(nr_cpu_ids),
			       DSMIP_TRAFFIC_SHARES);
	if (shares > 1)
		b->traffic = kcalloc(shares, SMP_CACHE_BYTES,
				     GFP_KERNEL_ACCOUNT);
	else
		b->traffic = kmem_cache_zalloc(dsmip_traffic_cache,
					       GFP_KERNEL_ACCOUNT);
	if (!b->traffic)
		return -ENOMEM;
	b->traffic_mask = shares - 1;
	b->owns_traffic = true;
	return 0;
}

static void dsmip_traffic_free(struct dsmip_binding *b)
{
	if (!b->owns_traffic)
		return;
	if (b->traffic_mask)
		kfree(b->traffic);
	else
		kmem_cache_free(dsmip_traffic_cache, b->traffic);
}

struct dsmip_binding *dsmip_binding_alloc(struct dsmip_dev *dd, bool traffic)
{
	struct dsmip_binding *b;

	BUILD_BUG_ON(IS_ENABLED(CONFIG_64BIT) && sizeof(*b) + sizeof(b) > 128);
	b = kmem_cache_zalloc(dsmip_binding_cache, GFP_KERNEL_ACCOUNT);
	if (!b)
		return NULL;
	timerqueue_init(&b->expiry);
	b->own.count = 1;
	b->own.binding[0] = b;
	if (traffic && dsmip_traffic_alloc(dd, b)) {
		dsmip_binding_free(b);
		return NULL;
	}
	return b;
}

void dsmip_binding_free(struct dsmip_binding *b)
{
	dst_release(rcu_dereference_protected(b->dst, true));
	dsmip_traffic_free(b);
	kmem_cache_free(dsmip_binding_cache, b);
}

struct dsmip_binding_set *dsmip_set_alloc(unsigned int count)
{
	struct dsmip_large_set *large;

	large = kzalloc(struct_size(large, set.binding, count),
			GFP_KERNEL_ACCOUNT);
	return large ? &large->set : NULL;
}

static bool dsmip_set_is_own(const struct dsmip_binding_set *set)
{
	return set->count == 1 && set == &set->binding[0]->own;
}

/* A set embedded in its binding is freed with the binding. */
void dsmip_set_free(struct dsmip_binding_set *set)
{
	if (set && !dsmip_set_is_own(set))
		kfree(container_of(set, struct dsmip_large_set, set));
}

struct dsmip_binding_set *dsmip_set_settle(struct dsmip_binding_set *set)
{
	struct dsmip_binding *lone;

	if (set->count != 1 || dsmip_set_is_own(set))
		return set;
	lone = set->binding[0];
	dsmip_set_free(set);
	return &lone->own;
}

void dsmip_node_free(struct dsmip_node *node)
{
	struct dsmip_binding_set *set = rcu_dereference_protected(node->set, true);
	unsigned int i;

	for (i = 0; i < node->home4_count; i++)
		dsmip_home_free(node->home4[i]);
	kfree(node->home4);
	dsmip_prefixes_free(node);
	dsmip_node_free_flows(node);
	if (set && dsmip_set_is_own(set)) {
		dsmip_binding_free(set->binding[0]);
	} else if (set) {
		for (i = 0; i < set->count; i++)
			dsmip_binding_free(set->binding[i]);
		dsmip_set_free(set);
	}
	kmem_cache_free(dsmip_node_cache, node);
}

static void dsmip_table_free(struct dsmip_table *table)
{
	struct dsmip_node *node, *next;

	/* This stops the resize work, which walks over the entries. */
	rhashtable_destroy(&table->homes);
	dsmip_prefixes_destroy(table);
	rbtree_postorder_for_each_entry_safe(node, next, &table->order, order) {
		dsmip_node_free(node);
		cond_resched();
	}
	kfree(table);
}

static void dsmip_free_one(struct llist_node *at, enum dsmip_retired kind)
{
	switch (kind) {
	case DSMIP_RETIRED_HOME:
		dsmip_home_free(llist_entry(at, struct dsmip_home_address,
					    retired));
		break;
	case DSMIP_RETIRED_PREFIX:
		dsmip_prefix_free(llist_entry(at, struct dsmip_prefix, retired));
		break;
	case DSMIP_RETIRED_SET:
		kfree(llist_entry(at, struct dsmip_large_set, retired));
		break;
	case DSMIP_RETIRED_BINDING:
		dsmip_binding_free(llist_entry(at, struct dsmip_binding,
					       retired));
		break;
	case DSMIP_RETIRED_NODE:
		dsmip_node_free(llist_entry(at, struct dsmip_node,
					    home.retired));
		break;
	case DSMIP_RETIRED_TABLE:
		dsmip_table_free(llist_entry(at, struct dsmip_table, retired));
		break;
	default:
		WARN_ON_ONCE(1);
	}
}

static void dsmip_free_retired(struct work_struct *work)
{
	struct llist_node *list[DSMIP_RETIRED_KINDS], *at, *next;
	unsigned int kind;

	for (kind = 0; kind < DSMIP_RETIRED_KINDS; kind++)
		list[kind] = llist_del_all(&dsmip_retired[kind]);
	synchronize_rcu();
	for (kind = 0; kind < DSMIP_RETIRED_KINDS; kind++) {
		llist_for_each_safe(at, next, list[kind]) {
			dsmip_free_one(at, kind);
			cond_resched();
		}
	}
}

/* Retiring */

void dsmip_set_retire(struct dsmip_binding_set *set)
{
	struct dsmip_large_set *large;

	if (dsmip_set_is_own(set))
		return;
	large = container_of(set, struct dsmip_large_set, set);
	dsmip_retire(&large->retired, DSMIP_RETIRED_SET);
}

void dsmip_binding_retire(struct dsmip_dev *dd, struct dsmip_binding *b)
{
	timerqueue_del(&dsmip_table(dd)->expiry, &b->expiry);
	dsmip_retire(&b->retired, DSMIP_RETIRED_BINDING);
}

static void dsmip_home_remove(struct dsmip_dev *dd,
			      struct dsmip_home_address *home)
{
	rhashtable_remove_fast(&dsmip_table(dd)->homes, &home->hash,
			       dsmip_homes_params);
}

void dsmip_home_retire(struct dsmip_dev *dd, struct dsmip_home_address *home)
{
	dsmip_home_remove(dd, home);
	dsmip_retire(&home->retired, DSMIP_RETIRED_HOME);
}

void dsmip_node_retire_staged(struct dsmip_dev *dd, struct dsmip_node *node)
{
	dsmip_home_remove(dd, &node->home);
	dsmip_retire(&node->home.retired, DSMIP_RETIRED_NODE);
}

void dsmip_node_retire(struct dsmip_dev *dd, struct dsmip_node *node)
{
	struct dsmip_binding_set *set = dsmip_node_set(dd, node);
	struct dsmip_table *table = dsmip_table(dd);
	unsigned int i;

	for (i = 0; i < node->home4_count; i++)
		dsmip_home_remove(dd, node->home4[i]);
	dsmip_prefixes_withdraw(dd, node);
	rb_erase(&node->order, &table->order);
	dsmip_node_forget_flows(dd, node);
	dd->nodes--;
	dd->bindings -= set->count;
	for (i = 0; i < set->count; i++)
		timerqueue_del(&table->expiry, &set->binding[i]->expiry);
	dsmip_node_retire_staged(dd, node);
}

/* Keys */

struct dsmip_home_address *dsmip_home_find(struct dsmip_dev *dd,
					   const struct in6_addr *address)
{
	return rhashtable_lookup_fast(&dsmip_table(dd)->homes, address,
				      dsmip_homes_params);
}

/*
 * If many nodes are inserted at once, the hash table may have to grow twice in a
 * row.  It then returns -EBUSY until the first resize is done.
 */
bool dsmip_insert_again(const struct dsmip_dev *dd, int err, unsigned int *tries)
{
	if (err != -EBUSY || dsmip_going(dd) || ++*tries > DSMIP_INSERT_TRIES)
		return false;
	schedule_timeout_uninterruptible(1);
	return true;
}

int dsmip_home_insert(struct dsmip_dev *dd, struct dsmip_home_address *home)
{
	unsigned int tries = 0;
	int err;

	do {
		err = rhashtable_lookup_insert_fast(&dsmip_table(dd)->homes,
						    &home->hash,
						    dsmip_homes_params);
	} while (dsmip_insert_again(dd, err, &tries));
	return err;
}

/* Order, for dumps */

void dsmip_node_order(struct dsmip_dev *dd, struct dsmip_node *node)
{
	struct dsmip_table *table = dsmip_table(dd);
	struct rb_node **link = &table->order.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (ipv6_addr_cmp(&node->home.address,
				  &dsmip_ordered(parent)->home.address) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&node->order, parent, link);
	rb_insert_color(&node->order, &table->order);
}

struct dsmip_node *dsmip_node_after(struct dsmip_dev *dd,
				    const struct in6_addr *last)
{
	struct rb_node *at = dsmip_table(dd)->order.rb_node;
	struct dsmip_node *found = NULL;

	while (at) {
		struct dsmip_node *node = dsmip_ordered(at);

		if (ipv6_addr_cmp(&node->home.address, last) > 0) {
			found = node;
			at = at->rb_left;
		} else {
			at = at->rb_right;
		}
	}
	return found;
}

/* The table as a whole */

void dsmip_changed(struct dsmip_dev *dd)
{
	/* A dump takes 0 for "not known". */
	if (!++dd->generation)
		dd->generation = 1;
	if (!atomic_inc_return(&dsmip_net(dd->net)->generation))
		atomic_set(&dsmip_net(dd->net)->generation, 1);
}

static struct dsmip_table *dsmip_table_alloc(void)
{
	struct dsmip_table *table = kzalloc(sizeof(*table), GFP_KERNEL_ACCOUNT);

	if (!table)
		return NULL;
	table->order = RB_ROOT;
	timerqueue_init_head(&table->expiry);
	if (rhashtable_init(&table->homes, &dsmip_homes_params))
		goto err_table;
	if (dsmip_prefixes_init(table))
		goto err_homes;
	return table;

err_homes:
	rhashtable_destroy(&table->homes);
err_table:
	kfree(table);
	return NULL;
}

int dsmip_nodes_flush(struct dsmip_dev *dd)
{
	struct dsmip_table *new = dsmip_table_alloc();
	struct dsmip_table *old = dsmip_table(dd);

	if (!new)
		return -ENOMEM;
	rcu_assign_pointer(dd->table, new);
	dd->nodes = 0;
	dd->bindings = 0;
	dd->prefixes = 0;
	dd->flows = 0;
	dsmip_changed(dd);
	dsmip_retire(&old->retired, DSMIP_RETIRED_TABLE);
	return 0;
}

int dsmip_nodes_init(struct dsmip_dev *dd)
{
	struct dsmip_table *table = dsmip_table_alloc();

	if (!table)
		return -ENOMEM;
	RCU_INIT_POINTER(dd->table, table);
	dd->generation = 1;
	dsmip_expiry_init(dd);
	return 0;
}

void dsmip_nodes_detach(struct dsmip_dev *dd)
{
	struct dsmip_table *table;

	cancel_delayed_work_sync(&dd->expiry_work);
	table = rcu_replace_pointer(dd->table, NULL, true);
	dsmip_retire(&table->retired, DSMIP_RETIRED_TABLE);
}

/* Memory of the module */

void dsmip_memory_flush(void)
{
	flush_work(&dsmip_retired_work);
}

/* Also works for caches that were not created. */
void dsmip_memory_exit(void)
{
	dsmip_memory_flush();
	kmem_cache_destroy(dsmip_node_cache);
	kmem_cache_destroy(dsmip_binding_cache);
	kmem_cache_destroy(dsmip_home_cache);
	kmem_cache_destroy(dsmip_traffic_cache);
	dsmip_prefix_memory_exit();
}

int __init dsmip_memory_init(void)
{
	dsmip_node_cache = kmem_cache_create("dsmip_node",
					     sizeof(struct dsmip_node), 0,
					     SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT,
					     NULL);
	dsmip_binding_cache = kmem_cache_create("dsmip_binding",
						sizeof(struct dsmip_binding) +
						sizeof(struct dsmip_binding *),
						0, SLAB_HWCACHE_ALIGN |
						SLAB_ACCOUNT, NULL);
	dsmip_home_cache = KMEM_CACHE(dsmip_home_address, SLAB_ACCOUNT);
	dsmip_traffic_cache = KMEM_CACHE(dsmip_traffic, SLAB_ACCOUNT);
	if (dsmip_node_cache && dsmip_binding_cache && dsmip_home_cache &&
	    dsmip_traffic_cache && !dsmip_prefix_memory_init())
		return 0;
	dsmip_memory_exit();
	return -ENOMEM;
}
