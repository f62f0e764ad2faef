#include "mcfeely/page.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>
#include <absl/strings/strip.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "base/time.h"
#include "mcfeely/fit_reply.h"
#include "mcfeely/page_options.h"
#include "mcfeely/page_text.h"
#include "mcfeely/view.h"
#include "text/json.h"
#include "wire/sha256.h"

namespace mcfeely {
namespace {

namespace pb = fleetbox::wire;
using net::HttpRequest;
using net::HttpResponse;

constexpr size_t kListed = 50, kMostListed = 500;
// Jobs looked at for one list; who searches further asks again.
constexpr size_t kLookedAt = 500;
constexpr size_t kMinTokenBytes = 16, kMaxTokenBytes = 256;
// Views may be as long as a parcel's body.
constexpr size_t kMaxViewBytes = 16 << 20;

absl::string_view Between(absl::string_view text, absl::string_view begin,
                          absl::string_view end) {
  const size_t from = text.find(begin);
  if (from == absl::string_view::npos) return "";
  text.remove_prefix(from + begin.size());
  return text.substr(0, text.find(end));
}

// Only the page's own script and style run, and it asks nobody but us: even if
// something of a job got through as markup, it could do nothing.
std::string PagePolicy() {
  const auto source = [](absl::string_view tag) {
    return absl::StrCat("'sha256-",
                        base::Base64(wire::Sha256(
                            Between(PageText(), absl::StrCat("<", tag, ">"),
                                    absl::StrCat("</", tag, ">")))),
                        "'");
  };
  return absl::StrCat("default-src 'none'; script-src ", source("script"),
                      "; style-src ", source("style"),
                      "; connect-src 'self'; img-src data:; base-uri 'none'; "
                      "form-action 'none'; frame-ancestors 'none'");
}

HttpResponse Finish(HttpResponse response) {
  const std::pair<absl::string_view, absl::string_view> always[] = {
      {"Cache-Control", "no-store"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Frame-Options", "DENY"},
      {"Cross-Origin-Resource-Policy", "same-origin"}};
  for (const auto& [name, value] : always) {
    response.headers.emplace_back(name, value);
  }
  return response;
}

HttpResponse JsonAnswer(std::string body) {
  return {.type = "application/json", .body = std::move(body)};
}

HttpResponse ErrorAnswer(int status, absl::string_view message) {
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  json.BeginObject().Key("error").String(message).EndObject();
  HttpResponse response = JsonAnswer(json.Take());
  response.status = status;
  return response;
}

HttpResponse ErrorAnswer(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return ErrorAnswer(404, status.message());
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return ErrorAnswer(400, status.message());
    default:
      return ErrorAnswer(500, status.message());
  }
}

// --- who may ask ------------------------------------------------------------

// "localhost:80", "[::1]:80", "127.0.0.1".
absl::string_view HostOf(absl::string_view host_header) {
  if (absl::ConsumePrefix(&host_header, "[")) {
    return host_header.substr(0, host_header.find(']'));
  }
  return host_header.substr(0, host_header.find(':'));
}

std::optional<HttpResponse> Refuse(const HttpRequest& request,
                                   const PageAccess& access) {
  if (access.token.size() == 0) {
    // A page of somebody else's may name a host of its own that leads here
    // (DNS rebinding), and would then be let read what we answer.
    const absl::string_view host = HostOf(request.Header("host"));
    if (host.empty() || IsLoopback(host)) return std::nullopt;
    return ErrorAnswer(403, "this is not the name of a loopback address");
  }
  if (request.path == "/") return std::nullopt;
  absl::string_view sent = request.Header("authorization");
  if (absl::StartsWithIgnoreCase(sent, "bearer ")) {
    sent.remove_prefix(7);
    if (wire::SameSecret(access.token.view(),
                         absl::StripAsciiWhitespace(sent))) {
      return std::nullopt;
    }
  }
  HttpResponse response = ErrorAnswer(401, "the token is missing or wrong");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

// --- what is asked ----------------------------------------------------------

absl::StatusOr<uint64_t> Number(absl::string_view name, absl::string_view text,
                                uint64_t otherwise) {
  uint64_t number;
  if (text.empty()) return otherwise;
  if (absl::SimpleAtoi(text, &number)) return number;
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": '", base::Escape(text), "' is not a number"));
}

// "all" and "all=yes" say yes.
bool IsSet(const HttpRequest& request, absl::string_view name) {
  for (const auto& [n, value] : request.query) {
    if (n == name) return value != "no" && value != "0";
  }
  return false;
}

absl::StatusOr<HttpResponse> Status(const HttpRequest& request,
                                    PageSource& source) {
  pb::Query::Status query;
  query.set_ended(IsSet(request, "all"));
  query.set_failed(IsSet(request, "failed"));
  if (const auto older = request.Query("older"); !older.empty()) {
    const absl::StatusOr<absl::Duration> age = base::ParseDuration(older);
    TRY(base::Context(age.status(), "older"));
    query.set_older_ms(static_cast<uint64_t>(absl::ToInt64Milliseconds(*age)));
  }
  for (const auto& [name, value] : request.query) {
    if (name != "job") continue;
    TRY_ASSIGN(const uint64_t job, Number("job", value, 0));
    query.add_job(job);
  }
  TRY_ASSIGN(pb::Reply reply, source.Status(query));
  FitReply(kMaxViewBytes, &reply);
  if (!reply.error().empty()) return absl::OutOfRangeError(reply.error());
  return JsonAnswer(StatusJson(reply));
}

absl::StatusOr<HttpResponse> Jobs(const HttpRequest& request,
                                  PageSource& source, absl::Time now) {
  TRY_ASSIGN(const uint64_t before,
             Number("before", request.Query("before"), UINT64_MAX));
  TRY_ASSIGN(const uint64_t limit,
             Number("limit", request.Query("limit"), kListed));
  TRY_ASSIGN(const uint64_t only, Number("job", request.Query("job"), 0));
  const absl::string_view state = request.Query("state");
  const absl::string_view search = request.Query("q");
  const size_t most =
      std::min<uint64_t>(std::max<uint64_t>(limit, 1), kMostListed);
  std::vector<base::JobId> jobs;
  if (only != 0) {
    jobs = {base::JobId{only}};
  } else {
    jobs = source.Jobs(before, state != "open", kLookedAt + 1);
  }
  text::JsonWriter json(text::JsonWriter::Layout::kPretty);
  json.BeginObject().Key("now").String(base::FormatTime(now));
  json.Key("jobs").BeginArray();
  size_t looked_at = 0, listed = 0;
  while (looked_at < jobs.size() && looked_at < kLookedAt && listed < most) {
    const absl::StatusOr<JobSummary> found = source.Summary(jobs[looked_at++]);
    // One that was just thrown away is none.
    if (only == 0 && absl::IsNotFound(found.status())) continue;
    TRY(found);
    const JobSummary& job = *found;
    if (!state.empty() && state != "open" && state != StateWord(job.state)) {
      continue;
    }
    if (!job.Matches(search)) continue;
    job.WriteTo(json);
    listed++;
  }
  json.EndArray().Key("next");
  looked_at < jobs.size()
      ? json.Int(static_cast<int64_t>(jobs[looked_at - 1].value))
      : json.Null();
  json.EndObject();
  return JsonAnswer(json.Take());
}

// "/api/v1/jobs/N" and "/api/v1/jobs/N/tasks/NAME", without the beginning.
absl::StatusOr<HttpResponse> JobOrTask(const HttpRequest& request,
                                       absl::string_view rest,
                                       PageSource& source) {
  const std::vector<absl::string_view> parts = absl::StrSplit(rest, '/');
  uint64_t number;
  const bool task = parts.size() == 3 && parts[1] == "tasks";
  if ((parts.size() != 1 && !task) || !absl::SimpleAtoi(parts[0], &number)) {
    return absl::NotFoundError("there is nothing of that name");
  }
  TRY_ASSIGN(const uint64_t most,
             Number("tasks", request.Query("tasks"), UINT64_MAX));
  TRY_ASSIGN(pb::JobView view, source.Job(base::JobId{number}));
  if (task) {
    pb::JobView one = view;
    one.clear_task();
    for (pb::TaskView& t : *view.mutable_task()) {
      if (t.name() == parts[2]) one.add_task()->Swap(&t);
    }
    if (one.task().empty()) {
      return absl::NotFoundError(absl::StrCat("job ", number, " has no task ",
                                              base::Escape(parts[2])));
    }
    return JsonAnswer(JobJson(one));
  }
  const int kept = static_cast<int>(
      std::min<uint64_t>(most, static_cast<uint64_t>(view.task_size())));
  view.mutable_task()->DeleteSubrange(kept, view.task_size() - kept);
  if (request.Query("output") == "no") {
    for (pb::TaskView& t : *view.mutable_task()) {
      t.clear_head();
      t.clear_tail();
    }
  }
  pb::Reply reply;
  reply.add_job()->Swap(&view);
  FitReply(kMaxViewBytes, &reply);
  if (!reply.error().empty()) {
    return absl::OutOfRangeError(
        "the answer would be too long; ask for fewer "
        "tasks (tasks=N)");
  }
  return JsonAnswer(JobJson(reply.job(0)));
}

absl::StatusOr<HttpResponse> Route(const HttpRequest& request,
                                   PageSource& source, absl::Time now) {
  const std::string& path = request.path;
  if (path == "/") {
    HttpResponse page;
    page.type = "text/html; charset=utf-8";
    page.body = std::string(PageText());
    page.headers.emplace_back("Content-Security-Policy", PagePolicy());
    return page;
  }
  if (path == "/metrics") {
    return HttpResponse{.type = "text/plain; version=0.0.4; charset=utf-8",
                        .body = FormatMetrics(source.Measure())};
  }
  absl::string_view rest = path;
  if (absl::ConsumePrefix(&rest, "/api/v1/")) {
    if (rest == "status") return Status(request, source);
    if (rest == "hosts") return JsonAnswer(StatusJson(source.Hosts()));
    if (rest == "jobs") return Jobs(request, source, now);
    if (absl::ConsumePrefix(&rest, "jobs/")) {
      return JobOrTask(request, rest, source);
    }
    if (rest == "events") {
      return HttpResponse{.type = "text/event-stream",
                          .body = absl::StrCat("retry: 2000\n\n",
                                               FormatPageEvent("hello", "{}")),
                          .stream = true};
    }
  }
  return absl::NotFoundError("there is nothing of that name");
}

}  // namespace

absl::StatusOr<keys::Secret> ParseToken(absl::string_view file_content) {
  const absl::string_view token = absl::StripAsciiWhitespace(file_content);
  bool good = token.size() >= kMinTokenBytes && token.size() <= kMaxTokenBytes;
  for (const char c : token) good = good && absl::ascii_isgraph(c);
  if (good) return keys::Secret(token);
  return absl::InvalidArgumentError(
      absl::StrCat("a token is ", kMinTokenBytes, " to ", kMaxTokenBytes,
                   " visible ASCII characters without blanks"));
}

std::string FormatPageEvent(absl::string_view name, absl::string_view data) {
  return absl::StrCat("event: ", name, "\ndata: ", data, "\n\n");
}

HttpResponse AnswerPage(const HttpRequest& request, const PageAccess& access,
                        PageSource& source, absl::Time now) {
  if (std::optional<HttpResponse> refused = Refuse(request, access)) {
    return Finish(*std::move(refused));
  }
  absl::StatusOr<HttpResponse> answer = Route(request, source, now);
  return Finish(answer.ok() ? *std::move(answer)
                            : ErrorAnswer(answer.status()));
}

}  // namespace mcfeely
