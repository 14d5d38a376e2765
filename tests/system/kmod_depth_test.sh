#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How much of the kernel's stack a packet takes that goes the longest way there is: out of
# ESP, out of a tunnel, through netfilter, into the tunnel of a node in a mobile network,
# into that of its mobile router, and into ESP. Where the kernel has a stack tracer, it
# tells; elsewhere the kernel itself watches the end of its stacks. What comes out of a
# tunnel inside of a tunnel waits for its turn and begins anew.
# timeout: 1200
# shellcheck disable=SC2154 # PID_name is set by start
#
#   host, guest1, guest2 (lan) ---- (lan0) router (wan) ==== (wan) ha ---- cn
. "$(dirname "$0")/lib.sh"

HA6=2001:db8:1::1 COA=2001:db8:2::2 LAN=2001:db8:aaaa:: HOME_NET=2001:db8:f::
CN=2001:db8:c::2
TRACING=/sys/kernel/tracing
# Of 16 KiB on 64-bit machines, whose interrupts have a stack of their own.
STACK_MAX=$((8 * 1024))

modprobe dsmip
mount -t tracefs tracefs $TRACING 2>/dev/null || :
namespaces cn ha router lan host guest1 guest2
routers ha router
wire cn eth0 ha cn0
wire ha wan router wan
ip -n lan link add br0 type bridge mcast_snooping 0
ip -n lan link set br0 up
for ns in router host guest1 guest2; do
	wire lan "to-$ns" $ns lan0
	ip -n lan link set "to-$ns" master br0
done
ip -n cn address add $CN/64 dev eth0
ip -n cn route add default via 2001:db8:c::1
ip -n ha address add 2001:db8:c::1/64 dev cn0
ip -n ha address add 2001:db8:2::1/64 dev wan
ip -n ha address add $HA6/128 dev lo
ip -n router address add $COA/64 dev wan
ip -n router address add ${LAN}1/64 dev lan0
ip -n router route add $HA6 via 2001:db8:2::1
ip -n guest1 address add ${LAN}11/64 dev lan0
ip -n guest2 address add ${LAN}12/64 dev lan0
ip -n host address add ${LAN}9/64 dev lan0
ip -n host route add default via ${LAN}1

say "A mobile router, and two mobile nodes in its network"
ip -n ha link add d0 type dsmip
in_ns ha dsmip-nl device-set d0 --role home-agent --home-agent6 $HA6 --udp-port 4191
ip -n ha link set d0 up
ip -n ha route add $HOME_NET/64 dev d0
ip -n ha route add $LAN/64 dev d0
in_ns ha dsmip-nl binding-new d0 --create --node "${HOME_NET}1 / via $COA lifetime 3600s" \
	--node "${HOME_NET}11 / via ${LAN}11 lifetime 3600s" --node "${HOME_NET}12 / via ${LAN}12 lifetime 3600s"
in_ns ha dsmip-nl prefix-new d0 --node "${HOME_NET}1 $LAN/64"
# node NS NUMBER CARE-OF: its device
node() {
	ip -n "$1" link add m0 type dsmip
	in_ns "$1" dsmip-nl device-set m0 --role mobile-node --home-agent6 $HA6 --home-agent-port 4191
	ip -n "$1" link set m0 up
	ip -n "$1" address add "$HOME_NET$2/128" dev m0
	in_ns "$1" dsmip-nl binding-new m0 --create --node "$HOME_NET$2 / via $3 lifetime 3600s"
}
node router 1 $COA
node guest1 11 ${LAN}11
node guest2 12 ${LAN}12
in_ns router dsmip-nl prefix-new m0 --node "${HOME_NET}1 $LAN/64"
ip -n router -6 route add default dev m0 table 100
ip -n router -6 rule add iif lan0 lookup 100
ip -n router -6 rule add pref 1 to $LAN/64 lookup main
for ns in guest1 guest2; do
	ip -n $ns route add $HA6 via ${LAN}1
	ip -n $ns -6 route add default dev m0
done

say "ESP around the router's tunnel, connection tracking and rules in every hook"
# Our own kernels have no cipher but this.
cipher=(cipher_null '')
[ ! -e $TRACING/stack_max_size ] || cipher=('cbc(aes)' 0x22222222222222222222222222222222)
key=0x1111111111111111111111111111111111111111
for ns in ha router; do
	ip -n $ns xfrm state add src $HA6 dst $COA proto esp spi 0x1001 mode transport auth 'hmac(sha1)' $key enc "${cipher[@]}"
	ip -n $ns xfrm state add src $COA dst $HA6 proto esp spi 0x1002 mode transport auth 'hmac(sha1)' $key enc "${cipher[@]}"
	in_ns $ns nft -f - <<-NFT
		table inet watch {
			chain before { type filter hook prerouting priority 0; ct state invalid counter; ct mark set 1; }
			chain inbound { type filter hook input priority 0; ct state new,established,related counter; }
			chain forwarded { type filter hook forward priority 0; ct state new,established,related counter; }
			chain outbound { type route hook output priority 0; ct state new,established,related counter; }
			chain behind { type nat hook postrouting priority 100; oifname "nowhere" masquerade; }
		}
	NFT
done
# policy NS DIRECTION FROM TO
policy() {
	ip -n "$1" xfrm policy add src "$3" dst "$4" proto 41 dir "$2" tmpl src "$3" dst "$4" proto esp mode transport
}
policy ha out $HA6 $COA
policy ha in $COA $HA6
policy router out $COA $HA6
policy router in $HA6 $COA

# Softirqs run on the stacks of threads, where they can be measured, with all before them.
threads() {
	local ns dev
	for ns in ha router; do
		for dev in wan d0 m0 lan0 cn0; do
			[ -n "$(ip -n $ns -o link show dev $dev 2>/dev/null)" ] || continue
			# Only so has a virtual cable a NAPI.
			in_ns $ns ethtool -K $dev gro on
			in_ns $ns sh -c "echo 1 >/sys/class/net/$dev/threaded"
		done
	done
}
threads

esp_packets() { ip -n ha -s xfrm state list src $HA6 dst $COA | sed -nE 's/.*, ([0-9]+)\(packets\).*/\1/p' | head -n1; }
received() { in_ns "$1" dsmip-nl --json binding-get m0 "$2" | sed -E 's/.*"rx_packets":([0-9]+).*/\1/'; }
# crossed FROM NS ADDRESS: small and large, from one system call each and in a stream
crossed() {
	local size
	for size in 56 1100; do
		in_ns "$1" ping -c20 -i0.02 -W20 -s $size "$3" >/dev/null || fail "ping $3 from $1 with $size octets"
	done
	start server ip netns exec "$2" iperf3 -s -1 --forceflush
	wait_until "server" grep -q listening "$ARTIFACTS/server.log"
	in_ns "$1" iperf3 -c "$3" -n 3M >"$ARTIFACTS/$1-$2.iperf.txt" || fail "TCP from $1 to $2"
	wait "$PID_server" || fail "the server in $2"
}
say "Traffic"
crossed host cn $CN
encrypted=$(esp_packets)
((${encrypted:-0} > 20)) || fail "$encrypted packets in ESP"
if [ -e $TRACING/stack_max_size ]; then
	sysctl -qw kernel.stack_tracer_enabled=1
	echo 0 >$TRACING/stack_max_size
fi
before=$(received guest2 ${HOME_NET}12)
crossed host guest2 ${HOME_NET}12
crossed guest1 guest2 ${HOME_NET}12
crossed guest1 cn $CN
crossed cn guest1 ${HOME_NET}11
(($(received guest2 ${HOME_NET}12) >= before + 80)) || fail "packets did not come through the tunnel in the tunnel"

if [ -e $TRACING/stack_max_size ]; then
	depth=$(<$TRACING/stack_max_size)
	sysctl -qw kernel.stack_tracer_enabled=0
	cat $TRACING/stack_trace >"$ARTIFACTS/stack_trace.txt"
	info "deepest stack: $depth octets"
	grep -q '\[dsmip\]' "$ARTIFACTS/stack_trace.txt" || fail "the deepest stack was none of a tunnel"
	((depth <= STACK_MAX)) || fail "$depth octets of stack, more than $STACK_MAX"
else
	info "this kernel has no stack tracer; its own checks of the end of stacks count"
fi
say "done"
