# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The network of the roaming story, for the demo and the tests of whole moves:
#
#                      cn  2001:db8:c::2   198.51.100.2
#                      |
#        ha --------- core --------+------------- visited6   2001:db8:6::/64 (radvd)
#   2001:db8:1::1      |           |                  \
#   192.0.2.1          |           +-- visited4        \
#   home prefixes:     |         203.0.113.0/25         mn   home addresses
#   2001:db8:1::/64    |                \______________/     2001:db8:1::100
#   192.0.2.128/25    nat  203.0.113.130  ____________/      192.0.2.130
#                      |   masquerade    /
#                      +-- private 10.0.0.0/24
#
# The mobile node has three interfaces, one per visited network, and no route
# but those it is given there.
# Sourced after lib.sh.
. "$SYSTEM_DIR/daemon.sh"

HA6=2001:db8:1::1
HA4=192.0.2.1
HOA6=2001:db8:1::100
HOA4=192.0.2.130
CN6=2001:db8:c::2
CN4=198.51.100.2
NAT4=203.0.113.130

roaming_network() {
	modprobe dsmip
	namespaces core cn ha nat mn
	routers core ha nat

	wire core to-cn cn eth0
	ip -n core address add 2001:db8:c::1/64 dev to-cn
	ip -n core address add 198.51.100.1/25 dev to-cn
	ip -n cn address add $CN6/64 dev eth0
	ip -n cn address add $CN4/25 dev eth0
	ip -n cn route add default via 198.51.100.1
	ip -n cn route add default via 2001:db8:c::1

	wire core to-ha ha eth0
	ip -n core address add 2001:db8:f::1/64 dev to-ha
	ip -n core address add 192.0.2.126/25 dev to-ha
	ip -n ha address add 2001:db8:f::2/64 dev eth0
	ip -n ha address add $HA4/25 dev eth0
	ip -n ha address add $HA6/128 dev lo
	ip -n ha route add default via 192.0.2.126
	ip -n ha route add default via 2001:db8:f::1
	ip -n core route add 2001:db8:1::/64 via 2001:db8:f::2
	ip -n core route add 192.0.2.128/25 via $HA4

	wire core visited6 mn wan6
	ip -n core address add 2001:db8:6::1/64 dev visited6
	wire core visited4 mn wan4
	ip -n core address add 203.0.113.1/25 dev visited4

	wire core to-nat nat wan
	ip -n core address add 203.0.113.129/25 dev to-nat
	ip -n nat address add $NAT4/25 dev wan
	ip -n nat route add default via 203.0.113.129
	wire nat private mn wann
	ip -n nat address add 10.0.0.1/24 dev private
	in_ns nat nft -f - <<-NFT
		table ip nat {
			chain postrouting {
				type nat hook postrouting priority srcnat;
				oifname "wan" masquerade
			}
		}
		# a NAT router lets nothing in that nobody inside asked for
		table ip filter {
			chain forward {
				type filter hook forward priority filter;
				ct state established,related accept
				iifname "private" accept
				drop
			}
		}
	NFT
	local access
	for access in wan6 wan4 wann; do ip -n mn link set $access down; done

	cat >"$WORK/radvd.conf" <<-RADVD
		interface visited6 {
			AdvSendAdvert on;
			MinRtrAdvInterval 3;
			MaxRtrAdvInterval 4;
			MinDelayBetweenRAs 3;
			prefix 2001:db8:6::/64 { };
		};
	RADVD
	mkdir -p /run/radvd
	start radvd ip netns exec core radvd -n -C "$WORK/radvd.conf" -p /run/radvd/core.pid -m stderr
	capture core any roaming "ip6 proto 135 or ip6 proto 60 or ip6 proto 43 or udp port 4191 or ip proto 41"
}

# attach wan6|wan4|wann: the operating system's part of arriving at a network:
# link up, stateless autoconfiguration or what a DHCP client would set.
attach() {
	in_ns mn sysctl -qw net.ipv6.conf."$1".accept_ra=2 net.ipv6.conf."$1".router_solicitations=3 \
		net.ipv6.conf."$1".router_solicitation_interval=1
	ip -n mn link set "$1" up
	case $1 in
	wan4)
		ip -n mn address replace 203.0.113.10/25 dev wan4
		ip -n mn route replace default via 203.0.113.1 dev wan4 metric 104
		;;
	wann)
		ip -n mn address replace 10.0.0.10/24 dev wann
		ip -n mn route replace default via 10.0.0.1 dev wann metric 105
		;;
	esac
}
detach() {
	ip -n mn link set "$1" down
	ip -n mn address flush dev "$1"
}

# ha_config [LINES...] / mn_config [LINES...]: write a configuration; the
# lines are appended to the [home-agent] or [mobile-node] section.
ha_config() {
	cat >"$WORK/ha.toml" <<-TOML
		$(head_of ha home-agent)
		[store]
		$(if [ -n "${HA_STORE-$WORK/ha.db}" ]; then
			echo "path = \"${HA_STORE-$WORK/ha.db}\""
		else
			echo "enabled = false"
		fi)
		[home-agent]
		address6 = "$HA6"
		address4 = "$HA4"
		home-prefixes = ["2001:db8:1::/64"]
		address-pool = "192.0.2.160/27"
		${HA_LINES:-}
		[[home-agent.node]]
		home-address = "$HOA6"
		${HA_STATIC-home-addresses4 = [\"$HOA4\"]}
		${HA_NODES:-}
	TOML
}
mn_config() {
	cat >"$WORK/mn.toml" <<-TOML
		$(head_of mn mobile-node)
		[mobile-node]
		home-address = "$HOA6"
		home-agent6 = "$HA6"
		home-agent4 = "$HA4"
		home-address4 = "${MN_HOA4:-$HOA4}"
		lifetime = 600
		${MN_LINES:-}
		[[mobile-node.access]]
		interface = "wan6"
		bid = 1
		priority = 1
		[[mobile-node.access]]
		interface = "wan4"
		bid = 2
		priority = 2
		[[mobile-node.access]]
		interface = "wann"
		bid = 3
		priority = 3
	TOML
}

# start_pings: to both home addresses, until pings_answered.
start_pings() {
	start ping6 ip netns exec cn ping -i 0.03 -w 600 $HOA6
	start ping4 ip netns exec cn ping -i 0.03 -w 600 $HOA4
}
# pings_answered: ends the pings; not one was lost.
pings_answered() {
	local family line
	# shellcheck disable=SC2154 # set by start
	kill -INT "$PID_ping6" "$PID_ping4"
	wait "$PID_ping6" "$PID_ping4" || fail "ping: $(tail -n 3 "$ARTIFACTS"/ping[46].log)"
	for family in 6 4; do
		line=$(grep transmitted "$ARTIFACTS/ping$family.log")
		info "IPv$family: $line"
		[[ $line =~ ^([0-9]+)\ packets\ transmitted ]]
		((BASH_REMATCH[1] > 20)) || fail "too few packets to tell anything: $line"
		# The last one may be on its way when ping is stopped.
		expect_equal "packets without an answer" "" "$(comm -23 <(seq $((BASH_REMATCH[1] - 1)) | sort) \
			<(sed -nE 's/.* icmp_seq=([0-9]+) ttl=.*/\1/p' "$ARTIFACTS/ping$family.log" | sort))"
	done
}

# bound WHERE REGEX: the home agent's (or mobile node's) kernel has a binding
# whose line looks like REGEX.
bound() { in_ns "$1" dsmipctl binding show | grep -qE "$2"; }
wait_bound() { wait_until "a binding like '$2' at $1" bound "$1" "$2"; }
# sequence_of NS HOME-ADDRESS: sequence number of its binding there.
sequence_of() { in_ns "$1" dsmipctl binding show | sed -nE "s/^$2 .* seq ([0-9]+) .*/\1/p"; }
no_binding() { ! in_ns ha dsmipctl binding show | grep -q .; }
