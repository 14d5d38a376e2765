// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: ESP and GRE behind a TLV header.  The stack handles both.  On receive the
 * packet goes to the stack as if the outer IP header carried it directly.  On
 * transmit a packet of the stack gets UDP and TLV headers in between, if its path
 * was created for this.
 *
 * ESP is on the list of passage.c, because only the stack can tell whose it is, and
 * the stack accepts only authentic packets.  GRE is not authentic; so the packet
 * inside must come from a care-of address and port of its node, as any other.
 */
#include <linux/ip.h>
#include <linux/udp.h>
#include <net/gre.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/xfrm.h>

#include "passage.h"

/* Length of a GRE header that begins with @flags; 0 = unknown to the stack. */
static unsigned int dsmip_gre_header(__be16 flags)
{
	unsigned int len = sizeof(struct gre_base_hdr);

	if (flags & (GRE_VERSION | GRE_ROUTING))
		return 0;
	if (flags & GRE_CSUM)
		len += 4;
	if (flags & GRE_KEY)
		len += 4;
	if (flags & GRE_SEQ)
		len += 4;
	return len;
}

static int dsmip_gre_judge(struct dsmip_dev *dd, const struct dsmip_settings *s,
			   struct sk_buff *skb, struct dsmip_arrival *a)
{
	const struct gre_base_hdr *gre;
	struct dsmip_inner inner;
	unsigned int header;
	__be16 ethertype;

	if (!pskb_may_pull(skb, a->offset + sizeof(*gre)))
		return DSMIP_C_RX_TRUNCATED;
	gre = (const struct gre_base_hdr *)(skb->data + a->offset);
	header = dsmip_gre_header(gre->flags);
	if (!header || (gre->protocol != htons(ETH_P_IP) &&
			gre->protocol != htons(ETH_P_IPV6)))
		return DSMIP_C_RX_TLV_TYPE;
	ethertype = gre->protocol;
	header += a->offset;
	switch (dsmip_inner_parse(skb, header, &inner)) {
	case 0:
		break;
	case -ENODATA:
		return DSMIP_C_RX_TRUNCATED;
	default:
		return DSMIP_C_RX_INNER_HEADER;
	}
	/* The stack uses this field; the check above used the version. */
	if (ethertype != (inner.family == AF_INET ? htons(ETH_P_IP) :
						    htons(ETH_P_IPV6)))
		return DSMIP_C_RX_TLV_TYPE;
	return dsmip_input_filter(dd, s, skb, header, &inner, a);
}

static int dsmip_payload_judge(struct dsmip_dev *dd,
			       const struct dsmip_settings *s,
			       struct sk_buff *skb, struct dsmip_arrival *a)
{
	if (!(dd->dev->flags & IFF_UP))
		return DSMIP_C_RX_DEVICE_DOWN;
	if (s->role == DSMIP_ROLE_MOBILE_NODE &&
	    a->from.port != s->home_agent_port)
		return DSMIP_C_RX_END_POINT;
	if (dsmip_passage_listed(s->role, DSMIP_WAY_TLV, a->payload))
		return DSMIP_ACCEPT;
	return dsmip_gre_judge(dd, s, skb, a);
}

/* Remove the headers between the outer IP header and the payload. */
static void dsmip_payload_strip(struct sk_buff *skb,
				const struct dsmip_arrival *a)
{
	unsigned int header = -skb_network_offset(skb);
	const void *from = skb_network_header(skb);

	skb_pull_rcsum(skb, a->offset);
	memmove(skb->data - header, from, header);
	skb_reset_transport_header(skb);
	skb_set_network_header(skb, -(int)header);
	if (a->from.family == AF_INET) {
		struct iphdr *iph = ip_hdr(skb);

		iph->tot_len = htons(ntohs(iph->tot_len) - a->offset);
		iph->protocol = a->payload;
		ip_send_check(iph);
	} else {
		struct ipv6hdr *ip6h = ipv6_hdr(skb);

		ip6h->payload_len = htons(ntohs(ip6h->payload_len) - a->offset);
		skb_network_header(skb)[IP6CB(skb)->nhoff] = a->payload;
	}
}

/**
 * dsmip_payload_rcv - decapsulate ESP or GRE from UDP and TLV
 * @dd: device
 * @skb: packet, data at the UDP header; its lengths are right
 * @a: how it came; @a->payload is set
 *
 * Return: for encap_rcv: the negative protocol with which the stack continues; 0 if
 * the packet was dropped or is already delivered.
 */
int dsmip_payload_rcv(struct dsmip_dev *dd, struct sk_buff *skb,
		      struct dsmip_arrival *a)
{
	const struct dsmip_settings *s = rcu_dereference(dd->settings);
	int verdict = dsmip_payload_judge(dd, s, skb, a);

	/* Other code may share these headers. */
	if (verdict == DSMIP_ACCEPT && skb_unclone(skb, GFP_ATOMIC))
		verdict = DSMIP_C_RX_NO_MEMORY;
	if (verdict != DSMIP_ACCEPT) {
		dsmip_drop(dd, skb, verdict);
		return 0;
	}
	if (a->binding)
		dsmip_binding_rx(a->binding, 1, skb->len - a->offset);
	dsmip_count(dd, DSMIP_C_PAYLOAD_IN);
	dsmip_payload_strip(skb, a);
	iptunnel_pull_offloads(skb);
	/*
	 * After UDP the IPv6 stack continues only with a protocol that may be the
	 * last header.
	 */
	if (a->payload == IPPROTO_ESP && a->from.family == AF_INET6) {
		if (xfrm6_rcv(skb) > 0)
			kfree_skb(skb);
		return 0;
	}
	return -a->payload;
}

/**
 * dsmip_payload_path - the path for ESP or GRE that the stack sends
 * @dd: device
 * @skb: packet, marked with a cookie
 * @inner: its IP header
 * @t: gets the outer tuple
 *
 * The path was created by PATH_NEW with a TLV header, and leads to the destination
 * of the packet.
 *
 * Return: whether it is such a packet.
 */
bool dsmip_payload_path(struct dsmip_dev *dd, const struct sk_buff *skb,
			const struct dsmip_inner *inner, struct dsmip_tunnel *t)
{
	struct dsmip_path *path;

	if ((inner->proto != IPPROTO_ESP && inner->proto != IPPROTO_GRE) ||
	    inner->later)
		return false;
	path = dsmip_cookie_path(dd, skb);
	if (!path || !path->reusable || path->encap < DSMIP_ENCAP_UDP_TLV ||
	    path->remote.family != inner->family)
		return false;
	if (inner->family == AF_INET ?
	    path->remote.in.s_addr != inner->dst4 :
	    !ipv6_addr_equal(&path->remote.in6, inner->dst6))
		return false;
	if (!dsmip_path_use(path))
		return false;
	t->src = path->local;
	t->dst = path->remote;
	t->encap = path->encap;
	t->payload = inner->proto;
	t->link = path->link;
	if (!t->src.port)
		t->src.port = READ_ONCE(dd->udp_port_bound);
	dsmip_count(dd, DSMIP_C_PAYLOAD_OUT);
	return true;
}
