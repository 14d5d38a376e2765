// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: FLOW_GET: the rules of one node, or a dump of those that have any.
 */
#include "family.h"
#include "netlink_flow.h"
#include "node.h"

static size_t dsmip_flow_size(unsigned int bids)
{
	return nla_total_size(0) +				/* FLOW */
	       2 * nla_total_size(sizeof(u16)) +		/* FID, PRIORITY */
	       nla_total_size(0) +				/* BIDS */
	       bids * nla_total_size(sizeof(u16)) +
	       nla_total_size(sizeof(u8)) +			/* FAMILY */
	       4 * nla_total_size(sizeof(struct in6_addr)) +
	       2 * DSMIP_SEL_NUMBERS * nla_total_size(sizeof(u32));
}

static size_t dsmip_node_flows_size(const struct dsmip_flow_set *set)
{
	size_t size = nla_total_size(sizeof(u32)) +		/* IFINDEX */
		      nla_total_size(0) +			/* NODE */
		      nla_total_size(sizeof(struct in6_addr));
	unsigned int i;

	for (i = 0; set && i < set->count; i++)
		size += dsmip_flow_size(set->flow[i]->bid_count);
	return size;
}

static int dsmip_put_number(struct sk_buff *skb, unsigned int i, bool end,
			    u32 value)
{
	const struct dsmip_flow_number_attr *attr = &dsmip_flow_number_attrs[i];
	int type = attr->start + end;

	switch (attr->size) {
	case 1:
		return nla_put_u8(skb, type, value << attr->shift);
	case 2:
		return nla_put_u16(skb, type, value);
	default:
		return nla_put_u32(skb, type, value);
	}
}

static int dsmip_put_flow_address(struct sk_buff *skb, int attr4, int attr6,
				  u8 family, const struct in6_addr *address)
{
	if (family == AF_INET)
		return nla_put_in_addr(skb, attr4, address->s6_addr32[3]);
	return nla_put_in6_addr(skb, attr6, address);
}

static int dsmip_put_selectors(struct sk_buff *skb, const struct dsmip_flow *flow)
{
	const struct in6_addr (*range)[2] = flow->address;
	unsigned int i;

	if (flow->family && nla_put_u8(skb, DSMIP_FLOW_A_FAMILY, flow->family))
		return -EMSGSIZE;
	if ((flow->given & BIT(DSMIP_SEL_SOURCE)) &&
	    (dsmip_put_flow_address(skb, DSMIP_FLOW_A_SOURCE4_START,
				    DSMIP_FLOW_A_SOURCE6_START, flow->family,
				    &range[0][0]) ||
	     dsmip_put_flow_address(skb, DSMIP_FLOW_A_SOURCE4_END,
				    DSMIP_FLOW_A_SOURCE6_END, flow->family,
				    &range[0][1])))
		return -EMSGSIZE;
	if ((flow->given & BIT(DSMIP_SEL_DESTINATION)) &&
	    (dsmip_put_flow_address(skb, DSMIP_FLOW_A_DESTINATION4_START,
				    DSMIP_FLOW_A_DESTINATION6_START,
				    flow->family, &range[1][0]) ||
	     dsmip_put_flow_address(skb, DSMIP_FLOW_A_DESTINATION4_END,
				    DSMIP_FLOW_A_DESTINATION6_END, flow->family,
				    &range[1][1])))
		return -EMSGSIZE;
	for (i = 0; i < DSMIP_SEL_NUMBERS; i++)
		if ((flow->given & BIT(i)) &&
		    (dsmip_put_number(skb, i, false, flow->number[i][0]) ||
		     dsmip_put_number(skb, i, true, flow->number[i][1])))
			return -EMSGSIZE;
	return 0;
}

static int dsmip_put_flow(struct sk_buff *skb, const struct dsmip_flow *flow)
{
	struct nlattr *nest = nla_nest_start(skb, DSMIP_NODE_A_FLOW), *bids;
	unsigned int i;

	if (!nest || nla_put_u16(skb, DSMIP_FLOW_A_FID, flow->fid) ||
	    nla_put_u16(skb, DSMIP_FLOW_A_PRIORITY, flow->priority))
		return -EMSGSIZE;
	bids = nla_nest_start(skb, DSMIP_FLOW_A_BIDS);
	if (!bids)
		return -EMSGSIZE;
	for (i = 0; i < flow->bid_count; i++)
		if (nla_put_u16(skb, DSMIP_FLOW_A_BID, flow->bid[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, bids);
	if (dsmip_put_selectors(skb, flow))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dsmip_put_node_flows(struct sk_buff *skb, struct dsmip_dev *dd,
				struct dsmip_node *node)
{
	const struct dsmip_flow_set *set = dsmip_flow_set_of(dd, node);
	struct nlattr *nest;
	unsigned int i;

	if (nla_put_u32(skb, DSMIP_A_IFINDEX, dd->dev->ifindex))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, DSMIP_A_NODE);
	if (!nest || nla_put_in6_addr(skb, DSMIP_NODE_A_HOME_ADDRESS,
				      &node->home.address))
		return -EMSGSIZE;
	for (i = 0; set && i < set->count; i++)
		if (dsmip_put_flow(skb, set->flow[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int dsmip_flow_get(struct sk_buff *skb, struct genl_info *info)
{
	struct dsmip_home_address *home = dsmip_request_home(info);
	const struct dsmip_flow_set *set;

	if (IS_ERR(home))
		return PTR_ERR(home);
	set = dsmip_flow_set_of(dsmip_request_dev(info), home->node);
	return dsmip_reply_node(info, home->node, dsmip_node_flows_size(set),
				dsmip_put_node_flows);
}

int dsmip_flow_dump_start(struct netlink_callback *cb)
{
	/* Room for the node with the most rules; otherwise the dump would never get past it. */
	cb->min_dump_alloc = NLMSG_ALIGN(nlmsg_total_size(GENL_HDRLEN) +
			dsmip_node_flows_size(NULL) +
			DSMIP_FLOWS_MAX * dsmip_flow_size(DSMIP_BINDINGS_MAX));
	return 0;
}

static int dsmip_put_node_if_flows(struct sk_buff *skb, struct dsmip_dev *dd,
				   struct dsmip_node *node)
{
	if (!rcu_access_pointer(node->flows))
		return -ENODATA;
	return dsmip_put_node_flows(skb, dd, node);
}

static int dsmip_dump_flows(struct sk_buff *skb, struct netlink_callback *cb,
			    struct dsmip_dev *dd)
{
	if (!dd->flows)
		return 0;
	return dsmip_dump_each_node(skb, cb, dd, DSMIP_CMD_FLOW_GET,
				    dsmip_put_node_if_flows);
}

int dsmip_flow_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dsmip_dump_devices(skb, cb, dsmip_dump_flows);
}
