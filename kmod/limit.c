// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: how much signalling gets a path cookie, and how many ICMP errors are acted
 * on.  Anybody may send both, so that one source must not use up the cookies, the
 * daemon's socket and its time, nor what is left for the errors of others.
 *
 * Each limit is a token bucket, kept as one number: the time at which it will be
 * full again.  Sources and networks share a fixed number of buckets by a hash with
 * a secret key.  Each has one in every row, and only one that finds all of them
 * empty is refused; so those that share one bucket with a flood do not notice.
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

/* What has limits of its own, so that it cannot use up those of the others. */
enum dsmip_limit_share {
	DSMIP_SHARE_ANY,
	DSMIP_SHARE_PROVED,	/* updates that go on from an answer */
	DSMIP_SHARE_ESP,	/* ESP that nobody here has a state for */
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
 * dsmip_limits_init - make the buckets of a device, all of them full
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
 * Times that a rate led to mean nothing under another one.
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

/* Take a token if there is one.  Of those that are there at once each gets its own. */
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

/* Take one of the bucket that @hash has in each row; @count, a power of two, a row. */
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

/* What one source has apart, whatever share its messages have. */
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
 * Take one of all that a share has for a message.  What exceeds its own limit takes
 * nothing of what it shares with others.
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

/* Whether an update whose number follows is within what its node has there. */
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

/* The SPI of ESP that the list of passage.c lets in; 0 = something else. */
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
 * What is inside of ESP cannot be seen, but whoever knows the SPI of a state has
 * seen packets of it: each state has a share of its own.
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
 * dsmip_limit - whether a piece of signalling may have a cookie
 * @dd: device of a home agent
 * @s: its settings
 * @skb: packet that is on the list of passage.c
 * @inner: its inner header
 * @node: node that it says to be of; NULL = none that is known
 * @a: how it came; @a->binding is the one it belongs to
 *
 * What a node sends from where it is registered is limited by its source alone:
 * strangers, even those behind the same NAT, cannot use up anything of it.  But those
 * can who forge its source; so updates whose number follows have a limit apart.
 * Others that are above a limit are answered.
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
 * Answers: together above the floods that are to be outlived; to one node at one
 * place few, for it hears those that somebody asks for in its name.
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

/* ICMP errors.  The secret of its binding is hash enough for a bucket. */

/* Acted on, of all and of one binding. */
static const struct dsmip_bucket dsmip_errors = { NSEC_PER_SEC / 1000, 1000 };
static const struct dsmip_bucket dsmip_error = { NSEC_PER_SEC / 50, 50 };

/* Wrong ones about one binding, before the right ones among them count as luck. */
static const struct dsmip_bucket dsmip_guess = { 10LL * NSEC_PER_SEC, 8 };

/**
 * dsmip_limit_guess - note that an error quoted what a binding does not send
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

/* Whether there were so many wrong ones lately that a right one may be a guess. */
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
 * @path_mtu: it tells of a path MTU
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
	/* What exceeds its own share takes nothing of that of others. */
	return dsmip_rows_take(limits->error[path_mtu][0], DSMIP_LIMIT_BINDINGS,
			       b->secret, now, dsmip_error) &&
	       dsmip_bucket_take(&limits->errors[path_mtu], now, dsmip_errors);
}
