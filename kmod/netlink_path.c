// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: PATH_NEW and PATH_GET.
 */
#include "family.h"

static struct netlink_range_validation dsmip_path_lifetime_range = {
	.min = DSMIP_COOKIE_LIFETIME_MIN_MS,
	.max = DSMIP_COOKIE_LIFETIME_MAX_MS,
};

static const struct nla_policy dsmip_path_new_nest_policy[DSMIP_PATH_A_MAX + 1] = {
	[DSMIP_PATH_A_REMOTE4]		= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_PATH_A_REMOTE6]		= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_PATH_A_LOCAL4]		= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_PATH_A_LOCAL6]		= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_PATH_A_REMOTE_PORT]	= NLA_POLICY_MIN(NLA_BE16, 1),
	[DSMIP_PATH_A_ENCAP]		= NLA_POLICY_MAX(NLA_U8, DSMIP_ENCAP_MAX),
	[DSMIP_PATH_A_LINK]		= { .type = NLA_U32 },
	[DSMIP_PATH_A_LIFETIME]		= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_path_lifetime_range),
};

const struct nla_policy dsmip_path_new_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_PATH]		= NLA_POLICY_NESTED(dsmip_path_new_nest_policy),
};

static const struct nla_policy dsmip_path_get_nest_policy[DSMIP_PATH_A_MAX + 1] = {
	[DSMIP_PATH_A_COOKIE]		= { .type = NLA_U32 },
};

const struct nla_policy dsmip_path_get_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_PATH]		= NLA_POLICY_NESTED(dsmip_path_get_nest_policy),
};

#define REFUSE(extack, where, text)				\
({								\
	NL_SET_ERR_MSG_ATTR(extack, where, text);		\
	(-EINVAL);						\
})

static int dsmip_parse_ports(struct nlattr **tb, const struct dsmip_settings *s,
			     struct dsmip_path *path, const struct nlattr *nest,
			     struct netlink_ext_ack *extack)
{
	struct nlattr *port = tb[DSMIP_PATH_A_REMOTE_PORT];

	if (path->encap == DSMIP_ENCAP_DIRECT)
		return port ? REFUSE(extack, port,
				     "REMOTE_PORT needs an ENCAP in UDP") : 0;
	/* A mobile node sends to its home agent. */
	path->remote.port = port ? nla_get_be16(port) : s->home_agent_port;
	if (!path->remote.port)
		return REFUSE(extack, nest, "ENCAP in UDP needs a REMOTE_PORT");
	return 0;
}

static int dsmip_parse_path(struct dsmip_dev *dd, const struct nlattr *nest,
			    struct dsmip_path *path,
			    struct netlink_ext_ack *extack)
{
	const struct dsmip_settings *s = dsmip_settings_get(dd);
	struct nlattr *tb[DSMIP_PATH_A_MAX + 1];
	struct nlattr *local4, *local6;
	int err;

	err = nla_parse_nested(tb, DSMIP_PATH_A_MAX, nest,
			       dsmip_path_new_nest_policy, extack);
	if (err)
		return err;
	if (!dsmip_get_endpoint(tb[DSMIP_PATH_A_REMOTE4],
				tb[DSMIP_PATH_A_REMOTE6], &path->remote))
		return REFUSE(extack, nest,
			      "exactly one of REMOTE4 and REMOTE6 is needed");
	if (!dsmip_valid_endpoint(&path->remote))
		return REFUSE(extack, nest,
			      "REMOTE is not a global unicast address");
	local4 = tb[DSMIP_PATH_A_LOCAL4];
	local6 = tb[DSMIP_PATH_A_LOCAL6];
	if (local4 || local6) {
		if (!dsmip_get_endpoint(local4, local6, &path->local) ||
		    path->local.family != path->remote.family)
			return REFUSE(extack, local4 ?: local6,
				      "LOCAL is not of the family of REMOTE");
		if (!dsmip_valid_endpoint(&path->local))
			return REFUSE(extack, local4 ?: local6,
				      "LOCAL is not a global unicast address");
	}
	if (tb[DSMIP_PATH_A_ENCAP])
		path->encap = nla_get_u8(tb[DSMIP_PATH_A_ENCAP]);
	if (tb[DSMIP_PATH_A_LINK])
		path->link = nla_get_u32(tb[DSMIP_PATH_A_LINK]);
	if (path->link == dd->dev->ifindex)
		return REFUSE(extack, tb[DSMIP_PATH_A_LINK],
			      "LINK is the device itself");
	path->lifetime = tb[DSMIP_PATH_A_LIFETIME] ?
			 nla_get_u32(tb[DSMIP_PATH_A_LIFETIME]) :
			 s->cookie_lifetime;
	return dsmip_parse_ports(tb, s, path, nest, extack);
}

static int dsmip_link_exists(struct dsmip_dev *dd, u32 link,
			     struct netlink_ext_ack *extack)
{
	bool exists;

	if (!link)
		return 0;
	rcu_read_lock();
	exists = dev_get_by_index_rcu(dd->net, link);
	rcu_read_unlock();
	if (exists)
		return 0;
	NL_SET_ERR_MSG(extack, "LINK does not exist");
	return -ENODEV;
}

int dsmip_path_new(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *nest = info->attrs[DSMIP_A_PATH];
	struct dsmip_dev *dd = dsmip_request_dev(info);
	struct dsmip_path path = { .reusable = true };
	struct sk_buff *reply;
	void *hdr;
	u32 cookie;
	int err;

	if (!nest) {
		GENL_SET_ERR_MSG(info, "PATH is missing");
		return -EINVAL;
	}
	if (!dsmip_settings_get(dd)->role) {
		GENL_SET_ERR_MSG(info, "device has no ROLE yet");
		return -EINVAL;
	}
	err = dsmip_parse_path(dd, nest, &path, info->extack);
	if (!err)
		err = dsmip_link_exists(dd, path.link, info->extack);
	if (err)
		return err;
	/* Allocate the reply first: a path whose cookie nobody learns is useless. */
	reply = dsmip_reply_new(info, 2 * nla_total_size(sizeof(u32)) +
				nla_total_size(0), &hdr);
	if (!reply)
		return -ENOMEM;
	cookie = dsmip_path_add(dd, &path);
	if (!cookie) {
		nlmsg_free(reply);
		GENL_SET_ERR_MSG(info, "no memory for the path");
		return -ENOMEM;
	}
	nest = NULL;
	if (!nla_put_u32(reply, DSMIP_A_IFINDEX, dd->dev->ifindex))
		nest = nla_nest_start(reply, DSMIP_A_PATH);
	if (WARN_ON_ONCE(!nest || nla_put_u32(reply, DSMIP_PATH_A_COOKIE, cookie))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	nla_nest_end(reply, nest);
	return dsmip_reply_send(reply, info, hdr);
}

static size_t dsmip_path_size(void)
{
	return nla_total_size(sizeof(u32)) +			/* IFINDEX */
	       nla_total_size(0) +				/* PATH */
	       3 * nla_total_size(sizeof(struct in6_addr)) +	/* addresses */
	       2 * nla_total_size(sizeof(__be16)) +		/* ports */
	       nla_total_size(sizeof(u8)) +			/* ENCAP */
	       3 * nla_total_size(sizeof(u32));			/* the rest */
}

static int dsmip_put_path(struct sk_buff *skb, struct dsmip_dev *dd,
			  const struct dsmip_path *path)
{
	long left = READ_ONCE(path->expires) - jiffies;
	struct nlattr *nest;

	if (nla_put_u32(skb, DSMIP_A_IFINDEX, dd->dev->ifindex))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, DSMIP_A_PATH);
	if (!nest ||
	    nla_put_u32(skb, DSMIP_PATH_A_COOKIE, path->cookie) ||
	    dsmip_put_endpoint(skb, DSMIP_PATH_A_REMOTE4, DSMIP_PATH_A_REMOTE6,
			       &path->remote) ||
	    dsmip_put_endpoint(skb, DSMIP_PATH_A_LOCAL4, DSMIP_PATH_A_LOCAL6,
			       &path->local))
		return -EMSGSIZE;
	if (path->encap != DSMIP_ENCAP_DIRECT) {
		__be16 local = path->local.port ?: dd->udp_port_bound;

		if (nla_put_be16(skb, DSMIP_PATH_A_REMOTE_PORT,
				 path->remote.port) ||
		    nla_put_be16(skb, DSMIP_PATH_A_LOCAL_PORT, local))
			return -EMSGSIZE;
	}
	if (nla_put_u8(skb, DSMIP_PATH_A_ENCAP, path->encap) ||
	    nla_put_u32(skb, DSMIP_PATH_A_LINK, path->link) ||
	    nla_put_u32(skb, DSMIP_PATH_A_LIFETIME,
			jiffies_to_msecs(max(left, 0L))))
		return -EMSGSIZE;
	if (!ipv6_addr_any(&path->inner) &&
	    nla_put_in6_addr(skb, DSMIP_PATH_A_INNER6, &path->inner))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int dsmip_path_get(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *nest = info->attrs[DSMIP_A_PATH];
	struct dsmip_dev *dd = dsmip_request_dev(info);
	struct nlattr *tb[DSMIP_PATH_A_MAX + 1];
	const struct dsmip_path *path;
	struct sk_buff *reply;
	void *hdr;
	int err;

	if (!nest) {
		GENL_SET_ERR_MSG(info, "PATH is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, DSMIP_PATH_A_MAX, nest,
			       dsmip_path_get_nest_policy, info->extack);
	if (err)
		return err;
	if (!tb[DSMIP_PATH_A_COOKIE]) {
		NL_SET_ERR_MSG_ATTR(info->extack, nest, "COOKIE is missing");
		return -EINVAL;
	}
	reply = dsmip_reply_new(info, dsmip_path_size(), &hdr);
	if (!reply)
		return -ENOMEM;
	rcu_read_lock();
	path = dsmip_path_find(dd, nla_get_u32(tb[DSMIP_PATH_A_COOKIE]));
	if (path)
		err = WARN_ON_ONCE(dsmip_put_path(reply, dd, path)) ? -EMSGSIZE : 0;
	rcu_read_unlock();
	if (!path) {
		NL_SET_ERR_MSG_ATTR(info->extack, tb[DSMIP_PATH_A_COOKIE],
				    "no such path: never given, expired, displaced or used up");
		err = -ENOENT;
	}
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return dsmip_reply_send(reply, info, hdr);
}
