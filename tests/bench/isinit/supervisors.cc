#include "bench/isinit/supervisors.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_split.h>
#include <unistd.h>

#include "base/status.h"
#include "bench/environment.h"
#include "sys/file.h"
#include "sys/process.h"

namespace bench {
namespace {

std::string Tag(int i) { return absl::StrFormat("s%04d", i); }

// Of the form that runit and s6 share. The service itself is what they run, not
// a script that executes it: they have no faster way.
absl::StatusOr<std::string> ServiceFolders(const Surroundings& s) {
  const std::string all = s.folder + "/services";
  for (int i = 0; i < s.services; i++) {
    const std::string folder = absl::StrCat(all, "/", Tag(i));
    TRY(sys::MakeFolders(folder));
    TRY(sys::LinkFile(s.program, folder + "/run"));
  }
  return all;
}

absl::StatusOr<Commands> PrepareIsinit(const Surroundings& s) {
  const std::string table = s.folder + "/isinittab", run = s.folder + "/run";
  std::string lines;
  for (int i = 0; i < s.services; i++) {
    absl::StrAppend(&lines, "g:", Tag(i), ":1:respawn:", s.program, " ", i,
                    "\n");
  }
  TRY(sys::ReplaceFile(table, lines));
  const std::string isinit = s.folder + "/isinit";
  if (symlink(Variable("BIN", "").c_str(), isinit.c_str()) != 0) {
    return absl::ErrnoToStatus(errno, isinit);
  }
  const auto words = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {isinit, "-n", "-c", table, "-r", run};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  return Commands{.supervise = words({"-d", "--ready-fd", "1"}),
                  .begin = words({"tell", "g", "1"}),
                  .end = words({"-k"})};
}

absl::StatusOr<Commands> PrepareFloor(const Surroundings& s) {
  return Commands{
      .supervise = {Scratch() + "/floor", absl::StrCat(s.services), s.program}};
}

// Of version 2.
absl::StatusOr<std::string> CgroupTree() {
  TRY_ASSIGN(const std::string mounts, sys::ReadFile("/proc/mounts"));
  for (absl::string_view line : absl::StrSplit(mounts, '\n')) {
    const std::vector<std::string> fields = absl::StrSplit(line, ' ');
    if (fields.size() > 2 && fields[2] == "cgroup2") return fields[1];
  }
  return absl::NotFoundError("no cgroup tree of version 2 is mounted");
}

absl::StatusOr<Commands> PrepareOwnCgroups(const Surroundings& s) {
  TRY_ASSIGN(const std::string tree, CgroupTree());
  TRY_ASSIGN(Commands commands, PrepareFloor(s));
  commands.supervise.push_back(
      absl::StrCat(tree, "/bench-floor-", sys::MyPid()));
  return commands;
}

absl::StatusOr<Commands> PrepareRunit(const Surroundings& s) {
  TRY_ASSIGN(const std::string services, ServiceFolders(s));
  return Commands{.supervise = {"/usr/bin/runsvdir", services},
                  .end_signal = SIGHUP};
}

absl::StatusOr<Commands> PrepareS6(const Surroundings& s) {
  TRY_ASSIGN(const std::string services, ServiceFolders(s));
  return Commands{.supervise = {"/usr/bin/s6-svscan", "-c",
                                absl::StrCat(2 * s.services), services}};
}

absl::StatusOr<Commands> PrepareSupervisord(const Surroundings& s) {
  std::string text = absl::StrCat(
      "[supervisord]\nnodaemon=true\nminfds=8192\nlogfile=", s.folder,
      "/log\npidfile=", s.folder, "/pid\n");
  for (int i = 0; i < s.services; i++) {
    absl::StrAppend(&text, "[program:", Tag(i), "]\ncommand=", s.program, " ",
                    i,
                    "\nautorestart=true\nstdout_logfile=NONE\n"
                    "stderr_logfile=NONE\n");
  }
  const std::string path = s.folder + "/supervisord.conf";
  TRY(sys::ReplaceFile(path, text));
  return Commands{.supervise = {"/usr/bin/supervisord", "-c", path}};
}

// It must be process 1, and reads only /etc/inittab. It halts what it thinks is
// the machine with pauses of seconds: so it is killed, and the rest with it.
absl::StatusOr<Commands> PrepareBusybox(const Surroundings& s) {
  std::string lines;
  for (int i = 0; i < s.services; i++) {
    absl::StrAppend(&lines, "::respawn:", s.program, " ", i, "\n");
  }
  const std::string path = s.folder + "/inittab";
  TRY(sys::ReplaceFile(path, lines));
  return Commands{
      .supervise = {"/usr/bin/unshare", "--pid", "--mount", "--fork",
                    "--mount-proc", "--kill-child", "/bin/sh", "-c",
                    absl::StrCat("mount -t tmpfs none /etc && cat ", path,
                                 " >/etc/inittab && exec /bin/busybox init")},
      .end_signal = SIGKILL,
      .in_namespace = true};
}

}  // namespace

Supervisor Isinit() {
  return {.name = "", .word = "isinit", .needs = {}, .prepare = PrepareIsinit};
}

Supervisor Floor() {
  return {.name = "limit: vfork, exec and wait",
          .word = "floor",
          .needs = {},
          .prepare = PrepareFloor};
}

Supervisor CgroupFloor() {
  return {.name = "the same, each in a cgroup of its own, as isinit's are",
          .word = "cgroup-floor",
          .needs = {},
          .is_peer = false,
          .prepare = PrepareOwnCgroups};
}

Supervisor Runit() {
  return {.name = "runit",
          .word = "runit",
          .needs = {"/usr/bin/runsvdir"},
          .prepare = PrepareRunit};
}

Supervisor S6() {
  return {.name = "s6",
          .word = "s6",
          .needs = {"/usr/bin/s6-svscan"},
          .immediate = false,
          .prepare = PrepareS6};
}

Supervisor Supervisord() {
  return {.name = "supervisord",
          .word = "supervisor",
          .needs = {"/usr/bin/supervisord"},
          .immediate = false,
          .prepare = PrepareSupervisord};
}

Supervisor BusyboxInit() {
  return {.name = "busybox init",
          .word = "busybox",
          .needs = {"/bin/busybox", "/usr/bin/unshare"},
          .immediate = false,
          .prepare = PrepareBusybox};
}

}  // namespace bench
