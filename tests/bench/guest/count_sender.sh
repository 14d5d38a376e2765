#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The sender of count.sh, one process for all intervals.
#   count_sender.sh COMMAND WARM FEW MANY ROUNDS     COMMAND: a function of network.sh that takes the number of packets
set -euo pipefail
. "$(dirname "$0")/network.sh"
read -ra send <<<"$1"

# Caches warm up, neighbours and routes are found.
"${send[@]}" "$2"
"$BENCH_BIN/mark"
for ((round = 0; round < $5; round++)); do
	"${send[@]}" "$3"
	"$BENCH_BIN/mark"
	"${send[@]}" "$4"
	"$BENCH_BIN/mark"
done
