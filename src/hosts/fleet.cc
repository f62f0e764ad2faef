#include "hosts/fleet.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "base/strings.h"
#include "hosts/hostfile.h"
#include "hosts/inventory.h"
#include "hosts/limits.h"
#include "sys/file.h"
#include "sys/socket.h"

namespace hosts {
namespace {

constexpr int kNoTable = 65;

enum class Format { kHostFile, kAnsible, kSsh };

struct TableFile {
  FileKind kind;
  Format format = Format::kHostFile;
  std::string path;      // what is opened
  std::string reported;  // what it is called in HXMD_OPT_*
};

absl::string_view PrefixOf(Format format) {
  switch (format) {
    case Format::kHostFile:
      return "";
    case Format::kAnsible:
      return "ansible:";
    case Format::kSsh:
      return "ssh:";
  }
  return "";
}

// Finds one of the files of -Z, -C or -X, called `letter`.
absl::StatusOr<TableFile> FindTableFile(absl::string_view given, char letter,
                                        FileKind kind,
                                        const HostOptions& options,
                                        const Search& search,
                                        StandardInput& input) {
  TableFile file;
  file.kind = kind;
  if (given == "-") {
    TRY_ASSIGN(file.path, input.CopyFor(absl::StrCat(
                              "a -", std::string(1, letter), " file")));
    file.reported = file.path;
    return file;
  }
  absl::string_view name = given;
  for (Format format : {Format::kAnsible, Format::kSsh}) {
    if (absl::ConsumePrefix(&name, PrefixOf(format))) {
      file.format = format;
      break;
    }
  }
  const absl::StatusOr<std::string> path = search.FindTable(name);
  if (absl::IsNotFound(path.status())) {
    return cli::FailWith(kNoTable,
                         absl::StrCat(name, ": is not in our HXMD_PATH"));
  }
  TRY(path.status());
  file.path = *path;
  struct stat info;
  if (stat(file.path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    if (file.format != Format::kHostFile) {
      return cli::FailWith(kNoTable,
                           absl::StrCat(file.path, ": is a directory"));
    }
    absl::StrAppend(&file.path, "/", options.program, ".cf");
    if (stat(file.path.c_str(), &info) != 0) {
      return cli::FailWith(
          kNoTable, absl::StrCat(file.path, ": is not in our HXMD_PATH"));
    }
  }
  file.reported = absl::StrCat(PrefixOf(file.format), ReportedName(file.path));
  return file;
}

bool IsSameFile(const TableFile& a, const TableFile& b) {
  if (a.format != b.format) return false;
  if (a.path == b.path) return true;
  const auto left = sys::Stat(a.path), right = sys::Stat(b.path);
  return left.ok() && right.ok() && left->exists && right->exists &&
         left->inode == right->inode && left->device == right->device;
}

// The lines of a pipe may have their length in front, "+123".
std::string WithoutLength(std::string text) {
  const size_t end = text.find('\n');
  if (!absl::StartsWith(text, "+") || end == std::string::npos) return text;
  int64_t bytes = 0;
  const absl::string_view digits(text.data() + 1, end - 1);
  if (digits.empty() ||
      digits.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(digits, &bytes)) {
    return text;
  }
  return text.substr(end + 1, static_cast<size_t>(bytes));
}

struct TableText {
  std::string text;
  bool untrusted = false;
};

absl::StatusOr<TableText> ReadTable(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return base::SysError(path);
  TableText out;
  if (S_ISREG(info.st_mode)) {
    out.untrusted = (info.st_mode & S_IWOTH) != 0;
    TRY_ASSIGN(out.text, sys::ReadFile(path, kMaxHostFileBytes));
    return out;
  }
  if (S_ISSOCK(info.st_mode)) {
    TRY_ASSIGN(const sys::Fd fd, sys::ConnectUnix(path));
    absl::StatusOr<std::string> text = sys::ReadFd(fd.get(), kMaxHostFileBytes);
    if (!text.ok()) return base::Context(text.status(), path);
    out.text = WithoutLength(*std::move(text));
    return out;
  }
  if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
    TRY_ASSIGN(out.text, sys::ReadFile(path, kMaxHostFileBytes));
    if (S_ISFIFO(info.st_mode)) out.text = WithoutLength(std::move(out.text));
    return out;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": neither a file nor a pipe"));
}

// The files an Include of ssh_config means: * and ? in any part of the path.
absl::StatusOr<std::vector<IncludedFile>> Included(const Search& search,
                                                   absl::string_view pattern) {
  TRY_ASSIGN(const std::string expanded, search.Expand(pattern));
  std::string whole = expanded;
  if (!absl::StartsWith(whole, "/")) {
    TRY_ASSIGN(const std::string home, search.Expand("~/.ssh"));
    whole = absl::StrCat(home, "/", whole);
  }
  std::vector<std::string> paths = {""};
  for (absl::string_view part : absl::StrSplit(whole, '/', absl::SkipEmpty())) {
    std::vector<std::string> next;
    for (const std::string& path : paths) {
      if (part.find_first_of("*?") == absl::string_view::npos) {
        next.push_back(absl::StrCat(path, "/", part));
        continue;
      }
      const auto names = sys::ListFolder(path.empty() ? "/" : path);
      if (!names.ok()) continue;
      for (const std::string& name : *names) {
        if (name[0] == '.' && part[0] != '.') continue;
        if (base::GlobMatch(part, name)) {
          next.push_back(absl::StrCat(path, "/", name));
        }
      }
      if (next.size() > kMaxIncludedFiles) {
        return absl::InvalidArgumentError(
            absl::StrCat("Include ", pattern, ": too many files"));
      }
    }
    paths = std::move(next);
  }
  std::vector<IncludedFile> files;
  for (const std::string& path : paths) {
    const auto info = sys::Stat(path);
    if (!info.ok() || !info->regular) continue;
    TRY_ASSIGN(std::string text, sys::ReadFile(path, kMaxHostFileBytes));
    files.push_back({path, std::move(text)});
  }
  return files;
}

absl::Status ReadOne(const TableFile& file, const Search& search, Fleet& fleet,
                     Joiner& joiner, Remarks& remarks, const Voice& voice) {
  TRY_ASSIGN(const TableText table, ReadTable(file.path));
  if (table.untrusted && !fleet.untrusted) {
    fleet.untrusted = true;
    voice.Warn(
        absl::StrCat(file.path, ": others may write it, so this is safe mode"));
  }
  switch (file.format) {
    case Format::kHostFile:
      return ReadHostFile(file.path, table.text, file.kind, joiner, fleet.table,
                          remarks);
    case Format::kAnsible: {
      TRY_ASSIGN(const auto inventory, ReadAnsible(file.path, table.text));
      return base::Context(JoinInventory(inventory, file.kind, joiner),
                           file.path);
    }
    case Format::kSsh: {
      const auto find = [&](absl::string_view pattern) {
        return Included(search, pattern);
      };
      TRY_ASSIGN(const auto inventory,
                 ReadSshConfig(file.path, table.text, find));
      return base::Context(JoinInventory(inventory, file.kind, joiner),
                           file.path);
    }
  }
  return absl::OkStatus();
}

void AddReported(absl::string_view name, std::string& list) {
  absl::StrAppend(&list, list.empty() ? "" : ":", name);
}

}  // namespace

absl::StatusOr<std::string> StandardInput::CopyFor(absl::string_view use,
                                                   int mode) {
  if (use_ == "a -Z file" && use == "a -X file") return path_;
  if (!use_.empty()) {
    return cli::UsageError(absl::StrCat("standard input cannot be ", use_,
                                        " and ", use_ == use ? "another" : use,
                                        " ('-' twice)"));
  }
  use_ = std::string(use);
  TRY_ASSIGN(const std::string content, sys::ReadFd(0, kMaxHostFileBytes));
  TRY_ASSIGN(path_, work_.Write("stdin", content, mode));
  return path_;
}

absl::StatusOr<Fleet> LoadFleet(const HostOptions& options,
                                const Search& search, StandardInput& input,
                                const Voice& voice) {
  std::vector<TableFile> files;
  Fleet fleet(options.key);
  const struct {
    const std::vector<std::string>& names;
    char letter;
    FileKind kind;
    std::string& list;
  } lists[] = {
      {options.defaults, 'Z', FileKind::kDefaults, fleet.defaults},
      {options.configs, 'C', FileKind::kHosts, fleet.configs},
      {options.extras, 'X', FileKind::kExtra, fleet.extras},
  };
  for (const auto& list : lists) {
    for (const std::string& name : list.names) {
      TRY_ASSIGN(TableFile file, FindTableFile(name, list.letter, list.kind,
                                               options, search, input));
      AddReported(file.reported, list.list);
      files.push_back(std::move(file));
    }
  }
  for (TableFile& file : files) {
    if (file.kind != FileKind::kDefaults) continue;
    for (const TableFile& other : files) {
      if (other.kind == FileKind::kExtra && IsSameFile(file, other)) {
        file.kind = FileKind::kDefaultsExtra;
      }
    }
  }
  Joiner joiner(fleet.table);
  Remarks remarks;
  remarks.want_missing = options.Debugs('M');
  absl::Status status;
  for (const TableFile& file : files) {
    status = ReadOne(file, search, fleet, joiner, remarks, voice);
    if (!status.ok()) break;
  }
  for (const std::string& warning : remarks.warnings) voice.Warn(warning);
  for (const std::string& line : remarks.missing) voice.Debug('M', line);
  TRY(status);
  joiner.Finish();
  return fleet;
}

absl::StatusOr<std::vector<bool>> Admitted(const HostOptions& options,
                                           const Table& table,
                                           const Voice& voice) {
  std::vector<bool> admitted(table.size(), options.on.empty());
  std::vector<std::string> unknown;
  const std::optional<uint32_t> short_name = table.FindName("SHORTHOST");
  for (const std::string& name : options.on) {
    bool found = false;
    if (const auto host = table.Find(name)) {
      admitted[*host] = found = true;
    } else if (short_name) {
      for (size_t h = 0; h < table.size(); h++) {
        if (table.Get(h, *short_name) == absl::string_view(name)) {
          admitted[h] = found = true;
        }
      }
    }
    if (!found)
      unknown.push_back(absl::StrCat("--on: no host is called '", name, "'"));
  }
  if (!unknown.empty()) {
    return absl::NotFoundError(absl::StrJoin(unknown, "\n"));
  }
  for (size_t host = 0; host < table.size(); host++) {
    if (!admitted[host] || Holds(options.presences, table, host)) continue;
    admitted[host] = false;
    if (options.Debugs('B')) {
      voice.Debug('B', absl::StrCat(table.HostName(host), ": is left out"));
    }
  }
  return admitted;
}

}  // namespace hosts
