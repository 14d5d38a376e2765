// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the net device of kind "dsmip": creation and removal.
 *
 * ndo_init sets everything up and ndo_uninit tears it down.  The core calls them
 * however a device is created and removed: by request, with its network namespace,
 * with the module.  Before ndo_uninit dsmip_dellink() makes the device unreachable.
 */
#include <linux/ethtool.h>
#include <linux/if_arp.h>
#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/rtnetlink.h>

#include "dsmip.h"

/* The largest outer header: IPv6, UDP, TLV. */
#define DSMIP_OVERHEAD	(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + 4)

/*
 * Headroom that senders leave free.  Packets from drivers have 64 octets and an
 * Ethernet header in front.  If the device asked for more, every forwarded packet
 * would be copied.  dsmip_encap() makes room where this is not enough.
 */
#define DSMIP_HEADROOM	(sizeof(struct ipv6hdr) + sizeof(struct udphdr) + ETH_HLEN)

/*
 * Packets that may come unsegmented.  Not NETIF_F_GSO_FRAGLIST, which is a part of
 * NETIF_F_GSO_SOFTWARE: code that splits such a list behind the outer headers
 * copies these in front of each member without checking for room.
 */
#define DSMIP_GSO_FEATURES	(NETIF_F_ALL_TSO | NETIF_F_GSO_UDP_L4 | \
				 NETIF_F_GSO_SCTP)

/* Events that packets cause: limit per second for each kind. */
#define DSMIP_EVENTS_PER_SECOND	20

static void dsmip_limit_init(struct ratelimit_state *limit)
{
	ratelimit_state_init(limit, HZ, DSMIP_EVENTS_PER_SECOND);
	/* Suppressed events are counted; do not log them. */
	ratelimit_set_flags(limit, RATELIMIT_MSG_ON_RELEASE);
}

static int dsmip_dev_init(struct net_device *dev)
{
	struct dsmip_dev *dd = netdev_priv(dev);
	struct dsmip_settings *settings;
	int cpu, err = -ENOMEM;

	dd->dev = dev;
	dd->net = dev_net(dev);
	dd->tunnel_mtu = dev->mtu;
	mutex_init(&dd->lock);
	dd->label_secret = get_random_u64();
	get_random_bytes(&dd->label_key, sizeof(dd->label_key));
	get_random_bytes(&dd->challenge_key, sizeof(dd->challenge_key));
	dsmip_limit_init(&dd->unregistered_limit);
	dsmip_limit_init(&dd->unknown_limit);
	dsmip_limit_init(&dd->path_mtu_limit);

	settings = kzalloc(sizeof(*settings), GFP_KERNEL_ACCOUNT);
	if (!settings)
		return -ENOMEM;
	settings->cookie_lifetime = DSMIP_COOKIE_LIFETIME_MS;
	settings->dscp = DSMIP_DSCP_COPY;
	settings->rate[DSMIP_RATE_SOURCE] = (struct dsmip_rate){ 100, 300 };
	settings->rate[DSMIP_RATE_NETWORK] = (struct dsmip_rate){ 1000, 3000 };
	settings->rate[DSMIP_RATE_STRANGERS] =
		(struct dsmip_rate){ 10000, DSMIP_PATH_RING_SIZE / 2 };
	RCU_INIT_POINTER(dd->settings, settings);

	dd->pcpu = alloc_percpu_gfp(struct dsmip_pcpu, GFP_KERNEL_ACCOUNT);
	if (!dd->pcpu)
		goto err_settings;
	for_each_possible_cpu(cpu)
		u64_stats_init(&per_cpu_ptr(dd->pcpu, cpu)->syncp);

	err = dsmip_compat_tstats_alloc(dev);
	if (err)
		goto err_pcpu;
	err = dsmip_deliver_init(dd);
	if (err)
		goto err_tstats;
	err = dsmip_nodes_init(dd);
	if (err)
		goto err_deliver;
	err = dsmip_fragments_init(dd);
	if (err)
		goto err_nodes;
	err = dsmip_paths_init(dd);
	if (err)
		goto err_fragments;
	err = dsmip_limits_init(dd);
	if (err)
		goto err_paths;

	if (list_empty(&dsmip_net(dd->net)->devices)) {
		err = dsmip_cookie_hook_register(dd->net);
		if (err)
			goto err_limits;
	}
	list_add_tail_rcu(&dd->list, &dsmip_net(dd->net)->devices);
	dsmip_changed(dd);
	return 0;

err_limits:
	dsmip_limits_destroy(dd);
err_paths:
	dsmip_paths_destroy(dd);
err_fragments:
	dsmip_fragments_destroy(dd);
err_nodes:
	dsmip_nodes_detach(dd);
err_deliver:
	dsmip_deliver_stop(dd);
	synchronize_net();
	dsmip_deliver_free(dd);
err_tstats:
	dsmip_compat_tstats_free(dev);
err_pcpu:
	free_percpu(dd->pcpu);
err_settings:
	RCU_INIT_POINTER(dd->settings, NULL);
	kfree(settings);
	return err;
}

/*
 * From now on nobody finds the device through the list, its sockets or a request. A
 * request that holds the lock sees @going and soon ends.
 */
static void dsmip_dev_detach(struct dsmip_dev *dd)
{
	WRITE_ONCE(dd->going, true);
	list_del_rcu(&dd->list);
	if (list_empty(&dsmip_net(dd->net)->devices))
		dsmip_cookie_hook_unregister(dd->net);
	mutex_lock(&dd->lock);
	dsmip_sockets_close(dd);
	dsmip_changed(dd);
	mutex_unlock(&dd->lock);
	dsmip_notify_gone(dd);
}

/*
 * Free what readers may have used.  The core has waited for the readers after
 * dsmip_dellink(), once for all devices that are removed together.  Only a device
 * whose registration failed comes here directly.
 */
static void dsmip_dev_uninit(struct net_device *dev)
{
	struct dsmip_dev *dd = netdev_priv(dev);

	if (!dsmip_going(dd)) {
		dsmip_dev_detach(dd);
		synchronize_net();
	}
	dsmip_nodes_detach(dd);
	dsmip_limits_destroy(dd);
	dsmip_paths_destroy(dd);
	dsmip_fragments_destroy(dd);
	dsmip_deliver_stop(dd);
}

/* Free what the core, statistics files and counters may read until the end. */
static void dsmip_dev_free(struct net_device *dev)
{
	struct dsmip_dev *dd = netdev_priv(dev);

	dsmip_deliver_free(dd);
	kfree(rcu_dereference_protected(dd->settings, true));
	free_percpu(dd->pcpu);
	dsmip_compat_tstats_free(dev);
}

static int dsmip_dev_open(struct net_device *dev)
{
	struct in_device *dev4 = __in_dev_get_rtnl(dev);
	struct inet6_dev *dev6 = __in6_dev_get(dev);

	/*
	 * Packets from one node to another enter and leave by this device by
	 * design; there is no better first hop for a redirect.
	 */
	if (dev4) {
		IN_DEV_CONF_SET(dev4, SEND_REDIRECTS, false);
		IPV4_DEVCONF_ALL(dev_net(dev), SEND_REDIRECTS) = false;
	}
	/* This link has no link-local communication. */
	if (dev6)
		dev6->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;
	return 0;
}

static const struct net_device_ops dsmip_netdev_ops = {
	.ndo_init		= dsmip_dev_init,
	.ndo_uninit		= dsmip_dev_uninit,
	.ndo_open		= dsmip_dev_open,
	.ndo_start_xmit		= dsmip_xmit,
	.ndo_change_mtu		= dsmip_change_mtu,
	.ndo_get_stats64	= dev_get_tstats64,
};

/**
 * dsmip_is_device - whether @dev is of kind "dsmip"
 * @dev: any net device
 */
bool dsmip_is_device(const struct net_device *dev)
{
	return dev->netdev_ops == &dsmip_netdev_ops;
}

static void dsmip_get_drvinfo(struct net_device *dev,
			      struct ethtool_drvinfo *info)
{
	strscpy(info->driver, KBUILD_MODNAME, sizeof(info->driver));
#ifdef MODULE
	strscpy(info->version, THIS_MODULE->version ?: "", sizeof(info->version));
#endif
}

static int dsmip_get_sset_count(struct net_device *dev, int set)
{
	return set == ETH_SS_STATS ? DSMIP_C_MAX : -EOPNOTSUPP;
}

static void dsmip_get_strings(struct net_device *dev, u32 set, u8 *data)
{
	int i;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < DSMIP_C_MAX; i++)
		ethtool_sprintf(&data, "%s", dsmip_counter_names[i]);
}

static void dsmip_get_ethtool_stats(struct net_device *dev,
				    struct ethtool_stats *stats, u64 *data)
{
	int i;

	for (i = 0; i < DSMIP_C_MAX; i++)
		data[i] = dsmip_counter_sum(netdev_priv(dev), i);
}

static const struct ethtool_ops dsmip_ethtool_ops = {
	.get_drvinfo		= dsmip_get_drvinfo,
	.get_link		= ethtool_op_get_link,
	.get_sset_count		= dsmip_get_sset_count,
	.get_strings		= dsmip_get_strings,
	.get_ethtool_stats	= dsmip_get_ethtool_stats,
};

static const struct device_type dsmip_type = { .name = KBUILD_MODNAME };

static void dsmip_setup(struct net_device *dev)
{
	const netdev_features_t features = NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
					   NETIF_F_SG | NETIF_F_FRAGLIST |
					   NETIF_F_HIGHDMA |
					   DSMIP_GSO_FEATURES;

	dev->netdev_ops = &dsmip_netdev_ops;
	dev->ethtool_ops = &dsmip_ethtool_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->needs_free_netdev = true;
	dev->priv_destructor = dsmip_dev_free;
	SET_NETDEV_DEVTYPE(dev, &dsmip_type);

	dev->type = ARPHRD_NONE;
	dev->flags = IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->hard_header_len = 0;
	dev->addr_len = 0;
	dev->needed_headroom = DSMIP_HEADROOM;
	BUILD_BUG_ON(DSMIP_TUNNEL_MTU_MIN != IPV6_MIN_MTU);
	BUILD_BUG_ON(DSMIP_TUNNEL_MTU_MAX + DSMIP_OVERHEAD != IP_MAX_MTU);
	dev->mtu = ETH_DATA_LEN - DSMIP_OVERHEAD;
	dev->min_mtu = DSMIP_TUNNEL_MTU_MIN;
	dev->max_mtu = DSMIP_TUNNEL_MTU_MAX;

	/*
	 * RXCSUM cannot be switched off, because checksums that were verified on
	 * receive stay verified.  The maximum size leaves room for outer headers,
	 * whose length fields have 16 bits.
	 */
	dev->features |= features;
	dev->hw_features |= features & ~NETIF_F_RXCSUM;
	dev->hw_enc_features |= features;
	netif_set_tso_max_size(dev, GSO_LEGACY_MAX_SIZE - DSMIP_OVERHEAD);
	dsmip_compat_set_lltx(dev);
	dsmip_compat_set_netns_immutable(dev);
	dsmip_compat_tstats_setup(dev);
	/* ICMP errors about an inner packet are sent along its own route. */
	netif_keep_dst(dev);
}

static void dsmip_dellink(struct net_device *dev, struct list_head *head)
{
	dsmip_dev_detach(netdev_priv(dev));
	unregister_netdevice_queue(dev, head);
}

struct rtnl_link_ops dsmip_link_ops __read_mostly = {
	.kind		= "dsmip",
	.priv_size	= sizeof(struct dsmip_dev),
	.setup		= dsmip_setup,
	.dellink	= dsmip_dellink,
};
