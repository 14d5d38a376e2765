#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Binding Updates made by hand, one after the other: static and dynamic IPv4
# home addresses and prefixes, routers and hosts, every refusal that concerns
# them.  After each the answer, the kernel and the routes have to be as the table
# says.
# subject: programs
# requirements: D-2.5-02 D-3.1.1-04 D-3.1.1-05 D-3.1.1-09 D-4.5-15 D-4.5-18 D-4.5-19 D-5-01
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/roaming.sh"

roaming_network
# what is sent here no node would send
mv "$ARTIFACTS/roaming.pcap" "$ARTIFACTS/injected.pcap"
HA_STATIC='home-addresses4 = ["192.0.2.130", "192.0.2.131"]
prefixes6 = ["2001:db8:aaaa::/48"]
prefixes4 = ["10.1.0.0/16"]' HA_NODES='[[home-agent.node]]
home-address = "2001:db8:1::200"
[[home-agent.node]]
home-address = "2001:db8:1::300"
home-addresses4 = ["192.0.2.140"]
prefixes6 = ["2001:db8:bbbb::/48"]
prefixes4 = ["10.2.0.0/16"]
[home-agent.prefixes]
pool4 = "10.64.0.0/16"' ha_config
start_ha
in_ns cn registration_table.py $HA4 $HA6 $CN4
