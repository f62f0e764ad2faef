// What makes a child a service: done by the child itself between its clone and
// its exec, for Child::Spawn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sys {

struct ChildSetup {
  // Open in the child as `as`, which is 3 or more; each `as` occurs once.
  struct Given {
    int fd = -1, as = -1;
  };
  std::vector<Given> descriptors = {};
  // RLIMIT_...; a child may lower what it has, root raise it, too.
  struct Limit {
    int resource = 0;
    uint64_t soft = 0, hard = 0;
  };
  std::vector<Limit> limits = {};
  std::optional<uint32_t> umask = 022;    // none: ours
  std::optional<int> out_of_memory = {};  // its oom_score_adj
  bool no_new_privileges = false;
  // Bit N is capability N (capabilities(7)): all it may ever have, and, even
  // as another user, has from the start.
  std::optional<uint64_t> capabilities = {};
  // Its controlling terminal, and its descriptors 0, 1 and 2. Needs a session
  // of its own.
  std::string terminal = {};
  // In its environment: gets its pid in digits. Room for 12 bytes.
  char* pid_digits = nullptr;
  // The folder of a cgroup (version 2) that it starts in; -1 stays in ours.
  int cgroup = -1;
  // Descriptors of ours with low numbers, close-on-exec, the first of them open
  // on /dev/null: the others may be used while it is started, and are the same
  // afterwards. With them a start costs the same however many descriptors we
  // have open; without, each of these costs 0.1 us.
  const std::vector<int>* spare = nullptr;
};

// The steps, in their order. They run in the child while it shares our memory:
// see child.cc. False with errno and `*failed` set when one of them fails.
struct ChildSteps {
  static bool EnterCgroup(const ChildSetup& setup, const char** failed);
  // Behind setsid, before the descriptors 0, 1 and 2: `terminal` becomes the
  // open terminal, if there is one.
  static bool Begin(const ChildSetup& setup, const char** failed,
                    int* terminal);
  // Once all descriptors but 0, 1 and 2 are close-on-exec.
  static bool PlaceDescriptors(const ChildSetup& setup, const char** failed);
  static bool BeforeUser(const ChildSetup& setup, const char** failed);
  static bool AfterUser(const ChildSetup& setup, const char** failed);
};

}  // namespace sys
