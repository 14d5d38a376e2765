// SPDX-License-Identifier: GPL-2.0-or-later
// Messages that arrive at the home agent: what is dropped, refused, begun.
#include "mobility/home_agent_engine.hpp"

#include <algorithm>
#include <utility>

#include "mobility/home_agent_acknowledgement.hpp"
#include "mobility/home_agent_home_link.hpp"
#include "mobility/home_agent_validation.hpp"

namespace dsmip::mobility {
namespace {

// Binding Updates of one node that wait for the kernel; a node sends a few per second at most.
constexpr std::size_t waiting_max = 8;

wire::Ipv6Address came_from(const ReceivedMessage& message) {
    return message.wire_source.value_or(message.source);
}

// Whether the number is one of the next that its node sends.
bool is_in_turn(const CacheEntry& entry, std::uint16_t sequence) {
    const auto& bindings = entry.current.bindings;
    return entry.has_sequence() &&
           (follows_closely(entry.current.sequence, sequence) ||
            std::any_of(bindings.begin(), bindings.end(), [&](const Binding& binding) {
                return follows_closely(binding.end_point.sequence, sequence);
            }));
}

// As the answer has them.
std::vector<JudgedOptions::Identifier> identifiers_of(const RegistrationRequest& request,
                                                      const RegistrationOutcome& outcome) {
    std::vector<JudgedOptions::Identifier> identifiers;
    for (std::size_t index = 0; index < outcome.identifiers.size(); ++index) {
        identifiers.push_back(
            {request.identifiers->options.at(index).bid, outcome.identifiers.at(index)});
    }
    return identifiers;
}

RuleRef exceeded(ExceededRate rate) {
    switch (rate) {
    case ExceededRate::none:
        break;
    case ExceededRate::source:
        return home_agent_rule("drop_rate_of_source");
    case ExceededRate::network:
        return home_agent_rule("drop_rate_of_network");
    case ExceededRate::strangers:
        return home_agent_rule("drop_rate_of_strangers");
    }
    return nullptr;
}

} // namespace

Actions HomeAgent::Impl::receive(TimePoint now, const ReceivedMessage& message) {
    if (came_through_router(message)) {
        auto unwrapped = message;
        unwrapped.path.reset();
        handle(now, unwrapped, true);
    } else {
        handle(now, message, true);
    }
    settle(message.source);
    return take();
}

// The tunnel is that of a mobile router whose network the node visits.  To the node the way is
// plain IPv6, and the answer, routed to that network, finds the same tunnel by itself.
bool HomeAgent::Impl::came_through_router(const ReceivedMessage& message) const {
    if (!message.path || !message.wire_source || *message.wire_source == message.source) {
        return false;
    }
    const auto router = prefixes_.owner_of(*message.wire_source);
    const auto* entry = router && *router != message.source ? cache_.find(*router) : nullptr;
    if (entry == nullptr) {
        return false;
    }
    const auto& prefixes = entry->current.prefixes6;
    const auto& bindings = entry->current.bindings;
    const auto& remote = message.path->remote;
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const auto& prefix) { return prefix.contains(*message.wire_source); }) &&
           std::any_of(bindings.begin(), bindings.end(), [&](const Binding& binding) {
               return binding.end_point.care_of == remote.address &&
                      (message.path->encapsulation == Encapsulation::direct ||
                       binding.end_point.port == remote.port);
           });
}

void HomeAgent::Impl::handle(TimePoint now, const ReceivedMessage& message, bool arrives) {
    // What is not in turn is not worth being read before the limits of where it comes from.
    auto* rate = arrives ? rate_of_node(message) : nullptr;
    if (arrives && rate == nullptr && !admit(now, message)) {
        return;
    }
    auto decoded =
        wire::decode(message.octets, message.source, message.destination, config_.dialect);
    if (!decoded) {
        const auto cause = decoded.error().cause;
        const auto* unread = rule_of(cause, home_agent_rules);
        drop(unread, message);
        history_.received(now, message, nullptr, is_known(message.source));
        history_.dropped(message.source, unread);
        if (cause == wire::DecodeCause::MhTypeUnknown) {
            send_error(now, message, wire::BindingErrorStatus::UnrecognizedMhType);
        }
        return;
    }
    auto* update = std::get_if<wire::BindingUpdate>(&*decoded);
    if (update == nullptr) {
        drop(home_agent_rule("drop_unexpected_type"), message);
        return;
    }
    if (rate != nullptr && !rate->take(now, config_.policy.updates_per_node)) {
        counters_.add(home_agent_rule("drop_rate_of_node"));
        if (const auto* entry = cache_.find(message.source); !entry->pending) {
            history_.received(now, message, update, true);
            history_.dropped(message.source, home_agent_rule("drop_rate_of_node"));
        }
        return;
    }
    // One change at a time: a later Binding Update is judged by what an earlier one made.
    if (auto* entry = cache_.find(message.source); entry != nullptr && entry->pending) {
        if (entry->waiting.size() >= waiting_max) {
            // No record: that of the one it waits for tells more.
            drop(home_agent_rule("drop_too_many_waiting"), message);
        } else {
            entry->waiting.emplace_back(StoredMessage(message));
        }
        return;
    }
    process_update(now, message, std::move(*update));
}

// Nobody but a node knows which number it sends next, so that nobody else uses up its share,
// wherever he says to be.
RateState* HomeAgent::Impl::rate_of_node(const ReceivedMessage& message) {
    const auto sequence = update_sequence(message.octets);
    auto* entry = sequence ? cache_.find(message.source) : nullptr;
    return entry != nullptr && is_in_turn(*entry, *sequence) ? &entry->rate : nullptr;
}

bool HomeAgent::Impl::admit(TimePoint now, const ReceivedMessage& message) {
    if (message.path) {
        return true; // the module limits what comes in tunnels, by the same numbers
    }
    const auto sequence = update_sequence(message.octets);
    const wire::Endpoint from{came_from(message), 0};
    const auto* cause = exceeded(rates_.admit(now, config_.policy, from));
    if (cause == nullptr) {
        return true;
    }
    if (sequence && challenge_.met(now, message, *sequence) &&
        proved_.admit(now, config_.policy, from) == ExceededRate::none) {
        counters_.add(HomeAgentCount::signalling_proved);
        return true;
    }
    // Neither reported one by one, which would be the larger part of the work, nor told to the
    // history of the node that somebody claims to be.
    counters_.add(cause);
    if (sequence) {
        challenge(now, message, *sequence);
    }
    return false;
}

// Not longer than the message, and to one host, which is not this one.
void HomeAgent::Impl::challenge(TimePoint now, const ReceivedMessage& message,
                                std::uint16_t sequence) {
    const auto to = came_from(message);
    if (!to.is_unicast_routable() || to == config_.address6 ||
        !message.source.is_unicast_routable() || message.destination.is_multicast() ||
        !challenge_.take(now, message)) {
        counters_.add(HomeAgentCount::signalling_unanswered);
        return;
    }
    const auto* refused_by = home_agent_rule("refused_over_limit");
    auto answer = refuse_unread(message, refused_by, challenge_.number(now, message, sequence));
    if (!answer) {
        counters_.add(HomeAgentCount::encode_failures);
        return;
    }
    counters_.add(HomeAgentCount::signalling_challenged);
    counters_.refused(refused_by);
    actions_.emplace_back(std::move(*answer));
}

// The kernel accepts the option in front of Binding Updates only (of all Mobility Headers, if it is
// a newer one), which are not asked for a binding (RFC 5648, 6.5).  Others who use
// it without one are told so.
Actions HomeAgent::Impl::home_address_option_refused(TimePoint now,
                                                     const RefusedHomeAddressOption& refused) {
    ReceivedMessage message;
    message.source = refused.home_address;
    message.destination = refused.destination;
    message.wire_source = refused.care_of;
    const auto* entry = cache_.find(refused.home_address);
    const bool bound =
        entry != nullptr &&
        std::any_of(entry->current.bindings.begin(), entry->current.bindings.end(),
                    [&](const Binding& binding) {
                        // In a tunnel over IPv4 the source is the home address itself.
                        return refused.care_of == refused.home_address ||
                               binding.end_point.care_of == wire::IpAddress(refused.care_of);
                    });
    if (refused.protocol == wire::mobility_header_protocol) {
        // Messages of known types need no Home Address option here.
        const bool known = wire::is_known(static_cast<wire::MhType>(refused.mobility_type));
        counters_.add(known ? home_agent_rule("drop_home_address_option_unused")
                            : home_agent_rule("drop_home_address_option_unknown_type"));
        if (!known) {
            send_error(now, message, wire::BindingErrorStatus::UnrecognizedMhType);
        }
    } else if (bound) {
        counters_.add(home_agent_rule("drop_home_address_option_unused"));
    } else {
        counters_.add(home_agent_rule("drop_home_address_option_unbound"));
        send_error(now, message, wire::BindingErrorStatus::UnknownBindingForHomeAddressOption);
    }
    return take();
}

void HomeAgent::Impl::send_error(TimePoint now, const ReceivedMessage& message,
                                 wire::BindingErrorStatus status) {
    auto error = binding_error(message, status);
    if (!error) {
        return;
    }
    if (!binding_errors_.take(now)) {
        counters_.add(HomeAgentCount::binding_errors_suppressed);
        return;
    }
    counters_.add(HomeAgentCount::binding_errors_sent);
    actions_.emplace_back(std::move(*error));
}

void HomeAgent::Impl::process_update(TimePoint now, const ReceivedMessage& message,
                                     wire::BindingUpdate update) {
    counters_.add(HomeAgentCount::updates_received);
    history_.received(now, message, &update, is_known(message.source));
    expire(now, message.source);
    const auto judged_by = context(message.source);
    const auto request =
        parse_request(message, std::move(update), config_, judged_by.current().dialect);
    if (const auto* refused_by = validate(request, judged_by)) {
        if (refused_by->drops()) {
            drop(refused_by, message);
            history_.dropped(message.source, refused_by);
        } else {
            refuse_update(request, judged_by, refused_by);
        }
        return;
    }
    if (refused_by_drain(now, request, judged_by)) {
        refuse_update(request, judged_by, home_agent_rule("refused_by_drain"));
        return;
    }
    if (refused_from_elsewhere(request, judged_by)) {
        refuse_update(request, judged_by, home_agent_rule("refused_from_elsewhere"));
        return;
    }
    if (judged_by.entry != nullptr && judged_by.entry->duplicate && needs_dad(request, judged_by)) {
        refuse_update(request, judged_by, home_agent_rule("refused_duplicate_address"));
        return;
    }
    auto outcome = evaluate(request, judged_by, pool_, prefixes_, now);
    if (!outcome.desired) {
        refuse_update(request, judged_by, outcome);
        return;
    }
    begin_update(now, request, judged_by, std::move(outcome));
}

// Answers do not depend on the A flag: RFC 6275, 10.3.1 and 10.3.2 take that rule of correspondents
// (9.5.4) away from home agents.
void HomeAgent::Impl::refuse_update(const RegistrationRequest& request,
                                    const RegistrationContext& context, RuleRef refused_by) {
    note_refusal(request, refused_by);
    auto sequence = request.update.sequence;
    if (refused_by == home_agent_rule("refused_sequence")) {
        sequence = sequence_violated(request, context).value_or(sequence);
    }
    send(refuse(request, refused_by, sequence, context.current(), config_));
}

bool HomeAgent::Impl::refused_from_elsewhere(const RegistrationRequest& request,
                                             const RegistrationContext& context) const {
    return config_.policy.refuse_foreign_deregistration && request.deregisters() &&
           !comes_from_node(request, context.current());
}

void HomeAgent::Impl::refuse_update(const RegistrationRequest& request,
                                    const RegistrationContext& context,
                                    const RegistrationOutcome& outcome) {
    count_options(outcome);
    note_refusal(request, outcome.judged_by,
                 {identifiers_of(request, outcome), outcome.home_addresses4});
    send(acknowledge(request, outcome, context.current(), config_));
}

void HomeAgent::Impl::note_refusal(const RegistrationRequest& request, RuleRef refused_by,
                                   JudgedOptions options) {
    const auto status = refused_by->status();
    counters_.add(HomeAgentCount::registrations_refused);
    counters_.refused(refused_by);
    history_.refused(request.home_address, refused_by, std::move(options));
    report(Report::Level::info, "binding-refused",
           {{"home-address", request.home_address},
            {"from", request.came_from()},
            {"code", static_cast<unsigned>(status)},
            {"status", wire::to_string(status)},
            {"rule", ReportValue(refused_by->name)}});
}

// What refuses the whole message has been counted for it.
void HomeAgent::Impl::count_options(const RegistrationOutcome& outcome) {
    for (const auto* judged_by : outcome.identifiers) {
        if (!judged_by->accepts() && judged_by != outcome.judged_by) {
            counters_.add(judged_by);
        }
    }
    for (const auto& option : outcome.home_addresses4) {
        if (!option.rule->accepts()) {
            counters_.add(option.rule);
        }
    }
}

void HomeAgent::Impl::begin_update(TimePoint now, const RegistrationRequest& request,
                                   const RegistrationContext& context,
                                   RegistrationOutcome outcome) {
    const auto& current = context.current();
    auto accepted = acknowledge(request, outcome, current, config_);
    if (!accepted) {
        // A change that cannot be acknowledged is not made.
        send(std::move(accepted));
        return;
    }
    count_options(outcome);
    if (!outcome.identifiers.empty() || !outcome.home_addresses4.empty()) {
        history_.judged(request.home_address, identifiers_of(request, outcome),
                        outcome.home_addresses4);
    }
    Transaction transaction;
    const auto sequence = request.update.sequence;
    if (needs_dad(request, context)) {
        transaction.on_duplicate = refusal(request, home_agent_rule("refused_duplicate_address"),
                                           sequence, current, config_);
    }
    // RFC 3963, 6.2: a mobile router is told that its prefixes cannot be forwarded.
    transaction.of_router = outcome.forwards_prefixes;
    transaction.on_failure =
        refusal(request,
                transaction.of_router ? home_agent_rule("refused_router_by_kernel")
                                      : home_agent_rule("refused_by_kernel"),
                sequence, current, config_);
    transaction.count = {request.deregisters() ? HomeAgentCount::deregistrations
                                               : HomeAgentCount::registrations_accepted,
                         1};
    report_changes(request.home_address, current, outcome, transaction.reports);
    transaction.on_success = std::move(*accepted);
    transaction.desired = std::move(*outcome.desired);
    transaction.judged_by = outcome.judged_by;
    transaction.from = request.came_from();
    transaction.from_elsewhere = !current.empty() && !comes_from_node(request, current);
    begin(now, request.home_address, std::move(transaction));
}

void HomeAgent::Impl::send(tl::expected<SendMessage, wire::EncodeError> message) {
    if (!message) {
        counters_.add(HomeAgentCount::encode_failures);
        report(Report::Level::warning, "answer-not-built",
               {{"error", std::string(wire::to_string(message.error()))}});
        return;
    }
    counters_.add(HomeAgentCount::acknowledgements_sent);
    actions_.emplace_back(std::move(*message));
}

} // namespace dsmip::mobility
