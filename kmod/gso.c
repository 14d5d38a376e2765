// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: packets that stand for several segments, on their way out or merged on
 * their way in: what one segment is like, and cutting them where the segments
 * cannot share a TLV header.
 */
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "tunnel.h"

/* The transport header of an inner packet: where it starts; -1 = not found. */
static int dsmip_gso_transport(const struct sk_buff *skb, unsigned int offset,
			       u8 *proto)
{
	union {
		struct iphdr v4;
		struct ipv6hdr v6;
	} buffer;
	const struct ipv6hdr *ip6h;
	const struct iphdr *iph;
	__be16 frag_off;

	iph = skb_header_pointer(skb, offset, sizeof(buffer.v4), &buffer.v4);
	if (!iph)
		return -1;
	if (iph->version == 4) {
		*proto = iph->protocol;
		return offset + iph->ihl * 4;
	}
	ip6h = skb_header_pointer(skb, offset, sizeof(buffer.v6), &buffer.v6);
	if (!ip6h)
		return -1;
	*proto = ip6h->nexthdr;
	if (*proto == IPPROTO_TCP || *proto == IPPROTO_UDP)
		return offset + sizeof(*ip6h);
	return ipv6_skip_exthdr(skb, offset + sizeof(*ip6h), proto, &frag_off);
}

/*
 * Octets of headers from that of the inner packet, at @offset, to the payload
 * that segmentation divides; 0 = of no kind that has such.
 */
static unsigned int dsmip_gso_headers(const struct sk_buff *skb,
				      unsigned int offset)
{
	unsigned int type = skb_shinfo(skb)->gso_type;
	const struct tcphdr *th;
	struct tcphdr buffer;
	int transport;
	u8 proto;

	transport = dsmip_gso_transport(skb, offset, &proto);
	if (transport < 0)
		return 0;
	if (proto == IPPROTO_TCP && type & (SKB_GSO_TCPV4 | SKB_GSO_TCPV6)) {
		th = skb_header_pointer(skb, transport, sizeof(buffer), &buffer);
		return th ? transport - offset + __tcp_hdrlen(th) : 0;
	}
	if (proto == IPPROTO_UDP && type & SKB_GSO_UDP_L4)
		return transport - offset + sizeof(struct udphdr);
	return 0;
}

/**
 * dsmip_gso_length - length of one inner packet
 * @skb: packet, which may stand for several
 * @offset: of the inner packet from skb->data
 *
 * Return: the length that all segments but the last have; for a packet that is
 * none, its own.  0 = cannot be told.
 */
unsigned int dsmip_gso_length(const struct sk_buff *skb, unsigned int offset)
{
	unsigned int headers;

	if (!skb_is_gso(skb))
		return skb->len - offset;
	headers = dsmip_gso_headers(skb, offset);
	return headers ? headers + skb_shinfo(skb)->gso_size : 0;
}

/**
 * dsmip_gso_segments - what a packet to be segmented is as traffic
 * @skb: inner packet
 * @packets: 1; becomes the number of packets it is on the wire
 * @octets: its length; becomes the sum of theirs
 */
void dsmip_gso_segments(const struct sk_buff *skb, unsigned int *packets,
			unsigned int *octets)
{
	unsigned int headers = dsmip_gso_headers(skb, 0);

	if (headers && headers < skb->len)
		*packets = DIV_ROUND_UP(skb->len - headers,
					skb_shinfo(skb)->gso_size);
	else if (skb_shinfo(skb)->gso_segs)
		*packets = skb_shinfo(skb)->gso_segs;
	*octets += (*packets - 1) * headers;
}

/**
 * dsmip_gso_keeps - whether outer headers can be put on a packet as it is
 * @skb: inner packet, to be segmented later
 *
 * A list of packets as they came (NETIF_F_GSO_FRAGLIST) is not segmented but taken
 * apart, and its members may have no room for our headers.  And an outer UDP
 * checksum that is left open is told by the inner one that is.
 */
bool dsmip_gso_keeps(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       !(skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST);
}

/*
 * Whether all segments, the last of @last octets of payload included (0: it is
 * as long as the others), have the same TLV header.
 */
static bool dsmip_gso_uniform(u8 encap, unsigned int headers,
			      unsigned int size, unsigned int last)
{
	return !last || dsmip_tlv_length(encap, headers + size) ==
			dsmip_tlv_length(encap, headers + last);
}

/* A cut off part has the length of its first segment in its header. */
static void dsmip_gso_restore(struct sk_buff *skb)
{
	struct iphdr *iph = ip_hdr(skb);

	if (!skb_is_gso(skb)) {
		skb_gso_reset(skb);
		return;
	}
	skb_shinfo(skb)->gso_type &= ~SKB_GSO_PARTIAL;
	if (iph->version == 4) {
		iph->tot_len = htons(skb->len);
		ip_send_check(iph);
	} else {
		ipv6_hdr(skb)->payload_len =
			htons(skb->len - sizeof(struct ipv6hdr));
	}
}

/*
 * The last segment on its own, and the others still in one packet.  That is what
 * the stack does for devices that can only multiply equal segments.
 */
static struct sk_buff *dsmip_gso_cut_last(struct sk_buff *skb)
{
	struct sk_buff *parts, *part;

	SKB_GSO_CB(skb)->mac_offset = skb_headroom(skb);
	SKB_GSO_CB(skb)->encap_level = 0;
	skb_reset_mac_header(skb);
	skb_reset_mac_len(skb);
	parts = skb_mac_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM |
				    NETIF_F_HIGHDMA | NETIF_F_GSO_PARTIAL);
	if (IS_ERR_OR_NULL(parts))
		return parts;
	for (part = parts; part; part = part->next)
		dsmip_gso_restore(part);
	return parts;
}

/**
 * dsmip_gso_split - cut a packet into such whose segments share outer headers
 * @skb: inner packet, to be segmented later
 * @encap: format
 *
 * Return: a list, in which @skb itself may be, with a reference of its own: that
 * of the caller stays with the caller; NULL if @skb can go as it is; or an error
 * pointer.
 */
struct sk_buff *dsmip_gso_split(struct sk_buff *skb, u8 encap)
{
	unsigned int headers = dsmip_gso_headers(skb, 0), payload;
	unsigned int size = skb_shinfo(skb)->gso_size;
	struct sk_buff *parts;

	if (headers && skb->len > headers && dsmip_gso_keeps(skb)) {
		payload = skb->len - headers;
		if (dsmip_gso_uniform(encap, headers, size, payload % size))
			return NULL;
		if (!skb_has_frag_list(skb))
			return dsmip_gso_cut_last(skb);
	}
	parts = skb_gso_segment(skb, NETIF_F_SG | NETIF_F_HW_CSUM |
				NETIF_F_HIGHDMA);
	return parts ? parts : ERR_PTR(-EINVAL);
}
