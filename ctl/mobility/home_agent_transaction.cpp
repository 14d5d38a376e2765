// SPDX-License-Identifier: GPL-2.0-or-later
// Changes of the binding cache: asked of store and kernel, made current when both have done
// them, repaired when one of them may hold something else.
#include "mobility/home_agent_engine.hpp"

#include <algorithm>
#include <string>

#include "mobility/home_agent_acknowledgement.hpp"

namespace dsmip::mobility {
namespace {

using Level = Report::Level;

constexpr Duration kernel_timeout = std::chrono::seconds(2);
// A disk that sleeps, or a remote store that looks for a new leader.
constexpr Duration store_timeout = std::chrono::seconds(10);
constexpr Duration home_link_timeout = std::chrono::seconds(5);
constexpr Duration repair_interval = std::chrono::seconds(1); // doubles up to
constexpr Duration repair_interval_max = std::chrono::seconds(32);
// With nothing to preserve the kernel's own expiry is as good.
constexpr unsigned repairs_of_nothing_max = 8;

// The lease of an address or of a prefix.
bool uses(const Registration& registration, const wire::Prefix4& lease) {
    const auto& addresses = registration.home_addresses4;
    const auto& prefixes = registration.prefixes4;
    return (lease.length == wire::Ipv4Address::bit_length &&
            std::find(addresses.begin(), addresses.end(), lease.address) != addresses.end()) ||
           std::find(prefixes.begin(), prefixes.end(), lease) != prefixes.end();
}

Duration repair_delay(unsigned tried) {
    return std::min(repair_interval * (1U << std::min(tried, 5U)), repair_interval_max);
}

Duration timeout_of(Participant who) {
    switch (who) {
    case Participant::home_link:
        return home_link_timeout;
    case Participant::store:
        return store_timeout;
    case Participant::kernel:
        break;
    }
    return kernel_timeout;
}

// Why a change of that kind of node failed: who did not do its part.
RuleRef failure_of(Participant who, bool of_router) {
    switch (who) {
    case Participant::home_link:
        return of_router ? home_agent_rule("refused_router_by_home_link")
                         : home_agent_rule("refused_by_home_link");
    case Participant::store:
        return of_router ? home_agent_rule("refused_router_by_store")
                         : home_agent_rule("refused_by_store");
    case Participant::kernel:
        break;
    }
    return of_router ? home_agent_rule("refused_router_by_kernel")
                     : home_agent_rule("refused_by_kernel");
}

enum class Misfortune : std::uint8_t { failed, lost };

std::string_view report_name(Participant who, Misfortune what) {
    const bool failed = what == Misfortune::failed;
    switch (who) {
    case Participant::home_link:
        return failed ? "home-link-request-failed" : "home-link-request-lost";
    case Participant::store:
        return failed ? "store-request-failed" : "store-request-lost";
    case Participant::kernel:
        break;
    }
    return failed ? "kernel-request-failed" : "kernel-request-lost";
}

// The home link only allows; what it was asked needs no repair.
bool holds_state(Participant who) {
    return who != Participant::home_link;
}

} // namespace

std::string_view name_of(Participant who) {
    switch (who) {
    case Participant::home_link:
        return "home-link";
    case Participant::store:
        return "store";
    case Participant::kernel:
        break;
    }
    return "kernel";
}

void HomeAgent::Impl::begin(TimePoint now, const wire::Ipv6Address& home_address,
                            Transaction&& transaction) {
    if (transaction.outstanding.empty()) {
        if (transaction.on_duplicate) {
            transaction.outstanding.add(Participant::home_link);
        }
        // The store first: the kernel hardly ever refuses, and has nothing to take back then.
        if (config_.has_store) {
            transaction.outstanding.add(Participant::store);
        }
        transaction.outstanding.add(Participant::kernel);
    }
    cache_.at(home_address).pending = std::move(transaction);
    ask_next(now, home_address);
}

void HomeAgent::Impl::ask_next(TimePoint now, const wire::Ipv6Address& home_address) {
    auto& transaction = *cache_.at(home_address).pending;
    const auto who = transaction.outstanding.front();
    transaction.request = ++last_request_;
    transaction.deadline = now + timeout_of(who);
    requests_.emplace(transaction.request, home_address);
    if (who == Participant::home_link) {
        actions_.emplace_back(
            StartDad{transaction.request, home_address, transaction.desired.link_local()});
    } else if (who == Participant::store) {
        auto dead_until = cache_.at(home_address).dead_until;
        if (!transaction.repair && transaction.desired.empty()) {
            dead_until = now + MAX_DELETE_BCE_TIMEOUT;
        }
        actions_.emplace_back(KeepRegistration{
            transaction.request, to_store(home_address, transaction.desired, dead_until, now)});
    } else if (transaction.desired.empty()) {
        actions_.emplace_back(RemoveBindings{transaction.request, home_address, {}});
    } else {
        // Always all of the node: whatever the kernel had before, it then has this.
        transaction.prefixes = transaction.repair || transaction.desired.has_prefixes() ||
                               cache_.at(home_address).current.has_prefixes();
        actions_.emplace_back(InstallBindings{transaction.request,
                                              transaction.desired.to_kernel(home_address, now),
                                              true, transaction.prefixes});
    }
}

StoredRegistration HomeAgent::Impl::to_store(const wire::Ipv6Address& home_address,
                                             const Registration& registration,
                                             std::optional<TimePoint> dead_until,
                                             TimePoint now) const {
    StoredRegistration stored{registration.to_kernel(home_address, now),
                              registration.sequence,
                              registration.dialect,
                              registration.mobile_router,
                              {}};
    if (registration.empty() && dead_until) {
        stored.remembered = std::max(*dead_until - now, Duration(0));
    }
    for (const auto* leases : {&pool_.leases(), &prefixes_.leases()}) {
        for (const auto* lease : leases->leases_of(home_address)) {
            if (uses(registration, lease->prefix) && registration.lease_until) {
                stored.leases.push_back({lease->prefix, *registration.lease_until - now});
            } else if (lease->until > now) {
                stored.leases.push_back({lease->prefix, lease->until - now});
            }
        }
    }
    return stored;
}

void HomeAgent::Impl::keep(TimePoint now, const wire::Ipv6Address& home_address) {
    const auto* entry = cache_.find(home_address);
    if (config_.has_store && entry != nullptr && !entry->pending) {
        actions_.emplace_back(KeepRegistration{
            ++last_request_, to_store(home_address, entry->current, entry->dead_until, now)});
    }
}

void HomeAgent::Impl::doubt(CacheEntry& entry, Participant who, TimePoint repair_at) {
    entry.doubtful.add(who);
    entry.repair_at = repair_at;
}

void HomeAgent::Impl::begin_removal(TimePoint now, const wire::Ipv6Address& home_address,
                                    std::optional<std::uint16_t> bid) {
    const auto& current = cache_.at(home_address).current;
    Transaction transaction;
    transaction.desired = current;
    for (const auto& binding : current.bindings) {
        if (!bid || binding.end_point.bid == *bid) {
            transaction.desired.erase(binding.end_point.bid);
            transaction.reports.push_back(removal_report(home_address, binding, "administrative"));
        }
    }
    if (transaction.reports.empty()) {
        return;
    }
    transaction.count = {HomeAgentCount::bindings_removed, transaction.reports.size()};
    transaction.desired.clear_if_empty();
    begin(now, home_address, std::move(transaction));
}

void HomeAgent::Impl::begin_repair(TimePoint now, const wire::Ipv6Address& home_address) {
    auto& entry = cache_.at(home_address);
    entry.repair_at.reset();
    ++entry.repairs;
    Transaction transaction;
    transaction.desired = entry.current;
    transaction.repair = true;
    transaction.outstanding = std::exchange(entry.doubtful, {});
    if (transaction.outstanding.empty()) {
        transaction.outstanding.add(Participant::kernel);
        if (config_.has_store) {
            transaction.outstanding.add(Participant::store);
        }
    }
    for (const auto who : transaction.outstanding) {
        counters_.add(who == Participant::store ? HomeAgentCount::store_repairs
                                                : HomeAgentCount::kernel_repairs);
    }
    begin(now, home_address, std::move(transaction));
}

Actions HomeAgent::Impl::confirm(TimePoint now, RequestId request, const RequestOutcome& error) {
    const auto found = requests_.find(request);
    if (found == requests_.end()) {
        return take(); // given up, or nobody waits for it
    }
    const auto home_address = found->second;
    requests_.erase(found);
    auto& transaction = *cache_.at(home_address).pending;
    const auto who = transaction.outstanding.front();
    if (error) {
        if (who != Participant::home_link) {
            counters_.add(who == Participant::store ? HomeAgentCount::store_failures
                                                    : HomeAgentCount::kernel_failures);
        }
        report(Level::warning, report_name(who, Misfortune::failed),
               {{"home-address", home_address}, {"error", *error}});
        fail(now, home_address, false);
    } else {
        transaction.outstanding.remove_front();
        transaction.confirmed.add(who);
        if (!transaction.outstanding.empty()) {
            ask_next(now, home_address);
            settle(home_address);
            return take();
        }
        succeed(now, home_address);
    }
    go_on(now, home_address);
    return take();
}

void HomeAgent::Impl::succeed(TimePoint now, const wire::Ipv6Address& home_address) {
    auto& entry = cache_.at(home_address);
    auto done = std::move(*entry.pending);
    entry.pending.reset();
    entry.repair_at.reset();
    entry.doubtful.clear();
    entry.repairs = 0;
    if (done.repair) {
        return;
    }
    note_owner(now, home_address, done);
    note_end(now, home_address, done);
    entry.current = std::move(done.desired);
    renew_leases(now, home_address, entry.current);
    entry.dead_until.reset();
    if (entry.current.empty()) {
        entry.dead_until = now + MAX_DELETE_BCE_TIMEOUT;
    }
    claim(home_address); // stops at once what a node at home would have to fight
    if (done.count) {
        counters_.add(done.count->first, done.count->second);
    }
    actions_.reserve(actions_.size() + done.reports.size() + 1);
    for (auto& report : done.reports) {
        actions_.emplace_back(std::move(report));
    }
    if (done.on_success) {
        send(std::move(*done.on_success));
    }
}

void HomeAgent::Impl::note_owner(TimePoint now, const wire::Ipv6Address& home_address,
                                 const Transaction& done) {
    const auto& before = cache_.at(home_address).current.bindings;
    if (done.judged_by == nullptr || before.empty()) {
        return;
    }
    const auto& after = done.desired.bindings;
    const bool deregisters = after.size() < before.size() && done.count &&
                             done.count->first == HomeAgentCount::deregistrations;
    OwnerChange change{now, OwnerChange::By::registration, done.from, {}, {}, 0};
    for (const auto& binding : before) {
        if (binding.expires >= change.before_until) {
            change.before = {binding.end_point.care_of, binding.end_point.port};
            change.before_until = binding.expires;
        }
    }
    if (deregisters && done.from_elsewhere) {
        change.by = OwnerChange::By::deregistration;
        counters_.add(HomeAgentCount::deregistrations_from_elsewhere);
        report(Level::warning, "deregistered-from-elsewhere",
               {{"home-address", home_address},
                {"from", done.from},
                {"registered-at", change.before}});
        history_.owner_changed(home_address, change);
    } else if (deregisters) {
        note_end_after_move(now, home_address, done);
    } else if (done.from_elsewhere && std::none_of(before.begin(), before.end(), [&](auto& old) {
                   return std::any_of(after.begin(), after.end(), [&](const Binding& binding) {
                       return binding.end_point.care_of == old.end_point.care_of;
                   });
               })) {
        history_.owner_changed(home_address, change);
    }
}

// Where it was before, the node may still be: another one with the same home address.
void HomeAgent::Impl::note_end_after_move(TimePoint now, const wire::Ipv6Address& home_address,
                                          const Transaction& done) {
    const auto* history = history_.find(home_address);
    if (history == nullptr || !history->owner_change || !done.desired.empty()) {
        return;
    }
    const auto& move = *history->owner_change;
    if (move.by == OwnerChange::By::registration && move.before_until > now) {
        counters_.add(HomeAgentCount::deregistrations_after_move);
        report(Level::info, "deregistered-after-move",
               {{"home-address", home_address},
                {"from", done.from},
                {"registered-before-at", move.before},
                {"remaining",
                 std::chrono::duration_cast<std::chrono::seconds>(move.before_until - now)}});
    }
}

void HomeAgent::Impl::note_end(TimePoint now, const wire::Ipv6Address& home_address,
                               const Transaction& done) {
    if (done.judged_by != nullptr) {
        history_.accepted(home_address, done.judged_by);
    }
    if (done.desired.empty() && !cache_.at(home_address).current.empty()) {
        const auto* reason = done.from_elsewhere
                                 ? "it was de-registered from where it was not registered"
                                 : "the node de-registered";
        history_.ended(now, home_address, done.judged_by != nullptr ? reason : done.end_reason);
    }
}

// A refused request changed nothing, but with prefixes it is more than one, of which the last
// may have been refused.  What was done before it, or may have been done, is taken back:
// `current` stays true.
void HomeAgent::Impl::fail(TimePoint now, const wire::Ipv6Address& home_address, bool lost) {
    auto& entry = cache_.at(home_address);
    auto failed = std::move(*entry.pending);
    entry.pending.reset();
    const auto* cause = failed.refused_by != nullptr
                            ? failed.refused_by
                            : failure_of(failed.outstanding.front(), failed.of_router);
    if (failed.judged_by != nullptr) {
        history_.refused(home_address, cause);
    }
    if (failed.on_failure) {
        counters_.add(HomeAgentCount::registrations_refused);
        counters_.refused(cause);
        send(to_message(std::move(*failed.on_failure)));
    }
    if (failed.repair) {
        const bool give_up = entry.current.empty() && entry.repairs >= repairs_of_nothing_max;
        for (const auto who : failed.outstanding) {
            if (!give_up || who == Participant::store) {
                doubt(entry, who, now + repair_delay(entry.repairs));
            }
        }
        return;
    }
    if ((lost || failed.prefixes) && holds_state(failed.outstanding.front())) {
        doubt(entry, failed.outstanding.front(), now);
    }
    for (const auto who : failed.confirmed) {
        if (holds_state(who)) {
            doubt(entry, who, now);
        }
    }
}

void HomeAgent::Impl::go_on(TimePoint now, const wire::Ipv6Address& home_address) {
    expire(now, home_address);
    for (auto* entry = cache_.find(home_address);
         entry != nullptr && !entry->pending && !entry->waiting.empty();
         entry = cache_.find(home_address)) {
        const auto next = std::move(entry->waiting.front());
        entry->waiting.pop_front();
        if (const auto* message = std::get_if<StoredMessage>(&next)) {
            handle(now, message->get(), false);
        } else if (const auto* removal = std::get_if<AdministrativeRemoval>(&next)) {
            begin_removal(now, home_address, removal->bid);
        } else {
            revise(now, home_address);
        }
    }
    const auto* entry = cache_.find(home_address);
    if (entry != nullptr && !entry->pending && entry->repair_at && *entry->repair_at <= now) {
        begin_repair(now, home_address);
    }
    note_refresh(now, home_address);
    note_drain(home_address);
    settle(home_address);
}

void HomeAgent::Impl::expire(TimePoint now, const wire::Ipv6Address& home_address) {
    auto* entry = cache_.find(home_address);
    if (entry == nullptr) {
        return;
    }
    auto bids = entry->current.expire(now);
    for (const auto bid : bids) {
        report_expired(home_address, bid);
        history_.ended(now, home_address, "its lifetime ended");
    }
    if (entry->dead_until && *entry->dead_until <= now) {
        entry->dead_until.reset();
        entry->current = {};
        // A lease that it gave back stays its own in the record until it would have ended.
        if (bids.empty() && pool_.leases().leases_of(home_address).empty() &&
            prefixes_.leases().leases_of(home_address).empty()) {
            keep(now, home_address);
        }
    }
    entry->current.clear_if_empty();
    // Most likely done by the kernel already.  Not behind a request that may renew them.
    if (!bids.empty() && !entry->pending) {
        if (entry->current.empty()) {
            bids.clear();
        }
        actions_.emplace_back(RemoveBindings{++last_request_, home_address, std::move(bids)});
        keep(now, home_address);
    }
}

void HomeAgent::Impl::attend(TimePoint now, const wire::Ipv6Address& home_address) {
    auto* entry = cache_.find(home_address);
    if (entry != nullptr && entry->pending && entry->pending->deadline <= now) {
        const auto who = entry->pending->outstanding.front();
        if (who != Participant::home_link) {
            counters_.add(who == Participant::store ? HomeAgentCount::store_timeouts
                                                    : HomeAgentCount::kernel_timeouts);
        }
        report(Level::warning, report_name(who, Misfortune::lost),
               {{"home-address", home_address}});
        requests_.erase(entry->pending->request);
        fail(now, home_address, true);
    }
    go_on(now, home_address);
}

// A lease that is renewed holds as long again; one that is given up on purpose ends now.
void HomeAgent::Impl::renew_leases(TimePoint now, const wire::Ipv6Address& home_address,
                                   const Registration& registration) {
    for (auto* leases : {&pool_.leases(), &prefixes_.leases()}) {
        for (auto* lease : leases->leases_of(home_address)) {
            if (uses(registration, lease->prefix)) {
                leases->renew(*lease, registration.lease_until.value_or(now));
            } else {
                leases->give_back(*lease, now);
            }
        }
    }
}

void HomeAgent::Impl::settle(const wire::Ipv6Address& home_address) {
    const auto* entry = cache_.find(home_address);
    for (auto* leases : {&pool_.leases(), &prefixes_.leases()}) {
        for (auto* lease : leases->leases_of(home_address)) {
            leases->set_in_use(
                *lease, entry != nullptr &&
                            (uses(entry->current, lease->prefix) ||
                             (entry->pending && uses(entry->pending->desired, lease->prefix))));
        }
    }
    for (const auto& lease : pool_.leases().forget_outside(home_address)) {
        actions_.emplace_back(ForgetLease4{lease.address});
    }
    (void)prefixes_.leases().forget_outside(home_address); // its routes are the node's
    claim(home_address);
    cache_.update(home_address);
}

} // namespace dsmip::mobility
