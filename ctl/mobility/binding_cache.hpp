// SPDX-License-Identifier: GPL-2.0-or-later
// The binding cache of a home agent: per home address what is registered, what is being
// changed, and what waits for that (RFC 6275, 9.1 and 10.1; RFC 5648, 4.1).
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "mobility/home_agent_counters.hpp"
#include "mobility/home_agent_policy.hpp"
#include "mobility/types.hpp"
#include "wire/dialect.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

// A de-registered entry stays that long, so that a late Binding Update fails the sequence
// test (RFC 6275, 10.3.2 and 12).
inline constexpr Duration MAX_DELETE_BCE_TIMEOUT = std::chrono::seconds(10);

// The kernel ends a binding and says so.  Where that is not heard of, the cache drops it so
// much later.
inline constexpr Duration expiry_grace = std::chrono::seconds(1);

// True if `next` may follow `last` (RFC 6275, 9.5.1: modulo 2**16, window of 32767).
[[nodiscard]] bool sequence_in_window(std::uint16_t last, std::uint16_t next);

// A care-of end point of a node and when it ends.
struct Binding {
    KernelBinding end_point; // its lifetime is not used, `expires` is
    TimePoint expires;
};

// All that is registered for one home address.
struct Registration {
    std::vector<Binding> bindings; // by BID
    std::vector<wire::Ipv4Address> home_addresses4;
    std::vector<wire::Prefix6> prefixes6; // forwarded to a mobile router
    std::vector<wire::Prefix4> prefixes4;
    // R flag; nothing if a restart left nobody who knows.
    std::optional<bool> mobile_router = false;
    // Of the dynamic IPv4 addresses and prefixes, if there are any.
    std::optional<TimePoint> lease_until;
    std::uint16_t sequence = 0;                  // last accepted
    wire::Dialect dialect = wire::Dialect::Auto; // proven by the peer

    [[nodiscard]] bool empty() const { return bindings.empty(); }
    [[nodiscard]] const Binding* find(std::uint16_t bid) const;
    // A binding made without Binding Identifier option; it is then the only one.
    [[nodiscard]] bool is_plain() const { return find(0) != nullptr; }
    [[nodiscard]] bool has_prefixes() const { return !prefixes6.empty() || !prefixes4.empty(); }
    // Without bindings there are neither IPv4 home addresses nor prefixes.
    void clear_if_empty();
    // L of the Binding Updates: the link-local address with the same interface identifier, too.
    [[nodiscard]] bool link_local() const;
    void put(const Binding& binding);
    bool erase(std::uint16_t bid);
    // Removes bindings that end until `time`; returns their BIDs.
    std::vector<std::uint16_t> expire(TimePoint time);
    [[nodiscard]] std::optional<TimePoint> first_expiry() const;
    // As the kernel is to hold it.
    [[nodiscard]] KernelNode to_kernel(const wire::Ipv6Address& home_address, TimePoint now) const;
};

// A received message that outlives the buffer it came in.
struct StoredMessage {
    explicit StoredMessage(const ReceivedMessage& received);
    [[nodiscard]] ReceivedMessage get() const;

private:
    ReceivedMessage message_;
    std::vector<std::uint8_t> octets_;
};

// An operator's request to delete a binding, or all of a node.
struct AdministrativeRemoval {
    std::optional<std::uint16_t> bid;
};

// The configuration has changed meanwhile.
struct ConfigurationChange {};

// Who has to do or to allow a change before it is acknowledged.
enum class Participant : std::uint8_t {
    home_link, // duplicate address detection
    store,
    kernel,
};
inline constexpr std::size_t participants = 3;

// "home-link", "store", "kernel".
[[nodiscard]] std::string_view name_of(Participant who);

// Some of them, each once, in the order in which they were added.
class ParticipantList {
public:
    void add(Participant who) {
        if (std::find(begin(), end(), who) == end()) {
            list_.at(size_++) = who;
        }
    }
    void clear() { size_ = 0; }
    void remove_front() {
        std::copy(begin() + 1, end(), list_.begin());
        --size_;
    }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] Participant front() const { return list_.front(); }
    [[nodiscard]] const Participant* begin() const { return list_.data(); }
    [[nodiscard]] const Participant* end() const { return list_.data() + size_; }

private:
    std::array<Participant, participants> list_{};
    std::uint8_t size_ = 0;
};

// A Binding Acknowledgement that is sent only if something goes wrong, and made octets then.
struct Answer {
    wire::BindingAcknowledgement message;
    wire::Dialect dialect = wire::Dialect::Rfc;
    wire::Ipv6Address home_agent; // its source
    wire::Ipv6Address home_address;
    decltype(SendMessage::route) route;
};

// A change under way.  Its participants are asked one after the other, each when the one
// before it has confirmed, so that a refusal leaves those behind it untouched.  Only when all
// have confirmed, `desired` becomes current and the answer leaves; one failure ends it.
struct Transaction {
    Registration desired;
    bool repair = false; // tells again what is current
    ParticipantList confirmed;
    ParticipantList outstanding; // the first one has been asked, by `request`
    RequestId request = 0;
    TimePoint deadline; // no answer until then: lost
    std::optional<SendMessage> on_success;
    std::optional<Answer> on_failure;
    bool of_router = false;             // which is told so by another status
    RuleRef refused_by = nullptr;       // before that by a rule, not by the one that was asked
    bool prefixes = false;              // the kernel was told about prefixes, too
    std::optional<Answer> on_duplicate; // the home link is asked first; this if in use there
    std::vector<Report> reports;        // on success
    std::string_view end_reason = "the operator removed it"; // where it leaves nothing
    // Of the Binding Update it is about, on success; nullptr: it is about none.
    RuleRef judged_by = nullptr;
    wire::Endpoint from;         // on the wire
    bool from_elsewhere = false; // the node is not registered there
    // Counted on success, so often.
    std::optional<std::pair<HomeAgentCount, std::uint64_t>> count;
};

// An optional value that takes no room while it is absent.
template<class Value>
class Boxed {
public:
    Boxed& operator=(Value value) {
        value_ = std::make_unique<Value>(std::move(value));
        return *this;
    }
    explicit operator bool() const { return value_ != nullptr; }
    Value& operator*() { return *value_; }
    const Value& operator*() const { return *value_; }
    Value* operator->() { return value_.get(); }
    const Value* operator->() const { return value_.get(); }
    void reset() { value_.reset(); }

private:
    std::unique_ptr<Value> value_;
};

// A million of these are in the memory of a home agent, nearly all without a change under way.
struct CacheEntry {
    Registration current;
    // De-registered; `current` is empty but for its sequence number.
    std::optional<TimePoint> dead_until;
    Boxed<Transaction> pending;
    std::list<std::variant<StoredMessage, AdministrativeRemoval, ConfigurationChange>> waiting;
    // Kernel or store may hold something else than `current`: told at that time.
    std::optional<TimePoint> repair_at;
    ParticipantList doubtful; // who; empty = all
    unsigned repairs = 0;     // tried without success
    RateState rate;           // of its Binding Updates
    // What the home agent answers for on the home link.
    std::optional<ClaimHomeAddress> claimed;
    // Duplicate address detection has just found another owner: what waits for it fails, too.
    bool duplicate = false;

    // What the cache has noted of it: see BindingCache::update().
    std::optional<TimePoint> noted_deadline;
    RequestId noted_request = 0;
    std::size_t noted_bindings = 0;
    std::uint32_t passed_by = 0; // the last walk

    // Is there a sequence number that a Binding Update has to follow?
    [[nodiscard]] bool has_sequence() const { return !current.empty() || dead_until.has_value(); }
    [[nodiscard]] bool is_idle() const { return !has_sequence() && !pending && !repair_at; }
};

// Entries by home address, and the order in which they need attention.
class BindingCache {
public:
    BindingCache() = default;
    BindingCache(const BindingCache&) = delete;
    BindingCache& operator=(const BindingCache&) = delete;

    // An entry that is not in the cache yet is made.
    CacheEntry& at(const wire::Ipv6Address& home_address);
    [[nodiscard]] CacheEntry* find(const wire::Ipv6Address& home_address);
    [[nodiscard]] const CacheEntry* find(const wire::Ipv6Address& home_address) const;

    // To be called after every change of an entry: notes when it needs attention next
    // and forgets it if nothing is left.
    void update(const wire::Ipv6Address& home_address);

    // A home address that needs attention at `now`; to be followed by update() for it.
    [[nodiscard]] std::optional<wire::Ipv6Address> due(TimePoint now);
    // Nothing is due before it; perhaps nothing is due at it either.
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    // A walk over the entries, some at a time. Those that are made meanwhile may be left out.
    struct Walk {
        std::uint32_t number = 0; // an entry has been passed by a walk of the same number
        std::size_t bucket = 0;   // the next one
        std::size_t buckets = 0;  // when the walk began with the first one
        bool done = true;
    };
    [[nodiscard]] Walk begin_walk();
    // The next entries, each once in a walk: at least `count` of them unless there are fewer, or
    // the table is nearly empty.
    std::vector<wire::Ipv6Address> walk(Walk& walk, std::size_t count);

    [[nodiscard]] std::size_t node_count() const { return nodes_; }
    // With those that are about to be registered, and those that were.
    [[nodiscard]] std::size_t entry_count() const { return entries_.size(); }
    [[nodiscard]] std::size_t binding_count() const { return bindings_; }
    [[nodiscard]] const std::unordered_map<wire::Ipv6Address, CacheEntry>& entries() const {
        return entries_;
    }

private:
    struct Request {
        TimePoint deadline;
        wire::Ipv6Address home_address;
        RequestId id = 0;
    };
    void note_request(const wire::Ipv6Address& home_address, CacheEntry& entry);
    // Of those without an answer.
    [[nodiscard]] const Request* first_request() const;

    using Entries = std::unordered_map<wire::Ipv6Address, CacheEntry>;

    Entries entries_;
    // Found last: one Binding Update looks for its entry several times.
    mutable const Entries::value_type* latest_ = nullptr;
    // Of lifetimes, repairs and the like: those of entries, or earlier.
    std::set<std::pair<TimePoint, wire::Ipv6Address>> deadlines_;
    // For each participant, earliest first; answered ones among them are skipped.
    mutable std::array<std::deque<Request>, participants> requests_;
    std::size_t nodes_ = 0;
    std::size_t bindings_ = 0;
    std::uint32_t last_walk_ = 0;
};

} // namespace dsmip::mobility
