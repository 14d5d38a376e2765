// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: creates, updates and deletes nodes and bindings, all or nothing.
 */
#include <linux/slab.h>
#include <linux/ktime.h>

#include "change.h"
#include "node.h"

/* One node of a change: its state after the commit. */
struct dsmip_node_change {
	struct list_head list;
	struct dsmip_node *node;
	bool created;
	struct dsmip_binding_set *set;		/* NULL: the node goes */
	bool home4_given;
	struct dsmip_home_address **home4;
	unsigned int home4_count;
};

#define GIVEN(request, name) ((request)->given & BIT(DSMIP_BINDING_A_##name))

#define REFUSE(change, where, err, text)				\
({									\
	NL_SET_ERR_MSG_ATTR((change)->extack, where, text);		\
	(err);								\
})

static bool dsmip_care_of_given(const struct dsmip_binding_request *request)
{
	return GIVEN(request, CARE_OF4) || GIVEN(request, CARE_OF6) ||
	       GIVEN(request, HOME_LINK);
}

/**
 * dsmip_change_begin - start a change
 * @change: to initialise
 * @dd: device, its lock is held until the commit or abort
 * @nlflags: NLM_F_CREATE, NLM_F_EXCL and NLM_F_REPLACE as with BINDING_NEW
 * @extack: gets the reason of a refusal
 */
void dsmip_change_begin(struct dsmip_change *change, struct dsmip_dev *dd,
			u16 nlflags, struct netlink_ext_ack *extack)
{
	lockdep_assert_held(&dd->lock);
	INIT_LIST_HEAD(&change->nodes);
	change->dd = dd;
	change->nlflags = nlflags;
	change->extack = extack;
}

static struct dsmip_binding *dsmip_set_find(const struct dsmip_binding_set *set,
					    u16 bid)
{
	unsigned int i;

	for (i = 0; set && i < set->count; i++)
		if (set->binding[i]->bid == bid)
			return set->binding[i];
	return NULL;
}

/* Insert in the order that the choice of a binding relies on; there is room. */
static void dsmip_set_add(struct dsmip_binding_set *set, struct dsmip_binding *b)
{
	unsigned int i = set->count++;

	for (; i; i--) {
		struct dsmip_binding *before = set->binding[i - 1];

		if (before->priority < b->priority ||
		    (before->priority == b->priority && before->bid < b->bid))
			break;
		set->binding[i] = before;
	}
	set->binding[i] = b;
}

/* Apply the request to the old values, or to the defaults. */
static void dsmip_binding_merge(struct dsmip_binding *b,
				const struct dsmip_binding *old,
				const struct dsmip_binding_request *request)
{
	b->bid = request->bid;
	b->weight = 1;
	if (old) {
		b->care_of = old->care_of;
		b->claimed4 = old->claimed4;
		b->encap = old->encap;
		b->flags = old->flags;
		b->link = old->link;
		b->sequence = old->sequence;
		b->priority = old->priority;
		b->weight = old->weight;
		b->expiry.expires = old->expiry.expires;
	}
	if (dsmip_care_of_given(request)) {
		bool was_home = b->care_of.family == AF_PACKET;
		bool is_home = request->care_of.family == AF_PACKET;

		/* HOME_LINK is the place of a node that is at home, not a route to it. */
		if (was_home != is_home)
			b->link = 0;
		b->care_of = request->care_of;
		b->claimed4 = 0;
		b->encap = DSMIP_ENCAP_DIRECT;
	}
	if (GIVEN(request, PORT))
		b->care_of.port = request->port;
	if (GIVEN(request, CLAIMED4))
		b->claimed4 = request->claimed4;
	if (GIVEN(request, ENCAP))
		b->encap = request->encap;
	if (GIVEN(request, FLAGS))
		b->flags = request->flags;
	if (GIVEN(request, LINK))
		b->link = request->link;
	if (GIVEN(request, SEQUENCE))
		b->sequence = request->sequence;
	if (GIVEN(request, PRIORITY))
		b->priority = request->priority;
	if (GIVEN(request, WEIGHT))
		b->weight = request->weight;
	if (GIVEN(request, LIFETIME))
		b->expiry.expires = ktime_add_ms(ktime_get_boottime(),
						 request->lifetime);
}

/* A node that is at home. The properties of the link may change at any time. */
static int dsmip_home_link_check(struct dsmip_change *change,
				 const struct dsmip_binding *b,
				 const struct dsmip_binding_request *request)
{
	struct net_device *link;
	int address_len = 0;

	if (dsmip_settings_get(change->dd)->role == DSMIP_ROLE_MOBILE_NODE)
		return REFUSE(change, request->at, -EINVAL,
			      "HOME_LINK is for a home agent only");
	if (GIVEN(request, PORT) || GIVEN(request, CLAIMED4) ||
	    GIVEN(request, ENCAP))
		return REFUSE(change, request->at, -EINVAL,
			      "a binding with HOME_LINK has no PORT, CLAIMED4 or ENCAP");
	if (!b->link)
		return REFUSE(change, request->at, -EINVAL,
			      "HOME_LINK needs a LINK");
	if (!b->care_of.link_address_len)
		return 0;
	rcu_read_lock();
	link = dev_get_by_index_rcu(change->dd->net, b->link);
	if (link)
		address_len = link->addr_len;
	rcu_read_unlock();
	if (GIVEN(request, LINK_ADDRESS) &&
	    b->care_of.link_address_len != address_len)
		return REFUSE(change, request->at, -EINVAL,
			      "LINK_ADDRESS is not as long as the addresses of LINK");
	return 0;
}

static int dsmip_binding_check(struct dsmip_change *change,
			       const struct dsmip_binding *b,
			       const struct dsmip_binding_request *request)
{
	bool mobile_node = dsmip_settings_get(change->dd)->role ==
			   DSMIP_ROLE_MOBILE_NODE;

	if (mobile_node && GIVEN(request, PORT))
		return REFUSE(change, request->at, -EINVAL,
			      "PORT is for a home agent only: a mobile node sends from its UDP_PORT");
	if (!mobile_node && b->encap != DSMIP_ENCAP_DIRECT && !b->care_of.port)
		return REFUSE(change, request->at, -EINVAL,
			      "ENCAP in UDP needs a PORT");
	if (b->link == change->dd->dev->ifindex)
		return REFUSE(change, request->at, -EINVAL,
			      "LINK is the device itself");
	if (b->care_of.family == AF_PACKET)
		return dsmip_home_link_check(change, b, request);
	if (b->claimed4 && b->care_of.family != AF_INET)
		return REFUSE(change, request->at, -EINVAL,
			      "CLAIMED4 needs an IPv4 end point");
	return 0;
}

static int dsmip_link_check(struct dsmip_change *change,
			    const struct dsmip_binding_request *request)
{
	struct net_device *link;

	if (!GIVEN(request, LINK) || !request->link)
		return 0;
	rcu_read_lock();
	link = dev_get_by_index_rcu(change->dd->net, request->link);
	rcu_read_unlock();
	if (!link)
		return REFUSE(change, request->at, -ENODEV,
			      "LINK does not exist");
	return 0;
}

static struct dsmip_binding *
dsmip_binding_make(struct dsmip_change *change, struct dsmip_node *node,
		   const struct dsmip_binding *old,
		   const struct dsmip_binding_request *request)
{
	struct dsmip_binding *b;
	int err;

	err = dsmip_link_check(change, request);
	if (err)
		return ERR_PTR(err);
	b = dsmip_binding_alloc(change->dd, !old);
	if (!b)
		return ERR_PTR(REFUSE(change, request->at, -ENOMEM,
				      "no memory for the binding"));
	b->node = node;
	if (old) {
		/* Becomes ours with the commit. */
		b->traffic = old->traffic;
		b->traffic_mask = old->traffic_mask;
	}
	dsmip_binding_merge(b, old, request);
	err = dsmip_binding_check(change, b, request);
	if (err) {
		dsmip_binding_free(b);
		return ERR_PTR(err);
	}
	b->secret = dsmip_label_secret(change->dd, b);
	return b;
}

/* Bindings in @new that are not also in @old: no reader has seen them. */
static void dsmip_set_discard(struct dsmip_binding_set *new,
			      const struct dsmip_binding_set *old)
{
	unsigned int i;

	for (i = 0; new && i < new->count; i++)
		if (dsmip_set_find(old, new->binding[i]->bid) != new->binding[i])
			dsmip_binding_free(new->binding[i]);
	dsmip_set_free(new);
}

static struct dsmip_node_change *
dsmip_node_change_new(struct dsmip_change *change, struct dsmip_node *node)
{
	struct dsmip_node_change *nc = kzalloc(sizeof(*nc), GFP_KERNEL);

	if (!nc)
		return NULL;
	nc->node = node;
	node->staged = true;
	list_add_tail(&nc->list, &change->nodes);
	return nc;
}

static struct dsmip_node *dsmip_node_known(struct dsmip_change *change,
					   const struct in6_addr *home)
{
	struct dsmip_home_address *entry = dsmip_home_find(change->dd, home);

	return entry ? entry->node : NULL;
}

/* A node in the table that readers cannot see yet. */
static struct dsmip_node *dsmip_node_make(struct dsmip_change *change,
					  const struct dsmip_node_request *request)
{
	struct dsmip_node *node = dsmip_node_alloc();

	if (!node)
		return NULL;
	node->home.address = request->home;
	if (dsmip_home_insert(change->dd, &node->home)) {
		dsmip_node_free(node);
		return NULL;
	}
	return node;
}

static struct dsmip_home_address *
dsmip_home4_make(struct dsmip_change *change, struct dsmip_node *node,
		 const struct in6_addr *mapped)
{
	struct dsmip_home_address *home = dsmip_home_alloc();

	if (!home)
		return NULL;
	home->address = *mapped;
	home->node = node;
	if (dsmip_home_insert(change->dd, home)) {
		dsmip_home_free(home);
		return NULL;
	}
	return home;
}

static int dsmip_stage_home4(struct dsmip_change *change,
			     struct dsmip_node_change *nc,
			     const struct dsmip_node_request *request)
{
	unsigned int i, j;

	if (!request->home4_given)
		return 0;
	nc->home4_given = true;
	if (!request->home4_count)
		return 0;
	nc->home4 = kcalloc(request->home4_count, sizeof(*nc->home4),
			    GFP_KERNEL_ACCOUNT);
	if (!nc->home4)
		goto no_memory;
	for (i = 0; i < request->home4_count; i++) {
		struct dsmip_home_address *home;
		struct in6_addr mapped;

		for (j = 0; j < i; j++)
			if (request->home4[j] == request->home4[i])
				return REFUSE(change, request->at, -EINVAL,
					      "HOME_ADDRESS4 is given twice");
		ipv6_addr_set_v4mapped(request->home4[i], &mapped);
		home = dsmip_home_find(change->dd, &mapped);
		if (home && home->node != nc->node)
			return REFUSE(change, request->at, -EADDRINUSE,
				      "HOME_ADDRESS4 belongs to another node");
		if (!home)
			home = dsmip_home4_make(change, nc->node, &mapped);
		if (!home)
			goto no_memory;
		nc->home4[nc->home4_count++] = home;
	}
	return 0;

no_memory:
	return REFUSE(change, request->at, -ENOMEM,
		      "no memory for the home addresses");
}

static int dsmip_stage_binding(struct dsmip_change *change,
			       struct dsmip_node_change *nc,
			       const struct dsmip_binding_set *old,
			       const struct dsmip_binding_request *request)
{
	const struct dsmip_binding *was = dsmip_set_find(old, request->bid);
	struct dsmip_binding *b;

	if (was && (change->nlflags & NLM_F_EXCL))
		return REFUSE(change, request->at, -EEXIST,
			      "binding exists already");
	if (!was && !(change->nlflags & NLM_F_CREATE))
		return REFUSE(change, request->at, -ENOENT,
			      "no such binding, and NLM_F_CREATE is not set");
	if (!was && !dsmip_care_of_given(request))
		return REFUSE(change, request->at, -EINVAL,
			      "a new binding needs CARE_OF4 or CARE_OF6, or HOME_LINK");
	if (!was && !GIVEN(request, LIFETIME))
		return REFUSE(change, request->at, -EINVAL,
			      "a new binding needs a LIFETIME");
	if (dsmip_set_find(nc->set, request->bid))
		return REFUSE(change, request->at, -EINVAL,
			      "BID is given twice for one node");
	b = dsmip_binding_make(change, nc->node, was, request);
	if (IS_ERR(b))
		return PTR_ERR(b);
	dsmip_set_add(nc->set, b);
	return 0;
}

static bool dsmip_request_names(const struct dsmip_node_request *request, u16 bid)
{
	unsigned int i;

	for (i = 0; i < request->binding_count; i++)
		if (request->binding[i].bid == bid)
			return true;
	return false;
}

/* Bindings that are not in the request stay. */
static void dsmip_stage_rest(struct dsmip_node_change *nc,
			     const struct dsmip_binding_set *old,
			     const struct dsmip_node_request *request)
{
	unsigned int i;

	for (i = 0; i < old->count; i++)
		if (!dsmip_request_names(request, old->binding[i]->bid))
			dsmip_set_add(nc->set, old->binding[i]);
}

static unsigned int dsmip_count_new(const struct dsmip_binding_set *old,
				    const struct dsmip_node_request *request)
{
	unsigned int i, count = 0;

	for (i = 0; i < request->binding_count; i++)
		if (!dsmip_set_find(old, request->binding[i].bid))
			count++;
	return count;
}

/**
 * dsmip_change_put - create or update a node and the given bindings
 * @change: change under way
 * @request: node, IPv4 home addresses, bindings; not used after the return
 *
 * Return: 0, or a negative error as documented for DSMIP_CMD_BINDING_NEW; then the
 * caller must abort the change.
 */
int dsmip_change_put(struct dsmip_change *change,
		     const struct dsmip_node_request *request)
{
	bool replace = change->nlflags & NLM_F_REPLACE;
	const struct dsmip_binding_set *old = NULL;
	struct dsmip_node_change *nc;
	struct dsmip_node *node;
	bool created = false;
	unsigned int i, room;
	int err;

	if (!dsmip_settings_get(change->dd)->role)
		return REFUSE(change, request->at, -EINVAL,
			      "device has no ROLE yet");
	if (!request->binding_count)
		return REFUSE(change, request->at, -EINVAL,
			      "NODE needs at least one BINDING");
	node = dsmip_node_known(change, &request->home);
	if (node && node->staged)
		return REFUSE(change, request->at, -EINVAL,
			      "HOME_ADDRESS is given twice");
	if (node)
		old = dsmip_node_set(change->dd, node);
	room = dsmip_count_new(old, request);
	room = replace || !old ? request->binding_count : old->count + room;
	if (room > DSMIP_BINDINGS_MAX)
		return REFUSE(change, request->at, -EINVAL,
			      "NODE would have more than 32 bindings");
	if (!node) {
		node = dsmip_node_make(change, request);
		if (!node)
			goto no_memory;
		created = true;
	}
	nc = dsmip_node_change_new(change, node);
	if (!nc) {
		/* Readers walk past the entry in the table. */
		if (created)
			dsmip_node_retire_staged(change->dd, node);
		goto no_memory;
	}
	nc->created = created;
	nc->set = dsmip_set_alloc(room);
	if (!nc->set)
		goto no_memory;
	err = dsmip_stage_home4(change, nc, request);
	for (i = 0; !err && i < request->binding_count; i++)
		err = dsmip_stage_binding(change, nc, old, &request->binding[i]);
	if (!err && old && !replace)
		dsmip_stage_rest(nc, old, request);
	return err;

no_memory:
	return REFUSE(change, request->at, -ENOMEM, "no memory for the node");
}

/**
 * dsmip_change_cut - delete bindings of a node, or the node
 * @change: change under way
 * @request: node and the BIDs to delete; none of them = the whole node
 *
 * Return: 0, or a negative error as documented for DSMIP_CMD_BINDING_DEL; then the
 * caller must abort the change.
 */
int dsmip_change_cut(struct dsmip_change *change,
		     const struct dsmip_node_request *request)
{
	struct dsmip_node *node = dsmip_node_known(change, &request->home);
	const struct dsmip_binding_set *old;
	struct dsmip_node_change *nc;
	unsigned int i;

	if (!node)
		return REFUSE(change, request->at, -ENOENT, "no such node");
	if (node->staged)
		return REFUSE(change, request->at, -EINVAL,
			      "HOME_ADDRESS is given twice");
	old = dsmip_node_set(change->dd, node);
	for (i = 0; i < request->binding_count; i++)
		if (!dsmip_set_find(old, request->binding[i].bid))
			return REFUSE(change, request->binding[i].at, -ENOENT,
				      "no such binding");
	nc = dsmip_node_change_new(change, node);
	if (!nc)
		goto no_memory;
	if (!request->binding_count)
		return 0;
	nc->set = dsmip_set_alloc(old->count);
	if (!nc->set)
		goto no_memory;
	dsmip_stage_rest(nc, old, request);
	if (!nc->set->count) {
		dsmip_set_free(nc->set);
		nc->set = NULL;
	}
	return 0;

no_memory:
	return REFUSE(change, request->at, -ENOMEM, "no memory for the change");
}

static void dsmip_commit_home4(struct dsmip_dev *dd, struct dsmip_node_change *nc)
{
	struct dsmip_node *node = nc->node;
	unsigned int i, j;

	if (!nc->home4_given)
		return;
	for (i = 0; i < node->home4_count; i++) {
		for (j = 0; j < nc->home4_count; j++)
			if (node->home4[i] == nc->home4[j])
				break;
		if (j < nc->home4_count)
			continue;
		dsmip_home_retire(dd, node->home4[i]);
	}
	kfree(node->home4);
	node->home4 = nc->home4;
	node->home4_count = nc->home4_count;
	for (i = 0; i < node->home4_count; i++)
		dsmip_home_publish(node->home4[i]);
}

static void dsmip_commit_set(struct dsmip_dev *dd, struct dsmip_node_change *nc)
{
	struct dsmip_binding_set *old = dsmip_node_set(dd, nc->node);
	struct dsmip_binding_set *new = dsmip_set_settle(nc->set);
	struct dsmip_table *table = dsmip_table(dd);
	unsigned int i;

	for (i = 0; i < new->count; i++) {
		struct dsmip_binding *b = new->binding[i];
		struct dsmip_binding *was = dsmip_set_find(old, b->bid);

		if (was == b)
			continue;
		if (was) {
			was->owns_traffic = false;
			b->owns_traffic = true;
			b->mtu = READ_ONCE(was->mtu);
		}
		timerqueue_add(&table->expiry, &b->expiry);
	}
	rcu_assign_pointer(nc->node->set, new);
	dd->bindings += new->count;
	if (!old)
		return;
	dd->bindings -= old->count;
	for (i = 0; i < old->count; i++)
		if (dsmip_set_find(new, old->binding[i]->bid) != old->binding[i])
			dsmip_binding_retire(dd, old->binding[i]);
	dsmip_set_retire(old);
}

/**
 * dsmip_change_commit - apply a change
 * @change: change under way, over then
 */
void dsmip_change_commit(struct dsmip_change *change)
{
	struct dsmip_dev *dd = change->dd;
	struct dsmip_node_change *nc, *next;

	list_for_each_entry_safe(nc, next, &change->nodes, list) {
		nc->node->staged = false;
		if (nc->set) {
			dsmip_commit_set(dd, nc);
			dsmip_commit_home4(dd, nc);
		} else {
			dsmip_node_retire(dd, nc->node);
		}
		if (nc->created) {
			dsmip_node_order(dd, nc->node);
			dd->nodes++;
			dsmip_home_publish(&nc->node->home);
		}
		list_del(&nc->list);
		kfree(nc);
	}
	dsmip_changed(dd);
	dsmip_expiry_arm(dd);
}

/**
 * dsmip_change_abort - discard a change
 * @change: change under way, over then
 */
void dsmip_change_abort(struct dsmip_change *change)
{
	struct dsmip_dev *dd = change->dd;
	struct dsmip_node_change *nc, *next;
	unsigned int i;

	list_for_each_entry_safe(nc, next, &change->nodes, list) {
		nc->node->staged = false;
		dsmip_set_discard(nc->set, dsmip_node_set(dd, nc->node));
		for (i = 0; i < nc->home4_count; i++) {
			if (nc->home4[i]->live)
				continue;
			dsmip_home_retire(dd, nc->home4[i]);
		}
		kfree(nc->home4);
		if (nc->created)
			dsmip_node_retire_staged(dd, nc->node);
		list_del(&nc->list);
		kfree(nc);
	}
}
