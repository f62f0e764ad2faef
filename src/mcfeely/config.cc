#include "mcfeely/config.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include "base/status.h"
#include "base/strings.h"
#include "base/time.h"
#include "mcfeely/job.h"
#include "net/address.h"
#include "net/mail.h"
#include "text/words.h"

namespace mcfeely {
namespace {

using Words = absl::Span<const std::string>;

constexpr absl::string_view kDirectives[] = {
    "queue", "listen",     "identity",   "trust",       "principal",
    "mail",  "mail-from",  "host",       "max-running", "max-per-host",
    "ssh",   "far-agent",  "dead-after", "policy",      "notify",
    "http",  "http-token", "class",      "keep",        "keep-jobs"};

absl::Status ReadNumber(const std::string& word, int max, int* number) {
  if (absl::SimpleAtoi(word, number) && *number >= 1 && *number <= max) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", word, "' is not a number from 1 to ", max));
}

// class NAME LIMIT, over all hosts; class NAME LIMIT per-host.
absl::Status ReadClass(Words values, SchedulerLimits* limits) {
  if (values.size() < 2 || values.size() > 3 ||
      (values.size() == 3 && values[2] != "per-host")) {
    return absl::InvalidArgumentError("must be: class NAME LIMIT [per-host]");
  }
  TRY(CheckTaskName(values[0]));
  ClassLimit& limit = limits->classes[values[0]];
  return ReadNumber(values[1], 1'000'000,
                    values.size() == 3 ? &limit.per_host : &limit.all);
}

absl::Status ReadDeadAfter(const std::string& word, absl::Duration* after) {
  TRY_ASSIGN(*after, base::ParseDuration(word));
  if (*after >= kShortestDeadAfter && *after <= absl::Hours(1)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("'", word, "' is not a time from 20s to 1h"));
}

// Names; the addresses after a name are that host's.
absl::Status ReadHosts(Words words, ServerConfig* config) {
  const std::string* last = nullptr;
  for (const std::string& word : words) {
    if (!net::HasCarrier(word)) {
      TRY(CheckHost(word));
      config->hosts.insert(word);
      last = &word;
      continue;
    }
    if (last == nullptr) {
      return absl::InvalidArgumentError(
          absl::StrCat("'", word, "' follows no host's name"));
    }
    TRY(net::ParseAddress(word));
    config->carriers[*last].push_back(word);
  }
  return absl::OkStatus();
}

absl::Status ReadDirective(const std::string& name, Words values,
                           ServerConfig* config) {
  if (name == "class") return ReadClass(values, &config->limits);
  const auto several = name == "listen" || name == "mail" || name == "host" ||
                       name == "ssh" || name == "far-agent";
  if (values.empty() || (!several && values.size() > 1)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "takes ", several ? "at least one word" : "exactly one word"));
  }
  const std::string& value = values[0];
  if (name == "queue") config->queue = value;
  if (name == "identity") config->identity = value;
  if (name == "trust") config->trust = value;
  if (name == "policy") config->policy = value;
  if (name == "principal") config->principal = value;
  if (name == "notify") config->notify = value;
  if (name == "mail") config->mail.assign(values.begin(), values.end());
  if (name == "mail-from") {
    TRY(net::CheckMailAddress(value));
    config->mail_from = value;
  }
  if (name == "http") {
    TRY(ParsePageAddress(value));
    config->http.address = value;
  }
  if (name == "http-token") config->http.token_file = value;
  if (name == "max-running") {
    return ReadNumber(value, 1'000'000, &config->limits.max_running);
  }
  if (name == "max-per-host") {
    return ReadNumber(value, 100'000, &config->limits.max_per_host);
  }
  if (name == "keep") {
    TRY_ASSIGN(config->keep, base::ParseDuration(value));
  }
  if (name == "keep-jobs") {
    int jobs;
    TRY(ReadNumber(value, 10'000'000, &jobs));
    config->keep_jobs = static_cast<size_t>(jobs);
  }
  if (name == "ssh") config->ssh.assign(values.begin(), values.end());
  if (name == "far-agent") {
    config->far_agent.assign(values.begin(), values.end());
  }
  if (name == "dead-after") return ReadDeadAfter(value, &config->dead_after);
  if (name == "host") return ReadHosts(values, config);
  for (const std::string& word : values) {
    if (name == "listen") {
      TRY(net::ParseAddress(word));
      config->listen.push_back(word);
    }
  }
  return absl::OkStatus();
}

absl::Status ReadLine(absl::string_view line, ServerConfig* config) {
  TRY_ASSIGN(std::vector<std::string> words, text::SplitWords(line));
  const std::string name = words[0];
  bool known = false;
  for (absl::string_view d : kDirectives) known = known || d == name;
  if (known) {
    return base::Context(ReadDirective(name, Words(words).subspan(1), config),
                         name);
  }
  std::string message = absl::StrCat("unknown directive '", name, "'");
  const std::vector<std::string> nearest = base::Nearest(name, kDirectives);
  if (!nearest.empty()) {
    absl::StrAppend(&message, "; did you mean '", nearest[0], "'?");
  }
  return absl::InvalidArgumentError(message);
}

}  // namespace

absl::StatusOr<ServerConfig> ParseServerConfig(absl::string_view text,
                                               absl::string_view path) {
  ServerConfig config;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    number++;
    line = absl::StripAsciiWhitespace(line);
    if (line.empty() || line[0] == '#') continue;
    TRY(base::Context(ReadLine(line, &config),
                      absl::StrCat(path, ":", number)));
  }
  return config;
}

}  // namespace mcfeely
