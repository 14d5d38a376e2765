// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: delivery to a node that is at home.  The packet leaves through the home
 * link without outer header, as from a router, to the link-layer address of the
 * binding or to the one that neighbour resolution finds.  Packets for other hosts
 * of the home link take the same way.
 */
#include <linux/if_arp.h>
#include <linux/module.h>
#include <net/arp.h>
#include <net/dst.h>
#include <net/dst_ops.h>
#include <net/ip.h>
#include <net/ip6_fib.h>
#include <net/ip_tunnels.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/route.h>

#include "icmp.h"
#include "node.h"
#include "policy.h"
#include "tunnel.h"

/*
 * The next hop on the home link.  @family: AF_PACKET for a link-layer address, else
 * the family of the neighbour table.  @device: index of the dsmip device that the
 * packet comes from.
 */
struct dsmip_next_hop {
	u8 family;
	int device;
	union {
		__be32 in;
		struct in6_addr in6;
	};
};

/* For an address behind the node, the next hop is its home address. */
static void dsmip_homelink_next_hop(struct dsmip_dev *dd,
				    const struct dsmip_binding *b,
				    const struct dsmip_inner *inner,
				    struct dsmip_next_hop *hop)
{
	struct dsmip_table *table = rcu_dereference(dd->table);
	struct in6_addr mapped;

	BUILD_BUG_ON(sizeof(hop->in6) < DSMIP_LINK_ADDRESS_MAX);
	hop->device = dd->dev->ifindex;
	if (b->care_of.link_address_len) {
		hop->family = AF_PACKET;
		memcpy(&hop->in6, b->care_of.link_address,
		       sizeof(b->care_of.link_address));
		return;
	}
	hop->family = AF_INET6;
	hop->in6 = b->node->home.address;
	if (inner->family == AF_INET6)
		return;
	ipv6_addr_set_v4mapped(inner->dst4, &mapped);
	if (!rhashtable_lookup(&table->homes, &mapped, dsmip_homes_params))
		return;
	hop->family = AF_INET;
	hop->in = inner->dst4;
}

/*
 * If nobody answers for the next hop, the stack reports this through the
 * destination entry of the waiting packet.  So the packet gets its own destination
 * entry.  The entry is not used for output: the packet goes to the neighbour it
 * waits for.
 *
 * @route: a full route, because other code may treat any destination entry as one
 * @device: index of the device that the packet comes from
 */
struct dsmip_waiting {
	union {
		struct dst_entry dst;
		struct rtable rt;
		struct rt6_info rt6;
	} route;
	int device;
};

/* Send the source an error, as a router does. The caller frees the packet. */
static void dsmip_homelink_unreachable(struct sk_buff *skb, int device)
{
	struct net_device *dev;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(dev_net(skb->dev), device);
	if (dev && dsmip_is_device(dev)) {
		struct dsmip_dev *dd = netdev_priv(dev);

		dsmip_count_drop(dd, DSMIP_C_TX_HOME_NEIGHBOUR);
		dsmip_icmp_unreachable(dd, skb);
	}
	rcu_read_unlock();
}

static void dsmip_waiting_failed(struct sk_buff *skb)
{
	const struct dsmip_waiting *w;

	w = container_of(skb_dst(skb), struct dsmip_waiting, route.dst);
	dsmip_homelink_unreachable(skb, w->device);
}

static struct dst_entry *dsmip_waiting_check(struct dst_entry *dst, u32 cookie)
{
	return NULL;
}

static unsigned int dsmip_waiting_mtu(const struct dst_entry *dst)
{
	unsigned int mtu;

	rcu_read_lock();
	mtu = READ_ONCE(dsmip_compat_dst_dev(dst)->mtu);
	rcu_read_unlock();
	return mtu;
}

/* Runs as an RCU callback; module exit waits for these. */
static void dsmip_waiting_destroy(struct dst_entry *dst)
{
	module_put(THIS_MODULE);
}

static struct dst_ops dsmip_waiting_ops = {
	.family		= AF_UNSPEC,
	.check		= dsmip_waiting_check,
	.mtu		= dsmip_waiting_mtu,
	.destroy	= dsmip_waiting_destroy,
	.link_failure	= dsmip_waiting_failed,
};

/**
 * dsmip_homelink_init - set up, once per module
 *
 * Return: 0 or -ENOMEM.
 */
int dsmip_homelink_init(void)
{
	dsmip_waiting_ops.kmem_cachep =
		kmem_cache_create("dsmip_waiting", sizeof(struct dsmip_waiting),
				  0, SLAB_HWCACHE_ALIGN | SLAB_ACCOUNT, NULL);
	return dsmip_waiting_ops.kmem_cachep ? 0 : -ENOMEM;
}

/**
 * dsmip_homelink_exit - tear down; all RCU callbacks have run
 */
void dsmip_homelink_exit(void)
{
	kmem_cache_destroy(dsmip_waiting_ops.kmem_cachep);
}

/* Without memory the packet waits, and nobody gets an error. */
static void dsmip_homelink_wait(struct sk_buff *skb, struct net_device *link,
				int device)
{
	struct dsmip_waiting *w;

	/* Packets may outlive the device, but must not outlive the module. */
	if (!try_module_get(THIS_MODULE))
		return;
	w = dsmip_compat_dst_alloc(&dsmip_waiting_ops, link, DST_OBSOLETE_DEAD,
				   DST_NOCOUNT);
	if (!w) {
		module_put(THIS_MODULE);
		return;
	}
	memset((u8 *)w + sizeof(struct dst_entry), 0,
	       sizeof(*w) - sizeof(struct dst_entry));
	w->device = device;
	skb_dst_set(skb, &w->route.dst);
}

static int dsmip_homelink_send(struct sk_buff *skb, struct net_device *link,
			       const struct dsmip_next_hop *hop)
{
	struct neighbour *neigh;

	/* Otherwise a packet that waits for an address would continue by its route. */
	skb_dst_drop(skb);
	skb->dev = link;
	if (hop->family == AF_PACKET)
		return neigh_xmit(NEIGH_LINK_TABLE, link, &hop->in6, skb);
	neigh = hop->family == AF_INET ? ip_neigh_gw4(link, hop->in) :
					 ip_neigh_gw6(link, &hop->in6);
	if (IS_ERR(neigh)) {
		dsmip_homelink_unreachable(skb, hop->device);
		kfree_skb_reason(skb, SKB_DROP_REASON_NEIGH_CREATEFAIL);
		return PTR_ERR(neigh);
	}
	if (!(READ_ONCE(neigh->nud_state) & NUD_VALID))
		dsmip_homelink_wait(skb, link, hop->device);
	return neigh_output(neigh, skb, true);
}

/* struct dsmip_homelink_parts - where the fragments of a packet go */
struct dsmip_homelink_parts {
	struct dsmip_split split;
	struct net_device *link;
	const struct dsmip_next_hop *hop;
};

static int dsmip_homelink_part(struct sk_buff *skb, struct dsmip_split *split)
{
	const struct dsmip_homelink_parts *parts;

	parts = container_of(split, struct dsmip_homelink_parts, split);
	return dsmip_homelink_send(skb, parts->link, parts->hop);
}

/* IPv4 without "don't fragment", larger than the MTU of the link. */
static noinline_for_stack int
dsmip_homelink_split(struct sk_buff *skb, struct dsmip_dev *dd,
		     struct net_device *link, unsigned int mtu,
		     const struct dsmip_next_hop *hop)
{
	struct dsmip_homelink_parts parts = {
		.split.send = dsmip_homelink_part,
		.link = link,
		.hop = hop,
	};

	return dsmip_split(skb, dd, link, mtu, &parts.split);
}

static bool dsmip_homelink_usable(const struct dsmip_dev *dd,
				  const struct net_device *link)
{
	return link && link != dd->dev && (link->flags & IFF_UP) &&
	       netif_carrier_ok(link);
}

/* @b: gets the traffic; may be NULL */
static void dsmip_homelink_xmit(struct sk_buff *skb, struct dsmip_dev *dd,
				struct net_device *link,
				const struct dsmip_next_hop *hop,
				struct dsmip_binding *b,
				const struct dsmip_inner *inner)
{
	unsigned int packets, octets, mtu = READ_ONCE(link->mtu);
	int len = skb->len, err;

	if (dsmip_encap_too_big(skb, inner, mtu)) {
		dsmip_drop(dd, skb, DSMIP_C_TX_TOO_BIG);
		return;
	}
	/* This invalidates the pointers in @inner. */
	if (skb_cow_head(skb, LL_RESERVED_SPACE(link))) {
		dsmip_drop(dd, skb, DSMIP_C_TX_NO_MEMORY);
		return;
	}
	if (b) {
		dsmip_gso_traffic(skb, &packets, &octets);
		dsmip_binding_tx(b, packets, octets);
	}
	if (dsmip_fits(skb, mtu))
		err = dsmip_homelink_send(skb, link, hop);
	else
		err = dsmip_homelink_split(skb, dd, link, mtu, hop);
	iptunnel_xmit_stats(dd->dev, net_xmit_eval(err) ? 0 : len);
}

/**
 * dsmip_homelink - send a packet to a node that is at home
 * @skb: inner packet; consumed
 * @dd: device
 * @b: binding with the home link
 * @inner: what the header of the packet says
 *
 * Under RCU, bottom halves off.
 */
void dsmip_homelink(struct sk_buff *skb, struct dsmip_dev *dd,
		    struct dsmip_binding *b, const struct dsmip_inner *inner)
{
	struct net_device *link = dev_get_by_index_rcu(dd->net, b->link);
	struct dsmip_next_hop hop;

	if (!dsmip_homelink_usable(dd, link) ||
	    (b->care_of.link_address_len &&
	     b->care_of.link_address_len != link->addr_len)) {
		dsmip_drop(dd, skb, DSMIP_C_TX_HOME_LINK);
		return;
	}
	dsmip_homelink_next_hop(dd, b, inner, &hop);
	dsmip_homelink_xmit(skb, dd, link, &hop, b, inner);
}

/**
 * dsmip_homelink_pass - send a packet that belongs to no node to the home link
 * @skb: inner packet to a unicast address; consumed
 * @dd: device
 * @ifindex: interface of the home link
 * @inner: what the header of the packet says
 *
 * Under RCU, bottom halves off.
 */
void dsmip_homelink_pass(struct sk_buff *skb, struct dsmip_dev *dd, int ifindex,
			 const struct dsmip_inner *inner)
{
	struct net_device *link = dev_get_by_index_rcu(dd->net, ifindex);
	struct dsmip_next_hop hop = {
		.family = inner->family,
		.device = dd->dev->ifindex,
	};

	if (!dsmip_homelink_usable(dd, link)) {
		dsmip_drop(dd, skb, DSMIP_C_TX_HOME_LINK);
		return;
	}
	if (inner->family == AF_INET)
		hop.in = inner->dst4;
	else
		hop.in6 = *inner->dst6;
	dsmip_homelink_xmit(skb, dd, link, &hop, NULL, inner);
}
