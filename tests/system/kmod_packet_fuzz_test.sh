#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Packets of every format, valid, spoilt or nonsense, into both sides of home
# agent and mobile node: each is delivered or counted under one drop counter,
# and valid traffic flows on.
#
# DSMIP_FUZZ_PACKETS says how many, DSMIP_FUZZ_SEED repeats a run.
# timeout: 1800
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/packet_fuzz.sh
. "$SYSTEM_DIR/packet_fuzz.sh"

PACKETS=${DSMIP_FUZZ_PACKETS:-20000}
SEED=${DSMIP_FUZZ_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
say "seed $SEED; repeat with DSMIP_FUZZ_SEED=$SEED DSMIP_FUZZ_PACKETS=$PACKETS"

modprobe dsmip
modprobe tun || :
# One host for each processor, so that their packets meet in the module.
pids=()
for ((n = 0; n < $(nproc); n++)); do packet_host host$n; done
for ((n = 0; n < $(nproc); n++)); do
	in_ns host$n dsmip-packet-fuzz --count $((PACKETS / $(nproc))) --seed $((SEED + n)) &
	pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
