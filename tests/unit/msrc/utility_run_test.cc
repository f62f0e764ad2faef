// A utility with a terminal.
#include "msrc/utility_run.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <optional>

namespace pb = fleetbox::wire;

namespace {

struct OnTerminal {
  explicit OnTerminal(const std::string& script) {
    msrc::UtilityOrder order;
    order.utility.add_word(script);
    order.utility.mutable_terminal()->set_columns(90);
    order.utility.mutable_terminal()->set_lines(30);
    order.utility.mutable_terminal()->set_type("vt220");
    order.into = order.home = "/tmp";
    msrc::UtilityEvents events;
    events.output = [this](int stream, const std::string& bytes) {
      CHECK(stream == 1);
      out += bytes;
      if (on_output) on_output();
    };
    events.ended = [this](const pb::Ended& e) {
      ended = e;
      loop.Stop();
    };
    run.emplace(loop, std::move(order), std::move(events));
  }
  // `then`, once `text` was printed; to the end.
  void When(const std::string& text, std::function<void()> then) {
    on_output = [this, text, then] {
      if (!absl::StrContains(out, text)) return;
      const std::function<void()> now = then;
      on_output = nullptr;  // and with it what is run here
      now();
    };
  }
  void ToTheEnd() {
    const auto timer = loop.After(absl::Seconds(30), [this] { loop.Stop(); });
    loop.Run();
    loop.Cancel(timer);
    REQUIRE(ended);
  }
  void Resize(uint32_t columns, uint32_t lines) {
    pb::Terminal size;
    size.set_columns(columns);
    size.set_lines(lines);
    run->Resize(size);
  }

  sys::Loop loop;
  std::string out;
  std::function<void()> on_output;
  std::optional<pb::Ended> ended;
  std::optional<msrc::UtilityRun> run;
};

}  // namespace

TEST_CASE("utility run: its three files are one terminal of its own",
          "[msrc]") {
  OnTerminal t(
      "test -t 0 && test -t 1 && test -t 2 && stty size && echo $TERM && "
      "ps -o tty= -p $$ | grep -c pts; umask; exit 7");
  t.ToTheEnd();
  const mode_t ours = umask(0);
  umask(ours);
  char mask[16];
  snprintf(mask, sizeof mask, "%04o", ours);
  CHECK(t.out == absl::StrCat("30 90\r\nvt220\r\n1\r\n", mask, "\r\n"));
  CHECK(t.ended->exit_code() == 7);
}

TEST_CASE("utility run: what is typed is echoed and read", "[msrc]") {
  OnTerminal t("echo name; read -r n; echo \"it is $n\"");
  t.When("name", [&] { t.run->Input("ada\n", false); });
  t.ToTheEnd();
  CHECK(absl::StrContains(t.out, "ada\r\nit is ada\r\n"));
}

TEST_CASE("utility run: a terminal gets another size, if it can be one",
          "[msrc]") {
  OnTerminal t(
      "trap 'stty size; exit 3' WINCH; echo ready; "
      "while :; do sleep 0.05; done");
  t.When("ready", [&] {
    t.Resize(100'000, 40);
    t.Resize(100, 40);
  });
  t.ToTheEnd();
  CHECK(absl::EndsWith(t.out, "\r\n40 100\r\n"));
  CHECK(t.ended->exit_code() == 3);
}

TEST_CASE("utility run: a lost line takes the terminal away", "[msrc]") {
  OnTerminal t("echo ready; exec sleep 100");
  t.When("ready", [&] { t.run->Lost(); });
  t.ToTheEnd();
  CHECK(t.ended->signal() == SIGHUP);
}

TEST_CASE("utility run: what holds the terminal does not hold up the end",
          "[msrc]") {
  OnTerminal t("trap '' HUP; sleep 100 & echo $!; exit 4");
  t.ToTheEnd();
  CHECK(t.ended->exit_code() == 4);
  int left = 0;
  REQUIRE(sscanf(t.out.c_str(), "%d", &left) == 1);
  CHECK(kill(left, SIGKILL) == 0);
}
