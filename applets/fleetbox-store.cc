#include <absl/strings/str_cat.h>
#include <signal.h>

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "store/sqlite_engine.h"
#include "sys/loop.h"
#include "sys/signals.h"
#include "text/columns.h"
#include "text/json.h"

namespace {

absl::StatusOr<int> Check(const cli::Call& call);
absl::StatusOr<int> Backup(const cli::Call& call);
absl::StatusOr<int> Dump(const cli::Call& call);

constexpr auto kDumpOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'j', "json", "", "print JSON"},
  });
});
constexpr cli::Verb kVerbs[] = {
    {"backup", "DIR FILE", "copy the store to a new file", {}, Backup},
    {"check", "DIR", "say whether the store is whole", {}, Check},
    {"dump", "[-j] DIR [PREFIX]", "list the entries of the store", kDumpOptions,
     Dump},
};

}  // namespace

extern constinit const cli::Applet applet_fleetbox_store = {
    .name = "fleetbox-store",
    .summary = "check, copy and list a store",
    .usage = "VERB [OPTION ...] DIR [FILE | PREFIX]",
    .exits =
        "73  FILE is already there\n"
        "74  the store is damaged\n"
        "75  a process uses the store (but for backup); it is named\n",
    .verbs = kVerbs,
};

// While a server runs, its store can be copied, and asked about through the
// server only. The other verbs are for when it does not: before an upgrade,
// after a disk failed. All leave the store as they find it, the log that a
// crash left included; the next owner recovers that.

namespace {

absl::StatusOr<int> Check(const cli::Call& call) {
  TRY_ASSIGN(const std::string folder, call.OnlyOperand("DIR"));
  TRY(store::CheckSqlite(folder));
  return 0;
}

absl::StatusOr<int> Backup(const cli::Call& call) {
  TRY(call.Operands(2, 2, call.operands.empty() ? "DIR" : "FILE"));
  // What was begun is removed.
  const std::vector<int> ends = sys::NotIgnored({SIGINT, SIGTERM, SIGHUP});
  sys::Loop loop;
  const sys::Signals held(loop, ends, [](int) {});
  const absl::Status status =
      store::BackupSqlite(call.operands[0], call.operands[1],
                          [&ends] { return sys::Signals::Waiting(ends); });
  for (const int signal : ends) {
    if (absl::IsCancelled(status) && sys::Signals::Waiting({&signal, 1})) {
      return 128 + signal;
    }
  }
  TRY(status);
  return 0;
}

// An entry without its value, of which there may be more than memory holds.
struct Listed {
  std::string key;
  store::Revision created, modified;
  store::Lease lease;
  int64_t bytes;
};

std::string Json(const std::vector<Listed>& entries, store::Revision revision) {
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  json.BeginObject();
  json.Key("revision").Int(revision);
  json.Key("entries").BeginArray();
  for (const Listed& e : entries) {
    json.BeginObject();
    json.Key("key").String(e.key);
    json.Key("bytes").Int(e.bytes);
    json.Key("created").Int(e.created);
    json.Key("modified").Int(e.modified);
    json.Key("lease").Int(e.lease);
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.Take();
}

absl::StatusOr<int> Dump(const cli::Call& call) {
  TRY(call.Operands(1, 2, "DIR"));
  const std::string prefix = call.operands.size() == 2 ? call.operands[1] : "";
  std::vector<Listed> entries;
  TRY_ASSIGN(
      const store::Revision revision,
      store::ScanSqlite(call.operands[0], prefix, [&](const store::Entry& e) {
        // Keys are bytes; what cannot be printed is written \xHH.
        entries.push_back({base::Escape(e.key), e.created, e.modified, e.lease,
                           static_cast<int64_t>(e.value.size())});
      }));
  if (call.Has("json")) {
    cli::Print(Json(entries, revision));
    return 0;
  }
  text::Columns table({"KEY", "BYTES", "CREATED", "MODIFIED"});
  for (const Listed& e : entries) {
    table.Add({e.key, absl::StrCat(e.bytes), absl::StrCat(e.created),
               absl::StrCat(e.modified)});
  }
  cli::Print(table.Text());
  return 0;
}

}  // namespace
