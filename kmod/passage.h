/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: what gets in without a binding, and what no inner source may be.
 */
#ifndef _DSMIP_PASSAGE_H
#define _DSMIP_PASSAGE_H

#include "tunnel.h"

/* What stands before the thing that may get in. */
enum dsmip_way {
	DSMIP_WAY_PLAIN,	/* the inner IPv6 header */
	DSMIP_WAY_OPTIONS,	/* ... and one Destination Options header */
	DSMIP_WAY_ROUTING,	/* ... and one routing header of type 2 */
	DSMIP_WAY_TLV,		/* a TLV header; there is no inner packet */
};

/* A verdict of dsmip_passage(): its addresses fit, but it is not on the list. */
#define DSMIP_UNLISTED	(-3)

bool dsmip_passage_listed(u8 role, enum dsmip_way way, u8 proto);
int dsmip_passage(struct dsmip_dev *dd, const struct dsmip_settings *s,
		  const struct sk_buff *skb, unsigned int offset,
		  const struct dsmip_inner *inner,
		  const struct dsmip_node *node);
bool dsmip_passage_out(const struct dsmip_settings *s,
		       const struct sk_buff *skb,
		       const struct dsmip_inner *inner);
bool dsmip_passage_skip(const struct sk_buff *skb, unsigned int offset,
			const struct dsmip_inner *inner, unsigned int *at,
			u8 *proto);
bool dsmip_passage_hidden(const struct sk_buff *skb, unsigned int offset,
			  const struct dsmip_inner *inner);
int dsmip_inner_addresses(const struct dsmip_settings *s,
			  const struct dsmip_inner *inner);
bool dsmip_inner_source_own(const struct dsmip_dev *dd,
			    const struct dsmip_settings *s,
			    const struct dsmip_inner *inner,
			    const struct dsmip_node *node);

#endif /* _DSMIP_PASSAGE_H */
