// What efmd, hxmd and msrc do first: read the tables, elect hosts, and write
// the merged file.
//
//   TRY_ASSIGN(auto run, hosts::Run::Begin(options, environment, ...));
//   run->elected() ...
//
// A Run owns what the others borrow, and its end removes all temporary files.
#pragma once

#include <absl/status/statusor.h>
#include <absl/types/span.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hosts/expander.h"
#include "hosts/fleet.h"
#include "hosts/operands.h"
#include "hosts/options.h"
#include "hosts/search.h"
#include "hosts/stream.h"
#include "hosts/voice.h"
#include "hosts/work_folder.h"
#include "sys/environment.h"

namespace hosts {

class Run {
 public:
  struct Order {
    HostOptions options;
    sys::Environment environment;  // of all commands that expansions run
    std::vector<std::string> operands;
    WorkFolder::Signals signals = WorkFolder::Signals::kHere;
    // Of WorkFolder::Signals::kElsewhere: why the run is to end, or "". From
    // any thread.
    std::function<std::string()> interrupted;
    // Writes the merged file as a file, with -o; else it is only text.
    bool merge_to_file = true;
    // Refuses the operands before anything is expanded.
    std::function<absl::Status(absl::Span<const Operand>)> check_operands;
  };

  // Reads the tables, finds and reads the operands, and elects. Errors as
  // LoadFleet, ReadOperands and Elect have them.
  static absl::StatusOr<std::unique_ptr<Run>> Begin(Order order, Voice voice);
  ~Run();

  const HostOptions& options() const { return order_.options; }
  const Search& search() const { return search_; }
  const Table& table() const { return fleet_->table; }
  const Streams& streams() const { return *streams_; }
  const std::vector<Operand>& operands() const { return operands_; }
  const std::vector<size_t>& elected() const { return elected_; }
  WorkFolder& work() { return work_; }
  const Voice& voice() const { return voice_; }
  std::string MergedText() const;
  // These in the place of those that were elected: for a part of the work.
  void SetElected(std::vector<size_t> hosts) { elected_ = std::move(hosts); }
  // Others in the place of those that were read: with some that were made. The
  // first is the control. Before MakeExpander.
  void SetOperands(std::vector<Operand> operands);
  // Definitions of each host that are in no table: `define` is called for every
  // stream of a host, before its attributes, from any thread. Before
  // MakeExpander.
  void DefineForEach(std::function<void(Stream&, size_t host)> define);
  // For all that is run from here on: expansions, commands.
  void SetVariable(const std::string& name, const std::string& value) {
    order_.environment.Set(name, value);
  }
  // Makes the private folder, where expansions put files.
  absl::StatusOr<Expander> MakeExpander();
  // `status`; or, when a signal waits that made it fail, that with the exit
  // code of a command that was ended by it.
  absl::Status OrSignal(const absl::Status& status) const;

  // While true, expansions end at once, as if by a signal. From any thread.
  void StopExpansions(bool stop) { stop_ = stop; }

  // At the end: says which files have changed since they were read.
  void ReportChangedFiles() const;

 private:
  Run(Order order, Voice voice);
  absl::Status Prepare();

  Order order_;
  Voice voice_;
  Search search_;
  WorkFolder work_;
  StandardInput input_;
  std::unique_ptr<Fleet> fleet_;
  std::unique_ptr<Streams> streams_;
  std::vector<Operand> operands_;
  std::vector<size_t> elected_;
  std::atomic<bool> stop_ = false;
};

// What -V prints of hosts: "default column headers: %HOST" and so on, each line
// with `program` in front.
std::string VersionLines(const HostOptions& options, const Search& search,
                         const sys::Environment& environment);

}  // namespace hosts
