#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Large packets cross the device unsegmented and packets are merged through and after every outer
# header, on paths with offloads, without, and with them at one end only; data is compared, and
# packets are counted on the wire, in the device and in the stack behind it.
# timeout: 1800
#
#   cn (cn0) ---- (ha1) ha, d0 (ha0) ---- (mn0) mn, m0
. "$(dirname "$0")/lib.sh"

modprobe dsmip
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
	--home-agent-port 4191
addresses mn m0 203.0.113.1/32 2001:db8:a::1/128
ip -n ha route add 203.0.113.0/24 dev d0
ip -n ha route add 2001:db8:a::/64 dev d0
ip -n mn route add default dev m0 src 203.0.113.1
ip -n mn route add default dev m0 src 2001:db8:a::1
# A slow machine would send two segments at a time, by its idea of the path's speed.
for ns in cn mn; do in_ns $ns sysctl -qw net.ipv4.tcp_min_tso_segs=16; done
python3 -B "$SYSTEM_DIR/kmod_offload" 2>&1 | tee "$ARTIFACTS/kmod_offload.txt"
