// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: PREFIX_NEW, PREFIX_DEL and PREFIX_GET.
 */
#include <linux/slab.h>

#include "family.h"
#include "node.h"
#include "prefix.h"

static const struct nla_policy dsmip_prefix_policy[DSMIP_PREFIX_A_MAX + 1] = {
	[DSMIP_PREFIX_A_ADDRESS4] = NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_PREFIX_A_ADDRESS6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_PREFIX_A_LENGTH]	  = NLA_POLICY_RANGE(NLA_U8, 1, 128),
};

static const struct nla_policy dsmip_prefix_node_policy[DSMIP_NODE_A_MAX + 1] = {
	[DSMIP_NODE_A_HOME_ADDRESS] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_NODE_A_PREFIX]	    = NLA_POLICY_NESTED(dsmip_prefix_policy),
};

static const struct nla_policy dsmip_prefix_filter_policy[DSMIP_NODE_A_MAX + 1] = {
	[DSMIP_NODE_A_HOME_ADDRESS] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
};

const struct nla_policy dsmip_prefix_change_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_NODE]		= NLA_POLICY_NESTED(dsmip_prefix_node_policy),
};

const struct nla_policy dsmip_prefix_get_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_ADDRESS4]	= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_A_ADDRESS6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_A_NODE]		= NLA_POLICY_NESTED(dsmip_prefix_filter_policy),
};

#define REFUSE(extack, where, err, text)			\
({								\
	NL_SET_ERR_MSG_ATTR(extack, where, text);		\
	(err);							\
})

static int dsmip_parse_prefix(const struct nlattr *nest,
			      struct dsmip_prefix_key *key,
			      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSMIP_PREFIX_A_MAX + 1];
	struct nlattr *address4, *address6;
	int err;

	err = nla_parse_nested(tb, DSMIP_PREFIX_A_MAX, nest,
			       dsmip_prefix_policy, extack);
	if (err)
		return err;
	address4 = tb[DSMIP_PREFIX_A_ADDRESS4];
	address6 = tb[DSMIP_PREFIX_A_ADDRESS6];
	if (!address4 == !address6)
		return REFUSE(extack, nest, -EINVAL,
			      "PREFIX needs one of ADDRESS4 and ADDRESS6");
	if (!tb[DSMIP_PREFIX_A_LENGTH])
		return REFUSE(extack, nest, -EINVAL, "PREFIX needs a LENGTH");
	key->length = nla_get_u8(tb[DSMIP_PREFIX_A_LENGTH]);
	if (address4) {
		__be32 address = nla_get_in_addr(address4);

		key->family = AF_INET;
		ipv6_addr_set_v4mapped(address, &key->address);
		if (key->length > 32)
			return REFUSE(extack, tb[DSMIP_PREFIX_A_LENGTH], -EINVAL,
				      "LENGTH of an IPv4 prefix is 1 to 32");
		if (!dsmip_valid_address4(address))
			return REFUSE(extack, address4, -EINVAL,
				      "PREFIX is not of unicast addresses");
	} else {
		key->family = AF_INET6;
		key->address = nla_get_in6_addr(address6);
		if (!dsmip_valid_address6(&key->address))
			return REFUSE(extack, address6, -EINVAL,
				      "PREFIX is not of global unicast addresses");
	}
	if (!dsmip_prefix_clean(key))
		return REFUSE(extack, nest, -EINVAL,
			      "PREFIX has bits set behind its LENGTH");
	return 0;
}

/* The current change: the nodes of the request, each once. */
struct dsmip_prefix_change {
	struct dsmip_dev *dd;
	struct genl_info *info;
	struct list_head nodes;		/* struct dsmip_prefix_node_change */
};

struct dsmip_prefix_node_change {
	struct list_head list;
	struct dsmip_node *node;
	const struct nlattr *nest;
};

static struct dsmip_node *dsmip_find_node(struct dsmip_dev *dd,
					  const struct nlattr *nest,
					  const struct nla_policy *policy,
					  struct netlink_ext_ack *extack)
{
	struct nlattr *tb[DSMIP_NODE_A_MAX + 1];
	struct dsmip_home_address *home;
	struct in6_addr address;
	int err;

	err = nla_parse_nested(tb, DSMIP_NODE_A_MAX, nest, policy, extack);
	if (err)
		return ERR_PTR(err);
	if (!tb[DSMIP_NODE_A_HOME_ADDRESS])
		return ERR_PTR(REFUSE(extack, nest, -EINVAL,
				      "HOME_ADDRESS is missing"));
	address = nla_get_in6_addr(tb[DSMIP_NODE_A_HOME_ADDRESS]);
	home = dsmip_home_find(dd, &address);
	if (!home || ipv6_addr_v4mapped(&address))
		return ERR_PTR(REFUSE(extack, nest, -ENOENT, "no such node"));
	return home->node;
}

/* Handle every NODE of the request; returns their number or an error. */
static int dsmip_prefix_begin(struct dsmip_prefix_change *change)
{
	struct netlink_ext_ack *extack = change->info->extack;
	struct dsmip_prefix_node_change *nc;
	struct dsmip_node *node;
	struct nlattr *attr;
	int rem, count = 0;

	nlmsg_for_each_attr(attr, change->info->nlhdr, GENL_HDRLEN, rem) {
		if (nla_type(attr) != DSMIP_A_NODE)
			continue;
		node = dsmip_find_node(change->dd, attr,
				       dsmip_prefix_node_policy, extack);
		if (IS_ERR(node))
			return PTR_ERR(node);
		if (node->staged)
			return REFUSE(extack, attr, -EINVAL,
				      "HOME_ADDRESS is given twice");
		nc = kmalloc(sizeof(*nc), GFP_KERNEL);
		if (!nc)
			return REFUSE(extack, attr, -ENOMEM,
				      "no memory for the change");
		node->staged = true;
		nc->node = node;
		nc->nest = attr;
		list_add_tail(&nc->list, &change->nodes);
		count++;
		cond_resched();
	}
	if (!count) {
		GENL_SET_ERR_MSG(change->info, "NODE is missing");
		return -EINVAL;
	}
	return count;
}

static void dsmip_prefix_end(struct dsmip_prefix_change *change)
{
	struct dsmip_prefix_node_change *nc, *next;

	list_for_each_entry_safe(nc, next, &change->nodes, list) {
		nc->node->staged = false;
		list_del(&nc->list);
		kfree(nc);
	}
}

static int dsmip_prefix_stage_node(struct dsmip_prefix_change *change,
				   struct dsmip_prefix_node_change *nc)
{
	u16 flags = change->info->nlhdr->nlmsg_flags;
	struct netlink_ext_ack *extack = change->info->extack;
	struct dsmip_prefix_key key;
	struct nlattr *attr;
	int rem, err, count = 0;

	nla_for_each_nested(attr, nc->nest, rem) {
		if (nla_type(attr) != DSMIP_NODE_A_PREFIX)
			continue;
		err = dsmip_parse_prefix(attr, &key, extack);
		if (!err)
			err = dsmip_prefix_stage(change->dd, nc->node, &key,
						 flags & NLM_F_EXCL, attr,
						 extack);
		err = dsmip_request_check(change->info, err);
		if (err)
			return err;
		count++;
		cond_resched();
	}
	if (!count && !(flags & NLM_F_REPLACE))
		return REFUSE(extack, nc->nest, -EINVAL,
			      "NODE needs at least one PREFIX, or NLM_F_REPLACE to have none");
	return 0;
}

int dsmip_prefix_new(struct sk_buff *skb, struct genl_info *info)
{
	struct dsmip_prefix_change change = {
		.dd = dsmip_request_dev(info),
		.info = info,
		.nodes = LIST_HEAD_INIT(change.nodes),
	};
	bool replace = info->nlhdr->nlmsg_flags & NLM_F_REPLACE;
	struct dsmip_prefix_node_change *nc;
	int err;

	err = dsmip_prefix_begin(&change);
	list_for_each_entry(nc, &change.nodes, list) {
		if (err < 0)
			break;
		err = dsmip_prefix_stage_node(&change, nc);
	}
	list_for_each_entry(nc, &change.nodes, list) {
		if (err < 0)
			dsmip_prefixes_abort(change.dd, nc->node);
		else
			dsmip_prefixes_commit(change.dd, nc->node, replace);
	}
	dsmip_prefix_end(&change);
	if (err < 0)
		return err;
	dsmip_changed(change.dd);
	dsmip_notify_request(info);
	return 0;
}

/* Check one NODE of a deletion, or delete. */
static int dsmip_prefix_cut(struct dsmip_prefix_change *change,
			    struct dsmip_prefix_node_change *nc, bool commit)
{
	struct dsmip_prefix *prefix;
	struct dsmip_prefix_key key;
	struct nlattr *attr;
	bool named = false;
	int rem, err;

	nla_for_each_nested(attr, nc->nest, rem) {
		if (nla_type(attr) != DSMIP_NODE_A_PREFIX)
			continue;
		named = true;
		err = dsmip_parse_prefix(attr, &key, change->info->extack);
		if (err)
			return err;
		prefix = dsmip_prefix_find(change->dd, &key);
		if (prefix && prefix->node == nc->node) {
			if (commit)
				dsmip_prefix_retire(change->dd, prefix);
		} else if (!commit) {
			return REFUSE(change->info->extack, attr, -ENOENT,
				      "node has no such prefix");
		}
		cond_resched();
	}
	/* Nothing is kept. */
	if (!named && commit)
		dsmip_prefixes_commit(change->dd, nc->node, true);
	return 0;
}

int dsmip_prefix_del(struct sk_buff *skb, struct genl_info *info)
{
	struct dsmip_prefix_change change = {
		.dd = dsmip_request_dev(info),
		.info = info,
		.nodes = LIST_HEAD_INIT(change.nodes),
	};
	struct dsmip_prefix_node_change *nc;
	int err;

	err = dsmip_prefix_begin(&change);
	list_for_each_entry(nc, &change.nodes, list) {
		if (err < 0)
			break;
		err = dsmip_prefix_cut(&change, nc, false);
	}
	if (err >= 0) {
		list_for_each_entry(nc, &change.nodes, list)
			dsmip_prefix_cut(&change, nc, true);
	}
	dsmip_prefix_end(&change);
	if (err < 0)
		return err;
	dsmip_changed(change.dd);
	dsmip_notify_request(info);
	return 0;
}

/* Showing */

static int dsmip_put_prefix(struct sk_buff *skb, const struct dsmip_prefix *prefix)
{
	struct nlattr *nest = nla_nest_start(skb, DSMIP_NODE_A_PREFIX);
	const struct dsmip_prefix_key *key = &prefix->key;
	int err;

	if (!nest)
		return -EMSGSIZE;
	if (key->family == AF_INET)
		err = nla_put_in_addr(skb, DSMIP_PREFIX_A_ADDRESS4,
				      key->address.s6_addr32[3]);
	else
		err = nla_put_in6_addr(skb, DSMIP_PREFIX_A_ADDRESS6,
				       &key->address);
	if (err || nla_put_u8(skb, DSMIP_PREFIX_A_LENGTH, key->length)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/* IFINDEX and the begin of a NODE. */
static struct nlattr *dsmip_put_prefix_node(struct sk_buff *skb,
					    struct dsmip_dev *dd,
					    const struct dsmip_node *node)
{
	struct nlattr *nest;

	if (nla_put_u32(skb, DSMIP_A_IFINDEX, dd->dev->ifindex))
		return NULL;
	nest = nla_nest_start(skb, DSMIP_A_NODE);
	if (!nest || nla_put_in6_addr(skb, DSMIP_NODE_A_HOME_ADDRESS,
				      &node->home.address))
		return NULL;
	return nest;
}

static size_t dsmip_prefix_size(void)
{
	return nla_total_size(sizeof(u32)) +			/* IFINDEX */
	       2 * nla_total_size(0) +				/* NODE, PREFIX */
	       2 * nla_total_size(sizeof(struct in6_addr)) +
	       nla_total_size(sizeof(u8));			/* LENGTH */
}

int dsmip_prefix_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *address4 = info->attrs[DSMIP_A_ADDRESS4];
	struct nlattr *address6 = info->attrs[DSMIP_A_ADDRESS6];
	struct dsmip_dev *dd = dsmip_request_dev(info);
	struct dsmip_table *table = dsmip_table(dd);
	struct dsmip_prefix *prefix;
	struct in6_addr address;
	struct sk_buff *reply;
	struct nlattr *nest;
	void *hdr;

	if (info->attrs[DSMIP_A_NODE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[DSMIP_A_NODE],
				    "NODE is for a dump");
		return -EINVAL;
	}
	if (!address4 == !address6) {
		GENL_SET_ERR_MSG(info, "exactly one of ADDRESS4 and ADDRESS6 is needed");
		return -EINVAL;
	}
	if (address4)
		ipv6_addr_set_v4mapped(nla_get_in_addr(address4), &address);
	else
		address = nla_get_in6_addr(address6);
	rcu_read_lock();
	prefix = dsmip_prefix_longest(address4 ? &table->prefixes.ipv4 :
						 &table->prefixes.ipv6, table,
				      address4 ? AF_INET : AF_INET6, &address);
	rcu_read_unlock();
	if (!prefix) {
		NL_SET_ERR_MSG_ATTR(info->extack, address4 ?: address6,
				    "no prefix holds this address");
		return -ENOENT;
	}
	reply = dsmip_reply_new(info, dsmip_prefix_size(), &hdr);
	if (!reply)
		return -ENOMEM;
	nest = dsmip_put_prefix_node(reply, dd, prefix->node);
	if (WARN_ON_ONCE(!nest || dsmip_put_prefix(reply, prefix))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	nla_nest_end(reply, nest);
	return dsmip_reply_send(reply, info, hdr);
}

/* Where a dump continues; fits into netlink_callback.ctx. */
struct dsmip_prefix_dump {
	struct dsmip_dump_place place;
	struct dsmip_prefix_key last;
};

/* The node to dump; NULL = all; or an error. */
static struct dsmip_node *dsmip_prefix_dump_node(struct netlink_callback *cb,
						 struct dsmip_dev *dd)
{
	struct nlattr **attrs = dsmip_compat_dump_attrs(cb);

	if (!attrs[DSMIP_A_NODE])
		return NULL;
	if (!attrs[DSMIP_A_IFINDEX])
		return ERR_PTR(REFUSE(cb->extack, attrs[DSMIP_A_NODE], -EINVAL,
				      "NODE needs IFINDEX"));
	return dsmip_find_node(dd, attrs[DSMIP_A_NODE],
			       dsmip_prefix_filter_policy, cb->extack);
}

/*
 * Put consecutive prefixes of one node into one message, as many as fit; moves @at
 * past them.
 */
static int dsmip_dump_prefix_node(struct sk_buff *skb, struct netlink_callback *cb,
				  struct dsmip_dev *dd, struct dsmip_node *only,
				  struct dsmip_prefix **at)
{
	struct dsmip_prefix_dump *dump = (struct dsmip_prefix_dump *)cb->ctx;
	struct dsmip_node *node = (*at)->node;
	unsigned int count = 0;
	struct nlattr *nest;
	void *hdr;

	hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			  &dsmip_family, NLM_F_MULTI, DSMIP_CMD_PREFIX_GET);
	if (!hdr)
		return -EMSGSIZE;
	nest = dsmip_put_prefix_node(skb, dd, node);
	while (nest && *at && (*at)->node == node &&
	       !dsmip_put_prefix(skb, *at)) {
		struct rb_node *next = rb_next(only ? &(*at)->of_node :
						      &(*at)->order);

		dump->last = (*at)->key;
		dump->place.begun = true;
		count++;
		*at = !next ? NULL :
		      only ? rb_entry(next, struct dsmip_prefix, of_node) :
			     rb_entry(next, struct dsmip_prefix, order);
	}
	if (!count) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	genl_dump_check_consistent(cb, hdr);
	genlmsg_end(skb, hdr);
	return 0;
}

static int dsmip_dump_prefixes(struct sk_buff *skb, struct netlink_callback *cb,
			       struct dsmip_dev *dd)
{
	struct dsmip_prefix_dump *dump = (struct dsmip_prefix_dump *)cb->ctx;
	struct dsmip_node *only = dsmip_prefix_dump_node(cb, dd);
	struct dsmip_prefix *at;
	int err;

	if (IS_ERR(only))
		return PTR_ERR(only);
	at = dsmip_prefix_after(dd, only, dump->place.begun ? &dump->last : NULL);
	while (at) {
		err = dsmip_dump_prefix_node(skb, cb, dd, only, &at);
		if (err)
			return err;
	}
	return 0;
}

int dsmip_prefix_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct dsmip_prefix_dump) > sizeof(cb->ctx));
	return dsmip_dump_devices(skb, cb, dsmip_dump_prefixes);
}
