// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: ICMP errors about outer packets (RFC 2473, section 8, and the same for
 * IPv4).  The sender of an inner packet does not know the tunnel.  So an error of a
 * router inside the tunnel is relayed to him as if this end of the tunnel had sent
 * it.
 *
 * An error is believed only if it quotes a packet that this host sent: outer
 * addresses and ports of a binding that sent lately, an inner address of its node,
 * and the secret value of label.c.  Any other error changes nothing, so nobody off
 * the path can lower a path MTU.  A rate limit applies before the route look-up.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip6_tunnel.h>
#include <net/icmp.h>
#include <net/ip6_route.h>
#include <net/ip_tunnels.h>
#include <net/route.h>

#include "icmp.h"
#include "tunnel.h"

/* Both ICMP headers have this length; the quoted packet follows. */
#define DSMIP_ICMP_HEADER	8

/* Longest time from a packet to an error about it, jiffies. */
#define DSMIP_ICMP_LATELY	(10 * HZ)

/*
 * The identifications of this many segments of one packet are accepted: enough for
 * 64 KiB.  All segments but the last are equally long, so errors also come about
 * the first ones.
 */
#define DSMIP_ICMP_SEGMENTS	64

static void dsmip_icmp_kind4(const struct sk_buff *skb, struct dsmip_icmp *e)
{
	const struct icmphdr *icmp;

	icmp = (const struct icmphdr *)(skb->data - DSMIP_ICMP_HEADER);
	if (icmp->type == ICMP_DEST_UNREACH && icmp->code == ICMP_FRAG_NEEDED) {
		e->kind = DSMIP_ICMP_TOO_BIG;
		e->mtu = ntohs(icmp->un.frag.mtu);
	} else if (icmp->type == ICMP_DEST_UNREACH ||
		   (icmp->type == ICMP_TIME_EXCEEDED &&
		    icmp->code == ICMP_EXC_TTL)) {
		e->kind = DSMIP_ICMP_UNREACHABLE;
	}
}

/* The pointer points at the limit in a Tunnel Encapsulation Limit option. */
static bool dsmip_icmp_encap_limit(const struct sk_buff *skb, u32 pointer,
				   unsigned int offset)
{
	u8 buffer[2], *option;

	if (pointer < sizeof(struct ipv6hdr) + 2 || pointer >= offset)
		return false;
	option = skb_header_pointer(skb, pointer - 2, sizeof(buffer), buffer);
	return option && option[0] == IPV6_TLV_TNL_ENCAP_LIMIT && option[1] == 1;
}

static void dsmip_icmp_kind6(const struct sk_buff *skb, unsigned int offset,
			     struct dsmip_icmp *e)
{
	const struct icmp6hdr *icmp;

	icmp = (const struct icmp6hdr *)(skb->data - DSMIP_ICMP_HEADER);
	switch (icmp->icmp6_type) {
	case ICMPV6_PKT_TOOBIG:
		e->kind = DSMIP_ICMP_TOO_BIG;
		e->mtu = ntohl(icmp->icmp6_mtu);
		break;
	case ICMPV6_DEST_UNREACH:
		e->kind = DSMIP_ICMP_UNREACHABLE;
		break;
	case ICMPV6_TIME_EXCEED:
		if (icmp->icmp6_code == ICMPV6_EXC_HOPLIMIT)
			e->kind = DSMIP_ICMP_UNREACHABLE;
		break;
	case ICMPV6_PARAMPROB:
		if (icmp->icmp6_code == ICMPV6_HDR_FIELD &&
		    dsmip_icmp_encap_limit(skb, ntohl(icmp->icmp6_pointer),
					   offset))
			e->kind = DSMIP_ICMP_UNREACHABLE;
		break;
	}
}

/**
 * dsmip_icmp_read - read an ICMP error
 * @skb: data at the quoted outer header, the ICMP header before it
 * @family: of the quoted outer header
 * @offset: of the data after the quoted outer IP header, from skb->data
 * @e: result
 */
void dsmip_icmp_read(const struct sk_buff *skb, u8 family, unsigned int offset,
		     struct dsmip_icmp *e)
{
	memset(e, 0, sizeof(*e));
	e->near.family = family;
	e->far.family = family;
	e->in = dsmip_ingress_of(skb, family);
	e->offset = offset;
	e->encap = DSMIP_ENCAP_DIRECT;
	if (family == AF_INET) {
		const struct iphdr *iph = (const struct iphdr *)skb->data;

		e->near.in.s_addr = iph->saddr;
		e->far.in.s_addr = iph->daddr;
		/* In later fragments no header follows. */
		e->truncated = iph->frag_off & htons(IP_OFFSET);
		e->df = iph->frag_off & htons(IP_DF);
		e->ident = ntohs(iph->id);
		dsmip_icmp_kind4(skb, e);
	} else {
		const struct ipv6hdr *ip6h = (const struct ipv6hdr *)skb->data;

		e->near.in6 = ip6h->saddr;
		e->far.in6 = ip6h->daddr;
		e->label = ip6_flowlabel(ip6h);
		dsmip_icmp_kind6(skb, offset, e);
	}
}

/**
 * dsmip_icmp_read_udp - read the quoted UDP header and the encapsulation
 * @skb: as in dsmip_icmp_read()
 * @e: result of dsmip_icmp_read()
 */
void dsmip_icmp_read_udp(const struct sk_buff *skb, struct dsmip_icmp *e)
{
	struct udphdr buffer, *uh;
	u8 first_buffer, *first;

	uh = skb_header_pointer(skb, e->offset, sizeof(buffer), &buffer);
	if (!uh) {
		e->truncated = true;
		return;
	}
	e->near.port = uh->source;
	e->far.port = uh->dest;
	e->offset += sizeof(*uh);
	first = skb_header_pointer(skb, e->offset, 1, &first_buffer);
	if (!first) {
		e->truncated = true;
	} else if (*first >> 4 == 4 || *first >> 4 == 6) {
		e->encap = DSMIP_ENCAP_UDP;
	} else {
		e->encap = *first ? DSMIP_ENCAP_UDP_TLV_DRAFT :
				    DSMIP_ENCAP_UDP_TLV;
		e->offset += DSMIP_TLV_LEN;
	}
}

/* The binding that sends such packets; NULL = none. */
static struct dsmip_binding *dsmip_icmp_binding(struct dsmip_dev *dd,
						const struct dsmip_settings *s,
						struct dsmip_node *node,
						const struct dsmip_icmp *e)
{
	struct dsmip_endpoint care_of;
	struct dsmip_binding *b;
	__be16 far_port = 0;

	if (s->role == DSMIP_ROLE_HOME_AGENT) {
		care_of = e->far;
		far_port = e->far.port;
	} else {
		care_of = e->near;
		care_of.port = 0;
		if (e->encap != DSMIP_ENCAP_DIRECT &&
		    e->far.port != s->home_agent_port)
			return NULL;
	}
	if (e->encap != DSMIP_ENCAP_DIRECT &&
	    e->near.port != READ_ONCE(dd->udp_port_bound))
		return NULL;
	b = dsmip_node_match(node, &care_of);
	if (!b)
		return NULL;
	if (e->encap == DSMIP_ENCAP_DIRECT)
		return b->encap == DSMIP_ENCAP_DIRECT ? b : NULL;
	return b->care_of.port == far_port ? b : NULL;
}

/* Belief */

/* Routers fragment packets without DF, and never report them as too big. */
static bool dsmip_icmp_quotes4(const struct dsmip_binding *b,
			       const struct dsmip_icmp *e)
{
	if (!e->df)
		return e->kind != DSMIP_ICMP_TOO_BIG;
	return (u16)(e->ident - dsmip_label4(b)) < DSMIP_ICMP_SEGMENTS;
}

/* Whether an error quotes a packet of @b; true if there is no value to verify. */
static bool dsmip_icmp_quotes(struct dsmip_dev *dd, const struct dsmip_binding *b,
			      const struct sk_buff *quoted,
			      const struct dsmip_inner *inner,
			      const struct dsmip_icmp *e)
{
	if (e->far.family == AF_INET)
		return dsmip_icmp_quotes4(b, e);
	return e->label == dsmip_label(dd, b, quoted, inner);
}

/* DSMIP_ACCEPT: act on it; else the counter of the reason not to. */
static int dsmip_icmp_believe(struct dsmip_dev *dd, const struct dsmip_binding *b,
			      const struct sk_buff *quoted,
			      const struct dsmip_inner *inner,
			      const struct dsmip_icmp *e)
{
	if (e->kind == DSMIP_ICMP_OTHER)
		return DSMIP_C_ICMP_OTHER;
	if (!dsmip_binding_sent(b, DSMIP_ICMP_LATELY))
		return DSMIP_C_ICMP_UNSOLICITED;
	if (e->far.family == AF_INET6 && !dsmip_label_told(quoted, inner))
		return DSMIP_C_ICMP_SHORT;
	if (!dsmip_icmp_quotes(dd, b, quoted, inner, e)) {
		dsmip_limit_guess(dd, b);
		return DSMIP_C_ICMP_FORGED;
	}
	return dsmip_limit_error(dd, b, e->kind == DSMIP_ICMP_TOO_BIG) ?
	       DSMIP_ACCEPT : DSMIP_C_ICMP_RATE;
}

/* Path MTU */

/**
 * dsmip_mtu_changed - store a new tunnel MTU of a binding and send the event
 * @dd: device
 * @b: binding
 * @mtu: new value, at most 65535
 *
 * Context: RCU reader.
 */
void dsmip_mtu_changed(struct dsmip_dev *dd, struct dsmip_binding *b,
		       unsigned int mtu)
{
	bool first = !READ_ONCE(b->mtu);

	WRITE_ONCE(b->mtu, mtu);
	if (!first)
		dsmip_notify_path_mtu(dd, b, mtu);
}

/* The route of outer packets, which depends on link and mark. */
static struct dst_entry *dsmip_icmp_route(struct dsmip_dev *dd,
					  const struct dsmip_settings *s,
					  const struct dsmip_binding *b,
					  const struct dsmip_icmp *e)
{
	struct dsmip_tunnel t = {
		.dd = dd,
		.settings = s,
		.src = e->near,
		.dst = e->far,
		.encap = e->encap,
		.link = b->link,
		.mark = s->fwmark,
	};

	return dsmip_encap_lookup(&t);
}

/*
 * The path MTU belongs to the route of the outer packets, not to the interface that
 * the error came by.  So the stack gets mark and interface of that route.
 */
static void dsmip_icmp_update(struct sk_buff *skb, const struct dsmip_settings *s,
			      struct dst_entry *dst, u32 mtu)
{
	int network_offset = skb_network_offset(skb);
	struct net_device *dev = skb->dev;
	u32 mark = skb->mark;

	skb_reset_network_header(skb);
	skb->dev = dsmip_compat_dst_dev(dst);
	skb->mark = s->fwmark;
	dst->ops->update_pmtu(dst, NULL, skb, mtu, false);
	skb->mark = mark;
	skb->dev = dev;
	skb_set_network_header(skb, network_offset);
}

/* Let the stack learn a path MTU. Returns the resulting tunnel MTU; 0 = no route. */
static unsigned int dsmip_icmp_learn(struct dsmip_dev *dd,
				     const struct dsmip_settings *s,
				     struct dsmip_binding *b, struct sk_buff *skb,
				     const struct dsmip_icmp *e)
{
	unsigned int mtu, overhead = dsmip_overhead(e->far.family, e->encap);
	struct dst_entry *dst;

	dst = dsmip_icmp_route(dd, s, b, e);
	if (IS_ERR(dst))
		return 0;
	dsmip_icmp_update(skb, s, dst, e->mtu);
	dst_release(dst);
	dst = dsmip_icmp_route(dd, s, b, e);
	if (IS_ERR(dst))
		return 0;
	mtu = dst_mtu(dst);
	dst_release(dst);
	mtu = mtu > overhead ? mtu - overhead : 0;
	dsmip_mtu_note(dd, b, mtu);
	return mtu;
}

/* Relay */

static bool dsmip_icmp_send6(struct dsmip_dev *dd, struct sk_buff *skb,
			     unsigned int mtu)
{
	memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	if (mtu)
		icmpv6_send(skb, ICMPV6_PKT_TOOBIG, 0, mtu);
	else
		icmpv6_send(skb, ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, 0);
	return true;
}

/* The stack needs the route that the packet took: into the device. */
static bool dsmip_icmp_send4(struct dsmip_dev *dd, struct sk_buff *skb,
			     unsigned int mtu)
{
	struct flowi4 fl4 = {
		.daddr = ip_hdr(skb)->daddr,
		.flowi4_oif = dd->dev->ifindex,
	};
	struct rtable *rt = ip_route_output_key(dd->net, &fl4);

	if (IS_ERR(rt))
		return false;
	skb_dst_set(skb, &rt->dst);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	if (mtu)
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, htonl(mtu));
	else
		icmp_send(skb, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	return true;
}

/* Send an error to the source of the inner packet; @mtu 0 = unreachable. */
static bool dsmip_icmp_send(struct dsmip_dev *dd, struct sk_buff *skb,
			    const struct dsmip_inner *inner, unsigned int mtu)
{
	skb_scrub_packet(skb, false);
	skb->dev = dd->dev;
	skb->mark = 0;
	return inner->family == AF_INET6 ? dsmip_icmp_send6(dd, skb, mtu) :
					   dsmip_icmp_send4(dd, skb, mtu);
}

/**
 * dsmip_icmp_unreachable - send "unreachable" to the source of a packet
 * @dd: device that the packet was sent through
 * @skb: packet; loses its route, mark and state; the caller keeps it
 *
 * Under RCU.
 */
void dsmip_icmp_unreachable(struct dsmip_dev *dd, struct sk_buff *skb)
{
	const struct dsmip_inner inner = {
		.family = skb->protocol == htons(ETH_P_IP) ? AF_INET : AF_INET6,
	};

	dsmip_icmp_send(dd, skb, &inner, 0);
}

/* Tunnel MTU to send to the inner source; 0 = send nothing. */
static unsigned int dsmip_icmp_too_big(const struct dsmip_inner *inner,
				       unsigned int mtu)
{
	if (inner->family == AF_INET6)
		mtu = max_t(unsigned int, mtu, IPV6_MIN_MTU);
	else if (!inner->df)
		return 0;
	return inner->len > mtu ? mtu : 0;
}

/* Act on an error about a packet of @b; returns the counter. */
static int dsmip_icmp_act(struct dsmip_dev *dd, const struct dsmip_settings *s,
			  struct dsmip_binding *b, struct sk_buff *skb,
			  struct sk_buff *inner_skb,
			  const struct dsmip_inner *inner,
			  const struct dsmip_icmp *e)
{
	unsigned int mtu = 0;
	int doubt = dsmip_icmp_believe(dd, b, inner_skb, inner, e);

	if (doubt != DSMIP_ACCEPT)
		return doubt;
	if (e->kind == DSMIP_ICMP_TOO_BIG) {
		mtu = dsmip_icmp_learn(dd, s, b, skb, e);
		if (!mtu)
			return DSMIP_C_ICMP_UNSENT;
		mtu = dsmip_icmp_too_big(inner, mtu);
		if (!mtu)
			return DSMIP_C_ICMP_MTU;
	}
	return dsmip_icmp_send(dd, inner_skb, inner, mtu) ?
	       DSMIP_C_ICMP_RELAYED : DSMIP_C_ICMP_UNSENT;
}

/* Copy of the quoted inner packet; NULL = no memory. */
static struct sk_buff *dsmip_icmp_inner(struct sk_buff *skb, unsigned int offset)
{
	struct sk_buff *inner = skb_clone(skb, GFP_ATOMIC);

	if (!inner)
		return NULL;
	if (!pskb_pull(inner, offset)) {
		kfree_skb(inner);
		return NULL;
	}
	skb_reset_network_header(inner);
	return inner;
}

/**
 * dsmip_icmp_ours - whether an error quotes a packet with the addresses of a device
 * @dd: device
 * @e: what was read of the error
 *
 * Under RCU.
 */
bool dsmip_icmp_ours(const struct dsmip_dev *dd, const struct dsmip_icmp *e)
{
	const struct dsmip_arrival reverse = { .from = e->far, .to = e->near };

	return dsmip_input_ours(rcu_dereference(dd->settings), &reverse);
}

/**
 * dsmip_icmp_takes - whether an error came in by the underlay of a device
 * @dd: device
 * @e: what was read of the error
 *
 * Under RCU.
 */
bool dsmip_icmp_takes(const struct dsmip_dev *dd, const struct dsmip_icmp *e)
{
	return dsmip_underlay_judge(dd, rcu_dereference(dd->settings), &e->in);
}

/**
 * dsmip_icmp - handle an ICMP error that may be about a packet of a device
 * @dd: device for which dsmip_icmp_ours() and dsmip_icmp_takes() are true
 * @skb: error; data at the quoted outer header; not consumed
 * @e: what was read of it
 *
 * Under RCU.
 *
 * Return: whether it is about a packet of the device; then it is handled.
 */
bool dsmip_icmp(struct dsmip_dev *dd, struct sk_buff *skb,
		const struct dsmip_icmp *e)
{
	const struct dsmip_settings *s = rcu_dereference(dd->settings);
	bool direct = e->encap == DSMIP_ENCAP_DIRECT;
	struct dsmip_node *node = NULL;
	struct dsmip_binding *b = NULL;
	struct dsmip_inner inner;
	struct sk_buff *quoted;
	int counter;

	if (e->truncated || skb->len <= e->offset) {
		dsmip_count(dd, DSMIP_C_ICMP_SHORT);
		return false;
	}
	quoted = dsmip_icmp_inner(skb, e->offset);
	if (!quoted) {
		dsmip_count(dd, DSMIP_C_ICMP_UNSENT);
		return false;
	}
	if (dsmip_inner_parse(quoted, 0, &inner)) {
		counter = DSMIP_C_ICMP_SHORT;
		goto out;
	}
	node = dsmip_inner_node(dd, &inner, s->role == DSMIP_ROLE_HOME_AGENT);
	if (node)
		b = dsmip_icmp_binding(dd, s, node, e);
	counter = b ? dsmip_icmp_act(dd, s, b, skb, quoted, &inner, e) :
		      DSMIP_C_ICMP_END_POINT;
out:
	consume_skb(quoted);
	/* In direct encapsulation an error without a node may belong to another driver. */
	if (node || !direct || counter == DSMIP_C_ICMP_SHORT)
		dsmip_count(dd, counter);
	return b;
}
