#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every allocation that a request or a packet needs fails once: the request is
# refused and changes nothing, the packet is counted, nothing leaks.
# Only kernels with fault injection can do this (uml-debug, x86-debug).
# timeout: 1800
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/packet_fuzz.sh
. "$SYSTEM_DIR/packet_fuzz.sh"

if [ ! -e /proc/self/fail-nth ]; then
	say "this kernel cannot inject failures: nothing to do"
	exit 0
fi
for kind in failslab fail_page_alloc; do
	dir=/sys/kernel/debug/$kind
	# Not only allocations that may not wait; the failures themselves are no trouble to report.
	echo N >$dir/ignore-gfp-wait
	echo 0 >$dir/verbose
done
echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order

modprobe dsmip
modprobe tun || :
say "requests"
namespaces a
ip -n a link add f0 type dsmip
in_ns a dsmip-netlink-fault f0
say "packets"
packet_host b
in_ns b dsmip-packet-fuzz --faults --seed 1
ip netns delete b
say "making and deleting devices"
# The kernel says with a trace where it could not make files for a device; what counts is looked for here.
dmesg --console-level 1
in_ns a dsmip-netlink-fault f0 links
dmesg --console-level 7
if dmesg | grep -E 'BUG:|WARNING:|KASAN|refcount_t|possible |suspicious|ODEBUG'; then fail "the kernel reports trouble"; fi
ip netns delete a
wait_until "unloading" modprobe -r dsmip
