// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: merges received packets in UDP (GRO).  For direct encapsulation the kernel
 * has its own handlers for IP in IP.
 *
 * A merged packet looks like the unsegmented packet of the sender's stack: one
 * outer header, and a TLV header that is right for each segment.  So a host that
 * only forwards it can segment it again without loss, and dsmip_gso_length() reads
 * both kinds.
 */
#include <linux/udp.h>
#include <net/gro.h>

#include "tunnel.h"

/* Octets that are read after the UDP header: a TLV header and an IP version. */
#define DSMIP_GRO_LOOK	(DSMIP_TLV_LEN + 1)

#define DSMIP_GRO_PORTS	4

static bool dsmip_gro_is_plain(const u8 *data)
{
	return data[0] >> 4 == 4 || data[0] >> 4 == 6;
}

static __be16 dsmip_gro_protocol(u8 version)
{
	return version == 4 ? htons(ETH_P_IP) : htons(ETH_P_IPV6);
}

/* Whether a TLV header is right for the IP packet of @len octets behind it. */
static bool dsmip_gro_tlv_valid(const u8 *tlv, unsigned int len)
{
	u8 version = tlv[DSMIP_TLV_LEN] >> 4;

	if (version != 4 && version != 6)
		return false;
	if (!tlv[0])
		return tlv[1] == (version == 4 ? IPPROTO_IPIP : IPPROTO_IPV6) &&
		       get_unaligned_be16(tlv + 2) == len;
	return tlv[0] == (version == 4 ? DSMIP_TLV_DRAFT_IPV4 :
					 DSMIP_TLV_DRAFT_IPV6) &&
	       (!tlv[1] || tlv[1] == len);
}

/* Length of the TLV header, 0 = none; negative = not to be merged. */
static int dsmip_gro_header(const u8 *data, unsigned int len)
{
	if (dsmip_gro_is_plain(data))
		return 0;
	if (!dsmip_gro_tlv_valid(data, len - DSMIP_TLV_LEN))
		return -EINVAL;
	return DSMIP_TLV_LEN;
}

/*
 * Octets of an inner packet that are equal in all packets of a flow: addresses and,
 * without IP options, ports.
 */
static bool dsmip_gro_same_flow(const u8 *a, const u8 *b)
{
	if (a[0] >> 4 == 4)
		return !memcmp(a + offsetof(struct iphdr, saddr),
			       b + offsetof(struct iphdr, saddr),
			       2 * sizeof(__be32) + DSMIP_GRO_PORTS);
	return !memcmp(a + offsetof(struct ipv6hdr, saddr),
		       b + offsetof(struct ipv6hdr, saddr),
		       2 * sizeof(struct in6_addr) + DSMIP_GRO_PORTS);
}

static unsigned int dsmip_gro_flow_len(u8 version)
{
	return DSMIP_GRO_PORTS + (version == 4 ? sizeof(struct iphdr) :
						 sizeof(struct ipv6hdr));
}

static bool dsmip_gro_same_format(const u8 *a, const u8 *b, unsigned int header)
{
	return a[header] >> 4 == b[header] >> 4 && (!header || a[0] == b[0]);
}

/*
 * A packet with the header @data cannot merge with held packets of another
 * encapsulation, or with another length in their TLV header.  If one of the latter
 * belongs to the same inner flow, it must go up before this packet; it is returned.
 */
static struct sk_buff *dsmip_gro_match(struct list_head *head,
				       unsigned int offset, unsigned int len,
				       const u8 *data, unsigned int header)
{
	struct sk_buff *p, *older = NULL;
	const u8 *held;

	list_for_each_entry(p, head, list) {
		if (!NAPI_GRO_CB(p)->same_flow)
			continue;
		held = p->data + offset;
		if (skb_headlen(p) >= offset + len &&
		    dsmip_gro_same_format(held, data, header)) {
			if (!memcmp(held, data, header))
				continue;
			if (dsmip_gro_same_flow(held + header, data + header))
				older = p;
		}
		NAPI_GRO_CB(p)->same_flow = 0;
	}
	return older;
}

/*
 * Let the inner protocol merge.  UDP refuses if the packet is marked as the outside
 * of a tunnel of this host, as packets over virtual interfaces may be.  Here UDP
 * sees the inside, so clear the mark.
 */
static struct sk_buff *dsmip_gro_inner(const struct packet_offload *ops,
				       struct list_head *head,
				       struct sk_buff *skb)
{
	bool marked = skb->encapsulation;
	struct sk_buff *done;

	if (marked && skb_inner_network_offset(skb) == skb_gro_offset(skb))
		skb->encapsulation = 0;
	done = call_gro_receive(ops->callbacks.gro_receive, head, skb);
	skb->encapsulation = marked;
	return done;
}

/**
 * dsmip_gro_receive - gro_receive of our sockets
 * @sk: socket
 * @head: held packets
 * @skb: packet; GRO is at the end of its UDP header
 *
 * Return: the packet of @head that must go up now, or NULL.
 */
struct sk_buff *dsmip_gro_receive(struct sock *sk, struct list_head *head,
				  struct sk_buff *skb)
{
	unsigned int offset = skb_gro_offset(skb), len;
	struct sk_buff *done = NULL, *older;
	__u16 network = skb->network_header;
	const struct packet_offload *ops;
	int header, flush = 1;
	const u8 *data;

	data = skb_gro_header(skb, offset + DSMIP_GRO_LOOK, offset);
	if (!data)
		goto out;
	header = dsmip_gro_header(data, skb_gro_len(skb));
	if (header < 0)
		goto out;
	len = header + dsmip_gro_flow_len(data[header] >> 4);
	data = skb_gro_header(skb, offset + len, offset);
	if (!data)
		goto out;
	ops = gro_find_receive_by_type(dsmip_gro_protocol(data[header] >> 4));
	if (!ops)
		goto out;

	older = dsmip_gro_match(head, offset, len, data, header);
	skb_gro_pull(skb, header);
	skb_gro_postpull_rcsum(skb, data, header);
	done = dsmip_gro_inner(ops, head, skb) ?: older;
	/*
	 * On completion UDP looks up the socket by the addresses in the network
	 * header; those of the outer header would find this device's socket.  A
	 * packet that was merged as a list member (NETIF_F_GRO_FRAGLIST) starts
	 * with the inner header when it is split again.
	 */
	if (!NAPI_GRO_CB(skb)->same_flow)
		skb->network_header = network;
	flush = 0;
out:
	skb_gro_flush_final(skb, done, flush);
	return done;
}

/**
 * dsmip_gro_complete - gro_complete of our sockets
 * @sk: socket
 * @skb: merged packet
 * @offset: of the data after the UDP header
 *
 * Return: 0 or a negative error; then the packet is dropped.
 */
int dsmip_gro_complete(struct sock *sk, struct sk_buff *skb, int offset)
{
	const struct packet_offload *ops;
	const u8 *data = skb->data + offset;

	if (!dsmip_gro_is_plain(data)) {
		offset += DSMIP_TLV_LEN;
		data += DSMIP_TLV_LEN;
	}
	ops = gro_find_complete_by_type(dsmip_gro_protocol(data[0] >> 4));
	if (!ops)
		return -ENOENT;
	skb_set_network_header(skb, offset);
	skb_set_inner_mac_header(skb, offset);
	return ops->callbacks.gro_complete(skb, offset);
}
