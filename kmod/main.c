// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: loading and unloading, and the data of a network namespace.
 */
#include <linux/module.h>
#include <net/netns/generic.h>
#include <net/rtnetlink.h>

#include "dsmip.h"
#include "tunnel.h"

unsigned int dsmip_net_id;

/**
 * dsmip_net - the module's data of a network namespace
 * @net: network namespace
 */
struct dsmip_net *dsmip_net(struct net *net)
{
	return net_generic(net, dsmip_net_id);
}

static int __net_init dsmip_net_init(struct net *net)
{
	struct dsmip_net *dn = dsmip_net(net);

	INIT_LIST_HEAD(&dn->devices);
	/* A dump takes 0 for "not known". */
	atomic_set(&dn->generation, 1);
	return 0;
}

static void __net_exit dsmip_net_exit_batch(struct list_head *nets)
{
	struct net *net;

	/* The core has already unregistered the devices of the namespaces. */
	list_for_each_entry(net, nets, exit_list)
		WARN_ON_ONCE(!list_empty(&dsmip_net(net)->devices));
	/* Retired memory of the devices holds routes of the namespaces. */
	dsmip_memory_flush();
}

static struct pernet_operations dsmip_net_ops = {
	.init = dsmip_net_init,
	.exit_batch = dsmip_net_exit_batch,
	.id   = &dsmip_net_id,
	.size = sizeof(struct dsmip_net),
};

static int __init dsmip_init(void)
{
	int err;

	err = dsmip_memory_init();
	if (err)
		return err;
	err = dsmip_homelink_init();
	if (err)
		goto err_memory;
	err = register_pernet_subsys(&dsmip_net_ops);
	if (err)
		goto err_homelink;
	err = dsmip_mtu_register();
	if (err)
		goto err_pernet;
	err = dsmip_chains_register();
	if (err)
		goto err_mtu;
	err = dsmip_netlink_register();
	if (err)
		goto err_chains;
	err = rtnl_link_register(&dsmip_link_ops);
	if (err)
		goto err_netlink;
	return 0;

err_netlink:
	dsmip_netlink_unregister();
err_chains:
	dsmip_chains_unregister();
err_mtu:
	dsmip_mtu_unregister();
err_pernet:
	unregister_pernet_subsys(&dsmip_net_ops);
err_homelink:
	dsmip_homelink_exit();
err_memory:
	dsmip_memory_exit();
	return err;
}

static void __exit dsmip_exit(void)
{
	/* Devices first: while one exists it may send events. */
	rtnl_link_unregister(&dsmip_link_ops);
	dsmip_netlink_unregister();
	dsmip_chains_unregister();
	dsmip_mtu_unregister();
	unregister_pernet_subsys(&dsmip_net_ops);
	dsmip_memory_exit();
	/* Paths are freed by functions of this module. */
	rcu_barrier();
	dsmip_homelink_exit();
}

module_init(dsmip_init);
module_exit(dsmip_exit);

MODULE_DESCRIPTION("Dual-stack Mobile IPv6 tunnels (RFC 5555, RFC 5648)");
MODULE_AUTHOR("dsmip developers");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1");
MODULE_ALIAS_RTNL_LINK("dsmip");
MODULE_ALIAS_GENL_FAMILY(DSMIP_GENL_NAME);
