#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a registration can ask for, end to end: a dynamic IPv4 home address, UDP
# by wish and by order, a refused wish, several care-of addresses refused, a
# lifetime that ends, deletion by the operator; and what a stopped daemon leaves.
# requirements: D-4.4-07 D-4.5-16 D-4.1-15 D-4.1-16 D-4.1-17 D-4.4-17
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"


say "Secure by default: no word on security, no start"
ha_config
mkdir -p /run/dsmip
grep -v '^security' "$WORK/ha.toml" >"$WORK/silent.toml"
expect_refused "configuration without security" 'silent.toml:[0-9]+: security: ' \
	dsmipd --config "$WORK/silent.toml"
printf 'lifetme = 3\n' >>"$WORK/ha.toml"
expect_refused "unknown key" "ha.toml:[0-9]+: .*lifetme" dsmipd --check --config "$WORK/ha.toml"

roaming_network
HA_LINES='on-stop = "remove"' HA_STATIC='' ha_config
start_ha
grep -q 'security = "none"' "$ARTIFACTS/ha.log" || fail "no warning that signalling is unprotected"
attach wan4

say "A dynamic IPv4 home address from the pool"
MN_HOA4=dynamic mn_config
start_mn
wait_bound ha "via 203.0.113.10[ :].*home4 192\.0\.2\.1[6-9][0-9]"
leased=$(in_ns ha dsmipctl binding show | sed -nE 's/.*home4 ([0-9.]+).*/\1/p')
wait_until "$leased on the mobile node" bash -c "ip -n mn -4 address show dev dsmip0 | grep -q '$leased/32'"
in_ns cn ping -c1 -W5 "$leased" >/dev/null || fail "ping $leased"
stop mn
wait_until "de-registration" no_binding
if ip -n mn link show dsmip0 >/dev/null 2>&1; then fail "the mobile node left its device behind"; fi
expect_equal "rules left by the mobile node" "" \
	"$(ip -n mn rule | grep -vE '^(0|32766|32767):'; ip -n mn -6 rule | grep -vE '^(0|32766):')"
start_mn
wait_bound ha "home4 $leased"
say "The same address again: $leased. Now the operator deletes the binding"
ha_ctl binding del "$HOA6"
wait_until "deletion" no_binding
stop mn
stop ha
if ip -n ha link show dsmip0 >/dev/null 2>&1; then fail "on-stop = remove left the device"; fi

say "UDP by wish of the mobile node, though no NAT is there"
ha_config
start_ha
MN_LINES='force-udp = true' mn_config
start_mn
wait_bound ha "via 203.0.113.10:[0-9]+ udp "
in_ns cn ping -c1 -W5 "$HOA4" >/dev/null || fail "ping over forced UDP"
stop mn
wait_until "de-registration" no_binding

say "The TLV header, which means UDP by itself; nothing comes in another format then"
MN_LINES='prefer-tlv = true' mn_config
start_mn
wait_bound ha "via 203.0.113.10:[0-9]+ udp-tlv"
for address in "$HOA4" "$HOA6"; do
	in_ns cn ping -c1 -W5 "$address" >/dev/null || fail "ping $address behind TLV headers"
done
expect_equal "packets in another format" "0 0" "$(counter ha rx_other_format) $(counter mn rx_other_format)"
stop mn
wait_until "de-registration" no_binding
MN_LINES='force-udp = true' mn_config
stop ha
in_ns ha dsmipctl device show | grep -q dsmip0 || fail "a stopped home agent keeps its device unless told otherwise"

say "The wish refused: status 144, then without it"
HA_LINES='accept-forced-udp = false' ha_config
start_ha
start_mn
wait_until "refusal with status 144" grep -qE 'binding-refused.*144' "$ARTIFACTS/ha.log"
wait_bound ha "via 203.0.113.10[ :].*direct"
stop mn
wait_until "de-registration" no_binding
stop ha

say "UDP by order of the home agent, several care-of addresses refused"
HA_LINES=$'impose-udp = true\naccept-mcoa = false' ha_config
start_ha
MN_LINES='mcoa = true' mn_config
start_mn
wait_until "refusal with status 166" grep -qE 'binding-refused.*166' "$ARTIFACTS/ha.log"
stop mn
mn_config
start_mn
wait_bound ha "bid 0 via 203.0.113.10:[0-9]+ udp "
in_ns cn ping -c1 -W5 "$HOA6" >/dev/null || fail "ping over imposed UDP"

say "A lifetime that nobody renews ends in the kernel, daemon or not"
kill_hard mn ha
in_ns ha dsmip-nl binding-new dsmip0 --node "$HOA6 / bid 0 lifetime 300ms"
wait_until "the end of the lifetime" no_binding
expect_equal "expired bindings" 1 "$(counter ha binding_expired)"
say "done"
