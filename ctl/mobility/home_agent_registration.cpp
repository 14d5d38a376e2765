// SPDX-License-Identifier: GPL-2.0-or-later
// From a valid Binding Update to the registration it leads to.
#include "mobility/home_agent_registration.hpp"

#include <algorithm>
#include <utility>

#include "mobility/home_agent_care_of.hpp"
#include "mobility/home_agent_home_address4.hpp"
#include "mobility/home_agent_home_link.hpp"
#include "mobility/home_agent_prefixes.hpp"
#include "mobility/home_agent_tunnel.hpp"

namespace dsmip::mobility {
namespace {

// Most that the kernel holds for one node.
constexpr std::size_t kernel_bindings_max = 32;

// What the configuration says of the prefix that a home address is in; nullptr = nothing.
const AdvertisedPrefix* home_prefix_of(const wire::Ipv6Address& home_address,
                                       const HomeAgentConfig& config) {
    const auto& prefixes = config.prefix_discovery.prefixes;
    const auto found =
        std::find_if(prefixes.begin(), prefixes.end(), [&](const AdvertisedPrefix& advertised) {
            return advertised.prefix.contains(home_address);
        });
    return found == prefixes.end() ? nullptr : &*found;
}

// Never longer than asked for, than a lease that it uses (RFC 5555, 2.5), or than the home prefix
// is valid (RFC 6275, 10.3.1), never zero: that would mean de-registration.
std::chrono::seconds granted_lifetime(const RegistrationRequest& request,
                                      const HomeAgentConfig& config, bool leased) {
    auto limit = leased ? std::min(config.max_lifetime, config.lease_time) : config.max_lifetime;
    if (const auto* prefix = home_prefix_of(request.home_address, config)) {
        limit = std::min<Duration>(limit, prefix->valid_lifetime);
    }
    const auto most =
        std::max(wire::Lifetime::from(std::chrono::duration_cast<std::chrono::seconds>(limit)),
                 wire::Lifetime{1});
    return std::min(request.update.lifetime, most).duration();
}

// Sequence number and dialect, which all changes set.
void stamp(Registration& desired, const RegistrationRequest& request,
           const RegistrationContext& context) {
    const auto next = request.update.sequence;
    const bool had_one = context.entry != nullptr && context.entry->has_sequence();
    const auto last = context.current().sequence;
    // With one number per BID a late one is not the latest of the node.
    desired.sequence = !had_one || sequence_in_window(last, next) ? next : last;
    desired.dialect = request.dialect;
    if (request.dialect != wire::Dialect::Draft) {
        // One counter for all; each binding tells it to who takes over after a restart.
        for (auto& binding : desired.bindings) {
            binding.end_point.sequence = desired.sequence;
        }
    }
}

class Evaluation {
public:
    Evaluation(const RegistrationRequest& request, const RegistrationContext& context,
               AddressPool& pool, PrefixTable& prefixes, TimePoint now)
        : request_(request)
        , context_(context)
        , pool_(pool)
        , prefixes_(prefixes)
        , now_(now) {}

    RegistrationOutcome run() {
        if (!request_.has_identifiers) {
            request_.deregisters() ? delete_all() : replace_by_plain();
        } else if (request_.deregisters()) {
            delete_identified();
        } else {
            register_identified();
        }
        if (!outcome_.desired) {
            outcome_.home_addresses4 = refused_home_addresses4(request_);
        } else if (request_.deregisters()) {
            outcome_.home_addresses4 =
                released_home_addresses4(request_, context_.current(), pool_, prefixes_);
        }
        return std::move(outcome_);
    }

private:
    void delete_all() {
        Registration desired;
        stamp(desired, request_, context_);
        outcome_.desired = std::move(desired);
    }

    // One plain binding takes the place of all others (RFC 5648, 6.3).
    void replace_by_plain() {
        auto end_point = request_.path ? end_point4(*request_.path, request_.claimed_care_of4())
                                       : end_point6(request_.care_of6());
        if (!grant()) {
            return;
        }
        Registration desired;
        install(desired, end_point);
        finish(std::move(desired));
    }

    void delete_identified() {
        auto desired = context_.current();
        bool any = false;
        for (const auto& option : request_.identifiers->options) {
            const auto* judged_by = delete_one(desired, option);
            any = any || judged_by->accepts();
            outcome_.identifiers.push_back(judged_by);
        }
        settle_rule(any);
        if (any) {
            desired.clear_if_empty();
            stamp(desired, request_, context_);
            outcome_.desired = std::move(desired);
        }
    }

    RuleRef delete_one(Registration& desired, const wire::BindingIdentifierReading& option) {
        if (!wire::is_accepted(option.status)) {
            return home_agent_rule("refused_identifier_malformed");
        }
        if (option.home && request_.dialect == wire::Dialect::Draft) {
            // Stays registered while at home, in the words of the draft.  The message says no
            // lifetime, so what the node has left is the measure.
            TimePoint longest = now_;
            for (const auto& binding : context_.current().bindings) {
                longest = std::max(longest, binding.expires);
            }
            return register_home(desired, option, longest);
        }
        return desired.erase(option.bid) ? home_agent_rule("accepted")
                                         : home_agent_rule("refused_bid_not_registered");
    }

    // There is one home link, so there is one binding to it.
    RuleRef register_home(Registration& desired, const wire::BindingIdentifierReading& option,
                          TimePoint expires) {
        auto end_point = home_end_point(option, request_, context_);
        if (!end_point) {
            return end_point.error();
        }
        if (std::exchange(home_registered_, true) || desired.is_plain()) {
            return home_agent_rule("refused_home_binding_twice");
        }
        for (const auto& binding : context_.current().bindings) {
            if (binding.end_point.home_link) {
                desired.erase(binding.end_point.bid);
            }
        }
        if (!has_room(desired, option.bid)) {
            return home_agent_rule("refused_max_bindings");
        }
        end_point->bid = option.bid;
        end_point->mcoa = true;
        end_point->priority = priority_of(option);
        put(desired, *end_point, expires);
        return home_acceptance(context_.config.home_link);
    }

    void register_identified() {
        const bool plain_exists = context_.current().is_plain();
        Registration desired;
        if (!request_.identifiers->overwrite && !plain_exists) {
            desired = context_.current();
        }
        if (!grant()) {
            return;
        }
        bool any = false;
        for (const auto& option : request_.identifiers->options) {
            const auto* judged_by = register_one(desired, option);
            any = any || judged_by->accepts();
            outcome_.identifiers.push_back(judged_by);
        }
        settle_rule(any);
        if (!any) {
            return;
        }
        if (plain_exists && !request_.identifiers->overwrite) {
            // draft-ietf-monami6-multiplecoa-05, 6.3: replaced, and said to be a conflict.
            outcome_.judged_by = home_agent_rule("accepted_plain_binding_replaced");
        }
        finish(std::move(desired));
    }

    RuleRef register_one(Registration& desired, const wire::BindingIdentifierReading& option) {
        if (!wire::is_accepted(option.status)) {
            return home_agent_rule("refused_identifier_malformed");
        }
        auto& done = outcome_.accepted_bids;
        if (std::find(done.begin(), done.end(), option.bid) != done.end()) {
            return home_agent_rule("refused_bid_twice");
        }
        if (option.home) {
            const auto lifetime = granted_lifetime(request_, context_.config, granted4_.leased);
            const auto* judged_by = register_home(desired, option, now_ + lifetime);
            if (judged_by->accepts()) {
                outcome_.lifetime = lifetime;
            }
            return judged_by;
        }
        auto end_point = resolve_care_of(option, request_, context_);
        if (!end_point) {
            return end_point.error();
        }
        if (!has_room(desired, option.bid)) {
            return home_agent_rule("refused_max_bindings");
        }
        end_point->bid = option.bid;
        end_point->mcoa = true;
        end_point->priority = priority_of(option);
        install(desired, *end_point);
        return home_agent_rule("accepted");
    }

    [[nodiscard]] bool has_room(const Registration& desired, std::uint16_t bid) const {
        const auto listed = context_.listed_nodes.find(request_.home_address);
        const auto allowed = listed == context_.listed_nodes.end()
                                 ? context_.config.max_bindings_per_node
                                 : listed->second;
        const auto most = std::min<std::size_t>(allowed, kernel_bindings_max);
        return desired.find(bid) != nullptr || desired.bindings.size() < most;
    }

    // BID-PRI 0 says nothing, so a mere refresh leaves the priority as it is.
    [[nodiscard]] std::uint8_t priority_of(const wire::BindingIdentifierReading& option) const {
        const auto* known = context_.current().find(option.bid);
        const bool refresh =
            std::holds_alternative<std::monostate>(option.care_of_address) && known != nullptr;
        return option.priority == 0 && refresh ? known->end_point.priority : option.priority;
    }

    void install(Registration& desired, KernelBinding end_point) {
        if (end_point.care_of.is_ipv4()) {
            negotiate_format(end_point, request_, context_.config);
            outcome_.tlv = outcome_.tlv || has_tlv_header(end_point);
            if (request_.path && end_point.care_of == request_.path->remote.address) {
                outcome_.way_of_message = end_point;
            }
        }
        outcome_.lifetime = granted_lifetime(request_, context_.config, granted4_.leased);
        put(desired, std::move(end_point), now_ + outcome_.lifetime);
    }

    void put(Registration& desired, KernelBinding end_point, TimePoint expires) {
        end_point.draft = request_.dialect == wire::Dialect::Draft;
        end_point.link_local = request_.update.flags.link_local;
        end_point.sequence = request_.update.sequence;
        outcome_.accepted_bids.push_back(end_point.bid);
        desired.put({std::move(end_point), expires});
    }

    // A Binding Update with a lifetime says all that there is about IPv4 home addresses and
    // about prefixes: without the options there are none any more.  False if that refuses it.
    bool grant() {
        granted6_ = registered_prefixes6(request_, prefixes_);
        const std::size_t most = context_.config.prefixes.max_per_node;
        granted4_ = grant_home_addresses4(request_, context_.current(), pool_, prefixes_,
                                          most - std::min(most, granted6_.size()), now_);
        if (request_.update.flags.mobile_router && granted6_.empty() &&
            granted4_.prefixes.empty()) {
            outcome_.judged_by = home_agent_rule("refused_no_prefix");
            return false;
        }
        return true;
    }

    void finish(Registration desired) {
        outcome_.home_addresses4 = std::move(granted4_.acknowledgements);
        desired.home_addresses4 = std::move(granted4_.granted);
        desired.prefixes6 = std::move(granted6_);
        desired.prefixes4 = std::move(granted4_.prefixes);
        desired.mobile_router = request_.update.flags.mobile_router;
        desired.lease_until.reset();
        if (granted4_.leased) {
            desired.lease_until = now_ + context_.config.lease_time;
        }
        outcome_.forwards_prefixes = request_.update.flags.mobile_router;
        stamp(desired, request_, context_);
        outcome_.desired = std::move(desired);
    }

    // The rule of the message from those of its options (RFC 5648, 6.3): the node looks at
    // each only if told that they differ.
    void settle_rule(bool any) {
        const auto& all = outcome_.identifiers;
        if (std::all_of(all.begin(), all.end(), [](RuleRef each) { return each->accepts(); })) {
            // Accepted, or 5 where one option says so.
            outcome_.judged_by =
                *std::max_element(all.begin(), all.end(),
                                  [](RuleRef a, RuleRef b) { return a->status() < b->status(); });
        } else {
            outcome_.judged_by = any ? home_agent_rule("accepted_not_complete") : all.front();
        }
    }

    const RegistrationRequest& request_;
    const RegistrationContext& context_;
    AddressPool& pool_;
    PrefixTable& prefixes_;
    TimePoint now_;
    std::vector<wire::Prefix6> granted6_;
    HomeAddresses4 granted4_;
    bool home_registered_ = false; // by an option of this message
    RegistrationOutcome outcome_;
};

} // namespace

RegistrationOutcome evaluate(const RegistrationRequest& request, const RegistrationContext& context,
                             AddressPool& pool, PrefixTable& prefixes, TimePoint now) {
    auto outcome = Evaluation(request, context, pool, prefixes, now).run();
    const auto* prefix = home_prefix_of(request.home_address, context.config);
    if (outcome.judged_by == home_agent_rule("accepted") && outcome.lifetime.count() != 0 &&
        prefix != nullptr &&
        (prefix->preferred_lifetime < outcome.lifetime ||
         prefix->valid_lifetime <= outcome.lifetime)) {
        // The node has to know more of its prefix (RFC 6275, 10.3.1).
        outcome.judged_by = home_agent_rule("accepted_prefix_discovery_necessary");
    }
    return outcome;
}

} // namespace dsmip::mobility
