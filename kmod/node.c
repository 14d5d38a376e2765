// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: what packets need from a node: look-up, match by care-of address, route.
 */
#include <linux/ktime.h>

#include "dsmip.h"
#include "node.h"
#include "prefix.h"

/* Look-up */

/**
 * dsmip_node_find6 - node with an IPv6 home address, or else with a prefix
 * @dd: device
 * @address: of the node or of its mobile network
 *
 * Context: RCU reader.
 * Return: node, or NULL.
 */
struct dsmip_node *dsmip_node_find6(struct dsmip_dev *dd,
				    const struct in6_addr *address)
{
	struct dsmip_table *table = rcu_dereference(dd->table);
	struct dsmip_home_address *home;

	home = rhashtable_lookup(&table->homes, address, dsmip_homes_params);
	/* Pairs with the release in dsmip_home_publish(). */
	if (likely(home && smp_load_acquire(&home->live)))
		return home->node;
	return dsmip_prefix_node(&table->prefixes.ipv6, table, AF_INET6, address);
}

/**
 * dsmip_node_find4 - node with an IPv4 home address, or else with a prefix
 * @dd: device
 * @address: of the node or of its mobile network
 *
 * Context: RCU reader.
 * Return: node, or NULL.
 */
struct dsmip_node *dsmip_node_find4(struct dsmip_dev *dd, __be32 address)
{
	struct dsmip_table *table = rcu_dereference(dd->table);
	struct dsmip_home_address *home;
	struct in6_addr mapped;

	ipv6_addr_set_v4mapped(address, &mapped);
	home = rhashtable_lookup(&table->homes, &mapped, dsmip_homes_params);
	/* Pairs with the release in dsmip_home_publish(). */
	if (likely(home && smp_load_acquire(&home->live)))
		return home->node;
	return dsmip_prefix_node(&table->prefixes.ipv4, table, AF_INET, &mapped);
}

/* End points */

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
 * dsmip_node_match - the binding with a care-of address and port
 * @node: node
 * @from: outer address and port
 *
 * Context: RCU reader.
 * Return: a live binding with this address, preferably with the same port; NULL if
 * there is none.
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

static void dsmip_binding_put_dst(struct dsmip_binding *b, struct dst_entry *dst)
{
	dst_release(unrcu_pointer(xchg(&b->dst, RCU_INITIALIZER(dst))));
}

/**
 * dsmip_binding_dst - the cached route of a binding
 * @b: binding
 * @generation: current routing generation
 *
 * Context: RCU reader; the route is valid in this RCU section.
 * Return: route, NULL when there is none or when it is out of date.
 */
struct dst_entry *dsmip_binding_dst(struct dsmip_binding *b, u32 generation)
{
	struct dst_entry *dst = rcu_dereference(b->dst);

	if (!dst)
		return NULL;
	if (likely(READ_ONCE(b->dst_generation) == generation &&
		   dst_check(dst, READ_ONCE(b->dst_cookie))))
		return dst;
	dsmip_binding_put_dst(b, NULL);
	return NULL;
}

/**
 * dsmip_binding_set_dst - cache the route of a binding
 * @b: binding
 * @dst: route, whose reference is taken over
 * @cookie: for dst_check()
 * @generation: routing generation before its look-up
 *
 * A reader that finds the new cookie with the old route looks the route up again.
 * Another CPU may do the same with a newer generation, which would then be stored
 * beside the older route. So a caller that then finds a newer generation drops its
 * route again.
 *
 * Context: RCU reader.
 */
void dsmip_binding_set_dst(struct dsmip_binding *b, struct dst_entry *dst,
			   u32 cookie, u32 generation)
{
	WRITE_ONCE(b->dst_generation, generation);
	WRITE_ONCE(b->dst_cookie, cookie);
	dsmip_binding_put_dst(b, dst);
}

/**
 * dsmip_binding_drop_dst - drop the cached route of a binding
 * @b: binding
 *
 * Context: RCU reader.
 */
void dsmip_binding_drop_dst(struct dsmip_binding *b)
{
	dsmip_binding_put_dst(b, NULL);
}

/* Statistics */

/**
 * dsmip_binding_sent - whether a binding sent a packet lately
 * @b: binding
 * @period: how long ago, jiffies; up to a second more counts as well
 *
 * Context: RCU reader.
 */
bool dsmip_binding_sent(const struct dsmip_binding *b, unsigned long period)
{
	unsigned int i;

	for (i = 0; i <= b->traffic_mask; i++) {
		unsigned long sent = READ_ONCE(dsmip_traffic(b, i)->last_sent);

		if (sent && jiffies - sent < period + HZ)
			return true;
	}
	return false;
}

void dsmip_binding_sum(const struct dsmip_binding *b,
		       struct dsmip_binding_totals *totals)
{
	unsigned int i;

	memset(totals, 0, sizeof(*totals));
	for (i = 0; i <= b->traffic_mask; i++) {
		const struct dsmip_traffic *share = dsmip_traffic(b, i);
		unsigned long heard = READ_ONCE(share->last_heard);

		totals->rx_packets += atomic64_read(&share->rx_packets);
		totals->rx_bytes += atomic64_read(&share->rx_bytes);
		totals->tx_packets += atomic64_read(&share->tx_packets);
		totals->tx_bytes += atomic64_read(&share->tx_bytes);
		if (heard && (!totals->last_heard ||
			      time_after(heard, totals->last_heard)))
			totals->last_heard = heard;
	}
}
