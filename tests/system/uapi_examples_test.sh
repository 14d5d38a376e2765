#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The examples in Documentation/uapi.md, run in their order: what they print is
# what the page says.
. "$(dirname "$0")/lib.sh"

modprobe dsmip
namespaces ha net
wire ha eth0 net eth0
ip -n ha address add 203.0.113.1/24 dev eth0
ip -n ha address add 2001:db8:6::1/64 dev eth0
ip -n ha address add 192.0.2.1/32 dev lo
ip -n ha address add 2001:db8:1::1/128 dev lo
ip -n net address add 203.0.113.130/24 dev eth0
ip -n net address add 203.0.113.99/24 dev eth0
ip -n net address add 2001:db8:6::10/64 dev eth0
ip -n net address add 2001:db8:1::100/128 dev lo
ip -n net route add 192.0.2.1 via 203.0.113.1
ip -n ha link add dsmip0 type dsmip
ip -n ha link set dsmip0 up
ip -n ha -6 route add 2001:db8:1::/64 dev dsmip0

# A tunnel that nobody registered, for the event about it.
ip -n net tunnel add stray mode sit local 203.0.113.99 remote 192.0.2.1
ip -n net link set stray up
ip -n net -6 route add 2001:db8:1::1/128 dev stray

in_ns ha python3 "$SYSTEM_DIR/tools/uapi_examples.py" "$TREE/Documentation/uapi.md" "$ARTIFACTS" ||
	fail "examples in Documentation/uapi.md print something else; $ARTIFACTS/uapi.md is the page with what they print"
