// SPDX-License-Identifier: GPL-2.0-or-later
// Mobile Prefix Advertisements and their times.
#include "mobility/mobile_prefix_advertiser.hpp"

#include <algorithm>
#include <utility>

namespace dsmip::mobility {
namespace {

// At most one advertisement to a node in this time (RFC 6275, 10.6.3).
constexpr Duration answer_interval = std::chrono::seconds(1);
// Advertisements of one turn: when all nodes are told, others have their turn, too.
constexpr std::size_t turn_max = 256;
// Nodes of one turn when all of them are gone through: there may be a million.
constexpr std::size_t slice_max = 1024;
// How often nodes are looked for that have heard nothing for MaxMobPfxAdvInterval.
constexpr int sweeps_per_interval = 8;
// The same where nobody is told anything: only the time of the last answer is remembered.
constexpr Duration answered_sweep = std::chrono::minutes(1);

std::uint32_t seconds_of(std::chrono::seconds lifetime) {
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(lifetime.count(), 0, wire::infinite_lifetime));
}

} // namespace

MobilePrefixAdvertiser::MobilePrefixAdvertiser(MobilePrefixConfig config,
                                               const wire::Ipv6Address& home_agent,
                                               std::vector<wire::Prefix6> home_prefixes,
                                               RegisteredNodes nodes, Random random)
    : config_(std::move(config))
    , home_agent_(home_agent)
    , home_prefixes_(std::move(home_prefixes))
    , nodes_(std::move(nodes))
    , random_(std::move(random))
    , before_(advertised({})) {}

// ---------------------------------------------------------------- prefixes

// What is configured holds from now on, whenever that is: its lifetimes do not run down.
MobilePrefixAdvertiser::Advertised MobilePrefixAdvertiser::advertised(TimePoint now) const {
    Advertised result;
    const auto add = [&](const AdvertisedPrefix& configured) {
        wire::PrefixInformation information;
        information.prefix = configured.prefix.network();
        information.on_link = configured.on_link;
        information.autonomous = configured.autonomous;
        information.valid_lifetime = seconds_of(configured.valid_lifetime);
        information.preferred_lifetime = seconds_of(configured.preferred_lifetime);
        result.insert_or_assign(information.prefix, HeardPrefix{information, now});
    };
    const auto served = [&](const wire::Prefix6& prefix) {
        return std::any_of(home_prefixes_.begin(), home_prefixes_.end(),
                           [&](const auto& home) { return home.contains(prefix); });
    };
    for (const auto& [prefix, heard] : heard_) {
        if (served(prefix) && heard.at(now)) {
            result.emplace(prefix, heard);
        }
    }
    for (const auto& prefix : config_.prefixes) {
        add(prefix);
    }
    if (config_.prefixes.empty() && result.empty()) {
        for (const auto& prefix : home_prefixes_) {
            AdvertisedPrefix usual;
            usual.prefix = prefix;
            add(usual);
        }
    }
    return result;
}

std::vector<wire::PrefixInformation> MobilePrefixAdvertiser::prefixes(TimePoint now) const {
    std::vector<wire::PrefixInformation> result;
    for (const auto& [prefix, heard] : advertised(now)) {
        // One of the configuration with lifetime 0 is said, too: it is to be forgotten.
        auto information = heard.at(now).value_or(heard.information);
        if (prefix.contains(home_agent_)) {
            information.prefix.address = home_agent_;
            information.router_address = true;
        }
        result.push_back(information);
    }
    return result;
}

void MobilePrefixAdvertiser::compare(TimePoint now, bool differs) {
    auto current = advertised(now);
    const bool same =
        std::equal(current.begin(), current.end(), before_.begin(), before_.end(),
                   [](const auto& one, const auto& other) {
                       return one.first == other.first && one.second.says_the_same_as(other.second);
                   });
    before_ = std::move(current);
    if ((differs || !same) && tells()) {
        begin_round(now, true);
    }
}

void MobilePrefixAdvertiser::reconfigure(TimePoint now, MobilePrefixConfig config,
                                         std::vector<wire::Prefix6> home_prefixes) {
    const bool differs = config.managed != config_.managed || config.other != config_.other ||
                         config.prefixes != config_.prefixes;
    config_ = std::move(config);
    home_prefixes_ = std::move(home_prefixes);
    next_sweep_.reset();
    if (!tells()) {
        due_.clear();
        states_.clear();
        round_.clear();
    }
    compare(now, differs);
}

void MobilePrefixAdvertiser::set_heard(TimePoint now, Advertised heard) {
    heard_ = std::move(heard);
    compare(now);
}

// ---------------------------------------------------------------- times

TimePoint MobilePrefixAdvertiser::random_time(TimePoint now,
                                              const wire::Ipv6Address& home_address) {
    auto longest = config_.max_interval;
    for (const auto& [prefix, heard] : before_) {
        if (prefix.contains(home_address)) {
            if (const auto current = heard.at(now)) {
                longest =
                    std::min<Duration>(longest, std::chrono::seconds(current->preferred_lifetime));
            } else {
                longest = Duration{0};
            }
        }
    }
    const auto range = std::chrono::abs(longest - config_.min_interval);
    // 32 bits onto the range: as good as equally likely.
    const auto part = static_cast<std::uint64_t>(range.count());
    const auto delay = (std::uint64_t{random_()} * part) >> 32U;
    return now + config_.min_interval + Duration{static_cast<Duration::rep>(delay)};
}

void MobilePrefixAdvertiser::schedule(const wire::Ipv6Address& home_address, State& state,
                                      TimePoint due) {
    cancel(home_address, state);
    state.due = due;
    state.scheduled = true;
    due_.emplace(due, home_address);
}

void MobilePrefixAdvertiser::cancel(const wire::Ipv6Address& home_address, State& state) {
    if (state.scheduled) {
        due_.erase({state.due, home_address});
        state.scheduled = false;
    }
}

void MobilePrefixAdvertiser::begin_round(TimePoint now, bool tell_all) {
    tell_all_ = tell_all;
    round_ = nodes_.all();
    continue_round(now);
}

void MobilePrefixAdvertiser::continue_round(TimePoint now) {
    for (std::size_t i = 0; i < slice_max && !round_.empty(); ++i) {
        const auto home_address = round_.back();
        round_.pop_back();
        auto& state = states_[home_address];
        if (state.scheduled) { // will say what is so then; one that was sent in vain is sent anew
            state.transmissions = tell_all_ ? 0 : state.transmissions;
        } else if (tell_all_ || !state.last) {
            state.transmissions = 0;
            schedule(home_address, state, random_time(now, home_address));
        }
    }
}

void MobilePrefixAdvertiser::sweep(TimePoint now) {
    next_sweep_ = now + config_.max_interval / sweeps_per_interval;
    if (!round_.empty()) {
        return; // all of them are being told
    }
    forget(now, config_.max_interval);
    begin_round(now, false);
}

void MobilePrefixAdvertiser::forget(TimePoint now, Duration after) {
    std::erase_if(states_, [&](const auto& entry) {
        const auto& state = entry.second;
        return !state.scheduled && (!state.last || *state.last + after <= now);
    });
}

std::optional<TimePoint> MobilePrefixAdvertiser::next_deadline() const {
    if (!tells()) {
        return states_.empty() ? std::nullopt : next_sweep_;
    }
    // The first sweep only finds out what time it is.
    auto first = round_.empty() ? next_sweep_.value_or(TimePoint::min()) : TimePoint::min();
    if (!due_.empty()) {
        first = std::min(first, due_.begin()->first);
    }
    return first;
}

// ---------------------------------------------------------------- messages

SendMessage MobilePrefixAdvertiser::message(const wire::Ipv6Address& home_address,
                                            std::uint16_t identifier, const SendRoute& route,
                                            std::vector<wire::PrefixInformation> prefixes) const {
    wire::MobilePrefixAdvertisement advertisement;
    advertisement.identifier = identifier;
    advertisement.managed = config_.managed;
    advertisement.other = config_.other;
    advertisement.prefixes = std::move(prefixes);
    return {wire::encode(advertisement, home_agent_, home_address), home_agent_, home_address,
            route};
}

std::optional<SendMessage> MobilePrefixAdvertiser::answer(TimePoint now,
                                                          const wire::Ipv6Address& home_address,
                                                          std::uint16_t identifier,
                                                          const SendRoute& route) {
    auto& state = states_[home_address];
    if (state.transmissions != 0) { // that is acknowledged
        cancel(home_address, state);
        state.transmissions = 0;
    }
    if (state.last && now < *state.last + answer_interval) {
        return std::nullopt;
    }
    cancel(home_address, state); // the answer says what would have been told
    state.last = now;
    if (!tells() && !next_sweep_) {
        next_sweep_ = now + answered_sweep;
    }
    return message(home_address, identifier, route, prefixes(now));
}

SendRoute MobilePrefixAdvertiser::route_to(const KernelNode& node) const {
    const KernelBinding* best = nullptr;
    for (const auto& binding : node.bindings) {
        if (!binding.home_link && (best == nullptr || binding.priority < best->priority)) {
            best = &binding;
        }
    }
    NativeIpv6 native;
    native.wire_source = home_agent_;
    native.wire_destination = node.home_address; // into the tunnel
    if (best != nullptr && best->encapsulation == Encapsulation::direct &&
        best->care_of.is_ipv6()) {
        native.wire_destination = *best->care_of.ipv6();
        native.routing_header = true;
    }
    return native;
}

std::vector<SendMessage> MobilePrefixAdvertiser::tick(TimePoint now) {
    std::vector<SendMessage> messages;
    if (!tells()) {
        if (next_sweep_ && *next_sweep_ <= now) {
            forget(now, answer_interval);
            next_sweep_ = states_.empty() ? std::nullopt : std::optional(now + answered_sweep);
        }
        return messages;
    }
    if (!next_sweep_) {
        next_sweep_ = now + config_.max_interval / sweeps_per_interval;
    } else if (*next_sweep_ <= now) {
        compare(now); // a prefix may have ended
        sweep(now);
    } else {
        continue_round(now);
    }
    if (due_.empty() || due_.begin()->first > now) {
        return messages;
    }
    const auto current = prefixes(now);
    while (!due_.empty() && due_.begin()->first <= now && messages.size() < turn_max) {
        const auto home_address = due_.begin()->second;
        auto& state = states_.at(home_address);
        cancel(home_address, state);
        const auto node = nodes_.find(now, home_address);
        const bool away =
            node && std::any_of(node->bindings.begin(), node->bindings.end(),
                                [](const auto& binding) { return !binding.home_link; });
        if (!away) { // its registration has ended, or it hears the routers of the home link
            states_.erase(home_address);
            continue;
        }
        const auto identifier = static_cast<std::uint16_t>(random_());
        messages.push_back(message(home_address, identifier, route_to(*node), current));
        state.last = now;
        if (++state.transmissions <= PREFIX_ADV_RETRIES) {
            schedule(home_address, state,
                     now + PREFIX_ADV_TIMEOUT * (1U << (state.transmissions - 1)));
        }
    }
    return messages;
}

} // namespace dsmip::mobility
