// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: the UDP sockets of a device.
 *
 * A home agent listens only on its own addresses, so several devices (and other
 * users of the port) fit into one network namespace.  The addresses need not be
 * configured yet.  A mobile node listens on every address, because it keeps getting
 * new ones.  Both listen only in the underlay.
 */
#include <linux/ipv6.h>
#include <net/inet_sock.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/udp.h>
#include <net/udp_tunnel.h>

#include "underlay.h"

/* Number of attempts to find a port that is free in both families. */
#define DSMIP_PORT_ATTEMPTS	100

struct dsmip_bind {
	bool wanted;
	struct dsmip_endpoint to;
	u32 underlay;
};

static void dsmip_bind_wanted(const struct dsmip_settings *settings,
			      struct dsmip_bind *bind4, struct dsmip_bind *bind6)
{
	memset(bind4, 0, sizeof(*bind4));
	memset(bind6, 0, sizeof(*bind6));
	bind4->to.family = AF_INET;
	bind6->to.family = AF_INET6;
	bind4->to.port = settings->udp_port;
	bind6->to.port = settings->udp_port;
	bind4->underlay = settings->underlay;
	bind6->underlay = settings->underlay;
	switch (settings->role) {
	case DSMIP_ROLE_HOME_AGENT:
		bind4->wanted = settings->udp_port && settings->home_agent4;
		bind4->to.in.s_addr = settings->home_agent4;
		bind6->wanted = settings->udp_port &&
				!ipv6_addr_any(&settings->home_agent6);
		bind6->to.in6 = settings->home_agent6;
		break;
	case DSMIP_ROLE_MOBILE_NODE:
		bind4->wanted = true;
		bind6->wanted = true;
		break;
	}
	if (!IS_ENABLED(CONFIG_IPV6) || !ipv6_mod_enabled())
		bind6->wanted = false;
}

static __be16 dsmip_socket_port(const struct socket *sock)
{
	return inet_sk(sock->sk)->inet_sport;
}

static bool dsmip_socket_fits(const struct socket *sock,
			      const struct dsmip_bind *bind)
{
	const struct sock *sk;

	if (!sock || !bind->wanted)
		return !sock && !bind->wanted;
	sk = sock->sk;
	if (bind->to.port && bind->to.port != dsmip_socket_port(sock))
		return false;
	if (bind->underlay != sk->sk_bound_dev_if)
		return false;
#if IS_ENABLED(CONFIG_IPV6)
	if (bind->to.family == AF_INET6)
		return ipv6_addr_equal(&sk->sk_v6_rcv_saddr, &bind->to.in6);
#endif
	return inet_sk(sk)->inet_rcv_saddr == bind->to.in.s_addr;
}

static int dsmip_socket_bind(struct socket *sock, const struct dsmip_endpoint *to)
{
	struct sockaddr_in6 in6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = to->in6,
		.sin6_port = to->port,
	};
	struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr = to->in,
		.sin_port = to->port,
	};

	/* The argument type of kernel_bind() changed within stable series. */
	if (to->family == AF_INET6)
		return kernel_bind(sock, (void *)&in6, sizeof(in6));
	return kernel_bind(sock, (void *)&in, sizeof(in));
}

/* From now on packets reach dsmip_udp_rcv(). */
static void dsmip_socket_attach(struct dsmip_dev *dd, struct socket *sock)
{
	struct udp_tunnel_sock_cfg cfg = {
		.sk_user_data = dd,
		.encap_type = 1,
		.encap_rcv = dsmip_udp_rcv,
		.gro_receive = dsmip_gro_receive,
		.gro_complete = dsmip_gro_complete,
		.encap_err_lookup = dsmip_udp_err,
	};

	/* Inner UDP packets may come in merged. */
	udp_allow_gso(sock->sk);
	dsmip_compat_udp_tunnel_setup(dd->net, sock, &cfg);
}

/*
 * Like udp_tunnel_sock_release(), but without its grace period.  Receive uses only
 * the struct sock, which RCU keeps, and nothing else of the socket.  The device it
 * may have found there outlives it.
 */
static void dsmip_socket_discard(struct socket *sock)
{
	if (IS_ERR_OR_NULL(sock))
		return;
	rcu_assign_sk_user_data(sock->sk, NULL);
	kernel_sock_shutdown(sock, SHUT_RDWR);
	sock_release(sock);
}

/*
 * Create a socket bound as in @bind.  @old is the socket that it replaces.  Only
 * these two may share the port while one takes over from the other (wildcard and
 * specific address would conflict).
 */
static struct socket *dsmip_socket_make(struct dsmip_dev *dd, struct socket *old,
					const struct dsmip_bind *bind)
{
	struct socket *sock;
	int err;

	if (!dsmip_underlay_exists(dd, bind->underlay))
		return ERR_PTR(-ENODEV);
	err = sock_create_kern(dd->net, bind->to.family, SOCK_DGRAM,
			       IPPROTO_UDP, &sock);
	if (err)
		return ERR_PTR(err);
	sock->sk->sk_allocation = GFP_ATOMIC;
	/* The stack must not learn a path MTU by itself: icmp.c checks the errors. */
	ip_sock_set_mtu_discover(sock->sk, IP_PMTUDISC_OMIT);
	if (bind->to.family == AF_INET6) {
		inet6_sk(sock->sk)->pmtudisc = IPV6_PMTUDISC_OMIT;
		ip6_sock_set_v6only(sock->sk);
	}
	ip_sock_set_freebind(sock->sk);
	if (old) {
		old->sk->sk_reuse = SK_CAN_REUSE;
		sock->sk->sk_reuse = SK_CAN_REUSE;
	}
	err = sock_bindtoindex(sock->sk, bind->underlay, true);
	if (!err)
		err = dsmip_socket_bind(sock, &bind->to);
	if (old)
		old->sk->sk_reuse = SK_NO_REUSE;
	sock->sk->sk_reuse = SK_NO_REUSE;
	if (err) {
		dsmip_socket_discard(sock);
		return ERR_PTR(err);
	}
	return sock;
}

static struct socket *dsmip_socket(struct dsmip_dev *dd,
				   struct socket __rcu *const *which)
{
	return rcu_dereference_protected(*which, lockdep_is_held(&dd->lock));
}

/* Create new sockets, or keep the old ones if they still fit; 0 or an error. */
static int dsmip_sockets_make(struct dsmip_dev *dd,
			      struct dsmip_bind *bind4, struct socket **sock4,
			      struct dsmip_bind *bind6, struct socket **sock6)
{
	struct socket *old4 = *sock4, *old6 = *sock6;
	bool any_port = !bind4->to.port;
	int attempt = 0, err;

	if (dsmip_socket_fits(old4, bind4) && dsmip_socket_fits(old6, bind6))
		return 0;
again:
	*sock4 = NULL;
	*sock6 = NULL;
	if (bind4->wanted && !any_port && dsmip_socket_fits(old4, bind4)) {
		*sock4 = old4;
	} else if (bind4->wanted) {
		*sock4 = dsmip_socket_make(dd, old4, bind4);
		if (IS_ERR(*sock4))
			return PTR_ERR(*sock4);
	}
	if (!bind6->wanted)
		return 0;
	if (!any_port && dsmip_socket_fits(old6, bind6)) {
		*sock6 = old6;
		return 0;
	}
	/* One port for both families, so peers see the same port in both. */
	if (any_port && *sock4)
		bind6->to.port = dsmip_socket_port(*sock4);
	*sock6 = dsmip_socket_make(dd, old6, bind6);
	if (!IS_ERR(*sock6))
		return 0;
	err = PTR_ERR(*sock6);
	if (*sock4 != old4)
		dsmip_socket_discard(*sock4);
	if (err == -EADDRINUSE && any_port && attempt++ < DSMIP_PORT_ATTEMPTS)
		goto again;
	return err;
}

static void dsmip_sockets_swap(struct dsmip_dev *dd, struct socket *sock4,
			       struct socket *sock6)
{
	struct socket *old4 = dsmip_socket(dd, &dd->sock4);
	struct socket *old6 = dsmip_socket(dd, &dd->sock6);
	__be16 port = 0;

	if (old4 == sock4 && old6 == sock6)
		return;
	if (sock4 && sock4 != old4)
		dsmip_socket_attach(dd, sock4);
	if (sock6 && sock6 != old6)
		dsmip_socket_attach(dd, sock6);
	rcu_assign_pointer(dd->sock4, sock4);
	rcu_assign_pointer(dd->sock6, sock6);
	if (sock4)
		port = dsmip_socket_port(sock4);
	else if (sock6)
		port = dsmip_socket_port(sock6);
	WRITE_ONCE(dd->udp_port_bound, port);
	/* Transmit only checks whether there is a socket. */
	if (old4 != sock4)
		dsmip_socket_discard(old4);
	if (old6 != sock6)
		dsmip_socket_discard(old6);
}

/**
 * dsmip_sockets_set - open the sockets that settings require
 * @dd: device, its lock is held
 * @wanted: new settings
 * @extack: gets the reason of a failure
 *
 * Return: 0; -EADDRINUSE, -ENODEV: no underlay, or another error of binding.  On an
 * error the old sockets stay.
 */
int dsmip_sockets_set(struct dsmip_dev *dd, const struct dsmip_settings *wanted,
		      struct netlink_ext_ack *extack)
{
	struct socket *sock4 = dsmip_socket(dd, &dd->sock4);
	struct socket *sock6 = dsmip_socket(dd, &dd->sock6);
	struct dsmip_bind bind4, bind6;
	int err;

	dsmip_bind_wanted(wanted, &bind4, &bind6);
	err = dsmip_sockets_make(dd, &bind4, &sock4, &bind6, &sock6);
	if (err == -EADDRINUSE) {
		NL_SET_ERR_MSG(extack, "UDP_PORT is taken by another socket");
		return err;
	}
	if (err == -ENODEV) {
		NL_SET_ERR_MSG(extack, "UNDERLAY is gone: no UDP sockets without it");
		return err;
	}
	if (err) {
		NL_SET_ERR_MSG(extack, "cannot make the UDP sockets");
		return err;
	}
	dsmip_sockets_swap(dd, sock4, sock6);
	return 0;
}

/**
 * dsmip_sockets_close - close the UDP sockets
 * @dd: device, its lock is held
 */
void dsmip_sockets_close(struct dsmip_dev *dd)
{
	dsmip_sockets_swap(dd, NULL, NULL);
}
