// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the generic netlink family: its commands, and code shared by their
 * handlers.
 */
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "family.h"

struct dsmip_dev *dsmip_dev_get(struct net *net, int ifindex,
				struct netlink_ext_ack *extack)
{
	struct net_device *dev = dev_get_by_index(net, ifindex);
	struct dsmip_dev *dd;

	if (!dev)
		goto no_device;
	if (!dsmip_is_device(dev)) {
		dev_put(dev);
		NL_SET_ERR_MSG(extack, "device is not of kind dsmip");
		return ERR_PTR(-EOPNOTSUPP);
	}
	dd = netdev_priv(dev);
	mutex_lock(&dd->lock);
	if (!dsmip_going(dd))
		return dd;
	dsmip_dev_put(dd);

no_device:
	NL_SET_ERR_MSG(extack, "no such device");
	return ERR_PTR(-ENODEV);
}

void dsmip_dev_put(struct dsmip_dev *dd)
{
	mutex_unlock(&dd->lock);
	dev_put(dd->dev);
}

struct dsmip_dev *dsmip_dev_after(struct net *net, int ifindex)
{
	struct dsmip_dev *dd;

	do {
		int next = 0;

		rcu_read_lock();
		list_for_each_entry_rcu(dd, &dsmip_net(net)->devices, list) {
			int this = dd->dev->ifindex;

			if (this > ifindex && (!next || this < next))
				next = this;
		}
		rcu_read_unlock();
		if (!next)
			return NULL;
		ifindex = next;
		/* An error: the device was just removed, so take the next one. */
		dd = dsmip_dev_get(net, ifindex, NULL);
	} while (IS_ERR(dd));
	return dd;
}

/* Check here, not in start(), which cannot report what is wrong. */
static int dsmip_dump_check(struct netlink_callback *cb,
			    struct dsmip_dump_place *place)
{
	struct nlattr **attrs = dsmip_compat_dump_attrs(cb);

	if (place->checked)
		return 0;
	if (attrs[DSMIP_A_ADDRESS4] || attrs[DSMIP_A_ADDRESS6]) {
		NL_SET_ERR_MSG(cb->extack, "a dump takes no ADDRESS");
		return -EINVAL;
	}
	if (attrs[DSMIP_A_IFINDEX]) {
		place->one_device = true;
		place->ifindex = nla_get_u32(attrs[DSMIP_A_IFINDEX]);
	}
	place->checked = true;
	return 0;
}

/* Dump as much of a device as one hold of its lock allows; releases the lock. */
static int dsmip_dump_device_part(struct sk_buff *skb,
				  struct netlink_callback *cb,
				  struct dsmip_dev *dd, dsmip_dump_device one)
{
	int err = one(skb, cb, dd);

	dsmip_dev_put(dd);
	if (err != -EAGAIN)
		return err;
	/* Changes from here on make the dump inconsistent, even before the first message. */
	if (!cb->prev_seq)
		cb->prev_seq = cb->seq;
	cond_resched();
	return err;
}

int dsmip_dump_devices(struct sk_buff *skb, struct netlink_callback *cb,
		       dsmip_dump_device one)
{
	struct dsmip_dump_place *place = (struct dsmip_dump_place *)cb->ctx;
	struct net *net = sock_net(skb->sk);
	struct dsmip_dev *dd;
	int err;

	err = dsmip_dump_check(cb, place);
	if (err)
		return err;
	if (place->one_device) {
		do {
			dd = dsmip_dev_get(net, place->ifindex, cb->extack);
			if (IS_ERR(dd))
				return PTR_ERR(dd);
			cb->seq = dd->generation;
			err = dsmip_dump_device_part(skb, cb, dd, one);
		} while (err == -EAGAIN);
		return err && err != -EMSGSIZE ? err : skb->len;
	}
	cb->seq = atomic_read(&dsmip_net(net)->generation);
	/* Continue with the current device: start one index lower. */
	while ((!err || err == -EAGAIN) &&
	       (dd = dsmip_dev_after(net, place->ifindex))) {
		int ifindex = dd->dev->ifindex;

		if (place->begun && ifindex != place->ifindex + 1)
			place->begun = false;
		err = dsmip_dump_device_part(skb, cb, dd, one);
		place->ifindex = err ? ifindex - 1 : ifindex;
		if (!err)
			place->begun = false;
	}
	return skb->len;
}

static int dsmip_pre_doit(const struct dsmip_compat_genl_doit_ops *ops,
			  struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *ifindex = info->attrs[DSMIP_A_IFINDEX];
	struct dsmip_dev *dd;

	if (!ifindex) {
		GENL_SET_ERR_MSG(info, "IFINDEX is missing");
		return -EINVAL;
	}
	NL_SET_BAD_ATTR(info->extack, ifindex);
	dd = dsmip_dev_get(genl_info_net(info), nla_get_u32(ifindex),
			   info->extack);
	if (IS_ERR(dd))
		return PTR_ERR(dd);
	NL_SET_BAD_ATTR(info->extack, NULL);
	info->user_ptr[0] = dd;
	return 0;
}

static void dsmip_post_doit(const struct dsmip_compat_genl_doit_ops *ops,
			    struct sk_buff *skb, struct genl_info *info)
{
	struct dsmip_dev *dd = dsmip_request_dev(info);

	mutex_unlock(&dd->lock);
	if (info->user_ptr[1]) {
		rtnl_lock();
		dsmip_mtu_follow(dd);
		rtnl_unlock();
	}
	dev_put(dd->dev);
}

int dsmip_request_check(struct genl_info *info, int err)
{
	if (likely(!dsmip_going(dsmip_request_dev(info))))
		return err;
	GENL_SET_ERR_MSG(info, "device is being deleted");
	return -ENODEV;
}

struct sk_buff *dsmip_reply_new(struct genl_info *info, size_t size, void **hdr)
{
	struct sk_buff *skb = genlmsg_new(size, GFP_KERNEL);

	if (!skb) {
		GENL_SET_ERR_MSG(info, "no memory for the reply");
		return NULL;
	}
	*hdr = genlmsg_put_reply(skb, info, &dsmip_family, 0,
				 info->genlhdr->cmd);
	if (WARN_ON_ONCE(!*hdr)) {
		nlmsg_free(skb);
		return NULL;
	}
	return skb;
}

int dsmip_reply_send(struct sk_buff *skb, struct genl_info *info, void *hdr)
{
	genlmsg_end(skb, hdr);
	return genlmsg_reply(skb, info);
}

/* The event is a copy of the request, so the two cannot differ. */
void dsmip_notify_request(struct genl_info *info)
{
	struct net *net = genl_info_net(info);
	int len = genlmsg_len(info->genlhdr);
	struct sk_buff *skb;
	void *hdr;

	if (!genl_has_listeners(&dsmip_family, net, 0) &&
	    !nlmsg_report(info->nlhdr))
		return;
	skb = genlmsg_new(len, GFP_KERNEL);
	if (!skb)
		return;
	hdr = genlmsg_put(skb, info->snd_portid, info->snd_seq, &dsmip_family,
			  info->nlhdr->nlmsg_flags &
				(NLM_F_REPLACE | NLM_F_EXCL | NLM_F_CREATE),
			  info->genlhdr->cmd);
	if (WARN_ON_ONCE(!hdr)) {
		nlmsg_free(skb);
		return;
	}
	skb_put_data(skb, genlmsg_data(info->genlhdr), len);
	genlmsg_end(skb, hdr);
	genl_notify(&dsmip_family, skb, info, 0, GFP_KERNEL);
}

int dsmip_put_endpoint(struct sk_buff *skb, int attr4, int attr6,
		       const struct dsmip_endpoint *ep)
{
	switch (ep->family) {
	case AF_INET:
		return nla_put_in_addr(skb, attr4, ep->in.s_addr);
	case AF_INET6:
		return nla_put_in6_addr(skb, attr6, &ep->in6);
	default:
		return 0;
	}
}

bool dsmip_get_endpoint(const struct nlattr *attr4, const struct nlattr *attr6,
			struct dsmip_endpoint *ep)
{
	if (!attr4 == !attr6)
		return false;
	memset(ep, 0, sizeof(*ep));
	if (attr4) {
		ep->family = AF_INET;
		ep->in.s_addr = nla_get_in_addr(attr4);
	} else {
		ep->family = AF_INET6;
		ep->in6 = nla_get_in6_addr(attr6);
	}
	return true;
}

bool dsmip_valid_endpoint(const struct dsmip_endpoint *ep)
{
	if (ep->family == AF_INET)
		return dsmip_valid_address4(ep->in.s_addr);
	return dsmip_valid_address6(&ep->in6);
}

#define DSMIP_OP(name, handler, checks)					\
	.cmd = DSMIP_CMD_##name,					\
	.doit = handler,						\
	.policy = checks,						\
	.maxattr = DSMIP_A_MAX,						\
	.flags = GENL_UNS_ADMIN_PERM

static const struct genl_ops dsmip_ops[] = {
	{
		DSMIP_OP(DEVICE_GET, dsmip_device_get, dsmip_device_get_policy),
		.dumpit = dsmip_device_dump,
	}, {
		DSMIP_OP(DEVICE_SET, dsmip_device_set, dsmip_device_set_policy),
	}, {
		DSMIP_OP(BINDING_NEW, dsmip_binding_new, dsmip_binding_new_policy),
	}, {
		DSMIP_OP(BINDING_DEL, dsmip_binding_del, dsmip_binding_del_policy),
	}, {
		DSMIP_OP(BINDING_GET, dsmip_binding_get, dsmip_binding_get_policy),
		.start = dsmip_binding_dump_start,
		.dumpit = dsmip_binding_dump,
	}, {
		DSMIP_OP(PATH_NEW, dsmip_path_new, dsmip_path_new_policy),
	}, {
		DSMIP_OP(PATH_GET, dsmip_path_get, dsmip_path_get_policy),
	}, {
		DSMIP_OP(COUNTER_GET, dsmip_counter_get, dsmip_device_get_policy),
	}, {
		DSMIP_OP(PREFIX_NEW, dsmip_prefix_new, dsmip_prefix_change_policy),
	}, {
		DSMIP_OP(PREFIX_DEL, dsmip_prefix_del, dsmip_prefix_change_policy),
	}, {
		DSMIP_OP(PREFIX_GET, dsmip_prefix_get, dsmip_prefix_get_policy),
		.dumpit = dsmip_prefix_dump,
	}, {
		DSMIP_OP(FLOW_NEW, dsmip_flow_new, dsmip_flow_new_policy),
	}, {
		DSMIP_OP(FLOW_DEL, dsmip_flow_del, dsmip_flow_del_policy),
	}, {
		DSMIP_OP(FLOW_GET, dsmip_flow_get, dsmip_binding_get_policy),
		.start = dsmip_flow_dump_start,
		.dumpit = dsmip_flow_dump,
	},
};

static const struct genl_multicast_group dsmip_groups[] = {
	{
		.name = DSMIP_GENL_MCGRP_EVENTS,
		.flags = DSMIP_COMPAT_MCGRP_NET_ADMIN,
	},
};

/*
 * The contract uses NLM_F_CREATE, NLM_F_EXCL and NLM_F_REPLACE, which are not
 * allowed in commands from resv_start_op on.
 */
struct genl_family dsmip_family __ro_after_init = {
	.name		= DSMIP_GENL_NAME,
	.version	= DSMIP_GENL_VERSION,
	.module		= THIS_MODULE,
	.netnsok	= true,
	.resv_start_op	= __DSMIP_CMD_MAX,
	.parallel_ops	= true,
	.pre_doit	= dsmip_pre_doit,
	.post_doit	= dsmip_post_doit,
	.ops		= dsmip_ops,
	.n_ops		= ARRAY_SIZE(dsmip_ops),
	.mcgrps		= dsmip_groups,
	.n_mcgrps	= ARRAY_SIZE(dsmip_groups),
};

int __init dsmip_netlink_register(void)
{
	return genl_register_family(&dsmip_family);
}

void dsmip_netlink_unregister(void)
{
	genl_unregister_family(&dsmip_family);
}
