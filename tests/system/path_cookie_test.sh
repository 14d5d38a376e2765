#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The path cookie: answers find their way back through a NAT whether there is a
# binding or not, also when IPsec stands between tunnel and daemon, and whatever the
# rules of either host do to packet marks.
# requirements: D-2.3.2.2-10 D-4.2-04 D-4.2-10
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

OUTSIDE=2001:db8:bad::100

# mark_rules NS MARK: every hook that signalling passes sets the mark of all packets, as rules do
# that restore it from conntrack on hosts with several uplinks. Chains of type route look for another
# route when the mark has changed.
mark_rules() {
	in_ns "$1" nft -f - <<-NFT
		table inet marks {
			chain prerouting { type filter hook prerouting priority mangle; meta mark set $2; }
			chain input { type filter hook input priority 2000000000; meta mark set $2; }
			chain output { type route hook output priority mangle; meta mark set $2; }
			chain postrouting { type filter hook postrouting priority mangle; meta mark set $2; }
		}
	NFT
}
no_mark_rules() { in_ns "$1" nft delete table inet marks; }

no_state() { ! in_ns ha dsmipctl binding show | grep -q .; }

roaming_network
ha_config
start_ha

say "A refused Binding Update gets its answer through the mapping it made"
attach wann
HOA6=$OUTSIDE mn_config
start_mn
wait_until "the refusal at the mobile node" grep -qE 'registration-refused.*132' "$ARTIFACTS/mn.log"
no_state || fail "a refused node left a binding: $(in_ns ha dsmipctl binding show)"
kill_hard mn
ip -n mn link del dsmip0
for family in -4 -6; do
	# what a killed daemon could not take away
	while ip -n mn $family rule del protocol 191 2>/dev/null; do :; done
done

say "Binding Update and Acknowledgement under ESP, inside UDP, from behind the NAT"
# IP-1 of RFC 4877: transport mode on the home address, one pair of states.
key_out=0x000102030405060708090a0b0c0d0e0f10111213
key_in=0x202122232425262728292a2b2c2d2e2f30313233
for ns in mn ha; do
	# shellcheck disable=SC2086 # options
	ip -n $ns xfrm state add src $HOA6 dst $HA6 proto esp spi 0x1001 mode transport \
		auth 'hmac(sha1)' $key_out enc 'cipher_null' '' sel src $HOA6 dst $HA6 proto 135
	ip -n $ns xfrm state add src $HA6 dst $HOA6 proto esp spi 0x1002 mode transport \
		auth 'hmac(sha1)' $key_in enc 'cipher_null' '' sel src $HA6 dst $HOA6 proto 135
done
template="proto esp mode transport level required"
# shellcheck disable=SC2086 # words
{
	ip -n mn xfrm policy add src $HOA6 dst $HA6 proto 135 dir out tmpl $template
	ip -n mn xfrm policy add src $HA6 dst $HOA6 proto 135 dir in tmpl $template
	ip -n ha xfrm policy add src $HA6 dst $HOA6 proto 135 dir out tmpl $template
	ip -n ha xfrm policy add src $HOA6 dst $HA6 proto 135 dir in tmpl $template
}
capture core to-ha esp "udp port 4191"
for ns in ha mn; do mark_rules $ns "ct mark"; done
mn_config
start_mn
wait_bound ha "via $NAT4:[0-9]+ udp .*nat"
wait_bound mn .
port=$(in_ns ha dsmipctl binding show | sed -nE "s/.*via $NAT4:([0-9]+) .*/\1/p")
in_ns nat conntrack -L -p udp 2>/dev/null >"$ARTIFACTS/conntrack.txt"
grep -qE "src=10.0.0.10 .*dst=$NAT4 .*dport=$port( |$)" "$ARTIFACTS/conntrack.txt" ||
	fail "the home agent has port $port, which is not what the NAT maps (conntrack.txt)"
# next header of the inner IPv6 packet: octet 6 after UDP
esp_seen() { [ "$(tcpdump -nr "$ARTIFACTS/esp.pcap" "$1 and udp[8] & 0xf0 = 0x60 and udp[14] = 50" 2>/dev/null | wc -l)" -ge 1 ]; }
clear_seen() { [ "$(tcpdump -nr "$ARTIFACTS/esp.pcap" "udp[8] & 0xf0 = 0x60 and udp[14] = 135" 2>/dev/null | wc -l)" -ge 1 ]; }
wait_until "ESP toward the home agent" esp_seen "dst port 4191"
wait_until "ESP from the home agent" esp_seen "src port 4191"
if clear_seen; then fail "signalling in clear although ESP is required"; fi
in_ns cn ping -c2 -i0.2 -W5 "$HOA6" >/dev/null || fail "ping $HOA6 through the NAT"
stop mn
wait_until "de-registration under ESP" no_state
for ns in mn ha; do
	ip -n $ns xfrm policy flush
	ip -n $ns xfrm state deleteall proto esp
	no_mark_rules $ns
done

say "Two nodes behind one NAT, one accepted and one refused, at the same time"
namespaces mn2
wire nat private2 mn2 wann
ip -n nat address add 10.0.1.1/24 dev private2
in_ns nat nft insert rule ip filter forward iifname '"private2"' accept
ip -n mn2 address add 10.0.1.10/24 dev wann
ip -n mn2 route add default via 10.0.1.1
# Marks that look like cookies have no say, either.
for ns in ha mn mn2; do mark_rules $ns 0x80000001; done
mn_config
sed "s/$HOA6/$OUTSIDE/; s/mn.sock/mn2.sock/; /home-address4/d" "$WORK/mn.toml" >"$WORK/mn2.toml"
: >"$ARTIFACTS/mn.log"
start_mn
start_daemon mn2
wait_until "the refusal at the second node" grep -qE 'registration-refused.*132' "$ARTIFACTS/mn2.log"
wait_bound mn .
wait_bound ha "via $NAT4:[0-9]+ udp"
if grep -q registration-refused "$ARTIFACTS/mn.log"; then fail "the first node got the answer of the second"; fi
if in_ns mn2 dsmipctl binding show | grep -q .; then fail "the second node got the answer of the first"; fi

say "Over plain IPv6 with such marks: neither end takes a message for one from a tunnel"
stop mn2
detach wann
attach wan6
wait_bound ha "via 2001:db8:6:.* direct"
expect_equal "messages without their path at the home agent" 0 "$(daemon_counter drop_path_unknown)"
in_ns cn ping -c2 -i0.2 -W5 "$HOA6" >/dev/null || fail "ping $HOA6 at the IPv6 network"
for ns in ha mn; do no_mark_rules $ns; done

say "Marks of other packets stay what their owners made them, on the way in and out"
in_ns mn nft -f - <<-NFT
	table inet own {
		chain prerouting { type filter hook prerouting priority mangle; iifname "dsmip0" meta mark set 0x80000017; }
		chain input { type filter hook input priority filter; iifname "dsmip0" meta mark 0x80000017 counter comment "in"; }
		chain postrouting { type filter hook postrouting priority filter; oifname "dsmip0" meta mark 0x80000023 counter comment "out"; }
	}
NFT
for address in $CN6 $CN4; do
	from=$HOA6
	[ "$address" = $CN6 ] || from=$HOA4
	in_ns mn ping -c3 -i0.2 -W5 -m $((0x80000023)) -I $from "$address" >/dev/null || fail "ping $address with a mark"
done
in_ns mn nft list table inet own >"$ARTIFACTS/own-marks.txt"
for way in in out; do
	grep -qE "counter packets 6 .*comment \"$way\"" "$ARTIFACTS/own-marks.txt" ||
		fail "marked packets on the way $way are not six: $(grep "\"$way\"" "$ARTIFACTS/own-marks.txt")"
done
say "done"
