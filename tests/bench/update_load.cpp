// SPDX-License-Identifier: GPL-2.0-or-later
// Many mobile nodes behind IPv4: keeps Binding Updates in UDP on their way to a home agent and
// counts those that are accepted.  Every answer that counts was decoded, fits the Binding Update
// it answers, and says that it was accepted.
//
//   bench_update_load HOME-AGENT6 HOME-AGENT4 NODES ROUNDS WINDOW [FIRST-SEQUENCE]
//
// Node n has the home address 2001:db8:b:: + n and the care-of address 100.64.0.0 + n % 65536,
// which has to be a local address here (ip route add local 100.64.0.0/16 dev lo).  Each round all
// nodes register once; WINDOW of them wait for an answer at any time.  Prints JSON.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/codec.hpp"

using namespace dsmip;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint16_t home_agent_port = 4191;
constexpr std::size_t ipv6_header_length = 40;
constexpr std::size_t at_once = 32; // messages of one system call
constexpr auto patience = std::chrono::seconds(2);
constexpr unsigned attempts_max = 20;

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "bench_update_load: %s\n", why.c_str());
    std::exit(1);
}

wire::Ipv6Address home_address(std::uint32_t node) {
    wire::Ipv6Address address{{0x20, 0x01, 0x0D, 0xB8, 0, 0x0B}};
    for (unsigned octet = 0; octet < 4; ++octet) {
        address.bytes.at(15 - octet) = static_cast<std::uint8_t>(node >> (8 * octet));
    }
    return address;
}

std::uint32_t node_of(const wire::Ipv6Address& address) {
    std::uint32_t node = 0;
    for (unsigned octet = 12; octet < 16; ++octet) {
        node = node << 8U | address.bytes.at(octet);
    }
    return node;
}

wire::Ipv4Address care_of(std::uint32_t node) {
    return {{100, 64, static_cast<std::uint8_t>(node >> 8U), static_cast<std::uint8_t>(node)}};
}

struct Datagram {
    std::vector<std::uint8_t> octets;
    in_addr source{};
};

// The Binding Update as IPv6 packet from the home address (RFC 5555, 4.4.1).
Datagram update_of(std::uint32_t node, std::uint16_t sequence, const wire::Ipv6Address& agent) {
    wire::BindingUpdate update;
    update.sequence = sequence;
    update.flags.acknowledge = true;
    update.flags.home_registration = true;
    update.lifetime = wire::Lifetime::from(std::chrono::hours(1));
    update.options.emplace_back(wire::Ipv4CareOfAddress{care_of(node)});
    const auto source = home_address(node);
    const auto message = wire::encode(update, wire::Dialect::Rfc, source, agent).value();
    Datagram datagram;
    auto& octets = datagram.octets;
    octets = {0x60,
              0,
              0,
              0,
              static_cast<std::uint8_t>(message.size() >> 8U),
              static_cast<std::uint8_t>(message.size()),
              wire::mobility_header_protocol,
              64};
    octets.insert(octets.end(), source.bytes.begin(), source.bytes.end());
    octets.insert(octets.end(), agent.bytes.begin(), agent.bytes.end());
    octets.insert(octets.end(), message.begin(), message.end());
    const auto address = care_of(node);
    std::memcpy(&datagram.source, address.bytes.data(), sizeof datagram.source);
    return datagram;
}

class Load {
public:
    Load(const wire::Ipv6Address& agent6, const wire::Ipv4Address& agent4, std::uint32_t nodes,
         std::uint16_t sequence)
        : agent6_(agent6)
        , sequences_(nodes, sequence)
        , waiting_(nodes)
        , socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
        agent4_.sin_family = AF_INET;
        agent4_.sin_port = htons(home_agent_port);
        std::memcpy(&agent4_.sin_addr, agent4.bytes.data(), sizeof agent4_.sin_addr);
        const int room = 8 << 20;
        if (socket_ < 0 ||
            ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
            give_up(std::strerror(errno));
        }
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;
    ~Load() { ::close(socket_); }

    // Every node once, `window` at a time.
    void round(std::size_t window) {
        std::uint32_t next = 0;
        while (next < sequences_.size() || outstanding_ != 0) {
            while (next < sequences_.size() && outstanding_ < window) {
                const auto until = static_cast<std::uint32_t>(
                    std::min({sequences_.size(), next + at_once, next + window - outstanding_}));
                std::vector<std::uint32_t> batch;
                for (; next < until; ++next) {
                    ++sequences_.at(next);
                    waiting_.at(next) = {Clock::now(), 1, true};
                    order_.push_back(next);
                    batch.push_back(next);
                }
                outstanding_ += batch.size();
                send(batch);
            }
            pollfd ready{socket_, POLLIN, 0};
            ::poll(&ready, 1, 100);
            receive();
            send_again();
        }
        order_.clear();
    }

    std::uint64_t accepted = 0;
    std::uint64_t sent_again = 0;
    std::uint64_t overtaken = 0; // accepted, but the answer was late and the next one told

private:
    struct Waiting {
        Clock::time_point since;
        unsigned attempts = 0;
        bool waits = false;
    };

    void send(const std::vector<std::uint32_t>& nodes) {
        std::array<mmsghdr, at_once> messages{};
        std::array<iovec, at_once> parts{};
        std::array<Datagram, at_once> datagrams;
        struct alignas(cmsghdr) Control {
            std::array<char, CMSG_SPACE(sizeof(in_pktinfo))> octets{};
        };
        std::array<Control, at_once> controls{};
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            auto& datagram = datagrams.at(i);
            datagram = update_of(nodes[i], sequences_.at(nodes[i]), agent6_);
            parts.at(i) = {datagram.octets.data(), datagram.octets.size()};
            auto& header = messages.at(i).msg_hdr;
            header.msg_name = &agent4_;
            header.msg_namelen = sizeof agent4_;
            header.msg_iov = &parts.at(i);
            header.msg_iovlen = 1;
            header.msg_control = controls.at(i).octets.data();
            header.msg_controllen = controls.at(i).octets.size();
            auto* control = CMSG_FIRSTHDR(&header);
            control->cmsg_level = IPPROTO_IP;
            control->cmsg_type = IP_PKTINFO;
            control->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
            in_pktinfo info{};
            info.ipi_spec_dst = datagram.source;
            std::memcpy(CMSG_DATA(control), &info, sizeof info);
        }
        for (std::size_t done = 0; done < nodes.size();) {
            const int count = ::sendmmsg(socket_, &messages.at(done),
                                         static_cast<unsigned>(nodes.size() - done), 0);
            if (count < 0) {
                give_up(std::string("sendmmsg: ") + std::strerror(errno));
            }
            done += static_cast<std::size_t>(count);
        }
    }

    void receive() {
        static std::array<std::array<std::uint8_t, 2048>, at_once> buffers;
        std::array<mmsghdr, at_once> messages{};
        std::array<iovec, at_once> parts{};
        for (std::size_t i = 0; i < at_once; ++i) {
            parts.at(i) = {buffers.at(i).data(), buffers.at(i).size()};
            messages.at(i).msg_hdr.msg_iov = &parts.at(i);
            messages.at(i).msg_hdr.msg_iovlen = 1;
        }
        const int count = ::recvmmsg(socket_, messages.data(), at_once, MSG_DONTWAIT, nullptr);
        for (int i = 0; i < count; ++i) {
            const auto index = static_cast<std::size_t>(i);
            judge(std::span(buffers.at(index)).first(messages.at(index).msg_len));
        }
    }

    void judge(std::span<const std::uint8_t> packet) {
        if (packet.size() < ipv6_header_length || packet[6] != wire::mobility_header_protocol) {
            give_up("an answer that is no Mobility Header in IPv6");
        }
        wire::Ipv6Address source;
        wire::Ipv6Address destination;
        std::copy_n(packet.begin() + 8, 16, source.bytes.begin());
        std::copy_n(packet.begin() + 24, 16, destination.bytes.begin());
        const auto message = wire::decode(packet.subspan(ipv6_header_length), source, destination,
                                          wire::Dialect::Rfc);
        const auto* answer =
            message ? std::get_if<wire::BindingAcknowledgement>(&*message) : nullptr;
        const auto node = node_of(destination);
        if (answer == nullptr || source != agent6_ || node >= sequences_.size()) {
            give_up("an answer that is no Binding Acknowledgement of this home agent");
        }
        auto& waiting = waiting_.at(node);
        if (!waiting.waits || answer->sequence != sequences_.at(node)) {
            return; // to one that was sent again
        }
        // Sent again because the answer was late: the first one was accepted.
        const bool late = waiting.attempts > 1 &&
                          answer->status == wire::BindingStatus::SequenceNumberOutOfWindow;
        if (answer->status != wire::BindingStatus::Accepted && !late) {
            give_up(wire::to_string(destination) + ": " + wire::to_string(answer->status));
        }
        waiting.waits = false;
        --outstanding_;
        accepted += answer->status == wire::BindingStatus::Accepted ? 1 : 0;
        overtaken += late ? 1 : 0;
    }

    void send_again() {
        const auto now = Clock::now();
        while (!order_.empty()) {
            const auto node = order_.front();
            auto& waiting = waiting_.at(node);
            if (waiting.waits && now - waiting.since < patience) {
                return;
            }
            order_.pop_front();
            if (!waiting.waits) {
                continue;
            }
            if (++waiting.attempts > attempts_max) {
                give_up("no answer for " + wire::to_string(home_address(node)));
            }
            waiting.since = now;
            order_.push_back(node);
            ++sent_again;
            send({node});
        }
    }

    wire::Ipv6Address agent6_;
    sockaddr_in agent4_{};
    std::vector<std::uint16_t> sequences_;
    std::vector<Waiting> waiting_;
    std::deque<std::uint32_t> order_; // by the time they were sent
    std::size_t outstanding_ = 0;
    int socket_;
};

double processor_time() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

} // namespace

int main(int count, char** words) {
    if (count < 6) {
        give_up("HOME-AGENT6 HOME-AGENT4 NODES ROUNDS WINDOW [FIRST-SEQUENCE]");
    }
    const auto agent6 = wire::Ipv6Address::parse(words[1]);
    const auto agent4 = wire::Ipv4Address::parse(words[2]);
    if (!agent6 || !agent4) {
        give_up("an address of the home agent is none");
    }
    const auto number = [&](int index) {
        return static_cast<std::uint32_t>(std::strtoul(words[index], nullptr, 10));
    };
    const auto nodes = number(3);
    const auto rounds = number(4);
    Load load(*agent6, *agent4, nodes, static_cast<std::uint16_t>(count > 6 ? number(6) : 0));
    std::string seconds;
    for (std::uint32_t round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        load.round(number(5));
        const std::chrono::duration<double> took = Clock::now() - start;
        seconds += (round == 0 ? "" : ", ") + std::to_string(took.count());
    }
    std::printf("{\"nodes\": %u, \"accepted\": %llu, \"sent_again\": %llu, \"overtaken\": %llu, "
                "\"load_cpu_s\": %.2f, \"round_s\": [%s]}\n",
                nodes, static_cast<unsigned long long>(load.accepted),
                static_cast<unsigned long long>(load.sent_again),
                static_cast<unsigned long long>(load.overtaken), processor_time(), seconds.c_str());
    return load.accepted + load.overtaken == std::uint64_t{nodes} * rounds ? 0 : 1;
}
