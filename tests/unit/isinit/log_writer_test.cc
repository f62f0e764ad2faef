#include "isinit/log_writer.h"

#include <absl/strings/match.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>

#include "isinit/log_rotation.h"
#include "unit/isinit/processes.h"
#include "wire/compress.h"

using isinit::Entry;
using isinit::LogTo;
using isinit::LogWriter;
using isinit::MakeEntry;
using isinit::Processes;

namespace {

struct World : Processes {
  World() { Begin(); }
  ~World() {
    writer.reset();
    if (mounted) umount2(Path("logs").c_str(), MNT_DETACH);
  }
  void Begin() {
    LogWriter::Options options;
    options.folder = Path("logs");
    options.kernel = Path("kmsg");
    options.console = Path("console");
    options.syslog = Path("syslog");
    options.most_pending_bytes = 64 << 10;
    options.trouble = [this](const std::string& tag, const std::string& why) {
      troubles.push_back(absl::StrCat(tag, ": ", why));
    };
    writer = std::make_unique<LogWriter>(loop, options);
  }
  std::string Log(const std::string& tag) {
    return Content(absl::StrCat("logs/", tag, ".log"));
  }
  // Without the times.
  std::string Lines(const std::string& tag) {
    std::string text;
    for (absl::string_view line :
         absl::StrSplit(Log(tag), '\n', absl::SkipEmpty())) {
      REQUIRE(line.size() >= 28);
      CHECK(line[26] == 'Z');
      absl::StrAppend(&text, line.substr(28), "\n");
    }
    return text;
  }
  void Run(const Entry& entry) {
    const auto ends = writer->EndsFor(entry);
    REQUIRE(ends.ok());
    isinit::ProcessGifts gifts;
    gifts.in = ends->in;
    gifts.out = ends->out;
    gifts.err = ends->err;
    const auto pid = isinit::EntryProcesses("").Start(entry, "1", gifts);
    REQUIRE(pid.ok());
    const auto watched = Watch(*pid);
    REQUIRE(Until([&] { return watched->ended; }));
    writer->Ended(entry.tag);
  }
  bool Flushed() {
    return Until([&] { return writer->Flushed(); });
  }

  bool mounted = false;  // a file system at logs
  std::vector<std::string> troubles;
  std::unique_ptr<LogWriter> writer;
};

}  // namespace

TEST_CASE("log writer: output and errors are lines of the entry's file",
          "[isinit]") {
  World world;
  auto entry = MakeEntry("web", "echo one; echo two >&2; printf three");
  world.Run(*entry);
  // The pipe outlives its process.
  const int pipe = world.writer->Pipes().at(0).write;
  entry->command = "echo four";
  world.Run(*entry);
  CHECK(world.writer->Pipes().at(0).write == pipe);
  REQUIRE(world.Flushed());
  CHECK(world.Lines("web") == "one\ntwo\nthree\nfour\n");
  const auto report = world.writer->ReportOf("web");
  REQUIRE(report.tail.size() == 4);
  CHECK(absl::EndsWith(report.tail[2], "Z three"));
  CHECK(report.lost == 0);
  CHECK(world.troubles.empty());
  CHECK(world.writer->PathOf("web") == world.Path("logs/web.log"));
}

TEST_CASE("log writer: a full file is compressed, and few are kept",
          "[isinit]") {
  World world;
  auto entry = MakeEntry("web", "seq 1000 2000");
  entry->attributes.log.file_bytes = 1001 * 33;
  entry->attributes.log.keep = 2;
  for (int i = 0; i < 5; i++) {
    world.Run(*entry);
    REQUIRE(world.Flushed());
  }
  std::vector<std::string> names;
  REQUIRE(world.Until([&] {
    names = *sys::ListFolder(world.Path("logs"));
    return names.size() == 3 && absl::EndsWith(names[2], ".zst");
  }));
  CHECK(names[0] == "web.log");
  CHECK(absl::EndsWith(names[1], ".zst"));
  const std::string frame = world.Content("logs/" + names[2]);
  const auto text = wire::Decompress(frame, 1001 * 33);
  REQUIRE(text.ok());
  CHECK(absl::EndsWith(*text, "Z 2000\n"));
  CHECK(absl::StrContains(*text, "Z 1000\n"));
  CHECK(absl::EndsWith(world.Log("web"), "Z 2000\n"));
  CHECK(world.troubles.empty());
}

TEST_CASE("isinit 38: a full disk blocks nobody, and is told of afterwards",
          "[isinit]") {
  World world;
  REQUIRE(mkdir(world.Path("logs").c_str(), 0755) == 0);
  if (mount("none", world.Path("logs").c_str(), "tmpfs", 0, "size=64k") != 0) {
    WARN("skipped: no tmpfs may be mounted");
    return;
  }
  world.mounted = true;
  REQUIRE(sys::ReplaceFile(world.Path("logs/fill"), "").ok());
  {
    const sys::Fd fill(open(world.Path("logs/fill").c_str(), O_WRONLY));
    const std::string block(4096, 'x');
    while (write(fill.get(), block.data(), block.size()) > 0) continue;
  }
  auto entry = MakeEntry("web", "seq 1 1000");
  world.Run(*entry);
  REQUIRE(world.Flushed());
  auto report = world.writer->ReportOf("web");
  CHECK(report.lost == 1000);
  CHECK(absl::StrContains(report.trouble, "No space left on device"));
  CHECK(world.troubles.size() == 1);
  // It was told of once, and the lines are there for who asks.
  CHECK(absl::EndsWith(report.tail.back(), "Z 1000"));
  CHECK(world.Log("web") == "");
  REQUIRE(sys::RemoveFile(world.Path("logs/fill")).ok());
  entry->command = "echo again";
  world.Run(*entry);
  REQUIRE(world.Flushed());
  CHECK(world.Lines("web") ==
        "isinit: 1000 lines lost: web.log: No space left on device\nagain\n");
  CHECK(world.writer->ReportOf("web").trouble == "");
  CHECK(world.troubles.size() == 2);
  CHECK(world.troubles[1] == "web: ");
}

TEST_CASE("isinit 38: a disk that does not answer blocks nobody", "[isinit]") {
  World world;
  REQUIRE(mkdir(world.Path("logs").c_str(), 0755) == 0);
  // Opening a pipe waits until somebody reads it, as a dead disk does.
  const std::string path = world.Path("logs/web.log");
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  auto entry = MakeEntry("web", "seq 1 20000");  // 670 kB with their times
  world.Run(*entry);
  CHECK_FALSE(world.writer->Flushed());
  const auto report = world.writer->ReportOf("web");
  CHECK(report.lost > 10000);
  CHECK(report.trouble == "they come faster than they can be written");
  const sys::Fd reader(open(path.c_str(), O_RDONLY | O_NONBLOCK));
  REQUIRE(reader);
  std::string text(1 << 20, '\0');
  size_t have = 0;
  REQUIRE(world.Until([&] {
    const ssize_t n = read(reader.get(), &text[have], text.size() - have);
    if (n > 0) have += static_cast<size_t>(n);
    return world.writer->Flushed();
  }));
}

TEST_CASE("log writer: a folder that cannot be written is trouble, not the end",
          "[isinit]") {
  World world;
  REQUIRE(sys::ReplaceFile(world.Path("logs"), "a file").ok());
  world.Run(*MakeEntry("web", "echo one"));
  REQUIRE(world.Flushed());
  CHECK(world.writer->ReportOf("web").lost == 1);
  REQUIRE(sys::RemoveFile(world.Path("logs")).ok());
  world.Run(*MakeEntry("web", "echo two"));
  REQUIRE(world.Flushed());
  CHECK(absl::EndsWith(world.Lines("web"), "\ntwo\n"));
  CHECK(absl::StartsWith(world.Lines("web"), "isinit: 1 lines lost: "));
}

TEST_CASE("log writer: the kernel's ring, the console and syslog take lines",
          "[isinit]") {
  World world;
  REQUIRE(sys::ReplaceFile(world.Path("kmsg"), "").ok());
  REQUIRE(sys::ReplaceFile(world.Path("console"), "").ok());
  auto entry = MakeEntry("web", "echo one; echo two");
  entry->attributes.log.kind = LogTo::Kind::kKernel;
  world.Run(*entry);
  CHECK(world.Content("kmsg") == "<30>web: one<30>web: two");
  entry->attributes.log.kind = LogTo::Kind::kConsole;
  world.Run(*entry);
  CHECK(world.Content("console") == "web: one\r\nweb: two\r\n");

  // Nobody there yet.
  entry->attributes.log.kind = LogTo::Kind::kSyslog;
  world.Run(*entry);
  CHECK(world.writer->ReportOf("web").lost == 2);
  const sys::Fd server(
      socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  world.Path("syslog").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(server.get(), reinterpret_cast<const sockaddr*>(&address),
               sizeof address) == 0);
  entry->command = "echo three";
  world.Run(*entry);
  std::vector<std::string> records;
  char record[2000];
  ssize_t n;
  while ((n = recv(server.get(), record, sizeof record, 0)) >= 0) {
    records.emplace_back(record, static_cast<size_t>(n));
  }
  REQUIRE(records.size() == 2);
  CHECK(absl::StartsWith(records[0], "<30>web: isinit: 2 lines lost: "));
  CHECK(records[1] == "<30>web: three");
  CHECK_FALSE(sys::Stat(world.Path("logs/web.log"))->exists);
}

TEST_CASE("log writer: none is /dev/null, and an entry's input may be the log",
          "[isinit]") {
  World world;
  auto quiet = MakeEntry("quiet", "echo x; ln -s $(readlink /proc/$$/fd/1) " +
                                      world.Path("where"));
  quiet->attributes.log.kind = LogTo::Kind::kNone;
  world.Run(*quiet);
  char where[64] = "";
  REQUIRE(readlink(world.Path("where").c_str(), where, sizeof where - 1) > 0);
  CHECK(std::string(where) == "/dev/null");

  isinit::Table table;
  auto source = MakeEntry("source", "echo to the other");
  source->attributes.log.kind = LogTo::Kind::kEntry;
  source->attributes.log.tag = "sink";
  table.entries = {*source, *MakeEntry("sink", "read line; echo got $line")};
  world.writer->Use(table);
  // It waits there until its reader runs.
  world.Run(table.entries[0]);
  world.Run(table.entries[1]);
  REQUIRE(world.Flushed());
  CHECK(world.Lines("sink") == "got to the other\n");
}

TEST_CASE("log writer: log-rate and log-size are applied live", "[isinit]") {
  World world;
  auto entry = MakeEntry("web", "seq 1 100");
  world.Run(*entry);
  isinit::Table table;
  entry->attributes.log.lines_per_second = 10;
  table.entries = {*entry};
  world.writer->Use(table);
  const int pipe = world.writer->Pipes().at(0).write;
  std::string text;
  for (int i = 0; i < 100; i++) text += "x\n";
  REQUIRE(sys::WriteAll(pipe, text).ok());
  REQUIRE(world.Flushed());
  CHECK(world.writer->ReportOf("web").dropped == 90);
}

TEST_CASE("isinit 36: pipes go to who takes over, and no line is lost",
          "[isinit]") {
  World world;
  auto entry = MakeEntry("web", "echo one; printf tw");
  world.Run(*entry);
  REQUIRE(world.Flushed());
  const LogWriter::Pipe pipe = world.writer->Pipes().at(0);
  sys::Fd read(dup(pipe.read)), write(dup(pipe.write));
  world.writer.reset();
  REQUIRE(sys::WriteAll(write.get(), "three\n").ok());
  world.Begin();
  world.writer->Adopt("web", false, std::move(read), std::move(write));
  REQUIRE(world.Flushed());
  CHECK(world.Lines("web") == "one\ntw\nthree\n");
}

TEST_CASE("log writer: what is forgotten is written to its end", "[isinit]") {
  World world;
  world.Run(*MakeEntry("web", "echo one"));
  world.writer->Forget("web");
  CHECK(world.writer->Pipes().empty());
  REQUIRE(world.Flushed());
  CHECK(world.Lines("web") == "one\n");
  CHECK(world.writer->ReportOf("web").tail.empty());
}
