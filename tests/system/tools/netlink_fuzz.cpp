// SPDX-License-Identifier: GPL-2.0-or-later
// dsmip-netlink-fuzz: requests to the module's generic netlink family that are valid, nearly valid
// or nonsense. What is valid it learns from the kernel: from the policies that the kernel
// describes, and from requests that were accepted, which become the stock of later ones. After each
// batch the kernel has to answer, its dumps have to agree with each other, and valid requests have
// to work.
//
// With --mutate 0 it makes only valid changes, short lifetimes and dumps: load for other tests.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <set>
#include <string>

#include <CLI/CLI.hpp>
#include <linux/dsmip.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <unistd.h>

#include "genl_tree.hpp"
#include "netlink_mutate.hpp"
#include "packet_plan.hpp"
#include "random.hpp"

namespace {

using namespace dsmip::tools;

struct Options {
    std::vector<std::string> devices;
    std::uint64_t count = 10000;
    std::uint64_t seed = 0;
    unsigned seconds = 0;
    unsigned mutate = 80; ///< percent of the requests that are spoilt
    std::uint64_t batch = 5000;
    bool unprivileged = false;
    bool tolerant = false; ///< devices may go away
    bool load = false;     ///< they are ha0 and mn0 of packet_fuzz.sh, and shall have their nodes
};

class Fuzzer {
public:
    explicit Fuzzer(Options options)
        : options_(std::move(options))
        , random_(options_.seed)
        , socket_(DSMIP_GENL_NAME)
        , check_(DSMIP_GENL_NAME)
        , events_(DSMIP_GENL_NAME) {
        for (const std::string& name : options_.devices) {
            devices_.push_back(if_nametoindex(name.c_str()));
        }
        stock_.policies = socket_.policies();
        stock_.devices = devices_;
        if (stock_.policies.requests.size() < 8) {
            fail("the kernel does not describe its policies");
        }
        fill_stock(stock_);
    }

    int run() {
        std::printf("netlink fuzz: seed %llu, %llu messages%s\n", number(options_.seed),
                    number(options_.count), options_.unprivileged ? ", unprivileged" : "");
        std::fflush(stdout);
        if (options_.unprivileged) {
            drop_privileges();
        } else {
            (void)events_.join(DSMIP_GENL_MCGRP_EVENTS);
        }
        const auto begin = std::chrono::steady_clock::now();
        while (sent_ < options_.count && !failed_) {
            if (options_.load) {
                set_up();
            }
            const auto end = std::min(options_.count, sent_ + options_.batch);
            while (sent_ < end && !failed_) {
                send_some();
            }
            events_.receive(false);
            if (!options_.unprivileged && !options_.tolerant) {
                check();
            }
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
            if (options_.seconds != 0 && took.count() >= options_.seconds) {
                break;
            }
        }
        report(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        return failed_ ? 1 : 0;
    }

private:
    static unsigned long long number(std::uint64_t value) { return value; }

    void fail(const std::string& what) {
        std::fprintf(stderr,
                     "FAIL netlink fuzz, after %llu messages: %s\nrepeat with --seed %llu\n",
                     number(sent_), what.c_str(), number(options_.seed));
        failed_ = true;
    }

    void drop_privileges() {
        if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0) {
            fail("cannot give up privileges");
        }
        if (socket_.join(DSMIP_GENL_MCGRP_EVENTS) != EPERM) {
            fail("an unprivileged process joined the group of events");
        }
    }

    /// Devices and module come and go; now and then they get back what the packets need.
    void set_up() {
        if (!socket_.find_again() || !check_.find_again()) {
            usleep(10000);
            return;
        }
        for (std::size_t n = 0; n < devices_.size(); ++n) {
            const std::uint32_t found = if_nametoindex(options_.devices[n].c_str());
            if (found != 0) {
                devices_[n] = found;
            }
        }
        stock_.devices = devices_;
        for (const Request& request : plan(devices_)) {
            (void)check_.ask(request);
        }
    }

    /// A few requests in one datagram, and what the kernel says to them.
    void send_some() {
        Bytes datagram;
        pending_.clear();
        const std::uint64_t messages = random_.chance(70) ? 1 : random_.between(2, 8);
        for (std::uint64_t n = 0; n < messages; ++n) {
            Request request = random_.pick(stock_.valid);
            freshen(stock_, request, random_);
            const bool spoil = random_.chance(options_.mutate);
            if (spoil) {
                mutate(stock_, request, random_);
            }
            request.flags |= NLM_F_ACK;
            const std::uint32_t sequence = socket_.next_sequence();
            Bytes bytes = socket_.message(request, sequence);
            if (spoil) {
                spoil_bytes(bytes, random_);
            }
            datagram.insert(datagram.end(), bytes.begin(), bytes.end());
            datagram.resize(NLMSG_ALIGN(datagram.size()));
            pending_.push_back({sequence, std::move(request)});
        }
        if (datagram.size() > 60000) {
            return;
        }
        sent_ += messages;
        ++datagrams_;
        // A dump that is under way on this socket refuses the next one: that is fine here.
        (void)socket_.send(datagram);
        for (const Reply& reply : socket_.receive(false)) {
            judge(reply);
        }
    }

    void judge(const Reply& reply) {
        if (reply.type != NLMSG_ERROR) {
            if (options_.unprivileged && reply.of_family) {
                fail("an unprivileged process was told something");
            }
            if (reply.command == DSMIP_CMD_PATH_NEW) {
                if (const Attribute* path = find(reply.attributes, DSMIP_A_PATH)) {
                    stock_.cookies.resize(4);
                    random_.pick(stock_.cookies) = {
                        u32_of(find(reply.attributes, DSMIP_A_IFINDEX)),
                        u32_of(find(path->children, DSMIP_PATH_A_COOKIE))};
                }
            }
            return;
        }
        ++errors_[reply.error];
        if (options_.unprivileged && reply.of_family && reply.error != EPERM &&
            reply.error != EOPNOTSUPP && reply.error != EINVAL) {
            fail(std::string("an unprivileged request was answered with ") +
                 (reply.error == 0 ? "success" : strerrorname_np(reply.error)));
        }
        if (reply.error != 0) {
            return;
        }
        for (const auto& [sequence, request] : pending_) {
            if (sequence == reply.sequence) {
                ++accepted_[request.command];
                learn(stock_, request, random_);
            }
        }
    }

    Answer ask(std::uint8_t command, std::vector<Attribute> attributes, std::uint16_t flags = 0) {
        return check_.ask(
            {.command = command, .flags = flags, .attributes = std::move(attributes)});
    }

    /// The kernel's state is consistent with itself.  Lifetimes end meanwhile, so one of some looks
    /// counts.
    void check() {
        for (const std::uint32_t device : devices_) {
            std::string problem;
            for (int look = 0; look < 100; ++look) {
                problem = look_at(device);
                if (problem.empty()) {
                    break;
                }
                usleep(20000);
            }
            if (!problem.empty()) {
                fail(problem);
            }
            problem = use(device);
            if (!problem.empty()) {
                fail(problem);
            }
            // Tables stay small, so that most of the time goes into requests.
            (void)ask(DSMIP_CMD_BINDING_DEL, {scalar(DSMIP_A_IFINDEX, device)}, NLM_F_REPLACE);
        }
    }

    std::string look_at(std::uint32_t device) {
        const Answer shown = ask(DSMIP_CMD_DEVICE_GET, {scalar(DSMIP_A_IFINDEX, device)});
        if (shown.error != 0 || shown.replies.empty()) {
            return "DEVICE_GET fails";
        }
        const Attribute* settings = find(shown.replies[0].attributes, DSMIP_A_DEVICE);
        const Answer dump =
            ask(DSMIP_CMD_BINDING_GET, {scalar(DSMIP_A_IFINDEX, device)}, NLM_F_DUMP);
        if (dump.error != 0) {
            return "the dump of bindings fails";
        }
        if (settings == nullptr || dump.interrupted) {
            return "the dump of bindings is interrupted again and again";
        }
        std::uint32_t bindings = 0;
        std::set<Bytes> homes;
        for (const Reply& reply : dump.replies) {
            const Attribute* node = find(reply.attributes, DSMIP_A_NODE);
            const Attribute* home =
                node ? find(node->children, DSMIP_NODE_A_HOME_ADDRESS) : nullptr;
            if (home == nullptr || home->payload.size() != 16) {
                return "a node in the dump has no home address";
            }
            if (!homes.insert(home->payload).second) {
                return "a home address is in the dump twice";
            }
            std::uint32_t here = 0;
            for (const Attribute& attribute : node->children) {
                here += attribute.type == DSMIP_NODE_A_BINDING;
            }
            if (here == 0 || here > DSMIP_BINDINGS_MAX) {
                return "a node has " + std::to_string(here) + " bindings";
            }
            bindings += here;
            const std::string problem = look_up(device, *home, *node, homes);
            if (!problem.empty()) {
                return problem;
            }
        }
        std::uint32_t prefixes = 0;
        const Answer prefix_dump =
            ask(DSMIP_CMD_PREFIX_GET, {scalar(DSMIP_A_IFINDEX, device)}, NLM_F_DUMP);
        for (const Reply& reply : prefix_dump.replies) {
            const Attribute* node = find(reply.attributes, DSMIP_A_NODE);
            for (const Attribute& attribute : node ? node->children : std::vector<Attribute>()) {
                prefixes += attribute.type == DSMIP_NODE_A_PREFIX;
            }
        }
        if (u32_of(find(settings->children, DSMIP_DEVICE_A_PREFIXES)) != prefixes) {
            return "the device and the dump count prefixes differently";
        }
        const std::uint32_t nodes = u32_of(find(settings->children, DSMIP_DEVICE_A_NODES));
        if (nodes != dump.replies.size() ||
            u32_of(find(settings->children, DSMIP_DEVICE_A_BINDINGS)) != bindings) {
            return "the device counts " + std::to_string(nodes) + " nodes, the dump " +
                   std::to_string(dump.replies.size());
        }
        return {};
    }

    /// Every home address leads to its node.
    std::string look_up(std::uint32_t device, const Attribute& home, const Attribute& node,
                        std::set<Bytes>& homes) {
        std::vector<Attribute> keys{{.type = DSMIP_A_ADDRESS6, .payload = home.payload}};
        if (const Attribute* list = find(node.children, DSMIP_NODE_A_HOME_ADDRESSES4)) {
            for (const Attribute& home4 : list->children) {
                if (!homes.insert(home4.payload).second) {
                    return "an IPv4 home address is in the dump twice";
                }
                keys.push_back({.type = DSMIP_A_ADDRESS4, .payload = home4.payload});
            }
        }
        for (const Attribute& key : keys) {
            const Answer one = ask(DSMIP_CMD_BINDING_GET, {scalar(DSMIP_A_IFINDEX, device), key});
            const Attribute* found =
                one.replies.empty() ? nullptr : find(one.replies[0].attributes, DSMIP_A_NODE);
            const Attribute* its =
                found ? find(found->children, DSMIP_NODE_A_HOME_ADDRESS) : nullptr;
            if (its == nullptr || its->payload != home.payload) {
                return "a home address of the dump does not lead to its node";
            }
        }
        return {};
    }

    /// Making, reading and deleting a binding still work.
    std::string use(std::uint32_t device) {
        const Attribute index = scalar(DSMIP_A_IFINDEX, device);
        const Attribute home = address(DSMIP_NODE_A_HOME_ADDRESS, "2001:db8:ffff::1");
        Attribute node = nest(
            DSMIP_A_NODE, {home, nest(DSMIP_NODE_A_BINDING,
                                      {address(DSMIP_BINDING_A_CARE_OF4, "198.51.100.99"),
                                       scalar<std::uint32_t>(DSMIP_BINDING_A_LIFETIME, 3600000)})});
        int error = ask(DSMIP_CMD_BINDING_NEW, {index, node}, NLM_F_CREATE | NLM_F_EXCL).error;
        if (error != 0) {
            return std::string("a valid binding is refused: ") + strerrorname_np(error);
        }
        Attribute key = home;
        key.type = DSMIP_A_ADDRESS6;
        error = ask(DSMIP_CMD_BINDING_GET, {index, key}).error;
        if (error == 0) {
            node.children.resize(1);
            error = ask(DSMIP_CMD_BINDING_DEL, {index, node}).error;
        }
        if (error == 0) {
            error = ask(DSMIP_CMD_COUNTER_GET, {index}).error;
        }
        return error == 0 ? std::string()
                          : std::string("a valid request fails: ") + strerrorname_np(error);
    }

    void report(double seconds) {
        std::printf("netlink fuzz: %llu messages in %.1f s, %.0f per second; answers:",
                    number(sent_), seconds, static_cast<double>(sent_) / seconds);
        for (const auto& [error, times] : errors_) {
            std::printf(" %s %llu", error == 0 ? "ok" : strerrorname_np(error), number(times));
        }
        std::printf("\n  accepted by command:");
        for (const auto& [command, times] : accepted_) {
            std::printf(" %u:%llu", command, number(times));
        }
        std::printf("; stock %zu\n", stock_.valid.size());
        // A fuzzer whose requests are never accepted does not get far enough to test anything.
        if (!options_.unprivileged && !options_.tolerant && sent_ >= 2000) {
            for (const int command :
                 {DSMIP_CMD_DEVICE_GET, DSMIP_CMD_DEVICE_SET, DSMIP_CMD_BINDING_NEW,
                  DSMIP_CMD_BINDING_DEL, DSMIP_CMD_BINDING_GET, DSMIP_CMD_PATH_NEW,
                  DSMIP_CMD_COUNTER_GET}) {
                if (accepted_.count(static_cast<std::uint8_t>(command)) == 0) {
                    fail("no request of command " + std::to_string(command) + " was ever accepted");
                }
            }
        }
    }

    Options options_;
    Random random_;
    GenlSocket socket_;
    GenlSocket check_;
    GenlSocket events_;
    Stock stock_;
    std::vector<std::uint32_t> devices_;
    std::vector<std::pair<std::uint32_t, Request>> pending_;
    std::uint64_t sent_ = 0;
    std::uint64_t datagrams_ = 0;
    std::map<int, std::uint64_t> errors_;
    std::map<std::uint8_t, std::uint64_t> accepted_;
    bool failed_ = false;
};

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Random, mutated and valid requests to the dsmip module.", "dsmip-netlink-fuzz");
    Options options;
    options.seed =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    app.add_option("DEV", options.devices, "dsmip devices")->required();
    app.add_option("--count", options.count, "messages");
    app.add_option("--seed", options.seed, "of all random numbers; printed");
    app.add_option("--seconds", options.seconds, "end after so long");
    app.add_option("--mutate", options.mutate, "percent of the messages to spoil");
    app.add_option("--batch", options.batch, "messages between two looks at the state");
    app.add_flag("--unprivileged", options.unprivileged,
                 "as an ordinary user: everything is refused");
    app.add_flag("--load", options.load, "the devices are ha0 and mn0 of packet_fuzz.sh");
    app.add_flag("--tolerant", options.tolerant, "devices may go away; the state is not looked at");
    CLI11_PARSE(app, argc, argv);
    return Fuzzer(options).run();
}
