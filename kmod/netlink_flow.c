// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: FLOW_NEW and FLOW_DEL: turn attributes into the rules of nodes, all or
 * nothing. FLOW_GET: netlink_flow_show.c.
 */
#include <linux/slab.h>

#include "family.h"
#include "netlink_flow.h"
#include "node.h"

const struct dsmip_flow_number_attr dsmip_flow_number_attrs[DSMIP_SEL_NUMBERS] = {
	[DSMIP_SEL_SPI]			= { DSMIP_FLOW_A_SPI_START, 4, 0 },
	[DSMIP_SEL_FLOW_LABEL]		= { DSMIP_FLOW_A_FLOW_LABEL_START, 4, 0 },
	[DSMIP_SEL_SOURCE_PORT]		= { DSMIP_FLOW_A_SOURCE_PORT_START, 2, 0 },
	[DSMIP_SEL_DESTINATION_PORT]	= { DSMIP_FLOW_A_DESTINATION_PORT_START, 2, 0 },
	[DSMIP_SEL_TRAFFIC_CLASS]	= { DSMIP_FLOW_A_TRAFFIC_CLASS_START, 1, 2 },
	[DSMIP_SEL_PROTOCOL]		= { DSMIP_FLOW_A_PROTOCOL_START, 1, 0 },
};

static struct netlink_range_validation dsmip_flow_label_range = {
	.max = 0xfffff,
};

static const struct nla_policy dsmip_bid_policy[DSMIP_FLOW_A_MAX + 1] = {
	[DSMIP_FLOW_A_BID]		= { .type = NLA_U16 },
};

#define DSMIP_FLOW_LABEL_POLICY	NLA_POLICY_FULL_RANGE(NLA_U32, &dsmip_flow_label_range)
#define DSMIP_IN_POLICY		NLA_POLICY_EXACT_LEN(sizeof(struct in_addr))
#define DSMIP_IN6_POLICY	NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr))

static const struct nla_policy dsmip_flow_policy[DSMIP_FLOW_A_MAX + 1] = {
	[DSMIP_FLOW_A_FID]			= NLA_POLICY_MIN(NLA_U16, 1),
	[DSMIP_FLOW_A_PRIORITY]			= NLA_POLICY_MIN(NLA_U16, 1),
	[DSMIP_FLOW_A_BIDS]			= NLA_POLICY_NESTED(dsmip_bid_policy),
	[DSMIP_FLOW_A_FAMILY]			= { .type = NLA_U8 },
	[DSMIP_FLOW_A_SOURCE4_START]		= DSMIP_IN_POLICY,
	[DSMIP_FLOW_A_SOURCE4_END]		= DSMIP_IN_POLICY,
	[DSMIP_FLOW_A_SOURCE6_START]		= DSMIP_IN6_POLICY,
	[DSMIP_FLOW_A_SOURCE6_END]		= DSMIP_IN6_POLICY,
	[DSMIP_FLOW_A_DESTINATION4_START]	= DSMIP_IN_POLICY,
	[DSMIP_FLOW_A_DESTINATION4_END]		= DSMIP_IN_POLICY,
	[DSMIP_FLOW_A_DESTINATION6_START]	= DSMIP_IN6_POLICY,
	[DSMIP_FLOW_A_DESTINATION6_END]		= DSMIP_IN6_POLICY,
	[DSMIP_FLOW_A_SPI_START]		= { .type = NLA_U32 },
	[DSMIP_FLOW_A_SPI_END]			= { .type = NLA_U32 },
	[DSMIP_FLOW_A_FLOW_LABEL_START]		= DSMIP_FLOW_LABEL_POLICY,
	[DSMIP_FLOW_A_FLOW_LABEL_END]		= DSMIP_FLOW_LABEL_POLICY,
	[DSMIP_FLOW_A_SOURCE_PORT_START]	= { .type = NLA_U16 },
	[DSMIP_FLOW_A_SOURCE_PORT_END]		= { .type = NLA_U16 },
	[DSMIP_FLOW_A_DESTINATION_PORT_START]	= { .type = NLA_U16 },
	[DSMIP_FLOW_A_DESTINATION_PORT_END]	= { .type = NLA_U16 },
	[DSMIP_FLOW_A_TRAFFIC_CLASS_START]	= { .type = NLA_U8 },
	[DSMIP_FLOW_A_TRAFFIC_CLASS_END]	= { .type = NLA_U8 },
	[DSMIP_FLOW_A_PROTOCOL_START]		= { .type = NLA_U8 },
	[DSMIP_FLOW_A_PROTOCOL_END]		= { .type = NLA_U8 },
};

static const struct nla_policy dsmip_flow_key_policy[DSMIP_FLOW_A_MAX + 1] = {
	[DSMIP_FLOW_A_FID]		= NLA_POLICY_MIN(NLA_U16, 1),
};

static const struct nla_policy dsmip_node_flow_policy[DSMIP_NODE_A_MAX + 1] = {
	[DSMIP_NODE_A_HOME_ADDRESS]	= DSMIP_IN6_POLICY,
	[DSMIP_NODE_A_FLOW]		= NLA_POLICY_NESTED(dsmip_flow_policy),
};

static const struct nla_policy dsmip_node_flow_key_policy[DSMIP_NODE_A_MAX + 1] = {
	[DSMIP_NODE_A_HOME_ADDRESS]	= DSMIP_IN6_POLICY,
	[DSMIP_NODE_A_FLOW]		= NLA_POLICY_NESTED(dsmip_flow_key_policy),
};

const struct nla_policy dsmip_flow_new_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_NODE]		= NLA_POLICY_NESTED(dsmip_node_flow_policy),
};

const struct nla_policy dsmip_flow_del_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_NODE]		= NLA_POLICY_NESTED(dsmip_node_flow_key_policy),
};

/* One node of a request: its rules after the commit. */
struct dsmip_flow_change {
	struct list_head list;
	struct dsmip_node *node;
	struct dsmip_flow_set *set;
};

#define REFUSE(info, where, err, text)					\
({									\
	NL_SET_ERR_MSG_ATTR((info)->extack, where, text);		\
	(err);								\
})

/* Selectors */

static int dsmip_parse_family(struct genl_info *info, struct dsmip_flow *flow,
			      const struct nlattr *at, u8 family)
{
	if (family != AF_INET && family != AF_INET6)
		return REFUSE(info, at, -EINVAL,
			      "FAMILY is neither AF_INET nor AF_INET6");
	if (flow->family && flow->family != family)
		return REFUSE(info, at, -EINVAL,
			      "selectors are about different IP families");
	flow->family = family;
	return 0;
}

static u32 dsmip_flow_get_number(const struct nlattr *attr, unsigned int i)
{
	switch (dsmip_flow_number_attrs[i].size) {
	case 1:
		return nla_get_u8(attr) >> dsmip_flow_number_attrs[i].shift;
	case 2:
		return nla_get_u16(attr);
	default:
		return nla_get_u32(attr);
	}
}

static int dsmip_parse_numbers(struct genl_info *info, struct nlattr **tb,
			       struct dsmip_flow *flow)
{
	unsigned int i;

	for (i = 0; i < DSMIP_SEL_NUMBERS; i++) {
		struct nlattr *start = tb[dsmip_flow_number_attrs[i].start];
		struct nlattr *end = tb[dsmip_flow_number_attrs[i].start + 1];
		u32 *range = flow->number[i];

		if (!start && end)
			return REFUSE(info, end, -EINVAL,
				      "the end of a range needs its start");
		if (!start)
			continue;
		range[0] = dsmip_flow_get_number(start, i);
		range[1] = end ? dsmip_flow_get_number(end, i) : range[0];
		if (range[0] > range[1])
			return REFUSE(info, end, -EINVAL,
				      "a range ends before it starts");
		flow->given |= BIT(i);
	}
	if (!(flow->given & BIT(DSMIP_SEL_FLOW_LABEL)))
		return 0;
	return dsmip_parse_family(info, flow, tb[DSMIP_FLOW_A_FLOW_LABEL_START],
				  AF_INET6);
}

static void dsmip_flow_get_address(const struct nlattr *attr, u8 family,
				   struct in6_addr *address)
{
	if (family == AF_INET)
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), address);
	else
		*address = nla_get_in6_addr(attr);
}

/* @start: attribute of the start of the range; that of the end is the next one */
static int dsmip_parse_addresses(struct genl_info *info, struct nlattr **tb,
				 struct dsmip_flow *flow,
				 enum dsmip_selector which, int start, u8 family)
{
	struct in6_addr *range = flow->address[which - DSMIP_SEL_NUMBERS];
	struct nlattr *from = tb[start], *to = tb[start + 1];
	int err;

	if (!from && to)
		return REFUSE(info, to, -EINVAL,
			      "the end of a range needs its start");
	if (!from)
		return 0;
	err = dsmip_parse_family(info, flow, from, family);
	if (err)
		return err;
	dsmip_flow_get_address(from, family, &range[0]);
	dsmip_flow_get_address(to ?: from, family, &range[1]);
	if (memcmp(&range[0], &range[1], sizeof(range[0])) > 0)
		return REFUSE(info, to, -EINVAL, "a range ends before it starts");
	flow->given |= BIT(which);
	return 0;
}

static int dsmip_parse_selectors(struct genl_info *info, struct nlattr **tb,
				 struct dsmip_flow *flow)
{
	int err;

	if (tb[DSMIP_FLOW_A_FAMILY]) {
		err = dsmip_parse_family(info, flow, tb[DSMIP_FLOW_A_FAMILY],
					 nla_get_u8(tb[DSMIP_FLOW_A_FAMILY]));
		if (err)
			return err;
	}
	err = dsmip_parse_addresses(info, tb, flow, DSMIP_SEL_SOURCE,
				    DSMIP_FLOW_A_SOURCE4_START, AF_INET);
	if (!err)
		err = dsmip_parse_addresses(info, tb, flow, DSMIP_SEL_SOURCE,
					    DSMIP_FLOW_A_SOURCE6_START, AF_INET6);
	if (!err)
		err = dsmip_parse_addresses(info, tb, flow, DSMIP_SEL_DESTINATION,
					    DSMIP_FLOW_A_DESTINATION4_START,
					    AF_INET);
	if (!err)
		err = dsmip_parse_addresses(info, tb, flow, DSMIP_SEL_DESTINATION,
					    DSMIP_FLOW_A_DESTINATION6_START,
					    AF_INET6);
	return err ?: dsmip_parse_numbers(info, tb, flow);
}

static bool dsmip_selectors_given(struct nlattr **tb)
{
	unsigned int i;

	for (i = DSMIP_FLOW_A_FAMILY; i <= DSMIP_FLOW_A_MAX; i++)
		if (tb[i])
			return true;
	return false;
}

/* Rules */

static int dsmip_parse_bids(struct genl_info *info, const struct nlattr *nest,
			    struct dsmip_flow *flow)
{
	struct nlattr *attr;
	unsigned int i;
	int rem;

	nla_for_each_nested(attr, nest, rem) {
		u16 bid = nla_get_u16(attr);

		for (i = 0; i < flow->bid_count; i++)
			if (flow->bid[i] == bid)
				return REFUSE(info, attr, -EINVAL,
					      "BID is given twice for one rule");
		flow->bid[flow->bid_count++] = bid;
	}
	return 0;
}

/* Returns the number, or a negative error. */
static int dsmip_count_bids(struct genl_info *info, const struct nlattr *nest)
{
	struct nlattr *attr;
	int rem, count = 0;

	nla_for_each_nested(attr, nest, rem)
		count++;
	if (!count)
		return REFUSE(info, nest, -EINVAL, "BIDS needs at least one BID");
	if (count > DSMIP_BINDINGS_MAX)
		return REFUSE(info, nest, -EINVAL, "more than 32 BIDs");
	return count;
}

static int dsmip_parse_flow_known(struct genl_info *info,
				  const struct nlattr *at, struct nlattr **tb,
				  const struct dsmip_flow *was)
{
	u16 nlflags = info->nlhdr->nlmsg_flags;

	if (was && (nlflags & NLM_F_EXCL))
		return REFUSE(info, at, -EEXIST, "flow rule exists already");
	if (!was && !(nlflags & NLM_F_CREATE))
		return REFUSE(info, at, -ENOENT,
			      "no such flow rule, and NLM_F_CREATE is not set");
	if (!was && !tb[DSMIP_FLOW_A_PRIORITY])
		return REFUSE(info, at, -EINVAL,
			      "a new flow rule needs a PRIORITY");
	if (!was && !tb[DSMIP_FLOW_A_BIDS])
		return REFUSE(info, at, -EINVAL, "a new flow rule needs BIDS");
	return 0;
}

/* The rule that results from a FLOW and the old rule. */
static struct dsmip_flow *dsmip_parse_flow(struct genl_info *info,
					   const struct nlattr *at,
					   struct nlattr **tb,
					   const struct dsmip_flow *was)
{
	struct nlattr *bids = tb[DSMIP_FLOW_A_BIDS];
	struct dsmip_flow *flow;
	int err, count;

	err = dsmip_parse_flow_known(info, at, tb, was);
	if (err)
		return ERR_PTR(err);
	count = bids ? dsmip_count_bids(info, bids) : was->bid_count;
	if (count < 0)
		return ERR_PTR(count);
	flow = kzalloc(struct_size(flow, bid, count), GFP_KERNEL_ACCOUNT);
	if (!flow)
		return ERR_PTR(REFUSE(info, at, -ENOMEM,
				      "no memory for the flow rule"));
	flow->fid = nla_get_u16(tb[DSMIP_FLOW_A_FID]);
	if (tb[DSMIP_FLOW_A_PRIORITY])
		flow->priority = nla_get_u16(tb[DSMIP_FLOW_A_PRIORITY]);
	else
		flow->priority = was->priority;
	if (bids) {
		err = dsmip_parse_bids(info, bids, flow);
	} else {
		flow->bid_count = was->bid_count;
		memcpy(flow->bid, was->bid, was->bid_count * sizeof(*was->bid));
	}
	if (was && !dsmip_selectors_given(tb)) {
		flow->family = was->family;
		flow->given = was->given;
		memcpy(flow->number, was->number, sizeof(flow->number));
		memcpy(flow->address, was->address, sizeof(flow->address));
	} else if (!err) {
		err = dsmip_parse_selectors(info, tb, flow);
	}
	if (!err)
		return flow;
	kfree(flow);
	return ERR_PTR(err);
}

/* The FID of a FLOW; also its attributes, for callers that need them. */
static int dsmip_parse_fid(struct genl_info *info, const struct nlattr *nest,
			   const struct nla_policy *policy, struct nlattr **tb)
{
	int err = nla_parse_nested(tb, DSMIP_FLOW_A_MAX, nest, policy,
				   info->extack);

	if (err)
		return err;
	if (!tb[DSMIP_FLOW_A_FID])
		return REFUSE(info, nest, -EINVAL, "FID is missing");
	return nla_get_u16(tb[DSMIP_FLOW_A_FID]);
}

/* Changes */

static int dsmip_stage_flow_new(struct genl_info *info,
				const struct nlattr *nest,
				struct dsmip_flow_change *change,
				const struct dsmip_flow_set *old)
{
	struct nlattr *tb[DSMIP_FLOW_A_MAX + 1];
	struct dsmip_flow *flow;
	int fid;

	fid = dsmip_parse_fid(info, nest, dsmip_flow_policy, tb);
	if (fid < 0)
		return fid;
	if (dsmip_flow_set_find(change->set, fid))
		return REFUSE(info, nest, -EINVAL,
			      "FID is given twice for one node");
	flow = dsmip_parse_flow(info, nest, tb, dsmip_flow_set_find(old, fid));
	if (IS_ERR(flow))
		return PTR_ERR(flow);
	dsmip_flow_set_add(change->set, flow);
	return 0;
}

static unsigned int dsmip_count_flows(const struct nlattr *node)
{
	unsigned int count = 0;
	struct nlattr *attr;
	int rem;

	nla_for_each_nested(attr, node, rem)
		if (nla_type(attr) == DSMIP_NODE_A_FLOW)
			count++;
	return count;
}

static int dsmip_stage_flows_new(struct genl_info *info,
				 const struct nlattr *node,
				 struct dsmip_flow_change *change,
				 const struct dsmip_flow_set *old)
{
	bool replace = info->nlhdr->nlmsg_flags & NLM_F_REPLACE;
	unsigned int i, count = dsmip_count_flows(node);
	struct nlattr *attr;
	int rem, err;

	if (!count && !replace)
		return REFUSE(info, node, -EINVAL,
			      "NODE needs at least one FLOW");
	if (count > DSMIP_FLOWS_MAX)
		return REFUSE(info, node, -EINVAL,
			      "NODE would have more than 64 flow rules");
	change->set = dsmip_flow_set_alloc(count + (old ? old->count : 0));
	if (!change->set)
		return REFUSE(info, node, -ENOMEM,
			      "no memory for the flow rules");
	nla_for_each_nested(attr, node, rem) {
		if (nla_type(attr) != DSMIP_NODE_A_FLOW)
			continue;
		err = dsmip_stage_flow_new(info, attr, change, old);
		if (err)
			return err;
	}
	for (i = 0; !replace && old && i < old->count; i++)
		if (!dsmip_flow_set_find(change->set, old->flow[i]->fid))
			dsmip_flow_set_add(change->set, old->flow[i]);
	if (change->set->count > DSMIP_FLOWS_MAX)
		return REFUSE(info, node, -EINVAL,
			      "NODE would have more than 64 flow rules");
	return 0;
}

static bool dsmip_flow_is_named(const struct nlattr *node, u16 fid)
{
	struct nlattr *tb[DSMIP_FLOW_A_MAX + 1], *attr;
	int rem;

	nla_for_each_nested(attr, node, rem)
		if (nla_type(attr) == DSMIP_NODE_A_FLOW &&
		    !nla_parse_nested(tb, DSMIP_FLOW_A_MAX, attr,
				      dsmip_flow_key_policy, NULL) &&
		    nla_get_u16(tb[DSMIP_FLOW_A_FID]) == fid)
			return true;
	return false;
}

static int dsmip_stage_flows_del(struct genl_info *info,
				 const struct nlattr *node,
				 struct dsmip_flow_change *change,
				 const struct dsmip_flow_set *old)
{
	struct nlattr *tb[DSMIP_FLOW_A_MAX + 1], *attr;
	unsigned int i;
	int rem, fid;

	if (!dsmip_count_flows(node))
		return 0;
	nla_for_each_nested(attr, node, rem) {
		if (nla_type(attr) != DSMIP_NODE_A_FLOW)
			continue;
		fid = dsmip_parse_fid(info, attr, dsmip_flow_key_policy, tb);
		if (fid < 0)
			return fid;
		if (!dsmip_flow_set_find(old, fid))
			return REFUSE(info, attr, -ENOENT, "no such flow rule");
	}
	/* So the node has rules: at least the last one found. */
	change->set = dsmip_flow_set_alloc(old->count);
	if (!change->set)
		return REFUSE(info, node, -ENOMEM,
			      "no memory for the flow rules");
	for (i = 0; i < old->count; i++)
		if (!dsmip_flow_is_named(node, old->flow[i]->fid))
			dsmip_flow_set_add(change->set, old->flow[i]);
	return 0;
}

/* The node of a request with flow rules, or an error. */
static struct dsmip_node *dsmip_flow_node(struct genl_info *info,
					  const struct nlattr *nest)
{
	struct nlattr *tb[DSMIP_NODE_A_MAX + 1], *home;
	struct dsmip_home_address *known;
	struct in6_addr address;
	int err;

	err = nla_parse_nested(tb, DSMIP_NODE_A_MAX, nest,
			       info->genlhdr->cmd == DSMIP_CMD_FLOW_NEW ?
			       dsmip_node_flow_policy :
			       dsmip_node_flow_key_policy, info->extack);
	if (err)
		return ERR_PTR(err);
	home = tb[DSMIP_NODE_A_HOME_ADDRESS];
	if (!home)
		return ERR_PTR(REFUSE(info, nest, -EINVAL,
				      "HOME_ADDRESS is missing"));
	address = nla_get_in6_addr(home);
	known = dsmip_home_find(dsmip_request_dev(info), &address);
	if (!known || ipv6_addr_v4mapped(&address))
		return ERR_PTR(REFUSE(info, home, -ENOENT,
				      "no such node; flow rules live with their node"));
	if (known->node->staged)
		return ERR_PTR(REFUSE(info, home, -EINVAL,
				      "HOME_ADDRESS is given twice"));
	return known->node;
}

static int dsmip_stage_flow_node(struct genl_info *info,
				 const struct nlattr *nest,
				 struct list_head *changes)
{
	struct dsmip_flow_change *change;
	struct dsmip_flow_set *old;
	struct dsmip_node *node;

	node = dsmip_flow_node(info, nest);
	if (IS_ERR(node))
		return PTR_ERR(node);
	change = kzalloc(sizeof(*change), GFP_KERNEL);
	if (!change)
		return REFUSE(info, nest, -ENOMEM, "no memory for the change");
	change->node = node;
	node->staged = true;
	list_add_tail(&change->list, changes);
	old = dsmip_flow_set_of(dsmip_request_dev(info), node);
	return info->genlhdr->cmd == DSMIP_CMD_FLOW_NEW ?
		dsmip_stage_flows_new(info, nest, change, old) :
		dsmip_stage_flows_del(info, nest, change, old);
}

static void dsmip_end_flow_changes(struct dsmip_dev *dd,
				   struct list_head *changes, bool commit)
{
	struct dsmip_flow_change *change, *next;

	list_for_each_entry_safe(change, next, changes, list) {
		change->node->staged = false;
		if (commit)
			dsmip_flow_set_commit(dd, change->node, change->set);
		else
			dsmip_flow_set_discard(change->set,
					       dsmip_flow_set_of(dd, change->node));
		list_del(&change->list);
		kfree(change);
	}
	if (commit)
		dsmip_changed(dd);
}

static int dsmip_change_flows(struct genl_info *info)
{
	struct dsmip_dev *dd = dsmip_request_dev(info);
	struct nlattr *attr;
	LIST_HEAD(changes);
	int rem, err = 0;

	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != DSMIP_A_NODE)
			continue;
		err = dsmip_stage_flow_node(info, attr, &changes);
		err = dsmip_request_check(info, err);
		if (err)
			break;
		cond_resched();
	}
	if (!err && list_empty(&changes)) {
		GENL_SET_ERR_MSG(info, "NODE is missing");
		err = -EINVAL;
	}
	dsmip_end_flow_changes(dd, &changes, !err);
	if (!err)
		dsmip_notify_request(info);
	return err;
}

int dsmip_flow_new(struct sk_buff *skb, struct genl_info *info)
{
	return dsmip_change_flows(info);
}

int dsmip_flow_del(struct sk_buff *skb, struct genl_info *info)
{
	return dsmip_change_flows(info);
}
