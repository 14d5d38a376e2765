// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: how much signalling gets a path cookie.  Anybody may send it, so that
 * one source must not use up the cookies, the daemon's socket and its time.
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

struct dsmip_limits {
	siphash_key_t key;
	atomic64_t strangers;
	atomic64_t source[DSMIP_LIMIT_ROWS][DSMIP_LIMIT_SOURCES];
	atomic64_t network[DSMIP_LIMIT_ROWS][DSMIP_LIMIT_NETWORKS];
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

/* Take a token if there is one.  Of those that are there at once each gets its own. */
static bool dsmip_bucket_take(atomic64_t *bucket, s64 now,
			      const struct dsmip_rate *rate)
{
	s64 interval = NSEC_PER_SEC / rate->rate;
	s64 full = atomic64_read(bucket), next;

	do {
		next = max(full, now) + interval;
		if (next - now > interval * rate->burst)
			return false;
	} while (!atomic64_try_cmpxchg(bucket, &full, next));
	return true;
}

/* Take one of a source or of its network, whichever @kind says. */
static bool dsmip_rows_take(struct dsmip_limits *limits, enum dsmip_rate_of kind,
			    s64 now, const struct dsmip_endpoint *from,
			    const struct dsmip_rate *rate)
{
	bool source = kind == DSMIP_RATE_SOURCE;
	struct dsmip_limit_key key = {
		.port = source ? from->port : 0,
		.family = from->family,
		.kind = kind,
	};
	bool taken = false;
	unsigned int row;
	u64 hash;

	if (from->family == AF_INET)
		key.address.s6_addr32[0] = from->in.s_addr;
	else	/* a network is a /64 */
		memcpy(&key.address, &from->in6, sizeof(from->in6) / (source ? 1 : 2));
	hash = siphash(&key, sizeof(key), &limits->key);
	for (row = 0; row < DSMIP_LIMIT_ROWS; row++) {
		atomic64_t *bucket = source ?
			&limits->source[row][hash % DSMIP_LIMIT_SOURCES] :
			&limits->network[row][hash % DSMIP_LIMIT_NETWORKS];

		if (dsmip_bucket_take(bucket, now, rate))
			taken = true;
		hash >>= 32;
	}
	return taken;
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
	    !dsmip_rows_take(limits, DSMIP_RATE_SOURCE, now, &a->from, source))
		return DSMIP_C_RX_RATE_SOURCE;
	if (a->binding)
		return DSMIP_ACCEPT;
	if (network->rate &&
	    !dsmip_rows_take(limits, DSMIP_RATE_NETWORK, now, &a->from, network))
		return DSMIP_C_RX_RATE_NETWORK;
	if (strangers->rate &&
	    !dsmip_bucket_take(&limits->strangers, now, strangers))
		return DSMIP_C_RX_RATE_STRANGERS;
	return DSMIP_ACCEPT;
}
