#include "mcfeely/page.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <catch2/catch.hpp>

#include "mcfeely/page_options.h"
#include "mcfeely/page_text.h"
#include "text/json.h"

namespace {

namespace pb = fleetbox::wire;

constexpr char kHostile[] =
    "</script><script>alert(\"1\")</script>'\n\x01\xff & \xe2\x80\xae";

// Jobs 1 to `count`; the odd ones have ended.
class Source : public mcfeely::PageSource {
 public:
  uint64_t count = 3;

  pb::JobView View(uint64_t job) const {
    pb::JobView view;
    view.set_job(job);
    view.set_description(absl::StrCat("job ", job, " ", kHostile));
    view.set_principal("user:ops");
    view.set_injected_ms(1000);
    if (job % 2 == 1) {
      view.set_state(job == 1 ? pb::JOB_FAILED : pb::JOB_DONE);
      view.set_ended_ms(2000);
    }
    for (const char* name : {"web", "db"}) {
      pb::TaskView* task = view.add_task();
      task->set_name(name);
      task->set_host(absl::StrCat("host", job));
      task->set_comm(kHostile);
      task->set_state(pb::TASK_DONE);
      task->add_attempt()->set_number(1);
      task->set_head(kHostile);
    }
    return view;
  }

  absl::StatusOr<pb::Reply> Status(const pb::Query::Status& query) override {
    pb::Reply reply;
    for (const uint64_t job : query.job()) *reply.add_job() = View(job);
    return reply;
  }
  absl::StatusOr<pb::JobView> Job(base::JobId job) override {
    if (job.value > count) return absl::NotFoundError("there is no such job");
    return View(job.value);
  }
  pb::Reply Hosts() override {
    pb::Reply reply;
    reply.add_host()->set_name("a\"b\\c");
    return reply;
  }
  std::vector<base::JobId> Jobs(uint64_t before, bool ended,
                                size_t limit) override {
    std::vector<base::JobId> jobs;
    for (uint64_t j = count; j > 0 && jobs.size() < limit; j--) {
      if (j < before && (ended || j % 2 == 0)) jobs.push_back({j});
    }
    return jobs;
  }
  absl::StatusOr<mcfeely::JobSummary> Summary(base::JobId job) override {
    return mcfeely::SummaryOf(View(job.value));
  }
  mcfeely::Metrics Measure() override {
    mcfeely::Metrics metrics;
    metrics.open_tasks = 7;
    metrics.events["task.done"] = 2;
    metrics.hosts = Hosts();
    return metrics;
  }
};

net::HttpRequest Request(std::string path, net::HttpRequest::Pairs query = {}) {
  net::HttpRequest request;
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  request.headers = {{"host", "127.0.0.1:80"}};
  return request;
}

net::HttpResponse Answer(const net::HttpRequest& request,
                         absl::string_view token = "") {
  Source source;
  mcfeely::PageAccess access;
  if (!token.empty()) access.token = keys::Secret(token);
  return AnswerPage(request, access, source, absl::UnixEpoch());
}

// The numbers of the jobs in a list, and what comes next.
std::string Listed(net::HttpRequest::Pairs query, uint64_t count = 3) {
  Source source;
  source.count = count;
  const net::HttpResponse r = AnswerPage(
      Request("/api/v1/jobs", std::move(query)), {}, source, absl::UnixEpoch());
  const auto json = text::Json::Parse(r.body);
  if (r.status != 200 || !json.ok()) return absl::StrCat(r.status);
  std::string out;
  for (const text::Json& job : *json->Find("jobs")->AsArray()) {
    absl::StrAppend(&out, *job.Find("job")->AsInt(), " ");
  }
  const int64_t* next = json->Find("next")->AsInt();
  return absl::StrCat(out, "next ", next == nullptr ? 0 : *next);
}

}  // namespace

TEST_CASE("page: what a job says never becomes markup or breaks the JSON",
          "[mcfeely]") {
  for (const char* path : {"/api/v1/jobs", "/api/v1/jobs/1",
                           "/api/v1/jobs/1/tasks/web", "/api/v1/hosts"}) {
    const net::HttpResponse r = Answer(Request(path));
    INFO(path);
    CHECK(r.status == 200);
    CHECK(r.type == "application/json");
    CHECK(text::Json::Parse(r.body).ok());
  }
  const net::HttpResponse r = Answer(Request("/"));
  CHECK_FALSE(absl::StrContains(r.body, "user:ops"));
}

TEST_CASE("page: the page asks nobody else and makes no markup of strings",
          "[mcfeely]") {
  const absl::string_view page = mcfeely::PageText();
  CHECK(absl::StartsWith(page, "<!DOCTYPE html>"));
  CHECK(absl::EndsWith(page, "</html>\n"));
  for (const char* word :
       {"innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(",
        "https:", "src=", "@import", "url("}) {
    INFO(word);
    CHECK_FALSE(absl::StrContains(page, word));
  }
}

TEST_CASE("page: paths lead to answers, and nothing else does", "[mcfeely]") {
  for (const char* path :
       {"", "/index.html", "//", "/..", "/../etc/passwd", "/api", "/api/v1/",
        "/api/v1/jobs/", "/api/v1/jobs/-1", "/api/v1/jobs/1/",
        "/api/v1/jobs/1/tasks", "/api/v1/jobs/1/tasks/", "/api/v1/jobs/4",
        "/api/v1/jobs/1/tasks/none", "/api/v1/jobs/1/tasks/web/x", "/metrics/",
        "/api/v1/jobs/99999999999999999999999"}) {
    INFO(path);
    CHECK(Answer(Request(path)).status == 404);
  }
  CHECK(Answer(Request("/api/v1/events")).stream);
  CHECK(Answer(Request("/api/v1/status", {{"older", "x"}})).status == 400);
  CHECK(Answer(Request("/api/v1/jobs/1", {{"tasks", "x"}})).status == 400);
  CHECK(absl::StrContains(
      Answer(Request("/api/v1/status", {{"job", "3"}})).body, "\"job\": 3"));
  const net::HttpResponse less =
      Answer(Request("/api/v1/jobs/1", {{"tasks", "1"}, {"output", "no"}}));
  CHECK_FALSE(absl::StrContains(less.body, "\"db\""));
  CHECK(absl::StrContains(less.body, "\"output\": \"\""));
}

TEST_CASE("page: jobs are listed latest first, searched, and in parts",
          "[mcfeely]") {
  CHECK(Listed({}) == "3 2 1 next 0");
  CHECK(Listed({{"state", "open"}}) == "2 next 0");
  CHECK(Listed({{"state", "failed"}}) == "1 next 0");
  CHECK(Listed({{"limit", "2"}}) == "3 2 next 2");
  CHECK(Listed({{"limit", "2"}, {"before", "2"}}) == "1 next 0");
  CHECK(Listed({{"q", "HOST2 web"}}) == "2 next 0");
  CHECK(Listed({{"q", "1"}, {"before", "0"}}) == "next 0");
  CHECK(Listed({{"q", "nothing"}}) == "next 0");
  CHECK(Listed({{"job", "2"}}) == "2 next 0");
  CHECK(Listed({{"limit", "-1"}}) == "400");
  // A search looks at so many at most, and says where it stopped.
  CHECK(Listed({{"q", "nothing"}}, 2000) == "next 1501");
}

TEST_CASE("page: with a token only who sends it is answered", "[mcfeely]") {
  constexpr char kToken[] = "0123456789abcdef";
  net::HttpRequest request = Request("/api/v1/jobs");
  const net::HttpResponse refused = Answer(request, kToken);
  CHECK(refused.status == 401);
  CHECK_FALSE(absl::StrContains(refused.body, kToken));
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer 0123456789abcde",
                            "Bearer 0123456789abcdef0",
                            "Basic 0123456789abcdef", "0123456789abcdef"}) {
    request.headers = {{"host", "x"}, {"authorization", wrong}};
    CHECK(Answer(request, kToken).status == 401);
  }
  request.headers = {{"host", "x"},
                     {"authorization", "bearer 0123456789abcdef"}};
  CHECK(Answer(request, kToken).status == 200);
  CHECK(Answer(Request("/"), kToken).status == 200);
  CHECK(Answer(Request("/metrics"), kToken).status == 401);
  CHECK(Answer(Request("/api/v1/events"), kToken).status == 401);

  CHECK(mcfeely::ParseToken(" 0123456789abcdef\n")->view() == kToken);
  for (const char* wrong :
       {"", "short", "0123456789 abcdef", "0123456789abcde\xff"}) {
    CHECK_FALSE(mcfeely::ParseToken(wrong).ok());
  }
  CHECK_FALSE(mcfeely::ParseToken(std::string(257, 'x')).ok());
}

TEST_CASE("page: without a token only names of this host are answered",
          "[mcfeely]") {
  net::HttpRequest request = Request("/api/v1/jobs");
  for (const char* host : {"localhost", "LOCALHOST:80", "127.0.0.1:80",
                           "[::1]:80", "x.localhost", "127.1.2.3"}) {
    request.headers = {{"host", host}};
    INFO(host);
    CHECK(Answer(request).status == 200);
  }
  for (const char* host : {"evil.example", "127.evil.example", "127.0.0.1.evil",
                           "localhost.evil", "10.0.0.1", "[::2]", "0.0.0.0"}) {
    request.headers = {{"host", host}};
    INFO(host);
    CHECK(Answer(request).status == 403);
  }
}

TEST_CASE("page: an address has a host and a port", "[mcfeely]") {
  CHECK(mcfeely::ParsePageAddress("127.0.0.1:0")->second == 0);
  CHECK(mcfeely::ParsePageAddress("[::1]:8080")->first == "::1");
  for (const char* wrong :
       {"", ":80", "127.0.0.1", "x:y", "x:70000", "::1:80", "unix:/x"}) {
    INFO(wrong);
    CHECK_FALSE(mcfeely::ParsePageAddress(wrong).ok());
  }
}

TEST_CASE("page: metrics have a type each and quoted labels", "[mcfeely]") {
  const net::HttpResponse r = Answer(Request("/metrics"));
  CHECK(r.type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(absl::StrContains(r.body,
                          "# TYPE mcfeely_tasks_open gauge\n"
                          "mcfeely_tasks_open 7\n"));
  CHECK(absl::StrContains(r.body,
                          "mcfeely_events_total{event=\"task.done\"} 2\n"));
  CHECK(absl::StrContains(r.body,
                          "mcfeely_events_total{event=\"task.failed\"} 0\n"));
  CHECK(absl::StrContains(r.body,
                          "mcfeely_host_connected{host=\"a\\\"b\\\\c\"} 0\n"));
}
