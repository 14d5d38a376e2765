// SPDX-License-Identifier: GPL-2.0-or-later
// The first answer that has to come back.
#include "mobility/home_agent_challenge.hpp"

#include <bit>
#include <chrono>

namespace dsmip::mobility {
namespace {

constexpr std::size_t shortest_update = 16; // octets, as long as the answer
constexpr std::uint8_t binding_update = 5;
constexpr std::uint8_t acknowledge_flag = 0x80;
constexpr std::uint16_t leeway = 8;
constexpr std::uint16_t updates_in_vain = 32;
// Numbers from half the range on are out of window whatever the other half is.
constexpr std::uint16_t mask = 0x7fff;
// Per second: together more than the floods that are to be outlived.
constexpr unsigned answers_of_all = 20'000;
constexpr unsigned answers_of_node = 10;
constexpr Duration slot_length = std::chrono::seconds(5);

std::int64_t slot_of(TimePoint now) {
    return now.time_since_epoch() / slot_length;
}

// SipHash-2-4 of whole words (Aumasson and Bernstein, 2012).
class SipHash {
public:
    explicit SipHash(const std::array<std::uint64_t, 2>& key)
        : v0_(key[0] ^ 0x736f6d6570736575ULL)
        , v1_(key[1] ^ 0x646f72616e646f6dULL)
        , v2_(key[0] ^ 0x6c7967656e657261ULL)
        , v3_(key[1] ^ 0x7465646279746573ULL) {}

    void add(std::uint64_t word) {
        v3_ ^= word;
        round();
        round();
        v0_ ^= word;
        octets_ += sizeof(word);
    }
    void add(const wire::Ipv6Address& address) {
        for (std::size_t half = 0; half < address.bytes.size(); half += 8) {
            std::uint64_t word = 0;
            for (std::size_t index = half; index < half + 8; ++index) {
                word = (word << 8U) | address.bytes.at(index);
            }
            add(word);
        }
    }
    std::uint64_t finish() {
        add(octets_ << 56U);
        v2_ ^= 0xffU;
        for (int rounds = 0; rounds < 4; ++rounds) {
            round();
        }
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

private:
    void round() {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_;
    std::uint64_t v1_;
    std::uint64_t v2_;
    std::uint64_t v3_;
    std::uint64_t octets_ = 0;
};

} // namespace

std::optional<std::uint16_t> update_sequence(std::span<const std::uint8_t> octets) {
    if (octets.size() < shortest_update || octets[2] != binding_update ||
        (octets[8] & acknowledge_flag) == 0) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(octets[6] << 8U | octets[7]);
}

bool follows_closely(std::uint16_t last, std::uint16_t next) {
    return static_cast<std::uint16_t>(next - last - 1) < updates_in_vain;
}

Challenge::Challenge(std::uint64_t secret)
    : key_{wire::mixed(secret), wire::mixed(~secret)} {}

std::uint64_t Challenge::hash(std::int64_t slot, const ReceivedMessage& message) const {
    SipHash hash(key_);
    hash.add(message.wire_source.value_or(message.source));
    hash.add(message.source);
    hash.add(message.destination);
    hash.add(static_cast<std::uint64_t>(slot));
    return hash.finish();
}

// Each has two counters and is refused when both are used up, as in RateLimiter.
bool Challenge::take(TimePoint now, const ReceivedMessage& message) {
    const auto hashed = hash(-1, message);
    const bool first = answer_.at(hashed % slots).take(now, answers_of_node);
    const bool second = answer_.at(slots + (hashed >> 32U) % slots).take(now, answers_of_node);
    return (first || second) && answers_.take(now, answers_of_all);
}

std::uint16_t Challenge::number(TimePoint now, const ReceivedMessage& message,
                                std::uint16_t sequence) const {
    const auto ahead = (hash(slot_of(now), message) - sequence) & mask;
    return static_cast<std::uint16_t>(sequence + ahead);
}

bool Challenge::met(TimePoint now, const ReceivedMessage& message, std::uint16_t sequence) const {
    const auto goes_on = [&](std::int64_t slot) {
        return ((sequence - hash(slot, message) - 1) & mask) < leeway;
    };
    const auto slot = slot_of(now);
    return goes_on(slot) || goes_on(slot - 1);
}

} // namespace dsmip::mobility
