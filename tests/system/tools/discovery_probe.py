#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Discovery as a mobile node does it, one message at a time. Run in the namespace of the node.

    discovery_probe.py ask ANYCAST [--mobile-router]
        a Home Agent Address Discovery Request; prints the flag R of the reply as 0 or 1, its source, and
        the addresses in their order, in one line
    discovery_probe.py solicit HOME_AGENT HOME
        a Mobile Prefix Solicitation from the home address, wherever that is routed
    discovery_probe.py solicit HOME_AGENT HOME --care-of ADDRESS
        from the care-of address, with a Home Address option
        Both print the advertisement that has the identifier.
    discovery_probe.py listen
        prints every Mobile Prefix Advertisement, until killed
    An advertisement is printed as: identifier ID from SOURCE flags M|O and for each prefix
    PREFIX/LENGTH flags valid preferred.
"""
import os
import random
import socket
import struct
import sys
import time

from packets import *  # noqa: F403

PATIENCE = float(os.environ.get("DSMIP_TEST_PATIENCE", "60"))
REQUEST, REPLY, SOLICITATION, ADVERTISEMENT = 144, 145, 146, 147
ICMP6_FILTER = 1


def listener(kind):
    made = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    blocked = [0xFFFFFFFF] * 8
    blocked[kind >> 5] &= ~(1 << (kind & 31))
    made.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("=8I", *blocked))
    return made


def text_of(data, source):
    identifier, flags = struct.unpack("!HB", data[4:7])
    words = [f"identifier {identifier} from {source} flags",
             ("M" if flags & 0x80 else "") + ("O" if flags & 0x40 else "") or "none"]
    at = 8
    while at < len(data):
        kind, length = data[at], data[at + 1] * 8
        if kind == 3:
            bits, flags, valid, preferred = struct.unpack("!BBII", data[at + 2:at + 12])
            letters = "".join(name for mask, name in ((0x80, "L"), (0x40, "A"), (0x20, "R")) if flags & mask)
            address = socket.inet_ntop(socket.AF_INET6, data[at + 16:at + 32])
            words.append(f"{address}/{bits} {letters or 'none'} {valid} {preferred}")
        at += length
    return " ".join(words)


def exchange(kind, send, identifier):
    """The answer with the identifier, and where it came from; asked for again as a node would."""
    answers = listener(kind)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        send()
        again = time.monotonic() + 3
        while (left := again - time.monotonic()) > 0:
            answers.settimeout(left)
            try:
                data, where = answers.recvfrom(2048)
            except TimeoutError:
                break
            if struct.unpack("!H", data[4:6])[0] == identifier:
                return data, where[0]
    sys.exit("no answer")


def ask(anycast, mobile_router):
    identifier = random.randrange(1, 65536)
    out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
    request = struct.pack("!BBHHH", REQUEST, 0, 0, identifier, 0x8000 if mobile_router else 0)
    data, source = exchange(REPLY, lambda: out.sendto(request, (anycast, 0)), identifier)
    addresses = [socket.inet_ntop(socket.AF_INET6, data[at:at + 16]) for at in range(8, len(data), 16)]
    print(data[6] >> 7, source, *addresses)


def solicit(home_agent, home, care_of):
    identifier = random.randrange(1, 65536)
    message = with_checksum(home, home_agent, ICMPV6, struct.pack("!BBHHH", SOLICITATION, 0, 0, identifier, 0), 2)
    out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    packet = ip6(home, home_agent, ICMPV6, message)
    if care_of:
        # Home Address option at 8n+6
        head = struct.pack("!BB", ICMPV6, 2) + b"\1\2\0\0" + b"\xc9\x10" + packed(home)
        packet = ip6(care_of, home_agent, DSTOPTS, head + message)
    else:
        out.bind((home, 0))  # routed by its source
    data, source = exchange(ADVERTISEMENT, lambda: out.sendto(packet, (home_agent, 0)), identifier)
    print(text_of(data, source))


def listen():
    answers = listener(ADVERTISEMENT)
    print("listening", flush=True)
    while True:
        data, where = answers.recvfrom(2048)
        print(text_of(data, where[0]), flush=True)


words = sys.argv[2:]
if sys.argv[1] == "ask":
    ask(words[0], "--mobile-router" in words)
elif sys.argv[1] == "solicit":
    solicit(words[0], words[1], words[3] if len(words) > 3 else None)
elif sys.argv[1] == "listen":
    listen()
else:
    sys.exit(__doc__)
