/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: answers to Binding Updates above a limit, whose number the node must use next.
 */
#ifndef _DSMIP_CHALLENGE_H
#define _DSMIP_CHALLENGE_H

#include "tunnel.h"

bool dsmip_update_read(const struct sk_buff *skb, unsigned int offset,
		       const struct dsmip_inner *inner, u16 *sequence);
bool dsmip_update_follows(const struct dsmip_node *node, u16 sequence);
bool dsmip_challenge_met(const struct dsmip_dev *dd,
			 const struct dsmip_arrival *a,
			 const struct dsmip_inner *inner, u16 sequence);
enum dsmip_counter dsmip_challenge(struct dsmip_dev *dd,
				   const struct dsmip_settings *s,
				   const struct dsmip_arrival *a,
				   const struct dsmip_inner *inner, u16 sequence);

#endif /* _DSMIP_CHALLENGE_H */
