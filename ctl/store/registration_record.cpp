// SPDX-License-Identifier: GPL-2.0-or-later
// Registrations to octets and back.
#include "store/registration_record.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "wire/octets.hpp"

namespace dsmip::store {
namespace {

using mobility::Duration;
using mobility::KernelBinding;
using mobility::StoredLease;
using mobility::StoredRegistration;
using Octets = std::span<const std::uint8_t>;

constexpr std::uint8_t record_version = 1;

// Numbers are for ever.
enum class Field : std::uint8_t {
    sequence = 1,      // 2 octets
    dialect = 2,       // 1: a value of wire::Dialect
    home_address4 = 3, // 4; any number of them
    lease4 = 4,        // 4 address, 1 length, 8 end
    binding = 5,       // fields of a binding
    mobile_router = 6, // 1: 0 or 1; absent = not known
    prefix6 = 7,       // 16 address, 1 length
    prefix4 = 8,       // 4 address, 1 length
    remembered = 9,    // 8: end
};
enum class BindingField : std::uint8_t {
    bid = 1,           // 2
    care_of = 2,       // 4 or 16
    port = 3,          // 2
    claimed = 4,       // 4
    encapsulation = 5, // 1: a value of mobility::Encapsulation
    priority = 6,      // 1
    sequence = 7,      // 2
    flags = 8,         // 2
    link = 9,          // 4
    expires = 10,      // 8
    link_address = 11, // any
};

// Of a binding; numbers are for ever, too.
constexpr unsigned flag_nat = 1U;
constexpr unsigned flag_forced_udp = 2U;
constexpr unsigned flag_draft = 4U;
constexpr unsigned flag_mcoa = 8U;
constexpr unsigned flag_link_local = 16U;
constexpr unsigned flag_home_link = 32U;

// As long as the kernel has any (MAX_ADDR_LEN).
constexpr std::size_t link_address_max = 32;

std::uint64_t to_number(WallTime time) {
    return static_cast<std::uint64_t>(std::max(time, WallTime{}).time_since_epoch().count());
}

WallTime to_time(std::uint64_t number) {
    // The last millisecond of the calendar, and then some; differences still fit.
    constexpr std::uint64_t latest = std::uint64_t{1} << 50U;
    return WallTime(Duration(static_cast<Duration::rep>(std::min(number, latest))));
}

class Writer {
public:
    explicit Writer(std::vector<std::uint8_t>& octets)
        : octets_(octets) {}

    template<class Type, class Fill>
    void field(Type type, Fill&& fill) {
        wire::OctetWriter out(octets_);
        out.u8(static_cast<unsigned>(type)).u16(0);
        const auto start = octets_.size();
        fill(out);
        const auto length = octets_.size() - start;
        octets_[start - 2] = static_cast<std::uint8_t>(length >> 8U);
        octets_[start - 1] = static_cast<std::uint8_t>(length);
    }
    template<class Type>
    void u8(Type type, unsigned value) {
        field(type, [&](auto& out) { out.u8(value); });
    }
    template<class Type>
    void u16(Type type, unsigned value) {
        field(type, [&](auto& out) { out.u16(value); });
    }
    template<class Type, class Bytes>
    void bytes(Type type, const Bytes& value) {
        field(type, [&](auto& out) { out.append(value); });
    }
    template<class Type, class Prefix>
    void prefix(Type type, const Prefix& value) {
        field(type, [&](auto& out) { out.append(value.address.bytes).u8(value.length); });
    }

private:
    std::vector<std::uint8_t>& octets_;
};

void write_binding(std::vector<std::uint8_t>& octets, const KernelBinding& binding, WallTime now) {
    using F = BindingField;
    Writer writer(octets);
    writer.u16(F::bid, binding.bid);
    if (const auto* address = binding.care_of.ipv4()) {
        writer.bytes(F::care_of, address->bytes);
    } else {
        writer.bytes(F::care_of, binding.care_of.ipv6()->bytes);
    }
    if (binding.port != 0) {
        writer.u16(F::port, binding.port);
    }
    if (binding.claimed_care_of) {
        writer.bytes(F::claimed, binding.claimed_care_of->bytes);
    }
    writer.u8(F::encapsulation, static_cast<unsigned>(binding.encapsulation));
    writer.u8(F::priority, binding.priority);
    writer.u16(F::sequence, binding.sequence);
    writer.u16(F::flags, wire::bit_if(binding.nat, flag_nat) |
                             wire::bit_if(binding.forced_udp, flag_forced_udp) |
                             wire::bit_if(binding.draft, flag_draft) |
                             wire::bit_if(binding.mcoa, flag_mcoa) |
                             wire::bit_if(binding.link_local, flag_link_local) |
                             wire::bit_if(binding.home_link, flag_home_link));
    if (!binding.link_address.empty()) {
        writer.bytes(F::link_address, binding.link_address);
    }
    if (binding.link != 0) {
        writer.field(F::link, [&](auto& out) { out.u32(binding.link); });
    }
    writer.field(F::expires, [&](auto& out) { out.u64(to_number(now + binding.lifetime)); });
}

// Calls `take` with type and value of each field; false if it does, or if one reaches beyond the
// end.
template<class Take>
bool for_each_field(Octets octets, Take&& take) {
    while (!octets.empty()) {
        if (octets.size() < 3) {
            return false;
        }
        const auto type = octets[0];
        const auto length = static_cast<std::size_t>((octets[1] << 8U) | octets[2]);
        octets = octets.subspan(3);
        if (length > octets.size() || !take(type, octets.first(length))) {
            return false;
        }
        octets = octets.subspan(length);
    }
    return true;
}

template<class Prefix>
bool read_prefix(Octets value, std::vector<Prefix>& prefixes) {
    Prefix prefix;
    const auto size = prefix.address.bytes.size();
    if (value.size() != size + 1 || value.back() > decltype(prefix.address)::bit_length) {
        return false;
    }
    std::copy_n(value.begin(), size, prefix.address.bytes.begin());
    prefix.length = value.back();
    prefixes.push_back(prefix);
    return true;
}

bool read_binding_field(BindingField type, Octets value, KernelBinding& binding, WallTime now) {
    wire::OctetReader in(value);
    const auto size = value.size();
    switch (type) {
    case BindingField::bid:
        binding.bid = in.u16();
        return size == 2;
    case BindingField::care_of:
        if (size == 4) {
            binding.care_of = in.ipv4();
        } else {
            binding.care_of = in.ipv6();
        }
        return size == 4 || size == 16;
    case BindingField::port:
        binding.port = in.u16();
        return size == 2;
    case BindingField::claimed:
        binding.claimed_care_of = in.ipv4();
        return size == 4;
    case BindingField::encapsulation: {
        const auto number = in.u8();
        binding.encapsulation = static_cast<mobility::Encapsulation>(number);
        return size == 1 && number <= static_cast<unsigned>(mobility::Encapsulation::udp_tlv_draft);
    }
    case BindingField::priority:
        binding.priority = in.u8();
        return size == 1;
    case BindingField::sequence:
        binding.sequence = in.u16();
        return size == 2;
    case BindingField::flags: {
        const unsigned flags = in.u16();
        binding.nat = (flags & flag_nat) != 0;
        binding.forced_udp = (flags & flag_forced_udp) != 0;
        binding.draft = (flags & flag_draft) != 0;
        binding.mcoa = (flags & flag_mcoa) != 0;
        binding.link_local = (flags & flag_link_local) != 0;
        binding.home_link = (flags & flag_home_link) != 0;
        return size == 2;
    }
    case BindingField::link:
        binding.link = in.u32();
        return size == 4;
    case BindingField::link_address:
        binding.link_address.assign(value.begin(), value.end());
        return size <= link_address_max;
    case BindingField::expires:
        binding.lifetime = to_time(in.u64()) - now;
        return size == 8;
    }
    return true; // of a newer daemon
}

bool read_binding(Octets octets, StoredRegistration& registration, WallTime now) {
    KernelBinding binding;
    const bool valid = for_each_field(octets, [&](std::uint8_t type, Octets value) {
        return read_binding_field(static_cast<BindingField>(type), value, binding, now);
    });
    if (valid && !binding.care_of.is_unspecified() && binding.lifetime > Duration(0)) {
        registration.node.bindings.push_back(binding);
    }
    return valid;
}

bool read_lease(Octets octets, StoredRegistration& registration, WallTime now) {
    if (octets.size() != 13 || octets[4] > wire::Ipv4Address::bit_length) {
        return false;
    }
    wire::OctetReader in(octets);
    StoredLease lease;
    lease.prefix.address = in.ipv4();
    lease.prefix.length = in.u8();
    lease.remaining = std::max(to_time(in.u64()) - now, Duration(0));
    registration.leases.push_back(lease);
    return true;
}

bool read_field(Field type, Octets value, StoredRegistration& registration, WallTime now) {
    wire::OctetReader in(value);
    const auto size = value.size();
    switch (type) {
    case Field::sequence:
        registration.sequence = in.u16();
        return size == 2;
    case Field::dialect: {
        const auto number = in.u8();
        registration.dialect = static_cast<wire::Dialect>(number);
        return size == 1 && number <= static_cast<unsigned>(wire::Dialect::Auto);
    }
    case Field::home_address4:
        registration.node.home_addresses4.push_back(in.ipv4());
        return size == 4;
    case Field::lease4:
        return read_lease(value, registration, now);
    case Field::binding:
        return read_binding(value, registration, now);
    case Field::mobile_router:
        registration.mobile_router = in.u8() != 0;
        return size == 1;
    case Field::prefix6:
        return read_prefix(value, registration.node.prefixes6);
    case Field::prefix4:
        return read_prefix(value, registration.node.prefixes4);
    case Field::remembered:
        registration.remembered = std::max(to_time(in.u64()) - now, Duration(0));
        return size == 8;
    }
    return true; // of a newer daemon
}

} // namespace

std::vector<std::uint8_t> encode(const StoredRegistration& registration, WallTime now) {
    std::vector<std::uint8_t> octets;
    if (registration.is_nothing()) {
        return octets;
    }
    octets.push_back(record_version);
    Writer writer(octets);
    writer.u16(Field::sequence, registration.sequence);
    writer.u8(Field::dialect, static_cast<unsigned>(registration.dialect));
    if (registration.mobile_router) {
        writer.u8(Field::mobile_router, *registration.mobile_router ? 1 : 0);
    }
    for (const auto& address : registration.node.home_addresses4) {
        writer.bytes(Field::home_address4, address.bytes);
    }
    for (const auto& prefix : registration.node.prefixes6) {
        writer.prefix(Field::prefix6, prefix);
    }
    for (const auto& prefix : registration.node.prefixes4) {
        writer.prefix(Field::prefix4, prefix);
    }
    for (const auto& lease : registration.leases) {
        writer.field(Field::lease4, [&](auto& out) {
            out.append(lease.prefix.address.bytes)
                .u8(lease.prefix.length)
                .u64(to_number(now + lease.remaining));
        });
    }
    if (registration.remembered > Duration(0)) {
        writer.field(Field::remembered,
                     [&](auto& out) { out.u64(to_number(now + registration.remembered)); });
    }
    for (const auto& binding : registration.node.bindings) {
        writer.field(Field::binding, [&](auto&) { write_binding(octets, binding, now); });
    }
    return octets;
}

tl::expected<StoredRegistration, std::string> decode(const wire::Ipv6Address& home_address,
                                                     Octets octets, WallTime now) {
    StoredRegistration registration;
    registration.node.home_address = home_address;
    registration.mobile_router.reset();
    if (octets.empty() || octets.front() != record_version) {
        return tl::make_unexpected(
            octets.empty() ? std::string("the record is empty")
                           : "the record has version " + std::to_string(octets.front()) +
                                 ", this daemon knows " + std::to_string(record_version));
    }
    std::string wrong;
    const bool valid = for_each_field(octets.subspan(1), [&](std::uint8_t type, Octets value) {
        if (read_field(static_cast<Field>(type), value, registration, now)) {
            return true;
        }
        wrong = "field " + std::to_string(type) + " of the record is damaged";
        return false;
    });
    if (!valid) {
        return tl::make_unexpected(wrong.empty() ? "the record is cut short" : wrong);
    }
    auto& bindings = registration.node.bindings;
    std::sort(bindings.begin(), bindings.end(),
              [](const auto& a, const auto& b) { return a.bid < b.bid; });
    const auto twice =
        std::adjacent_find(bindings.begin(), bindings.end(),
                           [](const auto& a, const auto& b) { return a.bid == b.bid; });
    if (twice != bindings.end()) {
        return tl::make_unexpected("two bindings of the record have the same BID");
    }
    return registration;
}

} // namespace dsmip::store
