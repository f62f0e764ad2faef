// The command line of a model that is served: --word=value, and what of it is
// the same in all of them.
#pragma once

#include <absl/strings/string_view.h>
#include <absl/time/time.h>

#include <functional>
#include <string>
#include <vector>

namespace fakes {

class Settings {
 public:
  using Take = std::function<bool(const std::string& value)>;

  // `--ready-fd` is everybody's. All that is bound outlives this.
  explicit Settings(std::string program);
  // False for a value that is none.
  Settings& Bind(std::string word, Take take);
  Settings& Bind(std::string word, int* number);
  Settings& Bind(std::string word, size_t* number);
  Settings& Bind(std::string word, double* number);
  Settings& Bind(std::string word, std::string* text);
  Settings& Bind(std::string word, absl::Duration* span);
  Settings& Flag(std::string word, bool* to, bool means = true);

  // From argv[first] on; false, and told, for what is not known.
  bool Read(int argc, char** argv, int first = 1);
  int ready_fd() const { return ready_fd_; }

 private:
  struct Bound {
    std::string word;
    Take take;
  };
  const std::string program_;
  std::vector<Bound> bound_;
  int ready_fd_ = -1;
};

// Of IPv4: the address that is `n` behind this one.
std::string AddressBehind(absl::string_view address, int n);

}  // namespace fakes
