#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The packet side of the module, from a table: packet in, packet out byte for byte or the one drop
# counter that rises. All formats in both roles and directions, ingress filter, choice of binding, path
# cookies, path MTU, segmentation, bad input.
# timeout: 3600
# requirements: D-2.3.2.2-10 D-4.1-01 D-4.1-04 D-4.1-11 D-4.1-12 D-4.2-04 D-4.2-10
# requirements: D-2.3.2.1-07 D-2.3.2.2-07 D-4.1-02 D-4.1-13 D-4.2-07 D-4.5-26 D-4.5.1-04 D-4.5.1-06
. "$(dirname "$0")/lib.sh"

modprobe dsmip
modprobe tun
# The kernel's own tunnels share their hooks with the module.
for driver in ipip sit ip6_tunnel vrf; do modprobe $driver; done
namespaces host
in_ns host sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv6.auto_flowlabels=0
# Nor do answers to strangers wait for each other; this is for all namespaces.
sysctl -qw net.ipv4.icmp_msgs_per_sec=100000 net.ipv4.icmp_msgs_burst=100000
# A fragment that stays alone would be reported half a minute later, in the midst of another case.
in_ns host sysctl -qw net.ipv4.ipfrag_time=3600 net.ipv6.ip6frag_time=3600
in_ns host python3 -B "$SYSTEM_DIR/kmod_packets" 2>&1 | tee "$ARTIFACTS/kmod_packets.txt"
