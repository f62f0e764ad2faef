// The inside of the server; server.h is its outside. Its parts stand in
// server.cc (its life), server_end.cc (signals, and how it ends),
// server_effects.cc (what supervision decided),
// server_requests.cc (what clients ask) and server_record.cc (what a later life
// needs).
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "isinit/control.h"
#include "isinit/entry_process.h"
#include "isinit/health.h"
#include "isinit/listen_sockets.h"
#include "isinit/log_writer.h"
#include "isinit/readiness.h"
#include "isinit/remote.h"
#include "isinit/server.h"
#include "isinit/supervision.h"
#include "isinit/table_source.h"
#include "isinit/tracking.h"
#include "isinit/watchdog.h"
#include "sys/loop.h"
#include "sys/other_process.h"
#include "sys/reaper.h"
#include "sys/signals.h"

namespace isinit {

// A main process that lives.
struct LiveRun {
  std::string tag, level;
  std::shared_ptr<const Entry> entry;
  int pid = 0;
  uint64_t start_ticks = 0;
  std::optional<sys::OtherProcess> stranger;  // not our child
};

// A client that has not had its last answer.
struct Waiting {
  fleetbox::wire::IsinitRequest request;
  std::string who;
};

// The exit code of a client that is told that (isinit(8)).
int ExitCodeOf(Answer::Kind kind);

// What a former life left behind, before anything is opened: descriptors that
// are not in it are closed. `same_process`: we are its process.
std::optional<fleetbox::wire::IsinitState> FindRecord(
    const ServerConfig& config, bool* same_process);

struct ServerState {
  ServerState(ServerConfig c, std::optional<fleetbox::wire::IsinitState> r,
              bool same);
  ~ServerState();

  // server.cc
  absl::Status Open();
  absl::StatusOr<ServerEnd> Serve();
  absl::Status ReadFirstTable();
  absl::Status OpenSockets();
  void ReportReady();
  absl::Status Reread(bool explain, std::string* text);
  void HoldSockets();
  void FeedWatchdog();
  void UseTable(std::shared_ptr<const Table> next);
  void PreparePlaces();
  void FollowFile();
  void RestSoon();
  void WriteStatusFiles();
  void Touch();  // the heartbeat of the status files
  // Once a turn: who waits is answered, the record and the files are written.
  void AtEndOfTurn();

  // server_end.cc
  void TakeSignal(int signal);
  void Succeed();
  void StartOneShots(Mode mode, std::function<void()> then);
  void NextOneShot();
  void DropOneShots();
  void BeginEnd(std::optional<Power> then);
  void Finish(int code);
  void StopWhenFlushed();

  // server_effects.cc
  void Feed(Event event);
  void HandleEvents();
  void CarryOutAll(const std::vector<Effect>& effects);
  void CarryOut(const StartEntry& e);
  void CarryOut(const RunStopCommand& e);
  void CarryOut(const SignalTree& e);
  void CarryOut(const SignalMain& e);
  void CarryOut(const Forget& e);
  void CarryOut(const Answer& e);
  void CarryOut(const Note& e);
  void CarryOut(const GroupChanged& e);
  void CarryOut(const Leave& e);
  absl::StatusOr<int> StartMain(const StartEntry& e);
  Probe::Start CommandsOf(std::shared_ptr<const Entry> entry,
                          const std::string& level);
  void IsReady(Run run);
  void MainEnded(Run run, const sys::Ended& ended);
  void MainIs(Run run, int pid);
  void LookAfterTests();
  void AwaitConnections();
  void RefreshRuns();
  void StopWatching(const std::string& tag);
  void OpenWatches();
  void RunHook(const Note& note);
  void SetTimer();
  LiveRun* FindLive(absl::string_view tag);

  // server_requests.cc
  void Asked(uint64_t client, const Caller& caller,
             const fleetbox::wire::IsinitRequest& request);
  void Gone(uint64_t client);
  void Reply(uint64_t client, const fleetbox::wire::IsinitAnswer& answer);
  void Say(uint64_t client, int code, absl::string_view text);
  void AskedTell(uint64_t client, const fleetbox::wire::IsinitRequest& request);
  void AskedStatus(uint64_t client,
                   const fleetbox::wire::IsinitRequest& request);
  void AskedReread(uint64_t client,
                   const fleetbox::wire::IsinitRequest& request);
  void AskedEntry(uint64_t client,
                  const fleetbox::wire::IsinitRequest& request);
  void AskedLog(uint64_t client, const fleetbox::wire::IsinitRequest& request);
  std::string LastLines(const std::string& tag, size_t count);
  void Printed(const std::string& tag, absl::string_view lines);
  void AskedPush(uint64_t client, const fleetbox::wire::IsinitRequest& request);
  void AskedPower(uint64_t client,
                  const fleetbox::wire::IsinitRequest& request);
  void AnswerWaiting();
  void AnswerHalted();
  fleetbox::wire::IsinitStatus MakeStatus(size_t log_lines);

  // server_record.cc
  fleetbox::wire::IsinitState MakeRecord();
  void SaveRecord();
  void TakeOver(const fleetbox::wire::IsinitState& record);
  void AdoptAll(const fleetbox::wire::IsinitState& record);
  bool Adopt(const fleetbox::wire::IsinitState::Entry& entry,
             const std::vector<int>& children);
  void WatchStranger(Run run, LiveRun& live);
  void ForgetStranger(LiveRun& live);
  void BeginUpgrade(uint64_t client);
  void ExecuteAnew(uint64_t client, const std::string& program);

  ServerConfig config;
  std::string host, socket_path;
  // Of a former life.
  std::optional<fleetbox::wire::IsinitState> record;
  bool same_process = false;                    // its descriptors are ours
  absl::flat_hash_set<std::string> taken_over;  // groups
  sys::Loop loop;
  TableSource source;
  std::shared_ptr<const Table> table;
  // Of the table's entries: tests with every=, and those with lazy.
  std::vector<std::string> repeated_tests, lazy_entries;
  EntryProcesses processes;  // before the limit of descriptors is raised
  sys::Reaper reaper;
  Supervision supervision;
  std::unique_ptr<sys::Signals> signals;
  std::unique_ptr<Tracking> tracking;
  std::unique_ptr<LogWriter> logs;
  std::unique_ptr<ListenSockets> sockets;
  std::unique_ptr<ReadinessWatch> readiness;
  std::unique_ptr<HealthWatch> health;
  std::unique_ptr<Control> control;
  std::unique_ptr<Remote> remote;
  std::unique_ptr<Watchdog> watchdog;
  absl::Time started_at;
  std::string boot;          // the kernel's id of this boot
  uint64_t start_ticks = 0;  // ours

  std::deque<Event> events;
  bool feeding = false;
  absl::flat_hash_map<Run, LiveRun> live;
  absl::flat_hash_map<std::string, Run> live_of;  // tag
  sys::Loop::Timer timer = 0;
  absl::Time timer_at = absl::InfiniteFuture();
  int hooks = 0;  // that run

  absl::flat_hash_map<uint64_t, Waiting> waiting;
  absl::flat_hash_map<std::string, uint64_t> tokens;  // by group
  uint64_t generation = 0;

  bool status_dirty = false, end_of_turn = false;
  sys::Loop::Timer heartbeat = 0, resting = 0;
  std::vector<std::string> written;  // status files that are to be removed
  absl::flat_hash_map<std::string, std::string> troubles;  // by what

  std::deque<Entry> one_shots;
  std::vector<std::function<void()>> after_one_shots;
  int one_shot = 0;            // the pid of the one that runs
  std::optional<Power> power;  // what follows the end
  // Or who, in our place: the table's restart entry.
  std::optional<Entry> successor;
  bool ending = false, leaving = false;
  absl::Time leave_by;
  ServerEnd end;
};

}  // namespace isinit
