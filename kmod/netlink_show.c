// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: BINDING_GET: one node, or a dump of them.
 */
#include <linux/ktime.h>

#include "family.h"
#include "node.h"

/* Nodes without data that a dump passes before it releases the lock for others. */
#define DSMIP_DUMP_PASSED_MAX	1000

const struct nla_policy dsmip_binding_get_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_ADDRESS4]	= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_A_ADDRESS6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
};

size_t dsmip_binding_size(void)
{
	return nla_total_size(0) +				/* BINDING */
	       nla_total_size(sizeof(u16)) +			/* BID */
	       nla_total_size(sizeof(struct in6_addr)) +	/* CARE_OF, LINK_ADDRESS */
	       nla_total_size(sizeof(__be16)) +			/* PORT */
	       nla_total_size(sizeof(struct in_addr)) +		/* CLAIMED4 */
	       nla_total_size(sizeof(u8)) +			/* ENCAP */
	       nla_total_size(sizeof(u8)) +			/* PRIORITY */
	       nla_total_size(sizeof(u8)) +			/* WEIGHT */
	       nla_total_size(0) +				/* HOME_LINK */
	       nla_total_size(sizeof(u32)) +			/* LIFETIME */
	       nla_total_size(sizeof(u32)) +			/* LINK */
	       nla_total_size(sizeof(u32)) +			/* FLAGS */
	       nla_total_size(sizeof(u16)) +			/* SEQUENCE */
	       4 * nla_total_size_64bit(sizeof(u64)) +		/* traffic */
	       2 * nla_total_size(sizeof(u32));			/* LAST_HEARD, MTU */
}

static size_t dsmip_node_size(unsigned int home4, unsigned int bindings)
{
	return nla_total_size(sizeof(u32)) +			/* IFINDEX */
	       nla_total_size(0) +				/* NODE */
	       nla_total_size(sizeof(struct in6_addr)) +	/* HOME_ADDRESS */
	       nla_total_size(0) +				/* HOME_ADDRESSES4 */
	       home4 * nla_total_size(sizeof(struct in_addr)) +
	       bindings * dsmip_binding_size();
}

static int dsmip_put_traffic(struct sk_buff *skb, const struct dsmip_binding *b)
{
	struct dsmip_binding_totals t;

	dsmip_binding_sum(b, &t);
	if (nla_put_u64_64bit(skb, DSMIP_BINDING_A_RX_PACKETS, t.rx_packets,
			      DSMIP_BINDING_A_PAD) ||
	    nla_put_u64_64bit(skb, DSMIP_BINDING_A_RX_BYTES, t.rx_bytes,
			      DSMIP_BINDING_A_PAD) ||
	    nla_put_u64_64bit(skb, DSMIP_BINDING_A_TX_PACKETS, t.tx_packets,
			      DSMIP_BINDING_A_PAD) ||
	    nla_put_u64_64bit(skb, DSMIP_BINDING_A_TX_BYTES, t.tx_bytes,
			      DSMIP_BINDING_A_PAD))
		return -EMSGSIZE;
	if (!t.last_heard)
		return 0;
	return nla_put_u32(skb, DSMIP_BINDING_A_LAST_HEARD,
			   jiffies_to_msecs(jiffies - t.last_heard));
}

int dsmip_put_binding(struct sk_buff *skb, const struct dsmip_binding *b)
{
	s64 left = ktime_ms_delta(b->expiry.expires, ktime_get_boottime());
	struct nlattr *nest = nla_nest_start(skb, DSMIP_NODE_A_BINDING);
	u16 mtu;

	if (!nest ||
	    nla_put_u16(skb, DSMIP_BINDING_A_BID, b->bid) ||
	    dsmip_put_endpoint(skb, DSMIP_BINDING_A_CARE_OF4,
			       DSMIP_BINDING_A_CARE_OF6, &b->care_of))
		return -EMSGSIZE;
	if (b->care_of.family == AF_PACKET &&
	    nla_put_flag(skb, DSMIP_BINDING_A_HOME_LINK))
		return -EMSGSIZE;
	if (b->care_of.link_address_len &&
	    nla_put(skb, DSMIP_BINDING_A_LINK_ADDRESS,
		    b->care_of.link_address_len, b->care_of.link_address))
		return -EMSGSIZE;
	if (b->care_of.port &&
	    nla_put_be16(skb, DSMIP_BINDING_A_PORT, b->care_of.port))
		return -EMSGSIZE;
	if (b->claimed4 &&
	    nla_put_in_addr(skb, DSMIP_BINDING_A_CLAIMED4, b->claimed4))
		return -EMSGSIZE;
	if (b->care_of.family != AF_PACKET &&
	    nla_put_u8(skb, DSMIP_BINDING_A_ENCAP, b->encap))
		return -EMSGSIZE;
	if (nla_put_u8(skb, DSMIP_BINDING_A_PRIORITY, b->priority) ||
	    nla_put_u8(skb, DSMIP_BINDING_A_WEIGHT, b->weight) ||
	    nla_put_u32(skb, DSMIP_BINDING_A_LIFETIME, max_t(s64, left, 0)) ||
	    nla_put_u32(skb, DSMIP_BINDING_A_LINK, b->link) ||
	    nla_put_u32(skb, DSMIP_BINDING_A_FLAGS, b->flags) ||
	    nla_put_u16(skb, DSMIP_BINDING_A_SEQUENCE, b->sequence) ||
	    dsmip_put_traffic(skb, b))
		return -EMSGSIZE;
	mtu = READ_ONCE(b->mtu);
	if (mtu && nla_put_u32(skb, DSMIP_BINDING_A_MTU, mtu))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int dsmip_put_node(struct sk_buff *skb, struct dsmip_dev *dd,
			  struct dsmip_node *node)
{
	const struct dsmip_binding_set *set = dsmip_node_set(dd, node);
	struct nlattr *nest, *home4;
	unsigned int i;

	if (nla_put_u32(skb, DSMIP_A_IFINDEX, dd->dev->ifindex))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, DSMIP_A_NODE);
	if (!nest || nla_put_in6_addr(skb, DSMIP_NODE_A_HOME_ADDRESS,
				      &node->home.address))
		return -EMSGSIZE;
	if (node->home4_count) {
		home4 = nla_nest_start(skb, DSMIP_NODE_A_HOME_ADDRESSES4);
		if (!home4)
			return -EMSGSIZE;
		for (i = 0; i < node->home4_count; i++)
			if (nla_put_in_addr(skb, DSMIP_NODE_A_HOME_ADDRESS4,
					    node->home4[i]->address.s6_addr32[3]))
				return -EMSGSIZE;
		nla_nest_end(skb, home4);
	}
	for (i = 0; i < set->count; i++)
		if (dsmip_put_binding(skb, set->binding[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

struct dsmip_home_address *dsmip_request_home(struct genl_info *info)
{
	struct nlattr *address4 = info->attrs[DSMIP_A_ADDRESS4];
	struct nlattr *address6 = info->attrs[DSMIP_A_ADDRESS6];
	struct dsmip_home_address *home;
	struct in6_addr address;

	if (!address4 == !address6) {
		GENL_SET_ERR_MSG(info, "exactly one of ADDRESS4 and ADDRESS6 is needed");
		return ERR_PTR(-EINVAL);
	}
	if (address4)
		ipv6_addr_set_v4mapped(nla_get_in_addr(address4), &address);
	else
		address = nla_get_in6_addr(address6);
	home = dsmip_home_find(dsmip_request_dev(info), &address);
	if (!home || (address6 && ipv6_addr_v4mapped(&address))) {
		NL_SET_ERR_MSG_ATTR(info->extack, address4 ?: address6,
				    "no node has this home address");
		return ERR_PTR(-ENOENT);
	}
	return home;
}

int dsmip_reply_node(struct genl_info *info, struct dsmip_node *node,
		     size_t size, dsmip_put_node_fn put)
{
	struct sk_buff *reply;
	void *hdr;

	reply = dsmip_reply_new(info, size, &hdr);
	if (!reply)
		return -ENOMEM;
	if (WARN_ON_ONCE(put(reply, dsmip_request_dev(info), node))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	return dsmip_reply_send(reply, info, hdr);
}

int dsmip_binding_get(struct sk_buff *skb, struct genl_info *info)
{
	struct dsmip_home_address *home = dsmip_request_home(info);
	struct dsmip_node *node;
	size_t size;

	if (IS_ERR(home))
		return PTR_ERR(home);
	node = home->node;
	size = dsmip_node_size(node->home4_count,
			       dsmip_node_set(dsmip_request_dev(info), node)->count);
	return dsmip_reply_node(info, node, size, dsmip_put_node);
}

/* Where a dump of nodes continues; fits into netlink_callback.ctx. */
struct dsmip_node_dump {
	struct dsmip_dump_place place;
	struct in6_addr last;
};

int dsmip_dump_each_node(struct sk_buff *skb, struct netlink_callback *cb,
			 struct dsmip_dev *dd, u8 cmd, dsmip_put_node_fn put)
{
	struct dsmip_node_dump *dump = (struct dsmip_node_dump *)cb->ctx;
	unsigned int passed = 0;
	struct dsmip_node *node;

	BUILD_BUG_ON(sizeof(*dump) > sizeof(cb->ctx));
	node = dump->place.begun ? dsmip_node_after(dd, &dump->last) :
				   dsmip_node_first(dd);
	for (; node; node = dsmip_node_next(node)) {
		void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
					cb->nlh->nlmsg_seq, &dsmip_family,
					NLM_F_MULTI, cmd);
		int err;

		if (!hdr)
			return -EMSGSIZE;
		err = put(skb, dd, node);
		if (err)
			genlmsg_cancel(skb, hdr);
		if (err && err != -ENODATA)
			return err;
		dump->last = node->home.address;
		dump->place.begun = true;
		if (!err) {
			genl_dump_check_consistent(cb, hdr);
			genlmsg_end(skb, hdr);
		} else if (++passed == DSMIP_DUMP_PASSED_MAX) {
			return -EAGAIN;
		}
	}
	return 0;
}

int dsmip_binding_dump_start(struct netlink_callback *cb)
{
	/* Room for the largest node; otherwise the dump could never get past it. */
	cb->min_dump_alloc = NLMSG_ALIGN(nlmsg_total_size(GENL_HDRLEN) +
			dsmip_node_size(DSMIP_HOME_ADDRESSES4_MAX,
					DSMIP_BINDINGS_MAX));
	return 0;
}

static int dsmip_dump_nodes(struct sk_buff *skb, struct netlink_callback *cb,
			    struct dsmip_dev *dd)
{
	return dsmip_dump_each_node(skb, cb, dd, DSMIP_CMD_BINDING_GET,
				    dsmip_put_node);
}

int dsmip_binding_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dsmip_dump_devices(skb, cb, dsmip_dump_nodes);
}
