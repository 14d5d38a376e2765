/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: what netlink_flow.c and netlink_flow_show.c share.
 */
#ifndef _DSMIP_NETLINK_FLOW_H
#define _DSMIP_NETLINK_FLOW_H

#include "flow.h"

/*
 * How a selector with a number looks in attributes.
 * @start: DSMIP_FLOW_A_*_START; that of the end is one more
 * @size: octets of the attribute
 * @shift: lower bits that do not count
 */
struct dsmip_flow_number_attr {
	u16 start;
	u8 size;
	u8 shift;
};

extern const struct dsmip_flow_number_attr
dsmip_flow_number_attrs[DSMIP_SEL_NUMBERS];

#endif /* _DSMIP_NETLINK_FLOW_H */
