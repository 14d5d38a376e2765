/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: changes to nodes and bindings, all or nothing.
 *
 *	dsmip_change_begin()
 *	dsmip_change_put() / dsmip_change_cut()		once for each node
 *	dsmip_change_commit() or dsmip_change_abort()
 *
 * The caller holds dsmip_dev.lock from begin to commit or abort.  Everything that
 * can fail happens before the commit; readers see no change until then.
 */
#ifndef _DSMIP_CHANGE_H
#define _DSMIP_CHANGE_H

#include <linux/list.h>
#include <linux/netlink.h>

#include "dsmip.h"

/*
 * Contents of a request for one binding.  @given has BIT(DSMIP_BINDING_A_*) for
 * each attribute that the request has, including CARE_OF4, CARE_OF6 and HOME_LINK.
 * @at is the place in the request, for errors.
 */
struct dsmip_binding_request {
	u32 given;
	struct dsmip_endpoint care_of;	/* or, with HOME_LINK, the link address */
	__be16 port;
	__be32 claimed4;
	u32 lifetime;		/* ms */
	u32 link;
	u32 flags;
	u16 bid;
	u16 sequence;
	u8 encap;
	u8 priority;
	u8 weight;
	const struct nlattr *at;
};

/* Contents of a request for one node; a deletion uses only the BIDs. */
struct dsmip_node_request {
	struct in6_addr home;
	bool home4_given;
	unsigned int home4_count;
	__be32 home4[DSMIP_HOME_ADDRESSES4_MAX];
	unsigned int binding_count;
	struct dsmip_binding_request binding[DSMIP_BINDINGS_MAX];
	const struct nlattr *at;
};

struct dsmip_change {
	struct dsmip_dev *dd;
	struct list_head nodes;		/* struct dsmip_node_change */
	u16 nlflags;			/* NLM_F_CREATE, EXCL, REPLACE */
	struct netlink_ext_ack *extack;
};

void dsmip_change_begin(struct dsmip_change *change, struct dsmip_dev *dd,
			u16 nlflags, struct netlink_ext_ack *extack);
int dsmip_change_put(struct dsmip_change *change,
		     const struct dsmip_node_request *request);
int dsmip_change_cut(struct dsmip_change *change,
		     const struct dsmip_node_request *request);
void dsmip_change_commit(struct dsmip_change *change);
void dsmip_change_abort(struct dsmip_change *change);

#endif /* _DSMIP_CHANGE_H */
