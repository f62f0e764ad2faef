// What entries print. Each has a pipe that outlives its restarts; what comes
// through it is cut into lines, stamped and written to files, the kernel's
// ring, the console or syslog.
//
// A pipe is always emptied at once, so that nothing out there ever blocks a
// process: files are written by a thread, and of what it cannot take, as the
// disk is full or does not answer, only so much is kept, and the rest is
// counted. As soon as lines can be written again, the first one says how many
// are missing and why.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>
#include <absl/strings/string_view.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "isinit/log_file.h"
#include "isinit/log_lines.h"
#include "isinit/log_sinks.h"
#include "isinit/table.h"
#include "sys/fd.h"
#include "sys/loop.h"
#include "sys/pool.h"

namespace isinit {

class LogWriter {
 public:
  struct Options {
    std::string folder;
    std::string kernel = "/dev/kmsg", console = "/dev/console",
                syslog = "/dev/log";
    // Waiting for a disk: of one entry, and of all.
    size_t most_pending_bytes = 512 << 10, most_pending_in_all = 4 << 20;
    // Lines of the entry are being lost, with the reason; or, without one, are
    // not lost any more.
    std::function<void(const std::string& tag, const std::string& why)> trouble;
    // Lines as they go to the file, for whoever follows an entry. May be null.
    std::function<void(const std::string& tag, absl::string_view lines)>
        printed;
  };
  LogWriter(sys::Loop& loop, Options options);
  // Waits for what is being written. Of what is not begun yet see Flush.
  ~LogWriter();

  // What the table says of everybody's log from now on. To be called before
  // the first start, and with every new table.
  void Use(const Table& table);
  // Descriptors for the next process of an entry; -1 is /dev/null. They stay
  // ours.
  struct Ends {
    int in = -1, out = -1, err = -1;
  };
  absl::StatusOr<Ends> EndsFor(const Entry& entry);
  // Nothing of the entry runs any more: what it wrote last is a line, even
  // without a newline.
  void Ended(const std::string& tag);
  // The entry is not in the table any more, and has ended.
  void Forget(const std::string& tag);

  struct Report {
    std::vector<std::string> tail;  // the last lines
    int64_t dropped = 0;            // above log-rate
    int64_t lost = 0;               // could not be written, in all
    std::string trouble;            // why they are being lost, now
  };
  Report ReportOf(const std::string& tag) const;
  std::string PathOf(absl::string_view tag) const;

  // For who takes over in our place: the pipes, and with what they are kept.
  struct Pipe {
    std::string tag;
    bool is_input = false;  // a standard input that is somebody's log
    int read = -1, write = -1;
    uint64_t inode = 0;  // what the pipe is known by in other processes
  };
  std::vector<Pipe> Pipes() const;
  void Adopt(const std::string& tag, bool is_input, sys::Fd read,
             sys::Fd write);
  // After a server that was killed: its end of the pipe is found again in the
  // process that still writes to it. Nothing happens when it is not.
  void AdoptFrom(const std::string& tag, uint64_t inode, int pid);
  // Reads what is there, and whether everything is written. To be asked, with
  // turns of the loop in between, before we leave.
  bool Flushed();

 private:
  struct Output;
  struct Written;
  using Job = std::vector<Written>;
  Output& OutputOf(const std::string& tag);
  absl::Status Connect(Output& output, const std::string& tag);
  void Read(Output& output);
  void Take(Output& output, int64_t count, std::string lines);
  void ToSink(Output& output, LogSink& sink, absl::string_view lines);
  void Lose(Output& output, int64_t lines, const std::string& why);
  void WriteSoon();
  void StartWriting();
  void Done(const Job& job);
  void TidySoon(const std::string& tag);
  void Tidy();

  sys::Loop& loop_;
  Options options_;
  absl::flat_hash_map<std::string, std::unique_ptr<Output>> outputs_;
  sys::Fd descriptors_;  // the folder of ours in /proc
  // The standard inputs that are logs, by the tag that reads them.
  absl::flat_hash_map<std::string, std::pair<sys::Fd, sys::Fd>> inputs_;
  std::string buffer_;  // what all pipes are read into
  KernelSink kernel_;
  ConsoleSink console_;
  SyslogSink syslog_;
  std::vector<std::string> to_write_;  // tags
  size_t pending_ = 0;                 // bytes, of all
  bool writing_ = false, soon_ = false;
  std::vector<std::string> to_tidy_;
  bool tidying_ = false;
  std::shared_ptr<bool> alive_;                 // what is posted looks at it
  std::unique_ptr<sys::Pool> writer_, tidier_;  // a thread each, when needed
};

}  // namespace isinit
