#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dump_time.py DEVICE NODES: seconds that a dump of the bindings takes; messages are counted, not decoded."""
import pathlib
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "system" / "tools"))
from packet_bench import Netlink  # noqa: E402

BINDING_GET, A_IFINDEX = 5, 2
NLM_F_REQUEST_DUMP, NLMSG_ERROR, NLMSG_DONE = 0x301, 2, 3


def main():
    netlink = Netlink()
    attributes = netlink.attribute(A_IFINDEX, struct.pack("=I", socket.if_nametoindex(sys.argv[1])))
    start = time.monotonic()
    netlink.socket.send(struct.pack("=IHHIIBBH", 20 + len(attributes), netlink.family, NLM_F_REQUEST_DUMP, 2, 0, BINDING_GET,
                                    1, 0) + attributes)
    messages, kind = 0, 0
    while kind != NLMSG_DONE:
        data, at = netlink.socket.recv(1 << 20), 0
        while at < len(data):
            length, kind = struct.unpack_from("=IH", data, at)
            if kind == NLMSG_ERROR:
                sys.exit("the dump is refused")
            messages += 1
            at += (length + 3) & ~3
    took = time.monotonic() - start
    if messages - 1 != int(sys.argv[2]):
        sys.exit(f"{messages - 1} nodes in the dump")
    print(f"{took:.3f}")


if __name__ == "__main__":
    main()
