// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: names and sums of the counters, and the one way to drop a packet.
 */
#include "dsmip.h"

/* In the order of enum dsmip_counter, which comes from the same list. */
#define X(id, name) name,
const char *const dsmip_counter_names[DSMIP_C_MAX] = { DSMIP_COUNTERS(X) };
#undef X

/* Drop reasons of the kernel, for causes that have one. */
static enum skb_drop_reason dsmip_drop_reason(enum dsmip_counter counter)
{
	switch (counter) {
	case DSMIP_C_TX_HOME_NEIGHBOUR:
		return SKB_DROP_REASON_NEIGH_FAILED;
	case DSMIP_C_TX_NO_NODE:
	case DSMIP_C_TX_NO_BINDING:
	case DSMIP_C_TX_NO_ROUTE:
	case DSMIP_C_TX_UNDERLAY:
		return SKB_DROP_REASON_IP_OUTNOROUTES;
	case DSMIP_C_TX_TOO_BIG:
		return SKB_DROP_REASON_PKT_TOO_BIG;
	case DSMIP_C_TX_SEGMENT:
		return SKB_DROP_REASON_SKB_GSO_SEG;
	case DSMIP_C_TX_NO_MEMORY:
	case DSMIP_C_RX_NO_MEMORY:
		return SKB_DROP_REASON_NOMEM;
	case DSMIP_C_RX_TRUNCATED:
		return SKB_DROP_REASON_HDR_TRUNC;
	case DSMIP_C_RX_INNER_VERSION:
	case DSMIP_C_RX_TLV_TYPE:
		return SKB_DROP_REASON_UNHANDLED_PROTO;
	case DSMIP_C_TX_MALFORMED:
	case DSMIP_C_RX_INNER_HEADER:
	case DSMIP_C_RX_TLV_LENGTH:
		return SKB_DROP_REASON_IP_INHDR;
	case DSMIP_C_RX_INNER_ADDRESS:
	case DSMIP_C_RX_INNER_SOURCE:
	case DSMIP_C_RX_NOT_SIGNALLING:
	case DSMIP_C_RX_NO_NODE:
	case DSMIP_C_RX_END_POINT:
	case DSMIP_C_RX_UNDERLAY:
		return SKB_DROP_REASON_IP_INADDRERRORS;
	case DSMIP_C_TX_POLICY:
	case DSMIP_C_RX_POLICY:
		return SKB_DROP_REASON_XFRM_POLICY;
	case DSMIP_C_RX_ECN:
		return DSMIP_COMPAT_DROP_ECN;
	case DSMIP_C_RX_WAITING:
		return SKB_DROP_REASON_CPU_BACKLOG;
	case DSMIP_C_RX_DEVICE_DOWN:
		return SKB_DROP_REASON_DEV_READY;
	default:
		return SKB_DROP_REASON_NOT_SPECIFIED;
	}
}

/**
 * dsmip_count_many - add @number to @counter
 * @dd: device
 * @counter: what happened
 * @number: how often
 *
 * Context: any but hard interrupts.
 */
void dsmip_count_many(struct dsmip_dev *dd, enum dsmip_counter counter,
		      unsigned int number)
{
	struct dsmip_pcpu *pcpu;

	local_bh_disable();
	pcpu = this_cpu_ptr(dd->pcpu);
	u64_stats_update_begin(&pcpu->syncp);
	u64_stats_add(&pcpu->counter[counter], number);
	u64_stats_update_end(&pcpu->syncp);
	local_bh_enable();
}

/**
 * dsmip_count - add one to @counter
 * @dd: device
 * @counter: what happened
 *
 * Context: any but hard interrupts.
 */
void dsmip_count(struct dsmip_dev *dd, enum dsmip_counter counter)
{
	dsmip_count_many(dd, counter, 1);
}

/**
 * dsmip_counter_sum - value of @counter over all CPUs
 * @dd: device
 * @counter: which
 */
u64 dsmip_counter_sum(struct dsmip_dev *dd, enum dsmip_counter counter)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct dsmip_pcpu *pcpu = per_cpu_ptr(dd->pcpu, cpu);
		unsigned int start;
		u64 value;

		do {
			start = u64_stats_fetch_begin(&pcpu->syncp);
			value = u64_stats_read(&pcpu->counter[counter]);
		} while (u64_stats_fetch_retry(&pcpu->syncp, start));
		sum += value;
	}
	return sum;
}

/**
 * dsmip_count_drop - count a dropped packet that the caller frees
 * @dd: device
 * @counter: cause, of the TX or the RX group
 *
 * Context: any but hard interrupts.
 */
void dsmip_count_drop(struct dsmip_dev *dd, enum dsmip_counter counter)
{
	dsmip_count(dd, counter);
	if (counter < DSMIP_C_RX_TRUNCATED)
		dev_core_stats_tx_dropped_inc(dd->dev);
	else
		dev_core_stats_rx_dropped_inc(dd->dev);
}

/**
 * dsmip_drop - free @skb and count it under its cause
 * @dd: device
 * @skb: packet, consumed
 * @counter: cause, of the TX or the RX group
 *
 * Context: any but hard interrupts.
 */
void dsmip_drop(struct dsmip_dev *dd, struct sk_buff *skb,
		enum dsmip_counter counter)
{
	dsmip_count_drop(dd, counter);
	kfree_skb_reason(skb, dsmip_drop_reason(counter));
}
