// SPDX-License-Identifier: GPL-2.0-or-later
// A home agent with a clock that the test moves, Binding Updates made and answers read by the
// real codec, and a model of the kernel's table that does what the engine asks for, or not.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mobility/home_agent.hpp"
#include "wire/binding_identifier.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility::test {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using wire::BindingStatus;
using wire::Dialect;

wire::Ipv6Address v6(const char* text);
wire::Ipv4Address v4(const char* text);

inline const wire::Ipv6Address agent6 = v6("2001:db8:1::1");
inline const wire::Ipv4Address agent4 = v4("192.0.2.1");
inline const wire::Ipv6Address node = v6("2001:db8:1::100"); // owns 192.0.2.10 and .11
inline const wire::Ipv6Address other = v6("2001:db8:1::200");
inline const wire::Ipv6Address unlisted = v6("2001:db8:1::300");
inline const wire::Ipv6Address visited = v6("2001:db8:2::200");
inline const wire::Ipv6Address visited2 = v6("2001:db8:4::400");
inline const wire::Ipv4Address visited4 = v4("198.51.100.7");
inline const wire::Ipv4Address private4 = v4("10.0.0.10");
inline const wire::Endpoint outside{v4("203.0.113.9"), 40001}; // what a NAT makes of private4

// Nodes `node` and `other`, a pool of 192.0.2.160/29, everything accepted.
HomeAgentConfig default_config();

// A Binding Update with A and H, 600 s.
struct Update {
    wire::Ipv6Address home_address = node;
    wire::BindingUpdate message;

    explicit Update(std::uint16_t sequence, seconds lifetime = seconds(600));
    Update& of(const wire::Ipv6Address& address);
    Update& add(wire::MobilityOption option);
    Update& home4(const char* address, std::uint8_t length = 32, bool prefix = false);
    Update& router(); // R
    Update& prefix(const char* address, std::uint8_t length);
    Update& care_of4(const wire::Ipv4Address& address);
    Update& alternate(const wire::Ipv6Address& address);
    Update& bid(std::uint16_t bid, const wire::Ipv6Address& care_of, std::uint8_t priority = 0);
    Update& bid(std::uint16_t bid, const wire::Ipv4Address& care_of, std::uint8_t priority = 0);
    Update& bid(std::uint16_t bid); // no address
    Update& force_udp();
    Update& tlv();
    Update& overwrite();
};

struct Answer {
    wire::BindingAcknowledgement message;
    SendMessage sent;

    [[nodiscard]] BindingStatus status() const { return message.status; }
    [[nodiscard]] std::vector<wire::Ipv4AddressAcknowledgement> home4() const;
    [[nodiscard]] std::optional<wire::NatDetection> nat() const;
    [[nodiscard]] std::vector<wire::BindingIdentifier> bids() const;
    // Statuses of the Binding Identifier options.
    [[nodiscard]] std::vector<BindingStatus> bid_status() const;
};

// What the kernel, or the store, does with requests.
enum class Kernel : std::uint8_t {
    works,
    refuses,         // says no and changes nothing
    waits,           // until answer_kernel()
    loses_request,   // neither does it nor answers
    loses_answer,    // does it, but says nothing
    refuses_prefixes // takes the bindings, says no to their prefixes or routes
};

class Scene {
public:
    explicit Scene(HomeAgentConfig config = default_config());

    // ---- inputs; the dialect is the sender's
    void native(const Update& update, const wire::Ipv6Address& care_of,
                Dialect dialect = Dialect::Rfc);
    void home_link(const Update& update, Dialect dialect = Dialect::Rfc);
    void udp(const Update& update, const wire::Endpoint& from, Dialect dialect = Dialect::Rfc);
    void deliver(const std::vector<std::uint8_t>& octets, ReceivedMessage message);
    [[nodiscard]] static std::vector<std::uint8_t> octets(const Update& update,
                                                          Dialect dialect = Dialect::Rfc);
    // After octets were changed on purpose.
    static void correct_checksum(std::vector<std::uint8_t>& octets);
    [[nodiscard]] ReceivedMessage udp_frame(const wire::Ipv6Address& home_address,
                                            const wire::Endpoint& from);
    [[nodiscard]] static ReceivedMessage native_frame(const wire::Ipv6Address& home_address,
                                                      const wire::Ipv6Address& care_of);
    void advance(Duration by); // deadlines and kernel expiries on the way are met
    bool remove(const wire::Ipv6Address& home_address, std::optional<std::uint16_t> bid = {});
    [[nodiscard]] tl::expected<Actions, std::string> reconfigure(HomeAgentConfig config);
    void restart(HomeAgentConfig config);  // new engine, same kernel, same store
    void lose_kernel() { table_.clear(); } // as in a reboot
    void lose_store() { records_.clear(); }
    [[nodiscard]] auto snapshot_store() const { return records_; }
    template<class Records>
    void restore_store(const Records& records) {
        records_ = records;
    }
    void answer_kernel(bool success = true); // oldest request that waits
    void answer_store(bool success = true);
    void answer_dad(DadOutcome outcome); // oldest that waits
    void run(Actions actions);

    // ---- what came of it
    // The one answer since the last call; fails the test if there is not exactly one.
    Answer answer();
    [[nodiscard]] bool silent() const { return sent.empty(); }
    // Bindings of the cache; checked to be those of the kernel.
    [[nodiscard]] std::optional<KernelNode> registered(const wire::Ipv6Address& home_address);
    [[nodiscard]] std::optional<KernelBinding> binding(const wire::Ipv6Address& home_address,
                                                       std::uint16_t bid = 0);
    [[nodiscard]] std::vector<std::uint16_t> bids(const wire::Ipv6Address& home_address);
    [[nodiscard]] std::uint64_t counter(const std::string& name) const;
    [[nodiscard]] bool reported(const std::string& name) const;
    // Engine and kernel hold the same; remaining lifetimes within `tolerance`.
    [[nodiscard]] bool in_step(Duration tolerance = Duration(0)) const;
    // Engine and store hold the same, to the millisecond.
    [[nodiscard]] bool store_in_step() const;
    // As the store would give it to a new engine.
    [[nodiscard]] std::vector<StoredRegistration> stored() const;

    TimePoint now{seconds(1000)};
    HomeAgent agent;
    Kernel kernel = Kernel::works;
    Kernel store = Kernel::works; // in use with `has_store`
    bool kernel_tells_expiry = true;
    Dialect answers_in = Dialect::Rfc;
    std::vector<SendMessage> sent;
    std::vector<Report> reports;
    std::size_t requests = 0; // to the kernel
    std::deque<Action> held;
    std::deque<KeepRegistration> held_by_store;
    LinkAddress frame_source; // of what comes by home_link()
    std::deque<StartDad> detections;
    std::vector<wire::Ipv4Address> forgotten;
    std::map<wire::Ipv6Address, ClaimHomeAddress> claimed;
    std::vector<std::string> home_link_events; // "claim", "claim silently", "release", "answer"

private:
    struct Row {
        KernelNode node;
        std::map<std::uint16_t, TimePoint> expires;
    };
    void request(const Action& action);
    void request(const KeepRegistration& keep);
    void apply(const KeepRegistration& keep, TimePoint since);
    void hold(const Action& action);
    bool apply(const Action& action);
    void expire_kernel();
    [[nodiscard]] std::vector<KernelNode> kernel_table() const;

    std::map<wire::Ipv6Address, Row> table_;
    struct Record {
        StoredRegistration registration;
        TimePoint since;
    };
    std::map<wire::Ipv6Address, Record> records_;
    std::deque<TimePoint> held_by_store_since_;
    std::uint32_t cookie_ = 0x80000001;
    bool running_ = false;
    std::deque<TimePoint> held_since_; // as `held`
    std::deque<Action> queue_;
};

} // namespace dsmip::mobility::test
