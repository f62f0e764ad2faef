// How much may be under way on a channel, and what is sent first. Pure.
//
// Data counts as parcels do, and keeps its place among them; what is said of
// parcels here holds for both.
//
// Each end starts with base::kCreditBytes of credit. A parcel costs its length
// (but at least that of the shortest parcel, so that crumbs cost too), and may
// be sent as soon as there is any credit at all, even if it costs more: the
// balance then goes below zero, and the next parcel waits until the receiver's
// grants have brought it above zero again. So a parcel of any size passes, and
// what piles up at a receiver whose owner takes nothing is at most the credit
// and one parcel. A parcel that comes without credit is a violation, and the
// channel is closed.
//
// The receiver grants what its owner has taken, a quarter of the credit at a
// time. Everything else needs no credit:
//   kReceipt    answers a parcel: bounded by the parcels credit lets in, as no
//               more is granted while kMaxHousekeepingBytes of them wait to be
//               read by the other end
//   kCredit     one for each quarter that was taken
//   kKeepAlive  made only when nothing waits to be sent
// What comes in of these is dealt with at once and never stored.
#pragma once

#include <absl/status/status.h>
#include <absl/strings/string_view.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/limits.h"
#include "net/frame.h"

namespace net {

inline constexpr size_t kMaxHousekeepingBytes = 1 << 20;

// What waits to be sent, in the order it goes: housekeeping, then parcels as
// credit allows, then the farewell.
class Outbox {
 public:
  void AddParcel(std::string parcel);
  // One that other outboxes hold, too.
  void AddParcel(std::shared_ptr<const std::string> parcel);
  void AddData(std::string data);
  void AddHousekeeping(FrameType type, absl::string_view content);
  // InvalidArgument when no honest receiver grants so much.
  absl::Status Grant(uint32_t bytes);
  // A kClose goes out after all that is here; nothing is added from now on but
  // housekeeping.
  void Finish(absl::string_view reason);
  // No more credit will come: parcels it does not cover are given up.
  void Curtail() { curtailed_ = true; }
  // Appends frames to `out` until it holds `budget` bytes or nothing may go. A
  // large parcel goes in pieces.
  void Fill(size_t budget, std::string& out);
  bool finished() const { return finished_; }  // the kClose has gone out
  size_t bytes() const { return parcel_bytes_ + housekeeping_.size(); }
  size_t housekeeping_bytes() const { return housekeeping_.size(); }

 private:
  struct Item {
    FrameType type;
    std::string own;
    std::shared_ptr<const std::string> shared;  // in the place of `own`
    const std::string& bytes() const { return shared ? *shared : own; }
  };
  void Add(Item item);
  void GiveUpParcels();

  std::string housekeeping_;  // encoded frames
  std::deque<Item> parcels_;
  size_t parcel_bytes_ = 0;  // of parcels_, less begun_
  bool under_way_ = false;   // the first parcel's header has gone
  size_t begun_ = 0;         // bytes of it that have gone
  int64_t credit_ = static_cast<int64_t>(base::kCreditBytes);
  bool finishing_ = false, curtailed_ = false, finished_ = false;
  std::string reason_;
};

// The receiver's side of the account.
class Intake {
 public:
  // A parcel has come. ResourceExhausted: without credit.
  absl::Status Arrived(size_t bytes);
  // The owner has taken it.
  void Taken(size_t bytes);
  // Credit to be granted now, 0 for none; counts it as granted.
  uint32_t Grant();

 private:
  int64_t balance_ = static_cast<int64_t>(base::kCreditBytes);
  int64_t taken_ = 0;  // and not granted
};

}  // namespace net
