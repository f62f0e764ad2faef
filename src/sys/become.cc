#include "sys/become.h"

#include <absl/strings/str_cat.h>
#include <unistd.h>

#include "base/status.h"

namespace sys {

absl::Status BecomeCommand(const std::vector<std::string>& argv) {
  std::vector<char*> words;
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  execvp(words[0], words.data());
  return base::SysError(absl::StrCat("execute ", argv[0]));
}

}  // namespace sys
