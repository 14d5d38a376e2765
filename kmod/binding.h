/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: inline functions that every packet calls: expiry and statistics of a
 * binding.
 */
#ifndef _DSMIP_BINDING_H
#define _DSMIP_BINDING_H

#include <linux/ktime.h>

#include "dsmip.h"

/* Any context. */
static inline bool dsmip_binding_live(const struct dsmip_binding *b, ktime_t now)
{
	return ktime_after(b->expiry.expires, now);
}

/* One share of the statistics of a binding.  Any context. */
static inline struct dsmip_traffic *dsmip_traffic(const struct dsmip_binding *b,
						  unsigned int share)
{
	return (void *)b->traffic + share * SMP_CACHE_BYTES;
}

/*
 * Statistics are atomic, because several CPUs may use one share.  With few
 * bindings each CPU usually has its own share and so its own cache line; with
 * many bindings two CPUs rarely use the same one.
 */
static inline unsigned int dsmip_traffic_share(const struct dsmip_binding *b)
{
	return raw_smp_processor_id() & b->traffic_mask;
}

/**
 * dsmip_binding_rx - count packets received on a binding
 * @b: binding
 * @packets: number of packets, as they were on the wire
 * @octets: of the inner packets
 *
 * Context: RCU reader.
 */
static inline void dsmip_binding_rx(struct dsmip_binding *b,
				    unsigned int packets, unsigned int octets)
{
	struct dsmip_traffic *traffic = dsmip_traffic(b, dsmip_traffic_share(b));
	unsigned long now = jiffies ?: 1;

	atomic64_add(packets, &traffic->rx_packets);
	atomic64_add(octets, &traffic->rx_bytes);
	if (READ_ONCE(traffic->last_heard) != now)
		WRITE_ONCE(traffic->last_heard, now);
}

/**
 * dsmip_binding_tx - count packets sent on a binding
 * @b: binding
 * @packets: number of packets, as they will be on the wire
 * @octets: of the inner packets
 *
 * Context: RCU reader.
 * Return: a value for the identification field of the outer packet.  CPUs with
 * separate shares start with values that are far apart.
 */
static inline u16 dsmip_binding_tx(struct dsmip_binding *b,
				   unsigned int packets, unsigned int octets)
{
	unsigned int share = dsmip_traffic_share(b);
	struct dsmip_traffic *traffic = dsmip_traffic(b, share);
	unsigned long now = jiffies ?: 1;

	if (unlikely(now - READ_ONCE(traffic->last_sent) >= HZ))
		WRITE_ONCE(traffic->last_sent, now);
	atomic64_add(octets, &traffic->tx_bytes);
	return atomic64_add_return(packets, &traffic->tx_packets) - packets +
	       share * (0x10000 / (b->traffic_mask + 1));
}

#endif /* _DSMIP_BINDING_H */
