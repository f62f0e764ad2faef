// web MODEL [OPTION ...] [--ready-fd=N]
// Serves a model of a web server on 127.0.0.1, at a port that the system picks
// and that is printed as "port N". SIGUSR1 prints what it counted and how
// things stand, as does the end by SIGTERM or SIGINT. With --delay=20ms each
// answer comes so late.
//
//   redfish  --systems=N --outlets=N --follows=1s --frozen --user=NAME:PASSWORD
//            --role=ReadOnly --action-info --absolute --tags --tasks
//            --task-ends=Exception --page=N --no-sessions --first=NAME
//            --answer="N METHOD TARGET STATUS [HEADER VALUE]": so many of these
//            calls are answered so, and not by the model; STATUS may be "huge",
//            which is 200 and a body of 100 MB
//   amt      --password=WORD --uses=N (of a nonce) --old --returns=N --off
//            --goes-off (before it is switched)
//   dli      a strip of eight outlets whose page powerman's dli.dev reads;
//            --user=NAME:PASSWORD
//   ribcl    --http --off --half=N (bytes of an answer, then it is closed)
//            --may-not --password=WORD
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "fakes/amt_model.h"
#include "fakes/redfish_model.h"
#include "fakes/ribcl_model.h"
#include "fakes/settings.h"
#include "fakes/web_server.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"

namespace {

constexpr size_t kHuge = 100'000'000;

// A model, its options, and what it says of itself.
class Served {
 public:
  virtual ~Served() = default;
  virtual void Bind(fakes::Settings& settings) = 0;
  virtual fakes::WebModel& model() = 0;
  virtual std::string Report() = 0;
};

// So many calls of a kind that are answered otherwise.
struct Planned {
  int left = 0;
  std::string method, target;
  fakes::WebSaid said;
};

std::optional<Planned> ParseAnswer(const std::string& value) {
  const std::vector<std::string> words =
      absl::StrSplit(value, absl::MaxSplits(' ', 5));
  Planned planned;
  if (words.size() < 4 || words.size() == 5 ||
      !absl::SimpleAtoi(words[0], &planned.left)) {
    return std::nullopt;
  }
  planned.method = words[1];
  planned.target = words[2];
  if (words[3] == "huge") {
    planned.said.body.assign(kHuge, ' ');
  } else if (!absl::SimpleAtoi(words[3], &planned.said.status)) {
    return std::nullopt;
  }
  if (words.size() == 6) planned.said.headers.emplace(words[4], words[5]);
  return planned;
}

// One whose first system is called otherwise.
class NamedRedfish : public fakes::RedfishModel {
 public:
  NamedRedfish(fakes::RedfishOptions options, std::string first)
      : RedfishModel(std::move(options)), first_(std::move(first)) {}
  fakes::WebSaid Answer(const fakes::WebHeard& heard, absl::Time now) override {
    constexpr char kSystems[] = "/redfish/v1/Systems/";
    fakes::WebHeard meant = heard;
    meant.target = absl::StrReplaceAll(
        heard.target, {{kSystems + first_, absl::StrCat(kSystems, "1")}});
    // "Systems/1/" is "Systems/1", as services have it.
    if (absl::StartsWith(meant.target, kSystems) &&
        absl::EndsWith(meant.target, "/")) {
      meant.target.pop_back();
    }
    return RedfishModel::Answer(meant, now);
  }

 private:
  const std::string first_;
};

class ServedRedfish : public Served {
 public:
  void Bind(fakes::Settings& settings) override {
    settings.Bind("--systems", &options_.systems)
        .Bind("--outlets", &options_.outlets)
        .Bind("--page", &options_.page)
        .Bind("--follows", &options_.follows)
        .Bind("--role", &options_.role)
        .Bind("--first", &first_)
        .Bind("--task-ends", &options_.task_ends)
        .Bind("--answer",
              [this](const auto& value) { return TakeAnswer(value); })
        .Bind("--user", [this](const auto& value) { return TakeUser(value); })
        .Flag("--frozen", &options_.is_frozen)
        .Flag("--action-info", &options_.action_info)
        .Flag("--absolute", &options_.absolute_targets)
        .Flag("--tags", &options_.wants_tags)
        .Flag("--tasks", &options_.makes_tasks)
        .Flag("--no-sessions", &options_.has_sessions, false);
  }

  fakes::WebModel& model() override {
    model_ = std::make_unique<NamedRedfish>(options_, first_);
    model_->before =
        [this](const fakes::WebHeard& heard) -> std::optional<fakes::WebSaid> {
      for (Planned& planned : planned_) {
        if (planned.left == 0 || planned.method != heard.method ||
            planned.target != heard.target) {
          continue;
        }
        --planned.left;
        return planned.said;
      }
      return std::nullopt;
    };
    return *model_;
  }

  std::string Report() override {
    std::string text = absl::StrCat(
        "calls ", model_->calls.size(), " sessions ", model_->sessions_made,
        " open ", model_->sessions.size(), " most ", model_->most_sessions,
        " refused ", model_->refused, " asked ",
        absl::StrJoin(model_->asked, ", "), "\n");
    for (size_t i = 0; i < model_->systems.size(); ++i) {
      fakes::RedfishModel::Machine& machine = model_->systems[i];
      const std::string state = model_->StateOf(machine, sys::SteadyNow());
      if (state == "On" && machine.boots == "None Disabled") continue;
      absl::StrAppend(&text, "system ", i + 1, " ", state, " ", machine.boots,
                      "\n");
    }
    return text;
  }

 private:
  bool TakeAnswer(const std::string& value) {
    std::optional<Planned> planned = ParseAnswer(value);
    if (planned.has_value()) planned_.push_back(*std::move(planned));
    return planned.has_value();
  }
  bool TakeUser(const std::string& value) {
    const std::pair<std::string, std::string> parts =
        absl::StrSplit(value, absl::MaxSplits(':', 1));
    options_.user = parts.first;
    options_.password = parts.second;
    return true;
  }

  fakes::RedfishOptions options_;
  std::string first_ = "1";
  std::vector<Planned> planned_;
  std::unique_ptr<fakes::RedfishModel> model_;
};

class ServedAmt : public Served {
 public:
  void Bind(fakes::Settings& settings) override {
    settings.Bind("--uses", &model_.gate.uses)
        .Bind("--returns", &model_.returns)
        .Bind("--password", &model_.gate.password)
        .Flag("--old", &model_.is_old)
        .Flag("--goes-off", &model_.goes_off)
        .Bind("--off", [this](const auto&) {
          model_.state = 8;
          return true;
        });
  }
  fakes::WebModel& model() override { return model_; }
  std::string Report() override {
    return absl::StrCat("refused ", model_.gate.refused, " stale ",
                        model_.gate.stale > 0 ? "some" : "none", " asked ",
                        absl::StrJoin(model_.asked, ", "), "\n");
  }

 private:
  fakes::AmtModel model_;
};

class ServedRibcl : public Served {
 public:
  void Bind(fakes::Settings& settings) override {
    settings.Bind("--half", &model_.half_after)
        .Bind("--password", &model_.password)
        .Flag("--http", &model_.is_http)
        .Flag("--off", &model_.is_on, false)
        .Flag("--may-not", &model_.may_switch, false);
  }
  fakes::WebModel& model() override { return model_; }
  std::string Report() override {
    return absl::StrCat("logins ", model_.logins, " asked ",
                        absl::StrJoin(model_.asked, ", "), "\n");
  }

 private:
  fakes::RibclModel model_;
};

class ServedStrip : public Served, public fakes::WebModel {
 public:
  void Bind(fakes::Settings& settings) override {
    settings.Bind("--user", &user_);
  }
  fakes::WebModel& model() override { return *this; }
  fakes::WebSaid Answer(const fakes::WebHeard& heard, absl::Time) override {
    if (fakes::BasicPair(heard) != user_) {
      refused_ += heard.Header("authorization").empty() ? 0 : 1;
      return {.status = 401,
              .headers = {{"WWW-Authenticate", "Basic realm=\"strip\""}}};
    }
    if (heard.target == "/outlet" && heard.method == "POST") {
      const size_t outlet = static_cast<size_t>(heard.body[0] - '1');
      asked_.push_back(heard.body);
      if (outlet < 8) is_on_[outlet] = heard.body.substr(1) == "=ON";
      return {};
    }
    if (heard.target != "/") return {.status = 404};
    std::string page = "<html>Controller: strip\n";
    for (int i = 0; i < 8; ++i) {
      absl::StrAppend(&page, "<td>Outlet ", i + 1, "</td><b>",
                      is_on_[i] ? "ON" : "OFF", "</b>\n");
    }
    return {.body = page + "</html>\n"};
  }
  std::string Report() override {
    return absl::StrCat("refused ", refused_, " asked ",
                        absl::StrJoin(asked_, ", "), "\n");
  }

 private:
  std::string user_ = "admin:admin";
  bool is_on_[8] = {true, true, true, true, true, true, true, true};
  int refused_ = 0;
  std::vector<std::string> asked_;
};

std::unique_ptr<Served> Make(const std::string& name) {
  if (name == "redfish") return std::make_unique<ServedRedfish>();
  if (name == "amt") return std::make_unique<ServedAmt>();
  if (name == "dli") return std::make_unique<ServedStrip>();
  if (name == "ribcl") return std::make_unique<ServedRibcl>();
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const std::unique_ptr<Served> served = Make(argc > 1 ? argv[1] : "");
  if (served == nullptr) {
    fputs("usage: web redfish|amt|dli|ribcl [OPTION ...]\n", stderr);
    return 64;
  }
  fakes::Settings settings("web");
  served->Bind(settings);
  absl::Duration delay;
  settings.Bind("--delay", &delay);
  if (!settings.Read(argc, argv, 2)) return 64;
  signal(SIGPIPE, SIG_IGN);  // who asked may have gone
  sys::Loop loop;
  fakes::WebServer server(loop, served->model(), delay);
  const auto report = [&] {
    fputs(served->Report().c_str(), stdout);
    fflush(stdout);
  };
  sys::Signals signals(loop, {SIGTERM, SIGINT, SIGUSR1}, [&](int signal) {
    report();
    if (signal != SIGUSR1) loop.Stop();
  });
  printf("port %d\n", server.port());
  fflush(stdout);
  sys::TellReady(settings.ready_fd(), "ready\n");
  loop.Run();
  return 0;
}
