// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: parses the header of an inner packet.
 */
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dsfield.h>
#include <net/ip.h>

#include "tunnel.h"

static int dsmip_inner_parse4(struct sk_buff *skb, unsigned int offset,
			      struct dsmip_inner *inner)
{
	const struct iphdr *iph;
	unsigned int header;

	if (!pskb_may_pull(skb, offset + sizeof(*iph)))
		return -ENODATA;
	iph = (const struct iphdr *)(skb->data + offset);
	header = iph->ihl * 4;
	if (header < sizeof(*iph) || ntohs(iph->tot_len) < header)
		return -EINVAL;
	if (!pskb_may_pull(skb, offset + header))
		return -ENODATA;
	iph = (const struct iphdr *)(skb->data + offset);
	inner->family = AF_INET;
	inner->proto = iph->protocol;
	inner->dsfield = iph->tos;
	inner->df = iph->frag_off & htons(IP_DF);
	inner->later = iph->frag_off & htons(IP_OFFSET);
	inner->header = header;
	inner->len = ntohs(iph->tot_len);
	inner->src4 = iph->saddr;
	inner->dst4 = iph->daddr;
	return 0;
}

static int dsmip_inner_parse6(struct sk_buff *skb, unsigned int offset,
			      struct dsmip_inner *inner)
{
	const struct ipv6hdr *ip6h;

	if (!pskb_may_pull(skb, offset + sizeof(*ip6h)))
		return -ENODATA;
	ip6h = (const struct ipv6hdr *)(skb->data + offset);
	inner->family = AF_INET6;
	inner->proto = ip6h->nexthdr;
	inner->dsfield = ipv6_get_dsfield(ip6h);
	inner->df = true;
	inner->later = false;
	inner->header = sizeof(*ip6h);
	inner->len = sizeof(*ip6h) + ntohs(ip6h->payload_len);
	inner->src6 = &ip6h->saddr;
	inner->dst6 = &ip6h->daddr;
	return 0;
}

/**
 * dsmip_inner_parse - parse the header of an inner packet
 * @skb: packet
 * @offset: of the inner header from skb->data
 * @inner: result, of its family
 *
 * The pointers in @inner are valid until the head of @skb moves.
 *
 * Return: 0; -EPROTO: neither IPv4 nor IPv6; -ENODATA: the header is truncated;
 * -EINVAL: it contradicts itself.  The caller checks with @inner->len whether the
 * packet is complete.
 */
int dsmip_inner_parse(struct sk_buff *skb, unsigned int offset,
		      struct dsmip_inner *inner)
{
	if (!pskb_may_pull(skb, offset + 1))
		return -ENODATA;
	switch (skb->data[offset] >> 4) {
	case 4:
		return dsmip_inner_parse4(skb, offset, inner);
	case 6:
		return dsmip_inner_parse6(skb, offset, inner);
	}
	return -EPROTO;
}
