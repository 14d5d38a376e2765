// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: fragments IPv4 packets to a size, as the stack does for a device with such
 * an MTU.
 */
#include <linux/ip.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/route.h>

#include "tunnel.h"

static unsigned int dsmip_split_mtu(const struct dst_entry *dst)
{
	unsigned int mtu;

	rcu_read_lock();
	mtu = READ_ONCE(dsmip_compat_dst_dev(dst)->mtu);
	rcu_read_unlock();
	return mtu;
}

static struct dst_ops dsmip_split_ops = {
	.family	= AF_UNSPEC,
	.mtu	= dsmip_split_mtu,
};

/* Fragments have a pointer to their struct dsmip_split in place of their route. */
static int dsmip_split_output(struct net *net, struct sock *sk,
			      struct sk_buff *skb)
{
	struct dsmip_split *split = container_of(skb_rtable(skb),
						 struct dsmip_split, route);

	skb_dst_drop(skb);
	split->err = split->send(skb, split);
	return split->err;
}

static int dsmip_split_one(struct sk_buff *skb, struct dsmip_dev *dd,
			   unsigned int mtu, struct dsmip_split *split)
{
	int err;

	skb_dst_drop(skb);
	if (skb->len <= mtu)
		return split->send(skb, split);
	skb_dst_set_noref(skb, &split->route.dst);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	IPCB(skb)->frag_max_size = mtu;
	IPCB(skb)->opt.optlen = ip_hdrlen(skb) - sizeof(struct iphdr);
	split->err = 0;
	err = ip_do_fragment(dd->net, NULL, skb, dsmip_split_output);
	if (err && !split->err)
		dsmip_count_drop(dd, DSMIP_C_TX_NO_MEMORY);
	return err;
}

/**
 * dsmip_split - send an IPv4 packet in fragments
 * @skb: packet without "don't fragment", may be a large one; consumed
 * @dd: device that counts drops
 * @dev: fragments leave headroom for this device; its MTU is at least @mtu
 * @mtu: largest fragment; less than 65536
 * @split: .send is set; it gets the fragments one by one, without route
 *
 * Under RCU.
 *
 * Return: 0 or the first error.
 */
int dsmip_split(struct sk_buff *skb, struct dsmip_dev *dd,
		struct net_device *dev, unsigned int mtu,
		struct dsmip_split *split)
{
	struct sk_buff *segments, *next;
	int err = 0;

	memset(&split->route, 0, sizeof(split->route));
	dsmip_compat_dst_init(&split->route.dst, &dsmip_split_ops, NULL,
			      DST_OBSOLETE_NONE, DST_NOCOUNT);
	split->route.dst.dev = dev;
	/* Options are changed in the packet itself. */
	if (skb_cow_head(skb, 0)) {
		dsmip_drop(dd, skb, DSMIP_C_TX_NO_MEMORY);
		return -ENOMEM;
	}
	if (!skb_is_gso(skb))
		return dsmip_split_one(skb, dd, mtu, split);
	segments = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM |
				   NETIF_F_HIGHDMA);
	if (IS_ERR_OR_NULL(segments)) {
		dsmip_drop(dd, skb, DSMIP_C_TX_SEGMENT);
		return -EINVAL;
	}
	consume_skb(skb);
	skb_list_walk_safe(segments, skb, next) {
		int one;

		skb_mark_not_on_list(skb);
		one = dsmip_split_one(skb, dd, mtu, split);
		err = err ?: one;
	}
	return err;
}
