// SPDX-License-Identifier: GPL-2.0-or-later
// What the answer of the home agent leads to: bindings in the kernel, IPv4 home
// address, other ways of asking (RFC 6275, 11.7.3; RFC 5555, 4.4.2; RFC 5648, 5.7).
#include "mobility/mobile_node_engine.hpp"

#include <algorithm>

#include "mobility/mobile_node_acknowledgement.hpp"

namespace dsmip::mobility {
namespace {

using Level = Report::Level;
using wire::BindingStatus;

// A refusal is not asked about again at once: 32 s, doubled to about ten minutes.
constexpr Duration first_retry = MAX_BINDACK_TIMEOUT;
constexpr unsigned retry_doublings = 4;

} // namespace

void MobileNode::Impl::registration_answered(TimePoint now, const Exchange& exchange,
                                             const SentUpdate& sent,
                                             const wire::BindingAcknowledgement& acknowledgement) {
    const bool message_accepted = wire::is_accepted(acknowledgement.status);
    const bool has_bids =
        wire::find_option<wire::BindingIdentifier>(acknowledgement.options) != nullptr;
    if (exchange.uses_bids() && message_accepted && !has_bids) {
        abandon_mcoa(now, "the acknowledgement has no Binding Identifier option");
        return;
    }
    if (message_accepted && sent.home_address4) {
        // The first option is about the address: it was asked for first.
        home_address4_answered(
            wire::find_option<wire::Ipv4AddressAcknowledgement>(acknowledgement.options));
    }
    if (message_accepted && network_.is_router()) {
        prefixes_answered(sent, acknowledgement);
    }
    if (message_accepted && sent.overwrite) {
        others_overwritten(now, exchange);
    }
    const auto verdict = judge_bindings(now, exchange, sent, acknowledgement);
    if (verdict.any_accepted) {
        install(now);
    }
    if (home_address4_.lease_refused()) {
        // Ask for any address, without waiting for the next refresh.
        home_address4_.lease_refusal_seen();
        if (auto* entry = find_entry(entries_, exchange.bids.front())) {
            update_soon(now, *entry);
        }
    }
    for (const auto& [bid, status] : verdict.refusals) {
        counters_.add(MobileNodeCount::registrations_refused);
        if (change_ways(now, exchange, sent, status)) {
            return;
        }
        if (auto* entry = find_entry(entries_, bid)) {
            const auto asked = config_.home_agent6;
            refused(now, *entry, status);
            if (leaving_ || asked != config_.home_agent6) {
                return;
            }
        }
    }
}

MobileNode::Impl::Verdict
MobileNode::Impl::judge_bindings(TimePoint now, const Exchange& exchange, const SentUpdate& sent,
                                 const wire::BindingAcknowledgement& acknowledgement) {
    Verdict verdict;
    for (const auto bid : exchange.bids) {
        auto* entry = find_entry(entries_, bid);
        if (entry == nullptr || !entry->target) {
            continue;
        }
        const auto status = exchange.uses_bids() ? effective_status(acknowledgement, bid)
                                                 : std::optional(acknowledgement.status);
        if (!status) {
            // Not answered for this one: it goes on its own.
            entry->alone = true;
            entry->update_at = now;
        } else if (!wire::is_accepted(*status)) {
            verdict.refusals.emplace_back(bid, *status);
        } else if (binding_expiry(sent, acknowledgement) <= now) {
            // Granted no time.
            verdict.refusals.emplace_back(bid, BindingStatus::ReasonUnspecified);
        } else {
            accepted(now, *entry, sent, acknowledgement);
            verdict.any_accepted = true;
        }
    }
    return verdict;
}

void MobileNode::Impl::accepted(TimePoint now, UpdateListEntry& entry, const SentUpdate& sent,
                                const wire::BindingAcknowledgement& acknowledgement) {
    const auto format = tunnel_format(config_, sent, entry.target->address, acknowledgement);
    const bool moved = entry.registration && !entry.registered_at_target();
    const bool fresh = !entry.registered_at_target() || entry.registration->restored;
    const std::string from =
        moved ? wire::to_string(entry.registration->care_of.address) : std::string();

    AcceptedRegistration registration;
    registration.care_of = *entry.target;
    registration.encapsulation = format.encapsulation;
    registration.nat = format.nat;
    registration.forced_udp = format.forced_udp;
    registration.sequence = sent.sequence;
    registration.expiry = binding_expiry(sent, acknowledgement);
    registration.keepalive = format.keepalive;
    const bool changed_format =
        !fresh && (entry.registration->encapsulation != registration.encapsulation ||
                   entry.registration->nat != registration.nat);
    entry.registration = registration;
    entry.update_at =
        next_update(now, registration.expiry, sent, format.keepalive, acknowledgement);
    entry.alone = false;
    entry.refusals = 0;
    entry.last_error.clear();
    apply(entry, EntryEvent::acknowledged);
    counters_.add(MobileNodeCount::registrations_accepted);
    home_agents_.succeeded();

    auto fields = describe(entry);
    fields.emplace_back("encapsulation", encapsulation_text(registration.encapsulation));
    fields.emplace_back("nat", registration.nat ? "yes" : "no");
    fields.emplace_back("lifetime", seconds_text(registration.expiry - now));
    fields.emplace_back("sequence", std::to_string(sent.sequence));
    if (moved) {
        counters_.add(MobileNodeCount::moves);
        fields.insert(fields.begin() + 1, {"from", from});
    }
    report(fresh || changed_format ? Level::info : Level::debug,
           moved ? "moved" : "registration-accepted", fields);

    if (entry.rounds > 0) {
        // Everything had failed, so failing said nothing about one address or family.
        entry.rounds = 0;
        care_of_.forget_failures(mcoa_ ? entry.access : std::nullopt);
    }
}

// The home agent has deleted every binding that was not in this Binding Update.
void MobileNode::Impl::others_overwritten(TimePoint now, const Exchange& exchange) {
    overwrite_pending_ = false;
    for (auto& entry : entries_) {
        if (exchange.includes(entry.bid)) {
            continue;
        }
        entry.registration.reset();
        entry.maybe_at_home_agent = false;
        if (entry.target) {
            entry.update_at = now;
        }
    }
}

void MobileNode::Impl::refused(TimePoint now, UpdateListEntry& entry, BindingStatus status) {
    apply(entry, EntryEvent::refused);
    entry.last_error = "refused with status " + status_text(status);
    auto fields = describe(entry);
    fields.emplace_back("status", status_text(status));
    if (is_about_home_agent(status)) {
        entry.maybe_at_home_agent = entry.registration.has_value();
        if (home_agents_.has_untried()) {
            report(Level::warning, "registration-refused", fields);
            leave_home_agent(now);
            return;
        }
        home_agents_.rest(); // one after the other again, when it is time to ask again
    }
    if (status == BindingStatus::DuplicateAddressDetectionFailed) {
        // This home address is not to be used again (RFC 6275, 11.7.3).
        refused_for_good_ = true;
        exchanges_.clear();
        report(Level::warning, "home-address-in-use", fields);
        return;
    }
    if (status == BindingStatus::InvalidCareOfAddress && entry.target && home_address4_.named() &&
        entry.target->address == *home_address4_.named()) {
        // Without a NAT in between the address is at home, or somebody else's: others may serve.
        care_of_.mark_failed(now, *entry.target);
    }
    const Duration wait = first_retry * (1U << std::min(entry.refusals, retry_doublings));
    ++entry.refusals;
    entry.update_at = now + wait;
    fields.emplace_back("retry", seconds_text(wait));
    report(Level::warning, "registration-refused", fields);
}

// Refusals that another form of Binding Update answers; it goes out at once.
bool MobileNode::Impl::change_ways(TimePoint now, const Exchange& exchange, const SentUpdate& sent,
                                   BindingStatus status) {
    const auto again = [&] {
        for (const auto bid : exchange.bids) {
            if (auto* entry = find_entry(entries_, bid); entry != nullptr && entry->target) {
                entry->update_at = now;
            }
        }
    };
    switch (status) {
    case BindingStatus::CannotForceUdpEncapsulation:
        // The number means that only if F was set (RFC 5555, 4.4.2).
        if (!sent.force_udp) {
            return false;
        }
        force_udp_ = false;
        report(Level::warning, "force-udp-refused", {});
        again();
        return true;
    case BindingStatus::McoaNonMcoaBindingExists:
        if (!exchange.uses_bids() || sent.overwrite) {
            return false;
        }
        overwrite_pending_ = true;
        exchanges_.clear();
        for (auto& entry : entries_) {
            if (entry.target) {
                entry.update_at = now;
            }
        }
        report(Level::info, "overwrite-needed", {});
        return true;
    case BindingStatus::McoaProhibited:
        if (!exchange.uses_bids()) {
            return false;
        }
        abandon_mcoa(now, "prohibited by the home agent");
        return true;
    case BindingStatus::McoaBulkRegistrationProhibited:
        if (!exchange.multiple()) {
            return false;
        }
        bulk_ = false;
        report(Level::info, "bulk-refused", {});
        again();
        return true;
    default:
        return false;
    }
}

// Plain Mobile IPv6 with this home agent from now on.  The bindings in the kernel
// stay until the plain one replaces them.
void MobileNode::Impl::abandon_mcoa(TimePoint now, const std::string& why) {
    report(Level::warning, "mcoa-abandoned", {{"why", why}});
    mcoa_ = false;
    make_entries();
    entries_.front().maybe_at_home_agent = true;
    choose_care_of(now);
}

void MobileNode::Impl::prefixes_answered(const SentUpdate& sent,
                                         const wire::BindingAcknowledgement& acknowledgement) {
    const auto options =
        wire::find_options<wire::Ipv4AddressAcknowledgement>(acknowledgement.options);
    std::span<const wire::Ipv4AddressAcknowledgement> about_prefixes(options);
    if (sent.home_address4 && !about_prefixes.empty()) {
        about_prefixes = about_prefixes.subspan(1);
    }
    const auto before6 = network_.prefixes6();
    const auto before4 = network_.prefixes4();
    const auto lost = network_.answered(acknowledgement.flags.mobile_router, about_prefixes);
    Fields fields;
    for (const auto& prefix : network_.prefixes6()) {
        fields.emplace_back("prefix", wire::to_string(prefix));
    }
    for (const auto& prefix : network_.prefixes4()) {
        fields.emplace_back("prefix", wire::to_string(prefix));
    }
    if (before6 != network_.prefixes6() || before4 != network_.prefixes4()) {
        report(Level::info, "prefixes-forwarded", std::move(fields));
    }
    if (lost != prefixes_lost_) {
        prefixes_lost_ = lost;
        for (const auto& text : lost) {
            report(Level::warning, "prefix-refused", {{"prefix", text}});
        }
    }
}

void MobileNode::Impl::home_address4_answered(const wire::Ipv4AddressAcknowledgement* option) {
    const auto before = home_address4_.address();
    const auto outcome = home_address4_.answered(option);
    const auto after = home_address4_.address();
    if (before && before != after) {
        actions_.emplace_back(WithdrawHomeAddress4{*before});
    }
    if (after && before != after) {
        actions_.emplace_back(AssignHomeAddress4{*after});
    }
    switch (outcome) {
    case HomeAddress4::Outcome::unchanged:
        break;
    case HomeAddress4::Outcome::assigned:
        report(Level::info, "home-address4-accepted",
               {{"home-address4", after ? wire::to_string(*after) : std::string()}});
        break;
    case HomeAddress4::Outcome::refused:
        report(before ? Level::warning : Level::info, "home-address4-refused",
               {{"status", option != nullptr ? wire::to_string(option->status) : std::string()}});
        break;
    case HomeAddress4::Outcome::unsupported:
        report(Level::warning, "home-address4-unsupported", {});
        break;
    case HomeAddress4::Outcome::invalid:
        report(Level::warning, "home-address4-invalid",
               {{"home-address4", option != nullptr ? wire::to_string(option->address) : ""}});
        break;
    }
}

void MobileNode::Impl::deregistration_finished(const std::vector<std::uint16_t>& bids,
                                               const std::string& outcome) {
    close_entries(bids, Level::info, "deregistered", outcome);
}

void MobileNode::Impl::deregistration_given_up(const Exchange& exchange) {
    close_entries(exchange.bids, Level::warning, "deregistration-failed", failure_text(exchange));
}

void MobileNode::Impl::close_entries(const std::vector<std::uint16_t>& bids, Level level,
                                     std::string_view name, const std::string& outcome) {
    for (const auto bid : bids) {
        auto* entry = find_entry(entries_, bid);
        if (entry == nullptr) {
            continue;
        }
        entry->maybe_at_home_agent = false;
        apply(*entry, EntryEvent::deregistered);
        auto fields = describe(*entry);
        fields.emplace_back("outcome", outcome);
        report(level, name, fields);
    }
}

void MobileNode::Impl::finish(const std::string& outcome) {
    finished_ = true;
    exchanges_.clear();
    for (auto& entry : entries_) {
        entry.registration.reset();
        entry.target.reset();
        entry.state = RegistrationState::idle;
    }
    if (in_kernel_) {
        actions_.emplace_back(RemoveBindings{++last_request_, config_.home_address, {}});
    }
    if (const auto address = home_address4_.address()) {
        actions_.emplace_back(WithdrawHomeAddress4{*address});
    }
    report(Level::info, "stopped", {{"outcome", outcome}});
}

// Everything that is in force, as the only bindings of the node.
void MobileNode::Impl::install(TimePoint now) {
    install_again_at_.reset();
    KernelNode node;
    node.home_address = config_.home_address;
    if (const auto address = home_address4_.address()) {
        node.home_addresses4.push_back(*address);
    }
    for (const auto& entry : entries_) {
        if (!entry.registration || entry.registration->expiry <= now) {
            continue;
        }
        const auto& registration = *entry.registration;
        KernelBinding binding;
        binding.bid = entry.bid;
        binding.care_of = registration.care_of.address;
        binding.encapsulation = registration.encapsulation;
        binding.priority = registration.care_of.priority;
        binding.lifetime = registration.expiry - now;
        binding.link = registration.care_of.link;
        binding.sequence = registration.sequence;
        binding.nat = registration.nat;
        binding.forced_udp = registration.forced_udp;
        binding.draft = config_.dialect == wire::Dialect::Draft;
        binding.mcoa = entry.bid != 0;
        node.bindings.push_back(binding);
    }
    if (node.bindings.empty()) {
        return;
    }
    in_kernel_ = true;
    last_install_ = ++last_request_;
    node.prefixes6 = network_.prefixes6();
    node.prefixes4 = network_.prefixes4();
    actions_.emplace_back(
        InstallBindings{last_install_, std::move(node), true, network_.is_router()});
}

} // namespace dsmip::mobility
