// SPDX-License-Identifier: GPL-2.0-or-later
// Granting IPv4 home addresses and prefixes.
#include "mobility/home_agent_home_address4.hpp"

#include <algorithm>

#include <tl/expected.hpp>

#include "mobility/home_agent_prefixes.hpp"

namespace dsmip::mobility {
namespace {

// Most that the kernel holds for one node.
constexpr std::size_t home_addresses4_max = 16;

template<class Value>
bool is_in(const std::vector<Value>& list, const Value& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

using Outcome = tl::expected<wire::Prefix4, RuleRef>;

JudgedHomeAddress4 answer_to(const wire::Ipv4HomeAddress& option, const Outcome& outcome) {
    JudgedHomeAddress4 judged;
    judged.rule = outcome ? home_agent_rule("accepted_home_address4") : outcome.error();
    judged.answer.status = judged.rule->status4();
    judged.answer.prefix_length = outcome ? outcome->length : std::uint8_t{0};
    judged.answer.address = outcome ? outcome->address : option.address;
    return judged;
}

bool is_well_formed(const wire::Ipv4HomeAddress& option) {
    return (option.address.is_unspecified() || option.address.is_unicast()) &&
           option.prefix_length != 0 && option.prefix_length <= wire::Ipv4Address::bit_length;
}

// One that is about a prefix, or may have been when it was granted.
bool is_about_prefix(const wire::Ipv4HomeAddress& option, const wire::Ipv6Address& home_address,
                     const AddressPool& pool, const PrefixTable& table) {
    if (table.leases().owns(home_address, host_prefix(option.address))) {
        return true; // a lease may be a prefix of a single address
    }
    if (!may_concern_prefix(option)) {
        return false;
    }
    return option.address.is_unspecified() ||
           table.owns(home_address, wire::Prefix4{option.address, option.prefix_length}) ||
           !pool.owns(home_address, option.address);
}

RuleRef no_such_address(const AddressPool& pool) {
    return pool.in_service() ? home_agent_rule("refused_home_address4_not_own")
                             : home_agent_rule("refused_home_address4_service_off");
}

// Where the node is: an address that it has on an access is of no use to it as home address.
std::vector<wire::Ipv4Address> care_of4(const RegistrationRequest& request,
                                        const Registration& current) {
    auto addresses = request.care_of4();
    for (const auto& binding : current.bindings) {
        if (const auto* address = binding.end_point.care_of.ipv4()) {
            addresses.push_back(*address);
        }
        if (const auto& claimed = binding.end_point.claimed_care_of) {
            addresses.push_back(*claimed);
        }
    }
    return addresses;
}

class Grant {
public:
    Grant(const RegistrationRequest& request, const Registration& current, AddressPool& pool,
          PrefixTable& table, std::size_t prefixes_max, TimePoint now)
        : request_(request)
        , care_of_(care_of4(request, current))
        , pool_(pool)
        , table_(table)
        , prefixes_max_(prefixes_max)
        , now_(now) {}

    HomeAddresses4 run() {
        for (const auto& any : request_.update.options) {
            const auto* option = std::get_if<wire::Ipv4HomeAddress>(&any);
            if (option == nullptr) {
                continue;
            }
            result_.acknowledgements.push_back(answer_to(*option, judge(*option)));
        }
        return std::move(result_);
    }

private:
    Outcome judge(const wire::Ipv4HomeAddress& option) {
        if (!is_well_formed(option)) {
            return tl::unexpected(home_agent_rule("refused_home_address4_malformed"));
        }
        return is_about_prefix(option, request_.home_address, pool_, table_)
                   ? judge_prefix(option)
                   : judge_address(option);
    }

    // P counts on new requests only (RFC 5555, 3.1.1): one that names an address is none.
    Outcome judge_prefix(const wire::Ipv4HomeAddress& option) {
        wire::Prefix4 answer{option.address, option.prefix_length};
        if (option.address.is_unspecified()) {
            if (result_.prefixes.size() >= prefixes_max_) {
                return tl::unexpected(home_agent_rule("refused_max_prefixes4"));
            }
            const auto prefix = option.prefix_requested
                                    ? table_.allocate(request_.home_address, option.prefix_length,
                                                      request_.dialect != wire::Dialect::Draft,
                                                      now_, result_.prefixes, care_of_)
                                    : std::nullopt;
            if (!prefix) {
                return tl::unexpected(home_agent_rule("refused_prefix4_none_free"));
            }
            answer = *prefix;
        } else if (!table_.owns(request_.home_address, answer)) {
            return tl::unexpected(home_agent_rule("refused_prefix4_not_own"));
        }
        const auto network = answer.network();
        if (!is_in(result_.prefixes, network)) {
            if (result_.prefixes.size() >= prefixes_max_) {
                return tl::unexpected(home_agent_rule("refused_max_prefixes4"));
            }
            result_.prefixes.push_back(network);
        }
        if (auto* lease = table_.leases().lease_of(request_.home_address, network)) {
            table_.leases().set_in_use(*lease, true);
            result_.leased = true;
        }
        return answer;
    }

    Outcome judge_address(const wire::Ipv4HomeAddress& option) {
        auto address = option.address;
        if (address.is_unspecified()) {
            const auto allocated =
                pool_.allocate(request_.home_address, now_, result_.granted, care_of_);
            if (!allocated) {
                return tl::unexpected(home_agent_rule("refused_home_address4_none_free"));
            }
            address = *allocated;
        } else if (!pool_.owns(request_.home_address, address)) {
            return tl::unexpected(no_such_address(pool_));
        }
        if (!is_in(result_.granted, address)) {
            if (result_.granted.size() == home_addresses4_max) {
                return tl::unexpected(home_agent_rule("refused_max_home_addresses4"));
            }
            result_.granted.push_back(address);
        }
        if (auto* lease = pool_.leases().lease_of(request_.home_address, host_prefix(address))) {
            pool_.leases().set_in_use(*lease, true);
            result_.leased = true;
        }
        return host_prefix(address);
    }

    const RegistrationRequest& request_;
    std::vector<wire::Ipv4Address> care_of_; // of the node
    AddressPool& pool_;
    PrefixTable& table_;
    std::size_t prefixes_max_;
    TimePoint now_;
    HomeAddresses4 result_;
};

// What the options of a de-registration name.
class Release {
public:
    Release(const RegistrationRequest& request, const Registration& current,
            const AddressPool& pool, const PrefixTable& table)
        : request_(request)
        , pool_(pool)
        , table_(table)
        , addresses_(current.home_addresses4)
        , prefixes_(current.prefixes4) {}

    Outcome judge(const wire::Ipv4HomeAddress& option) {
        if (!is_well_formed(option)) {
            return tl::unexpected(home_agent_rule("refused_home_address4_malformed"));
        }
        const auto& node = request_.home_address;
        const bool about_prefix = is_about_prefix(option, node, pool_, table_);
        if (option.address.is_unspecified()) {
            return about_prefix ? next_prefix() : next_address();
        }
        const wire::Prefix4 named{option.address, option.prefix_length};
        if (about_prefix) {
            return table_.owns(node, named)
                       ? Outcome(named)
                       : tl::unexpected(home_agent_rule("refused_prefix4_not_own"));
        }
        return pool_.owns(node, option.address) ? Outcome(host_prefix(option.address))
                                                : tl::unexpected(no_such_address(pool_));
    }

private:
    // Without a name: those that the node has, in their order.
    Outcome next_address() {
        if (addresses_.empty()) {
            return tl::unexpected(home_agent_rule("refused_home_address4_none_left"));
        }
        const auto address = addresses_.front();
        addresses_.erase(addresses_.begin());
        return host_prefix(address);
    }
    Outcome next_prefix() {
        if (prefixes_.empty()) {
            return tl::unexpected(home_agent_rule("refused_prefix4_none_left"));
        }
        const auto prefix = prefixes_.front();
        prefixes_.erase(prefixes_.begin());
        return prefix;
    }

    const RegistrationRequest& request_;
    const AddressPool& pool_;
    const PrefixTable& table_;
    std::vector<wire::Ipv4Address> addresses_;
    std::vector<wire::Prefix4> prefixes_;
};

// Refused as a whole with more of them than that, a message is answered without them: the answer
// has to fit a Mobility Header.
constexpr std::ptrdiff_t refused_max = 64;

void append(std::vector<JudgedHomeAddress4>& answers, const JudgedHomeAddress4& judged) {
    answers.push_back(judged);
}
void append(wire::MobilityOptions& answers, const JudgedHomeAddress4& judged) {
    answers.emplace_back(judged.answer);
}

// Every Binding Update comes here, for the answer that is sent if the kernel refuses.
template<class Answers>
void refuse_each(const RegistrationRequest& request, Answers& answers) {
    const auto& options = request.update.options;
    const auto count =
        std::count_if(options.begin(), options.end(), [](const wire::MobilityOption& option) {
            return std::holds_alternative<wire::Ipv4HomeAddress>(option);
        });
    if (count == 0 || count > refused_max) {
        return;
    }
    // One more: what else an answer has.
    answers.reserve(answers.size() + static_cast<std::size_t>(count) + 1);
    for (const auto& option : options) {
        if (const auto* asked = std::get_if<wire::Ipv4HomeAddress>(&option)) {
            const auto* refused_by = is_well_formed(*asked)
                                         ? home_agent_rule("refused_home_address4_with_update")
                                         : home_agent_rule("refused_home_address4_malformed");
            append(answers, answer_to(*asked, tl::unexpected(refused_by)));
        }
    }
}

} // namespace

std::vector<JudgedHomeAddress4> released_home_addresses4(const RegistrationRequest& request,
                                                         const Registration& current,
                                                         const AddressPool& pool,
                                                         const PrefixTable& prefixes) {
    Release release(request, current, pool, prefixes);
    std::vector<JudgedHomeAddress4> answers;
    for (const auto& option : wire::find_options<wire::Ipv4HomeAddress>(request.update.options)) {
        answers.push_back(answer_to(option, release.judge(option)));
    }
    return answers;
}

std::vector<JudgedHomeAddress4> refused_home_addresses4(const RegistrationRequest& request) {
    std::vector<JudgedHomeAddress4> answers;
    refuse_each(request, answers);
    return answers;
}

void append_refused_home_addresses4(const RegistrationRequest& request,
                                    wire::MobilityOptions& answers) {
    refuse_each(request, answers);
}

HomeAddresses4 grant_home_addresses4(const RegistrationRequest& request,
                                     const Registration& current, AddressPool& pool,
                                     PrefixTable& prefixes, std::size_t prefixes_max,
                                     TimePoint now) {
    return Grant(request, current, pool, prefixes, prefixes_max, now).run();
}

} // namespace dsmip::mobility
