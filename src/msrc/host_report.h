// What is told of a host when it is done with, and of all of them. Pure.
#pragma once

#include <absl/time/time.h>
#include <absl/types/span.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "msrc/exchange.h"
#include "wire/manifest.h"

namespace msrc {

struct HostReport {
  std::string host;
  size_t position = 0;  // among the elected, from 0
  int status = 0;
  std::string phase;  // that failed; "" for none
  std::string error;
  // Paths.
  std::vector<std::string> created, changed, mode_only, removed;
  uint64_t same = 0, kept = 0;
  std::vector<std::string> warnings;
  std::string into;  // as it is there
  absl::Duration took;
  int64_t sent_bytes = 0;  // of contents, as they travel
  int64_t out_bytes = 0, error_bytes = 0;
  int attempts = 0;
  bool copied = false;         // an executable was brought
  bool no_executable = false;  // there was none for it
  bool answered = false;       // whether it has said what it did
  std::string software, platform, user;
  std::string noise;  // what it said before its receiver did; as it came

  // What HXMD_CHANGED says.
  size_t changes() const {
    return created.size() + changed.size() + mode_only.size() + removed.size();
  }
};
// `result`'s positions are those of `manifest`.
void FillReport(const ExchangeResult& result, const wire::Manifest& manifest,
                HostReport* report);

// The phase that failed of a host that had a script of its own, of which the
// status is known.
std::string PhaseOfScript(int status);

// One object on one line, with its newline.
std::string ReportJson(const HostReport& report);

// For people: how many failed, and for each status, phase and reason which
// hosts. Few bytes for each host that failed, none for others.
class FailureList {
 public:
  void Add(const HostReport& report);
  bool empty() const { return failed_ == 0; }
  std::vector<std::string> Lines(size_t hosts) const;

 private:
  struct Key {
    int status;
    std::string phase, error;
    auto operator<=>(const Key&) const = default;
  };
  struct Host {
    size_t position;  // among the elected: so they are named
    std::string name;
    auto operator<=>(const Host&) const = default;
  };
  size_t failed_ = 0;
  std::map<Key, std::set<Host>> hosts_;
};

// Equal differences of several hosts are shown once.
class DiffFolder {
 public:
  explicit DiffFolder(size_t max_bytes) : left_(max_bytes) {}
  void Add(const HostReport& report, const std::string& path,
           const std::string& text);
  // "--- path: hosts" and the difference, in order of path; and, when there
  // was no room for all, a last line that says so.
  std::string Text() const;

 private:
  size_t left_;
  size_t left_out_ = 0;
  // By path and text; of each host its position among the elected.
  std::map<std::pair<std::string, std::string>, std::map<size_t, std::string>>
      hosts_;
};

}  // namespace msrc
