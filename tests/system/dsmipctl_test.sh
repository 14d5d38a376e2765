#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dsmipctl with a real module: what it shows, its exit status and its advice.
# subject: programs
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"

# status_of STATUS REGEX COMMAND...: ends so, with such a text on standard error.
status_of() {
	local wanted=$1 regex=$2 status=0 text
	shift 2
	text=$("$@" 2>&1 >/dev/null) || status=$?
	expect_equal "exit status of $*" "$wanted" "$status"
	expect_match "message of $*" "$regex" "$text"
}
# json EXPRESSION...: values of the document d on standard input.
json() { python3 -c "import json,sys; d=json.load(sys.stdin); print($(IFS=,; echo "$*"))"; }

modprobe dsmip
say "Permission and missing parts"
status_of 4 'run as root or with CAP_NET_ADMIN' setpriv --bounding-set=-all --inh-caps=-all \
	--reuid=65534 --regid=65534 --clear-groups dsmipctl binding show
status_of 4 'CAP_NET_ADMIN' setpriv --bounding-set=-all --inh-caps=-all \
	--reuid=65534 --regid=65534 --clear-groups dsmipctl monitor
status_of 5 'systemctl start dsmipd' dsmipctl --socket "$WORK/none.sock" status
status_of 5 'systemctl start dsmipd' dsmipctl --socket "$WORK/none.sock" \
	binding del 2001:db8:1::100
status_of 2 'not an IP address' dsmipctl binding show somewhere

say "Nothing is there yet"
expect_equal "devices" '' "$(dsmipctl device show)"
expect_equal "devices as JSON" '[]' "$(dsmipctl device show --json)"
expect_equal "bindings as JSON" '[]' "$(dsmipctl binding show --json)"
status_of 1 'no device "dsmip0"' dsmipctl device show dsmip0

say "A device with bindings"
namespaces ha
ip -n ha link add dsmip0 type dsmip
ip -n ha link set dsmip0 up
in_ns ha dsmip-nl device-set dsmip0 --role home-agent --home-agent6 2001:db8::1
start monitor ip netns exec ha dsmipctl --socket "$WORK/none.sock" monitor --json
wait_until "the monitor listens" grep -q 'monitoring kernel only' "$ARTIFACTS/monitor.log"
in_ns ha dsmip-nl binding-new dsmip0 --create \
	--node '2001:db8:1::100 home4 192.0.2.10 / via 198.51.100.7:40000 udp lifetime 600s flags nat seq 12' \
	--node '2001:db8:1::101 / bid 1 via 2001:db8:6::2 lifetime 60s prio 3 / bid 2 via 198.51.100.8 lifetime 60s'
expect_match "a device" $'^dsmip0: role home-agent .*\n    nodes 2 bindings 3 paths 0$' \
	"$(in_ns ha dsmipctl device show)"
expect_match "a binding" \
	'^2001:db8:1::100 bid 0 via 198\.51\.100\.7:40000 udp dev dsmip0 nat lifetime (59[0-9]|600)s seq 12 prio 0 home4 192\.0\.2\.10$' \
	"$(in_ns ha dsmipctl binding show 192.0.2.10 | head -n 1)"
expect_equal "a binding as JSON" '198.51.100.7 40000 udp nat' \
	"$(in_ns ha dsmipctl binding show 2001:db8:1::100 --json |
		json 'd[0]["care_of"]' 'd[0]["port"]' 'd[0]["encapsulation"]' '*d[0]["flags"]')"
expect_equal "bindings of the other device" '' "$(dsmipctl binding show)"
status_of 1 'no binding for 2001:db8:1::1ff' in_ns ha dsmipctl binding show 2001:db8:1::1ff

say "Events and counters"
in_ns ha dsmip-nl binding-new dsmip0 --node '2001:db8:1::101 / bid 1 lifetime 1ms'
wait_until "the lifetime of bid 1 ended" grep -q binding-expired "$ARTIFACTS/monitor.log"
expect_equal "the events so far" 'binding-new binding-new binding-expired' \
	"$(grep '^{' "$ARTIFACTS/monitor.log" |
		python3 -c 'import json,sys; print(*[json.loads(l)["event"] for l in sys.stdin])')"
expect_equal "the binding of the event" '2001:db8:1::101 1' \
	"$(grep binding-expired "$ARTIFACTS/monitor.log" |
		json 'd["nodes"][0]["home_address"]' 'd["nodes"][0]["bindings"][0]["bid"]')"
expect_equal "counters that moved" $'dsmip0:\n    binding_expired 1' "$(in_ns ha dsmipctl counters)"
expect_match "all counters" $'\n    rx_end_point 0' "$(in_ns ha dsmipctl counters dsmip0 --all)"

say "Output that cannot be written is an error, a reader that went away is not"
for command in 'device show' 'binding show' 'binding show --json' 'prefix show --json' 'flow show --json' 'counters --all'; do
	read -ra words <<<"$command"
	status=0
	text=$(in_ns ha dsmipctl "${words[@]}" 2>&1 >/dev/full) || status=$?
	expect_equal "status of '$command' into a full disk" 1 $status
	expect_equal "message" 'dsmipctl: standard output: No space left on device' "$text"
done
# No event comes, so nothing is written: the monitor itself looks after its reader.
mkfifo "$WORK/pipe"
start reader cat "$WORK/pipe"
start piped ip netns exec ha bash -c "exec dsmipctl --socket $WORK/none.sock monitor >$WORK/pipe"
wait_until "the monitor listens" grep -q 'monitoring kernel only' "$ARTIFACTS/piped.log"
kill -KILL "$PID_reader"
wait "$PID_piped" || fail "the monitor ended with status $? when its reader went away"
start full ip netns exec ha bash -c "exec dsmipctl --socket $WORK/none.sock monitor >/dev/full"
wait_until "the monitor listens" grep -q 'monitoring kernel only' "$ARTIFACTS/full.log"
in_ns ha dsmip-nl binding-new dsmip0 --node '2001:db8:1::101 / bid 2 lifetime 50s'
status=0
wait "$PID_full" || status=$?
expect_equal "status of a monitor into a full disk" 1 $status
expect_match "message" 'standard output: No space left' "$(cat "$ARTIFACTS/full.log")"

say "Without the module"
kill "$PID_monitor"
wait "$PID_monitor" || :
ip netns delete ha
wait_until "the module can go" modprobe -r dsmip
# A question for the family makes the kernel load the module, unless it cannot.
sysctl -qw kernel.modprobe=/bin/false
status_of 3 'modprobe dsmip' dsmipctl binding show
status_of 3 'modprobe dsmip' dsmipctl monitor
