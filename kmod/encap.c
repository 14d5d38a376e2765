// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: outer headers.  Every format is one of two outer families with, in
 * this order, a UDP header if asked for, a TLV header if asked for, and the
 * inner packet.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/ip6_tunnel.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "tunnel.h"

static bool dsmip_encap_is_udp(u8 encap)
{
	return encap != DSMIP_ENCAP_DIRECT;
}

static bool dsmip_encap_is_tlv(u8 encap)
{
	return encap == DSMIP_ENCAP_UDP_TLV ||
	       encap == DSMIP_ENCAP_UDP_TLV_DRAFT;
}

static u8 dsmip_encap_ipproto(u8 inner_family)
{
	return inner_family == AF_INET ? IPPROTO_IPIP : IPPROTO_IPV6;
}

/* Octets that stand before the inner packet. */
static unsigned int dsmip_encap_overhead(const struct dsmip_tunnel *t)
{
	unsigned int len;

	len = t->dst.family == AF_INET ? sizeof(struct iphdr) :
					 sizeof(struct ipv6hdr);
	if (dsmip_encap_is_udp(t->encap))
		len += sizeof(struct udphdr);
	if (dsmip_encap_is_tlv(t->encap))
		len += DSMIP_TLV_LEN;
	return len;
}

/* The draft's length has 8 bits; 0 says "see the UDP length". */
static void dsmip_encap_push_tlv(struct sk_buff *skb, u8 encap, u8 inner_family)
{
	unsigned int len = skb->len;
	u8 *tlv = skb_push(skb, DSMIP_TLV_LEN);

	memset(tlv, 0, DSMIP_TLV_LEN);
	if (encap == DSMIP_ENCAP_UDP_TLV) {
		tlv[1] = dsmip_encap_ipproto(inner_family);
		put_unaligned_be16(len, tlv + 2);
	} else {
		tlv[0] = inner_family == AF_INET ? 1 : 2;
		tlv[1] = len <= U8_MAX ? len : 0;
	}
}

static struct rtable *dsmip_encap_route4(const struct dsmip_tunnel *t,
					 __be32 *saddr)
{
	struct flowi4 fl4 = {
		.daddr = t->dst.in.s_addr,
		.saddr = t->src.in.s_addr,
		.flowi4_oif = t->link,
		.flowi4_mark = t->mark,
		.flowi4_proto = dsmip_encap_is_udp(t->encap) ? IPPROTO_UDP :
							       IPPROTO_IPIP,
		.fl4_sport = t->src.port,
		.fl4_dport = t->dst.port,
	};
	struct rtable *rt;

	if (t->cache) {
		rt = dst_cache_get_ip4(t->cache, saddr);
		if (rt)
			return rt;
	}
	rt = ip_route_output_key(t->dd->net, &fl4);
	if (IS_ERR(rt))
		return rt;
	if (rt->dst.dev == t->dd->dev) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	*saddr = fl4.saddr;
	if (t->cache)
		dst_cache_set_ip4(t->cache, &rt->dst, *saddr);
	return rt;
}

static struct dst_entry *dsmip_encap_route6(const struct dsmip_tunnel *t,
					    struct in6_addr *saddr)
{
	struct flowi6 fl6 = {
		.daddr = t->dst.in6,
		.saddr = t->src.in6,
		.flowi6_oif = t->link,
		.flowi6_mark = t->mark,
		.flowi6_proto = dsmip_encap_is_udp(t->encap) ? IPPROTO_UDP :
							       IPPROTO_IPV6,
		.fl6_sport = t->src.port,
		.fl6_dport = t->dst.port,
	};
	struct dst_entry *dst;

	if (t->cache) {
		dst = dst_cache_get_ip6(t->cache, saddr);
		if (dst)
			return dst;
	}
	/* Without the flag an interface is only a preference. */
	dst = ip6_route_output_flags(t->dd->net, NULL, &fl6,
				     t->link ? RT6_LOOKUP_F_IFACE : 0);
	if (dst->error) {
		int err = dst->error;

		dst_release(dst);
		return ERR_PTR(err);
	}
	if (dst->dev == t->dd->dev) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	/* Never from an address that has gone, as IPv4 routing sees to itself. */
	if (ipv6_addr_any(&fl6.saddr) ?
	    ipv6_dev_get_saddr(t->dd->net, dst->dev, &fl6.daddr, 0, &fl6.saddr) :
	    !ipv6_chk_addr(t->dd->net, &fl6.saddr, NULL, 0)) {
		dst_release(dst);
		return ERR_PTR(-EADDRNOTAVAIL);
	}
	*saddr = fl6.saddr;
	if (t->cache)
		dst_cache_set_ip6(t->cache, dst, saddr);
	return dst;
}

/* A packet to be segmented is judged by its segments. */
static bool dsmip_encap_fits(const struct sk_buff *skb, unsigned int mtu)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) :
				 skb->len <= mtu;
}

/*
 * RFC 2473, 7: a packet above the tunnel MTU is refused and its sender told
 * where the rules say so; others are fragmented in their outer header.
 */
static bool dsmip_encap_too_big(struct sk_buff *skb,
				const struct dsmip_inner *inner,
				unsigned int mtu)
{
	if (inner->family == AF_INET6)
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	else if (!inner->df)
		return false;

	if (dsmip_encap_fits(skb, mtu))
		return false;

	skb_dst_update_pmtu_no_confirm(skb, mtu);
	if (inner->family == AF_INET6) {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
		icmpv6_ndo_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	} else {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		icmp_ndo_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED,
			      htonl(mtu));
	}
	return true;
}

/*
 * Routers on the way may fragment the outer packet only if the inner one would
 * not be refused for its size; else their errors tell us the path MTU.
 */
static __be16 dsmip_encap_df(const struct sk_buff *skb,
			     const struct dsmip_inner *inner)
{
	bool df = inner->family == AF_INET ? inner->df :
					     !dsmip_encap_fits(skb, IPV6_MIN_MTU);

	return df ? htons(IP_DF) : 0;
}

/* Headroom, checksum and segmentation offload; then the TLV header. */
static int dsmip_encap_prepare(struct sk_buff *skb,
			       const struct dsmip_tunnel *t,
			       const struct dst_entry *dst, u8 inner_family)
{
	int gso, err;

	err = skb_cow_head(skb, LL_RESERVED_SPACE(dst->dev) + dst->header_len +
				dsmip_encap_overhead(t));
	if (err)
		return err;
	gso = t->dst.family == AF_INET ? SKB_GSO_IPXIP4 : SKB_GSO_IPXIP6;
	if (dsmip_encap_is_udp(t->encap))
		gso |= SKB_GSO_UDP_TUNNEL_CSUM;
	err = iptunnel_handle_offloads(skb, gso);
	if (err)
		return err;
	skb_set_inner_ipproto(skb, dsmip_encap_ipproto(inner_family));
	if (dsmip_encap_is_tlv(t->encap))
		dsmip_encap_push_tlv(skb, t->encap, inner_family);
	skb->mark = t->mark;
	return 0;
}

static void dsmip_encap_send4(struct sk_buff *skb, const struct dsmip_tunnel *t,
			      struct rtable *rt, __be32 saddr, u8 dsfield,
			      __be16 df, u8 inner_family, struct sock *sk)
{
	u8 ttl = ip4_dst_hoplimit(&rt->dst);

	if (dsmip_encap_is_udp(t->encap))
		dsmip_compat_udp_xmit4(rt, sk, skb, saddr, t->dst.in.s_addr,
				       dsfield, ttl, df, t->src.port,
				       t->dst.port);
	else
		dsmip_compat_ip_xmit4(rt, skb, saddr, t->dst.in.s_addr,
				      dsmip_encap_ipproto(inner_family),
				      dsfield, ttl, df);
}

static void dsmip_encap_send6(struct sk_buff *skb, const struct dsmip_tunnel *t,
			      struct dst_entry *dst, struct in6_addr *saddr,
			      u8 dsfield, u8 inner_family, struct sock *sk)
{
	struct in6_addr daddr = t->dst.in6;
	u8 ttl = ip6_dst_hoplimit(dst);
	struct ipv6hdr *ip6h;

	skb_scrub_packet(skb, false);
	/* Too big for the outer MTU, and let through: fragment here. */
	skb->ignore_df = 1;
	if (dsmip_encap_is_udp(t->encap)) {
		dsmip_compat_udp_xmit6(dst, sk, skb, t->dd->dev, saddr, &daddr,
				       dsfield, ttl, t->src.port, t->dst.port);
		return;
	}
	skb_clear_hash_if_not_l4(skb);
	skb_dst_set(skb, dst);
	skb_push(skb, sizeof(*ip6h));
	skb_reset_network_header(skb);
	ip6h = ipv6_hdr(skb);
	ip6_flow_hdr(ip6h, dsfield, 0);
	ip6h->nexthdr = dsmip_encap_ipproto(inner_family);
	ip6h->hop_limit = ttl;
	ip6h->saddr = *saddr;
	ip6h->daddr = daddr;
	dsmip_compat_ip_xmit6(skb, t->dd->dev);
}

static void dsmip_encap_one(struct sk_buff *skb, const struct dsmip_tunnel *t,
			    const struct dsmip_inner *inner)
{
	bool v4 = t->dst.family == AF_INET;
	unsigned int len = skb->len;
	struct in6_addr saddr6;
	struct dst_entry *dst;
	struct socket *sock;
	struct rtable *rt = NULL;
	__be32 saddr4;
	u8 dsfield;
	__be16 df;

	sock = v4 ? rcu_dereference(t->dd->sock4) : rcu_dereference(t->dd->sock6);
	if (dsmip_encap_is_udp(t->encap) && !sock) {
		dsmip_drop(t->dd, skb, DSMIP_C_TX_NO_SOCKET);
		return;
	}
	if (v4) {
		rt = dsmip_encap_route4(t, &saddr4);
		dst = IS_ERR(rt) ? ERR_CAST(rt) : &rt->dst;
	} else {
		dst = dsmip_encap_route6(t, &saddr6);
	}
	if (IS_ERR(dst)) {
		dsmip_drop(t->dd, skb, PTR_ERR(dst) == -ELOOP ?
			   DSMIP_C_TX_LOOP : DSMIP_C_TX_NO_ROUTE);
		return;
	}
	if (dsmip_encap_too_big(skb, inner,
				dst_mtu(dst) - dsmip_encap_overhead(t))) {
		dst_release(dst);
		dsmip_drop(t->dd, skb, DSMIP_C_TX_TOO_BIG);
		return;
	}
	df = dsmip_encap_df(skb, inner);
	if (dsmip_encap_prepare(skb, t, dst, inner->family)) {
		dst_release(dst);
		dsmip_drop(t->dd, skb, DSMIP_C_TX_NO_MEMORY);
		return;
	}
	if (t->binding)
		dsmip_binding_tx(t->binding, len);
	/* The hop limit is that of the tunnel, DSCP is copied, ECN as RFC 6040. */
	dsfield = INET_ECN_encapsulate(inner->dsfield, inner->dsfield);
	if (v4)
		dsmip_encap_send4(skb, t, rt, saddr4, dsfield, df,
				  inner->family, sock ? sock->sk : NULL);
	else
		dsmip_encap_send6(skb, t, dst, &saddr6, dsfield, inner->family,
				  sock ? sock->sk : NULL);
}

/* Each segment needs a TLV header with its own length. */
static void dsmip_encap_segments(struct sk_buff *skb,
				 const struct dsmip_tunnel *t,
				 const struct dsmip_inner *inner)
{
	struct sk_buff *segments, *next;

	segments = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segments)) {
		dsmip_drop(t->dd, skb, DSMIP_C_TX_SEGMENT);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segments, skb, next) {
		skb_mark_not_on_list(skb);
		dsmip_encap_one(skb, t, inner);
	}
}

/**
 * dsmip_encap - put the outer headers on a packet and send it
 * @skb: inner packet; consumed
 * @t: outer tuple
 * @inner: what its header says
 *
 * Under RCU, bottom halves off.
 */
void dsmip_encap(struct sk_buff *skb, const struct dsmip_tunnel *t,
		 const struct dsmip_inner *inner)
{
	if (skb_is_gso(skb) && dsmip_encap_is_tlv(t->encap))
		dsmip_encap_segments(skb, t, inner);
	else
		dsmip_encap_one(skb, t, inner);
}
