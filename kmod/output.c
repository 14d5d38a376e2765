// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: transmit.  Chooses the outer tuple of a packet: that of a path cookie, or
 * that of a binding of its node.  encap.c adds the headers.
 */
#include <linux/icmpv6.h>

#include "passage.h"

/* A packet socket can send anything. */
static bool dsmip_output_valid(struct sk_buff *skb, struct dsmip_inner *inner)
{
	if (dsmip_inner_parse(skb, 0, inner))
		return false;
	if (skb->protocol != (inner->family == AF_INET ? htons(ETH_P_IP) :
							 htons(ETH_P_IPV6)))
		return false;
	/* The length of a packet that is segmented later may not fit its field. */
	return skb_is_gso(skb) || inner->len <= skb->len;
}

/* A tunnel packet in a loop; reads @inner again. */
static bool dsmip_output_loops(struct dsmip_dev *dd,
			       const struct dsmip_settings *s,
			       struct sk_buff *skb, struct dsmip_inner *inner)
{
	return dsmip_nested_deep(skb, 0, dd, s, true) ||
	       dsmip_inner_parse(skb, 0, inner);
}

static bool dsmip_is_link_local(const struct dsmip_endpoint *ep)
{
	return ep->family == AF_INET6 &&
	       (ipv6_addr_type(&ep->in6) & IPV6_ADDR_LINKLOCAL);
}

static void dsmip_output_home_agent(const struct dsmip_settings *s, u8 family,
				    struct dsmip_endpoint *ep)
{
	ep->family = AF_UNSPEC;
	if (family == AF_INET && s->home_agent4) {
		ep->family = AF_INET;
		ep->in.s_addr = s->home_agent4;
	} else if (family == AF_INET6 && !ipv6_addr_any(&s->home_agent6)) {
		ep->family = AF_INET6;
		ep->in6 = s->home_agent6;
	}
}

/* Link-local packets stay on their link (RFC 6275, 10.4.2). */
static int dsmip_output_scope(struct sk_buff *skb,
			      const struct dsmip_inner *inner)
{
	if (inner->family == AF_INET) {
		if (ipv4_is_multicast(inner->dst4) ||
		    ipv4_is_lbcast(inner->dst4))
			return DSMIP_C_TX_MULTICAST;
		return ipv4_is_linklocal_169(inner->dst4) ?
			DSMIP_C_TX_LINK_LOCAL : DSMIP_ACCEPT;
	}
	if (ipv6_addr_is_multicast(inner->dst6))
		return DSMIP_C_TX_MULTICAST;
	if (!(ipv6_addr_type(inner->dst6) & IPV6_ADDR_LINKLOCAL))
		return DSMIP_ACCEPT;
	/* icmpv6_send() never answers a multicast source. */
	icmpv6_ndo_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
	return DSMIP_C_TX_LINK_LOCAL;
}

/* A packet on a home agent's device that belongs to no node. */
static int dsmip_output_unknown(struct dsmip_dev *dd,
				const struct dsmip_settings *s,
				struct sk_buff *skb,
				const struct dsmip_inner *inner,
				struct dsmip_tunnel *t)
{
	int drop = dsmip_output_scope(skb, inner);

	if (drop >= 0)
		return drop;
	if (s->home_link) {
		t->dst.family = AF_PACKET;
		return DSMIP_ACCEPT;
	}
	dsmip_notify_unknown_home(dd, skb);
	return DSMIP_C_TX_NO_NODE;
}

static int dsmip_output_binding(struct dsmip_dev *dd,
				const struct dsmip_settings *s,
				struct sk_buff *skb,
				const struct dsmip_inner *inner,
				struct dsmip_tunnel *t)
{
	bool home_agent = s->role == DSMIP_ROLE_HOME_AGENT;
	struct dsmip_endpoint *near = &t->src, *far = &t->dst;
	struct dsmip_binding *b;
	struct dsmip_node *node;

	node = dsmip_inner_node(dd, inner, home_agent);
	if (!node)
		return home_agent ? dsmip_output_unknown(dd, s, skb, inner, t) :
				    DSMIP_C_TX_NO_NODE;
	b = dsmip_choose(dd, s, node, skb, inner);
	if (!b)
		return DSMIP_C_TX_NO_BINDING;
	t->binding = b;
	if (unlikely(b->care_of.family == AF_PACKET)) {
		far->family = AF_PACKET;
		return DSMIP_ACCEPT;
	}

	dsmip_output_home_agent(s, b->care_of.family, home_agent ? near : far);
	*(home_agent ? far : near) = b->care_of;
	if (near->family != far->family)
		return DSMIP_C_TX_NO_ADDRESS;
	near->port = READ_ONCE(dd->udp_port_bound);
	if (!home_agent)
		far->port = s->home_agent_port;
	t->encap = b->encap;
	t->link = b->link;
	return DSMIP_ACCEPT;
}

/*
 * A cookie that the socket asked for must be live.  Any other mark with the flag is
 * ignored.
 */
static int dsmip_output_path(struct dsmip_dev *dd, struct sk_buff *skb,
			     const struct dsmip_inner *inner,
			     struct dsmip_tunnel *t)
{
	struct dsmip_path *path = dsmip_cookie_path(dd, skb);

	if (!path)
		return dsmip_cookie_asked(skb) ? DSMIP_C_TX_COOKIE :
						 DSMIP_UNCLAIMED;
	if (!path->reusable && !ipv6_addr_equal(&path->inner, inner->dst6))
		return DSMIP_C_TX_COOKIE_INNER;
	if (!dsmip_path_use(path))
		return DSMIP_C_TX_COOKIE;
	t->src = path->local;
	t->dst = path->remote;
	t->encap = path->encap;
	if (!t->src.port)
		t->src.port = READ_ONCE(dd->udp_port_bound);
	/*
	 * The link of PATH_NEW was requested.  The link where a packet came in may
	 * differ from the one for packets to its sender.
	 */
	if (path->reusable || dsmip_is_link_local(&path->remote))
		t->link = path->link;
	dsmip_count(dd, DSMIP_C_SIGNALLING_OUT);
	return DSMIP_ACCEPT;
}

/* Whether the mark of a packet, or of the socket that sent it, may be a cookie. */
static bool dsmip_output_has_cookie(const struct sk_buff *skb)
{
	return (skb->mark & DSMIP_COOKIE_FLAG) ||
	       (skb->sk && dsmip_cookie_asked(skb));
}

/* DSMIP_UNCLAIMED: the packet takes a binding of its node. */
static int dsmip_output_cookie(struct dsmip_dev *dd,
			       const struct dsmip_settings *s,
			       struct sk_buff *skb,
			       const struct dsmip_inner *inner,
			       struct dsmip_tunnel *t)
{
	if (dsmip_payload_path(dd, skb, inner, t))
		return DSMIP_ACCEPT;
	return dsmip_passage_out(s, skb, inner) ?
	       dsmip_output_path(dd, skb, inner, t) : DSMIP_UNCLAIMED;
}

static int dsmip_output(struct dsmip_dev *dd, const struct dsmip_settings *s,
			struct sk_buff *skb, const struct dsmip_inner *inner,
			struct dsmip_tunnel *t)
{
	int verdict = DSMIP_UNCLAIMED;

	if (unlikely(dsmip_output_has_cookie(skb)))
		verdict = dsmip_output_cookie(dd, s, skb, inner, t);
	return verdict == DSMIP_UNCLAIMED ?
	       dsmip_output_binding(dd, s, skb, inner, t) : verdict;
}

/**
 * dsmip_xmit - ndo_start_xmit
 * @skb: inner packet
 * @dev: device
 */
netdev_tx_t dsmip_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct dsmip_dev *dd = netdev_priv(dev);
	struct dsmip_tunnel t = { .dd = dd };
	const struct dsmip_settings *s;
	struct dsmip_inner inner;
	int drop;

	rcu_read_lock();
	/* Pairs with the release in dsmip_settings_set(). */
	t.routes = smp_load_acquire(&dd->routes);
	s = rcu_dereference(dd->settings);
	skb_reset_network_header(skb);
	if (s->role == DSMIP_ROLE_UNSPEC)
		drop = DSMIP_C_TX_NO_ROLE;
	else if (!dsmip_output_valid(skb, &inner))
		drop = DSMIP_C_TX_MALFORMED;
	else if (dsmip_maybe_tunnel(skb, 0, &inner,
				    dsmip_home_agent_port(dd, s)) &&
		 dsmip_output_loops(dd, s, skb, &inner))
		drop = DSMIP_C_TX_LOOP;
	else
		drop = dsmip_output(dd, s, skb, &inner, &t);
	if (drop >= 0) {
		dsmip_drop(dd, skb, drop);
	} else if (unlikely(t.dst.family == AF_PACKET)) {
		if (t.binding)
			dsmip_homelink(skb, dd, t.binding, &inner);
		else
			dsmip_homelink_pass(skb, dd, s->home_link, &inner);
	} else {
		t.settings = s;
		t.mark = s->fwmark;
		dsmip_encap(skb, &t, &inner);
	}
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
