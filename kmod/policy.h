/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: settings of the operator for outer headers: hop limit, DSCP, DF.
 */
#ifndef _DSMIP_POLICY_H
#define _DSMIP_POLICY_H

#include <net/inet_ecn.h>
#include <net/ip6_route.h>
#include <net/route.h>

#include "tunnel.h"

/* Of a packet that is segmented later, the size of the segments counts. */
static inline bool dsmip_fits(const struct sk_buff *skb, unsigned int mtu)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) :
				 skb->len <= mtu;
}

static inline u8 dsmip_policy_hop_limit4(const struct dsmip_settings *s,
					 const struct dst_entry *dst)
{
	return s->hop_limit ?: ip4_dst_hoplimit(dst);
}

static inline u8 dsmip_policy_hop_limit6(const struct dsmip_settings *s,
					 struct dst_entry *dst)
{
	return s->hop_limit ?: ip6_dst_hoplimit(dst);
}

/* DSCP as set or copied; ECN as in the normal mode of RFC 6040. */
static inline u8 dsmip_policy_dsfield(const struct dsmip_settings *s, u8 inner)
{
	u8 dscp = s->dscp == DSMIP_DSCP_COPY ? inner : s->dscp << 2;

	return INET_ECN_encapsulate(dscp, inner);
}

/*
 * DF of an outer IPv4 header.  @skb is the inner packet, @mtu the tunnel MTU.  By
 * default DF is set if the inner packet would be refused for its size; the errors
 * of routers then reveal the path MTU.  Otherwise routers may fragment.
 */
static inline bool dsmip_policy_df(const struct dsmip_settings *s,
				   const struct sk_buff *skb,
				   const struct dsmip_inner *inner,
				   unsigned int mtu)
{
	switch (s->df) {
	case DSMIP_DF_SET:
		return dsmip_fits(skb, mtu);
	case DSMIP_DF_CLEAR:
		return false;
	}
	return inner->family == AF_INET ? inner->df :
					  !dsmip_fits(skb, IPV6_MIN_MTU);
}

#endif /* _DSMIP_POLICY_H */
