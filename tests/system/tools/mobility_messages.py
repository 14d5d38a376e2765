# SPDX-License-Identifier: GPL-2.0-or-later
"""Mobility Headers by hand, for tests that send what no sane node does. In UDP over IPv4 as RFC
5555, 4.1 wants them; nothing here is shared with the codec under test."""
import struct

BU, BA = 5, 6
A, H, R = 0x8000, 0x4000, 0x0400
BA_R = 0x40
PAD1, PADN, PREFIX6, HOME4, HOME4_ACK, CARE_OF4, BID = 0, 1, 6, 29, 30, 32, 35


def checksum(source, destination, message):
    data = source.packed + destination.packed + struct.pack("!I3xB", len(message), 135) + message
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def option(kind, data, length=None):
    return bytes([kind, len(data) if length is None else length]) + data


def update(options=b"", flags=A | H, sequence=1, lifetime=150, kind=BU, proto=59, length=None):
    """A Mobility Header without checksum; PadN makes it a multiple of 8 octets."""
    body = struct.pack("!HHH", sequence, flags, lifetime) + options
    pad = -(6 + len(body)) % 8
    if pad == 1:
        body += b"\0"
    elif pad:
        body += option(PADN, b"\0" * (pad - 2))
    if length is None:
        length = (6 + len(body)) // 8 - 1
    return struct.pack("!BBBBH", proto, length, kind, 0, 0) + body


def send(udp, source, destination, message, good_sum=True):
    """Through a connected UDP socket, as IPv6 from the home address to the home agent."""
    value = checksum(source, destination, message)
    message = message[:4] + struct.pack("!H", value if good_sum else value ^ 1) + message[6:]
    udp.send(struct.pack("!IHBB", 6 << 28, len(message), 135, 64) + source.packed +
             destination.packed + message)


def options_of(octets):
    """(type, data) of each option but padding."""
    found = []
    while octets:
        if octets[0] == PAD1:
            octets = octets[1:]
            continue
        kind, length = octets[0], octets[1]
        if kind != PADN:
            found.append((kind, octets[2:2 + length]))
        octets = octets[2 + length:]
    return found
