#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Floods a home agent with Binding Updates until it is ended, as fast as it can or --rate a second, and says then how many.

    flood.py HOME_AGENT4 HOME_AGENT6 WAY... [--home HOME_ADDRESS] [--sources N] [--from ADDRESS[@PORT]] [--rate N]

WAY, all of them by turns:
    udp     in UDP over IPv4 from one port
    ports   in UDP over IPv4 from many ports
    direct  in IPv4 without UDP
    plain   as IPv6 packets with a Home Address option
    forged  in UDP over IPv4 from addresses that it makes up, --sources many, one after the other; or --from
    forged6 the same as IPv6 packets with a Home Address option
Without --home each is a valid one of a stranger, a home address in the /64 of the home agent that nobody
has. With it each claims to be of that node; the H flag is missing, so that the home agent reads it to the
end and drops it rather than believe it.
"""
import argparse
import ipaddress
import random
import signal
import socket
import struct
import time

BU, A, H = 5, 0x8000, 0x4000
PORT = 4191


def checksum(source, destination, message):
    data = source + destination + struct.pack("!I3xB", len(message), 135) + message
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def update(source, destination, flags, ipv4_care_of=b""):
    options = (b"\x20\x06\0\0" + ipv4_care_of if ipv4_care_of else b"") + b"\x01\x02\0\0"
    message = struct.pack("!BBBBHHHH", 59, (12 + len(options)) // 8 - 1, BU, 0, 0, random.randrange(65536), flags,
                          150) + options
    return message[:4] + struct.pack("!H", checksum(source, destination, message)) + message[6:]


def ip6(source, destination, proto, payload):
    return struct.pack("!IHBB", 6 << 28, len(payload), proto, 64) + source + destination + payload


class Flood:
    """What is sent: a socket, where to, and a packet."""

    def __init__(self, address4, address6, home, sources, source):
        self.address4, self.address6, self.home = address4, address6, home
        self.sources, (self.source, _, self.port) = sources, (source or "").partition("@")
        self.destination = ipaddress.IPv6Address(address6).packed
        self.flags = A if home else A | H

    def home_address(self):
        return ipaddress.IPv6Address(self.home).packed if self.home else self.destination[:8] + random.randbytes(8)

    def inner(self, care_of):
        home = self.home_address()
        return ip6(home, self.destination, 135, update(home, self.destination, self.flags, care_of))

    def udp(self, sockets=1):
        for _ in range(sockets):
            link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            link.connect((self.address4, PORT))
            for _ in range(1024 // sockets):
                yield link, (self.address4, PORT), self.inner(socket.inet_aton(link.getsockname()[0]))

    def ports(self):
        return self.udp(256)

    def direct(self):
        link = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPV6)
        link.connect((self.address4, 0))
        for _ in range(1024):
            yield link, (self.address4, 0), self.inner(socket.inet_aton(link.getsockname()[0]))

    def plain(self):
        probe = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        probe.connect((self.address6, 9))
        source = socket.inet_pton(socket.AF_INET6, probe.getsockname()[0])
        link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        for _ in range(1024):
            home = self.home_address()
            option = struct.pack("!BBBBBBBB", 135, 2, 1, 2, 0, 0, 0xC9, 16) + home
            yield link, (self.address6, 0), ip6(source, self.destination, 60,
                                                option + update(home, self.destination, self.flags))

    def forged(self):
        link = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        for _ in range(self.sources):
            source = socket.inet_aton(self.source) if self.source else bytes([32 + random.randrange(64)]) + random.randbytes(3)
            data = self.inner(source)
            port = int(self.port) if self.port else random.randrange(1024, 65536)
            udp = struct.pack("!HHHH", port, PORT, 8 + len(data), 0) + data
            yield link, (self.address4, 0), struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source + \
                socket.inet_aton(self.address4) + udp

    def forged6(self):
        link = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        for _ in range(self.sources):
            source = socket.inet_pton(socket.AF_INET6, self.source) if self.source else b"\x20\x01\x0d\xb9" + random.randbytes(12)
            home = self.home_address()
            option = struct.pack("!BBBBBBBB", 135, 2, 1, 2, 0, 0, 0xC9, 16) + home
            yield link, (self.address6, 0), ip6(source, self.destination, 60,
                                                option + update(home, self.destination, self.flags))


def send(packets, rate, running):
    """Sends `packets` over and over, `rate` a second if that is not 0; how many."""
    sent, begin = 0, time.monotonic()
    while running():
        for link, to, packet in packets:
            try:
                link.sendto(packet, to)
            except OSError:
                continue  # its queue is full
            sent += 1
            if not running():
                break
            if rate and sent % 64 == 0:
                time.sleep(max(begin + sent / rate - time.monotonic(), 0))
    return sent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address4")
    parser.add_argument("address6")
    parser.add_argument("ways", nargs="+", choices=("udp", "ports", "direct", "plain", "forged", "forged6"))
    parser.add_argument("--home")
    parser.add_argument("--sources", type=int, default=4096)
    parser.add_argument("--from", dest="source", help="ADDRESS, for UDP with @PORT")
    parser.add_argument("--rate", type=int, default=0)
    arguments = parser.parse_args()
    flood = Flood(arguments.address4, arguments.address6, arguments.home, arguments.sources, arguments.source)
    packets = [packet for turn in zip(*(list(getattr(flood, way)()) for way in arguments.ways)) for packet in turn]
    running = True

    def end(*_):
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, end)
    sent = send(packets, arguments.rate, lambda: running)
    print(f"{sent} sent")


main()
