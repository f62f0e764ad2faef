#include "isinit/log_writer.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/status.h"
#include "isinit/log_rotation.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace isinit {
namespace {

constexpr size_t kReadBytes = 32 << 10;

}  // namespace

struct LogWriter::Output {
  std::string tag;
  LogTo to;
  sys::Fd read, write;
  uint64_t inode = 0;  // of the pipe, once somebody asked
  LogLines lines;
  std::string pending;  // for its file
  int64_t pending_lines = 0;
  bool queued = false;  // in to_write_
  bool gone = false;    // from the table: over when all is written
  int64_t lost = 0, unsaid = 0;
  std::string trouble;
  std::shared_ptr<LogFile> file;  // with the thread that writes to it
};

// What the thread is given, and gives back.
struct LogWriter::Written {
  std::string tag;
  std::shared_ptr<LogFile> file;
  std::string lines;
  int64_t count = 0, told_lost = 0;
  int64_t most_bytes = 0;
  absl::Status done;
  bool full = false;
};

LogWriter::LogWriter(sys::Loop& loop, Options options)
    : loop_(loop),
      options_(std::move(options)),
      kernel_(options_.kernel),
      console_(options_.console),
      syslog_(options_.syslog),
      alive_(std::make_shared<bool>(true)) {}

LogWriter::~LogWriter() {
  for (const auto& [tag, output] : outputs_) {
    if (output->read) loop_.Unwatch(output->read.get());
  }
}

void LogWriter::Use(const Table& table) {
  for (const Entry& entry : table.entries) {
    const auto found = outputs_.find(entry.tag);
    if (found != outputs_.end()) {
      found->second->to = entry.attributes.log;
      found->second->lines.SetRate(entry.attributes.log.lines_per_second);
    }
    const LogTo& log = entry.attributes.log;
    if (log.kind != LogTo::Kind::kEntry || inputs_.contains(log.tag)) continue;
    auto pipe = sys::Pipe();
    // Tried again when somebody starts who needs it.
    if (pipe.ok()) inputs_.emplace(log.tag, *std::move(pipe));
  }
}

LogWriter::Output& LogWriter::OutputOf(const std::string& tag) {
  std::unique_ptr<Output>& output = outputs_[tag];
  if (output == nullptr) {
    output = std::make_unique<Output>();
    output->tag = tag;
  }
  return *output;
}

absl::Status LogWriter::Connect(Output& output, const std::string& tag) {
  if (output.read) return absl::OkStatus();
  auto pipe = sys::Pipe();
  if (!pipe.ok()) return base::Context(pipe.status(), "log");
  // What the process gets is open for reading, too: if we are killed it does
  // not write to a pipe that nobody reads, which would end it, but waits for
  // whoever comes after us.
  if (!descriptors_) {
    descriptors_.Reset(open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  sys::Fd both(openat(descriptors_.get(),
                      absl::StrCat(pipe->second.get()).c_str(),
                      O_RDWR | O_CLOEXEC));
  if (both) pipe->second = std::move(both);
  Adopt(tag, false, std::move(pipe->first), std::move(pipe->second));
  return absl::OkStatus();
}

absl::StatusOr<LogWriter::Ends> LogWriter::EndsFor(const Entry& entry) {
  Ends ends;
  const auto input = inputs_.find(entry.tag);
  if (input != inputs_.end()) ends.in = input->second.first.get();
  const LogTo& log = entry.attributes.log;
  switch (log.kind) {
    case LogTo::Kind::kNone:
      break;
    case LogTo::Kind::kInherit:
      ends.out = STDOUT_FILENO;
      ends.err = STDERR_FILENO;
      break;
    case LogTo::Kind::kEntry: {
      auto& [read, write] = inputs_[log.tag];
      if (!write) {
        TRY_ASSIGN(auto pipe, sys::Pipe());
        read = std::move(pipe.first);
        write = std::move(pipe.second);
      }
      ends.out = ends.err = write.get();
      break;
    }
    case LogTo::Kind::kFile:
    case LogTo::Kind::kKernel:
    case LogTo::Kind::kConsole:
    case LogTo::Kind::kSyslog: {
      Output& output = OutputOf(entry.tag);
      output.gone = false;
      output.to = log;
      output.lines.SetRate(log.lines_per_second);
      TRY(Connect(output, entry.tag));
      ends.out = ends.err = output.write.get();
      break;
    }
  }
  return ends;
}

void LogWriter::Adopt(const std::string& tag, bool is_input, sys::Fd read,
                      sys::Fd write) {
  if (is_input) {
    inputs_[tag] = {std::move(read), std::move(write)};
    return;
  }
  Output& output = OutputOf(tag);
  if (output.read) loop_.Unwatch(output.read.get());
  output.read = std::move(read);
  output.write = std::move(write);
  output.inode = 0;
  sys::SetNonBlocking(output.read.get()).IgnoreError();
  const absl::Status watched = loop_.Watch(
      output.read.get(), EPOLLIN, [this, &output](uint32_t) { Read(output); });
  if (!watched.ok()) Lose(output, 0, std::string(watched.message()));
}

void LogWriter::AdoptFrom(const std::string& tag, uint64_t inode, int pid) {
  for (int fd : {1, 2}) {
    const std::string path = absl::StrCat("/proc/", pid, "/fd/", fd);
    const absl::StatusOr<sys::FileInfo> info = sys::Stat(path);
    if (!info.ok() || info->inode != inode) continue;
    absl::StatusOr<sys::Fd> read =
        sys::Open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    absl::StatusOr<sys::Fd> write = sys::Open(path, O_RDWR | O_CLOEXEC);
    if (!read.ok() || !write.ok()) continue;
    Adopt(tag, false, *std::move(read), *std::move(write));
    return;
  }
}

void LogWriter::Read(Output& output) {
  buffer_.resize(kReadBytes);
  const ssize_t n = read(output.read.get(), buffer_.data(), buffer_.size());
  if (n <= 0) return;
  std::string lines;
  const int64_t count = output.lines.Add(
      absl::string_view(buffer_.data(), static_cast<size_t>(n)), sys::WallNow(),
      output.to.kind == LogTo::Kind::kFile, &lines);
  Take(output, count, std::move(lines));
}

void LogWriter::Take(Output& output, int64_t count, std::string lines) {
  if (count == 0) return;
  if (options_.printed != nullptr) options_.printed(output.tag, lines);
  switch (output.to.kind) {
    case LogTo::Kind::kKernel:
      return ToSink(output, kernel_, lines);
    case LogTo::Kind::kConsole:
      return ToSink(output, console_, lines);
    case LogTo::Kind::kSyslog:
      return ToSink(output, syslog_, lines);
    // The others are what the table says of its next process.
    default:
      break;
  }
  const size_t had = output.pending.size();
  const size_t room = std::min(
      options_.most_pending_bytes - std::min(had, options_.most_pending_bytes),
      options_.most_pending_in_all -
          std::min(pending_, options_.most_pending_in_all));
  if (lines.size() > room) {
    // Those that there is room for.
    const size_t end = lines.rfind('\n', room - 1);
    lines.resize(room == 0 || end == std::string::npos ? 0 : end + 1);
    const int64_t kept = std::count(lines.begin(), lines.end(), '\n');
    Lose(output, count - kept, "they come faster than they can be written");
    count = kept;
    if (count == 0) return;
  }
  pending_ += lines.size();
  if (had == 0) {
    output.pending = std::move(lines);
  } else {
    output.pending += lines;
  }
  output.pending_lines += count;
  if (!std::exchange(output.queued, true)) to_write_.push_back(output.tag);
  WriteSoon();
}

void LogWriter::ToSink(Output& output, LogSink& sink, absl::string_view lines) {
  for (absl::string_view line :
       absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
    if (output.unsaid > 0 &&
        sink.Write(output.tag, absl::StrCat("isinit: ", output.unsaid,
                                            " lines lost: ", output.trouble))
            .ok()) {
      output.unsaid = 0;
      Lose(output, 0, "");
    }
    const absl::Status done = sink.Write(output.tag, line);
    if (!done.ok()) Lose(output, 1, std::string(done.message()));
  }
}

// With an empty reason: it is over.
void LogWriter::Lose(Output& output, int64_t lines, const std::string& why) {
  output.lost += lines;
  output.unsaid += lines;
  if (output.trouble == why) return;
  output.trouble = why;
  if (options_.trouble != nullptr) options_.trouble(output.tag, why);
}

// What comes in one turn, and while others are being written, goes together.
void LogWriter::WriteSoon() {
  if (writing_ || std::exchange(soon_, true)) return;
  loop_.AtEndOfTurn([this, still = std::weak_ptr<bool>(alive_)] {
    if (still.expired()) return;
    soon_ = false;
    StartWriting();
  });
}

void LogWriter::StartWriting() {
  if (writing_ || to_write_.empty()) return;
  auto job = std::make_shared<Job>();
  for (const std::string& tag : std::exchange(to_write_, {})) {
    const auto found = outputs_.find(tag);
    if (found == outputs_.end()) continue;
    Output& output = *found->second;
    output.queued = false;
    if (output.file == nullptr) {
      output.file = std::make_shared<LogFile>(options_.folder, tag);
    }
    Written written;
    written.tag = tag;
    written.file = output.file;
    written.told_lost = output.unsaid;
    if (output.unsaid > 0) {
      written.lines =
          absl::StrCat(LogStamp(sys::WallNow()), " isinit: ", output.unsaid,
                       " lines lost: ", output.trouble, "\n");
    }
    pending_ -= output.pending.size();
    written.lines += output.pending;
    output.pending = std::string();
    written.count = std::exchange(output.pending_lines, 0);
    written.most_bytes = output.to.file_bytes;
    job->push_back(std::move(written));
  }
  if (job->empty()) return;
  writing_ = true;
  if (writer_ == nullptr) writer_ = std::make_unique<sys::Pool>(loop_, 1);
  writer_->Run(
      [job] {
        for (Written& written : *job) {
          written.done = written.file->Append(written.lines, written.most_bytes,
                                              sys::WallNow(), &written.full);
          written.lines = std::string();
        }
      },
      [this, job, still = std::weak_ptr<bool>(alive_)] {
        if (!still.expired()) Done(*job);
      });
}

void LogWriter::Done(const Job& job) {
  writing_ = false;
  for (const Written& written : job) {
    const auto found = outputs_.find(written.tag);
    if (found == outputs_.end()) continue;
    Output& output = *found->second;
    if (written.done.ok()) {
      output.unsaid -= written.told_lost;
      if (output.unsaid == 0) Lose(output, 0, "");
    } else {
      Lose(output, written.count, std::string(written.done.message()));
    }
    if (written.full) TidySoon(written.tag);
    if (output.gone && output.pending.empty()) outputs_.erase(found);
  }
  StartWriting();
}

void LogWriter::TidySoon(const std::string& tag) {
  if (std::find(to_tidy_.begin(), to_tidy_.end(), tag) == to_tidy_.end()) {
    to_tidy_.push_back(tag);
  }
  Tidy();
}

void LogWriter::Tidy() {
  if (tidying_ || to_tidy_.empty()) return;
  const std::string tag = to_tidy_.front();
  to_tidy_.erase(to_tidy_.begin());
  const auto found = outputs_.find(tag);
  const int keep = found == outputs_.end() ? 0 : found->second->to.keep;
  if (found == outputs_.end()) return Tidy();
  tidying_ = true;
  if (tidier_ == nullptr) tidier_ = std::make_unique<sys::Pool>(loop_, 1);
  auto done = std::make_shared<absl::Status>();
  tidier_->Run(
      [done, tag, keep, folder = options_.folder] {
        *done = TidyLogFiles(folder, tag, keep);
      },
      [this, done, tag, still = std::weak_ptr<bool>(alive_)] {
        if (still.expired()) return;
        tidying_ = false;
        if (!done->ok() && options_.trouble != nullptr) {
          options_.trouble(tag, std::string(done->message()));
        }
        Tidy();
      });
}

void LogWriter::Ended(const std::string& tag) {
  const auto found = outputs_.find(tag);
  if (found == outputs_.end() || !found->second->read) return;
  Output& output = *found->second;
  // What is in the pipe was written before it ended.
  for (size_t before = SIZE_MAX; before != 0;) {
    int there = 0;
    if (ioctl(output.read.get(), FIONREAD, &there) != 0 || there == 0) break;
    before = static_cast<size_t>(there);
    Read(output);
  }
  std::string lines;
  const int64_t count = output.lines.Finish(
      sys::WallNow(), output.to.kind == LogTo::Kind::kFile, &lines);
  Take(output, count, std::move(lines));
}

void LogWriter::Forget(const std::string& tag) {
  inputs_.erase(tag);
  const auto found = outputs_.find(tag);
  if (found == outputs_.end()) return;
  Ended(tag);
  Output& output = *found->second;
  if (output.read) loop_.Unwatch(output.read.get());
  output.read.Reset();
  output.write.Reset();
  output.gone = true;
  if (output.pending.empty()) outputs_.erase(found);
}

LogWriter::Report LogWriter::ReportOf(const std::string& tag) const {
  Report report;
  const auto found = outputs_.find(tag);
  if (found == outputs_.end()) return report;
  const Output& output = *found->second;
  report.tail = output.lines.Tail();
  report.dropped = output.lines.dropped();
  report.lost = output.lost;
  report.trouble = output.trouble;
  return report;
}

std::string LogWriter::PathOf(absl::string_view tag) const {
  return absl::StrCat(options_.folder, "/", LogName(tag));
}

std::vector<LogWriter::Pipe> LogWriter::Pipes() const {
  std::vector<Pipe> pipes;
  for (const auto& [tag, output] : outputs_) {
    if (!output->read) continue;
    // Every event asks for all pipes: the kernel is asked for each but once.
    if (output->inode == 0) {
      const absl::StatusOr<sys::FileInfo> info = sys::Stat(output->read.get());
      if (info.ok()) output->inode = info->inode;
    }
    pipes.push_back(
        {tag, false, output->read.get(), output->write.get(), output->inode});
  }
  for (const auto& [tag, ends] : inputs_) {
    if (!ends.first) continue;
    pipes.push_back({tag, true, ends.first.get(), ends.second.get()});
  }
  return pipes;
}

bool LogWriter::Flushed() {
  for (const auto& [tag, output] : outputs_) {
    int there = 0;
    if (output->read && ioctl(output->read.get(), FIONREAD, &there) == 0 &&
        there > 0) {
      Read(*output);
    }
  }
  return !writing_ && to_write_.empty();
}

}  // namespace isinit
