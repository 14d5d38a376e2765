// SPDX-License-Identifier: GPL-2.0-or-later
// dsmip-packet-fuzz: packets of every format, valid, nearly valid and nonsense, into both sides of
// dsmip devices, whose network is a tun device. Where what is spoilt is inside the tunnel, every
// packet has to be delivered or counted under exactly one drop counter; after each batch valid
// packets of every format pass.
//
// --faults instead lets each allocation on the way of a valid packet fail, one after the other.
// The host around it is made by packet_fuzz.sh.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <linux/dsmip.h>
#include <netinet/in.h>
#include <unistd.h>

#include "fail_nth.hpp"
#include "genl_tree.hpp"
#include "packet_build.hpp"
#include "packet_ends.hpp"
#include "random.hpp"

namespace {

using namespace dsmip::tools;

/// What happened to packets since some moment.
struct Account {
    std::uint64_t received = 0; ///< delivered or counted on receive, at both devices
    std::uint64_t rx_dropped = 0;
    std::uint64_t transmitted = 0; ///< sent or counted on transmit
    std::uint64_t tx_dropped = 0;
    std::uint64_t payload = 0; ///< ESP and GRE handed to the stack, which may tell of them or not
    std::map<std::string, std::uint64_t> drops;
    std::map<std::string, std::uint64_t> counters; ///< all that moved
};

class Fuzzer {
public:
    struct Options {
        std::string network = "tun0";
        std::uint64_t count = 20000;
        std::uint64_t seed = 0;
        std::uint64_t batch = 500;
        unsigned seconds = 0;
        bool faults = false;
        bool tolerant = false; ///< devices and nodes come and go; nothing is accounted for
        std::string flood;     ///< instead: tunnel packets to this UDP end point, ADDRESS:PORT
    };

    explicit Fuzzer(const Options& options)
        : options_(options)
        , random_(options.seed)
        , netlink_(DSMIP_GENL_NAME)
        , network_(options.network.c_str())
        , home_agent_(netlink_, "ha0")
        , mobile_node_(netlink_, "mn0")
        , formats_(all_formats()) {}

    int run() {
        std::printf("packet fuzz: seed %llu, %llu packets\n", number(options_.seed),
                    number(options_.count));
        std::fflush(stdout);
        if (!options_.tolerant) {
            wait_for_network();
            settle();
            flow();
        }
        const auto begin = std::chrono::steady_clock::now();
        if (options_.faults) {
            fail_allocations();
        } else {
            while (sent_ < options_.count && !failed_) {
                options_.tolerant ? disturb() : batch();
                const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
                if (options_.seconds != 0 && took.count() >= options_.seconds) {
                    break;
                }
            }
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::printf("packet fuzz: %llu packets in %.1f s, %.0f per second; %llu unclaimed; drops:",
                    number(sent_), took.count(), static_cast<double>(sent_) / took.count(),
                    number(unclaimed_));
        for (const auto& [name, value] : total_.drops) {
            std::printf(" %s %llu", name.c_str(), number(value));
        }
        std::printf("\n");
        return failed_ ? 1 : 0;
    }

private:
    void fail(const std::string& what) {
        std::fprintf(stderr, "FAIL packet fuzz, after %llu packets: %s\nrepeat with --seed %llu\n",
                     number(sent_), what.c_str(), number(options_.seed));
        failed_ = true;
    }

    Device& device(const Format& format) { return format.home_agent ? home_agent_ : mobile_node_; }

    /// The kernel lets packets out some time after the network was opened.
    void wait_for_network() {
        using namespace std::chrono_literals;
        constexpr int resend_interval = 10; // milliseconds; what was sent too early is lost
        const Format& format = formats_.front();
        const auto end = std::chrono::steady_clock::now() + 60s;
        while (network_.sent == 0) {
            if (std::chrono::steady_clock::now() > end) {
                fail("nothing comes out at the network");
                return;
            }
            (void)device(format).send(plain_datagram(format, false), 0);
            network_.wait(resend_interval);
            network_.drain();
        }
    }
    /// Begins a new account.
    void settle() {
        network_.drain();
        unclaimed_ += network_.unclaimed;
        network_.unclaimed = 0;
        before_ = {home_agent_.counters(), mobile_node_.counters()};
    }
    Account account() {
        network_.drain();
        Account result;
        Device* devices[] = {&home_agent_, &mobile_node_};
        for (int n = 0; n < 2; ++n) {
            for (const auto& [name, value] : devices[n]->counters()) {
                const std::uint64_t change = value - before_[n][name];
                if (change == 0) {
                    continue;
                }
                // The others that begin like drops tell of packets that stand for several.
                const bool merged = name.ends_with("_packets") || name.ends_with("_segments");
                const bool drop = name[0] != '=' && !merged;
                if (name == "=rx_packets" || name == "keepalive_in") {
                    result.received += change;
                } else if (name == "=tx_packets" || name == "=tx_errors") {
                    result.transmitted += change;
                } else if (drop && name.starts_with("rx_")) {
                    result.rx_dropped += change;
                    result.drops[name] += change;
                } else if (drop && name.starts_with("tx_")) {
                    result.tx_dropped += change;
                    result.drops[name] += change;
                }
                if (name == "payload_in") {
                    result.payload += change;
                }
                if (drop) {
                    result.counters[name] += change;
                }
            }
        }
        return result;
    }
    void keep(const Account& account) {
        for (const auto& [name, value] : account.drops) {
            total_.drops[name] += value;
        }
    }
    static std::string list(const Account& account) {
        std::string text = "received " + std::to_string(account.received) + ", transmitted " +
                           std::to_string(account.transmitted);
        for (const auto& [name, value] : account.drops) {
            text += ", " + name + " " + std::to_string(value);
        }
        return text;
    }

    /// Valid packets of every format pass in both directions.
    void flow() {
        settle();
        const std::uint64_t sent = network_.sent;
        for (const Format& format : formats_) {
            const Packet in = plain_datagram(format, true);
            const std::uint8_t protocol = format.inner == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;
            if (!network_.arrive(outer_packet(format, between(format, in), protocol)) ||
                !device(format).send(plain_datagram(format, false), 0)) {
                fail("a valid packet cannot be sent: " + format.name());
            }
        }
        const Account account = this->account();
        if (account.received != formats_.size() || account.transmitted != formats_.size() ||
            account.rx_dropped != 0 || account.tx_dropped != 0 ||
            network_.sent - sent != formats_.size()) {
            fail("valid traffic does not flow: of " + std::to_string(formats_.size()) +
                 " packets " + list(account) + ", on the network " +
                 std::to_string(network_.sent - sent));
        }
    }

    /// A packet whose fate has to be known.
    struct Trial {
        const Format* format;
        Packet packet;
        std::uint32_t mark;
    };
    bool attempt(const Trial& trial, bool inward) {
        return inward ? trial.packet.size() < 65000 && network_.arrive(trial.packet)
                      : device(*trial.format).send(trial.packet, trial.mark);
    }
    /// Delivered, counted or refused.
    std::uint64_t fates(const Account& account, bool inward) const {
        return inward ? account.received + account.rx_dropped + network_.unclaimed
                      : account.transmitted + account.tx_dropped;
    }
    /// Whether every one of `wanted` packets has one fate.
    bool adds_up(const Account& account, bool inward, std::uint64_t wanted) const {
        const std::uint64_t known = fates(account, inward);
        return known <= wanted && wanted <= known + (inward ? account.payload : 0);
    }
    /// Which packets of a batch have no fate, or several.
    void explain(bool inward) {
        int shown = 0;
        for (const Trial& trial : trials_) {
            settle();
            const std::uint64_t wanted = attempt(trial, inward);
            const Account account = this->account();
            if (adds_up(account, inward, wanted) || ++shown > 5) {
                continue;
            }
            std::fprintf(stderr, "%s, %s, %llu octets: wanted %llu; %s, unclaimed %llu\n  ",
                         trial.format->name().c_str(), inward ? "in" : "out",
                         number(trial.packet.size()), number(wanted), list(account).c_str(),
                         number(network_.unclaimed));
            for (std::size_t at = 0; at < std::min<std::size_t>(trial.packet.size(), 160); ++at) {
                std::fprintf(stderr, "%02x", trial.packet[at]);
            }
            std::fprintf(stderr, "\n");
        }
    }

    void batch() {
        // Path cookies of some packets exist.
        for (std::uint32_t& cookie : cookies_) {
            cookie = make_path();
        }
        settle();
        trials_.clear();
        std::uint64_t accepted = 0;
        const std::uint64_t kind = random_.below(6);
        for (std::uint64_t n = 0; n < options_.batch; ++n, ++sent_) {
            const Format& format = random_.pick(formats_);
            switch (kind) {
            case 0:
            case 1:
                accepted += receive_inside(format);
                break;
            case 2:
                receive_anything(format);
                break;
            case 3:
                receive_fragments(format);
                break;
            case 4:
                accepted += transmit(format);
                break;
            default:
                transmit_segments(format);
                break;
            }
            if (n % 64 == 0) {
                network_.drain();
            }
        }
        const Account account = this->account();
        keep(account);
        if (const bool inward = kind < 2; inward || kind == 4) {
            if (!adds_up(account, inward, accepted)) {
                fail(std::to_string(accepted) + " packets " + (inward ? "arrived" : "were sent") +
                     ", the fate of " + std::to_string(fates(account, inward)) + " is known: " +
                     list(account) + ", unclaimed " + std::to_string(network_.unclaimed));
                explain(inward);
            }
        }
        flow();
    }

    /// A batch whose packets may meet no device at all.
    void disturb() {
        trials_.clear();
        const bool there = home_agent_.find_again() && mobile_node_.find_again();
        for (std::uint64_t n = 0; n < options_.batch; ++n, ++sent_) {
            const Format& format = random_.pick(formats_);
            switch (there ? random_.below(6) : random_.below(3)) {
            case 0:
                receive_inside(format);
                break;
            case 1:
                receive_anything(format);
                break;
            case 2:
                receive_fragments(format);
                break;
            case 3:
                transmit_segments(format);
                break;
            case 4:
                (void)device(format).send(plain_datagram(format, false), 0);
                break;
            default:
                transmit(format);
                break;
            }
            if (n % 64 == 0) {
                network_.drain();
            }
        }
    }

    std::uint32_t make_path() {
        Device& device = random_.chance(50) ? home_agent_ : mobile_node_;
        const Answer answer = netlink_.ask(
            {.command = DSMIP_CMD_PATH_NEW,
             .attributes = {
                 scalar(DSMIP_A_IFINDEX, device.index()),
                 nest(DSMIP_A_PATH, {address(DSMIP_PATH_A_REMOTE6, "2001:db8:1::101")})}});
        const Attribute* path =
            answer.replies.empty() ? nullptr : find(answer.replies[0].attributes, DSMIP_A_PATH);
        return path == nullptr ? 0 : u32_of(find(path->children, DSMIP_PATH_A_COOKIE));
    }

    /// The outer headers are right, what is inside is not always.
    bool receive_inside(const Format& format) {
        Packet inner = inner_packet(format, true, random_);
        if (random_.chance(60)) {
            spoil(inner, random_);
            if (random_.chance(30)) {
                repair(inner);
            }
        }
        Packet payload = between(format, inner);
        if (format.encap != DSMIP_ENCAP_DIRECT && random_.chance(30)) {
            spoil(payload, random_);
        }
        // The kernel drops what is shorter than a header before it asks any tunnel.
        if (format.encap == DSMIP_ENCAP_DIRECT && payload.size() < 40) {
            payload.resize(40);
        }
        const bool v4 = format.inner == 4;
        trials_.push_back(
            {&format, outer_packet(format, payload, v4 ? IPPROTO_IPIP : IPPROTO_IPV6), 0});
        return attempt(trials_.back(), true);
    }

    void receive_anything(const Format& format) {
        const Packet inner = inner_packet(format, true, random_);
        const bool v4 = format.inner == 4;
        Packet packet = random_.chance(20) ? any_error(format)
                                           : outer_packet(format, between(format, inner),
                                                          v4 ? IPPROTO_IPIP : IPPROTO_IPV6);
        if (random_.chance(80)) {
            spoil(packet, random_);
            if (random_.chance(50)) {
                repair(packet);
            }
        }
        OffloadHead head{};
        if (random_.chance(20)) {
            head = segments_head(packet);
        }
        (void)network_.arrive(packet, head);
    }

    /// About what this host has sent, which is believed, or could have.
    Packet any_error(const Format& format) {
        if (!network_.last_sent.empty() && random_.chance(50)) {
            return error_quoting(network_.last_sent, random_);
        }
        return error_about(format, inner_packet(format, false, random_), random_);
    }

    void receive_fragments(const Format& format) {
        Packet inner = inner_packet(format, true, random_);
        if (random_.chance(30)) {
            spoil(inner, random_);
        }
        const bool v4 = format.inner == 4;
        const Packet whole =
            outer_packet(format, between(format, inner), v4 ? IPPROTO_IPIP : IPPROTO_IPV6);
        if (whole.size() > 60000) {
            return;
        }
        for (const Packet& part : fragments(whole, random_.chance(70), random_)) {
            (void)network_.arrive(part);
        }
    }

    /// Claims of a sender that leaves checksums and segmentation to others, most of them wrong.
    OffloadHead segments_head(const Packet& packet) {
        OffloadHead head{};
        constexpr std::uint8_t kinds[] = {std::uint8_t{0}, tcp4, tcp6, udp4};
        const bool v4 = packet.size() > 20 && packet[0] >> 4 == 4;
        head.flags =
            random_.chance(80) ? needs_checksum : static_cast<std::uint8_t>(random_.next());
        head.gso_type = random_.chance(70) ? kinds[v4 ? 1 : 2] : random_.pick(kinds);
        head.csum_start =
            static_cast<std::uint16_t>(random_.chance(70) ? (v4 ? 20 : 40) : random_.below(200));
        head.csum_offset = static_cast<std::uint16_t>(random_.chance(70) ? 16 : random_.below(40));
        head.hdr_len = static_cast<std::uint16_t>(random_.chance(70) ? head.csum_start + 20
                                                                     : random_.below(300));
        head.gso_size = static_cast<std::uint16_t>(random_.chance(70) ? random_.between(100, 1200)
                                                                      : random_.next());
        return head;
    }

    Packet packet_to_transmit(const Format& format) {
        Packet packet = inner_packet(format, false, random_);
        if (random_.chance(50)) {
            spoil(packet, random_);
            if (random_.chance(50)) {
                repair(packet);
            }
        }
        return packet;
    }
    bool transmit(const Format& format) {
        Packet packet = packet_to_transmit(format);
        std::uint32_t mark = 0;
        if (random_.chance(30)) {
            mark = random_.chance(50) ? random_.pick(cookies_)
                                      : static_cast<std::uint32_t>(random_.next());
        }
        trials_.push_back({&format, std::move(packet), mark});
        return attempt(trials_.back(), false);
    }
    void transmit_segments(const Format& format) {
        const Packet packet = packet_to_transmit(format);
        (void)device(format).send_segments(packet, segments_head(packet));
    }

    // Failing allocations

    /// A packet that takes a certain way through the module.
    struct Way {
        std::string name;
        bool inward = true;
        std::function<bool()> send; ///< false when it never got there
    };
    std::vector<Way> ways(const Format& format) {
        const std::uint8_t protocol =
            format.inner == 4 ? std::uint8_t{IPPROTO_IPIP} : std::uint8_t{IPPROTO_IPV6};
        const Packet in = signalling_or_data(format);
        const Packet outer = outer_packet(format, between(format, in), protocol);
        const Packet error = relayed_error(format);
        std::vector<Way> result{
            {format.inner == 4 ? "a packet in" : "signalling in", true,
             [this, outer] { return network_.arrive(outer); }},
            {"a packet out", false,
             [this, &format, out = plain_datagram(format, false)] {
                 return device(format).send(out, 0);
             }},
            {"an ICMP error", true, [this, error] { return network_.arrive(error); }},
        };
        // Other formats leave segments to the network.
        if (format.encap == DSMIP_ENCAP_UDP_TLV || format.encap == DSMIP_ENCAP_UDP_TLV_DRAFT) {
            result.push_back({"segments out", false, [this, &format] {
                                  OffloadHead head{};
                                  const Packet packet = odd_segments(format, head);
                                  return device(format).send_segments(packet, head);
                              }});
        }
        return result;
    }

    /// Each packet on each way, with the first, second, ... allocation failing. Whatever is lost by
    /// that has one name.
    void fail_allocations() {
        // What has to rise, by exactly one and alone, for at least one allocation.
        std::map<std::string, std::string> proofs{
            {"rx_no_memory", ""}, {"tx_no_memory", ""}, {"tx_segment", ""}, {"icmp_unsent", ""}};
        FailNth fault;
        std::uint64_t injected = 0;
        for (const Format& format : formats_) {
            for (const Way& way : ways(format)) {
                for (unsigned nth = 1; nth < 200; ++nth, ++sent_) {
                    settle();
                    fault.arm(nth);
                    const bool seen = way.send();
                    const bool failed = fault.disarm();
                    const Account account = this->account();
                    keep(account);
                    const std::string name =
                        way.name + ", " + format.name() + ", allocation " + std::to_string(nth);
                    judge_fault(name, way, account, seen, failed);
                    for (auto& [counter, proof] : proofs) {
                        const auto found = account.counters.find(counter);
                        if (failed && proof.empty() && found != account.counters.end() &&
                            found->second == 1 && account.counters.size() == 1) {
                            proof = name;
                        }
                    }
                    if (!failed) {
                        break;
                    }
                    ++injected;
                }
            }
        }
        std::printf("packet fuzz: %llu failed allocations\n", number(injected));
        for (const auto& [counter, proof] : proofs) {
            std::printf("%s rises by one: %s\n", counter.c_str(), proof.c_str());
            if (proof.empty()) {
                fail(counter + " never rises by exactly one");
            }
        }
        flow();
    }
    void judge_fault(const std::string& name, const Way& way, const Account& account, bool seen,
                     bool failed) {
        const bool error = way.name == "an ICMP error";
        std::uint64_t count = way.inward ? account.received + account.rx_dropped
                                         : account.transmitted + account.tx_dropped;
        for (const auto& [counter, value] : account.counters) {
            count += error && counter.starts_with("icmp_") ? value : 0;
        }
        // Cut in two, a packet is two; one part may be lost.
        const bool two = way.name == "segments out";
        // Without memory a device cannot tell whose packet an error is about, and the other looks.
        const std::uint64_t most = two || (error && failed) ? 2 : 1;
        // The stack itself may have been short of memory before the module.
        if (count > most || (!failed && seen && count != (two ? 2U : 1U))) {
            fail(name + " failing: " + list(account));
        }
    }
    /// TCP segments of which the last is shorter, so that it needs another TLV header.
    Packet odd_segments(const Format& format, OffloadHead& head) {
        const bool v4 = format.inner == 4;
        Packet segments(20 + 1100);
        segments[12] = 5 << 4;
        head.flags = needs_checksum;
        head.gso_type = v4 ? tcp4 : tcp6;
        head.csum_start = v4 ? 20 : 40;
        head.csum_offset = 16;
        head.hdr_len = static_cast<std::uint16_t>(head.csum_start + 20);
        head.gso_size = 500;
        const Octets from = format.home_agent ? format.correspondent() : format.home();
        const Octets to = format.home_agent ? format.home() : format.correspondent();
        return ip_packet(from, to, IPPROTO_TCP, segments);
    }
    /// An ICMP error that is relayed to the inner source: about a packet that was just sent.
    Packet relayed_error(const Format& format) {
        network_.drain();
        network_.last_sent.clear();
        if (!device(format).send(plain_datagram(format, false), 0)) {
            fail("a valid packet cannot be sent: " + format.name());
            return {};
        }
        network_.drain();
        // Few, because errors beyond a rate are not believed.
        for (std::uint64_t seed = 1; seed < 50 && !network_.last_sent.empty(); ++seed) {
            Random random(seed);
            Packet error = error_quoting(network_.last_sent, random);
            settle();
            if (network_.arrive(error) && account().counters["icmp_relayed"] == 1) {
                return error;
            }
        }
        fail("no ICMP error is relayed: " + format.name());
        return {};
    }
    Packet signalling_or_data(const Format& format) {
        if (format.inner == 4) {
            return plain_datagram(format, true);
        }
        Random fixed(7);
        for (;;) {
            Packet packet = inner_packet(format, true, fixed);
            if (packet[6] == IPPROTO_MH) {
                return packet;
            }
        }
    }

    Options options_;
    Random random_;
    GenlSocket netlink_;
    Network network_;
    Device home_agent_;
    Device mobile_node_;
    std::vector<Format> formats_;
    std::array<std::map<std::string, std::uint64_t>, 2> before_;
    std::array<std::uint32_t, 8> cookies_{};
    Account total_;
    std::vector<Trial> trials_;
    std::uint64_t sent_ = 0;
    std::uint64_t unclaimed_ = 0;
    bool failed_ = false;
};

} // namespace

namespace {

/// Direct tunnel packets in UDP datagrams from an ordinary socket, until somebody ends it.
int flood(const std::string& text, std::uint64_t seed) {
    const std::size_t colon = text.rfind(':');
    const Octets host = octets(text.substr(0, colon));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
    std::memcpy(&to.sin_addr, host.data(), sizeof to.sin_addr);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    Random random(seed);
    const std::vector<Format> formats = all_formats();
    for (;;) {
        const Packet packet = inner_packet(formats[random.below(formats.size())], true, random);
        (void)sendto(fd, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to),
                     sizeof to);
    }
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Valid, spoilt and random packets for dsmip devices ha0 and mn0.",
                 "dsmip-packet-fuzz");
    Fuzzer::Options options;
    options.seed =
        static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    app.add_option("--network", options.network, "tun device that is the network");
    app.add_option("--count", options.count, "packets");
    app.add_option("--seed", options.seed, "of all random numbers; printed");
    app.add_option("--seconds", options.seconds, "end after so long");
    app.add_option("--batch", options.batch, "packets between two looks at the counters");
    app.add_flag("--tolerant", options.tolerant,
                 "devices and nodes come and go; nothing is accounted for");
    app.add_option("--flood", options.flood,
                   "only tunnel packets to this UDP end point, without end");
    app.add_flag("--faults", options.faults, "let allocations fail, one after the other");
    CLI11_PARSE(app, argc, argv);
    if (!options.flood.empty()) {
        return flood(options.flood, options.seed);
    }
    return Fuzzer(options).run();
}
