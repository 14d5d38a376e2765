// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: receive.  From the tunnel chains and from our UDP sockets to one
 * judgement, the ingress filter of RFC 6275, 10.4.5 and its mirror at a mobile
 * node, and then to the stack.
 */
#include <linux/icmp.h>
#include <linux/udp.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "tunnel.h"

/* Verdicts beside the counters, which all mean drop. */
#define DSMIP_ACCEPT	(-1)	/* the packet is good */
#define DSMIP_UNCLAIMED	(-2)	/* none of our business */

/*
 * struct dsmip_arrival - how a packet came
 * @from: outer source
 * @to: outer destination
 * @offset: of the inner packet from skb->data
 * @dsfield: of the outer header
 * @link: interface it came in by
 * @cookie: for signalling, once judged
 */
struct dsmip_arrival {
	struct dsmip_endpoint from;
	struct dsmip_endpoint to;
	struct dsmip_binding *binding;
	unsigned int offset;
	u32 link;
	u32 cookie;
	u8 encap;
	u8 dsfield;
};

static void dsmip_arrival_outer(const struct sk_buff *skb, u8 family,
				struct dsmip_arrival *a)
{
	a->from.family = family;
	a->to.family = family;
	a->link = skb->dev->ifindex;
	if (family == AF_INET) {
		a->from.in.s_addr = ip_hdr(skb)->saddr;
		a->to.in.s_addr = ip_hdr(skb)->daddr;
		a->dsfield = ip_hdr(skb)->tos;
	} else {
		a->from.in6 = ipv6_hdr(skb)->saddr;
		a->to.in6 = ipv6_hdr(skb)->daddr;
		a->dsfield = ipv6_get_dsfield(ipv6_hdr(skb));
	}
}

/* Whether the home agent's end of the outer tuple is that of this device. */
static bool dsmip_input_ours(const struct dsmip_settings *s,
			     const struct dsmip_arrival *a)
{
	const struct dsmip_endpoint *ep;

	if (s->role == DSMIP_ROLE_UNSPEC)
		return false;
	ep = s->role == DSMIP_ROLE_HOME_AGENT ? &a->to : &a->from;
	if (ep->family == AF_INET)
		return s->home_agent4 && ep->in.s_addr == s->home_agent4;
	return !ipv6_addr_any(&s->home_agent6) &&
	       ipv6_addr_equal(&ep->in6, &s->home_agent6);
}

static bool dsmip_input_address_bad(const struct dsmip_inner *inner)
{
	if (inner->family == AF_INET)
		return ipv4_is_multicast(inner->src4) ||
		       ipv4_is_lbcast(inner->src4) ||
		       ipv4_is_loopback(inner->src4) ||
		       ipv4_is_loopback(inner->dst4) ||
		       ipv4_is_zeronet(inner->src4);
	return ipv6_addr_is_multicast(inner->src6) ||
	       ipv6_addr_loopback(inner->src6) ||
	       ipv6_addr_loopback(inner->dst6) ||
	       ipv6_addr_any(inner->src6) || ipv6_addr_v4mapped(inner->src6);
}

/* Signalling gets in without a binding; its outer tuple is remembered. */
static int dsmip_input_signalling(struct dsmip_dev *dd,
				  const struct dsmip_settings *s,
				  const struct dsmip_inner *inner,
				  struct dsmip_arrival *a)
{
	struct dsmip_path path = {
		.remote = a->from,
		.local = a->to,
		.encap = a->encap,
		.link = a->link,
		.lifetime = s->cookie_lifetime,
		.inner = *inner->src6,
	};
	struct dsmip_node *node;

	a->cookie = dsmip_path_add(dd, &path);
	if (!a->cookie)
		return DSMIP_C_RX_NO_MEMORY;
	dsmip_count(dd, DSMIP_C_SIGNALLING_IN);
	if (s->role == DSMIP_ROLE_HOME_AGENT) {
		node = dsmip_node_find6(dd, inner->src6);
		if (node)
			a->binding = dsmip_node_match(node, &a->from);
		if (a->binding && a->binding->care_of.port != a->from.port)
			a->binding = NULL;
	}
	return DSMIP_ACCEPT;
}

/* The ingress filter of a home agent. */
static int dsmip_input_from_node(struct dsmip_dev *dd, struct dsmip_node *node,
				 struct dsmip_arrival *a)
{
	struct dsmip_binding *b = dsmip_node_match(node, &a->from);
	bool udp = a->encap != DSMIP_ENCAP_DIRECT;

	if (!b || (udp && b->care_of.port && b->care_of.port != a->from.port)) {
		dsmip_notify_unregistered(dd, &node->home.address, &a->from,
					  &a->to, a->encap);
		return DSMIP_C_RX_END_POINT;
	}
	/*
	 * Behind a NAT only the port tells this node from its neighbours.  Where
	 * there is none, UDP is as good as direct if the port is known.
	 */
	if (udp ? !b->care_of.port : b->encap != DSMIP_ENCAP_DIRECT)
		return DSMIP_C_RX_FORMAT;
	a->binding = b;
	return DSMIP_ACCEPT;
}

static int dsmip_input_judge(struct dsmip_dev *dd,
			     const struct dsmip_settings *s,
			     const struct dsmip_inner *inner,
			     struct dsmip_arrival *a)
{
	bool home_agent = s->role == DSMIP_ROLE_HOME_AGENT;
	struct dsmip_node *node;

	if (!home_agent && a->encap != DSMIP_ENCAP_DIRECT &&
	    a->from.port != s->home_agent_port)
		return DSMIP_C_RX_END_POINT;
	if (home_agent ? dsmip_signalling_to(inner, &s->home_agent6) :
			 dsmip_signalling_from(inner, &s->home_agent6)) {
		if (dsmip_input_address_bad(inner))
			return DSMIP_C_RX_INNER_ADDRESS;
		return dsmip_input_signalling(dd, s, inner, a);
	}
	if (inner->family == AF_INET6)
		node = dsmip_node_find6(dd, home_agent ? inner->src6 : inner->dst6);
	else
		node = dsmip_node_find4(dd, home_agent ? inner->src4 : inner->dst4);
	if (!node)
		return a->encap == DSMIP_ENCAP_DIRECT ? DSMIP_UNCLAIMED :
			dsmip_input_address_bad(inner) ?
			DSMIP_C_RX_INNER_ADDRESS : DSMIP_C_RX_NO_NODE;
	if (dsmip_input_address_bad(inner))
		return DSMIP_C_RX_INNER_ADDRESS;
	if (dsmip_inner_nested(inner))
		return DSMIP_C_RX_NESTED;
	if (home_agent)
		return dsmip_input_from_node(dd, node, a);
	a->binding = dsmip_node_match(node, &a->to);
	return DSMIP_ACCEPT;
}

static void dsmip_input_deliver(struct dsmip_dev *dd, struct sk_buff *skb,
				const struct dsmip_inner *inner,
				const struct dsmip_arrival *a)
{
	__be16 proto = htons(inner->family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	unsigned int len = inner->len;
	u8 dsfield = inner->dsfield;

	if (!(dd->dev->flags & IFF_UP)) {
		dsmip_drop(dd, skb, DSMIP_C_RX_DEVICE_DOWN);
		return;
	}
	if (pskb_trim_rcsum(skb, a->offset + len) ||
	    iptunnel_pull_header(skb, a->offset, proto, false)) {
		dsmip_drop(dd, skb, DSMIP_C_RX_NO_MEMORY);
		return;
	}
	skb_reset_network_header(skb);
	skb_reset_mac_header(skb);
	skb->mac_len = 0;
	if (INET_ECN_decapsulate(skb, a->dsfield, dsfield) > 1) {
		dsmip_drop(dd, skb, DSMIP_C_RX_ECN);
		return;
	}
	skb->dev = dd->dev;
	skb->pkt_type = PACKET_HOST;
	skb->mark = a->cookie;
	if (a->binding)
		dsmip_binding_rx(a->binding, len);
	dev_sw_netstats_rx_add(dd->dev, len);
	gro_cells_receive(&dd->gro_cells, skb);
}

/* Returns whether the packet was ours, and so is consumed. */
static bool dsmip_input(struct dsmip_dev *dd, struct sk_buff *skb,
			struct dsmip_arrival *a)
{
	const struct dsmip_settings *s = rcu_dereference(dd->settings);
	struct dsmip_inner inner;
	int verdict, err;

	err = dsmip_inner_parse(skb, a->offset, &inner);
	if (err == -EPROTO)
		verdict = DSMIP_C_RX_INNER_VERSION;
	else if (err)
		verdict = DSMIP_C_RX_INNER_HEADER;
	else if (inner.len > skb->len - a->offset)
		verdict = DSMIP_C_RX_TRUNCATED;
	else
		verdict = dsmip_input_judge(dd, s, &inner, a);
	if (verdict == DSMIP_UNCLAIMED ||
	    (err && a->encap == DSMIP_ENCAP_DIRECT))
		return false;
	if (verdict == DSMIP_ACCEPT)
		dsmip_input_deliver(dd, skb, &inner, a);
	else
		dsmip_drop(dd, skb, verdict);
	return true;
}

static int dsmip_direct_rcv(struct sk_buff *skb, u8 outer_family)
{
	struct dsmip_net *dn = dsmip_net(dev_net(skb->dev));
	struct dsmip_arrival a = { .encap = DSMIP_ENCAP_DIRECT };
	struct dsmip_dev *dd;

	dsmip_arrival_outer(skb, outer_family, &a);
	list_for_each_entry_rcu(dd, &dn->devices, list)
		if (dsmip_input_ours(rcu_dereference(dd->settings), &a) &&
		    dsmip_input(dd, skb, &a))
			return 0;
	return -1;
}

static int dsmip_direct_rcv4(struct sk_buff *skb)
{
	return dsmip_direct_rcv(skb, AF_INET);
}

static int dsmip_direct_rcv6(struct sk_buff *skb)
{
	return dsmip_direct_rcv(skb, AF_INET6);
}

/*
 * The TLV header at @offset (R-TLV): 0 and how far the inner packet is, or the
 * cause of a drop.
 */
static int dsmip_udp_tlv(struct sk_buff *skb, unsigned int offset,
			 struct dsmip_arrival *a)
{
	unsigned int len;
	const u8 *tlv;

	if (!pskb_may_pull(skb, offset + DSMIP_TLV_LEN + 1))
		return DSMIP_C_RX_TRUNCATED;
	tlv = skb->data + offset;
	len = skb->len - offset - DSMIP_TLV_LEN;
	a->offset = offset + DSMIP_TLV_LEN;
	if (!tlv[0]) {		/* RFC 5845: next header, 16-bit length */
		a->encap = DSMIP_ENCAP_UDP_TLV;
		if (get_unaligned_be16(tlv + 2) != len)
			return DSMIP_C_RX_TLV_LENGTH;
		if (tlv[1] == IPPROTO_IPIP)
			return tlv[4] >> 4 == 4 ? DSMIP_ACCEPT : DSMIP_C_RX_TLV_TYPE;
		if (tlv[1] == IPPROTO_IPV6)
			return tlv[4] >> 4 == 6 ? DSMIP_ACCEPT : DSMIP_C_RX_TLV_TYPE;
		return DSMIP_C_RX_TLV_TYPE;
	}
	a->encap = DSMIP_ENCAP_UDP_TLV_DRAFT;
	if (tlv[1] && tlv[1] != len)
		return DSMIP_C_RX_TLV_LENGTH;
	if ((tlv[0] == 1 && tlv[4] >> 4 == 4) ||
	    (tlv[0] == 2 && tlv[4] >> 4 == 6))
		return DSMIP_ACCEPT;
	return DSMIP_C_RX_TLV_TYPE;
}

static int dsmip_udp_judge(struct dsmip_dev *dd, struct sk_buff *skb,
			   struct dsmip_arrival *a)
{
	const unsigned int offset = sizeof(struct udphdr);
	u8 first;

	if (skb->len <= offset || !pskb_may_pull(skb, offset + 1))
		return DSMIP_C_RX_TRUNCATED;
	first = skb->data[offset];
	if (first >> 4 == 4 || first >> 4 == 6) {
		a->encap = DSMIP_ENCAP_UDP;
		a->offset = offset;
		return DSMIP_ACCEPT;
	}
	if (first <= 4)
		return dsmip_udp_tlv(skb, offset, a);
	if (first == 0xff && skb->len == offset + 1)
		return DSMIP_C_KEEPALIVE_IN;
	return DSMIP_C_RX_INNER_VERSION;
}

/**
 * dsmip_udp_rcv - encap_rcv of our sockets; everything to our port is ours
 * @sk: socket
 * @skb: packet, data at the UDP header
 *
 * Return: 0, the packet is consumed.
 */
int dsmip_udp_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct dsmip_dev *dd = rcu_dereference_sk_user_data(sk);
	struct dsmip_arrival a = {};
	int verdict;

	if (!dd) {
		kfree_skb(skb);
		return 0;
	}
	dsmip_arrival_outer(skb, ip_hdr(skb)->version == 4 ? AF_INET : AF_INET6,
			    &a);
	a.from.port = udp_hdr(skb)->source;
	a.to.port = udp_hdr(skb)->dest;
	verdict = dsmip_udp_judge(dd, skb, &a);
	if (verdict == DSMIP_C_KEEPALIVE_IN) {
		dsmip_count(dd, DSMIP_C_KEEPALIVE_IN);
		consume_skb(skb);
	} else if (verdict != DSMIP_ACCEPT) {
		dsmip_drop(dd, skb, verdict);
	} else if (!dsmip_input_ours(rcu_dereference(dd->settings), &a)) {
		dsmip_drop(dd, skb, rcu_dereference(dd->settings)->role ==
			   DSMIP_ROLE_UNSPEC ? DSMIP_C_RX_NO_ROLE :
			   DSMIP_C_RX_END_POINT);
	} else {
		dsmip_input(dd, skb, &a);
	}
	return 0;
}

/* Errors about our own outer packets: learn the path MTU (ICMP-1). */
static int dsmip_direct_err4(struct sk_buff *skb, u32 info)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	struct dsmip_net *dn = dsmip_net(dev_net(skb->dev));
	struct dsmip_arrival a = {
		.from = { .family = AF_INET, .in.s_addr = iph->daddr },
		.to = { .family = AF_INET, .in.s_addr = iph->saddr },
	};
	struct dsmip_dev *dd;

	if (icmp_hdr(skb)->type != ICMP_DEST_UNREACH ||
	    icmp_hdr(skb)->code != ICMP_FRAG_NEEDED)
		return -ENOENT;
	list_for_each_entry_rcu(dd, &dn->devices, list) {
		if (!dsmip_input_ours(rcu_dereference(dd->settings), &a))
			continue;
		ipv4_update_pmtu(skb, dev_net(skb->dev), info, 0,
				 iph->protocol);
		return 0;
	}
	return -ENOENT;
}

static int dsmip_direct_err6(struct sk_buff *skb, struct inet6_skb_parm *opt,
			     u8 type, u8 code, int offset, __be32 info)
{
	const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;
	struct dsmip_net *dn = dsmip_net(dev_net(skb->dev));
	struct dsmip_arrival a = {
		.from = { .family = AF_INET6, .in6 = ip6h->daddr },
		.to = { .family = AF_INET6, .in6 = ip6h->saddr },
	};
	struct dsmip_dev *dd;

	if (type != ICMPV6_PKT_TOOBIG)
		return -ENOENT;
	list_for_each_entry_rcu(dd, &dn->devices, list) {
		if (!dsmip_input_ours(rcu_dereference(dd->settings), &a))
			continue;
		ip6_update_pmtu(skb, dev_net(skb->dev), info, 0, 0,
				sock_net_uid(dev_net(skb->dev), NULL));
		return 0;
	}
	return -ENOENT;
}

/* Ahead of every tunnel driver of the kernel; lower runs first. */
#define DSMIP_TUNNEL_PRIORITY	(-10)

static struct xfrm_tunnel dsmip_tunnel4 = {
	.handler = dsmip_direct_rcv4,
	.err_handler = dsmip_direct_err4,
	.priority = DSMIP_TUNNEL_PRIORITY,
};

static struct xfrm_tunnel dsmip_tunnel64 = {
	.handler = dsmip_direct_rcv4,
	.err_handler = dsmip_direct_err4,
	.priority = DSMIP_TUNNEL_PRIORITY,
};

static struct xfrm6_tunnel dsmip_tunnel6 = {
	.handler = dsmip_direct_rcv6,
	.err_handler = dsmip_direct_err6,
	.priority = DSMIP_TUNNEL_PRIORITY,
};

static struct xfrm6_tunnel dsmip_tunnel46 = {
	.handler = dsmip_direct_rcv6,
	.err_handler = dsmip_direct_err6,
	.priority = DSMIP_TUNNEL_PRIORITY,
};

/**
 * dsmip_input_register - hook into the tunnel chains
 *
 * Return: 0 or a negative error.
 */
int dsmip_input_register(void)
{
	int err;

	err = xfrm4_tunnel_register(&dsmip_tunnel4, AF_INET);
	if (err)
		return err;
	err = xfrm4_tunnel_register(&dsmip_tunnel64, AF_INET6);
	if (err)
		goto err_tunnel4;
	err = xfrm6_tunnel_register(&dsmip_tunnel6, AF_INET6);
	if (err)
		goto err_tunnel64;
	err = xfrm6_tunnel_register(&dsmip_tunnel46, AF_INET);
	if (err)
		goto err_tunnel6;
	return 0;

err_tunnel6:
	xfrm6_tunnel_deregister(&dsmip_tunnel6, AF_INET6);
err_tunnel64:
	xfrm4_tunnel_deregister(&dsmip_tunnel64, AF_INET6);
err_tunnel4:
	xfrm4_tunnel_deregister(&dsmip_tunnel4, AF_INET);
	return err;
}

/**
 * dsmip_input_unregister - leave the tunnel chains; waits for packets under way
 */
void dsmip_input_unregister(void)
{
	xfrm6_tunnel_deregister(&dsmip_tunnel46, AF_INET);
	xfrm6_tunnel_deregister(&dsmip_tunnel6, AF_INET6);
	xfrm4_tunnel_deregister(&dsmip_tunnel64, AF_INET6);
	xfrm4_tunnel_deregister(&dsmip_tunnel4, AF_INET);
}
