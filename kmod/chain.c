// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: receive of direct encapsulation.  The kernel's tunnel drivers share chains
 * of handlers for IP in IP.  The handler of this module runs first and leaves
 * packets alone that no device claims.
 */
#include <net/xfrm.h>

#include "icmp.h"
#include "tunnel.h"

/* Ahead of every handler in the kernel, which all have 0 or more. */
#define DSMIP_CHAIN_PRIORITY	(-10)

static int dsmip_chain_rcv(struct sk_buff *skb, u8 family)
{
	struct dsmip_net *dn = dsmip_net(dev_net(skb->dev));
	struct dsmip_dev *dd, *elsewhere = NULL;
	struct dsmip_arrival a;

	dsmip_arrival_init(&a, skb, family);
	list_for_each_entry_rcu(dd, &dn->devices, list) {
		const struct dsmip_settings *s = rcu_dereference(dd->settings);

		if (!dsmip_input_ours(s, &a))
			continue;
		if (!dsmip_underlay_takes(dd, s, skb, family))
			elsewhere = dd;
		else if (dsmip_input(dd, skb, &a))
			return 0;
	}
	/* Another driver may have a tunnel with these addresses in that VRF. */
	if (elsewhere)
		dsmip_count(elsewhere, DSMIP_C_RX_UNDERLAY);
	return -ENOENT;
}

static int dsmip_chain_rcv4(struct sk_buff *skb)
{
	return dsmip_chain_rcv(skb, AF_INET);
}

static int dsmip_chain_rcv6(struct sk_buff *skb)
{
	return dsmip_chain_rcv(skb, AF_INET6);
}

/*
 * Errors about outer packets.  A driver that shares the address gets the errors
 * that are not about packets of a device here.
 */
static int dsmip_chain_err(struct sk_buff *skb, u8 family, unsigned int offset)
{
	struct dsmip_net *dn = dsmip_net(dev_net(skb->dev));
	struct dsmip_dev *dd, *elsewhere = NULL;
	struct dsmip_icmp e;

	dsmip_icmp_read(skb, family, offset, &e);
	list_for_each_entry_rcu(dd, &dn->devices, list) {
		if (!dsmip_icmp_ours(dd, &e))
			continue;
		if (!dsmip_icmp_takes(dd, &e))
			elsewhere = dd;
		else if (dsmip_icmp(dd, skb, &e))
			return 0;
	}
	if (elsewhere)
		dsmip_count(elsewhere, DSMIP_C_ICMP_UNDERLAY);
	return -ENOENT;
}

static int dsmip_chain_err4(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;

	/* Errors about UDP also come here if no socket handles them. */
	if (iph->protocol == IPPROTO_UDP)
		return -ENOENT;
	return dsmip_chain_err(skb, AF_INET, iph->ihl * 4);
}

static int dsmip_chain_err6(struct sk_buff *skb, struct inet6_skb_parm *opt,
			    u8 type, u8 code, int offset, __be32 info)
{
	if (((const struct ipv6hdr *)skb->data)->nexthdr == IPPROTO_UDP)
		return -ENOENT;
	return dsmip_chain_err(skb, AF_INET6, offset);
}

/* A handler is an element of one list, so each chain needs its own. */
static struct xfrm_tunnel dsmip_chain_4in4 = {
	.handler	= dsmip_chain_rcv4,
	.err_handler	= dsmip_chain_err4,
	.priority	= DSMIP_CHAIN_PRIORITY,
};

static struct xfrm_tunnel dsmip_chain_6in4 = {
	.handler	= dsmip_chain_rcv4,
	.err_handler	= dsmip_chain_err4,
	.priority	= DSMIP_CHAIN_PRIORITY,
};

static struct xfrm6_tunnel dsmip_chain_6in6 = {
	.handler	= dsmip_chain_rcv6,
	.err_handler	= dsmip_chain_err6,
	.priority	= DSMIP_CHAIN_PRIORITY,
};

static struct xfrm6_tunnel dsmip_chain_4in6 = {
	.handler	= dsmip_chain_rcv6,
	.err_handler	= dsmip_chain_err6,
	.priority	= DSMIP_CHAIN_PRIORITY,
};

/**
 * dsmip_chains_register - join the chains of tunnel handlers
 *
 * Return: 0 or a negative error.
 */
int dsmip_chains_register(void)
{
	int err;

	err = xfrm4_tunnel_register(&dsmip_chain_4in4, AF_INET);
	if (err)
		return err;
	err = xfrm4_tunnel_register(&dsmip_chain_6in4, AF_INET6);
	if (err)
		goto err_4in4;
	err = xfrm6_tunnel_register(&dsmip_chain_6in6, AF_INET6);
	if (err)
		goto err_6in4;
	err = xfrm6_tunnel_register(&dsmip_chain_4in6, AF_INET);
	if (err)
		goto err_6in6;
	return 0;

err_6in6:
	xfrm6_tunnel_deregister(&dsmip_chain_6in6, AF_INET6);
err_6in4:
	xfrm4_tunnel_deregister(&dsmip_chain_6in4, AF_INET6);
err_4in4:
	xfrm4_tunnel_deregister(&dsmip_chain_4in4, AF_INET);
	return err;
}

/**
 * dsmip_chains_unregister - leave the chains; waits for packets in flight
 */
void dsmip_chains_unregister(void)
{
	xfrm6_tunnel_deregister(&dsmip_chain_4in6, AF_INET);
	xfrm6_tunnel_deregister(&dsmip_chain_6in6, AF_INET6);
	xfrm4_tunnel_deregister(&dsmip_chain_6in4, AF_INET6);
	xfrm4_tunnel_deregister(&dsmip_chain_4in4, AF_INET);
}
