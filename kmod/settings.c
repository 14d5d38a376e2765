// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: settings of a device, checked and applied as a whole.
 */
#include <net/addrconf.h>
#include <net/ipv6.h>

#include "underlay.h"

/**
 * dsmip_settings_get - the current settings
 * @dd: device, its lock is held
 */
struct dsmip_settings *dsmip_settings_get(struct dsmip_dev *dd)
{
	return rcu_dereference_protected(dd->settings, lockdep_is_held(&dd->lock));
}

/**
 * dsmip_valid_address4 - whether an IPv4 address can be that of a host, beyond a
 *	link
 * @address: network byte order
 */
bool dsmip_valid_address4(__be32 address)
{
	return !ipv4_is_zeronet(address) && !ipv4_is_loopback(address) &&
	       !ipv4_is_multicast(address) && !ipv4_is_lbcast(address);
}

/**
 * dsmip_valid_address6 - whether an IPv6 address can be that of a host, beyond a
 *	link
 * @address: IPv6 address
 */
bool dsmip_valid_address6(const struct in6_addr *address)
{
	int type = ipv6_addr_type(address);

	return (type & IPV6_ADDR_UNICAST) &&
	       !(type & (IPV6_ADDR_LOOPBACK | IPV6_ADDR_LINKLOCAL |
			 IPV6_ADDR_MAPPED));
}

static int dsmip_settings_check(struct dsmip_dev *dd,
				const struct dsmip_settings *old,
				const struct dsmip_settings *wanted,
				struct netlink_ext_ack *extack)
{
	u32 mask = wanted->bid_mark_mask;
	struct net_device *link;
	int err;

	if (wanted->role != old->role && dd->nodes) {
		NL_SET_ERR_MSG(extack, "role cannot change while there are nodes");
		return -EBUSY;
	}
	if (wanted->home_agent4 && !dsmip_valid_address4(wanted->home_agent4)) {
		NL_SET_ERR_MSG(extack, "HOME_AGENT4 is not a unicast address");
		return -EINVAL;
	}
	if (!ipv6_addr_any(&wanted->home_agent6) &&
	    !dsmip_valid_address6(&wanted->home_agent6)) {
		NL_SET_ERR_MSG(extack, "HOME_AGENT6 is not a global unicast address");
		return -EINVAL;
	}
	if (wanted->role != DSMIP_ROLE_MOBILE_NODE && wanted->home_agent_port) {
		NL_SET_ERR_MSG(extack, "HOME_AGENT_PORT is for a mobile node only");
		return -EINVAL;
	}
	if (wanted->role != DSMIP_ROLE_HOME_AGENT && wanted->home_link) {
		NL_SET_ERR_MSG(extack, "HOME_LINK is for a home agent only");
		return -EINVAL;
	}
	if (wanted->home_link && wanted->home_link != old->home_link) {
		rcu_read_lock();
		link = dev_get_by_index_rcu(dd->net, wanted->home_link);
		rcu_read_unlock();
		if (!link) {
			NL_SET_ERR_MSG(extack, "HOME_LINK does not exist");
			return -ENODEV;
		}
		if (link == dd->dev) {
			NL_SET_ERR_MSG(extack, "HOME_LINK is the device itself");
			return -EINVAL;
		}
	}
	if (wanted->underlay != old->underlay) {
		err = dsmip_underlay_check(dd, wanted->underlay, extack);
		if (err)
			return err;
	}
	if (wanted->dscp > DSMIP_DSCP_MAX && wanted->dscp != DSMIP_DSCP_COPY) {
		NL_SET_ERR_MSG(extack, "DSCP is 0 to 63, or 255 to copy it");
		return -EINVAL;
	}
	if (mask && ((mask >> __ffs(mask)) & ((mask >> __ffs(mask)) + 1))) {
		NL_SET_ERR_MSG(extack, "bits of BID_MARK_MASK are not contiguous");
		return -EINVAL;
	}
	return 0;
}

/**
 * dsmip_settings_set - apply settings
 * @dd: device, its lock is held
 * @wanted: all new settings; copied
 * @extack: gets the reason of a refusal
 *
 * Return: 0; -EINVAL: contradiction, -EBUSY: role of a device with nodes,
 * -EADDRINUSE: UDP port taken, -ENODEV: no such interface, -ENOMEM.  On an error
 * nothing changes.
 */
int dsmip_settings_set(struct dsmip_dev *dd, const struct dsmip_settings *wanted,
		       struct netlink_ext_ack *extack)
{
	struct dsmip_settings *old = dsmip_settings_get(dd);
	struct dsmip_settings *new;
	int err;

	err = dsmip_settings_check(dd, old, wanted, extack);
	if (err)
		return err;
	new = kmemdup(wanted, sizeof(*wanted), GFP_KERNEL_ACCOUNT);
	if (!new) {
		NL_SET_ERR_MSG(extack, "no memory for the settings");
		return -ENOMEM;
	}
	err = dsmip_sockets_set(dd, wanted, extack);
	if (err) {
		kfree(new);
		return err;
	}
	if (memcmp(new->rate, old->rate, sizeof(new->rate)))
		dsmip_limits_reset(dd);
	rcu_assign_pointer(dd->settings, new);
	kfree_rcu(old, rcu);
	/*
	 * Routes depend on source address, mark and underlay.  A reader that sees
	 * this value also sees the new settings.
	 */
	smp_store_release(&dd->routes, dd->routes + 1);
	dsmip_changed(dd);
	return 0;
}
