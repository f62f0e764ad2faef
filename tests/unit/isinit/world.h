// A host in simulated time, with a Supervision and the processes it starts.
// What is carried out, and what is told of it, is as supervisor.cc does it.
#pragma once

#include <absl/container/btree_map.h>
#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isinit/supervision.h"

namespace isinit {

// What comes of one start.
struct Program {
  bool starts = true;
  absl::Duration lasts = absl::InfiniteDuration();
  End end = {};
  bool deaf = false;                            // to all but KILL
  absl::Duration dying = absl::ZeroDuration();  // after a stop signal
  End stopped = {0, 15};
  // Something of it lives on for so long when the main process has ended.
  std::optional<absl::Duration> leaves = {};
  bool leaves_deaf = false;
  std::optional<absl::Duration> ready = {};  // is told after so long
  int survives_kills = 0;                    // it is in the kernel
};

// An entry of a table in a test.
Entry Line(const std::string& group, const std::string& tag,
           const std::string& levels, Mode mode);
std::shared_ptr<Table> TableOf(std::vector<Entry> entries);

class World {
 public:
  explicit World(uint64_t seed = 1);

  // Of each start; the default lives until it is stopped.
  std::function<Program(const Entry&)> program;
  absl::flat_hash_map<std::string, Program> programs;  // goes before that
  // What the server does wrong with an effect or an event: it does not carry
  // it out, or tells it not. For simulations.
  std::function<bool(const Effect&)> loses_effect;
  std::function<bool(const Event&)> loses_event;

  // Tells it, and all that comes of it at this moment.
  void On(Event event);
  void Tell(const std::string& group, const std::string& level,
            uint64_t client = 0, bool again = false);
  void Load(std::vector<Entry> entries);
  void Operate(Operate::Verb verb, const std::string& tag, uint64_t client = 0);
  // Time goes by.
  void Pass(absl::Duration span);
  // To the next thing that happens; false when nothing ever will.
  bool Next(absl::Time until);

  // One thing at a time, for simulations.
  void Tell1(const Event& event);  // leaves what comes of it in `news`
  bool Deliver();                  // the first of `news`
  void Drain();

  // What of a tag lives.
  int Alive(const std::string& tag) const;
  bool MainAlive(const std::string& tag) const;
  int alive() const { return static_cast<int>(processes_.size()); }
  // The main process ends by itself; or by somebody's KILL.
  void End(const std::string& tag, isinit::End end);
  void Crash();  // of the server: a new one that knows nothing
  // What lives of a tag is told to it, as it was in that level.
  void Adopt(const std::string& tag, const std::string& level,
             bool by_hand = false);
  std::vector<std::string> LivingTags() const;
  bool Asked(const std::string& tag) const;  // and that was not answered yet

  Supervision& s() { return *s_; }
  const Supervision& s() const { return *s_; }
  absl::Time now() const { return now_; }
  void SetNow(absl::Time now) { now_ = std::max(now_, now); }
  double at() const { return absl::ToDoubleSeconds(now_ - began_); }
  EntryView View(const std::string& tag) const;
  GroupView Group(const std::string& name) const;
  EntryState State(const std::string& tag) const { return View(tag).state; }
  int Starts(const std::string& tag) const;
  int Pid(const std::string& tag) const;
  // "start a", "stop a" for what its stop signal is sent, "kill a"; in order.
  std::vector<std::string> history;
  // Of a client: the last word, if it has come.
  std::optional<Answer> LastWord(uint64_t client) const;
  std::string Progress(uint64_t client) const;
  std::optional<Leave> left() const { return left_; }
  int Notes(const std::string& event) const;
  std::vector<std::string> forgotten;
  // For those who watch: each effect before it is carried out.
  std::function<void(const Effect&)> watch;
  std::function<void(const Event&)> watch_event;

 private:
  struct Process {
    std::string tag;
    Run run = 0;  // of a main process
    int pid = 0;
    absl::Time ends = absl::InfiniteFuture();
    absl::Time ready = absl::InfiniteFuture();
    isinit::End end = {};
    Program program = {};
    int stop_signal = 15;
  };

  void Carry(const std::vector<Effect>& effects);
  void Carry(const StartEntry& e);
  void Stop(const std::string& tag, bool kill, int signal);
  void Schedule(uint64_t id);
  void Happen(uint64_t id);
  void Die(uint64_t id);

  std::unique_ptr<Supervision> s_;
  uint64_t seed_;
  absl::Time began_, now_;
  int last_pid_ = 100;
  uint64_t last_id_ = 0;
  absl::btree_map<uint64_t, Process> processes_;
  absl::flat_hash_map<std::string, std::vector<uint64_t>> trees_;
  absl::btree_map<std::pair<absl::Time, uint64_t>, bool> schedule_;
  std::deque<Event> news_;
  absl::flat_hash_map<std::string, int> starts_;
  absl::btree_map<uint64_t, std::vector<Answer>> answers_;
  absl::flat_hash_map<std::string, int> notes_;
  std::optional<Leave> left_;

 public:
  const std::deque<Event>& news() const { return news_; }
};

}  // namespace isinit
