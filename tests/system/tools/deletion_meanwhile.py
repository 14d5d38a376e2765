# SPDX-License-Identifier: GPL-2.0-or-later
"""Deletes a device while a request with very many nodes has its lock.
    deletion_meanwhile.py DEV NODES
Exits non-zero unless the request gave up, and prints how long the deletion took."""
import errno
import os
import socket
import struct
import sys
import threading
import time

from dsmip_netlink import ACK, CREATE, REQUEST, Refused, Requests, binding, node

SO_SNDBUFFORCE = 32
RTM_DELLINK = 17
# Kilobytes of objects that say for sure that nodes are being made.
BEGUN = 3000


def nodes(count):
    """NODE attributes of so many home addresses, which differ in their last four octets."""
    marker = b"\xde\xad\xbe\xef"
    before, behind = node("2001:db8:b::dead:beef", binding(via="198.51.100.1", lifetime=3600000)).split(marker)
    return b"".join(before + n.to_bytes(4, "big") + behind for n in range(count))


class Long(threading.Thread):
    """The request, in a thread of its own: it ends when the kernel has done it."""
    def __init__(self, device, count):
        super().__init__()
        self.device, self.data, self.error = device, nodes(count), 0
        self.requests = Requests()
        self.requests.socket.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 2 * len(self.data) + 65536)

    def run(self):
        try:
            self.requests.request("BINDING_NEW", self.device, self.data, flags=REQUEST | ACK | CREATE)
        except Refused as refused:
            self.error = refused.code
            print(f"the request: {refused}")


def objects():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Slab:"))


def delete(index):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as rtnetlink:
        rtnetlink.send(struct.pack("=IHHIIBxHiII", 32, RTM_DELLINK, REQUEST | ACK, 1, 0, 0, 0, index, 0, 0))
        return -struct.unpack("=i", rtnetlink.recv(4096)[16:20])[0]


def main(device, count):
    index = socket.if_nametoindex(device)
    request = Long(device, count)
    before = objects()
    request.start()
    while request.is_alive() and objects() < before + BEGUN:
        os.sched_yield()
    begin = time.monotonic()
    error = delete(index)
    print(f"the deletion took {(time.monotonic() - begin) * 1000:.0f} ms")
    request.join()
    if error:
        print(f"the deletion failed: {os.strerror(error)}")
    if request.error != errno.ENODEV:
        print("the request did not give up")
    return not error and request.error == errno.ENODEV


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1], int(sys.argv[2])) else 1)
