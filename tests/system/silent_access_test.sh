#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An access that stays up and loses everything, or all of one direction: traffic leaves it when a refresh got no answer, in
# both directions, and comes back when it works again; with several care-of addresses and with one.
# requirements: M-5.5-03
. "$(dirname "$0")/lib.sh"
. "$SYSTEM_DIR/roaming.sh"

roaming_network
ha_config
start_ha
attach wan4
attach wann
# dead from|to|both: what is lost, seen from the mobile node.
dead() {
	in_ns core nft -f - <<-NFT
		table ip dead {
			chain forward {
				type filter hook forward priority -5;
				$([ "$1" = to ] || echo 'iifname "visited4" drop')
				$([ "$1" = from ] || echo 'oifname "visited4" drop')
			}
		}
	NFT
}
alive() { in_ns core nft delete table ip dead; }
mn_counter() {
	mn_ctl status --json | python3 -c 'import json,sys
print(json.load(sys.stdin)["counters"].get(sys.argv[1], 0))' "$1"
}
no_bid() { ! bound "$1" "bid $2 via"; }
silent() { mn_ctl status --json | grep -q '"silent_care_of": *\[ *{' ; }
answered() { in_ns cn ping -c1 -W1 $HOA4; }

MN_LINES="mcoa = true" mn_config
sed -i 's/^lifetime = 600/lifetime = 24/' "$WORK/mn.toml"
for direction in both from to; do
	say "Several care-of addresses: the preferred one falls silent, lost: $direction"
	# A new one: after each failure an access is tried later.
	start_mn
	wait_bound ha "bid 2 via 203.0.113.10"
	wait_bound ha "bid 3 via $NAT4"
	wait_until "traffic" answered
	dead $direction
	begin=$SECONDS
	wait_until "the mobile node gives it up" no_bid mn 2
	wait_until "the home agent is told" no_bid ha 2
	info "after $((SECONDS - begin)) s"
	wait_until "traffic by the other access" answered
	expect_equal "silent accesses" 1 "$(mn_counter silent_accesses)"
	grep -q access-silent "$ARTIFACTS/mn.log" || fail "no line in the log"
	silent || fail "status does not tell: $(mn_ctl status --json)"

	say "It works again"
	alive
	begin=$SECONDS
	wait_bound ha "bid 2 via 203.0.113.10"
	wait_bound mn "bid 2 via"
	info "back after $((SECONDS - begin)) s"
	wait_until "traffic" answered
	! silent || fail "status still tells of a silent access"
	stop mn
done

say "One care-of address: the same"
mn_config
sed -i 's/^lifetime = 600/lifetime = 24/' "$WORK/mn.toml"
start_mn
wait_bound ha "via 203.0.113.10"
wait_until "traffic" answered
dead both
begin=$SECONDS
wait_bound ha "via $NAT4"
info "left after $((SECONDS - begin)) s"
wait_until "traffic by the other access" answered
alive
begin=$SECONDS
wait_bound ha "via 203.0.113.10"
info "back after $((SECONDS - begin)) s"
wait_until "traffic" answered
