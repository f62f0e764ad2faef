// Real processes for the tests of what isinit does: a loop that reaps, a
// folder, and waiting that is bounded. Whatever a test starts ends with it.
#pragma once

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "isinit/entry_process.h"
#include "isinit/table.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/process_list.h"
#include "sys/reaper.h"

namespace isinit {

struct Processes {
  Processes() : folder(*sys::TemporaryFolder::Make("isinit-test-")) {}
  ~Processes() {
    for (int pid : started) {
      reaper.SignalGroup(pid, SIGKILL).IgnoreError();
    }
    Until([&] { return sys::OwnChildren().empty(); });
  }

  // Turns the loop until it is so; false after five seconds.
  bool Until(const std::function<bool()>& is_so) {
    const absl::Time deadline = sys::SteadyNow() + absl::Seconds(5);
    while (!is_so()) {
      if (sys::SteadyNow() > deadline) return false;
      loop.Turn(absl::Milliseconds(5));
    }
    return true;
  }
  // Turns it for a while in which nothing is expected to happen.
  void For(absl::Duration span) {
    const absl::Time end = sys::SteadyNow() + span;
    while (sys::SteadyNow() < end) loop.Turn(end - sys::SteadyNow());
  }

  std::string Path(absl::string_view name) const {
    return absl::StrCat(folder.path(), "/", name);
  }
  std::string Content(const std::string& name) const {
    return sys::ReadFile(Path(name)).value_or("");
  }

  // The end of a child, once it has come.
  struct Watched {
    bool ended = false;
    sys::Ended how;
  };
  std::shared_ptr<Watched> Watch(int pid) {
    started.push_back(pid);
    auto watched = std::make_shared<Watched>();
    reaper.Expect(pid, [watched](const sys::Ended& ended) {
      watched->ended = true;
      watched->how = ended;
    });
    return watched;
  }

  sys::TemporaryFolder folder;
  sys::Loop loop;
  sys::Reaper reaper{loop};
  std::vector<int> started;
};

inline std::shared_ptr<Entry> MakeEntry(std::string tag, std::string command) {
  auto entry = std::make_shared<Entry>();
  entry->group = "g";
  entry->tag = std::move(tag);
  entry->mode = Mode::kRespawn;
  entry->levels.text = "1";
  entry->command = std::move(command);
  return entry;
}

// Gone, or a zombie that somebody else has not asked for.
inline bool IsGone(int pid) {
  const auto info = sys::ReadProcess(pid);
  return !info || info->ended;
}

}  // namespace isinit
