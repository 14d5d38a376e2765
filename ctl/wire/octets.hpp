// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to wire: big-endian fields in and out of octets.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wire/address.hpp"

namespace dsmip::wire {

using Octets = std::span<const std::uint8_t>;

/// Reads fields one after the other. The caller has checked with `remaining` that they are there;
/// what is not there reads as zero, never beyond the end.
class OctetReader {
public:
    explicit OctetReader(Octets octets)
        : octets_(octets) {}

    [[nodiscard]] std::size_t remaining() const { return octets_.size() - position_; }

    std::uint8_t u8() {
        return position_ < octets_.size() ? octets_[position_++] : std::uint8_t{0};
    }
    std::uint16_t u16() { return static_cast<std::uint16_t>(unsigned_field<2>()); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(unsigned_field<4>()); }
    std::uint64_t u64() { return unsigned_field<8>(); }

    template<std::size_t Size>
    std::array<std::uint8_t, Size> array() {
        std::array<std::uint8_t, Size> result{};
        std::generate(result.begin(), result.end(), [this] { return u8(); });
        return result;
    }
    Ipv4Address ipv4() { return {array<4>()}; }
    Ipv6Address ipv6() { return {array<16>()}; }

    std::vector<std::uint8_t> rest() {
        const auto tail = octets_.subspan(position_);
        position_ = octets_.size();
        return {tail.begin(), tail.end()};
    }

private:
    template<std::size_t Size>
    std::uint64_t unsigned_field() {
        std::uint64_t value = 0;
        for (const auto octet : array<Size>()) {
            value = (value << 8U) | octet;
        }
        return value;
    }

    Octets octets_;
    std::size_t position_ = 0;
};

/// Appends fields to octets.
class OctetWriter {
public:
    explicit OctetWriter(std::vector<std::uint8_t>& octets)
        : octets_(octets) {}

    [[nodiscard]] std::size_t size() const { return octets_.size(); }

    OctetWriter& u8(unsigned value) {
        octets_.push_back(static_cast<std::uint8_t>(value));
        return *this;
    }
    OctetWriter& u16(unsigned value) { return u8(value >> 8U).u8(value & 0xFFU); }
    OctetWriter& u32(std::uint32_t value) { return u16(value >> 16U).u16(value & 0xFFFFU); }
    OctetWriter& u64(std::uint64_t value) {
        return u32(static_cast<std::uint32_t>(value >> 32U)).u32(static_cast<std::uint32_t>(value));
    }
    OctetWriter& append(Octets octets) {
        octets_.insert(octets_.end(), octets.begin(), octets.end());
        return *this;
    }

private:
    std::vector<std::uint8_t>& octets_;
};

/// Bit-field helper: `mask` if the condition holds, else 0.
constexpr unsigned bit_if(bool condition, unsigned mask) {
    return condition ? mask : 0U;
}

} // namespace dsmip::wire
