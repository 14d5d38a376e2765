// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the table of nodes: look-up, choice of a binding, statistics, expiry,
 * and the parts that change.c puts changes together from.
 */
#include <linux/bitops.h>
#include <linux/jhash.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "dsmip.h"
#include "node.h"

/* Nodes that the expiry work handles before it lets others have the lock. */
#define DSMIP_EXPIRY_BATCH	64

/*
 * The work is delayed in jiffies, which stand still while the machine sleeps;
 * lifetimes do not.  Looking this often keeps the difference small.
 */
#define DSMIP_EXPIRY_LONGEST	(60 * HZ)

static int dsmip_homes_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct dsmip_home_address *home = obj;

	return !ipv6_addr_equal(&home->address, arg->key);
}

static const struct rhashtable_params dsmip_homes_params = {
	.key_len		= sizeof(struct in6_addr),
	.key_offset		= offsetof(struct dsmip_home_address, address),
	.head_offset		= offsetof(struct dsmip_home_address, hash),
	.obj_cmpfn		= dsmip_homes_cmp,
	.automatic_shrinking	= true,
};

/* Look-up */

struct dsmip_home_address *dsmip_home_find(struct dsmip_dev *dd,
					   const struct in6_addr *address)
{
	return rhashtable_lookup_fast(&dd->homes, address, dsmip_homes_params);
}

int dsmip_home_insert(struct dsmip_dev *dd, struct dsmip_home_address *home)
{
	return rhashtable_lookup_insert_fast(&dd->homes, &home->hash,
					     dsmip_homes_params);
}

void dsmip_home_remove(struct dsmip_dev *dd, struct dsmip_home_address *home)
{
	rhashtable_remove_fast(&dd->homes, &home->hash, dsmip_homes_params);
}

/**
 * dsmip_node_find6 - node with an IPv6 home address
 * @dd: device
 * @address: home address
 *
 * Context: RCU reader.
 * Return: node, or NULL.
 */
struct dsmip_node *dsmip_node_find6(struct dsmip_dev *dd,
				    const struct in6_addr *address)
{
	struct dsmip_home_address *home;

	home = rhashtable_lookup(&dd->homes, address, dsmip_homes_params);
	/* Pairs with the release in dsmip_home_publish(). */
	if (!home || !smp_load_acquire(&home->live))
		return NULL;
	return home->node;
}

/**
 * dsmip_node_find4 - node with an IPv4 home address
 * @dd: device
 * @address: home address
 *
 * Context: RCU reader.
 * Return: node, or NULL.
 */
struct dsmip_node *dsmip_node_find4(struct dsmip_dev *dd, __be32 address)
{
	struct in6_addr mapped;

	ipv6_addr_set_v4mapped(address, &mapped);
	return dsmip_node_find6(dd, &mapped);
}

/* Choice */

static bool dsmip_binding_live(const struct dsmip_binding *b, ktime_t now)
{
	return ktime_after(b->expiry.expires, now);
}

/*
 * Among bindings of equal priority each flow has its own order of preference
 * (rendezvous hashing): a binding that vanishes moves its own flows only.  The
 * hash of the flow is not cheap; a choice of one does without.
 */
static struct dsmip_binding *
dsmip_choose_by_flow(const struct dsmip_binding_set *set, unsigned int first,
		     ktime_t now, struct sk_buff *skb)
{
	struct dsmip_binding *best = set->binding[first];
	u32 best_score = 0, hash = 0;
	unsigned int i;

	for (i = first + 1; i < set->count; i++) {
		struct dsmip_binding *b = set->binding[i];
		u32 score;

		if (b->priority != best->priority)
			break;
		if (!dsmip_binding_live(b, now))
			continue;
		if (!hash) {
			hash = skb_get_hash(skb) ?: 1;
			best_score = jhash_1word(best->bid, hash);
		}
		score = jhash_1word(b->bid, hash);
		if (score > best_score) {
			best = b;
			best_score = score;
		}
	}
	return best;
}

/**
 * dsmip_node_choose - the binding for a packet to or from a node
 * @node: node
 * @mark_mask: bits of the mark that name a BID; 0 = none
 * @mark: mark of the packet
 * @skb: packet, for the hash of its flow
 *
 * Context: RCU reader.
 * Return: the binding the mark names if it is live, else one of those with the
 * lowest priority value; NULL if none is live.
 */
struct dsmip_binding *dsmip_node_choose(struct dsmip_node *node, u32 mark_mask,
					u32 mark, struct sk_buff *skb)
{
	const struct dsmip_binding_set *set = rcu_dereference(node->set);
	ktime_t now = ktime_get_coarse_boottime();
	unsigned int i;
	u32 bid = 0;

	if (!set)
		return NULL;
	if (mark_mask)
		bid = (mark & mark_mask) >> __ffs(mark_mask);
	if (bid) {
		for (i = 0; i < set->count; i++)
			if (set->binding[i]->bid == bid &&
			    dsmip_binding_live(set->binding[i], now))
				return set->binding[i];
	}
	for (i = 0; i < set->count; i++)
		if (dsmip_binding_live(set->binding[i], now))
			return dsmip_choose_by_flow(set, i, now, skb);
	return NULL;
}

static bool dsmip_same_address(const struct dsmip_endpoint *a,
			       const struct dsmip_endpoint *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->in.s_addr == b->in.s_addr;
	return ipv6_addr_equal(&a->in6, &b->in6);
}

/**
 * dsmip_node_match - the binding that an end point belongs to
 * @node: node
 * @from: outer address and port
 *
 * Context: RCU reader.
 * Return: a live binding with this address, one with the same port first;
 * NULL if there is none.
 */
struct dsmip_binding *dsmip_node_match(struct dsmip_node *node,
				       const struct dsmip_endpoint *from)
{
	const struct dsmip_binding_set *set = rcu_dereference(node->set);
	ktime_t now = ktime_get_coarse_boottime();
	struct dsmip_binding *other = NULL;
	unsigned int i;

	if (!set)
		return NULL;
	for (i = 0; i < set->count; i++) {
		struct dsmip_binding *b = set->binding[i];

		if (!dsmip_same_address(&b->care_of, from) ||
		    !dsmip_binding_live(b, now))
			continue;
		if (b->care_of.port == from->port)
			return b;
		if (!other)
			other = b;
	}
	return other;
}

/* Route */

/**
 * dsmip_binding_dst - the route to the end point of a binding
 * @b: binding
 *
 * Context: RCU reader; the route is valid as long as its section.
 * Return: route, NULL when there is none or when it is out of date.
 */
struct dst_entry *dsmip_binding_dst(struct dsmip_binding *b)
{
	struct dst_entry *dst = rcu_dereference(b->dst);

	if (!dst || likely(dst_check(dst, READ_ONCE(b->dst_cookie))))
		return dst;
	dsmip_binding_set_dst(b, NULL, 0);
	return NULL;
}

/**
 * dsmip_binding_set_dst - remember the route to the end point of a binding
 * @b: binding
 * @dst: route, whose reference is taken over; NULL = forget it
 * @cookie: for dst_check()
 *
 * A reader that meets the new cookie with the old route looks for another one.
 *
 * Context: any; somebody else may be doing the same.
 */
void dsmip_binding_set_dst(struct dsmip_binding *b, struct dst_entry *dst,
			   u32 cookie)
{
	WRITE_ONCE(b->dst_cookie, cookie);
	dst_release(unrcu_pointer(xchg(&b->dst, RCU_INITIALIZER(dst))));
}

/* Statistics */

/**
 * dsmip_binding_rx - count a packet from the end point of a binding
 * @b: binding
 * @len: octets of the inner packet
 *
 * Context: RCU reader, softirqs off.
 */
void dsmip_binding_rx(struct dsmip_binding *b, unsigned int len)
{
	struct dsmip_binding_stats *stats = this_cpu_ptr(b->stats);
	unsigned long now = jiffies ?: 1;

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->rx_packets);
	u64_stats_add(&stats->rx_bytes, len);
	u64_stats_update_end(&stats->syncp);
	/* Not written when it is right: other CPUs read the same line. */
	if (READ_ONCE(b->last_heard) != now)
		WRITE_ONCE(b->last_heard, now);
}

/**
 * dsmip_binding_tx - count a packet to the end point of a binding
 * @b: binding
 * @len: octets of the inner packet
 *
 * Context: RCU reader, softirqs off.
 */
void dsmip_binding_tx(struct dsmip_binding *b, unsigned int len)
{
	struct dsmip_binding_stats *stats = this_cpu_ptr(b->stats);

	u64_stats_update_begin(&stats->syncp);
	u64_stats_inc(&stats->tx_packets);
	u64_stats_add(&stats->tx_bytes, len);
	u64_stats_update_end(&stats->syncp);
}

void dsmip_binding_sum(const struct dsmip_binding *b,
		       struct dsmip_binding_totals *totals)
{
	int cpu;

	memset(totals, 0, sizeof(*totals));
	for_each_possible_cpu(cpu) {
		const struct dsmip_binding_stats *stats = per_cpu_ptr(b->stats, cpu);
		struct dsmip_binding_totals one;
		unsigned int start;

		do {
			start = u64_stats_fetch_begin(&stats->syncp);
			one.rx_packets = u64_stats_read(&stats->rx_packets);
			one.rx_bytes = u64_stats_read(&stats->rx_bytes);
			one.tx_packets = u64_stats_read(&stats->tx_packets);
			one.tx_bytes = u64_stats_read(&stats->tx_bytes);
		} while (u64_stats_fetch_retry(&stats->syncp, start));
		totals->rx_packets += one.rx_packets;
		totals->rx_bytes += one.rx_bytes;
		totals->tx_packets += one.tx_packets;
		totals->tx_bytes += one.tx_bytes;
	}
}

/* Freeing */

static void dsmip_binding_free_rcu(struct rcu_head *head)
{
	dsmip_binding_free(container_of(head, struct dsmip_binding, rcu));
}

void dsmip_binding_free(struct dsmip_binding *b)
{
	dst_release(rcu_dereference_protected(b->dst, true));
	if (b->owns_stats)
		free_percpu(b->stats);
	kfree(b);
}

void dsmip_binding_retire(struct dsmip_dev *dd, struct dsmip_binding *b)
{
	timerqueue_del(&dd->expiry, &b->expiry);
	call_rcu(&b->rcu, dsmip_binding_free_rcu);
}

static void dsmip_node_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct dsmip_node, rcu));
}

void dsmip_node_retire(struct dsmip_dev *dd, struct dsmip_node *node)
{
	struct dsmip_binding_set *set = dsmip_node_set(dd, node);
	unsigned int i;

	dsmip_home_remove(dd, &node->home);
	for (i = 0; i < node->home4_count; i++) {
		dsmip_home_remove(dd, node->home4[i]);
		kfree_rcu(node->home4[i], rcu);
	}
	kfree(node->home4);
	rb_erase(&node->order, &dd->order);
	dd->nodes--;
	dd->bindings -= set->count;
	for (i = 0; i < set->count; i++)
		dsmip_binding_retire(dd, set->binding[i]);
	kfree_rcu(set, rcu);
	call_rcu(&node->rcu, dsmip_node_free_rcu);
}

/* Order, for dumps */

void dsmip_node_order(struct dsmip_dev *dd, struct dsmip_node *node)
{
	struct rb_node **link = &dd->order.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		if (ipv6_addr_cmp(&node->home.address,
				  &dsmip_ordered(parent)->home.address) < 0)
			link = &parent->rb_left;
		else
			link = &parent->rb_right;
	}
	rb_link_node(&node->order, parent, link);
	rb_insert_color(&node->order, &dd->order);
}

struct dsmip_node *dsmip_node_after(struct dsmip_dev *dd,
				    const struct in6_addr *last)
{
	struct rb_node *at = dd->order.rb_node;
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

/* Expiry */

void dsmip_expiry_arm(struct dsmip_dev *dd)
{
	struct timerqueue_node *next = timerqueue_getnext(&dd->expiry);
	unsigned long delay = 0;
	ktime_t now;

	if (!next)
		return;
	now = ktime_get_boottime();
	/* One jiffy more, so that it is over for readers by then as well. */
	if (ktime_after(next->expires, now))
		delay = nsecs_to_jiffies(ktime_sub(next->expires, now)) + 1;
	mod_delayed_work(system_power_efficient_wq, &dd->expiry_work,
			 min_t(unsigned long, delay, DSMIP_EXPIRY_LONGEST));
}

/* Take what has expired from one node; -ENOMEM: nothing was done. */
static int dsmip_node_expire(struct dsmip_dev *dd, struct dsmip_node *node,
			     ktime_t now)
{
	struct dsmip_binding_set *old = dsmip_node_set(dd, node), *new;
	unsigned int i;

	new = dsmip_set_alloc(old->count);
	if (!new)
		return -ENOMEM;
	for (i = 0; i < old->count; i++) {
		struct dsmip_binding *b = old->binding[i];

		if (dsmip_binding_live(b, now)) {
			new->binding[new->count++] = b;
			continue;
		}
		dsmip_count(dd, DSMIP_C_BINDING_EXPIRED);
		dsmip_notify_expired(dd, node, b);
	}
	if (!new->count) {
		kfree(new);
		dsmip_node_retire(dd, node);
		return 0;
	}
	rcu_assign_pointer(node->set, new);
	dd->bindings -= old->count - new->count;
	for (i = 0; i < old->count; i++)
		if (!dsmip_binding_live(old->binding[i], now))
			dsmip_binding_retire(dd, old->binding[i]);
	kfree_rcu(old, rcu);
	return 0;
}

static void dsmip_expiry_work(struct work_struct *work)
{
	struct dsmip_dev *dd = container_of(to_delayed_work(work),
					    struct dsmip_dev, expiry_work);
	struct timerqueue_node *next;
	int handled = 0, err = 0;
	ktime_t now;

	mutex_lock(&dd->lock);
	now = ktime_get_coarse_boottime();
	while (!dd->dead && !err && handled++ < DSMIP_EXPIRY_BATCH) {
		struct dsmip_binding *b;

		next = timerqueue_getnext(&dd->expiry);
		if (!next)
			break;
		b = container_of(next, struct dsmip_binding, expiry);
		if (dsmip_binding_live(b, now))
			break;
		err = dsmip_node_expire(dd, b->node, now);
		if (!err)
			dsmip_changed(dd);
	}
	/* Readers leave expired bindings alone by themselves, so there is time
	 * to wait for memory.
	 */
	if (err)
		mod_delayed_work(system_power_efficient_wq, &dd->expiry_work, HZ);
	else if (!dd->dead)
		dsmip_expiry_arm(dd);
	mutex_unlock(&dd->lock);
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

void dsmip_nodes_reset_dst(struct dsmip_dev *dd)
{
	struct dsmip_node *node;
	unsigned int i;

	for (node = dsmip_node_first(dd); node; node = dsmip_node_next(node)) {
		struct dsmip_binding_set *set = dsmip_node_set(dd, node);

		for (i = 0; i < set->count; i++)
			dsmip_binding_set_dst(set->binding[i], NULL, 0);
		cond_resched();
	}
}

void dsmip_nodes_flush(struct dsmip_dev *dd)
{
	struct rb_node *first;

	while ((first = rb_first(&dd->order))) {
		dsmip_node_retire(dd, dsmip_ordered(first));
		cond_resched();
	}
	dsmip_changed(dd);
}

int dsmip_nodes_init(struct dsmip_dev *dd)
{
	dd->order = RB_ROOT;
	dd->generation = 1;
	timerqueue_init_head(&dd->expiry);
	INIT_DELAYED_WORK(&dd->expiry_work, dsmip_expiry_work);
	return rhashtable_init(&dd->homes, &dsmip_homes_params);
}

void dsmip_nodes_destroy(struct dsmip_dev *dd)
{
	cancel_delayed_work_sync(&dd->expiry_work);
	mutex_lock(&dd->lock);
	dsmip_nodes_flush(dd);
	mutex_unlock(&dd->lock);
	rhashtable_destroy(&dd->homes);
}
