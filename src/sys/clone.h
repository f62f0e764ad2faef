// A child that borrows our memory until it executes something, while our thread
// stands still: what costs the same however big we are.
#pragma once

namespace sys {

// The child calls `f` with `argument` on a stack of its own, and never comes
// back from it. With `share_descriptors` it has our descriptors themselves, not
// a copy. With a `cgroup` (the folder of one of version 2) it starts in there
// where the kernel knows how (5.7), which costs a tenth of going there
// afterwards: `*in_cgroup`, which the child may read, says whether. Returns its
// pid and sets `*pidfd`, unless that is null; -1 with errno.
int Clone(int (*f)(void*), void* argument, bool share_descriptors, int cgroup,
          bool* in_cgroup, int* pidfd);

}  // namespace sys
