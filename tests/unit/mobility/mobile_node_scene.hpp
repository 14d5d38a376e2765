// SPDX-License-Identifier: GPL-2.0-or-later
// A mobile node with a clock that the test moves: collects what the engine does, lets the
// kernel succeed unless told otherwise, and answers as a home agent would.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mobility/mobile_node.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility::test {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

wire::Ipv6Address v6(const char* text);
wire::Ipv4Address v4(const char* text);

inline const wire::Ipv6Address home_address = v6("2001:db8:1::100");
inline const wire::Ipv6Address home_agent6 = v6("2001:db8:1::1");
inline const wire::Ipv4Address home_agent4 = v4("192.0.2.1");

// Addresses on wlan0 (index 3) and on lte0 (index 4).
CareOfCandidate wlan(const char* address);
CareOfCandidate lte(const char* address);

// wlan0 preferred to lte0, no MCoA, no IPv4 home address, lifetime 600 s.
MobileNodeConfig plain_config();
// The same with BID 1 for wlan0 and BID 2 for lte0.
MobileNodeConfig mcoa_config();

// A Binding Update as it left.
struct Sent {
    TimePoint at;
    wire::BindingUpdate update;
    SendMessage message;

    [[nodiscard]] const UdpPath* udp() const { return std::get_if<UdpPath>(&message.route); }
    [[nodiscard]] const NativeIpv6* native() const {
        return std::get_if<NativeIpv6>(&message.route);
    }
    [[nodiscard]] std::vector<std::uint16_t> bids() const;
    template<class Option>
    [[nodiscard]] const Option* option() const {
        return wire::find_option<Option>(update.options);
    }
};

// What a home agent answers; by default it accepts what was asked, without a NAT.
struct Answer {
    wire::BindingStatus status = wire::BindingStatus::Accepted;
    std::optional<std::uint16_t> sequence;  // else that of the Binding Update
    std::optional<wire::Lifetime> lifetime; // else as asked
    bool tlv = false;
    bool mobile_router = false;            // R
    std::optional<wire::NatDetection> nat; // else none over IPv6, "no NAT" over IPv4
    bool without_nat_option = false;
    wire::MobilityOptions options; // put in front
    bool echo_bids = true;
    std::vector<std::pair<std::uint16_t, wire::BindingStatus>> bid_status; // others 0
};

struct Arrival {
    std::vector<std::uint8_t> octets;
    ReceivedMessage message; // octets point into the vector above, set when delivered
};

class Scene {
public:
    explicit Scene(MobileNodeConfig config = plain_config(), std::uint32_t random = 1000);

    // ---- inputs
    void network(std::vector<CareOfCandidate> candidates);
    void advance(Duration by); // every deadline on the way is met
    void deliver(const Arrival& arrival);
    void accept(const Sent& sent) { deliver(answer_to(sent, {})); }
    void answer(const Sent& sent, const Answer& answer) { deliver(answer_to(sent, answer)); }
    void from_home_agent(const wire::MobilityMessage& message,
                         const wire::Ipv6Address& destination = home_address);
    void restore(const KernelNode& kernel) { absorb(node.restore(now, kernel)); }
    void stop() { absorb(node.stop(now)); }
    void expired(std::uint16_t bid) { absorb(node.binding_expired(now, bid)); }
    void absorb(Actions actions);

    // The message by which a home agent answers, as the raw socket delivers it.
    [[nodiscard]] Arrival answer_to(const Sent& sent, const Answer& answer) const;

    // ---- what came out
    // Removes and returns the oldest Binding Update that was not taken yet.
    Sent take();
    [[nodiscard]] std::size_t pending() const { return sent.size() - taken_; }
    [[nodiscard]] BindingUpdateListEntry row(std::uint16_t bid = 0) const;
    [[nodiscard]] std::uint64_t count(const std::string& name) const;
    [[nodiscard]] bool reported(const std::string& name) const;
    // The binding as the kernel would hold it after all requests so far.
    [[nodiscard]] const KernelBinding* kernel(std::uint16_t bid = 0) const;

    TimePoint now{seconds(1000)};
    MobileNode node;
    std::vector<Sent> sent;
    std::vector<InstallBindings> installs;
    std::vector<RemoveBindings> removes;
    std::vector<wire::Ipv4Address> assigned;
    std::vector<wire::Ipv4Address> withdrawn;
    std::vector<UseHomeAgent> used;
    std::vector<Report> reports;
    KernelNode kernel_node;
    KernelOutcome kernel_answer; // to every request

private:
    void install(const InstallBindings& request);
    void remove(const RemoveBindings& request);

    std::size_t taken_ = 0;
};

// Registers over the only candidate: network, Binding Update, acceptance.
Sent registered(Scene& scene, const CareOfCandidate& candidate, const Answer& answer = {});

wire::Lifetime lifetime(seconds duration);

} // namespace dsmip::mobility::test
