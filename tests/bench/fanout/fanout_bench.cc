// xapply beside its peers, and beside what the machine can do: how many tasks a
// second, how many megabytes a second of collated output, how much memory, how
// long a start takes. Every contender runs once in each round, so that a
// neighbour's load hits all alike; figures are medians.
//
//   run BENCH OUT    makes the small programs and starts this (see there)
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/bench.h"
#include "bench/environment.h"
#include "bench/fanout/timed_command.h"

namespace {

using bench::Number;
using bench::Scratch;
using bench::TimedCommand;
using bench::Variable;
using bench::Wanted;

// A file with the numbers from 1, one on a line.
std::string ItemFile(int items) {
  const std::string path = absl::StrCat(Scratch(), "/items.", items);
  if (access(path.c_str(), R_OK) != 0) {
    std::string text;
    for (int i = 1; i <= items; i++) absl::StrAppend(&text, i, "\n");
    if (!sys::CreateFile(path, text, 0644).ok()) exit(1);
  }
  return path;
}

std::string MakeFile(int items) {
  const std::string path = absl::StrCat(Scratch(), "/make.", items);
  if (access(path.c_str(), R_OK) != 0) {
    if (!sys::CreateFile(
             path,
             absl::StrCat("T=$(shell seq ", items,
                          ")\nall: $(T)\n.PHONY: all $(T)\n$(T):\n\t@",
                          "/bin/true $@\n"),
             0644)
             .ok()) {
      exit(1);
    }
  }
  return path;
}

// Debian renames it where GNU parallel is installed, too.
std::string Moreutils() {
  if (access("/usr/bin/parallel.moreutils", X_OK) == 0) {
    return "/usr/bin/parallel.moreutils";
  }
  // Alone it has the name that GNU's would have.
  return access("/usr/bin/parallel", X_OK) == 0 &&
                 access("/usr/bin/parcat", X_OK) != 0
             ? "/usr/bin/parallel"
             : "";
}

std::string GnuParallel() {
  return access("/usr/bin/parcat", X_OK) == 0 ? "/usr/bin/parallel" : "";
}

// The rows of a table. {P} {N} {ITEMS} {NOOP} {MAKE} are replaced.
class Rows {
 public:
  Rows(std::string group, int parallel)
      : group_(std::move(group)), parallel_(parallel) {}

  TimedCommand& Add(const std::string& name, int items,
                    const std::string& command, const std::string& needs) {
    TimedCommand c;
    c.group = group_;
    c.name = name;
    c.parallel = parallel_;
    c.items = items;
    c.needs = needs;
    c.missing = needs.empty() || access(needs.c_str(), X_OK) != 0;
    c.command = absl::StrCat(
        "exec ",
        absl::StrReplaceAll(command, {{"{P}", absl::StrCat(parallel_)},
                                      {"{N}", absl::StrCat(items)},
                                      {"{ITEMS}", ItemFile(items)},
                                      {"{NOOP}", Scratch() + "/noop"},
                                      {"{OUT}", Scratch() + "/out100k"},
                                      {"{BIG}", Scratch() + "/out10m"},
                                      {"{MAKE}", MakeFile(items)},
                                      {"{MORE}", Moreutils()}}));
    rows_.push_back(std::move(c));
    return rows_.back();
  }
  TimedCommand& Limit(const std::string& name, int items,
                      const std::string& program) {
    TimedCommand& c = Add(name, items, "", "/bin/sh");
    c.probe = bench::SpawnOnTwoThreads;
    c.program = program;
    return c;
  }
  TimedCommand& Ours(const std::string& name, int items,
                     const std::string& command) {
    return Add(name, items,
               absl::StrCat(Scratch(), "/xapply -f -P{P} ", command),
               Scratch() + "/xapply");
  }
  std::vector<TimedCommand> Take() { return std::move(rows_); }

 private:
  std::string group_;
  int parallel_;
  std::vector<TimedCommand> rows_;
};

TimedCommand& Against(TimedCommand& c, const std::string& limit,
                      double asked = 0) {
  c.limit = limit;
  c.asked = asked;
  return c;
}

std::vector<TimedCommand> Dispatch(int parallel) {
  const int n = Number("BENCH_ITEMS", "20000");
  const int few = std::max(1, n / 4), slow = std::max(1, n / 10);
  const std::string noop = "limit: no-op", real = "limit: /bin/true",
                    shell = "limit: sh -c /bin/true";
  // "Elsewhere" are the medians of the reference machine, two processors, P=2.
  const bool reference = parallel == 2;
  Rows rows("dispatch", parallel);
  // With an item, as everybody else runs them: true(1) of coreutils does more
  // when it has one argument than when it has none.
  rows.Limit(noop, n, Scratch() + "/noop|17").elsewhere = reference ? 37600 : 0;
  rows.Limit(real, n, "/bin/true|17").elsewhere = reference ? 3103 : 0;
  rows.Limit(shell, few, "/bin/sh|-c|/bin/true 17").elsewhere =
      reference ? 1465 : 0;
  Against(rows.Ours("xapply no-op", n, "{NOOP} {ITEMS}"), noop, 0.66);
  Against(rows.Ours("xapply -m no-op", n, "-m {NOOP} {ITEMS}"), noop);
  Against(rows.Ours("xapply true", n, "/bin/true {ITEMS}"), real, 0.93);
  Against(rows.Ours("xapply -m true", n, "-m /bin/true {ITEMS}"), real, 0.87);
  Against(rows.Ours("xapply --keep-order true", n,
                    "--keep-order /bin/true {ITEMS}"),
          real);
  Against(rows.Ours("xapply -J true", n, "-J{P} /bin/true {ITEMS}"), real);
  Against(rows.Ours("xapply --exec=shell true", few,
                    "--exec=shell /bin/true {ITEMS}"),
          shell, 0.95);
  Against(rows.Ours("xapply --exec=shell -m true", few,
                    "--exec=shell -m /bin/true {ITEMS}"),
          shell);
  Against(
      rows.Ours("xapply --pack=100 true", n, "--pack=100 /bin/true {ITEMS}"),
      real);
  Against(rows.Add("the original xapply true", few, "", ""), shell).elsewhere =
      reference ? 1259 : 0;
  Against(rows.Add("the original xapply -m true", few, "", ""), shell)
      .elsewhere = reference ? 699 : 0;
  Against(rows.Add("xargs no-op", n, "xargs -P{P} -n1 {NOOP} <{ITEMS}",
                   "/usr/bin/xargs"),
          noop);
  Against(rows.Add("xargs true", n, "xargs -P{P} -n1 /bin/true <{ITEMS}",
                   "/usr/bin/xargs"),
          real)
      .elsewhere = reference ? 2283 : 0;
  Against(rows.Add("xargs sh -c true", few,
                   "xargs -P{P} -I% sh -c '/bin/true %' <{ITEMS}",
                   "/usr/bin/xargs"),
          shell);
  Against(rows.Add("GNU parallel true", slow,
                   "parallel -j{P} /bin/true <{ITEMS}", GnuParallel()),
          real)
      .elsewhere = reference ? 425 : 0;
  Against(rows.Add("GNU parallel -u true", slow,
                   "parallel -u -j{P} /bin/true <{ITEMS}", GnuParallel()),
          real);
  Against(
      rows.Add("moreutils parallel no-op", n,
               "xargs -n 100000 {MORE} -j{P} {NOOP} -- <{ITEMS}", Moreutils()),
      noop)
      .elsewhere = reference ? 8990 : 0;
  Against(rows.Add("moreutils parallel true", n,
                   "xargs -n 100000 {MORE} -j{P} /bin/true -- <{ITEMS}",
                   Moreutils()),
          real);
  Against(rows.Add("xjobs no-op", n, "xjobs -j{P} -v0 {NOOP} <{ITEMS}",
                   "/usr/bin/xjobs"),
          noop);
  Against(rows.Add("xjobs true", n, "xjobs -j{P} -v0 /bin/true <{ITEMS}",
                   "/usr/bin/xjobs"),
          real)
      .elsewhere = reference ? 2629 : 0;
  Against(rows.Add("make -j true", few, "make -s -j{P} -f {MAKE} all",
                   "/usr/bin/make"),
          real);
  return rows.Take();
}

// Megabytes a second through a pipe that is read as fast as it is written. The
// limit is xargs, which collates nothing.
std::vector<TimedCommand> Collation(int parallel, bool big) {
  const int n = big ? 200 : 2000;
  const std::string run = big ? "{BIG} {ITEMS}" : "{OUT} {ITEMS}";
  const std::string each = big ? "{BIG} <{ITEMS}" : "{OUT} <{ITEMS}";
  const std::string limit = "xargs, not collated";
  const bool reference = parallel == 2;
  Rows rows(big ? "collate: MB/s of 200 tasks of 10 MiB"
                : "collate: MB/s of 2000 tasks of 100 KiB",
            parallel);
  rows.Add(limit, n, "xargs -P{P} -n1 " + each, "/usr/bin/xargs").elsewhere =
      reference && !big ? 229 : 0;
  Against(rows.Ours("xapply, not collated", n, run), limit);
  Against(rows.Ours("xapply -m", n, "-m " + run), limit, big ? 0 : 0.96);
  Against(rows.Ours("xapply --keep-order", n, "--keep-order " + run), limit);
  Against(rows.Ours("xapply --collate=done", n, "--collate=done " + run),
          limit);
  Against(rows.Ours("xapply --collate=line", n, "--collate=line " + run),
          limit);
  Against(rows.Add("the original xapply -m", n, "", ""), limit).elsewhere =
      reference ? (big ? 1769 : 67) : 0;
  Against(rows.Add("GNU parallel, grouped", n, "parallel -j{P} " + each,
                   GnuParallel()),
          limit)
      .elsewhere = reference ? (big ? 900 : 42) : 0;
  Against(rows.Add("GNU parallel -k", n, "parallel -k -j{P} " + each,
                   GnuParallel()),
          limit);
  Against(rows.Add("moreutils parallel, not collated", n,
                   absl::StrCat("xargs -n 100000 {MORE} -j{P} ",
                                big ? "{BIG}" : "{OUT}", " -- <{ITEMS}"),
                   Moreutils()),
          limit);
  Against(rows.Add("xjobs, not collated", n, "xjobs -j{P} -v0 " + each,
                   "/usr/bin/xjobs"),
          limit);
  std::vector<TimedCommand> taken = rows.Take();
  for (TimedCommand& c : taken) {
    c.piped = true;
    c.per_item = big ? 10485760 : 102400;
  }
  return taken;
}

// Microseconds from vfork to reaped, the 10th percentile: what others do on the
// machine only ever adds. 0 when it fails.
double StartMicros(const std::vector<std::string>& words) {
  std::vector<double> micros;
  std::vector<char*> argv;
  for (const std::string& w : words) {
    argv.push_back(const_cast<char*>(w.c_str()));
  }
  argv.push_back(nullptr);
  while (micros.size() < 300) {
    const int64_t begin = absl::GetCurrentTimeNanos();
    const pid_t pid = bench::Execute(argv.data(), environ);
    int status = 0;
    waitpid(pid, &status, 0);
    if (status != 0) return 0;
    micros.push_back((absl::GetCurrentTimeNanos() - begin) / 1e3);
  }
  std::sort(micros.begin(), micros.end());
  return micros[micros.size() / 10];
}

void Start(int rounds, text::JsonWriter& json) {
  struct Row {
    std::string name;
    std::vector<std::string> words;
    std::vector<double> micros;
  };
  const std::string ours = Scratch() + "/xapply", box = Scratch() + "/busybox";
  std::vector<Row> rows = {
      {"busybox true", {box, "true"}, {}},
      {"xapply, no items", {ours, "true"}, {}},
      {"xapply -m, no items", {ours, "-m", "true"}, {}},
      {"busybox xargs, one no-op", {box, "xargs", Scratch() + "/noop"}, {}},
      {"xapply, one no-op", {ours, Scratch() + "/noop", "a"}, {}},
      {"xapply -m, one no-op", {ours, "-m", Scratch() + "/noop", "a"}, {}},
  };
  for (int round = 0; round < rounds; round++) {
    for (Row& r : rows) r.micros.push_back(StartMicros(r.words));
  }
  const double limit = bench::Median(rows[0].micros);
  absl::PrintF("\nstart: microseconds, the 10th percentile\n%-42s %10s %7s\n",
               "", "us", "ratio");
  for (const Row& r : rows) {
    const double us = bench::Median(r.micros);
    if (us == 0) {
      absl::PrintF("%-42s %10s\n", r.name, "fails");
    } else {
      absl::PrintF("%-42s %10.0f %7.2f\n", r.name, us, us / limit);
    }
    json.BeginObject();
    json.Key("group").String("start").Key("name").String(r.name);
    json.Key("micros").Double(us).Key("ratio").Double(us / limit);
    json.EndObject();
  }
  fflush(stdout);
}

void Measure(std::vector<TimedCommand>& rows, int rounds) {
  for (int round = 0; round < rounds; round++) {
    for (TimedCommand& c : rows) {
      if (c.missing) continue;
      c.samples.push_back(c.probe != nullptr
                              ? c.probe(c)
                              : bench::RunCommand(c.command, c.piped));
    }
  }
}

void Print(const std::vector<TimedCommand>& rows, text::JsonWriter& json) {
  absl::PrintF("\n%s, P=%d\n%-34s %6s %10s %7s %6s %8s %9s %10s\n",
               rows[0].group, rows[0].parallel, "", "items",
               rows[0].piped ? "MB/s" : "tasks/s", "ratio", "asked", "cpu ms",
               "peak MiB", "elsewhere");
  for (const TimedCommand& c : rows) {
    double limit = 0;
    for (const TimedCommand& other : rows) {
      if (other.name == c.limit) limit = other.Rate();
    }
    const double rate = c.Rate(), ratio = limit == 0 ? 0 : rate / limit;
    const std::string elsewhere =
        c.elsewhere == 0 ? "" : absl::StrFormat("(%.0f)", c.elsewhere);
    if (c.missing) {
      absl::PrintF("%-34s %6d %10s %7s %6s %8s %9s %10s\n", c.name, c.items,
                   "not here", "", "", "", "", elsewhere);
    } else {
      absl::PrintF(
          "%-34s %6d %10.0f %7s %6s %8.3f %9.1f %10s%s\n", c.name, c.items,
          rate, limit == 0 ? "" : absl::StrFormat("%.2f", ratio),
          c.asked == 0 ? "" : absl::StrFormat("%.2f", c.asked),
          c.MedianCpu() / c.items * 1e3, c.PeakKb() / 1024.0, elsewhere,
          c.Failed() == 0    ? ""
          : c.Failed() == -1 ? "  SHORT"
                             : absl::StrFormat("  EXIT %d", c.Failed()));
    }
    json.BeginObject();
    json.Key("group").String(c.group).Key("name").String(c.name);
    json.Key("parallel").Int(c.parallel).Key("items").Int(c.items);
    json.Key("missing").Bool(c.missing).Key("rate").Double(rate);
    json.Key("ratio").Double(ratio).Key("asked").Double(c.asked);
    json.Key("cpu_ms").Double(c.MedianCpu() / c.items * 1e3);
    json.Key("peak_kb").Int(c.PeakKb()).Key("failed").Int(c.Failed());
    json.Key("elsewhere").Double(c.elsewhere).Key("seconds").BeginArray();
    for (const bench::Sample& s : c.samples) json.Double(s.seconds);
    json.EndArray().EndObject();
  }
  fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = Number("BENCH_ROUNDS", "5");
  text::JsonWriter json{text::JsonWriter::Layout::kPretty};
  json.BeginArray();
  absl::PrintF(
      "Medians of %d rounds. ratio: to the limit, measured in the same "
      "rounds.\n"
      "(elsewhere): figures of the originals' and peers' reference machine, "
      "not\n"
      "of this one. peak: of the runner's own process.\n",
      rounds);
  if (Wanted("start")) Start(rounds, json);
  for (absl::string_view p :
       absl::StrSplit(Variable("BENCH_PARALLEL", "2,8"), ',')) {
    int parallel = 0;
    if (!absl::SimpleAtoi(p, &parallel) || parallel < 1) return 1;
    std::vector<std::vector<TimedCommand>> tables;
    if (Wanted("dispatch")) tables.push_back(Dispatch(parallel));
    if (Wanted("collate")) {
      tables.push_back(Collation(parallel, false));
      tables.push_back(Collation(parallel, true));
    }
    for (std::vector<TimedCommand>& rows : tables) {
      Measure(rows, rounds);
      Print(rows, json);
    }
  }
  json.EndArray();
  if (argc < 2) return 0;
  return sys::ReplaceFile(argv[1], json.Take()).ok() ? 0 : 1;
}
