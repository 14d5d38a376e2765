// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: receive from the UDP sockets of a device.  After the UDP header comes an
 * IP packet, a TLV header of either generation and an IP packet, or a keepalive.
 */
#include <linux/udp.h>
#include <net/udp.h>

#include "icmp.h"
#include "tunnel.h"

/* A NAT keepalive as in RFC 3948 */
#define DSMIP_UDP_KEEPALIVE	0xff

/* RFC 5845: type 0, reserved, next header, 16-bit length. */
static int dsmip_udp_tlv(const u8 *tlv, unsigned int len,
			 struct dsmip_arrival *a)
{
	u8 version = tlv[DSMIP_TLV_LEN] >> 4;

	if (get_unaligned_be16(tlv + 2) != len)
		return DSMIP_C_RX_TLV_LENGTH;
	if ((tlv[1] == IPPROTO_IPIP && version == 4) ||
	    (tlv[1] == IPPROTO_IPV6 && version == 6))
		return DSMIP_ACCEPT;
	if (tlv[1] != IPPROTO_ESP && tlv[1] != IPPROTO_GRE)
		return DSMIP_C_RX_TLV_TYPE;
	a->payload = tlv[1];
	return DSMIP_ACCEPT;
}

/* The draft: type, 8-bit length (0: it did not fit), reserved. */
static int dsmip_udp_tlv_draft(const u8 *tlv, unsigned int len,
			       struct dsmip_arrival *a)
{
	u8 version = tlv[DSMIP_TLV_LEN] >> 4;

	if (tlv[1] && tlv[1] != len)
		return DSMIP_C_RX_TLV_LENGTH;
	if ((tlv[0] == DSMIP_TLV_DRAFT_IPV4 && version == 4) ||
	    (tlv[0] == DSMIP_TLV_DRAFT_IPV6 && version == 6))
		return DSMIP_ACCEPT;
	if (tlv[0] < DSMIP_TLV_DRAFT_ESP)
		return DSMIP_C_RX_TLV_TYPE;
	a->payload = tlv[0] == DSMIP_TLV_DRAFT_ESP ? IPPROTO_ESP : IPPROTO_GRE;
	return DSMIP_ACCEPT;
}

/* The first octet tells the format. */
static int dsmip_udp_format(struct sk_buff *skb, struct dsmip_arrival *a)
{
	unsigned int len;
	const u8 *data;

	a->offset = sizeof(struct udphdr);
	if (!pskb_may_pull(skb, a->offset + 1))
		return DSMIP_C_RX_TRUNCATED;
	data = skb->data + a->offset;
	len = skb->len - a->offset;
	if (data[0] >> 4 == 4 || data[0] >> 4 == 6) {
		a->encap = DSMIP_ENCAP_UDP;
		return DSMIP_ACCEPT;
	}
	if (data[0] == DSMIP_UDP_KEEPALIVE && len == 1)
		return DSMIP_C_KEEPALIVE_IN;
	if (data[0] > DSMIP_TLV_DRAFT_GRE)
		return DSMIP_C_RX_INNER_VERSION;

	/* The version of the following header must be present as well. */
	if (!pskb_may_pull(skb, a->offset + DSMIP_TLV_LEN + 1))
		return DSMIP_C_RX_TRUNCATED;
	data = skb->data + a->offset;
	a->offset += DSMIP_TLV_LEN;
	len = dsmip_gso_length(skb, a->offset);
	if (!data[0]) {
		a->encap = DSMIP_ENCAP_UDP_TLV;
		return dsmip_udp_tlv(data, len, a);
	}
	a->encap = DSMIP_ENCAP_UDP_TLV_DRAFT;
	return dsmip_udp_tlv_draft(data, len, a);
}

/**
 * dsmip_udp_rcv - encap_rcv of the sockets
 * @sk: socket
 * @skb: packet, data at the UDP header, checksum verified
 *
 * Return: 0; every packet to the port belongs to the device and is consumed.  For
 * ESP and GRE the stack continues: their negative protocol.
 */
int dsmip_udp_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct dsmip_dev *dd = rcu_dereference_sk_user_data(sk);
	const struct dsmip_settings *s;
	struct dsmip_arrival a;
	int verdict;

	if (!dd) {
		kfree_skb(skb);
		return 0;
	}
	s = rcu_dereference(dd->settings);
	dsmip_arrival_init(&a, skb, ip_hdr(skb)->version == 4 ? AF_INET :
								AF_INET6);
	a.from.port = udp_hdr(skb)->source;
	a.to.port = udp_hdr(skb)->dest;
	verdict = dsmip_udp_format(skb, &a);
	if (verdict == DSMIP_C_KEEPALIVE_IN) {
		dsmip_count(dd, DSMIP_C_KEEPALIVE_IN);
		consume_skb(skb);
		return 0;
	}
	/* The socket may belong to earlier settings. */
	if (verdict == DSMIP_ACCEPT &&
	    !dsmip_underlay_takes(dd, s, skb, a.from.family))
		verdict = DSMIP_C_RX_UNDERLAY;
	if (verdict == DSMIP_ACCEPT && !dsmip_input_ours(s, &a))
		verdict = DSMIP_C_RX_END_POINT;
	if (verdict == DSMIP_ACCEPT && a.payload)
		return dsmip_payload_rcv(dd, skb, &a);
	if (verdict == DSMIP_ACCEPT)
		dsmip_input(dd, skb, &a);
	else
		dsmip_drop(dd, skb, verdict);
	return 0;
}

/**
 * dsmip_udp_err - encap_err_lookup of the sockets
 * @sk: socket
 * @skb: ICMP error, data at the quoted IP header, transport header at the UDP
 *	header behind it
 *
 * Return: 0 if the error is about a packet of the device; else the stack looks for
 * another owner and does nothing for this one.
 */
int dsmip_udp_err(struct sock *sk, struct sk_buff *skb)
{
	struct dsmip_dev *dd = rcu_dereference_sk_user_data(sk);
	struct dsmip_icmp e;

	if (!dd)
		return -ENOENT;
	dsmip_icmp_read(skb, ip_hdr(skb)->version == 4 ? AF_INET : AF_INET6,
			skb_transport_offset(skb), &e);
	dsmip_icmp_read_udp(skb, &e);
	if (!dsmip_icmp_ours(dd, &e))
		return -ENOENT;
	if (!dsmip_icmp_takes(dd, &e)) {
		dsmip_count(dd, DSMIP_C_ICMP_UNDERLAY);
		return -ENOENT;
	}
	return dsmip_icmp(dd, skb, &e) ? 0 : -ENOENT;
}
