/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: differences between the kernels it builds for, 6.1 to 6.18.  No other
 * file looks at a version.  Each entry gives today's meaning a name; the older
 * branch goes when the older kernel does.
 */
#ifndef _DSMIP_COMPAT_H
#define _DSMIP_COMPAT_H

#include <linux/netdevice.h>
#include <linux/version.h>
#include <net/genetlink.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#endif
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* Lockless transmit was a feature bit before it was a field. */
static inline void dsmip_compat_set_lltx(struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->lltx = true;
#else
	dev->features |= NETIF_F_LLTX;
#endif
}

/* So was staying in one network namespace; the field was renamed since. */
static inline void dsmip_compat_set_netns_immutable(struct net_device *dev)
{
#if defined(DSMIP_HAVE_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	dev->netns_local = true;
#else
	dev->features |= NETIF_F_NETNS_LOCAL;
#endif
}

/* Since 6.8 the core allocates and frees the per-CPU statistics of devices. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
static inline void dsmip_compat_tstats_setup(struct net_device *dev)
{
	dev->pcpu_stat_type = NETDEV_PCPU_STAT_TSTATS;
}

static inline int dsmip_compat_tstats_alloc(struct net_device *dev)
{
	return 0;
}

static inline void dsmip_compat_tstats_free(struct net_device *dev)
{
}
#else
static inline void dsmip_compat_tstats_setup(struct net_device *dev)
{
}

static inline int dsmip_compat_tstats_alloc(struct net_device *dev)
{
	dev->tstats = netdev_alloc_pcpu_stats(struct pcpu_sw_netstats);
	return dev->tstats ? 0 : -ENOMEM;
}

static inline void dsmip_compat_tstats_free(struct net_device *dev)
{
	free_percpu(dev->tstats);
}
#endif

/* pre_doit and post_doit: the struct of their first argument. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define dsmip_compat_genl_doit_ops	genl_split_ops
#else
#define dsmip_compat_genl_doit_ops	genl_ops
#endif

/* Attributes of the request that started a dump. */
static inline struct nlattr **dsmip_compat_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/* Extended acknowledgements could only be constant texts at first. */
#ifdef NL_SET_ERR_MSG_ATTR_FMT
#define DSMIP_COMPAT_ERR_MSG_ATTR(extack, attr, constant, fmt, ...)	\
	NL_SET_ERR_MSG_ATTR_FMT(extack, attr, fmt, ##__VA_ARGS__)
#else
#define DSMIP_COMPAT_ERR_MSG_ATTR(extack, attr, constant, fmt, ...)	\
	NL_SET_ERR_MSG_ATTR(extack, attr, constant)
#endif

/*
 * Joining a multicast group may need CAP_NET_ADMIN.  Kernels before the flag
 * was renamed know it as GENL_UNS_ADMIN_PERM.
 */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define DSMIP_COMPAT_MCGRP_NET_ADMIN	GENL_MCAST_CAP_NET_ADMIN
#else
#define DSMIP_COMPAT_MCGRP_NET_ADMIN	GENL_UNS_ADMIN_PERM
#endif

#endif /* _DSMIP_COMPAT_H */
