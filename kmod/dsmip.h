/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: what the files of the module share.
 *
 * device.c   module, per-namespace list, net device, its settings, UDP sockets
 * netlink.c  the generic netlink family; netlink_*.c its larger parts
 * node.c     nodes and bindings: table, update, expiry, statistics
 * path.c     path cookies
 * output.c   transmit: choice of binding, encapsulation
 * input.c    receive: hooks, decapsulation, ingress filter
 * counter.c  names and sums of the counters
 *
 * Locking: readers (packet path, dumps of one node) use RCU.  Everything that
 * changes a device, its nodes or bindings holds dsmip_dev.lock.  Path cookies
 * have their own lockless ring.  RTNL is never taken under dsmip_dev.lock.
 */
#ifndef _DSMIP_H
#define _DSMIP_H

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/ratelimit.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/timerqueue.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <net/dst_cache.h>
#include <net/gro_cells.h>
#include <net/ipv6.h>

#include "uapi.h"

/*
 * Counters.  The first group counts drops on transmit, the second drops on
 * receive, the third things worth knowing that are no drops.  The names that
 * user space sees are these in lower case (counter.c).
 */
#define DSMIP_COUNTERS(X)						\
	X(TX_NO_ROLE)		/* device has no role yet */		\
	X(TX_MALFORMED)		/* no valid inner IP header */		\
	X(TX_NO_NODE)		/* no node has this home address */	\
	X(TX_NO_BINDING)	/* node without a live binding */	\
	X(TX_NO_ADDRESS)	/* no home agent address of the family */ \
	X(TX_NO_SOCKET)		/* UDP format without UDP socket */	\
	X(TX_NO_ROUTE)		/* no route to the end point */		\
	X(TX_LOOP)		/* outer route leads into the device */	\
	X(TX_TOO_BIG)		/* above tunnel MTU, sender was told */	\
	X(TX_NO_MEMORY)		/* no room for the headers */		\
	X(TX_COOKIE)		/* cookie unknown, old or used up */	\
	X(TX_COOKIE_INNER)	/* cookie of another home address */	\
	X(TX_SEGMENT)		/* software segmentation failed */	\
	X(RX_NO_ROLE)		/* device has no role yet */		\
	X(RX_TRUNCATED)		/* shorter than its headers say */	\
	X(RX_INNER_VERSION)	/* neither IPv4 nor IPv6 nor TLV */	\
	X(RX_INNER_HEADER)	/* inner IP header contradicts itself */ \
	X(RX_INNER_ADDRESS)	/* inner address never valid here */	\
	X(RX_TLV_TYPE)		/* TLV type or next header unknown */	\
	X(RX_TLV_LENGTH)	/* TLV length is not that of UDP */	\
	X(RX_NESTED)		/* IP in IP in IP */			\
	X(RX_NO_NODE)		/* no node has this home address */	\
	X(RX_END_POINT)		/* node known, end point not its own */	\
	X(RX_FORMAT)		/* end point known, format not allowed */ \
	X(RX_ECN)		/* outer CE on a not-ECT inner packet */ \
	X(RX_NO_MEMORY)		/* no memory */				\
	X(RX_DEVICE_DOWN)	/* device is not up */			\
	X(SIGNALLING_IN)	/* signalling given a path cookie */	\
	X(SIGNALLING_OUT)	/* signalling sent by cookie */		\
	X(COOKIE_DISPLACED)	/* live cookie displaced by a newer */	\
	X(BINDING_EXPIRED)	/* binding deleted at its lifetime */	\
	X(KEEPALIVE_IN)		/* one octet 0xff over UDP, consumed */

enum dsmip_counter {
#define X(name) DSMIP_C_##name,
	DSMIP_COUNTERS(X)
#undef X
	DSMIP_C_MAX
};

struct dsmip_pcpu {
	u64_stats_t counter[DSMIP_C_MAX];
	struct u64_stats_sync syncp;
};

/*
 * An outer address.  IPv4 is kept apart from IPv6 by @family, never mapped.
 * @port is the UDP port, 0 where there is none.
 */
struct dsmip_endpoint {
	union {
		struct in_addr in;
		struct in6_addr in6;
	};
	__be16 port;
	u8 family;		/* AF_INET, AF_INET6; AF_UNSPEC = not set */
};

/* Traffic of one binding, per CPU. */
struct dsmip_binding_stats {
	u64_stats_t rx_packets;
	u64_stats_t rx_bytes;
	u64_stats_t tx_packets;
	u64_stats_t tx_bytes;
	struct u64_stats_sync syncp;
};

struct dsmip_node;

/*
 * struct dsmip_binding - one care-of end point of a node
 *
 * Immutable once visible to readers except for statistics, @last_heard and
 * @dst_cache: an update makes a new one and hands @stats over.
 * @stats is refcounted by nobody: the one binding that replaces another takes
 * it; the old one must not free it then (@stats_moved).
 */
struct dsmip_binding {
	struct dsmip_endpoint care_of;
	__be32 claimed4;
	u32 flags;
	u32 link;
	u16 bid;
	u16 sequence;
	u8 priority;
	u8 encap;		/* enum dsmip_encap */
	bool stats_moved;
	struct timerqueue_node expiry;	/* .expires in boottime ns */
	struct dsmip_binding_stats __percpu *stats;
	unsigned long last_heard;	/* jiffies, 0 = never */
	struct dst_cache dst_cache;
	struct dsmip_node *node;
	struct rcu_head rcu;
};

/* Bindings of a node by rising priority, then BID; replaced as a whole. */
struct dsmip_binding_set {
	struct rcu_head rcu;
	unsigned int count;
	struct dsmip_binding *binding[];
};

/* One key of a node in the table; IPv4 addresses as ::ffff:a.b.c.d. */
struct dsmip_home_address {
	struct rhash_head hash;
	struct in6_addr address;
	struct dsmip_node *node;
	struct rcu_head rcu;
};

struct dsmip_node {
	struct dsmip_home_address home;		/* the IPv6 one, the key */
	struct dsmip_home_address **home4;	/* under dsmip_dev.lock */
	unsigned int home4_count;
	struct dsmip_binding_set __rcu *set;
	struct rcu_head rcu;
};

/* Settings of a device; replaced as a whole. */
struct dsmip_settings {
	struct rcu_head rcu;
	u8 role;			/* enum dsmip_role */
	__be32 home_agent4;		/* 0 = none */
	struct in6_addr home_agent6;	/* :: = none */
	__be16 udp_port;		/* as set; see dsmip_dev.udp_port_bound */
	__be16 home_agent_port;
	u32 fwmark;
	u32 bid_mark_mask;
	u32 cookie_lifetime;		/* ms */
};

#define DSMIP_PATH_RING_BITS	13
#define DSMIP_PATH_RING_SIZE	(1U << DSMIP_PATH_RING_BITS)

/*
 * struct dsmip_path - the outer tuple a path cookie stands for
 *
 * Immutable but for @expires and @used.
 */
struct dsmip_path {
	u32 cookie;
	struct dsmip_endpoint remote;
	struct dsmip_endpoint local;
	u8 encap;
	bool reusable;			/* made by PATH_NEW */
	atomic_t used;			/* one answer only unless reusable */
	u32 link;
	u32 lifetime;			/* ms */
	unsigned long expires;		/* jiffies */
	struct in6_addr inner;		/* inner source of the packet */
	struct rcu_head rcu;
};

/* struct dsmip_dev - private part of the net device */
struct dsmip_dev {
	struct net_device *dev;
	struct net *net;
	struct list_head list;		/* in dsmip_net.devices, RCU */
	struct mutex lock;
	struct dsmip_settings __rcu *settings;
	struct socket __rcu *sock4;
	struct socket __rcu *sock6;
	__be16 udp_port_bound;		/* under lock; READ_ONCE for readers */

	struct rhashtable homes;	/* struct dsmip_home_address */
	unsigned int nodes;
	unsigned int bindings;
	unsigned int generation;	/* of the table, for dumps */
	struct timerqueue_head expiry;
	struct delayed_work expiry_work;

	struct dsmip_path __rcu **paths;	/* ring of DSMIP_PATH_RING_SIZE */
	atomic_t path_head;

	struct gro_cells gro_cells;
	struct dsmip_pcpu __percpu *pcpu;
	struct ratelimit_state unregistered_limit;
	struct ratelimit_state unknown_limit;
};

/* Per network namespace. */
struct dsmip_net {
	struct list_head devices;	/* RCU; changes under RTNL */
};

/* device.c */
extern unsigned int dsmip_net_id;
struct dsmip_net *dsmip_net(struct net *net);
bool dsmip_is_device(const struct net_device *dev);
int dsmip_device_set(struct dsmip_dev *dd, const struct dsmip_settings *wanted,
		     struct netlink_ext_ack *extack);

/* counter.c */
extern const char *const dsmip_counter_names[DSMIP_C_MAX];
void dsmip_count(struct dsmip_dev *dd, enum dsmip_counter counter);
u64 dsmip_counter_sum(struct dsmip_dev *dd, enum dsmip_counter counter);
void dsmip_drop(struct dsmip_dev *dd, struct sk_buff *skb,
		enum dsmip_counter counter);

/* node.c: under RCU */
struct dsmip_node *dsmip_node_find6(struct dsmip_dev *dd,
				    const struct in6_addr *home);
struct dsmip_node *dsmip_node_find4(struct dsmip_dev *dd, __be32 home);
/* Best live binding for @mark and flow @hash; NULL = none. */
struct dsmip_binding *dsmip_node_choose(struct dsmip_node *node, u32 mark_mask,
					u32 mark, u32 hash);
/* The live binding whose end point has this address (the port is for the
 * caller to judge, bindings with an equal port come first); NULL = none.
 */
struct dsmip_binding *dsmip_node_match(struct dsmip_node *node,
				       const struct dsmip_endpoint *from);
void dsmip_binding_rx(struct dsmip_binding *b, unsigned int len);
void dsmip_binding_tx(struct dsmip_binding *b, unsigned int len);

/* node.c: under dsmip_dev.lock */
int dsmip_nodes_init(struct dsmip_dev *dd);
void dsmip_nodes_flush(struct dsmip_dev *dd);
void dsmip_nodes_destroy(struct dsmip_dev *dd);
/* forget cached routes of all bindings after a change of settings */
void dsmip_nodes_reset_dst(struct dsmip_dev *dd);

/* path.c */
int dsmip_paths_init(struct dsmip_dev *dd);
void dsmip_paths_destroy(struct dsmip_dev *dd);
/* Remember @path (copied) and return its cookie; 0 = no memory.  Any context. */
u32 dsmip_path_add(struct dsmip_dev *dd, const struct dsmip_path *path);
/* Under RCU; NULL = never given, expired, displaced or used up. */
struct dsmip_path *dsmip_path_find(struct dsmip_dev *dd, u32 cookie);
/* Take the right to send one packet over @path; false = used up. */
bool dsmip_path_use(struct dsmip_path *path);
unsigned int dsmip_paths_count(struct dsmip_dev *dd);

/* output.c */
netdev_tx_t dsmip_xmit(struct sk_buff *skb, struct net_device *dev);

/* input.c */
int dsmip_udp_rcv(struct sock *sk, struct sk_buff *skb);
int dsmip_input_register(void);
void dsmip_input_unregister(void);

/* netlink.c */
int dsmip_netlink_register(void);
void dsmip_netlink_unregister(void);
void dsmip_notify_expired(struct dsmip_dev *dd, struct dsmip_node *node,
			  struct dsmip_binding *b);
/* any context, rate limited inside */
void dsmip_notify_unregistered(struct dsmip_dev *dd,
			       const struct in6_addr *home,
			       const struct dsmip_endpoint *from,
			       const struct dsmip_endpoint *to, u8 encap);
void dsmip_notify_unknown_home(struct dsmip_dev *dd, const struct sk_buff *skb);

#endif /* _DSMIP_H */
