// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the MTU of a device.
 *
 * The operator sets the limit of inner packets in tunnels.  If whole home prefixes
 * are routed into the device, it also forwards packets to the home link, whose MTU
 * is the only limit for these.  The stack checks a packet against the MTU of the
 * device before it is known which way the packet takes.  So the device has the
 * larger MTU, and encap.c and homelink.c each enforce their own.
 */
#include <linux/rtnetlink.h>
#include <net/net_namespace.h>

#include "dsmip.h"

/* Under RTNL. */
static unsigned int dsmip_mtu_wanted(const struct dsmip_dev *dd)
{
	unsigned int mtu = READ_ONCE(dd->tunnel_mtu);
	const struct net_device *link = NULL;
	u32 home_link;

	rcu_read_lock();
	home_link = rcu_dereference(dd->settings)->home_link;
	rcu_read_unlock();
	if (home_link)
		link = __dev_get_by_index(dd->net, home_link);
	if (link)
		mtu = max(mtu, READ_ONCE(link->mtu));
	return min(mtu, dd->dev->max_mtu);
}

/**
 * dsmip_change_mtu - ndo_change_mtu
 * @dev: device
 * @mtu: MTU of tunnels, within the limits of the device
 *
 * The core does not call this if the device has @mtu already.  To give tunnels the
 * MTU of the home link, use DSMIP_DEVICE_A_TUNNEL_MTU.
 */
int dsmip_change_mtu(struct net_device *dev, int mtu)
{
	struct dsmip_dev *dd = netdev_priv(dev);

	if (!dd->mtu_follows)
		WRITE_ONCE(dd->tunnel_mtu, mtu);
	WRITE_ONCE(dev->mtu, dsmip_mtu_wanted(dd));
	return 0;
}

/**
 * dsmip_mtu_follow - update the MTU of a device after a change of its two limits
 * @dd: device
 *
 * Under RTNL.
 */
void dsmip_mtu_follow(struct dsmip_dev *dd)
{
	struct net_device *dev = dd->dev;
	int err;

	ASSERT_RTNL();
	/* A device being removed may already have lost its data of other protocols. */
	if (dev->reg_state != NETREG_REGISTERED)
		return;
	dd->mtu_follows = true;
	err = dev_set_mtu(dev, dsmip_mtu_wanted(dd));
	dd->mtu_follows = false;
	if (err)
		netdev_warn(dev, "MTU stays %u: the host refuses another (%pe)\n",
			    dev->mtu, ERR_PTR(err));
}

/* The interface of a home link appears, disappears, or changes its MTU. */
static int dsmip_mtu_event(struct notifier_block *nb, unsigned long event,
			   void *info)
{
	const struct net_device *link = netdev_notifier_info_to_dev(info);
	struct dsmip_dev *dd;

	switch (event) {
	case NETDEV_REGISTER:
	case NETDEV_UNREGISTER:
	case NETDEV_CHANGEMTU:
		break;
	default:
		return NOTIFY_DONE;
	}
	/* Under RTNL, as all changes of the list. */
	list_for_each_entry(dd, &dsmip_net(dev_net(link))->devices, list) {
		bool ours;

		rcu_read_lock();
		ours = rcu_dereference(dd->settings)->home_link == link->ifindex;
		rcu_read_unlock();
		if (ours)
			dsmip_mtu_follow(dd);
	}
	return NOTIFY_DONE;
}

static struct notifier_block dsmip_mtu_notifier = {
	.notifier_call = dsmip_mtu_event,
};

/**
 * dsmip_mtu_register - start to follow the interfaces of home links
 *
 * Return: 0 or an error.
 */
int dsmip_mtu_register(void)
{
	return register_netdevice_notifier(&dsmip_mtu_notifier);
}

/**
 * dsmip_mtu_unregister - stop; there are no devices any more
 */
void dsmip_mtu_unregister(void)
{
	unregister_netdevice_notifier(&dsmip_mtu_notifier);
}
