#include "msrc/host_report.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

#include "base/bytes.h"
#include "hosts/drive_outcome.h"
#include "hosts/fold_names.h"
#include "text/json.h"

namespace msrc {
namespace {

// More reasons than fit on a screen tell nobody anything.
constexpr size_t kMostLines = 50;

template <typename List>
std::vector<std::string> Paths(const List& positions,
                               const wire::Manifest& manifest) {
  std::vector<std::string> paths;
  for (const uint32_t position : positions) {
    paths.push_back(manifest.entries()[position].path);
  }
  return paths;
}

void WriteList(text::JsonWriter& json, absl::string_view key,
               const std::vector<std::string>& list) {
  json.Key(key).BeginArray();
  for (const std::string& item : list) json.String(item);
  json.EndArray();
}

std::string Describe(int status, const std::string& phase) {
  std::string text = absl::StrCat("status ", status);
  if (status >= 3000) return "not started";
  if (!phase.empty()) absl::StrAppend(&text, ", ", phase);
  return text;
}

}  // namespace

std::string PhaseOfScript(int status) {
  if (status == 0) return "";
  return status >= hosts::kExpansionFailed ? "expand" : "script";
}

void FillReport(const ExchangeResult& result, const wire::Manifest& manifest,
                HostReport* report) {
  report->status = result.status;
  report->phase = std::string(PhaseName(result.failed));
  report->error = result.error;
  report->sent_bytes = result.sent_bytes;
  report->out_bytes = result.out_bytes;
  report->error_bytes = result.error_bytes;
  report->copied = result.copied;
  report->no_executable = result.no_executable;
  report->software = result.software;
  report->platform = result.platform;
  report->user = result.user;
  report->answered = result.applied.has_value();
  if (!result.applied.has_value()) return;
  const fleetbox::wire::Applied& applied = *result.applied;
  report->created = Paths(applied.created(), manifest);
  report->changed = Paths(applied.changed(), manifest);
  report->mode_only = Paths(applied.mode_only(), manifest);
  report->removed.assign(applied.removed().begin(), applied.removed().end());
  report->kept = applied.kept();
  const bool done = applied.outcome() == fleetbox::wire::Applied::APPLIED ||
                    applied.outcome() == fleetbox::wire::Applied::COMPARED;
  report->same = done ? manifest.entries().size() - report->created.size() -
                            report->changed.size() - report->mode_only.size()
                      : 0;
  for (const std::string& w : applied.warning()) {
    report->warnings.push_back(base::Escape(w));
  }
  report->into = applied.into();
}

std::string ReportJson(const HostReport& report) {
  text::JsonWriter json;
  json.BeginObject();
  json.Key("host").String(report.host);
  json.Key("status").Int(report.status);
  json.Key("phase_failed").String(report.phase);
  json.Key("error").String(report.error);
  json.Key("attempts").Int(report.attempts);
  json.Key("seconds").Double(absl::ToDoubleSeconds(report.took));
  if (report.answered) {
    WriteList(json, "created", report.created);
    WriteList(json, "changed", report.changed);
    WriteList(json, "mode_only", report.mode_only);
    WriteList(json, "removed", report.removed);
    json.Key("same").Int(static_cast<int64_t>(report.same));
    json.Key("kept").Int(static_cast<int64_t>(report.kept));
    json.Key("into").String(report.into);
    WriteList(json, "warnings", report.warnings);
  }
  json.Key("sent_bytes").Int(report.sent_bytes);
  json.Key("stdout_bytes").Int(report.out_bytes);
  json.Key("stderr_bytes").Int(report.error_bytes);
  json.Key("bootstrapped").Bool(report.copied);
  json.Key("software").String(report.software);
  json.Key("platform").String(report.platform);
  json.Key("user").String(report.user);
  json.EndObject();
  return json.Take() + "\n";
}

void FailureList::Add(const HostReport& report) {
  if (report.status == 0) return;
  failed_++;
  hosts_[{report.status, report.phase, report.error}].insert(
      {report.position, report.host});
}

std::vector<std::string> FailureList::Lines(size_t hosts) const {
  if (failed_ == 0) return {};
  std::vector<std::string> lines = {
      absl::StrCat(failed_, " of ", hosts, " hosts failed")};
  for (const auto& [key, failed] : hosts_) {
    std::vector<std::string> names;
    for (const Host& host : failed) names.push_back(host.name);
    if (lines.size() > kMostLines) {
      lines.push_back(absl::StrCat("and for ", hosts_.size() - kMostLines,
                                   " more reasons"));
      break;
    }
    lines.push_back(absl::StrCat(Describe(key.status, key.phase), ": ",
                                 hosts::FoldNames(names),
                                 key.error.empty() ? "" : ": ", key.error));
  }
  return lines;
}

void DiffFolder::Add(const HostReport& report, const std::string& path,
                     const std::string& text) {
  const auto found = hosts_.find({path, text});
  const size_t bytes = report.host.size() +
                       (found == hosts_.end() ? path.size() + text.size() : 0);
  if (bytes > left_) {
    left_out_++;
    return;
  }
  left_ -= bytes;
  hosts_[{path, text}].emplace(report.position, report.host);
}

std::string DiffFolder::Text() const {
  std::string all;
  for (const auto& [difference, hosts] : hosts_) {
    std::vector<std::string> names;
    for (const auto& [position, name] : hosts) names.push_back(name);
    absl::StrAppend(&all, "--- ", base::Escape(difference.first), ": ",
                    hosts::FoldNames(names), "\n", difference.second);
    if (!all.empty() && all.back() != '\n') all += '\n';
  }
  if (left_out_ > 0) {
    absl::StrAppend(&all, "--- and ", left_out_, " more\n");
  }
  return all;
}

}  // namespace msrc
