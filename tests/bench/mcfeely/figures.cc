#include "bench/mcfeely/figures.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include "bench/bench.h"
#include "bench/environment.h"

namespace bench {
namespace {

std::string Text(double value) {
  return value >= 1000 ? absl::StrFormat("%.0f", value)
                       : absl::StrFormat("%.4g", value);
}

std::string Text(const Asked& asked) {
  if (asked.of == Asked::kNothing) return "";
  if (asked.of == Asked::kPeers) return "below every peer";
  return absl::StrFormat("%s %g%s%s", asked.at_least ? ">=" : "<=", asked.value,
                         asked.of == Asked::kOurs ? "" : " of the limit",
                         asked.below_peers ? ", below every peer" : "");
}

// `medians`: ours, the limit's, the peers'.
bool Reached(const Asked& asked, const std::vector<double>& medians) {
  const double ours = medians[0],
               limit = medians.size() > 1 ? medians[1] : kNone;
  for (size_t i = 2; asked.below_peers && i < medians.size(); i++) {
    if (medians[i] != kNone && ours >= medians[i]) return false;
  }
  if (asked.of == Asked::kNothing || asked.of == Asked::kPeers) return true;
  const double value = asked.of == Asked::kOurs ? ours : ours / limit;
  return asked.at_least ? value >= asked.value : value <= asked.value;
}

}  // namespace

Report::Report(int rounds) : rounds_(rounds) {
  absl::PrintF("%-58s %10s %9s  %s\n",
               absl::StrCat("medians of ", rounds, " rounds"), "", "ours : it",
               "asked");
  json_.BeginArray();
}

void Report::Add(const Scenario& scenario) {
  if (!Wanted(scenario.group)) return;
  std::vector<const Contender*> contenders = {&scenario.ours};
  for (const Contender& c : scenario.others) contenders.push_back(&c);
  std::vector<Line> lines;
  for (const Contender* c : contenders) {
    lines.push_back({c->name, c->is_peer, {}, {}});
  }
  for (int round = 0; round < rounds_; round++) {
    for (size_t c = 0; c < contenders.size(); c++) {
      if (!lines[c].failed.ok()) continue;
      absl::StatusOr<Values> values = contenders[c]->measure();
      lines[c].failed = values.status();
      if (values.ok()) lines[c].rounds.push_back(*std::move(values));
    }
  }
  const absl::Status& ours = lines[0].failed;
  failed_ = failed_ || (!ours.ok() && !absl::IsFailedPrecondition(ours));
  for (size_t f = 0; f < scenario.figures.size(); f++) {
    Print(scenario.figures[f], f, lines);
  }
}

void Report::Print(const Figure& figure, size_t f,
                   const std::vector<Line>& lines) {
  std::vector<double> medians, compared;
  for (const Line& line : lines) {
    Values values;
    for (const Values& round : line.rounds) values.push_back(round[f]);
    medians.push_back(!line.failed.ok() || values.empty() ? kNone
                                                          : Median(values));
    if (line.is_peer || compared.size() < 2) compared.push_back(medians.back());
  }
  const double ours = medians[0];
  const bool reached = ours != kNone && Reached(figure.asked, compared);
  json_.BeginObject();
  json_.Key("what").String(figure.what).Key("unit").String(figure.unit);
  json_.Key("asked").String(Text(figure.asked)).Key("reached").Bool(reached);
  json_.Key("medians").BeginObject();
  for (size_t i = 0; i < lines.size(); i++) {
    const absl::Status& failed = lines[i].failed;
    const std::string name =
        i > 0 ? absl::StrCat("  ", lines[i].name)
              : absl::StrCat(figure.what, " (", figure.unit, ")");
    if (!failed.ok()) {
      absl::PrintF(
          "%-58s %s\n", name,
          i > 0 && absl::IsNotFound(failed) ? "not here" : failed.message());
      continue;
    }
    if (medians[i] == kNone) continue;
    const std::string ratio =
        i > 0 && ours > 0 ? absl::StrFormat("%.2f", ours / medians[i]) : "";
    const std::string asked =
        i > 0 ? ""
              : absl::StrCat(Text(figure.asked), reached ? "" : "  MISSED");
    absl::PrintF("%-58s %10s %9s  %s\n", name, Text(medians[i]), ratio, asked);
    json_.Key(i == 0 ? "ours" : lines[i].name).Double(medians[i]);
  }
  json_.EndObject().EndObject();
  fflush(stdout);
}

int Report::Finish(const std::string& path) {
  json_.EndArray();
  if (!path.empty() && !sys::ReplaceFile(path, json_.Take()).ok()) return 1;
  return failed_ ? 1 : 0;
}

}  // namespace bench
