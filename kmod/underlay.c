// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: where the outer packets of a device belong.
 *
 * Addresses mean something only in one layer-3 domain: the default VRF, another
 * VRF, or a single interface.  A packet that came by another one is somebody
 * else's, even if its addresses are those of a binding.  The rule is that of
 * UDP sockets, so that all formats have the same: our sockets are bound to the
 * underlay, and direct packets are judged as if they had a socket.  What is sent
 * leaves only by what its answer may come in by.
 *
 * Inner packets belong to the domain of the device itself, which may be another.
 */
#include <net/l3mdev.h>

#include "underlay.h"

/**
 * dsmip_underlay_exists - whether outer packets have anywhere to go
 * @dd: device
 * @underlay: interface index, 0 = default VRF
 */
bool dsmip_underlay_exists(const struct dsmip_dev *dd, u32 underlay)
{
	bool exists;

	if (!underlay)
		return true;
	rcu_read_lock();
	exists = dev_get_by_index_rcu(dd->net, underlay);
	rcu_read_unlock();
	return exists;
}

/**
 * dsmip_underlay_check - whether outer packets can belong to an interface
 * @dd: device
 * @underlay: interface index, 0 = default VRF
 * @extack: gets the reason of a refusal
 *
 * Return: 0; -ENODEV: there is none in the network namespace, -EINVAL: it is the
 * device itself.
 */
int dsmip_underlay_check(const struct dsmip_dev *dd, u32 underlay,
			 struct netlink_ext_ack *extack)
{
	if (!dsmip_underlay_exists(dd, underlay)) {
		NL_SET_ERR_MSG(extack, "UNDERLAY does not exist");
		return -ENODEV;
	}
	if (underlay == dd->dev->ifindex) {
		NL_SET_ERR_MSG(extack, "UNDERLAY is the device itself");
		return -EINVAL;
	}
	return 0;
}

/**
 * dsmip_underlay_has - whether outer packets may leave by an interface
 * @dd: device
 * @s: settings
 * @dev: interface, or VRF
 *
 * A VRF whose table has no route leaves the rest to other tables, and so to
 * interfaces outside: it is the interface of a route that counts.
 *
 * Context: RCU reader.
 */
bool dsmip_underlay_has(const struct dsmip_dev *dd,
			const struct dsmip_settings *s,
			const struct net_device *dev)
{
	int vrf = l3mdev_master_ifindex_rcu(dev);

	return udp_sk_bound_dev_eq(dd->net, s->underlay, vrf ?: dev->ifindex,
				   vrf ? dev->ifindex : 0);
}

/**
 * dsmip_underlay_oif - what the route of an outer packet is looked up for
 * @dd: device
 * @s: settings
 * @link: interface that the packet has to leave by, 0 = routing decides
 * @domain: gets an interface in the domain that source addresses have to be of;
 *	NULL = the default one
 *
 * Context: RCU reader.
 * Return: index of an interface or of a VRF, 0 = routing decides; -EXDEV: the
 * underlay is gone, or @link is not in it.
 */
int dsmip_underlay_oif(const struct dsmip_dev *dd,
		       const struct dsmip_settings *s, u32 link,
		       const struct net_device **domain)
{
	u32 oif = link ?: s->underlay;
	const struct net_device *dev;

	*domain = NULL;
	if (!oif)
		return 0;
	dev = dev_get_by_index_rcu(dd->net, oif);
	*domain = dev;
	/* Routing says so if there is no such link. */
	if (!dev)
		return link ? link : -EXDEV;
	return dsmip_underlay_has(dd, s, dev) ? oif : -EXDEV;
}
