#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a home agent remembers: it is killed, its host reboots, its store is lost, its
# configuration changes meanwhile, the disk is full, the file is damaged.
# subject: programs
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

# binding KEY: of the one binding in the home agent's kernel.
binding() {
	in_ns ha dsmipctl binding show --json |
		python3 -c 'import json,sys; print(json.load(sys.stdin)[0][sys.argv[1]])' "$1"
}
# took_over REGEX: what the home agent said when it started last.
took_over() {
	expect_match "start-up" "$1" "$(grep 'taking over' "$ARTIFACTS/ha.log")"
}
reaches() { in_ns cn ping -c1 -W5 "$1" >/dev/null || fail "no answer from $1"; }

roaming_network
ha_config
start_ha
attach wan6
mn_config
start_mn
wait_bound ha "via 2001:db8:6:"
wait_until "the IPv4 home address" grep -q home-address4-accepted "$ARTIFACTS/mn.log"
# It says nothing from now on; what works is the home agent's doing.
kill -STOP "$PID_mn"
sequence=$(binding sequence)
end_point=$(binding care_of)

say "Killed and started again: kernel and store agree"
kill_hard ha
start_ha
took_over "taking over 1 nodes: 1 alike in kernel and store"
expect_equal "sequence number" "$sequence" "$(binding sequence)"

say "The host reboots: device and bindings are gone, the store knows them"
kill_hard ha
lifetime=$(binding lifetime_ms)
ip -n ha link delete dsmip0
start_ha
took_over "1 only in the store"
wait_bound ha "via 2001:db8:6:"
expect_equal "sequence number" "$sequence" "$(binding sequence)"
expect_equal "care-of address" "$end_point" "$(binding care_of)"
expect_equal "IPv4 home address" "['$HOA4']" "$(binding home_addresses4)"
(($(binding lifetime_ms) <= lifetime)) || fail "the lifetime grew from $lifetime ms to $(binding lifetime_ms) ms"
(($(binding lifetime_ms) > lifetime / 2)) || fail "the lifetime shrank from $lifetime ms to $(binding lifetime_ms) ms"
reaches $HOA6
reaches $HOA4

say "The store is lost: it is written again from the kernel"
kill_hard ha
rm -f "$WORK"/ha.db*
start_ha
took_over "1 only in the kernel"
wait_until "a record in the new store" eval \
	"ha_ctl status --json | python3 -c 'import json,sys; sys.exit(json.load(sys.stdin)[\"home_agent\"][\"store\"][\"records\"] == 0)'"
kill_hard ha
ip -n ha link delete dsmip0
start_ha
took_over "1 only in the store"
reaches $HOA6

say "A second daemon cannot use the same store"
sed 's/ha.sock/other.sock/' "$WORK/ha.toml" >"$WORK/other.toml"
expect_refused "second daemon" "another process uses it" \
	in_ns ha dsmipd --config "$WORK/other.toml"

say "A damaged file: no start, and what is registered stays"
kill_hard ha
mv "$WORK/ha.db" "$WORK/whole.db"
rm -f "$WORK"/ha.db-*
head -c 20000 /dev/urandom >"$WORK/ha.db"
damaged=$(sha256sum <"$WORK/ha.db")
expect_refused "damaged store" "ha.db: .*move it away" in_ns ha dsmipd --config "$WORK/ha.toml"
expect_equal "the damaged file" "$damaged" "$(sha256sum <"$WORK/ha.db")"
bound ha "via 2001:db8:6:" || fail "the binding is gone"
reaches $HOA6
rm "$WORK/ha.db"

say "A full disk: changes are refused, what is registered stays, room heals it"
mkdir "$WORK/disk"
mount -t tmpfs -o size=256k tmpfs "$WORK/disk"
HA_STORE=$WORK/disk/ha.db ha_config
start_ha
took_over "1 only in the kernel"
wait_until "a record in the new store" eval \
	"ha_ctl status --json | python3 -c 'import json,sys; sys.exit(json.load(sys.stdin)[\"home_agent\"][\"store\"][\"records\"] == 0)'"
dd if=/dev/zero of="$WORK/disk/filler" bs=4096 2>/dev/null || :
kill_hard mn
start_mn
wait_until "a refusal with a reason" grep -q "disk/ha.db: .*make room on the disk" "$ARTIFACTS/ha.log"
expect_equal "sequence number" "$sequence" "$(binding sequence)"
reaches $HOA6
rm "$WORK/disk/filler"
kill_hard mn
start_mn
wait_until "registration" grep -q registration-accepted "$ARTIFACTS/mn.log"
wait_until "word that all is well again" grep -q "keeps changes again" "$ARTIFACTS/ha.log"

say "A node that is no longer in the configuration"
kill_hard mn ha
sed -i "s/^home-address = \"$HOA6\"/home-address = \"2001:db8:1::200\"/" "$WORK/ha.toml"
start_ha
took_over "1 nodes that are no longer served removed"
wait_until "removal" no_binding

say "Without a store the kernel alone remembers"
kill_hard ha
HA_STORE='' ha_config
start_ha
start_mn
wait_bound ha "via 2001:db8:6:"
kill_hard ha
start_ha
took_over "taking over 1 nodes from the kernel"
expect_equal "store in the status" None "$(ha_ctl status --json |
	python3 -c 'import json,sys; print(json.load(sys.stdin)["home_agent"]["store"])')"
umount "$WORK/disk"
say "done"
