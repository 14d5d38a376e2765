// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: carries a path cookie between the device and the socket that receives or
 * sends the message.
 *
 * User space sees a cookie as a packet mark.  But other rules may write marks:
 * "meta mark set ct mark", common on hosts with several uplinks, writes those of
 * all packets.  So the module does not rely on the mark alone:
 *
 * - On the way in the cookie is also in the hash of the packet.  No netfilter hook
 *   writes there, and ESP in transport mode preserves it.  After the last hook
 *   before the socket it becomes the mark again.
 * - On the way out a packet that has lost its mark gets the cookie from the mark of
 *   the socket that sent it.
 *
 * Marks of other packets are never changed.
 */
#include <linux/ipv6.h>
#include <linux/netfilter_ipv6.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "tunnel.h"

/**
 * dsmip_cookie_attach - attach a cookie to a packet, for the socket
 * @skb: signalling that came in
 * @cookie: its path cookie
 */
void dsmip_cookie_attach(struct sk_buff *skb, u32 cookie)
{
	__skb_set_hash(skb, cookie, false, true);
}

/* A Mobility Header, behind one extension header at most. */
static bool dsmip_cookie_reader(const struct sk_buff *skb)
{
	u8 buffer, *next;

	switch (ipv6_hdr(skb)->nexthdr) {
	case IPPROTO_MH:
		return true;
	case IPPROTO_DSTOPTS:
	case IPPROTO_ROUTING:
		next = skb_header_pointer(skb, sizeof(struct ipv6hdr),
					  sizeof(buffer), &buffer);
		return next && *next == IPPROTO_MH;
	}
	return false;
}

static bool dsmip_cookie_came_by(const struct sk_buff *skb,
				 const struct net_device *dev)
{
	/* In a VRF the packet's device is that of the VRF. */
	return skb->dev == dev || inet6_sdif(skb) == dev->ifindex;
}

/* The cookie that a packet carries from one of our devices; 0 = none. */
static u32 dsmip_cookie_carried(const struct sk_buff *skb, struct net *net)
{
	struct dsmip_dev *dd;

	if (!skb->l4_hash || skb->sw_hash || !(skb->hash & DSMIP_COOKIE_FLAG))
		return 0;
	list_for_each_entry_rcu(dd, &dsmip_net(net)->devices, list)
		if (dsmip_cookie_came_by(skb, dd->dev))
			return dsmip_path_find(dd, skb->hash) ? skb->hash : 0;
	return 0;
}

/*
 * When signalling reaches its socket only cookies have the flag.  If a rule could
 * set the bit, plain signalling would look as if it came through a tunnel.
 */
static unsigned int dsmip_cookie_hand_over(void *priv, struct sk_buff *skb,
					   const struct nf_hook_state *state)
{
	u32 cookie;

	if (!dsmip_cookie_reader(skb))
		return NF_ACCEPT;
	cookie = dsmip_cookie_carried(skb, state->net);
	skb->mark = cookie ?: skb->mark & ~DSMIP_COOKIE_FLAG;
	return NF_ACCEPT;
}

static const struct nf_hook_ops dsmip_cookie_hook = {
	.hook		= dsmip_cookie_hand_over,
	.pf		= NFPROTO_IPV6,
	.hooknum	= NF_INET_LOCAL_IN,
	.priority	= NF_IP6_PRI_LAST,
};

/**
 * dsmip_cookie_hook_register - start to hand over cookies in a network namespace
 * @net: network namespace, which gets its first device
 *
 * Return: 0 or a negative error.
 */
int dsmip_cookie_hook_register(struct net *net)
{
	return nf_register_net_hook(net, &dsmip_cookie_hook);
}

/**
 * dsmip_cookie_hook_unregister - undo dsmip_cookie_hook_register()
 * @net: network namespace, which has lost its last device
 */
void dsmip_cookie_hook_unregister(struct net *net)
{
	nf_unregister_net_hook(net, &dsmip_cookie_hook);
}

/**
 * dsmip_cookie_asked - the cookie that the sender of a packet asked for
 * @skb: packet that is being sent
 *
 * Return: the mark of its socket if that is a cookie, else 0.
 */
u32 dsmip_cookie_asked(const struct sk_buff *skb)
{
	u32 mark;

	if (!skb->sk || !sk_fullsock(skb->sk))
		return 0;
	mark = READ_ONCE(skb->sk->sk_mark);
	return mark & DSMIP_COOKIE_FLAG ? mark : 0;
}

/**
 * dsmip_cookie_path - the path that a packet is to be sent over
 * @dd: device
 * @skb: packet that is being sent
 *
 * Context: RCU reader.
 * Return: the path of the cookie that the packet has as its mark, else that of
 * the cookie which its sender asked for; NULL if it has none that is live.
 */
struct dsmip_path *dsmip_cookie_path(struct dsmip_dev *dd,
				     const struct sk_buff *skb)
{
	struct dsmip_path *path = NULL;
	u32 asked;

	if (skb->mark & DSMIP_COOKIE_FLAG)
		path = dsmip_path_find(dd, skb->mark);
	if (path)
		return path;
	asked = dsmip_cookie_asked(skb);
	return asked && asked != skb->mark ? dsmip_path_find(dd, asked) : NULL;
}
