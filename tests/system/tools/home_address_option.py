#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets with a Home Address option and what a home agent says to them. Run in the namespace of the mobile node.

    home_address_option.py error DEV HOME_AGENT HOME CARE_OF WHAT     sends WHAT (udp, tcp, echo, or mh=TYPE) behind a
                            Home Address option, prints the Binding Error that comes: status, home address, where to
    home_address_option.py send DEV HOME_AGENT HOME CARE_OF WHAT      only sends
    home_address_option.py mobility SOURCE DESTINATION TYPE [CARE_OF HOME_AGENT]    sends a Mobility Header of that type,
                            through the tunnel from CARE_OF to HOME_AGENT if they are given
    home_address_option.py request DEV HOME_AGENT HOME CARE_OF        prints the BIDs of the next Binding Refresh Request
                            for HOME that comes through the tunnel to CARE_OF
"""
import os
import socket
import struct
import sys
import time

from packets import *  # noqa: F403

PATIENCE = float(os.environ.get("DSMIP_TEST_PATIENCE", "60"))
BRR, BE = 0, 7


def behind_option(what, home, home_agent):
    """Protocol and octets, with a checksum over the home address."""
    if what == "udp":
        data = struct.pack("!HHHH", 4000, 4000, 8, 0)
        return 17, with_checksum(home, home_agent, 17, data, 6)
    if what == "tcp":
        data = struct.pack("!HHIIBBHHH", 4000, 4000, 1, 0, 5 << 4, 2, 1024, 0, 0)
        return 6, with_checksum(home, home_agent, 6, data, 16)
    if what == "echo":
        data = struct.pack("!BBHHH", 128, 0, 0, 1, 1)
        return ICMPV6, with_checksum(home, home_agent, ICMPV6, data, 2)
    kind = int(what.removeprefix("mh="))
    return MH, mobility_header(home, home_agent, kind, bytes(2))


def send(device, home_agent, home, care_of, what):
    proto, data = behind_option(what, home, home_agent)
    head = struct.pack("!BB", proto, 2) + bytes([1, 2, 0, 0]) + bytes([0xC9, 16]) + packed(home)
    out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    out.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    out.sendto(ip6(care_of, home_agent, DSTOPTS, head + data), (home_agent, 0))


def frames(device, listener):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            frame, where = listener.recvfrom(2048)
        except TimeoutError:
            break
        if where[2] != socket.PACKET_OUTGOING:
            yield frame[14:]
    sys.exit(f"nothing came on {device}")


def listen(device):
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86DD))
    listener.bind((device, 0x86DD))
    listener.settimeout(PATIENCE)
    return listener


def text(address):
    return socket.inet_ntop(socket.AF_INET6, address)


def error(device, home_agent, home, care_of, what):
    listener = listen(device)
    send(device, home_agent, home, care_of, what)
    for packet in frames(device, listener):
        if packet[6] == MH and packet[42] == BE and packet[8:24] == packed(home_agent):
            print(f"status {packet[46]} home {text(packet[48:64])} to {text(packet[24:40])}")
            return


def request(device, home_agent, home, care_of):
    for packet in frames(device, listen(device)):
        inner = packet[40:]
        if packet[6] != IPV6 or packet[24:40] != packed(care_of) or inner[6] != MH or inner[42] != BRR:
            continue
        if inner[8:24] != packed(home_agent) or inner[24:40] != packed(home):
            continue
        bids, options = [], inner[48:40 + 8 * (inner[41] + 1)]
        while options:
            if options[0] == 0:
                options = options[1:]
                continue
            if options[0] == 35:
                bids.append(str(struct.unpack("!H", options[2:4])[0]))
            options = options[2 + options[1]:]
        print("bids " + " ".join(bids))
        return


def mobility(source, destination, kind, care_of=None, home_agent=None):
    out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    packet = ip6(source, destination, MH, mobility_header(source, destination, int(kind), bytes(18)))
    if care_of:
        packet = ip6(care_of, home_agent, IPV6, packet)
    out.sendto(packet, (home_agent or destination, 0))


def main():
    {"error": error, "send": send, "request": request, "mobility": mobility}[sys.argv[1]](*sys.argv[2:])


if __name__ == "__main__":
    main()
