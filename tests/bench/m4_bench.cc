// The m4 engine beside GNU m4, where that is installed: a text for each of 1000
// hosts, and what m4 programs spend their time with.
//
//   m4_bench [FILE]    also writes JSON to FILE

#include <absl/strings/str_cat.h>

#include <cstdio>
#include <string>

#include "base/status.h"
#include "bench.h"
#include "sys/child.h"
#include "sys/file.h"
#include "text/m4.h"

namespace {

constexpr int kHosts = 1000;

std::string Times(int n, const std::function<std::string(int)>& part) {
  std::string all;
  for (int i = 1; i <= n; i++) absl::StrAppend(&all, part(i));
  return all;
}

// 40 lines with a macro in most of them, as a configuration file has it.
std::string HostText() {
  std::string text;
  for (int i = 0; i < 10; i++) {
    absl::StrAppend(&text, "# section ", i, " of HOST\n",
                    "address=HOST.example.org port=eval(8000 + CORES)\n",
                    "ifelse(ARCH,`amd64',`fast',`slow') name=SHORT\n",
                    "plain text that has nothing to expand in it, number ", i,
                    "\n");
  }
  return text;
}

size_t ExpandAll(text::M4& m4, absl::string_view text) {
  m4.Expand("t", text);
  return m4.Finish();
}

double OneStream(const std::string& text, size_t* bytes) {
  return bench::MedianSeconds(11, [&] {
    *bytes = 0;
    text::M4 m4({}, nullptr,
                {.output = [&](absl::string_view s) { *bytes += s.size(); }});
    for (int i = 0; i < kHosts; i++) {
      m4.Push("HOST", absl::StrCat("host", i));
      m4.Push("SHORT", absl::StrCat("h", i));
      m4.Push("ARCH", i % 2 == 0 ? "amd64" : "arm64");
      m4.Push("CORES", absl::StrCat(i % 64));
      m4.Expand("t", text);
      for (const char* name : {"HOST", "SHORT", "ARCH", "CORES"}) m4.Pop(name);
    }
    MUST(m4.Finish() == 0);
  });
}

double StreamForEach(const std::string& text) {
  text::M4 base({}, nullptr, {});
  for (int i = 0; i < 200; i++) base.Define(absl::StrCat("site_", i), "value");
  const auto begin = base.Definitions();
  return bench::MedianSeconds(11, [&] {
    for (int i = 0; i < kHosts; i++) {
      text::M4 m4({}, nullptr, {}, begin);
      m4.Define("HOST", absl::StrCat("host", i));
      m4.Define("SHORT", absl::StrCat("h", i));
      m4.Define("ARCH", i % 2 == 0 ? "amd64" : "arm64");
      m4.Define("CORES", absl::StrCat(i % 64));
      MUST(ExpandAll(m4, text) == 0);
    }
  });
}

// Seconds of `m4 FILE`; 0 when there is none.
double Gnu(const std::string& path) {
  bool good = true;
  const double seconds = bench::MedianSeconds(5, [&] {
    good = good && sys::RunProgram({"/usr/bin/m4", path}, "", absl::Minutes(1),
                                   size_t{1} << 30)
                       .ok();
  });
  return good ? seconds : 0;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Table table(
      "m4: seconds, the limit being GNU m4 where nothing else is");
  const std::string host_text = HostText();
  size_t bytes = 0;
  const double stream = OneStream(host_text, &bytes);
  table.Add("1000 hosts, 40 lines each, one stream", "s", stream, 0.030,
            "<= 1");
  table.Add("the same, a stream for each", "s", StreamForEach(host_text), 0,
            "");

  const struct {
    const char* what;
    std::string text;
  } programs[] = {
      {"recursion, 100000 deep",
       "define(`down',`ifelse($1,0,done,`down(decr($1))')')down(100000)\n"},
      {"calls within calls, 4 x 5000",
       "define(`f',`ifelse($1,0,0,`incr(f(decr($1)))')')"
       "f(5000)f(5000)f(5000)f(5000)\n"},
      {"shift through 2000 arguments",
       absl::StrCat(
           "define(`n',`ifelse($#,1,1,`incr(n(shift($@)))')')n(",
           Times(1999, [](int i) { return absl::StrCat("a", i, ","); }),
           "z)\n")},
      {"100000 definitions and calls",
       absl::StrCat(
           Times(100'000,
                 [](int i) {
                   return absl::StrCat("define(`name_", i, "',`is ", i,
                                       " of $1')dnl\n");
                 }),
           Times(100'000,
                 [](int i) { return absl::StrCat("name_", i, "(x)\n"); }))},
      {"10 MB of text", Times(100'000,
                              [](int i) {
                                return absl::StrCat(
                                    "This is line ", i,
                                    " of a text, with `quotes' and (more) "
                                    "words, and nothing to expand in it.\n");
                              })},
      {"60000 patterns",
       absl::StrCat("define(`p',`patsubst(`$1', "
                    "`\\([a-z]+\\)\\([0-9]+\\)', `\\2-\\1')')dnl\n",
                    Times(30'000,
                          [](int i) {
                            return absl::StrCat("p(`abc", i, " def", i,
                                                "')regexp(`foo bar", i,
                                                "',`ba[rz][0-9]+')\n");
                          }))},
  };
  absl::StatusOr<sys::TemporaryFolder> folder =
      sys::TemporaryFolder::Make("m4-bench");
  MUST(folder.ok());
  const std::string path = folder->path() + "/program.m4";
  for (const auto& program : programs) {
    MUST(sys::ReplaceFile(path, program.text).ok());
    const double ours = bench::MedianSeconds(5, [&] {
      text::M4Options options;
      options.limits = {.nesting = 0, .pushed_bytes = 0, .output_bytes = 0};
      text::M4 m4(std::move(options), nullptr, {});
      MUST(ExpandAll(m4, program.text) == 0);
    });
    table.Add(program.what, "s", ours, Gnu(path), "<= 1");
  }
  return table.Finish(argc, argv);
}
