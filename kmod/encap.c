// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: outer headers.  Every encapsulation is an outer IPv4 or IPv6 header, then
 * an optional UDP header, an optional TLV header, and the inner packet.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/inetdevice.h>
#include <net/addrconf.h>
#include <net/fib_rules.h>
#include <net/icmp.h>
#include <net/inet_ecn.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/udp.h>
#include <net/xfrm.h>

#include "icmp.h"
#include "policy.h"
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

static unsigned int dsmip_encap_overhead(const struct dsmip_tunnel *t)
{
	return dsmip_overhead(t->dst.family, t->encap);
}

static u8 dsmip_encap_draft_type(u8 proto)
{
	switch (proto) {
	case IPPROTO_IPIP:
		return DSMIP_TLV_DRAFT_IPV4;
	case IPPROTO_IPV6:
		return DSMIP_TLV_DRAFT_IPV6;
	case IPPROTO_ESP:
		return DSMIP_TLV_DRAFT_ESP;
	}
	return DSMIP_TLV_DRAFT_GRE;
}

/* A packet that is segmented later has the TLV header of each segment. */
static void dsmip_encap_push_tlv(struct sk_buff *skb, u8 encap, u8 proto)
{
	u16 len = dsmip_tlv_length(encap, dsmip_gso_length(skb, 0));
	u8 *tlv = skb_push(skb, DSMIP_TLV_LEN);

	memset(tlv, 0, DSMIP_TLV_LEN);
	if (encap == DSMIP_ENCAP_UDP_TLV) {
		tlv[1] = proto;
		put_unaligned_be16(len, tlv + 2);
	} else {
		tlv[0] = dsmip_encap_draft_type(proto);
		tlv[1] = len;
	}
}

/* The IPsec policy of the host may require ESP around the outer packet, or forbid it. */
static struct dst_entry *dsmip_encap_policy(struct net *net,
					    struct dst_entry *dst,
					    const struct flowi *fl)
{
	dst = xfrm_lookup(net, dst, fl, NULL, 0);
	return IS_ERR(dst) ? ERR_PTR(-EPERM) : dst;
}

static struct dst_entry *dsmip_encap_lookup4(struct dsmip_tunnel *t, int oif,
					     const struct net_device *domain)
{
	struct flowi4 fl4 = {
		.daddr = t->dst.in.s_addr,
		.saddr = t->src.in.s_addr,
		.flowi4_oif = oif,
		.flowi4_mark = t->mark,
		.flowi4_proto = dsmip_encap_is_udp(t->encap) ? IPPROTO_UDP :
							       IPPROTO_IPIP,
		.fl4_sport = t->src.port,
		.fl4_dport = t->dst.port,
	};
	struct rtable *rt;

	/* Routing accepts a source address of any domain. */
	if (domain && fl4.saddr &&
	    inet_addr_type_dev_table(t->dd->net, domain, fl4.saddr) != RTN_LOCAL)
		return ERR_PTR(-EADDRNOTAVAIL);
	rt = __ip_route_output_key(t->dd->net, &fl4);
	if (IS_ERR(rt))
		return ERR_CAST(rt);
	if (!dsmip_underlay_has(t->dd, t->settings,
				dsmip_compat_dst_dev(&rt->dst))) {
		ip_rt_put(rt);
		return ERR_PTR(-EXDEV);
	}
	t->src.in.s_addr = fl4.saddr;
	return dsmip_encap_policy(t->dd->net, &rt->dst, flowi4_to_flowi(&fl4));
}

static struct dst_entry *dsmip_encap_lookup6(struct dsmip_tunnel *t, int oif,
					     const struct net_device *domain)
{
	struct flowi6 fl6 = {
		.daddr = t->dst.in6,
		.saddr = t->src.in6,
		.flowi6_oif = oif,
		.flowi6_mark = t->mark,
		.flowi6_proto = dsmip_encap_is_udp(t->encap) ? IPPROTO_UDP :
							       IPPROTO_IPV6,
		.fl6_sport = t->src.port,
		.fl6_dport = t->dst.port,
	};
	struct dst_entry *dst;

	/* Without this flag the interface is only a preference. */
	dst = ip6_route_output_flags(t->dd->net, NULL, &fl6,
				     oif ? RT6_LOOKUP_F_IFACE : 0);
	if (dst->error) {
		int err = dst->error;

		dst_release(dst);
		return ERR_PTR(err);
	}
	if (!dsmip_underlay_has(t->dd, t->settings, dsmip_compat_dst_dev(dst))) {
		dst_release(dst);
		return ERR_PTR(-EXDEV);
	}
	/* Never send from an address that was removed. IPv4 routing ensures this itself. */
	if (ipv6_addr_any(&fl6.saddr) ?
	    ipv6_dev_get_saddr(t->dd->net, dsmip_compat_dst_dev(dst), &fl6.daddr,
			       0, &fl6.saddr) :
	    !ipv6_chk_addr_and_flags(t->dd->net, &fl6.saddr, domain, true, 0,
				     IFA_F_TENTATIVE)) {
		dst_release(dst);
		return ERR_PTR(-EADDRNOTAVAIL);
	}
	t->src.in6 = fl6.saddr;
	return dsmip_encap_policy(t->dd->net, dst, flowi6_to_flowi(&fl6));
}

/**
 * dsmip_encap_lookup - look up the route of a tunnel
 * @t: outer tuple, link and mark; an all-zero source address is filled in
 *
 * Under RCU.
 *
 * Return: route, whose reference the caller owns; -EPERM: refused by IPsec
 * policy; -EXDEV: the underlay is gone, or the link or the route is not in it; or
 * another error.
 */
struct dst_entry *dsmip_encap_lookup(struct dsmip_tunnel *t)
{
	const struct net_device *domain;
	int oif = dsmip_underlay_oif(t->dd, t->settings, t->link, &domain);

	if (oif < 0)
		return ERR_PTR(oif);
	return t->dst.family == AF_INET ? dsmip_encap_lookup4(t, oif, domain) :
					  dsmip_encap_lookup6(t, oif, domain);
}

/*
 * A route into the device itself is valid for a care-of address in the network of
 * another node: one tunnel goes through the other.
 */
static bool dsmip_encap_loops(const struct dsmip_tunnel *t)
{
	const struct dsmip_endpoint *care_of;
	struct dsmip_node *node;

	care_of = t->settings->role == DSMIP_ROLE_HOME_AGENT ? &t->dst : &t->src;
	node = care_of->family == AF_INET ?
	       dsmip_node_find4(t->dd, care_of->in.s_addr) :
	       dsmip_node_find6(t->dd, &care_of->in6);
	return !node || (t->binding && t->binding->node == node);
}

/* Cache the route in the binding, unless routing has changed since the look-up. */
static void dsmip_encap_remember(const struct dsmip_tunnel *t,
				 struct dst_entry *dst, u32 generation)
{
	u32 cookie = 0;

	if (t->dst.family == AF_INET6)
		cookie = rt6_get_cookie((struct rt6_info *)dst);
	dsmip_binding_set_dst(t->binding, dst_clone(dst), cookie, generation);
	if (unlikely(READ_ONCE(t->dd->routes) != t->routes))
		dsmip_binding_drop_dst(t->binding);
}

/*
 * dst_check() detects all changes of IPv4 routing.  In IPv6 it detects a change of
 * the route itself, but not new policy rules, or new routes in tables that are
 * looked up earlier.  The stack counts both as the first step of a change.  So a
 * route may have been looked up between the count and the change; therefore no
 * route is used for more than a second.
 */
static u32 dsmip_encap_generation6(const struct net *net)
{
	u32 generation = atomic_read(&net->ipv6.fib6_sernum) + jiffies / HZ;

#ifdef CONFIG_IPV6_MULTIPLE_TABLES
	/* There is none where IPv6 is off. */
	if (likely(net->ipv6.fib6_rules_ops))
		generation += READ_ONCE(net->ipv6.fib6_rules_ops->fib_rules_seq);
#endif
	return generation;
}

/*
 * The routing generation of a route, for changes that dst_check() does not detect.
 * It must be read before the route is looked up.
 */
static u32 dsmip_encap_generation(const struct dsmip_tunnel *t)
{
	u32 generation = t->routes ^ (dsmip_underlay_any(t->dd) ? BIT(31) : 0);

	if (t->dst.family == AF_INET6)
		generation += dsmip_encap_generation6(t->dd->net);
	return generation;
}

/*
 * The route of a tunnel, valid in this RCU section; or an error.
 * @held: a reference comes along.
 */
static struct dst_entry *dsmip_encap_route(struct dsmip_tunnel *t, bool *held)
{
	u32 generation = dsmip_encap_generation(t);
	struct dst_entry *dst;

	*held = false;
	if (t->binding) {
		dst = dsmip_binding_dst(t->binding, generation);
		if (likely(dst))
			return dst;
	}
	/* The generation is never newer than the route. */
	smp_rmb();
	dst = dsmip_encap_lookup(t);
	if (IS_ERR(dst))
		return dst;
	if (dsmip_compat_dst_dev(dst) == t->dd->dev && dsmip_encap_loops(t)) {
		dst_release(dst);
		return ERR_PTR(-ELOOP);
	}
	*held = true;
	if (t->binding)
		dsmip_encap_remember(t, dst, generation);
	return dst;
}

/**
 * dsmip_encap_refuses - whether a packet must be refused for its size
 * @skb: inner packet, longer than @mtu
 * @inner: what its header says
 * @mtu: of the tunnel, or of the home link
 *
 * RFC 2473, 7: if the packet may not be fragmented it is refused and its sender
 * gets an error.  Otherwise its outer packet is fragmented.
 */
bool dsmip_encap_refuses(struct sk_buff *skb, const struct dsmip_inner *inner,
			 unsigned int mtu)
{
	if (!inner->df)
		return false;
	if (inner->family == AF_INET6)
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	if (dsmip_fits(skb, mtu))
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

/* For a tunnel in a tunnel the MTU of tunnels counts, not that of the device. */
static unsigned int dsmip_encap_path_mtu(const struct dsmip_tunnel *t,
					 const struct dst_entry *dst)
{
	unsigned int mtu = dst_mtu(dst);

	if (unlikely(dsmip_compat_dst_dev(dst) == t->dd->dev))
		mtu = min(mtu, READ_ONCE(t->dd->tunnel_mtu));
	return mtu;
}

/* Headroom, checksum and segmentation offload. */
static int dsmip_encap_prepare(struct sk_buff *skb,
			       const struct dsmip_tunnel *t,
			       const struct dst_entry *dst,
			       unsigned int overhead, u8 proto)
{
	const struct net_device *lower = dsmip_compat_dst_dev(dst);
	int gso, err;

	err = skb_cow_head(skb, LL_RESERVED_SPACE(lower) + dst->header_len +
				overhead);
	if (err)
		return err;
	if (dsmip_encap_is_udp(t->encap))
		gso = SKB_GSO_UDP_TUNNEL_CSUM;
	else
		gso = t->dst.family == AF_INET ? SKB_GSO_IPXIP4 : SKB_GSO_IPXIP6;
	err = iptunnel_handle_offloads(skb, gso);
	if (err)
		return err;
	if (dsmip_encap_is_udp(t->encap))
		skb_set_inner_protocol(skb, skb->protocol);
	else
		skb_set_inner_ipproto(skb, proto);
	return 0;
}

/*
 * The outer checksum is complete, except in packets that are segmented later.  If
 * the inner checksum is open, it is completed here, and the outer one follows from
 * it.  The reason: code that changes the outer header later, such as a NAT on this
 * host, assumes that CHECKSUM_PARTIAL is about the header it sees, and would
 * corrupt both.
 */
static int dsmip_encap_push_udp(struct sk_buff *skb,
				const struct dsmip_tunnel *t)
{
	bool open = skb->ip_summed == CHECKSUM_PARTIAL && !skb_is_gso(skb);
	struct udphdr *uh = skb_push(skb, sizeof(*uh));

	skb_reset_transport_header(skb);
	uh->source = t->src.port;
	uh->dest = t->dst.port;
	uh->len = htons(skb->len);
	if (t->dst.family == AF_INET)
		udp_set_csum(false, skb, t->src.in.s_addr, t->dst.in.s_addr,
			     skb->len);
	else
		udp6_set_csum(false, skb, &t->src.in6, &t->dst.in6, skb->len);
	if (!open)
		return 0;
	skb->encapsulation = 0;
	return skb_checksum_help(skb);
}

/*
 * A packet that may be fragmented takes the next identification of its binding,
 * @ident.  That is cheaper than the stack's, and reveals nothing about other
 * traffic.  With DF the value proves to icmp.c that the sender of an error has seen
 * the packet.
 */
static int dsmip_encap_send4(struct sk_buff *skb, const struct dsmip_tunnel *t,
			     u8 proto, u8 dsfield, bool df, u16 ident)
{
	const struct dst_entry *dst = skb_dst(skb);
	struct iphdr *iph = skb_push(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = dsfield;
	iph->frag_off = df && !ip_mtu_locked(dst) ? htons(IP_DF) : 0;
	iph->ttl = dsmip_policy_hop_limit4(t->settings, dst);
	iph->protocol = proto;
	iph->saddr = t->src.in.s_addr;
	iph->daddr = t->dst.in.s_addr;
	if (iph->frag_off && t->binding)
		ident = dsmip_label4(t->binding);
	iph->id = htons(ident);
	if (!t->binding)
		__ip_select_ident(t->dd->net, iph, 1);
	return ip_local_out(t->dd->net, NULL, skb);
}

static int dsmip_encap_send6(struct sk_buff *skb, const struct dsmip_tunnel *t,
			     u8 proto, u8 dsfield, __be32 label)
{
	struct ipv6hdr *ip6h = skb_push(skb, sizeof(*ip6h));

	skb_reset_network_header(skb);
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	/* Above the outer MTU, but not refused: fragment here. */
	skb->ignore_df = 1;
	ip6_flow_hdr(ip6h, dsfield, label);
	ip6h->payload_len = htons(skb->len - sizeof(*ip6h));
	ip6h->nexthdr = proto;
	ip6h->hop_limit = dsmip_policy_hop_limit6(t->settings, skb_dst(skb));
	ip6h->saddr = t->src.in6;
	ip6h->daddr = t->dst.in6;
	return ip6_local_out(t->dd->net, NULL, skb);
}

static bool dsmip_encap_socket(const struct dsmip_tunnel *t)
{
	if (!dsmip_encap_is_udp(t->encap))
		return true;
	return t->dst.family == AF_INET ? rcu_access_pointer(t->dd->sock4) :
					  rcu_access_pointer(t->dd->sock6);
}

static u16 dsmip_encap_count(const struct dsmip_tunnel *t,
			     unsigned int packets, unsigned int octets)
{
	if (packets > 1) {
		dsmip_count(t->dd, DSMIP_C_TX_GSO_PACKETS);
		dsmip_count_many(t->dd, DSMIP_C_TX_GSO_SEGMENTS, packets);
	}
	return t->binding ? dsmip_binding_tx(t->binding, packets, octets) : 0;
}

static enum dsmip_counter dsmip_encap_no_route(long err)
{
	switch (err) {
	case -ELOOP:
		return DSMIP_C_TX_LOOP;
	case -EPERM:
		return DSMIP_C_TX_POLICY;
	case -EXDEV:
		return DSMIP_C_TX_UNDERLAY;
	}
	return DSMIP_C_TX_NO_ROUTE;
}

static void dsmip_encap_one(struct sk_buff *skb, struct dsmip_tunnel *t,
			    const struct dsmip_inner *inner)
{
	unsigned int overhead = dsmip_encap_overhead(t);
	u8 proto = t->payload ?: dsmip_encap_ipproto(inner->family);
	bool v4 = t->dst.family == AF_INET;
	unsigned int packets, octets, mtu;
	int len = skb->len, err, drop;
	struct dst_entry *dst;
	__be32 label = 0;
	bool held, df;
	u16 ident;
	u8 dsfield;

	if (!dsmip_encap_socket(t)) {
		dsmip_drop(t->dd, skb, DSMIP_C_TX_NO_SOCKET);
		return;
	}
	dst = dsmip_encap_route(t, &held);
	if (IS_ERR(dst)) {
		dsmip_drop(t->dd, skb, dsmip_encap_no_route(PTR_ERR(dst)));
		return;
	}
	mtu = dsmip_encap_path_mtu(t, dst) - overhead +
	      (t->payload ? inner->header : 0);
	if (t->binding)
		dsmip_mtu_note(t->dd, t->binding, mtu);
	drop = DSMIP_C_TX_TOO_BIG;
	if (dsmip_encap_too_big(skb, inner,
				min(mtu, READ_ONCE(t->dd->tunnel_mtu))))
		goto drop;
	df = dsmip_policy_df(t->settings, skb, inner, mtu);
	dsmip_gso_traffic(skb, &packets, &octets);
	if (!v4)
		label = dsmip_label(t->dd, t->binding, skb, inner);
	if (t->payload)
		skb_pull(skb, inner->header);
	drop = DSMIP_C_TX_NO_MEMORY;
	if (dsmip_encap_prepare(skb, t, dst, overhead, proto))
		goto drop;
	ident = dsmip_encap_count(t, packets, octets);

	/* From here on it is a new packet of this host: clear mark, hooks and state. */
	skb_scrub_packet(skb, false);
	skb_clear_hash_if_not_l4(skb);
	skb->mark = t->mark;
	if (held)
		skb_dst_set(skb, dst);
	else
		skb_dst_set_noref(skb, dst);
	if (dsmip_encap_is_tlv(t->encap))
		dsmip_encap_push_tlv(skb, t->encap, proto);
	if (dsmip_encap_is_udp(t->encap)) {
		if (dsmip_encap_push_udp(skb, t)) {
			dsmip_drop(t->dd, skb, DSMIP_C_TX_NO_MEMORY);
			return;
		}
		proto = IPPROTO_UDP;
	}
	dsfield = dsmip_policy_dsfield(t->settings, inner->dsfield);
	err = v4 ? dsmip_encap_send4(skb, t, proto, dsfield, df, ident) :
		   dsmip_encap_send6(skb, t, proto, dsfield, label);
	iptunnel_xmit_stats(t->dd->dev, net_xmit_eval(err) ? 0 : len);
	return;

drop:
	if (held)
		dst_release(dst);
	dsmip_drop(t->dd, skb, drop);
}

/*
 * Segments that leave as one packet share one TLV header with one length; not every
 * packet can leave as one.
 */
static void dsmip_encap_segments(struct sk_buff *skb,
				 struct dsmip_tunnel *t,
				 const struct dsmip_inner *inner)
{
	struct sk_buff *parts, *part, *next;

	parts = dsmip_gso_split(skb, t->encap);
	if (IS_ERR(parts)) {
		dsmip_drop(t->dd, skb, DSMIP_C_TX_SEGMENT);
		return;
	}
	if (!parts) {
		dsmip_encap_one(skb, t, inner);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(parts, part, next) {
		skb_mark_not_on_list(part);
		dsmip_encap_one(part, t, inner);
	}
}

/* struct dsmip_encap_parts - the tunnel of the fragments of a packet */
struct dsmip_encap_parts {
	struct dsmip_split split;
	struct dsmip_tunnel *tunnel;
	const struct dsmip_inner *inner;
};

static int dsmip_encap_part(struct sk_buff *skb, struct dsmip_split *split)
{
	const struct dsmip_encap_parts *parts;

	parts = container_of(split, struct dsmip_encap_parts, split);
	dsmip_encap_one(skb, parts->tunnel, parts->inner);
	return 0;
}

/*
 * With a home link the stack passes packets that are too long for a tunnel.
 * Fragment those that may be fragmented, as the stack would have done.
 */
static bool dsmip_encap_splits(const struct sk_buff *skb,
			       const struct dsmip_tunnel *t,
			       const struct dsmip_inner *inner)
{
	return !inner->df && !t->payload &&
	       !dsmip_fits(skb, READ_ONCE(t->dd->tunnel_mtu));
}

static noinline_for_stack void dsmip_encap_split(struct sk_buff *skb,
						 struct dsmip_tunnel *t,
						 const struct dsmip_inner *inner)
{
	struct dsmip_encap_parts parts = {
		.split.send = dsmip_encap_part,
		.tunnel = t,
		.inner = inner,
	};

	dsmip_split(skb, t->dd, t->dd->dev, READ_ONCE(t->dd->tunnel_mtu),
		    &parts.split);
}

/**
 * dsmip_encap - put the outer headers on a packet and send it
 * @skb: inner packet; consumed
 * @t: outer tuple; an all-zero source address is filled in
 * @inner: what its header says
 *
 * Under RCU, bottom halves off.
 */
void dsmip_encap(struct sk_buff *skb, struct dsmip_tunnel *t,
		 const struct dsmip_inner *inner)
{
	if (skb->len > READ_ONCE(t->dd->tunnel_mtu) &&
	    dsmip_encap_splits(skb, t, inner))
		dsmip_encap_split(skb, t, inner);
	else if (skb_is_gso(skb) &&
		 (dsmip_encap_is_tlv(t->encap) || !dsmip_gso_keeps(skb)))
		dsmip_encap_segments(skb, t, inner);
	else
		dsmip_encap_one(skb, t, inner);
}
