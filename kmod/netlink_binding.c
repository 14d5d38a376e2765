// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: BINDING_NEW and BINDING_DEL: turn attributes into one change.
 */
#include "change.h"
#include "family.h"

static struct netlink_range_validation dsmip_lifetime_range = {
	.min = 1,
	.max = DSMIP_LIFETIME_MAX_MS,
};

static const struct nla_policy dsmip_home4_policy[DSMIP_NODE_A_MAX + 1] = {
	[DSMIP_NODE_A_HOME_ADDRESS4] = NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
};

static const struct nla_policy
dsmip_binding_new_nest_policy[DSMIP_BINDING_A_MAX + 1] = {
	[DSMIP_BINDING_A_BID]		= { .type = NLA_U16 },
	[DSMIP_BINDING_A_CARE_OF4]	= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_BINDING_A_CARE_OF6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_BINDING_A_PORT]		= NLA_POLICY_MIN(NLA_BE16, 1),
	[DSMIP_BINDING_A_CLAIMED4]	= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_BINDING_A_ENCAP]		= NLA_POLICY_MAX(NLA_U8, DSMIP_ENCAP_MAX),
	[DSMIP_BINDING_A_PRIORITY]	= NLA_POLICY_MAX(NLA_U8, 127),
	[DSMIP_BINDING_A_LIFETIME]	= NLA_POLICY_FULL_RANGE(NLA_U32,
							&dsmip_lifetime_range),
	[DSMIP_BINDING_A_LINK]		= { .type = NLA_U32 },
	[DSMIP_BINDING_A_FLAGS]		= NLA_POLICY_MASK(NLA_U32,
							  DSMIP_BINDING_F_ALL),
	[DSMIP_BINDING_A_SEQUENCE]	= { .type = NLA_U16 },
	[DSMIP_BINDING_A_WEIGHT]	= NLA_POLICY_MIN(NLA_U8, 1),
	[DSMIP_BINDING_A_HOME_LINK]	= { .type = NLA_FLAG },
	[DSMIP_BINDING_A_LINK_ADDRESS]	= NLA_POLICY_RANGE(NLA_BINARY, 1,
						DSMIP_LINK_ADDRESS_MAX),
};

static const struct nla_policy dsmip_node_new_policy[DSMIP_NODE_A_MAX + 1] = {
	[DSMIP_NODE_A_HOME_ADDRESS]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_NODE_A_HOME_ADDRESSES4]	= NLA_POLICY_NESTED(dsmip_home4_policy),
	[DSMIP_NODE_A_BINDING]		= NLA_POLICY_NESTED(dsmip_binding_new_nest_policy),
};

const struct nla_policy dsmip_binding_new_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_NODE]		= NLA_POLICY_NESTED(dsmip_node_new_policy),
};

static const struct nla_policy
dsmip_binding_del_nest_policy[DSMIP_BINDING_A_MAX + 1] = {
	[DSMIP_BINDING_A_BID]		= { .type = NLA_U16 },
};

static const struct nla_policy dsmip_node_del_policy[DSMIP_NODE_A_MAX + 1] = {
	[DSMIP_NODE_A_HOME_ADDRESS]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_NODE_A_BINDING]		= NLA_POLICY_NESTED(dsmip_binding_del_nest_policy),
};

const struct nla_policy dsmip_binding_del_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_NODE]		= NLA_POLICY_NESTED(dsmip_node_del_policy),
};

#define REFUSE(extack, where, text)				\
({								\
	NL_SET_ERR_MSG_ATTR(extack, where, text);		\
	(-EINVAL);						\
})

static int dsmip_parse_home_link(struct nlattr **tb,
				 struct dsmip_binding_request *b,
				 struct netlink_ext_ack *extack)
{
	struct nlattr *link_address = tb[DSMIP_BINDING_A_LINK_ADDRESS];
	struct nlattr *care_of = tb[DSMIP_BINDING_A_CARE_OF4] ?:
				 tb[DSMIP_BINDING_A_CARE_OF6];

	if (!tb[DSMIP_BINDING_A_HOME_LINK])
		return REFUSE(extack, link_address,
			      "LINK_ADDRESS needs HOME_LINK");
	if (care_of)
		return REFUSE(extack, care_of,
			      "CARE_OF and HOME_LINK exclude each other");
	b->care_of.family = AF_PACKET;
	if (link_address) {
		b->care_of.link_address_len = nla_len(link_address);
		memcpy(b->care_of.link_address, nla_data(link_address),
		       nla_len(link_address));
	}
	return 0;
}

static int dsmip_parse_end_point(struct nlattr **tb,
				 struct dsmip_binding_request *b,
				 struct netlink_ext_ack *extack)
{
	struct nlattr *care_of4 = tb[DSMIP_BINDING_A_CARE_OF4];
	struct nlattr *care_of6 = tb[DSMIP_BINDING_A_CARE_OF6];
	struct nlattr *claimed4 = tb[DSMIP_BINDING_A_CLAIMED4];

	if (tb[DSMIP_BINDING_A_HOME_LINK] || tb[DSMIP_BINDING_A_LINK_ADDRESS])
		return dsmip_parse_home_link(tb, b, extack);
	if (care_of4 && care_of6)
		return REFUSE(extack, care_of6,
			      "CARE_OF4 and CARE_OF6 exclude each other");
	if (dsmip_get_endpoint(care_of4, care_of6, &b->care_of) &&
	    !dsmip_valid_endpoint(&b->care_of))
		return REFUSE(extack, care_of4 ?: care_of6,
			      "care-of address is not a global unicast address");
	if (tb[DSMIP_BINDING_A_PORT])
		b->port = nla_get_be16(tb[DSMIP_BINDING_A_PORT]);
	if (claimed4) {
		b->claimed4 = nla_get_in_addr(claimed4);
		if (!dsmip_valid_address4(b->claimed4))
			return REFUSE(extack, claimed4,
				      "CLAIMED4 is not a unicast address");
	}
	return 0;
}

static int dsmip_parse_binding(const struct nlattr *nest,
			       const struct nla_policy *policy,
			       struct dsmip_binding_request *b,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSMIP_BINDING_A_MAX + 1];
	int err, i;

	err = nla_parse_nested(tb, DSMIP_BINDING_A_MAX, nest, policy, extack);
	if (err)
		return err;
	memset(b, 0, sizeof(*b));
	b->at = nest;
	for (i = 1; i <= DSMIP_BINDING_A_MAX; i++)
		if (tb[i])
			b->given |= BIT(i);
	if (tb[DSMIP_BINDING_A_BID])
		b->bid = nla_get_u16(tb[DSMIP_BINDING_A_BID]);
	if (tb[DSMIP_BINDING_A_ENCAP])
		b->encap = nla_get_u8(tb[DSMIP_BINDING_A_ENCAP]);
	if (tb[DSMIP_BINDING_A_PRIORITY])
		b->priority = nla_get_u8(tb[DSMIP_BINDING_A_PRIORITY]);
	if (tb[DSMIP_BINDING_A_WEIGHT])
		b->weight = nla_get_u8(tb[DSMIP_BINDING_A_WEIGHT]);
	if (tb[DSMIP_BINDING_A_LIFETIME])
		b->lifetime = nla_get_u32(tb[DSMIP_BINDING_A_LIFETIME]);
	if (tb[DSMIP_BINDING_A_LINK])
		b->link = nla_get_u32(tb[DSMIP_BINDING_A_LINK]);
	if (tb[DSMIP_BINDING_A_FLAGS])
		b->flags = nla_get_u32(tb[DSMIP_BINDING_A_FLAGS]);
	if (tb[DSMIP_BINDING_A_SEQUENCE])
		b->sequence = nla_get_u16(tb[DSMIP_BINDING_A_SEQUENCE]);
	return dsmip_parse_end_point(tb, b, extack);
}

static int dsmip_parse_home4(const struct nlattr *nest,
			     struct dsmip_node_request *node,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *attr;
	int rem;

	node->home4_given = true;
	nla_for_each_nested(attr, nest, rem) {
		__be32 address = nla_get_in_addr(attr);

		if (node->home4_count == DSMIP_HOME_ADDRESSES4_MAX)
			return REFUSE(extack, attr,
				      "more than 16 IPv4 home addresses");
		if (!dsmip_valid_address4(address))
			return REFUSE(extack, attr,
				      "HOME_ADDRESS4 is not a unicast address");
		node->home4[node->home4_count++] = address;
	}
	return 0;
}

static int dsmip_parse_node(const struct nlattr *nest,
			    const struct nla_policy *policy,
			    const struct nla_policy *binding_policy,
			    struct dsmip_node_request *node,
			    struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSMIP_NODE_A_MAX + 1], *attr;
	int err, rem;

	err = nla_parse_nested(tb, DSMIP_NODE_A_MAX, nest, policy, extack);
	if (err)
		return err;
	node->at = nest;
	node->home4_given = false;
	node->home4_count = 0;
	node->binding_count = 0;
	if (!tb[DSMIP_NODE_A_HOME_ADDRESS])
		return REFUSE(extack, nest, "HOME_ADDRESS is missing");
	node->home = nla_get_in6_addr(tb[DSMIP_NODE_A_HOME_ADDRESS]);
	if (!dsmip_valid_address6(&node->home))
		return REFUSE(extack, tb[DSMIP_NODE_A_HOME_ADDRESS],
			      "HOME_ADDRESS is not a global unicast address");
	if (tb[DSMIP_NODE_A_HOME_ADDRESSES4]) {
		err = dsmip_parse_home4(tb[DSMIP_NODE_A_HOME_ADDRESSES4], node,
					extack);
		if (err)
			return err;
	}
	nla_for_each_nested(attr, nest, rem) {
		if (nla_type(attr) != DSMIP_NODE_A_BINDING)
			continue;
		if (node->binding_count == DSMIP_BINDINGS_MAX)
			return REFUSE(extack, attr, "more than 32 bindings");
		err = dsmip_parse_binding(attr, binding_policy,
					  &node->binding[node->binding_count++],
					  extack);
		if (err)
			return err;
	}
	return 0;
}

/* Stage every NODE of the request; returns their number or an error. */
static int dsmip_stage_nodes(struct genl_info *info, struct dsmip_change *change)
{
	bool new = info->genlhdr->cmd == DSMIP_CMD_BINDING_NEW;
	struct dsmip_node_request *node;
	struct nlattr *attr;
	int rem, err = 0, count = 0;

	node = kmalloc(sizeof(*node), GFP_KERNEL);
	if (!node) {
		GENL_SET_ERR_MSG(info, "no memory for the request");
		return -ENOMEM;
	}
	nlmsg_for_each_attr(attr, info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != DSMIP_A_NODE)
			continue;
		err = dsmip_parse_node(attr,
				       new ? dsmip_node_new_policy :
					     dsmip_node_del_policy,
				       new ? dsmip_binding_new_nest_policy :
					     dsmip_binding_del_nest_policy,
				       node, info->extack);
		if (!err)
			err = new ? dsmip_change_put(change, node) :
				    dsmip_change_cut(change, node);
		err = dsmip_request_check(info, err);
		if (err)
			break;
		count++;
		cond_resched();
	}
	kfree(node);
	return err ?: count;
}

static int dsmip_change_nodes(struct genl_info *info)
{
	struct dsmip_dev *dd = dsmip_request_dev(info);
	struct dsmip_change change;
	int err;

	dsmip_change_begin(&change, dd, info->nlhdr->nlmsg_flags, info->extack);
	err = dsmip_stage_nodes(info, &change);
	if (!err) {
		GENL_SET_ERR_MSG(info, "NODE is missing");
		err = -EINVAL;
	}
	if (err < 0) {
		dsmip_change_abort(&change);
		return err;
	}
	dsmip_change_commit(&change);
	dsmip_notify_request(info);
	return 0;
}

int dsmip_binding_new(struct sk_buff *skb, struct genl_info *info)
{
	return dsmip_change_nodes(info);
}

int dsmip_binding_del(struct sk_buff *skb, struct genl_info *info)
{
	if (!(info->nlhdr->nlmsg_flags & NLM_F_REPLACE))
		return dsmip_change_nodes(info);
	if (info->attrs[DSMIP_A_NODE]) {
		GENL_SET_ERR_MSG(info, "NODE and NLM_F_REPLACE exclude each other");
		return -EINVAL;
	}
	if (dsmip_nodes_flush(dsmip_request_dev(info))) {
		GENL_SET_ERR_MSG(info, "no memory for an empty table");
		return -ENOMEM;
	}
	dsmip_notify_request(info);
	return 0;
}
