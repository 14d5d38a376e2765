// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: answers to Binding Updates above a limit.  An attacker with forged sources
 * can use up the limit that all unregistered sources share.  So the home agent
 * answers a Binding Update above a limit by a binding acknowledgement with status
 * 135, "sequence number out of window", and keeps no state for it.  The number in
 * the answer is a keyed hash of the source.  Every mobile node continues with the
 * next number (RFC 6275, 11.7.3), and so proves that it receives packets at that
 * source.  Updates with such a proof have separate limits.
 *
 * A refresh of a registered node needs no answer: only the node knows the number
 * that follows the last accepted one.
 */
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/siphash.h>
#include <net/ip6_checksum.h>
#include <net/ipv6.h>

#include "challenge.h"
#include "passage.h"

/* Mobility Header types, flags, status (RFC 6275, 6.1) */
#define DSMIP_MH_UPDATE			5
#define DSMIP_MH_ACKNOWLEDGEMENT	6
#define DSMIP_UPDATE_ACKNOWLEDGE	0x80
#define DSMIP_STATUS_SEQUENCE		135

/* A proof is valid for this long, at most twice as long; seconds. */
#define DSMIP_CHALLENGE_SLOT		5

/* Other messages in flight, or for other bindings, may have used the next numbers. */
#define DSMIP_CHALLENGE_LEEWAY		8

/* Updates that may have been lost since the last accepted one. */
#define DSMIP_UPDATE_LEEWAY		32

/* The number of an answer is at most half the range after that of the update: 15 bits. */
#define DSMIP_CHALLENGE_MASK		0x7fff

struct dsmip_update {
	u8 payload;		/* 59 */
	u8 length;		/* octets / 8 - 1 */
	u8 type;
	u8 reserved;
	__sum16 checksum;
	__be16 sequence;
	u8 flags;
	u8 more_flags;
	__be16 lifetime;
	u8 options[4];		/* padding, at least */
};

struct dsmip_acknowledgement {
	u8 payload;
	u8 length;
	u8 type;
	u8 reserved;
	__sum16 checksum;
	u8 status;
	u8 flags;
	__be16 sequence;
	__be16 lifetime;
	u8 padding[4];
};

/* What is hashed; has no holes. */
struct dsmip_challenge_key {
	struct in6_addr from;
	struct in6_addr home;
	struct in6_addr home_agent;
	__be16 port;
	u16 family;
	u32 slot;
};

/**
 * dsmip_update_read - read a Binding Update that requests an acknowledgement
 * @skb: packet that is on the list of passage.c
 * @offset: of the inner header from skb->data
 * @inner: what that says
 * @sequence: gets its number
 *
 * Return: false if it is something else.
 */
bool dsmip_update_read(const struct sk_buff *skb, unsigned int offset,
		       const struct dsmip_inner *inner, u16 *sequence)
{
	const struct dsmip_update *update;
	struct dsmip_update space;
	unsigned int at;
	u8 proto;

	if (!dsmip_passage_skip(skb, offset, inner, &at, &proto) ||
	    proto != IPPROTO_MH || at + sizeof(space) > offset + inner->len)
		return false;
	update = skb_header_pointer(skb, at, sizeof(space), &space);
	if (!update || update->type != DSMIP_MH_UPDATE ||
	    8 * (update->length + 1) < sizeof(space) ||
	    !(update->flags & DSMIP_UPDATE_ACKNOWLEDGE))
		return false;
	*sequence = ntohs(update->sequence);
	return true;
}

/**
 * dsmip_update_follows - whether a node may have sent an update with this number
 * @node: node that it claims to be from
 * @sequence: its number
 *
 * Under RCU.
 */
bool dsmip_update_follows(const struct dsmip_node *node, u16 sequence)
{
	const struct dsmip_binding_set *set = rcu_dereference(node->set);
	unsigned int i;

	for (i = 0; set && i < set->count; i++)
		if ((u16)(sequence - set->binding[i]->sequence - 1) <
		    DSMIP_UPDATE_LEEWAY)
			return true;
	return false;
}

static u32 dsmip_challenge_slot(void)
{
	return (u32)ktime_get_seconds() / DSMIP_CHALLENGE_SLOT;
}

static u16 dsmip_challenge_hash(const struct dsmip_dev *dd,
				const struct dsmip_arrival *a,
				const struct dsmip_inner *inner, u32 slot)
{
	struct dsmip_challenge_key key = {
		.home = *inner->src6,
		.home_agent = *inner->dst6,
		.port = a->from.port,
		.family = a->from.family,
		.slot = slot,
	};

	if (a->from.family == AF_INET)
		key.from.s6_addr32[0] = a->from.in.s_addr;
	else
		key.from = a->from.in6;
	return siphash(&key, sizeof(key), &dd->challenge_key) &
	       DSMIP_CHALLENGE_MASK;
}

/**
 * dsmip_challenge_met - whether the number of an update continues from an answer
 * @dd: device
 * @a: how it came
 * @inner: its inner header
 * @sequence: its number
 */
bool dsmip_challenge_met(const struct dsmip_dev *dd,
			 const struct dsmip_arrival *a,
			 const struct dsmip_inner *inner, u16 sequence)
{
	u32 slot = dsmip_challenge_slot(), age;

	for (age = 0; age < 2; age++) {
		u16 number = dsmip_challenge_hash(dd, a, inner, slot - age);

		if (((sequence - number - 1) & DSMIP_CHALLENGE_MASK) <
		    DSMIP_CHALLENGE_LEEWAY)
			return true;
	}
	return false;
}

/*
 * The number in the answer to an update with @sequence: the hash, adjusted so that
 * it is not before @sequence.  So the update is out of window, as the status says,
 * and a node that verifies this accepts the answer.
 */
static u16 dsmip_challenge_number(u16 hash, u16 sequence)
{
	return sequence + ((hash - sequence) & DSMIP_CHALLENGE_MASK);
}

/* Whether the answer would go to a single host other than this one. */
static bool dsmip_challenge_answers(const struct dsmip_arrival *a)
{
	if (a->encap != DSMIP_ENCAP_DIRECT && !a->from.port)
		return false;
	if (a->from.family == AF_INET)
		return dsmip_valid_address4(a->from.in.s_addr) &&
		       a->from.in.s_addr != a->to.in.s_addr;
	return dsmip_valid_address6(&a->from.in6) &&
	       !ipv6_addr_equal(&a->from.in6, &a->to.in6);
}

static struct sk_buff *dsmip_challenge_make(struct dsmip_dev *dd,
					    const struct dsmip_inner *inner,
					    u16 number)
{
	struct dsmip_acknowledgement *ack;
	struct ipv6hdr *ip6h;
	struct sk_buff *skb;

	skb = alloc_skb(LL_MAX_HEADER + dsmip_overhead(AF_INET6,
						       DSMIP_ENCAP_UDP_TLV) +
			sizeof(*ip6h) + sizeof(*ack), GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return NULL;
	skb_reserve(skb, LL_MAX_HEADER +
		    dsmip_overhead(AF_INET6, DSMIP_ENCAP_UDP_TLV));
	skb_reset_network_header(skb);
	ip6h = skb_put_zero(skb, sizeof(*ip6h));
	ack = skb_put_zero(skb, sizeof(*ack));
	skb->protocol = htons(ETH_P_IPV6);
	skb->dev = dd->dev;
	ip6_flow_hdr(ip6h, 0, 0);
	ip6h->payload_len = htons(sizeof(*ack));
	ip6h->nexthdr = IPPROTO_MH;
	ip6h->hop_limit = IPV6_DEFAULT_HOPLIMIT;
	ip6h->saddr = *inner->dst6;
	ip6h->daddr = *inner->src6;
	ack->payload = IPPROTO_NONE;
	ack->length = sizeof(*ack) / 8 - 1;
	ack->type = DSMIP_MH_ACKNOWLEDGEMENT;
	ack->status = DSMIP_STATUS_SEQUENCE;
	ack->sequence = htons(number);
	ack->padding[0] = IPV6_TLV_PADN;
	ack->padding[1] = sizeof(ack->padding) - 2;
	ack->checksum = csum_ipv6_magic(&ip6h->saddr, &ip6h->daddr, sizeof(*ack),
					IPPROTO_MH,
					csum_partial(ack, sizeof(*ack), 0));
	return skb;
}

/**
 * dsmip_challenge - answer an update that is above a limit
 * @dd: device of a home agent
 * @s: its settings
 * @a: how it came
 * @inner: its inner header
 * @sequence: its number
 *
 * No answer is longer than its question, and no answer causes another answer.
 *
 * Context: RCU reader, softirqs off.
 * Return: the counter of the result.
 */
enum dsmip_counter dsmip_challenge(struct dsmip_dev *dd,
				   const struct dsmip_settings *s,
				   const struct dsmip_arrival *a,
				   const struct dsmip_inner *inner, u16 sequence)
{
	struct dsmip_tunnel t = {
		.dd = dd,
		.settings = s,
		.src = a->to,
		.dst = a->from,
		.mark = s->fwmark,
		.encap = a->encap,
	};
	struct dsmip_inner answer;
	struct sk_buff *skb;
	u16 hash;

	if (!dsmip_challenge_answers(a) || !dsmip_limit_challenge(dd, a, inner))
		return DSMIP_C_SIGNALLING_UNANSWERED;
	hash = dsmip_challenge_hash(dd, a, inner, dsmip_challenge_slot());
	skb = dsmip_challenge_make(dd, inner,
				   dsmip_challenge_number(hash, sequence));
	if (!skb)
		return DSMIP_C_SIGNALLING_UNANSWERED;
	if (dsmip_inner_parse(skb, 0, &answer)) {
		kfree_skb(skb);
		return DSMIP_C_SIGNALLING_UNANSWERED;
	}
	dsmip_encap(skb, &t, &answer);
	return DSMIP_C_SIGNALLING_CHALLENGED;
}
