#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What an operator asks and changes: reload, explain, filters, JSON as documented, events.
# subject: programs
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

SCHEMA=$TREE/Documentation/schema
conforms() { # conforms SCHEMA [--lines] <JSON
	check_schema.py "$SCHEMA/$1.json" "${@:2}" >"$ARTIFACTS/schema.log" 2>&1 ||
		fail "output differs from $1.json: $(tail -n 3 "$ARTIFACTS/schema.log")"
}
# What is bound, but for what changes by itself.
bindings() {
	in_ns ha dsmipctl binding show --json | python3 -c '
import json,sys
for b in json.load(sys.stdin):
    print([b.get(k) for k in ("home_address","bid","care_of","sequence","home_addresses4")])'
}
explained() { ha_ctl explain "$@"; }

roaming_network
ha_config
start_ha
start monitor ip netns exec ha dsmipctl --socket /run/dsmip/ha.sock monitor --json
wait_until "the monitor" grep -q monitoring "$ARTIFACTS/monitor.log"

say "A node that has never been heard of, and one that is not served"
expect_match "explain" "not bound: no Binding Update of it has been received" "$(explained $HOA6)"
expect_match "explain" "in none of the home prefixes" "$(explained 2001:db8:9::1)"
expect_match "explain" "not in the configuration" "$(explained 2001:db8:1::77)"

attach wan4
mn_config
start_mn
wait_bound ha "via 203.0.113.10"
wait_until "the IPv4 home address" grep -q home-address4-accepted "$ARTIFACTS/mn.log"

say "A bound node, by either of its addresses; JSON as documented"
expect_match "explain" "bound, 1 binding" "$(explained $HOA4)"
explained $HOA6 --json | conforms explain
explained 2001:db8:9::1 --json | conforms explain
in_ns ha dsmipctl binding show --json | conforms binding-show

say "Filters"
shown() { in_ns ha dsmipctl binding show "$@" | grep -c via || :; }
expect_equal "prefix" 1 "$(shown --prefix 2001:db8:1::/64)"
expect_equal "IPv4 prefix" 1 "$(shown --prefix 192.0.2.128/25)"
expect_equal "another prefix" 0 "$(shown --prefix 2001:db8:2::/64)"
expect_equal "bid" 1 "$(shown --bid 0)"
expect_equal "another bid" 0 "$(shown --bid 3)"
expect_equal "state" 1 "$(shown --state direct)"
expect_equal "two states" 0 "$(shown --state direct --state nat)"
expect_refused "unknown state" "frob" in_ns ha dsmipctl binding show --state frob

say "A reload that changes policies and adds a node, under traffic"
before=$(bindings)
start_pings
HA_LINES='max-lifetime = "20m"' HA_NODES='[[home-agent.node]]
home-address = "2001:db8:1::200"
home-addresses4 = ["192.0.2.140"]' ha_config
text=$(ha_ctl reload)
expect_match "difference" "home-agent.max-lifetime: 1h -> 20m" "$text"
expect_match "difference" "home-agent.node 2001:db8:1::200: added" "$text"
expect_match "route of the new node" "192.0.2.140 dev dsmip0" "$(ip -n ha route show 192.0.2.140)"
expect_match "reload of the same" "nothing has changed" "$(ha_ctl reload)"
expect_match "explain" "no Binding Update of it has been received" "$(explained 192.0.2.140)"

say "A mistake: the line, and nothing changes"
cp "$WORK/ha.toml" "$WORK/good.toml"
printf 'lifetme = 3\n' >>"$WORK/ha.toml"
line=$(wc -l <"$WORK/ha.toml")
sed -i 's/max-lifetime = .*/max-lifetime = "5m"/' "$WORK/ha.toml"
expect_refused "reload" "ha.toml:$line: .*lifetme" ha_ctl reload
kill -HUP "$PID_ha"
wait_until "the refusal in the log" grep -q "reload refused, nothing has changed: .*ha.toml:$line: " "$ARTIFACTS/ha.log"
cp "$WORK/good.toml" "$WORK/ha.toml"
expect_match "nothing has changed" "nothing has changed" "$(ha_ctl reload)"

say "What cannot change is refused by name, and the rest with it"
sed -i -e 's/^address6 = .*/address6 = "2001:db8:1::2"/' -e 's/max-lifetime = .*/max-lifetime = "5m"/' "$WORK/ha.toml"
expect_refused "reload" "home-agent.address6: cannot change while the daemon runs.*restart it" ha_ctl reload
cp "$WORK/good.toml" "$WORK/ha.toml"
expect_match "nothing has changed" "nothing has changed" "$(ha_ctl reload)"

pings_answered
expect_equal "bindings after all reloads" "$before" "$(bindings)"

say "A node that is taken out by SIGHUP loses its binding, and is told why"
sed -i "s/^home-address = \"$HOA6\"/home-address = \"2001:db8:1::300\"/" "$WORK/ha.toml"
kill -HUP "$PID_ha"
wait_until "removal" eval "! in_ns ha dsmipctl binding show | grep -q via"
expect_match "explain" "not in the configuration" "$(explained $HOA6)"
kill_hard mn
MN_LINES='mcoa = true' mn_config
start_mn
wait_until "refusal with status 129" grep -qE 'binding-refused.*129' "$ARTIFACTS/ha.log"
explained $HOA6 --json | conforms explain
expect_equal "status of the last Binding Update" 129 \
	"$(explained $HOA6 --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["last_update"]["status"])')"
expect_match "end of the last binding" "no longer served" "$(explained $HOA6)"
cp "$WORK/good.toml" "$WORK/ha.toml"
kill -HUP "$PID_ha"
wait_bound ha "bid 2 via 203.0.113.10"

say "The statuses of single options"
text=$(explained $HOA6)
expect_match "BID 2" "bid 2 status 0 status_text " "$text"
expect_match "IPv4 home address" "address $HOA4 prefix_length 32 status 0 " "$text"
explained $HOA6 --json | conforms explain
expect_equal "statuses" "[[2, 0]] [['$HOA4', 0]]" "$(explained $HOA6 --json | python3 -c 'import json,sys
u = json.load(sys.stdin)["last_accepted"]
print([[i["bid"], i["status"]] for i in u["identifiers"]], [[a["address"], a["status"]] for a in u["home_addresses4"]])')"

say "A de-registration from where the node is not registered: refused by policy"
leave() { # as a second node with the same home address would; prints the answer
	local last
	last=$(explained $HOA6 --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["sequence"])')
	in_ns cn home_signalling.py update eth0 $HA6 $HOA6 --care-of $CN6 --lifetime 0 \
		--sequence $(((last + 1) % 65536))
}
printf '\n[home-agent.policy]\nderegistration-from-elsewhere = "refuse"\n' >>"$WORK/ha.toml"
expect_match "difference" "deregistration-from-elsewhere" "$(ha_ctl reload)"
expect_match "answer" "^status 129 " "$(leave)"
expect_match "explain" "deregistration-from-elsewhere" "$(explained $HOA6)"
bound ha "bid 2 via 203.0.113.10" || fail "the binding ended all the same"
cp "$WORK/good.toml" "$WORK/ha.toml"
ha_ctl reload >/dev/null

say "Or accepted, and shown as a change of owner"
expect_match "answer" "^status 0 " "$(leave)"
wait_until "the end of the binding" no_binding
expect_match "explain" "the de-registration from $CN6 .* was a change of owner: 203.0.113.10" "$(explained $HOA6)"
explained $HOA6 --json | conforms explain
grep -q "deregistered-from-elsewhere home-address=$HOA6 from=$CN6 registered-at=203.0.113.10" "$ARTIFACTS/ha.log" ||
	fail "nothing in the log"
stop mn
start_mn
wait_bound ha "bid 2 via 203.0.113.10"

say "Everything was told to the monitor, as documented"
ha_ctl binding del $HOA6
wait_until "the deletion at the monitor" grep -q '"reason":"administrative"' "$ARTIFACTS/monitor.log"
grep '^{' "$ARTIFACTS/monitor.log" >"$WORK/events"
conforms monitor --lines <"$WORK/events"
for event in binding-accepted binding-refused binding-removed configuration-reloaded binding-new binding-del; do
	grep -q "\"event\":\"$event\"" "$WORK/events" || fail "the monitor was not told of $event"
done
say "done"
