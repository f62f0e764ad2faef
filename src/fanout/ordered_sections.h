// Sections of a manager around us, in an order of our own: one at a time goes
// on to that manager, when it is its turn here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "fanout/collate.h"
#include "fanout/outputs.h"

namespace fanout {

class OrderedSections : public SectionQueue {
 public:
  // `outer` is borrowed.
  OrderedSections(CollateOrder order, SectionQueue& outer)
      : collate_(order), outer_(outer) {}
  // Known to the manager at once, so that what runs inside it knows where it
  // is; but what it reports is passed on only in its turn.
  int64_t Open(const std::string& name, int64_t place,
               std::function<void(int64_t)> opened,
               std::function<void(Grant)> granted) override;
  void Skip(int64_t place) override;
  void Report(int64_t section, Ready ready) override;
  void Close(int64_t section, int status) override;

 private:
  struct Section {
    int64_t outer = 0;
    Ready ready = Ready::kNot;
    bool turn = false;
  };
  void Look();

  Collate collate_;
  SectionQueue& outer_;
  std::map<int64_t, Section> sections_;
};

}  // namespace fanout
