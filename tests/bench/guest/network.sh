# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The network of the benchmarks, sourced in a guest:
#
#     cn  198.51.100.2/24     ha-cn  [ha]  ha-mn     192.0.2.1/24      mn0  [mn]
#         2001:db8:c::2/64  --------        --------  2001:db8:1::1/64 -----
#
# [ha] forwards or tunnels to node n, whose home addresses are 2001:db8:b:: + n and 100.64.0.0 + n and whose care-of
# addresses are 2001:db8:a:: + n and 10.0.0.0 + n. All that leaves for a care-of address goes to one gateway in [mn].
# Node 1 is the only one unless a variant is asked for more.

HA4=192.0.2.1 HA6=2001:db8:1::1
HOME4=100.64.0.1 HOME6=2001:db8:b::1
CARE_OF4=10.0.0.1 CARE_OF6=2001:db8:a::1
MAC_HA_CN=02:00:00:00:00:01 MAC_CN=02:00:00:00:00:02 MAC_HA_MN=02:00:00:00:00:03 MAC_MN=02:00:00:00:00:04
readonly HA4 HA6 HOME4 HOME6 CARE_OF4 CARE_OF6 MAC_HA_CN MAC_CN MAC_HA_MN MAC_MN

fail() {
	printf 'bench: %s\n' "$*" >&2
	exit 1
}

# A variant is plain forwarding, a tunnel of the kernel, or ours: INNERinOUTER-FORMAT.

# inner_family VARIANT, outer_family VARIANT
inner_family() {
	case $1 in
	plain6 | ip6ip6 | sit | fou46 | wg6 | 6in*) echo 6 ;;
	*) echo 4 ;;
	esac
}
outer_family() {
	case $1 in
	plain6 | ip6ip6 | ip4ip6 | ?in6-*) echo 6 ;;
	*) echo 4 ;;
	esac
}

make_network() {
	local ns
	# A thread that is not scheduled for a while loses nothing.
	sysctl -qw net.core.netdev_max_backlog=100000
	for ns in cn ha mn; do ip netns add $ns; done
	for ns in cn ha mn; do
		ip netns exec $ns sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
	ip netns exec ha sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.forwarding=1
	ip link add ha-cn netns ha address $MAC_HA_CN type veth peer name cn0 netns cn address $MAC_CN
	ip link add ha-mn netns ha address $MAC_HA_MN type veth peer name mn0 netns mn address $MAC_MN
	ip -n cn -batch - <<-END
		link set lo up
		addr add 198.51.100.2/24 dev cn0
		addr add 2001:db8:c::2/64 dev cn0 nodad
		link set cn0 up
		neigh replace 198.51.100.1 lladdr $MAC_HA_CN dev cn0 nud permanent
		neigh replace 2001:db8:c::1 lladdr $MAC_HA_CN dev cn0 nud permanent
		route add default via 198.51.100.1
		route add ::/0 via 2001:db8:c::1
	END
	ip -n ha -batch - <<-END
		link set lo up
		addr add 198.51.100.1/24 dev ha-cn
		addr add 2001:db8:c::1/64 dev ha-cn nodad
		addr add $HA4/24 dev ha-mn
		addr add $HA6/64 dev ha-mn nodad
		link set ha-cn up
		link set ha-mn up
		neigh replace 198.51.100.2 lladdr $MAC_CN dev ha-cn nud permanent
		neigh replace 2001:db8:c::2 lladdr $MAC_CN dev ha-cn nud permanent
		neigh replace 192.0.2.254 lladdr $MAC_MN dev ha-mn nud permanent
		neigh replace 2001:db8:1::fe lladdr $MAC_MN dev ha-mn nud permanent
		route add 10.0.0.0/8 via 192.0.2.254
		route add 2001:db8:a::/64 via 2001:db8:1::fe
	END
	ip -n mn -batch - <<-END
		link set lo up
		link set mn0 up
	END
	# What arrives at the far ends is not part of the measurement.
	ip netns exec mn tc qdisc add dev mn0 clsact
	ip netns exec mn tc filter add dev mn0 ingress matchall action drop
}

# make_variant VARIANT: the way of [ha] to the nodes.
make_variant() {
	case $1 in
	plain4) ip -n ha route add 100.64.0.0/10 via 192.0.2.254 && return ;;
	plain6) ip -n ha -6 route add 2001:db8:b::/64 via 2001:db8:1::fe && return ;;
	ip6ip6) ip -n ha link add t0 type ip6tnl mode ip6ip6 local $HA6 remote $CARE_OF6 encaplimit none ;;
	ip4ip6) ip -n ha link add t0 type ip6tnl mode ipip6 local $HA6 remote $CARE_OF6 encaplimit none ;;
	sit) ip -n ha link add t0 type sit local $HA4 remote $CARE_OF4 ttl 64 ;;
	ipip) ip -n ha link add t0 type ipip local $HA4 remote $CARE_OF4 ttl 64 ;;
	fou46) make_fou sit 41 ;;
	fou44) make_fou ipip 4 ;;
	?in?-*) make_dsmip "$1" ;;
	*) fail "no variant $1" ;;
	esac
	ip -n ha link set t0 up
	ip -n ha route add 100.64.0.0/10 dev t0
	ip -n ha -6 route add 2001:db8:b::/64 dev t0
}

make_fou() {
	ip netns exec ha ip fou add port 4191 ipproto "$2"
	ip -n ha link add t0 type "$1" local $HA4 remote $CARE_OF4 ttl 64 encap fou encap-sport 4191 encap-dport 4191
}

# The format comes last: 6in4-udp-tlv.
make_dsmip() {
	local via=$CARE_OF4:4191
	[ "$(outer_family "$1")" = 4 ] || via="[$CARE_OF6]:4191"
	ip -n ha link add t0 type dsmip
	ip netns exec ha dsmip-nl device-set t0 --role home-agent --home-agent4 $HA4 --home-agent6 $HA6
	ip netns exec ha dsmip-nl binding-new t0 --create \
		--node "$HOME6 home4 $HOME4 / via $via ${1#*-} lifetime 86400s"
}

# pktgen_set FILE WORDS: the files belong to the namespace.
pktgen_set() { echo "$2" >"/proc/net/pktgen/$1" || fail "pktgen refuses: $1 $2"; }

# pktgen_prepare FAMILY: runs in [cn].
pktgen_prepare() {
	local word
	pktgen_set kpktgend_0 rem_device_all
	pktgen_set kpktgend_0 "add_device cn0"
	for word in "pkt_size 100" "delay 0" "clone_skb 0" "dst_mac $MAC_HA_CN" "udp_src_min 4000" "udp_src_max 4000" \
		"udp_dst_min 9" "udp_dst_max 9"; do
		pktgen_set cn0 "$word"
	done
	if [ "$1" = 6 ]; then
		pktgen_set cn0 "dst6 $HOME6"
		pktgen_set cn0 "src6 2001:db8:c::2"
	else
		pktgen_set cn0 "dst $HOME4"
		pktgen_set cn0 "src_min 198.51.100.2"
		pktgen_set cn0 "src_max 198.51.100.2"
	fi
}
# pktgen_send COUNT: runs in [cn].
pktgen_send() {
	pktgen_set cn0 "count $1"
	pktgen_set pgctrl start
}
