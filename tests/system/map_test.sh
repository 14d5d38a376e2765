#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A mobility anchor point (RFC 5380): the mobile node registers its on-link care-of
# address there, and the regional one it gets for it at its home agent. Then a move
# concerns the anchor point alone. Both are dsmipd; the mobile node's signalling is
# done by hand, its tunnels are the kernel's.
#
#        cn --- core --- ha      home prefix 2001:db8:1::/64
#                |  \--- map     regional prefix 2001:db8:5::/64
#               mn               2001:db8:6::/64
#
# subject: programs
# requirements: D-1-01
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/daemon.sh"

HA6=2001:db8:f::2
MAP6=2001:db8:e::2
CN6=2001:db8:c::2
HOA6=2001:db8:1::100
RCOA6=2001:db8:5::100
LCOA6=2001:db8:6::10
MOVED6=2001:db8:6::20

modprobe dsmip
namespaces core cn ha map mn
routers core ha map
connect() { # connect NS PREFIX: to the core, which is ::1 there
	wire core "to-$1" "$1" eth0
	ip -n core address add "$2::1/64" dev "to-$1"
	ip -n "$1" -6 route add default via "$2::1" dev eth0 onlink
}
for link in cn=2001:db8:c ha=2001:db8:f map=2001:db8:e mn=2001:db8:6; do connect "${link%=*}" "${link#*=}"; done
ip -n cn address add $CN6/64 dev eth0
ip -n ha address add $HA6/64 dev eth0
ip -n map address add $MAP6/64 dev eth0
ip -n mn address add $LCOA6/64 dev eth0
ip -n mn address add $MOVED6/64 dev eth0
ip -n core route add 2001:db8:1::/64 via $HA6
ip -n core route add 2001:db8:5::/64 via $MAP6

config() { # config NAME ADDRESS PREFIX [MORE]
	cat >"$WORK/$1.toml" <<-TOML
		$(head_of "$1" home-agent)
		[store]
		enabled = false
		[home-agent]
		address6 = "$2"
		home-prefixes = ["$3"]
		accept-unlisted-nodes = true
		${4:-}
	TOML
}
bound() { in_ns "$1" dsmipctl binding show | grep -qE "$2"; }
update() { # update NS DEV AGENT HOME OPTION...
	local ns=$1
	shift
	in_ns "$ns" home_signalling.py update "$@" || fail "no answer to: $*"
}
tunnel() { # tunnel NAME LOCAL REMOTE ADDRESS TABLE: what comes from the address goes through it
	ip -n mn -6 tunnel add "$1" mode any local "$2" remote "$3" encaplimit none
	ip -n mn link set "$1" up
	ip -n mn address add "$4/128" dev "$1"
	ip -n mn -6 rule add from "$4" lookup "$5"
	ip -n mn -6 route add default dev "$1" table "$5"
}
at_home_agent() {
	in_ns ha dsmipctl binding show --json |
		python3 -c 'import json,sys; print([(b["care_of"], b["sequence"]) for b in json.load(sys.stdin)])'
}
reaches() { in_ns cn ping -c1 -W10 "$1" >/dev/null || fail "ping from the correspondent to $1"; }

config ha $HA6 2001:db8:1::/64
config map $MAP6 2001:db8:5::/64 '[home-agent.map]
enabled = true
care-of6 = ["2001:db8:6::/64"]'
start_ha
start_daemon map
capture core any anchor "ip6"

say "From a network that the anchor point is not for: status 129"
expect_match "answer" "^status 129 " "$(update cn eth0 $MAP6 2001:db8:5::200 --care-of $CN6 --map)"

say "A local Binding Update: the regional care-of address is reached through the anchor point"
expect_match "answer" "^status 0 sequence 1 lifetime 600" "$(update mn eth0 $MAP6 $RCOA6 --care-of $LCOA6 --map)"
bound map "$RCOA6 .*via $LCOA6 direct" || fail "no such binding: $(in_ns map dsmipctl binding show)"
tunnel anchor $LCOA6 $MAP6 $RCOA6 100
ip -n mn -6 route add $HA6/128 dev anchor
reaches $RCOA6

say "Registered at the home agent with the regional one: one tunnel in the other"
expect_match "answer" "^status 0 " "$(update mn anchor $HA6 $HOA6 --care-of $RCOA6)"
bound ha "$HOA6 .*via $RCOA6 direct" || fail "no such binding: $(in_ns ha dsmipctl binding show)"
tunnel home $RCOA6 $HA6 $HOA6 101
reaches $HOA6

say "A move: the anchor point is told, the home agent need not be"
before=$(at_home_agent)
expect_match "answer" "^status 0 sequence 2 " "$(update mn eth0 $MAP6 $RCOA6 --care-of $MOVED6 --map --sequence 2)"
ip -n mn -6 tunnel change anchor local $MOVED6 remote $MAP6
reaches $HOA6
reaches $RCOA6
expect_equal "bindings at the home agent" "$before" "$(at_home_agent)"
in_capture() { tcpdump -r "$ARTIFACTS/anchor.pcap" -n "$1" 2>/dev/null | grep -q "$2"; }
wait_until "the anchor point's tunnel around the home agent's" \
	in_capture "src $MAP6 and dst $MOVED6 and ip6[6] == 41" "$HA6 > $RCOA6: .*$CN6 > $HOA6: .*echo request"

say "De-registered: the regional care-of address leads nowhere"
expect_match "answer" "^status 0 " "$(update mn eth0 $MAP6 $RCOA6 --care-of $MOVED6 --map --sequence 3 --lifetime 0)"
if bound map "$RCOA6"; then fail "the binding is still there"; fi
if in_ns cn ping -c1 -W1 $HOA6 >/dev/null; then fail "$HOA6 is still reached"; fi
say "done"
