#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Does a raw socket get a message that has a Mobile IPv6 header in front?

    mobility_probe.py home-address-option RECEIVER_NETNS DEV CARE_OF HOME PEER
    mobility_probe.py routing-header RECEIVER_NETNS DEV SOURCE CARE_OF HOME

Run in the namespace of the sender.  Sends a Binding Update with a Home Address
option, or a Binding Acknowledgement with a type 2 routing header, and behind it
one without: that one always arrives, and ends the wait.  Exit status 0: the
first one came too, and its home address is in the address field.
"""
import ctypes
import os
import socket
import sys

from scapy.all import (
    HAO,
    Ether,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrRouting,
    MIP6MH_BA,
    MIP6MH_BU,
    PadN,
    Raw,
    conf,
    getmacbyip6,
    sendp,
)

MOBILITY_HEADER = 135
MARKED, PLAIN = 0x6275, 0x6276  # sequence numbers

conf.verb = 0


def message_between(source, destination, message):
    """With the checksum over these addresses, not those in the header that is sent."""
    return Raw(bytes(IPv6(src=source, dst=destination) / message)[40:])


def raw_socket_in(namespace):
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open("/run/netns/" + namespace, os.O_RDONLY)
    if libc.setns(there, 0):
        raise OSError(ctypes.get_errno(), "setns")
    made = socket.socket(socket.AF_INET6, socket.SOCK_RAW, MOBILITY_HEADER)
    if libc.setns(here, 0):
        raise OSError(ctypes.get_errno(), "setns")
    made.settimeout(30)
    return made


kind, receiver, device, first, second, third = sys.argv[1:7]
if kind == "home-address-option":
    care_of, home, peer = first, second, third
    base = IPv6(src=care_of, dst=peer)
    option = IPv6ExtHdrDestOpt(
        nh=MOBILITY_HEADER, options=[PadN(optdata=b"\0\0"), HAO(hoa=home)], autopad=0
    )
    marked = base / option / message_between(home, peer, MIP6MH_BU(seq=MARKED, mhtime=10))
    plain = base / MIP6MH_BU(seq=PLAIN, mhtime=10)
    at_sequence = 6
elif kind == "routing-header":
    source, care_of, home = first, second, third
    base = IPv6(src=source, dst=care_of)
    header = IPv6ExtHdrRouting(nh=MOBILITY_HEADER, type=2, addresses=[home], segleft=1)
    marked = base / header / message_between(source, home, MIP6MH_BA(seq=MARKED))
    plain = base / MIP6MH_BA(seq=PLAIN)
    at_sequence = 8
else:
    sys.exit(__doc__)

inbox = raw_socket_in(receiver)
conf.route6.resync()
link = Ether(dst=getmacbyip6(base.dst))
sendp([link / marked, link / plain], iface=device)

came = False
while True:
    message, sender = inbox.recvfrom(2048)
    sequence = int.from_bytes(message[at_sequence : at_sequence + 2], "big")
    if sequence == PLAIN:
        sys.exit(0 if came else 1)
    if sequence == MARKED:
        came = True
        if kind == "home-address-option" and sender[0] != home:
            sys.exit(f"source is {sender[0]}, not the home address {home}")
