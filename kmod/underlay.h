/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: the underlay of a device: interface or VRF of its outer packets.
 */
#ifndef _DSMIP_UNDERLAY_H
#define _DSMIP_UNDERLAY_H

#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp.h>

#include "dsmip.h"

/*
 * struct dsmip_ingress - where a packet came in, as sockets see it
 * @iif: interface; for a port of a VRF, the VRF
 * @port: the port of the VRF, 0 = none
 */
struct dsmip_ingress {
	int iif;
	int port;
};

static inline int dsmip_ingress_port(const struct sk_buff *skb, u8 family)
{
	return family == AF_INET ? inet_sdif(skb) : inet6_sdif(skb);
}

static inline struct dsmip_ingress dsmip_ingress_of(const struct sk_buff *skb,
						    u8 family)
{
	return (struct dsmip_ingress) {
		.iif = family == AF_INET ? inet_iif(skb) : inet6_iif(skb),
		.port = dsmip_ingress_port(skb, family),
	};
}

/* The rule of UDP sockets, applied to every encapsulation. */
static inline bool dsmip_underlay_judge(const struct dsmip_dev *dd,
					const struct dsmip_settings *s,
					const struct dsmip_ingress *in)
{
	return udp_sk_bound_dev_eq(dd->net, s->underlay, in->iif, in->port);
}

static inline bool dsmip_underlay_takes(const struct dsmip_dev *dd,
					const struct dsmip_settings *s,
					const struct sk_buff *skb, u8 family)
{
	struct dsmip_ingress in;

	/* Result of the rule for a packet that came by no VRF, without the call. */
	if (likely(!s->underlay && !dsmip_ingress_port(skb, family)))
		return true;
	in = dsmip_ingress_of(skb, family);
	return dsmip_underlay_judge(dd, s, &in);
}

/* Whether UNDERLAY 0 means every VRF (net.ipv4.udp_l3mdev_accept). */
static inline bool dsmip_underlay_any(const struct dsmip_dev *dd)
{
	return udp_sk_bound_dev_eq(dd->net, 0, 1, 1);
}

bool dsmip_underlay_exists(const struct dsmip_dev *dd, u32 underlay);
int dsmip_underlay_check(const struct dsmip_dev *dd, u32 underlay,
			 struct netlink_ext_ack *extack);
bool dsmip_underlay_has(const struct dsmip_dev *dd,
			const struct dsmip_settings *s,
			const struct net_device *dev);
int dsmip_underlay_oif(const struct dsmip_dev *dd,
		       const struct dsmip_settings *s, u32 link,
		       const struct net_device **domain);

#endif /* _DSMIP_UNDERLAY_H */
