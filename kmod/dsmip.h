/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: declarations shared by the files of the module.
 *
 * main.c     module, per-namespace list
 * device.c   net device
 * settings.c settings of a device; mtu.c its MTU
 * socket.c   its UDP sockets
 * underlay.c where outer packets belong: interface or VRF
 * netlink.c  the generic netlink family; netlink_*.c its larger parts
 * table.c    nodes and bindings: memory, order, the table as a whole
 * node.c     look-up, match by care-of address, routes; binding.h: statistics
 * choose.c   choice of a binding; flow.c flow rules
 * prefix.c   prefixes of mobile networks
 * change.c   creating, updating and deleting nodes and bindings, all or nothing
 * expiry.c   deletes bindings whose lifetime ends
 * path.c     path cookies; cookie.c how they reach and leave sockets
 * limit.c    rate limits of signalling and of ICMP errors
 * challenge.c  answers to Binding Updates above a limit
 * icmp.c     ICMP errors about outer packets, relayed to inner sources
 * output.c   transmit: choice of binding, encapsulation
 * input.c    receive: ingress filter, decapsulation; its hooks: chain.c, udp.c
 * passage.c  receive: packets that need no binding
 * gro.c      merging received packets; gso.c: large packets that are segmented later
 * counter.c  names and sums of the counters
 *
 * Locking: readers (packet path, dumps of one node) use RCU.  Everything that
 * changes a device, its nodes or bindings holds dsmip_dev.lock.  Path cookies
 * have their own lockless ring.  dsmip_dev.lock may be taken under RTNL; RTNL is
 * never taken under dsmip_dev.lock.
 */
#ifndef _DSMIP_H
#define _DSMIP_H

#include <linux/atomic.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/llist.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/ratelimit.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/skbuff.h>
#include <linux/timerqueue.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <net/dst.h>
#include <net/ipv6.h>

#include <linux/dsmip.h>

#include "compat.h"

/*
 * Counters.  The first group counts drops on transmit, the second drops on
 * receive, the third other events.  The strings are the names that user space
 * sees.
 */
#define DSMIP_COUNTERS(X)						\
	X(TX_NO_ROLE, "tx_no_role")		/* device has no role yet */ \
	X(TX_MALFORMED, "tx_malformed")		/* no valid inner IP header */ \
	X(TX_NO_NODE, "tx_no_node")		/* no node has this home address */ \
	X(TX_NO_BINDING, "tx_no_binding")	/* node without a live binding */ \
	X(TX_NO_ADDRESS, "tx_no_address")	/* no home agent address of the family */ \
	X(TX_NO_SOCKET, "tx_no_socket")		/* encapsulation in UDP, but no socket */ \
	X(TX_NO_ROUTE, "tx_no_route")		/* no route for the outer packet */ \
	X(TX_UNDERLAY, "tx_underlay")		/* underlay is gone, or route is outside */ \
	X(TX_POLICY, "tx_policy")		/* IPsec policy refuses the outer packet */ \
	X(TX_LOOP, "tx_loop")			/* outer route leads into device, or loop */ \
	X(TX_TOO_BIG, "tx_too_big")		/* above tunnel MTU, sender got an error */ \
	X(TX_NO_MEMORY, "tx_no_memory")		/* no room for the headers */ \
	X(TX_COOKIE, "tx_cookie")		/* cookie unknown, expired or used */ \
	X(TX_COOKIE_INNER, "tx_cookie_inner")	/* cookie of another home address */ \
	X(TX_SEGMENT, "tx_segment")		/* software segmentation failed */ \
	X(TX_LINK_LOCAL, "tx_link_local")	/* link-local; IPv6: sender got an error */ \
	X(TX_MULTICAST, "tx_multicast")		/* no multicast in tunnels */ \
	X(TX_HOME_LINK, "tx_home_link")		/* home link is gone or down */ \
	X(TX_HOME_NEIGHBOUR, "tx_home_neighbour")	/* nobody answers there for the node */ \
	X(RX_TRUNCATED, "rx_truncated")		/* shorter than its headers say */ \
	X(RX_INNER_VERSION, "rx_inner_version")	/* neither IPv4 nor IPv6 nor TLV */ \
	X(RX_INNER_HEADER, "rx_inner_header")	/* inner IP header contradicts itself */ \
	X(RX_INNER_ADDRESS, "rx_inner_address")	/* inner address never valid here */ \
	X(RX_INNER_SOURCE, "rx_inner_source")	/* inner source is this host itself */ \
	X(RX_NOT_SIGNALLING, "rx_not_signalling")	/* to the home agent, but not allowed */ \
	X(RX_TLV_TYPE, "rx_tlv_type")		/* TLV type or next header unknown */ \
	X(RX_TLV_LENGTH, "rx_tlv_length")	/* TLV length differs from that of UDP */ \
	X(RX_NESTED, "rx_nested")		/* in more than two dsmip tunnels */ \
	X(RX_NO_NODE, "rx_no_node")		/* no node has this home address */ \
	X(RX_END_POINT, "rx_end_point")		/* node known, source in no binding */ \
	X(RX_FORMAT, "rx_format")		/* binding does not allow the encapsulation */ \
	X(RX_UNDERLAY, "rx_underlay")		/* came by another interface or VRF */ \
	X(RX_OTHER_FORMAT, "rx_other_format")	/* accepted: direct though UDP was agreed */ \
	X(RX_POLICY, "rx_policy")		/* IPsec policy refuses the outer packet */ \
	X(RX_ECN, "rx_ecn")			/* outer CE on a not-ECT inner packet */ \
	X(RX_NO_MEMORY, "rx_no_memory")		/* no memory */ \
	X(RX_DEVICE_DOWN, "rx_device_down")	/* device is not up */ \
	X(RX_WAITING, "rx_waiting")		/* too many wait for GRO on this CPU */ \
	X(RX_RATE_SOURCE, "rx_rate_source")	/* signalling above the limit of a source */ \
	X(RX_RATE_NETWORK, "rx_rate_network")	/* ... of one network */ \
	X(RX_RATE_STRANGERS, "rx_rate_strangers")	/* ... of all unregistered sources */ \
	X(SIGNALLING_IN, "signalling_in")	/* signalling given a path cookie */ \
	X(SIGNALLING_OUT, "signalling_out")	/* signalling sent by cookie */ \
	X(SIGNALLING_CHALLENGED, "signalling_challenged")	/* above a limit: answer 135 */ \
	X(SIGNALLING_UNANSWERED, "signalling_unanswered")	/* above a limit: no answer */ \
	X(SIGNALLING_PROVED, "signalling_proved")	/* above a limit, source proved */ \
	X(COOKIE_DISPLACED, "cookie_displaced")	/* live cookie displaced by a newer */ \
	X(BINDING_EXPIRED, "binding_expired")	/* lifetime of a binding ended */ \
	X(ICMP_RELAYED, "icmp_relayed")		/* error relayed to the inner source */ \
	X(ICMP_MTU, "icmp_mtu")			/* path MTU changed, no error needed */ \
	X(ICMP_OTHER, "icmp_other")		/* error of a kind that is not relayed */ \
	X(ICMP_SHORT, "icmp_short")		/* quotes too little of the packet */ \
	X(ICMP_END_POINT, "icmp_end_point")	/* about a packet no binding sends */ \
	X(ICMP_UNDERLAY, "icmp_underlay")	/* came by another interface or VRF */ \
	X(ICMP_UNSENT, "icmp_unsent")		/* no memory or route to relay it */ \
	X(ICMP_UNSOLICITED, "icmp_unsolicited")	/* about a binding that sent nothing */ \
	X(ICMP_FORGED, "icmp_forged")		/* quotes what this host did not send */ \
	X(ICMP_RATE, "icmp_rate")		/* errors above the rate limit */ \
	X(PAYLOAD_IN, "payload_in")		/* ESP or GRE out of UDP, to the stack */ \
	X(PAYLOAD_OUT, "payload_out")		/* ESP or GRE of the stack, into UDP */ \
	X(KEEPALIVE_IN, "keepalive_in")		/* one octet 0xff over UDP, consumed */ \
	X(TX_GSO_PACKETS, "tx_gso_packets")	/* sent, segmented later ... */ \
	X(TX_GSO_SEGMENTS, "tx_gso_segments")	/* ... number of these segments */ \
	X(RX_GRO_PACKETS, "rx_gro_packets")	/* came in merged ... */ \
	X(RX_GRO_SEGMENTS, "rx_gro_segments")	/* ... packets before the merge */

enum dsmip_counter {
#define X(id, name) DSMIP_C_##id,
	DSMIP_COUNTERS(X)
#undef X
	DSMIP_C_MAX
};

struct dsmip_pcpu {
	u64_stats_t counter[DSMIP_C_MAX];
	struct u64_stats_sync syncp;
};

/*
 * An outer address.  @family tells IPv4 from IPv6; IPv4 is never mapped.  @port is
 * the UDP port, 0 = none.  AF_PACKET: link-layer address of a node that is at home.
 */
struct dsmip_endpoint {
	union {
		struct in_addr in;
		struct in6_addr in6;
		u8 link_address[DSMIP_LINK_ADDRESS_MAX];
	};
	__be16 port;
	u8 family;		/* AF_INET, AF_INET6; AF_UNSPEC = not set */
	u8 link_address_len;	/* with AF_PACKET; 0 = resolve it */
};

/* Traffic of one binding, or the share of it that some CPUs count. */
struct dsmip_traffic {
	atomic64_t rx_packets;
	atomic64_t rx_bytes;
	atomic64_t tx_packets;
	atomic64_t tx_bytes;
	unsigned long last_heard;	/* jiffies, 0 = never */
	unsigned long last_sent;	/* the same, up to a second too old */
};

struct dsmip_binding;
struct dsmip_flow_set;
struct dsmip_fragments;
struct dsmip_limits;
struct dsmip_node;
struct mem_cgroup;

/* Bindings of a node by rising priority, then BID; replaced as a whole. */
struct dsmip_binding_set {
	unsigned int count;
	struct dsmip_binding *binding[];
};

/*
 * struct dsmip_binding - one binding of a node: care-of address, port, encapsulation
 * @retired: link in the list of memory that waits for its last reader
 * @expiry: in dsmip_table.expiry; .expires in boottime ns
 * @traffic: (@traffic_mask + 1) shares, a cache line each if that is not one;
 *	see dsmip_traffic()
 * @owns_traffic: this binding frees @traffic.  A binding that replaces another
 *	takes it over.
 * @secret: outer packets carry values that are derived from it, see label.c
 * @own: the set of a node that has no other binding; part of the binding
 *
 * Immutable once visible to readers, except for traffic, @dst and @mtu.  An update
 * creates a new binding, which takes over @traffic.  There may be millions: two
 * cache lines, see table.c.
 */
struct dsmip_binding {
	union {
		struct llist_node retired;
		struct timerqueue_node expiry;
	};
	struct dsmip_endpoint care_of;
	u16 bid;
	u8 priority;
	u8 encap;		/* enum dsmip_encap */
	u32 link;
	u32 dst_cookie;
	struct dst_entry __rcu *dst;	/* route of outer packets */
	struct dsmip_traffic *traffic;
	struct dsmip_node *node;
	__be32 claimed4;
	u16 sequence;
	u8 flags;		/* DSMIP_BINDING_F_* */
	u8 traffic_mask;
	bool owns_traffic;
	u8 weight;
	u16 mtu;		/* of the tunnel, at the last packet; 0 = none yet */
	u32 dst_generation;	/* routing generation of @dst: encap.c */
	u64 secret;
	struct dsmip_binding_set own;	/* last member: its one slot follows */
};

/*
 * One key of a node in the table; IPv4 addresses as ::ffff:a.b.c.d.  A change
 * inserts it into the table before the commit; readers ignore it until it is
 * @live.
 */
struct dsmip_home_address {
	struct rhash_head hash;
	struct in6_addr address;
	struct dsmip_node *node;
	struct llist_node retired;
	bool live;
};

struct dsmip_node {
	struct dsmip_home_address home;		/* the IPv6 one, the key */
	u8 home4_count;				/* under dsmip_dev.lock */
	bool staged;				/* part of a change not committed yet */
	struct dsmip_home_address **home4;
	struct dsmip_binding_set __rcu *set;
	struct dsmip_flow_set __rcu *flows;	/* usually NULL; flow.h */
	struct rb_node order;			/* in dsmip_table.order */
	struct rb_root prefixes;		/* struct dsmip_prefix */
};

/*
 * Key of a prefix of a mobile network (RFC 3963); @length is that of its
 * family, IPv4 addresses are ::ffff:a.b.c.d.
 */
struct dsmip_prefix_key {
	struct in6_addr address;
	u16 length;
	u16 family;		/* AF_INET, AF_INET6 */
};

/* struct dsmip_prefix - one prefix; readers ignore it until it is @live */
struct dsmip_prefix {
	struct rhash_head hash;
	struct dsmip_prefix_key key;
	bool live;
	bool kept;			/* by the current change */
	struct dsmip_node *node;
	union {
		struct llist_node retired;
		struct rb_node order;	/* in dsmip_prefixes.order */
	};
	struct rb_node of_node;		/* in dsmip_node.prefixes */
};

/* Lengths from 0 to 128. */
#define DSMIP_PREFIX_LENGTHS	129

/* Prefixes of a family: how many of each length, and which lengths occur. */
struct dsmip_prefix_lengths {
	DECLARE_BITMAP(used, DSMIP_PREFIX_LENGTHS);
	unsigned int count[DSMIP_PREFIX_LENGTHS];	/* under dsmip_dev.lock */
};

struct dsmip_prefixes {
	struct dsmip_prefix_lengths ipv4;
	struct dsmip_prefix_lengths ipv6;
	struct rhashtable hash;
	struct rb_root order;		/* by address, then length */
};

/* All nodes of a device. */
struct dsmip_table {
	struct rhashtable homes;		/* struct dsmip_home_address */
	struct dsmip_prefixes prefixes;
	struct rb_root order;			/* nodes by home address */
	struct timerqueue_head expiry;		/* bindings */
	struct llist_node retired;
};

/* Rate limits of signalling: for one source, one network, all unregistered sources. */
enum dsmip_rate_of {
	DSMIP_RATE_SOURCE,
	DSMIP_RATE_NETWORK,
	DSMIP_RATE_STRANGERS,
	DSMIP_RATES
};

struct dsmip_rate {
	u32 rate;			/* per second, 0 = no limit */
	u32 burst;
};

/* Settings of a device; a change replaces all of them. */
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
	u32 home_link;			/* interface index, 0 = none */
	u32 underlay;			/* interface index, 0 = default VRF */
	u8 hop_limit;			/* 0 = that of the route */
	u8 dscp;			/* DSMIP_DSCP_COPY = that of the inner packet */
	u8 df;				/* enum dsmip_df */
	struct dsmip_rate rate[DSMIP_RATES];
};

#define DSMIP_COOKIE_LIFETIME_MS	10000	/* default */
#define DSMIP_COOKIE_LIFETIME_MIN_MS	100
#define DSMIP_COOKIE_LIFETIME_MAX_MS	600000

#define DSMIP_PATH_RING_BITS	13
#define DSMIP_PATH_RING_SIZE	(1U << DSMIP_PATH_RING_BITS)

/*
 * struct dsmip_path - the outer tuple a path cookie stands for
 *
 * Immutable except for @expires and @used.
 */
struct dsmip_path {
	u32 cookie;
	struct dsmip_endpoint remote;
	struct dsmip_endpoint local;
	u8 encap;
	bool reusable;			/* created by PATH_NEW */
	atomic_t used;			/* good for one answer unless reusable */
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
	/* Every packet reads it: keep it apart from what each registration writes. */
	u32 routes;			/* generation: routes of earlier ones are out of date */
	u32 tunnel_mtu;			/* largest inner packet in tunnels */
	u64 label_secret;		/* label.c: for packets without a binding */
	siphash_key_t label_key;	/* label.c: for the secrets of bindings */
	siphash_key_t challenge_key;	/* challenge.c */
	struct socket __rcu *sock4;
	struct socket __rcu *sock6;
	__be16 udp_port_bound;		/* under lock; READ_ONCE for readers */

	bool going;			/* being unregistered; dsmip_going() */
	bool mtu_follows;		/* under RTNL: the module itself changes the MTU */

	struct dsmip_table __rcu *table;
	unsigned int nodes;
	unsigned int bindings;
	unsigned int prefixes;
	unsigned int flows;
	unsigned int generation;	/* of the table, for dumps */
	struct delayed_work expiry_work;

	struct dsmip_fragments *fragments;	/* choose.c */

	struct dsmip_path __rcu **paths;	/* ring of DSMIP_PATH_RING_SIZE */
	struct mem_cgroup *payer;		/* creator of the device; pays for @paths */
	atomic_t path_head;
	struct dsmip_limits *limits;		/* limit.c */

	struct dsmip_cell __percpu *cells;	/* deliver.c */
	struct dsmip_pcpu __percpu *pcpu;
	struct ratelimit_state unregistered_limit;
	struct ratelimit_state unknown_limit;
	struct ratelimit_state path_mtu_limit;
};

/*
 * Whether the device is being deleted.  The deleting task holds RTNL and waits for
 * the lock.  So a long operation under the lock checks this now and then, and gives
 * up.  An operation that gets the lock afterwards must check it, too.
 */
static inline bool dsmip_going(const struct dsmip_dev *dd)
{
	return READ_ONCE(dd->going);
}

/* Per network namespace. */
struct dsmip_net {
	struct list_head devices;	/* RCU; changes under RTNL */
	atomic_t generation;		/* of devices and all tables, for dumps */
};

/* main.c */
extern unsigned int dsmip_net_id;
struct dsmip_net *dsmip_net(struct net *net);

/* device.c */
extern struct rtnl_link_ops dsmip_link_ops;
bool dsmip_is_device(const struct net_device *dev);

/* mtu.c: under RTNL */
int dsmip_change_mtu(struct net_device *dev, int mtu);
void dsmip_mtu_follow(struct dsmip_dev *dd);
int dsmip_mtu_register(void);
void dsmip_mtu_unregister(void);

/* settings.c: under dsmip_dev.lock */
struct dsmip_settings *dsmip_settings_get(struct dsmip_dev *dd);
/* Apply @wanted (copied); on an error nothing changes. */
int dsmip_settings_set(struct dsmip_dev *dd, const struct dsmip_settings *wanted,
		       struct netlink_ext_ack *extack);

bool dsmip_valid_address4(__be32 address);
bool dsmip_valid_address6(const struct in6_addr *address);

/* socket.c: under dsmip_dev.lock */
int dsmip_sockets_set(struct dsmip_dev *dd, const struct dsmip_settings *wanted,
		      struct netlink_ext_ack *extack);
void dsmip_sockets_close(struct dsmip_dev *dd);

/* counter.c */
extern const char *const dsmip_counter_names[DSMIP_C_MAX];
void dsmip_count(struct dsmip_dev *dd, enum dsmip_counter counter);
void dsmip_count_many(struct dsmip_dev *dd, enum dsmip_counter counter,
		      unsigned int number);
u64 dsmip_counter_sum(struct dsmip_dev *dd, enum dsmip_counter counter);
void dsmip_count_drop(struct dsmip_dev *dd, enum dsmip_counter counter);
void dsmip_drop(struct dsmip_dev *dd, struct sk_buff *skb,
		enum dsmip_counter counter);

/* node.c: under RCU */
struct dsmip_node *dsmip_node_find6(struct dsmip_dev *dd,
				    const struct in6_addr *home);
struct dsmip_node *dsmip_node_find4(struct dsmip_dev *dd, __be32 home);
/* The live binding with this care-of address; NULL = none.  Bindings with an equal
 * port come first; the caller checks the port.
 */
struct dsmip_binding *dsmip_node_match(struct dsmip_node *node,
				       const struct dsmip_endpoint *from);
/* Cached route of outer packets, valid in this RCU section; NULL = look it up. */
struct dst_entry *dsmip_binding_dst(struct dsmip_binding *b, u32 generation);
void dsmip_binding_set_dst(struct dsmip_binding *b, struct dst_entry *dst,
			   u32 cookie, u32 generation);
void dsmip_binding_drop_dst(struct dsmip_binding *b);
/* Whether it sent a packet in the last @period jiffies, or up to a second longer. */
bool dsmip_binding_sent(const struct dsmip_binding *b, unsigned long period);

/* choose.c */
int dsmip_fragments_init(struct dsmip_dev *dd);
void dsmip_fragments_destroy(struct dsmip_dev *dd);

/* flow.c */
void dsmip_node_free_flows(struct dsmip_node *node);
/* The node is being deleted; under dsmip_dev.lock. */
void dsmip_node_forget_flows(struct dsmip_dev *dd, struct dsmip_node *node);

/* table.c */
int dsmip_memory_init(void);
/* Wait until all retired memory is freed. */
void dsmip_memory_flush(void);
void dsmip_memory_exit(void);
int dsmip_nodes_init(struct dsmip_dev *dd);
/* Retire the table of a device that no reader can find any more. */
void dsmip_nodes_detach(struct dsmip_dev *dd);

/* table.c: under dsmip_dev.lock */
/* Delete all nodes; readers and later requests see none at once; -ENOMEM. */
int dsmip_nodes_flush(struct dsmip_dev *dd);
/* Something changed: dumps in progress report it. */
void dsmip_changed(struct dsmip_dev *dd);

/* path.c */
int dsmip_paths_init(struct dsmip_dev *dd);
void dsmip_paths_destroy(struct dsmip_dev *dd);
/* Store @path (copied) and return its cookie; 0 = no memory.  Any context. */
u32 dsmip_path_add(struct dsmip_dev *dd, const struct dsmip_path *path);
/* Under RCU; NULL = never assigned, expired, displaced or used up. */
struct dsmip_path *dsmip_path_find(struct dsmip_dev *dd, u32 cookie);
/* Take the right to send one packet over @path; false = used up. */
bool dsmip_path_use(struct dsmip_path *path);
unsigned int dsmip_paths_count(struct dsmip_dev *dd);

/* cookie.c */
int dsmip_cookie_hook_register(struct net *net);
void dsmip_cookie_hook_unregister(struct net *net);
void dsmip_cookie_attach(struct sk_buff *skb, u32 cookie);
u32 dsmip_cookie_asked(const struct sk_buff *skb);
struct dsmip_path *dsmip_cookie_path(struct dsmip_dev *dd,
				     const struct sk_buff *skb);

/* label.c */
/* Secret of @b; its node, care-of address and port are set. */
u64 dsmip_label_secret(const struct dsmip_dev *dd, const struct dsmip_binding *b);

/* limit.c */
int dsmip_limits_init(struct dsmip_dev *dd);
void dsmip_limits_destroy(struct dsmip_dev *dd);
/* All limits start again with full buckets. */
void dsmip_limits_reset(struct dsmip_dev *dd);

/* output.c */
netdev_tx_t dsmip_xmit(struct sk_buff *skb, struct net_device *dev);

/* deliver.c */
int dsmip_deliver_init(struct dsmip_dev *dd);
void dsmip_deliver_stop(struct dsmip_dev *dd);
void dsmip_deliver_free(struct dsmip_dev *dd);
void dsmip_deliver(struct dsmip_dev *dd, struct sk_buff *skb, bool merge);

/* udp.c */
int dsmip_udp_rcv(struct sock *sk, struct sk_buff *skb);
int dsmip_udp_err(struct sock *sk, struct sk_buff *skb);

/* gro.c */
struct sk_buff *dsmip_gro_receive(struct sock *sk, struct list_head *head,
				  struct sk_buff *skb);
int dsmip_gro_complete(struct sock *sk, struct sk_buff *skb, int offset);

/* chain.c */
int dsmip_chains_register(void);
void dsmip_chains_unregister(void);

/* netlink.c */
int dsmip_netlink_register(void);
void dsmip_netlink_unregister(void);
/* under dsmip_dev.lock */
void dsmip_notify_expired(struct dsmip_dev *dd, const struct dsmip_node *node,
			  const struct dsmip_binding *b);
/* any context, rate limited inside */
void dsmip_notify_unregistered(struct dsmip_dev *dd,
			       const struct in6_addr *home,
			       const struct dsmip_endpoint *from,
			       const struct dsmip_endpoint *to, u8 encap);
void dsmip_notify_path_mtu(struct dsmip_dev *dd, const struct dsmip_binding *b,
			   unsigned int mtu);
void dsmip_notify_unknown_home(struct dsmip_dev *dd, const struct sk_buff *skb);
/* the device is being unregistered */
void dsmip_notify_gone(struct dsmip_dev *dd);

#endif /* _DSMIP_H */
