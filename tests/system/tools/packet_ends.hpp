// SPDX-License-Identifier: GPL-2.0-or-later
// The two sides of a device under test: its network, a tun device, and its inner side, packet
// sockets.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>

#include <fcntl.h>
#include <linux/dsmip.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "genl_tree.hpp"
#include "packet_build.hpp"

namespace dsmip::tools {

[[noreturn]] inline void give_up(const std::string& what) {
    std::fprintf(stderr, "dsmip-packet-fuzz: %s: %s\n", what.c_str(), strerror(errno));
    std::exit(2);
}

inline unsigned long long number(std::uint64_t value) {
    return value;
}

/// struct virtio_net_hdr, whose header C++ cannot read: what the sender leaves to others.
struct OffloadHead {
    std::uint8_t flags;
    std::uint8_t gso_type;
    std::uint16_t hdr_len;
    std::uint16_t gso_size;
    std::uint16_t csum_start;
    std::uint16_t csum_offset;
};
inline constexpr std::uint8_t needs_checksum = 1;
inline constexpr std::uint8_t tcp4 = 1;
inline constexpr std::uint8_t udp4 = 3;
inline constexpr std::uint8_t tcp6 = 4;

/// The network: what this host sends comes out, what is put in arrives at this host.
class Network {
public:
    explicit Network(const char* name)
        : fd_(open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)) {
        ifreq request{};
        std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
        request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR | IFF_MULTI_QUEUE;
        if (fd_ < 0 || ioctl(fd_, TUNSETIFF, &request) != 0) {
            give_up(name);
        }
        // The host may leave checksums and segmentation to the network.
        (void)ioctl(fd_, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6);
    }
    ~Network() { close(fd_); }
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// False when the device refused it: then it never arrived.
    bool arrive(const Packet& packet, const OffloadHead& head = {}) {
        buffer_.assign(reinterpret_cast<const std::uint8_t*>(&head),
                       reinterpret_cast<const std::uint8_t*>(&head) + sizeof head);
        buffer_.insert(buffer_.end(), packet.begin(), packet.end());
        return write(fd_, buffer_.data(), buffer_.size()) >= 0;
    }
    /// Until a packet comes out, or so many milliseconds.
    void wait(int milliseconds) const {
        pollfd out{fd_, POLLIN, 0};
        (void)poll(&out, 1, milliseconds);
    }
    /// Takes out all packets; counts those that are no ICMP, which the host sends on its own
    /// account as well, and the ICMP errors "nobody wants this protocol".
    void drain() {
        std::uint8_t data[66000];
        for (;;) {
            const ssize_t size = read(fd_, data, sizeof data);
            if (size < 0) {
                return;
            }
            const auto* packet = data + sizeof(OffloadHead);
            const bool v4 = packet[0] >> 4 == 4;
            const bool v6 = packet[0] >> 4 == 6;
            if (v4 && packet[9] == IPPROTO_ICMP && packet[20] == 3 && packet[21] == 3) {
                ++unclaimed;
            } else if (v6 && packet[6] == IPPROTO_ICMPV6 && packet[40] == 1 && packet[41] == 4) {
                ++unclaimed;
            } else if (!(v4 && packet[9] == IPPROTO_ICMP) && !(v6 && packet[6] == IPPROTO_ICMPV6)) {
                ++sent;
                last_sent.assign(packet, static_cast<const std::uint8_t*>(data) + size);
            }
        }
    }

    std::uint64_t unclaimed = 0;
    std::uint64_t sent = 0;
    Packet last_sent; ///< empty until there is one

private:
    int fd_;
    Packet buffer_;
};

/// The inner side of a device, and its counters.
class Device {
public:
    Device(GenlSocket& netlink, const char* name)
        : netlink_(netlink)
        , name_(name)
        , index_(if_nametoindex(name)) {
        datagram_ = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        raw_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
        const int one = 1;
        if (index_ == 0 || datagram_ < 0 || raw_ < 0 ||
            setsockopt(raw_, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof one) != 0) {
            give_up(name);
        }
    }

    std::uint32_t index() const { return index_; }
    /// For a device that goes away and comes back; false while there is none.
    bool find_again() {
        index_ = if_nametoindex(name_.c_str());
        return index_ != 0;
    }

    /// False when the socket refused it: then the device never saw it.
    bool send(const Packet& packet, std::uint32_t mark) {
        return send(datagram_, packet, nullptr, mark);
    }
    bool send_segments(const Packet& packet, const OffloadHead& head) {
        return send(raw_, packet, &head, 0);
    }

    std::map<std::string, std::uint64_t> counters() {
        std::map<std::string, std::uint64_t> result;
        const Answer answer = netlink_.ask(
            {.command = DSMIP_CMD_COUNTER_GET, .attributes = {scalar(DSMIP_A_IFINDEX, index_)}});
        if (answer.error != 0 || answer.replies.empty()) {
            errno = answer.error;
            give_up("counters");
        }
        const Attribute* list = find(answer.replies[0].attributes, DSMIP_A_COUNTERS);
        for (const Attribute& counter :
             list != nullptr ? list->children : std::vector<Attribute>()) {
            const Attribute* name = find(counter.children, DSMIP_COUNTER_A_NAME);
            const Attribute* value = find(counter.children, DSMIP_COUNTER_A_VALUE);
            if (name != nullptr && value != nullptr && value->payload.size() == 8) {
                std::uint64_t number = 0;
                std::memcpy(&number, value->payload.data(), 8);
                result[reinterpret_cast<const char*>(name->payload.data())] = number;
            }
        }
        for (const char* statistic : {"rx_packets", "tx_packets", "tx_errors"}) {
            std::ifstream file("/sys/class/net/" + name_ + "/statistics/" + statistic);
            file >> result["=" + std::string(statistic)];
        }
        return result;
    }

private:
    bool send(int fd, const Packet& packet, const OffloadHead* head, std::uint32_t mark) const {
        sockaddr_ll to{};
        to.sll_family = AF_PACKET;
        to.sll_ifindex = static_cast<int>(index_);
        to.sll_protocol = htons(!packet.empty() && packet[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6);
        iovec parts[2] = {{const_cast<OffloadHead*>(head), head != nullptr ? sizeof *head : 0},
                          {const_cast<std::uint8_t*>(packet.data()), packet.size()}};
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof mark)]{};
        msghdr message{};
        message.msg_name = &to;
        message.msg_namelen = sizeof to;
        message.msg_iov = head != nullptr ? parts : parts + 1;
        message.msg_iovlen = head != nullptr ? 2 : 1;
        if (mark != 0) {
            message.msg_control = control;
            message.msg_controllen = sizeof control;
            cmsghdr* item = CMSG_FIRSTHDR(&message);
            item->cmsg_level = SOL_SOCKET;
            item->cmsg_type = SO_MARK;
            item->cmsg_len = CMSG_LEN(sizeof mark);
            std::memcpy(CMSG_DATA(item), &mark, sizeof mark);
        }
        return sendmsg(fd, &message, 0) >= 0;
    }

    GenlSocket& netlink_;
    std::string name_;
    std::uint32_t index_;
    int datagram_ = -1;
    int raw_ = -1;
};

} // namespace dsmip::tools
