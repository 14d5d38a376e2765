// SPDX-License-Identifier: GPL-2.0-or-later
// Which generation of the specifications a peer speaks.
#pragma once

#include <cstdint>

namespace dsmip::wire {

/// Bits of the Binding Update, Binding Acknowledgement and Binding Identifier option moved between
/// the drafts (draft-ietf-mext-nemo-v4traversal-00, draft-ietf-monami6-multiplecoa-05) and RFC
/// 5555, 5648, 5845. Encoding with Auto writes the RFC form; decoding with Auto accepts what can be
/// told apart.
enum class Dialect : std::uint8_t { Rfc, Draft, Auto };

} // namespace dsmip::wire
