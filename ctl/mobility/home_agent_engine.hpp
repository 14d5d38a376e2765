// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of HomeAgent.  A Binding Update is parsed, validated, evaluated; what it changes
// is a transaction with kernel and store, one at a time for each node, and the answer waits
// for it.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "mobility/address_pool.hpp"
#include "mobility/binding_cache.hpp"
#include "mobility/home_agent.hpp"
#include "mobility/home_agent_challenge.hpp"
#include "mobility/home_agent_counters.hpp"
#include "mobility/home_agent_history.hpp"
#include "mobility/home_agent_policy.hpp"
#include "mobility/home_agent_prepared.hpp"
#include "mobility/home_agent_registration.hpp"
#include "mobility/prefix_table.hpp"
#include "mobility/token_bucket.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility {

class HomeAgent::Impl {
public:
    explicit Impl(PreparedConfiguration::Parts parts);

    // home_agent_restore.cpp
    Actions restore(TimePoint now, std::span<const KernelNode> nodes);
    Actions restore(TimePoint now, const KernelNode* kernel, const StoredRegistration* stored);
    [[nodiscard]] const Reconciliation& reconciliation() const { return reconciliation_; }

    // home_agent.cpp
    Actions binding_expired(TimePoint now, const wire::Ipv6Address& home_address,
                            std::uint16_t bid);
    Actions remove(TimePoint now, const wire::Ipv6Address& home_address,
                   std::optional<std::uint16_t> bid, bool& found);
    Actions tick(TimePoint now);
    [[nodiscard]] std::vector<KernelNode> binding_cache(TimePoint now) const;
    [[nodiscard]] std::optional<KernelNode> registered(TimePoint now,
                                                       const wire::Ipv6Address& home_address) const;
    [[nodiscard]] std::vector<wire::Ipv6Address> registered_nodes() const;
    [[nodiscard]] const BindingCache& cache() const { return cache_; }
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;
    [[nodiscard]] std::vector<NamedCount> counters() const { return counters_.all(); }
    [[nodiscard]] std::optional<wire::Ipv6Address> owner_of(const wire::Ipv4Address& address) const;
    [[nodiscard]] Explanation explain(TimePoint now, const wire::Ipv6Address& home_address) const;

    // home_agent_drain.cpp
    tl::expected<Actions, std::string> drain(DrainRequest request);
    Actions stop_drain();
    [[nodiscard]] std::optional<DrainStatus> drain_status() const {
        return drain_.active() ? std::optional(drain_.status()) : std::nullopt;
    }

    // home_agent_reconfigure.cpp
    [[nodiscard]] tl::expected<ReconfigurationOutlook, std::string>
    foresee(const PreparedConfiguration::Parts& next) const;
    tl::expected<Actions, std::string> reconfigure(TimePoint now,
                                                   PreparedConfiguration::Parts& next);
    [[nodiscard]] const Revision& revision() const { return revision_; }
    [[nodiscard]] std::vector<wire::Ipv4Address> leases_outside() const;

    // home_agent_receive.cpp
    Actions receive(TimePoint now, const ReceivedMessage& message);
    Actions home_address_option_refused(TimePoint now, const RefusedHomeAddressOption& refused);

    // home_agent_transaction.cpp
    Actions confirm(TimePoint now, RequestId request, const RequestOutcome& error);

    // home_agent_home_link.cpp
    Actions dad_done(TimePoint now, RequestId request, DadOutcome outcome);

private:
    using Fields = Report::Fields;

    // ---- start-up (home_agent_restore.cpp)
    void restore_node(TimePoint now, const KernelNode* kernel, const StoredRegistration* stored);
    // What was de-registered, and is remembered so that a late Binding Update is known as one.
    void restore_dead(TimePoint now, const StoredRegistration& stored, bool in_kernel);
    void restore_nothing(const wire::Ipv6Address& home_address, bool in_kernel, bool in_store);
    void forget(const wire::Ipv6Address& home_address);
    Registration choose(const wire::Ipv6Address& home_address, const Registration& in_kernel,
                        const Registration& in_store);
    void keep_own(const wire::Ipv6Address& home_address, Registration& current);
    // Leases that it uses although its pool is another one now.
    void keep_outside(const Registration& current, const StoredRegistration& stored);
    void restore_leases(TimePoint now, const wire::Ipv6Address& home_address,
                        const StoredRegistration* stored);
    [[nodiscard]] std::optional<TimePoint> lease_until(TimePoint now,
                                                       const wire::Ipv6Address& home_address,
                                                       const Registration& current,
                                                       const StoredRegistration* stored) const;
    [[nodiscard]] bool serves(const wire::Ipv6Address& home_address) const;

    // ---- configuration (home_agent_reconfigure.cpp)
    // Why that configuration cannot be: what it gives to one node is lent to another.
    [[nodiscard]] std::optional<std::string>
    takes_lease_in_use(const PreparedConfiguration::Parts& next) const;
    void hand_over_leases(PreparedConfiguration::Parts& next);
    // Some of the nodes that have not been looked at since the configuration changed.
    void continue_revision(TimePoint now);
    void revise_in_turn(TimePoint now, const wire::Ipv6Address& home_address);
    // Takes from a node what the configuration no longer gives it.
    void revise(TimePoint now, const wire::Ipv6Address& home_address);
    // The same with bindings that would lead back here.
    void leave_home_network(const wire::Ipv6Address& home_address, Transaction& transaction) const;

    // ---- messages (home_agent_receive.cpp)
    // `arrives`: for the first time, not from among those that waited.
    void handle(TimePoint now, const ReceivedMessage& message, bool arrives);
    // That of its node if its sequence number is one of the next; else null.
    [[nodiscard]] RateState* rate_of_node(const ReceivedMessage& message);
    // Whether what is not in turn is worth being read, by where it comes from.
    bool admit(TimePoint now, const ReceivedMessage& message);
    // Answers a Binding Update above a limit.
    void challenge(TimePoint now, const ReceivedMessage& message, std::uint16_t sequence);
    [[nodiscard]] bool came_through_router(const ReceivedMessage& message) const;
    void send_error(TimePoint now, const ReceivedMessage& message, wire::BindingErrorStatus status);
    void process_update(TimePoint now, const ReceivedMessage& message, wire::BindingUpdate update);
    void refuse_update(const RegistrationRequest& request, const RegistrationContext& context,
                       RuleRef refused_by);
    void refuse_update(const RegistrationRequest& request, const RegistrationContext& context,
                       const RegistrationOutcome& outcome);
    void begin_update(TimePoint now, const RegistrationRequest& request,
                      const RegistrationContext& context, RegistrationOutcome outcome);
    void note_refusal(const RegistrationRequest& request, RuleRef refused_by,
                      JudgedOptions options = {});
    // Options that are refused, whatever becomes of the message.
    void count_options(const RegistrationOutcome& outcome);
    // Refused by policy: a de-registration from where the node is not registered.
    [[nodiscard]] bool refused_from_elsewhere(const RegistrationRequest& request,
                                              const RegistrationContext& context) const;
    // A move, or an end that somebody else may have asked for.
    void note_owner(TimePoint now, const wire::Ipv6Address& home_address, const Transaction& done);
    void note_end_after_move(TimePoint now, const wire::Ipv6Address& home_address,
                             const Transaction& done);
    void note_end(TimePoint now, const wire::Ipv6Address& home_address, const Transaction& done);
    // It is served, and worth a record that strangers cannot displace.
    [[nodiscard]] bool is_known(const wire::Ipv6Address& home_address) const {
        return cache_.find(home_address) != nullptr || listed_nodes_.contains(home_address);
    }
    void send(tl::expected<SendMessage, wire::EncodeError> message);

    // ---- changes (home_agent_transaction.cpp)
    // Without participants in `transaction`: all that have to know.
    void begin(TimePoint now, const wire::Ipv6Address& home_address, Transaction&& transaction);
    void ask_next(TimePoint now, const wire::Ipv6Address& home_address);
    // Tells the store what is current, where nobody waits for it.
    void keep(TimePoint now, const wire::Ipv6Address& home_address);
    // `dead_until`: a de-registered one is remembered until then.
    [[nodiscard]] StoredRegistration to_store(const wire::Ipv6Address& home_address,
                                              const Registration& registration,
                                              std::optional<TimePoint> dead_until,
                                              TimePoint now) const;
    // That one may hold something else than `current`.
    static void doubt(CacheEntry& entry, Participant who, TimePoint repair_at);
    void begin_removal(TimePoint now, const wire::Ipv6Address& home_address,
                       std::optional<std::uint16_t> bid);
    void begin_repair(TimePoint now, const wire::Ipv6Address& home_address);
    void succeed(TimePoint now, const wire::Ipv6Address& home_address);
    // `lost`: nobody knows whether the one that was asked has done it.
    void fail(TimePoint now, const wire::Ipv6Address& home_address, bool lost);
    // After a transaction: what waited for it, then what is to be repaired.
    void go_on(TimePoint now, const wire::Ipv6Address& home_address);
    void expire(TimePoint now, const wire::Ipv6Address& home_address);
    void attend(TimePoint now, const wire::Ipv6Address& home_address);
    void renew_leases(TimePoint now, const wire::Ipv6Address& home_address,
                      const Registration& registration);
    // Notes which leases are in use and when the entry needs attention.
    void settle(const wire::Ipv6Address& home_address);

    // ---- draining (home_agent_drain.cpp)
    void note_drain(const std::optional<wire::Ipv6Address>& home_address);
    void ask_to_go(const wire::Ipv6Address& home_address);
    [[nodiscard]] bool refused_by_drain(TimePoint now, const RegistrationRequest& request,
                                        const RegistrationContext& context) const;

    // ---- renewal (home_agent_refresh.cpp)
    void note_refresh(TimePoint now, const wire::Ipv6Address& home_address);
    void ask_for_refresh(TimePoint now, const wire::Ipv6Address& home_address);

    // ---- home link (home_agent_home_link.cpp)
    // Answers on the home link for what is registered, and for nothing else.
    void claim(const wire::Ipv6Address& home_address);
    // Of a restored binding: false if it is to a home link that is none any more; `differs`
    // becomes true if that has another interface now.
    [[nodiscard]] bool still_at_home(KernelBinding& end_point, bool& differs) const;

    // ---- reports (home_agent_report.cpp)
    void report(Report::Level level, std::string_view name, Fields fields);
    // Counts it, too.
    void drop(RuleRef cause, const ReceivedMessage& message);
    void report_expired(const wire::Ipv6Address& home_address, std::uint16_t bid);
    static void report_changes(const wire::Ipv6Address& home_address, const Registration& before,
                               const RegistrationOutcome& outcome, std::vector<Report>& reports);
    static Report removal_report(const wire::Ipv6Address& home_address, const Binding& binding,
                                 const char* reason);

    Actions take() { return std::exchange(actions_, {}); }
    [[nodiscard]] RegistrationContext context(const wire::Ipv6Address& home_address) const;

    HomeAgentConfig config_;
    ListedNodes listed_nodes_;
    Revision revision_;
    BindingCache::Walk revision_walk_;
    bool revises_claims_ = false; // the home link has become another one
    AddressPool pool_;
    PrefixTable prefixes_;
    BindingCache cache_;
    HomeAgentCounters counters_;
    TokenBucket binding_errors_;
    RefreshSchedule refreshes_;
    DrainSchedule drain_;
    bool drained_ = false; // everybody has gone, and that was reported
    RateLimiter rates_;
    RateLimiter proved_; // of Binding Updates that go on from a challenge
    Challenge challenge_;
    std::unordered_map<RequestId, wire::Ipv6Address> requests_; // without answer yet
    RequestId last_request_ = 0;
    bool restoring_ = false;
    Reconciliation reconciliation_;
    HomeAgentHistory history_;
    Actions actions_;
};

} // namespace dsmip::mobility
