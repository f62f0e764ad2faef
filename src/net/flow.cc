#include "net/flow.h"

#include <absl/status/status.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "wire/parcel.h"

namespace net {
namespace {

constexpr int64_t kQuarter = base::kCreditBytes / 4;
// Several times the largest parcel: an honest balance never gets there.
constexpr int64_t kMaxCredit = int64_t{1} << 30;

int64_t CostOf(size_t bytes) {
  return static_cast<int64_t>(
      std::max(bytes, wire::kParcelHeaderBytes + wire::kSignatureBytes));
}

}  // namespace

void Outbox::Add(Item item) {
  MUST(!finishing_);
  parcel_bytes_ += item.bytes().size();
  parcels_.push_back(std::move(item));
}

void Outbox::AddParcel(std::string parcel) {
  Add({FrameType::kParcel, std::move(parcel), nullptr});
}

void Outbox::AddParcel(std::shared_ptr<const std::string> parcel) {
  Add({FrameType::kParcel, "", std::move(parcel)});
}

void Outbox::AddData(std::string data) {
  Add({FrameType::kData, std::move(data), nullptr});
}

void Outbox::AddHousekeeping(FrameType type, absl::string_view content) {
  if (!finished_) AppendFrame(type, content, housekeeping_);
}

absl::Status Outbox::Grant(uint32_t bytes) {
  if (credit_ + bytes > kMaxCredit) {
    return absl::InvalidArgumentError(
        absl::StrCat("a grant of ", bytes, " bytes, which nobody needs"));
  }
  credit_ += bytes;
  return absl::OkStatus();
}

void Outbox::Finish(absl::string_view reason) {
  finishing_ = true;
  reason_ = std::string(reason.substr(0, 1024));
}

void Outbox::GiveUpParcels() {
  parcels_.clear();
  parcel_bytes_ = 0;
}

void Outbox::Fill(size_t budget, std::string& out) {
  while (out.size() < budget && !finished_) {
    if (under_way_) {
      const std::string& parcel = parcels_.front().bytes();
      const size_t piece =
          std::min(parcel.size() - begun_, budget - out.size());
      out.append(parcel, begun_, piece);
      begun_ += piece;
      parcel_bytes_ -= piece;
      if (begun_ < parcel.size()) continue;
      parcels_.pop_front();
      under_way_ = false;
      begun_ = 0;
    } else if (!housekeeping_.empty()) {
      out += housekeeping_;
      housekeeping_.clear();
    } else if (!parcels_.empty() && credit_ > 0) {
      const Item& next = parcels_.front();
      credit_ -= CostOf(next.bytes().size());
      AppendFrameHeader(next.type, next.bytes().size(), out);
      under_way_ = true;
      // The header may have used up the budget.
      if (out.size() >= budget) return;
    } else if (finishing_ && (parcels_.empty() || curtailed_)) {
      GiveUpParcels();
      AppendFrame(FrameType::kClose, reason_, out);
      finished_ = true;
    } else {
      return;
    }
  }
}

absl::Status Intake::Arrived(size_t bytes) {
  if (balance_ <= 0) {
    return absl::ResourceExhaustedError("a parcel came without credit");
  }
  balance_ -= CostOf(bytes);
  return absl::OkStatus();
}

void Intake::Taken(size_t bytes) { taken_ += CostOf(bytes); }

uint32_t Intake::Grant() {
  if (taken_ < kQuarter) return 0;
  const int64_t grant = std::exchange(taken_, 0);
  balance_ += grant;
  return static_cast<uint32_t>(grant);
}

}  // namespace net
