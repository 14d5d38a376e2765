// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: DEVICE_GET, DEVICE_SET and COUNTER_GET.
 */
#include "family.h"

static struct netlink_range_validation dsmip_cookie_lifetime_range = {
	.min = DSMIP_COOKIE_LIFETIME_MIN_MS,
	.max = DSMIP_COOKIE_LIFETIME_MAX_MS,
};

static struct netlink_range_validation dsmip_tunnel_mtu_range = {
	.min = DSMIP_TUNNEL_MTU_MIN,
	.max = DSMIP_TUNNEL_MTU_MAX,
};

static struct netlink_range_validation dsmip_rate_range = {
	.max = DSMIP_SIGNALLING_RATE_MAX,
};

static struct netlink_range_validation dsmip_burst_range = {
	.min = 1,
	.max = DSMIP_SIGNALLING_RATE_MAX,
};

/* Read-only attributes are not in the policy, and so are refused. */
static const struct nla_policy dsmip_device_policy[DSMIP_DEVICE_A_MAX + 1] = {
	[DSMIP_DEVICE_A_ROLE]		= NLA_POLICY_RANGE(NLA_U8,
						DSMIP_ROLE_HOME_AGENT,
						DSMIP_ROLE_MAX),
	[DSMIP_DEVICE_A_HOME_AGENT4]	= NLA_POLICY_EXACT_LEN(sizeof(struct in_addr)),
	[DSMIP_DEVICE_A_HOME_AGENT6]	= NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	[DSMIP_DEVICE_A_UDP_PORT]	= { .type = NLA_BE16 },
	[DSMIP_DEVICE_A_HOME_AGENT_PORT] = NLA_POLICY_MIN(NLA_BE16, 1),
	[DSMIP_DEVICE_A_FWMARK]		= NLA_POLICY_MASK(NLA_U32,
							  ~DSMIP_COOKIE_FLAG),
	[DSMIP_DEVICE_A_BID_MARK_MASK]	= NLA_POLICY_MASK(NLA_U32,
							  ~DSMIP_COOKIE_FLAG),
	[DSMIP_DEVICE_A_COOKIE_LIFETIME] = NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_cookie_lifetime_range),
	[DSMIP_DEVICE_A_HOP_LIMIT]	= { .type = NLA_U8 },
	[DSMIP_DEVICE_A_DSCP]		= { .type = NLA_U8 },
	[DSMIP_DEVICE_A_DF]		= NLA_POLICY_MAX(NLA_U8, DSMIP_DF_MAX),
	[DSMIP_DEVICE_A_HOME_LINK]	= { .type = NLA_U32 },
	[DSMIP_DEVICE_A_SOURCE_RATE]	= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_rate_range),
	[DSMIP_DEVICE_A_SOURCE_BURST]	= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_burst_range),
	[DSMIP_DEVICE_A_NETWORK_RATE]	= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_rate_range),
	[DSMIP_DEVICE_A_NETWORK_BURST]	= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_burst_range),
	[DSMIP_DEVICE_A_STRANGER_RATE]	= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_rate_range),
	[DSMIP_DEVICE_A_STRANGER_BURST]	= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_burst_range),
	[DSMIP_DEVICE_A_TUNNEL_MTU]	= NLA_POLICY_FULL_RANGE(NLA_U32,
						&dsmip_tunnel_mtu_range),
	[DSMIP_DEVICE_A_UNDERLAY]	= { .type = NLA_U32 },
};

const struct nla_policy dsmip_device_get_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
};

const struct nla_policy dsmip_device_set_policy[DSMIP_A_MAX + 1] = {
	[DSMIP_A_IFINDEX]	= NLA_POLICY_MIN(NLA_U32, 1),
	[DSMIP_A_DEVICE]	= NLA_POLICY_NESTED(dsmip_device_policy),
};

static size_t dsmip_device_size(void)
{
	return nla_total_size(sizeof(u32)) +			/* IFINDEX */
	       nla_total_size(IFNAMSIZ) +			/* IFNAME */
	       nla_total_size(0) +				/* DEVICE */
	       nla_total_size(sizeof(u8)) +			/* ROLE */
	       nla_total_size(sizeof(struct in_addr)) +
	       nla_total_size(sizeof(struct in6_addr)) +
	       2 * nla_total_size(sizeof(__be16)) +		/* ports */
	       3 * nla_total_size(sizeof(u8)) +			/* policies */
	       (11 + 2 * DSMIP_RATES) *
	       nla_total_size(sizeof(u32));			/* the rest */
}

/* Attributes of the rates; the attribute of the burst is the next one. */
static const u16 dsmip_rate_attr[DSMIP_RATES] = {
	[DSMIP_RATE_SOURCE]	= DSMIP_DEVICE_A_SOURCE_RATE,
	[DSMIP_RATE_NETWORK]	= DSMIP_DEVICE_A_NETWORK_RATE,
	[DSMIP_RATE_STRANGERS]	= DSMIP_DEVICE_A_STRANGER_RATE,
};

static int dsmip_put_rates(struct sk_buff *skb, const struct dsmip_settings *s)
{
	unsigned int i;

	for (i = 0; i < DSMIP_RATES; i++) {
		if (nla_put_u32(skb, dsmip_rate_attr[i], s->rate[i].rate) ||
		    nla_put_u32(skb, dsmip_rate_attr[i] + 1, s->rate[i].burst))
			return -EMSGSIZE;
	}
	return 0;
}

static void dsmip_get_rates(struct nlattr **tb, struct dsmip_settings *s)
{
	unsigned int i;

	for (i = 0; i < DSMIP_RATES; i++) {
		if (tb[dsmip_rate_attr[i]])
			s->rate[i].rate = nla_get_u32(tb[dsmip_rate_attr[i]]);
		if (tb[dsmip_rate_attr[i] + 1])
			s->rate[i].burst = nla_get_u32(tb[dsmip_rate_attr[i] + 1]);
	}
}

static int dsmip_put_device(struct sk_buff *skb, struct dsmip_dev *dd)
{
	const struct dsmip_settings *s = dsmip_settings_get(dd);
	__be16 port = dd->udp_port_bound ?: s->udp_port;
	char name[IFNAMSIZ];
	struct nlattr *nest;

	/* A rename may be under way. */
	strscpy(name, dd->dev->name, sizeof(name));
	if (nla_put_u32(skb, DSMIP_A_IFINDEX, dd->dev->ifindex) ||
	    nla_put_string(skb, DSMIP_A_IFNAME, name))
		return -EMSGSIZE;
	nest = nla_nest_start(skb, DSMIP_A_DEVICE);
	if (!nest)
		return -EMSGSIZE;
	if (s->role && nla_put_u8(skb, DSMIP_DEVICE_A_ROLE, s->role))
		return -EMSGSIZE;
	if (s->home_agent4 &&
	    nla_put_in_addr(skb, DSMIP_DEVICE_A_HOME_AGENT4, s->home_agent4))
		return -EMSGSIZE;
	if (!ipv6_addr_any(&s->home_agent6) &&
	    nla_put_in6_addr(skb, DSMIP_DEVICE_A_HOME_AGENT6, &s->home_agent6))
		return -EMSGSIZE;
	if (s->role && nla_put_be16(skb, DSMIP_DEVICE_A_UDP_PORT, port))
		return -EMSGSIZE;
	if (s->role == DSMIP_ROLE_MOBILE_NODE &&
	    nla_put_be16(skb, DSMIP_DEVICE_A_HOME_AGENT_PORT, s->home_agent_port))
		return -EMSGSIZE;
	if (nla_put_u32(skb, DSMIP_DEVICE_A_FWMARK, s->fwmark) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_BID_MARK_MASK, s->bid_mark_mask) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_COOKIE_LIFETIME, s->cookie_lifetime) ||
	    nla_put_u8(skb, DSMIP_DEVICE_A_HOP_LIMIT, s->hop_limit) ||
	    nla_put_u8(skb, DSMIP_DEVICE_A_DSCP, s->dscp) ||
	    nla_put_u8(skb, DSMIP_DEVICE_A_DF, s->df) ||
	    (s->home_link &&
	     nla_put_u32(skb, DSMIP_DEVICE_A_HOME_LINK, s->home_link)) ||
	    (s->underlay &&
	     nla_put_u32(skb, DSMIP_DEVICE_A_UNDERLAY, s->underlay)) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_TUNNEL_MTU,
			READ_ONCE(dd->tunnel_mtu)) ||
	    (s->role == DSMIP_ROLE_HOME_AGENT && dsmip_put_rates(skb, s)) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_NODES, dd->nodes) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_BINDINGS, dd->bindings) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_PATHS, dsmip_paths_count(dd)) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_PREFIXES, dd->prefixes) ||
	    nla_put_u32(skb, DSMIP_DEVICE_A_FLOWS, dd->flows))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int dsmip_device_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	void *hdr;

	reply = dsmip_reply_new(info, dsmip_device_size(), &hdr);
	if (!reply)
		return -ENOMEM;
	if (WARN_ON_ONCE(dsmip_put_device(reply, dsmip_request_dev(info)))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	return dsmip_reply_send(reply, info, hdr);
}

int dsmip_device_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct net *net = sock_net(skb->sk);
	struct dsmip_dev *dd;

	if (dsmip_compat_dump_attrs(cb)[DSMIP_A_IFINDEX]) {
		NL_SET_ERR_MSG(cb->extack, "a dump of devices takes no IFINDEX");
		return -EINVAL;
	}
	cb->seq = atomic_read(&dsmip_net(net)->generation);
	while ((dd = dsmip_dev_after(net, cb->args[0]))) {
		int ifindex = dd->dev->ifindex, err = -EMSGSIZE;
		void *hdr;

		hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
				  cb->nlh->nlmsg_seq, &dsmip_family,
				  NLM_F_MULTI, DSMIP_CMD_DEVICE_GET);
		if (hdr)
			err = dsmip_put_device(skb, dd);
		dsmip_dev_put(dd);
		if (err) {
			if (hdr)
				genlmsg_cancel(skb, hdr);
			break;
		}
		genl_dump_check_consistent(cb, hdr);
		genlmsg_end(skb, hdr);
		cb->args[0] = ifindex;
	}
	return skb->len;
}

/* Defaults that depend on the role, when a device gets its role. */
static void dsmip_settings_role(struct dsmip_settings *s, u8 role)
{
	if (s->role == role)
		return;
	s->role = role;
	s->udp_port = 0;
	s->home_agent_port = 0;
	s->home_link = 0;
	if (role == DSMIP_ROLE_HOME_AGENT)
		s->udp_port = htons(DSMIP_UDP_PORT);
	else
		s->home_agent_port = htons(DSMIP_UDP_PORT);
}

int dsmip_device_set(struct sk_buff *skb, struct genl_info *info)
{
	struct dsmip_dev *dd = dsmip_request_dev(info);
	struct nlattr *tb[DSMIP_DEVICE_A_MAX + 1];
	struct dsmip_settings wanted;
	u32 home_link;
	int err;

	if (!info->attrs[DSMIP_A_DEVICE]) {
		GENL_SET_ERR_MSG(info, "DEVICE is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, DSMIP_DEVICE_A_MAX, info->attrs[DSMIP_A_DEVICE],
			       dsmip_device_policy, info->extack);
	if (err)
		return err;
	wanted = *dsmip_settings_get(dd);
	home_link = wanted.home_link;
	if (tb[DSMIP_DEVICE_A_ROLE])
		dsmip_settings_role(&wanted, nla_get_u8(tb[DSMIP_DEVICE_A_ROLE]));
	if (tb[DSMIP_DEVICE_A_HOME_AGENT4])
		wanted.home_agent4 = nla_get_in_addr(tb[DSMIP_DEVICE_A_HOME_AGENT4]);
	if (tb[DSMIP_DEVICE_A_HOME_AGENT6])
		wanted.home_agent6 = nla_get_in6_addr(tb[DSMIP_DEVICE_A_HOME_AGENT6]);
	if (tb[DSMIP_DEVICE_A_UDP_PORT])
		wanted.udp_port = nla_get_be16(tb[DSMIP_DEVICE_A_UDP_PORT]);
	if (tb[DSMIP_DEVICE_A_HOME_AGENT_PORT])
		wanted.home_agent_port =
			nla_get_be16(tb[DSMIP_DEVICE_A_HOME_AGENT_PORT]);
	if (tb[DSMIP_DEVICE_A_FWMARK])
		wanted.fwmark = nla_get_u32(tb[DSMIP_DEVICE_A_FWMARK]);
	if (tb[DSMIP_DEVICE_A_BID_MARK_MASK])
		wanted.bid_mark_mask = nla_get_u32(tb[DSMIP_DEVICE_A_BID_MARK_MASK]);
	if (tb[DSMIP_DEVICE_A_COOKIE_LIFETIME])
		wanted.cookie_lifetime =
			nla_get_u32(tb[DSMIP_DEVICE_A_COOKIE_LIFETIME]);
	if (tb[DSMIP_DEVICE_A_HOP_LIMIT])
		wanted.hop_limit = nla_get_u8(tb[DSMIP_DEVICE_A_HOP_LIMIT]);
	if (tb[DSMIP_DEVICE_A_DSCP])
		wanted.dscp = nla_get_u8(tb[DSMIP_DEVICE_A_DSCP]);
	if (tb[DSMIP_DEVICE_A_DF])
		wanted.df = nla_get_u8(tb[DSMIP_DEVICE_A_DF]);
	if (tb[DSMIP_DEVICE_A_HOME_LINK])
		wanted.home_link = nla_get_u32(tb[DSMIP_DEVICE_A_HOME_LINK]);
	if (tb[DSMIP_DEVICE_A_UNDERLAY])
		wanted.underlay = nla_get_u32(tb[DSMIP_DEVICE_A_UNDERLAY]);
	dsmip_get_rates(tb, &wanted);
	if (!wanted.role && wanted.udp_port) {
		GENL_SET_ERR_MSG(info, "UDP_PORT needs a ROLE");
		return -EINVAL;
	}
	err = dsmip_settings_set(dd, &wanted, info->extack);
	if (err)
		return err;
	if (tb[DSMIP_DEVICE_A_TUNNEL_MTU])
		WRITE_ONCE(dd->tunnel_mtu,
			   nla_get_u32(tb[DSMIP_DEVICE_A_TUNNEL_MTU]));
	if (tb[DSMIP_DEVICE_A_TUNNEL_MTU] || wanted.home_link != home_link)
		dsmip_request_mtu(info);
	dsmip_notify_request(info);
	return 0;
}

static size_t dsmip_counters_size(void)
{
	size_t size = nla_total_size(sizeof(u32)) +		/* IFINDEX */
		      nla_total_size(0);			/* COUNTERS */
	unsigned int i;

	for (i = 0; i < DSMIP_C_MAX; i++)
		size += nla_total_size(0) +			/* COUNTER */
			nla_total_size(strlen(dsmip_counter_names[i]) + 1) +
			nla_total_size_64bit(sizeof(u64));
	return size;
}

static int dsmip_put_counters(struct sk_buff *skb, struct dsmip_dev *dd)
{
	struct nlattr *all, *one;
	unsigned int i;

	if (nla_put_u32(skb, DSMIP_A_IFINDEX, dd->dev->ifindex))
		return -EMSGSIZE;
	all = nla_nest_start(skb, DSMIP_A_COUNTERS);
	if (!all)
		return -EMSGSIZE;
	for (i = 0; i < DSMIP_C_MAX; i++) {
		one = nla_nest_start(skb, DSMIP_A_COUNTER);
		if (!one ||
		    nla_put_string(skb, DSMIP_COUNTER_A_NAME,
				   dsmip_counter_names[i]) ||
		    nla_put_u64_64bit(skb, DSMIP_COUNTER_A_VALUE,
				      dsmip_counter_sum(dd, i),
				      DSMIP_COUNTER_A_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, one);
	}
	nla_nest_end(skb, all);
	return 0;
}

int dsmip_counter_get(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply;
	void *hdr;

	reply = dsmip_reply_new(info, dsmip_counters_size(), &hdr);
	if (!reply)
		return -ENOMEM;
	if (WARN_ON_ONCE(dsmip_put_counters(reply, dsmip_request_dev(info)))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	return dsmip_reply_send(reply, info, hdr);
}
