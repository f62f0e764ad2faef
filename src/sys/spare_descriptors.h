// Low numbers for what a child is to have, so that it need not copy, and its
// exec close, all the descriptors we have.
#pragma once

#include <cstddef>
#include <vector>

#include "sys/child_setup.h"
#include "sys/fd.h"

namespace sys {

// Some descriptors kept for that, open on /dev/null. Made before there are
// many; empty when there are none to be had.
class SpareDescriptors {
 public:
  SpareDescriptors();
  const std::vector<int>* numbers() const { return &numbers_; }

 private:
  std::vector<Fd> fds_;
  std::vector<int> numbers_;
};

// For one start: puts copies of what `setup` and `descriptors` (0, 1 and 2)
// name where the spare ones are; lets go of them with its end.
class InSpareDescriptors {
 public:
  InSpareDescriptors(const ChildSetup& setup, int (&descriptors)[3]);
  ~InSpareDescriptors();
  InSpareDescriptors(const InSpareDescriptors&) = delete;

  // All that is needed has a lower number; 0 when it does not fit.
  int limit() const { return limit_; }
  // The same with the new numbers.
  const ChildSetup& setup() const { return setup_; }
  // The kernel cannot hide the others (before 5.9): for good.
  static void Disable();

 private:
  bool Move(int limit, int* fd);

  static constexpr size_t kMost = 16;
  ChildSetup setup_;
  int from_[kMost] = {};
  size_t used_ = 0;
  int limit_ = 0;
};

}  // namespace sys
