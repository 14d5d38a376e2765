/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: declarations shared by netlink_flow.c and netlink_flow_show.c.
 */
#ifndef _DSMIP_NETLINK_FLOW_H
#define _DSMIP_NETLINK_FLOW_H

#include "flow.h"

/*
 * Attributes of a selector that is a number.
 * @start: DSMIP_FLOW_A_*_START; the attribute of the end is the next one
 * @size: octets of the attribute
 * @shift: number of low bits that are ignored
 */
struct dsmip_flow_number_attr {
	u16 start;
	u8 size;
	u8 shift;
};

extern const struct dsmip_flow_number_attr
dsmip_flow_number_attrs[DSMIP_SEL_NUMBERS];

#endif /* _DSMIP_NETLINK_FLOW_H */
