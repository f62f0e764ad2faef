#include "sys/spare_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>

namespace sys {
namespace {

constexpr size_t kSpare = 12;
constinit std::atomic<bool> disabled = false;

}  // namespace

SpareDescriptors::SpareDescriptors() {
  while (fds_.size() < kSpare) {
    Fd fd(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!fd) break;
    numbers_.push_back(fd.get());
    fds_.push_back(std::move(fd));
  }
}

void InSpareDescriptors::Disable() { disabled.store(true); }

InSpareDescriptors::InSpareDescriptors(const ChildSetup& setup,
                                       int (&descriptors)[3]) {
  if (disabled.load() || setup.spare->size() < 2) return;
  setup_ = setup;
  // Only as far as needed: each that the child has a copy of is to be closed by
  // its exec.
  const int limit = setup.spare->front() + 1;
  int moved[3];
  for (int i = 0; i < 3; i++) {
    // The first is open on what a child has for want of another.
    moved[i] = descriptors[i] < 0 ? setup.spare->front() : descriptors[i];
    if (!Move(limit, &moved[i])) return;
  }
  for (ChildSetup::Given& given : setup_.descriptors) {
    if (!Move(limit, &given.fd)) return;
  }
  // For the way there that needs the folder (sys/clone.h).
  if (!Move(limit, &setup_.cgroup)) return;
  std::copy(moved, moved + 3, descriptors);
  const auto first = setup.spare->begin();
  limit_ = *std::max_element(first, first + static_cast<int>(used_) + 1) + 1;
}

// What is copied may be the end of a pipe, whose reader waits for ours to go.
InSpareDescriptors::~InSpareDescriptors() {
  for (size_t i = 1; i <= used_; i++) {
    dup3(setup_.spare->front(), (*setup_.spare)[i], O_CLOEXEC);
  }
}

bool InSpareDescriptors::Move(int limit, int* fd) {
  if (*fd < limit) return true;
  const std::vector<int>& spare = *setup_.spare;
  const int* const found = std::find(from_, from_ + used_, *fd);
  size_t at = static_cast<size_t>(found - from_) + 1;
  if (found == from_ + used_) {
    if (used_ == kMost || at >= spare.size() ||
        dup3(*fd, spare[at], O_CLOEXEC) < 0) {
      return false;
    }
    from_[used_++] = *fd;
  }
  *fd = spare[at];
  return true;
}

}  // namespace sys
