#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prefixes of mobile networks over generic netlink: giving, replacing and taking
# them, all or nothing; overlaps; thousands; what dsmipctl shows.  What packets
# make of them: kmod_packets_test.
. "$(dirname "$0")/lib.sh"

new() { in_ns a dsmip-nl prefix-new d0 "$@"; }
del() { in_ns a dsmip-nl prefix-del d0 "$@"; }
list() { in_ns a dsmip-nl prefixes d0 | sed 's/ dev d0$//'; }
owner() { in_ns a dsmip-nl prefix-get d0 "$1" | sed 's/ dev d0$//'; }
field() { in_ns a dsmip-nl --json device-get d0 | sed -nE "s/.*\"$1\":([0-9]+).*/\1/p"; }
N1=2001:db8::101 N2=2001:db8::102

modprobe dsmip
namespaces a
ip -n a link add d0 type dsmip
in_ns a dsmip-nl device-set d0 --role home-agent --home-agent4 192.0.2.1 --home-agent6 2001:db8::1
ip -n a link set d0 up
in_ns a dsmip-nl binding-new d0 --create --node "$N1 / via 198.51.100.1 lifetime 3600s" \
	--node "$N2 / via 198.51.100.2 lifetime 3600s"
start events ip netns exec a dsmip-nl --json events
wait_until "listener" grep -q listening "$ARTIFACTS/events.log"

say "giving, showing, taking"
new --node "$N1 2001:db8:5::/48 10.5.0.0/16 10.5.7.0/24" --node "$N2 10.6.0.0/16"
expect_equal "in order" "10.5.0.0/16 node $N1
10.5.7.0/24 node $N1
10.6.0.0/16 node $N2
2001:db8:5::/48 node $N1" "$(list)"
expect_equal "number" 4 "$(field prefixes)"
expect_equal "longest match" "10.5.7.0/24 node $N1" "$(owner 10.5.7.200)"
expect_equal "shorter match" "10.5.0.0/16 node $N1" "$(owner 10.5.8.200)"
expect_equal "IPv6" "2001:db8:5::/48 node $N1" "$(owner 2001:db8:5:ffff::1)"
expect_refused "beside" 'no prefix holds.*ENOENT' owner 10.7.0.1
expect_refused "mapped" 'no prefix holds.*ENOENT' owner ::ffff:10.5.0.1
expect_equal "dsmipctl" "10.5.7.0/24 node $N1 dev d0" "$(in_ns a dsmipctl prefix show 10.5.7.1)"
expect_equal "dsmipctl, all" 4 "$(in_ns a dsmipctl prefix show --dev d0 | wc -l)"
expect_match "dsmipctl --json" '"prefix":"2001:db8:5::/48","home_address":"'$N1'","dev":"d0"' \
	"$(in_ns a dsmipctl prefix show --json | tr -d '\n ')"
expect_refused "dsmipctl, none" 'no prefix holds 10.9.9.9' in_ns a dsmipctl prefix show 10.9.9.9
wait_until "the event" grep -q '"prefix-new".*10.5.7.0/24' "$ARTIFACTS/events.log"
new --node "$N1 10.5.0.0/16"
expect_equal "once more is no harm" 4 "$(field prefixes)"
expect_refused "unless it was to be new" 'has this prefix already.*EEXIST' new --excl --node "$N1 10.5.1.0/24 10.5.0.0/16"
expect_equal "nothing of it happened" 4 "$(field prefixes)"
new --replace --node "$N1 10.5.0.0/16 2001:db8:5:8000::/49"
expect_equal "replaced" "10.5.0.0/16 node $N1
10.6.0.0/16 node $N2
2001:db8:5:8000::/49 node $N1" "$(list)"
expect_refused "taking what is not there" 'no such prefix.*ENOENT' del --node "$N1 10.5.0.0/16" --node "$N2 10.5.0.0/16"
expect_equal "nothing was taken" 3 "$(field prefixes)"
del --node "$N1 10.5.0.0/16" --node "$N2"
expect_equal "taken" "2001:db8:5:8000::/49 node $N1" "$(list)"
new --replace --node "$N1"
expect_equal "none" "" "$(list)"

say "overlaps"
new --node "$N1 10.5.0.0/16 2001:db8:5::/48"
for overlap in 10.5.0.0/16 10.5.128.0/17 10.5.1.1/32 10.4.0.0/15 2001:db8:5::/48 2001:db8:5:1::/64 2001:db8:4::/46; do
	expect_refused "$overlap" 'overlaps with a prefix of .*EADDRINUSE' new --node "$N2 10.9.0.0/16 $overlap"
done
expect_refused "in one request" 'overlaps.*EADDRINUSE' new --node "$N1 10.20.0.0/16" --node "$N2 10.20.3.0/24"
expect_equal "none of it happened" 2 "$(field prefixes)"
new --node "$N1 10.4.0.0/15 10.5.3.0/24 2001:db8:4::/46 2001:db8:5:1::/64"
expect_equal "its own may nest" 6 "$(field prefixes)"
new --node "$N2 10.6.0.0/16 2001:db8:8::/46"
expect_refused "around those of two" 'overlaps.*EADDRINUSE' new --node "$N1 10.4.0.0/14"

say "bad values"
for bad in "$N1 10.5.0.1/16=behind its LENGTH" "$N1 2001:db8:5::1/127=behind its LENGTH" "$N1 10.0.0.0/33=1 to 32" \
	"$N1 10.0.0.0/0=ERANGE" "$N1 224.0.0.0/4=not of unicast" "$N1 ff00::/8=not of global unicast" \
	"$N1 fe80::/64=not of global unicast" "$N1 127.0.0.0/8=not of unicast" "$N1=at least one PREFIX" \
	"2001:db8::999 10.99.0.0/16=no such node.*ENOENT"; do
	expect_refused "$bad" "${bad#*=}" new --node "${bad%%=*}"
done
expect_refused "twice" 'given twice.*EINVAL' new --node "$N1 10.30.0.0/16" --node "$N1 10.31.0.0/16"
expect_equal "nothing changed" 8 "$(field prefixes)"

say "thousands behind one node; they go with it"
many=$(printf ' 2001:db9:%x::/48' {1..3000})
new --node "$N2 $many"
expect_equal "number" 3008 "$(field prefixes)"
expect_equal "one of them" "2001:db9:777::/48 node $N2" "$(owner 2001:db9:777:1::1)"
expect_equal "in a dump" 3008 "$(list | sort -u | wc -l)"
in_ns a dsmip-nl binding-del d0 --node $N2
expect_equal "gone with their node" 6 "$(field prefixes)"
expect_refused "for look-ups too" 'ENOENT' owner 2001:db9:777:1::1
in_ns a dsmip-nl binding-new d0 --node "$N1 / lifetime 1ms"
none() { [ "$(field prefixes)" = 0 ]; }
wait_until "they go with the last binding" none
in_ns a dsmip-nl binding-new d0 --create --node "$N1 / via 198.51.100.1 lifetime 3600s"
new --node "$N1 10.5.0.0/16"
in_ns a dsmip-nl binding-del d0 --all
expect_equal "emptied" "0 " "$(field prefixes) $(list)"

say "the end of the device is told"
ip -n a link del d0
wait_until "the event" grep -q '"device-gone","dev":"d0"' "$ARTIFACTS/events.log"
