// SPDX-License-Identifier: GPL-2.0-or-later
// Unsolicited Neighbor Advertisement and gratuitous ARP by a packet socket.
#include "daemon/home_announcement.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/neighbor_discovery.hpp"

namespace dsmip::daemon {

namespace {

std::optional<wire::EthernetAddress> link_address_of(int fd, const std::string& link_name) {
    ifreq request{};
    link_name.copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
    if (::ioctl(fd, SIOCGIFHWADDR, &request) != 0 || // NOLINT: the only call that there is
        request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
        return {};
    }
    wire::EthernetAddress address{};
    std::memcpy(address.data(), static_cast<const char*>(request.ifr_hwaddr.sa_data),
                address.size());
    return address;
}

struct Frame {
    std::uint16_t ethertype = 0;
    wire::EthernetAddress destination{};
    std::vector<std::uint8_t> payload;
};

Frame announcement(const wire::IpAddress& address, const wire::EthernetAddress& own) {
    if (const auto* address4 = address.ipv4()) {
        wire::ArpPacket packet;
        packet.sender_link_address = own;
        packet.sender = *address4;
        packet.target = *address4;
        return {wire::ethertype_arp, wire::ethernet_broadcast, wire::encode(packet)};
    }
    wire::NeighborAdvertisement message;
    message.source = *address.ipv6();
    message.destination = wire::all_nodes;
    message.target = *address.ipv6();
    message.overrides = true;
    message.target_link_address = own;
    return {wire::ethertype_ipv6, wire::ethernet_multicast(wire::all_nodes), wire::encode(message)};
}

} // namespace

tl::expected<void, std::string> announce_home_address(const std::string& link_name,
                                                      std::uint32_t ifindex,
                                                      const wire::IpAddress& address) {
    const auto failure = [&](std::string_view step) {
        return tl::make_unexpected(fmt::format("announcement of {} on {}: {}: {}",
                                               wire::to_string(address), link_name, step,
                                               std::strerror(errno)));
    };
    const int fd = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return failure("socket");
    }
    tl::expected<void, std::string> result;
    if (const auto own = link_address_of(fd, link_name)) {
        const auto frame = announcement(address, *own);
        sockaddr_ll to{};
        to.sll_family = AF_PACKET;
        to.sll_protocol = htons(frame.ethertype);
        to.sll_ifindex = static_cast<int>(ifindex);
        to.sll_halen = static_cast<unsigned char>(frame.destination.size());
        std::copy(frame.destination.begin(), frame.destination.end(),
                  static_cast<unsigned char*>(to.sll_addr));
        if (::sendto(fd, frame.payload.data(), frame.payload.size(), 0,
                     reinterpret_cast<const sockaddr*>(&to), // NOLINT: API of sockets
                     sizeof to) < 0) {
            result = failure("send");
        }
    }
    ::close(fd);
    return result;
}

} // namespace dsmip::daemon
