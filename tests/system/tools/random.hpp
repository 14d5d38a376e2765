// SPDX-License-Identifier: GPL-2.0-or-later
// The same numbers for the same seed on every machine, for what fuzzers print as "repeat with".
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dsmip::tools {

/// Generator of pseudo-random numbers (SplitMix64).
class Random {
public:
    explicit Random(std::uint64_t seed)
        : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }
    /// 0 to `bound` - 1; 0 when there is nothing to choose.
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return high - low == UINT64_MAX ? next() : low + next() % (high - low + 1);
    }
    bool chance(unsigned percent) { return below(100) < percent; }
    /// One of `values`, which is not empty.
    template<class Values>
    auto& pick(Values& values) {
        return values[below(std::size(values))];
    }

private:
    std::uint64_t state_;
};

} // namespace dsmip::tools
