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

#include "tunnel.h"

#define DSMIP_LIMIT_ROWS	2
#define DSMIP_LIMIT_SOURCES	4096	/* buckets of a row; a power of two */
#define DSMIP_LIMIT_NETWORKS	2048
#define DSMIP_LIMIT_BINDINGS	1024

struct dsmip_limits {
	siphash_key_t key;
	atomic64_t strangers;
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
	__be16 port;
	u16 family;
	u32 kind;		/* enum dsmip_rate_of */
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

	atomic64_set(&limits->strangers, 0);
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

static u64 dsmip_limit_hash(const struct dsmip_limits *limits,
			    enum dsmip_rate_of kind,
			    const struct dsmip_endpoint *from)
{
	bool source = kind == DSMIP_RATE_SOURCE;
	struct dsmip_limit_key key = {
		.port = source ? from->port : 0,
		.family = from->family,
		.kind = kind,
	};

	if (from->family == AF_INET)
		key.address.s6_addr32[0] = from->in.s_addr;
	else	/* a network is a /64 */
		memcpy(&key.address, &from->in6, sizeof(from->in6) / (source ? 1 : 2));
	return siphash(&key, sizeof(key), &limits->key);
}

static bool dsmip_limit_source(struct dsmip_limits *limits, s64 now,
			       const struct dsmip_endpoint *from,
			       const struct dsmip_rate *rate)
{
	return dsmip_rows_take(limits->source[0], DSMIP_LIMIT_SOURCES,
			       dsmip_limit_hash(limits, DSMIP_RATE_SOURCE, from),
			       now, dsmip_bucket_of(rate));
}

static bool dsmip_limit_network(struct dsmip_limits *limits, s64 now,
				const struct dsmip_endpoint *from,
				const struct dsmip_rate *rate)
{
	return dsmip_rows_take(limits->network[0], DSMIP_LIMIT_NETWORKS,
			       dsmip_limit_hash(limits, DSMIP_RATE_NETWORK, from),
			       now, dsmip_bucket_of(rate));
}

/**
 * dsmip_limit - whether a piece of signalling may have a cookie
 * @dd: device of a home agent
 * @s: its settings
 * @a: how it came; @a->binding is the one it belongs to
 *
 * What a node sends from where it is registered is limited by its source alone:
 * strangers, even those behind the same NAT, cannot use up anything of it.
 *
 * Return: DSMIP_ACCEPT, or the counter of the drop.
 */
int dsmip_limit(struct dsmip_dev *dd, const struct dsmip_settings *s,
		const struct dsmip_arrival *a)
{
	const struct dsmip_rate *source = &s->rate[DSMIP_RATE_SOURCE];
	const struct dsmip_rate *network = &s->rate[DSMIP_RATE_NETWORK];
	const struct dsmip_rate *strangers = &s->rate[DSMIP_RATE_STRANGERS];
	struct dsmip_limits *limits = dd->limits;
	s64 now = ktime_get_ns();

	/* What exceeds its own limit takes nothing of what it shares with others. */
	if (source->rate &&
	    !dsmip_limit_source(limits, now, &a->from, source))
		return DSMIP_C_RX_RATE_SOURCE;
	if (a->binding)
		return DSMIP_ACCEPT;
	if (network->rate &&
	    !dsmip_limit_network(limits, now, &a->from, network))
		return DSMIP_C_RX_RATE_NETWORK;
	if (strangers->rate &&
	    !dsmip_bucket_take(&limits->strangers, now, dsmip_bucket_of(strangers)))
		return DSMIP_C_RX_RATE_STRANGERS;
	return DSMIP_ACCEPT;
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
