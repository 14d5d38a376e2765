#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The sender of count.sh, one process for all intervals.
#   count_sender.sh FEW MANY ROUNDS
# shellcheck source-path=SCRIPTDIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/network.sh"
mark=$here/../../../build/bench/mark

# Caches warm up, neighbours and routes are found.
pktgen_send 300
"$mark"
for ((round = 0; round < $3; round++)); do
	pktgen_send "$1"
	"$mark"
	pktgen_send "$2"
	"$mark"
done
