// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: passes packets from a tunnel up the stack, merged by GRO where that helps.
 *
 * For GRO packets must wait for each other.  So each CPU has a queue and a NAPI of
 * its own, like the gro_cells of the core.  The gro_cells do not tell whether
 * anything waits, so all packets of a flow would have to go through them.  That
 * costs another softirq round, which is useless for packets that are already merged
 * or cannot be merged.  Here such a packet goes up at once if nothing waits.
 */
#include <linux/llist.h>

#include "tunnel.h"

/*
 * Packets that may wait on a CPU; the default of net.core.netdev_max_backlog.
 */
#define DSMIP_WAITING_MAX	1000

/*
 * struct dsmip_cell - of one device and CPU
 * @napi: dequeues packets, on this CPU unless an operator makes it a thread
 * @arrived: newest first
 * @taken: oldest first, used by the poller
 * @waiting: packets in both
 */
struct dsmip_cell {
	struct napi_struct napi;
	struct llist_head arrived;
	struct llist_node *taken;
	atomic_t waiting;
};

/* Set while a packet from a tunnel goes up the stack on this CPU. */
static DEFINE_PER_CPU(unsigned int, dsmip_delivering);

static struct sk_buff *dsmip_cell_take(struct dsmip_cell *cell)
{
	struct llist_node *node = cell->taken;
	struct sk_buff *skb;

	if (!node)
		node = llist_reverse_order(llist_del_all(&cell->arrived));
	if (!node)
		return NULL;
	cell->taken = node->next;
	skb = llist_entry(node, struct sk_buff, ll_node);
	skb_mark_not_on_list(skb);
	return skb;
}

static int dsmip_cell_poll(struct napi_struct *napi, int budget)
{
	struct dsmip_cell *cell = container_of(napi, struct dsmip_cell, napi);
	struct sk_buff *skb;
	int done = 0;

	while (done < budget) {
		skb = dsmip_cell_take(cell);
		if (!skb)
			break;
		atomic_dec(&cell->waiting);
		done++;
		/* GRO writes into what it merges. */
		if (skb_cloned(skb))
			netif_receive_skb(skb);
		else
			napi_gro_receive(napi, skb);
	}
	if (done < budget)
		napi_complete_done(napi, done);
	return done;
}

/* Whether a packet that goes up now would overtake an earlier one. */
static bool dsmip_cell_busy(const struct dsmip_cell *cell)
{
	/* Packets that a thread delivered came before this one. */
	return smp_load_acquire(&cell->napi.state) & NAPIF_STATE_SCHED ||
	       dsmip_compat_gro_holds(&cell->napi);
}

/**
 * dsmip_deliver - pass a packet to the stack
 * @dd: device it comes out of
 * @skb: packet, prepared for the stack; consumed
 * @merge: GRO may be able to merge it
 *
 * Packets of a CPU keep their order.  A packet from a tunnel inside another tunnel
 * always waits, because both would use the same kernel stack.
 *
 * Context: softirqs off.
 */
void dsmip_deliver(struct dsmip_dev *dd, struct sk_buff *skb, bool merge)
{
	struct dsmip_cell *cell = this_cpu_ptr(dd->cells);

	if (!merge && !this_cpu_read(dsmip_delivering) &&
	    !dsmip_cell_busy(cell)) {
		this_cpu_inc(dsmip_delivering);
		netif_receive_skb(skb);
		this_cpu_dec(dsmip_delivering);
		return;
	}
	if (atomic_inc_return(&cell->waiting) > DSMIP_WAITING_MAX) {
		atomic_dec(&cell->waiting);
		dsmip_drop(dd, skb, DSMIP_C_RX_WAITING);
		return;
	}
	if (llist_add(&skb->ll_node, &cell->arrived))
		napi_schedule(&cell->napi);
}

/**
 * dsmip_deliver_init - prepare to deliver packets of a device
 * @dd: device that is being created
 *
 * Return: 0 or -ENOMEM.
 */
int dsmip_deliver_init(struct dsmip_dev *dd)
{
	struct dsmip_cell *cell;
	int cpu;

	dd->cells = alloc_percpu_gfp(struct dsmip_cell, GFP_KERNEL_ACCOUNT);
	if (!dd->cells)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		cell = per_cpu_ptr(dd->cells, cpu);
		init_llist_head(&cell->arrived);
		/* Busy polling has nothing to wait for here. */
		set_bit(NAPI_STATE_NO_BUSY_POLL, &cell->napi.state);
		netif_napi_add(dd->dev, &cell->napi, dsmip_cell_poll);
		napi_enable(&cell->napi);
	}
	return 0;
}

/**
 * dsmip_deliver_stop - stop delivery
 * @dd: device that no packet can reach any more
 *
 * Waiting packets are freed.
 */
void dsmip_deliver_stop(struct dsmip_dev *dd)
{
	struct dsmip_cell *cell;
	struct sk_buff *skb;
	int cpu;

	for_each_possible_cpu(cpu) {
		cell = per_cpu_ptr(dd->cells, cpu);
		napi_disable(&cell->napi);
		__netif_napi_del(&cell->napi);
		while ((skb = dsmip_cell_take(cell)))
			kfree_skb(skb);
	}
}

/**
 * dsmip_deliver_free - free what dsmip_deliver_init() has allocated
 * @dd: device that was stopped a grace period of RCU ago: the core reads the
 *	NAPIs of a device under RCU
 */
void dsmip_deliver_free(struct dsmip_dev *dd)
{
	free_percpu(dd->cells);
}
