// SPDX-License-Identifier: GPL-2.0-or-later
// Binding Updates: when one is begun, sent, sent again, and what silence leads to
// (RFC 6275, 11.8; RFC 5555, 4.4.1; RFC 5648, 5.4).
#include "mobility/mobile_node_engine.hpp"

#include <algorithm>

#include "mobility/mobile_node_update.hpp"

namespace dsmip::mobility {
namespace {

// Unanswered Binding Updates before another care-of address is tried (RFC 5555, 4.4.1).
constexpr unsigned attempts_before_fallback = 3;
// A home agent that does not answer forgets the binding by itself.
constexpr unsigned deregistration_attempts = 5;
constexpr unsigned shutdown_attempts = 3;
constexpr unsigned leave_attempts = 3;
constexpr unsigned home_attempts = 5;
// With one home agent after the other in vain: on the last one so long before they are tried again.
constexpr unsigned attempts_before_rest = 8;

// Trying several addresses in turn must not undo the back-off: each round starts
// where three messages on one address have led (times 8).
Duration initial_timeout(const MobileNodeConfig& config, bool first, unsigned rounds) {
    Duration timeout = first ? config.initial_timeout_first : INITIAL_BINDACK_TIMEOUT;
    for (unsigned round = 0; round < rounds && timeout < MAX_BINDACK_TIMEOUT; ++round) {
        timeout *= 8;
    }
    return timeout;
}

} // namespace

const Exchange* MobileNode::Impl::exchange_of(std::uint16_t bid) const {
    const auto found =
        std::find_if(exchanges_.begin(), exchanges_.end(),
                     [&](const Exchange& exchange) { return exchange.includes(bid); });
    return found == exchanges_.end() ? nullptr : &*found;
}

// Until one Binding Update with O is accepted it goes alone: any other could arrive
// before it and be wiped out.
bool MobileNode::Impl::leader_under_way() const {
    return mcoa_ && overwrite_pending_ &&
           std::any_of(exchanges_.begin(), exchanges_.end(), [](const Exchange& exchange) {
               return exchange.kind == Exchange::Kind::registration;
           });
}

bool MobileNode::Impl::may_start(const UpdateListEntry& entry) const {
    return network_known_ && !stopping_ && !leaving_ && !at_home_ && !refused_for_good_ &&
           entry.target && entry.update_at && exchange_of(entry.bid) == nullptr &&
           !leader_under_way();
}

void MobileNode::Impl::start_due(TimePoint now) {
    for (;;) {
        std::vector<UpdateListEntry*> due;
        for (auto& entry : entries_) {
            if (may_start(entry) && *entry.update_at <= now) {
                due.push_back(&entry);
            }
        }
        if (due.empty()) {
            return;
        }
        // Preferred first, but one that got no answer leaves the lead to others.
        std::stable_sort(due.begin(), due.end(),
                         [](const UpdateListEntry* a, const UpdateListEntry* b) {
                             return a->rounds < b->rounds;
                         });
        auto* first = due.front();
        std::vector<UpdateListEntry*> group{first};
        // A bulk has IPv6 care-of addresses only: over IPv4 the NAT has to be looked
        // for every time, from that address (RFC 5555, 4.1; RFC 5648, 8.1).
        const auto fits = [&](const UpdateListEntry& entry) {
            return mcoa_ && bulk_ && !entry.alone && entry.target &&
                   entry.target->address.is_ipv6();
        };
        if (fits(*first)) {
            for (auto& entry : entries_) {
                // Those in force are refreshed along, so that they stay in step.
                if (&entry != first && fits(entry) && exchange_of(entry.bid) == nullptr &&
                    (entry.state == RegistrationState::registered ||
                     (entry.update_at && *entry.update_at <= now))) {
                    group.push_back(&entry);
                }
            }
        }
        start_registration(now, group);
    }
}

void MobileNode::Impl::start_registration(TimePoint now,
                                          const std::vector<UpdateListEntry*>& group) {
    Exchange exchange;
    exchange.path = *group.front()->target;
    exchange.next_send = now;
    exchange.refresh = true;
    bool first = true;
    for (auto* entry : group) {
        entry->silent = false;
        first = first && !entry->registration;
        const bool in_force =
            entry->registered_at_target() && (entry->state == RegistrationState::registered ||
                                              entry->state == RegistrationState::idle);
        exchange.refresh = exchange.refresh && in_force;
        exchange.bids.push_back(entry->bid);
        entry->update_at.reset();
        apply(*entry, in_force ? EntryEvent::refresh : EntryEvent::move);
        report(in_force ? Report::Level::debug : Report::Level::info,
               in_force ? "registration-refresh" : "registration-started", describe(*entry));
    }
    exchange.back_off = BackOff(initial_timeout(config_, first, group.front()->rounds));
    exchanges_.push_back(exchange);
}

void MobileNode::Impl::start_deregistration(TimePoint now,
                                            const std::vector<UpdateListEntry*>& group,
                                            const CareOf& path) {
    Exchange exchange;
    exchange.kind = Exchange::Kind::deregistration;
    exchange.path = path;
    exchange.next_send = now;
    for (auto* entry : group) {
        exchange.bids.push_back(entry->bid);
        apply(*entry, EntryEvent::deregister);
        report(Report::Level::info, "deregistration-started", describe(*entry));
    }
    exchanges_.push_back(exchange);
}

void MobileNode::Impl::pump(TimePoint now) {
    for (;;) {
        const auto due = std::min_element(
            exchanges_.begin(), exchanges_.end(),
            [](const Exchange& a, const Exchange& b) { return a.next_send < b.next_send; });
        if (due == exchanges_.end() || due->next_send > now || limiter_.earliest(now) > now) {
            return;
        }
        transmit(now, *due);
        if (finished_) {
            return;
        }
    }
}

// False if there is none, and the exchange with it is over.
bool MobileNode::Impl::find_path(TimePoint now, Exchange& exchange) {
    const bool on_home_link = care_of_.at_home() == exchange.path;
    if (on_home_link || care_of_.contains(exchange.path.address, exchange.path.link)) {
        return true;
    }
    if (const auto path = any_path()) {
        exchange.path = *path;
        return true;
    }
    switch (exchange.kind) {
    case Exchange::Kind::leave:
        change_home_agent(now);
        break;
    case Exchange::Kind::home:
        home_deregistered("no address left to de-register from", Release::unknown);
        break;
    default:
        finish("no care-of address left to de-register from");
    }
    return false;
}

void MobileNode::Impl::transmit(TimePoint now, Exchange& exchange) {
    const bool registers = exchange.kind == Exchange::Kind::registration;
    if (exchange.is_of_everything() && !find_path(now, exchange)) {
        return;
    }
    const bool over_ipv4 = exchange.path.address.is_ipv4();
    UpdateContents contents;
    contents.sequence = sequence_.next();
    contents.path = exchange.path;
    contents.force_udp = force_udp_ && over_ipv4 && registers;
    contents.tlv = config_.prefer_tlv && over_ipv4 && registers;
    if (registers) {
        contents.lifetime =
            wire::Lifetime::from(std::chrono::duration_cast<std::chrono::seconds>(config_.lifetime))
                .duration();
        contents.home_address4 = home_address4_.request();
        contents.mobile_router = network_.is_router();
        contents.prefixes6 = network_.named6();
        contents.prefixes4 = network_.requests4();
        contents.overwrite = mcoa_ && overwrite_pending_;
    }
    for (const auto bid : exchange.bids) {
        auto* entry = find_entry(entries_, bid);
        if (entry == nullptr) {
            continue;
        }
        entry->last_sequence = contents.sequence;
        entry->maybe_at_home_agent = true;
        if (bid == 0) {
            continue;
        }
        UpdateContents::Bid option;
        option.bid = bid;
        if (registers && entry->target) {
            option.care_of = entry->target->address;
            option.priority = entry->target->priority;
        }
        contents.bids.push_back(option);
    }

    auto message = build_update(config_, contents);
    if (message) {
        actions_.emplace_back(std::move(*message));
    } else {
        counters_.add(MobileNodeCount::encode_failures);
        report(Report::Level::warning, "encode-failed",
               {{"why", std::string(wire::to_string(message.error()))}});
    }
    counters_.add(MobileNodeCount::updates_sent);
    if (exchange.back_off.attempts() > 0) {
        counters_.add(MobileNodeCount::updates_retransmitted);
    } else if (exchange.refresh) {
        counters_.add(MobileNodeCount::updates_refreshing);
    }
    limiter_.sent(now);
    if (exchange.sent.size() == outstanding_max) {
        exchange.sent.erase(exchange.sent.begin());
    }
    exchange.sent.push_back({contents.sequence, now, contents.lifetime, contents.force_udp,
                             contents.tlv, contents.overwrite, contents.home_address4.has_value()});
    exchange.next_send = now + exchange.back_off.next();
}

void MobileNode::Impl::time_out(TimePoint now) {
    // By value: what follows from silence changes the list.
    const auto exchanges = exchanges_;
    for (const auto& exchange : exchanges) {
        if (exchange.next_send > now || exchange.back_off.attempts() == 0 || finished_) {
            continue;
        }
        const bool over =
            std::none_of(exchanges_.begin(), exchanges_.end(), [&](const Exchange& known) {
                return known.kind == exchange.kind && known.bids == exchange.bids;
            });
        if (over) {
            continue;
        }
        const auto attempts = exchange.back_off.attempts();
        switch (exchange.kind) {
        case Exchange::Kind::registration:
            if (attempts >= attempts_before_fallback) {
                unanswered(now, exchange);
            }
            break;
        case Exchange::Kind::deregistration:
            if (attempts >= deregistration_attempts) {
                forget(exchange);
                deregistration_given_up(exchange);
            }
            break;
        case Exchange::Kind::leave:
            if (attempts >= leave_attempts) {
                change_home_agent(now);
                return; // nothing is left of the others
            }
            break;
        case Exchange::Kind::home:
            if (attempts >= home_attempts) {
                home_deregistered("no answer", Release::unknown);
            }
            break;
        case Exchange::Kind::shutdown:
            if (attempts >= shutdown_attempts) {
                finish(failure_text(exchange));
            }
            break;
        }
    }
}

void MobileNode::Impl::unanswered(TimePoint now, const Exchange& exchange) {
    for (const auto bid : exchange.bids) {
        if (auto* entry = find_entry(entries_, bid)) {
            entry->last_error = "no answer from the home agent";
        }
    }
    if (exchange.multiple()) {
        update_singly(now, exchange);
        return;
    }
    auto* entry = find_entry(entries_, exchange.bids.front());
    if (entry == nullptr || !entry->target) {
        return;
    }
    const auto access = mcoa_ ? entry->access : std::nullopt;
    care_of_.mark_failed(now, *entry->target);
    if (care_of_.all_failed(access) && !is_registered()) {
        if (home_agents_.has_untried()) {
            report(Report::Level::warning, "home-agent-unanswered",
                   {{"home-agent", config_.home_agent6}});
            change_home_agent(now);
            return;
        }
        if (exchange.back_off.attempts() >= attempts_before_rest || entry->rounds > 1) {
            home_agents_.rest();
        }
    }
    if (!give_way(now, *entry, exchange)) {
        try_next(now, *entry, exchange);
    }
}

// With several care-of addresses, one that gets no answer must not attract traffic that others
// could carry: it leaves the kernel, and the home agent by way of one that works.  It is tried
// again later.
bool MobileNode::Impl::give_way(TimePoint now, UpdateListEntry& entry, const Exchange& exchange) {
    const auto* helper = mcoa_ && !overwrite_pending_ ? working_entry(&entry) : nullptr;
    if (helper == nullptr) {
        return false;
    }
    const CareOf path = *helper->target;
    if (entry.registration) {
        remove_from_kernel(entry);
    }
    if (!care_of_.all_failed(entry.access)) {
        return false; // the access has another address; the home agent hears from that
    }
    forget(exchange);
    const auto retry = care_of_.retry_of(*entry.target).value_or(now);
    entry.update_at = retry;
    entry.silent = true;
    counters_.add(MobileNodeCount::silent_accesses);
    auto fields = describe(entry);
    fields.emplace_back("by-way-of", wire::to_string(path.address));
    fields.emplace_back("retry", seconds_text(retry - now));
    report(Report::Level::warning, "access-silent", fields);
    start_deregistration(now, {&entry}, path);
    return true;
}

void MobileNode::Impl::try_next(TimePoint now, UpdateListEntry& entry, const Exchange& exchange) {
    const auto access = mcoa_ ? entry.access : std::nullopt;
    const bool all_failed = care_of_.all_failed(access);
    if (all_failed) {
        care_of_.forget_failures(access);
    }
    const auto best = care_of_.best(access, entry.target);
    const bool elsewhere =
        best && !(best->address == entry.target->address && best->link == entry.target->link);
    const bool others_wait =
        mcoa_ && overwrite_pending_ &&
        std::any_of(entries_.begin(), entries_.end(), [&](const UpdateListEntry& other) {
            return &other != &entry && other.target && other.update_at;
        });
    if (elsewhere) {
        counters_.add(MobileNodeCount::fallbacks);
        report(Report::Level::warning, "care-of-unanswered",
               {{"bid", entry.bid}, {"care-of", entry.target->address}, {"next", best->address}});
    }
    if (elsewhere || others_wait) {
        forget(exchange);
        entry.target = best;
        entry.target_has_route = best && care_of_.has_default_route(*best);
        entry.attachment = best ? care_of_.attachment(*best) : 0;
        entry.update_at = now;
        entry.rounds += all_failed ? 1 : 0;
    }
}

// Only the path of the message is known to be bad: each by its own path.
void MobileNode::Impl::update_singly(TimePoint now, const Exchange& exchange) {
    forget(exchange);
    for (const auto bid : exchange.bids) {
        if (auto* entry = find_entry(entries_, bid)) {
            entry->alone = true;
            entry->update_at = now;
        }
    }
}

void MobileNode::Impl::cancel(TimePoint now, std::uint16_t bid) {
    const auto found =
        std::find_if(exchanges_.begin(), exchanges_.end(),
                     [&](const Exchange& exchange) { return exchange.includes(bid); });
    if (found == exchanges_.end()) {
        return;
    }
    std::erase(found->bids, bid);
    const auto* entry = find_entry(entries_, bid);
    const bool path_gone = found->kind == Exchange::Kind::registration && entry != nullptr &&
                           entry->target && entry->target->address == found->path.address;
    if (!found->bids.empty() && !path_gone) {
        return;
    }
    for (const auto other : found->bids) {
        if (auto* left_over = find_entry(entries_, other)) {
            left_over->update_at = now;
        }
    }
    exchanges_.erase(found);
}

void MobileNode::Impl::forget(const Exchange& exchange) {
    std::erase_if(exchanges_, [&](const Exchange& known) {
        return known.kind == exchange.kind && known.bids == exchange.bids;
    });
}

} // namespace dsmip::mobility
