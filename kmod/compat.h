/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: differences between the kernels it builds for, 6.1 to 6.18.  No other
 * file looks at them.  Each entry gives today's meaning a name; the older
 * branch goes when the older kernel does.
 *
 * What a kernel has is asked of its headers, here or in Kbuild, not of its
 * version: stable updates and distributions carry changes back.
 */
#ifndef _DSMIP_COMPAT_H
#define _DSMIP_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error dsmip needs Linux 6.1 or newer
#endif

#include <linux/netdevice.h>
#include <linux/workqueue.h>
#include <net/dst.h>
#include <net/genetlink.h>
#include <net/udp_tunnel.h>
#ifdef DSMIP_HAVE_GSO_H
#include <net/gso.h>
#endif
#ifdef DSMIP_HAVE_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* Lockless transmit was a feature bit before it was a field. */
static inline void dsmip_compat_set_lltx(struct net_device *dev)
{
#ifdef NETIF_F_LLTX
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

/* So was staying in one network namespace; the field was renamed since. */
static inline void dsmip_compat_set_netns_immutable(struct net_device *dev)
{
#if defined(DSMIP_HAVE_NETNS_IMMUTABLE)
	dev->netns_immutable = true;
#elif defined(NETIF_F_NETNS_LOCAL)
	dev->features |= NETIF_F_NETNS_LOCAL;
#else
	dev->netns_local = true;
#endif
}

/* The core allocates and frees the per-CPU statistics of devices by now. */
#ifdef DSMIP_HAVE_PCPU_STAT_TYPE
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
	dev->tstats = __netdev_alloc_pcpu_stats(struct pcpu_sw_netstats,
						GFP_KERNEL_ACCOUNT);
	return dev->tstats ? 0 : -ENOMEM;
}

static inline void dsmip_compat_tstats_free(struct net_device *dev)
{
	free_percpu(dev->tstats);
}
#endif

/* Packets that GRO of a NAPI keeps for a while; its own struct since 6.15. */
static inline bool dsmip_compat_gro_holds(const struct napi_struct *napi)
{
#ifdef DSMIP_HAVE_GRO_BITMASK
	return napi->gro_bitmask;
#else
	return napi->gro.bitmask;
#endif
}

/* RFC 6040 had no word of its own at first. */
#ifdef DSMIP_HAVE_DROP_TUNNEL_ECN
#define DSMIP_COMPAT_DROP_ECN	SKB_DROP_REASON_IP_TUNNEL_ECN
#else
#define DSMIP_COMPAT_DROP_ECN	SKB_DROP_REASON_IP_INHDR
#endif

/* A new destination entry has one reference; it had to be said at first. */
#ifdef DSMIP_HAVE_DST_INITIAL_REF
#define dsmip_compat_dst_alloc(ops, dev, obsolete, flags)		\
	dst_alloc(ops, dev, 1, obsolete, flags)
#define dsmip_compat_dst_init(dst, ops, dev, obsolete, flags)		\
	dst_init(dst, ops, dev, 1, obsolete, flags)
#else
#define dsmip_compat_dst_alloc(ops, dev, obsolete, flags)		\
	dst_alloc(ops, dev, obsolete, flags)
#define dsmip_compat_dst_init(dst, ops, dev, obsolete, flags)		\
	dst_init(dst, ops, dev, obsolete, flags)
#endif

/*
 * The device of a destination entry, which is another one as soon as that goes;
 * under RCU.
 */
static inline struct net_device *dsmip_compat_dst_dev(const struct dst_entry *dst)
{
#ifdef DSMIP_HAVE_DST_DEV_RCU
	return dst_dev_rcu(dst);
#else
	return READ_ONCE(dst->dev);
#endif
}

/* Sockets of tunnels are named by their inner half by now. */
static inline void dsmip_compat_udp_tunnel_setup(struct net *net,
						 struct socket *sock,
						 struct udp_tunnel_sock_cfg *cfg)
{
#ifdef DSMIP_HAVE_UDP_TUNNEL_SK
	setup_udp_tunnel_sock(net, sock->sk, cfg);
#else
	setup_udp_tunnel_sock(net, sock, cfg);
#endif
}

/* For work that no CPU is better for than another; renamed since. */
static inline struct workqueue_struct *dsmip_compat_unbound_wq(void)
{
#ifdef DSMIP_HAVE_SYSTEM_DFL_WQ
	return system_dfl_wq;
#else
	return system_unbound_wq;
#endif
}

/* pre_doit and post_doit: the struct of their first argument. */
#ifdef DSMIP_HAVE_GENL_SPLIT_OPS
#define dsmip_compat_genl_doit_ops	genl_split_ops
#else
#define dsmip_compat_genl_doit_ops	genl_ops
#endif

/* Attributes of the request that started a dump. */
static inline struct nlattr **dsmip_compat_dump_attrs(struct netlink_callback *cb)
{
#ifdef DSMIP_HAVE_GENL_INFO_DUMP
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
