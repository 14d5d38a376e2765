// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the underlay of a device: interface or VRF of its outer packets.
 *
 * Addresses have a meaning only in one layer-3 domain: the default VRF, another
 * VRF, or a single interface.  A packet that came by another domain is not for the
 * device, even if its addresses are those of a binding.  The rule is that of UDP
 * sockets, and is the same for every encapsulation: the sockets are bound to the
 * underlay, and direct encapsulation is checked as if it had a socket.  Packets
 * leave only by interfaces where their answers may come in.
 *
 * Inner packets belong to the domain of the device itself, which may be another.
 */
#include <net/l3mdev.h>

#include "underlay.h"

/**
 * dsmip_underlay_exists - whether the underlay exists
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
 * dsmip_underlay_check - whether an interface can be the underlay
 * @dd: device
 * @underlay: interface index, 0 = default VRF
 * @extack: gets the reason of a refusal
 *
 * Return: 0; -ENODEV: no such interface in the network namespace; -EINVAL: it is
 * the device itself.
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
 * If the table of a VRF has no route, the look-up continues in other tables and may
 * lead to interfaces outside.  So the interface of the route is checked.
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
 * dsmip_underlay_oif - output interface for the route look-up of an outer packet
 * @dd: device
 * @s: settings
 * @link: interface that the packet must leave by, 0 = routing decides
 * @domain: gets an interface in the domain of valid source addresses; NULL = the
 *	default domain
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
	/* Routing reports an error if there is no such link. */
	if (!dev)
		return link ? link : -EXDEV;
	return dsmip_underlay_has(dd, s, dev) ? oif : -EXDEV;
}
