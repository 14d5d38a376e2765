// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: rate limits of signalling that gets a path cookie, and of ICMP errors.
 * Anybody may send both.  So one source must not use up the cookies, the daemon's
 * socket and time, or the limit for errors about other bindings.
 *
 * Each limit is a token bucket, stored as one number: the time at which it will be
 * full again.  Sources and networks share a fixed number of buckets by a hash with
 * a secret key.  Each has one bucket in every row, and is refused only if all of
 * them are empty; so a source that shares one bucket with a flood is not affected.
 */
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/xfrm.h>

#include "challenge.h"
#include "passage.h"

#define DSMIP_LIMIT_ROWS	2
#define DSMIP_LIMIT_SOURCES	4096	/* buckets of a row; a power of two */
#define DSMIP_LIMIT_NETWORKS	2048
#define DSMIP_LIMIT_BINDINGS	1024

/* Kinds of signalling with separate limits, so that none uses up those of the others. */
enum dsmip_limit_share {
	DSMIP_SHARE_ANY,
	DSMIP_SHARE_PROVED,	/* updates that go on from an answer */
	DSMIP_SHARE_ESP,	/* ESP without an XFRM state on this host */
	DSMIP_SHARES
};

struct dsmip_limits {
	siphash_key_t key;
	atomic64_t strangers[DSMIP_SHARES];
	atomic64_t answers;
	atomic64_t answer[DSMIP_LIMIT_ROWS][DSMIP_LIMIT_SOURCES];
	atomic64_t source[DSMIP_LIMIT_ROWS][DSMIP_LIMIT_SOURCES];
	atomic64_t network[DSMIP_LIMIT_ROWS][DSMIP_LIMIT_NETWORKS];
	/* ICMP errors; [true]: of path MTUs */
	atomic64_t errors[2];
	atomic64_t error[2][DSMIP_LIMIT_ROWS][DSMIP_LIMIT_BINDINGS];
	atomic64_t guess[DSMIP_LIMIT_ROWS][DSMIP_LIMIT_BINDINGS];
};

/* What is hashed; has no holes. */
struct dsmip_limit_key {
	struct in6_addr address;
	struct in6_addr home;
	__be16 port;
	u16 family;
	u32 kind;		/* enum dsmip_limit_share, DSMIP_APART_* */
	__be32 spi;
};

/**
 * dsmip_limits_init - allocate the buckets of a device, all full
 * @dd: device
 *
 * Return: 0 or -ENOMEM.
 */
int dsmip_limits_init(struct dsmip_dev *dd)
{
	dd->limits = kvzalloc(sizeof(*dd->limits), GFP_KERNEL_ACCOUNT);
	if (!dd->limits)
		return -ENOMEM;
	get_random_bytes(&dd->limits->key, sizeof(dd->limits->key));
	return 0;
}

/**
 * dsmip_limits_destroy - free the buckets; nobody can reach the device any more
 * @dd: device
 */
void dsmip_limits_destroy(struct dsmip_dev *dd)
{
	kvfree(dd->limits);
	dd->limits = NULL;
}

/**
 * dsmip_limits_reset - fill all buckets
 * @dd: device, its lock is held
 *
 * After a change of a rate the stored times have no meaning.
 */
void dsmip_limits_reset(struct dsmip_dev *dd)
{
	struct dsmip_limits *limits = dd->limits;
	unsigned int row, i;

	for (i = 0; i < DSMIP_SHARES; i++)
		atomic64_set(&limits->strangers[i], 0);
	for (row = 0; row < DSMIP_LIMIT_ROWS; row++) {
		for (i = 0; i < DSMIP_LIMIT_SOURCES; i++)
			atomic64_set(&limits->source[row][i], 0);
		for (i = 0; i < DSMIP_LIMIT_NETWORKS; i++)
			atomic64_set(&limits->network[row][i], 0);
	}
}

/* struct dsmip_bucket - how fast a bucket fills, and how much it holds
 * @interval: ns for a token
 * @burst: tokens
 */
struct dsmip_bucket {
	s64 interval;
	u32 burst;
};

static struct dsmip_bucket dsmip_bucket_of(const struct dsmip_rate *rate)
{
	return (struct dsmip_bucket){ NSEC_PER_SEC / rate->rate, rate->burst };
}

/* Take a token if there is one. Concurrent callers never get the same one. */
static bool dsmip_bucket_take(atomic64_t *bucket, s64 now, struct dsmip_bucket size)
{
	s64 full = atomic64_read(bucket), next;

	do {
		next = max(full, now) + size.interval;
		if (next - now > size.interval * size.burst)
			return false;
	} while (!atomic64_try_cmpxchg(bucket, &full, next));
	return true;
}

/* Take a token from the bucket of @hash in each row; @count buckets (2^n) a row. */
static bool dsmip_rows_take(atomic64_t *rows, unsigned int count, u64 hash, s64 now,
			    struct dsmip_bucket size)
{
	bool taken = false;
	unsigned int row;

	for (row = 0; row < DSMIP_LIMIT_ROWS; row++, hash >>= 32)
		if (dsmip_bucket_take(&rows[row * count + (hash & (count - 1))], now, size))
			taken = true;
	return taken;
}

/* Signalling */

/* Separate limits of one source, beside those of the shares. */
#define DSMIP_APART_IN_TURN	100	/* updates that follow the last one */
#define DSMIP_APART_ESP		101	/* ESP of a state */

/* Most of it is zero. */
static struct dsmip_limit_key dsmip_limit_key(const struct dsmip_endpoint *from,
					      u32 kind)
{
	struct dsmip_limit_key key = {
		.port = from->port,
		.family = from->family,
		.kind = kind,
	};

	if (from->family == AF_INET)
		key.address.s6_addr32[0] = from->in.s_addr;
	else
		key.address = from->in6;
	return key;
}

static bool dsmip_limit_source(struct dsmip_limits *limits, s64 now,
			       const struct dsmip_limit_key *key,
			       const struct dsmip_rate *rate)
{
	return !rate->rate ||
	       dsmip_rows_take(limits->source[0], DSMIP_LIMIT_SOURCES,
			       siphash(key, sizeof(*key), &limits->key), now,
			       dsmip_bucket_of(rate));
}

/* A network is a /64, or an IPv4 address. */
static bool dsmip_limit_network(struct dsmip_limits *limits, s64 now,
				struct dsmip_limit_key key,
				const struct dsmip_rate *rate)
{
	key.port = 0;
	if (key.family == AF_INET6)
		memset(&key.address.s6_addr[8], 0, 8);
	return !rate->rate ||
	       dsmip_rows_take(limits->network[0], DSMIP_LIMIT_NETWORKS,
			       siphash(&key, sizeof(key), &limits->key), now,
			       dsmip_bucket_of(rate));
}

/*
 * Take a token from every limit of a share for a message.  A message above its own
 * limit takes none from the limits that it shares with others.
 */
static int dsmip_limit_take(struct dsmip_limits *limits,
			    const struct dsmip_settings *s,
			    enum dsmip_limit_share share,
			    const struct dsmip_arrival *a)
{
	struct dsmip_limit_key key = dsmip_limit_key(&a->from, share);
	const struct dsmip_rate *strangers = &s->rate[DSMIP_RATE_STRANGERS];
	s64 now = ktime_get_ns();

	if (!dsmip_limit_source(limits, now, &key, &s->rate[DSMIP_RATE_SOURCE]))
		return DSMIP_C_RX_RATE_SOURCE;
	if (a->binding)
		return DSMIP_ACCEPT;
	if (!dsmip_limit_network(limits, now, key, &s->rate[DSMIP_RATE_NETWORK]))
		return DSMIP_C_RX_RATE_NETWORK;
	if (strangers->rate &&
	    !dsmip_bucket_take(&limits->strangers[share], now,
			       dsmip_bucket_of(strangers)))
		return DSMIP_C_RX_RATE_STRANGERS;
	return DSMIP_ACCEPT;
}

/* Whether an update with an expected number is within the limit of its node there. */
static bool dsmip_limit_in_turn(struct dsmip_limits *limits,
				const struct dsmip_settings *s,
				const struct dsmip_node *node,
				const struct dsmip_arrival *a)
{
	struct dsmip_limit_key key = dsmip_limit_key(&a->from,
						     DSMIP_APART_IN_TURN);

	key.home = node->home.address;
	return dsmip_limit_source(limits, ktime_get_ns(), &key,
				  &s->rate[DSMIP_RATE_SOURCE]);
}

/* The SPI of ESP that is on the list of passage.c; 0 = something else. */
static __be32 dsmip_limit_spi(const struct sk_buff *skb, unsigned int offset,
			      const struct dsmip_inner *inner)
{
	const __be32 *spi;
	unsigned int at;
	__be32 space;
	u8 proto;

	if (!dsmip_passage_skip(skb, offset, inner, &at, &proto) ||
	    proto != IPPROTO_ESP)
		return 0;
	spi = skb_header_pointer(skb, at, sizeof(space), &space);
	return spi ? *spi : 0;
}

/*
 * The module cannot see what is inside ESP.  But whoever knows the SPI of a state
 * has seen packets of it.  So each state has a separate limit.
 */
static int dsmip_limit_esp(struct dsmip_dev *dd, const struct dsmip_settings *s,
			   const struct dsmip_inner *inner,
			   const struct dsmip_arrival *a, __be32 spi)
{
	struct dsmip_limit_key key = dsmip_limit_key(&a->from, DSMIP_APART_ESP);
	struct xfrm_state *state;

	state = xfrm_state_lookup(dd->net, 0,
				  (const xfrm_address_t *)inner->dst6, spi,
				  IPPROTO_ESP, AF_INET6);
	if (!state)
		return dsmip_limit_take(dd->limits, s, DSMIP_SHARE_ESP, a);
	xfrm_state_put(state);
	key.spi = spi;
	return dsmip_limit_source(dd->limits, ktime_get_ns(), &key,
				  &s->rate[DSMIP_RATE_SOURCE]) ?
		DSMIP_ACCEPT : DSMIP_C_RX_RATE_SOURCE;
}

/**
 * dsmip_limit - whether signalling is within the limits and may get a cookie
 * @dd: device of a home agent
 * @s: its settings
 * @skb: packet that is on the list of passage.c
 * @inner: its inner header
 * @node: node that it claims to be from; NULL = unknown
 * @a: how it came; @a->binding is the binding it belongs to
 *
 * Messages of a node from a source where it is registered have only the limit of
 * the source.  So unregistered sources, even behind the same NAT, cannot use it up.
 * An attacker who forges the node's source can; so updates with an expected number
 * have a separate limit.  Other updates above a limit are answered.
 *
 * Context: RCU reader, softirqs off.
 * Return: DSMIP_ACCEPT, or the counter of the drop.
 */
int dsmip_limit(struct dsmip_dev *dd, const struct dsmip_settings *s,
		const struct sk_buff *skb, const struct dsmip_inner *inner,
		const struct dsmip_node *node, const struct dsmip_arrival *a)
{
	__be32 spi = dsmip_limit_spi(skb, a->offset, inner);
	int verdict;
	u16 number;

	if (spi)
		return dsmip_limit_esp(dd, s, inner, a, spi);
	if (!dsmip_update_read(skb, a->offset, inner, &number))
		return dsmip_limit_take(dd->limits, s, DSMIP_SHARE_ANY, a);
	if (node && dsmip_update_follows(node, number) &&
	    dsmip_limit_in_turn(dd->limits, s, node, a))
		return DSMIP_ACCEPT;
	verdict = dsmip_limit_take(dd->limits, s, DSMIP_SHARE_ANY, a);
	if (verdict == DSMIP_ACCEPT)
		return DSMIP_ACCEPT;
	if (dsmip_challenge_met(dd, a, inner, number) &&
	    dsmip_limit_take(dd->limits, s, DSMIP_SHARE_PROVED, a) ==
	    DSMIP_ACCEPT) {
		dsmip_count(dd, DSMIP_C_SIGNALLING_PROVED);
		return DSMIP_ACCEPT;
	}
	dsmip_count(dd, dsmip_challenge(dd, s, a, inner, number));
	return verdict;
}

/*
 * Limits of answers.  The limit for all is above the floods to be withstood.  The
 * limit for one node at one source is low, because that source also gets the
 * answers to messages that others forge in its name.
 */
static const struct dsmip_bucket dsmip_answers = { NSEC_PER_SEC / 20000, 20000 };
static const struct dsmip_bucket dsmip_answer = { NSEC_PER_SEC / 20, 10 };

/**
 * dsmip_limit_challenge - whether a message above a limit may be answered
 * @dd: device
 * @a: how it came
 * @inner: its inner header
 *
 * Context: any.
 */
bool dsmip_limit_challenge(struct dsmip_dev *dd, const struct dsmip_arrival *a,
			   const struct dsmip_inner *inner)
{
	struct dsmip_limit_key key = dsmip_limit_key(&a->from, 0);
	struct dsmip_limits *limits = dd->limits;
	s64 now = ktime_get_ns();

	key.home = *inner->src6;
	return dsmip_rows_take(limits->answer[0], DSMIP_LIMIT_SOURCES,
			       siphash(&key, sizeof(key), &limits->key), now,
			       dsmip_answer) &&
	       dsmip_bucket_take(&limits->answers, now, dsmip_answers);
}

/* ICMP errors. The secret of the binding serves as the hash for its bucket. */

/* Errors that are acted on, for all bindings and for one. */
static const struct dsmip_bucket dsmip_errors = { NSEC_PER_SEC / 1000, 1000 };
static const struct dsmip_bucket dsmip_error = { NSEC_PER_SEC / 50, 50 };

/* Wrong errors about one binding before right ones count as lucky guesses. */
static const struct dsmip_bucket dsmip_guess = { 10LL * NSEC_PER_SEC, 8 };

/**
 * dsmip_limit_guess - count an error that quotes a value which the binding does not
 *	send
 * @dd: device
 * @b: binding
 *
 * Under RCU.
 */
void dsmip_limit_guess(struct dsmip_dev *dd, const struct dsmip_binding *b)
{
	dsmip_rows_take(dd->limits->guess[0], DSMIP_LIMIT_BINDINGS, b->secret,
			ktime_get_ns(), dsmip_guess);
}

/* Whether there were so many wrong errors lately that a right one may be a guess. */
static bool dsmip_limit_guessed(const struct dsmip_limits *limits, u64 hash, s64 now)
{
	s64 most = dsmip_guess.interval * (dsmip_guess.burst - 1);
	unsigned int row;

	for (row = 0; row < DSMIP_LIMIT_ROWS; row++, hash >>= 32) {
		const atomic64_t *bucket;

		bucket = &limits->guess[row][hash % DSMIP_LIMIT_BINDINGS];
		if (atomic64_read(bucket) - now <= most)
			return false;
	}
	return true;
}

/**
 * dsmip_limit_error - whether an ICMP error may be acted on
 * @dd: device
 * @b: binding that it is about
 * @path_mtu: it reports a path MTU
 *
 * Under RCU.
 */
bool dsmip_limit_error(struct dsmip_dev *dd, const struct dsmip_binding *b,
		       bool path_mtu)
{
	struct dsmip_limits *limits = dd->limits;
	s64 now = ktime_get_ns();

	if (path_mtu && dsmip_limit_guessed(limits, b->secret, now))
		return false;
	/* An error above its own limit takes nothing from the limit of all. */
	return dsmip_rows_take(limits->error[path_mtu][0], DSMIP_LIMIT_BINDINGS,
			       b->secret, now, dsmip_error) &&
	       dsmip_bucket_take(&limits->errors[path_mtu], now, dsmip_errors);
}
