// SPDX-License-Identifier: GPL-2.0-or-later
// Movement: which care-of address each binding is to have, and what becomes of
// bindings whose access is gone.
#include "mobility/mobile_node_engine.hpp"

#include <algorithm>
#include <numeric>

namespace dsmip::mobility {
namespace {

// So many Binding Updates without an answer make a binding no help for another.
constexpr unsigned attempts_in_doubt = 2;

} // namespace

void MobileNode::Impl::settle(TimePoint now) {
    if (finished_) {
        return;
    }
    expire(now);
    time_out(now);
    if (network_known_ && !finished_) {
        tell_shared_addresses();
        retry_silent(now);
        follow_home(now);
        choose_care_of(now);
        start_due(now);
        if (mcoa_ && !stopping_ && !leaving_ && !at_home_) {
            leave_vanished(now);
        }
        pump(now);
    }
    if (install_again_at_ && *install_again_at_ <= now && !finished_) {
        install(now);
    }
}

// One entry for each access with MCoA, else one for all.
void MobileNode::Impl::make_entries() {
    entries_.clear();
    exchanges_.clear();
    if (!mcoa_) {
        entries_.emplace_back();
        return;
    }
    const auto& accesses = config_.accesses;
    std::vector<std::size_t> order(accesses.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return accesses[a].priority < accesses[b].priority;
    });
    for (const auto position : order) {
        const auto& access = accesses[position];
        // BID 0 is never sent (RFC 5648, 4.1); one entry for one BID.
        if (access.bid == 0 || find_entry(entries_, access.bid) != nullptr) {
            continue;
        }
        UpdateListEntry entry;
        entry.bid = access.bid;
        entry.access = position;
        entries_.push_back(entry);
    }
}

void MobileNode::Impl::expire(TimePoint now) {
    for (auto& entry : entries_) {
        if (!entry.registration || entry.registration->expiry > now) {
            continue;
        }
        counters_.add(MobileNodeCount::registrations_lost);
        report(Report::Level::warning, "registration-lost",
               {{"bid", entry.bid}, {"care-of", entry.registration->care_of.address}});
        entry.registration.reset();
        entry.maybe_at_home_agent = exchange_of(entry.bid) != nullptr;
        apply(entry, EntryEvent::lost);
        if (entry.target && entry.state == RegistrationState::registering) {
            entry.update_at = now;
        }
    }
}

void MobileNode::Impl::choose_care_of(TimePoint now) {
    for (auto& entry : entries_) {
        std::optional<CareOf> current = entry.target;
        if (!current && entry.registration) {
            current = entry.registration->care_of;
        }
        const auto best = care_of_.best(mcoa_ ? entry.access : std::nullopt, current);
        if (!best) {
            lose_target(now, entry);
            continue;
        }
        if (entry.target && entry.target->address == best->address &&
            entry.target->link == best->link) {
            follow_route(now, entry);
            continue;
        }
        if (!entry.target || !care_of_.contains(entry.target->address, entry.target->link)) {
            entry.rounds = 0; // a new network, nothing is known about it
            entry.refusals = 0;
        }
        cancel(now, entry.bid);
        entry.target = best;
        entry.target_has_route = care_of_.has_default_route(*best);
        entry.attachment = care_of_.attachment(*best);
        entry.update_at = now;
    }
}

// An address is often there a moment before its default route: what was sent meanwhile went
// nowhere, and waiting for its retransmission would only prolong the interruption. And a link that
// was attached anew may be at another network, or behind another NAT, with the same address.
void MobileNode::Impl::follow_route(TimePoint now, UpdateListEntry& entry) {
    const bool has_route = care_of_.has_default_route(*entry.target);
    const bool found_route =
        has_route && !entry.target_has_route && exchange_of(entry.bid) != nullptr;
    const auto attachment = care_of_.attachment(*entry.target);
    if (found_route || attachment != entry.attachment) {
        cancel(now, entry.bid);
        entry.update_at = now;
    }
    entry.target_has_route = has_route;
    entry.attachment = attachment;
}

// The binding in the kernel stays for now: nothing better is known.
void MobileNode::Impl::lose_target(TimePoint now, UpdateListEntry& entry) {
    if (entry.target) {
        cancel(now, entry.bid);
        report(Report::Level::warning, "access-lost", describe(entry));
        entry.target.reset();
        entry.update_at.reset();
    } else if (entry.state == RegistrationState::idle ||
               entry.state == RegistrationState::deregistering) {
        return;
    }
    apply(entry, EntryEvent::no_access);
}

// What was silent may work again: the choice is made anew, without it being held against it.
void MobileNode::Impl::retry_silent(TimePoint now) {
    if (stopping_ || leaving_) {
        return;
    }
    const auto silent = care_of_.silent(now);
    if (!care_of_.expire_failures(now)) {
        return;
    }
    for (const auto& one : silent) {
        if (one.retry == Duration{0}) {
            counters_.add(MobileNodeCount::retries);
            report(Report::Level::info, "care-of-retry",
                   {{"care-of", one.care_of}, {"link", one.link_name}});
        }
    }
}

std::vector<SharedAddress> MobileNode::Impl::shared_addresses() const {
    std::vector<SharedAddress> shared;
    if (const auto address = home_address4_.named()) {
        for (const auto& link_name : care_of_.links_with(*address)) {
            shared.push_back({link_name, *address});
        }
    }
    return shared;
}

// Each once, as long as it lasts.
void MobileNode::Impl::tell_shared_addresses() {
    auto shared = shared_addresses();
    for (const auto& one : shared) {
        if (std::find(shared_.begin(), shared_.end(), one) == shared_.end()) {
            report(Report::Level::warning, "home-address4-is-care-of",
                   {{"home-address4", one.address}, {"link", one.link_name}});
        }
    }
    shared_ = std::move(shared);
}

// An accepted binding whose care-of address is still there and that does not wait in vain itself.
const UpdateListEntry* MobileNode::Impl::working_entry(const UpdateListEntry* except) const {
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const UpdateListEntry& entry) {
            const auto* exchange = exchange_of(entry.bid);
            return &entry != except && entry.registered_at_target() &&
                   (exchange == nullptr || exchange->back_off.attempts() < attempts_in_doubt);
        });
    return found == entries_.end() ? nullptr : &*found;
}

void MobileNode::Impl::remove_from_kernel(UpdateListEntry& entry) {
    actions_.emplace_back(RemoveBindings{++last_request_, config_.home_address, {entry.bid}});
    entry.registration.reset();
}

// With another binding at work, one whose care-of address is gone only attracts
// packets into a hole: it leaves the kernel, so that its flows move, and if the
// access has no other address, the home agent too (RFC 5648, 5.5).
void MobileNode::Impl::leave_vanished(TimePoint now) {
    std::erase_if(exchanges_, [&](const Exchange& exchange) {
        return exchange.kind == Exchange::Kind::deregistration &&
               !care_of_.contains(exchange.path.address, exchange.path.link);
    });
    std::vector<UpdateListEntry*> leaving;
    const UpdateListEntry* helper = nullptr;
    for (auto& entry : entries_) {
        const auto* other = working_entry(&entry);
        if (other == nullptr) {
            continue;
        }
        // An address can be there still, and its network no longer.
        if (entry.registration &&
            (!entry.target || !care_of_.contains(entry.registration->care_of.address,
                                                 entry.registration->care_of.link))) {
            remove_from_kernel(entry);
        }
        const bool unbind = !entry.target && (entry.maybe_at_home_agent ||
                                              entry.state == RegistrationState::deregistering);
        if (unbind && exchange_of(entry.bid) == nullptr) {
            helper = other;
            leaving.push_back(&entry);
        }
    }
    if (leaving.empty() || overwrite_pending_) {
        return; // O will delete it
    }
    if (bulk_) {
        start_deregistration(now, leaving, *helper->target);
        return;
    }
    for (auto* entry : leaving) {
        start_deregistration(now, {entry}, *helper->target);
    }
}

} // namespace dsmip::mobility
