#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Large packets cross the device unsegmented and packets are merged through and after every outer
# header, on paths with offloads, without, and with them at one end only; data is compared, and
# packets are counted on the wire, in the device and in the stack behind it. Then every kind of packet that stands for
# several, and tunnel packets whose headers others change.
# timeout: 1800
#
#   cn (cn0) ---- (ha1) ha, d0 (ha0) ---- (mn0) mn, m0
#                             (ha2) ---- bridge ---- (wan) nat ---- (eth0) a, m0
#                                                            ---- (eth0) b, m0
. "$(dirname "$0")/lib.sh"

modprobe dsmip
# Part of our own kernels, a module of a distribution's.
modprobe br_netfilter || :
namespaces cn ha mn
routers ha
wire cn cn0 ha ha1
wire ha ha0 mn mn0
addresses() {
	local ns=$1 dev=$2 address
	shift 2
	for address; do ip -n "$ns" address add "$address" dev "$dev"; done
}
addresses cn cn0 198.51.100.2/24 2001:db8:c::2/64
addresses ha ha1 198.51.100.1/24 2001:db8:c::1/64
addresses ha ha0 192.0.2.1/24 2001:db8:1::1/64
addresses mn mn0 192.0.2.101/24 2001:db8:1::101/64
ip -n cn route add default via 198.51.100.1
ip -n cn route add default via 2001:db8:c::1
ip -n ha link add d0 type dsmip
ip -n mn link add m0 type dsmip
ip -n ha link set d0 up
ip -n mn link set m0 up
in_ns ha dsmip-nl device-set d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8:1::1 --udp-port 4191
in_ns mn dsmip-nl device-set m0 --role mobile-node --home-agent4 192.0.2.1 --home-agent6 2001:db8:1::1 \
	--home-agent-port 4191 --udp-port 4191
addresses mn m0 203.0.113.1/32 2001:db8:a::1/128
ip -n ha route add 203.0.113.0/24 dev d0
ip -n ha route add 2001:db8:a::/64 dev d0
ip -n mn route add default dev m0 src 203.0.113.1
ip -n mn route add default dev m0 src 2001:db8:a::1

# nodes a and b behind a router, with a bridge before it that others may write headers on
translated_network() {
	local node
	namespaces bridge nat a b
	routers nat bridge
	wire ha ha2 bridge outside
	wire bridge inside nat wan
	ip -n bridge link add br0 type bridge mcast_snooping 0
	ip -n bridge link set br0 up
	ip -n bridge link set outside master br0
	ip -n bridge link set inside master br0
	addresses bridge br0 198.18.0.3/24 2001:db8:2::3/64
	ip -n bridge route add default via 198.18.0.1
	ip -n bridge route add 10.0.0.0/8 via 198.18.0.2
	ip -n bridge route add 2001:db8:31::/64 via 2001:db8:2::2
	ip -n bridge route add 2001:db8:32::/64 via 2001:db8:2::2
	addresses ha ha2 198.18.0.1/24 2001:db8:2::1/64
	addresses nat wan 198.18.0.2/24 198.18.0.11/24 198.18.0.12/24 2001:db8:2::2/64 2001:db8:2::11/64 2001:db8:2::12/64
	ip -n nat route add default via 198.18.0.1
	ip -n nat route add default via 2001:db8:2::1
	for node in a b; do
		local net=1 host=11
		[ $node = a ] || net=2 host=12
		wire nat to-$node $node eth0
		addresses nat to-$node 10.0.$net.1/24 2001:db8:3$net::1/64
		addresses $node eth0 10.0.$net.$host/24 2001:db8:3$net::$host/64
		ip -n $node link add m0 type dsmip
		ip -n $node link set m0 up
		in_ns $node dsmip-nl device-set m0 --role mobile-node --home-agent4 192.0.2.1 --home-agent6 2001:db8:1::1 \
			--home-agent-port 4191 --udp-port 4191
		addresses $node m0 203.0.113.$host/32 2001:db8:a::$host/128
		ip -n $node route add 192.0.2.1 via 10.0.$net.1
		ip -n $node route add 198.18.1.1 via 10.0.$net.1
		ip -n $node route add 2001:db8:1::1 via 2001:db8:3$net::1
		ip -n $node route add 2001:db8:7::1 via 2001:db8:3$net::1
		ip -n $node route add default dev m0 src 203.0.113.$host
		ip -n $node route add default dev m0 src 2001:db8:a::$host
	done
}
translated_network

# A slow machine would send two segments at a time, by its idea of the path's speed.
for ns in cn mn a; do in_ns $ns sysctl -qw net.ipv4.tcp_min_tso_segs=16; done
python3 -B "$SYSTEM_DIR/kmod_offload" 2>&1 | tee "$ARTIFACTS/kmod_offload.txt"
