#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Requests that are wrong in every way an attribute can be: each is refused
# with a reason and leaves no trace.
. "$(dirname "$0")/lib.sh"

bad() { in_ns a python3 "$SYSTEM_DIR/tools/bad_netlink.py" "$@"; }
state() { in_ns a dsmip-nl --json device-get d0; in_ns a dsmip-nl --json bindings; }

modprobe dsmip
namespaces a
ip -n a link set lo up
ip -n a link add d0 type dsmip
in_ns a dsmip-nl device-set d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
in_ns a ss -Hunla >"$WORK/sockets"
state >"$WORK/before"

say "a table of bad requests"
bad requests d0
state | diff - "$WORK/before" >&2 || fail "a refused request changed something"
in_ns a ss -Hunla | diff - "$WORK/sockets" >&2 || fail "a refused request changed the sockets"

say "random requests"
seed=${DSMIP_SEED:-$RANDOM}
bad random d0 "${DSMIP_RANDOM_REQUESTS:-4000}" "$seed"
state >/dev/null
in_ns a dsmip-nl binding-del d0 --all
ip -n a link del d0
