#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Nodes are made, replaced, deleted, dumped and expire, packets of every format
# come and go, on all processors at once; meanwhile devices, namespaces and the
# module itself go away and come back.
#
# DSMIP_FIRE_ROUNDS says how often, DSMIP_FUZZ_SEED repeats the random numbers.
# timeout: 2400
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/packet_fuzz.sh
. "$SYSTEM_DIR/packet_fuzz.sh"

ROUNDS=${DSMIP_FIRE_ROUNDS:-12}
SEED=${DSMIP_FUZZ_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
say "seed $SEED, $ROUNDS rounds; repeat with DSMIP_FUZZ_SEED=$SEED DSMIP_FIRE_ROUNDS=$ROUNDS"

devices_up() {
	ip -n a -batch - <<-END
		link add ha0 type dsmip
		link add mn0 type dsmip
		link set ha0 up
		link set mn0 up
	END
}
# Packets have come out of both devices, whose counters begin with them.
traffic() {
	local device
	for device in ha0 mn0; do
		[ "$(in_ns a cat /sys/class/net/$device/statistics/rx_packets)" -gt 20 ] || return 1
		[ "$(in_ns a cat /sys/class/net/$device/statistics/tx_packets)" -gt 20 ] || return 1
	done
}
# A namespace without any process, whose home agent d0 the flood reaches.
victim() {
	ip netns add b
	ip -n a -batch - <<-END
		link add v0 type veth peer name v1 netns b
		address add 10.9.0.2/24 dev v0
		link set v0 up
	END
	ip -n b -batch - <<-END
		address add 10.9.0.1/24 dev v1
		link set v1 up
		link add d0 type dsmip
		link set d0 up
	END
	in_ns b dsmip-nl device-set d0 --role home-agent --home-agent4 10.9.0.1 --udp-port 4191
}
flooded() { [ "$(in_ns b cat /sys/class/net/d0/statistics/rx_dropped)" -gt 20 ]; }

modprobe dsmip
modprobe tun || :
packet_host a
for ((n = 0; n < $(nproc); n++)); do
	start packets$n in_ns a taskset -c $n dsmip-packet-fuzz --tolerant --batch 200 --count 1000000000 --seed $((SEED + n))
	start changes$n in_ns a taskset -c $n dsmip-netlink-fuzz ha0 mn0 --tolerant --load --mutate 10 --batch 200 \
		--count 1000000000 --seed $((SEED + n))
done
start flood in_ns a dsmip-packet-fuzz --flood 10.9.0.1:4191 --seed "$SEED"
wait_until "traffic" traffic

module=0
for ((round = 1; round <= ROUNDS; round++)); do
	case $((round % 4)) in
	0)
		# A request that is being answered holds the module.
		wait_until "unloading under traffic" modprobe -r dsmip
		module=$((module + 1))
		modprobe dsmip
		devices_up
		;;
	1)
		victim
		wait_until "the flood reaches the namespace" flooded
		ip netns delete b
		# Its end of the cable goes with it, some time later.
		wait_until "the namespace has gone" bash -c '! ip -n a link show v0'
		;;
	*)
		ip -n a link delete ha0
		ip -n a link delete mn0
		devices_up
		;;
	esac
	if ((round % 8 == 0)); then wait_until "traffic after round $round" traffic; fi
done
say "$ROUNDS rounds, $module times the module"
for pid in "${BACKGROUND[@]}"; do
	kill -0 "$pid" 2>/dev/null || fail "one of the generators of load ended by itself"
done
for pid in "${BACKGROUND[@]}"; do kill "$pid"; done
for pid in "${BACKGROUND[@]}"; do wait "$pid" || :; done
BACKGROUND=()
ip netns delete a

say "afterwards all is well in a new namespace"
packet_host c
in_ns c dsmip-packet-fuzz --count 1000 --seed "$SEED"
ip netns delete c
wait_until "unloading" modprobe -r dsmip
