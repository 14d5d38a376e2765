// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the binding that a packet of a node takes: the one that its mark names,
 * the one of a flow rule, or one with the lowest priority value, where flows spread
 * by weight.  A node with one binding skips all of this.
 */
#include <linux/bitops.h>
#include <linux/jhash.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "flow.h"
#include "node.h"
#include "passage.h"

/* Number of fragmented packets in flight that are told apart. */
#define DSMIP_FRAGMENTS		512

/*
 * struct dsmip_fragments - the bindings that first fragments took
 * @slot: upper 48 bits of the hash of what identifies the packet, and a BID.
 *	One word, so that readers and writers need no lock.
 */
struct dsmip_fragments {
	siphash_key_t key;
	atomic64_t slot[DSMIP_FRAGMENTS];
};

int dsmip_fragments_init(struct dsmip_dev *dd)
{
	dd->fragments = kzalloc(sizeof(*dd->fragments), GFP_KERNEL_ACCOUNT);
	if (!dd->fragments)
		return -ENOMEM;
	get_random_bytes(&dd->fragments->key, sizeof(dd->fragments->key));
	return 0;
}

void dsmip_fragments_destroy(struct dsmip_dev *dd)
{
	kfree(dd->fragments);
}

static atomic64_t *dsmip_fragment_slot(struct dsmip_dev *dd,
				       const struct dsmip_flow_key *key, u64 *tag)
{
	struct {
		struct in6_addr address[DSMIP_SEL_ADDRESSES];
		u32 id;
		u32 proto;
	} __aligned(SIPHASH_ALIGNMENT) packet = {
		.address = { key->address[0], key->address[1] },
		.id = key->id,
	};
	u64 hash;

	/* Identifications of IPv6 hold for all protocols (RFC 8200, 4.5). */
	if (key->family == AF_INET)
		packet.proto = key->number[DSMIP_SEL_PROTOCOL];
	hash = siphash(&packet, sizeof(packet), &dd->fragments->key);
	*tag = hash & ~(u64)U16_MAX;
	return &dd->fragments->slot[hash % DSMIP_FRAGMENTS];
}

static void dsmip_fragment_remember(struct dsmip_dev *dd,
				    const struct dsmip_flow_key *key, u16 bid)
{
	atomic64_t *slot;
	u64 tag;

	slot = dsmip_fragment_slot(dd, key, &tag);
	atomic64_set(slot, tag | bid);
}

static struct dsmip_binding *
dsmip_choose_bid(const struct dsmip_binding_set *set, ktime_t now, u16 bid)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->binding[i]->bid == bid)
			return dsmip_binding_live(set->binding[i], now) ?
			       set->binding[i] : NULL;
	return NULL;
}

static struct dsmip_binding *
dsmip_choose_by_first_fragment(struct dsmip_dev *dd,
			       const struct dsmip_binding_set *set, ktime_t now,
			       const struct dsmip_flow_key *key)
{
	u64 tag, found;

	found = atomic64_read(dsmip_fragment_slot(dd, key, &tag));
	if ((found & ~(u64)U16_MAX) != tag)
		return NULL;
	return dsmip_choose_bid(set, now, found & U16_MAX);
}

static struct dsmip_binding *
dsmip_choose_by_mark(const struct dsmip_binding_set *set, ktime_t now,
		     u32 mask, u32 mark)
{
	u32 bid;

	/*
	 * The bits of a cookie are no BID; an ICMP answer that reflects the mark
	 * has them.
	 */
	if (mark & DSMIP_COOKIE_FLAG)
		return NULL;
	bid = (mark & mask) >> __ffs(mask);
	if (!bid || bid > U16_MAX)
		return NULL;
	return dsmip_choose_bid(set, now, bid);
}

static struct dsmip_binding *
dsmip_choose_by_rule(const struct dsmip_binding_set *set, ktime_t now,
		     const struct dsmip_flow_set *flows,
		     const struct dsmip_flow_key *key)
{
	struct dsmip_binding *b;
	unsigned int i, j;

	for (i = 0; i < flows->count; i++) {
		const struct dsmip_flow *flow = flows->flow[i];

		if (!dsmip_flow_match(flow, key))
			continue;
		for (j = 0; j < flow->bid_count; j++) {
			b = dsmip_choose_bid(set, now, flow->bid[j]);
			if (b)
				return b;
		}
	}
	return NULL;
}

#define DSMIP_LOG_BITS	26	/* behind the point */

/* log2(1 + i / 64) */
static const u32 dsmip_log[65] = {
	0, 1501079, 2979239, 4435170, 5869532, 7282953,
	8676036, 10049359, 11403474, 12738911, 14056177, 15355762,
	16638134, 17903742, 19153019, 20386381, 21604229, 22806948,
	23994909, 25168470, 26327977, 27473761, 28606143, 29725435,
	30831934, 31925930, 33007703, 34077521, 35135648, 36182335,
	37217828, 38242363, 39256169, 40259469, 41252479, 42235408,
	43208457, 44171825, 45125701, 46070271, 47005714, 47932205,
	48849915, 49759007, 50659643, 51551977, 52436163, 53312346,
	54180672, 55041278, 55894303, 56739877, 57578130, 58409188,
	59233172, 60050204, 60860398, 61663868, 62460725, 63251078,
	64035030, 64812686, 65584145, 66349506, 67108864,
};

/* 32 - log2(hash), linear between the values of the table. */
static u32 dsmip_minus_log(u32 hash)
{
	unsigned int whole, step;
	u32 fraction, rest;

	hash |= 1;
	whole = __fls(hash);
	fraction = (hash << (31 - whole)) & ~BIT(31);	/* of 2^31 */
	step = fraction >> 25;
	rest = fraction & GENMASK(24, 0);
	fraction = dsmip_log[step] +
		   (((u64)(dsmip_log[step + 1] - dsmip_log[step]) * rest) >> 25);
	return ((32 - whole) << DSMIP_LOG_BITS) - fraction;
}

/*
 * Rendezvous hashing: each binding gets a number from its BID and the flow, and the
 * one with the least -log(number) / weight wins; that happens in proportion to its
 * weight.  A binding that vanishes moves only its own flows, and a new one takes
 * its share from all others.
 */
static struct dsmip_binding *
dsmip_choose_by_weight(const struct dsmip_binding_set *set, unsigned int first,
		       ktime_t now, const struct dsmip_flow_key *key)
{
	struct dsmip_binding *best = set->binding[first];
	u32 hash = dsmip_flow_hash(key);
	u32 least = dsmip_minus_log(jhash_1word(best->bid, hash));
	unsigned int i;

	for (i = first + 1; i < set->count; i++) {
		struct dsmip_binding *b = set->binding[i];
		u32 drawn;

		if (b->priority != best->priority)
			break;
		if (!dsmip_binding_live(b, now))
			continue;
		drawn = dsmip_minus_log(jhash_1word(b->bid, hash));
		if ((u64)drawn * best->weight < (u64)least * b->weight) {
			best = b;
			least = drawn;
		}
	}
	return best;
}

/* Quick check with false positives; the key decides. */
static bool dsmip_may_be_fragment(const struct sk_buff *skb,
				  const struct dsmip_inner *inner)
{
	if (inner->family == AF_INET)
		return ip_is_fragment((const struct iphdr *)skb->data);
	return ipv6_ext_hdr(inner->proto);
}

static bool dsmip_choose_exempt(const struct dsmip_settings *s,
				const struct sk_buff *skb,
				const struct dsmip_inner *inner,
				const struct dsmip_flow_key *key)
{
	return key->number[DSMIP_SEL_PROTOCOL] == IPPROTO_MH ||
	       dsmip_passage_out(s, skb, inner);
}

/**
 * dsmip_choose_among - dsmip_choose() for a node with several bindings
 * @dd: device
 * @s: its settings
 * @node: node
 * @set: its bindings
 * @skb: inner packet, from its IP header on
 * @inner: what its header says
 *
 * Context: RCU reader.
 * Return: binding; NULL if none is live.
 */
struct dsmip_binding *
dsmip_choose_among(struct dsmip_dev *dd, const struct dsmip_settings *s,
		   struct dsmip_node *node, const struct dsmip_binding_set *set,
		   const struct sk_buff *skb, const struct dsmip_inner *inner)
{
	const struct dsmip_flow_set *flows = rcu_dereference(node->flows);
	ktime_t now = ktime_get_coarse_boottime();
	struct dsmip_binding *b = NULL;
	struct dsmip_flow_key key;
	unsigned int first, next;
	bool tie;

	for (first = 0; first < set->count; first++)
		if (dsmip_binding_live(set->binding[first], now))
			break;
	if (first == set->count)
		return NULL;
	for (next = first + 1; next < set->count; next++)
		if (dsmip_binding_live(set->binding[next], now))
			break;
	if (next == set->count)
		return set->binding[first];
	tie = set->binding[next]->priority == set->binding[first]->priority;

	if (s->bid_mark_mask)
		b = dsmip_choose_by_mark(set, now, s->bid_mark_mask, skb->mark);
	/* Usually the rest of the packet need not be parsed. */
	if ((b || (!flows && !tie)) &&
	    (!s->bid_mark_mask || !dsmip_may_be_fragment(skb, inner)))
		return b ?: set->binding[first];

	dsmip_flow_key_init(&key, skb, inner,
			    s->role == DSMIP_ROLE_MOBILE_NODE);
	if (!b && key.fragment == DSMIP_FRAGMENT_LATER)
		b = dsmip_choose_by_first_fragment(dd, set, now, &key);
	if (!b && flows && !dsmip_choose_exempt(s, skb, inner, &key))
		b = dsmip_choose_by_rule(set, now, flows, &key);
	if (!b)
		b = tie ? dsmip_choose_by_weight(set, first, now, &key) :
			  set->binding[first];
	if (key.fragment == DSMIP_FRAGMENT_FIRST)
		dsmip_fragment_remember(dd, &key, b->bid);
	return b;
}
