#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A NAT that loses its mappings, as it does when it restarts or the mapping times out, and gives the
# mobile node another port, or another address, without a word to anybody. With the next refresh the home
# agent knows, and connections in both directions go on.
# requirements: D-2.3.2.2-05
. "$(dirname "$0")/lib.sh"
. "$SYSTEM_DIR/roaming.sh"

OTHER4=203.0.113.131

roaming_network
ip -n nat address add $OTHER4/25 dev wan
# mappings ADDRESS FIRST LAST: those of the NAT from now on; what it knew before is forgotten.
mappings() {
	in_ns nat nft -f - <<-NFT
		flush chain ip nat postrouting
		add rule ip nat postrouting oifname "wan" ip protocol udp snat to $1:$2-$3
	NFT
	in_ns nat conntrack -F
}
mappings $NAT4 20000 20099
ha_config
start_ha
mn_config
sed -i 's/^lifetime = 600/lifetime = 24/' "$WORK/mn.toml"
attach wann
start_mn
wait_bound ha "via $NAT4:200[0-9][0-9] udp"
wait_bound mn "via "

say "Connections from the correspondent and from the mobile node"
start sink_in ip netns exec mn traffic.py sink $HOA6 5000 "$WORK/sink_in"
start sink_out ip netns exec cn traffic.py sink $CN6 5001 "$WORK/sink_out"
for sink in in out; do wait_until "a sink" grep -q listening "$ARTIFACTS/sink_$sink.log"; done
start source_in ip netns exec cn traffic.py source $HOA6 5000 "$WORK/source_in" --stop "$WORK/stop"
start source_out ip netns exec mn traffic.py source $CN6 5001 "$WORK/source_out" --stop "$WORK/stop"
for sink in in out; do wait_until "octets" moved_beyond "$WORK/sink_$sink" 20000; done

# go_on WHERE REGEX: the home agent has the new mapping, and both connections go on.
go_on() {
	local begin=$SECONDS sink
	wait_bound ha "$1"
	info "after $((SECONDS - begin)) s"
	for sink in in out; do
		wait_until "octets beyond those before" moved_beyond "$WORK/sink_$sink" \
			$(($(octets "$WORK/sink_$sink") + 20000))
	done
	expect_equal "bindings of the home agent" 1 "$(in_ns ha dsmipctl binding show | grep -c via)"
}

say "It forgets, and gives another port"
mappings $NAT4 30000 30099
go_on "via $NAT4:300[0-9][0-9] udp"

say "It gives another address"
mappings $OTHER4 40000 40099
go_on "via $OTHER4:400[0-9][0-9] udp"

say "Nothing of the connections is lost"
connections_end _in _out
