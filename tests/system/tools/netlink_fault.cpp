// SPDX-License-Identifier: GPL-2.0-or-later
// dsmip-netlink-fault: makes each request of the module's generic netlink family again and again,
// first with its first allocation failing, then with its second and so on until it succeeds. A
// request that fails must leave everything as it was.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <linux/dsmip.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fail_nth.hpp"
#include "genl_tree.hpp"
#include "netlink_mutate.hpp"

namespace {

using namespace dsmip::tools;

constexpr unsigned most_allocations = 2000;

/// What is the same again after the same changes: no times, no statistics.
void forget_times(std::vector<Attribute>& attributes) {
    std::erase_if(attributes, [](const Attribute& attribute) {
        return !attribute.nested && (attribute.type == DSMIP_BINDING_A_LIFETIME ||
                                     (attribute.type >= DSMIP_BINDING_A_RX_PACKETS &&
                                      attribute.type <= DSMIP_BINDING_A_LAST_HEARD));
    });
}

void long_lifetimes(std::vector<Attribute>& attributes) {
    for (Attribute& node : attributes) {
        for (Attribute& binding : node.children) {
            for (Attribute& attribute : binding.children) {
                if (node.type == DSMIP_A_NODE && attribute.type == DSMIP_BINDING_A_LIFETIME) {
                    attribute = scalar<std::uint32_t>(DSMIP_BINDING_A_LIFETIME, 3600000);
                }
            }
        }
    }
}

class Faults {
public:
    explicit Faults(const char* device)
        : socket_(DSMIP_GENL_NAME)
        , check_(DSMIP_GENL_NAME)
        , index_(if_nametoindex(device)) {
        stock_.policies = check_.policies();
        stock_.devices = {index_};
        fill_stock(stock_);
        for (Request& request : stock_.valid) {
            long_lifetimes(request.attributes);
        }
    }

    int run(bool links) {
        if (links) {
            for (const bool make : {true, false}) {
                examine_link(make);
            }
            std::printf("devices: %llu failed allocations\n", injected_);
            return failed_ ? 1 : 0;
        }
        for (const Request& request : stock_.valid) {
            // Other flags of the same request take no other memory.
            if (request.command != DSMIP_CMD_BINDING_NEW || (request.flags & NLM_F_REPLACE) != 0) {
                examine(request);
            }
        }
        std::printf("netlink faults: %zu requests, %llu failed allocations: %llu refused, %llu "
                    "done nonetheless, "
                    "%llu without answer\n",
                    stock_.valid.size(), injected_, refused_, done_, unanswered_);
        if (injected_ < 2 * stock_.valid.size() || refused_ == 0) {
            fail("failures were not injected");
        }
        return failed_ ? 1 : 0;
    }

private:
    void fail(const std::string& what) {
        std::fprintf(stderr, "FAIL netlink faults: %s\n", what.c_str());
        failed_ = true;
    }

    Answer ask(std::uint8_t command, std::vector<Attribute> attributes, int flags = 0) {
        return check_.ask({.command = command,
                           .flags = static_cast<std::uint16_t>(flags),
                           .attributes = std::move(attributes)});
    }

    /// The state that every request begins with.
    void prepare() {
        const Attribute index = scalar(DSMIP_A_IFINDEX, index_);
        (void)ask(DSMIP_CMD_BINDING_DEL, {index}, NLM_F_REPLACE);
        (void)ask(
            DSMIP_CMD_DEVICE_SET,
            {index, nest(DSMIP_A_DEVICE,
                         {scalar<std::uint8_t>(DSMIP_DEVICE_A_ROLE, DSMIP_ROLE_HOME_AGENT),
                          address(DSMIP_DEVICE_A_HOME_AGENT4, "192.0.2.9"),
                          address(DSMIP_DEVICE_A_HOME_AGENT6, "::"),
                          scalar<std::uint16_t>(DSMIP_DEVICE_A_UDP_PORT, __builtin_bswap16(4444)),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_FWMARK, 0),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_BID_MARK_MASK, 0),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_HOME_LINK, 0),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_SOURCE_RATE, 100),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_SOURCE_BURST, 300),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_NETWORK_RATE, 1000),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_NETWORK_BURST, 3000),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_STRANGER_RATE, 10000),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_STRANGER_BURST, 4096),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_TUNNEL_MTU, 1400),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_UNDERLAY, 0),
                          scalar<std::uint32_t>(DSMIP_DEVICE_A_COOKIE_LIFETIME, 600000)})});
        int error = 0;
        for (const char* home : {"2001:db8:a::1", "2001:db8:a::3"}) {
            std::vector<Attribute> node{address(DSMIP_NODE_A_HOME_ADDRESS, home)};
            if (home[12] == '3') {
                node.push_back(nest(DSMIP_NODE_A_HOME_ADDRESSES4,
                                    {address(DSMIP_NODE_A_HOME_ADDRESS4, "203.0.113.1")}));
            }
            node.push_back(nest(DSMIP_NODE_A_BINDING,
                                {address(DSMIP_BINDING_A_CARE_OF4, "198.51.100.7"),
                                 scalar<std::uint32_t>(DSMIP_BINDING_A_LIFETIME, 3600000)}));
            error |= ask(DSMIP_CMD_BINDING_NEW, {index, nest(DSMIP_A_NODE, std::move(node))},
                         NLM_F_CREATE)
                         .error;
        }
        error |= ask(DSMIP_CMD_PREFIX_NEW,
                     {index, nest(DSMIP_A_NODE,
                                  {address(DSMIP_NODE_A_HOME_ADDRESS, "2001:db8:a::1"),
                                   nest(DSMIP_NODE_A_PREFIX,
                                        {address(DSMIP_PREFIX_A_ADDRESS4, "10.1.2.0"),
                                         scalar<std::uint8_t>(DSMIP_PREFIX_A_LENGTH, 24)})})})
                     .error;
        error |=
            ask(DSMIP_CMD_FLOW_NEW,
                {index,
                 nest(DSMIP_A_NODE,
                      {address(DSMIP_NODE_A_HOME_ADDRESS, "2001:db8:a::1"),
                       nest(DSMIP_NODE_A_FLOW,
                            {scalar<std::uint16_t>(DSMIP_FLOW_A_FID, 1),
                             scalar<std::uint16_t>(DSMIP_FLOW_A_PRIORITY, 9),
                             nest(DSMIP_FLOW_A_BIDS, {scalar<std::uint16_t>(DSMIP_FLOW_A_BID, 1)}),
                             scalar<std::uint8_t>(DSMIP_FLOW_A_PROTOCOL_START, 6)})})},
                NLM_F_CREATE)
                .error;
        if (error != 0) {
            fail("cannot prepare the state");
        }
    }

    /// Everything that requests can change.
    Bytes state() {
        Bytes bytes;
        Answer shown = ask(DSMIP_CMD_DEVICE_GET, {scalar(DSMIP_A_IFINDEX, index_)});
        for (Reply& reply : shown.replies) {
            for (Attribute& attribute : reply.attributes) {
                std::erase_if(attribute.children, [](const Attribute& setting) {
                    return setting.type == DSMIP_DEVICE_A_PATHS;
                });
            }
            serialise(reply.attributes, bytes);
        }
        Answer dump = ask(DSMIP_CMD_BINDING_GET, {scalar(DSMIP_A_IFINDEX, index_)}, NLM_F_DUMP);
        for (Reply& reply : dump.replies) {
            for (Attribute& node : reply.attributes) {
                for (Attribute& binding : node.children) {
                    if (binding.type == DSMIP_NODE_A_BINDING) {
                        forget_times(binding.children);
                    }
                }
            }
            serialise(reply.attributes, bytes);
        }
        for (const Reply& reply :
             ask(DSMIP_CMD_PREFIX_GET, {scalar(DSMIP_A_IFINDEX, index_)}, NLM_F_DUMP).replies) {
            serialise(reply.attributes, bytes);
        }
        for (const Reply& reply :
             ask(DSMIP_CMD_FLOW_GET, {scalar(DSMIP_A_IFINDEX, index_)}, NLM_F_DUMP).replies) {
            serialise(reply.attributes, bytes);
        }
        return bytes;
    }

    /// The kernel's verdict on a request; -1 if it could not say.
    int attempt(const Request& request, unsigned nth, bool& injected) {
        Request with_ack = request;
        with_ack.flags |= NLM_F_ACK;
        const std::uint32_t sequence = socket_.next_sequence();
        const Bytes message = socket_.message(with_ack, sequence);
        if (nth != 0) {
            fault_.arm(nth);
        }
        const int sent = socket_.send(message);
        int verdict = sent != 0 ? sent : -1;
        // Dumps go on while they are read.
        const std::vector<Reply> replies = socket_.receive(false);
        injected = nth != 0 && fault_.disarm();
        for (const Reply& reply : replies) {
            if (reply.sequence == sequence &&
                (reply.type == NLMSG_ERROR || reply.type == NLMSG_DONE)) {
                verdict = reply.error;
            }
        }
        for (const Reply& reply : socket_.receive(false)) {
            if (reply.sequence == sequence &&
                (reply.type == NLMSG_ERROR || reply.type == NLMSG_DONE)) {
                verdict = reply.error;
            }
        }
        return verdict;
    }

    void examine(const Request& request) {
        const std::string name = "command " + std::to_string(request.command);
        bool injected = false;
        prepare();
        const Bytes before = state();
        const int clean = attempt(request, 0, injected);
        const Bytes wanted = state();
        for (unsigned nth = 1; nth < most_allocations && !failed_; ++nth) {
            prepare();
            const int verdict = attempt(request, nth, injected);
            const Bytes after = state();
            if (!injected) {
                if (verdict != clean || after != wanted) {
                    fail(name + ": another result without a failure");
                }
                std::printf("%s, flags %#x: %u allocations\n", name.c_str(), request.flags,
                            nth - 1);
                std::fflush(stdout);
                return;
            }
            judge(name + ", allocation " + std::to_string(nth), verdict, clean, after == before,
                  after == wanted);
        }
        if (!failed_) {
            fail(name + " never succeeds");
        }
    }

    void judge(const std::string& name, int verdict, int clean, bool unchanged, bool changed) {
        ++injected_;
        if (verdict == clean) {
            ++done_;
        } else if (verdict == -1) {
            ++unanswered_;
        } else {
            ++refused_;
        }
        if (verdict == clean ? !changed : verdict == -1 ? !changed && !unchanged : !unchanged) {
            fail(name + ": answer " + std::to_string(verdict) + " and yet the state is " +
                 (unchanged ? "as before"
                  : changed ? "changed"
                            : "something else"));
        }
        // ENFILE: the kernel's word for a socket that it has no memory for.
        if (verdict != clean && verdict != -1 && verdict != ENOMEM && verdict != ENOBUFS &&
            verdict != ENFILE) {
            fail(name + ": answer " + strerrorname_np(verdict));
        }
    }

    // Making and deleting a device

    int link(bool make, unsigned nth, bool& injected) {
        Bytes message(NLMSG_HDRLEN + sizeof(ifinfomsg));
        std::vector<Attribute> attributes{
            {.type = IFLA_IFNAME, .payload = {'f', 'a', 'u', 'l', 't', '0', 0}},
            nest(IFLA_LINKINFO,
                 {{.type = IFLA_INFO_KIND, .payload = {'d', 's', 'm', 'i', 'p', 0}}})};
        serialise(attributes, message);
        nlmsghdr header{};
        header.nlmsg_len = static_cast<std::uint32_t>(message.size());
        header.nlmsg_type = make ? RTM_NEWLINK : RTM_DELLINK;
        header.nlmsg_flags =
            static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | (make ? NLM_F_CREATE : 0));
        std::memcpy(message.data(), &header, sizeof header);
        const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        if (nth != 0) {
            fault_.arm(nth);
        }
        int verdict = send(fd, message.data(), message.size(), 0) < 0 ? errno : -1;
        injected = nth != 0 && fault_.disarm();
        std::uint8_t answer[4096];
        const ssize_t size = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
        if (size >= static_cast<ssize_t>(NLMSG_HDRLEN + sizeof(int))) {
            std::memcpy(&verdict, answer + NLMSG_HDRLEN, sizeof verdict);
            verdict = -verdict;
        }
        close(fd);
        return verdict;
    }

    void examine_link(bool make) {
        const char* name = make ? "making a device" : "deleting a device";
        bool injected = false;
        for (unsigned nth = 1; nth < most_allocations && !failed_; ++nth) {
            const bool there = if_nametoindex("fault0") != 0;
            if (there == make && link(!make, 0, injected) != 0) {
                fail(std::string(name) + ": cannot prepare");
            }
            const int verdict = link(make, nth, injected);
            const bool changed = (if_nametoindex("fault0") != 0) == make;
            if (injected) {
                // rtnetlink's own words for trouble are many.
                judge(std::string(name) + ", allocation " + std::to_string(nth),
                      verdict > 0 ? ENOMEM : verdict, 0, !changed, changed);
                continue;
            }
            if (verdict != 0 || !changed) {
                fail(std::string(name) + " fails without a failure");
            }
            if (make) {
                (void)link(false, 0, injected);
            }
            return;
        }
    }

    GenlSocket socket_;
    GenlSocket check_;
    FailNth fault_;
    std::uint32_t index_;
    Stock stock_;
    unsigned long long injected_ = 0;
    unsigned long long refused_ = 0;
    unsigned long long done_ = 0;
    unsigned long long unanswered_ = 0;
    bool failed_ = false;
};

} // namespace

int main(int argc, char** argv) {
    const bool links = argc == 3 && std::string(argv[2]) == "links";
    if (argc != 2 && !links) {
        std::fprintf(stderr, "usage: dsmip-netlink-fault DEV [links]\n");
        return 2;
    }
    return Faults(argv[1]).run(links);
}
