// hxmd, efmd and m4 beside GNU m4 and xargs. Every contender runs once in each
// round, so that a neighbour's load hits all alike; figures are medians.
//
//   run BENCH OUT    makes links to the commands and starts this (see there)
#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/bench.h"
#include "bench/environment.h"
#include "bench/fanout/timed_command.h"

namespace {

using bench::Sample;
using bench::Scratch;

constexpr int kHosts = 1000, kManyHosts = 20'000, kAttributes = 20;

std::string Write(const std::string& name, const std::string& text) {
  const std::string path = absl::StrCat(Scratch(), "/", name);
  if (!sys::CreateFile(path, text, 0755).ok()) exit(1);
  return path;
}

std::string Times(int n, const std::function<std::string(int)>& part) {
  std::string all;
  for (int i = 1; i <= n; i++) absl::StrAppend(&all, part(i));
  return all;
}

// 40 lines with a macro in most of them, as a configuration file has it.
std::string HostText() {
  return Times(10, [](int i) {
    return absl::StrCat("# section ", i, " of HOST\n",
                        "address=HOST.example port=eval(8000 + CORES)\n",
                        "ifelse(ARCH,`amd64',`fast',`slow') name=SHORT\n",
                        "plain text that has nothing to expand in it, number ",
                        i, "\n");
  });
}

std::string HostFile(int hosts, int attributes) {
  std::string text = "%HOST SHORT ARCH CORES";
  for (int a = 4; a <= attributes; a++) absl::StrAppend(&text, " A", a);
  text += "\n";
  for (int i = 1; i <= hosts; i++) {
    absl::StrAppend(&text, "host", i, ".example host", i,
                    i % 2 == 0 ? " amd64 " : " arm64 ", i % 64 + 1);
    for (int a = 4; a <= attributes; a++) {
      absl::StrAppend(&text, " value", a, "-", i % 97);
    }
    text += "\n";
  }
  return text;
}

// What one GNU m4 is given for the same: all definitions, and the text again
// for each host.
std::string OneStream(const std::string& text) {
  return Times(kHosts, [&](int i) {
    return absl::StrCat("define(`HOST',`host", i, ".example')define(`SHORT',`",
                        "host", i, "')define(`ARCH',`",
                        i % 2 == 0 ? "amd64" : "arm64", "')define(`CORES',`",
                        i % 64 + 1, "')dnl\n", text);
  });
}

struct Row {
  std::string what, unit;
  std::string ours, theirs;  // lines for sh; theirs may be ""
  std::string asked;
  bool of_memory = false;
  std::vector<Sample> our_samples = {}, their_samples = {};
};

Sample Measure(const std::string& command) {
  const Sample sample = bench::RunCommand(command, /*piped=*/false);
  if (sample.code != 0) {
    absl::FPrintF(stderr, "exit %d: %s\n", sample.code, command);
  }
  return sample;
}

double MedianOf(const Row& row, const std::vector<Sample>& samples) {
  std::vector<double> values;
  for (const Sample& s : samples) {
    values.push_back(row.of_memory ? s.peak_kb / 1024.0 : s.seconds);
  }
  return values.empty() ? 0 : bench::Median(std::move(values));
}

std::vector<Row> Rows() {
  const std::string ours = absl::StrCat("exec ", Scratch(), "/ours/");
  const std::string text = Write("text", HostText());
  const std::string hosts = Write("hosts.cf", HostFile(kHosts, 3));
  const std::string many = Write("many.cf", HostFile(kManyHosts, kAttributes));
  const std::string plain = Write("plain.cf", HostFile(kManyHosts, 3));
  const std::string stream = Write("stream", OneStream(HostText()));
  const std::string numbers =
      Write("numbers",
            Times(kHosts, [](int i) { return absl::StrCat("host", i, "\n"); }));
  // What somebody without hxmd writes: m4 and a command, for each host.
  const std::string each =
      Write("each", absl::StrCat("#!/bin/sh\nm4 -DHOST=$1.example -DSHORT=$1 ",
                                 "-DARCH=amd64 -DCORES=8 ", text, " >",
                                 Scratch(), "/files/$1 && :\n"));
  if (!sys::MakeFolders(Scratch() + "/files").ok()) exit(1);

  std::vector<Row> rows;
  rows.push_back({"hxmd, a file for each of 1000 hosts, P2", "s",
                  absl::StrCat(ours, "hxmd -P2 -s -C ", hosts, " : ", text),
                  absl::StrCat("exec xargs -P2 -n1 ", each, " <", numbers),
                  "<= 0.33"});
  rows.push_back({"efmd -F0, the same as one stream", "s",
                  absl::StrCat(ours, "efmd -F0 -C ", hosts, " ", text),
                  absl::StrCat("exec m4 ", stream), "<= 1.2"});
  rows.push_back(
      {"one of 20000 hosts elected", "s",
       absl::StrCat(ours, "efmd -L -C ", plain, " -E SHORT=host17000"),
       absl::StrCat("exec awk '$2 == \"host17000\" { print $1 }' ", plain),
       "<= 0.25 s"});
  rows.push_back(
      {"20000 hosts of 20 attributes, memory", "MiB",
       absl::StrCat(ours, "efmd -L -C ", many, " -E SHORT=host17000"), "",
       "<= 50 MiB"});
  rows.back().of_memory = true;
  rows.push_back(
      {"hxmd of the same, one elected, memory", "MiB",
       absl::StrCat(ours, "hxmd -C ", many, " -E SHORT=host17000 'sleep 0.05'"),
       "", "<= 50 MiB"});
  rows.back().of_memory = true;

  const std::pair<std::string, std::string> inputs[] = {
      {"m4: 1000 host texts", stream},
      {"m4: a loop of 200000",
       Write("loop",
             "define(`loop',`ifelse(eval($1 < 200000),1,"
             "`loop(incr($1))')')loop(0)\n")},
      {"m4: 50000 definitions and calls",
       Write("define", absl::StrCat(Times(50'000,
                                          [](int i) {
                                            return absl::StrCat(
                                                "define(`name_", i, "',`is ", i,
                                                " of $1')dnl\n");
                                          }),
                                    Times(50'000,
                                          [](int i) {
                                            return absl::StrCat("name_", i,
                                                                "(x)\n");
                                          })))},
      {"m4: 30000 strings taken apart",
       Write("strings", Times(30'000,
                              [](int i) {
                                return absl::StrCat(
                                    "substr(translit(`abc", i,
                                    "',a-z,A-Z),1,3)len(`x", i,
                                    "')index(`some text',`text')patsubst(`a.b.",
                                    i, "',`\\.',`-')\n");
                              }))},
  };
  for (const auto& [what, path] : inputs) {
    rows.push_back({what, "s", absl::StrCat(ours, "m4 ", path),
                    absl::StrCat("exec m4 ", path), "<= 1.2"});
  }
  return rows;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = bench::Number("BENCH_ROUNDS", "5");
  const bool gnu = access("/usr/bin/m4", X_OK) == 0;
  if (!gnu) absl::PrintF("GNU m4 is not here: it has no figures\n");
  std::vector<Row> rows = Rows();
  for (int round = 0; round < rounds; round++) {
    for (Row& row : rows) {
      row.our_samples.push_back(Measure(row.ours));
      const bool needs_m4 = row.theirs.find(" awk ") == std::string::npos;
      if (row.theirs.empty() || (needs_m4 && !gnu)) continue;
      row.their_samples.push_back(Measure(row.theirs));
    }
  }
  bench::Table table(absl::StrCat("hosts: medians of ", rounds,
                                  " rounds, the limit being xargs with GNU "
                                  "m4, GNU m4, or awk"));
  for (const Row& row : rows) {
    table.Add(row.what, row.unit, MedianOf(row, row.our_samples),
              MedianOf(row, row.their_samples), row.asked);
  }
  return table.Finish(argc, argv);
}
