#include "isinit/walk_tracking.h"

#include <absl/strings/str_cat.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "isinit/entry_environment.h"
#include "sys/process.h"

namespace isinit {
namespace {

constexpr int kMostPasses = 20;
constexpr int kMostYields = 50;

}  // namespace

WalkTracking::WalkTracking(sys::Loop& loop, sys::Reaper& reaper,
                           const Options& options, bool subreaper, Empty empty)
    : loop_(loop),
      reaper_(reaper),
      subreaper_(subreaper),
      socket_(options.socket),
      empty_(std::move(empty)),
      alive_(std::make_shared<bool>(true)) {
  // Children of a program that executed us are nobody's.
  if (subreaper_) LookAtChildren();
  reaper_.Around(
      [this] {
        if (subreaper_) LookAtChildren();
      },
      [this] { AfterEnds(); });
}

WalkTracking::~WalkTracking() {
  reaper_.Around(nullptr, nullptr);
  for (auto& [tag, tree] : trees_) LetGo(tree);
}

std::string WalkTracking::Describe() const {
  return subreaper_ ? "as the subreaper" : "by sessions";
}

void WalkTracking::Added(const std::string& tag, int pid) {
  // A stranger had this number, who was reaped in this very turn.
  const auto before = children_.find(pid);
  if (before != children_.end() && trees_.contains(before->second)) {
    trees_[before->second].children.erase(pid);
    loop_.Post(
        [this, other = before->second, still = std::weak_ptr<bool>(alive_)] {
          if (!still.expired()) Check(other);
        });
  }
  snapshot_taken_ = false;
  Tree& tree = trees_[tag];
  tree.main = pid;
  tree.alive = true;
  tree.by_session = tree.by_session || !subreaper_;
  tree.children.insert(pid);
  tree.sessions.insert(pid);
  children_[pid] = tag;
  sessions_[pid] = tag;
}

absl::Status WalkTracking::Adopt(const std::string& tag, int pid,
                                 uint64_t start_ticks) {
  TRY_ASSIGN(const sys::ProcessInfo info, FindFormer(tag, pid, start_ticks));
  Tree& tree = trees_[tag];
  tree.alive = true;
  tree.sessions.insert(info.session);
  sessions_[info.session] = tag;
  if (info.parent == sys::MyPid()) {
    tree.main = pid;
    tree.children.insert(pid);
    children_[pid] = tag;
    return absl::OkStatus();
  }
  tree.by_session = true;
  Hold(tag, tree);
  return absl::OkStatus();
}

// One look at all processes for all of them; those that lead a session are told
// apart by it from then on.
std::vector<std::string> WalkTracking::AdoptRest(
    const std::vector<std::string>& tags) {
  const absl::flat_hash_set<std::string> asked(tags.begin(), tags.end());
  std::vector<std::string> found;
  for (const sys::ProcessInfo& info : sys::AllProcesses()) {
    if (info.ended) continue;
    const std::string tag = TagOf(info);
    if (!asked.contains(tag)) continue;
    Tree& tree = trees_[tag];
    if (!tree.alive) found.push_back(tag);
    tree.alive = tree.by_session = true;
    tree.sessions.insert(info.session);
    sessions_[info.session] = tag;
    if (info.parent != sys::MyPid()) continue;
    tree.children.insert(info.pid);
    children_[info.pid] = tag;
  }
  for (const std::string& tag : found) Hold(tag, trees_[tag]);
  return found;
}

// Whose it is: by its session, which most of an entry's processes share with
// somebody known, or by what it was started with. A program that detaches
// itself keeps its environment, but for those that write their title over it;
// these have been seen in a known session when their parent ended.
std::string WalkTracking::TagOf(const sys::ProcessInfo& info) const {
  const auto session = sessions_.find(info.session);
  if (session != sessions_.end()) return session->second;
  const std::vector<std::string> environment = sys::EnvironmentOf(info.pid);
  if (ValueOf(environment, "ISINIT_SOCKET") != socket_) return "";
  return std::string(ValueOf(environment, "ISINIT_TAG"));
}

void WalkTracking::LookAtChildren() {
  for (int pid : sys::OwnChildren()) {
    if (children_.contains(pid) || reaper_.Expects(pid)) continue;
    const std::optional<sys::ProcessInfo> info = sys::ReadProcess(pid);
    if (!info) continue;
    std::string tag = TagOf(*info);
    // An orphan in the middle of an exec shows no environment for a moment.
    for (int i = 0; i < kMostYields && tag.empty() && !info->ended &&
                    sys::EnvironmentOf(pid).empty();
         i++) {
      sched_yield();
      tag = TagOf(*info);
    }
    const auto tree = trees_.find(tag);
    children_[pid] = tree == trees_.end() ? "" : tag;
    if (tree == trees_.end()) continue;
    tree->second.children.insert(pid);
    tree->second.sessions.insert(info->session);
    sessions_[info->session] = tag;
  }
}

// Who is reaped is no child any more, and whoever it left has come to us.
void WalkTracking::AfterEnds() {
  if (!subreaper_) return;
  LookAtChildren();
  absl::flat_hash_set<int> now;
  for (int pid : sys::OwnChildren()) now.insert(pid);
  std::vector<std::string> fewer;
  for (auto child = children_.begin(); child != children_.end();) {
    if (now.contains(child->first)) {
      ++child;
      continue;
    }
    const auto tree = trees_.find(child->second);
    if (tree != trees_.end()) {
      tree->second.children.erase(child->first);
      fewer.push_back(child->second);
    }
    children_.erase(child++);
  }
  for (const std::string& tag : fewer) Check(tag);
}

void WalkTracking::Check(const std::string& tag) {
  const auto found = trees_.find(tag);
  if (found == trees_.end()) return;
  Tree& tree = found->second;
  if (!tree.alive || !tree.children.empty()) return;
  if (tree.by_session && Hold(tag, tree)) return;
  Over(tree);
  empty_(tag);
}

// Opens all of its members that are not our children, so that we hear when one
// of them ends. False when there are none.
bool WalkTracking::Hold(const std::string& tag, Tree& tree) {
  for (const sys::ProcessInfo& member : MembersOf(tag, tree, LookAtAll())) {
    if (member.parent == sys::MyPid() || tree.held.contains(member.pid)) {
      continue;
    }
    auto process = sys::OtherProcess::Open(member.pid);
    if (!process.ok()) continue;
    const std::optional<sys::ProcessInfo> again = sys::ReadProcess(member.pid);
    if (!again || again->start_ticks != member.start_ticks) continue;
    const int pid = member.pid;
    const int pidfd = process->pidfd();
    const absl::Status watched =
        loop_.Watch(pidfd, EPOLLIN, [this, tag, pid, pidfd](uint32_t) {
          loop_.Unwatch(pidfd);
          const auto found = trees_.find(tag);
          if (found == trees_.end()) return;
          found->second.held.erase(pid);
          Check(tag);
        });
    if (watched.ok()) tree.held.emplace(pid, *std::move(process));
  }
  return !tree.held.empty();
}

void WalkTracking::LetGo(Tree& tree) {
  for (const auto& [pid, process] : tree.held) loop_.Unwatch(process.pidfd());
  tree.held.clear();
}

// As a subreaper we look at our children once for all that have ended, when all
// of them are reaped, and tell of it then.
bool WalkTracking::NothingLeft(const std::string& tag) {
  const auto found = trees_.find(tag);
  if (found == trees_.end() || !found->second.alive) return true;
  Tree& tree = found->second;
  const int main = std::exchange(tree.main, 0);
  if (subreaper_) return false;
  tree.children.erase(main);
  children_.erase(main);
  if (!tree.children.empty() || Hold(tag, tree)) return false;
  Over(tree);
  return true;
}

void WalkTracking::Over(Tree& tree) {
  tree.alive = false;
  tree.by_session = false;
  for (int session : tree.sessions) sessions_.erase(session);
  tree.sessions.clear();
}

WalkTracking::Everybody WalkTracking::LookAtAll() {
  Everybody everybody;
  everybody.all = sys::AllProcesses();
  for (size_t i = 0; i < everybody.all.size(); i++) {
    everybody.at[everybody.all[i].pid] = i;
    everybody.below[everybody.all[i].parent].push_back(i);
  }
  return everybody;
}

// Of a turn in which all entries are stopped, one look at all processes.
const WalkTracking::Everybody& WalkTracking::Snapshot() {
  if (!std::exchange(snapshot_taken_, true)) {
    if (subreaper_) LookAtChildren();
    snapshot_ = LookAtAll();
    loop_.AtEndOfTurn([this, still = std::weak_ptr<bool>(alive_)] {
      if (still.expired()) return;
      snapshot_taken_ = false;
      snapshot_ = {};
    });
  }
  return snapshot_;
}

std::vector<sys::ProcessInfo> WalkTracking::MembersOf(
    const std::string& tag, const Tree& tree,
    const Everybody& everybody) const {
  std::vector<size_t> members;
  absl::flat_hash_set<size_t> known;
  const auto add = [&](size_t i) {
    if (known.insert(i).second) members.push_back(i);
  };
  for (int child : tree.children) {
    const auto found = everybody.at.find(child);
    if (found != everybody.at.end()) add(found->second);
  }
  for (size_t i = 0; tree.by_session && i < everybody.all.size(); i++) {
    const sys::ProcessInfo& info = everybody.all[i];
    if (!children_.contains(info.pid) && TagOf(info) == tag) add(i);
  }
  std::vector<sys::ProcessInfo> alive;
  for (size_t at = 0; at < members.size(); at++) {
    const sys::ProcessInfo& member = everybody.all[members[at]];
    if (!member.ended) alive.push_back(member);
    const auto children = everybody.below.find(member.pid);
    if (children == everybody.below.end()) continue;
    for (size_t child : children->second) add(child);
  }
  return alive;
}

void WalkTracking::SignalMembers(const std::vector<sys::ProcessInfo>& members,
                                 int signal, int behind,
                                 absl::flat_hash_set<int>* told) {
  for (const sys::ProcessInfo& member : members) {
    if (!told->insert(member.pid).second) continue;
    if (reaper_.Expects(member.pid)) {
      reaper_.Signal(member.pid, signal).IgnoreError();
      if (behind != 0) reaper_.Signal(member.pid, behind).IgnoreError();
      continue;
    }
    // Opened first, then seen to be the same.
    const auto process = sys::OtherProcess::Open(member.pid);
    if (!process.ok()) continue;
    const std::optional<sys::ProcessInfo> again = sys::ReadProcess(member.pid);
    if (again && again->start_ticks == member.start_ticks) {
      process->Signal(signal).IgnoreError();
      if (behind != 0) process->Signal(behind).IgnoreError();
    }
  }
}

void WalkTracking::Signal(const std::string& tag, int signal, int behind) {
  const auto found = trees_.find(tag);
  if (found == trees_.end() || !found->second.alive) return;
  const Everybody& everybody = Snapshot();
  absl::flat_hash_set<int> told;
  SignalMembers(MembersOf(tag, found->second, everybody), signal, behind,
                &told);
}

void WalkTracking::Kill(const std::string& tag) {
  const auto found = trees_.find(tag);
  if (found == trees_.end() || !found->second.alive) return;
  absl::flat_hash_set<int> told;
  for (int pass = 0; pass < kMostPasses; pass++) {
    const size_t before = told.size();
    if (subreaper_) LookAtChildren();
    SignalMembers(MembersOf(tag, found->second, LookAtAll()), SIGKILL, 0,
                  &told);
    if (told.size() == before) return;
  }
}

std::vector<int> WalkTracking::Processes(const std::string& tag) {
  std::vector<int> pids;
  const auto found = trees_.find(tag);
  if (found == trees_.end() || !found->second.alive) return pids;
  if (subreaper_) LookAtChildren();
  for (const sys::ProcessInfo& member :
       MembersOf(tag, found->second, LookAtAll())) {
    pids.push_back(member.pid);
  }
  return pids;
}

bool WalkTracking::Owns(const std::string& tag, int pid) {
  const auto found = trees_.find(tag);
  if (found == trees_.end() || !found->second.alive) return false;
  if (found->second.children.contains(pid)) return true;
  const std::vector<int> all = Processes(tag);
  return std::find(all.begin(), all.end(), pid) != all.end();
}

void WalkTracking::Forget(const std::string& tag) {
  const auto found = trees_.find(tag);
  if (found == trees_.end()) return;
  LetGo(found->second);
  for (int session : found->second.sessions) sessions_.erase(session);
  for (int child : found->second.children) children_[child] = "";
  trees_.erase(found);
}

}  // namespace isinit
