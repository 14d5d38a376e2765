// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of MobileNode.  Every input changes some state and then settles:
// care-of addresses are chosen, Binding Updates that are due are begun and sent.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "mobility/binding_update_list.hpp"
#include "mobility/mobile_node.hpp"
#include "mobility/mobile_node_care_of.hpp"
#include "mobility/mobile_node_counters.hpp"
#include "mobility/mobile_node_exchange.hpp"
#include "mobility/mobile_node_home_address4.hpp"
#include "mobility/mobile_node_home_agents.hpp"
#include "mobility/mobile_node_prefixes.hpp"
#include "mobility/mobile_node_sequence.hpp"
#include "mobility/retransmission.hpp"

namespace dsmip::mobility {

class MobileNode::Impl {
public:
    Impl(MobileNodeConfig config, const std::function<std::uint32_t()>& random);

    // mobile_node.cpp
    void start_with(const wire::Ipv6Address& home_agent6);
    [[nodiscard]] HomeAgentAddresses home_agent() const { return home_agents_.current(); }
    Actions restore(TimePoint now, const KernelNode& node);
    Actions network_changed(TimePoint now, const std::vector<CareOfCandidate>& candidates);
    Actions kernel_done(TimePoint now, RequestId request, const KernelOutcome& error);
    Actions binding_expired(TimePoint now, std::uint16_t bid);
    Actions stop(TimePoint now);
    Actions tick(TimePoint now);
    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;
    [[nodiscard]] std::vector<BindingUpdateListEntry> rows(TimePoint now) const;
    [[nodiscard]] std::vector<SilentCareOf> silent_care_of(TimePoint now) const {
        return care_of_.silent(now);
    }
    [[nodiscard]] std::vector<SharedAddress> shared_addresses() const;
    [[nodiscard]] std::optional<wire::Ipv4Address> home_address4() const {
        return home_address4_.address();
    }
    [[nodiscard]] std::optional<HomeLink> home_link() const;
    [[nodiscard]] const MobileNetwork& network() const { return network_; }
    [[nodiscard]] std::vector<NamedCount> counters() const { return counters_.all(); }

    // mobile_node_receive.cpp
    Actions receive(TimePoint now, const ReceivedMessage& message);

private:
    using Fields = Report::Fields;

    // ---- reports and states (mobile_node_report.cpp)
    void report(Report::Level level, std::string_view name, Fields fields);
    void drop(RuleRef cause, const ReceivedMessage& message);
    void apply(UpdateListEntry& entry, EntryEvent event);
    [[nodiscard]] Fields describe(const UpdateListEntry& entry) const;
    Actions take() { return std::exchange(actions_, {}); }

    // ---- choice of care-of addresses (mobile_node_movement.cpp)
    void settle(TimePoint now);
    void make_entries();
    void expire(TimePoint now);
    void choose_care_of(TimePoint now);
    void follow_route(TimePoint now, UpdateListEntry& entry);
    void lose_target(TimePoint now, UpdateListEntry& entry);
    void leave_vanished(TimePoint now);
    void tell_shared_addresses();
    void remove_from_kernel(UpdateListEntry& entry);
    void retry_silent(TimePoint now);
    [[nodiscard]] const UpdateListEntry* working_entry(const UpdateListEntry* except) const;

    // ---- begin, send, repeat (mobile_node_transmit.cpp)
    void start_due(TimePoint now);
    void start_registration(TimePoint now, const std::vector<UpdateListEntry*>& group);
    void start_deregistration(TimePoint now, const std::vector<UpdateListEntry*>& group,
                              const CareOf& path);
    void pump(TimePoint now);
    void transmit(TimePoint now, Exchange& exchange);
    bool find_path(TimePoint now, Exchange& exchange);
    void time_out(TimePoint now);
    void unanswered(TimePoint now, const Exchange& exchange);
    bool give_way(TimePoint now, UpdateListEntry& entry, const Exchange& exchange);
    void try_next(TimePoint now, UpdateListEntry& entry, const Exchange& exchange);
    void update_singly(TimePoint now, const Exchange& exchange);
    void cancel(TimePoint now, std::uint16_t bid);
    void forget(const Exchange& exchange);
    [[nodiscard]] bool may_start(const UpdateListEntry& entry) const;
    [[nodiscard]] bool leader_under_way() const;
    [[nodiscard]] const Exchange* exchange_of(std::uint16_t bid) const;

    // ---- answers (mobile_node_receive.cpp)
    void receive_acknowledgement(TimePoint now, const ReceivedMessage& message,
                                 const wire::BindingAcknowledgement& acknowledgement);
    void deregistration_answered(TimePoint now, std::vector<Exchange>::iterator exchange,
                                 const wire::BindingAcknowledgement& acknowledgement);
    void receive_refresh_request(TimePoint now, const ReceivedMessage& message,
                                 const wire::BindingRefreshRequest& request);
    void receive_error(TimePoint now, const ReceivedMessage& message,
                       const wire::BindingError& error);
    [[nodiscard]] bool came_back(const ReceivedMessage& message, const Exchange& exchange) const;
    void correct_sequence(TimePoint now, const ReceivedMessage& message,
                          const wire::BindingAcknowledgement& acknowledgement);
    void update_soon(TimePoint now, UpdateListEntry& entry);

    // ---- at home (mobile_node_home.cpp)
    void follow_home(TimePoint now);
    void come_home(TimePoint now);
    void leave_home(TimePoint now);
    enum class Release : std::uint8_t { accepted, unknown };
    void home_deregistered(const std::string& outcome, Release release);
    [[nodiscard]] std::optional<CareOf> any_path() const;

    // ---- another home agent (mobile_node_switch.cpp)
    static bool is_about_home_agent(wire::BindingStatus status);
    void receive_switch(TimePoint now, const ReceivedMessage& message,
                        const wire::HomeAgentSwitch& request);
    // Begins the exchange that takes all bindings back; or why none is needed or possible.
    std::optional<std::string_view> deregister_all(TimePoint now, Exchange::Kind kind);
    void leave_home_agent(TimePoint now);
    void change_home_agent(TimePoint now);
    [[nodiscard]] bool is_registered() const;

    // ---- consequences (mobile_node_registration.cpp)
    void registration_answered(TimePoint now, const Exchange& exchange, const SentUpdate& sent,
                               const wire::BindingAcknowledgement& acknowledgement);
    struct Verdict {
        bool any_accepted = false;
        std::vector<std::pair<std::uint16_t, wire::BindingStatus>> refusals; // by BID
    };
    Verdict judge_bindings(TimePoint now, const Exchange& exchange, const SentUpdate& sent,
                           const wire::BindingAcknowledgement& acknowledgement);
    void accepted(TimePoint now, UpdateListEntry& entry, const SentUpdate& sent,
                  const wire::BindingAcknowledgement& acknowledgement);
    void others_overwritten(TimePoint now, const Exchange& exchange);
    void refused(TimePoint now, UpdateListEntry& entry, wire::BindingStatus status);
    bool change_ways(TimePoint now, const Exchange& exchange, const SentUpdate& sent,
                     wire::BindingStatus status);
    void abandon_mcoa(TimePoint now, const std::string& why);
    void home_address4_answered(const wire::Ipv4AddressAcknowledgement* option);
    void prefixes_answered(const SentUpdate& sent,
                           const wire::BindingAcknowledgement& acknowledgement);
    void deregistration_finished(const std::vector<std::uint16_t>& bids,
                                 const std::string& outcome);
    // The home agent may hold them until they expire: it refused, or did not answer.
    void deregistration_given_up(const Exchange& exchange);
    void close_entries(const std::vector<std::uint16_t>& bids, Report::Level level,
                       std::string_view name, const std::string& outcome);
    void finish(const std::string& outcome);
    void install(TimePoint now);

    MobileNodeConfig config_;
    CareOfTable care_of_;
    SequenceCounter sequence_;
    UpdateRateLimiter limiter_;
    HomeAgentList home_agents_;
    HomeAddress4 home_address4_;
    MobileNetwork network_;
    std::vector<std::string> prefixes_lost_; // as reported last
    std::vector<SharedAddress> shared_;      // likewise
    MobileNodeCounters counters_;
    BindingUpdateList entries_; // preferred first
    std::vector<Exchange> exchanges_;
    Actions actions_;

    bool network_known_ = false;
    bool mcoa_ = false;             // until the home agent shows it has none
    bool bulk_ = false;             // likewise
    bool force_udp_ = false;        // likewise
    bool overwrite_pending_ = true; // with MCoA: no Binding Update with O was accepted yet
    bool refused_for_good_ = false; // status 134
    bool stopping_ = false;
    bool leaving_ = false; // de-registers in order to go to another home agent
    bool finished_ = false;
    bool at_home_ = false;            // nothing is registered while that is so
    std::optional<Release> released_; // at home: de-registration is over
    bool in_kernel_ = false;          // bindings were installed, here or by a predecessor

    RequestId last_request_ = 0;
    RequestId last_install_ = 0;
    std::optional<TimePoint> install_again_at_;
    BackOff install_back_off_;
};

// For reports: "600s", "udp-tlv".
std::string seconds_text(Duration duration);
std::string_view encapsulation_text(Encapsulation encapsulation);
// "130 (insufficient resources)".
std::string status_text(wire::BindingStatus status);
// How a de-registration ended that was not done.
std::string failure_text(const Exchange& exchange);

} // namespace dsmip::mobility
