# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The network of the benchmarks, sourced in a guest:
#
#     cn  198.51.100.2/24     ha-cn  [ha]  ha-mn     192.0.2.1/24      mn0  [mn]
#         2001:db8:c::2/64  --------        --------  2001:db8:1::1/64 -----
#
# [ha] forwards or tunnels to node n, whose home addresses are 2001:db8:b:: + n and 100.64.0.0 + n and whose care-of
# addresses are 2001:db8:a::1 + n and 10.0.0.1 + n. All that leaves for a care-of address goes to one gateway in [mn].
# Node 1 is the only one unless there are to be more, which then start with node 0.
#
# Counting instructions needs packets as network cards deliver them: nobody else holds them, and there are 64 octets of
# headroom. pktgen keeps a reference, so its packets take a turn through [cn] first:
#
#     src  203.0.113.2, 2001:db8:f::2     src0 -------- cn-src  [cn]
#
# Namespaces are called cn, ha and mn with $SET in front: so many such networks fit beside each other.

HA4=192.0.2.1 HA6=2001:db8:1::1
HOME4=100.64.0.1 HOME6=2001:db8:b::1
CARE_OF4=10.0.0.2 CARE_OF6=2001:db8:a::2
MAC_HA_CN=02:00:00:00:00:01 MAC_CN=02:00:00:00:00:02 MAC_HA_MN=02:00:00:00:00:03 MAC_MN=02:00:00:00:00:04
MAC_CN_SRC=02:00:00:00:00:05
SET=${SET:-}
readonly HA4 HA6 HOME4 HOME6 CARE_OF4 CARE_OF6 MAC_HA_CN MAC_CN MAC_HA_MN MAC_MN MAC_CN_SRC

BENCH_BIN=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/build/bench

fail() {
	printf 'bench: %s\n' "$*" >&2
	exit 1
}

# The one pause of all polling loops.
poll_pause() { read -rt 0.02 <> <(:) || :; }

# A variant is plain forwarding, a tunnel of the kernel, or ours: INNERinOUTER-FORMAT.

# inner_family VARIANT, outer_family VARIANT
inner_family() {
	case $1 in
	plain6 | ip6ip6 | sit | fou46 | fou66 | wg6 | 6in*) echo 6 ;;
	*) echo 4 ;;
	esac
}
outer_family() {
	case $1 in
	plain6 | ip6ip6 | ip4ip6 | fou6? | ?in6-*) echo 6 ;;
	*) echo 4 ;;
	esac
}

make_network() {
	local ns
	# A thread that is not scheduled for a while loses nothing.
	sysctl -qw net.core.netdev_max_backlog=100000
	for ns in "${SET}"{cn,ha,mn}; do
		ip netns add "$ns"
		ip netns exec "$ns" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.default.router_solicitations=0 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
	ip netns exec "${SET}ha" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.forwarding=1
	ip link add ha-cn netns "${SET}ha" address $MAC_HA_CN type veth peer name cn0 netns "${SET}cn" address $MAC_CN
	ip link add ha-mn netns "${SET}ha" address $MAC_HA_MN type veth peer name mn0 netns "${SET}mn" address $MAC_MN
	ip -n "${SET}cn" -batch - <<-END
		link set lo up
		addr add 198.51.100.2/24 dev cn0
		addr add 2001:db8:c::2/64 dev cn0 nodad
		link set cn0 up
		neigh replace 198.51.100.1 lladdr $MAC_HA_CN dev cn0 nud permanent
		neigh replace 2001:db8:c::1 lladdr $MAC_HA_CN dev cn0 nud permanent
		route add default via 198.51.100.1
		route add ::/0 via 2001:db8:c::1
	END
	ip -n "${SET}ha" -batch - <<-END
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
	ip -n "${SET}mn" -batch - <<-END
		link set lo up
		link set mn0 up
	END
	drop_at mn mn0
	drop_at cn cn0
}

# make_source: [src], where pktgen runs when packets have to be like those of a network card.
make_source() {
	ip netns add "${SET}src"
	ip link add cn-src netns "${SET}cn" address $MAC_CN_SRC type veth peer name src0 netns "${SET}src"
	ip netns exec "${SET}cn" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.cn-src.accept_dad=0 net.ipv4.conf.cn-src.rp_filter=0
	ip -n "${SET}cn" -batch - <<-END
		addr add 203.0.113.1/24 dev cn-src
		addr add 2001:db8:f::1/64 dev cn-src nodad
		link set cn-src up
	END
	ip -n "${SET}src" link set src0 up
}

# make_variant VARIANT: the way of [ha] to the nodes.
make_variant() {
	make_end "$1" ha $HA4 $HA6 $CARE_OF4 $CARE_OF6
	case $1 in
	plain?)
		ip -n "${SET}ha" route add 100.64.0.0/10 via 192.0.2.254
		ip -n "${SET}ha" route add 2001:db8:b::/64 via 2001:db8:1::fe
		;;
	*)
		ip -n "${SET}ha" link set t0 up
		ip -n "${SET}ha" route add 100.64.0.0/10 dev t0
		ip -n "${SET}ha" route add 2001:db8:b::/64 dev t0
		;;
	esac
}

# make_node VARIANT: makes [mn] node 1, able to take part in conversations. Ends the dropping of what arrives.
make_node() {
	no_drop_at mn mn0
	no_drop_at cn cn0
	ip -n "${SET}mn" -batch - <<-END
		addr add 192.0.2.254/24 dev mn0
		addr add 2001:db8:1::fe/64 dev mn0 nodad
		addr add $CARE_OF4/32 dev lo
		addr add $CARE_OF6/128 dev lo
		addr add $HOME4/32 dev lo
		addr add $HOME6/128 dev lo
		neigh replace $HA4 lladdr $MAC_HA_MN dev mn0 nud permanent
		neigh replace $HA6 lladdr $MAC_HA_MN dev mn0 nud permanent
	END
	make_end "$1" mn $CARE_OF4 $CARE_OF6 $HA4 $HA6
	case $1 in
	plain?)
		ip -n "${SET}mn" route add default via $HA4
		ip -n "${SET}mn" route add ::/0 via $HA6
		;;
	*)
		ip -n "${SET}mn" link set t0 up
		ip -n "${SET}mn" route add default dev t0 src $HOME4
		ip -n "${SET}mn" route add ::/0 dev t0 src $HOME6
		;;
	esac
}

# make_end VARIANT ha|mn NEAR4 NEAR6 FAR4 FAR6: one end of a tunnel, t0.
make_end() {
	local variant=$1 role=$2 near4=$3 near6=$4 far4=$5 far6=$6 add
	add=(ip -n "$SET$role" link add t0 type)
	case $variant in
	plain?) ;;
	ip6ip6) "${add[@]}" ip6tnl mode ip6ip6 local "$near6" remote "$far6" encaplimit none ;;
	ip4ip6) "${add[@]}" ip6tnl mode ipip6 local "$near6" remote "$far6" encaplimit none ;;
	sit) "${add[@]}" sit local "$near4" remote "$far4" ttl 64 ;;
	ipip) "${add[@]}" ipip local "$near4" remote "$far4" ttl 64 ;;
	fou46 | fou44)
		modprobe fou
		ip netns exec "$SET$role" ip fou add port 4191 ipproto "$(fou_protocol "$variant")"
		"${add[@]}" "$([ "$variant" = fou46 ] && echo sit || echo ipip)" local "$near4" remote "$far4" ttl 64 \
			encap fou encap-sport 4191 encap-dport 4191
		;;
	fou66 | fou64)
		modprobe fou6
		ip netns exec "$SET$role" ip -6 fou add port 4191 ipproto "$(fou_protocol "$variant")"
		"${add[@]}" ip6tnl mode "$([ "$variant" = fou66 ] && echo ip6ip6 || echo ipip6)" local "$near6" remote "$far6" \
			encaplimit none encap fou encap-sport 4191 encap-dport 4191 encap-csum
		;;
	wg?)
		# Neither key is a secret.
		"${add[@]}" wireguard
		wg_keys "$role"
		ip netns exec "$SET$role" wg set t0 listen-port 4191 private-key "/run/bench-key-$role" \
			peer "$peer_key" endpoint "$far4:4191" allowed-ips 0.0.0.0/0,::/0
		;;
	gtp4)
		# The node's identifiers: 100 to the home agent, 200 from it.
		modprobe gtp
		"${add[@]}" gtp role "$([ "$role" = ha ] && echo ggsn || echo sgsn)" hsize 64
		ip netns exec "$SET$role" "$BENCH_BIN/gtp_session" t0 \
			$([ "$role" = ha ] && echo 100 200 || echo 200 100) $HOME4 "$far4"
		;;
	?in?-*) make_dsmip "$variant" "$role" ;;
	*) fail "no variant $variant" ;;
	esac
}

# The last digit is the inner family.
fou_protocol() { [ "${1#fou?}" = 6 ] && echo 41 || echo 4; }

# wg_keys ha|mn: files with private keys; sets peer_key.
wg_keys() {
	local role
	for role in ha mn; do
		[ -e /run/bench-key-$role ] || (umask 077 && wg genkey >/run/bench-key-$role)
	done
	if [ "$1" = ha ]; then role=mn; else role=ha; fi
	peer_key=$(wg pubkey </run/bench-key-$role)
}

# make_dsmip VARIANT ha|mn: nodes as NODES says. The format comes last in the name: 6in4-udp-tlv.
make_dsmip() {
	local via=$CARE_OF4 port=:4191 format=${1#*-} in=(ip netns exec "$SET$2")
	[ "$(outer_family "$1")" = 4 ] || via=$CARE_OF6
	[ "$2" = ha ] || port=
	[ -z "$port" ] || [ "$via" = $CARE_OF4 ] || via="[$via]"
	ip -n "$SET$2" link add t0 type dsmip
	"${in[@]}" dsmip-nl device-set t0 --udp-port 4191 --home-agent4 $HA4 --home-agent6 $HA6 \
		--role "$([ "$2" = ha ] && echo home-agent || echo mobile-node)"
	if [ "${NODES:-1}" = 1 ]; then
		"${in[@]}" dsmip-nl binding-new t0 --create \
			--node "$HOME6 home4 $HOME4 / via $via$port $format lifetime 86400s"
	else
		"${in[@]}" dsmip-nl bulk-add t0 "$NODES" --spread --home4 --via "$via$port" --encap "$format" \
			--lifetime 86400s
	fi
}

# What arrives at an end is dropped at once: it is not part of the measurement.
drop_at() {
	ip netns exec "$SET$1" tc qdisc add dev "$2" clsact
	ip netns exec "$SET$1" tc filter add dev "$2" ingress matchall action drop
}
no_drop_at() { ip netns exec "$SET$1" tc qdisc del dev "$2" clsact; }

# pktgen_set FILE WORDS: the files belong to the namespace.
pktgen_set() { echo "$2" >"/proc/net/pktgen/$1" || fail "pktgen refuses: $1 $2"; }

# Of many nodes, as many get packets: enough to leave no trace of a single one, and all have had one, and so remember a
# route, before anything is counted. A power of two.
BUSY_NODES=256

# pktgen_prepare cn0|src0 FAMILY NODES: runs in the namespace of the device.
pktgen_prepare() {
	local word device=$1 to=$MAC_HA_CN src4=198.51.100.2 src6=2001:db8:c::2
	[ "$device" = cn0 ] || to=$MAC_CN_SRC src4=203.0.113.2 src6=2001:db8:f::2
	pktgen_set kpktgend_0 rem_device_all
	pktgen_set kpktgend_0 "add_device $device"
	for word in "pkt_size 100" "delay 0" "clone_skb 0" "dst_mac $to" "udp_src_min 4000" "udp_src_max 4000" \
		"udp_dst_min 9" "udp_dst_max 9" "src_min $src4" "src_max $src4"; do
		pktgen_set "$device" "$word"
	done
	if [ "$2" = 6 ]; then
		pktgen_set "$device" "src6 $src6"
		pktgen_set "$device" "dst6_min $HOME6"
		pktgen_set "$device" "dst6_max $HOME6"
		[ "$3" = 1 ] || pktgen_set "$device" "dst6_min 2001:db8:b::"
		[ "$3" = 1 ] || pktgen_set "$device" "dst6_max 2001:db8:b::$(printf %x $((BUSY_NODES - 1)))"
	elif [ "$3" = 1 ]; then
		pktgen_set "$device" "dst_min $HOME4"
		pktgen_set "$device" "dst_max $HOME4"
	else
		pktgen_set "$device" "dst_min 100.64.0.0"
		pktgen_set "$device" "dst_max 100.64.0.$((BUSY_NODES - 1))"
	fi
}
# pktgen_send DEVICE COUNT
pktgen_send() {
	pktgen_set "$1" "count $2"
	pktgen_set pgctrl start
}
# node_send VARIANT NODES COUNT: runs in [mn]; packets encapsulated as VARIANT expects them.
node_send() {
	local format=direct outer senders=1
	[ "$2" = 1 ] || senders=$BUSY_NODES
	outer=$(outer_family "$1")
	case $1 in
	plain?) outer=0 format=plain ;;
	fou*) format=udp ;;
	gtp4) format=gtp ;;
	*-*) format=${1#*-} ;;
	esac
	"$BENCH_BIN/encapsulated_sender" mn0 $MAC_HA_MN "$(inner_family "$1")" "$outer" "$format" $senders "$3"
}
