// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: large packets that consist of several segments, sent or merged on receive:
 * properties of one segment, and splitting where the segments cannot share a TLV
 * header.
 */
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "tunnel.h"

/* Offset of the transport header of an inner packet; -1 = not found. */
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
 * Octets of headers from the inner packet at @offset to the payload that
 * segmentation divides; 0 = not a kind of packet with such a payload.
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
 * @skb: packet, may be a large one
 * @offset: of the inner packet from skb->data
 *
 * Return: the length of all segments but the last; for an ordinary packet its own
 * length.  0 = unknown.
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
 * dsmip_gso_segments - number and octets of the segments of a packet
 * @skb: inner packet
 * @packets: 1; becomes the number of packets on the wire
 * @octets: its length; becomes the sum of the lengths of these
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
 * dsmip_gso_keeps - whether outer headers can be added to a packet as it is
 * @skb: inner packet, to be segmented later
 *
 * A list of packets as they came (NETIF_F_GSO_FRAGLIST) is not segmented but split,
 * and its members may have no room for outer headers.  Also, an outer UDP checksum
 * can be left open only if the inner checksum is.
 */
bool dsmip_gso_keeps(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       !(skb_shinfo(skb)->gso_type & SKB_GSO_FRAGLIST);
}

/*
 * Whether all segments have the same TLV header, including the last one with @last
 * octets of payload (0: it is as long as the others).
 */
static bool dsmip_gso_uniform(u8 encap, unsigned int headers,
			      unsigned int size, unsigned int last)
{
	return !last || dsmip_tlv_length(encap, headers + size) ==
			dsmip_tlv_length(encap, headers + last);
}

/* The IP header of a split-off part has the length of its first segment. */
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
 * Split off the last segment, and keep the others in one packet.  The stack does
 * the same for devices that can only produce equal segments.
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
 * dsmip_gso_split - split a packet into packets whose segments share outer headers
 * @skb: inner packet, to be segmented later
 * @encap: &enum dsmip_encap
 *
 * Return: a list; NULL if @skb can be sent as it is; or an error pointer.  If @skb
 * itself is in the list, the list has a separate reference; the caller keeps its
 * own.
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
