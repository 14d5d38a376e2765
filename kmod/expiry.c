// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: expiry of bindings.  Each device has a queue of bindings, ordered by
 * expiry time, and one work item.
 */
#include <linux/ktime.h>

#include "node.h"

/* Nodes that the work handles before it releases the lock for others. */
#define DSMIP_EXPIRY_BATCH	64

/*
 * The work is delayed in jiffies, which stop while the machine sleeps; lifetimes do
 * not stop.  Running this often keeps the difference small.
 */
#define DSMIP_EXPIRY_LONGEST	(60 * HZ)

void dsmip_expiry_arm(struct dsmip_dev *dd)
{
	struct timerqueue_node *next = timerqueue_getnext(&dsmip_table(dd)->expiry);
	unsigned long delay = 0;
	ktime_t now;

	if (!next)
		return;
	now = ktime_get_boottime();
	/* One jiffy more, so that the binding is expired for readers, too. */
	if (ktime_after(next->expires, now))
		delay = nsecs_to_jiffies(ktime_sub(next->expires, now)) + 1;
	mod_delayed_work(system_power_efficient_wq, &dd->expiry_work,
			 min_t(unsigned long, delay, DSMIP_EXPIRY_LONGEST));
}

/* Remove expired bindings from one node; -ENOMEM: nothing was done. */
static int dsmip_node_expire(struct dsmip_dev *dd, struct dsmip_node *node,
			     ktime_t now)
{
	struct dsmip_binding_set *old = dsmip_node_set(dd, node), *new = NULL;
	unsigned int i, live = 0;

	for (i = 0; i < old->count; i++)
		live += dsmip_binding_live(old->binding[i], now);
	if (live) {
		new = dsmip_set_alloc(live);
		if (!new)
			return -ENOMEM;
	}
	for (i = 0; i < old->count; i++) {
		struct dsmip_binding *b = old->binding[i];

		if (dsmip_binding_live(b, now)) {
			new->binding[new->count++] = b;
			continue;
		}
		dsmip_count(dd, DSMIP_C_BINDING_EXPIRED);
		dsmip_notify_expired(dd, node, b);
	}
	if (!live) {
		dsmip_node_retire(dd, node);
		return 0;
	}
	dd->bindings -= old->count - live;
	new = dsmip_set_settle(new);
	rcu_assign_pointer(node->set, new);
	for (i = 0; i < old->count; i++)
		if (!dsmip_binding_live(old->binding[i], now))
			dsmip_binding_retire(dd, old->binding[i]);
	dsmip_set_retire(old);
	return 0;
}

/* One batch; 1: there may be more, 0: nothing is left; or an error. */
static int dsmip_expire_batch(struct dsmip_dev *dd)
{
	ktime_t now = ktime_get_coarse_boottime();
	unsigned int handled;

	for (handled = 0; handled < DSMIP_EXPIRY_BATCH && !dsmip_going(dd);
	     handled++) {
		struct timerqueue_node *next;
		struct dsmip_binding *b;
		int err;

		next = timerqueue_getnext(&dsmip_table(dd)->expiry);
		if (!next)
			return 0;
		b = container_of(next, struct dsmip_binding, expiry);
		if (dsmip_binding_live(b, now))
			return 0;
		err = dsmip_node_expire(dd, b->node, now);
		if (err)
			return err;
		dsmip_changed(dd);
	}
	return 1;
}

static void dsmip_expiry_work(struct work_struct *work)
{
	struct dsmip_dev *dd = container_of(to_delayed_work(work),
					    struct dsmip_dev, expiry_work);
	int more;

	do {
		mutex_lock(&dd->lock);
		more = dsmip_expire_batch(dd);
		if (dsmip_going(dd))
			more = 0;
		else if (more < 0)
			/*
			 * Readers ignore expired bindings, so there is time to wait
			 * for memory.
			 */
			mod_delayed_work(system_power_efficient_wq,
					 &dd->expiry_work, HZ);
		else if (!more)
			dsmip_expiry_arm(dd);
		mutex_unlock(&dd->lock);
		cond_resched();
	} while (more > 0);
}

void dsmip_expiry_init(struct dsmip_dev *dd)
{
	INIT_DELAYED_WORK(&dd->expiry_work, dsmip_expiry_work);
}
