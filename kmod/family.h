/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: declarations shared by the parts of the generic netlink family.
 *
 * Handlers of requests that name a device find it, held and locked, with
 * dsmip_request_dev().
 */
#ifndef _DSMIP_FAMILY_H
#define _DSMIP_FAMILY_H

#include <net/genetlink.h>

#include "dsmip.h"

extern struct genl_family dsmip_family;

static inline struct dsmip_dev *dsmip_request_dev(struct genl_info *info)
{
	return info->user_ptr[0];
}

/*
 * Have the MTU of the device updated before the request is answered.  This happens
 * after the lock of the device is released, because it needs RTNL, which is never
 * taken under that lock.
 */
static inline void dsmip_request_mtu(struct genl_info *info)
{
	info->user_ptr[1] = dsmip_request_dev(info);
}

/* netlink.c */

/* Start a reply to @info with room for @size octets of attributes. */
struct sk_buff *dsmip_reply_new(struct genl_info *info, size_t size, void **hdr);
int dsmip_reply_send(struct sk_buff *skb, struct genl_info *info, void *hdr);
/* Send a successful request to the multicast group. */
void dsmip_notify_request(struct genl_info *info);
/* The device with the lowest index above @ifindex, held and locked; or NULL. */
struct dsmip_dev *dsmip_dev_after(struct net *net, int ifindex);
/* The device with this index, held and locked; or an error. */
struct dsmip_dev *dsmip_dev_get(struct net *net, int ifindex,
				struct netlink_ext_ack *extack);
void dsmip_dev_put(struct dsmip_dev *dd);

/* @err, or -ENODEV if the device of the request is being deleted. */
int dsmip_request_check(struct genl_info *info, int err);

/* Where a dump over devices continues; first member in netlink_callback.ctx. */
struct dsmip_dump_place {
	int ifindex;		/* current device; for all devices: below the next */
	bool checked;		/* the request was checked */
	bool one_device;
	bool begun;		/* part of the device was already sent */
};

/*
 * Dump one device from the current place; -EMSGSIZE: message is full, -EAGAIN: it
 * takes long, release the lock for others and continue.
 */
typedef int (*dsmip_dump_device)(struct sk_buff *skb,
				 struct netlink_callback *cb,
				 struct dsmip_dev *dd);
/* dumpit: dump the device that the request names, or all. */
int dsmip_dump_devices(struct sk_buff *skb, struct netlink_callback *cb,
		       dsmip_dump_device one);

int dsmip_put_endpoint(struct sk_buff *skb, int attr4, int attr6,
		       const struct dsmip_endpoint *ep);
/* The address that is given, with port 0; false unless exactly one is given. */
bool dsmip_get_endpoint(const struct nlattr *attr4, const struct nlattr *attr6,
			struct dsmip_endpoint *ep);
/* Whether it may be a care-of or tunnel address: unicast, not link-local. */
bool dsmip_valid_endpoint(const struct dsmip_endpoint *ep);

/* netlink_device.c */
extern const struct nla_policy dsmip_device_get_policy[DSMIP_A_MAX + 1];
extern const struct nla_policy dsmip_device_set_policy[DSMIP_A_MAX + 1];
int dsmip_device_get(struct sk_buff *skb, struct genl_info *info);
int dsmip_device_dump(struct sk_buff *skb, struct netlink_callback *cb);
int dsmip_device_set(struct sk_buff *skb, struct genl_info *info);
int dsmip_counter_get(struct sk_buff *skb, struct genl_info *info);

/* netlink_binding.c */
extern const struct nla_policy dsmip_binding_new_policy[DSMIP_A_MAX + 1];
extern const struct nla_policy dsmip_binding_del_policy[DSMIP_A_MAX + 1];
int dsmip_binding_new(struct sk_buff *skb, struct genl_info *info);
int dsmip_binding_del(struct sk_buff *skb, struct genl_info *info);

/* netlink_show.c */
extern const struct nla_policy dsmip_binding_get_policy[DSMIP_A_MAX + 1];
int dsmip_binding_get(struct sk_buff *skb, struct genl_info *info);
int dsmip_binding_dump_start(struct netlink_callback *cb);
int dsmip_binding_dump(struct sk_buff *skb, struct netlink_callback *cb);
/* The entry of the home address in a request, or an error. */
struct dsmip_home_address *dsmip_request_home(struct genl_info *info);
/* Put one node; -EMSGSIZE: message is full, -ENODATA: the node has nothing to show. */
typedef int (*dsmip_put_node_fn)(struct sk_buff *skb, struct dsmip_dev *dd,
				 struct dsmip_node *node);
/* Answer with the attributes that @put adds for @node, at most @size octets. */
int dsmip_reply_node(struct genl_info *info, struct dsmip_node *node,
		     size_t size, dsmip_put_node_fn put);
/* A message @cmd for each node of a device, from the current place of the dump. */
int dsmip_dump_each_node(struct sk_buff *skb, struct netlink_callback *cb,
			 struct dsmip_dev *dd, u8 cmd, dsmip_put_node_fn put);
size_t dsmip_binding_size(void);
int dsmip_put_binding(struct sk_buff *skb, const struct dsmip_binding *b);

/* netlink_prefix.c */
extern const struct nla_policy dsmip_prefix_change_policy[DSMIP_A_MAX + 1];
extern const struct nla_policy dsmip_prefix_get_policy[DSMIP_A_MAX + 1];
int dsmip_prefix_new(struct sk_buff *skb, struct genl_info *info);
int dsmip_prefix_del(struct sk_buff *skb, struct genl_info *info);
int dsmip_prefix_get(struct sk_buff *skb, struct genl_info *info);
int dsmip_prefix_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_flow.c, netlink_flow_show.c */
extern const struct nla_policy dsmip_flow_new_policy[DSMIP_A_MAX + 1];
extern const struct nla_policy dsmip_flow_del_policy[DSMIP_A_MAX + 1];
int dsmip_flow_new(struct sk_buff *skb, struct genl_info *info);
int dsmip_flow_del(struct sk_buff *skb, struct genl_info *info);
int dsmip_flow_get(struct sk_buff *skb, struct genl_info *info);
int dsmip_flow_dump_start(struct netlink_callback *cb);
int dsmip_flow_dump(struct sk_buff *skb, struct netlink_callback *cb);

/* netlink_path.c */
extern const struct nla_policy dsmip_path_new_policy[DSMIP_A_MAX + 1];
extern const struct nla_policy dsmip_path_get_policy[DSMIP_A_MAX + 1];
int dsmip_path_new(struct sk_buff *skb, struct genl_info *info);
int dsmip_path_get(struct sk_buff *skb, struct genl_info *info);

#endif /* _DSMIP_FAMILY_H */
