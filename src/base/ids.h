// Identifiers as types of their own, so that a task number cannot be passed
// for a job number.
#pragma once

#include <absl/strings/string_view.h>

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace base {

template <typename Tag, typename Number>
struct Id {
  Number value{};
  friend auto operator<=>(const Id&, const Id&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const Id& id) {
    return H::combine(std::move(h), id.value);
  }
};

// Jobs are numbered 1, 2, 3, ... per queue and never reused; 0 is no job.
using JobId = Id<struct JobTag, uint64_t>;
// Position of a task in its job, from 0.
using TaskIndex = Id<struct TaskTag, uint32_t>;

// 128 random bits: of a parcel (the idempotency key everywhere) or an attempt.
template <typename Tag>
struct RandomId {
  std::array<uint8_t, 16> bytes{};
  // The first 16 bytes of `s`, which must hold exactly that many.
  static RandomId From(absl::string_view s) {
    RandomId id;
    memcpy(id.bytes.data(), s.data(), s.size() < 16 ? s.size() : 16);
    return id;
  }
  absl::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  bool empty() const { return *this == RandomId(); }
  friend auto operator<=>(const RandomId&, const RandomId&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const RandomId& id) {
    return H::combine(std::move(h), id.bytes);
  }
};
using ParcelId = RandomId<struct ParcelTag>;
using AttemptId = RandomId<struct AttemptTag>;

}  // namespace base
