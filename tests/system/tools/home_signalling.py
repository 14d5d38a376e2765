#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A mobile node's signalling by hand, one message at a time, where a test wants to say exactly what is sent over
the home link and from elsewhere. Run in the namespace of the mobile node.

    home_signalling.py update DEV HOME_AGENT HOME [OPTION...]   sends a Binding Update, prints the answer as
                                                                one line of words
        --care-of ADDRESS    from there, with a Home Address option; without it from the home address
        --sequence N  --lifetime SECONDS  --link-local
        --home4 ADDRESS
        --bid N[=ADDRESS]    Binding Identifier option   --at-home   flag H in it   --draft   as the draft has it
        --link-address MAC   MH Link-Layer Address option
        --map                to a mobility anchor point: flag M in the place of H
    home_signalling.py announce DEV HOME [HOME4]    unsolicited Neighbor Advertisement, gratuitous ARP
    home_signalling.py tunnel CARE_OF HOME_AGENT HOME DESTINATION   an echo request through the tunnel
"""
import argparse
import os
import socket
import struct
import sys
import time

from packets import *  # noqa: F403

PATIENCE = float(os.environ.get("DSMIP_TEST_PATIENCE", "60"))
BU, BA = 5, 6
ARPHRD_ETHER = 1


def option(kind, data):
    return bytes([kind, len(data)]) + data


def mac_of(device):
    with open(f"/sys/class/net/{device}/address", encoding="ascii") as file:
        return bytes.fromhex(file.read().strip().replace(":", ""))


def pad(body, to, offset=0):
    """PadN so that the next octet stands at a multiple of 8, plus `to`."""
    missing = (to - len(body) - offset) % 8
    return body + (b"" if not missing else b"\0" if missing == 1 else option(1, bytes(missing - 2)))


def identifier(words):
    number, _, address = words.bid.partition("=")
    flags = 0
    if words.at_home:
        flags = 0x20 if words.draft else 0x80
    if address and words.draft:
        flags |= 0x80
    return option(35, struct.pack("!HBB", int(number), 0, flags) + (packed(address) if address else b""))


def binding_update(words):
    flags = (0x8800 if words.map else 0xC000) | (0x2000 if words.link_local else 0)
    body = struct.pack("!HHH", words.sequence, flags, words.lifetime // 4)
    if words.home4:
        body = pad(body, 4, 6) + option(29, struct.pack("!H", 32 << 10) + packed(words.home4))
    if words.link_address:
        body += option(7, b"\2" + bytes.fromhex(words.link_address.replace(":", "")))
    if words.bid:
        body = pad(body, 2, 6) + identifier(words)
    body = pad(body, 0, 6)
    return mobility_header(words.home, words.home_agent, BU, body)


def packet_of(words):
    message = binding_update(words)
    if not words.care_of:
        return ip6(words.home, words.home_agent, MH, message)
    # Home Address option at 8n+6
    head = struct.pack("!BB", MH, 2) + option(1, b"\0\0") + option(0xC9, packed(words.home))
    return ip6(words.care_of, words.home_agent, DSTOPTS, head + message)


def answer_in(frame, home):
    """Words for the Binding Acknowledgement in a frame, if it is one."""
    packet = frame[14:]
    proto, message = packet[6], packet[40:]
    if proto == ROUTING and len(message) >= 24 and message[2] == 2 and message[8:24] == packed(home):
        proto, message = message[0], message[24:]
    elif proto == MH and packet[24:40] != packed(home):
        return None
    if proto != MH or message[2] != BA:
        return None
    status, sequence, lifetime = message[6], *struct.unpack("!HH", message[8:12])
    words = [f"status {status} sequence {sequence} lifetime {lifetime * 4} to {frame[:6].hex(':')}"]
    at = 12
    while at < len(message):
        if message[at] == 0:
            at += 1
            continue
        data = message[at + 2:at + 2 + message[at + 1]]
        if message[at] == 35:
            words.append("bid {} {}".format(*struct.unpack("!HB", data[:3])))
        at += 2 + message[at + 1]
    return " ".join(words)


def update(words):
    with open(f"/sys/class/net/{words.device}/type", encoding="ascii") as file:
        head = b"" if int(file.read()) == ARPHRD_ETHER else bytes(14)  # a tunnel has no frames
    listener = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x86DD))
    listener.bind((words.device, 0x86DD))
    listener.settimeout(PATIENCE)
    sender = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, words.device.encode())
    sender.sendto(packet_of(words), (words.home_agent, 0))
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            frame, where = listener.recvfrom(2048)
        except TimeoutError:
            break
        if where[2] != socket.PACKET_OUTGOING and (text := answer_in(head + frame, words.home)):
            print(text)
            return
    sys.exit("no answer")


def announce(device, home, home4=None):
    own = mac_of(device)
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((device, 0))
    data = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + packed(home) + b"\2\1" + own
    out.send(bytes.fromhex("333300000001") + own + b"\x86\xdd" +
             ip6(home, "ff02::1", ICMPV6, with_checksum(home, "ff02::1", ICMPV6, data, 2), ttl=255))
    if home4:
        out.send(b"\xff" * 6 + own + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + own + packed(home4) +
                 bytes(6) + packed(home4))


def tunnel_echo(care_of, home_agent, home, destination):
    out = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    data = with_checksum(home, destination, ICMPV6, struct.pack("!BBHHH", 128, 0, 0, 0x6275, 1), 2)
    out.sendto(ip6(care_of, home_agent, IPV6, ip6(home, destination, ICMPV6, data)), (home_agent, 0))


def main():
    if sys.argv[1] == "announce":
        return announce(*sys.argv[2:])
    if sys.argv[1] == "tunnel":
        return tunnel_echo(*sys.argv[2:])
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("kind", "device", "home_agent", "home"):
        parser.add_argument(name)
    for name in ("--care-of", "--home4", "--bid", "--link-address"):
        parser.add_argument(name)
    for name in ("--link-local", "--at-home", "--draft", "--map"):
        parser.add_argument(name, action="store_true")
    parser.add_argument("--sequence", type=int, default=1)
    parser.add_argument("--lifetime", type=int, default=600)
    return update(parser.parse_args())


main()
