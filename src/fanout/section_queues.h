// Where a run's sections get their turn: a manager of our own, or the one
// around us.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>

#include "fanout/collator.h"
#include "fanout/collator_client.h"
#include "fanout/outputs.h"
#include "sys/loop.h"

namespace fanout {

// `collator` is borrowed.
class OwnSections : public SectionQueue {
 public:
  explicit OwnSections(Collator& collator) : collator_(collator) {}
  int64_t Open(const std::string& name, int64_t place,
               std::function<void(int64_t)> opened,
               std::function<void(Grant)> granted) override;
  void Skip(int64_t place) override { collator_.Skip(place); }
  void Report(int64_t section, Ready ready) override {
    collator_.Report(section, ready);
  }
  void Close(int64_t section, int status) override {
    collator_.Close(section, status);
  }

 private:
  Collator& collator_;
};

// Each section is a client of the manager at `path`.
class OuterSections : public SectionQueue {
 public:
  // `lost`: the manager is gone, or refuses us; our output cannot be delivered.
  OuterSections(sys::Loop& loop, std::string path, SectionStyle style,
                std::function<void(const absl::Status&)> lost)
      : loop_(loop),
        path_(std::move(path)),
        style_(std::move(style)),
        lost_(std::move(lost)) {}
  int64_t Open(const std::string& name, int64_t place,
               std::function<void(int64_t)> opened,
               std::function<void(Grant)> granted) override;
  void Skip(int64_t) override {}
  void Report(int64_t section, Ready ready) override;
  void Close(int64_t section, int status) override;
  // How sections are to look, by the manager's word: known once one was
  // granted.
  const SectionStyle& style() const { return style_; }

 private:
  struct Section {
    std::unique_ptr<CollatorClient> client;
    std::function<void(Grant)> granted;
    sys::Fd stream;
  };
  sys::Loop& loop_;
  std::string path_;
  SectionStyle style_;
  std::function<void(const absl::Status&)> lost_;
  absl::flat_hash_map<int64_t, std::unique_ptr<Section>> sections_;
  int64_t next_ = 0;
};

}  // namespace fanout
