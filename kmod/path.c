// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: path cookies. A cookie is a packet mark that stands for an outer tuple;
 * see DSMIP_CMD_PATH_GET in the contract. The cookies of a device are a ring: a new
 * one displaces the oldest.  So their number is bounded, and assigning one needs no
 * lock.
 *
 * Incoming packets create cookies.  There is no task to charge then, so the memory
 * is charged to the memory control group of the creator of the device.
 */
#include <linux/jiffies.h>
#include <linux/memcontrol.h>
#include <linux/random.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "dsmip.h"

#define DSMIP_COOKIE_SLOT(cookie)	((cookie) & (DSMIP_PATH_RING_SIZE - 1))

/**
 * dsmip_paths_init - allocate the ring of a device
 * @dd: device
 *
 * Return: 0 or -ENOMEM.
 */
int dsmip_paths_init(struct dsmip_dev *dd)
{
	dd->paths = kvcalloc(DSMIP_PATH_RING_SIZE, sizeof(*dd->paths),
			     GFP_KERNEL_ACCOUNT);
	if (!dd->paths)
		return -ENOMEM;
	dd->payer = get_mem_cgroup_from_mm(current->mm);
	return 0;
}

/**
 * dsmip_paths_destroy - free the ring; nobody can reach the device any more
 * @dd: device
 */
void dsmip_paths_destroy(struct dsmip_dev *dd)
{
	struct dsmip_path *path;
	unsigned int slot;

	if (!dd->paths)
		return;
	for (slot = 0; slot < DSMIP_PATH_RING_SIZE; slot++) {
		path = rcu_dereference_protected(dd->paths[slot], 1);
		if (path)
			kfree_rcu(path, rcu);
	}
	kvfree(dd->paths);
	dd->paths = NULL;
	mem_cgroup_put(dd->payer);
}

static struct dsmip_path *dsmip_path_new(const struct dsmip_dev *dd,
					 const struct dsmip_path *path)
{
	struct mem_cgroup *before = set_active_memcg(dd->payer);
	struct dsmip_path *new;

	new = kmemdup(path, sizeof(*path),
		      GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	set_active_memcg(before);
	return new;
}

static bool dsmip_path_live(const struct dsmip_path *path)
{
	return time_before(jiffies, READ_ONCE(path->expires)) &&
	       (path->reusable || !atomic_read(&path->used));
}

/**
 * dsmip_path_add - store an outer tuple
 * @dd: device
 * @path: the tuple; copied, cookie and expiry are filled in
 *
 * Return: the cookie; 0 = no memory.
 */
u32 dsmip_path_add(struct dsmip_dev *dd, const struct dsmip_path *path)
{
	struct dsmip_path *new, *old;
	unsigned int slot;

	new = dsmip_path_new(dd, path);
	if (!new)
		return 0;
	slot = (unsigned int)atomic_inc_return(&dd->path_head) &
	       (DSMIP_PATH_RING_SIZE - 1);
	new->cookie = DSMIP_COOKIE_FLAG | slot |
		      ((u32)get_random_u32() << DSMIP_PATH_RING_BITS &
		       ~DSMIP_COOKIE_FLAG);
	new->expires = jiffies + msecs_to_jiffies(new->lifetime);
	atomic_set(&new->used, 0);

	old = unrcu_pointer(xchg(&dd->paths[slot], RCU_INITIALIZER(new)));
	if (old) {
		if (dsmip_path_live(old))
			dsmip_count(dd, DSMIP_C_COOKIE_DISPLACED);
		kfree_rcu(old, rcu);
	}
	return new->cookie;
}

/**
 * dsmip_path_find - the outer tuple of a cookie
 * @dd: device
 * @cookie: packet mark
 *
 * Return: the path, valid under RCU; NULL if the cookie was never assigned, has
 * expired, was displaced or is used up.
 */
struct dsmip_path *dsmip_path_find(struct dsmip_dev *dd, u32 cookie)
{
	struct dsmip_path *path;

	path = rcu_dereference(dd->paths[DSMIP_COOKIE_SLOT(cookie)]);
	if (!path || path->cookie != cookie || !dsmip_path_live(path))
		return NULL;
	return path;
}

/**
 * dsmip_path_use - take the right to send one packet over a path
 * @path: path
 *
 * A path that a received packet created is good for one answer; for a reusable one
 * the lifetime starts again.
 *
 * Return: false if the path is used up.
 */
bool dsmip_path_use(struct dsmip_path *path)
{
	if (!path->reusable)
		return !atomic_xchg(&path->used, 1);
	WRITE_ONCE(path->expires, jiffies + msecs_to_jiffies(path->lifetime));
	return true;
}

/**
 * dsmip_paths_count - number of live cookies
 * @dd: device
 */
unsigned int dsmip_paths_count(struct dsmip_dev *dd)
{
	struct dsmip_path *path;
	unsigned int slot, count = 0;

	rcu_read_lock();
	for (slot = 0; slot < DSMIP_PATH_RING_SIZE; slot++) {
		path = rcu_dereference(dd->paths[slot]);
		if (path && dsmip_path_live(path))
			count++;
	}
	rcu_read_unlock();
	return count;
}
