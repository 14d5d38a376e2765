/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: what the receive and the transmit side share.
 */
#ifndef _DSMIP_TUNNEL_H
#define _DSMIP_TUNNEL_H

#include "dsmip.h"

/* Room for the largest TLV header; both generations have this length. */
#define DSMIP_TLV_LEN	4

/* struct dsmip_inner - what a look at the header of an inner packet tells */
struct dsmip_inner {
	u8 family;
	u8 proto;		/* protocol, next header behind the IPv6 header */
	u8 dsfield;
	bool df;		/* IPv4: don't fragment */
	unsigned int len;	/* of the packet, as its header says */
	const struct in6_addr *src6;	/* valid until the skb is touched */
	const struct in6_addr *dst6;
	__be32 src4;
	__be32 dst4;
};

/*
 * struct dsmip_tunnel - what the outer headers of a packet are made from
 * @src: near end; address may be all zero (routing decides), port is ours
 * @dst: far end
 * @binding: to count at; NULL for signalling sent by cookie
 * @cache: of the route; NULL = look it up
 */
struct dsmip_tunnel {
	struct dsmip_dev *dd;
	struct dsmip_endpoint src;
	struct dsmip_endpoint dst;
	struct dsmip_binding *binding;
	struct dst_cache *cache;
	u32 link;
	u32 mark;
	u8 encap;
};

/* inner.c */
int dsmip_inner_parse(struct sk_buff *skb, unsigned int offset,
		      struct dsmip_inner *inner);
bool dsmip_inner_nested(const struct dsmip_inner *inner);
bool dsmip_signalling_to(const struct dsmip_inner *inner,
			 const struct in6_addr *home_agent);
bool dsmip_signalling_from(const struct dsmip_inner *inner,
			   const struct in6_addr *home_agent);

/* encap.c */
void dsmip_encap(struct sk_buff *skb, const struct dsmip_tunnel *t,
		 const struct dsmip_inner *inner);

#endif /* _DSMIP_TUNNEL_H */
