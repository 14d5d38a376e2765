#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs in the guest of tests/bench/throughput: all variants beside each other in one boot, measured in turn, so that what
# changes in the meantime changes for all of them.
#   throughput.sh ROUNDS PACKETS TCP_BYTES VARIANT...
# Prints   pps VARIANT to-node|from-node MICROSECONDS PACKETS   and   tcp VARIANT BITS_PER_SECOND
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
PATH="$here/../../../build/ctl/bin:$PATH"
rounds=$1 packets=$2 bytes=$3
variants=("${@:4}")

arrived() { ip netns exec "$SET$1" cat "/sys/class/net/$2/statistics/rx_packets"; }
# arrives NS DEVICE BEFORE VARIANT: all packets.
arrives() {
	local end=$((SECONDS + 30))
	while ((SECONDS < end)); do
		[ $(($(arrived "$1" "$2") - $3)) -lt "$packets" ] || return 0
		poll_pause
	done
	fail "$4: $(($(arrived "$1" "$2") - $3)) of $packets packets came to $2"
}

packets_to_node() {
	local before
	before=$(arrived mn mn0)
	ip netns exec "${SET}cn" bash -c ". $here/network.sh; pktgen_send cn0 $packets
		sed -nE 's/^Result: OK: ([0-9]+)\\(.*/pps $1 to-node \\1 $packets/p' /proc/net/pktgen/cn0"
	arrives mn mn0 "$before" "$1"
}
packets_from_node() {
	local before
	before=$(arrived cn cn0)
	echo "pps $1 from-node $(ip netns exec "${SET}mn" bash -c ". $here/network.sh; node_send $1 1 $packets")"
	arrives cn cn0 "$before" "$1"
}
tcp_to_node() {
	local home=$HOME4 rate
	[ "$(inner_family "$1")" = 4 ] || home=$HOME6
	rate=$(ip netns exec "${SET}cn" iperf3 -J -c $home -n "$bytes" |
		sed -n '/"sum_received"/,/}/ s/.*"bits_per_second":[^0-9]*\([0-9]*\).*/\1/p')
	[ -n "$rate" ] || fail "$1: iperf3 gives no rate"
	echo "tcp $1 $rate"
}

modprobe pktgen
number=0
declare -A set_of
for variant in "${variants[@]}"; do
	SET=v$((++number))
	set_of[$variant]=$SET
	make_network
	make_variant "$variant"
	case $variant in
	wg?) ;;
	*)
		ip netns exec "${SET}cn" bash -c ". $here/network.sh; pktgen_prepare cn0 $(inner_family "$variant") 1"
		SET=$SET packets=300 packets_to_node "$variant" >/dev/null
		SET=$SET packets=300 packets_from_node "$variant" >/dev/null
		;;
	esac
done
for ((round = 0; round < rounds; round++)); do
	for variant in "${variants[@]}"; do
		case $variant in wg?) continue ;; esac
		SET=${set_of[$variant]}
		packets_to_node "$variant"
		packets_from_node "$variant"
	done
done
for variant in "${variants[@]}"; do
	SET=${set_of[$variant]}
	make_node "$variant"
	ip netns exec "${SET}mn" iperf3 -s -D >/dev/null
done
for ((round = 0; round < rounds; round++)); do
	for variant in "${variants[@]}"; do
		SET=${set_of[$variant]}
		tcp_to_node "$variant"
	done
done
