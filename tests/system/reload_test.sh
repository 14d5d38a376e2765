#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pools and home prefixes change in a running home agent, under a node that is
# registered: its traffic goes on. A pool grows, then is another one; the lease
# outside it lasts as long as the registration, over a crash, too. A home prefix
# comes with a node of its own and goes. What the host refuses changes nothing.
# subject: programs
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

NEW6=2001:db8:2::100 # a node of the prefix that is added; it is in the network of the correspondent

set_pool() { sed -i "s|^address-pool = .*|address-pool = \"$1\"|" "$WORK/ha.toml"; }
set_prefixes() { sed -i "s|^home-prefixes = .*|home-prefixes = [$1]|" "$WORK/ha.toml"; }
add_node() { printf '[[home-agent.node]]\nhome-address = "%s"\n' "$1" >>"$WORK/ha.toml"; }
routes() { { ip -n ha route show; ip -n ha -6 route show; } | grep dsmip0 | sort; }
route() { ip -n ha route show "$1" | grep -o "dev dsmip0" || :; }
status() { # status EXPRESSION of the daemon's state `s`
	ha_ctl status --json | python3 -c "import json,sys; s=json.load(sys.stdin); print($1)"
}
anycast() { in_ns ha grep -c 20010db800020000fdfffffffffffffe /proc/net/anycast6 || :; }

roaming_network
ip -n core route add 2001:db8:2::/64 via 2001:db8:f::2
HA_STATIC='' ha_config
start_ha
attach wan4
MN_HOA4=dynamic mn_config
start_mn
wait_bound ha "home4 192\.0\.2\.1[6-9][0-9]"
HOA4=$(in_ns ha dsmipctl binding show | sed -nE 's/.*home4 ([0-9.]+).*/\1/p')
wait_until "$HOA4 on the mobile node" bash -c "ip -n mn -4 address show dev dsmip0 | grep -q '$HOA4/32'"
start_pings

say "A pool that grows: nothing but a wider route"
set_pool 192.0.2.128/25
expect_equal "difference" "home-agent.address-pool: 192.0.2.160/27 -> 192.0.2.128/25" "$(ha_ctl reload)"
expect_equal "route to the pool" "dev dsmip0" "$(route 192.0.2.128/25)"
expect_equal "route to the old one" "" "$(route 192.0.2.160/27)"

say "A pool that is another one: $HOA4 stays, and is told"
set_pool 192.0.2.240/28
text=$(ha_ctl reload)
expect_match "difference" "home-agent.address-pool: 192.0.2.128/25 -> 192.0.2.240/28" "$text"
expect_match "note" "note: 1 IPv4 home address in use is outside the pool" "$text"
expect_equal "route to the lease" "dev dsmip0" "$(route "$HOA4")"
expect_equal "route to the old pool" "" "$(route 192.0.2.128/25)"
expect_equal "leases outside" 1 "$(status 's["home_agent"]["leases_outside_pool"]')"

say "So it is after a crash"
kill_hard ha
: >"$ARTIFACTS/ha.log"
start_ha
expect_equal "route to the lease" "dev dsmip0" "$(route "$HOA4")"
expect_equal "leases outside" 1 "$(status 's["home_agent"]["leases_outside_pool"]')"
bound ha "home4 $HOA4" || fail "the binding has lost its IPv4 home address"

say "What the host refuses half-way changes nothing"
before=$(routes)
cp "$WORK/ha.toml" "$WORK/good.toml"
ip -n ha route add unreachable 192.0.2.224/28
set_pool 192.0.2.224/28
set_prefixes '"2001:db8:1::/64", "2001:db8:2::/64"'
expect_refused "reload" "another route leads to 192.0.2.224/28" ha_ctl reload
expect_equal "routes" "$before" "$(routes)"
ip -n ha route del unreachable 192.0.2.224/28
cp "$WORK/good.toml" "$WORK/ha.toml"
expect_match "nothing has changed" "nothing has changed" "$(ha_ctl reload)"

say "A home prefix that is added: its node registers at once and is reached"
register() { # register SEQUENCE
	in_ns cn home_signalling.py update eth0 $HA6 $NEW6 --care-of $CN6 --sequence "$1"
}
expect_match "answer" "^status 132 " "$(register 1)"
expect_equal "anycast address" 0 "$(anycast)"
set_prefixes '"2001:db8:1::/64", "2001:db8:2::/64"'
add_node $NEW6
text=$(ha_ctl reload)
expect_match "difference" "home-prefixes: .2001:db8:1::/64. -> .2001:db8:1::/64, 2001:db8:2::/64." "$text"
expect_match "difference" "node $NEW6: added" "$text"
expect_equal "anycast address for discovery" 1 "$(anycast)"
expect_match "prefixes told to mobile nodes" "2001:db8:2::/64" "$(status 's["home_agent"]["advertised_prefixes"]')"
expect_match "answer" "^status 0 " "$(register 2)"
ip -n cn -6 tunnel add home mode any local $CN6 remote $HA6 encaplimit none
ip -n cn link set home up
ip -n cn address add $NEW6/128 dev home
ip -n cn -6 rule add from $NEW6 lookup 100
ip -n cn -6 route add default dev home table 100
in_ns core ping -c1 -W10 $NEW6 >/dev/null || fail "ping of the new node"

say "A home prefix that is taken away: its bindings end, the others do not"
cp "$WORK/good.toml" "$WORK/ha.toml"
text=$(ha_ctl reload)
expect_match "note" "note: 1 registered node is no longer served and loses its bindings" "$text"
wait_until "removal" eval "! bound ha $NEW6"
expect_equal "routes" "$before" "$(routes)"
expect_equal "anycast address" 0 "$(anycast)"
expect_match "explain" "no longer served" "$(ha_ctl explain $NEW6)"
expect_match "answer" "^status 132 " "$(register 3)"

pings_answered

say "The registration ends, the lease outside the pool with it; then one of the pool"
stop mn
wait_until "the route to $HOA4 gone" eval "[ -z \"\$(route $HOA4)\" ]"
expect_equal "leases outside" 0 "$(status 's["home_agent"]["leases_outside_pool"]')"
start_mn
wait_bound ha "home4 192\.0\.2\.24[0-9]"
next=$(in_ns ha dsmipctl binding show | sed -nE 's/.*home4 ([0-9.]+).*/\1/p')
wait_until "$next on the mobile node" bash -c "ip -n mn -4 address show dev dsmip0 | grep -q '$next/32'"
in_ns cn ping -c1 -W10 "$next" >/dev/null || fail "ping $next"
say "done"
