// SPDX-License-Identifier: GPL-2.0-or-later
// The mobile node: inputs other than messages, deadlines, the view of its state.
#include "mobility/mobile_node.hpp"

#include <algorithm>
#include <utility>

#include "mobility/mobile_node_engine.hpp"

namespace dsmip::mobility {
namespace {

// Lifetime 0 would de-register; a field of 16 bits holds no more than the longest.
MobileNodeConfig checked(MobileNodeConfig config) {
    config.lifetime =
        std::clamp<Duration>(config.lifetime, wire::Lifetime::unit, 65535 * wire::Lifetime::unit);
    return config;
}

} // namespace

MobileNode::Impl::Impl(MobileNodeConfig config, const std::function<std::uint32_t()>& random)
    : config_(checked(std::move(config)))
    , care_of_(config_)
    , sequence_(static_cast<std::uint16_t>(random()))
    , home_agents_(config_)
    , home_address4_(config_)
    , network_(config_)
    , mcoa_(config_.mcoa)
    , bulk_(config_.bulk)
    , force_udp_(config_.force_udp) {
    make_entries();
}

void MobileNode::Impl::start_with(const wire::Ipv6Address& home_agent6) {
    home_agents_.start_with(home_agent6);
    config_.home_agent6 = home_agents_.current().address6;
    config_.home_agent4 = home_agents_.current().address4;
    care_of_.use_ipv4(config_.home_agent4.has_value());
}

Actions MobileNode::Impl::restore(TimePoint now, const KernelNode& node) {
    if (node.home_address != config_.home_address || node.bindings.empty()) {
        return take();
    }
    in_kernel_ = true;
    home_address4_.restore(node.home_addresses4);
    network_.restore(node);
    if (const auto address = home_address4_.address()) {
        actions_.emplace_back(AssignHomeAddress4{*address});
    }
    std::uint16_t latest = node.bindings.front().sequence;
    bool all_known = true;
    for (const auto& binding : node.bindings) {
        if (is_later_sequence(binding.sequence, latest)) {
            latest = binding.sequence;
        }
        auto* entry = find_entry(entries_, binding.bid);
        if (entry == nullptr || binding.lifetime <= Duration{0}) {
            all_known = false;
            continue;
        }
        AcceptedRegistration registration;
        registration.care_of.link = binding.link;
        registration.care_of.address = binding.care_of;
        registration.care_of.priority = binding.priority;
        registration.encapsulation = binding.encapsulation;
        registration.nat = binding.nat;
        registration.forced_udp = binding.forced_udp;
        registration.restored = true;
        registration.sequence = binding.sequence;
        registration.expiry = now + binding.lifetime;
        if (entry->access) {
            care_of_.hold(*entry->access, registration.care_of);
        }
        entry->registration = registration;
        entry->last_sequence = binding.sequence;
        entry->maybe_at_home_agent = true;
        entry->state = RegistrationState::registered;
        report(Report::Level::info, "registration-restored",
               {{"bid", entry->bid},
                {"care-of", binding.care_of},
                {"lifetime", seconds_text(binding.lifetime)}});
    }
    sequence_.restart_after(latest);
    overwrite_pending_ = !all_known;
    return take();
}

Actions MobileNode::Impl::network_changed(TimePoint now,
                                          const std::vector<CareOfCandidate>& candidates) {
    const bool had_any = !network_known_ || !care_of_.empty();
    network_known_ = true;
    care_of_.update(candidates);
    if (care_of_.empty() && !care_of_.at_home() && had_any && !finished_) {
        report(Report::Level::warning, "no-care-of-address", {});
    }
    settle(now);
    return take();
}

Actions MobileNode::Impl::kernel_done(TimePoint now, RequestId request,
                                      const KernelOutcome& error) {
    if (!error) {
        if (request == last_install_) {
            install_back_off_ = BackOff();
        }
        return take();
    }
    // What is to be removed may have expired meanwhile.
    const bool matters = request == last_install_;
    counters_.add(MobileNodeCount::kernel_failures);
    report(matters ? Report::Level::warning : Report::Level::debug, "kernel-refused",
           {{"why", *error}});
    if (matters && !finished_) {
        install_again_at_ = now + install_back_off_.next();
    }
    return take();
}

Actions MobileNode::Impl::binding_expired(TimePoint now, std::uint16_t bid) {
    auto* entry = find_entry(entries_, bid);
    if (entry == nullptr || !entry->registration || finished_) {
        return take();
    }
    if (entry->registration->expiry - now > std::chrono::seconds(1)) {
        install(now); // of an earlier lifetime: the binding is in force and has to be there
    } else {
        entry->registration->expiry = now;
    }
    settle(now);
    return take();
}

Actions MobileNode::Impl::stop(TimePoint now) {
    if (stopping_) {
        return take();
    }
    stopping_ = true;
    if (const auto obstacle = deregister_all(now, Exchange::Kind::shutdown)) {
        finish(std::string(*obstacle));
    } else {
        settle(now);
    }
    return take();
}

std::optional<std::string_view> MobileNode::Impl::deregister_all(TimePoint now,
                                                                 Exchange::Kind kind) {
    exchanges_.clear();
    const auto is_bound = [](const UpdateListEntry& entry) {
        return entry.registration || entry.maybe_at_home_agent;
    };
    if (std::none_of(entries_.begin(), entries_.end(), is_bound)) {
        return "nothing was registered";
    }
    const auto path = any_path();
    if (!path) {
        return "no care-of address to de-register from";
    }
    for (auto& entry : entries_) {
        entry.update_at.reset();
        if (is_bound(entry)) {
            apply(entry, EntryEvent::deregister);
        }
    }
    Exchange exchange;
    exchange.kind = kind;
    exchange.path = *path;
    exchange.next_send = now;
    exchanges_.push_back(exchange);
    return std::nullopt;
}

Actions MobileNode::Impl::tick(TimePoint now) {
    settle(now);
    return take();
}

std::optional<TimePoint> MobileNode::Impl::next_deadline() const {
    std::optional<TimePoint> next;
    const auto consider = [&](TimePoint candidate) {
        next = next ? std::min(*next, candidate) : candidate;
    };
    if (finished_) {
        return next;
    }
    for (const auto& exchange : exchanges_) {
        consider(limiter_.earliest(exchange.next_send));
    }
    for (const auto& entry : entries_) {
        if (entry.registration) {
            consider(entry.registration->expiry);
        }
        if (may_start(entry)) {
            consider(*entry.update_at);
        }
    }
    if (const auto retry = care_of_.next_retry(); retry && network_known_ && !stopping_) {
        consider(*retry);
    }
    if (install_again_at_) {
        consider(*install_again_at_);
    }
    return next;
}

std::vector<BindingUpdateListEntry> MobileNode::Impl::rows(TimePoint now) const {
    std::vector<BindingUpdateListEntry> rows;
    for (const auto& entry : entries_) {
        BindingUpdateListEntry row;
        row.bid = entry.bid;
        row.state = entry.state;
        row.sequence = entry.last_sequence;
        row.last_error = entry.last_error;
        if (entry.access) {
            row.link_name = config_.accesses.at(*entry.access).link_name;
        }
        if (const auto& registration = entry.registration) {
            row.care_of = registration->care_of.address;
            row.link_name = registration->care_of.link_name;
            row.remaining = std::max(registration->expiry - now, Duration{0});
            row.encapsulation = registration->encapsulation;
            row.nat = registration->nat;
            row.forced_udp = registration->forced_udp;
            row.keepalive = registration->keepalive.value_or(Duration{0});
            row.home_address4 = home_address4_.address();
        }
        if (entry.update_at && (entry.state == RegistrationState::failed || entry.silent)) {
            row.retry = std::max(*entry.update_at - now, Duration{0});
        }
        if (entry.target) {
            row.care_of = entry.target->address;
            row.link_name = entry.target->link_name;
        }
        if (const auto* exchange = exchange_of(entry.bid)) {
            row.attempts = exchange->back_off.attempts();
        }
        rows.push_back(row);
    }
    return rows;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): the interface leaves room to keep it
MobileNode::MobileNode(MobileNodeConfig config, std::function<std::uint32_t()> random)
    : impl_(std::make_unique<Impl>(std::move(config), random)) {}
MobileNode::~MobileNode() = default;
MobileNode::MobileNode(MobileNode&&) noexcept = default;
MobileNode& MobileNode::operator=(MobileNode&&) noexcept = default;

Actions MobileNode::restore(TimePoint now, const KernelNode& node) {
    return impl_->restore(now, node);
}
// NOLINTNEXTLINE(performance-unnecessary-value-param): the interface leaves room to keep it
Actions MobileNode::network_changed(TimePoint now, std::vector<CareOfCandidate> candidates) {
    return impl_->network_changed(now, candidates);
}
Actions MobileNode::receive(TimePoint now, const ReceivedMessage& message) {
    return impl_->receive(now, message);
}
Actions MobileNode::kernel_done(TimePoint now, RequestId request, const KernelOutcome& error) {
    return impl_->kernel_done(now, request, error);
}
Actions MobileNode::binding_expired(TimePoint now, std::uint16_t bid) {
    return impl_->binding_expired(now, bid);
}
Actions MobileNode::stop(TimePoint now) {
    return impl_->stop(now);
}
void MobileNode::start_with(const wire::Ipv6Address& home_agent6) {
    impl_->start_with(home_agent6);
}
HomeAgentAddresses MobileNode::home_agent() const {
    return impl_->home_agent();
}
bool MobileNode::finished() const {
    return impl_->finished();
}
Actions MobileNode::tick(TimePoint now) {
    return impl_->tick(now);
}
std::optional<TimePoint> MobileNode::next_deadline() const {
    return impl_->next_deadline();
}
std::vector<BindingUpdateListEntry> MobileNode::binding_update_list(TimePoint now) const {
    return impl_->rows(now);
}
std::vector<SilentCareOf> MobileNode::silent_care_of(TimePoint now) const {
    return impl_->silent_care_of(now);
}
std::vector<SharedAddress> MobileNode::shared_addresses() const {
    return impl_->shared_addresses();
}
std::vector<wire::Prefix6> MobileNode::prefixes6() const {
    return impl_->network().prefixes6();
}
std::vector<wire::Prefix4> MobileNode::prefixes4() const {
    return impl_->network().prefixes4();
}
std::optional<HomeLink> MobileNode::home_link() const {
    return impl_->home_link();
}
std::optional<wire::Ipv4Address> MobileNode::home_address4() const {
    return impl_->home_address4();
}
std::vector<NamedCount> MobileNode::counters() const {
    return impl_->counters();
}

} // namespace dsmip::mobility
