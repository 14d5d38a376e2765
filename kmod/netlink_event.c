// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: events that are not caused by requests.
 */
#include <linux/ip.h>

#include "family.h"

static struct sk_buff *dsmip_event_new(struct dsmip_dev *dd, u8 cmd, size_t size,
				       void **hdr, gfp_t gfp)
{
	struct sk_buff *skb = genlmsg_new(nla_total_size(sizeof(u32)) + size, gfp);

	if (!skb)
		return NULL;
	*hdr = genlmsg_put(skb, 0, 0, &dsmip_family, 0, cmd);
	if (!*hdr || nla_put_u32(skb, DSMIP_A_IFINDEX, dd->dev->ifindex)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

static void dsmip_event_send(struct dsmip_dev *dd, struct sk_buff *skb, void *hdr,
			     gfp_t gfp)
{
	genlmsg_end(skb, hdr);
	genlmsg_multicast_netns(&dsmip_family, dd->net, skb, 0, 0, gfp);
}

static bool dsmip_heard(struct dsmip_dev *dd)
{
	return genl_has_listeners(&dsmip_family, dd->net, 0);
}

static int dsmip_put_node_begin(struct sk_buff *skb, const struct in6_addr *home,
				struct nlattr **nest)
{
	*nest = nla_nest_start(skb, DSMIP_A_NODE);
	if (!*nest)
		return -EMSGSIZE;
	return nla_put_in6_addr(skb, DSMIP_NODE_A_HOME_ADDRESS, home);
}

/**
 * dsmip_notify_expired - event: the lifetime of a binding ended
 * @dd: device, its lock is held
 * @node: node
 * @b: binding, not freed yet
 */
void dsmip_notify_expired(struct dsmip_dev *dd, const struct dsmip_node *node,
			  const struct dsmip_binding *b)
{
	struct nlattr *nest;
	struct sk_buff *skb;
	void *hdr;

	if (!dsmip_heard(dd))
		return;
	skb = dsmip_event_new(dd, DSMIP_CMD_BINDING_EXPIRED,
			      nla_total_size(0) +
			      nla_total_size(sizeof(struct in6_addr)) +
			      dsmip_binding_size(), &hdr, GFP_KERNEL);
	if (!skb)
		return;
	if (WARN_ON_ONCE(dsmip_put_node_begin(skb, &node->home.address, &nest) ||
			 dsmip_put_binding(skb, b))) {
		nlmsg_free(skb);
		return;
	}
	nla_nest_end(skb, nest);
	dsmip_event_send(dd, skb, hdr, GFP_KERNEL);
}

static int dsmip_put_tuple(struct sk_buff *skb, const struct dsmip_endpoint *from,
			   const struct dsmip_endpoint *to, u8 encap)
{
	struct nlattr *nest = nla_nest_start(skb, DSMIP_A_PATH);

	if (!nest ||
	    dsmip_put_endpoint(skb, DSMIP_PATH_A_REMOTE4, DSMIP_PATH_A_REMOTE6,
			       from) ||
	    dsmip_put_endpoint(skb, DSMIP_PATH_A_LOCAL4, DSMIP_PATH_A_LOCAL6, to))
		return -EMSGSIZE;
	if (encap != DSMIP_ENCAP_DIRECT &&
	    (nla_put_be16(skb, DSMIP_PATH_A_REMOTE_PORT, from->port) ||
	     nla_put_be16(skb, DSMIP_PATH_A_LOCAL_PORT, to->port)))
		return -EMSGSIZE;
	if (nla_put_u8(skb, DSMIP_PATH_A_ENCAP, encap))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * dsmip_notify_unregistered - event: packet of a node from an address or port that
 *	is in none of its bindings
 * @dd: device
 * @home: IPv6 home address of the node
 * @from: outer source
 * @to: outer destination
 * @encap: &enum dsmip_encap
 *
 * Context: any; rate limited.
 */
void dsmip_notify_unregistered(struct dsmip_dev *dd, const struct in6_addr *home,
			       const struct dsmip_endpoint *from,
			       const struct dsmip_endpoint *to, u8 encap)
{
	struct nlattr *nest;
	struct sk_buff *skb;
	void *hdr;

	if (!dsmip_heard(dd) || !__ratelimit(&dd->unregistered_limit))
		return;
	skb = dsmip_event_new(dd, DSMIP_CMD_UNREGISTERED,
			      2 * nla_total_size(0) +
			      3 * nla_total_size(sizeof(struct in6_addr)) +
			      2 * nla_total_size(sizeof(__be16)) +
			      nla_total_size(sizeof(u8)), &hdr, GFP_ATOMIC);
	if (!skb)
		return;
	if (dsmip_put_node_begin(skb, home, &nest))
		goto too_small;
	nla_nest_end(skb, nest);
	if (dsmip_put_tuple(skb, from, to, encap))
		goto too_small;
	dsmip_event_send(dd, skb, hdr, GFP_ATOMIC);
	return;

too_small:
	WARN_ON_ONCE(1);
	nlmsg_free(skb);
}

/**
 * dsmip_notify_unknown_home - event: packet for a home address without node
 * @dd: device
 * @skb: packet, network header set and in the linear part
 *
 * The address is the one that the role of the device looks up on transmit.
 *
 * Context: RCU reader; rate limited.
 */
void dsmip_notify_unknown_home(struct dsmip_dev *dd, const struct sk_buff *skb)
{
	const struct dsmip_settings *s = rcu_dereference(dd->settings);
	bool mobile_node = s->role == DSMIP_ROLE_MOBILE_NODE;
	struct sk_buff *event;
	void *hdr;
	int err;

	if (!dsmip_heard(dd) || !__ratelimit(&dd->unknown_limit))
		return;
	event = dsmip_event_new(dd, DSMIP_CMD_UNKNOWN_HOME,
				nla_total_size(sizeof(struct in6_addr)),
				&hdr, GFP_ATOMIC);
	if (!event)
		return;
	if (skb->protocol == htons(ETH_P_IP)) {
		const struct iphdr *ip = ip_hdr(skb);

		err = nla_put_in_addr(event, DSMIP_A_ADDRESS4,
				      mobile_node ? ip->saddr : ip->daddr);
	} else {
		const struct ipv6hdr *ip = ipv6_hdr(skb);

		err = nla_put_in6_addr(event, DSMIP_A_ADDRESS6,
				       mobile_node ? &ip->saddr : &ip->daddr);
	}
	if (WARN_ON_ONCE(err)) {
		nlmsg_free(event);
		return;
	}
	dsmip_event_send(dd, event, hdr, GFP_ATOMIC);
}

/**
 * dsmip_notify_gone - event: a device was removed
 * @dd: device; still has its name
 */
void dsmip_notify_gone(struct dsmip_dev *dd)
{
	struct sk_buff *event;
	void *hdr;

	if (!dsmip_heard(dd))
		return;
	event = dsmip_event_new(dd, DSMIP_CMD_DEVICE_GONE,
				nla_total_size(IFNAMSIZ), &hdr, GFP_KERNEL);
	if (!event)
		return;
	if (WARN_ON_ONCE(nla_put_string(event, DSMIP_A_IFNAME, dd->dev->name))) {
		nlmsg_free(event);
		return;
	}
	dsmip_event_send(dd, event, hdr, GFP_KERNEL);
}

/**
 * dsmip_notify_path_mtu - event: the tunnel MTU of a binding changed
 * @dd: device
 * @b: binding
 * @mtu: new value
 *
 * Context: RCU reader; rate limited.
 */
void dsmip_notify_path_mtu(struct dsmip_dev *dd, const struct dsmip_binding *b,
			   unsigned int mtu)
{
	struct nlattr *node, *binding;
	struct sk_buff *skb;
	void *hdr;

	if (!dsmip_heard(dd) || !__ratelimit(&dd->path_mtu_limit))
		return;
	skb = dsmip_event_new(dd, DSMIP_CMD_PATH_MTU,
			      2 * nla_total_size(0) +
			      nla_total_size(sizeof(struct in6_addr)) +
			      nla_total_size(sizeof(u16)) +
			      nla_total_size(sizeof(u32)), &hdr, GFP_ATOMIC);
	if (!skb)
		return;
	if (dsmip_put_node_begin(skb, &b->node->home.address, &node))
		goto too_small;
	binding = nla_nest_start(skb, DSMIP_NODE_A_BINDING);
	if (!binding || nla_put_u16(skb, DSMIP_BINDING_A_BID, b->bid) ||
	    nla_put_u32(skb, DSMIP_BINDING_A_MTU, mtu))
		goto too_small;
	nla_nest_end(skb, binding);
	nla_nest_end(skb, node);
	dsmip_event_send(dd, skb, hdr, GFP_ATOMIC);
	return;

too_small:
	WARN_ON_ONCE(1);
	nlmsg_free(skb);
}
