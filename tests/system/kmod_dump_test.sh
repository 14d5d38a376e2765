#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Dumps of many nodes: whole, in order, without doubles, and honest about
# changes that happened meanwhile.
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"

NODES=5000
dump() { in_ns a dsmip-nl --json bindings "$@"; }
summary() {
	python3 -c 'import json,sys
homes = [b["dev"] + " " + b["home_address"] for b in json.load(sys.stdin)]
print(len(homes), len(set(homes)))'
}

modprobe dsmip
namespaces a
for dev in d0 d1; do
	ip -n a link add $dev type dsmip
	in_ns a dsmip-nl device-set $dev --role home-agent --home-agent4 192.0.2.1 --udp-port 0
done

say "$NODES nodes"
in_ns a dsmip-nl bulk-add d0 $NODES --home4
in_ns a dsmip-nl bulk-add d1 3
dump d0 >"$WORK/one" 2>"$WORK/warning"
expect_equal "one device" "$NODES $NODES" "$(summary <"$WORK/one")"
expect_equal "nothing changed" "" "$(cat "$WORK/warning")"
dump >"$WORK/all" 2>"$WORK/warning"
expect_equal "all devices" "$((NODES + 3)) $((NODES + 3))" "$(summary <"$WORK/all")"
expect_equal "nothing changed" "" "$(cat "$WORK/warning")"
expect_equal "other namespaces are not shown" "[]" "$(dsmip-nl --json bindings)"

say "nodes that come and go while dumps run"
# Constant nodes are always there; others come and go between them.
stop="$WORK/stop"
churn() {
	local n=0
	until [ -e "$stop" ]; do
		n=$((n + 1))
		dsmip-nl binding-new d0 --create \
			--node "2001:db8:b::8:$((n % 7)) / via 198.51.100.1 lifetime 60s" \
			--node "2001:db8:a::$((n % 7)) / via 198.51.100.1 lifetime 60s"
		dsmip-nl binding-del d0 --node "2001:db8:b::8:$((n % 7))" --node "2001:db8:a::$((n % 7))"
		echo $n >"$WORK/rounds"
	done
}
export -f churn
export stop WORK
start churn ip netns exec a bash -c churn
interrupted=0
check_dump() {
	dump d0 >"$WORK/one" 2>"$WORK/warning"
	if grep -q 'changed meanwhile' "$WORK/warning"; then interrupted=$((interrupted + 1)); fi
	python3 - "$WORK/one" $NODES <<'END'
import json, sys
homes = [b["home_address"] for b in json.load(open(sys.argv[1]))]
constant = {h for h in homes if h.startswith("2001:db8:b::") and ":8:" not in h[10:]}
if len(homes) != len(set(homes)):
    sys.exit("a node is there twice")
if len(constant) != int(sys.argv[2]):
    sys.exit(f"{len(constant)} of {sys.argv[2]} constant nodes")
END
}
for _ in {1..10}; do check_dump; done
wait_until "a few changes" grep -qE '^([3-9]|[1-9][0-9]+)$' "$WORK/rounds"
touch "$stop"
wait "$PID_churn"
expect_equal "errors of who made the changes" "" "$(cat "$ARTIFACTS/churn.log")"
info "$interrupted of 10 dumps were told that something changed"

say "a dump that is read slowly is told of a change"
# The answer waits in the socket; the change falls between its parts.
in_ns a python3 "$SYSTEM_DIR/tools/bad_netlink.py" interrupted-dump d0 -- \
	dsmip-nl binding-del d0 --node 2001:db8:b::1387

say "emptied in one request"
in_ns a dsmip-nl binding-del d0 --all
expect_equal "left" "3 3" "$(dump | summary)"
