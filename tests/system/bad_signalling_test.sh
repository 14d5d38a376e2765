#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Malformed, overlong, contradictory and unknown messages reach a home agent:
# each is counted under its cause, none leaves state, and afterwards a good
# node registers as if nothing had been.
# shellcheck disable=SC2154 # PID_name is set by start
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

roaming_network
# what this test injects is malformed on purpose
mv "$ARTIFACTS/roaming.pcap" "$ARTIFACTS/injected.pcap"
ha_config
start_ha

say "Bad input from the correspondent's network"
in_ns cn bad_signalling.py "$HA4" "$HA6" "$HOA6" /run/dsmip/ha.sock
if in_ns ha dsmipctl binding show | grep -q .; then fail "bad input made a binding"; fi
kill -0 "$PID_ha" || fail "the home agent died"

say "A good node registers"
attach wan4
mn_config
start_mn
wait_bound ha "via 203.0.113.10[ :]"
stop mn
