#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Requests of every command, valid, spoilt or nonsense, also from a process
# without privileges: the kernel goes on to answer, its dumps agree with each
# other, valid requests work, and nothing is left behind.
#
# DSMIP_FUZZ_MESSAGES says how many, DSMIP_FUZZ_SEED repeats a run.
# timeout: 1800
. "$(dirname "$0")/lib.sh"

MESSAGES=${DSMIP_FUZZ_MESSAGES:-20000}
SEED=${DSMIP_FUZZ_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
say "seed $SEED; repeat with DSMIP_FUZZ_SEED=$SEED DSMIP_FUZZ_MESSAGES=$MESSAGES"

modprobe dsmip
namespaces a
wire a eth0 a eth1
for device in f0 f1 f2; do ip -n a link add $device type dsmip; done
in_ns a dsmip-nl device-set f0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
in_ns a dsmip-nl device-set f1 --role mobile-node --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
in_ns a dsmip-nl device-set f2 --role home-agent --udp-port 0
for device in f0 f1; do ip -n a link set $device up; done

# One process for each processor: they share devices, so tables change under each other's feet, but only
# what nobody else changes can be looked at.
say "one process looks at the state after each batch"
in_ns a dsmip-netlink-fuzz f0 f1 f2 --count $((MESSAGES / 2)) --seed "$SEED"
say "without privileges"
in_ns a dsmip-netlink-fuzz f0 f1 f2 --count $((MESSAGES / 10)) --seed "$SEED" --unprivileged
say "a process for each of $(nproc) processors"
pids=()
for ((n = 1; n <= $(nproc); n++)); do
	in_ns a dsmip-netlink-fuzz f0 f1 f2 --count $((MESSAGES * 2 / 5 / $(nproc))) --seed $((SEED + n)) --tolerant &
	pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
say "and the devices are still good"
in_ns a dsmip-netlink-fuzz f0 f1 f2 --count 1000 --seed "$SEED" --mutate 0

ip netns delete a
wait_until "unloading" modprobe -r dsmip
