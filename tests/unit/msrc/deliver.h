// What the tests of deliveries share: a folder of the test's own, and the other
// end, which has the contents and sends what is asked for.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "msrc/delivery.h"
#include "sys/file.h"
#include "unit/wire/content_testing.h"

namespace msrc_test {

namespace pb = fleetbox::wire;
using Strings = std::vector<std::string>;
using wire_test::Contents;
using wire_test::Folder;
using wire_test::Link;
using wire_test::Noise;
using wire_test::Words;

struct World {
  sys::TemporaryFolder folder = *sys::TemporaryFolder::Make("msrc-test-");
  std::string dir = folder.path();
  std::string into = dir + "/into";
  std::string cache = dir + "/cache";
  Contents sent;
  std::vector<wire::Entry> entries;
  msrc::Policy policy;
  std::string run = std::string(32, 'a');
  std::function<void()> before;
  size_t stream_bytes = 0;  // of the last delivery
  pb::Applied applied;      // likewise

  World() { REQUIRE(sys::MakeFolders(cache, 0700).ok()); }

  wire::Entry& File(const std::string& path, const std::string& content,
                    uint32_t mode = 0644) {
    sent[path] = content;
    entries.push_back(wire_test::File(path, content, wire::Cut::kByContent));
    entries.back().mode = mode;
    return entries.back();
  }
  void Add(wire::Entry entry) { entries.push_back(std::move(entry)); }
  void Clear() {
    entries.clear();
    sent.clear();
  }

  msrc::DeliveryOrder Order() const {
    auto manifest = wire::Manifest::Make(entries);
    REQUIRE(manifest.ok());
    return {.run_hex = run,
            .into = into,
            .manifest = *manifest,
            .policy = policy,
            .cache = cache,
            .homes = {dir + "/home"},
            .before = before};
  }

  // One delivery to its end.
  absl::Status Deliver() {
    const msrc::DeliveryOrder order = Order();
    msrc::DeliveryWork work(order);
    const absl::Status status = Run(work, order.manifest);
    applied = work.applied(status);
    return status;
  }
  absl::Status Run(msrc::DeliveryWork& work, const wire::Manifest& manifest) {
    TRY(work.Open());
    TRY(work.Compare());
    stream_bytes = 0;
    for (const std::string& frame :
         wire_test::Frames(manifest, work.need(), sent)) {
      stream_bytes += frame.size();
      TRY(work.Feed(frame));
    }
    CHECK(work.fed());
    return work.Finish();
  }

  std::string At(const std::string& path) const { return into + "/" + path; }
  void Put(const std::string& path, absl::string_view content,
           uint32_t mode = 0644) {
    const std::string at = At(path);
    REQUIRE(sys::MakeFolders(at.substr(0, at.rfind('/'))).ok());
    REQUIRE(sys::ReplaceFile(at, content).ok());
    REQUIRE(chmod(at.c_str(), mode) == 0);
  }
  std::string Read(const std::string& path) const {
    return sys::ReadFile(At(path)).value_or("(none)");
  }
  sys::FileInfo Info(const std::string& path) const {
    return *sys::Stat(At(path));
  }
  Strings Names(const std::string& path = "") const {
    return sys::ListFolder(At(path)).value_or(Strings{"(none)"});
  }
};

// Runs `f` in a process of its own; what waitpid says of its end.
inline int InChild(const std::function<int()>& f) {
  const pid_t pid = fork();
  REQUIRE(pid >= 0);
  if (pid == 0) _exit(f());
  int how = 0;
  REQUIRE(waitpid(pid, &how, 0) == pid);
  return how;
}

}  // namespace msrc_test
