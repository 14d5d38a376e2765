#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Registrations with all there is to be said about IPv4 home addresses and prefixes, sent by hand
to a home agent in UDP over IPv4, and what it has to answer.

    registration_table.py HOME_AGENT4 HOME_AGENT6 CARE_OF4

The configuration of the home agent is that of registration_table_test.sh.
"""
import ipaddress
import os
import socket
import struct
import subprocess
import sys

from mobility_messages import (A, BA, BA_R, BID, BU, CARE_OF4, H, HOME4, HOME4_ACK, PREFIX6, R,
                               option, options_of, send, update)

PATIENCE = float(os.environ.get("DSMIP_TEST_PATIENCE", "60"))
F_DRAFT = 0x0200
CARE_OF = ipaddress.IPv4Address(sys.argv[3])

MN, OTHER = "2001:db8:1::100", "2001:db8:1::200"


def home4(address, length=32, prefix=False):
    word = length << 10 | (0x0200 if prefix else 0)
    return option(HOME4, struct.pack("!H", word) + ipaddress.IPv4Address(address).packed)


def prefix6(text):
    address, length = text.split("/")
    return option(PREFIX6, bytes([0, int(length)]) + ipaddress.IPv6Address(address).packed)


def bid(number):
    return option(BID, struct.pack("!HBB", number, 0, 0) + CARE_OF.packed)


# One after the other to one home agent.  what, home address, flags beside A and H, options,
# lifetime in units; status, R in the answer, option 30 as STATUS ADDRESS/LENGTH, and what
# `dsmipctl` then shows of that node: IPv4 home addresses and prefixes.  A name in capitals
# stands for a lent address or prefix, from its first occurrence on.
CASES = [
    ("no IPv4 at all", MN, 0, [], 150, 0, False, [], ""),
    ("a static address", MN, 0, [home4("192.0.2.130")], 150,
     0, False, ["0 192.0.2.130/32"], "192.0.2.130"),
    ("two of them, one foreign", MN, 0,
     [home4("192.0.2.131"), home4("192.0.2.140"), home4("192.0.2.130")], 150,
     0, False, ["0 192.0.2.131/32", "130 192.0.2.140/0", "0 192.0.2.130/32"],
     "192.0.2.130 192.0.2.131"),
    ("lengths that cannot be", MN, 0, [home4("192.0.2.130", 0), home4("192.0.2.130", 33)], 150,
     0, False, ["131 192.0.2.130/0", "131 192.0.2.130/0"], ""),
    ("addresses that cannot be", MN, 0, [home4("224.0.0.1"), home4("127.0.0.1")], 150,
     0, False, ["131 224.0.0.1/0", "131 127.0.0.1/0"], ""),
    ("a host with a prefix", MN, 0, [home4("192.0.2.130"), home4("10.1.0.0", 16, True)], 150,
     0, False, ["0 192.0.2.130/32", "0 10.1.0.0/16"], "10.1.0.0/16 192.0.2.130"),
    ("a part of it", MN, 0, [home4("10.1.7.1", 24)], 150,
     0, False, ["0 10.1.7.1/24"], "10.1.7.0/24"),
    ("a prefix of another", MN, 0, [home4("10.2.0.0", 16, True)], 150,
     0, False, ["133 10.2.0.0/0"], ""),
    ("now as a router", MN, R, [], 150, 139, False, [], ""),
    ("its address with another length, which is overridden", MN, 0, [home4("192.0.2.130", 24)], 150,
     0, False, ["0 192.0.2.130/32"], "192.0.2.130"),
    ("it leaves, and option 29 is answered", MN, 0, [home4("192.0.2.130", 24)], 0,
     0, False, ["0 192.0.2.130/32"], ""),
    ("and leaves once more", MN, 0, [home4("192.0.2.130")], 0,
     133, False, ["128 192.0.2.130/0"], ""),
    ("a router, its prefixes by configuration", MN, R, [], 150,
     0, True, [], "2001:db8:aaaa::/48"),
    ("by name", MN, R, [prefix6("2001:db8:aaaa:1::/64"), prefix6("2001:db8:aaaa:2::/64")], 150,
     0, True, [], "2001:db8:aaaa:1::/64 2001:db8:aaaa:2::/64"),
    ("one fewer, and an IPv4 one", MN, R,
     [prefix6("2001:db8:aaaa:2::/64"), home4("10.1.0.0", 16, True)], 150,
     0, True, ["0 10.1.0.0/16"], "10.1.0.0/16 2001:db8:aaaa:2::/64"),
    ("a prefix of length 0", MN, R, [prefix6("2001:db8:aaaa:2::/64"), prefix6("::/0")], 150,
     141, False, [], "10.1.0.0/16 2001:db8:aaaa:2::/64"),
    ("a prefix of length 129", MN, R, [prefix6("2001:db8:aaaa:2::/129")], 150,
     141, False, [], "10.1.0.0/16 2001:db8:aaaa:2::/64"),
    ("a prefix of another", MN, R, [prefix6("2001:db8:bbbb::/64")], 150,
     142, False, [], "10.1.0.0/16 2001:db8:aaaa:2::/64"),
    ("no router any more", MN, 0, [], 150,
     139, False, [], "10.1.0.0/16 2001:db8:aaaa:2::/64"),
    ("several care-of addresses take nothing away", MN, R,
     [prefix6("2001:db8:aaaa:3::/64"), bid(1)], 150,
     165, False, [], "10.1.0.0/16 2001:db8:aaaa:2::/64"),
    ("it leaves, a wrong prefix says nothing then", MN, R, [prefix6("2001:db8:bbbb::/64")], 0,
     0, False, [], ""),
    ("a router without H", OTHER, R - H, [], 150, 140, False, [], ""),
    ("a router without prefixes", OTHER, R, [], 150, 143, False, [], ""),
    ("whose only prefix is refused", OTHER, R, [home4("10.1.0.0", 16, True)], 150,
     143, False, ["128 10.1.0.0/0"], ""),
    ("any address", OTHER, 0, [home4("0.0.0.0")], 150, 0, False, ["0 ANY/32"], "ANY"),
    ("any prefix, only that", OTHER, 0, [home4("0.0.0.0", 28, True)], 150,
     0, False, ["0 NET/28"], "NET/28"),
    ("both again, the same", OTHER, 0, [home4("0.0.0.0"), home4("0.0.0.0", 28, True)], 150,
     0, False, ["0 ANY/32", "0 NET/28"], "ANY NET/28"),
    ("larger than is lent", OTHER, 0, [home4("0.0.0.0", 20, True)], 150,
     0, False, ["0 LARGE/24"], "LARGE/24"),
    ("the same to a node of the draft", OTHER, F_DRAFT, [home4("0.0.0.0", 20, True)], 150,
     0, False, ["133 0.0.0.0/0"], ""),
    ("a length without P is that of no prefix", OTHER, 0, [home4("0.0.0.0", 28)], 150,
     0, False, ["0 ANY/32"], "ANY"),
    ("it leaves", OTHER, 0, [], 0, 0, False, [], ""),
]


def receive(udp):
    """Flags, status, options 30 of the Binding Acknowledgement that comes in."""
    packet = udp.recv(2048)
    if packet[0] >> 4 != 6 or packet[6] != 135 or packet[42] != BA:
        sys.exit(f"no Binding Acknowledgement: {packet.hex()}")
    message = packet[40:]
    acknowledged = []
    for kind, data in options_of(message[12:]):
        if kind == HOME4_ACK:
            acknowledged.append(f"{data[0]} {ipaddress.IPv4Address(data[2:])}/{data[1] >> 2}")
    return message[6], bool(message[7] & BA_R), acknowledged


def shown(node):
    """What the kernel has of that node."""
    words = set()
    for line in subprocess.check_output(["ip", "netns", "exec", "ha", "dsmipctl", "binding", "show"],
                                        text=True).splitlines():
        fields = line.split()
        if fields and fields[0] == node and "home4" in fields:
            words |= set(fields[fields.index("home4") + 1].split(","))
    for line in subprocess.check_output(["ip", "netns", "exec", "ha", "dsmipctl", "prefix", "show"],
                                        text=True).splitlines():
        fields = line.split()
        if fields[2] == node:
            words.add(fields[0])
    return words


def routes():
    words = set()
    for family in ("-4", "-6"):
        for line in subprocess.check_output(
                ["ip", family, "-n", "ha", "route", "show", "table", "main", "proto", "191"],
                text=True).splitlines():
            words.add(line.split()[0])
    return words


def resolve(text, names, got):
    """`text` with its names; one without a value yet takes it from `got`."""
    words = text.split()
    for i, word in enumerate(words):
        name, slash, rest = word.partition("/")
        if name.isupper():
            if name not in names and i < len(got):
                names[name] = got[i].partition("/")[0]
            words[i] = names.get(name, "?") + slash + rest
    return words


def main():
    home_agent6 = ipaddress.IPv6Address(sys.argv[2])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.settimeout(PATIENCE)
    udp.connect((sys.argv[1], 4191))
    own_routes = routes()
    names, faults = {}, 0
    for sequence, case in enumerate(CASES, 1):
        what, node, flags, options, lifetime, status, router, acknowledged, wanted = case
        care_of = b"" if any(o[0] == BID for o in options) else \
            option(CARE_OF4, b"\0\0" + CARE_OF.packed)
        message = update(b"".join(options) + care_of, A + H + flags, sequence, lifetime, BU)
        send(udp, ipaddress.IPv6Address(node), home_agent6, message)
        try:
            answer = receive(udp)
        except TimeoutError:
            print(f"{what}: no answer", file=sys.stderr)
            faults += 1
            continue
        lines = [resolve(line, names, answer[2][i].split() if i < len(answer[2]) else [])
                 for i, line in enumerate(acknowledged)]
        expected = (status, router, [" ".join(line) for line in lines])
        state = set(resolve(wanted, names, []))
        routed = routes() - own_routes
        prefixes = {word for word in state if "/" in word}
        if answer != expected:
            print(f"{what}: expected {expected}, got {answer}", file=sys.stderr)
            faults += 1
        elif shown(node) != state:
            print(f"{what}: expected {state} in the kernel, got {shown(node)}", file=sys.stderr)
            faults += 1
        elif routed != prefixes:
            print(f"{what}: expected routes to {prefixes}, got {routed}", file=sys.stderr)
            faults += 1
        else:
            print(f"{what}: {answer[0]}{' R' if answer[1] else ''} {'; '.join(answer[2])}")
    sys.exit(1 if faults else 0)


main()
