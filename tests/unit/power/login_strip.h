// A strip behind a login, on a real socket, and what asks it.
#pragma once

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unit/power/device_server.h"

namespace power_test {

// A strip that is ready as soon as it is asked, and what it may do wrong.
class Strip : public FakeDevice {
 public:
  std::string Connect(const std::vector<std::string>&) override {
    line_.clear();
    asked_ = 0;
    in_ = false;
    if (busy > 0) {
      busy--;
      closes = true;
      return "Someone else is logged in, try again in 1 second.\r\n";
    }
    if (close_at == "connect") closes = true;
    return close_at == "connect" ? "" : "login: ";
  }
  std::string Receive(absl::string_view bytes) override {
    std::string out;
    for (const char c : bytes) {
      if (c == '\r') continue;
      if (c != '\n') {
        line_ += c;
        continue;
      }
      out += Line(std::exchange(line_, ""));
      if (closes) break;
    }
    return out;
  }

  std::map<std::string, bool> on = {
      {"1", true}, {"2", false}, {"3", true}, {"4", true}};
  std::vector<std::string> commands;
  int passwords = 0;
  int busy = 0;
  std::string close_at;  // connect, login, off
  bool menu_changed = false, mute = false, echoes = false;
  std::string password = kSecret;

 private:
  std::string Line(const std::string& line) {
    if (mute) return "";
    if (!in_ && asked_ == 0) {
      user_ = line;
      asked_ = 1;
      if (close_at == "login") closes = true;
      return closes ? "" : "password: ";
    }
    if (!in_) {
      passwords++;
      asked_ = 0;
      if (user_ != kUser || line != password) return "\r\nlogin: ";
      in_ = true;
      return echoes ? absl::StrCat("hello ", line, "\r\n> ") : "\r\n> ";
    }
    return Command(line);
  }
  std::string Command(const std::string& line) {
    commands.push_back(line);
    if (menu_changed) {
      return absl::StrCat("\r\n", std::string(500, '*'),
                          "\x1b[1m\r\nWelcome to firmware 2\r\nchoose: ");
    }
    if (line == "status") {
      std::string text;
      for (const auto& [plug, is_on] : on) {
        absl::StrAppend(&text, "plug ", plug, " ", is_on ? "ON" : "OFF",
                        "\r\n");
      }
      return text + "> ";
    }
    if (line == "quit") closes = true;
    for (const bool is_on : {true, false}) {
      const std::string verb = is_on ? "on " : "off ";
      if (!absl::StartsWith(line, verb)) continue;
      for (const char plug : line.substr(verb.size())) {
        const std::string name(1, plug);
        if (on.count(name) == 0) continue;
        switched++;
        on[name] = is_on;
      }
      if (close_at == "off" && !is_on) {
        close_at.clear();
        closes = true;
        return "";
      }
    }
    if (absl::StartsWith(line, "boot ")) {
      switched++;
      on[line.substr(5)] = !lame;
      if (close_at == "boot") {
        close_at.clear();
        closes = true;
        return "";
      }
    }
    if (absl::StartsWith(line, "ask ")) return "really? ";
    return "> ";
  }
  std::string line_, user_;
  int asked_ = 0;
  bool in_ = false;

 public:
  bool lame = false;  // its boot leaves the plug off
};

inline constexpr char kStrip[] = R"dev(language 2
specification "strip" {
  timeout 5
  script login {
    expectany {
      "login: " { send-user "\r\n" again max 1 fail auth "user or password was refused" }
      "password: " { send-secret "\r\n" again max 1 fail auth "the password was refused" }
      "[Ss]omeone[^\r\n]*[\r\n]" { fail busy "$0" }
      "> " { }
    }
  }
  script logout { send "quit\r\n" }
  script status_all {
    send "status\r\n"
    expectany {
      "plug ([0-9]+) (ON|OFF)" { setplugstate $1 $2 on="ON" off="OFF" again }
      "> " { }
    }
  }
  script on { send "on %s\r\n" expect "> " }
  script on_ranged { send "on %s\r\n" expect "> " }
  script off { send "off %s\r\n" expect "> " }
  script off_ranged { send "off %s\r\n" expect "> " }
  script cycle { set-native send "boot %s\r\n" expect "> " }
  script reset { send "boot %s\r\n" expect "> " }
  script verify {
    send "ask %s\r\n" expect "really\\? "
    confirm "y\r\n" "n\r\n" expect "> "
  }
}
)dev";

struct AtStrip {
  explicit AtStrip(ServerOptions options = {})
      : server(
            bench.loop, [this] { return &strip; }, options) {
    bench.Model(kStrip);
    bench.At("telnet", server.port());
  }
  Bench bench;
  Strip strip;
  DeviceServer server;
};

}  // namespace power_test
