#include "isinit/rescue_prompt.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/status.h"
#include "sys/child.h"
#include "sys/file.h"
#include "sys/process.h"
#include "text/words.h"

namespace isinit {
namespace {

constexpr size_t kMaxLineBytes = 64 << 10;

constexpr absl::string_view kHelp =
    "Type a command and its arguments: one of fleetbox's (fleetbox alone "
    "lists\n"
    "them) or any program. Also: cd DIR, pwd, ls [DIR], cat FILE ...,\n"
    "export NAME=VALUE, exit; reboot, poweroff, halt end the machine.\n";

void Say(absl::string_view text) { sys::WriteAll(1, text).IgnoreError(); }
int Complain(absl::string_view text) {
  sys::WriteAll(2, absl::StrCat(text, "\n")).IgnoreError();
  return 1;
}

// False at the end of the input.
bool ReadLine(std::string* line) {
  line->clear();
  char c;
  for (;;) {
    const ssize_t n = read(0, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return !line->empty();
    if (c == '\n') return true;
    if (line->size() < kMaxLineBytes) *line += c;
  }
}

int List(const std::vector<std::string>& words) {
  const absl::StatusOr<std::vector<std::string>> names =
      sys::ListFolder(words.size() > 1 ? words[1] : ".");
  if (!names.ok()) return Complain(names.status().message());
  for (const std::string& name : *names) Say(absl::StrCat(name, "\n"));
  return 0;
}

int ShowFiles(const std::vector<std::string>& words) {
  int code = 0;
  for (size_t i = 1; i < words.size(); i++) {
    const absl::StatusOr<std::string> content = sys::ReadFile(words[i]);
    if (!content.ok()) {
      code = Complain(content.status().message());
    } else {
      Say(*content);
    }
  }
  return code;
}

int Run(const std::vector<std::string>& words) {
  absl::StatusOr<sys::Child> child =
      sys::Child::Spawn(words, {.in = 0, .out = 1, .err = 2});
  if (absl::IsNotFound(child.status())) {
    // One of ours, which has no link of its own here.
    std::vector<std::string> ours = {"fleetbox"};
    ours.insert(ours.end(), words.begin(), words.end());
    child = sys::Child::Spawn(
        ours, {.in = 0, .out = 1, .err = 2, .program = sys::OwnExecutable()});
  }
  if (!child.ok()) return Complain(child.status().message());
  const sys::Ended ended = child->Wait();
  return ended.signal != 0 ? 128 + ended.signal : ended.code;
}

}  // namespace

int RunShell() {
  execl("/bin/sh", "sh", static_cast<char*>(nullptr));
  return RunRescuePrompt();
}

int RunRescuePrompt() {
  Say(absl::StrCat("There is no /bin/sh here. ", kHelp));
  // The keys are for what runs: a handler, unlike "ignore", ends with exec.
  for (int s : {SIGINT, SIGQUIT}) signal(s, [](int) {});
  int code = 0;
  std::string line;
  for (;;) {
    Say("rescue# ");
    if (!ReadLine(&line)) return code;
    const absl::StatusOr<std::vector<std::string>> words =
        text::SplitWords(line);
    if (!words.ok()) {
      code = Complain(words.status().message());
      continue;
    }
    if (words->empty()) continue;
    const std::string& name = words->front();
    if (name == "exit")
      return words->size() > 1 ? atoi((*words)[1].c_str()) : code;
    if (name == "help") {
      Say(kHelp);
    } else if (name == "cd") {
      const char* to = words->size() > 1 ? (*words)[1].c_str() : "/";
      code = chdir(to) == 0 ? 0 : Complain(base::SysError(to).message());
    } else if (name == "pwd") {
      const absl::StatusOr<std::string> here = sys::AbsolutePath(".");
      Say(absl::StrCat(here.ok() ? *here : "?", "\n"));
    } else if (name == "export" && words->size() > 1) {
      for (size_t i = 1; i < words->size(); i++) {
        const std::string& word = (*words)[i];
        const size_t equals = word.find('=');
        if (equals == std::string::npos) continue;
        setenv(word.substr(0, equals).c_str(), word.substr(equals + 1).c_str(),
               1);
      }
    } else if (name == "ls") {
      code = List(*words);
    } else if (name == "cat") {
      code = ShowFiles(*words);
    } else {
      code = Run(*words);
    }
  }
}

}  // namespace isinit
