#include <absl/strings/str_cat.h>

#include "base/status.h"
#include "cli/applet.h"
#include "cli/report.h"
#include "oue/options.h"
#include "oue/run.h"
#include "sys/environment.h"
#include "text/character.h"

namespace {

absl::StatusOr<int> Run(const cli::Call& call);

constexpr auto kOptions = cli::Options([] {
  return std::to_array<cli::Option>({
      {'#', "", "COUNT", "lines of an element (1)"},
      {'a', "", "CHAR", "the character that starts a form (%)"},
      {'b', "", "LENGTH", "no meaning any more: lines may be of any length"},
      {'B', "", "REPLAY", "as -i, and print this for the keys of PREV"},
      {'c', "", "", "count: print how often each key came"},
      {'d', "", "", "only keys that come at least twice"},
      {'D', "", "STATE", "a file of keys that were seen; new ones are added"},
      {'e', "", "EVERY", "the accumulator of a key, at each occurrence"},
      {'f', "", "FIRST", "the accumulator of a key before its first one"},
      {'H', "", "", "print a summary of the markup"},
      {'i', "", "", "begin with the keys of PREV"},
      {'I', "", "PREV", "the state of an earlier run: its keys are not new"},
      {'k', "", "KEY", "what makes elements the same (all of it)"},
      {'l', "", "", "report the last element of a key, not the first"},
      {'M', "", "MANY", "only keys that come at least so often"},
      {'N', "", "", "take no locks on states"},
      {'p', "", "PAD", "stands for lines a last element lacks (nothing)"},
      {'r', "", "MEMORY", "what the state keeps with a key (., -c: %t)"},
      {'R', "", "REPORT", "what is printed for a key (%k, -c: %t %k)"},
      {'s', "", "", "no meaning any more: the order is always stable"},
      {'S', "", "", "equal keys in a row count once"},
      {'v', "", "", "only keys that are in PREV"},
      {'x', "", "EXTRACT", "the old count, out of the memory in PREV (%v)"},
      {'z', "null", "", "lines end with a NUL, in and out"},
      {0, "json", "", "print a line of JSON for each key"},
  });
});

}  // namespace

extern constinit const cli::Applet applet_oue = {
    .name = "oue",
    .summary = "pass each line once",
    .usage = "[OPTION ...] [-COUNT] [FILE ...]",
    .options = kOptions,
    .exits = "1  a FILE could not be read\n",
    .run = Run,
};

namespace {

absl::Status ReadNumbers(const cli::Call& call, oue::Options* o) {
  if (call.Has("#")) {
    TRY_ASSIGN(const int64_t lines, call.Int("#", 1, 1'000'000));
    o->lines = static_cast<size_t>(lines);
  }
  if (call.Has("d")) o->many = 2;
  if (call.Has("M")) {
    TRY_ASSIGN(o->many, call.Int("M", 1));
  }
  if (call.Has("a")) {
    const absl::StatusOr<char> c = text::ParseCharacter(call.Get("a"));
    if (!c.ok()) {
      return cli::FailWith(64, absl::StrCat("-a: ", c.status().message()));
    }
    o->escape = *c;
  }
  return absl::OkStatus();
}

absl::Status CheckTogether(const cli::Call& call) {
  for (const char* option : {"i", "B", "v"}) {
    if (call.Has(option) && !call.Has("I")) {
      return cli::UsageError(absl::StrCat("-", option, " needs -I"));
    }
  }
  for (const char* option : {"R", "B"}) {
    if (call.Has(option) && call.Has("json")) {
      return cli::UsageError(
          absl::StrCat("--json and -", option, " do not go together"));
    }
  }
  return absl::OkStatus();
}

absl::Status Read(const cli::Call& call, oue::Options* o) {
  TRY(CheckTogether(call));
  TRY(ReadNumbers(call, o));
  const std::pair<const char*, std::optional<std::string>*> texts[] = {
      {"k", &o->key},     {"R", &o->report}, {"r", &o->memory},
      {"B", &o->replay},  {"f", &o->first},  {"e", &o->every},
      {"x", &o->extract}, {"I", &o->prev},   {"D", &o->state}};
  for (const auto& [letter, text] : texts) {
    if (call.Has(letter)) *text = call.Get(letter);
  }
  o->files = call.operands;
  o->pad = call.Get("p");
  o->nul = call.Has("null");
  o->count = call.Has("c");
  o->last = call.Has("l");
  o->squeeze = call.Has("S");
  o->json = call.Has("json");
  o->include_prev = call.Has("i");
  o->only_prev = call.Has("v");
  o->lock = !call.Has("N");
  o->utf8 = sys::Environment::Ours().IsUtf8();
  return absl::OkStatus();
}

absl::StatusOr<int> Run(const cli::Call& call) {
  if (call.Has("H")) {
    TRY(call.NoOperands());
    cli::Print(oue::kMarkupHelp);
    return 0;
  }
  oue::Options options;
  TRY(Read(call, &options));
  absl::StatusOr<oue::FilterOptions> filter = oue::ReadOptions(options);
  if (!filter.ok()) return cli::FailWith(64, filter.status().message());
  const oue::Face face = {
      .print = cli::Print,
      .flush = cli::Flush,
      .failed = cli::PrintFailed,
      .warn = [&](const absl::Status& status) { cli::Warn(call, status); },
  };
  return oue::Run(options, *std::move(filter), face);
}

}  // namespace
