#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sends malformed and contradictory Mobility Headers to a home agent, in UDP over IPv4, and checks
that each makes exactly the counter of its cause rise.

    bad_signalling.py HOME_AGENT4 HOME_AGENT6 HOME_ADDRESS CONTROL_SOCKET

The control socket is the home agent's; counters are read through it.
"""
import ipaddress
import json
import os
import socket
import sys
import time

from mobility_messages import option, send, update

PATIENCE = float(os.environ.get("DSMIP_TEST_PATIENCE", "60"))

IPV4_COA = option(32, b"\0\0" + bytes([198, 51, 100, 2]))

# what is wrong, message without checksum, the one counter that rises; None: the kernel itself
# refuses it before the daemon (RFC 6275, 9.2), so nothing of the daemon moves.
CASES = [
    ("payload protocol 6", update(IPV4_COA, proto=6), None),
    ("header length 0", update(length=0), None),
    ("header length beyond the end", update(IPV4_COA, length=9), None),
    ("octets behind the end", update(IPV4_COA) + b"\0" * 8, "drop_mh_overlong"),
    ("unknown type 99", update(kind=99), "drop_mh_type_unknown"),
    ("IPv4 care-of address of length 0", update(option(32, b"", 0)), "drop_option_length"),
    ("IPv4 care-of address of length 255", update(option(32, b"\0" * 6, 255)),
     "drop_option_truncated"),
    ("IPv4 home address of length 0", update(option(29, b"", 0)), "drop_option_length"),
    ("IPv4 home address of length 255", update(option(29, b"\0" * 6, 255)),
     "drop_option_truncated"),
    ("IPv4 home address of length 5", update(option(29, b"\0" * 5)), "drop_option_length"),
    ("alternate care-of address of length 0", update(option(3, b"", 0)), "drop_option_length"),
    ("alternate care-of address of length 255", update(option(3, b"\0" * 16, 255)),
     "drop_option_truncated"),
    ("binding identifier of length 255", update(option(35, b"\0" * 4, 255)),
     "drop_option_truncated"),
    ("option without its length", update(b"\0\0\0\x20")[:-8] + b"\0" * 7 + b"\x20",
     "drop_option_truncated"),
]


class HomeAgent:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw", encoding="utf-8")

    def counters(self):
        self.file.write('{"command":"status"}\n')
        self.file.flush()
        answer = json.loads(self.file.readline())
        if not answer["ok"]:
            sys.exit(f"status: {answer['error']}")
        return answer["result"]["counters"]


def moved(before, after):
    return {name: value - before.get(name, 0) for name, value in after.items()
            if name.startswith("drop_") and value != before.get(name, 0)}


def main():
    address4, address6, home, control = sys.argv[1:]
    home_agent = HomeAgent(control)
    source, destination = ipaddress.IPv6Address(home), ipaddress.IPv6Address(address6)
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((address4, 4191))
    faults = 0
    cases = [("wrong checksum", update(IPV4_COA), "drop_mh_checksum")] + CASES
    for number, (what, message, name) in enumerate(cases):
        before = home_agent.counters()
        send(udp, source, destination, message, good_sum=number != 0)
        if name is None:
            # The next case shows whether anything was counted late: a marker that is counted.
            name = "drop_mh_checksum"
            send(udp, source, destination, update(IPV4_COA), good_sum=False)
        end = time.monotonic() + PATIENCE
        while not (change := moved(before, home_agent.counters())) and time.monotonic() < end:
            pass  # each look is an exchange with the daemon
        if change != {name: 1}:
            print(f"{what}: expected {name} to rise by one, got {change}", file=sys.stderr)
            faults += 1
        else:
            print(f"{what}: {name}")
    sys.exit(1 if faults else 0)


main()
